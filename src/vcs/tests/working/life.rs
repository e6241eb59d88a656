//! Repositories are made, forked, imported and tidied, and nothing is reached that must not be.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use vcs::life::{
    Draft, Housekeeping, LifeError, Limits, RemotePolicy, RemoteUrl, Scheme, Source, Watch,
    relocate,
};
use vcs::{Kind, LogQuery, Repository};

use crate::commits::programs;
use crate::recipe::{Story, Work, story};

fn limits() -> Limits {
    Limits::new(Duration::from_secs(120), Some(100 << 20))
}

fn group() -> tempfile::TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

/// What two repositories of one history must agree in.
fn told(repository: &Repository) -> (Vec<String>, usize) {
    let refs = repository.refs().unwrap();
    let branches = refs
        .branches
        .iter()
        .map(|branch| format!("{} {}", branch.name, branch.id));
    let tags = refs
        .tags
        .iter()
        .map(|tag| format!("{} {}", tag.name, tag.id));
    let total = repository.log(&LogQuery::default()).unwrap().total;
    (branches.chain(tags).collect(), total)
}

#[test]
fn what_a_killed_process_left_goes_with_the_next_draft_after_a_day() {
    let group = group();
    let day = std::time::Duration::from_secs(24 * 3600);
    for (name, age) in [
        (".new-old", day * 2),
        (".new-fresh", day / 2),
        ("old", day * 9),
    ] {
        let folder = group.path().join(name);
        std::fs::create_dir_all(folder.join("objects")).unwrap();
        let then = std::time::SystemTime::now() - age;
        std::fs::File::open(&folder)
            .unwrap()
            .set_modified(then)
            .unwrap();
    }
    drop(Draft::create(&programs(), group.path(), Kind::Git, "trunk").unwrap());
    let mut left = names(group.path());
    left.sort();
    assert_eq!(left, [".new-fresh", "old"]);
}

#[test]
fn drafts_leave_nothing_unless_they_are_moved() {
    let group = group();
    for kind in [Kind::Git, Kind::Hg] {
        drop(Draft::create(&programs(), group.path(), kind, "trunk").unwrap());
        assert_eq!(names(group.path()), [""; 0]);
        let draft = Draft::create(&programs(), group.path(), kind, "trunk").unwrap();
        assert!(names(group.path())[0].starts_with(".new-"));
        assert!(draft.open().unwrap().is_empty().unwrap());
        let place = group.path().join("place");
        draft.move_to(&place).unwrap();
        assert_eq!(names(group.path()), ["place"]);
        if kind == Kind::Git {
            assert_eq!(
                std::fs::read_to_string(place.join("HEAD")).unwrap(),
                "ref: refs/heads/trunk\n"
            );
        }
        let second = Draft::create(&programs(), group.path(), kind, "trunk").unwrap();
        assert!(second.move_to(&place).is_err(), "never over what is there");
        let grave = group.path().join("rm__20200102_030405_000006__place");
        relocate(&place, &grave).unwrap();
        assert_eq!(names(group.path()).len(), 1);
        std::fs::remove_dir_all(grave).unwrap();
    }
}

