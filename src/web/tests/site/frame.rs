//! What surrounds pages: addresses to clone from, pictures, the JSON of switchers and fields, robots.

use http::{Method, StatusCode};
use serde_json::Value;

use crate::browser::{Browser, Server};

fn json(browser: &mut Browser<'_>, address: &str) -> Value {
    let accept = [("accept", "application/json")];
    let answer = browser.send(Method::GET, address, &accept, None);
    assert_eq!(answer.status, StatusCode::OK, "{address}: {}", answer.text);
    serde_json::from_str(&answer.text).unwrap()
}

#[test]
fn fields_for_names_find_people_and_groups() {
    let server = Server::new();
    server.user("ada", false);
    server.user("alan", false);
    server.sql("UPDATE users SET lastname = '100%' WHERE username = 'alan'");
    server.sql("UPDATE users SET firstname = 'Ada', lastname = 'Löve' WHERE username = 'ada'");
    server.sql("INSERT INTO users_groups (users_group_name, user_group_description, users_group_active, user_id, \
         created_on) SELECT 'writers', '', 1, user_id, '2020-01-01 00:00:00' FROM users WHERE username = 'admin'");
    let mut admin = server.signed_in("admin");
    let mut ada = server.signed_in("ada");
    let names = |browser: &mut Browser<'_>, query: &str| -> Vec<String> {
        let found = json(browser, &format!("/_users_and_groups?{query}"));
        let rows = found["results"].as_array().unwrap().iter();
        let name = |row: &Value| row.get("nname").or(row.get("grname")).cloned().unwrap();
        rows.map(|row| name(row).as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names(&mut ada, "query=Ada%20L%C3%B6"), ["ada"]);
    assert_eq!(names(&mut ada, "query=l%C3%B6ve%20ad"), ["ada"]);
    assert_eq!(
        names(&mut ada, "query=%25"),
        ["alan"],
        "a percent sign is one"
    );
    assert_eq!(names(&mut ada, "query=a%20%00"), Vec::<String>::new());
    assert_eq!(
        names(&mut ada, "query=example.com"),
        Vec::<String>::new(),
        "addresses are not for everybody"
    );
    assert_eq!(names(&mut admin, "query=ada%40example.com"), ["ada"]);
    assert_eq!(names(&mut ada, "key=ada&query=admin"), ["ada"]);
    assert_eq!(names(&mut ada, "key=default"), Vec::<String>::new());
    assert_eq!(names(&mut ada, ""), Vec::<String>::new());
    assert_eq!(
        names(&mut admin, "types=users,groups&query=WRIT"),
        ["writers"]
    );
    assert_eq!(names(&mut admin, "types=groups&key=writers"), ["writers"]);
    let visitor = server.browser().get("/_users_and_groups?query=a");
    assert_eq!(visitor.status, StatusCode::FOUND);
}

#[test]
fn the_switcher_sends_everything_or_what_is_asked_for() {
    let server = Server::new();
    for name in ["Zebra", "antelope", "ape"] {
        server.repository("admin", name, "git");
    }
    let mut browser = server.signed_in("admin");
    let ids = |found: &Value| -> Vec<String> {
        let sections = found["results"].as_array().unwrap();
        let children = sections.last().unwrap()["children"]
            .as_array()
            .unwrap()
            .iter();
        children
            .map(|it| it["id"].as_str().unwrap().to_owned())
            .collect()
    };
    let all = json(&mut browser, "/_repos");
    assert_eq!(
        (ids(&all), &all["more"]),
        (
            vec!["antelope".into(), "ape".into(), "Zebra".into()],
            &Value::Bool(false)
        )
    );
    let some = json(&mut browser, "/_repos?query=A&limit=2");
    assert_eq!(
        (ids(&some), &some["more"]),
        (vec!["antelope".into(), "ape".into()], &Value::Bool(true))
    );
    assert_eq!(browser.get("/_repos").status, StatusCode::BAD_REQUEST);
}

#[test]
fn repositories_are_cloned_over_ssh_where_that_is_on() {
    let server = Server::with(&[("ssh_enabled", "true")]);
    server.user("admin", true);
    server.repository("admin", "zebra", "git");
    let page = server.browser().get("/zebra").text;
    assert!(page.contains("ssh://") && page.contains("/zebra"), "{page}");
    assert!(!page.contains("{system_user}"));
    let server = Server::new();
    server.repository("admin", "zebra", "git");
    assert!(!server.browser().get("/zebra").text.contains("ssh://"));
}

#[test]
fn pictures_come_from_elsewhere_only_where_the_site_says_so() {
    let server = Server::new();
    server.repository("admin", "zebra", "git");
    let mut browser = server.signed_in("admin");
    server.sql("DELETE FROM settings WHERE app_settings_name IN ('use_gravatar', 'gravatar_url')");
    let page = browser.get("/").text;
    assert!(
        page.contains("class=\"identicon\"") && !page.contains("gravatar"),
        "{page}"
    );
    server.sql("INSERT INTO settings (app_settings_name, app_settings_value, app_settings_type) VALUES \
                ('use_gravatar', 'True', 'bool'), ('gravatar_url', 'https://pictures.example/{md5email}?s={size}', 'unicode')");
    let page = browser.get("/").text;
    assert!(page.contains("src=\"https://pictures.example/"), "{page}");
    assert!(!page.contains("class=\"identicon\""));
}

#[test]
fn robots_read_what_the_site_says() {
    let server = Server::new();
    let answer = server.browser().get("/robots.txt");
    assert!(answer.text.contains("Disallow: /_admin/"));
}
