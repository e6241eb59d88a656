//! Registration, forgotten passwords, one's own account, and people whom the web server lets in.

use http::{Method, StatusCode};

use crate::browser::{Browser, Server};

/// A server whose mails become files.
fn server(more: &[(&str, &str)]) -> Server {
    let mut values = vec![("mail_folder", "mails")];
    values.extend(more);
    let server = Server::with(&values);
    server.user("admin", true);
    server
}

/// The mails so far, each as "recipient: subject", and the text of the last one.
fn mails(server: &Server) -> (Vec<String>, String) {
    let folder = server.folder.path().join("mails");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .map(|file| file.unwrap().path())
        .collect();
    files.sort_by_key(|file| std::fs::metadata(file).unwrap().modified().unwrap());
    let texts: Vec<_> = files
        .iter()
        .map(|file| std::fs::read_to_string(file).unwrap())
        .collect();
    let header = |text: &str, name: &str| {
        let line = text
            .lines()
            .find(|line| line.starts_with(name))
            .unwrap_or_default();
        line[name.len()..].trim().to_owned()
    };
    let mut heads: Vec<_> = texts
        .iter()
        .map(|text| format!("{}: {}", header(text, "To:"), header(text, "Subject:")))
        .collect();
    heads.sort();
    // Quoted-printable breaks long lines with a sign at their end.
    (
        heads,
        texts
            .last()
            .cloned()
            .unwrap_or_default()
            .replace("=\r\n", "")
            .replace("=3D", "="),
    )
}

const ANN: [(&str, &str); 6] = [
    ("username", "ann"),
    ("password", "secret1"),
    ("password_confirmation", "secret1"),
    ("email", "Ann@example.com"),
    ("firstname", "Ann"),
    ("lastname", ""),
];

fn log_in(browser: &mut Browser<'_>, name: &str, password: &str) -> bool {
    browser
        .post(
            "/_admin/login",
            &[("username", name), ("password", password)],
        )
        .status
        == StatusCode::FOUND
}

#[test]
fn who_registers_waits_for_an_administrator_and_the_administrators_get_a_mail() {
    let server = server(&[]);
    let mut browser = server.browser();
    assert!(
        browser
            .get("/_admin/login")
            .text
            .contains("/_admin/register")
    );
    assert!(
        browser
            .get("/_admin/register")
            .text
            .contains("name=\"firstname\"")
    );
    let answer = browser.post("/_admin/register", &ANN);
    assert_eq!(
        answer.header("location"),
        "/_admin/login",
        "{}",
        answer.text
    );
    assert!(
        browser
            .get("/_admin/login")
            .text
            .contains("An administrator has to activate")
    );
    assert_eq!(
        mails(&server).0,
        ["admin@example.com: New user ann registered"]
    );
    assert!(!log_in(&mut browser, "ann", "secret1"));
    let ann = server.model.user_by_name("ann").unwrap().unwrap();
    assert_eq!(
        (ann.email.as_deref(), ann.extern_type.as_deref(), ann.admin),
        (Some("ann@example.com"), Some("internal"), false)
    );

    // A taken name is told; a taken address is told to its owner alone.
    assert!(
        browser
            .post("/_admin/register", &ANN)
            .text
            .contains("already exists")
    );
    let mut other = ANN;
    other[0].1 = "other";
    assert_eq!(
        browser.post("/_admin/register", &other).header("location"),
        "/_admin/login"
    );
    assert!(server.model.user_by_name("other").unwrap().is_none());
    assert!(
        mails(&server)
            .0
            .contains(&"ann@example.com: You have an account already".to_owned())
    );
    other[2].1 = "different";
    assert!(
        browser
            .post("/_admin/register", &other)
            .text
            .contains("Passwords do not match")
    );
}

#[test]
fn where_nobody_may_register_nobody_does() {
    let server = server(&[]);
    server.sql("UPDATE user_to_perm SET permission_id = (SELECT permission_id FROM permissions WHERE permission_name = 'hg.register.none') \
                WHERE permission_id IN (SELECT permission_id FROM permissions WHERE permission_name LIKE 'hg.register.%')");
    let mut browser = server.browser();
    assert!(
        !browser
            .get("/_admin/login")
            .text
            .contains("/_admin/register")
    );
    assert!(
        browser
            .get("/_admin/register")
            .header("location")
            .starts_with("/_admin/login")
    );
    browser.post("/_admin/register", &ANN);
    assert!(server.model.user_by_name("ann").unwrap().is_none());
}

