//! Crowd, against a stand-in that speaks its REST interface.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use kallithea_model::auth::SourceKind::{Crowd, Internal};
use serde_json::{Value, json};

use crate::support::{Instance, free_port, silent_server};

/// What the stand-in answers: who there is, and in which groups.
#[derive(Clone)]
struct Directory {
    person: Value,
    groups: Vec<&'static str>,
}

struct Server {
    port: String,
    directory: Arc<Mutex<Directory>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port().to_string();
        let person = json!({"name": "Ada", "first-name": "Ada", "last-name": "Lovelace", "email": "ada@example.org", "active": true});
        let directory = Arc::new(Mutex::new(Directory {
            person,
            groups: vec!["staff", "analysts"],
        }));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (shared, log) = (Arc::clone(&directory), Arc::clone(&asked));
        // The thread ends with the test's process.
        thread::spawn(move || {
            for stream in listener.incoming() {
                let directory = shared.lock().unwrap().clone();
                let line = serve(stream.unwrap(), &directory);
                log.lock().unwrap().push(line);
            }
        });
        Self {
            port,
            directory,
            asked,
        }
    }

    fn change(&self, change: impl FnOnce(&mut Directory)) {
        change(&mut self.directory.lock().unwrap());
    }
}

/// Answers one request and returns its first line.
fn serve(stream: TcpStream, directory: &Directory) -> String {
    let mut reader = BufReader::new(stream);
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if line.trim().is_empty() {
            break;
        }
        head.push(line.trim().to_owned());
    }
    let header = |name: &str| {
        let found = head.iter().find_map(|line| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then(|| value.to_owned())
        });
        found.unwrap_or_default()
    };
    let mut body = vec![0; header("content-length").parse().unwrap_or(0)];
    reader.read_exact(&mut body).unwrap();
    // "kallithea:app-secret"
    let known = header("authorization") == "Basic a2FsbGl0aGVhOmFwcC1zZWNyZXQ=";
    let request = head[0].clone();
    let typed: Value = serde_json::from_slice(&body).unwrap_or_default();
    let (status, answer) = if !known {
        ("401 Unauthorized", json!({}))
    } else if request.starts_with("POST /crowd/rest/usermanagement/latest/authentication?username=")
    {
        if typed["value"] == "right-password" {
            ("200 OK", directory.person.clone())
        } else {
            (
                "400 Bad Request",
                json!({"reason": "INVALID_USER_AUTHENTICATION"}),
            )
        }
    } else if request
        .starts_with("GET /crowd/rest/usermanagement/latest/user/group/nested?username=")
    {
        let groups: Vec<_> = directory
            .groups
            .iter()
            .map(|name| json!({"name": name}))
            .collect();
        ("200 OK", json!({"groups": groups}))
    } else {
        ("404 Not Found", json!({}))
    };
    let answer = answer.to_string();
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        answer.len()
    );
    let _ = reader
        .get_mut()
        .write_all(format!("{head}{answer}").as_bytes());
    request
}

fn settings<'a>(port: &'a str, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let usual = [
        ("crowd_method", "http"),
        ("crowd_port", port),
        ("crowd_app_name", "kallithea"),
        ("crowd_app_password", "app-secret"),
        ("crowd_timeout", "1"),
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
fn people_of_crowd_come_with_their_groups() {
    let server = Server::start();
    let instance = Instance::new();
    instance.sources(&[Internal, Crowd], &settings(&server.port, &[]));
    assert!(instance.log_in("ada", "wrong-password").is_none());
    let ada = instance.log_in("ada", "right-password").unwrap();
    assert_eq!(
        (&*ada.firstname, &*ada.lastname, ada.email.as_deref()),
        ("Ada", "Lovelace", Some("ada@example.org"))
    );
    assert_eq!(
        (ada.extern_type.as_deref(), ada.extern_name.as_deref()),
        (Some("crowd"), Some("Ada"))
    );
    assert_eq!(instance.groups_of("ada"), ["analysts", "staff"]);
    assert_eq!(
        instance.column(
            "SELECT user_group_description FROM users_groups WHERE users_group_name = 'staff'"
        ),
        ["Automatically created from plugin:crowd"]
    );
    // As Python writes it: the original reads it, and others compare it as text.
    assert_eq!(
        instance.column("SELECT group_data FROM users_groups WHERE users_group_name = 'staff'"),
        [r#"{"extern_type": "crowd"}"#]
    );
    let everybody = "SELECT p.permission_name FROM user_user_group_to_perm t JOIN permissions p USING (permission_id) \
                     JOIN users u USING (user_id) WHERE u.username = 'default'";
    assert_eq!(
        instance.column(everybody),
        ["usergroup.read", "usergroup.read"]
    );

    // Groups made by hand and those of other sources are left alone; its own are left and joined.
    instance.change("UPDATE users_groups SET group_data = NULL WHERE users_group_name = 'staff'");
    server.change(|directory| directory.groups = vec!["newcomers"]);
    instance.log_in("ada", "right-password").unwrap();
    assert_eq!(instance.groups_of("ada"), ["newcomers", "staff"]);

    server.change(|directory| directory.person["active"] = json!(false));
    assert!(instance.log_in("ada", "right-password").is_none());
    let asked = server.asked.lock().unwrap().clone();
    assert!(
        asked.iter().all(|line| !line.contains("right-password")),
        "{asked:?}"
    );
}

#[test]
fn administrators_come_from_groups_and_go_when_asked_to() {
    let server = Server::start();
    let instance = Instance::new();
    let ada = || instance.log_in("ada", "right-password").unwrap();
    let groups = [("crowd_admin_groups", "bosses, analysts")];
    instance.sources(&[Internal, Crowd], &settings(&server.port, &groups));
    assert!(ada().admin);
    server.change(|directory| directory.groups = vec!["staff"]);
    assert!(ada().admin, "as the original has it");
    let withdraw = [groups[0], ("crowd_withdraw_admin", "True")];
    instance.sources(&[Internal, Crowd], &settings(&server.port, &withdraw));
    assert!(!ada().admin);
}

#[test]
fn an_answer_about_somebody_else_opens_nothing() {
    let server = Server::start();
    let instance = Instance::new();
    instance.sources(&[Internal, Crowd], &settings(&server.port, &[]));
    server.change(|directory| directory.person["name"] = json!("admin"));
    assert!(instance.log_in("ada", "right-password").is_none());
    assert!(instance.log_in("a d&a/..?x", "right-password").is_none());
    let last = server.asked.lock().unwrap().last().unwrap().clone();
    assert!(last.contains("username=a%20d%26a%2F%2E%2E%3Fx "), "{last}");
}

#[test]
fn a_server_that_is_down_or_refuses_us_is_passed_over() {
    let server = Server::start();
    let instance = Instance::new();
    let (_alive, silent) = silent_server();
    let closed = free_port().to_string();
    for more in [
        [("crowd_port", &*silent), ("crowd_method", "http")],
        [("crowd_port", &*closed), ("crowd_method", "http")],
        [("crowd_port", &*server.port), ("crowd_method", "https")],
        [("crowd_app_password", "wrong"), ("crowd_method", "http")],
    ] {
        instance.sources(&[Crowd, Internal], &settings(&server.port, &more));
        assert!(
            instance.log_in("ada", "right-password").is_none(),
            "{more:?}"
        );
        assert!(instance.log_in("admin", "secret1").is_some());
    }
}
