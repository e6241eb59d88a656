//! Which source is asked about which account, and the form that lists them.

use kallithea_model::auth::SourceKind::{Internal, Ldap, Pam};

use crate::support::Instance;

#[test]
fn an_old_hash_opens_its_account_and_is_renewed() {
    let instance = Instance::new();
    instance.user("ann", false);
    // SHA-256 without salt, which the original wrote on Windows and cannot read any more.
    instance.change(
        "UPDATE users SET password = '5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8' \
         WHERE username = 'ann'",
    );
    assert!(instance.log_in("ann", "wrong-one").is_none());
    assert!(instance.log_in("ann", "password").is_some());
    let renewed = instance.stored("ann").unwrap().password;
    assert!(renewed.as_str().starts_with("$2b$10$"), "{renewed:?}");
    assert!(instance.log_in("ann", "password").is_some());
    assert_eq!(
        instance.stored("ann").unwrap().password,
        renewed,
        "once is enough"
    );
}

#[test]
fn an_account_belongs_to_one_source() {
    let instance = Instance::new();
    instance.user("ann", false);
    let login = |kind: &str| {
        let kind = if kind.is_empty() {
            "NULL".to_owned()
        } else {
            format!("'{kind}'")
        };
        instance.change(&format!(
            "UPDATE users SET extern_type = {kind} WHERE username = 'ann'"
        ));
        instance.log_in("ann", "secret1").is_some()
    };
    assert!(login("internal") && login(""));
    assert!(!login("ldap") && !login("pam") && !login("other"));
    instance.change("UPDATE users SET extern_type = 'internal' WHERE username = 'default'");
    instance.change("UPDATE users SET password = (SELECT password FROM users WHERE username = 'admin') WHERE username = 'default'");
    assert!(instance.log_in("default", "secret1").is_none());
}

#[test]
fn names_and_passwords_of_any_size_are_only_wrong() {
    let instance = Instance::new();
    instance.sources(&[Internal, Ldap, Pam], &[("ldap_attr_login", "uid")]);
    let long = "x".repeat(1_000_000);
    for (name, password) in [
        ("admin", &*long),
        (&*long, "secret1"),
        ("a\0b", "secret1"),
        ("admin", "a\0b"),
        ("", ""),
    ] {
        assert!(instance.log_in(name, password).is_none());
    }
}

#[test]
fn what_does_not_hold_is_not_saved() {
    let instance = Instance::new();
    instance.sources(
        &[Internal, Ldap],
        &[
            ("ldap_attr_login", "uid"),
            ("ldap_dn_pass", "hidden"),
            ("ldap_port", "1389"),
        ],
    );
    let post = |pairs: &[(&str, &str)]| {
        let posted = |name: &str| {
            let found = pairs.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        let wrong = instance.model.save_login_sources(&posted).unwrap();
        wrong
            .into_iter()
            .map(|field| field.name)
            .collect::<Vec<_>>()
    };
    assert_eq!(post(&[("auth_plugins", " , ")]), ["auth_plugins"]);
    assert_eq!(
        post(&[(
            "auth_plugins",
            "kallithea.lib.auth_modules.auth_internal,evil.module"
        )]),
        ["auth_plugins"]
    );
    let list = (
        "auth_plugins",
        "kallithea.lib.auth_modules.auth_internal,kallithea.lib.auth_modules.auth_ldap",
    );
    let choices = [
        ("auth_ldap_tls_kind", "LDAPS"),
        ("auth_ldap_tls_reqcert", "DEMAND"),
        ("auth_ldap_search_scope", "SUBTREE"),
    ];
    let with = |more: &[(&'static str, &'static str)]| {
        let mut all = vec![list, ("auth_internal_enabled", "True")];
        all.extend(
            more.iter().chain(
                choices
                    .iter()
                    .filter(|(key, _)| more.iter().all(|(own, _)| own != key)),
            ),
        );
        post(&all)
    };
    let login = ("auth_ldap_attr_login", "uid");
    assert_eq!(
        with(&[
            login,
            ("auth_ldap_port", "many"),
            ("auth_ldap_tls_kind", "SSL")
        ]),
        ["auth_ldap_port", "auth_ldap_tls_kind"]
    );
    assert_eq!(with(&[]), ["auth_ldap_attr_login"]);
    // An empty port and an empty secret leave what is stored; the secret is never shown.
    assert!(with(&[login]).is_empty());
    let stored = |key: &str| {
        instance.column(&format!(
            "SELECT app_settings_value FROM settings WHERE app_settings_name = '{key}'"
        ))
    };
    assert_eq!(
        (stored("auth_ldap_port"), stored("auth_ldap_dn_pass")),
        (vec!["1389".into()], vec!["hidden".into()])
    );
    assert_eq!(stored("auth_ldap_enabled"), ["False"]);
    let form = instance.model.login_sources().unwrap();
    assert!(!format!("{form:?}").contains("hidden"));
    assert_eq!(form.sources[1].secrets, ["dn_pass"]);
}
