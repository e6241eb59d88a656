//! What Kallithea 0.7.0 itself says about the permissions in random instances, as `tests/fixtures/permissions/original.py`
//! asked it, and what we say about the same rows.
//!
//! `KALLITHEA_TEST_PERMISSIONS` names a file with other instances, as many as somebody cares to make.

use std::collections::BTreeMap;

use db::test_servers::{Server, change};
use db::{Db, users};
use kallithea_model::{Gate, Level, Model, Standing, User, Viewer};
use serde_json::Value;

use crate::support::Instance;

const INSTANCES: &str = include_str!("../../../../tests/fixtures/permissions/instances.jsonl");

/// Tables, parents first, with the columns that an instance names and the values of the others.
#[rustfmt::skip] // a table is read by its columns
const TABLES: [(&str, &str, &str, &str); 14] = [
    ("permissions",                    "permission_id, permission_name", "", ""),
    ("users",                          "user_id, username, active, admin", ", password, firstname, lastname, api_key, created_on", ", 'x', '', '', 'x', '2020-01-02 03:04:05'"),
    ("users_groups",                   "users_group_id, users_group_name, users_group_active, user_id", ", created_on", ", '2020-01-02 03:04:05'"),
    ("users_groups_members",           "users_group_id, user_id", "", ""),
    ("groups",                         "group_id, group_name, group_parent_id, user_id", ", group_description, created_on", ", '', '2020-01-02 03:04:05'"),
    ("repositories",                   "repo_id, repo_name, user_id, private, fork_id, group_id",
                                       ", repo_state, repo_type, statistics, downloads, description, created_on, updated_on, landing_revision",
                                       ", 'repo_state_created', 'hg', FALSE, FALSE, '', '2020-01-02 03:04:05', '2020-01-02 03:04:05', 'rev:tip'"),
    ("user_to_perm",                   "user_id, permission_id", "", ""),
    ("users_group_to_perm",            "users_group_id, permission_id", "", ""),
    ("repo_to_perm",                   "user_id, permission_id, repository_id", "", ""),
    ("users_group_repo_to_perm",       "users_group_id, permission_id, repository_id", "", ""),
    ("user_repo_group_to_perm",        "user_id, permission_id, group_id", "", ""),
    ("users_group_repo_group_to_perm", "users_group_id, permission_id, group_id", "", ""),
    ("user_user_group_to_perm",        "user_id, permission_id, user_group_id", "", ""),
    ("user_group_user_group_to_perm",  "user_group_id, permission_id, target_user_group_id", "", ""),
];

/// Columns that are numbers in the file and booleans on some engines.
const FLAGS: [&str; 4] = ["active", "admin", "users_group_active", "private"];

#[test]
fn rights_are_those_that_the_original_gives() {
    let more = std::env::var_os("KALLITHEA_TEST_PERMISSIONS")
        .map(|file| std::fs::read_to_string(file).unwrap());
    let instance = Instance::new();
    compare(&instance, more.as_deref().unwrap_or(INSTANCES));
}

#[test]
fn servers_give_the_same_rights() {
    for server in [Server::postgresql(), Server::mariadb()] {
        compare(&Instance::at(server.url("original")), INSTANCES);
    }
}

