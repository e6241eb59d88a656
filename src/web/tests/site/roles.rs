//! Every route as every role, against a table that a person can read.

use http::{Method as HttpMethod, StatusCode};
use kallithea_web::routes::{self, Handler, Method, Route};
use model::{Gate, Grant, Level, NewGroup, Recursion, Subject};

use crate::browser::{Browser, Server};

/// Who asks: nobody while the site is closed, a visitor while it is open, users with a level on the private repository
/// `vault` and the closed group `club`, and the administrator of the site.
const ROLES: [&str; 7] = [
    "closed", "visitor", "stranger", "reader", "writer", "manager", "admin",
];

/// What a role gets: `ok` is anything that is not a refusal.
#[rustfmt::skip] // a table is read by its columns
fn expected(handler: &Handler) -> [&'static str; 7] {
    match handler {
        //                           closed   visitor  stranger reader  writer  manager admin
        Handler::Public(_) =>       ["ok",    "ok",    "ok",    "ok",   "ok",   "ok",   "ok"],
        Handler::Open(_) =>         ["login", "ok",    "ok",    "ok",   "ok",   "ok",   "ok"],
        Handler::User(_) =>         ["login", "login", "ok",    "ok",   "ok",   "ok",   "ok"],
        Handler::SiteAdmin(_) =>    ["login", "login", "403",   "403",  "403",  "403",  "ok"],
        Handler::Read(_)
        | Handler::ReadGroup(_) =>  ["login", "404",   "404",   "ok",   "ok",   "ok",   "ok"],
        Handler::Write(_) =>        ["login", "404",   "404",   "403",  "ok",   "ok",   "ok"],
        Handler::Admin(_)
        | Handler::AdminGroup(_) => ["login", "404",   "404",   "403",  "403",  "ok",   "ok"],
    }
}

fn server() -> Server {
    let server = Server::new();
    let admin = server.model.user_by_name("admin").unwrap().unwrap();
    let admin = server.model.viewer(admin.id, "127.0.0.1").unwrap().unwrap();
    server.repository("admin", "vault", "git");
    let gate = Gate::new(&server.model);
    let place = gate.place_for_group(&admin, None).unwrap();
    let new = NewGroup {
        name: "club",
        description: "",
        copy_permissions: false,
    };
    server.model.create_group(&place, &admin, &new).unwrap();
    let vault = gate
        .read_repository(&admin, "vault")
        .unwrap()
        .administrable()
        .unwrap();
    let grant = |name: &str, level| Grant {
        subject: Subject::User(name.to_owned()),
        level,
    };
    let mut grants = vec![grant("default", Level::None)];
    for (role, level) in [
        ("stranger", Level::None),
        ("reader", Level::Read),
        ("writer", Level::Write),
        ("manager", Level::Admin),
    ] {
        server.user(role, false);
        grants.push(grant(role, level));
    }
    server.model.grant(&vault, &admin, &grants).unwrap();
    let club = gate
        .read_group(&admin, "club")
        .unwrap()
        .administrable()
        .unwrap();
    server
        .model
        .grant_on_group(&club, &admin, &grants, Recursion::None)
        .unwrap();
    server
}

/// The address of a route, with something sensible in its place-holders.
fn address(table: &str, route: &Route) -> String {
    let pattern = route
        .pattern
        .replace("{revision}", "tip")
        .replace("{*revision}", "tip")
        .replace("{*f_path}", "f")
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

fn outcome(browser: &mut Browser<'_>, address: &str, method: Method) -> String {
    let answer = match method {
        Method::Get => browser.send(
            HttpMethod::GET,
            address,
            &[("x-requested-with", "XMLHttpRequest")],
            None,
        ),
        Method::Post => browser.post(address, &[]),
    };
    if answer.header("location").starts_with("/_admin/login") {
        return "login".to_owned();
    }
    // An empty repository has no revision "tip": a 404 in those words means that the gate was passed.
    let passed = [
        "There are no changesets yet",
        "Such revision does not exist",
    ];
    match answer.status {
        StatusCode::NOT_FOUND if passed.iter().any(|text| answer.text.contains(text)) => {
            "ok".to_owned()
        }
        StatusCode::NOT_FOUND => "404".to_owned(),
        StatusCode::FORBIDDEN if answer.text.contains("You may not create") => "ok".to_owned(),
        StatusCode::FORBIDDEN => "403".to_owned(),
        status if status.is_server_error() => panic!("{address}: {status} {}", answer.text),
        _ => "ok".to_owned(),
    }
}

#[test]
fn every_route_as_every_role() {
    let mut wrong = Vec::new();
    let tables: [(&str, &[Route]); 5] = [
        ("", routes::SITE),
        ("/vault", routes::REPOSITORY),
        ("/_admin/repos/vault", routes::REPOSITORY_ADMIN),
        ("/club", routes::GROUP),
        ("/_admin/repo_groups/club", routes::GROUP_ADMIN),
    ];
    let server = server();
    for (at, role) in ROLES.iter().enumerate() {
        server
            .model
            .set_anonymous_access(*role != "closed")
            .unwrap();
        for (table, routes) in tables {
            // Those that end the session, the repository or the group are tried elsewhere.
            let lasting = |route: &&Route| {
                ![
                    "logout_home",
                    "delete_repo",
                    "delete_repo_group",
                    "admin_permissions",
                ]
                .contains(&route.name)
                    || route.method == Method::Get && route.name != "logout_home"
            };
            for route in routes.iter().filter(lasting) {
                let mut browser = match *role {
                    "closed" | "visitor" => server.browser(),
                    user => server.signed_in(user),
                };
                let address = address(table, route);
                let got = outcome(&mut browser, &address, route.method);
                let expected = expected(&route.handler)[at];
                if got != expected {
                    wrong.push(format!(
                        "{role}: {:?} {address}: expected {expected}, got {got}",
                        route.method
                    ));
                }
            }
        }
    }
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
