//! How long it takes to find out what somebody may see: `cargo run --release -p kallithea-model --example access_speed`.
//!
//! The instance is made in a temporary folder: 10,000 repositories in 100 groups, and a user in 50 user groups, each of
//! which has a level on 200 of them. What is told is the median of many runs, on SQLite.

use std::sync::Arc;
use std::time::{Duration, Instant};

use db::repositories::{self, NewRepository, RepoState, RepoType, RepositorySettings};
use db::{
    Db, DbError, GroupName, Level, RepoName, UserGroupName, groups, repo_to_perm,
    user_repo_group_to_perm, users, users_group_repo_to_perm, users_groups, users_groups_members,
};
use kallithea_model::account::NewUser;
use kallithea_model::{Config, Gate, ListOrder, ListRequest, ListScope, Model};

const GROUPS: i64 = 100;
const IN_EACH: i64 = 100;
const USER_GROUPS: i64 = 50;
const RUNS: usize = 21;

fn median(what: &str, mut run: impl FnMut()) {
    let mut times: Vec<Duration> = (0..RUNS)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed()
        })
        .collect();
    times.sort();
    println!("{what:<48} {:>9.2} ms", times[RUNS / 2].as_secs_f64() * 1e3);
}

fn fill(db: &Db) -> Result<(), DbError> {
    db.write(|tx| {
        let default = users::default_user(tx)?.map(|user| user.id);
        let (Some(default), Some(owner)) = (default, users::first_admin(tx)?) else {
            return Ok(());
        };
        let user = users::by_username(tx, &"user".into())?.map(|user| user.id);
        let mut all = Vec::new();
        for group in 0..GROUPS {
            let name = format!("group-{group}");
            let id = groups::insert(tx, &GroupName::from(name.as_str()), None, &name, owner.id)?;
            user_repo_group_to_perm::grant(tx, default, id, Level::Read)?;
            for repository in 0..IN_EACH {
                let full = RepoName::from(format!("{name}/repository-{repository}"));
                let id = repositories::insert(
                    tx,
                    &NewRepository {
                        name: &full,
                        state: RepoState::Created,
                        repo_type: RepoType::Git,
                        fork_of: None,
                        group: Some(id),
                        settings: RepositorySettings {
                            owner: owner.id,
                            clone_uri: None,
                            private: repository % 10 == 0,
                            statistics: false,
                            downloads: false,
                            description: "a description of some words, as people write them",
                            landing_revision: "rev:tip",
                        },
                    },
                )?;
                repo_to_perm::insert(tx, default, id, Level::Read)?;
                all.push(id);
            }
        }
        for n in 0..USER_GROUPS {
            let name = UserGroupName::from(format!("user-group-{n}"));
            let group = users_groups::insert(tx, &name, "", owner.id)?;
            if let Some(user) = user {
                users_groups_members::add(tx, group, user)?;
            }
            for repository in all.iter().skip(n as usize).step_by(USER_GROUPS as usize) {
                users_group_repo_to_perm::grant(tx, group, *repository, Level::Write)?;
            }
        }
        Ok(())
    })
}

fn main() {
    let folder =
        std::env::temp_dir().join(format!("kallithea-access-speed-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a temporary folder can be made");
    let (config, _) = Config::from_values(&[], folder.clone(), None).expect("defaults hold");
    let config = Arc::new(config);
    Model::prepare(&config).expect("a new database can be made");
    let url = config.database_url.parse().expect("the default URL holds");
    let model = Model::open(config).expect("it can be opened");
    for (username, admin) in [("admin", true), ("user", false)] {
        let email = format!("{username}@example.com");
        let new = NewUser {
            username,
            email: &email,
            password: "secret1",
            admin,
            ..Default::default()
        };
        model.create_user(&new).expect("the name is free");
    }
    let db = Db::new(url);
    fill(&db).expect("the rows can be written");
    let user = model
        .user_by_name("user")
        .ok()
        .flatten()
        .expect("made above");
    let viewer = model
        .viewer(user.id, "127.0.0.1")
        .ok()
        .flatten()
        .expect("the account is open");
    let gate = Gate::new(&model);
    median("levels on 10,000 repositories", || {
        let levels = db.read(|conn| repo_to_perm::repository_levels(conn, user.id));
        assert_eq!(levels.map_or(0, |levels| levels.len()), 10_000);
    });
    median("the right to one repository", || {
        assert!(
            gate.read_repository(&viewer, "group-7/repository-7")
                .is_ok()
        );
    });
    let wanted = ListRequest {
        filter: "",
        scope: ListScope::Place,
        order: ListOrder::Name,
        reversed: false,
        page: 1,
        per_page: 100,
    };
    median("home list: 100 groups with their counts", || {
        let list = model
            .list(&viewer, None, wanted)
            .expect("the database answers");
        assert_eq!(list.groups.len(), 100);
    });
    let filtered = ListRequest {
        filter: "repository-7",
        ..wanted
    };
    median("home list: one page of 1,100 found", || {
        let list = model
            .list(&viewer, None, filtered)
            .expect("the database answers");
        assert_eq!((list.repositories.len(), list.total), (100, 1100));
    });
    let recent = ListRequest {
        scope: ListScope::All,
        order: ListOrder::Changed,
        ..wanted
    };
    median("home list: what changed last of all", || {
        let list = model
            .list(&viewer, None, recent)
            .expect("the database answers");
        assert_eq!(list.repositories.len(), 100);
    });
    median("bcrypt alone", || {
        let _ = std::hint::black_box(bcrypt::hash("secret1", 10));
    });
    let mut n = 0;
    median("signing in, each time with another wrong name", || {
        n += 1;
        let address = format!("192.0.2.{n}");
        let found = model.authenticate(&format!("nobody-{n}"), "secret1", &address);
        assert!(found.is_ok_and(|found| found.is_none()));
    });
    let _ = std::fs::remove_dir_all(&folder);
}
