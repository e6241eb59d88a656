//! Every route as every role, against a table that a person can read.

use http::{Method as HttpMethod, StatusCode};
use kallithea_web::routes::{self, Handler, Method, Route};
use model::account::UserUpdate;
use model::{Actor, Gate, Grant, Level, NewGroup, Recursion, Subject};

use crate::browser::{Browser, Server};

/// Who asks, in the order of the columns below.
///
/// `elsewhere` is a visitor from an address that is closed to visitors, `closed` one while the site is, `visitor` one while
/// it is open. The next five are users: with nothing but what everybody has, with `read` and with `write` on the private
/// repository `vault` and on the closed group `club`, with `admin` on the one and with `admin` on the other. `admin`
/// administers the site.
const ROLES: [&str; 9] = [
    "elsewhere",
    "closed",
    "visitor",
    "stranger",
    "reader",
    "writer",
    "keeper",
    "grouper",
    "admin",
];

/// What a role gets: `ok` is anything that is not a refusal.
#[rustfmt::skip] // a table is read by its columns
fn expected(handler: &Handler) -> [&'static str; 9] {
    match handler {
        //                           elsewhere closed   visitor  stranger reader writer keeper grouper admin
        Handler::Public(_) =>       ["ok",     "ok",    "ok",    "ok",    "ok",  "ok",  "ok",  "ok",   "ok"],
        Handler::Open(_) =>         ["403",    "login", "ok",    "ok",    "ok",  "ok",  "ok",  "ok",   "ok"],
        Handler::User(_) =>         ["403",    "login", "login", "ok",    "ok",  "ok",  "ok",  "ok",   "ok"],
        Handler::SiteAdmin(_) =>    ["403",    "login", "login", "403",   "403", "403", "403", "403",  "ok"],
        Handler::Read(_) =>         ["403",    "login", "404",   "404",   "ok",  "ok",  "ok",  "404",  "ok"],
        Handler::Write(_) =>        ["403",    "login", "404",   "404",   "403", "ok",  "ok",  "404",  "ok"],
        Handler::Admin(_) =>        ["403",    "login", "404",   "404",   "403", "403", "ok",  "404",  "ok"],
        Handler::ReadGroup(_) =>    ["403",    "login", "404",   "404",   "ok",  "ok",  "404", "ok",   "ok"],
        Handler::AdminGroup(_) =>   ["403",    "login", "404",   "404",   "403", "403", "404", "ok",   "ok"],
    }
}

/// How somebody comes in.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Door {
    /// With a cookie, if with anything: the columns as they stand.
    Session,
    /// With an API key: the same, for those who have an account.
    Key,
}

/// Accounts that are worth nothing: `inactive` was deactivated, `blocked` may not come from this address. What is left of
/// a session makes a visitor of them; a key makes nothing of them but a refusal.
const SHUT_OUT: [&str; 2] = ["inactive", "blocked"];

/// Those who have levels, each on both objects or on one.
const LEVELS: [(&str, Level, Level); 5] = [
    ("stranger", Level::None, Level::None),
    ("reader", Level::Read, Level::Read),
    ("writer", Level::Write, Level::Write),
    ("keeper", Level::Admin, Level::None),
    ("grouper", Level::None, Level::Admin),
];

fn server() -> Server {
    let server = Server::with(&[("ssh_enabled", "true")]);
    server.user("admin", true);
    let admin = server.model.user_by_name("admin").unwrap().unwrap();
    let admin = server.model.viewer(admin.id, "127.0.0.1").unwrap().unwrap();
    server.repository("admin", "vault", "git");
    server.sql("UPDATE repositories SET downloads = 1");
    let gate = Gate::new(&server.model);
    let place = gate.place_for_group(&admin, None).unwrap();
    let new = NewGroup {
        name: "club",
        description: "",
        copy_permissions: false,
    };
    server.model.create_group(&place, &admin, &new).unwrap();
    let grant = |name: &str, level| Grant {
        subject: Subject::User(name.to_owned()),
        level,
    };
    let mut on_vault = vec![grant("default", Level::None)];
    let mut on_club = on_vault.clone();
    for (role, vault, club) in LEVELS {
        server.user(role, false);
        on_vault.push(grant(role, vault));
        on_club.push(grant(role, club));
    }
    for name in SHUT_OUT {
        server.user(name, false);
        on_vault.push(grant(name, Level::Admin));
        on_club.push(grant(name, Level::Admin));
    }
    let vault = gate.read_repository(&admin, "vault").unwrap();
    let vault = vault.administrable().unwrap();
    server.model.grant(&vault, &admin, &on_vault).unwrap();
    let club = gate.read_group(&admin, "club").unwrap();
    let club = club.administrable().unwrap();
    server
        .model
        .grant_on_group(&club, &admin, &on_club, Recursion::None)
        .unwrap();
    server
}

