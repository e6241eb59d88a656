//! Changesets, ranges, comparisons and the diffs of single files, in repositories of both systems.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use http::{Method, StatusCode};

use crate::browser::{Browser, Server};

/// A stream for `git fast-import`.
#[derive(Default)]
struct Recipe(Vec<u8>);

impl Recipe {
    fn commit(&mut self, branch: &str, mark: u32, from: &[u32], message: &str) {
        let out = &mut self.0;
        writeln!(out, "commit refs/heads/{branch}\nmark :{mark}").unwrap();
        writeln!(out, "author Zo\u{eb} <zoe@example.com> 1600000000 +0200").unwrap();
        writeln!(out, "committer Max <max@example.com> 1600000100 +0000").unwrap();
        writeln!(out, "data {}\n{message}", message.len()).unwrap();
        for (at, parent) in from.iter().enumerate() {
            let word = if at == 0 { "from" } else { "merge" };
            writeln!(out, "{word} :{parent}").unwrap();
        }
    }

    fn file(&mut self, mode: &str, path: &str, data: &[u8]) {
        writeln!(self.0, "M {mode} inline {path}\ndata {}", data.len()).unwrap();
        self.0.extend_from_slice(data);
        self.0.push(b'\n');
    }

    fn line(&mut self, line: &str) {
        writeln!(self.0, "{line}").unwrap();
    }

    fn import(self, folder: &Path) {
        let mut git = Command::new("git")
            .args(["fast-import", "--quiet", "--force"])
            .current_dir(folder)
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        git.stdin.take().unwrap().write_all(&self.0).unwrap();
        assert!(git.wait().unwrap().success());
    }
}

fn git(folder: &Path, args: &[&str]) -> String {
    let out = Command::new("git")
        .args(args)
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(out.status.success(), "git {args:?}");
    String::from_utf8(out.stdout).unwrap().trim().to_owned()
}

fn lines(from: u32, to: u32) -> String {
    (from..=to).map(|n| format!("line {n}\n")).collect()
}

/// A repository with everything that can happen to a file, a branch with a slash, and a merge.
fn rich() -> (Server, Vec<String>) {
    let server = Server::new();
    server.repository("admin", "rich", "git");
    let folder = server.folder.path().join("repositories/rich");
    let block = "fn moved_function() {\n    does_something();\n}\n";
    let mut recipe = Recipe::default();
    recipe.commit("master", 1, &[], "Begin\n\nWith a <b>body</b>.\n");
    recipe.file(
        "100644",
        "a.rs",
        format!("{}{block}", lines(1, 100)).as_bytes(),
    );
    recipe.file("100644", "old.txt", lines(1, 30).as_bytes());
    recipe.file("100644", "\"t\\tab\\\"quote\\\\back.txt\"", b"one\n");
    recipe.file("100644", "latin.txt", b"gr\xf6\xdfer\n");
    recipe.file("100644", "pic.png", b"\x89PNG\0\x01");
    recipe.file("100644", "gone.txt", b"bye\n");
    recipe.file("100755", "run.sh", b"#!/bin/sh\n");
    recipe.line(&format!("M 160000 {} sub", "1".repeat(40)));
    recipe.commit("master", 2, &[1], "Change <i>all</i>\n");
    let changed = lines(1, 100).replace("line 50\n", "line fifty\n");
    recipe.file("100644", "a.rs", changed.as_bytes());
    recipe.file("100644", "b.rs", block.as_bytes());
    recipe.line("R old.txt new.txt");
    recipe.file("100644", "\"t\\tab\\\"quote\\\\back.txt\"", b"two");
    recipe.file("100644", "latin.txt", b"gr\xf6\xdfe\n");
    recipe.file("100644", "pic.png", b"\x89PNG\0\x02");
    recipe.line("D gone.txt");
    recipe.file("100644", "run.sh", b"#!/bin/sh\n");
    recipe.file("100644", "<b>.txt", "\u{202e}<script>\n".as_bytes());
    recipe.line(&format!("M 160000 {} sub", "2".repeat(40)));
    recipe.commit("feature/x", 3, &[1], "Aside\n");
    recipe.file(
        "100644",
        "a.rs",
        format!("{}{block}", lines(1, 100).replace("line 50\n", "line 5o\n")).as_bytes(),
    );
    recipe.file("100644", "side.txt", b"side\n");
    recipe.commit("master", 4, &[2, 3], "Merge\n");
    recipe.file(
        "100644",
        "a.rs",
        lines(1, 100).replace("line 50\n", "line both\n").as_bytes(),
    );
    recipe.file("100644", "side.txt", b"side\n");
    recipe.import(&folder);
    let ids = git(
        &folder,
        &[
            "rev-list",
            "--reverse",
            "--topo-order",
            "--date-order",
            "master",
        ],
    );
    // The two in the middle have the same date.
    let mut ids: Vec<String> = ids.lines().map(str::to_owned).collect();
    ids[1] = git(&folder, &["rev-parse", "master^1"]);
    ids[2] = git(&folder, &["rev-parse", "master^2"]);
    (server, ids)
}

