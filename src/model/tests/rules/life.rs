//! Repositories come and go, and nothing is left half made.

use std::process::Command;

use crate::support::{ADDRESS, Instance};
use kallithea_model::{Actor, ForkChoice, Gate, Model, NewRepository};
use vcs::Kind;

#[test]
fn a_repository_is_on_disk_and_in_the_journal_and_its_folder_stays_when_it_is_deleted() {
    let instance = Instance::new();
    let admin = instance.viewer("admin");
    let (id, name) = instance.repository(&admin, None, "w 2/x", false);
    assert_eq!(name, "w-2-x");
    let root = instance.model.repositories_root().unwrap();
    assert!(root.join("w-2-x/HEAD").exists());
    assert!(
        Command::new("git")
            .arg("-C")
            .arg(root.join(&name))
            .args(["fsck", "--strict"])
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(
        instance
            .model
            .repository_name_by_id(id.0)
            .unwrap()
            .as_deref(),
        Some("w-2-x")
    );

    let actor = Actor::new(&admin, ADDRESS);
    instance
        .model
        .delete_repository(&instance.admin_of(&name), &actor, ForkChoice::Refuse)
        .unwrap();
    assert_eq!(instance.model.repository_name_by_id(id.0).unwrap(), None);
    let left: Vec<_> = std::fs::read_dir(&root)
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(left.len(), 1, "{left:?}");
    assert!(
        left[0].starts_with("rm__") && left[0].ends_with("__w-2-x"),
        "{left:?}"
    );
}

#[test]
fn a_name_is_taken_by_repositories_groups_and_folders_in_any_case() {
    let instance = Instance::new();
    let admin = instance.viewer("admin");
    instance.repository(&admin, None, "site", false);
    std::fs::create_dir(instance.model.repositories_root().unwrap().join("leftover")).unwrap();
    let place = Gate::new(&instance.model)
        .place_for_repository(&admin, None)
        .unwrap();
    let actor = Actor::new(&admin, ADDRESS);
    for (name, why) in [
        ("site", "Repository named site already exists"),
        ("SITE", "already exists"),
        ("leftover", "without being in the database"),
        ("_admin", "not allowed"),
        ("a.git", "not allowed"),
        ("..", "not allowed"),
        ("", "Please enter a value"),
    ] {
        let new = NewRepository {
            name,
            kind: Kind::Git,
            description: "",
            private: false,
            copy_permissions: false,
        };
        let error = instance
            .model
            .create_repository(&place, admin.user_id().unwrap(), &actor, &new)
            .unwrap_err();
        assert!(error.to_string().contains(why), "{name}: {error}");
    }
    let hidden = std::fs::read_dir(instance.model.repositories_root().unwrap()).unwrap();
    assert!(
        !hidden
            .map(|e| e.unwrap().file_name())
            .any(|name| name.to_string_lossy().starts_with(".new"))
    );
}

#[test]
fn four_at_once_make_one_repository_of_a_name() {
    let instance = Instance::new();
    let admin = instance.viewer("admin");
    let made: usize = std::thread::scope(|scope| {
        let tries: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let place = Gate::new(&instance.model)
                        .place_for_repository(&admin, None)
                        .unwrap();
                    let new = NewRepository {
                        name: "one",
                        kind: Kind::Git,
                        description: "",
                        private: false,
                        copy_permissions: false,
                    };
                    let actor = Actor::new(&admin, ADDRESS);
                    instance
                        .model
                        .create_repository(&place, admin.user_id().unwrap(), &actor, &new)
                        .is_ok()
                })
            })
            .collect();
        tries
            .into_iter()
            .map(|t| usize::from(t.join().unwrap()))
            .sum()
    });
    assert_eq!(made, 1);
}

