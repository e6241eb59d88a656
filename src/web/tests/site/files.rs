//! Files and folders: what pages say of them, and that nothing in a repository can do harm.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use http::{Method, StatusCode};

use crate::browser::{Answer, Browser, Server};

/// One file of a commit: mode, path as Git quotes it, content.
pub type Put<'a> = (&'a str, &'a str, &'a [u8]);

/// Commits that `git fast-import` makes, each a day after the one before.
pub struct Git {
    folder: PathBuf,
    stream: Vec<u8>,
    commits: u32,
}

impl Git {
    pub fn new(server: &Server, name: &str) -> Self {
        server.repository("admin", name, "git");
        Self {
            folder: server.folder.path().join("repositories").join(name),
            stream: Vec::new(),
            commits: 0,
        }
    }

    pub fn commit(
        &mut self,
        author: &str,
        message: &str,
        files: &[Put<'_>],
        gone: &[&str],
    ) -> &mut Self {
        self.commits += 1;
        let (n, at) = (self.commits, 1_700_000_000 + self.commits * 86_400);
        let head = format!(
            "commit refs/heads/master\nmark :{n}\ncommitter {author} <{author}@example.com> {at} +0000\ndata {}\n{message}\n",
            message.len()
        );
        self.stream.extend(head.as_bytes());
        if n > 1 {
            self.stream.extend(format!("from :{}\n", n - 1).as_bytes());
        }
        for path in gone {
            self.stream.extend(format!("D {path}\n").as_bytes());
        }
        for (mode, path, content) in files {
            if *mode == "160000" {
                let id = String::from_utf8_lossy(content);
                self.stream
                    .extend(format!("M 160000 {id} {path}\n").as_bytes());
                continue;
            }
            let head = format!("M {mode} inline {path}\ndata {}\n", content.len());
            self.stream.extend(head.as_bytes());
            self.stream.extend(*content);
            self.stream.push(b'\n');
        }
        self
    }

    /// A commit of one file on a branch of its own, from the commit of this number.
    pub fn aside(&mut self, branch: &str, author: &str, from: u32, message: &str, file: Put<'_>) {
        let (mode, path, content) = file;
        let head = format!(
            "commit refs/heads/{branch}\ncommitter {author} <{author}@example.com> 1700040000 +0000\ndata {}\n{message}\nfrom :{from}\nM {mode} inline {path}\ndata {}\n",
            message.len(),
            content.len()
        );
        self.stream.extend(head.as_bytes());
        self.stream.extend(content);
        self.stream.push(b'\n');
    }

    /// Makes the commits; their ids, the first one first.
    pub fn make(&mut self) -> Vec<String> {
        let mut child = Command::new("git")
            .args(["fast-import", "--quiet"])
            .current_dir(&self.folder)
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(&self.stream).unwrap();
        assert!(child.wait().unwrap().success());
        let log = Command::new("git")
            .args(["rev-list", "--reverse", "master"])
            .current_dir(&self.folder)
            .output()
            .unwrap();
        String::from_utf8(log.stdout)
            .unwrap()
            .lines()
            .map(str::to_owned)
            .collect()
    }
}

const POINTER: &[u8] = b"version https://git-lfs.github.com/spec/v1\noid sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\nsize 4\n";
const MAIN: &[u8] = b"fn main() {\n    one();\n    two();\n}\n";
const PIN: &[u8] = b"1111111111111111111111111111111111111111";

/// A repository with a bit of everything.
fn garden(server: &Server) -> Vec<String> {
    let modules = b"[submodule \"a\"]\npath = evil\nurl = javascript:alert(1)\n[submodule \"b\"]\npath = good\nurl = https://example.com/lib.git\n[submodule \"c\"]\npath = near\nurl = ../other.git\n";
    let long = [&[b'y'; 300_000][..], b"\n"].concat();
    let mut git = Git::new(server, "site");
    git.commit(
        "Ann",
        "Plant <b>everything</b>",
        &[
            (
                "100644",
                "README.md",
                b"# Hello\n\n[link](src/main.rs) <script>alert(1)</script>\n",
            ),
            ("100644", "src/README", b"Read this folder\n"),
            ("100644", "src/main.rs", MAIN),
            ("100755", "src/run.sh", b"#!/bin/sh\necho hi\n"),
            (
                "100644",
                "src/tool.rb",
                b"def f(x)\n  puts \"<#{x}>\"\nend\n",
            ),
            ("100644", "plan.csv", b"name,\"a, b\"\n<i>x</i>,2\n"),
            (
                "100644",
                "pic.svg",
                b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>\n",
            ),
            ("100644", "pic.png", b"\x89PNG\r\n\x1a\n\0\0"),
            ("100644", "paper.pdf", b"%PDF-1.4\n\0"),
            ("100644", "page.html", b"<script>alert(1)</script>\n"),
            ("100644", "seed.bin", b"a\0b"),
            ("100644", "empty", b""),
            ("100644", "latin.txt", b"caf\xe9\n"),
            ("100644", "long.txt", &long),
            ("100644", "big.lfs", POINTER),
            ("100644", "\"we\\\"ird <b>&.txt\"", b"odd\n"),
            ("100644", "\"new\\nline.txt\"", b"odd\n"),
            ("100644", "\"\\342\\200\\256gpj.exe\"", b"odd\n"),
            ("100644", "\"caf\\351\"", b"bytes\n"),
            ("100644", "\"t\\303\\251.txt\"", b"tea\n"),
            ("120000", "link", b"src/main.rs"),
            ("120000", "out", b"../../../../etc/passwd"),
            ("100644", ".gitmodules", modules),
            ("160000", "evil", PIN),
            ("160000", "good", PIN),
            ("160000", "near", PIN),
        ],
        &[],
    );
    git.commit(
        "Bob",
        "Two is three",
        &[(
            "100644",
            "src/main.rs",
            b"fn main() {\n    one();\n    three();\n}\n",
        )],
        &[],
    );
    server.sql("update repositories set downloads = 1");
    git.make()
}

fn get_as(browser: &mut Browser<'_>, address: &str, headers: &[(&str, &str)]) -> Answer {
    browser.send(Method::GET, address, headers, None)
}

#[test]
fn a_folder_tells_what_is_in_it() {
    let server = Server::new();
    let ids = garden(&server);
    let mut browser = server.browser();
    for round in ["worked out", "from the cache"] {
        let page = browser.get("/site/files/tip/");
        assert_eq!(page.status, StatusCode::OK, "{round}");
        let text = &page.text;
        // Submodules, folders, files.
        let places: Vec<usize> = [">good</a>", ">src</a>", ">README.md</a>"]
            .iter()
            .map(|name| text.find(name).unwrap_or_else(|| panic!("{round} {name}")))
            .collect();
        assert!(places.is_sorted(), "{places:?}");
        assert!(
            text.contains("Two is three") && text.contains("Plant &lt;b&gt;everything"),
            "{round}"
        );
        assert!(!text.contains("javascript:"), "{round}");
        assert!(
            text.contains("href=\"https://example.com/lib.git\"")
                && text.contains("href=\"/other\"")
        );
        assert!(text.contains("→ <bdi>src/main.rs</bdi>") && text.contains(">LFS<"));
        assert!(text.contains("we&quot;ird &lt;b&gt;&amp;.txt") && !text.contains("ird <b>"));
        assert!(
            text.contains("/site/files/tip/caf%E9\"")
                && text.contains("/site/files/tip/new%0Aline.txt\"")
        );
        assert!(text.contains("<h1") && text.contains("Hello") && !text.contains("<script>alert"));
        assert!(
            text.contains(&format!("/site/files/{}/src/main.rs", ids[1])),
            "links of a README name the changeset"
        );
        assert!(text.contains(&format!("/site/archive/{}.tar.zst", ids[1])));
    }
    let below = browser.get("/site/files/tip/src/");
    assert!(
        below.text.contains("Read this folder")
            && below.text.contains("aria-label=\"Directory above\"")
    );
    assert!(
        below
            .text
            .contains(&format!("/site/archive/{}.zip?path=src", ids[1]))
    );
    assert_eq!(
        browser.get("/site/files/tip?page=99999999999").status,
        StatusCode::OK
    );
    assert_eq!(
        browser.get("/site/files/tip?page=-1").status,
        StatusCode::OK
    );
}

#[test]
fn every_kind_of_file_has_its_page() {
    let server = Server::new();
    let ids = garden(&server);
    let mut browser = server.browser();
    for (path, parts) in [
        (
            "src/main.rs",
            &[
                "<tr id=\"L3\">",
                "id=\"L-3\"",
                "href=\"#L3\"",
                "three",
                "4 lines",
                "Rust",
                "id=\"hlcode\"",
            ][..],
        ),
        ("src/tool.rb", &["&lt;", "3 lines", "Ruby"]),
        ("src/run.sh", &["executable"]),
        ("README.md", &["view=rendered", "&lt;"]),
        (
            "README.md?view=rendered",
            &["<h1", "Hello", "class=\"prose"],
        ),
        ("plan.csv?view=source", &["view=rendered", "2 lines"]),
        // A table is seen as one unless its source is asked for.
        ("plan.csv", &["<th scope=\"col\">a, b</th>", "view=source"]),
        (
            "plan.csv?view=rendered",
            &[
                "<th scope=\"col\">a, b</th>",
                "&lt;i&gt;x&lt;/i&gt;",
                "<tr id=\"L2\">",
                "1 row",
            ],
        ),
        ("pic.svg", &["<img src=\"/site/raw/", "view=source"]),
        ("pic.svg?view=source", &["xmlns", "view=rendered"]),
        ("pic.png", &["<img src=\"/site/raw/"]),
        ("paper.pdf", &["<object", "?view=inline"]),
        ("seed.bin", &["Binary file (application/octet-stream)"]),
        ("empty", &["This file is empty."]),
        ("latin.txt", &["café"]),
        ("long.txt", &["File is too big to display.", "?fulldiff=1"]),
        (
            "long.txt?fulldiff=1",
            &["<tr id=\"L1\">", "class=\"cut\">… +273.4 KiB"],
        ),
        ("big.lfs", &["not kept in this repository", ">LFS<"]),
        (
            "we%22ird%20%3Cb%3E%26.txt",
            &["we&quot;ird &lt;b&gt;&amp;.txt"],
        ),
        ("%E2%80%AEgpj.exe", &["odd"]),
        ("caf%E9", &["bytes"]),
        ("t%C3%A9.txt", &["tea"]),
        ("link", &["href=\"/site/files/tip/src/main.rs\""]),
        (
            "out",
            &["A symbolic link to", "<code>../../../../etc/passwd</code>"],
        ),
        ("evil", &["A submodule at"]),
        (
            "good?view=source",
            &["href=\"https://example.com/lib.git\""],
        ),
    ] {
        let page = browser.get(&format!("/site/files/tip/{path}"));
        assert_eq!(page.status, StatusCode::OK, "{path}");
        for part in parts {
            assert!(
                page.text.contains(part),
                "{path} lacks {part}: {}",
                page.text
            );
        }
        for bad in ["<script>alert", "<b>&", "href=\"javascript", "<!--rows-->"] {
            assert!(!page.text.contains(bad), "{path} has {bad}");
        }
        assert_eq!(
            browser
                .send(Method::HEAD, &format!("/site/files/tip/{path}"), &[], None)
                .status,
            StatusCode::OK
        );
    }
    let pdf = browser.get("/site/files/tip/paper.pdf");
    assert!(
        pdf.header("content-security-policy")
            .contains("object-src 'self'")
    );
    // A page is confirmed, also one whose rows are made while they go out.
    let address = format!("/site/files/{}/src/main.rs", ids[0]);
    let tag = browser.get(&address).header("etag").to_owned();
    let again = get_as(&mut browser, &address, &[("if-none-match", &tag)]);
    assert_eq!(
        (again.status, again.text.as_str()),
        (StatusCode::NOT_MODIFIED, "")
    );
}

#[test]
fn what_is_not_there_is_not_found() {
    let server = Server::new();
    garden(&server);
    server.repository("admin", "bare", "git");
    server.sql("update repositories set downloads = 1");
    let mut browser = server.browser();
    for path in [
        "files/nonsense/",
        "files/tip/none",
        "files/tip/README.md/below",
        "raw/tip/src",
        "raw/tip/none",
        "rawfile/tip/src",
        "raw/tip/good",
        "annotate/tip/none",
        "annotate/tip/src/main.rs?before=nonsense",
        "history/tip/none",
        "authors/tip/none",
        "archive/nonsense.zip",
        "archive/tip.rar",
        "archive/tip",
        "archive/tip.zip?path=none",
        "archive/tip.zip?path=../x",
    ] {
        let answer = browser.get(&format!("/site/{path}"));
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(browser.get("/site/annotate/tip/src").status, StatusCode::OK);
    for path in [
        "files",
        "files/tip",
        "files/tip/x",
        "annotate/tip/x",
        "history/tip/x",
        "authors/tip/x",
        "raw/tip/x",
        "archive/tip.zip",
    ] {
        let answer = browser.get(&format!("/bare/{path}"));
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert!(
        browser
            .get("/bare/files/tip/")
            .text
            .contains("There are no files yet.")
    );
    assert!(
        server
            .signed_in("admin")
            .get("/bare/files/tip/")
            .text
            .contains("/bare/add/0")
    );
    assert!(
        browser
            .get("/bare/archive/tip.zip")
            .text
            .contains("Empty repository")
    );
    assert!(
        browser
            .get("/site/archive/tip.rar")
            .text
            .contains("Unknown archive type")
    );
    assert!(
        browser
            .get("/site/archive/x.zip")
            .text
            .contains("Unknown revision x")
    );
    assert_eq!(browser.get("/bare/archive").status, StatusCode::OK);
}

#[test]
fn raw_bytes_can_do_nothing_here() {
    let server = Server::new();
    let ids = garden(&server);
    let mut browser = server.browser();
    for (path, kind, disposition) in [
        ("raw/tip/page.html", "text/plain; charset=utf-8", "inline"),
        ("raw/tip/pic.svg", "image/svg+xml", "inline"),
        ("raw/tip/pic.png", "image/png", "inline"),
        (
            "raw/tip/latin.txt",
            "text/plain; charset=iso-8859-1",
            "inline",
        ),
        (
            "raw/tip/paper.pdf",
            "application/octet-stream",
            "attachment; filename=paper.pdf",
        ),
        ("raw/tip/paper.pdf?view=inline", "application/pdf", "inline"),
        (
            "raw/tip/page.html?view=inline",
            "text/plain; charset=utf-8",
            "inline",
        ),
        (
            "rawfile/tip/page.html",
            "text/html",
            "attachment; filename=page.html",
        ),
        (
            "rawfile/tip/t%C3%A9.txt",
            "text/plain",
            "attachment; filename=\"t_.txt\"; filename*=UTF-8''t%C3%A9.txt",
        ),
        (
            "raw/tip/we%22ird%20%3Cb%3E%26.txt",
            "text/plain; charset=utf-8",
            "inline",
        ),
    ] {
        let answer = browser.get(&format!("/site/{path}"));
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert_eq!(answer.header("content-type"), kind, "{path}");
        assert_eq!(answer.header("content-disposition"), disposition, "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("default-src 'none'"), "{path}");
        assert_eq!(
            policy.contains("sandbox"),
            !kind.starts_with("application/pdf"),
            "{path}"
        );
    }
    // The content of a pointer comes once the repository has it.
    assert!(
        browser
            .get("/site/raw/tip/big.lfs")
            .text
            .starts_with("version https://git-lfs")
    );
    let before = browser
        .get("/site/raw/tip/big.lfs")
        .header("etag")
        .to_owned();
    let store = server
        .folder
        .path()
        .join("repositories/site/lfs/objects/9f/86");
    std::fs::create_dir_all(&store).unwrap();
    let oid = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    std::fs::write(store.join(oid), "test").unwrap();
    let after = get_as(
        &mut browser,
        "/site/raw/tip/big.lfs",
        &[("if-none-match", &before)],
    );
    assert_eq!(
        (after.status, after.text.as_str()),
        (StatusCode::OK, "test")
    );
    assert!(
        browser
            .get("/site/files/tip/big.lfs")
            .text
            .contains("<tr id=\"L1\">")
    );
    // Validators and ranges.
    let address = format!("/site/raw/{}/src/main.rs", ids[0]);
    let whole = browser.get(&address);
    assert_eq!(whole.text.as_bytes(), MAIN);
    assert_eq!(
        whole.header("cache-control"),
        "private, max-age=31536000, immutable"
    );
    assert!(
        browser
            .get("/site/raw/tip/src/main.rs")
            .header("cache-control")
            .contains("no-cache")
    );
    let tag = whole.header("etag").to_owned();
    assert_eq!(
        get_as(&mut browser, &address, &[("if-none-match", &tag)]).status,
        StatusCode::NOT_MODIFIED
    );
    let part = get_as(&mut browser, &address, &[("range", "bytes=3-6")]);
    assert_eq!(
        (part.status, part.text.as_str()),
        (StatusCode::PARTIAL_CONTENT, "main")
    );
    assert_eq!(
        part.header("content-range"),
        format!("bytes 3-6/{}", MAIN.len())
    );
    let stale = get_as(
        &mut browser,
        &address,
        &[("range", "bytes=3-6"), ("if-range", "\"old\"")],
    );
    assert_eq!(stale.status, StatusCode::OK);
    assert_eq!(
        get_as(&mut browser, &address, &[("range", "bytes=999-")]).status,
        StatusCode::RANGE_NOT_SATISFIABLE
    );
}

#[test]
fn annotation_names_the_origin_of_each_line_and_the_way_back() {
    let server = Server::new();
    let mut git = Git::new(&server, "site");
    git.commit("Ann", "Begin <b>", &[("100644", "old.rs", MAIN)], &[]);
    git.commit(
        "Bob",
        "Indent",
        &[(
            "100644",
            "old.rs",
            b"fn main() {\n        one();\n    two();\n}\n",
        )],
        &[],
    );
    git.commit(
        "Cid",
        "Move",
        &[(
            "100644",
            "new.rs",
            b"fn main() {\n        one();\n    two();\n}\n",
        )],
        &["old.rs"],
    );
    let ids = git.make();
    let mut browser = server.browser();
    let page = browser.get("/site/annotate/tip/new.rs");
    assert_eq!(page.status, StatusCode::OK);
    let row = |text: &str, n: usize| {
        let start = text
            .find(&format!("<tr id=\"L{n}\""))
            .unwrap_or_else(|| panic!("{text}"));
        text[start..].split("</tr>").next().unwrap().to_owned()
    };
    assert!(row(&page.text, 1).contains("Ann") && row(&page.text, 1).contains("heat-9"));
    assert!(row(&page.text, 2).contains("Bob") && row(&page.text, 2).contains("heat-0"));
    assert!(
        row(&page.text, 3).contains(&ids[0]) && !row(&page.text, 4).contains(&ids[0]),
        "a block is named once"
    );
    assert!(page.text.contains("title=\"Begin &lt;b&gt;\""));
    assert!(
        page.text.contains("id=\"L-2\"")
            && page
                .text
                .contains("class=\"code-highlighttable annotated\"")
    );
    // The way back goes through the rename, and ends where the file begins.
    let back = format!("/site/annotate/{}/new.rs?before={}", ids[2], ids[1]);
    assert!(page.text.contains(&back));
    let older = browser.get(&back);
    assert_eq!(
        older.header("location"),
        format!("/site/annotate/{}/old.rs", ids[0])
    );
    assert!(!row(&browser.get(older.header("location")).text, 2).contains("Bob"));
    // A list of changesets that only changed the form.
    let list = format!("# form\n{}\n", ids[1]);
    git.commit(
        "Ann",
        "Ignore",
        &[("100644", ".git-blame-ignore-revs", list.as_bytes())],
        &[],
    );
    git.stream.splice(0..0, *b"feature force\n");
    git.make();
    let without = browser.get("/site/annotate/tip/new.rs").text;
    assert!(
        row(&without, 1).contains("Ann") && !without.contains("Bob"),
        "{without}"
    );
    assert!(without.contains("?ignore-revs=off"));
    assert!(
        browser
            .get("/site/annotate/tip/new.rs?ignore-revs=off")
            .text
            .contains("Bob")
    );
}

#[test]
fn history_authors_and_names_answer_programs_and_people() {
    let server = Server::new();
    let ids = garden(&server);
    let mut browser = server.browser();
    let json =
        |answer: &Answer| -> serde_json::Value { serde_json::from_str(&answer.text).unwrap() };
    let history = json(&browser.get("/site/history/tip/src/main.rs"));
    assert_eq!(history["results"][0]["text"], "Changesets");
    assert_eq!(history["results"][0]["children"][0]["id"], ids[1].as_str());
    assert_eq!(
        history["results"][0]["children"][0]["text"],
        format!("{} (master)", &ids[1][..12])
    );
    assert_eq!(
        history["results"][0]["children"][1]["text"],
        format!("{} (None)", &ids[0][..12])
    );
    assert_eq!(history["results"][1]["children"][0]["text"], "master");
    assert_eq!(browser.get("/site/history/tip/src").text, "null");
    let page = get_as(
        &mut browser,
        "/site/history/tip/src/main.rs",
        &[("accept", "text/html,*/*")],
    );
    assert_eq!(page.header("location"), "/site/changelog/tip/src/main.rs");

    let piece = browser.get("/site/authors/tip/src/main.rs").text;
    assert!(
        piece.starts_with("<b>2</b> authors") && piece.contains("Ann") && !piece.contains("<html"),
        "{piece}"
    );
    let list = json(&get_as(
        &mut browser,
        "/site/authors/tip/src/main.rs",
        &[("accept", "application/json")],
    ));
    assert_eq!(list["authors"][0]["changesets"], 1);
    let page = get_as(
        &mut browser,
        "/site/authors/tip/src/main.rs",
        &[("accept", "text/html")],
    );
    assert!(page.text.contains("<html") && page.text.contains("Bob"));

    assert_eq!(browser.get("/site/nodelist/tip/").text, "null");
    let answer = get_as(
        &mut browser,
        "/site/nodelist/tip/",
        &[("x-partial-xhr", "1")],
    );
    let nodes = json(&answer)["nodes"].as_array().unwrap().clone();
    assert_eq!(nodes[0], serde_json::json!({"name": "src", "type": "dir"}));
    assert!(
        nodes
            .iter()
            .any(|node| node["name"] == "src/main.rs" && node["type"] == "file")
    );
    assert!(
        nodes
            .iter()
            .any(|node| node["url"] == "/site/files/tip/caf%E9")
    );
    assert!(answer.text.is_ascii());
}

#[test]
fn archives_are_named_kept_and_written_down() {
    let server = Server::new();
    server
        .model
        .create_repository_as("admin", "plain", "git", "")
        .unwrap();
    let ids = garden(&server);
    let short = &ids[1][..12];
    let mut browser = server.browser();
    let journal = || {
        server.sql("select count(*) from user_logs where action like 'user_downloaded_archive:%'")
    };
    let head = browser.send(Method::HEAD, "/site/archive/tip.tar.gz", &[], None);
    assert_eq!((head.status, journal().as_str()), (StatusCode::OK, "0"));
    let first = browser.get("/site/archive/tip.tar.gz");
    assert_eq!(first.status, StatusCode::OK);
    assert_eq!(first.header("content-type"), "application/x-gzip");
    assert_eq!(
        first.header("content-disposition"),
        format!("attachment; filename=site-{short}.tar.gz")
    );
    assert_eq!(
        first.header("last-modified"),
        "Thu, 16 Nov 2023 22:13:20 GMT"
    );
    assert!(first.headers.get("content-length").is_none());
    assert_eq!(
        server.sql("select action from user_logs order by user_log_id desc limit 1"),
        format!("user_downloaded_archive:site-{short}.tar.gz")
    );
    let again = browser.get("/site/archive/tip.tar.gz");
    assert!(
        again.header("content-length").parse::<usize>().unwrap() > 100,
        "what is kept tells its length"
    );
    let tag = again.header("etag").to_owned();
    let known = get_as(
        &mut browser,
        "/site/archive/tip.tar.gz",
        &[("if-none-match", &tag)],
    );
    assert_eq!(
        (known.status, journal().as_str()),
        (StatusCode::NOT_MODIFIED, "2")
    );
    let part = browser.get(&format!("/site/archive/{}.zip?path=src", ids[1]));
    assert_eq!(
        part.header("content-disposition"),
        format!("attachment; filename=site-{short}-src.zip")
    );
    assert!(
        part.text.contains(&format!("site-{short}/src/main.rs")) && !part.text.contains("plan.csv")
    );
    for kind in [".tar", ".tar.bz2", ".tar.zst"] {
        assert_eq!(
            browser.get(&format!("/site/archive/master{kind}")).status,
            StatusCode::OK,
            "{kind}"
        );
    }
    let page = browser.get("/site/archive").text;
    assert!(page.contains("/site/archive/master.tar.zst"));
    let led = browser.get("/site/archive?revision=tip&format=.tar.bz2&path=src");
    assert_eq!(led.header("location"), "/site/archive/tip.tar.bz2?path=src");
    server.sql("update repositories set downloads = 0");
    assert_eq!(
        browser.get("/site/archive/tip.zip").status,
        StatusCode::FORBIDDEN
    );
    assert!(
        browser
            .get("/site/archive/tip.zip")
            .text
            .contains("Downloads disabled")
    );
    assert!(
        browser
            .get("/site/archive")
            .text
            .contains("Downloads are disabled")
    );
}

/// `hg` with a user and without a configuration.
pub fn hg(folder: &Path, arguments: &[&str]) {
    let program = std::env::var("KALLITHEA_TEST_HG").unwrap_or_else(|_| "hg".to_owned());
    let done = Command::new(program)
        .args(arguments)
        .args(["--config", "ui.username=Ann <a@example.com>"])
        .env("HGRCPATH", "")
        .env("HGPLAIN", "1")
        .current_dir(folder)
        .status()
        .unwrap();
    assert!(done.success(), "{arguments:?}");
}

#[test]
fn mercurial_repositories_have_the_same_pages() {
    let server = Server::with_mercurial();
    server.repository("admin", "garden", "hg");
    let folder = server.folder.path().join("repositories/garden");
    std::fs::create_dir(folder.join("src")).unwrap();
    std::fs::write(folder.join("src/main.rs"), MAIN).unwrap();
    std::fs::write(folder.join("README.md"), "# Hello\n").unwrap();
    std::fs::write(folder.join("ca<f>\"e.txt"), "odd\n").unwrap();
    hg(
        &folder,
        &["commit", "-A", "-q", "-m", "Begin", "-d", "1700000000 0"],
    );
    std::fs::write(
        folder.join("src/main.rs"),
        b"fn main() {\n    one();\n    three();\n}\n",
    )
    .unwrap();
    hg(
        &folder,
        &["commit", "-q", "-m", "Three", "-d", "1700086400 0"],
    );
    let mut browser = server.browser();
    let listing = browser.get("/garden/files/tip/").text;
    assert!(listing.contains("Three") && listing.contains("Begin") && listing.contains("Hello"));
    assert!(listing.contains("ca&lt;f&gt;&quot;e.txt"));
    let file = browser.get("/garden/files/tip/src/main.rs").text;
    assert!(file.contains("<tr id=\"L3\">") && file.contains("three"));
    let annotated = browser.get("/garden/annotate/tip/src/main.rs").text;
    assert!(
        annotated.contains("heat-9")
            && annotated.contains("heat-0")
            && annotated.contains("title=\"Three\"")
    );
    let raw = browser.get("/garden/raw/0/src/main.rs");
    assert_eq!(raw.text.as_bytes(), MAIN);
    let tag = raw.header("etag").to_owned();
    let again = get_as(
        &mut browser,
        "/garden/raw/0/src/main.rs",
        &[("if-none-match", &tag)],
    );
    assert_eq!(again.status, StatusCode::NOT_MODIFIED);
    let history: serde_json::Value =
        serde_json::from_str(&browser.get("/garden/history/tip/src/main.rs").text).unwrap();
    let children = history["results"][0]["children"].as_array().unwrap();
    assert_eq!(children.len(), 2);
    assert!(
        children[0]["text"]
            .as_str()
            .unwrap()
            .ends_with(" (default)")
    );
    server.sql("update repositories set downloads = 1");
    let archive = browser.get("/garden/archive/tip.zip");
    assert!(archive.text.contains("/src/main.rs") && archive.text.contains(".hg_archival.txt"));
    assert_eq!(
        browser.get("/garden/files/null/").status,
        browser.get("/garden/files/nonsense/").status
    );
}

#[test]
fn a_submodule_leads_to_where_it_comes_from() {
    let server = Server::new();
    garden(&server);
    let mut browser = server.browser();
    let leads = |browser: &mut crate::browser::Browser, path: &str| {
        let answer = browser.get(&format!("/site/files/tip/{path}"));
        match answer.status {
            StatusCode::FOUND => answer.header("location").to_owned(),
            _ => String::new(),
        }
    };
    assert_eq!(leads(&mut browser, "good"), "https://example.com/lib.git");
    assert_eq!(leads(&mut browser, "evil"), "", "no script is followed");
    // Beside: its page says whether it is there and may be read.
    assert_eq!(leads(&mut browser, "near"), "/other");
    assert_eq!(leads(&mut browser, "near?view=source"), "");
    let pinned = Git::new(&server, "other")
        .commit("Ann", "Beside", &[("100644", "a", b"a\n")], &[])
        .make();
    let (modules, pin) = (
        b"[submodule \"c\"]\npath = near\nurl = ../other.git\n",
        pinned[0].as_bytes(),
    );
    let files: &[Put<'_>] = &[("100644", ".gitmodules", modules), ("160000", "near", pin)];
    Git::new(&server, "outer")
        .commit("Ann", "Around", files, &[])
        .make();
    let answer = browser.get("/outer/files/tip/near");
    assert_eq!(
        answer.header("location"),
        format!("/other/files/{}", pinned[0]),
        "the very files that are pinned"
    );
    assert_eq!(
        leads(&mut browser, "near"),
        "/other",
        "what is pinned there is not here"
    );
}