#[test]
fn forks_live_on_without_the_original() {
    for kind in [Kind::Git, Kind::Hg] {
        let Story { work, ids } = story(kind);
        let group = group();
        if kind == Kind::Git {
            let last = ids[5].to_string();
            work.git(&["update-ref", "refs/heads/main", &last]);
            work.git(&["update-ref", "refs/heads/other", &ids[1].to_string()]);
            work.git(&["tag", "-a", "-m", "One", "v1", &ids[0].to_string()]);
            let secret = work.feed(
                "git",
                &["hash-object", "-w", "--stdin"],
                b"nobody names this",
            );
            let secret = String::from_utf8(secret).unwrap();
            work.git(&["update-ref", "refs/pull/1/head", &ids[3].to_string()]);
            let hook = work.path().join(".git/hooks/post-checkout");
            std::fs::write(&hook, "#!/bin/sh\nexit 1\n").unwrap();
            let original = work.open();
            let draft = Draft::fork(
                &programs(),
                group.path(),
                &original,
                limits(),
                &mut Watch::nobody(),
            )
            .unwrap();
            let wanted = told(&original);
            std::fs::remove_dir_all(work.path().join(".git")).unwrap();
            let fork = draft.open().unwrap();
            assert_eq!(told(&fork), wanted);
            let git = |arguments: &[&str]| {
                let output = Command::new("git")
                    .arg("-C")
                    .arg(fork.path())
                    .args(arguments)
                    .output()
                    .unwrap();
                (
                    output.status.success(),
                    String::from_utf8_lossy(&output.stdout).into_owned(),
                )
            };
            assert!(git(&["fsck", "--strict"]).0);
            assert!(!git(&["cat-file", "-e", secret.trim()]).0);
            assert_eq!(git(&["for-each-ref", "refs/pull"]).1, "");
            let config = std::fs::read_to_string(fork.path().join("config")).unwrap();
            assert!(!config.contains("remote"), "{config}");
        } else {
            std::fs::write(
                work.path().join(".hg/hgrc"),
                "[hooks]\noutgoing = touch hook-was-here\n",
            )
            .unwrap();
            let original = work.open();
            let draft = Draft::fork(
                &programs(),
                group.path(),
                &original,
                limits(),
                &mut Watch::nobody(),
            )
            .unwrap();
            let wanted = told(&original);
            assert!(!work.path().join("hook-was-here").exists());
            std::fs::remove_dir_all(work.path().join(".hg")).unwrap();
            assert_eq!(told(&draft.open().unwrap()), wanted);
            let place = draft.path().to_str().unwrap().to_owned();
            Work::new(Kind::Hg).run("hg", &["-R", &place, "verify", "-q"]);
            assert!(!draft.path().join(".hg/hgrc").exists());
        }
    }
}

/// A web server for files, with whatever a test needs to go wrong.
struct Server {
    port: u16,
}

#[derive(Clone, Default)]
struct Behaviour {
    folder: PathBuf,
    /// `user:password` in base64.
    login: Option<&'static str>,
    /// Where everything is sent on to.
    redirect: Option<String>,
}

impl Server {
    fn start(address: &str, behaviour: Behaviour) -> Server {
        let listener = TcpListener::bind((address, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let behaviour = behaviour.clone();
                std::thread::spawn(move || answer(client, &behaviour));
            }
        });
        Server { port }
    }

    fn url(&self, rest: &str) -> RemoteUrl {
        RemoteUrl::parse(&format!("http://127.0.0.1:{}/{rest}", self.port)).unwrap()
    }
}

fn answer(mut client: TcpStream, behaviour: &Behaviour) -> Option<()> {
    let mut lines = BufReader::new(client.try_clone().ok()?).lines();
    let first = lines.next()?.ok()?;
    let head: Vec<String> = lines
        .map_while(Result::ok)
        .take_while(|line| !line.is_empty())
        .collect();
    let target = first.split(' ').nth(1)?.split('?').next()?;
    let say = |client: &mut TcpStream, status: &str, field: &str, body: &[u8]| {
        let length = body.len();
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n{field}\r\n"
        );
        client.write_all(&[head.as_bytes(), body].concat()).ok()
    };
    if let Some(place) = &behaviour.redirect {
        let target = first.split(' ').nth(1)?;
        return say(
            &mut client,
            "301 Moved",
            &format!("Location: {place}{target}\r\n"),
            b"",
        );
    }
    if let Some(login) = behaviour.login {
        let wanted = format!("authorization: basic {}", login.to_lowercase());
        if !head.iter().any(|line| line.to_lowercase() == wanted) {
            return say(
                &mut client,
                "401 No",
                "WWW-Authenticate: Basic realm=\"x\"\r\n",
                b"",
            );
        }
    }
    match std::fs::read(behaviour.folder.join(target.trim_start_matches('/'))) {
        Ok(body) => say(&mut client, "200 OK", "", &body),
        Err(_) => say(&mut client, "404 Not Found", "", b""),
    }
}

fn local(network: &str) -> RemotePolicy {
    RemotePolicy {
        networks: vec![network.parse().unwrap()],
        ..RemotePolicy::default()
    }
}

