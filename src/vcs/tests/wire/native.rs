//! What is answered without `hg` is what `hg` answers.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use crate::support::{Config, Server, hg, hg_program};
use kallithea_vcs::wire::hg::{self as wire, HgProgram, Request};
use kallithea_vcs::{Kind, Repository};
use tempfile::TempDir;

/// A server with the settings of a usual instance, whose `hg` leaves a line in a file each time it starts.
struct Counting {
    program: HgProgram,
    starts: PathBuf,
}

impl Counting {
    fn new(directory: &Path) -> Counting {
        let (script, starts) = (directory.join("counting-hg"), directory.join("starts"));
        let mut program = hg_program();
        let hg = Command::new("sh")
            .arg("-c")
            .arg("command -v \"$0\"")
            .arg(&program.path)
            .output()
            .unwrap();
        let text = format!(
            "#!/bin/sh\necho start >> '{}'\nexec {} \"$@\"\n",
            starts.display(),
            String::from_utf8(hg.stdout).unwrap().trim()
        );
        // Not by ourselves: what is open for writing while another thread starts a program cannot be executed.
        let written = Command::new("sh")
            .arg("-c")
            .arg("printf %s \"$1\" > \"$0\" && chmod +x \"$0\"")
            .arg(&script)
            .arg(&text)
            .status();
        assert!(written.unwrap().success());
        program.path = script;
        program.config = [
            ("extensions.largefiles", ""),
            ("hooks.changegroup.say", "true"),
            ("web.push_ssl", "False"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        Counting { program, starts }
    }

    /// How many were started since the last time.
    fn started(&self) -> usize {
        let count = fs::read_to_string(&self.starts).map_or(0, |text| text.lines().count());
        fs::write(&self.starts, "").unwrap();
        count
    }

    fn ask(&self, repository: &Repository, name: &str, arguments: &[(&str, &str)]) -> Vec<u8> {
        let mut query = format!("cmd={name}");
        for (name, value) in arguments {
            query.push_str(&format!("&{name}="));
            for byte in value.bytes() {
                query.push_str(&format!("%{byte:02x}"));
            }
        }
        let request = Request::parse(&query, &|_| None, &mut std::io::empty()).unwrap();
        let answer = wire::answer(&self.program, repository, &request, &mut std::io::empty());
        let mut answer = answer.unwrap();
        assert_eq!(answer.content_type, "application/mercurial-0.1", "{query}");
        let mut body = Vec::new();
        answer.body.read_to_end(&mut body).unwrap();
        assert_eq!(answer.length, Some(body.len() as u64));
        body
    }

    /// What one `hg` says to all these questions.
    fn reference(&self, repository: &Path, questions: &[Question]) -> Vec<Vec<u8>> {
        let hgrc = repository.with_extension("rc");
        let rows = self.program.config.iter().map(|(name, value)| {
            let (section, key) = name.split_once('.').unwrap();
            format!("[{section}]\n{key} = {value}\n")
        });
        fs::write(&hgrc, rows.collect::<String>()).unwrap();
        let mut child = Command::new(hg_program().path)
            .arg("-R")
            .arg(repository)
            .args(["debugserve", "--sshstdio"])
            .env("HGRCPATH", &hgrc)
            .env("HGPLAIN", "1")
            .env("HGENCODING", "UTF-8")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut text = String::new();
        for (name, arguments) in questions {
            text += &format!("{name}\n");
            for (argument, value) in arguments {
                text += &format!("{argument} {}\n{value}", value.len());
            }
            if ["known", "batch"].contains(&&name[..]) {
                text += "* 0\n";
            }
        }
        let mut input = child.stdin.take().unwrap();
        let writer = std::thread::spawn(move || input.write_all(text.as_bytes()).unwrap());
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        let mut rest = &output.stdout[..];
        let answers = questions.iter().map(|question| {
            let end = rest.iter().position(|byte| *byte == b'\n').unwrap();
            let length = std::str::from_utf8(&rest[..end]).unwrap();
            let length: usize = length.parse().unwrap_or_else(|_| panic!("{question:?}"));
            let (answer, after) = rest[end + 1..].split_at(length);
            rest = after;
            answer.to_vec()
        });
        let answers = answers.collect();
        assert!(rest.is_empty());
        answers
    }
}

type Question = (String, Vec<(&'static str, String)>);

fn question(name: &str, arguments: &[(&'static str, &str)]) -> Question {
    let arguments = arguments
        .iter()
        .map(|(name, value)| (*name, (*value).to_owned()));
    (name.to_owned(), arguments.collect())
}

/// Repositories of all kinds, made once:
///
/// * `empty`;
/// * `plain`: branches with names of all kinds, one of them closed, a tag, bookmarks, all drafts and public ones served;
/// * `secret`: the same with a secret head on which another bookmark lies;
/// * `nothing`: the same with nothing but secrets;
/// * `drafts`: one that does not publish;
/// * `obsolete`: with a hidden head that is a root of the drafts, and an obsolete changeset that is still built upon.
fn made() -> &'static Path {
    static MADE: OnceLock<TempDir> = OnceLock::new();
    let made = MADE.get_or_init(|| {
        let root = tempfile::tempdir().unwrap();
        let run = |name: &str, arguments: &[&str]| hg(&root.path().join(name), arguments);
        for name in ["empty", "plain", "obsolete"] {
            hg(root.path(), &["init", name]);
        }
        run("plain", &["debugbuilddag", "+3:f+2<f+3@\"feature/x\"+2"]);
        run("plain", &["update", "-q", "feature/x"]);
        run("plain", &["branch", "-q", "dead; br ä,="]);
        let file = root.path().join("plain/file");
        fs::write(&file, "text").unwrap();
        run("plain", &["commit", "-q", "-A", "-m", "on a branch"]);
        run("plain", &["commit", "-q", "--close-branch", "-m", "closed"]);
        run("plain", &["update", "-q", "default"]);
        run("plain", &["tag", "-r", "1", "täg with space"]);
        run("plain", &["phase", "--public", "-r", "4"]);
        run(
            "plain",
            &[
                "bookmark",
                "-r",
                "1",
                "mark",
                "mark@other",
                "@",
                "zeichen ü",
            ],
        );
        run("plain", &["update", "-q", "null"]);
        let copy = |name: &str| {
            let copied = Command::new("cp")
                .arg("-r")
                .args([root.path().join("plain"), root.path().join(name)])
                .status();
            assert!(copied.unwrap().success());
        };
        for name in ["secret", "nothing", "drafts"] {
            copy(name);
        }
        run("secret", &["bookmark", "-r", "default", "hidden"]);
        run(
            "secret",
            &["phase", "-q", "-f", "--secret", "-r", "default"],
        );
        run("nothing", &["phase", "-q", "-f", "--secret", "-r", "0"]);
        let hgrc = "[paths]\ndefault = /nowhere\n[phases]\npublish = no\n";
        fs::write(root.path().join("drafts/.hg/hgrc"), hgrc).unwrap();
        run("obsolete", &["debugbuilddag", "+2:f+2<f+2"]);
        run("obsolete", &["phase", "--public", "-r", "1"]);
        let nodes = run("obsolete", &["log", "-r", "2+4+5", "-T", "{node}\n"]);
        for node in nodes.lines() {
            let evolution = "experimental.evolution=all";
            run("obsolete", &["debugobsolete", "--config", evolution, node]);
        }
        root
    });
    made.path()
}

const FIXTURES: [&str; 6] = ["empty", "plain", "secret", "nothing", "drafts", "obsolete"];

fn served(root: &Path, name: &str) -> (PathBuf, Repository) {
    let copied = Command::new("cp")
        .arg("-r")
        .args([made().join(name), root.join(name)])
        .status();
    assert!(copied.unwrap().success());
    let path = root.join(name);
    let repository = Repository::open(&path, Kind::Hg).unwrap();
    (path, repository)
}

fn sorted(answer: &[u8]) -> Vec<Vec<&[u8]>> {
    let parts = answer.split(|byte| *byte == b';');
    let lines = parts.map(|part| {
        let mut lines: Vec<_> = part.split(|byte| *byte == b'\n').collect();
        lines.sort_unstable();
        lines
    });
    lines.collect()
}

#[test]
fn answers_are_those_of_mercurial() {
    let root = tempfile::tempdir().unwrap();
    let counting = Counting::new(root.path());
    let null = "0".repeat(40);
    for fixture in FIXTURES {
        let (path, repository) = served(root.path(), fixture);
        let all = hg(
            &path,
            &["log", "--hidden", "-r", "sort(all())", "-T", "{node} "],
        );
        let mut nodes = format!("{all}{null} {}", "1".repeat(40));
        let heads = counting.ask(&repository, "heads", &[]);
        let heads = String::from_utf8(heads).unwrap();
        let heads = Some(heads.trim())
            .filter(|heads| !heads.is_empty())
            .unwrap_or(&null);
        let (first, last) = (
            heads.split(' ').next().unwrap(),
            heads.split(' ').next_back().unwrap(),
        );
        let pairs = format!("{null}-{null} {first}-{null} {last}-{null} {first}-{first}");
        let batch = format!(
            "heads ;known nodes={nodes};listkeys namespace=phases;listkeys namespace=bookmarks;between pairs={first}-{null};lookup key=tip;branchmap "
        );
        let mut questions = vec![
            question("heads", &[]),
            question("lheads", &[]),
            question("known", &[("nodes", "")]),
            question("known", &[("nodes", &nodes)]),
            question("between", &[("pairs", &pairs)]),
            question("lookup", &[("key", "tip")]),
            question("branchmap", &[]),
            question("batch", &[("cmds", &batch)]),
            question(
                "batch",
                &[(
                    "cmds",
                    "branchmap ;lheads unused=1,x=y;listkeys namespace=a:eb:sc",
                )],
            ),
        ];
        for namespace in ["bookmarks", "phases", "namespaces", "nonsense", ""] {
            questions.push(question("listkeys", &[("namespace", namespace)]));
        }
        if fixture == "plain" {
            nodes = first.to_owned();
            for key in [
                "mark",
                "mark@other",
                "@",
                "täg with space",
                "default",
                "feature/x",
                "dead; br ä,=",
                "zeichen ü",
                &nodes,
            ] {
                questions.push(question("lookup", &[("key", key)]));
            }
        }
        questions.push(question("branches", &[("nodes", first)]));
        questions.push(question("clonebundles", &[]));
        if ["empty", "plain", "secret"].contains(&fixture) {
            questions.push(question("listkeys", &[("namespace", "obsolete")]));
        }
        if fixture == "plain" {
            for key in ["-1", "0", "null", "nonsense", &first[..7], &"1".repeat(40)] {
                questions.push(question("lookup", &[("key", key)]));
            }
        }
        let native = questions.len();
        // What `hg` has to be asked for.
        if fixture == "obsolete" {
            questions.push(question("listkeys", &[("namespace", "obsolete")]));
        }
        if fixture == "plain" {
            questions.push(question("lookup", &[("key", ".")]));
        }
        let expected = counting.reference(&path, &questions);
        counting.started();
        for (number, (question, expected)) in questions.iter().zip(&expected).enumerate() {
            let arguments: Vec<_> = question
                .1
                .iter()
                .map(|(name, value)| (*name, &value[..]))
                .collect();
            let answer = counting.ask(&repository, &question.0, &arguments);
            assert_eq!(
                counting.started(),
                usize::from(number >= native),
                "{fixture}: {question:?}"
            );
            let text = String::from_utf8_lossy(&answer).into_owned();
            let asks_for = |command: &str| {
                question.0 == command || arguments.iter().any(|(_, value)| value.contains(command))
            };
            // Two things that depend on the version of `hg`: which obsolete changesets are heads of branches, and what the heads are where
            // nothing is served.
            let differs = match fixture {
                "obsolete" => asks_for("branchmap"),
                "nothing" => {
                    asks_for("heads")
                        || asks_for("lheads")
                        || asks_for("tip")
                        || asks_for("branches")
                }
                _ => false,
            };
            if differs {
                continue;
            }
            if asks_for("branchmap") {
                assert_eq!(
                    sorted(&answer),
                    sorted(expected),
                    "{fixture}: {question:?}: {text}"
                );
            } else {
                assert_eq!(
                    text,
                    String::from_utf8_lossy(expected),
                    "{fixture}: {question:?}"
                );
            }
        }
    }
}

/// Whether a changeset is unknown or secret is nobody's business, though `hg` tells.
#[test]
fn what_is_secret_is_unknown() {
    let root = tempfile::tempdir().unwrap();
    let counting = Counting::new(root.path());
    let (path, repository) = served(root.path(), "secret");
    let secret = hg(&path, &["log", "-r", "min(secret())", "-T", "{node} {rev}"]);
    let (node, number) = secret.split_once(' ').unwrap();
    for key in [node, &node[..9], number, "hidden"] {
        let answer = counting.ask(&repository, "lookup", &[("key", key)]);
        let expected = format!("0 unknown revision '{key}'\n");
        assert_eq!(String::from_utf8(answer).unwrap(), expected);
    }
    assert_eq!(counting.started(), 0);
}

#[test]
fn what_might_change_an_answer_is_left_to_mercurial() {
    let root = tempfile::tempdir().unwrap();
    let counting = Counting::new(root.path());
    let (path, repository) = served(root.path(), "plain");
    let heads = counting.ask(&repository, "heads", &[]);
    assert_eq!(counting.started(), 0);
    // A view that serves public changesets only.
    let hgrc = path.join(".hg/hgrc");
    fs::write(&hgrc, "[server]\nview = immutable\n").unwrap();
    assert_ne!(counting.ask(&repository, "heads", &[]), heads);
    assert_eq!(counting.started(), 1);
    fs::remove_file(&hgrc).unwrap();
    assert_eq!(counting.ask(&repository, "heads", &[]), heads);
    assert_eq!(counting.started(), 0);
    counting.ask(
        &repository,
        "batch",
        &[("cmds", "heads ;debugwireargs one=1,two=2")],
    );
    assert_eq!(counting.started(), 1);
}

#[test]
fn what_others_have_pushed_is_there_at_once() {
    let root = tempfile::tempdir().unwrap();
    let counting = Counting::new(root.path());
    let (path, repository) = served(root.path(), "plain");
    for number in 1..=3 {
        let before = counting.ask(&repository, "heads", &[]);
        fs::write(path.join("new"), number.to_string()).unwrap();
        hg(&path, &["commit", "-q", "-A", "-m", "new"]);
        let tip = hg(&path, &["log", "-r", "tip", "-T", "1 {node}\n"]);
        assert_ne!(counting.ask(&repository, "heads", &[]), before, "{number}");
        let answer = counting.ask(&repository, "lookup", &[("key", "tip")]);
        assert_eq!(String::from_utf8(answer).unwrap(), tip);
        hg(&path, &["phase", "-q", "--public", "tip"]);
        let phases = counting.ask(&repository, "listkeys", &[("namespace", "phases")]);
        let known = String::from_utf8(phases).unwrap();
        assert!(!known.contains(tip[2..].trim()), "{known}");
    }
    assert_eq!(counting.started(), 0);
}

/// What we say of ourselves, `hg` says of itself, too; what only it says is left out on purpose.
#[test]
fn capabilities_are_those_of_mercurial_as_far_as_we_have_them() {
    let root = tempfile::tempdir().unwrap();
    let mut counting = Counting::new(root.path());
    let (path, repository) = served(root.path(), "plain");
    let ask = |counting: &Counting| {
        let answer = counting.ask(&repository, "capabilities", &[]);
        assert_eq!(counting.started(), 0);
        String::from_utf8(answer).unwrap()
    };
    let split = |text: &str| -> (BTreeSet<String>, BTreeSet<String>) {
        let words: BTreeSet<String> = text.split(' ').map(str::to_owned).collect();
        let bundle2 = words.iter().find_map(|word| word.strip_prefix("bundle2="));
        let inner = bundle2.unwrap().split("%0A").map(str::to_owned).collect();
        (words, inner)
    };
    counting
        .program
        .config
        .push(("experimental.evolution".to_owned(), "all".to_owned()));
    let (mut ours, mut our_bundle2) = split(&ask(&counting));
    let reference = counting.reference(&path, &[question("capabilities", &[])]);
    let (theirs, their_bundle2) = split(&String::from_utf8_lossy(&reference[0]));
    // What belongs to the transport, and the one value that is another.
    for word in [
        "compression=zstd,zlib",
        "httpheader=1024",
        "httpmediatype=0.1rx,0.1tx,0.2tx",
    ] {
        assert!(ours.remove(word), "{word}");
    }
    ours.retain(|word| !word.starts_with("bundle2="));
    assert!(ours.is_subset(&theirs), "{ours:?} {theirs:?}");
    let rest: Vec<_> = theirs
        .difference(&ours)
        .filter(|word| !word.starts_with("bundle2="))
        .collect();
    assert_eq!(rest, ["protocaps"]);
    assert!(our_bundle2.remove("changegroup%3D01%2C02"));
    assert!(
        our_bundle2.is_subset(&their_bundle2),
        "{our_bundle2:?} {their_bundle2:?}"
    );
    let left_out = ["changegroup", "delta-compression", "remote-changegroup"];
    for word in their_bundle2.difference(&our_bundle2) {
        assert!(left_out.iter().any(|name| word.starts_with(name)), "{word}");
    }
    // Secret changesets must not be copied with the files they lie in.
    hg(&path, &["phase", "-q", "-f", "--secret", "tip"]);
    let secret = ask(&counting);
    assert!(!secret.contains("stream"), "{secret}");
    counting.program.config.clear();
    let bare = ask(&counting);
    assert!(
        !bare.contains("largefiles") && !bare.contains("obsmarkers"),
        "{bare}"
    );
    // Clone bundles are told of where the administrator has made some and wants that.
    fs::write(
        path.join(".hg/clonebundles.manifest"),
        "https://example.com/x BUNDLESPEC=gzip-v2\n",
    )
    .unwrap();
    assert!(!ask(&counting).contains("clonebundles"));
    counting
        .program
        .config
        .push(("extensions.clonebundles".to_owned(), String::new()));
    assert!(ask(&counting).contains(" clonebundles clonebundles_manifest "));
    let manifest = counting.ask(&repository, "clonebundles_manifest", &[]);
    assert_eq!(manifest, b"https://example.com/x BUNDLESPEC=gzip-v2\n");
}

/// How many processes the usual business of a client starts.
#[test]
fn clients_start_few_processes() {
    let root = tempfile::tempdir().unwrap();
    let counting = Counting::new(root.path());
    let (project, _) = served(root.path(), "plain");
    let server = Server::start(Config {
        root: root.path().to_owned(),
        git: None,
        hg: Some(counting.program.clone()),
        writable: true,
    });
    let url = server.url("plain");
    let clone = root.path().join("clone");
    assert_eq!(hg(root.path(), &["identify", "-i", &url]).len(), 13);
    hg(root.path(), &["clone", "-q", &url, "clone"]);
    hg(&clone, &["pull", "-q"]);
    assert_eq!(counting.started(), 0, "identify, clone, pull");
    fs::write(clone.join("new"), "new").unwrap();
    hg(&clone, &["commit", "-q", "-A", "-m", "new"]);
    hg(&clone, &["push", "-q"]);
    assert_eq!(counting.started(), 1, "push");
    assert_eq!(
        hg(&project, &["log", "-r", "tip", "-T", "{node}"]),
        hg(&clone, &["log", "-r", "tip", "-T", "{node}"])
    );
}
