//! What is larger, longer or deeper than anybody expects: each page answers, in a bounded time and with a bounded page.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use http::StatusCode;

use crate::browser::{Answer, Browser, Server};
use crate::hg::Hg;

/// More than any page takes in a build without optimisation on a machine that has much else to do.
const PATIENCE: Duration = Duration::from_secs(60);

fn folder(server: &Server, name: &str) -> PathBuf {
    server.folder.path().join("repositories").join(name)
}

/// Makes commits on master, each of files with their contents.
fn import(folder: &Path, commits: &[Vec<(String, Vec<u8>)>]) {
    let mut child = Command::new("git")
        .args(["fast-import", "--quiet"])
        .current_dir(folder)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = std::io::BufWriter::new(child.stdin.take().unwrap());
    for (n, files) in commits.iter().enumerate() {
        let at = 1_700_000_000 + n;
        write!(
            out,
            "commit refs/heads/master\ncommitter Ann <a@example.com> {at} +0000\ndata 5\nfiles\n"
        )
        .unwrap();
        for (name, content) in files {
            write!(out, "M 100644 inline {name}\ndata {}\n", content.len()).unwrap();
            out.write_all(content).unwrap();
            out.write_all(b"\n").unwrap();
        }
    }
    drop(out);
    assert!(child.wait().unwrap().success());
}

