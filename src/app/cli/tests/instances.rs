//! Commands on instances of their own, with SQLite.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use super::place::Place;
use super::typed;
use crate::cli::lock;

#[test]
fn a_new_instance_says_what_the_original_says() {
    let place = Place::new();
    let (code, out, err) = place.create(&[]);
    assert_eq!(
        (code, out.as_str(), err.as_str()),
        (
            0,
            "Initial repository scan: no repositories found.\nDatabase set up successfully.\n",
            ""
        )
    );
    let (code, out, _) = place.create(&["--force-no"]);
    assert_eq!((code, out.as_str()), (0, "Nothing done.\n"));
    place.git("tools/one");
    place.git("two");
    let (code, out, err) = place.create(&["--force-yes", "--reuse", "--no-public-access"]);
    assert_eq!(code, 0, "{err}");
    assert_eq!(
        out,
        "Initial repository scan: added following repositories:\n\ttools/one\n\ttwo\nDatabase set up successfully.\n"
    );
}

#[test]
fn a_database_in_use_goes_only_when_its_name_is_typed() {
    let place = Place::with_database();
    place.git("kept");
    place.run("repo-scan", &[]);
    let create = |answers: &[&str]| {
        let repos = place.repos();
        let line = ["--user=a", "--password=secret", "--email=a@example.com"];
        let more = [&line[..], &["--repos", repos.to_str().unwrap()]].concat();
        place.run_with("db-create", &more, answers)
    };
    for no in ["n", "y", "yes", "other.db", ""] {
        let (code, out, _) = create(&[no]);
        assert_eq!(code, 0);
        assert!(
            out.contains("1 users and 1 repositories") && out.ends_with("Nothing done.\n"),
            "{out}"
        );
    }
    let (code, _, err) = create(&[]);
    assert_eq!(code, 1);
    assert!(
        err.contains("nobody is there to answer; --force-yes"),
        "{err}"
    );
    let (_, out, _) = place.run("repo-scan", &[]);
    assert!(!out.contains("Added"), "still in the database: {out}");
    let (code, out, _) = create(&["kallithea.db"]);
    assert!(code == 0 && out.contains("added following"), "{out}");
}

#[test]
fn an_administrator_is_asked_for_what_is_missing() {
    let place = Place::new();
    let repos = place.repos();
    let answers = [
        "relative",
        "/no/such/folder",
        repos.to_str().unwrap(),
        "joe",
        "short",
        "short",
        "long enough",
        "long enough",
        "joe@example.com",
    ];
    let (code, out, err) = place.run_with("db-create", &[], &answers);
    assert_eq!(code, 0, "{err}");
    for line in [
        "Enter a valid absolute path to store repositories. All repositories in that path will be added automatically: ",
        "Given path relative is not an absolute path\n",
        "Given path /no/such/folder is not a valid directory\n",
        "Specify admin username: ",
        "Specify admin password (min 6 chars): ",
        "Confirm password: ",
        "Specify admin email: ",
    ] {
        assert!(out.contains(line), "{line:?} in {out}");
    }
    let place = Place::new();
    let (code, _, err) = place.run_with("db-create", &[], &["x", "y", "z"]);
    assert_eq!((code, err.as_str()), (1, "Error: max retries reached\n"));
    let (code, _, err) = place.run("db-create", &["--repos", "nowhere"]);
    assert_eq!(
        (code, err.as_str()),
        (1, "Error: Invalid repo path: nowhere\n")
    );
    assert!(!place.0.path().join("kallithea.db").exists());
}

#[test]
fn what_cannot_be_an_administrator_leaves_the_database_as_it_was() {
    let place = Place::with_database();
    for wrong in [
        "--user=default",
        "--user=a b",
        "--email=nowhere",
        "--password=",
    ] {
        let (code, _, err) = place.create(&["--force-yes", wrong]);
        assert_eq!(code, 1, "{wrong}: {err}");
    }
    place.git("one");
    let (code, out, _) = place.run("repo-scan", &[]);
    assert!(code == 0 && out.contains("Added: one"), "{out}");
}

