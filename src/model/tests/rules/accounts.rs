//! Accounts and what belongs to them.

use db::{Db, FieldId};
use kallithea_model::account::{NewUser, UserUpdate};
use kallithea_model::user_group::{NewUserGroup, UserGroupUpdate};
use kallithea_model::{Account, Actor, Error, Gate, SiteAdmin, Viewer};

use crate::support::{ADDRESS, Instance};

fn admin(instance: &Instance) -> (SiteAdmin, Actor) {
    let viewer = instance.viewer("admin");
    let right = Gate::new(&instance.model).site_admin(&viewer).unwrap();
    (right, Actor::new(&viewer, ADDRESS))
}

fn own(instance: &Instance, viewer: &Viewer) -> Account {
    Gate::new(&instance.model).own_account(viewer).unwrap()
}

fn field(result: Result<(), Error>) -> &'static str {
    match result {
        Err(Error::Invalid { field, .. }) => field,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_name_and_an_address_belong_to_one_account_in_any_case() {
    let instance = Instance::new();
    let alice = instance.user("alice", false);
    instance.user("bob", false);
    let account = own(&instance, &alice);
    let model = &instance.model;
    model.add_email(&account, "Alice@Work.example").unwrap();
    let new = |username: &str, email: &str| {
        model
            .create_user(&NewUser {
                username,
                email,
                password: "secret1",
                ..Default::default()
            })
            .map(drop)
    };
    assert_eq!(field(new("ALICE", "x@example.com")), "username");
    assert_eq!(field(new("x", "ALICE@example.com")), "email");
    assert_eq!(
        field(new("x", "alice@WORK.example")),
        "email",
        "an extra one"
    );
    for name in ["default", "New_User", "-x", "a b", "a'b", "Zoë", ""] {
        assert_eq!(field(new(name, "x@example.com")), "username", "{name}");
    }
    assert_eq!(field(new(&"x".repeat(256), "x@example.com")), "username");
    let change = |update: &UserUpdate<'_>| model.update_profile(&account, update);
    let email = |email| UserUpdate {
        email: Some(email),
        ..Default::default()
    };
    assert_eq!(field(change(&email("BOB@example.com"))), "email");
    assert_eq!(field(change(&email("none"))), "email");
    change(&email("Alice@example.com")).unwrap();
    let name = UserUpdate {
        username: Some("Alice"),
        admin: Some(true),
        ..Default::default()
    };
    change(&name).unwrap();
    let alice = model.user_by_name("Alice").unwrap().unwrap();
    assert!(!alice.admin, "nobody makes themselves an administrator");
    assert_eq!(alice.email.as_deref(), Some("alice@example.com"));
    // 57 of the permission table.
    for name in ["Alice", "ALICE", "alice@EXAMPLE.com", "Alice@work.example"] {
        let found = model.authenticate(name, "secret1", ADDRESS).unwrap();
        assert_eq!(found.map(|user| user.id), Some(alice.id), "{name}");
    }
}

#[test]
fn the_last_administrator_stays_one() {
    let instance = Instance::new();
    let (right, actor) = admin(&instance);
    let id = right.user().id;
    let model = &instance.model;
    let update = |admin, active| UserUpdate {
        admin,
        active,
        ..Default::default()
    };
    let change = |update| model.update_user(&right, &actor, id, &update);
    assert_eq!(field(change(update(Some(false), None))), "admin");
    assert_eq!(field(change(update(None, Some(false)))), "admin");
    assert_eq!(field(model.delete_user(&right, &actor, id)), "admin");
    instance.user("second", true);
    change(update(Some(false), None)).unwrap();
}

#[test]
fn an_account_is_deleted_with_all_that_hangs_on_it_but_not_while_it_owns_something() {
    let instance = Instance::new();
    let (right, actor) = admin(&instance);
    let model = &instance.model;
    let bob = instance.user("bob", false);
    let id = bob.user_id().unwrap();
    let account = own(&instance, &bob);
    model.add_email(&account, "bob@work.example").unwrap();
    model.add_api_key(&account, "", None).unwrap();
    model.add_ip_rule(&right, id, "127.0.0.0/8").unwrap();
    let key = "ssh-rsa AAAAB3NzaC1yc2EAAAANVGhpcyBpcyBmYWtlIQAAAANieWU= bob@home";
    model.add_ssh_key(&account, key, "").unwrap();
    model
        .create_session(&"f".repeat(64), Some(id), "{}", true)
        .unwrap();
    let (_, name) = instance.repository(&bob, None, "site", false);
    let refused = model.delete_user(&right, &actor, id).unwrap_err();
    assert!(
        refused.to_string().contains("still owns 1 repositories")
            && refused.to_string().contains("site"),
        "{refused}"
    );
    let admins = Actor::new(&instance.viewer("admin"), ADDRESS);
    model
        .delete_repository(
            &instance.admin_of(&name),
            &admins,
            kallithea_model::ForkChoice::Refuse,
        )
        .unwrap();
    model.delete_user(&right, &actor, id).unwrap();
    assert!(model.user_by_name("bob").unwrap().is_none());
    assert!(model.load_session(&"f".repeat(64)).unwrap().is_none());
    let again = instance.user("bob", false);
    let again = own(&instance, &again);
    assert!(model.extra_emails(&again).unwrap().is_empty());
    assert!(model.ssh_keys(&again).unwrap().is_empty());
    assert!(model.extra_keys(&again).unwrap().is_empty());
    model.add_ssh_key(&again, key, "").unwrap();
    let default = instance.visitor().user_id().unwrap();
    assert!(model.delete_user(&right, &actor, default).is_err());
}

#[test]
fn a_new_password_ends_the_other_sessions_and_the_old_password() {
    let instance = Instance::new();
    let bob = instance.user("bob", false);
    let (id, account, model) = (bob.user_id(), own(&instance, &bob), &instance.model);
    let data = r#"{"client": {"address": "192.0.2.1", "agent": "Browser"}}"#;
    for (token, data) in [("a", data), ("b", "{}")] {
        model
            .create_session(&token.repeat(64), id, data, false)
            .unwrap();
    }
    assert_eq!(model.sessions(&account).unwrap().len(), 2);
    assert!(model.change_password(&account, "short", None).is_err());
    model
        .change_password(&account, "another1", Some(&"a".repeat(64)))
        .unwrap();
    let left = model.sessions(&account).unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].token_hash, "a".repeat(64));
    assert_eq!(
        (left[0].address.as_str(), left[0].agent.as_str()),
        ("192.0.2.1", "Browser")
    );
    let works = |password| {
        let found = model.authenticate("bob", password, ADDRESS).unwrap();
        found.is_some()
    };
    assert!(!works("secret1") && works("another1"));
    assert!(model.end_session(&account, &"b".repeat(64)).is_err());
    let other = own(&instance, &instance.viewer("admin"));
    assert!(
        model.end_session(&other, &"a".repeat(64)).is_err(),
        "not one's own"
    );
    assert_eq!(model.end_sessions(&account, None).unwrap(), 1);
    assert!(model.last_activity(&account).unwrap().is_none());
}

