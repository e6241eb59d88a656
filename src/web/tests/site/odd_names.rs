//! Names of files that are no words: each is listed, is reached on every page, and does no harm where it is shown.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use http::StatusCode;
use model::Gate;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use vcs::RepoPath;

use crate::browser::{Browser, Server};
use crate::files::{Git, hg};

/// What files are called besides what people call them.
const NAMES: &[&[u8]] = &[
    b"tab\there",
    b"esc\x1b[31mred",
    b"bell\x07 and delete\x7f",
    b"latin caf\xe9",
    b"half \xe2\x82 a sign",
    "\u{202e}gpj.exe".as_bytes(),
    "\u{2066}isolated\u{2069}".as_bytes(),
    "שלום\u{200f} עולם".as_bytes(),
    "line\u{2028}separator".as_bytes(),
    b"100%",
    b"%2e%2e",
    b"%00",
    b"a#b",
    b"what?",
    b"a;b=c",
    b"a&amp;b",
    b"a+b",
    b"'one' \"two\" `three`",
    b"<b>bold<b>",
    b"--output=x",
    b"..almost",
    b"...",
    "…".as_bytes(),
    b".\\..\\up",
    b" blank at both ends ",
    b"C:",
    b"{*rest}",
];
/// Mercurial refuses these.
const OF_GIT: &[&[u8]] = &[b"new\nline", b"return\rhome"];

const KEPT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');

fn encoded(path: &[u8]) -> String {
    percent_encode(path, KEPT).to_string()
}

/// As `git fast-import` takes it.
fn quoted(path: &[u8]) -> String {
    let escaped: String = path.iter().map(|byte| format!("\\{byte:03o}")).collect();
    format!("\"{escaped}\"")
}

/// Each name as a file, and as a folder with a file.
fn paths(names: &[&[u8]]) -> Vec<Vec<u8>> {
    let file = |name: &&[u8]| [b"dir/", *name].concat();
    let folder = |name: &&[u8]| [*name, b"/f"].concat();
    let folders = names.iter().map(folder);
    names.iter().map(file).chain(folders).collect()
}

/// A repository with its paths, and the changeset before its tip.
struct Case {
    repository: &'static str,
    branch: &'static str,
    paths: Vec<Vec<u8>>,
    before: String,
}

fn server() -> (Server, [Case; 2]) {
    let server = Server::with_mercurial();
    let of_git = paths(&[NAMES, OF_GIT].concat());
    let mut git = Git::new(&server, "git");
    for content in [&b"one\n"[..], b"two\n"] {
        let names: Vec<String> = of_git.iter().map(|path| quoted(path)).collect();
        let files: Vec<_> = names
            .iter()
            .map(|name| ("100644", &**name, content))
            .collect();
        git.commit("Ann", "Odd names", &files, &[]);
    }
    let ids = git.make();
    server.repository("admin", "hg", "hg");
    let folder = server.folder.path().join("repositories/hg");
    let of_hg = paths(NAMES);
    for content in ["one\n", "two\n"] {
        for path in &of_hg {
            let file = folder.join(OsStr::from_bytes(path));
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, content).unwrap();
        }
        hg(
            &folder,
            &[
                "commit",
                "-A",
                "-q",
                "-m",
                "Odd names",
                "-d",
                "1700000000 0",
            ],
        );
    }
    server.sql("update repositories set downloads = 1");
    let git = Case {
        repository: "git",
        branch: "master",
        paths: of_git,
        before: ids[0].clone(),
    };
    let hg = Case {
        repository: "hg",
        branch: "default",
        paths: of_hg,
        before: "0".to_owned(),
    };
    (server, [git, hg])
}

