//! The real `git` talks to us over HTTP.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::support::{
    Config, Server, ask, eventually, git, git_command, git_program, noise, processes_with,
};
use kallithea_vcs::wire::Error;
use kallithea_vcs::wire::git::{self as wire, Protocol, Service};
use tempfile::TempDir;

/// A bare repository `project` with three commits on `main`, one on `topic`, a tag, and the head of a pull request.
fn served() -> TempDir {
    let root = tempfile::tempdir().unwrap();
    let at = root.path();
    git(at, &["init", "-q", "--bare", "-b", "main", "project"]);
    git(at, &["init", "-q", "-b", "main", "work"]);
    let work = at.join("work");
    for number in 1..=3 {
        fs::write(work.join("file"), format!("line {number}\n")).unwrap();
        fs::write(work.join(format!("only-in-{number}")), noise(2000 * number)).unwrap();
        git(&work, &["add", "."]);
        git(&work, &["commit", "-q", "-m", &format!("commit {number}")]);
    }
    git(&work, &["tag", "-a", "v1", "-m", "first", "HEAD~1"]);
    git(
        &work,
        &[
            "push",
            "-q",
            "../project",
            "main",
            "v1",
            "main~1:refs/heads/topic",
            "main~2:refs/pull/1/head",
        ],
    );
    root
}

fn log(directory: &Path, revision: &str) -> String {
    git(directory, &["log", "--format=%H %s", revision])
}

#[test]
fn every_protocol_version_clones_and_fetches() {
    let root = served();
    let server = Server::git(root.path(), true);
    for version in ["0", "1", "2"] {
        let protocol = format!("protocol.version={version}");
        let clone = root.path().join(format!("clone-{version}"));
        git(
            root.path(),
            &[
                "-c",
                &protocol,
                "clone",
                "-q",
                &server.url("project"),
                clone.to_str().unwrap(),
            ],
        );
        assert_eq!(log(&clone, "main"), log(&root.path().join("work"), "main"));
        assert_eq!(git(&clone, &["tag"]), "v1\n");
        git(&clone, &["fsck", "--strict"]);
        git(
            &clone,
            &[
                "-c",
                &protocol,
                "fetch",
                "-q",
                "origin",
                "refs/pull/1/head:refs/remotes/pull/1",
            ],
        );
        assert_eq!(
            git(&clone, &["log", "--format=%s", "refs/remotes/pull/1"]),
            "commit 1\n"
        );
    }
}

#[test]
fn what_arrived_since_is_fetched() {
    let root = served();
    let server = Server::git(root.path(), true);
    let clone = root.path().join("clone");
    git(
        root.path(),
        &["clone", "-q", &server.url("project"), "clone"],
    );
    let work = root.path().join("work");
    for number in 0..150 {
        git(
            &work,
            &[
                "commit",
                "-q",
                "--allow-empty",
                "-m",
                &format!("later {number}"),
            ],
        );
        git(&work, &["tag", &format!("t{number}")]);
    }
    git(&work, &["push", "-q", "../project", "main", "--tags"]);
    git(&clone, &["commit", "-q", "--allow-empty", "-m", "own"]);
    git(&clone, &["fetch", "-q", "--tags"]);
    assert_eq!(log(&clone, "origin/main"), log(&work, "main"));
    let text = git(&clone, &["ls-remote"]);
    assert_eq!(
        text.lines().count(),
        156,
        "HEAD, two branches, a pull request, an annotated tag twice and 150 tags\n{text}"
    );
}

#[test]
fn shallow_and_partial_clones() {
    let root = served();
    let server = Server::git(root.path(), true);
    let url = server.url("project");
    git(
        root.path(),
        &["clone", "-q", "--depth", "1", &url, "shallow"],
    );
    let shallow = root.path().join("shallow");
    assert_eq!(git(&shallow, &["log", "--format=%s"]), "commit 3\n");
    git(&shallow, &["fetch", "-q", "--unshallow"]);
    assert_eq!(
        git(&shallow, &["log", "--format=%s"]),
        "commit 3\ncommit 2\ncommit 1\n"
    );

    git(
        root.path(),
        &[
            "clone",
            "-q",
            "--filter=blob:none",
            "--no-checkout",
            &url,
            "partial",
        ],
    );
    let partial = root.path().join("partial");
    let missing = git(
        &partial,
        &["rev-list", "--objects", "--missing=print", "main"],
    );
    assert_eq!(
        missing.lines().filter(|line| line.starts_with('?')).count(),
        6
    );
    // The checkout fetches what it needs.
    git(&partial, &["checkout", "-q", "main"]);
    assert_eq!(
        fs::read_to_string(partial.join("file")).unwrap(),
        "line 3\n"
    );
}

