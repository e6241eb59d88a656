//! Files changed on the web, in repositories of both systems.

use http::StatusCode;
use model::Gate;
use vcs::{NodeKind, RepoPath};

use crate::browser::{Browser, Server};

const KINDS: [&str; 2] = ["git", "hg"];

fn server() -> Server {
    let server = Server::with_mercurial();
    server.user("bob", false);
    for kind in KINDS {
        server.repository("admin", kind, kind);
    }
    server
}

/// The branch on which the first file lands.
fn branch(kind: &str) -> &'static str {
    if kind == "git" { "master" } else { "default" }
}

/// The value of a hidden field of a page.
fn hidden(page: &str, name: &str) -> String {
    let mark = format!("name=\"{name}\" value=\"");
    let at = page
        .find(&mark)
        .unwrap_or_else(|| panic!("no {name}: {page}"));
    let rest = &page[at + mark.len()..];
    rest[..rest.find('"').unwrap()].to_owned()
}

fn contents(server: &Server, name: &str) -> std::sync::Arc<vcs::Repository> {
    let admin = server.model.user_by_name("admin").unwrap().unwrap();
    let admin = server.model.viewer(admin.id, "127.0.0.1").unwrap().unwrap();
    let right = Gate::new(&server.model)
        .read_repository(&admin, name)
        .unwrap();
    server.model.open_repository(&right).unwrap()
}

fn file(server: &Server, name: &str, path: &[u8]) -> Option<Vec<u8>> {
    let contents = contents(server, name);
    let tip = contents.resolve("tip").unwrap();
    let path = RepoPath::parse(path).unwrap();
    Some(contents.file(&tip, &path).ok()?.data)
}

fn add(browser: &mut Browser<'_>, kind: &str, revision: &str, name: &str, text: &str) {
    let (location, filename) = name.rsplit_once('/').unwrap_or(("", name));
    let fields = [
        ("location", location),
        ("filename", filename),
        ("content", text),
    ];
    let answer = browser.post(&format!("/{kind}/add/{revision}/"), &fields);
    assert_eq!(answer.status, StatusCode::FOUND, "{kind}: {}", answer.text);
    assert_eq!(
        answer.header("location"),
        format!("/{kind}/changeset/tip"),
        "{kind}"
    );
}

#[test]
fn a_repository_begins_with_a_file_and_grows() {
    let server = server();
    let mut browser = server.signed_in("admin");
    for kind in KINDS {
        let form = browser.get(&format!("/{kind}/add/0/"));
        assert_eq!(form.status, StatusCode::OK, "{kind}");
        assert!(form.text.contains(branch(kind)), "{kind}");
        add(
            &mut browser,
            kind,
            "0",
            "docs/caf\u{e9} <b>.txt",
            "a\r\nb\r\n",
        );
        let name = "docs/caf\u{e9} <b>.txt";
        assert_eq!(file(&server, kind, name.as_bytes()).unwrap(), b"a\nb\n");
        let page = browser.get(&format!("/{kind}/changeset/tip")).text;
        assert!(page.contains("Successfully committed to docs/caf\u{e9} &lt;b&gt;.txt"));
        assert!(page.contains("Added file via Kallithea"));

        let entry = server.sql("SELECT action FROM user_logs ORDER BY user_log_id DESC LIMIT 1");
        let tip = contents(&server, kind).resolve("tip").unwrap();
        assert_eq!(entry, format!("push_local:{tip}"), "{kind}");
        let cached = server.sql(&format!(
            "SELECT CAST(changeset_cache AS TEXT) FROM repositories WHERE repo_name = '{kind}'"
        ));
        assert!(cached.contains(&tip.to_string()), "{kind}: {cached}");
        let author = contents(&server, kind).changeset(&tip).unwrap().author;
        assert_eq!(author.email, "admin@example.com", "{kind}");

        // A second one beside it, at the names that a head has.
        for (at, revision) in [&tip.to_string(), branch(kind), "tip"].iter().enumerate() {
            let page = browser.get(&format!("/{kind}/add/{revision}/docs"));
            assert_eq!(page.status, StatusCode::OK, "{kind} {revision}");
            add(&mut browser, kind, revision, &format!("f{at}"), "x");
        }
        assert_eq!(file(&server, kind, b"f1").unwrap(), b"x");
    }
}