#[test]
fn a_missing_program_is_named_with_what_to_install() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = crate::support::config(folder.path().to_owned());
    config.git_path = "/nonexistent/git".into();
    Model::prepare(&config).unwrap();
    let instance = Instance {
        model: Model::open(std::sync::Arc::new(config)).unwrap(),
        folder,
    };
    let admin = instance.user("admin", true);
    let place = Gate::new(&instance.model)
        .place_for_repository(&admin, None)
        .unwrap();
    let new = NewRepository {
        name: "r",
        kind: Kind::Git,
        description: "",
        private: false,
        copy_permissions: false,
    };
    let actor = Actor::new(&admin, ADDRESS);
    let error = instance
        .model
        .create_repository(&place, admin.user_id().unwrap(), &actor, &new)
        .unwrap_err();
    assert!(error.to_string().contains("apt install git"), "{error}");
    assert_eq!(
        instance.model.longest_repository_name(&["r"]).unwrap(),
        None
    );
    assert!(instance.folder.path().exists());
}

#[test]
fn there_is_one_first_administrator_and_one_code() {
    let folder = tempfile::tempdir().unwrap();
    let config = std::sync::Arc::new(crate::support::config(folder.path().to_owned()));
    Model::prepare(&config).unwrap();
    let model = Model::open(config).unwrap();
    assert!(model.settings().unwrap().needs_setup);
    model.offer_setup_code().unwrap();
    let code = std::fs::read_to_string(model.setup_code_file()).unwrap();
    model.offer_setup_code().unwrap();
    assert_eq!(
        std::fs::read_to_string(model.setup_code_file()).unwrap(),
        code,
        "the first code stays"
    );
    assert!(model.is_setup_code(&code).unwrap());
    assert!(!model.is_setup_code("0000").unwrap() && !model.is_setup_code("").unwrap());
    let mode =
        std::os::unix::fs::MetadataExt::mode(&std::fs::metadata(model.setup_code_file()).unwrap());
    assert_eq!(mode & 0o777, 0o600);

    let new = |name| kallithea_model::account::NewUser {
        username: name,
        email: "a@example.com",
        password: "secret1",
        admin: true,
        ..Default::default()
    };
    model.create_first_admin(&new("one")).unwrap();
    assert!(model.create_first_admin(&new("two")).is_err());
    assert!(!model.settings().unwrap().needs_setup);
}

#[test]
fn answers_are_kept_below_the_folder_for_caches_and_nothing_is_borrowed_from_outside() {
    let instance = Instance::new();
    let admin = instance.viewer("admin");
    let (_, name) = instance.repository(&admin, None, "site", false);
    let model = &instance.model;
    let folder = model.repository_path(&instance.admin_of(&name)).unwrap();
    let script = "commit refs/heads/master\ncommitter A <a@example.com> 1600000000 +0000\ndata 1\nm\n\
                  M 100644 inline a.txt\ndata 2\nx\n\n";
    let mut child = Command::new("git")
        .arg("-C")
        .arg(&folder)
        .args(["fast-import", "--quiet"])
        .stdin(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(child.stdin.as_mut().unwrap(), script.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
    let contents = model.open_repository(&instance.admin_of(&name)).unwrap();
    let tip = contents.resolve("tip").unwrap();
    let changes = contents
        .cached(model.cache())
        .last_changes(&tip, &vcs::RepoPath::root());
    assert_eq!(changes.unwrap().len(), 1);
    let answers = model.config().cache_dir.join("answers");
    let entries = std::fs::read_dir(answers).unwrap();
    assert!(entries.count() >= 1, "an answer is kept on disk");

    drop(contents);
    let (_, borrower) = instance.repository(&admin, None, "borrower", false);
    let borrower = instance.admin_of(&borrower);
    let alternates = model.repository_path(&borrower).unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let line = format!("{}\n", elsewhere.path().display());
    std::fs::write(alternates.join("objects/info/alternates"), line).unwrap();
    let refused = model.open_repository(&borrower).unwrap_err();
    assert!(refused.to_string().contains("leads out of"), "{refused}");
}
