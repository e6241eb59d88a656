//! A conversation over a pipe, as it comes by SSH, with real clients; and changesets that are made here.

use std::fs;
use std::io::{self, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::session::Hg;
use crate::support::{git_program, hg_program, noise};
use kallithea_vcs::wire::hg::{HgProgram, Pipes, Rights, session};
use kallithea_vcs::{
    CommitError, CommitRequest, FileChange, Kind, Person, Programs, RefName, RepoPath, Repository,
    Timestamp,
};

/// The server's end: this test program, started by the client in place of `ssh`, see [`Remote`]. Does nothing by itself.
#[test]
fn the_end_of_the_pipe() {
    let Some(repository) = std::env::var_os("SESSION_OF") else {
        return;
    };
    let repository = Repository::open(Path::new(&repository), Kind::Hg).unwrap();
    let access = match std::env::var_os("SESSION_WRITES") {
        Some(_) => Rights::ReadWrite,
        None => Rights::ReadOnly {
            refusal: "you may read this repository, but not push to it",
        },
    };
    let program = HgProgram {
        path: std::env::var_os("SESSION_HG").unwrap().into(),
        // As Kallithea's table `ui` has them; what the value says does not count.
        config: ["kallithea_repo_size", "kallithea_update"]
            .map(|name| (format!("hooks.changegroup.{name}"), "python:".to_owned()))
            .to_vec(),
        environment: Vec::new(),
    };
    // The usual output belongs to the test program.
    let mut output = fs::OpenOptions::new()
        .write(true)
        .open("/dev/fd/3")
        .unwrap();
    let mut moved = fs::File::create(std::env::var_os("SESSION_LOG").unwrap()).unwrap();
    let pipes = Pipes {
        input: &mut BufReader::new(io::stdin()),
        output: &mut output,
        errors: &mut io::stderr(),
    };
    session(&program, &repository, access, pipes, &mut |report| {
        writeln!(
            moved,
            "{} {}",
            report.sent_changesets,
            report.changegroups.len()
        )
        .unwrap();
    })
    .unwrap();
}

/// A client's way to a server.
struct Remote {
    directory: tempfile::TempDir,
    script: PathBuf,
}

impl Remote {
    fn new(repository: &Path, hg: &Path, writes: bool) -> Remote {
        let directory = tempfile::tempdir().unwrap();
        let script = directory.path().join("ssh.sh");
        let writes = if writes {
            "export SESSION_WRITES=1"
        } else {
            ""
        };
        let text = format!(
            "exec 3>&1 >/dev/null\nexport SESSION_OF='{}' SESSION_HG='{}' SESSION_LOG='{}'\n{writes}\nexec '{}' --exact session::the_end_of_the_pipe --nocapture\n",
            repository.display(),
            hg.display(),
            directory.path().join("log").display(),
            std::env::current_exe().unwrap().display(),
        );
        fs::write(&script, text).unwrap();
        Remote { directory, script }
    }

    /// What the last conversation has moved: lines of whether something was sent, and how many changegroups came.
    fn log(&self) -> String {
        fs::read_to_string(self.directory.path().join("log")).unwrap()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn try_run(&self, client: &Path, arguments: &[&str]) -> (bool, String) {
        let output = Command::new(client)
            .args(["--config", &format!("ui.ssh=sh {}", self.script.display())])
            .args(arguments)
            .current_dir(self.directory.path())
            .env("HGRCPATH", "/dev/null")
            .env("HGPLAIN", "1")
            .env("HGUSER", "alice")
            .output()
            .unwrap();
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&text).into_owned();
        (output.status.success(), text)
    }

    fn run(&self, client: &Path, arguments: &[&str]) -> String {
        let (success, text) = self.try_run(client, arguments);
        assert!(success, "{arguments:?}: {text}");
        text
    }
}

fn clients() -> Vec<PathBuf> {
    let old = std::env::var_os("KALLITHEA_TEST_OLD_HG").map(PathBuf::from);
    [Some(hg_program().path), old]
        .into_iter()
        .flatten()
        .collect()
}

#[test]
fn clients_read_and_write_through_a_pipe() {
    let mut hg = Hg::new("");
    hg.init("r", &[]);
    hg.run("r", &["debugbuilddag", "-n", "+5:f+3<f+2@other+2"]);
    hg.write("r", "large", noise(500_000));
    hg.commit("r", "large", "0 0", "u");
    hg.run("r", &["update", "-q", "null"]);
    let url = "ssh://nobody@nowhere/r";
    for (number, client) in clients().into_iter().enumerate() {
        // To read, no hg is needed.
        let reader = Remote::new(&hg.path("r"), Path::new("/nonexistent/hg"), false);
        reader.run(&client, &["clone", "-q", "-U", url, "clone"]);
        assert_eq!(reader.log(), "true 0\n");
        reader.run(&client, &["clone", "-q", "-U", "--stream", url, "stream"]);
        reader.run(&client, &["-R", "stream", "verify", "-q"]);
        let heads = |path: &Path| {
            let path = path.to_str().unwrap();
            reader.run(
                &client,
                &[
                    "-R",
                    path,
                    "log",
                    "-r",
                    "sort(head(), 'node')",
                    "-T",
                    "{node} ",
                ],
            )
        };
        assert_eq!(heads(&reader.path("clone")), heads(&hg.path("r")));
        assert_eq!(heads(&reader.path("stream")), heads(&hg.path("r")));
        reader.run(&client, &["-R", "clone", "update", "-q", "other"]);
        fs::write(reader.path("clone/new"), noise(300_000 + number)).unwrap();
        reader.run(
            &client,
            &["--cwd", "clone", "commit", "-q", "-A", "-m", "new"],
        );
        let (pushed, text) = reader.try_run(&client, &["-R", "clone", "push"]);
        assert!(!pushed && text.contains("not push to it"), "{text}");
        assert_ne!(heads(&reader.path("clone")), heads(&hg.path("r")));

        // To write, the server's hg does it, and its hooks speak to the client.
        let writer = Remote::new(&hg.path("r"), &hg_program().path, true);
        fs::write(
            hg.path("r/.hg/hgrc"),
            "[hooks]\nchangegroup.say = echo welcome\n",
        )
        .unwrap();
        let clone = reader.path("clone");
        let clone = clone.to_str().unwrap();
        let text = writer.run(&client, &["-R", clone, "push", "--new-branch"]);
        assert!(text.contains("remote: welcome\n"), "{text}");
        assert!(text.contains("remote: Repository size .hg: "), "{text}");
        let tip = hg.run("r", &["log", "-r", "tip", "-T", "r{rev}:{node|short}"]);
        let last = format!("remote: Last revision is now {tip}\n");
        assert!(text.contains(&last), "{text}");
        assert_ne!(
            hg.run("r", &["id", "-n"]),
            "-1\n",
            "it has a working copy now"
        );
        fs::remove_file(hg.path("r/.hg/hgrc")).unwrap();
    }
}

/// What a hook prints is with the client while the hook still runs: this one goes on only when somebody has seen its first line.
#[test]
fn hooks_are_heard_while_they_run() {
    let mut hg = Hg::new("");
    hg.init("r", &[]);
    let remote = Remote::new(&hg.path("r"), &hg_program().path, true);
    let script = fs::read_to_string(&remote.script).unwrap();
    let heard = remote.path("heard");
    let script = script.replace("--nocapture", &format!("--nocapture 2>{}", heard.display()));
    fs::write(&remote.script, script).unwrap();
    let seen = remote.path("seen");
    let hook = format!(
        "echo first; for i in $(seq 300); do test -e '{}' && echo second && exit 0; sleep 0.1; done; exit 1",
        seen.display()
    );
    let hgrc = format!("[hooks]\npretxnchangegroup.wait = {hook}\n");
    fs::write(hg.path("r/.hg/hgrc"), hgrc).unwrap();
    hg.init("work", &[]);
    hg.run("work", &["debugbuilddag", "-n", "+3"]);
    let work = hg.path("work");
    let client = hg_program().path;
    let url = "ssh://nobody@nowhere/r";
    let arguments = ["-R", work.to_str().unwrap(), "push", url];
    std::thread::scope(|scope| {
        let push = scope.spawn(|| remote.run(&client, &arguments));
        while !push.is_finished() {
            if fs::read_to_string(&heard).is_ok_and(|text| text.contains("first\n")) {
                fs::write(&seen, "").unwrap();
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        push.join().unwrap();
    });
    let text = fs::read_to_string(&heard).unwrap();
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let at = |line: &str| lines.iter().position(|found| *found == line);
    assert!(
        at("first") < at("second") && at("first").is_some(),
        "{text}"
    );
    assert!(text.contains("Repository size .hg: "), "{text}");
}

fn programs() -> Programs {
    Programs {
        git: git_program(),
        hg: hg_program(),
    }
}

fn request(parent: Option<kallithea_vcs::ChangesetId>, name: &str, content: &str) -> CommitRequest {
    CommitRequest {
        branch: RefName::new("default"),
        new_branch: false,
        parent,
        author: Person {
            name: "Carol".into(),
            email: "carol@example.com".into(),
            raw: String::new(),
        },
        date: Timestamp {
            seconds: 1_700_009_999,
            offset_east: 5400,
        },
        message: "From the web".into(),
        changes: vec![FileChange::Create {
            path: RepoPath::parse(name.as_bytes()).unwrap(),
            content: content.into(),
            executable: true,
        }],
    }
}

/// Mercurial takes what is made on the web, from the first changeset of a repository on, and nobody's work is lost.
#[test]
fn changesets_from_the_web_arrive() {
    let mut hg = Hg::new("");
    hg.init("r", &[]);
    let repository = Repository::open(&hg.path("r"), Kind::Hg).unwrap();
    let first = repository.commit(&programs(), &request(None, "a", "1"));
    let first = first.unwrap();
    assert_eq!(first.journal, [first.id.to_string()]);
    let mut rename = request(Some(first.id), "x", "");
    rename.changes = vec![FileChange::Rename {
        from: RepoPath::parse(b"a").unwrap(),
        to: RepoPath::parse(b"dir/b").unwrap(),
        content: None,
    }];
    let second = repository.commit(&programs(), &rename).unwrap();
    let template = "{node} {author} {date|hgdate} {file_copies} {files % '{file} '}\n";
    let told = hg.run("r", &["log", "-r", "tip", "-C", "-T", template]);
    let expected = format!(
        "{} Carol <carol@example.com> 1700009999 -5400 dir/b (a) a dir/b \n",
        second.id
    );
    assert_eq!(told, expected);
    assert_eq!(
        hg.run("r", &["manifest", "-v", "-r", "tip"]),
        "755 * dir/b\n"
    );
    // Whoever saw the first one is too late.
    let late = repository.commit(&programs(), &request(Some(first.id), "c", "late"));
    assert!(
        matches!(&late, Err(CommitError::Moved { found: Some(found), .. }) if *found == second.id),
        "{late:?}"
    );
    // A hook may refuse, and says why.
    let hook = "[hooks]\npretxnchangegroup.no = echo not today; false\n";
    fs::write(hg.path("r/.hg/hgrc"), hook).unwrap();
    match repository.commit(&programs(), &request(Some(second.id), "c", "refused")) {
        Err(CommitError::Refused { said, .. }) => assert!(said.contains("not today"), "{said}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(
        hg.run("r", &["log", "-r", "tip", "-T", "{node}"]),
        second.id.to_string()
    );
    hg.run("r", &["verify", "-q"]);
}