#[test]
fn what_is_wrong_with_a_new_file_is_told_beside_what_was_typed() {
    let server = server();
    let mut browser = server.signed_in("admin");
    for kind in KINDS {
        add(&mut browser, kind, "0", "there", "x");
        let before = contents(&server, kind).resolve("tip").unwrap();
        for (location, filename, text, wanted) in [
            ("", "a", "", "No content"),
            ("", "", "typed <i>", "No filename"),
            ("", "dir/", "typed", "No filename"),
            ("/abs", "a", "typed", "Location must be relative path"),
            ("../up", "a", "typed", "Location must be relative path"),
            ("a/../b", "a", "typed", "Location must be relative path"),
            ("", "there", "typed", "there already exists"),
            ("there", "below", "typed", "there already exists"),
            (".git", "config", "typed", "cannot be the name of a file"),
            ("", ".hg", "typed", "cannot be the name of a file"),
        ] {
            let fields = [
                ("location", location),
                ("filename", filename),
                ("content", text),
                ("message", "kept <m>"),
            ];
            let answer = browser.post(&format!("/{kind}/add/tip/"), &fields);
            assert_eq!(
                answer.status,
                StatusCode::OK,
                "{kind} {location}/{filename}"
            );
            assert!(
                answer.text.contains(wanted),
                "{kind} {location}/{filename}: {wanted}: {}",
                answer.text
            );
            assert!(answer.text.contains("kept &lt;m&gt;"), "{kind}");
            assert!(!answer.text.contains("typed <i>"), "{kind}");
        }
        assert_eq!(contents(&server, kind).resolve("tip").unwrap(), before);
    }
}

#[test]
fn an_edit_is_previewed_committed_and_keeps_what_the_file_is() {
    let server = server();
    let mut browser = server.signed_in("admin");
    for kind in KINDS {
        let text = b"# Caf\xe9\r\n\r\nold\r\n";
        let files = [("upload_file", "READ.md", &text[..])];
        let sent = browser.post_files(&format!("/{kind}/add/0/"), &[], &files);
        assert_eq!(sent.header("location"), format!("/{kind}/changeset/tip"));
        let address = format!("/{kind}/edit/{}/READ.md", branch(kind));
        let form = browser.get(&address);
        assert!(form.text.contains("Stored as ISO-8859-1"), "{}", form.text);
        assert!(form.text.contains("# Caf\u{e9}"), "{kind}");
        let parent = hidden(&form.text, "parent");
        let fields = [
            ("branch", branch(kind)),
            ("parent", &parent),
            ("path", "READ.md"),
            ("content", "# Caf\u{e9}\r\n\r\n*new*\r\n"),
        ];
        let mut asked = fields.to_vec();
        asked.push(("preview", "1"));
        let preview = browser.post(&address, &asked);
        assert_eq!(preview.status, StatusCode::OK, "{kind}");
        for part in ["<em>new</em>", "Preview", "old", "*new*"] {
            assert!(preview.text.contains(part), "{kind} {part}");
        }
        assert_eq!(file(&server, kind, b"READ.md").unwrap(), text, "{kind}");

        let mut wrong = fields.to_vec();
        wrong[3].1 = "5 \u{20ac} typed";
        let answer = browser.post(&address, &wrong);
        assert!(answer.text.contains("which has no") && answer.text.contains("5 \u{20ac} typed"));

        let same = [
            fields[0],
            fields[1],
            ("content", "# Caf\u{e9}\r\n\r\nold\r\n"),
        ];
        assert!(browser.post(&address, &same).text.contains("No changes"));

        assert_eq!(browser.post(&address, &fields).status, StatusCode::FOUND);
        assert_eq!(
            file(&server, kind, b"READ.md").unwrap(),
            b"# Caf\xe9\r\n\r\n*new*\r\n",
            "{kind}"
        );
        let page = browser.get(&format!("/{kind}/changeset/tip")).text;
        assert!(page.contains("Edited file READ.md via Kallithea"), "{kind}");
    }
}

#[test]
fn a_file_is_renamed_and_deleted() {
    let server = server();
    let mut browser = server.signed_in("admin");
    for kind in KINDS {
        add(&mut browser, kind, "0", "a.txt", "one\ntwo\nthree\n");
        let renamed = [("path", "dir/b.txt"), ("content", "one\ntwo\nthree\n")];
        let answer = browser.post(&format!("/{kind}/edit/tip/a.txt"), &renamed);
        assert_eq!(answer.status, StatusCode::FOUND, "{kind}: {}", answer.text);
        assert_eq!(file(&server, kind, b"a.txt"), None, "{kind}");
        assert!(file(&server, kind, b"dir/b.txt").is_some(), "{kind}");
        let page = browser.get(&format!("/{kind}/changeset/tip")).text;
        assert!(page.contains("renamed"), "{kind}: the history goes along");

        let address = format!("/{kind}/delete/tip/dir/b.txt");
        let form = browser.get(&address);
        assert!(form.text.contains("Delete file") && form.status == StatusCode::OK);
        add(&mut browser, kind, "tip", "keep", "x");
        assert_eq!(browser.post(&address, &[]).status, StatusCode::FOUND);
        assert_eq!(file(&server, kind, b"dir/b.txt"), None, "{kind}");
        let page = browser.get(&format!("/{kind}/changeset/tip")).text;
        assert!(
            page.contains("Successfully deleted file dir/b.txt"),
            "{kind}"
        );
        assert!(
            page.contains("Deleted file dir/b.txt via Kallithea"),
            "{kind}"
        );
    }
}