#[test]
fn a_forgotten_password_is_replaced_in_the_browser_that_asked() {
    let server = server(&[("canonical_url", "https://code.example.org/")]);
    server.user("ann", false);
    let mut browser = server.browser();
    let ask = |browser: &mut Browser<'_>, email: &str| {
        let answer = browser.post("/_admin/password_reset", &[("email", email)]);
        (
            answer.status,
            answer
                .header("location")
                .split("timestamp")
                .next()
                .unwrap()
                .replace(email, "…"),
        )
    };
    let unknown = ask(&mut browser, "nobody@example.com");
    assert!(mails(&server).0.is_empty());
    assert_eq!(
        ask(&mut browser, "ann@example.com").0,
        unknown.0,
        "the answer tells nothing"
    );
    let (heads, text) = mails(&server);
    assert_eq!(heads, ["ann@example.com: Password reset link"]);
    let link = text
        .split_whitespace()
        .find(|word| {
            word.starts_with("https://code.example.org/_admin/password_reset_confirmation?")
        })
        .unwrap();
    let path = link
        .trim_start_matches("https://code.example.org")
        .to_owned();
    let value = |name: &str| {
        let query = path.split_once('?').unwrap().1;
        let found = form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name);
        found.unwrap().1.into_owned()
    };
    assert!(browser.get(&path).text.contains(&value("token")));
    let (email, timestamp, token) = (value("email"), value("timestamp"), value("token"));
    let confirm = |browser: &mut Browser<'_>, timestamp: &str, token: &str, password: &str| {
        let fields = [
            ("email", &*email),
            ("timestamp", timestamp),
            ("token", token),
            ("password", password),
            ("password_confirm", password),
        ];
        browser
            .post("/_admin/password_reset_confirmation", &fields)
            .header("location")
            == "/_admin/login"
    };
    let mut thief = server.browser();
    assert!(
        !confirm(&mut thief, &timestamp, &token, "stolen-1"),
        "another browser"
    );
    assert!(!confirm(
        &mut browser,
        &timestamp,
        &"0".repeat(64),
        "guessed1"
    ));
    assert!(!confirm(&mut browser, "1600000000", &token, "too-old-1"));
    assert!(!confirm(&mut browser, &timestamp, &token, "short"));
    let mut signed_in = server.signed_in("ann");
    assert!(confirm(&mut browser, &timestamp, &token, "new-secret"));
    assert!(
        !confirm(&mut browser, &timestamp, &token, "once-more"),
        "it has served"
    );
    assert!(
        log_in(&mut server.browser(), "ann", "new-secret")
            && !log_in(&mut server.browser(), "ann", "secret1")
    );
    assert_eq!(
        signed_in.get("/_admin/my_account").status,
        StatusCode::FOUND,
        "other sessions have ended"
    );
    assert!(
        mails(&server)
            .0
            .contains(&"ann@example.com: Password reset notification".to_owned())
    );

    // Whose password is kept elsewhere is told so.
    server.sql("UPDATE users SET extern_type = 'pam' WHERE username = 'ann'");
    server.sql("UPDATE settings SET app_settings_value = 'kallithea.lib.auth_modules.auth_internal,kallithea.lib.auth_modules.auth_pam' WHERE app_settings_name = 'auth_plugins'");
    ask(&mut browser, "ann@example.com");
    assert!(mails(&server).1.contains("not kept here"));
}

#[test]
fn without_an_address_of_its_own_the_site_mails_no_link() {
    let server = server(&[]);
    let mut browser = server.browser();
    browser.post("/_admin/password_reset", &[("email", "admin@example.com")]);
    let text = mails(&server).1;
    assert!(
        text.contains("Token: ") && !text.contains("http://localhost"),
        "{text}"
    );
}

