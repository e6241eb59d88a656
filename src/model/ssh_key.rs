//! SSH keys: reading a public key as people paste it, and the keys of an account.
//!
//! A key is `<type> <base64> [comment]`; the base64 holds strings with a length of four bytes before each (RFC 4253), the
//! first of which is the type again. How many follow, and of which size where that is fixed, tells whether the text is
//! whole. RSA, DSA, Ed25519 and Ed448 are what the original takes. ECDSA and the keys of security tokens (`sk-…`) are ours:
//! the original leaves them out of the file it writes for `sshd`.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use db::user_ssh_keys::{self, NewSshKey, SshKey};
use db::{DbError, SshKeyId};
use sha2::{Digest, Sha256};

use crate::rights::Account;
use crate::{Error, Model, Text, say};

/// The types that are taken, and what follows the type within the key: names of fixed text, or the sizes allowed.
const TYPES: &[(&str, &[Part])] = &[
    ("ssh-rsa", &[Part::Any, Part::Any]),
    ("ssh-dss", &[Part::Any, Part::Any, Part::Any, Part::Any]),
    ("ssh-ed25519", &[Part::Bytes(32)]),
    ("ssh-ed448", &[Part::Bytes(57)]),
    ("ecdsa-sha2-nistp256", &[Part::Text("nistp256"), Part::Any]),
    ("ecdsa-sha2-nistp384", &[Part::Text("nistp384"), Part::Any]),
    ("ecdsa-sha2-nistp521", &[Part::Text("nistp521"), Part::Any]),
    ("sk-ssh-ed25519@openssh.com", &[Part::Bytes(32), Part::Any]),
    (
        "sk-ecdsa-sha2-nistp256@openssh.com",
        &[Part::Text("nistp256"), Part::Any, Part::Any],
    ),
];

/// More than the longest key that any program makes.
const MAX_TEXT: usize = 20_000;

#[derive(Clone, Copy)]
enum Part {
    Any,
    Bytes(usize),
    Text(&'static str),
}

/// A public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    kind: &'static str,
    blob: Vec<u8>,
    comment: String,
}

impl PublicKey {
    /// Reads a line of a `.pub` file.
    ///
    /// # Errors
    /// [`Error::Invalid`] on `public_key`, with what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let wrong = |why: Text| Err(Error::invalid("public_key", why));
        let text = text.trim();
        if text.is_empty() {
            return Err(Error::invalid("public_key", "SSH key is missing"));
        }
        if text.len() > MAX_TEXT || text.contains(['\n', '\r', '\0']) {
            return wrong(say!("Invalid SSH key - it must be one line"));
        }
        let mut words = text.splitn(3, char::is_whitespace);
        let (kind, Some(encoded)) = (words.next().unwrap_or_default(), words.next()) else {
            return wrong(say!(
                "Invalid SSH key - it must have both a key type and a base64 part, like 'ssh-ed25519 AAAA…'"
            ));
        };
        let Some((kind, parts)) = TYPES.iter().find(|(known, _)| *known == kind) else {
            let known: Vec<&str> = TYPES.iter().map(|(known, _)| *known).collect();
            return wrong(say!(
                "Invalid SSH key - it must start with a key type: {list}",
                list = known.join(", ")
            ));
        };
        let Ok(blob) = STANDARD.decode(encoded) else {
            return wrong(say!(
                "Invalid SSH key - the base64 part is incomplete or has a character that does not belong there: {n} characters",
                n = encoded.len()
            ));
        };
        if let Err(why) = check(&blob, kind, parts) {
            return wrong(why);
        }
        let comment = words.next().unwrap_or_default().trim();
        Ok(Self {
            kind,
            blob,
            comment: comment.to_owned(),
        })
    }

    /// The type, such as `ssh-ed25519`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        self.kind
    }

    /// What stands behind the key.
    #[must_use]
    pub fn comment(&self) -> &str {
        &self.comment
    }

    /// Base64 of the SHA-256 of the key without padding: what `ssh-keygen -l` shows behind `SHA256:`.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        STANDARD_NO_PAD.encode(Sha256::digest(&self.blob))
    }

    /// Type and base64, as `sshd` reads them, without the comment.
    #[must_use]
    pub fn line(&self) -> String {
        format!("{} {}", self.kind, STANDARD.encode(&self.blob))
    }
}

