//! Passwords: bcrypt as the original writes it, older hashes verified, and no telling by time whether a user exists.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use db::PasswordHash;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::{Error, say};

/// The work factor of the original (`$2b$10$`).
const COST: u32 = 10;
/// bcrypt looks at no more bytes than these.
const MAX_BYTES: usize = 72;
/// What the original's forms ask for.
const MIN_CHARS: usize = 6;

/// The hash of a new password.
///
/// # Errors
/// [`Error::Invalid`] on `password` for one that is too short, or that bcrypt would cut without saying so.
pub fn hash(password: &str) -> Result<PasswordHash, Error> {
    if password.chars().count() < MIN_CHARS {
        return Err(Error::invalid(
            "password",
            say!("Enter a value {n} characters long or more", n = MIN_CHARS),
        ));
    }
    if password.len() > MAX_BYTES || password.contains('\0') {
        return Err(Error::invalid(
            "password",
            say!("Enter at most {n} bytes and no NUL", n = MAX_BYTES),
        ));
    }
    hash_unchecked(password)
}

/// The hash of a random text: an account that nobody can sign in to by password.
///
/// # Errors
/// When the system has no randomness for the salt.
pub fn unusable() -> Result<PasswordHash, Error> {
    hash_unchecked(&crate::random::hex(16))
}

/// Whether a stored hash is of a kind that the original no longer writes, or cheaper to guess than what it writes.
pub(crate) fn is_outdated(stored: &PasswordHash) -> bool {
    let hash = stored.as_str();
    match hash
        .strip_prefix("$2")
        .and_then(|rest| rest.split('$').nth(1))
    {
        Some(cost) => cost.parse::<u32>().is_ok_and(|cost| cost < COST),
        None => !hash.is_empty(),
    }
}

/// The hash of a password of any length: an administrator on the command line may choose a short one, as in the original.
///
/// # Errors
/// As [`hash`], but for the length.
pub(crate) fn hash_short(password: &str) -> Result<PasswordHash, Error> {
    if (1..MIN_CHARS).contains(&password.chars().count()) && !password.contains('\0') {
        return hash_unchecked(password);
    }
    hash(password)
}

/// The hash that takes the place of an outdated one. The password was good enough when it was chosen.
///
/// # Errors
/// When the system has no randomness for the salt.
pub(crate) fn rehash(password: &str) -> Result<PasswordHash, Error> {
    hash_unchecked(password)
}

fn hash_unchecked(password: &str) -> Result<PasswordHash, Error> {
    bcrypt::hash(password, COST)
        .map(PasswordHash::from)
        .map_err(|error| Error::Program(format!("bcrypt cannot hash: {error}").into()))
}

/// Compares a password with a stored hash. Takes as long for a user who does not exist (`None`) as for one who does.
#[must_use]
pub fn verify(password: &str, stored: Option<&PasswordHash>) -> bool {
    // Of the right form, the hash of nothing that anybody could type.
    const NOBODY: &str = "$2b$10$abcdefghijklmnopqrstuuWbJHhY8PdHnUsr2gvbJ0ZDHxTHTmwSi";
    let hash = stored.map(PasswordHash::as_str).unwrap_or_default();
    if hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit()) {
        // Written by old Windows installations: SHA-256 without salt.
        let digest: String = Sha256::digest(password.as_bytes())
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        return digest
            .as_bytes()
            .ct_eq(hash.to_ascii_lowercase().as_bytes())
            .into();
    }
    // Like the original, only the first 72 bytes count; NUL never matches.
    let cut = &password.as_bytes()[..password.len().min(MAX_BYTES)];
    if hash.is_empty() || password.contains('\0') {
        let _ = bcrypt::verify(cut, NOBODY);
        return false;
    }
    bcrypt::verify(cut, hash).unwrap_or(false)
}

