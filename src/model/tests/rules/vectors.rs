//! The permission rules as a table: what stands in the database, and who may do what because of it.
//!
//! Subjects: D is the default user, U a plain user, A an administrator, O a plain user who owns things, G an active user
//! group with the members U and O. A setup is a list of `subject=level` (a row each, in this order), `owner=subject`,
//! `private`, and `subject:inactive`. N is nobody: no account, while D is inactive.

use db::repositories::{NewRepository, RepoState, RepoType, RepositorySettings};
use db::test_servers::Server;
use db::users_groups_members;
use db::{
    Db, GroupName, PermissionName, RepoName, UserGroupName, groups, repo_to_perm, repositories,
    user_group_user_group_to_perm, user_repo_group_to_perm, user_to_perm, user_user_group_to_perm,
    users, users_group_repo_group_to_perm, users_group_repo_to_perm, users_group_to_perm,
    users_groups,
};
use kallithea_model::user_group::NewUserGroup;
use kallithea_model::{Actor, Gate, Level, UserGroupId, UserId, Viewer};

use crate::support::{ADDRESS, Instance};

/// Number, kind of object, setup, expected levels.
#[rustfmt::skip] // a table is read by its columns
const OBJECTS: &[(&str, &str, &str, &str)] = &[
    ("1",  "repository", "D=read",                              "U=read"),
    ("2",  "repository", "D=read U=write",                      "U=write"),
    ("3",  "repository", "D=read U=none",                       "U=read"),
    ("4",  "repository", "D=read G=write",                      "U=write"),
    ("5",  "repository", "D=read U=none G=write",               "U=write"),
    ("6",  "repository", "D=read U=write G=read",               "U=write"),
    ("7",  "repository", "D=write G=admin G:inactive",          "U=write"),
    ("8",  "repository", "D=admin G=write G:inactive",          "U=admin"),
    ("9",  "repository", "D=read A=write",                      "A=admin"),
    ("10", "repository", "owner=O D=none",                      "O=admin"),
    ("11", "repository", "owner=O D=none O=none",               "O=admin"),
    ("12", "repository", "owner=O D=none G=none",               "O=admin U=none"),
    ("13", "repository", "owner=O private D=none",              "U=none D=none O=admin A=admin"),
    ("14", "repository", "private D=none U=read",               "U=read D=none"),
    // A base that stayed open on a private repository opens it to nobody.
    ("15", "repository", "private D=write",                     "U=none D=none A=admin"),
    // A missing base is none, and owners and administrators do not need it.
    ("16", "repository", "owner=O",                             "U=none D=none O=admin A=admin"),
    ("17", "repository", "owner=O U=write",                     "U=write D=none O=admin"),
    ("18", "repository", "D=none U=read U=write U=none",        "U=write"),
    ("19", "repository", "D=read D=admin",                      "D=admin U=admin"),
    ("19b","repository", "D=admin D=read",                      "D=admin U=read"),
    ("20", "repository", "owner=D D=read",                      "D=admin U=read"),
    // Nobody has a level; every page leads nobody to the sign-in page before it asks for one.
    ("21", "repository", "D=admin D:inactive",                  "U=admin N=none"),
    ("22", "group",      "D=read",                              "U=read A=admin"),
    ("23", "group",      "D=none U=read",                       "U=read D=none"),
    ("24", "group",      "D=none G=read",                       "U=read D=none"),
    ("25", "group",      "D=write G=admin G:inactive",          "U=write"),
    ("27", "group",      "owner=O D=read",                      "O=read"),
    ("28", "user group", "D=read G=write",                      "U=write"),
    ("29", "user group", "D=read G=write H:inactive",           "U=write"),
    ("30", "user group", "D=read G=write G:inactive",           "U=read"),
    ("30b","user group", "owner=O D=none",                      "O=none A=admin"),
];

