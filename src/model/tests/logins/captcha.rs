//! The captcha, against a stand-in for the service that judges answers.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use crate::support::{ADDRESS, Instance, free_port, silent_server};

/// A judge that gives each of these replies to one request, and tells what it was sent.
fn judge(replies: &'static [(&'static str, &'static str)]) -> (u16, Receiver<(String, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (tell, told) = channel();
    thread::spawn(move || {
        for (status, reply) in replies {
            let (stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream);
            let (mut first, mut length) = (String::new(), 0);
            reader.read_line(&mut first).unwrap();
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                let line = line.trim().to_ascii_lowercase();
                if let Some(value) = line.strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                if line.is_empty() {
                    break;
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let answer = format!(
                "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{reply}",
                reply.len()
            );
            reader.get_mut().write_all(answer.as_bytes()).unwrap();
            let _ = tell.send((first.trim().to_owned(), String::from_utf8(body).unwrap()));
        }
    });
    (port, told)
}

fn instance(url: &str) -> Instance {
    let instance = Instance::with(&[("captcha_url".to_owned(), url.to_owned())]);
    instance.change("INSERT OR REPLACE INTO settings (app_settings_name, app_settings_value, app_settings_type) VALUES ('captcha_public_key', 'public', 'unicode')");
    instance.change("INSERT OR REPLACE INTO settings (app_settings_name, app_settings_value, app_settings_type) VALUES ('captcha_private_key', 'pri vate&', 'unicode')");
    instance
}

#[test]
fn only_a_clear_yes_of_the_judge_counts() {
    let (port, told) = judge(&[
        ("200 OK", r#"{"success": true}"#),
        (
            "200 OK",
            r#"{"success": false, "error-codes": ["invalid-input-response"]}"#,
        ),
        ("200 OK", r#"{"success": "true"}"#),
        ("200 OK", "yes"),
        ("500 Internal Server Error", r#"{"success": true}"#),
        ("302 Found", r#"{"success": true}"#),
    ]);
    let instance = instance(&format!("http://127.0.0.1:{port}/api/"));
    assert_eq!(
        instance.model.captcha_key().unwrap().as_deref(),
        Some("public")
    );
    let holds = |answer: &str| instance.model.captcha_holds(answer, ADDRESS).unwrap();
    assert!(!holds(""), "the judge is not asked about nothing");
    assert!(holds("right & true"));
    let (line, body) = told.recv().unwrap();
    assert_eq!(line, "POST /api/siteverify HTTP/1.1");
    let mut fields: Vec<&str> = body.split('&').collect();
    fields.sort_unstable();
    let coded = |field: &str| field.replace("%20", "+");
    let fields: Vec<String> = fields.into_iter().map(coded).collect();
    assert_eq!(
        fields,
        [
            "remoteip=127.0.0.1",
            "response=right+%26+true",
            "secret=pri+vate%26"
        ]
    );
    for why in [
        "no",
        "a text is no truth",
        "no JSON",
        "an error",
        "sent elsewhere",
    ] {
        assert!(!holds("x"), "{why}");
    }
}

#[test]
fn a_judge_that_is_away_or_silent_has_not_said_yes() {
    let away = instance(&format!("http://127.0.0.1:{}", free_port()));
    assert!(!away.model.captcha_holds("x", ADDRESS).unwrap());
    let (_listening, port) = silent_server();
    let silent = instance(&format!("http://127.0.0.1:{port}"));
    let start = std::time::Instant::now();
    assert!(!silent.model.captcha_holds("x", ADDRESS).unwrap());
    assert!(start.elapsed().as_secs() < 30, "{:?}", start.elapsed());
    let without = Instance::new();
    assert!(without.model.captcha_holds("", ADDRESS).unwrap());
}