#[test]
fn pushes_tell_what_they_ask_for_and_what_landed() {
    let root = served();
    let server = Server::git(root.path(), true);
    let project = root.path().join("project");
    git(&project, &["config", "receive.denyNonFastForwards", "true"]);
    git(
        root.path(),
        &["clone", "-q", &server.url("project"), "clone"],
    );
    let clone = root.path().join("clone");
    git(&clone, &["commit", "-q", "--allow-empty", "-m", "four"]);
    git(
        &clone,
        &[
            "push",
            "-q",
            "origin",
            "main",
            "main:refs/heads/new",
            ":topic",
        ],
    );
    assert_eq!(log(&project, "main"), log(&clone, "main"));
    let updates = |server: &Server| -> (Vec<String>, Vec<String>) {
        // The client is content a moment before the server has written down what it did.
        eventually("the push is noted", || {
            !server.log.lock().unwrap().updates.is_empty()
        });
        let mut log = server.log.lock().unwrap();
        let names = |updates: Vec<wire::RefUpdate>| {
            let mut names: Vec<String> = updates
                .iter()
                .map(|update| update.name.to_string())
                .collect();
            names.sort();
            names
        };
        (
            names(std::mem::take(&mut log.updates)),
            names(std::mem::take(&mut log.landed)),
        )
    };
    let expected = ["refs/heads/main", "refs/heads/new", "refs/heads/topic"]
        .map(String::from)
        .to_vec();
    assert_eq!(updates(&server), (expected.clone(), expected));

    // The repository's own configuration holds: a rewound branch is refused, the other ref of the same push lands.
    let output = git_command(
        &clone,
        &["push", "origin", "+main~1:main", "main:refs/heads/other"],
    );
    assert!(!output.status.success());
    let (asked, landed) = updates(&server);
    assert_eq!(
        (asked.len(), landed),
        (2, vec!["refs/heads/other".to_owned()])
    );

    // Pull requests are ours: fetched by everybody, written by nobody.
    let output = git_command(&clone, &["push", "origin", "main:refs/pull/1/head"]);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("hidden ref"));
    assert_eq!(updates(&server).1, Vec::<String>::new());
    assert_eq!(
        git(&project, &["log", "--format=%s", "refs/pull/1/head"]),
        "commit 1\n"
    );
}

#[test]
fn large_pushes_come_in_chunks_after_a_probe() {
    let root = served();
    let server = Server::git(root.path(), true);
    let work = root.path().join("work");
    fs::write(work.join("large"), noise(30 << 20)).unwrap();
    git(&work, &["add", "."]);
    git(&work, &["commit", "-q", "-m", "large"]);
    git(&work, &["push", "-q", &server.url("project"), "main"]);
    assert_eq!(
        log(&root.path().join("project"), "main"),
        log(&work, "main")
    );
    git(
        root.path(),
        &["clone", "-q", &server.url("project"), "clone"],
    );
    assert_eq!(
        fs::metadata(root.path().join("clone/large")).unwrap().len(),
        30 << 20
    );
}

#[test]
fn hooks_of_the_repository_run_and_know_what_they_are_told() {
    let root = served();
    let project = root.path().join("project");
    let hook = project.join("hooks/post-receive");
    fs::write(
        &hook,
        "#!/bin/sh\necho \"hello $KALLITHEA_EXTRAS\"\ncat > received\n",
    )
    .unwrap();
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
    let mut program = git_program();
    program.environment.push((
        "KALLITHEA_EXTRAS".into(),
        "{\"username\": \"alice\"}".into(),
    ));
    let config = Config {
        root: root.path().to_owned(),
        git: Some(program),
        hg: None,
        writable: true,
    };
    let server = Server::start(config);
    let work = root.path().join("work");
    git(&work, &["commit", "-q", "--allow-empty", "-m", "four"]);
    let output = git_command(&work, &["push", &server.url("project"), "main"]);
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(
        text.contains("remote: hello {\"username\": \"alice\"}"),
        "{text}"
    );
    assert!(
        fs::read_to_string(project.join("received"))
            .unwrap()
            .ends_with(" refs/heads/main\n")
    );
}

