//! Giving and taking permissions: with recursion, by those who may, on what they see.

use kallithea_model::defaults::{Abilities, Defaults, Overwrite};
use kallithea_model::user_group::NewUserGroup;
use kallithea_model::{
    Actor, Gate, Grant, Holder, Level, NewGroup, Recursion, Registration, Subject, UserGroupId,
};

use crate::support::{ADDRESS, Instance};

fn line(subject: Subject, level: Level) -> Grant {
    Grant { subject, level }
}

fn user(name: &str, level: Level) -> Grant {
    line(Subject::User(name.to_owned()), level)
}

fn user_group(instance: &Instance, name: &str) -> UserGroupId {
    let admin = instance.viewer("admin");
    let maker = Gate::new(&instance.model)
        .maker_of_user_groups(&admin)
        .unwrap();
    let new = NewUserGroup {
        name,
        description: "",
        owner: None,
        active: true,
    };
    instance
        .model
        .create_user_group(&maker, &Actor::new(&admin, ADDRESS), &new)
        .unwrap()
}

/// `top`, `top/sub`, `top/r`, `top/sub/r` and the private `top/secret`, all closed to everybody.
fn tree() -> Instance {
    let instance = Instance::new();
    let admin = instance.viewer("admin");
    let gate = Gate::new(&instance.model);
    let mut parent = None;
    for name in ["top", "sub"] {
        let new = NewGroup {
            name,
            description: "",
            copy_permissions: false,
        };
        let place = gate.place_for_group(&admin, parent).unwrap();
        let full = instance.model.create_group(&place, &admin, &new).unwrap();
        let group = gate.read_group(&admin, &full).unwrap();
        instance
            .model
            .grant_on_group(
                &group.administrable().unwrap(),
                &admin,
                &[user("default", Level::None)],
                Recursion::None,
            )
            .unwrap();
        parent = Some(group.row().id);
        let (_, full) = instance.repository(&admin, parent, "r", false);
        instance.grant(&full, "default", Level::None);
    }
    let top = gate.read_group(&admin, "top").unwrap().row().id;
    instance.repository(&admin, Some(top), "secret", true);
    instance
}

#[test]
fn a_level_on_a_group_goes_as_far_down_as_the_choice_says() {
    let instance = tree();
    let (model, admin) = (&instance.model, instance.viewer("admin"));
    let bob = instance.user("bob", false);
    let gate = Gate::new(model);
    let top = || {
        let group = gate.read_group(&admin, "top").unwrap();
        group.administrable().unwrap()
    };
    let sees = || {
        [
            gate.read_group(&bob, "top").is_ok(),
            gate.read_group(&bob, "top/sub").is_ok(),
            gate.read_repository(&bob, "top/r").is_ok(),
            gate.read_repository(&bob, "top/sub/r").is_ok(),
        ]
    };
    assert_eq!(sees(), [false; 4]);
    let holder = Holder::User(bob.user_id().unwrap());
    for (recursion, expected) in [
        (Recursion::None, [true, false, false, false]),
        (Recursion::Repositories, [true, false, true, true]),
        (Recursion::Groups, [true, true, false, false]),
        (Recursion::All, [true; 4]),
    ] {
        let grants = [user("bob", Level::Write), user("default", Level::None)];
        model
            .grant_on_group(&top(), &admin, &grants, recursion)
            .unwrap();
        assert_eq!(sees(), expected, "{recursion:?}");
        let had = model
            .revoke_on_group(&top(), &admin, holder, recursion)
            .unwrap();
        assert!(had && sees() == [false; 4], "{recursion:?}");
    }
    // What everybody gets stops at what is private.
    model
        .grant_on_group(
            &top(),
            &admin,
            &[user("default", Level::Read)],
            Recursion::All,
        )
        .unwrap();
    assert_eq!(sees(), [true; 4]);
    assert!(gate.read_repository(&bob, "top/secret").is_err());
}

#[test]
fn nobody_takes_a_group_from_themselves_but_administrators_of_the_site() {
    let instance = tree();
    let (model, admin) = (&instance.model, instance.viewer("admin"));
    let bob = instance.user("bob", false);
    let gate = Gate::new(model);
    let top = |viewer| {
        let group = gate.read_group(viewer, "top").unwrap();
        group.administrable().unwrap()
    };
    let mine = [user("bob", Level::Admin)];
    model
        .grant_on_group(&top(&admin), &admin, &mine, Recursion::None)
        .unwrap();
    let holder = Holder::User(bob.user_id().unwrap());
    let less = [user("bob", Level::Write)];
    assert!(
        model
            .grant_on_group(&top(&bob), &bob, &less, Recursion::None)
            .is_err()
    );
    assert!(
        model
            .revoke_on_group(&top(&bob), &bob, holder, Recursion::None)
            .is_err()
    );
    assert!(
        model
            .revoke_on_group(&top(&admin), &admin, holder, Recursion::None)
            .unwrap()
    );
}

