//! Signing in to a mail server by CRAM-MD5 (RFC 2195), which the mail library does not know: the server names something
//! that was never asked before, and the password is proved by a keyed hash of it without being sent.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use lettre::address::Envelope;
use lettre::transport::smtp::client::{SmtpConnection, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::Response;
use md5::Md5;

use super::smtp::STEP;
use crate::config::{Encryption, SmtpServer};

/// The name in `smtp_auth`.
pub(super) const NAME: &str = "CRAM-MD5";

/// Why a mail was not taken.
pub(super) enum Failure {
    /// The server does not sign anybody in like this.
    Unknown(String),
    /// As with every other way to sign in.
    Smtp(lettre::transport::smtp::Error),
}

impl From<lettre::transport::smtp::Error> for Failure {
    fn from(error: lettre::transport::smtp::Error) -> Self {
        Self::Smtp(error)
    }
}

/// Hands one mail to the server.
pub(super) fn send(
    server: &SmtpServer,
    tls: Option<&TlsParameters>,
    (name, password): (&str, &str),
    envelope: &Envelope,
    message: &[u8],
) -> Result<Response, Failure> {
    let hello = ClientId::default();
    let at_once = tls.filter(|_| server.encryption == Encryption::Tls);
    let address = (server.host.as_str(), server.port);
    let mut connection = SmtpConnection::connect(address, Some(STEP), &hello, at_once, None)?;
    if let Some(tls) = tls.filter(|_| server.encryption == Encryption::StartTls) {
        connection.starttls(tls, &hello)?;
    }
    let challenge = match connection.command("AUTH CRAM-MD5\r\n") {
        Ok(response) => response,
        Err(error) if error.is_permanent() => {
            connection.abort();
            return Err(Failure::Unknown(error.to_string()));
        }
        Err(error) => return Err(error.into()),
    };
    let challenge = challenge.first_word().unwrap_or_default();
    let challenge = STANDARD
        .decode(challenge)
        .map_err(|error| Failure::Unknown(format!("the server's challenge: {error}")))?;
    let proof = STANDARD.encode(answer(name, password, &challenge));
    connection.command(format_args!("{proof}\r\n"))?;
    let taken = connection.send(envelope, message)?;
    // It is taken; how we part does not matter.
    drop(connection.quit());
    Ok(taken)
}

/// What proves the password: the name and a keyed hash of the challenge.
fn answer(name: &str, password: &str, challenge: &[u8]) -> String {
    let mut hash = Hmac::<Md5>::new_from_slice(password.as_bytes())
        .expect("an HMAC takes a key of any length");
    hash.update(challenge);
    let digest = hash.finalize().into_bytes();
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{name} {hex}")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_example_of_the_standard() {
        let challenge = b"<1896.697170952@postoffice.reston.mci.net>";
        assert_eq!(
            super::answer("tim", "tanstaaftanstaaf", challenge),
            "tim b913a602c7eda7a495b4e6e7334d3890"
        );
    }
}
