//! Whom the web server in front of us lets in.

use kallithea_model::User;
use kallithea_model::auth::SourceKind::{Container, Internal};

use crate::support::Instance;

fn let_in(instance: &Instance, variables: &[(&str, &str)]) -> Option<User> {
    let source = instance.model.header_source().unwrap()?;
    let value = |name: &str| {
        let found = variables.iter().find(|(key, _)| *key == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    instance.model.user_of_web_server(&source, &value).unwrap()
}

#[test]
fn a_name_of_the_web_server_gets_an_account() {
    let instance = Instance::new();
    assert!(
        let_in(&instance, &[("REMOTE_USER", "ada")]).is_none(),
        "the source is not listed"
    );
    let headers = [
        ("container_email_header", "HTTP_X_EMAIL"),
        ("container_firstname_header", "HTTP_X_FIRST"),
        ("container_lastname_header", "HTTP_X_LAST"),
    ];
    instance.sources(&[Internal, Container], &headers);
    let ada = let_in(
        &instance,
        &[
            ("REMOTE_USER", "EXAMPLE\\ada"),
            ("HTTP_X_EMAIL", "Ada@example.org"),
            ("HTTP_X_LAST", "Lovelace"),
        ],
    )
    .unwrap();
    assert_eq!(
        (ada.username.as_str(), &*ada.firstname, &*ada.lastname),
        ("ada", "ada", "Lovelace")
    );
    assert_eq!(
        (ada.email.as_deref(), ada.extern_type.as_deref()),
        (Some("ada@example.org"), Some("container"))
    );
    assert_eq!(let_in(&instance, &[("REMOTE_USER", "ada")]), Some(ada));
    assert!(
        instance.log_in("ada", "anything").is_none(),
        "there is no password"
    );

    // Other people's accounts, and names that mean something else, are out of reach.
    for name in [
        "admin",
        "admin@example.com",
        "default",
        "new_user",
        "",
        "@",
        "a\nb",
    ] {
        assert!(
            let_in(&instance, &[("REMOTE_USER", name)]).is_none(),
            "{name}"
        );
    }
    assert!(
        let_in(&instance, &[("HTTP_X_FORWARDED_USER", "bob")]).is_none(),
        "not named in the settings"
    );
}

#[test]
fn new_accounts_wait_for_an_administrator_where_the_site_says_so() {
    let instance = Instance::new();
    instance.sources(&[Internal, Container], &[]);
    instance.change(
        "UPDATE user_to_perm SET permission_id = (SELECT permission_id FROM permissions WHERE permission_name = \
         'hg.extern_activate.manual') WHERE permission_id = (SELECT permission_id FROM permissions WHERE \
         permission_name = 'hg.extern_activate.auto')",
    );
    assert!(let_in(&instance, &[("REMOTE_USER", "bob")]).is_none());
    assert!(!instance.stored("bob").unwrap().active);
    instance.change("UPDATE users SET active = true WHERE username = 'bob'");
    assert!(let_in(&instance, &[("REMOTE_USER", "bob")]).is_some());
}
