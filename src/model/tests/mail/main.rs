//! Mails on their way to a server, which may be gone.

mod server;

use std::sync::Arc;

use kallithea_model::mail::{Letter, Mail, Sent};
use kallithea_model::{Config, Model};
use server::{Server, Tls};
use tempfile::TempDir;

/// A fresh instance whose ini file says this about mail.
fn instance(values: &[(&str, &str)]) -> (Model, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let values: Vec<_> = values
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
        .collect();
    let (config, _) = Config::from_values(&values, folder.path().to_owned(), None).unwrap();
    let config = Arc::new(config);
    Model::prepare(&config).unwrap();
    (Model::open(config).unwrap(), folder)
}

fn mail(recipients: &[&str]) -> Mail<'static> {
    Mail {
        kind: "registration",
        recipients: recipients
            .iter()
            .map(|address| (*address).to_owned())
            .collect(),
        subject: "Grüße".to_owned(),
        letter: Letter {
            heading: "Welcome".to_owned(),
            ..Letter::default()
        },
        acting: None,
        references: Vec::new(),
    }
}

/// What the table says: waiting, tries, last error; with the next try set to now.
fn table(folder: &TempDir) -> Vec<(bool, i64, String)> {
    let db = rusqlite::Connection::open(folder.path().join("kallithea.db")).unwrap();
    let mut statement = db
        .prepare("SELECT next_try_at > 0, tries, last_error FROM rs_mails ORDER BY recipient")
        .unwrap();
    let rows = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .unwrap();
    let rows = rows.map(Result::unwrap).collect();
    db.execute(
        "UPDATE rs_mails SET next_try_at = 1 WHERE next_try_at > 0",
        [],
    )
    .unwrap();
    rows
}

#[test]
fn a_server_takes_each_mail_once_with_every_kind_of_encryption() {
    for (tls, key) in [
        (Tls::None, "smtp_use_tls"),
        (Tls::Start, "smtp_use_tls"),
        (Tls::Always, "smtp_use_ssl"),
    ] {
        let server = Server::start(tls);
        let port = server.port.to_string();
        let certificate = server
            .certificate
            .path()
            .join("certificate.pem")
            .display()
            .to_string();
        let encrypted = if tls == Tls::None { "false" } else { "true" };
        let (model, folder) = instance(&[
            ("smtp_server", "localhost"),
            ("smtp_port", &port),
            (key, encrypted),
            ("smtp_username", "kallithea"),
            ("smtp_password", "smtp-secret"),
            ("smtp_ca_file", &certificate),
            ("app_email_from", "Code <code@example.org>"),
        ]);
        assert_eq!(
            model
                .queue_mail(&mail(&["b@example.org", "a@example.org", "a@example.org"]))
                .unwrap(),
            2
        );
        assert!(model.should_look_for_mails());
        model.send_some_mails();
        let mut taken = server.taken();
        taken.sort_by(|a, b| a.to.cmp(&b.to));
        assert_eq!(taken.len(), 2, "{tls:?} {:?}", table(&folder));
        for (mail, recipient) in taken.iter().zip(["a@example.org", "b@example.org"]) {
            assert_eq!(
                (&*mail.from, &*mail.to, mail.encrypted),
                ("code@example.org", recipient, tls != Tls::None)
            );
            assert_eq!(mail.user.as_deref(), Some("\0kallithea\0smtp-secret"));
            assert!(mail.text.contains("Subject: =?utf-8?"), "{}", mail.text);
        }
        assert!(table(&folder).is_empty());
        model.send_due_mails(10).unwrap();
        assert_eq!(server.taken().len(), 2);
    }
}

#[test]
fn a_password_is_proved_without_being_sent_where_the_ini_file_says_so() {
    for (tls, key, mechanisms) in [
        (Tls::None, "smtp_use_tls", "CRAM-MD5"),
        (Tls::Start, "smtp_use_tls", "CRAM-MD5 PLAIN"),
        (Tls::Always, "smtp_use_ssl", "cram-md5"),
    ] {
        let server = Server::start(tls);
        let port = server.port.to_string();
        let certificate = server.certificate.path().join("certificate.pem");
        let encrypted = if tls == Tls::None { "false" } else { "true" };
        let (model, folder) = instance(&[
            ("smtp_server", "localhost"),
            ("smtp_port", &port),
            (key, encrypted),
            ("smtp_username", "tim"),
            ("smtp_password", "tanstaaftanstaaf"),
            ("smtp_auth", mechanisms),
            ("smtp_ca_file", certificate.to_str().unwrap()),
        ]);
        model.queue_mail(&mail(&["a@example.org"])).unwrap();
        model.send_due_mails(10).unwrap();
        let taken = server.taken();
        assert_eq!(taken.len(), 1, "{tls:?} {:?}", table(&folder));
        let proof = "tim b913a602c7eda7a495b4e6e7334d3890";
        assert_eq!(taken[0].user.as_deref(), Some(proof));
        assert_eq!(taken[0].encrypted, tls != Tls::None);
    }
}

#[test]
fn a_certificate_of_nobody_gets_no_password() {
    for (tls, key) in [(Tls::Start, "smtp_use_tls"), (Tls::Always, "smtp_use_ssl")] {
        let server = Server::start(tls);
        let port = server.port.to_string();
        let (model, folder) = instance(&[
            ("smtp_server", "localhost"),
            ("smtp_port", &port),
            (key, "true"),
        ]);
        model.queue_mail(&mail(&["a@example.org"])).unwrap();
        assert_eq!(
            model.send_due_mails(10).unwrap(),
            Sent { sent: 0, failed: 1 }
        );
        assert!(server.taken().is_empty() && table(&folder)[0].0);
    }
}

#[test]
fn a_server_that_is_down_loses_nothing_and_a_refused_recipient_is_given_up() {
    let server = Server::start(Tls::None);
    let port = server.port.to_string();
    server.refuse_all(true);
    let (model, folder) = instance(&[("smtp_server", "127.0.0.1"), ("smtp_port", &port)]);
    model
        .queue_mail(&mail(&["a@example.org", "nobody@example.org"]))
        .unwrap();
    for tries in 1..=2 {
        model.send_due_mails(10).unwrap();
        let rows = table(&folder);
        assert!(rows.iter().all(|(waiting, _, _)| *waiting), "{rows:?}");
        assert_eq!(rows.iter().map(|(_, tries, _)| tries).max(), Some(&tries));
    }
    server.refuse_all(false);
    let sent = model.send_due_mails(10).unwrap();
    assert_eq!(sent, Sent { sent: 1, failed: 1 });
    let rows = table(&folder);
    assert_eq!(rows.len(), 1);
    assert!(
        !rows[0].0 && rows[0].2.contains("no such mailbox"),
        "{rows:?}"
    );
    assert_eq!(server.taken()[0].to, "a@example.org");
}

#[test]
fn a_folder_takes_the_place_of_a_server_and_nothing_configured_keeps_nothing() {
    let (model, folder) = instance(&[("mail_folder", "mails"), ("email_to", "boss@example.org")]);
    model.queue_mail(&mail(&[])).unwrap();
    model.send_some_mails();
    let files: Vec<_> = std::fs::read_dir(folder.path().join("mails"))
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    assert_eq!(files.len(), 1);
    assert!(
        std::fs::read_to_string(&files[0])
            .unwrap()
            .contains("To: boss@example.org")
    );
    let (model, folder) = instance(&[]);
    assert_eq!(model.queue_mail(&mail(&["a@example.org"])).unwrap(), 0);
    assert!(table(&folder).is_empty() && !model.should_look_for_mails());
}