/// Deactivates the one and blocks the other.
fn shut_out(server: &Server) {
    let admin = server.model.user_by_name("admin").unwrap().unwrap();
    let admin = server.model.viewer(admin.id, "127.0.0.1").unwrap().unwrap();
    let right = Gate::new(&server.model).site_admin(&admin).unwrap();
    let id = server.model.user_by_name("inactive").unwrap().unwrap().id;
    let off = UserUpdate {
        active: Some(false),
        ..Default::default()
    };
    let actor = Actor::new(&admin, "127.0.0.1");
    server.model.update_user(&right, &actor, id, &off).unwrap();
    server.forbid("blocked");
}

/// The address of a route, with something sensible in its place-holders.
fn address(table: &str, route: &Route) -> String {
    let pattern = route
        .pattern
        .replace("{revision}", "tip")
        .replace("{*revision}", "tip")
        .replace("{*f_path}", "f")
        .replace("{format}", "atom")
        .replace("{*ends}", "rev@tip...rev@tip")
        .replace("{*changeset}", "nowhere/tip")
        .replace("{*fname}", "tip.zip")
        .replace("{*rest}", "tip/");
    format!(
        "{table}{}",
        if pattern == "/" && !table.is_empty() {
            ""
        } else {
            &pattern
        }
    )
}

fn outcome(browser: &mut Browser<'_>, address: &str, method: Method, key: Option<&str>) -> String {
    let bearer = key.map_or_else(|| "none".to_owned(), |key| format!("Bearer {key}"));
    let script = [
        ("x-requested-with", "XMLHttpRequest"),
        ("authorization", bearer.as_str()),
    ];
    let form = ("content-type", "application/x-www-form-urlencoded");
    let answer = match method {
        Method::Get => browser.send(HttpMethod::GET, address, &script, None),
        Method::Post if key.is_some() => browser.send(
            HttpMethod::POST,
            address,
            &[form, script[1]],
            Some(String::new()),
        ),
        Method::Post => browser.post(address, &[]),
    };
    if answer.header("location").starts_with("/_admin/login") {
        return "login".to_owned();
    }
    // An empty repository has no revision "tip": a 404 in those words means that the gate was passed.
    let passed = [
        "There are no changesets yet",
        "There are no files yet.",
        "Empty repository",
        "Such revision does not exist",
        "This is a part of the changelog.",
        "There is no file f at either of the two changesets",
        "There is nothing at nowhere/tip",
    ];
    match answer.status {
        StatusCode::NOT_FOUND if passed.iter().any(|text| answer.text.contains(text)) => {
            "ok".to_owned()
        }
        StatusCode::NOT_FOUND => "404".to_owned(),
        StatusCode::FORBIDDEN if answer.text.contains("You may not create") => "ok".to_owned(),
        StatusCode::FORBIDDEN if answer.text.contains("Downloads disabled") => "ok".to_owned(),
        StatusCode::FORBIDDEN => "403".to_owned(),
        // So many wrong keys from one address are not even looked at any more.
        StatusCode::TOO_MANY_REQUESTS if key.is_some() => "403".to_owned(),
        StatusCode::TOO_MANY_REQUESTS => "wait".to_owned(),
        status if status.is_server_error() => panic!("{address}: {status} {}", answer.text),
        _ => "ok".to_owned(),
    }
}

