//! What each page says: the text of every class of page, as a person would read it out, beside this file.
//!
//! Markup is no part of it: headings begin with `#`, cells end with `|`, links are followed by their address in brackets, fields are
//! named with their values. Dates are masked, ids of changesets told by what they are called here.
//! After a change that is meant, `KALLITHEA_SNAPSHOTS=write cargo test -p kallithea-web --test site snapshots` writes them anew.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use kallithea_web::routes::{self, Method};

use crate::browser::{Browser, Server};
use crate::files::Git;
use crate::hg::Hg;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/site/snapshots");

/// The pages: a name for the file, the name of the route, and the address below the repository.
const PAGES: &[(&str, &str, &str)] = &[
    ("summary", "summary_home", ""),
    ("summary-by-name", "summary_home_summary", "/summary"),
    ("changelog", "changelog_home", "/changelog"),
    (
        "changelog-of-file",
        "changelog_file_home",
        "/changelog/tip/src/main.rs",
    ),
    (
        "changelog-details",
        "changelog_details",
        "/changelog_details/SECOND",
    ),
    ("statistics", "repo_stats_home", "/statistics"),
    ("size", "repo_size", "/repo_size"),
    ("feed", "feed_home", "/feed/atom"),
    ("changeset-newest", "changeset_home", "/changeset"),
    ("changeset", "changeset_home", "/changeset/SECOND"),
    (
        "changeset-of-merge",
        "changeset_home",
        "/changeset/MERGE?parent=all",
    ),
    (
        "changeset-range",
        "changeset_home",
        "/changeset/FIRST...SECOND",
    ),
    (
        "changeset-raw",
        "changeset_raw_home",
        "/changeset-diff/SECOND",
    ),
    (
        "changeset-patch",
        "changeset_patch_home",
        "/changeset-patch/SECOND",
    ),
    (
        "changeset-download",
        "changeset_download_home",
        "/changeset-download/SECOND",
    ),
    (
        "changeset-children",
        "changeset_children",
        "/changeset_children/FIRST",
    ),
    (
        "changeset-parents",
        "changeset_parents",
        "/changeset_parents/SECOND",
    ),
    ("compare-form", "compare_home", "/compare"),
    ("compare", "compare_url", "/compare/rev@FIRST...rev@SECOND"),
    (
        "compare-merge",
        "compare_url",
        "/compare/rev@SECOND...rev@SIDE?merge=1",
    ),
    (
        "diff",
        "files_diff_home",
        "/diff/src/main.rs?diff1=FIRST&diff2=SECOND",
    ),
    (
        "diff-two-columns",
        "files_diff_2way_home",
        "/diff-2way/src/main.rs?diff1=FIRST&diff2=SECOND",
    ),
    ("files", "files_home_nopath", "/files"),
    ("folder", "files_home", "/files/tip/src"),
    ("file", "files_home", "/files/tip/src/main.rs"),
    (
        "file-rendered",
        "files_home",
        "/files/tip/README.md?view=rendered",
    ),
    (
        "file-as-table",
        "files_home",
        "/files/tip/plan.csv?view=rendered",
    ),
    ("file-picture", "files_home", "/files/tip/pic.png"),
    ("file-binary", "files_home", "/files/tip/seed.bin"),
    ("raw", "files_raw_home", "/raw/tip/src/main.rs"),
    ("rawfile", "files_rawfile_home", "/rawfile/tip/src/main.rs"),
    (
        "annotate",
        "files_annotate_home",
        "/annotate/tip/src/main.rs",
    ),
    ("history", "files_history_home", "/history/tip/src/main.rs"),
    ("authors", "files_authors_home", "/authors/tip/src/main.rs"),
    ("archives", "files_archive_home", "/archive"),
    ("names", "files_nodelist_home", "/nodelist/tip/"),
    ("edit", "files_edit_home", "/edit/MAIN/src/main.rs"),
    ("add", "files_add_home", "/add/MAIN/src"),
    ("delete", "files_delete_home", "/delete/MAIN/src/main.rs"),
    ("refs", "repo_refs_data", "/refs-data"),
    ("fork", "repo_fork_home", "/fork"),
    ("forks", "repo_forks_home", "/forks"),
    ("followers", "repo_followers_home", "/followers"),
    ("unknown-revision", "changeset_home", "/changeset/none"),
    ("unknown-path", "files_home", "/files/tip/none"),
];