/// The same two commits in a repository of each system.
fn both(server: &Server, commits: &[Vec<(String, Vec<u8>)>]) {
    server.repository("admin", "git", "git");
    server.repository("admin", "hg", "hg");
    import(&folder(server, "git"), commits);
    let at = folder(server, "hg");
    let mut hg = Hg::within(&at);
    for (n, files) in commits.iter().enumerate() {
        for (name, content) in files {
            let path = at.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        hg.commit("files", n as u32, &[]);
    }
    server.sql("update repositories set downloads = 1");
}

/// Asks, and looks at the time and at the size of what comes.
fn bounded(browser: &mut Browser<'_>, address: &str, most_bytes: usize) -> Answer {
    let start = Instant::now();
    let answer = browser.get(address);
    let took = start.elapsed();
    assert!(took < PATIENCE, "{address} took {took:?}");
    assert!(
        answer.text.len() <= most_bytes,
        "{address}: {} bytes",
        answer.text.len()
    );
    assert!(
        [StatusCode::OK, StatusCode::FOUND, StatusCode::NOT_FOUND].contains(&answer.status),
        "{address}: {}",
        answer.status
    );
    answer
}

const MB: usize = 1 << 20;

/// What scripts are told of the newest changeset.
fn changelog_details(browser: &mut Browser<'_>, name: &str) -> String {
    let address = format!("/{name}/changelog_details/tip");
    let script = [("x-partial-xhr", "1")];
    let answer = browser.send(http::Method::GET, &address, &script, None);
    assert_eq!(answer.status, StatusCode::OK, "{address}");
    answer.text
}

#[test]
#[ignore = "minutes long: make test-all"]
fn five_thousand_files_in_a_changeset() {
    let server = Server::with_mercurial();
    let files = |text: &str| {
        let name = |n: usize| format!("d{}/f{n}.txt", n % 2);
        (0..5_000)
            .map(|n| (name(n), format!("{text} {n}\n").into_bytes()))
            .collect::<Vec<_>>()
    };
    both(&server, &[files("one"), files("two")]);
    let mut browser = server.browser();
    for name in ["git", "hg"] {
        let page = bounded(&mut browser, &format!("/{name}/changeset/tip"), 24 * MB).text;
        assert!(
            page.contains("5000 files") || page.contains("5\u{202f}000 files"),
            "{name}"
        );
        assert_eq!(
            page.matches("data-diff-file=").count(),
            5_000,
            "each file is there"
        );
        let details = changelog_details(&mut browser, name);
        assert!(
            details.contains("5000") || details.contains("5\u{202f}000"),
            "{details}"
        );
        let listing = bounded(&mut browser, &format!("/{name}/files/tip/d1"), 2 * MB).text;
        assert_eq!(
            listing.matches("<tr class=\"is-file\"").count(),
            1_000,
            "a page of them"
        );
        let last = bounded(
            &mut browser,
            &format!("/{name}/files/tip/d1?page=3"),
            2 * MB,
        )
        .text;
        assert_eq!(last.matches("<tr class=\"is-file\"").count(), 500);
        let past = bounded(
            &mut browser,
            &format!("/{name}/files/tip/d1?page=99999999999"),
            2 * MB,
        );
        assert_eq!(
            past.text.matches("<tr class=\"is-file\"").count(),
            500,
            "past the end is the end"
        );
        for (page, most) in [
            ("changelog", MB),
            ("changeset-diff/tip", 4 * MB),
            ("changeset-patch/tip", 4 * MB),
            ("feed/atom", 2 * MB),
            ("statistics", MB),
            ("changelog/tip/d1/f4999.txt", MB),
            ("annotate/tip/d1/f4999.txt", MB),
            ("", MB),
        ] {
            let address = format!("/{name}/{page}");
            assert_eq!(
                bounded(&mut browser, &address, most).status,
                StatusCode::OK,
                "{address}"
            );
        }
    }
}

#[test]
fn one_line_of_eight_megabytes() {
    one_line_of(8);
}

#[test]
#[ignore = "minutes long: make test-all"]
fn one_line_of_fifty_megabytes() {
    one_line_of(50);
}

fn one_line_of(megabytes: usize) {
    let server = Server::with_mercurial();
    let line = |end: &[u8]| [&vec![b'y'; megabytes << 20][..], end].concat();
    both(
        &server,
        &[
            vec![
                ("line.js".to_owned(), line(b"1\n")),
                ("README.md".to_owned(), vec![b'*'; MB - 1]),
            ],
            vec![("line.js".to_owned(), line(b"2\n"))],
        ],
    );
    let mut browser = server.signed_in("admin");
    for name in ["git", "hg"] {
        for (page, most) in [
            ("", 4 * MB),
            ("files/tip/", 4 * MB),
            ("files/tip/line.js", MB),
            ("files/tip/line.js?fulldiff=1", MB),
            ("files/tip/line.js?view=rendered", MB),
            ("files/tip/README.md?view=rendered", 8 * MB),
            ("annotate/tip/line.js", MB),
            ("annotate/tip/line.js?fulldiff=1", MB),
            ("changelog/tip/line.js", MB),
            ("history/tip/line.js", MB),
            ("authors/tip/line.js", MB),
            ("changeset/tip", MB),
            ("changeset/tip?fulldiff=1", MB),
            ("edit/tip/line.js", MB),
            ("delete/tip/line.js", MB),
            ("feed/rss", MB),
        ] {
            bounded(&mut browser, &format!("/{name}/{page}"), most);
        }
        let raw = bounded(
            &mut browser,
            &format!("/{name}/raw/tip/line.js"),
            (megabytes + 1) * MB,
        );
        assert_eq!(raw.text.len(), (megabytes << 20) + 2);
    }
}

#[test]
fn ten_thousand_names() {
    many_names(5_000);
}

#[test]
#[ignore = "minutes long: make test-all"]
fn a_hundred_thousand_names() {
    many_names(50_000);
}

/// So many branches or bookmarks, and as many tags.
fn many_names(count: usize) {
    let server = Server::with_mercurial();
    both(&server, &[vec![("f".to_owned(), b"text\n".to_vec())]]);
    let git = folder(&server, "git");
    let tip = fs::read_to_string(git.join("refs/heads/master")).unwrap();
    let tip = tip.trim();
    let mut packed = "# pack-refs with: peeled fully-peeled sorted \n".to_owned();
    for n in 0..count {
        writeln!(packed, "{tip} refs/heads/b{n:06}").unwrap();
    }
    for n in 0..count {
        writeln!(packed, "{tip} refs/tags/t{n:06}").unwrap();
    }
    fs::write(git.join("packed-refs"), packed).unwrap();
    let hg = folder(&server, "hg");
    let mut session = Hg::within(&hg);
    let tip = session.run(&["log", "-r", "tip", "-T", "{node}"]);
    let tags: String = (0..count).map(|n| format!("{tip} t{n:06}\n")).collect();
    fs::write(hg.join(".hgtags"), tags).unwrap();
    session.commit("tags", 9, &[]);
    let bookmarks: String = (0..count).map(|n| format!("{tip} b{n:06}\n")).collect();
    fs::write(hg.join(".hg/bookmarks"), bookmarks).unwrap();
    drop(session);
    let mut browser = server.signed_in("admin");
    for name in ["git", "hg"] {
        for (page, most) in [
            ("", MB),
            ("changelog", MB),
            ("changeset/t000007", MB),
            ("files/tip/", MB),
            ("files/t004999/f", MB),
            ("annotate/b000001/f", MB),
            ("compare", MB),
            ("compare/tag@t000001...tag@t000002", MB),
            ("archive", MB),
            ("branches", MB),
            ("feed/atom", MB),
            ("edit/tip/f", MB),
            ("refs-data", 24 * MB),
            ("fork", MB),
            ("settings", 24 * MB),
        ] {
            bounded(&mut browser, &format!("/{name}/{page}"), most);
        }
        let refs = browser.get(&format!("/{name}/refs-data")).text;
        for last in [format!("b{:06}", count - 1), format!("t{:06}", count - 1)] {
            assert!(refs.contains(&last), "scripts get them all");
        }
    }
}

/// Texts that cost some renderer of the world its memory, its stack or its time.
fn bombs() -> Vec<(&'static str, String)> {
    vec![
        ("README.md", "*".repeat(1_000_000)),
        ("README.md", "*a _b ".repeat(150_000)),
        ("README.md", ">".repeat(100_000) + "x"),
        ("README.md", "- ".repeat(50_000) + "x"),
        ("README.md", (0..3_000).map(|n| format!("{}- x\n", " ".repeat(2 * n.min(150)))).collect()),
        ("README.md", "[".repeat(200_000) + "x" + &"](".repeat(100_000)),
        ("README.md", "![".repeat(300_000)),
        ("README.md", "`".repeat(1_000_000)),
        ("README.md", "<div>".repeat(150_000)),
        ("README.md", format!("|{}\n|{}\n", "a|".repeat(50_000), "-|".repeat(50_000)) + &"|x\n".repeat(20_000)),
        ("README.md", "[^1]".repeat(100_000) + "\n\n[^1]: [^1]\n"),
        ("README.md", format!("[a]: {}\n\n", "x".repeat(10_000)) + &"[a]".repeat(200_000)),
        ("README.md", "&".repeat(1_000_000)),
        ("README.md", "https://a.example/".repeat(50_000)),
        ("README.rst", ".. include:: /etc/passwd\n\n.. raw:: html\n\n   <script>alert(1)</script>\n\n.. csv-table::\n   :file: /etc/passwd\n\ntext\n".to_owned()),
        ("README.rst", "*a ".repeat(30_000)),
        ("README.rst", ".. |a| replace:: |b| |b|\n.. |b| replace:: |c| |c|\n.. |c| replace:: |a|\n\n|a|\n".to_owned()),
        ("README.rst", "- ".repeat(2_000) + "x"),
        ("README", "=".repeat(500_000)),
    ]
}

#[test]
fn a_readme_may_be_a_bomb() {
    let server = Server::new();
    server.repository("admin", "git", "git");
    let commits: Vec<_> = bombs()
        .into_iter()
        .enumerate()
        .map(|(n, (name, text))| vec![(format!("b{n}/{name}"), text.into_bytes())])
        .collect();
    import(&folder(&server, "git"), &commits);
    let mut browser = server.browser();
    for (n, (name, text)) in bombs().iter().enumerate() {
        for address in [
            format!("/git/files/tip/b{n}/"),
            format!("/git/files/tip/b{n}/{name}?view=rendered"),
        ] {
            let page = bounded(&mut browser, &address, 64 * MB);
            assert_eq!(page.status, StatusCode::OK, "{address}");
            assert!(
                !page.text.contains("root:x:") && !page.text.contains("<script>alert"),
                "{address}"
            );
            assert!(
                page.text.ends_with("</html>\n"),
                "{address} of {} bytes",
                text.len()
            );
        }
    }
}

#[test]
fn numbers_beyond_all_measure_are_taken_in_stride() {
    let server = Server::with_mercurial();
    let files = |n: usize| vec![("f".to_owned(), format!("{n}\n").into_bytes())];
    both(&server, &(0..3).map(files).collect::<Vec<_>>());
    let mut browser = server.signed_in("admin");
    let numbers = ["-1", "0", "999999", "99999999999999999999", "x", "%00", ""];
    let mut wrong = Vec::new();
    for name in ["git", "hg"] {
        for number in numbers {
            for page in [
                "changelog?page=",
                "changelog?size=",
                "changelog?size=2&page=",
                "changelog/tip/f?page=",
                "changelog/tip/f?size=",
                "files/tip/?page=",
                "forks?page=",
                "followers?page=",
                "changeset/tip?context=",
                "changeset/tip?ignorews=",
                "changeset/tip?parent=",
                "diff/f?diff1=0&diff2=tip&context=",
                "diff/f?diff1=0&diff2=tip&lines=",
            ] {
                let address = format!("/{name}/{page}{number}");
                let status = browser.get(&address).status;
                if status != StatusCode::OK && status != StatusCode::NOT_FOUND {
                    wrong.push(format!("{address}: {status}"));
                }
            }
        }
        let list = browser.get(&format!("/{name}/changelog?size=999999")).text;
        assert_eq!(list.matches("id=\"chg_").count(), 3, "{name}");
        for branch in ["none", "%FF", "..", "--all", "a%20b"] {
            let answer = browser.get(&format!("/{name}/changelog?branch={branch}"));
            if ![StatusCode::NOT_FOUND, StatusCode::FOUND].contains(&answer.status) {
                wrong.push(format!(
                    "/{name}/changelog?branch={branch}: {}",
                    answer.status
                ));
            }
        }
    }
    for page in [
        "/?page=",
        "/_admin/journal?page=",
        "/_admin/public_journal?page=",
    ] {
        for number in numbers {
            let status = browser.get(&format!("{page}{number}")).status;
            if status != StatusCode::OK {
                wrong.push(format!("{page}{number}: {status}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_message_and_a_name_of_megabytes() {
    let server = Server::new();
    server.repository("admin", "git", "git");
    let name = "N".repeat(MB);
    let mail = "m".repeat(MB);
    let message = format!(
        "{} first\n\n{}",
        "s".repeat(MB),
        "some words\n".repeat(MB / 4)
    );
    let head = format!(
        "commit refs/heads/master\ncommitter {name} <{mail}> 1700000000 +0000\ndata {}\n",
        message.len()
    );
    let mut child = Command::new("git")
        .args(["fast-import", "--quiet"])
        .current_dir(folder(&server, "git"))
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = child.stdin.take().unwrap();
    for text in [&head, &message, "\nM 100644 inline a.txt\ndata 1\na\n"] {
        out.write_all(text.as_bytes()).unwrap();
    }
    drop(out);
    assert!(child.wait().unwrap().success());
    let mut browser = server.browser();
    for page in [
        "",
        "/changelog",
        "/files/tip/",
        "/files/tip/a.txt",
        "/annotate/tip/a.txt",
        "/history/tip/a.txt",
        "/feed/atom",
        "/feed/rss",
    ] {
        bounded(&mut browser, &format!("/git{page}"), MB / 2);
    }
    let page = bounded(&mut browser, "/git/changeset/tip", MB).text;
    assert!(page.contains("…"), "what is missing is told");
    let whole = browser.get("/git/changeset-patch/tip").text;
    assert!(whole.len() > 2 * MB, "all of it stands in the patch");
}