/// A folder with the story as a bare repository that any web server can serve.
fn served() -> (Work, tempfile::TempDir) {
    let Story { work, ids } = story(Kind::Git);
    work.git(&["update-ref", "refs/heads/main", &ids[5].to_string()]);
    let folder = group();
    let place = folder.path().join("repo.git");
    work.git(&["clone", "-q", "--bare", ".", place.to_str().unwrap()]);
    let place = place.to_str().unwrap();
    work.git(&["-C", place, "repack", "-adq"]);
    work.git(&["-C", place, "update-server-info"]);
    (work, folder)
}

#[test]
fn git_imports_over_http_dial_only_what_is_allowed() {
    let (work, folder) = served();
    let group = group();
    let import = |url: &RemoteUrl, policy: &RemotePolicy| {
        Draft::import(
            &programs(),
            group.path(),
            Kind::Git,
            Source::Remote(url, policy),
            limits(),
            &mut Watch::nobody(),
        )
    };
    let files = Behaviour {
        folder: folder.path().to_owned(),
        ..Behaviour::default()
    };
    let server = Server::start("127.0.0.1", files.clone());
    let url = server.url("repo.git");
    // The story: somebody imports the database's port on this very machine.
    let refused = import(&url, &RemotePolicy::default()).unwrap_err();
    assert!(
        matches!(refused, LifeError::ForbiddenAddress { .. }),
        "{refused}"
    );
    let made = import(&url, &local("127.0.0.1")).unwrap();
    assert_eq!(told(&made.open().unwrap()), told(&work.open()));
    let config = std::fs::read_to_string(made.path().join("config")).unwrap();
    assert!(!config.contains("remote"), "{config}");

    drop(made);

    // The story: an allowed server sends us on to one that is not.
    let other = Server::start("127.0.0.2", files.clone());
    let redirect = Some(format!("http://127.0.0.2:{}", other.port));
    let sly = Server::start(
        "127.0.0.1",
        Behaviour {
            redirect,
            ..Behaviour::default()
        },
    );
    let refused = import(&sly.url("repo.git"), &local("127.0.0.1")).unwrap_err();
    assert!(
        matches!(&refused, LifeError::ForbiddenAddress { host, .. } if host == "127.0.0.2"),
        "{refused}"
    );
    assert!(import(&sly.url("repo.git"), &local("127.0.0.0/8")).is_ok());
    // Or to a file of ours.
    let redirect = Some(format!("file://{}", folder.path().display()));
    let sly = Server::start(
        "127.0.0.1",
        Behaviour {
            redirect,
            ..Behaviour::default()
        },
    );
    let refused = import(&sly.url("repo.git"), &local("127.0.0.1")).unwrap_err();
    assert!(matches!(refused, LifeError::Failed { .. }), "{refused}");

    let login = Some("bWU6czNjcmV0"); // me:s3cret
    let closed = Server::start("127.0.0.1", Behaviour { login, ..files });
    let with = |login: &str| {
        RemoteUrl::parse(&format!("http://{login}127.0.0.1:{}/repo.git", closed.port)).unwrap()
    };
    import(&with("me:s3cret@"), &local("127.0.0.1")).unwrap();
    for wrong in ["", "me:wr0ng@", "me@"] {
        let refused = import(&with(wrong), &local("127.0.0.1"))
            .unwrap_err()
            .to_string();
        assert!(!refused.contains("wr0ng"), "{refused}");
    }
    let file = RemoteUrl::parse(&format!("file://{}/repo.git", folder.path().display())).unwrap();
    assert!(matches!(
        import(&file, &RemotePolicy::default()),
        Err(LifeError::ForbiddenSource { .. })
    ));
    let schemes = vec![Scheme::File];
    import(
        &file,
        &RemotePolicy {
            schemes,
            ..RemotePolicy::default()
        },
    )
    .unwrap();
    assert_eq!(names(group.path()), [""; 0], "all drafts are gone");
}

