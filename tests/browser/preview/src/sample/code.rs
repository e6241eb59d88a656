//! Summary, changelog, changeset, files.

use super::*;

const README: &str = r##"<h1>kallithea-rs</h1><p>Kallithea, the web server that hosts <strong>Mercurial and Git</strong> repositories with code review, written in Rust and loaded as a <a href="#">WSGI application</a> by the process managers that admins already run.</p>
<h2>Run it</h2><pre><code><span class="c1"># any WSGI server will do</span>
pip install kallithea-rs
gunicorn --workers <span class="mi">4</span> kallithea_rs:app</code></pre>
<p>It takes over an existing Kallithea 0.7 instance: same <code>kallithea.ini</code>, same database, same repositories, same URLs.</p>
<ul><li>one wheel for CPython 3.10 and later</li><li>no thread is started by importing the module<ul><li>and nothing is opened</li></ul></li><li><input type="checkbox" checked disabled> done</li></ul>
<h2>Servers</h2><table><thead><tr><th>Server</th><th>Line</th></tr></thead><tbody><tr><td>gunicorn</td><td><code>gunicorn --workers 4 kallithea_rs:app</code></td></tr><tr><td>uWSGI</td><td><code>uwsgi --module kallithea_rs:app --processes 4</code></td></tr></tbody></table>
<blockquote><p>Boring is good.</p></blockquote><h3>Licence</h3><p>GPL-3.0-or-later.</p>"##;

fn readme() -> Document {
    Document {
        name: s("README.md"),
        url: s("/file-rendered.html"),
        content_html: s(README),
    }
}

fn reference(name: &str, n: usize) -> RefRow {
    RefRow {
        name: s(name),
        url: s("/changelog.html"),
        id: row(n).id,
        changeset_url: s("/changeset.html"),
        when: Some(ago(AGES[n % 8])),
    }
}

pub fn summary() -> Summary {
    let mut bars = s(
        r#"<svg viewBox="0 0 312 40" preserveAspectRatio="none" role="img" aria-label="Changesets per week in the last year">"#,
    );
    for week in 0..52 {
        let height = (week * week * 7 + week * 13) % 38 + 1;
        bars += &format!(
            r#"<rect x="{}" y="{}" width="4" height="{height}"/>"#,
            week * 6,
            40 - height
        );
    }
    Summary {
        frame: frame("tools/vcs/kallithea-rs"),
        repo: repo("summary"),
        readme: Some(readme()),
        landing: Some(link("branch default", "/files.html")),
        owner: person("alice"),
        created: Some(ago("4 years ago")),
        size: Some(s("4.8 MB")),
        languages: [
            ("Rust", 71.4, 0.0),
            ("Python", 14.2, 71.4),
            ("HTML", 8.1, 85.6),
            ("CSS", 4.0, 93.7),
            ("Other", 2.3, 97.7),
        ]
        .iter()
        .map(|(name, percent, start)| Language {
            name: s(name),
            percent: *percent,
            start: *start,
        })
        .collect(),
        activity_html: bars + "</svg>",
        latest: (0..5).map(row).collect(),
        changesets: Some(8260),
        branches: vec![
            reference("default", 0),
            reference("stable", 3),
            reference(LONG_BRANCH, 4),
        ],
        branch_count: 3,
        tags: vec![reference("v0.9.1", 2), reference("v0.9.0", 5)],
        tag_count: 41,
        bookmarks: vec![reference("@", 2)],
        downloads: vec![link("zip", "#"), link("tar.gz", "#"), link("tar.bz2", "#")],
        feed_url: Some(s("/feed")),
    }
}

pub fn summary_empty(kind: &str) -> Summary {
    let mut repo = repo("summary");
    repo.empty = true;
    repo.kind = s(kind);
    repo.fork_of = None;
    repo.compare_url = None;
    repo.pull_requests_url = None;
    repo.forks_url = None;
    Summary {
        frame: first_frame("tools/vcs/kallithea-rs"),
        repo,
        owner: person("alice"),
        ..Default::default()
    }
}