#[test]
fn a_key_opens_its_account_while_that_is_open_and_nothing_else_does() {
    let instance = Instance::new();
    let (right, actor) = admin(&instance);
    let model = &instance.model;
    let bob = instance.user("bob", false);
    let (id, account) = (bob.user_id().unwrap(), own(&instance, &bob));
    let db = Db::new(model.config().database_url.parse().unwrap());
    let opens = |key: &str| model.viewer_by_key(key, ADDRESS).unwrap().is_some();
    let extra = model.add_api_key(&account, "robot", Some(5)).unwrap();
    let ended = "e".repeat(40);
    db.write(|tx| db::user_api_keys::insert(tx, id, &ended.as_str().into(), "", 0.0))
        .unwrap();
    let built_in = account.user().api_key.as_str().to_owned();
    assert!(opens(&built_in) && opens(extra.as_str()));
    for key in [
        "",
        "x",
        &ended,
        &"0".repeat(40),
        &built_in[1..],
        &built_in.to_uppercase(),
        &format!("-{}", &built_in[1..]),
    ] {
        assert!(!opens(key), "{key}");
    }
    let default = model.user_by_name("default").unwrap().unwrap();
    assert!(!opens(default.api_key.as_str()));
    let other = own(&instance, &instance.viewer("admin"));
    assert!(model.delete_api_key(&other, extra.as_str()).is_err());
    let new = model.reset_api_key(&account).unwrap();
    assert!(opens(new.as_str()) && !opens(&built_in));
    model.delete_api_key(&account, extra.as_str()).unwrap();
    assert!(!opens(extra.as_str()));
    let off = UserUpdate {
        active: Some(false),
        ..Default::default()
    };
    model.update_user(&right, &actor, id, &off).unwrap();
    assert!(!opens(new.as_str()));
}