fn compare(instance: &Instance, lines: &str) {
    let db = Db::new(instance.model.config().database_url.parse().unwrap());
    let is_sqlite = db.url().engine() == db::Engine::Sqlite;
    let (mut asked, mut wrong) = (0, Vec::new());
    for line in lines.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        // Only SQLite keeps rows that hang in the air.
        if case["orphans"] == true && !is_sqlite {
            continue;
        }
        fill(&db, &case["tables"]);
        let mut found = Found {
            case: &case,
            asked: 0,
            wrong: Vec::new(),
        };
        let default = db.read(users::default_user).unwrap();
        for user in db.read(users::all).unwrap().into_iter().chain(default) {
            found.user(&instance.model, user);
        }
        asked += found.asked;
        wrong.append(&mut found.wrong);
    }
    assert!(asked > 500, "{asked} answers compared");
    assert!(
        wrong.is_empty(),
        "{} of {asked}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

fn fill(db: &Db, tables: &Value) {
    for own in [
        "user_logs",
        "user_followings",
        "user_email_map",
        "rs_sessions",
    ] {
        change(db, &format!("DELETE FROM {own}"));
    }
    change(db, "UPDATE repositories SET fork_id = NULL");
    change(db, "UPDATE \"groups\" SET group_parent_id = NULL");
    for (table, ..) in TABLES.iter().rev() {
        change(db, &format!("DELETE FROM \"{table}\""));
    }
    for (table, columns, more, values) in TABLES {
        let literal = |(column, value): (&str, &Value)| match value {
            Value::Null => "NULL".to_owned(),
            Value::Number(number) if FLAGS.contains(&column) => if number.as_i64() == Some(1) {
                "TRUE"
            } else {
                "FALSE"
            }
            .to_owned(),
            Value::Number(number) => number.to_string(),
            Value::String(text) => format!("'{text}'"),
            other => panic!("{table}.{column}: {other}"),
        };
        let rows: Vec<String> = tables[table]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| {
                let row = row.as_array().unwrap();
                let cells: Vec<String> = columns.split(", ").zip(row).map(literal).collect();
                assert_eq!(cells.len(), row.len());
                format!("({}{values})", cells.join(", "))
            })
            .collect();
        if !rows.is_empty() {
            let rows = rows.join(", ");
            let sql = format!("INSERT INTO \"{table}\" ({columns}{more}) VALUES {rows}");
            change(db, &sql);
        }
    }
}

/// What was compared in one instance.
struct Found<'a> {
    case: &'a Value,
    asked: usize,
    wrong: Vec<String>,
}