#[test]
fn imports_end_when_time_is_over_or_somebody_says_so() {
    let group = group();
    // It takes calls and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let url = RemoteUrl::parse(&format!("http://127.0.0.1:{port}/x")).unwrap();
    let policy = local("127.0.0.1");
    let source = Source::Remote(&url, &policy);
    for kind in [Kind::Git, Kind::Hg] {
        let start = Instant::now();
        let short = Limits::new(Duration::from_secs(1), None);
        let ended = Draft::import(
            &programs(),
            group.path(),
            kind,
            source,
            short,
            &mut Watch::nobody(),
        );
        assert!(
            matches!(ended, Err(LifeError::TimedOut { .. })),
            "{ended:?}"
        );
        assert!(start.elapsed() < Duration::from_secs(60));
    }
    let ended = Draft::import(
        &programs(),
        group.path(),
        Kind::Git,
        source,
        limits(),
        &mut Watch::new(|_| false),
    );
    assert!(
        matches!(ended, Err(LifeError::Cancelled { .. })),
        "{ended:?}"
    );
    assert_eq!(names(group.path()), [""; 0]);
}

/// Ends a server, the leader of a process group, when the test does.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let group = i32::try_from(self.0.id()).ok().and_then(Pid::from_raw);
        if let Some(group) = group {
            // With those it has started.
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.0.wait();
    }
}

#[test]
fn mercurial_is_imported_from_its_own_server() {
    let Story { work, .. } = story(Kind::Hg);
    let program = programs().hg.path;
    let mut child = Command::new(program)
        .args([
            "serve",
            "--address",
            "127.0.0.1",
            "--port",
            "0",
            "--verbose",
        ])
        .current_dir(work.path())
        .env("HGRCPATH", "/dev/null")
        .process_group(0)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    // Kept open: the server goes on talking.
    let mut output = BufReader::new(child.stdout.take().unwrap());
    output.read_line(&mut line).unwrap();
    let _running = Running(child);
    let port = line
        .rsplit(':')
        .next()
        .unwrap()
        .trim_end_matches(['\n', ')']);
    let url = RemoteUrl::parse(&format!("http://127.0.0.1:{port}/")).expect(&line);
    let group = group();
    let import = |policy: &RemotePolicy, watch: &mut Watch<'_>| {
        Draft::import(
            &programs(),
            group.path(),
            Kind::Hg,
            Source::Remote(&url, policy),
            limits(),
            watch,
        )
    };
    let refused = import(&RemotePolicy::default(), &mut Watch::nobody()).unwrap_err();
    assert!(
        matches!(refused, LifeError::ForbiddenAddress { .. }),
        "{refused}"
    );
    let made = import(&local("127.0.0.1"), &mut Watch::nobody()).unwrap();
    assert_eq!(told(&made.open().unwrap()), told(&work.open()));
    assert!(!made.path().join(".hg/hgrc").exists());
    let git = RemoteUrl::parse("git://127.0.0.1/x").unwrap();
    let policy = local("127.0.0.1");
    let refused = Draft::import(
        &programs(),
        group.path(),
        Kind::Hg,
        Source::Remote(&git, &policy),
        limits(),
        &mut Watch::nobody(),
    );
    assert!(matches!(refused, Err(LifeError::ForbiddenSource { .. })));
}