/// A repository that was brought here from elsewhere names programs in its configuration; being pulled from must not start them.
#[test]
fn configuration_of_a_repository_starts_no_programs() {
    let root = served();
    let project = root.path().join("project");
    let trap = root.path().join("trap");
    fs::write(
        &trap,
        format!(
            "#!/bin/sh\necho \"$0 $*\" >> {}/sprung\nexec \"$@\"\n",
            root.path().display()
        ),
    )
    .unwrap();
    fs::set_permissions(&trap, fs::Permissions::from_mode(0o755)).unwrap();
    let alternate = root.path().join("work/.git/objects");
    fs::write(
        project.join("objects/info/alternates"),
        format!("{}\n", alternate.display()),
    )
    .unwrap();
    let trap_directory = root.path().join("hooks");
    fs::create_dir(&trap_directory).unwrap();
    fs::copy(&trap, trap_directory.join("post-receive")).unwrap();
    let trap = trap.to_str().unwrap();
    for key in [
        "uploadpack.packObjectsHook",
        "core.alternateRefsCommand",
        "core.fsmonitor",
        "core.sshCommand",
    ] {
        git(&project, &["config", key, trap]);
    }
    git(
        &project,
        &["config", "core.hooksPath", trap_directory.to_str().unwrap()],
    );
    let server = Server::git(root.path(), true);
    git(
        root.path(),
        &["clone", "-q", &server.url("project"), "clone"],
    );
    let clone = root.path().join("clone");
    git(&clone, &["commit", "-q", "--allow-empty", "-m", "four"]);
    git(&clone, &["push", "-q"]);
    assert!(!root.path().join("sprung").exists());
}

#[test]
fn repositories_with_a_working_copy_and_empty_ones_are_served() {
    let root = served();
    let server = Server::git(root.path(), true);
    git(root.path(), &["clone", "-q", &server.url("work"), "clone"]);
    assert_eq!(
        log(&root.path().join("clone"), "main"),
        log(&root.path().join("work"), "main")
    );
    git(
        root.path(),
        &["init", "-q", "--bare", "-b", "main", "empty"],
    );
    git(
        root.path(),
        &["clone", "-q", &server.url("empty"), "from-empty"],
    );
    git(
        &root.path().join("work"),
        &["push", "-q", &server.url("empty"), "main"],
    );
    assert_eq!(
        log(&root.path().join("empty"), "main"),
        log(&root.path().join("work"), "main")
    );
}

#[test]
fn readers_do_not_push() {
    let root = served();
    let server = Server::git(root.path(), false);
    git(
        root.path(),
        &["clone", "-q", &server.url("project"), "clone"],
    );
    let clone = root.path().join("clone");
    git(&clone, &["commit", "-q", "--allow-empty", "-m", "four"]);
    assert!(!git_command(&clone, &["push", "-q"]).status.success());
    let post = "POST /project/git-receive-pack HTTP/1.1\r\nContent-Length: 4\r\n\r\n0000";
    assert!(ask(&server, post).0.starts_with("HTTP/1.1 403"));
}

#[test]
fn the_prelude_belongs_to_versions_0_and_1() {
    let root = served();
    let project = root.path().join("project");
    let beginning = |service, protocol| {
        let mut text = String::new();
        wire::advertise(&git_program(), &project, service, protocol)
            .unwrap()
            .read_to_string(&mut text)
            .unwrap();
        text
    };
    let prelude = "001e# service=git-upload-pack\n0000";
    assert!(beginning(Service::UploadPack, Protocol::V0).starts_with(prelude));
    let text = beginning(Service::UploadPack, Protocol::V1);
    assert!(
        text.starts_with(&format!("{prelude}000eversion 1\n")),
        "{text}"
    );
    assert!(beginning(Service::UploadPack, Protocol::V2).starts_with("000eversion 2\n"));
    let text = beginning(Service::ReceivePack, Protocol::V2);
    assert!(
        text.starts_with("001f# service=git-receive-pack\n0000"),
        "{text}"
    );
    assert!(!text.contains("refs/pull/"), "hidden from pushes");
}