fn ok(browser: &mut Browser<'_>, address: &str) -> String {
    let answer = browser.get(address);
    assert_eq!(answer.status, StatusCode::OK, "{address}: {}", answer.text);
    answer.text
}

fn status(browser: &mut Browser<'_>, address: &str) -> StatusCode {
    browser.get(address).status
}

fn scripted(browser: &mut Browser<'_>, address: &str) -> crate::browser::Answer {
    let headers = [
        ("x-requested-with", "XMLHttpRequest"),
        ("x-partial-xhr", "1"),
    ];
    browser.send(Method::GET, address, &headers, None)
}

/// All ids of a page are there once.
fn ids_are_unique(html: &str) {
    let mut seen = std::collections::HashSet::new();
    for id in html
        .split(" id=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
    {
        assert!(seen.insert(id), "the id {id} is there twice");
        assert!(!id.contains(char::is_whitespace), "{id:?}");
    }
}

#[test]
fn a_changeset_shows_what_happened_to_every_file() {
    let (server, ids) = rich();
    let mut browser = server.browser();
    let page = ok(&mut browser, &format!("/rich/changeset/{}", ids[1]));
    let short = &ids[1][..12];
    for part in [
        "Change &lt;i&gt;all&lt;/i&gt;",
        "Zo\u{eb}",
        "Max",
        &format!("id=\"C-{short}-"),
        "<div class=\"cs_M cs_",
        "<div class=\"cs_A cs_",
        "<div class=\"cs_D cs_",
        "<div class=\"cs_R cs_",
        "<table class=\"code-difftable\"",
        "line <del><span class=",
        "<ins>fifty</ins>",
        "100755 → 100644",
        "submodule",
        "id=\"CHANGE-a.rs\"",
        "Subproject commit 1111",
        "Binary file",
        "<bdi>old.txt</bdi> → <bdi>new.txt</bdi>",
        "<bdi>t␉ab&quot;quote\\back.txt</bdi>",
        "\\ No newline at end of file",
        "größe",
        "&lt;script&gt;",
        "title=\"U+202E\"",
        "title=\"Moved from a.rs, line 101\"",
        "title=\"Moved to b.rs, line 1\"",
        "class=\"expand up\"",
        "Not reviewed",
        &format!("/rich/raw/{}/pic.png", ids[0]),
        &format!(
            "/rich/diff/a.rs?diff1={}&amp;diff2={}&amp;diff=raw",
            ids[0], ids[1]
        ),
    ] {
        assert!(page.contains(part), "{part}\n{page}");
    }
    assert!(!page.contains("<script>"), "{page}");
    // A file that is not there has no link.
    assert!(!page.contains(&format!("/rich/files/{}/gone.txt", ids[1])));
    ids_are_unique(&page);
    let split = ok(
        &mut browser,
        &format!("/rich/changeset/{}?view=split", ids[1]),
    );
    assert!(
        split.contains("side-by-side") && split.contains("half del") && split.contains("half add")
    );
    ids_are_unique(&split);
    // Addresses: branches with a slash, a slash at the end, prefixes.
    for address in [
        "changeset/feature/x",
        "changeset/",
        "changeset",
        &format!("changeset/{short}"),
    ] {
        ok(&mut browser, &format!("/rich/{address}"));
    }
    for address in [
        "changeset/nothing",
        "changeset/ffffffff",
        "changeset-diff/nothing",
        "changeset-patch/x...y",
    ] {
        assert_eq!(
            status(&mut browser, &format!("/rich/{address}")),
            StatusCode::NOT_FOUND,
            "{address}"
        );
    }
    // Odd parameters are bounded.
    for query in [
        "context=-1&ignorews=1",
        "context=99999999",
        "context=x&fulldiff=1",
        "parent=7",
        "view=x&showws=1",
    ] {
        ok(&mut browser, &format!("/rich/changeset/{}?{query}", ids[1]));
    }
}

#[test]
fn a_merge_is_compared_with_each_parent_and_with_all() {
    let (server, ids) = rich();
    let mut browser = server.browser();
    let first = ok(&mut browser, &format!("/rich/changeset/{}", ids[3]));
    assert!(
        first.contains("fifty</del>") && first.contains("side.txt"),
        "{first}"
    );
    let second = ok(
        &mut browser,
        &format!("/rich/changeset/{}?parent=2", ids[3]),
    );
    assert!(
        !second.contains("fifty") && !second.contains("side.txt"),
        "{second}"
    );
    let all = ok(
        &mut browser,
        &format!("/rich/changeset/{}?parent=all", ids[3]),
    );
    assert!(
        all.contains("line both") && all.contains("signs\">++</td>") && !all.contains("side.txt"),
        "{all}"
    );
    ids_are_unique(&all);
}

#[test]
fn texts_are_what_git_takes() {
    let (server, ids) = rich();
    let mut browser = server.browser();
    let folder = server.folder.path().join("repositories/rich");
    let range = format!("{}...{}", ids[1], ids[1]);
    for revision in [&ids[1], &range] {
        let patch = browser.get(&format!("/rich/changeset-patch/{revision}"));
        assert_eq!(patch.header("content-type"), "text/plain; charset=utf-8");
        assert!(
            patch.text.starts_with(&format!("From {} ", ids[1])),
            "{}",
            patch.text
        );
        assert!(patch.text.contains(
            "Date: Sun, 13 Sep 2020 14:26:40 +0200\nSubject: [PATCH] Change <i>all</i>\n"
        ));
    }
    let download = browser.get(&format!("/rich/changeset-download/{}", ids[1]));
    assert_eq!(
        download.header("content-disposition"),
        format!("attachment; filename={}.diff", &ids[1][..12])
    );
    let diff = browser.get(&format!("/rich/raw-changeset/{}", ids[2])).text;
    let clone = tempfile::tempdir().unwrap();
    git(
        clone.path(),
        &["clone", "-q", folder.to_str().unwrap(), "."],
    );
    git(clone.path(), &["checkout", "-q", &ids[0]]);
    std::fs::write(clone.path().join("p.diff"), &diff).unwrap();
    git(clone.path(), &["apply", "--index", "p.diff"]);
    assert_eq!(
        git(clone.path(), &["write-tree"]),
        git(&folder, &["rev-parse", &format!("{}^{{tree}}", ids[2])])
    );
}

#[test]
fn a_diff_that_was_drawn_is_looked_up_and_still_has_its_comments() {
    let (server, ids) = rich();
    let mut browser = server.signed_in("admin");
    let answers = server.folder.path().join("data/answers");
    let kept = || walk(&answers).len();
    let before = kept();
    let pages = [
        format!("/rich/changeset/{}", ids[1]),
        format!("/rich/compare/rev@{}...rev@{}", ids[0], ids[3]),
        format!("/rich/diff/a.rs?diff1={}&diff2={}", ids[0], ids[1]),
    ];
    let first: Vec<_> = pages.iter().map(|page| ok(&mut browser, page)).collect();
    assert!(kept() > before, "nothing was kept in {}", answers.display());
    let full = kept();
    let again: Vec<_> = pages.iter().map(|page| ok(&mut browser, page)).collect();
    assert!(first == again, "a diff from the cache is another one");
    assert_eq!(kept(), full);
    // Another language and another choice are another page.
    let address = format!("{}?view=split", pages[0]);
    assert!(ok(&mut browser, &address).contains("side-by-side"));
    let headers = [("accept-language", "de")];
    let german = server
        .browser()
        .send(Method::GET, &pages[0], &headers, None)
        .text;
    assert!(german.contains("lang=\"de\"") && !german.contains("Full diff"));
    // Damage is noticed; everything may be deleted.
    for file in walk(&answers) {
        std::fs::write(file, b"damaged").unwrap();
    }
    assert!(ok(&mut browser, &pages[0]) == first[0]);
    std::fs::remove_dir_all(&answers).unwrap();
    assert!(ok(&mut browser, &pages[0]) == first[0]);

    server.sql(&format!(
        "insert into changeset_comments (repo_id, revision, line_no, f_path, user_id, text, created_on, modified_at)
         select repo_id, '{}', 'n50', 'a.rs', user_id, 'Between the lines', '2026-01-01 00:00:00', '2026-01-01 00:00:00'
         from repositories where repo_name = 'rich'",
        ids[1]
    ));
    assert!(ok(&mut browser, &pages[0]).contains("Between the lines"));
}

fn walk(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files.extend(walk(&path));
        } else if path.file_name() != Some("tidy.lock".as_ref()) {
            files.push(path);
        }
    }
    files
}

