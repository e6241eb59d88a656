//! The real `hg` talks to us over HTTP.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::support::{
    Config, Server, ask, eventually, hg, hg_command, hg_program, noise, processes_with,
};
use kallithea_vcs::wire::child::Launch;
use kallithea_vcs::wire::hg::Report;
use tempfile::TempDir;

/// A repository `project` with three changesets on `default` and one on `stable`, a tag and a bookmark, and an empty one.
fn served() -> TempDir {
    // Made once and copied, because each start of `hg` takes its time.
    static MADE: OnceLock<TempDir> = OnceLock::new();
    let made = MADE.get_or_init(|| {
        let root = tempfile::tempdir().unwrap();
        hg(root.path(), &["init", "empty"]);
        hg(root.path(), &["init", "project"]);
        let project = root.path().join("project");
        for number in 1..=3 {
            commit(&project, &format!("commit {number}"));
        }
        hg(&project, &["tag", "v1"]);
        hg(&project, &["branch", "-q", "stable"]);
        commit(&project, "on stable");
        hg(&project, &["bookmark", "-r", "1", "mark"]);
        hg(&project, &["update", "-q", "null"]);
        root
    });
    let root = tempfile::tempdir().unwrap();
    let copied = Command::new("cp")
        .arg("-r")
        .arg(made.path().join("."))
        .arg(root.path())
        .status();
    assert!(copied.unwrap().success());
    root
}

fn commit(repository: &Path, message: &str) {
    fs::write(repository.join("file"), format!("{message}\n")).unwrap();
    hg(repository, &["commit", "-q", "-A", "-m", message]);
}

fn clone(server: &Server, root: &TempDir, name: &str, more: &[&str]) -> PathBuf {
    let url = server.url("project");
    let mut arguments = vec!["clone", "-q", &url, name];
    arguments.extend(more);
    hg(root.path(), &arguments);
    root.path().join(name)
}

fn log(repository: &Path) -> String {
    hg(repository, &["log", "-T", "{node} {branch} {desc}\n"])
}

/// What the last requests have moved, once at least one of them has moved anything.
fn moved(server: &Server) -> Vec<Report> {
    let all = || -> Vec<Report> {
        let log = server.log.lock().unwrap();
        log.reports
            .iter()
            .filter(|report| **report != Report::default())
            .cloned()
            .collect()
    };
    eventually("something is reported", || !all().is_empty());
    let reports = all();
    server.log.lock().unwrap().reports.clear();
    reports
}

#[test]
fn clones_pulls_and_questions() {
    let root = served();
    let server = Server::hg(root.path(), true);
    let project = root.path().join("project");
    let url = server.url("project");
    let clone = clone(&server, &root, "clone", &[]);
    assert_eq!(log(&clone), log(&project));
    assert_eq!(hg(&clone, &["bookmarks", "-T", "{bookmark}\n"]), "mark\n");
    hg(&clone, &["verify", "-q"]);
    assert!(
        moved(&server)
            .iter()
            .any(|report| report.sent_changesets && report.changegroups.is_empty())
    );

    commit(&project, "later");
    assert!(hg(&clone, &["incoming", "-T", "{desc}\n"]).ends_with("\nlater\n"));
    hg(&clone, &["pull", "-q", "-u"]);
    assert_eq!(log(&clone), log(&project));
    assert_eq!(
        hg_command(&clone, &["incoming", "-q"]).status.code(),
        Some(1)
    );
    assert_eq!(
        hg_command(&clone, &["outgoing", "-q"]).status.code(),
        Some(1)
    );
    let tip = hg(&project, &["log", "-r", "tip", "-T", "{node|short}"]);
    assert_eq!(
        hg(&clone, &["identify", "-i", &url, "-r", "tip"]).trim(),
        tip
    );
    assert_eq!(
        hg(&clone, &["identify", "-i", &url, "-r", "mark"]).len(),
        13
    );
    assert!(
        !hg_command(&clone, &["identify", &url, "-r", "nothing"])
            .status
            .success()
    );
    hg(
        root.path(),
        &["clone", "-q", &server.url("empty"), "from-empty"],
    );
}