/// Number, rows, who, which names they have, and (behind `not`) which they have not.
#[rustfmt::skip]
const GLOBALS: &[(&str, &str, &str, &str)] = &[
    ("33", "D=hg.create.repository U=hg.create.none",                     "U", "hg.create.repository not hg.create.none"),
    ("34", "D=hg.create.none U=hg.create.repository",                     "U", "hg.create.repository"),
    ("35", "D=hg.fork.none G=hg.fork.repository G:inactive",              "U", "hg.fork.none not hg.fork.repository"),
    ("35b","D=hg.fork.none G=hg.fork.repository",                         "U", "hg.fork.repository"),
    ("36", "D=hg.register.manual_activate G=hg.register.auto_activate",   "U", "hg.register.auto_activate"),
    ("37", "D=hg.create.none A=hg.create.repository",                     "A", "hg.admin not hg.create.repository hg.create.none"),
    ("38", "U=hg.admin",                                                  "U", "hg.admin"),
    ("39", "D=hg.create.repository D=hg.fork.none D:inactive",            "N", "hg.create.repository hg.fork.none"),
];

struct World {
    instance: Instance,
    db: Db,
    group: UserGroupId,
}

impl World {
    fn new() -> Self {
        Self::on(Instance::new())
    }

    fn on(instance: Instance) -> Self {
        for (name, admin) in [("U", false), ("A", true), ("O", false)] {
            instance.user(name, admin);
        }
        let db = Db::new(instance.model.config().database_url.parse().unwrap());
        let group = db
            .write(|tx| {
                let owner = users::first_admin(tx)?.unwrap().id;
                let group = users_groups::insert(tx, &"G1".into(), "", owner)?;
                for name in ["U", "O"] {
                    let user = users::by_username(tx, &name.into())?.unwrap();
                    users_groups_members::add(tx, group, user.id)?;
                }
                Ok::<_, db::DbError>(group)
            })
            .unwrap();
        Self {
            instance,
            db,
            group,
        }
    }

    fn id(&self, subject: &str) -> UserId {
        let name = if subject == "D" { "default" } else { subject };
        self.instance.model.user_by_name(name).unwrap().unwrap().id
    }

    fn viewer(&self, subject: &str) -> Viewer {
        match subject {
            "D" | "N" => self.instance.visitor(),
            name => self.instance.viewer(name),
        }
    }

    /// Sets who is active for this row of a table.
    fn set_active(&self, setup: &str, target: Option<UserGroupId>) {
        let active = |subject: &str| !setup.contains(&format!("{subject}:inactive"));
        let model = &self.instance.model;
        model.set_anonymous_access(active("D")).unwrap();
        self.db
            .write(|tx| {
                let groups = [Some((self.group, "G")), target.map(|target| (target, "H"))];
                for (id, name) in groups.into_iter().flatten() {
                    let row = users_groups::by_id(tx, id)?.unwrap();
                    users_groups::update(tx, id, &row.name, "", active(name), row.owner)?;
                }
                Ok::<_, db::DbError>(())
            })
            .unwrap();
    }

    /// Makes an object of this setup and returns what to ask about it.
    fn object(&self, number: &str, kind: &str, setup: &str) -> Object {
        let words: Vec<&str> = setup.split_whitespace().collect();
        let owner = words.iter().find_map(|word| word.strip_prefix("owner="));
        let owner = self.id(owner.unwrap_or("admin"));
        let rows: Vec<(&str, Level)> = words
            .iter()
            .filter_map(|word| word.split_once('='))
            .filter(|(subject, _)| *subject != "owner")
            .map(|(subject, level)| (subject, Level::from_word(level).unwrap()))
            .collect();
        let rows: Vec<(Option<UserId>, Level)> = rows
            .into_iter()
            .map(|(subject, level)| ((subject != "G").then(|| self.id(subject)), level))
            .collect();
        let name = format!("v{number}");
        self.db
            .write(|tx| {
                Ok::<_, db::DbError>(match kind {
                    "repository" => {
                        let full = RepoName::from(name.as_str());
                        let id = repositories::insert(
                            tx,
                            &repository(&full, owner, words.contains(&"private")),
                        )?;
                        for (user, level) in rows {
                            match user {
                                Some(user) => repo_to_perm::insert(tx, user, id, level)?,
                                None => users_group_repo_to_perm::grant(tx, self.group, id, level)?,
                            }
                        }
                        Object::Repository(name)
                    }
                    "group" => {
                        let full = GroupName::from(name.as_str());
                        let id = groups::insert(tx, &full, None, "", owner)?;
                        for (user, level) in rows {
                            match user {
                                Some(user) => user_repo_group_to_perm::grant(tx, user, id, level)?,
                                None => users_group_repo_group_to_perm::grant(
                                    tx, self.group, id, level,
                                )?,
                            }
                        }
                        Object::Group(name)
                    }
                    _ => {
                        let full = UserGroupName::from(name.as_str());
                        let id = users_groups::insert(tx, &full, "", owner)?;
                        for (user, level) in rows {
                            match user {
                                Some(user) => user_user_group_to_perm::grant(tx, user, id, level)?,
                                None => {
                                    user_group_user_group_to_perm::grant(tx, self.group, id, level)?
                                }
                            }
                        }
                        Object::UserGroup(id)
                    }
                })
            })
            .unwrap()
    }

