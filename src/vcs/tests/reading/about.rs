//! What a repository and its changesets say besides their content: HEAD, tags, people, signatures, where it borrows.

use std::process::Command;

use vcs::{Head, Keyring, Kind, OpenError, Person, RefName, Repository, SignatureFormat, Verdict};

use crate::recipe::{Story, Work, story};

#[test]
fn head_says_where_it_points() {
    let Story { work, ids } = story(Kind::Git);
    let head = || work.open().refs().unwrap().head.clone();
    work.run(
        "git",
        &["checkout", "-q", "-B", "topic/x", &ids[4].to_string()],
    );
    assert_eq!(head(), Head::Branch(RefName::new("topic/x")));
    work.run("git", &["checkout", "-q", "--detach", &ids[2].to_string()]);
    assert_eq!(head(), Head::Detached(ids[2]));
    work.run("git", &["symbolic-ref", "HEAD", "refs/heads/not/yet"]);
    assert_eq!(head(), Head::Unborn(RefName::new("not/yet")));
    std::fs::write(work.path().join(".git/HEAD"), "ref: refs/other/x\n").unwrap();
    assert_eq!(head(), Head::Nowhere);
}

/// Commits of a pull request are kept under a name that is neither branch nor tag.
#[test]
fn pull_requests_can_be_looked_at_but_are_in_no_list() {
    let Story { work, ids } = story(Kind::Git);
    work.run(
        "git",
        &["update-ref", "refs/heads/main", &ids[2].to_string()],
    );
    work.run("git", &["checkout", "-q", "main", "-f"]);
    let mut refs = vec![];
    for (n, id) in [(1, ids[3]), (12, ids[5])] {
        work.run(
            "git",
            &[
                "update-ref",
                &format!("refs/pull/{n}/head"),
                &id.to_string(),
            ],
        );
        refs.push((format!("{n}/head"), id));
    }
    let repository = work.open();
    let found = repository.refs().unwrap();
    let pulls: Vec<_> = found
        .pulls
        .iter()
        .map(|pull| (pull.name.to_string(), pull.id))
        .collect();
    assert_eq!(pulls, refs);
    assert_eq!(repository.resolve("refs/pull/12/head").unwrap(), ids[5]);
    assert_eq!(repository.resolve(&ids[4].to_string()).unwrap(), ids[4]);
    assert_eq!(repository.resolve(&ids[3].short()).unwrap(), ids[3]);
    assert_eq!(repository.count(&vcs::LogQuery::default()).unwrap(), 3);
    work.run("git", &["update-ref", "-d", "refs/pull/12/head"]);
    assert!(repository.resolve(&ids[4].to_string()).is_err());
}

#[test]
fn a_shared_beginning_is_an_error_that_lists_who_shares_it() {
    let work = Work::new(Kind::Git);
    // Enough changesets that some share their first four digits; seven are needed, so a blob and a commit are made to fit.
    let mut script = String::new();
    for n in 0..3000 {
        script += &format!(
            "commit refs/heads/main\ncommitter B <b@example.com> {} +0000\ndata 4\n{n:04}\n",
            1_700_000_000 + n
        );
    }
    work.feed("git", &["fast-import", "--quiet"], script.as_bytes());
    let repository = work.open();
    let all = work.git(&["rev-list", "main"]);
    let mut all: Vec<&str> = all.lines().collect();
    all.sort_unstable();
    // Below seven digits nothing is a beginning, whoever shares it.
    let pair = all
        .windows(2)
        .find(|pair| pair[0][..4] == pair[1][..4])
        .expect("a pair");
    assert!(matches!(
        repository.resolve(&pair[0][..6]),
        Err(vcs::RevisionError::Unknown { .. })
    ));
    for id in all.iter().step_by(100) {
        assert_eq!(repository.resolve(&id[..7]).unwrap().to_string(), **id);
    }
}

#[test]
fn annotated_tags_say_who_and_why() {
    let Story { work, ids } = story(Kind::Git);
    let (id, message) = (ids[1].to_string(), "Version one\n\nWith\nthree lines");
    work.run("git", &["tag", "-a", "v1", "-m", message, &id]);
    work.run("git", &["tag", "light", &id]);
    work.run("git", &["tag", "-a", "of-tag", "-m", "again", "v1"]);
    let repository = work.open();
    let tag = repository.tag_message("v1").unwrap().expect("a tag");
    assert_eq!(
        tag.object.to_string(),
        work.git(&["rev-parse", "v1"]).trim()
    );
    assert_eq!(tag.target, ids[1]);
    assert_eq!(tag.tagger.unwrap().raw, "Bob <bob@example.com>");
    assert_eq!(tag.date.unwrap().offset_east, 5400);
    assert_eq!(tag.message, format!("{message}\n"));
    assert_eq!(tag.signature, None);
    assert_eq!(repository.tag_message("light").unwrap(), None);
    assert_eq!(repository.tag_message("none").unwrap(), None);
    let outer = repository.tag_message("of-tag").unwrap().unwrap();
    assert_eq!(outer.target, tag.object);
}

