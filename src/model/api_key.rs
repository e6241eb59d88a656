//! API keys: passwords for programs. Each account has one of its own and any number of extra ones, which may expire.

use db::user_api_keys::{self, ExtraKey, NEVER};
use db::{ApiKey, Db, users};
use jiff::Timestamp;
use subtle::ConstantTimeEq;

use crate::rights::Account;
use crate::throttle::Attempt;
use crate::{Error, Model, User, Viewer, ip, random};

/// Keys have this many letters and digits.
const LENGTH: usize = 40;

impl Model {
    /// The person whom a key opens from an address. Why a key opens nobody is never told: unknown, expired, of an account
    /// that is closed or may not come from there.
    ///
    /// # Errors
    /// [`Error::TooManyAttempts`] after many wrong ones; when the database does not answer.
    pub fn viewer_by_key(&self, key: &str, address: &str) -> Result<Option<Viewer>, Error> {
        // A key cannot be guessed, so the right one never has to wait: whoever sends wrong ones from behind the same proxy
        // must not shut out everybody's programs.
        let user = if key.len() == LENGTH && key.bytes().all(|b| b.is_ascii_alphanumeric()) {
            owner(self.db(), &ApiKey::from(key), address)?
        } else {
            None
        };
        match user {
            Some(user) => Ok(Some(Viewer::User(user))),
            None => {
                Attempt::begin_with_key(self, address)?.failed()?;
                Ok(None)
            }
        }
    }

    /// The extra keys of an account, those that have expired among them.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn extra_keys(&self, account: &Account) -> Result<Vec<ExtraKey>, Error> {
        Ok(self
            .db()
            .read(|conn| user_api_keys::of_user(conn, account.id()))?)
    }

    /// Makes an extra key that lives for so many minutes; `None` for ever.
    ///
    /// # Errors
    /// [`Error::Invalid`] on `lifetime` when it is too long to count.
    pub fn add_api_key(
        &self,
        account: &Account,
        description: &str,
        minutes: Option<u32>,
    ) -> Result<ApiKey, Error> {
        let key = ApiKey::from(random::hex(LENGTH / 2));
        let expires = minutes.map_or(NEVER, |minutes| now() + f64::from(minutes) * 60.0);
        self.db()
            .write(|tx| user_api_keys::insert(tx, account.id(), &key, description, expires))?;
        Ok(key)
    }

    /// Deletes an extra key.
    ///
    /// # Errors
    /// [`Error::NotFound`] when this account has no such key.
    pub fn delete_api_key(&self, account: &Account, key: &str) -> Result<(), Error> {
        let key = ApiKey::from(key);
        let had = self
            .db()
            .write(|tx| user_api_keys::delete(tx, account.id(), &key))?;
        if had {
            Ok(())
        } else {
            Err(Error::NotFound {
                what: "API key",
                // The key itself is a secret, also a wrong one.
                name: "…".to_owned(),
            })
        }
    }

    /// Replaces the key that belongs to the account itself.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn reset_api_key(&self, account: &Account) -> Result<ApiKey, Error> {
        let key = ApiKey::from(random::hex(LENGTH / 2));
        self.db()
            .write(|tx| users::set_api_key(tx, account.id(), &key))?;
        Ok(key)
    }
}

fn now() -> f64 {
    Timestamp::now().as_second() as f64
}

/// The active account that a key opens from an address.
///
/// Databases compare text as they like (MySQL takes `A` for `a`), and stop at the first letter that differs; what they
/// found is compared again, exactly and in constant time.
fn owner(db: &Db, key: &ApiKey, address: &str) -> Result<Option<User>, Error> {
    let same = |stored: &ApiKey| -> bool {
        stored
            .as_str()
            .as_bytes()
            .ct_eq(key.as_str().as_bytes())
            .into()
    };
    let opened = db.read(|conn| users::opened_by(conn, key, now()))?;
    Ok(opened.and_then(|(user, stored, networks)| {
        let networks: Vec<&str> = networks.iter().map(String::as_str).collect();
        let opens = same(&stored) && user.active && !user.is_default();
        (opens && ip::allows(&networks, address)).then_some(user)
    }))
}
