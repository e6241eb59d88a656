//! LDAP, against a real `slapd`.

use kallithea_model::auth::SourceKind::{Internal, Ldap};

use crate::slapd::Slapd;
use crate::support::{Instance, free_port, silent_server};

/// Settings that find people by uid, with an account that may search.
fn settings<'a>(slapd: &'a Slapd, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let usual = [
        ("ldap_host", "127.0.0.1"),
        ("ldap_port", &*slapd.port),
        ("ldap_tls_kind", "PLAIN"),
        ("ldap_dn_user", "cn=reader,dc=example,dc=org"),
        ("ldap_dn_pass", "reader-password"),
        ("ldap_base_dn", "ou=people,dc=example,dc=org"),
        ("ldap_attr_login", "uid"),
        ("ldap_attr_firstname", "givenname"),
        ("ldap_attr_lastname", "sn"),
        ("ldap_attr_email", "mail"),
    ];
    let mut all = more.to_vec();
    all.extend(
        usual
            .iter()
            .filter(|(key, _)| more.iter().all(|(own, _)| own != key)),
    );
    all
}

#[test]
fn people_of_the_directory_get_accounts() {
    let slapd = Slapd::start();
    let instance = Instance::new();
    instance.sources(&[Internal, Ldap], &settings(&slapd, &[]));
    assert!(instance.log_in("ada", "wrong-password").is_none());
    assert!(
        instance.stored("ada").is_none(),
        "nothing is made before the password was right"
    );

    let ada = instance.log_in("ada", "ada-password").unwrap();
    assert_eq!((&*ada.firstname, &*ada.lastname), ("Ada", "Tester"));
    assert_eq!(ada.email.as_deref(), Some("ada@example.org"));
    assert_eq!(ada.extern_type.as_deref(), Some("ldap"));
    assert_eq!(
        ada.extern_name.as_deref(),
        Some("uid=ada,ou=people,dc=example,dc=org")
    );
    assert!(ada.active && !ada.admin && ada.password.as_str().starts_with("$2b$"));
    let again = instance.log_in("ADA@example.ORG", "ada-password").unwrap();
    assert_eq!(again, ada, "by address, and nothing was written");
    assert!(
        instance.log_in("ada", "").is_none(),
        "an empty password is no anonymous sign-in"
    );

    // Without mail, with several, and two people of one name: the password says which.
    assert_eq!(
        instance.log_in("bare", "bare-password").unwrap().email,
        None
    );
    assert_eq!(
        instance
            .log_in("many", "many-password")
            .unwrap()
            .email
            .as_deref(),
        Some("first@example.org")
    );
    assert_eq!(
        instance.log_in("twin", "two-password").unwrap().firstname,
        "Two"
    );
    assert_eq!(
        instance.log_in("twin", "one-password").unwrap().firstname,
        "One"
    );

    // A local account is nobody else's, and what looks like a filter is a name.
    assert!(instance.log_in("admin", "directory-password").is_none());
    assert!(instance.log_in("admin", "secret1").is_some());
    for name in ["a*", "*", "ada)(uid=*", "ada,ou=people", "ada\\2a"] {
        assert!(instance.log_in(name, "ada-password").is_none(), "{name}");
    }
    assert_eq!(
        instance
            .log_in("star*", "star-password")
            .unwrap()
            .username
            .as_str(),
        "star*"
    );

    // What changes in the directory changes here at the next login; an address of somebody else is not taken.
    instance.change(
        "UPDATE users SET firstname = 'Old', email = 'old@example.org' WHERE username = 'ada'",
    );
    let ada = instance.log_in("ada", "ada-password").unwrap();
    assert_eq!(
        (&*ada.firstname, ada.email.as_deref()),
        ("Ada", Some("ada@example.org"))
    );
    instance.change("UPDATE users SET email = NULL WHERE username = 'many'");
    instance.change("UPDATE users SET email = 'first@example.org' WHERE username = 'admin'");
    assert_eq!(
        instance.log_in("many", "many-password").unwrap().email,
        None
    );
    instance.change("UPDATE users SET active = false WHERE username = 'ada'");
    assert!(instance.log_in("ada", "ada-password").is_none());
}