#[test]
fn people_are_called_as_gits_mailmap_says() {
    let work = Work::new(Kind::Git);
    let map = "# people\n\
        Alice Liddell <alice@example.com>\n\
        <bob@work.example.com> <bob@home.example.com>\n\
        Carol C <carol@example.com> <cc@example.com>\n\
        Dan D <dan@example.com> Danny <team@example.com>\n\
        Eve E <eve@example.com> EVE <TEAM@example.com>\n\
        broken line\n\
        Carol CC <cc@example.com> # later\n";
    work.write(b".mailmap", map.as_bytes());
    work.commit("People");
    let found = work.open().mailmap().unwrap();
    let people = [
        "A <alice@example.com>",
        "A <ALICE@EXAMPLE.com>",
        "Bob <bob@home.example.com>",
        "x <cc@example.com>",
        "Danny <team@example.com>",
        "danny <Team@example.com>",
        "Eve <team@example.com>",
        "Somebody <team@example.com>",
        "Stranger <s@example.com>",
    ];
    let theirs = work.feed(
        "git",
        &["check-mailmap", "--stdin"],
        people.join("\n").as_bytes(),
    );
    let theirs = String::from_utf8(theirs).unwrap();
    for (person, wanted) in people.iter().zip(theirs.lines()) {
        assert_eq!(found.apply(&Person::parse(person)).raw, wanted, "{person}");
    }
    assert!(Work::new(Kind::Git).open().mailmap().unwrap().is_empty());
}

fn tool(program: &str, args: &[&std::ffi::OsStr]) {
    let done = Command::new(program).args(args).output();
    let done = done.unwrap_or_else(|error| panic!("cannot run {program}: {error}"));
    let errors = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{program} {args:?}: {errors}");
}

#[test]
fn ssh_signatures_are_checked_against_the_allowed_signers() {
    let Story { work, ids } = story(Kind::Git);
    let keys = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let key = |name: &str| {
        let file = keys.path().join(name);
        let args = ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f"];
        let mut args: Vec<&std::ffi::OsStr> = args.iter().map(|arg| arg.as_ref()).collect();
        args.push(file.as_os_str());
        tool("ssh-keygen", &args);
        file
    };
    let (alice, mallory) = (key("alice"), key("mallory"));
    work.run(
        "git",
        &["checkout", "-q", "-B", "main", &ids[5].to_string()],
    );
    let sign = |key: &std::path::Path, message: &str| {
        let signing = format!("user.signingKey={}", key.display());
        let args = [
            "-c",
            "gpg.format=ssh",
            "-c",
            &signing,
            "commit",
            "-q",
            "--allow-empty",
            "-S",
            "-m",
            message,
        ];
        work.run("git", &args);
        work.head()
    };
    let (good, stranger) = (sign(&alice, "Signed"), sign(&mallory, "By a stranger"));
    let public = std::fs::read_to_string(alice.with_extension("pub")).unwrap();
    let signers = keys.path().join("signers");
    std::fs::write(&signers, format!("alice@example.com {public}")).unwrap();

    let repository = work.open();
    assert_eq!(
        repository.changeset(&good).unwrap().signature,
        Some(SignatureFormat::Ssh)
    );
    assert_eq!(repository.changeset(&ids[5]).unwrap().signature, None);
    assert_eq!(repository.signatures(&ids[5]).unwrap(), []);
    let nobody = Keyring::default();
    let verdict = |id, keyring: &Keyring| {
        let found = repository.verify(id, keyring).unwrap();
        assert_eq!((found.len(), found[0].0), (1, SignatureFormat::Ssh));
        found[0].1.clone()
    };
    assert_eq!(verdict(&good, &nobody), Verdict::NotConfigured);
    let keyring = Keyring {
        allowed_signers: Some(signers),
        ..Keyring::default()
    };
    let Verdict::Good { signer, key } = verdict(&good, &keyring) else {
        panic!("{:?}", verdict(&good, &keyring));
    };
    assert_eq!(signer, "alice@example.com");
    assert!(key.starts_with("SHA256:"), "{key}");
    assert_eq!(verdict(&stranger, &keyring), Verdict::UnknownKey);

    // Another message under the same signature.
    let commit =
        String::from_utf8(work.run("git", &["cat-file", "commit", &good.to_string()])).unwrap();
    let forged = commit.replace("\nSigned", "\nForged");
    let forged = work.feed(
        "git",
        &["hash-object", "-t", "commit", "-w", "--stdin"],
        forged.as_bytes(),
    );
    let forged = String::from_utf8(forged).unwrap();
    work.run("git", &["update-ref", "refs/heads/forged", forged.trim()]);
    assert_eq!(
        verdict(&forged.trim().parse().unwrap(), &keyring),
        Verdict::Bad
    );
}