impl Found<'_> {
    fn check<T: PartialEq + std::fmt::Debug>(&mut self, what: &str, ours: T, theirs: T) {
        self.asked += 1;
        if ours != theirs {
            let seed = &self.case["seed"];
            self.wrong.push(format!(
                "seed {seed}, {what}: ours {ours:?}, the original's {theirs:?}"
            ));
        }
    }

    fn user(&mut self, model: &Model, user: User) {
        let id = user.id;
        if user.is_default() && !user.active {
            // The original answers for nobody while the site is closed to visitors; neither program lets anybody in.
            return;
        }
        let standing = model.standing(&user).unwrap();
        let case = self.case;
        let theirs = &case["original"][id.0.to_string()];
        let who = format!("user {id}{}", if user.active { "" } else { " (inactive)" });

        let names: Vec<&str> = standing
            .globals
            .names()
            .iter()
            .map(|name| name.as_str())
            .collect();
        let expected: Vec<&str> = theirs["globals"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(Value::as_str)
            .collect();
        self.check(&format!("{who}, globals"), names, expected.clone());

        let row = |table: &str, name: &str| {
            let rows = case["tables"][table].as_array().unwrap();
            rows.iter().find(|row| row[1] == name).unwrap()
        };
        // A private repository is closed to visitors, whatever the row of the default user says; unless it is theirs.
        let closed = |name: &str| {
            let row = row("repositories", name);
            user.is_default() && row[3] == 1 && row[2] != id.0
        };
        // Which of several rows of the default user counts for others depends on the engine's plan; here the newest does.
        let is_open = |rights: &str, object: &Value| {
            let rows = case["tables"][rights].as_array().unwrap().iter();
            rows.filter(|row| row[0] == case["default"] && row[2] == object[0])
                .count()
                > 1
        };
        for (kind, table, rights, ours) in [
            (
                "repositories",
                "repositories",
                "repo_to_perm",
                levels(&standing.repositories),
            ),
            (
                "groups",
                "groups",
                "user_repo_group_to_perm",
                levels(&standing.groups),
            ),
            (
                "usergroups",
                "users_groups",
                "user_user_group_to_perm",
                levels(&standing.user_groups),
            ),
        ] {
            // It failed on a row that hangs in the air.
            let Some(expected) = theirs[kind].as_object() else {
                continue;
            };
            assert_eq!(ours.len(), expected.len(), "{who}, {kind}");
            for (name, level) in expected {
                let mut theirs = level_of(level.as_str().unwrap());
                if kind == "repositories" && closed(name) {
                    theirs = Level::None;
                }
                if is_open(rights, row(table, name)) {
                    continue;
                }
                let what = format!("{who}, {kind}, {name}");
                self.check(&what, ours.get(name.as_str()).copied(), Some(theirs));
            }
        }
        let viewer = if user.is_default() {
            Viewer::Visitor(user)
        } else {
            Viewer::User(user)
        };
        self.gate(&Gate::new(model), &viewer, &standing, &who);
        if viewer.signed_in().is_some() {
            let has = |name: &str| expected.contains(&"hg.admin") || expected.contains(&name);
            let places = Gate::new(model).places(&viewer).unwrap();
            self.check(
                &format!("{who}, top"),
                places.top,
                has("hg.create.repository"),
            );
            self.check(
                &format!("{who}, forks"),
                places.forks,
                has("hg.fork.repository"),
            );
            let groups = Gate::new(model).maker_of_user_groups(&viewer).is_ok();
            self.check(
                &format!("{who}, user groups"),
                groups,
                has("hg.usergroup.create.true"),
            );
            let mut names: Vec<&str> = places.groups.iter().map(|group| group.name()).collect();
            let mut writable: Vec<&str> = standing
                .groups
                .iter()
                .filter(|(_, level)| *level >= Level::Write)
                .map(|(name, _)| name.as_str())
                .collect();
            names.sort_unstable();
            writable.sort_unstable();
            self.check(&format!("{who}, places"), names, writable);
        }
    }

    /// The gate, asked for one and for all, against the overview.
    fn gate(&mut self, gate: &Gate<'_>, viewer: &Viewer, standing: &Standing, who: &str) {
        let seen = |level: &Level| (*level >= Level::Read).then_some(*level);
        let listed = gate.readable_repositories(viewer).unwrap();
        for (name, level) in &standing.repositories {
            let one = gate
                .read_repository(viewer, name.as_str())
                .ok()
                .map(|r| r.level());
            let all = listed
                .iter()
                .find(|r| r.name() == name.as_str())
                .map(|r| r.level());
            self.check(
                &format!("{who}, gate, {name}"),
                (one, all),
                (seen(level), seen(level)),
            );
        }
        let listed = gate.readable_groups(viewer).unwrap();
        for (name, level) in &standing.groups {
            let one = gate
                .read_group(viewer, name.as_str())
                .ok()
                .map(|g| g.level());
            let all = listed
                .iter()
                .find(|g| g.name() == name.as_str())
                .map(|g| g.level());
            self.check(
                &format!("{who}, gate, {name}"),
                (one, all),
                (seen(level), seen(level)),
            );
        }
        let listed = gate.user_groups_with(viewer, Level::Read).unwrap();
        for (name, level) in &standing.user_groups {
            let one = gate
                .read_user_group_by_name(viewer, name.as_str())
                .ok()
                .map(|g| g.level());
            let all = listed
                .iter()
                .find(|g| g.name() == name.as_str())
                .map(|g| g.level());
            self.check(
                &format!("{who}, gate, {name}"),
                (one, all),
                (seen(level), seen(level)),
            );
        }
    }
}

fn levels<N: AsRef<str>>(list: &[(N, Level)]) -> BTreeMap<&str, Level> {
    list.iter()
        .map(|(name, level)| (name.as_ref(), *level))
        .collect()
}

/// What a name like `repository.read` is worth; names that mean nothing are worth nothing.
fn level_of(name: &str) -> Level {
    name.rsplit_once('.')
        .and_then(|(_, word)| Level::from_word(word))
        .unwrap_or(Level::None)
}
