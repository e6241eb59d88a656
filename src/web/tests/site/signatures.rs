//! Signed changesets: what their page says with and without a keyring.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::browser::Server;
use crate::files::Git;

fn run(folder: &Path, program: &str, arguments: &[&str]) -> String {
    let who = ["AUTHOR", "COMMITTER"].map(|who| (format!("GIT_{who}_NAME"), "Ann"));
    let address =
        ["AUTHOR", "COMMITTER"].map(|who| (format!("GIT_{who}_EMAIL"), "ann@example.com"));
    let done = Command::new(program)
        .args(arguments)
        .envs(who.into_iter().chain(address))
        .current_dir(folder)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{program} {arguments:?}: {errors}");
    String::from_utf8(done.stdout).unwrap().trim().to_owned()
}

fn key(folder: &Path, name: &str) -> PathBuf {
    let arguments = ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", name];
    run(folder, "ssh-keygen", &arguments);
    folder.join(name)
}

/// A changeset on top of the first one, signed with a key.
fn signed(folder: &Path, key: &Path) -> String {
    let signing = format!("user.signingKey={}", key.display());
    let arguments = [
        "-c",
        "gpg.format=ssh",
        "-c",
        &signing,
        "commit-tree",
        "-S",
        "-m",
        "Signed",
        "-p",
        "master",
        "master^{tree}",
    ];
    let id = run(folder, "git", &arguments);
    run(
        folder,
        "git",
        &["update-ref", &format!("refs/heads/{}", &id[..8]), &id],
    );
    id
}

#[test]
fn whoever_reads_second_knows_whether_a_signature_holds() {
    let keys = tempfile::tempdir().unwrap();
    let (ann, stranger) = (key(keys.path(), "ann"), key(keys.path(), "stranger"));
    let signers = keys.path().join("signers");
    let public = fs::read_to_string(ann.with_extension("pub")).unwrap();
    fs::write(&signers, format!("ann@example.com {public}")).unwrap();
    let with_keys = [("signatures_allowed_signers", signers.to_str().unwrap())];
    for (values, first, second, strange) in [
        (
            &with_keys[..],
            "being checked",
            "✓ <bdi>SSH signature of ann@example.com<",
            "by a key that is not known here",
        ),
        (&[], "(not checked)", "(not checked)", "(not checked)"),
    ] {
        let server = Server::with(values);
        server.user("admin", true);
        let mut git = Git::new(&server, "signed");
        git.commit("Ann", "Begin", &[("100644", "f", b"text\n")], &[]);
        let plain = git.make().remove(0);
        let folder = server.folder.path().join("repositories/signed");
        let mut browser = server.browser();
        let id = signed(&folder, &ann);
        let mut page = |id: &str| browser.get(&format!("/signed/changeset/{id}")).text;
        for expected in [first, second] {
            let page = page(&id);
            assert!(page.contains(expected), "{expected}\n{page}");
        }
        let other = signed(&folder, &stranger);
        page(&other);
        let seen = page(&other);
        assert!(seen.contains(strange) && !seen.contains("✓"), "{seen}");
        assert!(
            !page(&plain).contains("signature"),
            "nothing is said where there is none"
        );
    }
}
