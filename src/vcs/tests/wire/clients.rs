//! Real clients of Mercurial clone and pull from us, and find all in order, while no `hg` is installed at the server.
//!
//! A second, older client takes part where `KALLITHEA_TEST_OLD_HG` names one.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::session::Hg;
use crate::support::{Config, Server, hg_program, noise};
use kallithea_vcs::wire::hg::HgProgram;
use tempfile::TempDir;

/// A server whose `hg` is not there.
fn server_without_hg(root: &Path, config: &[(&str, &str)]) -> Server {
    let config = config.iter();
    let owned = config.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Server::start(Config {
        root: root.to_owned(),
        git: None,
        hg: Some(HgProgram {
            path: PathBuf::from("/nonexistent/hg"),
            config: owned.collect(),
            environment: Vec::new(),
        }),
        writable: true,
    })
}

/// A program that clones and pulls.
struct Client {
    program: PathBuf,
    directory: TempDir,
}

impl Client {
    /// The programs there are.
    fn all() -> Vec<Client> {
        let old = std::env::var_os("KALLITHEA_TEST_OLD_HG").map(PathBuf::from);
        let programs = [Some(hg_program().path), old].into_iter().flatten();
        let client = |program| Client {
            program,
            directory: tempfile::tempdir().unwrap(),
        };
        programs.map(client).collect()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Runs a command. What it prints must not hold a word about anything wrong.
    fn run(&self, arguments: &[&str]) -> String {
        let output = Command::new(&self.program)
            .args(arguments)
            .current_dir(self.directory.path())
            .env("HGRCPATH", "/dev/null")
            .env("HGPLAIN", "1")
            .env("HGUSER", "alice")
            .env("HGENCODING", "UTF-8")
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "{} {arguments:?}: {text}{errors}",
            self.program.display()
        );
        text
    }

    /// What a clone holds: every changeset with its phase, and every bookmark.
    fn contents(&self, name: &str) -> String {
        self.run(&[
            "-R",
            name,
            "log",
            "-r",
            "sort(all(), 'node')",
            "-T",
            CONTENTS,
        ])
    }
}

const CONTENTS: &str = "{node} {branch} {phase} {bookmarks}\n";

/// What a repository serves, in the same form.
fn served(hg: &mut Hg, name: &str, publishing: bool) -> String {
    let revs = "sort(not secret(), 'node')";
    let all = hg.run(name, &["log", "-r", revs, "-T", CONTENTS]);
    if publishing {
        all.replace(" draft ", " public ")
    } else {
        all
    }
}

/// Makes histories that have all of it: merges, copies, a closed branch, links, executables, large files, tags, bookmarks.
fn fill(hg: &mut Hg, name: &str) {
    let lines = |count: usize| {
        (0..count)
            .map(|n| format!("line {n}\n"))
            .collect::<String>()
    };
    for round in 1..=6 {
        hg.write(name, "a.txt", lines(round * 40));
        hg.write(name, "dir/sub/B_File.txt", format!("x{round}\n"));
        hg.write(name, "dir.i/zeros", vec![0; round * 700]);
        hg.commit(
            name,
            &format!("c{round}"),
            &format!("{round} 3600"),
            "Üser <u@x>",
        );
    }
    hg.run(name, &["mv", "a.txt", "dir/renamed.txt"]);
    hg.commit(name, "rename", "9 0", "u");
    hg.write(name, "dir/renamed.txt", lines(500));
    hg.commit(name, "edit\nmore lines", "10 -7200", "u");
    hg.run(name, &["update", "-q", "3"]);
    std::os::unix::fs::symlink("side", hg.path(name).join("link")).unwrap();
    hg.write(name, "side", "side\n");
    hg.write(name, "meta.txt", "\x01\nnot a header\n");
    hg.write(name, "run.sh", "#!/bin/sh\n");
    use std::os::unix::fs::PermissionsExt;
    let executable = fs::Permissions::from_mode(0o755);
    fs::set_permissions(hg.path(name).join("run.sh"), executable).unwrap();
    hg.run(name, &["branch", "-q", "feature"]);
    hg.commit(name, "side", "11 0", "u");
    hg.run(name, &["merge", "-q", "-r", "max(branch(default))"]);
    hg.commit(name, "merge", "12 0", "u");
    let mut big = noise(200_000);
    hg.write(name, "big", &big);
    hg.commit(name, "big", "13 0", "u");
    big[100_000..100_010].copy_from_slice(b"0123456789");
    hg.write(name, "big", &big);
    hg.commit(name, "big again", "14 0", "u");
    hg.run(name, &["tag", "-d", "15 0", "-u", "u", "one", "-r", "1"]);
    hg.run(name, &["update", "-q", "default"]);
    hg.run(name, &["branch", "-q", "dead; br ä"]);
    hg.run(
        name,
        &["commit", "-q", "-m", "on a branch", "-d", "16 0", "-u", "u"],
    );
    hg.run(
        name,
        &[
            "commit",
            "-q",
            "--close-branch",
            "-m",
            "closed",
            "-d",
            "16 0",
            "-u",
            "u",
        ],
    );
    hg.run(name, &["update", "-q", "null"]);
    hg.run(
        name,
        &["bookmark", "-r", "2", "zeichen ü", "mark@elsewhere"],
    );
    hg.run(name, &["phase", "-q", "--public", "-r", "4"]);
}