/// Passwords that were right a moment ago.
///
/// Clients of Git and Mercurial send theirs with each of the requests of one clone, and bcrypt is slow on purpose. What
/// is kept is a keyed hash over the password and the stored hash, under a key of this process: it ends by itself, and at
/// once when the password is changed.
pub struct Verified {
    key: [u8; 32],
    recent: Mutex<HashMap<[u8; 32], Instant>>,
}

/// How long a password counts as just verified.
const REMEMBERED: Duration = Duration::from_secs(60);
/// More entries than this are not kept.
const MAX_REMEMBERED: usize = 1000;

impl Default for Verified {
    fn default() -> Self {
        Self {
            key: crate::random::bytes(),
            recent: Mutex::default(),
        }
    }
}

impl Verified {
    /// As [`verify`], but quick when the same was right within the last minute.
    pub(crate) fn verify(&self, password: &str, stored: Option<&PasswordHash>) -> bool {
        let tag = self.tag(password, stored);
        let now = Instant::now();
        let fresh = |at: &Instant| now.duration_since(*at) < REMEMBERED;
        if self
            .recent
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&tag)
            .is_some_and(fresh)
        {
            return true;
        }
        let right = verify(password, stored);
        if right {
            let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
            if recent.len() >= MAX_REMEMBERED {
                recent.clear();
            }
            recent.retain(|_, at| fresh(at));
            recent.insert(tag, now);
        }
        right
    }

    fn tag(&self, password: &str, stored: Option<&PasswordHash>) -> [u8; 32] {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes keys of any length");
        mac.update(
            stored
                .map(PasswordHash::as_str)
                .unwrap_or_default()
                .as_bytes(),
        );
        mac.update(&[0]);
        mac.update(password.as_bytes());
        mac.finalize().into_bytes().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_has_the_form_of_the_original_and_fits_only_its_password() {
        let stored = hash("secret1").unwrap();
        assert!(stored.as_str().starts_with("$2b$10$"));
        assert!(verify("secret1", Some(&stored)));
        assert!(!verify("secret2", Some(&stored)));
        assert!(!verify("secret1", None));
    }

    #[test]
    fn hashes_of_other_writers_are_understood() {
        let old =
            PasswordHash::from("5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8");
        assert!(verify("password", Some(&old)));
        assert!(!verify("passwore", Some(&old)));
        let php = PasswordHash::from(
            hash("secret1")
                .unwrap()
                .as_str()
                .replacen("$2b$", "$2y$", 1)
                .as_str(),
        );
        assert!(verify("secret1", Some(&php)));
        assert!(!verify("", Some(&PasswordHash::from(""))));
        assert!(!verify("x", Some(&PasswordHash::from("garbage"))));
    }

    #[test]
    fn hashes_that_are_cheaper_to_guess_are_outdated() {
        assert!(!is_outdated(&hash("secret1").unwrap()));
        let cheap = "$2b$04$abcdefghijklmnopqrstuuWbJHhY8PdHnUsr2gvbJ0ZDHxTHTmwSi";
        assert!(is_outdated(&PasswordHash::from(cheap)));
        assert!(!is_outdated(&PasswordHash::from(
            cheap.replace("$04$", "$12$").as_str()
        )));
        assert!(is_outdated(&PasswordHash::from(
            "5e884898da28047151d0e56f8dc62927"
        )));
        assert!(!is_outdated(&PasswordHash::from("")));
    }

    #[test]
    fn a_verified_password_stays_so_only_for_the_same_hash() {
        let verified = Verified::default();
        let stored = hash("secret1").unwrap();
        assert!(verified.verify("secret1", Some(&stored)));
        assert!(verified.verify("secret1", Some(&stored)));
        assert!(!verified.verify("secret2", Some(&stored)));
        assert!(!verified.verify("secret1", Some(&hash("secret2").unwrap())));
    }

    #[test]
    fn what_bcrypt_would_cut_is_refused() {
        assert!(hash(&"é".repeat(40)).is_err());
        assert!(hash("short").is_err());
        assert!(hash("with\0nul").is_err());
    }
}