#[test]
fn a_range_shows_each_changeset_and_its_diff() {
    let (server, ids) = rich();
    let mut browser = server.browser();
    let page = ok(
        &mut browser,
        &format!("/rich/changeset/{}...{}", ids[0], ids[3]),
    );
    for id in &ids {
        assert!(
            page.contains(&format!("id=\"{id}\""))
                && page.contains(&format!("id=\"C-{}-", &id[..12])),
            "{id}"
        );
    }
    assert!(
        page.contains(&format!(
            "/rich/compare/rev%40{}...rev%40{}",
            "0".repeat(40),
            ids[3]
        )),
        "{page}"
    );
    ids_are_unique(&page);
    assert_eq!(
        status(
            &mut browser,
            &format!("/rich/changeset/{}...{}", ids[3], ids[0])
        ),
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        status(&mut browser, "/rich/changeset/...x"),
        StatusCode::NOT_FOUND
    );
}

#[test]
fn scripts_learn_of_parents_children_and_words() {
    let (server, ids) = rich();
    let mut browser = server.browser();
    let json = |browser: &mut Browser<'_>, address: &str| -> serde_json::Value {
        serde_json::from_str(&scripted(browser, address).text).unwrap()
    };
    let children = json(
        &mut browser,
        &format!("/rich/changeset_children/{}", ids[0]),
    );
    assert_eq!(children["results"].as_array().unwrap().len(), 2);
    let parents = json(&mut browser, &format!("/rich/changeset_parents/{}", ids[3]));
    assert_eq!(parents["results"][0]["raw_id"], ids[1].as_str());
    let info = json(&mut browser, "/changeset_info/rich/feature/x");
    assert_eq!(info["raw_id"], ids[2].as_str());
    assert_eq!(info["message"], "Aside\n");
    let unknown = json(&mut browser, "/changeset_info/rich/nothing");
    assert_eq!(unknown["revision"], -1);
    assert_eq!(
        scripted(&mut browser, "/changeset_info/nowhere/tip").status,
        StatusCode::NOT_FOUND
    );
    for address in [
        "/rich/changeset_children/tip",
        "/rich/changeset_parents/tip",
        "/changeset_info/rich/tip",
    ] {
        assert_eq!(
            status(&mut browser, address),
            StatusCode::BAD_REQUEST,
            "{address}"
        );
    }
}

