//! Changesets and their relations.

use hg::{Node, Rev, Snapshot};

use super::{Repository, from_node, id};
use crate::{Changeset, ChangesetId, Evolution, Person, Phase, ReadError, RefName, Timestamp};

impl Repository {
    pub fn is_empty(&self) -> Result<bool, ReadError> {
        self.read(|snapshot| Ok(snapshot.tip().is_none()))
    }

    pub fn changeset(&self, id: &ChangesetId) -> Result<Changeset, ReadError> {
        self.read(|snapshot| Ok(read_changeset(snapshot, self.rev(snapshot, id)?)?))
    }

    pub fn parents(&self, of: &ChangesetId) -> Result<Vec<ChangesetId>, ReadError> {
        self.read(|snapshot| {
            let parents = snapshot.parents(self.rev(snapshot, of)?);
            Ok(parents
                .into_iter()
                .flatten()
                .map(|parent| id(snapshot, parent))
                .collect())
        })
    }

    pub fn children(&self, of: &ChangesetId) -> Result<Vec<ChangesetId>, ReadError> {
        self.read(|snapshot| {
            let mut children = snapshot.children(self.rev(snapshot, of)?);
            children.retain(|child| snapshot.is_served(*child));
            children.sort_unstable_by(|a, b| b.cmp(a));
            Ok(children
                .into_iter()
                .map(|child| id(snapshot, child))
                .collect())
        })
    }

    pub fn number_of(&self, id: &ChangesetId) -> Result<Option<u32>, ReadError> {
        self.read(|snapshot| {
            let node = Node::new(*id.as_bytes());
            Ok(snapshot.served_rev(&node).map(Rev::number))
        })
    }
}

/// Reads a changeset by its number.
pub(super) fn read_changeset(snapshot: &Snapshot, rev: Rev) -> Result<Changeset, hg::Error> {
    let read = snapshot.changeset(rev)?;
    let extras = read
        .extras
        .into_iter()
        .map(|(key, value)| (String::from_utf8_lossy(&key).into_owned(), value));
    // No clock on earth is a day off; such numbers come from broken importers.
    let offset = Some(read.time.offset_west).filter(|west| west.unsigned_abs() < 24 * 3600);
    let date = Timestamp {
        seconds: read.time.seconds,
        offset_east: -offset.unwrap_or_default(),
    };
    Ok(Changeset {
        id: from_node(&read.node),
        parents: read
            .parents
            .into_iter()
            .flatten()
            .map(|parent| id(snapshot, parent))
            .collect(),
        author: Person::parse(&read.user.to_str()),
        committer: None,
        date,
        author_date: date,
        signature: None,
        message: read.description.to_str().into_owned(),
        number: Some(rev.number()),
        branch: Some(RefName::new(read.branch.to_str())),
        closes_branch: read.closes_branch,
        phase: match snapshot.phase(rev) {
            hg::Phase::Public => Phase::Public,
            hg::Phase::Draft => Phase::Draft,
            _ => Phase::Secret,
        },
        obsolete: snapshot.is_obsolete(rev),
        evolution: evolution(snapshot, rev)?,
        extras: extras
            .filter(|(key, _)| key != "branch" && key != "close")
            .collect(),
    })
}

/// What rewriting has made of a changeset.
fn evolution(snapshot: &Snapshot, rev: Rev) -> Result<Evolution, hg::Error> {
    if !snapshot.has_rewrites() {
        return Ok(Evolution::default());
    }
    let states = snapshot.instabilities()?;
    let node = snapshot.node(rev);
    let ids = |nodes: Vec<Node>| nodes.iter().map(from_node).collect();
    // What was published stays what it is, whatever stood for it once.
    let successors = match snapshot.is_obsolete(rev) {
        true => snapshot.served_successor_sets(&node)?,
        false => Vec::new(),
    };
    Ok(Evolution {
        orphan: states.orphan.contains(rev),
        phase_divergent: states.phase_divergent.contains(rev),
        content_divergent: states.content_divergent.contains(rev),
        extinct: states.extinct.contains(rev),
        predecessors: ids(snapshot.served_predecessors(&node)?),
        successors: successors.into_iter().map(ids).collect(),
    })
}