fn picker() -> RefPicker {
    let entry = |kind: &str, text: &str, current| RefLink {
        kind: s(kind),
        text: s(text),
        url: s("#"),
        current,
    };
    RefPicker {
        current: s("default"),
        kind: s("branch"),
        url_template: s("/repo/files/{id}/?at={name}"),
        links: vec![
            entry("branch", "default", true),
            entry("branch", "stable", false),
            entry("branch", LONG_BRANCH, false),
            entry("closed-branch", "stable-0.6", false),
            entry("bookmark", "@", false),
            entry("tag", "v0.9.1", false),
        ],
    }
}

fn graph(rows: usize) -> String {
    let mut svg = format!(
        r#"<svg class="graph" width="64" height="{}" viewBox="0 0 64 {}">"#,
        rows * 32,
        rows * 32
    );
    for n in 0..rows {
        let y = n * 32 + 16;
        let lane = if n % 10 > 1 && n % 10 < 5 { 2 } else { 1 };
        if n + 1 < rows {
            svg += &format!(
                r#"<path class="lane-1" fill="none" stroke-width="2" d="M10 {y}V{}"/>"#,
                y + 32
            );
        }
        if n % 10 == 1 {
            svg += &format!(
                r#"<path class="lane-2" fill="none" stroke-width="2" d="M10 {y}C10 {} 26 {} 26 {}V{}C26 {} 10 {} 10 {}"/>"#,
                y + 16,
                y + 16,
                y + 32,
                y + 96,
                y + 112,
                y + 112,
                y + 128
            );
        }
        let class = if n % 10 == 1 {
            "dot lane-1 merge"
        } else if lane == 2 {
            "dot lane-2"
        } else {
            "dot lane-1"
        };
        svg += &format!(
            r#"<circle class="{class}" cx="{}" cy="{y}" r="4"/>"#,
            if lane == 2 { 26 } else { 10 }
        );
    }
    svg + "</svg>"
}

pub fn changelog() -> Changelog {
    let numbers = [
        Some(1),
        None,
        Some(3),
        Some(4),
        Some(5),
        Some(6),
        Some(7),
        None,
        Some(83),
    ];
    Changelog {
        frame: frame("tools/vcs/kallithea-rs changelog"),
        repo: repo("changelog"),
        total: s("8 260 changesets"),
        branch: Some(s("default")),
        all_url: Some(s("#")),
        picker: Some(picker()),
        rows: (0..40).map(row).collect(),
        graph_html: graph(40),
        graph_width: 64,
        range_url: Some(s("/repo/changeset/")),
        paging: Some(Paging {
            summary: s("401–500 of 8 260"),
            previous: Some(s("?page=4")),
            next: Some(s("?page=6")),
            pages: numbers
                .iter()
                .map(|n| PageNumber {
                    number: *n,
                    url: n.filter(|n| *n != 5).map(|n| format!("?page={n}")),
                })
                .collect(),
        }),
        ..Default::default()
    }
}

fn line(kind: &str, old: Option<u64>, new: Option<u64>, html: &str) -> DiffRow {
    DiffRow {
        kind: s(kind),
        old_no: old,
        new_no: new,
        line_html: s(html),
    }
}

