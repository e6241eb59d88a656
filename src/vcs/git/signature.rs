//! The signature in a commit.

use super::Repository;
use super::header::split_signature;
use crate::signature::{Signature, SignatureFormat};
use crate::{ChangesetId, ReadError};

impl Repository {
    pub fn signatures(&self, id: &ChangesetId) -> Result<Vec<Signature>, ReadError> {
        let repo = self.local();
        let commit = self.commit(&repo, id)?;
        let (armour, signed) = split_signature(&commit.data);
        Ok(SignatureFormat::of(&armour)
            .map(|format| Signature {
                format,
                armour,
                signed,
            })
            .into_iter()
            .collect())
    }
}