#[test]
fn encryption_filter_and_the_ways_to_bind_work_as_set() {
    let slapd = Slapd::start();
    let instance = Instance::new();
    let certificate = slapd.certificate();
    let ada = |more: &[(&str, &str)]| {
        instance.sources(&[Internal, Ldap], &settings(&slapd, more));
        instance.log_in("ada", "ada-password").is_some()
    };
    // Both kinds of encryption: with the certificate known, without, and without looking.
    for (kind, port) in [("LDAPS", &*slapd.tls_port), ("START_TLS", &*slapd.port)] {
        let base = [("ldap_tls_kind", kind), ("ldap_port", port)];
        let with = |more: &[(&'static str, &str)]| {
            let all: Vec<(&str, &str)> = base.iter().chain(more).copied().collect();
            ada(&all)
        };
        assert!(with(&[("ldap_cacertdir", &*certificate)]), "{kind}");
        assert!(!with(&[]), "{kind}: nobody vouches for the certificate");
        assert!(!with(&[("ldap_tls_reqcert", "TRY")]), "{kind}");
        assert!(with(&[("ldap_tls_reqcert", "NEVER")]), "{kind}");
    }
    assert!(!ada(&[("ldap_tls_kind", "LDAPS")]), "no TLS on this port");

    // The user's own account, found by its name.
    let own = [
        ("ldap_dn_user", "uid=$login,ou=people,dc=example,dc=org"),
        ("ldap_dn_pass", ""),
    ];
    instance.change("DELETE FROM settings WHERE app_settings_name = 'auth_ldap_dn_pass'");
    assert!(ada(&own));
    assert!(instance.log_in("ada", "wrong-password").is_none());
    assert!(
        ada(&[("ldap_dn_user", ""), ("ldap_dn_pass", "")]),
        "anonymous search"
    );

    assert!(ada(&[("ldap_filter", "(objectClass=inetOrgPerson)")]));
    assert!(!ada(&[("ldap_filter", "(objectClass=device)")]));
    assert!(
        !ada(&[("ldap_filter", "((")]),
        "a broken filter is a line in the log"
    );
    assert!(ada(&[("ldap_search_scope", "ONELEVEL")]));
    assert!(!ada(&[("ldap_search_scope", "BASE")]));
    assert!(!ada(&[("ldap_base_dn", "dc=nowhere")]));
    assert!(
        !ada(&[("ldap_dn_pass", "wrong")]),
        "the account to search with is refused"
    );
    let closed = free_port().to_string();
    assert!(!ada(&[("ldap_port", &*closed)]));
    assert!(
        ada(&[("ldap_host", "127.0.0.2, 127.0.0.1")]),
        "the second host answers"
    );
}

#[test]
fn a_directory_that_is_down_locks_nobody_else_out() {
    let (directory, port) = silent_server();
    directory.set_nonblocking(true).unwrap();
    let asked = || std::iter::from_fn(|| directory.accept().ok()).count();
    // Another one, to which nothing that began before can still be on its way.
    let (untouched, other_port) = silent_server();
    untouched.set_nonblocking(true).unwrap();
    let instance = Instance::new();
    for kind in ["PLAIN", "LDAPS", "START_TLS"] {
        let settings = |port| {
            [
                ("ldap_host", "127.0.0.1"),
                ("ldap_port", port),
                ("ldap_tls_kind", kind),
                ("ldap_attr_login", "uid"),
                ("ldap_dn_user", "cn=x"),
                ("ldap_dn_pass", "x"),
                ("ldap_timeout", "1"),
            ]
        };
        instance.sources(&[Ldap, Internal], &settings(&port));
        assert!(instance.log_in("stranger", "whatever").is_none(), "{kind}");
        assert_ne!(asked(), 0, "{kind}");
        instance.sources(&[Ldap, Internal], &settings(&other_port));
        assert!(instance.log_in("admin", "secret1").is_some());
        assert!(
            untouched.accept().is_err(),
            "a local account does not wait for it"
        );
    }
}
