//! What a changeset says about itself.

use std::collections::BTreeMap;

use crate::{ChangesetId, RefName, Signature, SignatureFormat};

/// The header of a changeset: everything but its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changeset {
    /// Its id.
    pub id: ChangesetId,
    /// Its parents, first parent first: none for a root, two or (in Git) more for a merge.
    pub parents: Vec<ChangesetId>,
    /// Who wrote it.
    pub author: Person,
    /// Who recorded it; only Git keeps this apart from the author.
    pub committer: Option<Person>,
    /// When it was recorded (Git: the committer's date).
    pub date: Timestamp,
    /// When it was written. In Git what was amended, rebased or picked keeps this date; in Mercurial it is `date`.
    pub author_date: Timestamp,
    /// The kind of signature that the commit itself holds, Git only. [`Repository::signatures`](crate::Repository::signatures)
    /// tells those of both systems.
    pub signature: Option<SignatureFormat>,
    /// The message, decoded. Git's ends with a newline as a rule, Mercurial's never does.
    pub message: String,
    /// Mercurial's number of the changeset in this repository. Git's position shifts whenever a ref
    /// does and is told by [`Repository::number_of`](crate::Repository::number_of) only.
    pub number: Option<u32>,
    /// Mercurial's named branch.
    pub branch: Option<RefName>,
    /// Whether this changeset closes its (Mercurial) branch.
    pub closes_branch: bool,
    /// How far the changeset has been published; Git's are always public.
    pub phase: Phase,
    /// Whether Mercurial calls it rewritten by a newer one and still shows it.
    pub obsolete: bool,
    /// What Mercurial's rewriting has made of it; nothing in Git.
    pub evolution: Evolution,
    /// What else Mercurial recorded, e.g. `source` with the id a graft was made from. `branch` and `close` are not repeated.
    pub extras: BTreeMap<String, Vec<u8>>,
}

/// What rewriting has made of a changeset, in Mercurial's words. Changesets that nobody may see are passed over.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Evolution {
    /// It builds on an obsolete changeset.
    pub orphan: bool,
    /// It stands for a changeset that has been published after all.
    pub phase_divergent: bool,
    /// Others stand for the same changeset.
    pub content_divergent: bool,
    /// It is obsolete, and nothing builds on it.
    pub extinct: bool,
    /// The nearest changesets that it stands for.
    pub predecessors: Vec<ChangesetId>,
    /// The nearest changesets that stand for it: one group of several where it was split, several groups where people have
    /// rewritten it differently, none where it was pruned or never rewritten.
    pub successors: Vec<Vec<ChangesetId>>,
}

impl Changeset {
    /// The first line of the message, without blanks around it.
    pub fn summary(&self) -> &str {
        self.message
            .trim_start()
            .lines()
            .next()
            .unwrap_or_default()
            .trim_end()
    }

    /// The changeset that this one was grafted from (`hg graft`), which may be in another repository only.
    pub fn grafted_from(&self) -> Option<ChangesetId> {
        self.hex_extra("source")
    }

    /// The changeset that this one was rebased from (`hg rebase`).
    pub fn rebased_from(&self) -> Option<ChangesetId> {
        self.hex_extra("rebase_source")
    }

    /// The changeset that this one was amended from (`hg commit --amend`).
    pub fn amended_from(&self) -> Option<ChangesetId> {
        self.hex_extra("amend_source")
    }

    /// The changeset that this one was transplanted from; the extension writes the bare twenty bytes.
    pub fn transplanted_from(&self) -> Option<ChangesetId> {
        let bytes = self.extras.get("transplant_source")?;
        Some(ChangesetId::from_bytes(bytes.as_slice().try_into().ok()?))
    }

    fn hex_extra(&self, key: &str) -> Option<ChangesetId> {
        std::str::from_utf8(self.extras.get(key)?)
            .ok()?
            .parse()
            .ok()
    }