fn diff_file(path: &str, operation: &str, side: bool) -> DiffFile {
    let rows = vec![
        line("hunk", None, None, "@@ -118,9 +118,12 @@ impl Router"),
        line(
            "same",
            Some(118),
            Some(118),
            r#"    <span class="k">pub</span> <span class="k">fn</span> <span class="nf">route</span>(&amp;<span class="bp">self</span>, path: &amp;<span class="kt">str</span>) -&gt; <span class="nc">Option</span>&lt;<span class="nc">Route</span>&gt; {"#,
        ),
        line(
            "del",
            Some(119),
            None,
            r#"        <span class="k">let</span> path = path.<span class="nf">trim_end_matches</span>(<del><span class="sc">'/'</span></del>);"#,
        ),
        line(
            "add",
            None,
            Some(119),
            r#"        <span class="k">let</span> path = path.<span class="nf">trim_end_matches</span>(<ins><span class="s">"//"</span></ins>);<i></i>"#,
        ),
        line(
            "add",
            None,
            Some(120),
            r#"<u>	</u><u>	</u><span class="c1">// The longest prefix that names a repository wins; a group of that name is found by what is left. This is a long line.</span>"#,
        ),
        line(
            "add",
            None,
            Some(121),
            r#"        <span class="k">let</span> limit: <span class="kt">usize</span> = <span class="mi">4_096</span>;"#,
        ),
        line(
            "same",
            Some(120),
            Some(122),
            r#"        <span class="bp">self</span>.table.<span class="nf">at</span>(path).<span class="nf">ok</span>()"#,
        ),
        line("same", Some(121), Some(123), "    }"),
        line("hunk", None, None, "@@ -201,3 +204,2 @@"),
        line(
            "del",
            Some(201),
            None,
            r#"    <span class="k">pub</span> <span class="k">fn</span> <span class="nf">unused</span>() {}"#,
        ),
        line("same", Some(202), Some(204), "}"),
        line("note", None, None, r"\ No newline at end of file"),
    ];
    let pair = |l: Option<usize>, r: Option<usize>| DiffPair {
        left: l.map(|n| rows[n].clone()),
        right: r.map(|n| rows[n].clone()),
    };
    let pairs = vec![
        pair(Some(0), None),
        pair(Some(1), Some(1)),
        pair(Some(2), Some(3)),
        pair(None, Some(4)),
        pair(None, Some(5)),
        pair(Some(6), Some(6)),
        pair(Some(7), Some(7)),
        pair(Some(8), None),
        pair(Some(9), None),
        pair(Some(10), Some(10)),
        pair(Some(11), None),
    ];
    DiffFile {
        id: format!(
            "C-0123456789ab-{:012x}",
            path.bytes()
                .fold(7u64, |h, b| (h * 31 + u64::from(b)) % 0xffff_ffff)
        ),
        anchor: path.replace(['/', '.'], ""),
        path: s(path),
        operation: s(operation),
        added: 3,
        deleted: 2,
        rows: if side { vec![] } else { rows.clone() },
        pairs: if side { pairs } else { vec![] },
        old_url: Some(s("#")),
        new_url: Some(s("/file.html")),
        raw_url: Some(s("#")),
        full_url: Some(s("#")),
        ..Default::default()
    }
}