    /// The level as a single question and as a list tell it, which must be the same.
    fn level(&self, viewer: &Viewer, object: &Object) -> Level {
        let gate = Gate::new(&self.instance.model);
        let (one, listed) = match object {
            Object::Repository(name) => (
                gate.read_repository(viewer, name).ok().map(|r| r.level()),
                gate.readable_repositories(viewer)
                    .unwrap()
                    .into_iter()
                    .find(|r| r.name() == name)
                    .map(|r| r.level()),
            ),
            Object::Group(name) => (
                gate.read_group(viewer, name).ok().map(|g| g.level()),
                gate.readable_groups(viewer)
                    .unwrap()
                    .into_iter()
                    .find(|g| g.name() == name)
                    .map(|g| g.level()),
            ),
            Object::UserGroup(id) => (
                gate.read_user_group(viewer, *id).ok().map(|g| g.level()),
                gate.user_groups_with(viewer, Level::Read)
                    .unwrap()
                    .into_iter()
                    .find(|g| g.id() == *id)
                    .map(|g| g.level()),
            ),
        };
        assert_eq!(one, listed, "one and all agree");
        one.unwrap_or(Level::None)
    }
}

enum Object {
    Repository(String),
    Group(String),
    UserGroup(UserGroupId),
}

fn repository<'a>(name: &'a RepoName, owner: UserId, private: bool) -> NewRepository<'a> {
    NewRepository {
        name,
        state: RepoState::Created,
        repo_type: RepoType::Git,
        fork_of: None,
        group: None,
        settings: RepositorySettings {
            owner,
            clone_uri: None,
            private,
            statistics: false,
            downloads: false,
            description: "",
            landing_revision: "rev:tip",
        },
    }
}

#[test]
fn levels_on_objects_are_those_of_the_table() {
    levels_on_objects(&World::new());
}

#[test]
fn global_permissions_are_those_of_the_table() {
    global_permissions(&World::new());
}

#[test]
fn the_tables_hold_on_servers_too() {
    for server in [Server::postgresql(), Server::mariadb()] {
        levels_on_objects(&World::on(Instance::at(server.url("objects"))));
        global_permissions(&World::on(Instance::at(server.url("globals"))));
    }
}