#[test]
fn a_password_comes_from_a_file_and_may_be_short() {
    let place = Place::new();
    let file = place.0.path().join("password");
    fs::write(&file, "abc\nsecond line\n").unwrap();
    let repos = place.repos();
    let line = [
        "--user=admin",
        "--email=admin@localhost",
        "--repos",
        repos.to_str().unwrap(),
        "--password-file",
        file.to_str().unwrap(),
    ];
    assert_eq!(place.run("db-create", &line).0, 0);
    fs::write(&file, "\n").unwrap();
    let again = [&line[..], &["--force-yes"]].concat();
    let (code, _, err) = place.run("db-create", &again);
    assert!(
        code == 1 && err.contains("a password in the first line"),
        "{err}"
    );
}

#[test]
fn a_scan_adds_and_tells_and_forgets() {
    let place = Place::with_database();
    fs::write(
        place.git("tools/deep/one").join("description"),
        "Does one thing\n",
    )
    .unwrap();
    place.git("two");
    let (code, out, err) = place.run("repo-scan", &["--install-git-hooks"]);
    assert_eq!(
        (code, out.as_str()),
        (
            0,
            "Now scanning root location for new repos ...\nScan completed.\nAdded: tools/deep/one, two\n"
        )
    );
    assert!(err.contains("no hook has to be installed"), "{err}");
    let file = place.0.path().join("kallithea.db");
    let database = rusqlite::Connection::open(file).unwrap();
    let ask = |sql: &str| database.query_row(sql, [], |row| row.get::<_, String>(0));
    assert_eq!(
        ask("SELECT group_description FROM groups WHERE group_name = 'tools/deep'").unwrap(),
        "tools/deep group"
    );
    assert_eq!(
        ask("SELECT action FROM user_logs WHERE repository_name = 'two'").unwrap(),
        "started_following_repo"
    );
    let (_, out, err) = place.run("repo-scan", &[]);
    assert_eq!(
        (out.as_str(), err.as_str()),
        (
            "Now scanning root location for new repos ...\nScan completed.\n",
            ""
        ),
        "nothing is done twice"
    );
    fs::remove_dir_all(place.repos().join("two")).unwrap();
    let (_, out, _) = place.run("repo-scan", &[]);
    assert!(out.ends_with("Scan completed.\nMissing: two\n"), "{out}");
    let (_, out, _) = place.run("repo-scan", &["--remove-missing"]);
    assert!(out.ends_with("Scan completed.\nRemoved: two\n"), "{out}");
    let (_, out, _) = place.run("repo-scan", &["--json"]);
    let told: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        told,
        serde_json::json!({"added": [], "missing": [], "skipped": []})
    );
    let (_, out, _) = place.run("repo-update-metadata", &["tools/deep/one", "nobody"]);
    assert_eq!(
        out,
        "Updated database with information about latest change in the following 1 repositories:\ntools/deep/one\n"
    );
}

#[test]
fn a_scan_survives_what_lies_around() {
    let place = Place::with_database();
    place.git("good");
    place.git("Good");
    place.git(".hidden");
    place.git("a/repo.git");
    fs::create_dir_all(place.repos().join("work/.git")).unwrap();
    symlink(place.repos(), place.repos().join("loop")).unwrap();
    symlink("/no/such/folder", place.repos().join("dangling")).unwrap();
    let closed = place.git("closed/inner");
    fs::set_permissions(closed.parent().unwrap(), PermissionsExt::from_mode(0o000)).unwrap();
    let (code, out, err) = place.run("repo-scan", &[]);
    fs::set_permissions(closed.parent().unwrap(), PermissionsExt::from_mode(0o700)).unwrap();
    assert_eq!(code, 0, "{err}");
    // Who may read everything finds one more.
    let added = out
        .lines()
        .find(|line| line.starts_with("Added: "))
        .unwrap();
    assert!(
        ["Added: Good", "Added: Good, closed/inner"].contains(&added),
        "{out}"
    );
    for skipped in [
        "Skipped: work: a Git repository with working files\n",
        "Skipped: good: there is Good already\n",
        "Skipped: a/repo.git: Repository name repo.git is not allowed\n",
    ] {
        assert!(err.contains(skipped), "{skipped} in {err}");
    }
}

