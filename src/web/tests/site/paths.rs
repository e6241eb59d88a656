//! Which addresses mean the same place, and which mean none.

use http::{Method, StatusCode};
use model::Gate;
use vcs::{
    ChangesetId, CommitRequest, FileChange, Person, RefName, RepoPath, Repository, Timestamp,
};

use crate::browser::Server;

fn commit(
    server: &Server,
    contents: &Repository,
    branch: &str,
    parent: Option<ChangesetId>,
    path: &str,
) -> ChangesetId {
    let request = CommitRequest {
        branch: RefName::new(branch),
        new_branch: true,
        parent,
        author: Person {
            name: "Ann".into(),
            email: "ann@example.com".into(),
            raw: String::new(),
        },
        date: Timestamp {
            seconds: 1_700_000_000,
            offset_east: 0,
        },
        message: "x".into(),
        changes: vec![FileChange::Create {
            path: RepoPath::parse(path.as_bytes()).unwrap(),
            content: b"text\n".to_vec(),
            executable: false,
        }],
    };
    let programs = server.model.programs().unwrap();
    contents.commit(&programs, &request).unwrap().id
}

/// A branch with two slashes. In Git no branch may be the folder of another.
fn deep(kind: &str) -> &'static str {
    if kind == "hg" {
        "feature/x/y"
    } else {
        "feature/deep/y"
    }
}

/// Repositories named like words of the address, with branches that hold slashes: `feature/x` and another, see [`deep`].
fn server() -> Server {
    let server = Server::with_mercurial();
    let admin = server.model.user_by_name("admin").unwrap().unwrap();
    let viewer = server.model.viewer(admin.id, "127.0.0.1").unwrap().unwrap();
    let gate = Gate::new(&server.model);
    for group in ["grp", "grp/filez"] {
        let parent = group
            .rsplit_once('/')
            .map(|(parent, _)| gate.read_group(&viewer, parent).unwrap().row().id);
        let place = gate.place_for_group(&viewer, parent).unwrap();
        let new = model::NewGroup {
            name: group.rsplit('/').next().unwrap(),
            description: "",
            copy_permissions: false,
        };
        server.model.create_group(&place, &viewer, &new).unwrap();
    }
    for (name, kind) in [
        ("git", "git"),
        ("hg", "hg"),
        ("filez", "git"),
        ("repo_1", "git"),
        ("grp/filez/x", "git"),
    ] {
        server.repository("admin", name, kind);
        let right = gate.read_repository(&viewer, name).unwrap();
        let contents = server.model.open_repository(&right).unwrap();
        let branch = if kind == "hg" { "default" } else { "master" };
        let first = commit(&server, &contents, branch, None, "a/b");
        if ["git", "hg"].contains(&name) {
            commit(&server, &contents, "feature/x", Some(first), "on-x");
            commit(&server, &contents, deep(kind), Some(first), "on-y");
        }
    }
    // We give no such names, but Kallithea did.
    for (table, column) in [("groups", "group_name"), ("repositories", "repo_name")] {
        server.sql(&format!(
            "UPDATE {table} SET {column} = replace({column}, 'filez', 'files') WHERE {column} LIKE '%filez%'"
        ));
    }
    server.sql("UPDATE repositories SET downloads = 1");
    let root = server.folder.path().join("repositories");
    std::fs::rename(root.join("filez"), root.join("files")).unwrap();
    std::fs::rename(root.join("grp/filez"), root.join("grp/files")).unwrap();
    server
}

/// Addresses that are answered with this text on the page.
#[rustfmt::skip] // a table is read by its columns
const ANSWERED: &[(&str, &str)] = &[
    // A slash at the end is the same place, on every page; so are two, and one too many in the middle.
    ("",                              "repo"),
    ("/",                             "repo"),
    ("//",                            "repo"),
    ("/summary/",                     "repo"),
    ("/changelog/",                   "changeset"),
    ("//changelog",                   "changeset"),
    ("/files",                        "on-"),
    ("/files/",                       "on-"),
    ("/files/MAIN",                   "a"),
    ("/files/MAIN/",                  "a"),
    ("/files/MAIN/a",                 "b"),
    ("/files/MAIN/a/",                "b"),
    ("/files/MAIN//a",                "b"),
    ("/files/MAIN///a//",             "b"),
    ("/files/MAIN/a%2Fb",             "text"),
    ("/files/MAIN%2Fa%2Fb",           "text"),
    ("/changeset",                    "changeset"),
    ("/changeset/",                   "changeset"),
    ("/changeset/tip/",               "changeset"),
    ("/changeset/feature/x",          "on-x"),
    ("/changeset/DEEP",        "on-y"),
    ("/changelog/MAIN",               "changeset"),
    ("/changelog/MAIN/",              "changeset"),
    ("/nodelist/MAIN",                "null"),
    ("/nodelist/MAIN/",               "null"),
    ("/refs-data/",                   "results"),
    ("/forks/",                       "no forks yet"),
    ("/followers/",                   "following"),
    // Branches with slashes: the longest name that fits, whatever follows.
    ("/files/feature/x",              "on-x"),
    ("/files/feature/x/",             "on-x"),
    ("/files/feature/x/on-x",         "text"),
    ("/files/feature%2Fx/on-x",       "text"),
    ("/files/DEEP",            "on-y"),
    ("/files/DEEP/on-y",       "text"),
    ("/files/feature/x/a/b",          "text"),
    ("/raw/feature/x/on-x",           "text"),
    ("/raw/DEEP/a/b",          "text"),
    ("/rawfile/feature/x/on-x",       "text"),
    ("/changelog/feature/x",          "feature/x"),
    ("/changelog/feature/x/",         "feature/x"),
    ("/changelog/feature/x/on-x",     "on-x"),
    ("/changelog/DEEP/a/b",           "a/b"),
    ("/annotate/feature/x/on-x",      "text"),
    ("/annotate/DEEP/a/b",            "text"),
    ("/history/feature/x/on-x",       "results"),
    ("/authors/feature/x/on-x",       "author"),
    ("/archive/feature/x.zip",        "PK"),
    ("/archive/DEEP.tar.gz",          ""),
    ("/nodelist/feature/x",           "null"),
    ("/edit/feature/x/on-x",          "text"),
    ("/edit/DEEP/on-y",        "text"),
    ("/add/feature/x/",               "feature/x"),
    ("/add/DEEP/a",            "filename"),
    ("/delete/feature/x/on-x",        "on-x"),
];

