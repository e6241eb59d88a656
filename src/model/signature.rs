//! Whether the signatures of changesets hold, where the site has a keyring.
//!
//! Checking starts a program, which no page waits for: a page shows what is known, and has the rest found out when its answer has gone
//! out. What was found is kept for a day and for as long as the keyring stays as it is, since keys expire and are revoked.

use std::path::Path;
use std::time::SystemTime;

use vcs::{CacheKey, ChangesetId, Keyring, Repository, Signature, SignatureFormat, Verdict};

use crate::Model;

/// The version of what is kept.
const VERSION: u32 = 2;

/// One signature, and what became of checking it.
pub type Checked = (SignatureFormat, Verdict);

impl Model {
    /// Whether there is anything to check signatures with.
    #[must_use]
    pub fn checks_signatures(&self) -> bool {
        let keyring = &self.config().keyring;
        keyring.gnupg_home.is_some() || keyring.allowed_signers.is_some()
    }

    /// What is known about the signatures of a changeset; none when nobody has looked yet.
    #[must_use]
    pub fn known_verdicts(&self, contents: &Repository, id: &ChangesetId) -> Option<Vec<Checked>> {
        let signatures = contents.signatures(id).ok()?;
        let kept = self.cache().get(&self.key_of_verdicts(id, &signatures))?;
        let parts: Vec<[String; 4]> = serde_json::from_slice(&kept).ok()?;
        parts.iter().map(read).collect()
    }

    /// Checks the signatures of a changeset and keeps what came of it. This starts programs.
    ///
    /// # Errors
    /// When the repository cannot be read.
    pub fn check_signatures(
        &self,
        contents: &Repository,
        id: &ChangesetId,
    ) -> Result<(), vcs::ReadError> {
        let signatures = contents.signatures(id)?;
        let keyring = &self.config().keyring;
        let verdicts: Vec<_> = signatures
            .iter()
            .map(|signature| (signature.format, keyring.check(signature)))
            .collect();
        for (format, verdict) in &verdicts {
            if let Verdict::Failed { reason } = verdict {
                tracing::warn!("a signature of {id} ({format:?}) cannot be checked: {reason}");
            }
        }
        let parts: Vec<[String; 4]> = verdicts.iter().map(written).collect();
        let text = serde_json::json!(parts).to_string();
        let key = self.key_of_verdicts(id, &signatures);
        self.cache().put(&key, text.as_bytes());
        Ok(())
    }

    /// Mercurial keeps signatures beside a changeset: another repository with the same changeset may have others.
    fn key_of_verdicts(&self, id: &ChangesetId, signatures: &[Signature]) -> CacheKey {
        let keyring = &self.config().keyring;
        let today = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .map_or(0, |now| now.as_secs() / 86_400);
        let state = format!("{} {today}", state(keyring));
        let mut parts: Vec<&[u8]> = vec![id.as_bytes(), state.as_bytes()];
        parts.extend(signatures.iter().map(|signature| &signature.armour[..]));
        CacheKey::new("signatures", VERSION, &parts)
    }
}

/// Changes when a key comes or goes.
fn state(keyring: &Keyring) -> String {
    let of = |path: &Path| {
        let data = path.metadata().ok();
        let when = data.as_ref().and_then(|data| data.modified().ok());
        format!(
            "{} {:?} {:?};",
            path.display(),
            data.map(|data| data.len()),
            when
        )
    };
    let home = keyring.gnupg_home.iter();
    let files = ["pubring.kbx", "pubring.gpg", "trustdb.gpg"];
    let keys = home.flat_map(|home| files.iter().map(|file| of(&home.join(file))));
    keys.chain(keyring.allowed_signers.iter().map(|path| of(path)))
        .collect()
}

const FORMATS: [(SignatureFormat, &str); 3] = [
    (SignatureFormat::OpenPgp, "openpgp"),
    (SignatureFormat::Ssh, "ssh"),
    (SignatureFormat::X509, "x509"),
];

fn written((format, verdict): &Checked) -> [String; 4] {
    let format = FORMATS.iter().find(|(known, _)| known == format);
    let (word, signer, key) = match verdict {
        Verdict::Good { signer, key } => ("good", signer.as_str(), key.as_str()),
        Verdict::Bad => ("bad", "", ""),
        Verdict::UnknownKey => ("unknown", "", ""),
        Verdict::ExpiredKey { signer, key } => ("expired", signer.as_str(), key.as_str()),
        Verdict::NotConfigured => ("none", "", ""),
        Verdict::Failed { reason } => ("failed", reason.as_str(), ""),
    };
    [format.map_or("", |(_, word)| word), word, signer, key].map(str::to_owned)
}

fn read([format, word, signer, key]: &[String; 4]) -> Option<Checked> {
    let (format, _) = FORMATS.iter().find(|(_, known)| known == format)?;
    let (signer, key) = (signer.clone(), key.clone());
    let verdict = match word.as_str() {
        "good" => Verdict::Good { signer, key },
        "bad" => Verdict::Bad,
        "unknown" => Verdict::UnknownKey,
        "expired" => Verdict::ExpiredKey { signer, key },
        "none" => Verdict::NotConfigured,
        "failed" => Verdict::Failed { reason: signer },
        _ => return None,
    };
    Some((*format, verdict))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_what_was_found() {
        let name = || ("Ann <ann@example.com>".to_owned(), "0123 ABCD".to_owned());
        let (signer, key) = name();
        let good = Verdict::Good { signer, key };
        let (signer, key) = name();
        let expired = Verdict::ExpiredKey { signer, key };
        let failed = Verdict::Failed {
            reason: "no such program".to_owned(),
        };
        for verdict in [
            good,
            expired,
            failed,
            Verdict::Bad,
            Verdict::UnknownKey,
            Verdict::NotConfigured,
        ] {
            for (format, _) in FORMATS {
                let checked = (format, verdict.clone());
                assert_eq!(read(&written(&checked)), Some(checked));
            }
        }
        assert_eq!(read(&["openpgp", "?", "", ""].map(str::to_owned)), None);
    }
}
