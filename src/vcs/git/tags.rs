//! Annotated tags: what they say themselves.

use super::header::TagHeader;
use super::{Repository, from_git};
use crate::{ReadError, Signature, TagMessage};

impl Repository {
    pub fn tag_message(&self, name: &str) -> Result<Option<TagMessage>, ReadError> {
        let repo = self.local();
        let heads = self.heads(&repo)?;
        let whole = format!("refs/tags/{name}");
        let target = heads.names.find(whole.as_bytes());
        let Some(id) = target.and_then(|target| heads.names.follow(target)) else {
            return Ok(None);
        };
        let Ok(tag) = repo.find_tag(id) else {
            // A light tag.
            return Ok(None);
        };
        Ok(TagHeader::parse(&tag.data).map(|header| TagMessage {
            object: from_git(&id),
            target: from_git(&header.target),
            tagger: header.tagger(),
            date: header.date(),
            message: header.message(),
            signature: header.signature().map(|(_, armour, format)| Signature {
                format,
                armour: armour.to_vec(),
                signed: header.signed(),
            }),
        }))
    }
}
