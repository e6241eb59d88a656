//! Handing one mail to the server, or writing it into a folder.

use std::fs;
use std::path::Path;
use std::time::Duration;

use db::mails::Mail;
use lettre::address::Envelope;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::response::Response;
use lettre::transport::smtp::{self};
use lettre::{Address, SmtpTransport, Transport};

use super::cram_md5;
use crate::auth::trusted_certificates;
use crate::config::{Encryption, MailConfig, SmtpServer};

/// How long the server may take for each step.
pub(super) const STEP: Duration = Duration::from_secs(10);

/// Why a mail was not taken.
pub(super) struct Refusal {
    /// What the server said, or the system.
    pub(super) reason: String,
    /// The recipient or the mail is refused; another try would be answered the same.
    pub(super) for_good: bool,
    /// The server cannot be spoken to at all: other mails need not be tried now.
    pub(super) server_is_down: bool,
}

impl Refusal {
    fn down(reason: impl ToString) -> Self {
        Self {
            reason: reason.to_string(),
            for_good: false,
            server_is_down: true,
        }
    }
}

/// Delivers a mail where the configuration says.
pub(super) fn deliver(config: &MailConfig, mail: &Mail) -> Result<(), Refusal> {
    if let Some(folder) = &config.folder {
        return into_folder(folder, mail)
            .map_err(|error| Refusal::down(format!("{}: {error}", folder.display())));
    }
    let server = config
        .server
        .as_ref()
        .ok_or_else(|| Refusal::down("there is no 'smtp_server'"))?;
    let refuse = |error: lettre::address::AddressError| Refusal {
        reason: error.to_string(),
        for_good: true,
        server_is_down: false,
    };
    let sender: Address = mail.sender.parse().map_err(refuse)?;
    let recipient: Address = mail.recipient.parse().map_err(refuse)?;
    let envelope = Envelope::new(Some(sender), vec![recipient]).map_err(Refusal::down)?;
    let message = mail.message.as_bytes();
    let answer = match challenged(server, &envelope, message)? {
        Some(answer) => answer,
        None => transport(server)?.send_raw(&envelope, message),
    };
    answer.map(drop).map_err(|error| {
        let code: Option<u16> = error.status().map(Into::into);
        Refusal {
            // The mailbox is not there, the mail is not wanted. Other refusals (credentials, quotas) may pass.
            for_good: matches!(code, Some(550..=554)),
            server_is_down: code.is_none(),
            reason: chain(&error),
        }
    })
}

/// What came of handing it over where CRAM-MD5 is wanted first; none where it is not, or where the server does not know it
/// and another way is allowed.
fn challenged(
    server: &SmtpServer,
    envelope: &Envelope,
    message: &[u8],
) -> Result<Option<Result<Response, smtp::Error>>, Refusal> {
    let wanted = server.mechanisms.first().map(String::as_str) == Some(cram_md5::NAME);
    let Some((name, password)) = server.credentials.as_ref().filter(|_| wanted) else {
        return Ok(None);
    };
    let tls = match server.encryption {
        Encryption::None => None,
        Encryption::StartTls | Encryption::Tls => Some(parameters(server)?),
    };
    let credentials = (name.as_str(), password.as_str());
    match cram_md5::send(server, tls.as_ref(), credentials, envelope, message) {
        Ok(taken) => Ok(Some(Ok(taken))),
        Err(cram_md5::Failure::Smtp(error)) => Ok(Some(Err(error))),
        Err(cram_md5::Failure::Unknown(_)) if server.mechanisms.len() > 1 => Ok(None),
        Err(cram_md5::Failure::Unknown(why)) => Err(Refusal::down(why)),
    }
}

fn transport(server: &SmtpServer) -> Result<SmtpTransport, Refusal> {
    let tls = match server.encryption {
        Encryption::None => Tls::None,
        Encryption::StartTls => Tls::Required(parameters(server)?),
        Encryption::Tls => Tls::Wrapper(parameters(server)?),
    };
    let mut builder = SmtpTransport::builder_dangerous(server.host.as_str())
        .port(server.port)
        .tls(tls)
        .timeout(Some(STEP));
    if let Some((name, password)) = &server.credentials {
        builder = builder.credentials(Credentials::new(name.clone(), password.clone()));
        let mechanisms: Vec<_> = server
            .mechanisms
            .iter()
            .filter_map(|name| match name.as_str() {
                "PLAIN" => Some(Mechanism::Plain),
                "LOGIN" => Some(Mechanism::Login),
                "XOAUTH2" => Some(Mechanism::Xoauth2),
                _ => None,
            })
            .collect();
        if !server.mechanisms.is_empty() && mechanisms.is_empty() {
            return Err(Refusal::down(
                "'smtp_auth' names none of PLAIN, LOGIN, XOAUTH2, CRAM-MD5",
            ));
        }
        if !mechanisms.is_empty() {
            builder = builder.authentication(mechanisms);
        }
    }
    Ok(builder.build())
}

fn parameters(server: &SmtpServer) -> Result<TlsParameters, Refusal> {
    let mut builder = TlsParameters::builder(server.host.clone());
    if let Some(path) = &server.certificates {
        let more = trusted_certificates(path)
            .map_err(|problem| Refusal::down(format!("'smtp_ca_file': {problem}")))?;
        for der in more {
            let certificate =
                Certificate::from_der(der).map_err(|error| Refusal::down(chain(&error)))?;
            builder = builder.add_root_certificate(certificate);
        }
    }
    builder
        .build()
        .map_err(|error| Refusal::down(chain(&error)))
}

/// Written beside and moved into place, so that nobody reads half a mail.
fn into_folder(folder: &Path, mail: &Mail) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    let draft = folder.join(format!(".{}", mail.id));
    fs::write(&draft, &mail.message)?;
    fs::rename(
        &draft,
        folder.join(format!("{}-{}.eml", mail.created_at, mail.id)),
    )
}

/// An error with its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.ends_with(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}
