//! Who may do what with repositories and groups.

use crate::support::{ADDRESS, Instance};
use kallithea_model::{Gate, Level, NewGroup, RepositoryUpdate};

#[test]
fn a_new_repository_is_readable_for_all_and_belongs_to_its_owner() {
    let instance = Instance::new();
    let alice = instance.user("alice", false);
    let bob = instance.user("bob", false);
    instance.repository(&alice, None, "site", false);
    assert_eq!(instance.level(&alice, "site"), Some(Level::Admin));
    assert_eq!(instance.level(&bob, "site"), Some(Level::Read));
    assert_eq!(
        instance.level(&instance.visitor(), "site"),
        Some(Level::Read)
    );
    assert_eq!(
        instance.level(&instance.viewer("admin"), "site"),
        Some(Level::Admin)
    );
}

#[test]
fn a_private_repository_is_there_only_for_those_who_are_named() {
    let instance = Instance::new();
    let alice = instance.user("alice", false);
    let bob = instance.user("bob", false);
    instance.repository(&alice, None, "diary", true);
    assert_eq!(instance.level(&bob, "diary"), None);
    assert_eq!(instance.level(&instance.visitor(), "diary"), None);
    instance.grant("diary", "bob", Level::Write);
    assert_eq!(instance.level(&bob, "diary"), Some(Level::Write));
    // Whatever is asked for, visitors get nothing on a private repository.
    instance.grant("diary", "default", Level::Admin);
    assert_eq!(instance.level(&instance.visitor(), "diary"), None);
}

#[test]
fn what_may_not_be_seen_is_told_like_what_does_not_exist() {
    let instance = Instance::new();
    let bob = instance.user("bob", false);
    instance.repository(&instance.viewer("admin"), None, "diary", true);
    let told = |name: &str| {
        Gate::new(&instance.model)
            .read_repository(&bob, name)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        told("diary").replace("diary", "X"),
        told("nothing").replace("nothing", "X")
    );
}

#[test]
fn levels_only_ever_rise_above_the_default() {
    let instance = Instance::new();
    let admin = instance.viewer("admin");
    let bob = instance.user("bob", false);
    instance.repository(&admin, None, "r", false);
    for (default, own, expected) in [
        (Level::None, Level::None, None),
        (Level::None, Level::Read, Some(Level::Read)),
        (Level::Read, Level::None, Some(Level::Read)),
        (Level::Write, Level::Read, Some(Level::Write)),
        (Level::Read, Level::Admin, Some(Level::Admin)),
    ] {
        instance.grant("r", "default", default);
        instance.grant("r", "bob", own);
        assert_eq!(
            instance.level(&bob, "r"),
            expected,
            "default {default:?}, own {own:?}"
        );
    }
}

#[test]
fn the_rights_come_as_values_of_their_level() {
    let instance = Instance::new();
    let bob = instance.user("bob", false);
    instance.repository(&instance.viewer("admin"), None, "r", false);
    let gate = Gate::new(&instance.model);
    for (level, writable, administrable) in [
        (Level::Read, false, false),
        (Level::Write, true, false),
        (Level::Admin, true, true),
    ] {
        instance.grant("r", "bob", level);
        let right = gate.read_repository(&bob, "r").unwrap();
        assert_eq!(
            (right.writable().is_some(), right.administrable().is_some()),
            (writable, administrable),
            "{level:?}"
        );
    }
}

#[test]
fn closing_the_site_to_visitors_shuts_every_door() {
    let instance = Instance::new();
    instance.repository(&instance.viewer("admin"), None, "r", false);
    instance.model.set_anonymous_access(false).unwrap();
    let visitor = instance.visitor();
    assert!(!visitor.may_enter());
    assert_eq!(instance.level(&visitor, "r"), None);
    assert!(
        Gate::new(&instance.model)
            .readable_repositories(&visitor)
            .unwrap()
            .is_empty()
    );
    instance.model.set_anonymous_access(true).unwrap();
    assert!(instance.visitor().may_enter());
}

