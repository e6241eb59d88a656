//! Signatures of changesets, and whether they hold.
//!
//! Git keeps a signature in the commit itself (header `gpgsig`), OpenPGP, SSH or X.509; Mercurial's gpg extension keeps them in
//! the versioned file `.hgsigs`, lines of `changeset version base64`, OpenPGP only. That one is there can be seen by looking.
//! Whether it holds only the installed `gpg` and `ssh-keygen` tell, and they are asked only where somebody has configured
//! whom to trust: a [`Keyring`].

mod verify;

use std::path::PathBuf;
use std::time::Duration;

use crate::repository::either;
use crate::{ChangesetId, ReadError, Repository};

/// The kind of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SignatureFormat {
    /// Made by `gpg` or the like.
    OpenPgp,
    /// Made by `ssh-keygen -Y sign`.
    Ssh,
    /// Made by `gpgsm`; we know no way to check these.
    X509,
}

impl SignatureFormat {
    /// Tells the kind by the first line.
    pub(crate) fn of(armour: &[u8]) -> Option<Self> {
        match armour.trim_ascii_start() {
            text if text.starts_with(b"-----BEGIN PGP SIGNATURE-----") => Some(Self::OpenPgp),
            text if text.starts_with(b"-----BEGIN PGP MESSAGE-----") => Some(Self::OpenPgp),
            text if text.starts_with(b"-----BEGIN SSH SIGNATURE-----") => Some(Self::Ssh),
            text if text.starts_with(b"-----BEGIN SIGNED MESSAGE-----") => Some(Self::X509),
            _ => None,
        }
    }
}

/// A signature and what it signs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// Its kind.
    pub format: SignatureFormat,
    /// The signature as the tools read it.
    pub armour: Vec<u8>,
    /// The bytes that were signed.
    pub signed: Vec<u8>,
}

/// Whom to trust. Without any file nothing can be checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keyring {
    /// A GnuPG home directory with the public keys.
    pub gnupg_home: Option<PathBuf>,
    /// An allowed-signers file of `ssh-keygen`.
    pub allowed_signers: Option<PathBuf>,
    /// How long the program may take.
    pub patience: Duration,
}

impl Default for Keyring {
    fn default() -> Self {
        Keyring {
            gnupg_home: None,
            allowed_signers: None,
            patience: Duration::from_secs(10),
        }
    }
}

/// What became of checking a signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It holds and was made by somebody the keyring knows.
    Good {
        /// Who made it, as the key or the allowed-signers file names them.
        signer: String,
        /// The fingerprint of the key.
        key: String,
    },
    /// It does not belong to what it is attached to.
    Bad,
    /// The keyring does not know the key, so nothing can be said.
    UnknownKey,
    /// It holds, but the key has expired or was revoked.
    ExpiredKey {
        /// Who made it.
        signer: String,
        /// The fingerprint of the key.
        key: String,
    },
    /// The keyring has nothing for this kind of signature.
    NotConfigured,
    /// The program is missing, failed or took too long.
    Failed {
        /// What happened, for the log.
        reason: String,
    },
}

impl Repository {
    /// The signatures of a changeset: Git has at most one, Mercurial may have one of each reviewer.
    pub fn signatures(&self, id: &ChangesetId) -> Result<Vec<Signature>, ReadError> {
        either!(self, system => system.signatures(id))
    }

    /// Checks the signatures of a changeset. This starts a program for each that the keyring could know.
    pub fn verify(
        &self,
        id: &ChangesetId,
        keyring: &Keyring,
    ) -> Result<Vec<(SignatureFormat, Verdict)>, ReadError> {
        let signatures = self.signatures(id)?;
        Ok(signatures
            .iter()
            .map(|signature| (signature.format, keyring.check(signature)))
            .collect())
    }
}
