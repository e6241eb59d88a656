//! The keys about mail.

use std::path::PathBuf;

use super::Reader;

/// Everything about mail.
#[derive(Debug, Clone)]
pub struct MailConfig {
    /// `app_email_from`.
    pub from: String,
    /// `email_prefix`.
    pub subject_prefix: String,
    /// `email_to`.
    pub admins: Vec<String>,
    /// `error_email_from`; [`Self::from`] when it is empty.
    pub errors_from: String,
    /// Whether errors are mailed.
    pub send_errors: bool,
    /// Who takes mails; none when no mail is sent.
    pub server: Option<SmtpServer>,
    /// `mail_folder`: mails become files there, and the server is not asked.
    pub folder: Option<PathBuf>,
}

/// `smtp_*`.
#[derive(Clone)]
pub struct SmtpServer {
    /// Name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// How the connection is encrypted.
    pub encryption: Encryption,
    /// Name and password, when both are given.
    pub credentials: Option<(String, String)>,
    /// Mechanisms in capital letters; empty for what the server offers.
    pub mechanisms: Vec<String>,
    /// Certificates to trust beside the system's.
    pub certificates: Option<PathBuf>,
}

impl std::fmt::Debug for SmtpServer {
    /// Without the password: configurations end up in logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            host,
            port,
            encryption,
            ..
        } = self;
        write!(f, "SmtpServer({host}:{port}, {encryption:?})")
    }
}

/// How a connection to the mail server is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encryption {
    /// Not at all.
    None,
    /// Agreed on after the greeting, and demanded.
    StartTls,
    /// From the first byte.
    Tls,
}

impl MailConfig {
    pub(super) fn read(reader: &Reader<'_>) -> Self {
        let text = |name| reader.text(name).trim().to_owned();
        let from = text("app_email_from");
        let errors_from = Some(text("error_email_from")).filter(|from| !from.is_empty());
        let encryption = match (reader.bool("smtp_use_ssl"), reader.bool("smtp_use_tls")) {
            (true, _) => Encryption::Tls,
            (false, true) => Encryption::StartTls,
            (false, false) => Encryption::None,
        };
        let standard = if encryption == Encryption::Tls {
            465
        } else {
            25
        };
        let port = reader
            .some_number("smtp_port")
            .map_or(Some(standard), |port| {
                let port = u16::try_from(port).ok().filter(|port| *port > 0);
                if port.is_none() {
                    reader.refuse(
                        "smtp_port",
                        "a port between 1 and 65535",
                        reader.raw("smtp_port"),
                    );
                }
                port
            });
        let (name, password) = (text("smtp_username"), reader.text("smtp_password"));
        let host = text("smtp_server");
        let server = (!host.is_empty()).then(|| SmtpServer {
            host,
            port: port.unwrap_or(standard),
            encryption,
            credentials: (!name.is_empty() && !password.is_empty()).then_some((name, password)),
            mechanisms: text("smtp_auth")
                .split_whitespace()
                .map(str::to_uppercase)
                .collect(),
            certificates: reader.some_path("smtp_ca_file"),
        });
        Self {
            errors_from: errors_from.unwrap_or_else(|| from.clone()),
            from,
            subject_prefix: text("email_prefix"),
            admins: reader.list("email_to"),
            send_errors: reader.bool("trace_errors.enable"),
            server,
            folder: reader.some_path("mail_folder"),
        }
    }
}
