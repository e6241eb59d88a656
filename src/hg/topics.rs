//! Topics: names for changesets that are still being worked on, an extension of Mercurial.
//!
//! A topic is an entry `topic` in a changeset's extras. It counts while the changeset is a draft; published changesets have
//! had a topic once, but are in none.

use std::collections::BTreeMap;

use crate::changeset::Changeset;
use crate::error::Error;
use crate::ids::Rev;
use crate::snapshot::Snapshot;
use crate::text::Text;
use crate::visibility::Phase;

/// A name for served drafts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// Its name.
    pub name: Text,
    /// Its drafts, oldest first; obsolete ones are not among them.
    pub revs: Vec<Rev>,
}

impl Changeset {
    /// The topic that the changeset was made in.
    pub fn topic(&self) -> Option<Text> {
        self.named_extra(b"topic")
    }

    /// The namespace of that topic.
    pub fn topic_namespace(&self) -> Option<Text> {
        self.named_extra(b"topic-namespace")
    }

    fn named_extra(&self, key: &[u8]) -> Option<Text> {
        let value = self.extras.get(key).filter(|value| !value.is_empty())?;
        Some(Text::from(&value[..]))
    }
}

impl Snapshot {
    /// The topics of served drafts, sorted by name.
    pub fn topics(&self) -> Result<&[Topic], Error> {
        if let Some(topics) = self.topics.get() {
            return Ok(topics);
        }
        let mut found: BTreeMap<Text, Vec<Rev>> = BTreeMap::new();
        for rev in self.served().iter() {
            if self.phase(rev) > Phase::Public
                && !self.is_obsolete(rev)
                && let Some(topic) = self.changeset(rev)?.topic()
            {
                found.entry(topic).or_default().push(rev);
            }
        }
        let topics = found
            .into_iter()
            .map(|(name, revs)| Topic { name, revs })
            .collect();
        Ok(self.topics.get_or_init(|| topics))
    }
}