#[test]
fn two_administrators_at_once_do_not_meet() {
    let place = Place::with_database();
    let config = crate::from_ini(&place.ini()).unwrap().0;
    let held = lock::take(&config, "repo-scan").unwrap();
    let (code, out, err) = place.run("repo-scan", &[]);
    assert_eq!((code, out.as_str()), (1, ""));
    let process = format!("process {}", std::process::id());
    assert!(
        err.starts_with("Error: another kallithea-cli is at the same work (")
            && err.contains(&process),
        "{err}"
    );
    drop(held);
    assert_eq!(place.run("repo-scan", &[]).0, 0);
}

#[test]
fn graves_are_told_aged_and_purged() {
    let place = Place::with_database();
    let old = place.git("tools/rm__20200102_030405_000006__old");
    let now = jiff_now();
    let new = place.git(&format!("rm__{now}__new"));
    place.git("kept/inner/rm__20200102_030405_000006__no/x");
    let inner = place.git("real").join("rm__20200102_030405_000006__inside");
    fs::create_dir(&inner).unwrap();
    let outside = place.0.path().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("file"), "").unwrap();
    symlink(&outside, old.join("link")).unwrap();
    symlink(
        &outside,
        place.repos().join("rm__20200102_030405_000006__link"),
    )
    .unwrap();

    let (code, out, _) = place.run("repo-purge-deleted", &["--dry-run", "--older-than=30d"]);
    assert_eq!(code, 0);
    assert!(
        out.contains("Considering 2 deleted repositories older than 30d (30 days, 0:00:00).\n")
            && out.contains(&format!("Scanning: {}\n", place.repos().display()))
            && out.contains(&format!(
                "{} deleted on 2020-01-02 03:04:05\n",
                old.display()
            )),
        "{out}"
    );
    let (_, out, _) = place.run_with("repo-purge-deleted", &[], &["n"]);
    assert!(
        out.contains("Considering 3 deleted repositories.\n")
            && out.contains("\nThe following repositories will be removed completely:\n")
            && out.ends_with("Do you want to proceed? [y/n] Nothing done, exiting...\n"),
        "{out}"
    );
    for wrong in ["30", "x", "", "1h1d"] {
        let option = format!("--older-than={wrong}");
        let (code, _, err) = place.run("repo-purge-deleted", &["--no-ask", &option]);
        assert!(code == 2 && err.contains("expected days"), "{wrong}: {err}");
    }
    assert!(old.exists() && new.exists());
    let (code, out, _) = place.run("repo-purge-deleted", &["--no-ask", "--older-than=30d"]);
    assert_eq!(code, 0);
    assert!(
        out.contains(&format!("Purging repository {}\n", old.display())),
        "{out}"
    );
    assert!(!old.exists() && new.exists() && inner.exists() && outside.join("file").exists());
    let (_, out, _) = place.run("repo-purge-deleted", &["--older-than=1h"]);
    assert!(
        out.ends_with("There are no deleted repositories older than 1h (1:00:00)\n"),
        "{out}"
    );
    let (_, out, _) = place.run("repo-purge-deleted", &["--json"]);
    let told: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(told["purged"], serde_json::json!([new]));
    let (_, out, _) = place.run("repo-purge-deleted", &[]);
    assert!(
        out.ends_with("There are no deleted repositories.\n"),
        "{out}"
    );
}

/// The present in the form of a grave's stamp.
fn jiff_now() -> String {
    let path = model::deleted_name(Path::new("x"));
    let name = path.to_str().unwrap().to_owned();
    name.strip_prefix("rm__").unwrap().replace("__x", "")
}