#[test]
fn who_comes_second_loses_nothing() {
    let server = server();
    let mut browser = server.signed_in("admin");
    for kind in KINDS {
        add(&mut browser, kind, "0", "f", "base\n");
        let address = format!("/{kind}/edit/{}/f", branch(kind));
        let seen = hidden(&browser.get(&address).text, "parent");
        let fields = |text: &'static str, parent: &str| {
            [
                ("branch".to_owned(), branch(kind).to_owned()),
                ("parent".to_owned(), parent.to_owned()),
                ("content".to_owned(), text.to_owned()),
            ]
        };
        let mut post = |text: &'static str, parent: &str| {
            let fields = fields(text, parent);
            let fields: Vec<_> = fields
                .iter()
                .map(|(n, v)| (n.as_str(), v.as_str()))
                .collect();
            browser.post(&address, &fields)
        };
        assert_eq!(post("theirs\n", &seen).status, StatusCode::FOUND);
        let second = post("mine\n", &seen);
        assert_eq!(second.status, StatusCode::CONFLICT, "{kind}");
        for part in ["Somebody was faster", "mine", "theirs", "over theirs"] {
            assert!(second.text.contains(part), "{kind} {part}");
        }
        assert_eq!(file(&server, kind, b"f").unwrap(), b"theirs\n", "{kind}");
        let now = hidden(&second.text, "parent");
        assert_ne!(now, seen);
        assert_eq!(post("both\n", &now).status, StatusCode::FOUND, "{kind}");
        assert_eq!(file(&server, kind, b"f").unwrap(), b"both\n", "{kind}");
        // A changeset that never was here is no reason to lose what was typed.
        let lost = post("typed\n", &"f".repeat(40));
        assert_eq!(lost.status, StatusCode::CONFLICT, "{kind}");
        assert!(lost.text.contains("typed"), "{kind}");

        // What somebody else did elsewhere needs another click only.
        let seen = hidden(&browser.get(&address).text, "parent");
        add(&mut browser, kind, "tip", "other", "x");
        let delete = [("branch", branch(kind)), ("parent", &seen)];
        let told = browser.post(&format!("/{kind}/delete/{}/f", branch(kind)), &delete);
        assert_eq!(told.status, StatusCode::CONFLICT, "{kind}");
        assert!(told.text.contains("This file was left alone"), "{kind}");
    }
}

#[test]
fn only_heads_of_branches_are_built_upon() {
    let server = server();
    let mut browser = server.signed_in("admin");
    for kind in KINDS {
        add(&mut browser, kind, "0", "f", "1");
        let old = contents(&server, kind).resolve("tip").unwrap();
        add(&mut browser, kind, "tip", "g", "2");
        for page in ["edit", "delete", "add"] {
            let answer = browser.get(&format!("/{kind}/{page}/{old}/f"));
            assert_eq!(
                answer.header("location"),
                format!("/{kind}/files/tip/f"),
                "{kind} {page}"
            );
        }
        let told = browser.get(&format!("/{kind}/files/tip/f")).text;
        assert!(
            told.contains("with revision being a valid branch"),
            "{kind}"
        );
        for (page, status) in [
            ("edit/tip/none", StatusCode::NOT_FOUND),
            ("edit/none/f", StatusCode::NOT_FOUND),
            ("edit/tip/f/below", StatusCode::NOT_FOUND),
            ("edit/tip/", StatusCode::FOUND),
            ("delete/tip/", StatusCode::FOUND),
        ] {
            let answer = browser.get(&format!("/{kind}/{page}"));
            assert_eq!(answer.status, status, "{kind} {page}");
            let posted = browser.post(&format!("/{kind}/{page}"), &[("content", "x")]);
            assert!(!posted.status.is_server_error(), "{kind} {page}");
        }
    }
}