#[test]
fn a_user_group_that_one_may_not_see_is_like_none() {
    let instance = Instance::new();
    let (model, admin) = (&instance.model, instance.viewer("admin"));
    let bob = instance.user("bob", false);
    instance.repository(&bob, None, "r", false);
    let gate = Gate::new(model);
    let id = user_group(&instance, "hidden");
    let hidden = gate.read_user_group(&admin, id).unwrap();
    let hidden = hidden.administrable().unwrap();
    model
        .grant_on_user_group(&hidden, &admin, &[user("default", Level::None)])
        .unwrap();
    let grant = |name: &str, level| line(Subject::UserGroup(name.to_owned()), level);
    let repository = gate.read_repository(&bob, "r").unwrap();
    let repository = repository.administrable().unwrap();
    let told = |name: &str| {
        let refused = model.grant(&repository, &bob, &[grant(name, Level::Read)]);
        refused.unwrap_err().to_string().replace(name, "X")
    };
    assert_eq!(told("hidden"), told("missing"));
    // Once somebody else has named it, forms post it back with the rest: nothing changes.
    model
        .grant(&repository, &admin, &[grant("hidden", Level::Write)])
        .unwrap();
    model
        .grant(&repository, &bob, &[grant("hidden", Level::Admin)])
        .unwrap();
    let level = || model.grants(&repository).unwrap().user_groups[0].level;
    assert_eq!(level(), Level::Write);
    assert!(
        model
            .revoke(&repository, &bob, Holder::UserGroup(id))
            .is_err()
    );
    assert!(
        model
            .revoke(&repository, &admin, Holder::UserGroup(id))
            .unwrap()
    );
    let itself = model.grant_on_user_group(&hidden, &admin, &[grant("hidden", Level::Read)]);
    assert!(itself.is_err(), "no permission on itself");
}

#[test]
fn the_base_row_is_never_gone() {
    let instance = Instance::new();
    let (model, admin) = (&instance.model, instance.viewer("admin"));
    let bob = instance.user("bob", false);
    instance.repository(&admin, None, "r", false);
    let default = instance.visitor().user_id().unwrap();
    let repository = instance.admin_of("r");
    model
        .revoke(&repository, &admin, Holder::User(default))
        .unwrap();
    let rows = model.grants(&repository).unwrap().users;
    assert_eq!((rows.len(), rows[0].level), (1, Level::None));
    assert_eq!(instance.level(&bob, "r"), None);
    assert_eq!(instance.level(&admin, "r"), Some(Level::Admin));
}

#[test]
fn what_everybody_may_do_is_set_for_new_things_and_on_demand_for_those_that_exist() {
    let instance = tree();
    let (model, admin) = (&instance.model, instance.viewer("admin"));
    let right = Gate::new(model).site_admin(&admin).unwrap();
    let bob = instance.user("bob", false);
    let gate = Gate::new(model);
    let defaults = Defaults {
        anonymous: false,
        repository: Level::Write,
        group: Level::Read,
        user_group: Level::None,
        abilities: Abilities::default(),
        registration: Registration::Closed,
        activate_external: false,
    };
    model
        .set_defaults(&right, &defaults, Overwrite::default())
        .unwrap();
    assert_eq!(model.defaults(&right).unwrap(), defaults);
    assert!(!instance.visitor().may_enter());
    assert!(!gate.may_create_at_top(&bob).unwrap() && !gate.globals(&bob).unwrap().may_fork());
    assert_eq!(instance.level(&bob, "top/r"), None);
    instance.repository(&admin, None, "new", false);
    assert_eq!(instance.level(&bob, "new"), Some(Level::Write));
    let everything = Overwrite {
        repositories: true,
        groups: true,
        user_groups: true,
    };
    let id = user_group(&instance, "helpers");
    model.set_defaults(&right, &defaults, everything).unwrap();
    assert_eq!(instance.level(&bob, "top/r"), Some(Level::Write));
    assert_eq!(instance.level(&bob, "top/secret"), None);
    assert!(gate.read_group(&bob, "top/sub").is_ok());
    assert!(gate.read_user_group(&bob, id).is_err());
}