#[test]
fn stream_clones_and_clients_of_old() {
    let root = served();
    let server = Server::hg(root.path(), true);
    let project = root.path().join("project");
    let stream = clone(&server, &root, "stream", &["--stream"]);
    assert_eq!(log(&stream), log(&project));
    hg(&stream, &["verify", "-q"]);
    assert!(moved(&server).iter().any(|report| report.sent_changesets));
    let requests = server.log.lock().unwrap().requests.join("\n");
    assert!(requests.contains("cmd=getbundle"), "{requests}");
    for (name, setting) in [
        ("zlib", "experimental.httppeer.advertise-v2=False"),
        ("bundle1", "devel.legacy.exchange=bundle1"),
    ] {
        let clone = clone(&server, &root, name, &["--config", setting]);
        assert_eq!(log(&clone), log(&project), "{name}");
    }
}

#[test]
fn pushes_of_both_kinds_report_what_arrived() {
    let root = served();
    let server = Server::hg(root.path(), true);
    let project = root.path().join("project");
    let clone = clone(&server, &root, "clone", &["-u", "default"]);
    moved(&server);
    for (number, more) in [&[][..], &["--config", "devel.legacy.exchange=bundle1"]]
        .iter()
        .enumerate()
    {
        commit(&clone, &format!("first {number}"));
        commit(&clone, &format!("second {number}"));
        hg(&clone, &[&["push"], *more].concat());
        assert_eq!(log(&clone), log(&project));
        let node = |revision| hg(&clone, &["log", "-r", revision, "-T", "{node}"]);
        let reports = moved(&server);
        let groups: Vec<_> = reports
            .iter()
            .flat_map(|report| &report.changegroups)
            .collect();
        assert_eq!(groups.len(), 1);
        assert_eq!(
            (groups[0].first.as_str(), groups[0].last.as_str()),
            (&node("tip~1")[..], &node("tip")[..])
        );
        // Nothing to push, and a head too many.
        assert_eq!(hg_command(&clone, &["push"]).status.code(), Some(1));
    }
    hg(&clone, &["update", "-q", "tip~2"]);
    commit(&clone, "another head");
    let output = hg_command(&clone, &["push"]);
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("new remote head"),
        "{output:?}"
    );
    hg(&clone, &["push", "-q", "-f"]);
    hg(&clone, &["branch", "-q", "feature"]);
    commit(&clone, "on a branch");
    assert!(!hg_command(&clone, &["push"]).status.success());
    hg(&clone, &["push", "-q", "--new-branch"]);
    assert_eq!(log(&clone), log(&project));
    hg(&clone, &["push", "-q", "-f", &server.url("empty")]);
    assert_eq!(log(&root.path().join("empty")), log(&clone));
}

#[test]
fn bookmarks_and_phases_move() {
    let root = served();
    fs::write(
        root.path().join("project/.hg/hgrc"),
        "[phases]\npublish = False\n",
    )
    .unwrap();
    let server = Server::hg(root.path(), true);
    let project = root.path().join("project");
    let clone = clone(&server, &root, "clone", &["-u", "default"]);
    commit(&clone, "draft");
    hg(&clone, &["bookmark", "new"]);
    hg(&clone, &["push", "-q", "-B", "new"]);
    assert_eq!(
        hg(&project, &["log", "-r", "new", "-T", "{phase} {desc}"]),
        "draft draft"
    );
    // A phase alone: known changesets become public on the other side.
    hg(&clone, &["phase", "-q", "-p", "new"]);
    hg_command(&clone, &["push", "-q", "-r", "new"]);
    assert_eq!(
        hg(&project, &["log", "-r", "new", "-T", "{phase}"]),
        "public"
    );
    // A bookmark alone, by bundle2 and by the command `pushkey`.
    hg(&clone, &["bookmark", "-f", "-r", "0", "mark"]);
    hg_command(&clone, &["push", "-q", "-B", "mark"]);
    assert_eq!(hg(&project, &["log", "-r", "mark", "-T", "{rev}"]), "0");
    let node = hg(&clone, &["log", "-r", "1", "-T", "{node}"]);
    let old = hg(&clone, &["log", "-r", "0", "-T", "{node}"]);
    let url = server.url("project");
    hg(
        &clone,
        &["debugpushkey", &url, "bookmarks", "mark", &old, &node],
    );
    assert_eq!(hg(&project, &["log", "-r", "mark", "-T", "{rev}"]), "1");
}