#[test]
fn openpgp_signatures_are_checked_in_both_systems() {
    // A short path: gpg-agent's socket must fit into a hundred bytes.
    let home = tempfile::Builder::new()
        .prefix("k")
        .tempdir_in("/tmp")
        .unwrap();
    let gpg = |args: &[&str], input: &[u8]| {
        use std::io::Write;
        let mut child = Command::new("gpg")
            .args(["--batch", "--quiet", "--no-tty", "--homedir"])
            .arg(home.path())
            .args(args)
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .expect("gpg runs");
        child.stdin.take().unwrap().write_all(input).unwrap();
        let done = child.wait_with_output().unwrap();
        assert!(
            done.status.success(),
            "{}",
            String::from_utf8_lossy(&done.stderr)
        );
        done.stdout
    };
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(home.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
    let who = "Alice <alice@example.com>";
    gpg(
        &[
            "--passphrase",
            "",
            "--quick-generate-key",
            who,
            "ed25519",
            "sign",
            "never",
        ],
        b"",
    );
    let keyring = Keyring {
        gnupg_home: Some(home.path().to_owned()),
        ..Keyring::default()
    };
    let expect_good = |repository: &Repository, id: &vcs::ChangesetId| {
        let found = repository.verify(id, &keyring).unwrap();
        let [(SignatureFormat::OpenPgp, Verdict::Good { signer, key })] = &found[..] else {
            panic!("{found:?}");
        };
        assert_eq!(signer, who);
        assert_eq!(key.len(), 40);
    };

    let Story { work, ids } = story(Kind::Git);
    let commit = work.run("git", &["cat-file", "commit", &ids[3].to_string()]);
    let armour = String::from_utf8(gpg(&["--armor", "--detach-sign"], &commit)).unwrap();
    let commit = String::from_utf8(commit).unwrap();
    let header = format!("\ngpgsig {}\n\n", armour.trim_end().replace('\n', "\n "));
    let signed = commit.replacen("\n\n", &header, 1);
    let id = work.feed(
        "git",
        &["hash-object", "-t", "commit", "-w", "--stdin"],
        signed.as_bytes(),
    );
    let id = String::from_utf8(id).unwrap();
    work.run("git", &["update-ref", "refs/heads/signed", id.trim()]);
    expect_good(&work.open(), &id.trim().parse().unwrap());
    work.run(
        "git",
        &["tag", "-a", "v1", "-m", "One", &ids[1].to_string()],
    );
    assert_eq!(
        work.open().tag_message("v1").unwrap().unwrap().signature,
        None
    );
    let tag = work.run("git", &["cat-file", "tag", "v1"]);
    let armour = gpg(&["--armor", "--detach-sign"], &tag);
    let tag = work.feed("git", &["mktag"], &[tag, armour].concat());
    let tag = String::from_utf8(tag).unwrap();
    work.run("git", &["update-ref", "refs/tags/v1", tag.trim()]);
    let found = work.open().tag_message("v1").unwrap().unwrap();
    assert_eq!(found.message, "One\n");
    let verdict = keyring.check(&found.signature.expect("a signature"));
    assert!(matches!(verdict, Verdict::Good { .. }), "{verdict:?}");

    let Story { work, ids } = story(Kind::Hg);
    let made = gpg(&["--detach-sign"], format!("{}\n", ids[1]).as_bytes());
    let base64 = Command::new("base64")
        .args(["-w0"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .and_then(|mut child| {
            use std::io::Write;
            child.stdin.take().expect("asked for").write_all(&made)?;
            child.wait_with_output()
        })
        .unwrap();
    let base64 = String::from_utf8(base64.stdout).unwrap();
    work.write(
        b".hgsigs",
        format!("{} 0 {base64}\n{} 0 {base64}\n", ids[1], ids[2]).as_bytes(),
    );
    work.commit("Added signature");
    let repository = work.open();
    expect_good(&repository, &ids[1]);
    // A signature of another changeset.
    assert_eq!(
        repository.verify(&ids[2], &keyring).unwrap()[0].1,
        Verdict::Bad
    );
    assert_eq!(repository.signatures(&ids[3]).unwrap(), []);
    let _ = Command::new("gpgconf")
        .arg("--homedir")
        .arg(home.path())
        .args(["--kill", "all"])
        .status();
}

#[test]
fn nothing_is_borrowed_from_outside() {
    let root = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let outside = Work::new(Kind::Git);
    outside.write(b"secret", b"secret\n");
    let secret = outside.commit("Secret");
    let inside = root.path().join("inside");
    let clone = root.path().join("clone");
    let git = |args: &[&std::ffi::OsStr]| tool("git", args);
    let (bare, quiet) = ("--bare".as_ref(), "-q".as_ref());
    git(&["init".as_ref(), quiet, bare, inside.as_os_str()]);
    git(&["init".as_ref(), quiet, bare, clone.as_os_str()]);
    let open = |path: &std::path::Path| Repository::open_within(path, Kind::Git, root.path());
    let alternates = clone.join("objects/info/alternates");
    std::fs::write(
        &alternates,
        format!("{}\n", inside.join("objects").display()),
    )
    .unwrap();
    assert!(open(&clone).is_ok());

    let objects = outside.path().join(".git/objects");
    for line in [
        format!("{}\n", objects.display()),
        format!("# comment\n\"{}\"\n", objects.display()),
        "../../../../../../../../../../../../etc\n".to_owned(),
    ] {
        std::fs::write(&alternates, line).unwrap();
        assert!(matches!(open(&clone), Err(OpenError::Outside { .. })));
    }
    // By way of one inside, and through a link.
    std::fs::write(
        &alternates,
        format!("{}\n", inside.join("objects").display()),
    )
    .unwrap();
    let second = inside.join("objects/info/alternates");
    std::fs::write(&second, format!("{}\n", objects.display())).unwrap();
    assert!(matches!(open(&clone), Err(OpenError::Outside { .. })));
    // A ring of alternates leads nowhere, but not out.
    std::fs::write(&second, format!("{}\n", clone.join("objects").display())).unwrap();
    if let Ok(repository) = open(&clone) {
        assert!(repository.is_empty().unwrap());
        assert!(repository.resolve(&secret.to_string()).is_err());
    }
    let worktree = root.path().join("worktree");
    std::fs::create_dir(&worktree).unwrap();
    std::fs::write(
        worktree.join(".git"),
        format!("gitdir: {}\n", outside.path().join(".git").display()),
    )
    .unwrap();
    assert!(matches!(open(&worktree), Err(OpenError::Outside { .. })));

    let share = root.path().join("share");
    std::fs::create_dir_all(share.join(".hg")).unwrap();
    std::fs::write(share.join(".hg/sharedpath"), "/etc").unwrap();
    let opened = Repository::open_within(&share, Kind::Hg, root.path());
    assert!(matches!(opened, Err(OpenError::Outside { .. })));

    // The whole repository on another disk, with a link in its place, borrows from nobody.
    let elsewhere = root.path().join("elsewhere");
    std::os::unix::fs::symlink(outside.path(), &elsewhere).unwrap();
    assert!(open(&elsewhere).is_ok());
}

#[test]
fn descriptions_and_landing_places() {
    let Story { work, ids } = story(Kind::Git);
    work.run(
        "git",
        &["checkout", "-q", "-B", "main", &ids[5].to_string()],
    );
    work.run("git", &["tag", "v1", &ids[1].to_string()]);
    let repository = work.open();
    assert_eq!(repository.description().unwrap(), None);
    work.write(b".git/description", b"A story\n");
    assert_eq!(
        repository.description().unwrap().as_deref(),
        Some("A story")
    );
    for (setting, at) in [
        ("rev:tip", 5),
        ("branch:main", 5),
        ("tag:v1", 1),
        ("branch:gone", 5),
        ("tip", 5),
    ] {
        assert_eq!(
            repository.landing(setting).unwrap(),
            Some(ids[at]),
            "{setting}"
        );
    }
    assert_eq!(
        Work::new(Kind::Git).open().landing("rev:tip").unwrap(),
        None
    );
    let hg = Work::new(Kind::Hg);
    hg.write(
        b".hg/hgrc",
        b"[web]\ndescription = Another\n[hooks]\nx = false\n",
    );
    assert_eq!(hg.open().description().unwrap().as_deref(), Some("Another"));
}