#[test]
fn an_older_database_is_upgraded_after_a_copy_and_a_yes() {
    let place = Place::with_database();
    let file = place.0.path().join("kallithea.db");
    let (code, out, _) = place.run("db-upgrade", &[]);
    assert_eq!(
        (code, out.as_str()),
        (0, "The database is up to date. Nothing to do.\n")
    );
    set_revision(&file, "f62826179f39");
    let (code, _, err) = place.run("repo-scan", &[]);
    assert!(
        code == 1 && err.contains("kallithea-cli db-upgrade"),
        "{err}"
    );
    let (code, out, _) = place.run("db-upgrade", &["--dry-run"]);
    assert_eq!(code, 0);
    assert!(
        out.starts_with("The database has the schema version f62826179f39.")
            && out.contains("\n  7ba0d2cad930  rename the hooks"),
        "{out}"
    );
    let (code, _, err) = place.run("db-upgrade", &[]);
    assert!(code == 1 && err.contains("use --yes"), "{err}");
    let (code, out, _) = place.run_with("db-upgrade", &[], &["no"]);
    assert!(code == 0 && out.ends_with("Nothing done.\n"));
    let (code, out, _) = place.run_with("db-upgrade", &[], &["y"]);
    let copy = place
        .0
        .path()
        .canonicalize()
        .unwrap()
        .join("kallithea.db.f62826179f39");
    assert_eq!(code, 0);
    assert!(
        out.ends_with(&format!(
            "Copied the database to {}\nThe database is up to date.\n",
            copy.display()
        )),
        "{out}"
    );
    assert!(copy.exists());
    assert_eq!(place.run("repo-scan", &[]).0, 0);
    set_revision(&file, "123456789abc");
    let (code, _, err) = place.run("db-upgrade", &["--yes"]);
    assert!(code == 1 && err.contains("does not know"), "{err}");
}

fn set_revision(file: &Path, revision: &str) {
    let connection = rusqlite::Connection::open(file).unwrap();
    connection
        .execute("UPDATE alembic_version SET version_num = ?", [revision])
        .unwrap();
}

#[test]
fn commands_on_an_empty_database_say_what_to_do_and_make_nothing() {
    let place = Place::new();
    for command in ["repo-scan", "repo-purge-deleted", "index-create"] {
        let (code, out, err) = place.run(command, &[]);
        assert_eq!((code, out.as_str()), (1, ""), "{command}");
        assert!(err.contains("kallithea-cli db-create -c"), "{err}");
    }
    assert!(!place.0.path().join("kallithea.db").exists());
}

#[test]
fn extensions_and_tasks() {
    let place = Place::with_database();
    let (code, out, _) = place.run("extensions-create", &[]);
    let file = place.ini().with_file_name("extensions.py");
    assert_eq!(
        (code, out),
        (
            0,
            format!("Wrote new extensions file to {}\n", file.display())
        )
    );
    fs::write(&file, "mine").unwrap();
    let (code, out, _) = place.run_with("extensions-create", &[], &["n"]);
    assert_eq!(code, 0);
    assert!(
        out.starts_with(&format!(
            "Extension file {} already exists, do you want to overwrite it ? [y/n] ",
            file.display()
        )) && out.ends_with("Nothing done, exiting...\n"),
        "{out}"
    );
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
    let (code, _, err) = place.run("celery-run", &["--once", "--", "--loglevel=INFO"]);
    assert!(code == 0 && err.contains("--loglevel=INFO"), "{err}");
    let text = fs::read_to_string(place.ini()).unwrap();
    fs::write(place.ini(), text.replace("use_celery = true", "")).unwrap();
    let (code, _, err) = place.run("celery-run", &[]);
    assert_eq!(
        (code, err.as_str()),
        (
            1,
            "Error: Please set use_celery = true in .ini config file before running this command\n"
        )
    );
    let (code, _, err) = place.run("index-create", &["--update-only=a,b", "-f"]);
    assert!(code == 0 && err.contains("no full-text index yet"));
    assert_eq!(place.run("ishell", &[]).0, 255);
    assert_eq!(place.run("iis-install", &["--virtualdir=/x"]).0, 1);
}

#[test]
fn a_checked_file_is_told_line_by_line() {
    let place = Place::new();
    let ini = place.ini();
    fs::write(
        &ini,
        "[app:main]\nuse = egg:kallithea-rs\nforce_http = 1\nuse_htsts = maybe\n",
    )
    .unwrap();
    let name = ini.to_str().unwrap();
    let (code, out, _) = typed(&["config-check", name], &[]);
    assert_eq!(code, 1);
    assert!(
        out.contains(&format!(
            "{name}, line 3: warning: unknown key 'force_http'; was 'force_https' meant?"
        )) && out.contains(&format!("{name}, line 4: error: ")),
        "{out}"
    );
    let (code, out, _) = typed(&["config-check", "-c", name, "--json"], &[]);
    let told: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(code, 1);
    assert_eq!(told["findings"][0]["line"], 0);
    let (code, _, _) = typed(&["config-check", "/no/such.ini"], &[]);
    assert_eq!(code, 1);
}