#[test]
fn hooks_speak_to_the_client_and_may_refuse() {
    let root = served();
    let mut program = hg_program();
    program.config.push((
        "hooks.changegroup.say".to_owned(),
        "echo \"hello $KALLITHEA_EXTRAS\"".to_owned(),
    ));
    let refuse = root.path().join("refuse");
    program.config.push((
        "hooks.pretxnchangegroup.no".to_owned(),
        format!("test ! -e {}", refuse.display()),
    ));
    program
        .environment
        .push(("KALLITHEA_EXTRAS".into(), "{alice}".into()));
    let config = Config {
        root: root.path().to_owned(),
        git: None,
        hg: Some(program),
        writable: true,
    };
    let server = Server::start(config);
    let clone = clone(&server, &root, "clone", &["-u", "default"]);
    for more in [&[][..], &["--config", "devel.legacy.exchange=bundle1"]] {
        commit(&clone, &format!("good {}", more.len()));
        let text = hg(&clone, &[&["push"], more].concat());
        assert!(text.contains("remote: hello {alice}"), "{text}");
        commit(&clone, &format!("bad {}", more.len()));
        fs::write(&refuse, "").unwrap();
        let output = hg_command(&clone, &[&["push"], more].concat());
        assert!(!output.status.success());
        let text =
            String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert!(
            text.contains("pretxnchangegroup.no hook exited with status 1"),
            "{text}"
        );
        fs::remove_file(&refuse).unwrap();
    }
}

#[test]
fn readers_pull_and_do_not_push() {
    let root = served();
    let server = Server::hg(root.path(), false);
    let clone = clone(&server, &root, "clone", &["-u", "default"]);
    commit(&clone, "mine");
    assert!(!hg_command(&clone, &["push"]).status.success());
    let node = "0".repeat(40);
    for (query, header) in [
        ("cmd=unbundle&heads=666f726365", String::new()),
        (
            "cmd=pushkey&namespace=bookmarks&key=x&old=&new=",
            String::new(),
        ),
        (
            "cmd=batch",
            format!(
                "X-HgArg-1: cmds=heads+%3Bpushkey+namespace%3Dbookmarks%2Ckey%3Dx%2Cold%3D%2Cnew%3D{node}\r\n"
            ),
        ),
        ("cmd=batch", "X-HgArg-1: cmds=pushkey+\r\n".to_owned()),
        ("cmd=evoext", String::new()),
    ] {
        let (head, _) = ask(
            &server,
            &format!("GET /project?{query} HTTP/1.1\r\n{header}\r\n"),
        );
        assert!(head.starts_with("HTTP/1.1 403"), "{query} {header}: {head}");
    }
    let (head, body) = ask(
        &server,
        "GET /project?cmd=batch HTTP/1.1\r\nX-HgArg-1: cmds=heads+%3Blookup+key%3Dmark\r\n\r\n",
    );
    assert!(head.contains("application/mercurial-0.1"), "{head}");
    let text = String::from_utf8(body).unwrap();
    assert!(text.contains("\n;1 "), "{text}");
}

#[test]
fn requests_that_make_no_sense_are_answered() {
    let root = served();
    let server = Server::hg(root.path(), true);
    for (query, status, kind) in [
        ("cmd=nonsense", "200", "application/hg-error"),
        ("cmd=changegroup&roots=zz", "400", ""),
        (
            "cmd=getbundle&heads=1111111111111111111111111111111111111111",
            "200",
            "application/hg-error",
        ),
        ("cmd=getlfile&sha=../../../../etc/passwd", "400", ""),
        ("cmd=lookup", "400", ""),
        ("cmd=heads&cmd=heads", "400", ""),
        ("style=raw", "400", ""),
        ("cmd=heads", "200", "application/mercurial-0.1"),
    ] {
        let (head, _) = ask(&server, &format!("GET /project?{query} HTTP/1.1\r\n\r\n"));
        assert!(
            head.starts_with(&format!("HTTP/1.1 {status}")),
            "{query}: {head}"
        );
        assert!(head.contains(kind), "{query}: {head}");
    }
    for payload in [
        "",
        "garbage",
        "HG10UN",
        "HG20",
        "HG20\0\0\0\0\0\0\0\x05x",
        "HG99",
    ] {
        let length = payload.len();
        let post = format!(
            "POST /project?cmd=unbundle&heads=666f726365 HTTP/1.1\r\nContent-Length: {length}\r\n\r\n{payload}"
        );
        ask(&server, &post);
    }
    hg(&root.path().join("project"), &["verify", "-q"]);
    // Somebody else was faster: the heads of the request are not those of the repository, and the payload is no command.
    let payload = "pushkey\nnamespace 9\nbookmarkskey 1\nxnew 0\nold 0\n";
    let request = format!(
        "POST /project?cmd=unbundle&heads={} HTTP/1.1\r\nContent-Length: {}\r\n\r\n{payload}",
        "1".repeat(40),
        payload.len()
    );
    let (_, body) = ask(&server, &request);
    let text = String::from_utf8_lossy(&body).into_owned();
    assert!(text.starts_with("0\nrepository changed"), "{text}");
}