#[test]
fn people_look_after_their_own_accounts() {
    let server = server(&[]);
    server.user("ann", false);
    let mut ann = server.signed_in("ann");
    for page in [
        "/_admin/my_account",
        "/_admin/my_account/password",
        "/_admin/my_account/emails",
        "/_admin/my_account/api_keys",
    ] {
        assert_eq!(ann.get(page).status, StatusCode::OK, "{page}");
    }
    let profile = [
        ("username", "ann2"),
        ("firstname", "Ann"),
        ("lastname", "Other"),
        ("email", "new@example.com"),
        ("admin", "True"),
    ];
    assert_eq!(
        ann.post("/_admin/my_account", &profile).status,
        StatusCode::FOUND
    );
    let stored = server.model.user_by_name("ann2").unwrap().unwrap();
    assert_eq!(
        (&*stored.lastname, stored.email.as_deref(), stored.admin),
        ("Other", Some("new@example.com"), false)
    );
    let taken = [
        ("username", "admin"),
        ("firstname", ""),
        ("lastname", ""),
        ("email", "new@example.com"),
    ];
    assert!(
        ann.post("/_admin/my_account", &taken)
            .text
            .contains("already exists")
    );

    let change = |ann: &mut Browser<'_>, old: &str| {
        let fields = [
            ("current_password", old),
            ("new_password", "secret2"),
            ("new_password_confirmation", "secret2"),
        ];
        ann.post("/_admin/my_account/password", &fields).status
    };
    assert_eq!(change(&mut ann, "wrong-1"), StatusCode::OK);
    assert_eq!(change(&mut ann, "secret1"), StatusCode::FOUND);
    assert_eq!(
        ann.get("/_admin/my_account").status,
        StatusCode::OK,
        "goes on in a new session"
    );
    assert!(log_in(&mut server.browser(), "ann2", "secret2"));

    ann.post(
        "/_admin/my_account/emails",
        &[("new_email", "extra@example.com")],
    );
    assert!(
        ann.get("/_admin/my_account/emails")
            .text
            .contains("extra@example.com")
    );
    assert!(
        ann.post(
            "/_admin/my_account/emails",
            &[("new_email", "admin@example.com")]
        )
        .text
        .contains("already in use")
    );
    let id = server.sql("SELECT email_id FROM user_email_map");
    // Somebody else's address is out of reach.
    server
        .signed_in("admin")
        .post("/_admin/my_account/emails/delete", &[("del_email_id", &id)]);
    assert_eq!(server.sql("SELECT COUNT(*) FROM user_email_map"), "1");
    ann.post("/_admin/my_account/emails/delete", &[("del_email_id", &id)]);
    assert_eq!(server.sql("SELECT COUNT(*) FROM user_email_map"), "0");
    ann.post(
        "/_admin/my_account/api_keys",
        &[("description", "for a robot"), ("lifetime", "60")],
    );
    assert!(
        ann.get("/_admin/my_account/api_keys")
            .text
            .contains("for a robot")
    );

    // What a login source manages is read-only, whatever is posted.
    server.sql("UPDATE users SET extern_type = 'ldap' WHERE username = 'ann2'");
    server.sql("UPDATE settings SET app_settings_value = 'kallithea.lib.auth_modules.auth_internal,kallithea.lib.auth_modules.auth_ldap' WHERE app_settings_name = 'auth_plugins'");
    assert!(
        ann.get("/_admin/my_account")
            .text
            .contains("kept elsewhere")
    );
    ann.post(
        "/_admin/my_account",
        &[("username", "ann3"), ("email", "x@example.com")],
    );
    assert!(server.model.user_by_name("ann3").unwrap().is_none());
    assert_eq!(change(&mut ann, "secret2"), StatusCode::FORBIDDEN);
}

#[test]
fn an_administrator_lists_login_sources_and_secrets_are_not_sent_back() {
    let server = server(&[]);
    server.user("ann", false);
    assert_eq!(
        server.signed_in("ann").get("/_admin/auth").status,
        StatusCode::FORBIDDEN
    );
    let mut admin = server.signed_in("admin");
    let list = (
        "auth_plugins",
        "kallithea.lib.auth_modules.auth_internal,kallithea.lib.auth_modules.auth_crowd",
    );
    assert_eq!(
        admin
            .post("/_admin/auth", &[list, ("auth_internal_enabled", "True")])
            .status,
        StatusCode::FOUND
    );
    let crowd = [
        list,
        ("auth_internal_enabled", "True"),
        ("auth_crowd_method", "https"),
        ("auth_crowd_app_password", "hidden-1"),
        ("auth_crowd_port", "x"),
    ];
    let wrong = admin.post("/_admin/auth", &crowd);
    assert!(
        wrong.status == StatusCode::OK
            && wrong.text.contains("between 1 and 65535")
            && !wrong.text.contains("hidden-1")
    );
    let right: Vec<_> = crowd[..4].to_vec();
    assert_eq!(admin.post("/_admin/auth", &right).status, StatusCode::FOUND);
    let page = admin.get("/_admin/auth").text;
    assert!(page.contains("One is set") && !page.contains("hidden-1"));
}

#[test]
fn whom_the_web_server_lets_in_is_signed_in_as_long_as_it_says_so() {
    let server = server(&[]);
    server.sql("UPDATE settings SET app_settings_value = 'kallithea.lib.auth_modules.auth_internal,kallithea.lib.auth_modules.auth_container' WHERE app_settings_name = 'auth_plugins'");
    for (key, value) in [
        ("enabled", "True"),
        ("header", "HTTP_X_USER"),
        ("clean_username", "True"),
    ] {
        server.sql(&format!("INSERT INTO settings (app_settings_name, app_settings_value, app_settings_type) VALUES ('auth_container_{key}', '{value}', 'unicode')"));
    }
    let account = |browser: &mut Browser<'_>, from: &str, name: &str| {
        browser.from = from.to_owned();
        browser.send(Method::GET, "/_admin/my_account", &[("x-user", name)], None)
    };
    let mut browser = server.browser();
    assert_eq!(
        account(&mut browser, "203.0.113.5", "ann").status,
        StatusCode::FOUND,
        "from anywhere a header is no proof"
    );
    let page = account(&mut browser, "127.0.0.1", "ann@EXAMPLE.COM");
    assert!(
        page.status == StatusCode::OK
            && page.text.contains("ann")
            && !page.text.contains("Sign out")
    );
    assert!(
        account(&mut browser, "127.0.0.1", "bob")
            .text
            .contains("value=\"bob\""),
        "another name, another session"
    );
    assert_eq!(
        browser.get("/_admin/my_account").status,
        StatusCode::FOUND,
        "no name, no session"
    );
    assert_eq!(
        account(&mut server.browser(), "127.0.0.1", "admin").status,
        StatusCode::FOUND,
        "an account of another source"
    );
}
