//! Makes a changeset and pushes it.

use std::collections::BTreeMap;

use hg::{FileEdit, FileKind, HgPath, HgPathBuf, NewChangeset, Node, Snapshot};

use super::turn::Turn;
use super::{Repository, id};
use crate::commit::{CommitError, CommitRequest, Committed, Edit, NewContent, signature};
use crate::wire::hg::{HgProgram, PushError, push};
use crate::{ChangesetId, ReadError, RepoPath};

impl Repository {
    pub fn make_commit(
        &self,
        program: &HgProgram,
        request: &CommitRequest,
        edits: &[Edit],
    ) -> Result<Committed, CommitError> {
        let _turn = Turn::wait(&self.root().join(".hg"));
        // Others may push elsewhere in the meantime: that makes a new attempt necessary, not a new decision.
        const TRIES: usize = 4;
        for _ in 1..TRIES {
            match self.try_commit(program, request, edits) {
                Err(Failure::Raced) => {}
                Err(Failure::Final(error)) => return Err(error),
                Ok(committed) => return Ok(committed),
            }
        }
        match self.try_commit(program, request, edits) {
            Err(Failure::Raced) => Err(CommitError::Refused {
                reason: "the repository does not come to rest".to_owned(),
                said: String::new(),
            }),
            Err(Failure::Final(error)) => Err(error),
            Ok(committed) => Ok(committed),
        }
    }

    fn try_commit(
        &self,
        program: &HgProgram,
        request: &CommitRequest,
        edits: &[Edit],
    ) -> Result<Committed, Failure> {
        let commit = self.read(|snapshot| {
            check_branch(snapshot, request)?;
            let new = new_changeset(snapshot, request, edits)?;
            Ok::<_, Failure>(snapshot.commit(&new)?)
        })?;
        let pushed = match push(program, self.root(), &commit.bundle) {
            Ok(pushed) => pushed,
            Err(PushError::Raced) => return Err(Failure::Raced),
            Err(PushError::Refused { reason, said }) => {
                return Err(Failure::Final(CommitError::Refused { reason, said }));
            }
            Err(PushError::Wire(error)) => return Err(Failure::Final(error.into())),
        };
        let mut journal = Vec::new();
        for group in &pushed.report.changegroups {
            let arrived = self.arrived(group.first.as_str(), group.last.as_str());
            journal.extend(arrived.map_err(|error| Failure::Final(error.into()))?);
        }
        Ok(Committed {
            id: ChangesetId::from_bytes(*commit.node.as_bytes()),
            journal,
            said: pushed.said,
        })
    }
}

/// Why an attempt failed.
enum Failure {
    Raced,
    Final(CommitError),
}

impl From<hg::Error> for Failure {
    fn from(error: hg::Error) -> Self {
        Failure::Final(CommitError::Read(ReadError::from(error)))
    }
}

impl From<hg::CommitError> for Failure {
    fn from(error: hg::CommitError) -> Self {
        use hg::CommitError as Own;
        let path = |path: &HgPathBuf| RepoPath::parse(path.as_bytes()).ok();
        let refused = CommitError::Refused {
            reason: error.to_string(),
            said: String::new(),
        };
        Failure::Final(match error {
            Own::Nothing => CommitError::Unchanged,
            Own::Repository(error) => return Failure::from(error),
            Own::BadUser => CommitError::NoAuthor,
            Own::BadBranch(branch) => CommitError::BadBranch {
                branch,
                why: "it means something else, or holds a character that no branch may have".into(),
            },
            Own::FileAndDirectory(name) => match path(&name) {
                Some(path) => CommitError::Exists { path },
                None => refused,
            },
            Own::NoCopySource(name) => match path(&name) {
                Some(path) => CommitError::NotFound { path },
                None => refused,
            },
            _ => refused,
        })
    }
}

impl hg::MayPass for Failure {
    fn may_pass(&self) -> bool {
        matches!(self, Failure::Final(CommitError::Read(error)) if error.may_pass())
    }
}

/// Whether the branch is where the author saw it: any of its heads will do, as they choose one.
fn check_branch(snapshot: &Snapshot, request: &CommitRequest) -> Result<(), Failure> {
    let branches = snapshot.branches()?;
    let name = request.branch.as_str().as_bytes();
    let branch = branches
        .iter()
        .find(|branch| branch.name.as_bytes() == name);
    let parent = request.parent.map(|parent| Node::new(*parent.as_bytes()));
    let heads = branch.map(|branch| &branch.heads[..]).unwrap_or_default();
    let is_head = |node: Node| heads.iter().any(|head| snapshot.node(*head) == node);
    let as_seen = match (request.new_branch, parent) {
        (true, _) => branch.is_none(),
        (false, Some(parent)) => is_head(parent),
        (false, None) => branch.is_none() && snapshot.tip().is_none(),
    };
    if as_seen {
        return Ok(());
    }
    Err(Failure::Final(CommitError::Moved {
        branch: request.branch.clone(),
        expected: request.parent.filter(|_| !request.new_branch),
        found: branch.map(|branch| id(snapshot, branch.tip)),
    }))
}

fn new_changeset(
    snapshot: &Snapshot,
    request: &CommitRequest,
    edits: &[Edit],
) -> Result<NewChangeset, Failure> {
    let parent = request.parent.map(|parent| Node::new(*parent.as_bytes()));
    let mut files = BTreeMap::new();
    for edit in edits {
        let path = HgPathBuf::from(edit.path.as_bytes().to_vec());
        let Some(file) = &edit.file else {
            files.insert(path, FileEdit::Remove);
            continue;
        };
        let data = match &file.content {
            NewContent::Bytes(bytes) => bytes.clone(),
            NewContent::Kept(from) => content_in(snapshot, parent, from)?,
        };
        let kind = match (file.symlink, file.executable) {
            (true, _) => FileKind::Symlink,
            (false, true) => FileKind::Executable,
            (false, false) => FileKind::Regular,
        };
        let copied_from = file.renamed_from.as_ref();
        files.insert(
            path,
            FileEdit::Write {
                data,
                kind,
                copied_from: copied_from.map(|from| HgPathBuf::from(from.as_bytes().to_vec())),
            },
        );
    }
    Ok(NewChangeset {
        parents: [parent, None],
        user: signature(&request.author),
        time: hg::Timestamp {
            seconds: request.date.seconds,
            offset_west: request.date.offset_east.saturating_neg(),
        },
        description: request.message.clone(),
        branch: request.branch.as_str().to_owned(),
        closes_branch: false,
        extras: BTreeMap::new(),
        files,
    })
}

/// What a path of the parent holds.
fn content_in(
    snapshot: &Snapshot,
    parent: Option<Node>,
    path: &RepoPath,
) -> Result<Vec<u8>, Failure> {
    let missing = || Failure::Final(CommitError::NotFound { path: path.clone() });
    let rev = parent
        .and_then(|node| snapshot.served_rev(&node))
        .ok_or_else(missing)?;
    let name = HgPath::new(path.as_bytes());
    let entry = snapshot.manifest(rev)?.get(name)?.ok_or_else(missing)?;
    Ok(snapshot.file(name, &entry.node)?.data)
}
