//! Sample data.

use crate::view::*;

fn s(text: &str) -> String {
    text.to_string()
}

fn link(text: &str, url: &str) -> Link {
    Link {
        text: s(text),
        url: s(url),
    }
}

fn avatar(seed: usize) -> String {
    let hues = ["#7a8f3c", "#3c7a8f", "#8f3c6b", "#8f6b3c", "#4f3c8f"];
    let mut svg =
        s(r#"<svg viewBox="0 0 5 5" width="16" height="16" xmlns="http://www.w3.org/2000/svg">"#);
    for y in 0..5 {
        for x in 0..3 {
            if (seed * 7 + x * 3 + y * 5 + x * y * seed).is_multiple_of(3) {
                for column in [x, 4 - x] {
                    svg += &format!(
                        r#"<rect x="{column}" y="{y}" width="1" height="1" fill="{}"/>"#,
                        hues[seed % 5]
                    );
                }
            }
        }
    }
    svg + "</svg>"
}

fn person(name: &str) -> Person {
    Person {
        name: s(name),
        full: format!("{name} <{name}@example.com>"),
        avatar_html: avatar(name.len() + name.as_bytes()[0] as usize),
    }
}

fn ago(text: &str) -> When {
    When {
        iso: s("2026-11-21T22:10:00+01:00"),
        age: s(text),
        exact: s("2026-11-21 22:10:00"),
    }
}

const AGES: [&str; 8] = [
    "5 minutes ago",
    "2 hours ago",
    "1 day ago",
    "3 days ago",
    "2 weeks ago",
    "5 months ago",
    "22 months ago",
    "3 years ago",
];
const PEOPLE: [&str; 5] = [
    "alice",
    "bob",
    "Þórbjörg Ævarsdóttir",
    "יעל",
    "maximiliane-alexandra.von-hohenstein",
];
const SUBJECTS: [&str; 10] = [
    "diff: pair removed and added lines by similarity, not by position",
    "Merge branch stable into default",
    "hg: read the dirstate-v2 docket without copying",
    "docs: say how to put nginx in front",
    "repair the build on Debian 12",
    "permissions: a fork never shows more than its parent did, also when the parent was made private after the fork; the check moved to the one place that decides",
    "إصلاح عرض أسماء الملفات من اليمين إلى اليسار",
    "tests: push four workers at once",
    "日本語のファイル名を正しく表示する",
    "fix",
];
const LONG_BRANCH: &str = "feature/PROJ-12345-rewrite-the-permission-cache-without-locks";

pub fn frame(title: &str) -> Frame {
    let v = "?ver=0123abcd";
    Frame {
        title: s(title),
        site_title: s("Kallithea"),
        home_url: s("/"),
        user: Some(Viewer {
            username: s("alice"),
            full_name: s("Alice Liddell"),
            avatar_html: avatar(97 + 5),
            is_admin: true,
            can_sign_out: true,
        }),
        csrf_token: s("123456789"),
        path: s("/group/repo?x=1"),
        login_url: s("/_admin/login?came_from=%2F"),
        logout_url: s("/_admin/logout"),
        nav: Nav {
            section: s("repositories"),
            repos_data_url: Some(s("/_repos")),
            journal: Some(s("/_admin/journal")),
            gists: Some(s("/_admin/gists")),
            search: Some(s("/_admin/search")),
            pull_requests: Some(s("/my_pullrequests")),
            pull_requests_open: 3,
            admin: Some(s("/_admin/settings")),
            account: Some(s("/_admin/my_account")),
            about: Some(s("/about")),
            new_repository: Some(s("/_admin/create_repository")),
            new_group: Some(s("/_admin/repo_groups/new")),
            new_gist: Some(s("/_admin/gists/new")),
        },
        assets: Assets {
            style: format!("/css/style.css{v}"),
            script: format!("/js/main.js{v}"),
            icons: format!("/images/icons.svg{v}"),
            favicon: format!("/images/favicon.svg{v}"),
            favicon_ico: format!("/images/favicon.ico{v}"),
            touch_icon: format!("/images/apple-touch-icon.png{v}"),
        },
        request_id: s("b7f3-000182"),
        version: Some(s("0.1.0")),
        support_url: Some(s("https://example.com/help")),
        ..Default::default()
    }
}

/// What is there in the first version: no later pages, no dead links.
fn first_frame(title: &str) -> Frame {
    let mut frame = frame(title);
    frame.nav = Nav {
        section: s("repositories"),
        repos_data_url: Some(s("/_repos")),
        about: Some(s("/about")),
        new_repository: frame.nav.new_repository,
        new_group: frame.nav.new_group,
        ..Default::default()
    };
    frame
}

fn anonymous(title: &str) -> Frame {
    let mut frame = first_frame(title);
    frame.user = None;
    frame.nav.new_repository = None;
    frame.nav.new_group = None;
    frame
}

fn repo(tab: &str) -> RepoFrame {
    RepoFrame {
        id: 23,
        name: s("tools/vcs/kallithea-rs"),
        short_name: s("kallithea-rs"),
        url: s("/summary.html"),
        groups: vec![link("tools", "/group.html"), link("vcs", "/group.html")],
        kind: s("hg"),
        private: true,
        fork_of: Some(link("kallithea", "/kallithea")),
        description_html: s(
            r#"The web server that hosts Mercurial and Git, see <a href="https://example.com/">example.com</a>."#,
        ),
        can_write: true,
        can_admin: true,
        following: true,
        follow_url: Some(s("/_admin/toggle_following")),
        followers: 12,
        followers_url: Some(s("/f")),
        forks: 4,
        pull_requests: 7,
        tab: s(tab),
        files_url: s("/files.html"),
        changelog_url: s("/changelog.html"),
        compare_url: Some(s("/compare")),
        pull_requests_url: Some(s("/pr")),
        forks_url: Some(s("/forks")),
        fork_url: Some(s("/fork")),
        settings_url: Some(s("/repo-settings.html")),
        refs_data_url: s("/refs-data"),
        clone_urls: vec![
            CloneUrl {
                label: s("HTTP"),
                url: s("https://alice@code.example.com/tools/vcs/kallithea-rs"),
            },
            CloneUrl {
                label: s("ID"),
                url: s("https://alice@code.example.com/_23"),
            },
            CloneUrl {
                label: s("SSH"),
                url: s("ssh://kallithea@code.example.com/tools/vcs/kallithea-rs"),
            },
        ],
        ..Default::default()
    }
}

fn row(n: usize) -> ChangesetRow {
    let chips = match n {
        0 => vec![("branch", "default"), ("tag", "tip"), ("phase", "Draft")],
        2 => vec![("bookmark", "@"), ("tag", "v0.9.1")],
        3 => vec![("branch", LONG_BRANCH)],
        6 => vec![("closed-branch", "stable-0.6")],
        _ => vec![],
    };
    ChangesetRow {
        id: format!(
            "{:012x}",
            0x9f3c_5b7a_1e42u64.wrapping_mul(n as u64 + 1) & 0xffff_ffff_ffff
        ),
        raw_id: format!("{:040x}", 0x9f3c_5b7a_1e42u64.wrapping_mul(n as u64 + 1)),
        url: s("/changeset.html"),
        subject: s(SUBJECTS[n % SUBJECTS.len()]),
        body: n
            .is_multiple_of(4)
            .then(|| s("More words about it.\nAnd a line.")),
        author: person(PEOPLE[(n * 3 + n / 4) % PEOPLE.len()]),
        when: ago(AGES[(n / 3).min(7)]),
        chips: chips
            .into_iter()
            .map(|(kind, text)| Chip {
                kind: s(kind),
                text: s(text),
                url: Some(s("/changelog.html")),
            })
            .collect(),
        merge: n % 10 == 1,
        status: match n {
            0 => Some(Status {
                kind: s("approved"),
                text: s("Approved by bob"),
                url: Some(s("#")),
            }),
            4 => Some(Status {
                kind: s("rejected"),
                text: s("Not approved by bob"),
                url: Some(s("#")),
            }),
            5 => Some(Status {
                kind: s("under_review"),
                text: s("Under review"),
                url: None,
            }),
            _ => None,
        },
        comments: if n % 5 == 2 { 3 } else { 0 },
        comments_url: Some(s("#")),
    }
}

fn last(n: usize) -> LastChange {
    let r = row(n);
    LastChange {
        id: r.id,
        subject: r.subject,
        url: r.url,
        author: r.author,
        when: r.when,
    }
}

fn repositories() -> Vec<RepositoryRow> {
    let names = [
        (
            "kallithea-rs",
            "hg",
            "The web server that hosts Mercurial and Git repositories with code review",
        ),
        (
            "an-extraordinarily-long-repository-name-that-somebody-chose-in-a-hurry",
            "git",
            "It goes on and on and the description too, which is cut where the column ends, whatever the width",
        ),
        ("dotfiles", "git", ""),
        ("Grundlagen-der-Übung", "hg", "Übungen für Anfänger"),
        ("مشروع-عربي", "git", "وصف المستودع باللغة العربية"),
        ("日本語リポジトリ", "git", "日本語の説明文"),
        ("empty", "hg", "Nothing here yet"),
    ];
    names
        .iter()
        .enumerate()
        .map(|(n, (name, kind, description))| RepositoryRow {
            name: s(name),
            full_name: s(name),
            url: s("/summary.html"),
            kind: s(kind),
            description: s(description),
            private: n % 3 == 0,
            fork_of: (n == 2).then(|| link("bob/dotfiles", "/bob/dotfiles")),
            pending: n == 6,
            following: n == 0,
            last: (n != 6).then(|| last(n)),
            owner: person(PEOPLE[n % 5]),
        })
        .collect()
}

fn groups() -> Vec<GroupRow> {
    [
        ("tools", 0, 14, 2, "Programs that help us work"),
        ("vcs", 1, 6, 0, "Version control"),
        ("web", 1, 8, 0, ""),
        ("клиенты", 0, 3, 0, "Проекты клиентов"),
    ]
    .iter()
    .map(
        |(name, depth, repositories, groups, description)| GroupRow {
            name: s(name),
            full_name: s(name),
            url: s("/group.html"),
            description: s(description),
            depth: *depth,
            repositories: *repositories,
            groups: *groups,
            owner: Some(person("alice")),
        },
    )
    .collect()
}

fn tab(text: &str, current: bool) -> Tab {
    Tab {
        text: s(text),
        url: s("#"),
        current,
        count: None,
    }
}

pub fn home() -> Home {
    let mut frame = frame("");
    frame.flash = vec![Flash {
        category: s("success"),
        message_html: s(r#"Created repository <a href="/x">tools/vcs/kallithea-rs</a>"#),
    }];
    Home {
        frame,
        tabs: vec![
            tab("All", true),
            tab("Mine", false),
            tab("Followed", false),
            tab("Recent", false),
        ],
        groups: groups(),
        repositories: repositories(),
        new_repository: Some(s("/new-repository.html")),
        new_group: Some(s("/new-group.html")),
        ..Default::default()
    }
}

pub fn home_fresh() -> Home {
    Home {
        frame: first_frame(""),
        fresh: true,
        new_repository: Some(s("/new-repository.html")),
        new_group: Some(s("/new-group.html")),
        ..Default::default()
    }
}

pub fn home_anonymous() -> Home {
    let mut frame = anonymous("");
    frame.flash = vec![
        Flash {
            category: s("warning"),
            message_html: s("You need to be signed in to view this page"),
        },
        Flash {
            category: s("error"),
            message_html: s("Such revision does not exist for this repository"),
        },
    ];
    Home {
        frame,
        repositories: repositories(),
        ..Default::default()
    }
}

fn group_head() -> GroupHead {
    GroupHead {
        name: s("vcs"),
        url: s("/group.html"),
        parents: vec![link("tools", "/group.html")],
        description_html: s("Version control and what belongs to it."),
        settings_url: Some(s("/group-settings.html")),
    }
}

pub fn group() -> Home {
    Home {
        frame: first_frame("tools/vcs"),
        group: Some(group_head()),
        groups: groups().into_iter().filter(|g| g.depth == 0).collect(),
        repositories: repositories(),
        new_repository: Some(s("#")),
        new_group: Some(s("#")),
        ..Default::default()
    }
}

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

fn wrong(field: &str, label: &str, message: &str) -> FormError {
    FormError {
        field: s(field),
        label: s(label),
        message: s(message),
    }
}

pub fn login(fails: bool) -> Login {
    let mut frame = anonymous("Sign in");
    frame.register_url = Some(s("/_admin/register"));
    frame.login_url = s("");
    let errors = if fails {
        vec![wrong(
            "password",
            "Password",
            "Invalid username or password",
        )]
    } else {
        vec![]
    };
    Login {
        frame,
        action_url: s("#"),
        username: if fails { s("alice") } else { s("") },
        remember: false,
        errors,
        reset_url: Some(s("/_admin/password_reset")),
    }
}

pub fn setup() -> Setup {
    let mut frame = anonymous("Set up");
    frame.login_url = s("");
    Setup {
        frame,
        action_url: s("#"),
        code_file: s("/srv/kallithea-data/setup-code"),
        username: s("alice"),
        email: s("alice"),
        errors: vec![
            wrong(
                "code",
                "One-time code",
                "This code is not the one in the file",
            ),
            wrong(
                "email",
                "E-mail",
                "An email address must contain a single @",
            ),
        ],
        ..Default::default()
    }
}

fn choice(value: &str, text: &str, selected: bool) -> Choice {
    Choice {
        value: s(value),
        text: s(text),
        selected,
    }
}

fn group_choices() -> Vec<Choice> {
    vec![
        choice("-1", "Top level", false),
        choice("1", "tools", false),
        choice("2", "tools/vcs", true),
    ]
}

pub fn new_repository() -> NewRepository {
    NewRepository {
        frame: first_frame("New repository"),
        action_url: s("#"),
        cancel_url: s("/home.html"),
        repo_name: s("kallithea-rs"),
        repo_group: group_choices(),
        repo_type: vec![choice("hg", "Mercurial", true), choice("git", "Git", false)],
        errors: vec![wrong(
            "repo_name",
            "Name",
            "Repository \"kallithea-rs\" already exists in group \"tools/vcs\"",
        )],
        ..Default::default()
    }
}

pub fn new_group() -> NewGroup {
    NewGroup {
        frame: first_frame("New group"),
        action_url: s("#"),
        cancel_url: s("#"),
        parent_group_id: group_choices(),
        ..Default::default()
    }
}

fn settings_tabs(n: usize, group: bool) -> Vec<Tab> {
    let all: &[&str] = if group {
        &["Settings", "Permissions", "Delete"]
    } else {
        &[
            "Settings",
            "Permissions",
            "Extra fields",
            "Remote",
            "Delete",
        ]
    };
    all.iter()
        .enumerate()
        .map(|(i, text)| tab(text, i == n))
        .collect()
}

pub fn repo_settings() -> RepoSettings {
    RepoSettings {
        frame: frame("Settings"),
        repo: repo("settings"),
        tabs: settings_tabs(0, false),
        action_url: s("#"),
        repo_name: s("kallithea-rs"),
        repo_group: group_choices(),
        repo_landing_rev: vec![
            choice("rev:tip", "tip", false),
            choice("branch:default", "branch default", true),
        ],
        owner: s("alice"),
        repo_description: s("The web server that hosts Mercurial and Git."),
        repo_private: true,
        repo_enable_downloads: true,
        permanent_url: s("https://code.example.com/_23"),
        ..Default::default()
    }
}

pub fn repo_delete() -> RepoDelete {
    RepoDelete {
        frame: frame("Delete"),
        repo: repo("settings"),
        tabs: settings_tabs(4, false),
        action_url: s("#"),
        forks: vec![
            link("bob/kallithea-rs", "#"),
            link("carol/kallithea-rs", "#"),
        ],
        aftermath: s(
            "The folder is moved to rm__20261121_… beside it, from where an administrator can bring it back.",
        ),
        errors: vec![],
    }
}

pub fn group_settings() -> GroupSettings {
    GroupSettings {
        frame: first_frame("Settings"),
        group: group_head(),
        tabs: settings_tabs(0, true),
        action_url: s("#"),
        group_name: s("vcs"),
        group_description: s("Version control"),
        parent_group_id: group_choices(),
        errors: vec![],
    }
}

pub fn group_delete() -> GroupDelete {
    GroupDelete {
        frame: first_frame("Delete"),
        group: group_head(),
        full_name: s("tools/vcs"),
        tabs: settings_tabs(2, true),
        action_url: s("#"),
        obstacle: None,
        errors: vec![wrong("confirm_name", "Name", "This is not the name")],
    }
}

pub fn permissions(of_group: bool) -> Permissions {
    let kind = if of_group { "group" } else { "repository" };
    let value = |level: &str| format!("{kind}.{level}");
    let row = |row_kind: &str, id, name: &str, detail: &str, level: &str, locked: Option<&str>| {
        PermissionRow {
            field: format!(
                "{}_perm_{name}",
                if row_kind == "user_group" { "g" } else { "u" }
            ),
            kind: s(row_kind),
            id,
            name: s(name),
            detail: s(detail),
            avatar_html: if row_kind == "user" {
                avatar(name.len() + 91)
            } else {
                s("")
            },
            level: value(level),
            locked: locked.map(s),
            revocable: locked.is_none() && row_kind != "default",
        }
    };
    Permissions {
        frame: frame("Permissions"),
        repo: (!of_group).then(|| repo("settings")),
        group: of_group.then(group_head),
        tabs: settings_tabs(1, of_group),
        action_url: s("#"),
        revoke_url: s("#"),
        levels: [
            ("none", "None"),
            ("read", "Read"),
            ("write", "Write"),
            ("admin", "Admin"),
        ]
        .iter()
        .map(|(v, t)| choice(&value(v), t, false))
        .collect(),
        rows: vec![
            row("default", 1, "Everybody else", "", "none", None),
            row("user", 2, "alice", "Alice Liddell", "admin", Some("Owner")),
            row("user", 3, "bob", "", "write", None),
            row(
                "user",
                4,
                "maximiliane-alexandra.von-hohenstein",
                "Maximiliane Alexandra von Hohenstein",
                "read",
                None,
            ),
            row("user_group", 5, "developers", "12 members", "write", None),
        ],
        new_rows: vec![
            NewMemberRow {
                n: 1,
                name: s("nobody"),
                kind: s("user"),
                level: value("read"),
            },
            NewMemberRow {
                n: 2,
                kind: s("user"),
                level: value("read"),
                ..Default::default()
            },
        ],
        private: true,
        recursive: if of_group {
            vec![
                choice("none", "nothing else", true),
                choice("repos", "repositories in it", false),
                choice("groups", "groups in it", false),
                choice("all", "everything in it", false),
            ]
        } else {
            vec![]
        },
        people_data_url: Some(s("/_users_and_groups")),
        errors: vec![wrong(
            "perm_new_member_name_1",
            "New member",
            "There is no active user \"nobody\"",
        )],
    }
}

pub fn creating(failed: Option<&str>) -> RepoCreating {
    RepoCreating {
        frame: first_frame("Making tools/vcs/new"),
        name: s("tools/vcs/new"),
        url: s("#"),
        repo_url: s("/summary.html"),
        check_url: s("/check"),
        clone_of: Some(s("https://example.com/hg/project")),
        failed: failed.map(s),
    }
}

pub fn about() -> About {
    About {
        frame: first_frame("About"),
        version: s("0.1.0"),
        project_url: Some(s("https://example.com/")),
    }
}

pub fn error() -> ErrorPage {
    ErrorPage {
        frame: first_frame("Not Found"),
        status: 404,
        reason: s("Not Found"),
        sentence: s("The resource could not be found"),
        detail: Some(s(
            "There is no file nor directory at the given path: 'src/web/nothing.rs' at revision 9f3c5b7a1e42",
        )),
        advice: Some(s(
            "It may have been renamed: look at the history, or start again at the root.",
        )),
        links: vec![link("Files", "#"), link("Changelog", "#")],
    }
}

pub fn error_bare() -> BareError {
    BareError {
        site_title: s("Kallithea"),
        home_url: s("/"),
        assets: frame("").assets,
        status: 503,
        reason: s("Service Unavailable"),
        sentence: s("The database does not answer."),
        advice: Some(s(
            "Nothing is lost. Try again in a minute; if it stays so, tell the administrator the request below.",
        )),
        request_id: s("b7f3-000182"),
    }
}

pub fn site_access() -> SiteAccess {
    SiteAccess {
        frame: first_frame("Access"),
        action_url: s("#"),
        anonymous: true,
        errors: vec![],
    }
}
