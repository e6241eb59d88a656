//! A new password for those who forgot theirs.
//!
//! Whoever asks gets a token by mail and brings it back, in the same browser and within a day. The token is a keyed hash
//! over everything it is bound to, so nothing has to be kept: it dies when the password or the address changes, and is
//! worth nothing in another browser. Asking is answered the same for every address, known or not.

use db::{PasswordHash, secrets, user_email_map, users};
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::auth::SourceKind;
use crate::mail::{Letter, Mail};
use crate::{Error, Model, User, random};

/// How long a token is good for, in seconds.
const LIFE: i64 = 24 * 3600;
/// The secret that stands in for a missing `app_instance_uuid`.
const SECRET: &str = "password-reset";

/// Who asks, or comes back with a token.
#[derive(Debug, Clone, Copy)]
pub struct ResetRequest<'a> {
    /// The address as typed.
    pub email: &'a str,
    /// When it was asked for, in seconds since 1970, as the form carries it.
    pub timestamp: &'a str,
    /// What only this browser knows: the token of its forms.
    pub browser: &'a str,
}

impl Model {
    /// Writes to the owner of an address, when there is one. To be called after the answer has gone out, so that the time
    /// tells nothing. `link` makes the address of the page to come back to from the token; none when the site has no
    /// address that is known to be its own, and then the mail holds the token alone.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn send_reset_mail(
        &self,
        request: &ResetRequest<'_>,
        link: Option<&dyn Fn(&str) -> String>,
    ) -> Result<(), Error> {
        let Some(user) = self.owner_of(request.email)? else {
            tracing::info!("a new password was asked for at an unknown address");
            return Ok(());
        };
        let recipients = self.addresses(&user, request.email)?;
        let heading = "A new password was asked for".to_owned();
        let letter = if self.manages_password(&user)? {
            Letter {
                heading,
                paragraphs: vec![
                    "The password of this account is not kept here, so it cannot be changed here either. \
                     Ask the administrator of your organisation."
                        .into(),
                ],
                facts: vec![("User name".into(), user.username.to_string())],
                ..Letter::default()
            }
        } else {
            let token = self.reset_token(&user, request)?;
            Letter {
                heading,
                paragraphs: vec![
                    "To choose one, come back within a day to the browser in which it was asked for.".into(),
                    "If it was not you, there is nothing to do: without this mail nobody gets in.".into(),
                ],
                facts: vec![("User name".into(), user.username.to_string()), ("Token".into(), token.clone())],
                action: link.map(|link| ("Choose a new password".into(), link(&token))),
                ..Letter::default()
            }
        };
        self.queue_mail(&Mail {
            kind: "",
            recipients,
            subject: "Password reset link".into(),
            letter,
            acting: None,
            references: Vec::new(),
        })?;
        tracing::info!("a new password was asked for user {}", user.id);
        Ok(())
    }

    /// Sets the new password, if the token is the one that was mailed. All sessions of the account end.
    ///
    /// # Errors
    /// [`Error::Invalid`] on `token` when it is not, or too old; on `password` when that cannot be one.
    pub fn reset_password(
        &self,
        request: &ResetRequest<'_>,
        token: &str,
        password: &str,
    ) -> Result<(), Error> {
        let refused = || Error::invalid("token", "Invalid password reset token");
        let now = Timestamp::now().as_second();
        let asked: i64 = request.timestamp.trim().parse().map_err(|_| refused())?;
        let fresh = asked <= now && now - asked <= LIFE;
        // Computed also about nobody, so that the time tells nothing.
        let found = self.owner_of(request.email)?;
        let nobody = nobody();
        let expected = self.reset_token(found.as_ref().unwrap_or(&nobody), request)?;
        let matches = bool::from(expected.as_bytes().ct_eq(token.trim().as_bytes()));
        let Some(user) = found.filter(|_| fresh && matches && !request.browser.is_empty()) else {
            tracing::warn!("a token for a new password was refused");
            return Err(refused());
        };
        if self.manages_password(&user)? {
            return Err(refused());
        }
        self.set_password(user.id, password, None)?;
        tracing::info!("user {} has a new password by a mailed token", user.id);
        self.queue_mail(&Mail {
            kind: "",
            recipients: self.addresses(&user, request.email)?,
            subject: "Password reset notification".into(),
            letter: Letter {
                heading: "Your password was changed".into(),
                paragraphs: vec![
                    "All sessions were ended. If it was not you, tell the administrators of the site at once.".into(),
                ],
                facts: vec![("User name".into(), user.username.to_string())],
                ..Letter::default()
            },
            acting: None,
            references: Vec::new(),
        })?;
        Ok(())
    }

    fn owner_of(&self, email: &str) -> Result<Option<User>, Error> {
        let email = email.trim();
        if email.contains('\0') {
            return Ok(None);
        }
        let found = self.db().read(|conn| users::by_email(conn, email))?;
        Ok(found.filter(|user| !user.is_default()))
    }

    /// Where to write: the stored form of the typed address, and the main one when that is another.
    fn addresses(&self, user: &User, typed: &str) -> Result<Vec<String>, Error> {
        let typed = typed.trim().to_lowercase();
        let extra = self
            .db()
            .read(|conn| user_email_map::of_user(conn, user.id))?;
        let mut addresses: Vec<String> = extra
            .into_iter()
            .map(|extra| extra.email)
            .filter(|email| email.to_lowercase() == typed)
            .collect();
        addresses.extend(user.email.clone().filter(|email| !email.is_empty()));
        Ok(addresses)
    }

    /// Whether another source than ours keeps the password.
    fn manages_password(&self, user: &User) -> Result<bool, Error> {
        Ok(self.managed_fields(user)?.contains(&"password"))
    }

    fn reset_token(&self, user: &User, request: &ResetRequest<'_>) -> Result<String, Error> {
        let secret = match self.config().instance_secret.as_str() {
            "" => {
                let new = random::hex(32);
                match self.db().read(|conn| secrets::get(conn, SECRET))? {
                    Some(secret) => secret,
                    None => self
                        .db()
                        .write(|tx| secrets::get_or_insert(tx, SECRET, &new))?,
                }
            }
            secret => secret.to_owned(),
        };
        Ok(token(&secret, &user.password, user, request))
    }

    /// The fields of an account that its login source manages, so that they cannot be changed here.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn managed_fields(&self, user: &User) -> Result<Vec<&'static str>, Error> {
        let Some(kind) = user.extern_type.as_deref().and_then(SourceKind::from_name) else {
            return Ok(Vec::new());
        };
        let form = self.login_sources()?;
        let Some(source) = form.sources.iter().find(|source| source.kind == kind) else {
            // Not listed any more: nobody manages it.
            return Ok(Vec::new());
        };
        Ok(match kind {
            SourceKind::Internal => Vec::new(),
            SourceKind::Ldap | SourceKind::Crowd => {
                vec!["username", "firstname", "lastname", "email", "password"]
            }
            SourceKind::Pam => vec!["username", "password"],
            SourceKind::Container => {
                let mut managed = vec!["username", "password"];
                for (field, header) in [
                    ("email", "email_header"),
                    ("firstname", "firstname_header"),
                    ("lastname", "lastname_header"),
                ] {
                    if source
                        .values
                        .iter()
                        .any(|(known, value)| known.key == header && !value.is_empty())
                    {
                        managed.push(field);
                    }
                }
                managed
            }
        })
    }
}

/// The keyed hash over everything that a token is bound to.
fn token(secret: &str, password: &PasswordHash, user: &User, request: &ResetRequest<'_>) -> String {
    let key = format!("{secret}\0{}", password.as_str());
    let mut mac =
        Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("HMAC takes keys of any length");
    let email = user.email.as_deref().unwrap_or_default();
    let message = format!(
        "{}\0{}\0{email}\0{}",
        request.browser,
        user.id,
        request.timestamp.trim()
    );
    mac.update(message.as_bytes());
    let bytes = mac.finalize().into_bytes();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An account that nobody has.
fn nobody() -> User {
    User {
        id: db::UserId(-1),
        username: "".into(),
        password: "".into(),
        active: false,
        admin: false,
        firstname: String::new(),
        lastname: String::new(),
        email: None,
        last_login: None,
        extern_type: None,
        extern_name: None,
        api_key: "".into(),
        created_on: db::LocalTime::EPOCH,
    }
}