#[test]
fn clients_clone_and_pull_every_format() {
    let mut hg = Hg::new("");
    let formats: &[(&str, &[&str])] = &[
        ("usual", &[]),
        ("delta", &["format.use-delta-info-flags=1"]),
        (
            "old",
            &[
                "format.usegeneraldelta=0",
                "format.sparse-revlog=0",
                "format.revlog-compression=zlib",
            ],
        ),
        (
            "plain",
            &[
                "format.revlog-compression=none",
                "format.use-share-safe=0",
                "format.dotencode=0",
            ],
        ),
    ];
    for (format, config) in formats {
        hg.init(format, config);
        fill(&mut hg, format);
    }
    let root = hg.root().to_owned();
    let server = server_without_hg(&root, &[]);
    for client in Client::all() {
        for (format, _) in formats {
            let url = server.url(format);
            let expected = served(&mut hg, format, true).replace(" mark@elsewhere", "");
            client.run(&["clone", "-q", "-U", "--pull", &url, format]);
            assert_eq!(
                client.contents(format).replace(" mark@elsewhere", ""),
                expected,
                "{format}"
            );
            client.run(&["-R", format, "verify", "-q"]);
            // In pieces: each pull sends what the one before has left out.
            let pieces = format!("{format}-pieces");
            client.run(&["clone", "-q", "-U", "--pull", "-r", "2", &url, &pieces]);
            client.run(&["-R", &pieces, "pull", "-q", "-r", "feature"]);
            assert!(
                client
                    .run(&["-R", &pieces, "incoming", "-q", &url])
                    .lines()
                    .count()
                    > 1
            );
            client.run(&["-R", &pieces, "pull", "-q"]);
            client.run(&["-R", &pieces, "verify", "-q"]);
            assert_eq!(
                client.contents(&pieces).replace(" mark@elsewhere", ""),
                expected,
                "{format}"
            );
            let stream = format!("{format}-stream");
            client.run(&["clone", "-q", "-U", "--stream", &url, &stream]);
            client.run(&["-R", &stream, "verify", "-q"]);
            assert_eq!(
                client.contents(&stream).replace(" mark@elsewhere", ""),
                expected,
                "{format}"
            );
            if !["usual", "old"].contains(format) {
                continue;
            }
            // As clients before 2014 ask: one changegroup of the first version.
            let old = format!("{format}-old");
            let bundle1 = "devel.legacy.exchange=bundle1";
            client.run(&[
                "clone", "-q", "-U", "--pull", "-r", "5", "--config", bundle1, &url, &old,
            ]);
            client.run(&["-R", &old, "pull", "-q", "--config", bundle1]);
            client.run(&["-R", &old, "verify", "-q"]);
        }
    }
}

/// Nothing that is hidden or secret leaves, not even where a file's content came with it first.
#[test]
fn what_is_not_served_does_not_leave() {
    let mut hg = Hg::new("[extensions]\nrebase =\n[experimental]\nevolution = all\n");
    hg.init("empty", &[]);
    hg.init("secret", &[]);
    let content = |n: usize| (0..n).map(|line| format!("{line}\n")).collect::<String>();
    hg.write("secret", "f", content(5));
    hg.write("secret", "g", content(5));
    hg.commit("secret", "base", "0 0", "u");
    // The secret changeset is the first to have this content of both files; a public one has it again, one only in part.
    hg.write("secret", "f", content(10));
    hg.write("secret", "g", content(11));
    hg.write("secret", "password", "hunter2");
    hg.commit("secret", "secret one", "1 0", "u");
    hg.run("secret", &["phase", "-q", "-f", "--secret", "."]);
    hg.run("secret", &["update", "-q", "0"]);
    hg.write("secret", "f", content(10));
    hg.commit("secret", "public one", "2 0", "u");
    hg.write("secret", "g", content(11));
    hg.commit("secret", "public two", "3 0", "u");
    hg.write("secret", "f", content(12));
    hg.commit("secret", "public three", "4 0", "u");
    // Rewritten: the content of `f` came with a changeset that is hidden now.
    hg.run(
        "secret",
        &[
            "commit",
            "-q",
            "--amend",
            "-m",
            "public three again",
            "-d",
            "5 0",
            "-u",
            "u",
        ],
    );
    hg.run("secret", &["update", "-q", "null"]);
    let root = hg.root().to_owned();
    let server = server_without_hg(&root, &[("experimental.evolution", "all")]);
    for client in Client::all() {
        client.run(&["clone", "-q", "-U", &server.url("empty"), "empty"]);
        assert_eq!(client.contents("empty"), "");
        assert_eq!(
            client.run(&["identify", "-i", &server.url("empty")]),
            "000000000000\n"
        );
        let url = server.url("secret");
        let expected = served(&mut hg, "secret", true);
        assert_eq!(expected.lines().count(), 4);
        for (way, name) in [("--pull", "pulled"), ("--stream", "streamed")] {
            client.run(&["clone", "-q", "-U", way, &url, name]);
            assert_eq!(client.contents(name), expected);
            client.run(&["-R", name, "verify", "-q"]);
            assert!(!client.path(name).join(".hg/store/data/password.i").exists());
        }
        // The successor takes the place of what the client had.
        client.run(&[
            "--config",
            "experimental.evolution=all",
            "clone",
            "-q",
            "-U",
            "--pull",
            &url,
            "evolving",
        ]);
        let markers = client.run(&[
            "-R",
            "evolving",
            "--config",
            "experimental.evolution=all",
            "debugobsolete",
        ]);
        assert_eq!(markers.lines().count(), 1, "{markers}");
    }
}