/// Asks every route and notes what is not as the table says.
fn ask_all(
    server: &Server,
    who: &str,
    door: Door,
    browser: &mut Browser<'_>,
    expected: impl Fn(&Handler) -> &'static str,
) -> Vec<String> {
    let tables: [(&str, &[Route]); 5] = [
        ("", routes::SITE),
        ("/vault", routes::REPOSITORY),
        ("/_admin/repos/vault", routes::REPOSITORY_ADMIN),
        ("/club", routes::GROUP),
        ("/_admin/repo_groups/club", routes::GROUP_ADMIN),
    ];
    // Those that end the session, the repository or the group, or open the site, are tried elsewhere.
    let lasting = |route: &&Route| {
        let ends = [
            "logout_home",
            "delete_repo",
            "delete_repo_group",
            "admin_permissions",
        ];
        !ends.contains(&route.name) || route.method == Method::Get && route.name != "logout_home"
    };
    let key = match door {
        Door::Session => None,
        Door::Key => {
            let user = server.model.user_by_name(who).unwrap().unwrap();
            Some(user.api_key.as_str().to_owned())
        }
    };
    let mut wrong = Vec::new();
    for (table, routes) in tables {
        for route in routes.iter().filter(lasting) {
            let address = address(table, route);
            let got = outcome(browser, &address, route.method, key.as_deref());
            let expected = expected(&route.handler);
            if got != expected {
                wrong.push(format!(
                    "{who} by {door:?}: {:?} {address}: expected {expected}, got {got}",
                    route.method
                ));
            }
        }
    }
    wrong
}

#[test]
fn every_route_as_every_role() {
    let server = server();
    let mut wrong = Vec::new();
    let mut former: Vec<_> = SHUT_OUT.map(|name| (name, server.signed_in(name))).into();
    shut_out(&server);
    for (at, role) in ROLES.iter().enumerate() {
        server
            .model
            .set_anonymous_access(*role != "closed")
            .unwrap();
        if *role == "elsewhere" {
            continue;
        }
        let anonymous = ["closed", "visitor"].contains(role);
        let mut browser = if anonymous {
            server.browser()
        } else {
            server.signed_in(role)
        };
        let column = |handler: &Handler| expected(handler)[at];
        wrong.extend(ask_all(&server, role, Door::Session, &mut browser, column));
        if !anonymous {
            let mut browser = server.browser();
            wrong.extend(ask_all(&server, role, Door::Key, &mut browser, column));
        }
    }
    let visitor = ROLES.iter().position(|role| *role == "visitor").unwrap();
    for (who, browser) in &mut former {
        wrong.extend(ask_all(&server, who, Door::Session, browser, |handler| {
            expected(handler)[visitor]
        }));
        let mut browser = server.browser();
        wrong.extend(ask_all(&server, who, Door::Key, &mut browser, |_| "403"));
    }
    // Last, since it holds for everybody.
    server.forbid("default");
    let mut browser = server.browser();
    wrong.extend(ask_all(
        &server,
        ROLES[0],
        Door::Session,
        &mut browser,
        |handler| expected(handler)[0],
    ));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_may_not_be_seen_looks_like_what_does_not_exist() {
    let server = server();
    for role in ["visitor", "stranger"] {
        let mut browser = if role == "visitor" {
            server.browser()
        } else {
            server.signed_in(role)
        };
        for page in [
            "",
            "/changelog",
            "/files/tip/",
            "/raw/tip/x",
            "/refs-data",
            "/settings",
            "/changeset-diff/tip",
        ] {
            let hidden = browser.get(&format!("/vault{page}"));
            let missing = browser.get(&format!("/vaulx{page}"));
            let plain =
                |text: &str, request: &str| text.replace("vault", "vaulx").replace(request, "");
            assert_eq!(hidden.status, StatusCode::NOT_FOUND, "{role} {page}");
            assert_eq!(
                plain(&hidden.text, hidden.header("x-request-id")),
                plain(&missing.text, missing.header("x-request-id")),
                "{role} {page}"
            );
        }
    }
}