#[test]
fn lists_hold_what_may_be_read_and_nothing_else() {
    let instance = Instance::new();
    let admin = instance.viewer("admin");
    let bob = instance.user("bob", false);
    instance.repository(&admin, None, "open", false);
    instance.repository(&admin, None, "secret", true);
    let names = |viewer| -> Vec<String> {
        let list = Gate::new(&instance.model)
            .readable_repositories(viewer)
            .unwrap();
        list.iter()
            .map(|repository| repository.name().to_owned())
            .collect()
    };
    assert_eq!(names(&bob), ["open"]);
    assert_eq!(names(&admin), ["open", "secret"]);
    assert_eq!(names(&instance.visitor()), ["open"]);
}

#[test]
fn groups_take_admin_to_make_and_write_to_fill() {
    let instance = Instance::new();
    let admin = instance.viewer("admin");
    let bob = instance.user("bob", false);
    let gate = Gate::new(&instance.model);
    assert!(
        gate.place_for_group(&bob, None).is_err(),
        "only administrators make groups at the top"
    );
    let new = NewGroup {
        name: "tools",
        description: "",
        copy_permissions: false,
    };
    instance
        .model
        .create_group(&gate.place_for_group(&admin, None).unwrap(), &admin, &new)
        .unwrap();
    let group = gate.read_group(&bob, "tools").unwrap();
    assert_eq!(group.level(), Level::Read);
    assert!(
        gate.place_for_repository(&bob, Some(group.row().id))
            .is_err()
    );
    assert!(
        gate.place_for_repository(&instance.visitor(), None)
            .is_err()
    );
    let (_, name) = instance.repository(&admin, Some(group.row().id), "hammer", false);
    assert_eq!(name, "tools/hammer");

    let owned = gate
        .read_group(&admin, "tools")
        .unwrap()
        .administrable()
        .unwrap();
    assert!(
        instance
            .model
            .delete_group(&owned)
            .unwrap_err()
            .to_string()
            .contains("contains 1 repositories")
    );
}

#[test]
fn making_a_repository_private_takes_the_default_away_for_good() {
    let instance = Instance::new();
    let admin = instance.viewer("admin");
    let bob = instance.user("bob", false);
    instance.repository(&admin, None, "r", false);
    let actor = kallithea_model::Actor::new(&admin, ADDRESS);
    let update = |private| RepositoryUpdate {
        description: "text",
        landing_revision: "rev:tip",
        owner: "admin",
        private,
        statistics: false,
        downloads: false,
    };
    instance
        .model
        .update_repository(&instance.admin_of("r"), &actor, &update(true))
        .unwrap();
    assert_eq!(instance.level(&bob, "r"), None);
    instance
        .model
        .update_repository(&instance.admin_of("r"), &actor, &update(false))
        .unwrap();
    assert_eq!(
        instance.level(&bob, "r"),
        None,
        "going public again gives nothing back by itself"
    );
}

#[test]
fn accounts_that_are_closed_or_elsewhere_are_nobody() {
    let instance = Instance::new();
    let model = &instance.model;
    assert!(
        model
            .authenticate("admin", "secret1", ADDRESS)
            .unwrap()
            .is_some()
    );
    assert!(
        model
            .authenticate("ADMIN", "secret1", ADDRESS)
            .unwrap()
            .is_some(),
        "names are found in any case"
    );
    assert!(
        model
            .authenticate("admin@example.com", "secret1", ADDRESS)
            .unwrap()
            .is_some(),
        "addresses too"
    );
    for (name, password) in [
        ("admin", "wrong12"),
        ("nobody", "secret1"),
        ("default", "secret1"),
        ("", ""),
        ("admin", ""),
    ] {
        assert!(
            model
                .authenticate(name, password, ADDRESS)
                .unwrap()
                .is_none(),
            "{name} {password}"
        );
    }
}