pub fn changeset(side: bool) -> Changeset {
    let mut renamed = diff_file(
        "src/web/router/the_table_of_routes_with_a_long_name.rs",
        "renamed",
        side,
    );
    renamed.old_path = Some(s("src/web/router.rs"));
    renamed.notes = vec![s("mode 644 → 755")];
    let mut binary = diff_file("images/מפה.png", "modified", side);
    (binary.added, binary.deleted, binary.notes, binary.message) =
        (0, 0, vec![s("binary")], Some(s("Binary file")));
    let mut big = diff_file("Cargo.lock", "modified", side);
    (big.added, big.deleted, big.load_url) = (2841, 12, Some(s("#")));
    let mut removed = diff_file("docs/old.rst", "removed", side);
    (removed.added, removed.deleted, removed.new_url) = (0, 214, None);
    Changeset {
        frame: frame("Changeset 9f3c5b7a1e42"),
        repo: repo("changelog"),
        id: row(0).id,
        raw_id: row(0).raw_id,
        url: s("#"),
        subject_html: s("router: try the longest known ref name that is a prefix of the rest"),
        body_html: s(
            "A branch with a slash in its name can be seen in <a href=\"#\">files</a> and in the changelog now.\nThe table is built once for each process; 102 rules take 40 µs.\n\nSee <a href=\"#\">9f3c5b7a1e42</a> and <b>@bob</b>.",
        ),
        author: person("Þórbjörg Ævarsdóttir"),
        email: Some(s("thorbjorg@example.com")),
        when: ago("2 hours ago"),
        committer: Some(person("bob")),
        committed: Some(ago("1 hour ago")),
        chips: vec![
            Chip {
                kind: s("branch"),
                text: s(LONG_BRANCH),
                url: Some(s("#")),
            },
            Chip {
                kind: s("tag"),
                text: s("tip"),
                url: Some(s("#")),
            },
            Chip {
                kind: s("bookmark"),
                text: s("@"),
                url: Some(s("#")),
            },
            Chip {
                kind: s("phase"),
                text: s("Draft"),
                url: None,
            },
            Chip {
                kind: s("unstable"),
                text: s("Unstable"),
                url: None,
            },
        ],
        status: Some(Status {
            kind: s("approved"),
            text: s("Approved by bob"),
            url: Some(s("#")),
        }),
        parents: (1..3)
            .map(|n| NeighbourLink {
                id: row(n).id,
                url: s("#"),
                subject: row(n).subject,
            })
            .collect(),
        children: vec![NeighbourLink {
            id: row(5).id,
            url: s("#"),
            subject: row(5).subject,
        }],
        origins: vec![Origin {
            label: s("Grafted from"),
            links: vec![link("51b2c0ffee42", "#")],
        }],
        files_url: s("/files.html"),
        raw_url: s("#"),
        patch_url: s("#"),
        download_url: s("#"),
        diff: DiffView {
            files: vec![
                diff_file("src/web/lib.rs", "modified", side),
                renamed,
                diff_file("src/web/new.rs", "added", side),
                binary,
                big,
                removed,
            ],
            file_count: 6,
            added: 2850,
            deleted: 232,
            side_by_side: side,
            unified_url: s("/changeset.html"),
            side_by_side_url: Some(s("/changeset-side.html")),
            ignore_whitespace: side,
            whitespace_url: s("#"),
            context: 3,
            more_context_url: s("#"),
            less_context_url: Some(s("#")),
            full_url: None,
        },
    }
}

pub fn files() -> Files {
    let names = [
        ("dir", ".ci"),
        ("dir", "bindings"),
        ("dir", "مجلد"),
        ("dir", "src"),
        ("submodule", "vendor-theme"),
        ("file", ".gitignore"),
        ("file", "Cargo.lock"),
        ("file", "Cargo.toml"),
        ("symlink", "COPYING"),
        (
            "file",
            "a-file-whose-name-is-so-long-that-no-column-could-ever-hold-it-without-cutting-it-somewhere.json",
        ),
        ("exec", "run"),
        ("file", "README.md"),
        ("file", "日本語.txt"),
    ];
    Files {
        frame: frame("tools/vcs/kallithea-rs files"),
        repo: repo("files"),
        id: row(0).id,
        crumbs: vec![],
        root_url: s("/files.html"),
        picker: picker(),
        last: Some(row(0)),
        history_url: s("/changelog.html"),
        permalink_url: s("#"),
        parent_url: None,
        entries: names
            .iter()
            .enumerate()
            .map(|(n, (kind, name))| Entry {
                kind: s(kind),
                name: s(name),
                url: Some(s("/file.html")),
                size: if *kind == "file" {
                    format!("{}.{} KiB", n * 37, n % 10)
                } else {
                    s("")
                },
                target: match *kind {
                    "symlink" => Some(s("LICENSE")),
                    "submodule" => Some(s("51b2c0ffee42")),
                    _ => None,
                },
                last: (*kind != "submodule").then(|| last(n)),
            })
            .collect(),
        readme: Some(readme()),
        downloads: vec![link("zip", "#"), link("tar.gz", "#")],
        add_url: Some(s("#")),
        finder_url: Some(s("/nodelist")),
    }
}

