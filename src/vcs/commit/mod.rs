//! Commits made on the web: some files changed on a branch, without a clone.
//!
//! The caller says what the author saw ([`CommitRequest::parent`]) and what is to become of which file. The changeset is made in memory and then
//! *pushed* into the repository, through the same program and by the same way as a push that comes from outside. So everything that judges pushes judges it
//! as well: the hooks of the repository and of the instance, the rules in its configuration, the locks of other writers. When somebody else was faster, nothing
//! is written and nothing of theirs is lost: [`CommitError::Moved`].
//!
//! `edits.rs` checks the changes and works out what they come to; `names.rs` knows which paths no file may have.

mod edits;
mod names;

use crate::wire::git::GitProgram;
use crate::wire::hg::HgProgram;
use crate::{
    ChangesetId, NodeError, Person, ReadError, RefName, RepoPath, Repository, Timestamp, wire,
};

pub(crate) use edits::{Edit, NewContent};

/// The programs that write to repositories, and how to run them.
#[derive(Debug, Clone)]
pub struct Programs {
    /// The `git` program.
    pub git: GitProgram,
    /// The `hg` program.
    pub hg: HgProgram,
}

/// A changeset to be made.
#[derive(Debug, Clone)]
pub struct CommitRequest {
    /// The branch it is for. Git: without `refs/heads/`.
    pub branch: RefName,
    /// Whether the branch is new. One that is there already is left alone then.
    pub new_branch: bool,
    /// The changeset that was changed: the head of the branch as the author saw it, or where a new branch begins. None in an empty repository, or for
    /// a branch without a past.
    pub parent: Option<ChangesetId>,
    /// Who wrote it. `name` and `email` count.
    pub author: Person,
    /// When.
    pub date: Timestamp,
    /// Why.
    pub message: String,
    /// What, one after the other: a change sees what those before it have made.
    pub changes: Vec<FileChange>,
}

/// What is to become of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileChange {
    /// A new file where nothing lies.
    Create {
        /// Where.
        path: RepoPath,
        /// What it holds.
        content: Vec<u8>,
        /// Whether it may be run.
        executable: bool,
    },
    /// Other content for a file that is there; it stays executable if it is.
    Edit {
        /// Where.
        path: RepoPath,
        /// What it shall hold.
        content: Vec<u8>,
    },
    /// Another path, where nothing lies.
    Rename {
        /// Where it is.
        from: RepoPath,
        /// Where it shall be.
        to: RepoPath,
        /// Other content at the same time.
        content: Option<Vec<u8>>,
    },
    /// Whether it may be run.
    SetExecutable {
        /// Where.
        path: RepoPath,
        /// Whether it may.
        executable: bool,
    },
    /// No such file any more.
    Delete {
        /// Where.
        path: RepoPath,
    },
}

/// A changeset that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    /// Its id.
    pub id: ChangesetId,
    /// What the push has brought, in the words of the journal, see [`Repository::pushed`].
    pub journal: Vec<String>,
    /// What the hooks have printed for the author.
    pub said: String,
}

/// Why no changeset was made. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// The branch is not where the author saw it.
    #[error("the branch {branch} has moved since you looked at it")]
    Moved {
        /// The branch.
        branch: RefName,
        /// What the author saw.
        expected: Option<ChangesetId>,
        /// Where it is; none when there is no such branch.
        found: Option<ChangesetId>,
    },
    /// No branch can be called this.
    #[error("{branch:?} cannot be the name of a branch: {why}")]
    BadBranch {
        /// The name.
        branch: String,
        /// Which rule it breaks.
        why: String,
    },
    /// No file can be called this.
    #[error("{path:?} cannot be the name of a file: {why}")]
    BadPath {
        /// The path.
        path: RepoPath,
        /// Which rule it breaks.
        why: &'static str,
    },
    /// Something lies where a file was to be made, or on the way there.
    #[error("{path:?} already exists")]
    Exists {
        /// Where something lies.
        path: RepoPath,
    },
    /// Nothing lies where a file was to be changed.
    #[error("there is no file {path:?}")]
    NotFound {
        /// The path.
        path: RepoPath,
    },
    /// What lies there has no content to change: a folder, a submodule, a symbolic link.
    #[error("{path:?} is not a file that can be edited")]
    NotAFile {
        /// The path.
        path: RepoPath,
    },
    /// All files stay as they are.
    #[error("nothing was changed")]
    Unchanged,
    /// There is no message.
    #[error("a message is needed")]
    NoMessage,
    /// The author has neither name nor address.
    #[error("the author needs a name or an address")]
    NoAuthor,
    /// A hook or a rule of the repository has refused it.
    #[error("the repository has refused the change: {reason}")]
    Refused {
        /// What it said.
        reason: String,
        /// What hooks have printed for the author.
        said: String,
    },
    /// The program that writes failed.
    #[error(transparent)]
    Program(#[from] wire::Error),
    /// Reading the repository failed.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl CommitError {
    /// An error in reading a path that exists.
    pub(crate) fn of_node(error: NodeError) -> Self {
        match error {
            NodeError::NotFound { path, .. } => CommitError::NotFound { path },
            NodeError::NotADirectory { path, .. }
            | NodeError::NotAFile { path, .. }
            | NodeError::TooLarge { path, .. } => CommitError::NotAFile { path },
            NodeError::Read(error) => CommitError::Read(error),
        }
    }
}

impl Repository {
    /// Makes a changeset on a branch and runs everything that a push of it would run.
    pub fn commit(
        &self,
        programs: &Programs,
        request: &CommitRequest,
    ) -> Result<Committed, CommitError> {
        if request.message.trim().is_empty() {
            return Err(CommitError::NoMessage);
        }
        if signature(&request.author).is_empty() {
            return Err(CommitError::NoAuthor);
        }
        let edits = edits::edits(self, request.parent.as_ref(), &request.changes)?;
        // Whether the branch has moved is asked before and after.
        match &self.afresh().system {
            crate::repository::System::Git(git) => git.make_commit(&programs.git, request, &edits),
            crate::repository::System::Hg(hg) => hg.make_commit(&programs.hg, request, &edits),
        }
    }
}

/// `Name <address>` without what would end it early. Git leaves out the same: what is left must be one line that can be taken apart again.
pub(crate) fn signature(person: &Person) -> String {
    let clean = |text: &str| {
        let text: String = text
            .chars()
            .filter(|char| !char.is_control() && !matches!(char, '<' | '>'))
            .collect();
        let crud = |char: char| char.is_whitespace() || ".,:;\"\\'".contains(char);
        text.trim_matches(crud).to_owned()
    };
    match (clean(&person.name), clean(&person.email)) {
        (name, email) if email.is_empty() => name,
        (name, email) if name.is_empty() => format!("<{email}>"),
        (name, email) => format!("{name} <{email}>"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_gets_out_of_the_line_of_the_author() {
        let person = |name: &str, email: &str| Person {
            name: name.into(),
            email: email.into(),
            raw: String::new(),
        };
        for (name, email, wanted) in [
            ("Alice", "alice@example.com", "Alice <alice@example.com>"),
            ("", "alice@example.com", "<alice@example.com>"),
            ("Alice", "", "Alice"),
            ("A\n<b>\0", "x>\ncommitter y", "Ab <xcommitter y>"),
            (" \"Jr.\" ", "", "Jr"),
            ("...", "", ""),
        ] {
            assert_eq!(
                signature(&person(name, email)),
                wanted,
                "{name:?} {email:?}"
            );
        }
    }
}