/// What a pull sends depends on the settings and the format of a server.
#[test]
fn phases_keys_and_manifests_of_directories() {
    let mut hg = Hg::new("");
    hg.init("drafts", &[]);
    fill(&mut hg, "drafts");
    hg.init("tree", &["experimental.treemanifest=1"]);
    fill(&mut hg, "tree");
    let root = hg.root().to_owned();
    let server = server_without_hg(&root, &[("phases.publish", "no")]);
    for client in Client::all() {
        let expected = served(&mut hg, "drafts", false).replace(" mark@elsewhere", "");
        for (way, name) in [("--pull", "pulled"), ("--stream", "streamed")] {
            client.run(&["clone", "-q", "-U", way, &server.url("drafts"), name]);
            assert_eq!(client.contents(name), expected, "{name}");
        }
        // A tree has another hash, so these are other changesets.
        let expected = served(&mut hg, "tree", false).replace(" mark@elsewhere", "");
        let tree = "experimental.treemanifest=1";
        client.run(&[
            "--config",
            tree,
            "clone",
            "-q",
            "-U",
            "--pull",
            &server.url("tree"),
            "tree",
        ]);
        assert_eq!(client.contents("tree"), expected);
        client.run(&["-R", "tree", "verify", "-q"]);
        client.run(&[
            "--config",
            tree,
            "clone",
            "-q",
            "-U",
            "--pull",
            "-r",
            "3",
            &server.url("tree"),
            "tree2",
        ]);
        client.run(&["-R", "tree2", "pull", "-q"]);
        client.run(&["-R", "tree2", "verify", "-q"]);
        assert_eq!(client.contents("tree2"), expected);
    }
}

/// What a writer has begun is not sent before it has ended.
#[test]
fn clones_beside_an_open_transaction_hold_what_was_before() {
    let mut hg = Hg::new("");
    hg.init("busy", &[]);
    hg.write("busy", "small", "1");
    hg.write("busy", "large", noise(120_000));
    hg.commit("busy", "before", "0 0", "u");
    let expected = served(&mut hg, "busy", true);
    let (started, go) = (hg.path("started"), hg.path("go"));
    let hook = format!(
        "hooks.pretxnclose.wait=touch {}; while [ ! -e {} ]; do sleep 0.1; done",
        started.display(),
        go.display()
    );
    // The large file outgrows its one revlog file in this transaction.
    hg.write("busy", "small", "2");
    hg.write("busy", "large", noise(240_000));
    let mut writer = Command::new(hg_program().path)
        .args([
            "commit", "-q", "-m", "not yet", "-u", "u", "--config", &hook,
        ])
        .current_dir(hg.path("busy"))
        .env("HGRCPATH", "/dev/null")
        .spawn()
        .unwrap();
    crate::support::eventually("the transaction is open", || started.exists());
    let root = hg.root().to_owned();
    let server = server_without_hg(&root, &[]);
    let url = server.url("busy");
    for client in Client::all() {
        for (way, name) in [("--pull", "pulled"), ("--stream", "streamed")] {
            client.run(&["clone", "-q", "-U", way, &url, name]);
            assert_eq!(client.contents(name), expected);
            client.run(&["-R", name, "verify", "-q"]);
        }
    }
    fs::write(&go, "").unwrap();
    assert!(writer.wait().unwrap().success());
    let expected = served(&mut hg, "busy", true);
    assert_eq!(expected.lines().count(), 2);
    for client in Client::all() {
        client.run(&["clone", "-q", "-U", "--stream", &url, "after"]);
        assert_eq!(client.contents("after"), expected);
        client.run(&["-R", "after", "verify", "-q"]);
    }
}
