//! Keys that open feeds and nothing else.
//!
//! A program that reads feeds cannot sign in, so the address of a feed holds a key. It stands in pages, histories and logs,
//! therefore it is not the API key, which opens everything: it is made from it, and dies with it.

use db::{UserId, secrets, users};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::{Error, Model, User, Viewer, random};

/// What such a key begins with; an API key is made of letters and digits alone.
const PREFIX: &str = "feed-";
/// The secret that stands in for a missing `app_instance_uuid`.
const SECRET: &str = "feed-keys";

impl Model {
    /// The key for the feeds of an account.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn feed_key(&self, user: &User) -> Result<String, Error> {
        let secret = match self.config().instance_secret.as_str() {
            "" => self.feed_secret()?,
            secret => secret,
        };
        Ok(format!("{PREFIX}{}-{}", user.id.0, tag(secret, user)))
    }

    /// The secret from the database. Once made it stays the same, so a process asks for it once.
    fn feed_secret(&self) -> Result<&str, Error> {
        if let Some(secret) = self.feed_secret.get() {
            return Ok(secret);
        }
        let secret = match self.db().read(|conn| secrets::get(conn, SECRET))? {
            Some(secret) => secret,
            None => {
                let new = random::hex(32);
                self.db()
                    .write(|tx| secrets::get_or_insert(tx, SECRET, &new))?
            }
        };
        Ok(self.feed_secret.get_or_init(|| secret))
    }

    /// Who comes with a key for feeds; none when it opens nothing, or is no such key.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn viewer_by_feed_key(&self, key: &str, address: &str) -> Result<Option<Viewer>, Error> {
        let id = key
            .strip_prefix(PREFIX)
            .and_then(|rest| rest.split_once('-'))
            .and_then(|(id, _)| id.parse().ok());
        let Some(id) = id.map(UserId) else {
            return Ok(None);
        };
        let Some(user) = self.db().read(|conn| users::by_id(conn, id))? else {
            return Ok(None);
        };
        let right = self.feed_key(&user)?;
        if !bool::from(right.as_bytes().ct_eq(key.as_bytes())) {
            return Ok(None);
        }
        self.viewer(id, address)
    }
}

/// Whether a key is one for feeds.
#[must_use]
pub fn is_feed_key(key: &str) -> bool {
    key.starts_with(PREFIX)
}

fn tag(secret: &str, user: &User) -> String {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(b"feed\0");
    mac.update(&user.id.0.to_be_bytes());
    mac.update(user.api_key.as_str().as_bytes());
    let bytes = mac.finalize().into_bytes();
    bytes[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