/// And such that mean nothing.
const MISSING: &[&str] = &[
    "/files/feature",
    "/files/feature/z",
    "/files/feature/x/none",
    "/files/featur",
    "/files/MAIN/a/b/c",
    "/raw/MAIN",
    "/raw/MAIN/a",
    "/rawfile/MAIN/",
    "/changeset/feature",
    "/nowhere",
    "/files/none",
    "/diff-2way/",
];

#[test]
fn addresses_of_a_repository_mean_what_they_should() {
    let server = server();
    let mut browser = server.signed_in("admin");
    let mut wrong = Vec::new();
    for repository in ["/git", "/hg", "/_1", "/_2"] {
        let (kind, main) = if ["/git", "/_1"].contains(&repository) {
            ("git", "master")
        } else {
            ("hg", "default")
        };
        let fill = |path: &str| {
            let path = path.replace("MAIN", main).replace("DEEP", deep(kind));
            format!("{repository}{path}")
        };
        // By its number a repository has all these addresses too; a few of them will do.
        let every = if repository.starts_with("/_") { 7 } else { 1 };
        for (path, expected) in ANSWERED.iter().step_by(every) {
            let address = fill(path);
            let answer = browser.get(&address);
            let named = *expected == "repo" && answer.text.contains("class=\"repo-head\"");
            if answer.status != StatusCode::OK || !(named || answer.text.contains(expected)) {
                wrong.push(format!("{address}: {}, no {expected:?}", answer.status));
            }
            let head = browser.send(Method::HEAD, &address, &[], None);
            if head.status != answer.status {
                wrong.push(format!("HEAD {address}: {}", head.status));
            }
        }
        for path in MISSING.iter().step_by(every) {
            let address = fill(path);
            let status = browser.get(&address).status;
            if status != StatusCode::NOT_FOUND {
                wrong.push(format!("{address}: {status}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn names_may_be_words_of_the_address() {
    let server = server();
    let mut browser = server.signed_in("admin");
    for (address, status) in [
        ("/files", StatusCode::OK),
        ("/files/files/tip/", StatusCode::OK),
        ("/files/files/tip/a/b", StatusCode::OK),
        ("/grp/files", StatusCode::OK),
        ("/grp/files/", StatusCode::OK),
        ("/grp/files/x", StatusCode::OK),
        ("/grp/files/x/files/tip/", StatusCode::OK),
        ("/grp/files/x/files/tip/a/b", StatusCode::OK),
        ("/grp%2Ffiles%2Fx/files/tip/a", StatusCode::OK),
        ("/grp/files/y/files/tip/", StatusCode::NOT_FOUND),
        ("/repo_1", StatusCode::OK),
        ("/repo_1/files", StatusCode::OK),
        ("/_5/files/tip/a/b", StatusCode::OK),
        ("/_5/", StatusCode::OK),
        ("/_99", StatusCode::NOT_FOUND),
        ("/_99/files", StatusCode::NOT_FOUND),
        ("/_", StatusCode::NOT_FOUND),
        ("/_1x", StatusCode::NOT_FOUND),
        ("/_99999999999999999999", StatusCode::NOT_FOUND),
        ("/about/", StatusCode::OK),
        ("/_admin/login/", StatusCode::FOUND),
    ] {
        assert_eq!(browser.get(address).status, status, "{address}");
    }
}

#[test]
fn methods_are_taken_at_their_word() {
    let server = server();
    let mut browser = server.signed_in("admin");
    for method in [Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS] {
        for address in ["/", "/git", "/git/files/tip/", "/_admin/login", "/nowhere"] {
            let answer = browser.send(method.clone(), address, &[], None);
            assert_eq!(
                answer.status,
                StatusCode::METHOD_NOT_ALLOWED,
                "{method} {address}"
            );
            assert_eq!(answer.header("allow"), "GET, HEAD, POST");
        }
    }
    for address in [
        "/?_method=put",
        "/git/files/tip/?_method=",
        "/nowhere?_method=get",
    ] {
        assert_eq!(
            browser.get(address).status,
            StatusCode::METHOD_NOT_ALLOWED,
            "{address}"
        );
    }
    let posted = browser.post("/_admin/toggle_following", &[("_method", "delete")]);
    assert_eq!(posted.status, StatusCode::METHOD_NOT_ALLOWED);
    let posted = browser.post("/git/files/tip/", &[]);
    assert_eq!(posted.status, StatusCode::METHOD_NOT_ALLOWED);
}