#[test]
fn one_file_is_compared_in_every_form() {
    let (server, ids) = rich();
    let mut browser = server.browser();
    let at = |page: &str, path: &str, rest: &str| {
        format!(
            "/rich/{page}/{path}?diff1={}&diff2={}{rest}",
            ids[0], ids[1]
        )
    };
    let page = ok(&mut browser, &at("diff", "a.rs", ""));
    assert!(
        page.contains("<ins>fifty</ins>") && page.contains("id=\"C--"),
        "{page}"
    );
    ids_are_unique(&page);
    let two = ok(&mut browser, &at("diff-2way", "new.txt", ""));
    assert!(
        two.contains("<bdi>old.txt</bdi>"),
        "a renamed file is compared with what it was: {two}"
    );
    let raw = browser.get(&at("diff", "a.rs", "&diff=raw"));
    assert!(
        raw.header("content-type").starts_with("text/plain")
            && raw.text.starts_with("diff --git a/a.rs b/a.rs\n")
    );
    let download = browser.get(&at("diff", "a.rs", "&diff=download"));
    let name = format!("attachment; filename={}_vs_{}.diff", ids[0], ids[1]);
    assert_eq!(download.header("content-disposition"), name);
    let zeros = "0".repeat(12);
    let added = ok(
        &mut browser,
        &format!("/rich/diff/gone.txt?diff1={zeros}&diff2={}", ids[0]),
    );
    assert!(
        added.contains("line add") && !added.contains("line del"),
        "{added}"
    );
    let removed = ok(
        &mut browser,
        &format!("/rich/diff/gone.txt?diff1={}&diff2={zeros}", ids[0]),
    );
    assert!(
        removed.contains("line del") && !removed.contains("line add"),
        "{removed}"
    );
    let same = ok(&mut browser, &format!("/rich/diff/a.rs?diff2={}", ids[0]));
    assert!(same.contains("No changes detected"));
    let jump = browser.get(&at("diff", "a.rs", "&show_rev=1&annotate=True"));
    assert_eq!(
        jump.header("location"),
        format!("/rich/annotate/{}/a.rs", ids[0])
    );
    for (path, query, expected) in [
        (
            "nothing",
            format!("diff1={}&diff2={}", ids[0], ids[1]),
            StatusCode::NOT_FOUND,
        ),
        (
            "a.rs",
            format!("diff1=nothing&diff2={}", ids[1]),
            StatusCode::NOT_FOUND,
        ),
        ("a.rs", String::new(), StatusCode::OK),
        ("", format!("diff2={}", ids[1]), StatusCode::NOT_FOUND),
    ] {
        assert_eq!(
            status(&mut browser, &format!("/rich/diff/{path}?{query}")),
            expected,
            "{path} {query}"
        );
    }
}

