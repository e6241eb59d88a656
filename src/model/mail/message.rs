//! From what a mail says to the text that goes over the wire.

use lettre::Address;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message, MultiPart};

use super::Mail;
use crate::config::MailConfig;
use crate::random;

/// A finished mail.
pub(super) struct Made {
    /// The address of the sender, for the envelope.
    pub(super) sender: String,
    /// Headers and body.
    pub(super) text: String,
}

/// Kind of the mails about errors, which have a sender of their own.
pub(super) const ERROR: &str = "error";

/// Writes a mail to one recipient. Lettre encodes whatever is not plain ASCII, line ends in a subject among it.
pub(super) fn make(
    config: &MailConfig,
    canonical_url: &str,
    mail: &Mail<'_>,
    recipient: &str,
) -> Result<Made, String> {
    let recipient: Mailbox = recipient.parse().map_err(|error| format!("{error}"))?;
    let from = sender(
        if mail.kind == ERROR {
            &config.errors_from
        } else {
            &config.from
        },
        mail.acting,
    );
    let address = from.email.to_string();
    let subject = match config.subject_prefix.as_str() {
        "" => mail.subject.clone(),
        prefix => format!("{prefix} {}", mail.subject),
    };
    let subject: String = subject
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let host = host_of(canonical_url).unwrap_or_else(|| from.email.domain().to_owned());
    let mut builder = Message::builder()
        .from(from)
        .to(recipient)
        .subject(subject)
        .date_now()
        .message_id(Some(format!("<{}@{host}>", random::hex(16))))
        .raw_header(header("Auto-Submitted", "auto-generated")?);
    if !mail.kind.is_empty() {
        builder = builder.raw_header(header("X-Kallithea-Notification-Type", mail.kind)?);
    }
    if !mail.references.is_empty() {
        let ids: Vec<_> = mail.references.iter().map(|id| format!("<{id}>")).collect();
        builder = builder
            .in_reply_to(ids[0].clone())
            .references(ids.join(" "));
    }
    let message = builder
        .multipart(MultiPart::alternative_plain_html(
            mail.letter.text(),
            mail.letter.html(),
        ))
        .map_err(|error| error.to_string())?;
    let text = String::from_utf8(message.formatted()).map_err(|error| error.to_string())?;
    Ok(Made {
        sender: address,
        text,
    })
}

fn header(name: &'static str, value: &str) -> Result<HeaderValue, String> {
    let name = HeaderName::new_from_ascii(name.to_owned()).map_err(|error| error.to_string())?;
    Ok(HeaderValue::new(name, value.to_owned()))
}

/// Who a mail comes from. A setting without an address gets one of this machine, since servers refuse an empty one.
fn sender(setting: &str, acting: Option<&str>) -> Mailbox {
    let setting = setting.trim();
    let parsed: Option<Mailbox> = setting.parse().ok();
    let (name, address) = match parsed {
        Some(mailbox) => (mailbox.name, mailbox.email),
        None => {
            let name = setting
                .split('<')
                .next()
                .unwrap_or_default()
                .trim()
                .to_owned();
            (Some(name).filter(|name| !name.is_empty()), own_address())
        }
    };
    let name = acting.map(|acting| format!("{acting} (no-reply)")).or(name);
    Mailbox::new(name, address)
}

fn own_address() -> Address {
    let node = rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned();
    Address::new("kallithea", node)
        .or_else(|_| Address::new("kallithea", "localhost"))
        .expect("localhost is a domain")
}

fn host_of(url: &str) -> Option<String> {
    let rest = url.split_once("://")?.1;
    let host = rest.split(['/', ':']).next()?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    (!host.is_empty() && host.chars().all(plain)).then(|| host.to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::Letter;
    use super::*;
    use crate::Config;

    fn config(values: &[(&str, &str)]) -> MailConfig {
        let values: Vec<_> = values
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect();
        Config::from_values(&values, "/".into(), None)
            .unwrap()
            .0
            .mail
    }

    fn mail<'a>(subject: &str, acting: Option<&'a str>) -> Mail<'a> {
        Mail {
            kind: "registration",
            recipients: Vec::new(),
            subject: subject.to_owned(),
            letter: Letter {
                heading: "Grüße".into(),
                ..Letter::default()
            },
            acting,
            references: vec!["a@example.org".into(), "b@example.org".into()],
        }
    }

    fn make_text(values: &[(&str, &str)], mail: &Mail<'_>) -> (String, String) {
        let made = make(
            &config(values),
            "https://code.example.org:8443/x",
            mail,
            "zoe@example.org",
        )
        .unwrap();
        assert!(made.text.is_ascii());
        (made.sender, made.text)
    }

    #[test]
    fn headers_are_those_of_the_original_and_cannot_be_broken_out_of() {
        let values = [
            ("app_email_from", "Code <code@example.org>"),
            ("email_prefix", "[code]"),
        ];
        let (sender, text) = make_text(&values, &mail("x\r\nBcc: evil@example.org", None));
        assert_eq!(sender, "code@example.org");
        let head = text.split("\r\n\r\n").next().unwrap();
        for line in [
            "From: Code <code@example.org>",
            "To: zoe@example.org",
            "Subject: [code] x  Bcc: evil@example.org",
            "X-Kallithea-Notification-Type: registration",
            "Auto-Submitted: auto-generated",
            "References: <a@example.org> <b@example.org>",
            "In-Reply-To: <a@example.org>",
        ] {
            assert!(
                head.lines().any(|found| found.trim_end() == line),
                "{line}: {head}"
            );
        }
        assert!(
            head.contains("@code.example.org>")
                && head.contains("Date: ")
                && head.contains("multipart/alternative")
        );
        assert!(!head.lines().any(|line| line.starts_with("Bcc")), "{head}");
    }

    #[test]
    fn there_is_always_an_address_to_send_from() {
        for setting in ["Kallithea", "", "Kallithea <>", "a b c"] {
            let (sender, _) = make_text(&[("app_email_from", setting)], &mail("x", None));
            assert!(sender.starts_with("kallithea@"), "{setting}: {sender}");
        }
        let (_, text) = make_text(
            &[("app_email_from", "code@example.org")],
            &mail("x", Some("Zoë")),
        );
        assert!(text.contains("<code@example.org>"), "{text}");
        let wrong = make(&config(&[]), "", &mail("x", None), "no address");
        assert!(wrong.is_err());
    }
}