/// Nothing on a page turns what stands around it, ends a line, or rings a bell.
fn harmless(text: &str) -> bool {
    let bad = |c: char| {
        (c.is_control() && c != '\n' && c != '\t')
            || matches!(c, '\u{2028}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    // What is copied to the clipboard is the name itself.
    let mut parts = text.split("data-copy=\"");
    let first = parts.next().unwrap_or_default();
    let rest = parts.map(|part| part.split_once('"').map_or("", |(_, rest)| rest));
    !text.contains("<b>bold")
        && std::iter::once(first)
            .chain(rest)
            .all(|part| !part.contains(bad))
}

/// The value of a field of a form.
fn field(page: &str, name: &str) -> String {
    let at = page.find(&format!("name=\"{name}\"")).expect("the field");
    let rest = &page[at..];
    let value = rest[..rest.find('>').unwrap()]
        .split_once("value=\"")
        .unwrap()
        .1;
    let value = value.split('"').next().unwrap();
    ["&lt;<", "&gt;>", "&quot;\"", "&#39;'", "&#x27;'", "&amp;&"]
        .iter()
        .fold(value.to_owned(), |text, pair| {
            let (entity, char) = pair.split_at(pair.len() - 1);
            text.replace(entity, char)
        })
}

fn content(server: &Server, repository: &str, path: &[u8]) -> Option<Vec<u8>> {
    let admin = server.model.user_by_name("admin").unwrap().unwrap();
    let viewer = server.model.viewer(admin.id, "127.0.0.1").unwrap().unwrap();
    let right = Gate::new(&server.model)
        .read_repository(&viewer, repository)
        .unwrap();
    let contents = server.model.open_repository(&right).unwrap();
    let tip = contents.resolve("tip").unwrap();
    let file = contents.file(&tip, &RepoPath::parse(path).unwrap());
    file.ok().map(|file| file.data)
}

/// A reader who notes what is wrong.
struct Reader<'a> {
    browser: Browser<'a>,
    wrong: Vec<String>,
}

impl Reader<'_> {
    fn read(&mut self, address: &str) -> String {
        let answer = self.browser.get(address);
        if answer.status != StatusCode::OK {
            self.wrong.push(format!("{address}: {}", answer.status));
        }
        let is_page = answer.header("content-type").starts_with("text/html");
        self.expect(
            !is_page || harmless(&answer.text),
            address,
            "shown as it is",
        );
        answer.text
    }

    fn expect(&mut self, good: bool, address: &str, what: &str) {
        if !good {
            self.wrong.push(format!("{address}: {what}"));
        }
    }

    /// Every page of a file.
    fn file_pages(
        &mut self,
        Case {
            repository, before, ..
        }: &Case,
        at: &str,
    ) {
        for page in [
            "files",
            "annotate",
            "changelog",
            "history",
            "authors",
            "edit",
            "delete",
        ] {
            self.read(&format!("/{repository}/{page}/tip/{at}"));
        }
        for page in ["raw", "rawfile"] {
            let address = format!("/{repository}/{page}/tip/{at}");
            let raw = self.read(&address);
            self.expect(raw == "two\n", &address, "another content");
        }
        for (page, form) in [
            ("diff", "diff"),
            ("diff", "raw"),
            ("diff", "download"),
            ("diff-2way", "diff"),
        ] {
            let address = format!("/{repository}/{page}/{at}?diff1={before}&diff2=tip&diff={form}");
            let text = self.read(&address);
            self.expect(
                text.contains("one") && text.contains("two"),
                &address,
                "not the difference",
            );
        }
    }

    /// The listing, the file in it, the form for a new one, and the archive that the listing leads to.
    fn folder_pages(&mut self, Case { repository, .. }: &Case, folder: &str) {
        self.read(&format!("/{repository}/add/tip/{folder}"));
        self.read(&format!("/{repository}/nodelist/tip/{folder}"));
        let address = format!("/{repository}/raw/tip/{folder}/f");
        let raw = self.read(&address);
        self.expect(raw == "two\n", &address, "another content");
        let address = format!("/{repository}/files/tip/{folder}");
        let page = self.read(&address);
        let mut links = page
            .split("href=\"")
            .filter_map(|link| link.split('"').next());
        let link = links.find(|link| link.contains("/archive/") && link.contains(".zip"));
        let link = link.unwrap_or_default().replace("&amp;", "&");
        let archive = self.read(&link);
        self.expect(archive.starts_with("PK"), &address, "no archive");
    }
}

#[test]
fn every_name_is_listed_reached_and_harmless() {
    let (server, cases) = server();
    let browser = server.signed_in("admin");
    let mut reader = Reader {
        browser,
        wrong: Vec::new(),
    };
    for case in &cases {
        let root = format!("/{}", case.repository);
        let mut listed = reader.read(&format!("{root}/files/tip/"));
        listed += &reader.read(&format!("{root}/files/tip/dir"));
        let changeset = reader.read(&format!("{root}/changeset/tip"));
        reader.read(&format!("{root}/changelog"));
        reader.read(&format!("{root}/compare/rev@{}...rev@tip", case.before));
        for path in &case.paths {
            let at = encoded(path);
            let (folder, name) = at.rsplit_once('/').unwrap();
            let top = if folder == "dir" { at.as_str() } else { folder };
            let is_listed = listed.contains(&format!("/files/tip/{top}\""));
            reader.expect(is_listed, &at, "not listed");
            let is_linked = changeset.contains(&format!("/{at}\""));
            reader.expect(is_linked, &at, "not linked from its changeset");
            match name {
                "f" => reader.folder_pages(case, folder),
                _ => reader.file_pages(case, &at),
            }
        }
    }
    assert!(reader.wrong.is_empty(), "{}", reader.wrong.join("\n"));
}

#[test]
fn an_edit_keeps_the_name_that_no_field_can_hold() {
    let (server, cases) = server();
    let mut browser = server.signed_in("admin");
    for Case {
        repository,
        branch,
        paths,
        ..
    } in &cases
    {
        let in_folder: Vec<_> = paths
            .iter()
            .filter(|path| path.starts_with(b"dir/"))
            .collect();
        let last = in_folder[in_folder.len() - 1];
        for path in [in_folder[0], in_folder[3], in_folder[5], last] {
            let address = format!("/{repository}/edit/{branch}/{}", encoded(path));
            let form = browser.get(&address).text;
            // A browser sends the value of a field without line ends.
            let shown = field(&form, "path").replace(['\r', '\n'], "");
            let parent = field(&form, "parent");
            let fields = [
                ("path", &*shown),
                ("content", "three\n"),
                ("parent", &parent),
                ("branch", branch),
            ];
            let done = browser.post(&address, &fields);
            assert_eq!(done.status, StatusCode::FOUND, "{address} {}", done.text);
            let now = content(&server, repository, path);
            assert_eq!(now.as_deref(), Some(&b"three\n"[..]), "{address}");
            let page = browser.get(&done.header("location").replace("http://localhost", ""));
            assert!(harmless(&page.text), "{address}");
        }
        let gone = format!("/{repository}/delete/tip/{}", encoded(in_folder[3]));
        assert_eq!(browser.post(&gone, &[]).status, StatusCode::FOUND);
        assert_eq!(content(&server, repository, in_folder[3]), None);
    }
}