/// Whether the bytes are exactly the strings that a key of this type has.
fn check(blob: &[u8], kind: &str, parts: &[Part]) -> Result<(), Text> {
    let mut rest = blob;
    let mut next = || -> Option<&[u8]> {
        let (length, after) = rest.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let (string, after) = after.split_at_checked(length)?;
        rest = after;
        Some(string)
    };
    let truncated = || say!("Invalid SSH key - the key is truncated");
    if next().ok_or_else(truncated)? != kind.as_bytes() {
        return Err(say!(
            "Invalid SSH key - the base64 part holds another key type than the one before it"
        ));
    }
    for part in parts {
        let string = next().ok_or_else(truncated)?;
        let fits = match part {
            Part::Any => !string.is_empty(),
            Part::Bytes(length) => string.len() == *length,
            Part::Text(text) => string == text.as_bytes(),
        };
        if !fits {
            return Err(say!(
                "Invalid SSH key - the key is no {kind} key inside",
                kind = kind
            ));
        }
    }
    if rest.is_empty() {
        Ok(())
    } else {
        Err(say!(
            "Invalid SSH key - there is more in the base64 part than the key"
        ))
    }
}

impl Model {
    /// The SSH keys of an account.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn ssh_keys(&self, account: &Account) -> Result<Vec<SshKey>, Error> {
        Ok(self
            .db()
            .read(|conn| user_ssh_keys::of_user(conn, account.id()))?)
    }

    /// Adds a key. Without a description it is called by its comment.
    ///
    /// # Errors
    /// [`Error::Invalid`] on `public_key` when it is none, or when somebody has it; who that is, is not told.
    pub fn add_ssh_key(
        &self,
        account: &Account,
        text: &str,
        description: &str,
    ) -> Result<SshKeyId, Error> {
        let key = PublicKey::parse(text)?;
        let fingerprint = key.fingerprint();
        let description = match description.trim() {
            "" => key.comment(),
            description => description,
        };
        let id = self.db().write(|tx| {
            if user_ssh_keys::by_fingerprint(tx, &fingerprint)?.is_some() {
                return Err(Error::invalid(
                    "public_key",
                    say!(
                        "SSH key {fingerprint} is already in use",
                        fingerprint = fingerprint
                    ),
                ));
            }
            Ok(user_ssh_keys::insert(
                tx,
                &NewSshKey {
                    user: account.id(),
                    public_key: text.trim(),
                    description,
                    fingerprint: &fingerprint,
                },
            )?)
        })?;
        self.keys_changed();
        Ok(id)
    }

    /// Deletes a key.
    ///
    /// # Errors
    /// [`Error::NotFound`] when this account has no key of that fingerprint.
    pub fn delete_ssh_key(&self, account: &Account, fingerprint: &str) -> Result<(), Error> {
        let had = self.db().write(|tx| {
            // Collations of MySQL take letters of either case for the same.
            let own = user_ssh_keys::of_user(tx, account.id())?;
            if own.iter().any(|key| key.fingerprint == fingerprint) {
                user_ssh_keys::delete(tx, account.id(), fingerprint)
            } else {
                Ok::<_, DbError>(false)
            }
        })?;
        if had {
            self.keys_changed();
            Ok(())
        } else {
            Err(Error::NotFound {
                what: "SSH key",
                name: fingerprint.to_owned(),
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(parts: &[&[u8]]) -> String {
        let mut blob = Vec::new();
        for part in parts {
            blob.extend(u32::try_from(part.len()).unwrap().to_be_bytes());
            blob.extend(*part);
        }
        STANDARD.encode(blob)
    }

    #[test]
    fn fingerprints_are_those_of_the_original() {
        for (text, fingerprint) in [
            (
                "ssh-rsa AAAAB3NzaC1yc2EAAAANVGhpcyBpcyBmYWtlIQAAAANieWU=",
                "rHuDBAjKa/ACLlsvT2ni9RXldvHG5/jc1sHGlqLWMP4",
            ),
            (
                "  ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIP1NA2kBQIKe74afUXmIWD9ByDYQJqUwW44Y4gJOBRuo me@home laptop",
                "ey7jrCqOjbcYcP6fEz/1eNK5DJBbq5dsi3IWifRT4sM",
            ),
        ] {
            assert_eq!(PublicKey::parse(text).unwrap().fingerprint(), fingerprint);
        }
    }

    #[test]
    fn the_comment_is_the_rest_of_the_line_and_goes_from_what_sshd_reads() {
        let text = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIP1NA2kBQIKe74afUXmIWD9ByDYQJqUwW44Y4gJOBRuo me@home laptop\n";
        let key = PublicKey::parse(text).unwrap();
        assert_eq!(
            (key.kind(), key.comment()),
            ("ssh-ed25519", "me@home laptop")
        );
        assert_eq!(key.line(), text.split(" me@").next().unwrap());
    }

    #[test]
    fn ecdsa_and_security_keys_are_taken() {
        let point = [4_u8; 65];
        for (kind, parts) in [
            ("ecdsa-sha2-nistp256", vec![&b"nistp256"[..], &point]),
            ("ecdsa-sha2-nistp521", vec![b"nistp521", &point]),
            ("sk-ssh-ed25519@openssh.com", vec![&[7; 32], b"ssh:"]),
            (
                "sk-ecdsa-sha2-nistp256@openssh.com",
                vec![b"nistp256", &point, b"ssh:"],
            ),
        ] {
            let all: Vec<&[u8]> = std::iter::once(kind.as_bytes()).chain(parts).collect();
            let text = format!("{kind} {}", encoded(&all));
            assert_eq!(PublicKey::parse(&text).unwrap().kind(), kind);
        }
    }

    #[test]
    fn what_is_no_whole_key_is_refused_in_words() {
        let rsa = encoded(&[b"ssh-rsa", b"e", b"n"]);
        let cut = &rsa[..rsa.len() - 4];
        for (text, why) in [
            ("".to_owned(), "missing"),
            ("ssh-rsa".to_owned(), "both a key type and a base64 part"),
            ("ssh-foo AAAA".to_owned(), "must start with a key type"),
            ("ssh-rsa A*AA".to_owned(), "base64 part"),
            (format!("ssh-dss {rsa}"), "another key type"),
            (format!("ssh-rsa {cut}"), "truncated"),
            (
                format!("ssh-rsa {}", encoded(&[b"ssh-rsa", b"e"])),
                "truncated",
            ),
            (
                format!("ssh-rsa {}", encoded(&[b"ssh-rsa", b"e", b"n", b"x"])),
                "more in the base64",
            ),
            (
                format!("ssh-ed25519 {}", encoded(&[b"ssh-ed25519", b"short"])),
                "no ssh-ed25519 key inside",
            ),
            (
                format!(
                    "ecdsa-sha2-nistp256 {}",
                    encoded(&[b"ecdsa-sha2-nistp256", b"nistp384", b"x"])
                ),
                "no ecdsa-sha2-nistp256 key inside",
            ),
            (format!("ssh-rsa {rsa}\nssh-rsa {rsa}"), "one line"),
            ("ssh-rsa /////w==".to_owned(), "truncated"),
        ] {
            let error = PublicKey::parse(&text).unwrap_err().to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