#[test]
fn a_client_that_hangs_up_leaves_no_process_and_no_lock() {
    let root = served();
    let server = Server::hg(root.path(), true);
    let project = root.path().join("project");
    let path = project.to_str().unwrap().to_owned();
    fs::write(project.join("large"), noise(30 << 20)).unwrap();
    hg(&project, &["update", "-q", "default"]);
    hg(&project, &["commit", "-q", "-A", "-m", "large"]);
    let before = log(&project);

    // With a hook that may forbid it, the sending is left to a child.
    fs::write(project.join(".hg/hgrc"), "[hooks]\npreoutgoing = true\n").unwrap();
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream
        .write_all(b"GET /project?cmd=getbundle HTTP/1.1\r\n\r\n")
        .unwrap();
    stream.read_exact(&mut [0; 4096]).unwrap();
    assert!(!processes_with(&path).is_empty(), "it waits for us");
    drop(stream);
    eventually("the pull has ended", || processes_with(&path).is_empty());

    // In the middle of the payload.
    let mut stream = TcpStream::connect(server.address).unwrap();
    let head =
        "POST /project?cmd=unbundle&heads=666f726365 HTTP/1.1\r\nContent-Length: 500000\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&[b'x'; 200_000]).unwrap();
    eventually("the push has begun", || !processes_with(&path).is_empty());
    drop(stream);
    eventually("the push has ended", || processes_with(&path).is_empty());
    assert!(fs::symlink_metadata(project.join(".hg/store/lock")).is_err());
    assert!(fs::symlink_metadata(project.join(".hg/wlock")).is_err());
    assert_eq!(log(&project), before);
}

/// The stream is dropped while a hook holds the transaction of a push open.
#[test]
fn a_push_that_is_given_up_is_rolled_back() {
    let root = served();
    let project = root.path().join("project");
    let clone = root.path().join("clone");
    hg(root.path(), &["clone", "-q", "project", "clone"]);
    commit(&clone, "never to arrive");
    hg(
        &clone,
        &[
            "bundle",
            "-q",
            "--type",
            "none-v2",
            "../bundle",
            "../project",
        ],
    );
    let payload = fs::read(root.path().join("bundle")).unwrap();
    let before = log(&project);
    let marker = root.path().join("in-transaction");
    let hook = format!(
        "hooks.pretxnclose.wait=touch {}; sleep 9876543",
        marker.display()
    );
    let mut launch = Launch::new(&hg_program().path, "");
    launch
        .env("HGRCPATH", "/dev/null")
        .env("HGPLAIN", "1")
        .arg("--config")
        .arg(hook);
    launch
        .arg("-R")
        .arg(&project)
        .arg("debugserve")
        .arg("--sshstdio");
    let mut child = launch.start().unwrap();
    let framed = format!("unbundle\nheads 10\n666f726365{}\n", payload.len());
    child.feed(&mut framed.as_bytes()).unwrap();
    child.feed(&mut &payload[..]).unwrap();
    child.feed(&mut &b"0\n"[..]).unwrap();
    eventually("the transaction is open", || marker.exists());
    assert!(fs::symlink_metadata(project.join(".hg/store/lock")).is_ok());
    drop(child);
    eventually("the hook has ended", || {
        processes_with("sleep 9876543").is_empty()
    });
    assert!(fs::symlink_metadata(project.join(".hg/store/lock")).is_err());
    assert_eq!(log(&project), before);
    hg(&project, &["verify", "-q"]);
}