const SOURCE: [&str; 14] = [
    r#"<span class="c1">// The table of routes. 日本語 and עברית in a comment.</span>"#,
    r#"<span class="k">use</span> <span class="nn">std</span>::collections::<span class="nc">HashMap</span>;"#,
    "",
    r#"<span class="sd">/// Finds the controller of a request.</span>"#,
    r#"<span class="nd">#[derive(Clone, Debug)]</span>"#,
    r#"<span class="k">pub</span> <span class="k">struct</span> <span class="nc">Router</span>&lt;<span class="nv">'a</span>&gt; {"#,
    r#"    table: <span class="nc">HashMap</span>&lt;<span class="nc">String</span>, <span class="kt">usize</span>&gt;,"#,
    r#"    <span class="k">pub</span> limit: <span class="kt">u64</span>,"#,
    "}",
    "",
    r#"<span class="k">const</span> <span class="no">LIMIT</span>: <span class="kt">u64</span> = <span class="mi">4_096</span>;"#,
    r#"<span class="k">fn</span> <span class="nf">route</span>(path: &amp;<span class="kt">str</span>) -&gt; <span class="kt">bool</span> {"#,
    r#"    <span class="nb">println!</span>(<span class="s">"a long line that goes on to the right: {}, and further, and further still, until it has left every reasonable screen behind it"</span>, path.<span class="nf">len</span>() <span class="o">*</span> <span class="mf">2.5</span>);"#,
    r#"    path == <span class="s">"x"</span><span class="o">&amp;&amp;</span> <span class="kc">true</span>"#,
];

pub fn file(kind: &str, annotated: bool) -> FileView {
    let lines: Vec<String> = (0..120).map(|n| s(SOURCE[n % SOURCE.len()])).collect();
    let blame = (0..120)
        .map(|n| {
            let block = n / 5;
            let r = row(block);
            BlameLine {
                first: n % 5 == 0,
                id: r.id,
                url: r.url,
                subject: r.subject,
                author: r.author.name,
                age: r.when.age,
                heat: (block * 3 % 10) as u8,
                before_url: Some(s("#")),
            }
        })
        .collect();
    FileView {
        frame: frame("router.rs"),
        repo: repo("files"),
        id: row(0).id,
        crumbs: vec![link("src", "#"), link("web", "#"), link("router.rs", "#")],
        root_url: s("/files.html"),
        picker: picker(),
        last: Some(row(5)),
        name: s("router.rs"),
        path: s("src/web/router.rs"),
        size: s("4.7 KiB"),
        mime: s("text/x-rust"),
        language: if kind == "text" { s("Rust") } else { s("") },
        executable: true,
        kind: s(kind),
        views: if kind == "text" || kind == "rendered" {
            vec![
                Tab {
                    text: s("Source"),
                    url: s("/file.html"),
                    current: !annotated && kind == "text",
                    count: None,
                },
                Tab {
                    text: s("Rendered"),
                    url: s("/file-rendered.html"),
                    current: kind == "rendered",
                    count: None,
                },
                Tab {
                    text: s("Annotated"),
                    url: s("/file-annotated.html"),
                    current: annotated,
                    count: None,
                },
            ]
        } else {
            vec![]
        },
        lines_html: if kind == "text" { lines } else { vec![] },
        blame: if annotated { blame } else { vec![] },
        content_html: s(README),
        target: if kind == "submodule" {
            s("51b2c0ffee42")
        } else {
            s("../LICENSE")
        },
        target_url: Some(s("/LICENSE")),
        raw_url: s("/images/favicon.svg"),
        download_url: s("#"),
        permalink_url: s("#"),
        history_url: s("#"),
        edit_url: Some(s("#")),
        delete_url: Some(s("#")),
        full_url: Some(s("#")),
    }
}