/// Routes that a reader's pages are not: they are made, watched and set up elsewhere, or answer bytes.
const ELSEWHERE: &[&str] = &["repo_creating_home", "repo_check_home", "edit_repo"];

const FIRST: &str = "fn main() {\n    one();\n    two();\n}\n";
const SECOND: &str = "fn main() {\n    one();\n    three();\n}\n";
const README: &str = "# Garden\n\nSee [the code](src/main.rs) & <b>bold</b>.\n";
const TABLE: &str = "name,height\nrose,2\noak,30\n";
const BYTES: &[u8] = b"a\0b\xff";
const PICTURE: &[u8] = b"\x89PNG\r\n\x1a\n\0\0";

/// What stands in the place of the words in the addresses of [`PAGES`].
struct Words([(&'static str, String); 6]);

impl Words {
    fn new([first, second, side, merge, newest]: [&str; 5], main: &str) -> Self {
        Self([
            ("FIRST", first.into()),
            ("SECOND", second.into()),
            ("SIDE", side.into()),
            ("MERGE", merge.into()),
            ("NEWEST", newest.into()),
            ("MAIN", main.into()),
        ])
    }

    /// The other way round, for ids of any length that is shown.
    fn names(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (word, id) in self.0.iter().filter(|(_, id)| id.len() == 40) {
            for length in [40, 12, 8] {
                text = text.replace(&id[..length], &format!("{word}{length}").replace("40", ""));
            }
        }
        text
    }

    fn fill(&self, address: &str) -> String {
        let filled = address.to_owned();
        self.0
            .iter()
            .fold(filled, |text, (word, value)| text.replace(word, value))
    }
}

fn git(server: &Server) -> Words {
    let mut git = Git::new(server, "git");
    git.commit(
        "Ann",
        "Plant a garden",
        &[
            ("100644", "README.md", README.as_bytes()),
            ("100644", "plan.csv", TABLE.as_bytes()),
            ("100644", "seed.bin", BYTES),
            ("100644", "pic.png", PICTURE),
            ("100644", "src/main.rs", FIRST.as_bytes()),
        ],
        &[],
    );
    git.commit(
        "Bob",
        "Three is more\n\nthan two, says <everybody>.",
        &[
            ("100644", "src/main.rs", SECOND.as_bytes()),
            ("100755", "src/run.sh", b"#!/bin/sh\n"),
        ],
        &["plan.csv"],
    );
    git.aside("side", "Eve", 1, "Aside", ("100644", "side.txt", b"side\n"));
    git.commit(
        "Ann",
        "Bring it back",
        &[("100644", "plan.csv", TABLE.as_bytes())],
        &[],
    );
    let ids = git.make();
    let folder = server.folder.path().join("repositories/git");
    let id = |name: &str| {
        let said = std::process::Command::new("git")
            .args(["rev-parse", name])
            .current_dir(&folder)
            .output()
            .unwrap();
        String::from_utf8(said.stdout).unwrap().trim().to_owned()
    };
    let (newest, side) = (id("master"), id("side"));
    let ann = [
        ("NAME", "Ann"),
        ("EMAIL", "ann@example.com"),
        ("DATE", "1700400000 +0100"),
    ];
    let who = ["AUTHOR", "COMMITTER"].iter().flat_map(|who| {
        ann.iter()
            .map(move |(what, value)| (format!("GIT_{who}_{what}"), *value))
    });
    let made = std::process::Command::new("git")
        .args([
            "commit-tree",
            "master^{tree}",
            "-m",
            "Merge",
            "-p",
            &newest,
            "-p",
            &side,
        ])
        .envs(who)
        .current_dir(&folder)
        .output()
        .unwrap();
    let merge = String::from_utf8(made.stdout).unwrap().trim().to_owned();
    fs::write(folder.join("refs/heads/master"), format!("{merge}\n")).unwrap();
    Words::new([&ids[0], &ids[1], &side, &merge, &newest], "master")
}

fn hg(server: &Server) -> Words {
    server.repository("admin", "hg", "hg");
    let folder = server.folder.path().join("repositories/hg");
    let write = |name: &str, bytes: &[u8]| fs::write(folder.join(name), bytes).unwrap();
    let mut hg = Hg::within(&folder);
    fs::create_dir(folder.join("src")).unwrap();
    write("README.md", README.as_bytes());
    write("plan.csv", TABLE.as_bytes());
    write("seed.bin", BYTES);
    write("pic.png", PICTURE);
    write("src/main.rs", FIRST.as_bytes());
    let first = hg.commit("Plant a garden", 1, &[]);
    hg.run(&["rm", "plan.csv"]);
    hg.run(&["cp", "src/main.rs", "src/copy.rs"]);
    write("src/main.rs", SECOND.as_bytes());
    let second = hg.commit("Three is more\n\nthan two, says <everybody>.", 2, &[]);
    hg.run(&["up", "-q", &first]);
    hg.run(&["branch", "-q", "side"]);
    write("side.txt", b"side\n");
    let side = hg.commit("Aside", 3, &["-u", "Eve <eve@example.com>"]);
    hg.run(&["up", "-q", &second]);
    hg.run(&["merge", "-q", &side]);
    let merge = hg.commit("Merge", 4, &[]);
    write("plan.csv", TABLE.as_bytes());
    let newest = hg.commit("Bring it back", 5, &[]);
    Words::new([&first, &second, &side, &merge, &newest], "default")
}

/// A page as text.
fn essence(answer: &crate::browser::Answer) -> String {
    let kind = answer
        .header("content-type")
        .split(';')
        .next()
        .unwrap_or_default()
        .to_owned();
    let mut out = format!("{} {kind}\n", answer.status.as_u16());
    match kind.as_str() {
        "text/html" => out.push_str(&text_of(&answer.text)),
        "application/json" => {
            let value: serde_json::Value = serde_json::from_str(&answer.text).unwrap();
            out.push_str(&serde_json::to_string_pretty(&value).unwrap());
        }
        _ => out.push_str(&answer.text),
    }
    let mut masked = String::new();
    for line in out.lines() {
        masked.push_str(&mask(line));
        masked.push('\n');
    }
    masked
}

/// Dates, keys and what else is another one each time.
fn mask(line: &str) -> String {
    let mut line = line.to_owned();
    for (begin, end, to) in [
        ("<updated>", "<", "DATE"),
        ("<published>", "<", "DATE"),
        ("api_key=", "&\"", "KEY"),
        ("Request ", " .", "ID"),
        ("/identicon/", " \")", "ID"),
    ] {
        let mut from = 0;
        while let Some(at) = line[from..].find(begin).map(|at| from + at + begin.len()) {
            let rest = line[at..]
                .find(|c| end.contains(c))
                .unwrap_or(line.len() - at);
            line.replace_range(at..at + rest, to);
            from = at + to.len();
        }
    }
    line
}

/// The title and the main part of a page, one thing a line.
fn text_of(html: &str) -> String {
    let between = |open: &str, close: &str| {
        let from = html.find(open).map(|at| at + open.len())?;
        html[from..].find(close).map(|to| &html[from..from + to])
    };
    let title = between("<title>", "</title>").map(|title| format!("title: {title}\n"));
    let main =
        between("<main", "</main>").map(|main| main.split_once('>').map_or("", |(_, rest)| rest));
    let mut out = title.unwrap_or_default();
    let mut rest = main.unwrap_or(html);
    let mut links: Vec<String> = Vec::new();
    let mut skipped: Option<&str> = None;
    while let Some(open) = rest.find('<') {
        if skipped.is_none() {
            out.push_str(&rest[..open].replace(['\n', '\t'], " "));
        }
        let Some(close) = rest[open..].find('>') else {
            break;
        };
        let tag = &rest[open + 1..open + close];
        rest = &rest[open + close + 1..];
        let name = tag.split([' ', '\n']).next().unwrap_or_default();
        let value = |attribute: &str| {
            let from = tag.find(&format!(" {attribute}=\""))? + attribute.len() + 3;
            tag[from..].split('"').next()
        };
        if let Some(waiting) = skipped {
            if name.strip_prefix('/') == Some(waiting) {
                skipped = None;
            }
            continue;
        }
        match name {
            "svg" | "script" | "datalist" => skipped = Some(name),
            "time" => {
                out.push_str("DATE");
                skipped = Some("time");
            }
            "h1" | "h2" | "h3" => out.push_str("\n# "),
            "a" => links.push(
                value("href")
                    .map(|href| format!(" [{href}]"))
                    .unwrap_or_default(),
            ),
            "/a" => out.push_str(&links.pop().unwrap_or_default()),
            "img" | "object" | "audio" | "video" => {
                let from = value("src").or(value("data")).unwrap_or_default();
                out.push_str(&format!(
                    "({name} {from}: {})",
                    value("alt").unwrap_or_default()
                ));
            }
            "form" => out.push_str(&format!(
                "\nform to {}\n",
                value("action").unwrap_or_default()
            )),
            "input" | "button" | "select" | "textarea" => {
                let hidden = ["_session_csrf_secret_token", "came_from"];
                if value("name").is_none_or(|name| !hidden.contains(&name)) {
                    out.push_str(&format!(
                        " ({} {}={}{})",
                        value("type").unwrap_or(name),
                        value("name").unwrap_or_default(),
                        value("value").unwrap_or_default(),
                        if tag.contains(" checked") { ", on" } else { "" },
                    ));
                }
            }
            "/td" | "/th" => out.push_str(" | "),
            "bdi" | "/bdi" | "span" | "/span" | "b" | "/b" | "i" | "code" | "/code" | "ins"
            | "/ins" | "del" | "/del" | "strong" | "/strong" | "em" | "label" | "/label" | "td"
            | "th" | "pre" | "/pre" => {}
            _ => out.push('\n'),
        }
    }
    let lines = out
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    lines
        .filter(|line| !line.chars().all(|c| c == '|' || c == ' '))
        .map(|line| line + "\n")
        .collect()
}

fn look(
    browser: &mut Browser<'_>,
    system: &str,
    page: &(&str, &str, &str),
    words: &Words,
) -> String {
    let address = format!("/{system}{}", words.fill(page.2));
    let script = [
        "names",
        "size",
        "changelog-details",
        "changeset-children",
        "changeset-parents",
    ]
    .contains(&page.0);
    let headers: &[(&str, &str)] = if script {
        &[
            ("x-partial-xhr", "1"),
            ("x-requested-with", "XMLHttpRequest"),
        ]
    } else {
        &[]
    };
    let mut ask = || browser.send(http::Method::GET, &address, headers, None);
    // What is counted after an answer is there at the next.
    if ["summary", "summary-by-name", "statistics", "size"].contains(&page.0) {
        ask();
    }
    let answer = ask();
    assert!(answer.status.as_u16() < 500, "{address}: {}", answer.status);
    words.names(&format!("==== {address}\n{}", essence(&answer)))
}

#[test]
fn pages_say_what_they_said() {
    let server = Server::with_mercurial();
    let repositories = [("git", git(&server)), ("hg", hg(&server))];
    server.sql("update repositories set downloads = 1, created_on = '2023-11-14 22:13:20'");
    let mut browser = server.signed_in("admin");
    let folder = Path::new(FOLDER);
    let write = std::env::var("KALLITHEA_SNAPSHOTS").is_ok_and(|value| value == "write");
    let mut wrong = Vec::new();
    for page in PAGES {
        let texts = repositories
            .iter()
            .map(|(system, words)| look(&mut browser, system, page, words));
        let now = texts.collect::<Vec<_>>().join("\n");
        let file = folder.join(format!("{}.txt", page.0));
        if write {
            fs::create_dir_all(folder).unwrap();
            fs::write(&file, &now).unwrap();
            continue;
        }
        let before = fs::read_to_string(&file).unwrap_or_default();
        if before != now {
            wrong.push(format!("{}\n{}", page.0, difference(&before, &now)));
        }
    }
    assert!(
        wrong.is_empty(),
        "{}\nIf this is meant: KALLITHEA_SNAPSHOTS=write cargo test -p kallithea-web --test site snapshots",
        wrong.join("\n")
    );
}

/// The lines that are not in both.
fn difference(before: &str, now: &str) -> String {
    let (old, new): (BTreeSet<_>, BTreeSet<_>) = (before.lines().collect(), now.lines().collect());
    let gone = before
        .lines()
        .filter(|line| !new.contains(line))
        .map(|line| format!("- {line}\n"));
    let come = now
        .lines()
        .filter(|line| !old.contains(line))
        .map(|line| format!("+ {line}\n"));
    gone.chain(come).take(40).collect()
}

#[test]
fn every_page_of_a_reader_has_a_snapshot() {
    let has = |name: &str| PAGES.iter().any(|page| page.1 == name) || ELSEWHERE.contains(&name);
    let missing: Vec<_> = routes::REPOSITORY
        .iter()
        .filter(|route| route.method == Method::Get && !route.name.starts_with("edit_repo"))
        .filter(|route| !has(route.name))
        .map(|route| route.name)
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
    let files: BTreeSet<String> = fs::read_dir(FOLDER)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let expected: BTreeSet<String> = PAGES.iter().map(|page| format!("{}.txt", page.0)).collect();
    assert_eq!(files, expected, "one file for each page");
}