#[test]
fn failures_before_the_answer_are_errors() {
    let root = served();
    fs::create_dir(root.path().join("nothing")).unwrap();
    let advertise = |program: &wire::GitProgram, name: &str| {
        wire::advertise(
            program,
            &root.path().join(name),
            Service::UploadPack,
            Protocol::V0,
        )
        .map(drop)
        .unwrap_err()
    };
    match advertise(&git_program(), "nothing") {
        Error::Failed { stderr, .. } => assert!(
            stderr.contains("does not appear to be a git repository"),
            "{stderr}"
        ),
        other => panic!("{other:?}"),
    }
    assert!(matches!(
        advertise(&git_program(), "missing"),
        Error::Start { .. }
    ));
    let mut program = git_program();
    program.path = "/nonexistent/git".into();
    assert!(matches!(
        advertise(&program, "project"),
        Error::ProgramMissing {
            hint: "apt install git",
            ..
        }
    ));
}

#[test]
fn broken_bodies_are_answered_and_harm_nothing() {
    let root = served();
    let server = Server::git(root.path(), true);
    let before = git(&root.path().join("project"), &["for-each-ref"]);
    for service in ["git-upload-pack", "git-receive-pack"] {
        for body in [
            "",
            "zzzz",
            "0005",
            "ffff",
            "0032want 0000000000000000000000000000000000000001\n00000009done\n",
        ] {
            let length = body.len();
            ask(
                &server,
                &format!(
                    "POST /project/{service} HTTP/1.1\r\nContent-Length: {length}\r\n\r\n{body}"
                ),
            );
        }
        let gzip = "Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope";
        let (head, _) = ask(
            &server,
            &format!("POST /project/{service} HTTP/1.1\r\n{gzip}"),
        );
        assert!(head.starts_with("HTTP/1.1 400"), "{head}");
    }
    assert!(
        ask(&server, "GET /project/info/refs HTTP/1.1\r\n\r\n")
            .0
            .starts_with("HTTP/1.1 400")
    );
    assert_eq!(git(&root.path().join("project"), &["for-each-ref"]), before);
}

#[test]
fn a_client_that_hangs_up_leaves_no_process_and_no_lock() {
    let root = served();
    let work = root.path().join("work");
    fs::write(work.join("large"), noise(30 << 20)).unwrap();
    git(&work, &["add", "."]);
    git(&work, &["commit", "-q", "-m", "large"]);
    git(&work, &["push", "-q", "../project", "main"]);
    let server = Server::git(root.path(), true);
    let project = root.path().join("project").canonicalize().unwrap();
    let project = project.to_str().unwrap();

    // In the middle of a fetch: take a little of the pack and go.
    let head = git(&work, &["rev-parse", "main"]);
    let body = format!("0032want {head}00000009done\n");
    let request = format!(
        "POST /project/git-upload-pack HTTP/1.1\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    stream.read_exact(&mut [0; 4096]).unwrap();
    assert!(!processes_with(project).is_empty(), "it waits for us");
    drop(stream);
    eventually("the fetch has ended", || processes_with(project).is_empty());

    // In the middle of a push: announce more than is sent.
    let new = "1111111111111111111111111111111111111111";
    let line = format!("{} {new} refs/heads/x\0report-status", "0".repeat(40));
    let body = format!("{:04x}{line}0000PACK\0\0\0\x02\0\0\0\x01", line.len() + 4);
    let request =
        format!("POST /project/git-receive-pack HTTP/1.1\r\nContent-Length: 5000\r\n\r\n{body}");
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    eventually("the push has begun", || !processes_with(project).is_empty());
    drop(stream);
    eventually("the push has ended", || processes_with(project).is_empty());
    let left: Vec<_> = walk(Path::new(project))
        .into_iter()
        .filter(|path| {
            path.contains("tmp_") || path.ends_with(".lock") || path.contains("incoming")
        })
        .collect();
    assert_eq!(left, Vec::<String>::new());
    git(Path::new(project), &["fsck"]);
}

fn walk(directory: &Path) -> Vec<String> {
    let mut out = Vec::new();
    for entry in fs::read_dir(directory).unwrap().flatten() {
        out.push(entry.path().to_string_lossy().into_owned());
        if entry.path().is_dir() {
            out.extend(walk(&entry.path()));
        }
    }
    out
}