#[test]
fn an_ssh_key_belongs_to_one_account_and_its_owner_is_not_told() {
    let instance = Instance::new();
    let model = &instance.model;
    let (alice, bob) = (instance.user("alice", false), instance.user("bob", false));
    let (alice, bob) = (own(&instance, &alice), own(&instance, &bob));
    let key = "ssh-rsa AAAAB3NzaC1yc2EAAAANVGhpcyBpcyBmYWtlIQAAAANieWU= alice@home";
    model.add_ssh_key(&alice, key, "").unwrap();
    let told = model
        .add_ssh_key(&bob, key, "mine")
        .unwrap_err()
        .to_string();
    assert!(
        told.contains("already in use") && !told.contains("alice"),
        "{told}"
    );
    let keys = model.ssh_keys(&alice).unwrap();
    assert_eq!(keys[0].description, "alice@home");
    let fingerprint = "rHuDBAjKa/ACLlsvT2ni9RXldvHG5/jc1sHGlqLWMP4";
    assert_eq!(keys[0].fingerprint, fingerprint);
    assert!(model.delete_ssh_key(&bob, fingerprint).is_err());
    model.delete_ssh_key(&alice, fingerprint).unwrap();
}

#[test]
fn user_groups_are_made_by_those_who_may_and_changed_by_those_who_administer_them() {
    let instance = Instance::new();
    let model = &instance.model;
    let gate = Gate::new(model);
    let (alice, bob) = (instance.user("alice", false), instance.user("bob", false));
    assert!(gate.maker_of_user_groups(&alice).is_err());
    let (right, _) = admin(&instance);
    let abilities = kallithea_model::defaults::Abilities {
        create_user_groups: true,
        ..Default::default()
    };
    model
        .set_abilities_of_user(&right, alice.user_id().unwrap(), abilities)
        .unwrap();
    assert_eq!(
        model
            .abilities_of_user(&right, alice.user_id().unwrap())
            .unwrap(),
        abilities
    );
    let maker = gate.maker_of_user_groups(&alice).unwrap();
    let actor = Actor::new(&alice, ADDRESS);
    let new = |name, owner| NewUserGroup {
        name,
        description: "",
        owner,
        active: true,
    };
    let make = |name, owner| model.create_user_group(&maker, &actor, &new(name, owner));
    let id = make("helpers", None).unwrap();
    // Names as directories have them.
    for name in ["Domain Users", "Bücherei", "a/b", "x"] {
        make(name, None).unwrap();
    }
    for (name, owner) in [
        ("HELPERS", None),
        ("", None),
        ("default", None),
        ("a\nb", None),
        ("other", Some("bob")),
        ("other", Some("nobody")),
    ] {
        assert!(make(name, owner).is_err(), "{name} {owner:?}");
    }
    let group = gate
        .read_user_group(&alice, id)
        .unwrap()
        .administrable()
        .unwrap();
    assert!(
        gate.read_user_group(&bob, id)
            .unwrap()
            .administrable()
            .is_none()
    );
    let members = [bob.user_id().unwrap()];
    let update = |owner, members| UserGroupUpdate {
        owner,
        members,
        description: Some("who help"),
        ..Default::default()
    };
    let by = alice.signed_in().unwrap();
    let change = |update| model.update_user_group(&group, by, &actor, &update);
    change(update(None, Some(&members[..]))).unwrap();
    assert!(
        change(update(Some("bob"), None)).is_err(),
        "only administrators name another owner"
    );
    let default = [instance.visitor().user_id().unwrap()];
    assert!(
        change(update(None, Some(&default[..]))).is_err(),
        "visitors are members of nothing"
    );
    assert_eq!(model.members(&group).unwrap()[0].username.as_str(), "bob");
    assert!(!model.add_member(&group, members[0]).unwrap());
    assert!(model.remove_member(&group, members[0]).unwrap());
    model.delete_user_group(&group, &actor).unwrap();
    assert!(gate.read_user_group(&alice, id).is_err());
}

#[test]
fn extra_fields_belong_to_one_repository() {
    let instance = Instance::new();
    let model = &instance.model;
    let admin = instance.viewer("admin");
    instance.repository(&admin, None, "one", false);
    instance.repository(&admin, None, "two", false);
    let (one, two) = (instance.admin_of("one"), instance.admin_of("two"));
    let new = |key, kind| db::repositories_fields::NewField {
        key,
        label: "",
        value: "",
        description: "",
        kind,
    };
    let id: FieldId = model.add_field(&one, &new("ticket-url", "str")).unwrap();
    for (key, kind) in [
        ("ab", "str"),
        ("a b c", "str"),
        ("Ticket-URL", "str"),
        ("abc", "int"),
    ] {
        assert!(
            model.add_field(&one, &new(key, kind)).is_err(),
            "{key} {kind}"
        );
    }
    model
        .set_fields(&one, &[("ticket-url", "x"), ("unknown", "y")])
        .unwrap();
    assert_eq!(model.fields(&one).unwrap()[0].value, "x");
    assert!(model.fields(&two).unwrap().is_empty());
    assert!(model.delete_field(&two, id).is_err());
    model.delete_field(&one, id).unwrap();
}
