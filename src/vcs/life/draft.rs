//! Makes repositories in a hidden place.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::run::{self, Limits, Watch};
use super::{LifeError, relocate};
use crate::{Kind, Programs, Repository};

/// A repository that is being made. Gone when dropped, unless it was moved to its place.
#[derive(Debug)]
pub struct Draft {
    folder: tempfile::TempDir,
    kind: Kind,
}

/// How the names of hidden folders begin.
const PREFIX: &str = ".new-";
/// Nobody works on a repository for so long; see the limits of imports.
const DEAD: Duration = Duration::from_secs(24 * 3600);

/// Removes what processes have left that were killed at work. Where that is not possible, it is tried again next time.
fn forget_dead(group: &Path) {
    let Ok(entries) = fs::read_dir(group) else {
        return;
    };
    let drafts = entries
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(PREFIX));
    for draft in drafts {
        let age = draft.metadata().and_then(|of| of.modified());
        if age.is_ok_and(|at| at.elapsed().is_ok_and(|age| age > DEAD)) {
            let _ = fs::remove_dir_all(draft.path());
        }
    }
}

/// Where a word stands that was written into a draft: beside the data of the system, where no reader of a repository looks.
fn signature(repository: &Path, kind: Kind) -> PathBuf {
    let folder = match kind {
        Kind::Git => repository.to_owned(),
        Kind::Hg => repository.join(".hg"),
    };
    folder.join("kallithea-rs-unfinished")
}

/// Whether this word was written into a repository while it was a draft, and not yet taken out.
#[must_use]
pub fn is_signed(repository: &Path, kind: Kind, word: &str) -> bool {
    fs::read(signature(repository, kind)).is_ok_and(|known| known == word.as_bytes())
}

/// Takes the word out; that there is none is no failure.
pub fn unsign(repository: &Path, kind: Kind) {
    let _ = fs::remove_file(signature(repository, kind));
}

impl Draft {
    /// An empty repository in a hidden folder of `group`. Git: bare, HEAD on `branch`, which Mercurial knows nothing of.
    pub fn create(
        programs: &Programs,
        group: &Path,
        kind: Kind,
        branch: &str,
    ) -> Result<Draft, LifeError> {
        let draft = Draft::begin(group, kind)?;
        match kind {
            Kind::Git => {
                let mut launch = run::git(&programs.git, None)?;
                launch.arg("init").arg("--quiet").arg("--bare");
                launch.arg(format!("--initial-branch={branch}"));
                launch.arg("--").arg(draft.path());
                run::to_end(
                    launch,
                    "making a Git repository",
                    Limits::SHORT,
                    &mut Watch::nobody(),
                )?;
            }
            Kind::Hg => {
                let mut hg = run::hg(&programs.hg, &[])?;
                hg.launch.arg("init").arg("--").arg(draft.path());
                run::to_end(
                    hg.launch,
                    "making a Mercurial repository",
                    Limits::SHORT,
                    &mut Watch::nobody(),
                )?;
            }
        }
        Ok(draft)
    }

    /// A copy that lives on its own: a later delete, rename or repack of the original does nothing to it.
    ///
    /// Only what can be fetched from the original comes along: branches, tags and what they reach, public and draft changesets. Not its hooks, its
    /// configuration, the parts of pull requests, or objects that no name reaches any more: those are none of the fork's business.
    pub fn fork(
        programs: &Programs,
        group: &Path,
        original: &Repository,
        limits: Limits,
        watch: &mut Watch<'_>,
    ) -> Result<Draft, LifeError> {
        let kind = original.kind();
        let draft = Draft::begin(group, kind)?;
        let from =
            std::path::absolute(original.path()).map_err(LifeError::io("find", original.path()))?;
        match kind {
            Kind::Git => {
                let mut launch = run::git(&programs.git, Some("file"))?;
                // `--no-local`: through the protocol. A copy of the files would bring what no name reaches, and borrow what the original borrows.
                launch
                    .arg("clone")
                    .arg("--quiet")
                    .arg("--bare")
                    .arg("--no-local");
                launch.arg("--").arg(from).arg(draft.path());
                run::to_end(launch, "forking", limits.within(draft.path()), watch)?;
                draft.forget_origin(programs)?;
            }
            Kind::Hg => {
                let mut hg = run::hg(&programs.hg, &[])?;
                hg.launch.arg("clone").arg("--quiet").arg("--noupdate");
                hg.launch.arg("--").arg(from).arg(draft.path());
                run::to_end(hg.launch, "forking", limits.within(draft.path()), watch)?;
                draft.forget_origin(programs)?;
            }
        }
        Ok(draft)
    }

    /// An empty hidden folder.
    pub(super) fn begin(group: &Path, kind: Kind) -> Result<Draft, LifeError> {
        let group = std::path::absolute(group).map_err(LifeError::io("find", group))?;
        forget_dead(&group);
        let folder = tempfile::Builder::new()
            .prefix(PREFIX)
            .tempdir_in(&group)
            .map_err(LifeError::io("make a folder in", &group))?;
        Ok(Draft { folder, kind })
    }

    /// Forgets where a clone came from: nobody shall pull from there by accident, or read a path of the server.
    pub(super) fn forget_origin(&self, programs: &Programs) -> Result<(), LifeError> {
        match self.kind {
            Kind::Git => {
                let mut launch = run::git(&programs.git, None)?;
                launch
                    .arg("config")
                    .arg("--file")
                    .arg(self.path().join("config"));
                launch.arg("--remove-section").arg("remote.origin");
                run::to_end(
                    launch,
                    "configuring a repository",
                    Limits::SHORT,
                    &mut Watch::nobody(),
                )?;
                Ok(())
            }
            Kind::Hg => {
                let file = self.path().join(".hg/hgrc");
                match fs::remove_file(&file) {
                    Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                        Err(LifeError::io("delete", &file)(error))
                    }
                    _ => Ok(()),
                }
            }
        }
    }

    /// Where it is for now.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Which system it belongs to.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Opens it where it is.
    pub fn open(&self) -> Result<Repository, LifeError> {
        Ok(Repository::open(self.path(), self.kind)?)
    }

    /// Writes a word into it that stays when it is moved, until [`unsign`].
    pub fn sign(&self, word: &str) -> Result<(), LifeError> {
        let file = signature(self.path(), self.kind);
        fs::write(&file, word).map_err(LifeError::io("write", &file))
    }

    /// Moves it to its place; fails when something is there.
    pub fn move_to(self, place: &Path) -> Result<PathBuf, LifeError> {
        // A temporary folder is for its owner alone; repositories are for whoever the administrator's umask says.
        let mode = fs::metadata(self.path().parent().unwrap_or(place))
            .map(|meta| meta.permissions())
            .map_err(LifeError::io("look at", place))?;
        fs::set_permissions(self.path(), mode).map_err(LifeError::io("open up", self.path()))?;
        relocate(self.path(), place)?;
        // Nothing is left to delete.
        let _ = self.folder.keep();
        Ok(place.to_owned())
    }
}