#[test]
fn the_git_protocol_dials_the_address_that_was_checked() {
    let (work, folder) = served();
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let child = Command::new("git")
        .args([
            "daemon",
            "--export-all",
            "--listen=127.0.0.1",
            "--reuseaddr",
        ])
        .arg(format!("--port={port}"))
        .arg(format!("--base-path={}", folder.path().display()))
        .arg(folder.path())
        .process_group(0)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let _running = Running(child);
    for _ in 0..100 {
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let group = group();
    let url = RemoteUrl::parse(&format!("git://localhost:{port}/repo.git")).unwrap();
    let policy = local("127.0.0.1");
    let made = Draft::import(
        &programs(),
        group.path(),
        Kind::Git,
        Source::Remote(&url, &policy),
        limits(),
        &mut Watch::nobody(),
    )
    .unwrap();
    assert_eq!(told(&made.open().unwrap()), told(&work.open()));
    let open = RemotePolicy::default();
    let refused = Draft::import(
        &programs(),
        group.path(),
        Kind::Git,
        Source::Remote(&url, &open),
        limits(),
        &mut Watch::nobody(),
    );
    assert!(
        matches!(refused, Err(LifeError::ForbiddenAddress { .. })),
        "{refused:?}"
    );
    let ssh = RemoteUrl::parse("ssh://me@localhost/x").unwrap();
    let refused = Draft::import(
        &programs(),
        group.path(),
        Kind::Git,
        Source::Remote(&ssh, &policy),
        limits(),
        &mut Watch::nobody(),
    );
    assert!(
        matches!(refused, Err(LifeError::ForbiddenSource { .. })),
        "no key: {refused:?}"
    );
}

#[test]
fn pulls_bring_what_is_new() {
    for kind in [Kind::Git, Kind::Hg] {
        let Story { work, ids } = story(kind);
        let group = group();
        if kind == Kind::Git {
            work.git(&["checkout", "-q", "-B", "main", &ids[5].to_string()]);
        }
        let draft = Draft::fork(
            &programs(),
            group.path(),
            &work.open(),
            limits(),
            &mut Watch::nobody(),
        )
        .unwrap();
        let fork = draft.open().unwrap();
        let pull = || {
            fork.pull(
                &programs(),
                Source::Local(work.path()),
                limits(),
                &mut Watch::nobody(),
            )
            .unwrap()
            .journal
        };
        assert_eq!(pull(), [""; 0]);
        work.write(b"more", b"1");
        let first = work.commit("More");
        work.write(b"more", b"2");
        let second = work.commit("Still more");
        assert_eq!(pull(), [first.to_string(), second.to_string()], "{kind}");
        assert_eq!(fork.resolve("tip").unwrap(), second);
        let nowhere = fork.pull(
            &programs(),
            Source::Local(Path::new("/nonexistent")),
            limits(),
            &mut Watch::nobody(),
        );
        assert!(
            matches!(nowhere, Err(LifeError::Failed { .. })),
            "{nowhere:?}"
        );
    }
}

#[test]
fn housekeeping_makes_what_makes_things_fast() {
    let Story { work, ids } = story(Kind::Git);
    let group = group();
    work.git(&["update-ref", "refs/heads/main", &ids[5].to_string()]);
    let draft = Draft::fork(
        &programs(),
        group.path(),
        &work.open(),
        limits(),
        &mut Watch::nobody(),
    )
    .unwrap();
    let repository = draft.open().unwrap();
    let before = told(&repository);
    repository
        .housekeeping(
            &programs(),
            Housekeeping::default(),
            limits(),
            &mut Watch::nobody(),
        )
        .unwrap();
    assert_eq!(told(&repository), before);
    let packs = names(&draft.path().join("objects/pack"));
    assert!(
        packs.iter().any(|name| name.ends_with(".bitmap")),
        "{packs:?}"
    );
    let graph = std::fs::read(draft.path().join("objects/info/commit-graph")).unwrap();
    assert!(
        graph.windows(4).any(|chunk| chunk == b"BDAT"),
        "with the paths that were changed"
    );
    assert_eq!(told(&draft.open().unwrap()), before);

    let Story { work, .. } = story(Kind::Hg);
    let repository = work.open();
    repository
        .housekeeping(
            &programs(),
            Housekeeping::default(),
            limits(),
            &mut Watch::nobody(),
        )
        .unwrap();
    let folder = group.path().join("bundles");
    let make = || {
        let url = |name: &str| format!("https://example.com/bundles/{name}");
        repository
            .clone_bundle(&programs(), &folder, url, limits(), &mut Watch::nobody())
            .unwrap()
    };
    assert_eq!(make(), None, "nothing is public yet");
    work.run("hg", &["phase", "--public", "-r", "all()"]);
    let made = make().expect("a bundle");
    let manifest = std::fs::read_to_string(work.path().join(".hg/clonebundles.manifest")).unwrap();
    let name = made.file.file_name().unwrap().to_str().unwrap();
    assert_eq!(
        manifest,
        format!("https://example.com/bundles/{name} BUNDLESPEC=zstd-v2\n")
    );
    let mut start = [0; 4];
    std::fs::File::open(&made.file)
        .unwrap()
        .read_exact(&mut start)
        .unwrap();
    assert_eq!(&start, b"HG20");
    assert_eq!(make(), None, "it is there already");
    let spec = work.hg(&["debugbundle", "--spec", made.file.to_str().unwrap()]);
    assert_eq!(spec.trim(), "zstd-v2");
}