#[test]
fn files_are_sent_replaced_and_limited() {
    let server = Server::with(&[("upload_limit", "70000")]);
    server.user("admin", true);
    server.repository("admin", "git", "git");
    let mut browser = server.signed_in("admin");
    let address = "/git/add/0/";
    let files: [(&str, &str, &[u8]); 2] = [
        ("upload_file", "a.bin", b"\0\x01"),
        ("upload_file", "C:\\x\\b.txt", b"b\r\n"),
    ];
    let sent = browser.post_files(address, &[("location", "up")], &files);
    assert_eq!(sent.status, StatusCode::FOUND, "{}", sent.text);
    assert_eq!(file(&server, "git", b"up/a.bin").unwrap(), b"\0\x01");
    assert_eq!(file(&server, "git", b"up/b.txt").unwrap(), b"b\r\n");
    let page = browser.get("/git/changeset/tip").text;
    assert!(page.contains("Added 2 files via Kallithea"));

    let edit = browser.get("/git/edit/tip/up/a.bin");
    assert_eq!(edit.header("location"), "/git/files/master/up/a.bin");
    let again = |browser: &mut Browser<'_>, fields: &[(&str, &str)], content: &[u8]| {
        let files = [("upload_file", "a.bin", content)];
        browser.post_files("/git/add/tip/up", fields, &files)
    };
    let told = again(&mut browser, &[], b"\0\x02");
    assert!(
        told.text.contains("up/a.bin already exists"),
        "{}",
        told.text
    );
    let replaced = again(&mut browser, &[("replace", "True")], b"\0\x02");
    assert_eq!(replaced.status, StatusCode::FOUND, "{}", replaced.text);
    assert_eq!(file(&server, "git", b"up/a.bin").unwrap(), b"\0\x02");

    let pointer = format!(
        "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize 12345\n",
        "5".repeat(64)
    );
    let files = [("upload_file", "large", pointer.as_bytes())];
    browser.post_files("/git/add/tip/", &[], &files);
    let edit = browser.get("/git/edit/tip/large");
    assert_eq!(edit.header("location"), "/git/files/master/large");

    let large = again(&mut browser, &[], &vec![b'x'; 80_000]);
    assert_eq!(large.status, StatusCode::PAYLOAD_TOO_LARGE);
    let twice = [("upload_file", "t", &b"1"[..]), ("upload_file", "t", b"2")];
    let told = browser.post_files("/git/add/tip/", &[], &twice);
    assert!(told.text.contains("t was sent twice"));
}

#[test]
fn modes_and_links_stay_and_hooks_may_refuse() {
    use std::os::unix::fs::PermissionsExt;
    let server = Server::new();
    server.repository("admin", "git", "git");
    let mut browser = server.signed_in("admin");
    let folder = server.folder.path().join("repositories/git");
    let script = "w=$(mktemp -d) && git -C $w init -q -b master && cd $w && printf '#!/bin/sh\\n' >run && chmod +x run && \
        ln -s run link && git add . && git -c user.name=a -c user.email=a@b commit -qm x && git push -q \"$0\" master && rm -r $w";
    let made = std::process::Command::new("sh")
        .args(["-c", script, folder.to_str().unwrap()])
        .status()
        .unwrap();
    assert!(made.success());
    let edited = [("content", "#!/bin/sh\necho\n")];
    let answer = browser.post("/git/edit/master/run", &edited);
    assert_eq!(answer.status, StatusCode::FOUND, "{}", answer.text);
    let kind = |path: &[u8]| {
        let contents = contents(&server, "git");
        let tip = contents.resolve("tip").unwrap();
        contents
            .node(&tip, &RepoPath::parse(path).unwrap())
            .unwrap()
            .kind
    };
    assert_eq!(kind(b"run"), NodeKind::File { executable: true });
    let link = browser.get("/git/edit/master/link");
    assert_eq!(link.header("location"), "/git/files/master/link");

    let hook = folder.join("hooks/pre-receive");
    std::fs::create_dir_all(hook.parent().unwrap()).unwrap();
    std::fs::write(&hook, "#!/bin/sh\necho 'Not on <Fridays>' >&2\nexit 1\n").unwrap();
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
    let refused = browser.post("/git/edit/master/run", &[("content", "lost?")]);
    assert_eq!(refused.status, StatusCode::OK);
    for part in ["Not on &lt;Fridays&gt;", "has refused the change", "lost?"] {
        assert!(refused.text.contains(part), "{part}: {}", refused.text);
    }
}

#[test]
fn writing_takes_the_permission() {
    let server = server();
    let mut admin = server.signed_in("admin");
    add(&mut admin, "git", "0", "f", "x");
    let page = admin.get("/git/files/master/f").text;
    assert!(page.contains("/git/edit/master/f") && page.contains("/git/delete/master/f"));
    let mut bob = server.signed_in("bob");
    let page = bob.get("/git/files/master/f").text;
    assert!(!page.contains("/git/edit/") && !page.contains("/git/delete/"));
    for page in ["edit/master/f", "add/master/", "delete/master/f"] {
        let address = format!("/git/{page}");
        assert_eq!(bob.get(&address).status, StatusCode::FORBIDDEN, "{page}");
        let posted = bob.post(&address, &[("content", "x"), ("filename", "n")]);
        assert_eq!(posted.status, StatusCode::FORBIDDEN, "{page}");
        let visitor = server.browser().get(&address);
        assert!(visitor.header("location").starts_with("/_admin/login"));
    }
}