    /// Whether it has more than one parent.
    pub fn is_merge(&self) -> bool {
        self.parents.len() > 1
    }
}

/// How far a Mercurial changeset has been published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Phase {
    /// Out in the world: it does not change any more.
    #[default]
    Public,
    /// May still be rewritten.
    Draft,
    /// Not to be shared.
    Secret,
}

/// What an annotated tag says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagMessage {
    /// The id of the tag object itself, which is no changeset.
    pub object: ChangesetId,
    /// What it points at: a commit as a rule, but perhaps another tag, a tree or a file.
    pub target: ChangesetId,
    /// Who made the tag; tags from before 2005 do not tell.
    pub tagger: Option<Person>,
    /// When it was made.
    pub date: Option<Timestamp>,
    /// Its text, without the signature.
    pub message: String,
    /// Its signature, to be checked by [`Keyring::check`](crate::Keyring::check).
    pub signature: Option<Signature>,
}

/// A moment and the time zone of the clock it was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp {
    /// Seconds since 1970-01-01T00:00:00Z.
    pub seconds: i64,
    /// Seconds the clock was ahead of UTC: 3600 in Berlin in winter.
    pub offset_east: i32,
}

/// An author, as recorded and taken apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Person {
    /// The name without address and angle brackets; the whole text where it holds no address.
    pub name: String,
    /// The address; empty when there is none.
    pub email: String,
    /// The text as recorded, e.g. `Alice <alice@example.com>`.
    pub raw: String,
}

impl Person {
    /// Takes `Name <address>`, `address` or just a name apart.
    pub fn parse(raw: &str) -> Self {
        let raw = raw.trim();
        let bracket = raw.find('<').map(|start| {
            let end = raw[start..].find('>').map_or(raw.len(), |end| start + end);
            (start, end)
        });
        let place = bracket.map_or(raw, |(start, end)| &raw[start + 1..end]);
        let email = place
            .split(|c: char| c.is_whitespace() || ",;:()\"".contains(c))
            .find(|word| is_address(word))
            .unwrap_or("");
        let name = match bracket {
            Some((start, end)) => format!(
                "{} {}",
                raw[..start].trim(),
                raw.get(end + 1..).unwrap_or("").trim()
            ),
            None if email.is_empty() => raw.to_owned(),
            None => raw.replacen(email, "", 1),
        };
        Person {
            name: name.trim().to_owned(),
            email: email.to_owned(),
            raw: raw.to_owned(),
        }
    }
}

/// Whether a word has the shape `local@domain`.
fn is_address(word: &str) -> bool {
    word.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty() && !domain.is_empty() && !domain.contains('@')
    })
}

/// The newest changeset in the form that the `repositories.changeset_cache` column keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tip {
    /// Its id.
    pub id: ChangesetId,
    /// Its number: Mercurial's local revision or Git's position counted from the oldest changeset, 0.
    pub number: u32,
    /// Its message.
    pub message: String,
    /// When it was recorded.
    pub date: Timestamp,
    /// Who wrote it, as recorded.
    pub author: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_taken_apart() {
        for (raw, name, email) in [
            (
                "Alice Liddell <alice@example.com>",
                "Alice Liddell",
                "alice@example.com",
            ),
            ("alice@example.com", "", "alice@example.com"),
            ("alice", "alice", ""),
            ("Alice <>", "Alice", ""),
            ("<alice@example.com>", "", "alice@example.com"),
            ("Alice <alice at example>", "Alice", ""),
            ("Alice <alice@example.com", "Alice", "alice@example.com"),
            ("alice@example.com (Alice)", "(Alice)", "alice@example.com"),
            ("", "", ""),
            ("> odd <", "> odd", ""),
        ] {
            let person = Person::parse(raw);
            assert_eq!(
                (person.name.as_str(), person.email.as_str()),
                (name, email),
                "{raw:?}"
            );
        }
    }
}