fn levels_on_objects(world: &World) {
    let mut wrong = Vec::new();
    for (number, kind, setup, expected) in OBJECTS {
        let object = world.object(number, kind, setup);
        let target = match object {
            Object::UserGroup(id) => Some(id),
            _ => None,
        };
        world.set_active(setup, target);
        for pair in expected.split_whitespace() {
            let (subject, level) = pair.split_once('=').unwrap();
            let found = world.level(&world.viewer(subject), &object);
            if found.word() != level {
                wrong.push(format!(
                    "{number}: {kind} {setup}: expected {pair}, found {found}"
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn global_permissions(world: &World) {
    let mut wrong = Vec::new();
    for (number, setup, subject, expected) in GLOBALS {
        let ids: Vec<(&str, UserId)> = ["D", "U", "A", "O"].map(|s| (s, world.id(s))).into();
        world
            .db
            .write(|tx| {
                for (_, id) in &ids {
                    user_to_perm::delete_of_user(tx, *id)?;
                }
                users_group_to_perm::delete_of_user_group(tx, world.group)?;
                for (subject, name) in setup.split_whitespace().filter_map(|w| w.split_once('=')) {
                    let name = PermissionName::from(name);
                    match ids.iter().find(|(known, _)| *known == subject) {
                        Some((_, id)) => user_to_perm::insert(tx, *id, &name)?,
                        None => users_group_to_perm::insert(tx, world.group, &name)?,
                    }
                }
                Ok::<_, db::DbError>(())
            })
            .unwrap();
        world.set_active(setup, None);
        let gate = Gate::new(&world.instance.model);
        let globals = gate.globals(&world.viewer(subject)).unwrap();
        let (has, has_not) = expected.split_once("not ").unwrap_or((expected, ""));
        let missing = has.split_whitespace().filter(|name| !globals.has(name));
        let extra = has_not.split_whitespace().filter(|name| globals.has(name));
        for name in missing.chain(extra) {
            wrong.push(format!("{number}: {setup}: {subject} {name}: {globals:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// 26: a level on a group reaches nothing in it.
#[test]
fn groups_pass_nothing_on_to_what_is_in_them() {
    let world = World::new();
    let group = world.object("26", "group", "D=none");
    let Object::Group(name) = &group else {
        unreachable!()
    };
    world
        .db
        .write(|tx| {
            let id = groups::by_name(tx, &name.as_str().into())?.unwrap().id;
            let full = RepoName::from("v26/inside");
            let repository = NewRepository {
                group: Some(id),
                ..repository(&full, world.id("admin"), false)
            };
            let id = repositories::insert(tx, &repository)?;
            repo_to_perm::grant(tx, world.id("D"), id, Level::Read)
        })
        .unwrap();
    let user = world.viewer("U");
    assert_eq!(world.level(&user, &group), Level::None);
    let inside = Object::Repository("v26/inside".to_owned());
    assert_eq!(world.level(&user, &inside), Level::Read);
}

/// 31: who makes a user group administers it by a row of their own, and everybody may see it.
#[test]
fn a_new_user_group_has_the_rows_of_the_original() {
    let world = World::new();
    let admin = world.viewer("A");
    let gate = Gate::new(&world.instance.model);
    let maker = gate.maker_of_user_groups(&admin).unwrap();
    let new = NewUserGroup {
        name: "helpers",
        description: "",
        owner: None,
        active: true,
    };
    let actor = Actor::new(&admin, ADDRESS);
    let id = world
        .instance
        .model
        .create_user_group(&maker, &actor, &new)
        .unwrap();
    let rows = world
        .db
        .read(|conn| user_user_group_to_perm::of_user_group(conn, id))
        .unwrap();
    let rows: Vec<_> = rows
        .iter()
        .map(|row| (row.username.as_str(), row.level))
        .collect();
    assert_eq!(rows, [("default", Level::Read), ("A", Level::Admin)]);
}

/// 32: a new user has what everybody has.
#[test]
fn a_new_user_has_the_seven_defaults() {
    let world = World::new();
    let globals = Gate::new(&world.instance.model)
        .globals(&world.viewer("U"))
        .unwrap();
    let names: Vec<&str> = globals.names().iter().map(|name| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "group.read",
            "hg.create.repository",
            "hg.extern_activate.auto",
            "hg.fork.repository",
            "hg.register.manual_activate",
            "repository.read",
            "usergroup.read",
        ]
    );
}

/// 38: a row `hg.admin` makes an administrator of the site and changes no level.
#[test]
fn an_admin_row_is_about_the_site_alone() {
    let world = World::new();
    let id = world.id("U");
    let object = world.object("38", "repository", "D=read");
    world
        .db
        .write(|tx| user_to_perm::insert(tx, id, &"hg.admin".into()))
        .unwrap();
    let user = world.viewer("U");
    assert!(Gate::new(&world.instance.model).site_admin(&user).is_ok());
    assert_eq!(world.level(&user, &object), Level::Read);
}