#[test]
fn hidden_lines_can_be_had_with_and_without_a_script() {
    let (server, ids) = rich();
    let mut browser = server.browser();
    let page = ok(&mut browser, &format!("/rich/changeset/{}", ids[1]));
    let link = page
        .split("class=\"expand up\" href=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let link = link.replace("&amp;", "&");
    let (address, place) = link.split_once('#').unwrap();
    assert_eq!(place, "ars_n27");
    let rows = scripted(&mut browser, address).text;
    assert!(
        rows.contains("id=\"ars_n46\"")
            && rows.contains("id=\"ars_n27\"")
            && !rows.contains("ars_n47"),
        "{rows}"
    );
    assert!(!rows.contains("<html"), "only rows");
    assert!(
        rows.contains("class=\"expand up\""),
        "what is left can be opened, too: {rows}"
    );
    let whole = ok(&mut browser, address);
    assert!(whole.contains("<html") && whole.contains("id=\"ars_n27\""));
    for bad in [
        "lines=5-1&gap=1-1-9",
        "lines=a-b&gap=1-1-9",
        "lines=1-9",
        "lines=1-99999999&gap=1-1-",
    ] {
        let address = format!("/rich/diff/a.rs?diff1={}&diff2={}&{bad}", ids[0], ids[1]);
        assert_eq!(
            scripted(&mut browser, &address).status,
            StatusCode::BAD_REQUEST,
            "{bad}"
        );
    }
}

#[test]
fn what_is_said_stands_where_it_belongs() {
    let (server, ids) = rich();
    let repository = server.sql("SELECT repo_id FROM repositories WHERE repo_name = 'rich'");
    let user = server.sql("SELECT user_id FROM users WHERE username = 'admin'");
    let mut next = 0;
    let mut say = |line: &str, path: &str, text: &str| {
        next += 1;
        let value = |text: &str| {
            if text.is_empty() {
                "NULL".to_owned()
            } else {
                format!("'{text}'")
            }
        };
        server.sql(&format!(
            "INSERT INTO changeset_comments (comment_id, repo_id, revision, line_no, f_path, user_id, text, created_on, modified_at) \
             VALUES ({next}, {repository}, '{}', {}, {}, {user}, '{text}', '2024-01-02 03:04:05.000000', '2024-01-02 03:04:05.000000')",
            ids[1], value(line), value(path)
        ));
    };
    say("", "", "On the whole <b>");
    say("n50", "a.rs", "At the line");
    say("o7", "a.rs", "At a hidden line");
    server.sql(&format!(
        "INSERT INTO changeset_statuses (repo_id, user_id, revision, status, changeset_comment_id, modified_at, version) \
         VALUES ({repository}, {user}, '{}', 'approved', 1, '2024-01-02 03:04:05.000000', 0)",
        ids[1]
    ));
    let mut browser = server.browser();
    for query in ["", "?view=split"] {
        let page = ok(&mut browser, &format!("/rich/changeset/{}{query}", ids[1]));
        for part in [
            "On the whole &lt;b&gt;",
            "id=\"comment-2\"",
            "data-f_path=\"a.rs\" data-line_no=\"n50\" data-target-id=\"ars_n50\"",
            "Comment to a.rs line o7 which is outside the diff context:",
            "3 comments (2 inline, 1 general)",
            "Approved by admin",
            "Status change:",
        ] {
            assert!(page.contains(part), "{part}\n{page}");
        }
        let line = page.find("id=\"ars_n50\"").unwrap();
        let comment = page.find("id=\"comment-2\"").unwrap();
        assert!(line < comment && comment < page.find("id=\"ars_n51\"").unwrap());
        ids_are_unique(&page);
    }
}

#[test]
fn two_names_are_compared() {
    let (server, ids) = rich();
    let mut browser = server.browser();
    assert!(
        ok(&mut browser, "/rich/compare")
            .contains("Compare revisions, branches, bookmarks, or tags.")
    );
    let form = browser.get("/rich/compare?org_ref=master&other_ref=feature%2Fx&merge=1");
    assert_eq!(
        form.header("location"),
        "/rich/compare/branch%40master...branch%40feature/x?merge=1"
    );
    let page = ok(
        &mut browser,
        &format!("/rich/compare/rev@{}...branch@master", ids[2]),
    );
    assert!(
        page.contains("Showing 2 commits") && page.contains("id=\"C--"),
        "{page}"
    );
    assert_eq!(
        page.matches("<td class=\"graph-cell\" rowspan=\"2\"")
            .count(),
        1,
        "the graph stands beside the changesets: {page}"
    );
    ids_are_unique(&page);
    let merge = ok(
        &mut browser,
        &format!("/rich/compare/rev@{}...branch@feature/x?merge=1", ids[1]),
    );
    for part in [
        "1 file is in conflict",
        "a.rs",
        "Merge Ancestor:",
        &ids[0][..12],
        "is 1 changeset behind",
    ] {
        assert!(merge.contains(part), "{part}\n{merge}");
    }
    // Asked again, the answer is kept, and is the same.
    assert_eq!(
        ok(
            &mut browser,
            &format!("/rich/compare/rev@{}...branch@feature/x?merge=1", ids[1])
        ),
        merge
    );
    let everything = ok(
        &mut browser,
        &format!("/rich/compare/rev@{}...rev@{}", "0".repeat(40), ids[0]),
    );
    assert!(everything.contains("line add"), "{everything}");
    let partial = scripted(
        &mut browser,
        &format!("/rich/compare/rev@{}...branch@master", ids[2]),
    )
    .text;
    assert!(partial.contains("Showing 2 commits") && !partial.contains("<html"));
    for (address, expected) in [
        ("branch@master...branch@nothing", StatusCode::NOT_FOUND),
        (
            "branch@feature/x...branch@feature/x?merge=1",
            StatusCode::NOT_FOUND,
        ),
        ("nonsense", StatusCode::NOT_FOUND),
        ("rev@tip...rev@tip?other_repo=nowhere", StatusCode::FOUND),
    ] {
        assert_eq!(
            status(&mut browser, &format!("/rich/compare/{address}")),
            expected,
            "{address}"
        );
    }
}

/// A reader of one repository named a private one as the other end, and read it.
#[test]
fn the_other_repository_takes_a_right_of_its_own() {
    let (server, ids) = rich();
    server.repository("admin", "vault", "git");
    server.sql("UPDATE repositories SET private = 1 WHERE repo_name = 'vault'");
    let id = server.sql("SELECT repo_id FROM repositories WHERE repo_name = 'vault'");
    let none = server
        .sql("SELECT permission_id FROM permissions WHERE permission_name = 'repository.none'");
    server.sql(&format!(
        "UPDATE repo_to_perm SET permission_id = {none} WHERE repository_id = {id}"
    ));
    let mut recipe = Recipe::default();
    recipe.commit("master", 1, &[], "Secret\n");
    recipe.file("100644", "secret.txt", b"hidden treasure\n");
    recipe.import(&server.folder.path().join("repositories/vault"));
    server.user("bob", false);
    let address =
        |other: &str| format!("/rich/compare/rev@{}...rev@tip?other_repo={other}", ids[0]);
    let forbidden = server.signed_in("bob").get(&address("vault"));
    let unknown = server.signed_in("bob").get(&address("nowhere"));
    for answer in [&forbidden, &unknown] {
        assert_eq!(
            (answer.status, answer.header("location")),
            (StatusCode::FOUND, "/rich/compare")
        );
    }
    let mut bob = server.signed_in("bob");
    bob.get(&address("vault"));
    let said = ok(&mut bob, "/rich/compare");
    assert!(
        said.contains("Could not find other repository vault") && !said.contains("treasure"),
        "{said}"
    );
    assert_eq!(
        status(
            &mut server.signed_in("bob"),
            &format!("/vault/compare/rev@tip...rev@{}?other_repo=rich", ids[0])
        ),
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        status(
            &mut server.signed_in("bob"),
            "/rich/compare?org_ref=tip&other_ref=tip&other_repo=vault"
        ),
        StatusCode::FOUND
    );
    // Who may read both is told why the two cannot be compared: they have nothing in common.
    let plain = server.signed_in("admin").get(&address("vault"));
    assert_eq!(plain.status, StatusCode::BAD_REQUEST);
    let merged = format!("{}&merge=1", address("vault"));
    let merged = server.signed_in("admin").get(&merged);
    assert_eq!(merged.status, StatusCode::NOT_FOUND);
    assert!(
        merged.text.contains("No ancestor found for merge diff"),
        "{}",
        merged.text
    );
}

#[test]
fn large_changesets_are_cut_and_can_be_seen() {
    let server = Server::new();
    server.repository("admin", "large", "git");
    let mut recipe = Recipe::default();
    recipe.commit("master", 1, &[], "Many\n");
    for number in 0..1_200 {
        recipe.file("100644", &format!("dir/{number}.txt"), b"x\n");
    }
    recipe.commit("master", 2, &[1], "Long\n");
    recipe.file("100644", "long.txt", lines(1, 40_000).as_bytes());
    recipe.file("100644", "line.txt", "y".repeat(3 << 20).as_bytes());
    recipe.file("100644", "short.txt", b"z\n");
    recipe.import(&server.folder.path().join("repositories/large"));
    let mut browser = server.browser();
    let folder = server.folder.path().join("repositories/large");
    let first = git(&folder, &["rev-parse", "master~1"]);
    let many = ok(&mut browser, &format!("/large/changeset/{first}"));
    assert!(many.contains("1200 files changed") && many.contains("data-folded"));
    assert_eq!(
        many.matches("data-load-diff").count(),
        200,
        "the others are left out"
    );
    let page = ok(&mut browser, "/large/changeset/tip");
    assert!(
        page.contains("Changeset was too big and was cut off...")
            && page.contains("Show full diff anyway")
    );
    assert!(
        page.contains("data-load-diff")
            && page.contains("id=\"shorttxt_n1\"")
            && !page.contains("id=\"longtxt_n1\"")
    );
    assert!(page.contains("+40000"), "what is left out is counted");
    let link = page
        .split("href=\"/large/diff/long.txt?")
        .find(|rest| {
            rest.split('"').nth(1) == Some(" data-load-diff>Load this diff</a></p>\n<div class=")
        })
        .map(|rest| rest.split('"').next().unwrap().replace("&amp;", "&"));
    let rows = scripted(
        &mut browser,
        &format!("/large/diff/long.txt?{}", link.unwrap()),
    )
    .text;
    assert!(rows.contains("id=\"longtxt_n40000\"") && !rows.contains("<html"));
    let full = browser.get("/large/changeset/tip?fulldiff=1");
    assert!(
        full.text.contains("id=\"longtxt_n40000\"") && full.text.trim_end().ends_with("</html>")
    );
    assert_eq!(
        full.header("content-length"),
        "",
        "it is sent while it is made"
    );
}

#[test]
fn an_empty_repository_has_nothing_to_compare() {
    let server = Server::new();
    server.repository("admin", "none", "git");
    let mut browser = server.browser();
    ok(&mut browser, "/none/compare");
    for address in [
        "changeset/tip",
        "compare/rev@tip...rev@tip",
        "diff/a?diff2=tip",
        "changeset-diff/tip",
        "changeset/a...b",
    ] {
        assert_eq!(
            status(&mut browser, &format!("/none/{address}")),
            StatusCode::NOT_FOUND,
            "{address}"
        );
    }
}
