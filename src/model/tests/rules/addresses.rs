//! 48 to 52 of the permission table: from where an account may come.

use db::UserId;
use kallithea_model::{Gate, SiteAdmin, Viewer};

use crate::support::Instance;

fn admin(instance: &Instance) -> SiteAdmin {
    Gate::new(&instance.model)
        .site_admin(&instance.viewer("admin"))
        .unwrap()
}

fn may_come(instance: &Instance, user: UserId, address: &str) -> bool {
    instance.model.viewer(user, address).unwrap().is_some()
}

#[test]
fn the_list_of_the_default_user_holds_for_all_and_their_own_adds_to_it() {
    let instance = Instance::new();
    let user = instance.user("U", false).user_id().unwrap();
    let other = instance.user("V", false).user_id().unwrap();
    let default = instance.visitor().user_id().unwrap();
    let admin = admin(&instance);
    let add = |user, network| instance.model.add_ip_rule(&admin, user, network).unwrap();

    add(user, "10.0.0.0/8");
    assert!(!may_come(&instance, user, "::1"), "50");
    assert!(
        may_come(&instance, other, "::1"),
        "50: others are unaffected"
    );

    add(default, "192.168.1.1");
    assert!(may_come(&instance, user, "10.1.2.3"), "48");
    assert!(!may_come(&instance, other, "10.1.2.3"), "49");
    assert!(may_come(&instance, other, "192.168.1.1"));

    add(other, "10.1.2.99/24");
    assert!(may_come(&instance, other, "10.1.2.3"), "51");
    add(other, "fe80::/10");
    assert!(may_come(&instance, other, "fe80::1%eth0"), "52");
    assert!(!may_come(&instance, other, "not an address"));

    assert!(matches!(
        instance.model.visitor("8.8.8.8").unwrap(),
        Viewer::Elsewhere
    ));
    assert!(instance.model.visitor("192.168.1.1").unwrap().may_enter());
}

#[test]
fn an_entry_is_deleted_from_its_own_list_only() {
    let instance = Instance::new();
    let user = instance.user("U", false).user_id().unwrap();
    let other = instance.user("V", false).user_id().unwrap();
    let admin = admin(&instance);
    let model = &instance.model;
    model
        .add_ip_rule(&admin, user, "10.0.0.5-10.0.0.6")
        .unwrap();
    let rules = model.ip_rules(&admin, user).unwrap();
    let networks: Vec<&str> = rules.iter().map(|rule| rule.network.as_str()).collect();
    assert_eq!(networks, ["10.0.0.5/32", "10.0.0.6/32"]);
    assert!(
        model.add_ip_rule(&admin, user, "10.0.0.5").is_err(),
        "twice"
    );
    assert!(model.add_ip_rule(&admin, user, "10.0.0.0/33").is_err());
    assert!(model.delete_ip_rule(&admin, other, rules[0].id).is_err());
    model.delete_ip_rule(&admin, user, rules[0].id).unwrap();
    assert!(may_come(&instance, user, "10.0.0.6") && !may_come(&instance, user, "10.0.0.5"));
}
