//! Looking through the folder of all repositories: what lies there without being in the database, and what is in the
//! database without lying there.
//!
//! A folder is looked at once, and never below a repository: a tree of ten thousand repositories costs ten thousand
//! reads of a directory. Links to folders are not followed, so a loop of them is none. What cannot be read is told and
//! passed over, and nothing below it counts as missing.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fs;
use std::path::Path;

use db::groups;
use db::repositories::{self, RepoState, RepoType, RepositorySettings};
use db::{GroupId, GroupName, RepoName, Tx, UserId, user_followings, users};
use vcs::Kind;

use crate::rights::SiteAdmin;
use crate::{Error, Model, name, repository};

/// Folders deeper than this are not looked into: the longest name of a repository has 255 bytes.
const DEEPEST: usize = 128;

/// What a scan has found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scanned {
    /// Full names of what was taken up, in order.
    pub added: Vec<String>,
    /// Full names of what is missing on disk, in order; forgotten if that was asked for.
    pub missing: Vec<String>,
    /// What was passed over, each with the reason.
    pub skipped: Vec<String>,
}

/// What lies on disk.
#[derive(Default)]
struct Disk {
    repositories: HashMap<String, Kind>,
    unreadable: Vec<String>,
    skipped: Vec<String>,
}

impl Model {
    /// Takes up repositories that lie on disk without being in the database, with the groups they lie in, and tells which
    /// are missing; `forget` deletes the rows of these. No file is touched.
    ///
    /// # Errors
    /// [`Error::Disk`] when the folder of all repositories cannot be read.
    pub fn scan(&self, _: &SiteAdmin, forget: bool) -> Result<Scanned, Error> {
        let root = self.repositories_root()?;
        let mut disk = Disk::default();
        fs::read_dir(&root).map_err(|error| Error::disk("read", &root, error))?;
        disk.walk(&root, "", 0);
        let known: HashSet<String> = self
            .db()
            .read(repositories::all)?
            .into_iter()
            .map(|row| row.name.into_string())
            .collect();
        let mut scanned = Scanned {
            skipped: std::mem::take(&mut disk.skipped),
            ..Scanned::default()
        };
        let new: BTreeSet<&String> = disk
            .repositories
            .keys()
            .filter(|name| !known.contains(*name))
            .collect();
        for name in new {
            match self.take_up(name, disk.repositories[name]) {
                Ok(true) => scanned.added.push(name.clone()),
                // Somebody else was faster.
                Ok(false) => {}
                Err(Error::Invalid { message, .. }) => {
                    scanned.skipped.push(format!("{name}: {message}"));
                }
                Err(error) => return Err(error),
            }
        }
        let hidden = |name: &str| {
            let below = |folder: &String| {
                folder.is_empty()
                    || name
                        .strip_prefix(folder.as_str())
                        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            };
            disk.unreadable.iter().any(below)
        };
        scanned.missing = known
            .into_iter()
            .filter(|name| !disk.repositories.contains_key(name) && !hidden(name))
            .collect();
        scanned.missing.sort();
        if forget {
            for name in &scanned.missing {
                self.forget(&root, name)?;
            }
        }
        Ok(scanned)
    }

    /// Writes the rows of a repository that lies on disk, unless there are some.
    fn take_up(&self, full: &str, kind: Kind) -> Result<bool, Error> {
        for (parent, part) in name::parents(full)
            .map(|group| {
                (
                    group.rsplit_once('/').map(|(parent, _)| parent),
                    name::last(group),
                )
            })
            .chain([(
                full.rsplit_once('/').map(|(parent, _)| parent),
                name::last(full),
            )])
        {
            name::check("repo_name", part, parent)?;
        }
        let settings = self.settings()?;
        let made = self.db().write(|tx| {
            if repositories::is_name_taken(tx, &RepoName::from(full))? {
                return Ok(None);
            }
            let owner = users::first_admin(tx)?.ok_or_else(|| {
                Error::Forbidden("There is no administrator to own what was found.".into())
            })?;
            let group = groups_of(tx, full, owner.id)?;
            let id = repositories::insert(
                tx,
                &repositories::NewRepository {
                    name: &RepoName::from(full),
                    state: RepoState::Created,
                    repo_type: match kind {
                        Kind::Hg => RepoType::Mercurial,
                        Kind::Git => RepoType::Git,
                    },
                    fork_of: None,
                    group,
                    settings: RepositorySettings {
                        owner: owner.id,
                        clone_uri: None,
                        private: settings.default_private,
                        statistics: settings.default_statistics,
                        downloads: settings.default_downloads,
                        description: name::last(full),
                        landing_revision: "rev:tip",
                    },
                },
            )?;
            repository::grant_initial(tx, id, settings.default_private, None)?;
            user_followings::follow(tx, owner.id, id)?;
            Ok::<_, Error>(Some(id))
        })?;
        let Some(id) = made else {
            return Ok(false);
        };
        if let Err(error) = self.refresh_tip(id) {
            tracing::warn!("the newest changeset of {full} cannot be read: {error}");
        }
        Ok(true)
    }

    /// Deletes the rows of a repository that is still missing; forks of it stand for themselves.
    fn forget(&self, root: &Path, full: &str) -> Result<(), Error> {
        self.db().write(|tx| {
            let Some(row) = repositories::by_name(tx, &RepoName::from(full))? else {
                return Ok(());
            };
            if kind_of(&root.join(full)).is_some() {
                return Ok(());
            }
            repositories::detach_forks(tx, row.id)?;
            repositories::delete(tx, row.id)?;
            Ok::<_, Error>(())
        })
    }
}

/// The group that a full name lies in; missing ones are made, without a permission for anybody but what is the default.
fn groups_of(tx: &Tx<'_>, full: &str, owner: UserId) -> Result<Option<GroupId>, Error> {
    let mut parent = None;
    for group in name::parents(full) {
        let group = GroupName::from(group);
        parent = Some(match groups::by_name(tx, &group)? {
            Some(row) => row.id,
            None => {
                if repositories::is_name_taken(tx, &RepoName::from(group.as_str()))? {
                    return Err(Error::invalid(
                        "repo_name",
                        format!("{group} is a repository and no group"),
                    ));
                }
                let id = groups::insert(tx, &group, parent, name::last(group.as_str()), owner)?;
                crate::group::grant_initial(tx, id, owner, true, None)?;
                id
            }
        });
    }
    Ok(parent)
}

impl Disk {
    fn walk(&mut self, folder: &Path, prefix: &str, depth: usize) {
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) => {
                self.skipped.push(format!("{prefix}: {error}"));
                self.unreadable.push(prefix.to_owned());
                return;
            }
        };
        for entry in entries {
            let Ok(entry) = entry else {
                self.unreadable.push(prefix.to_owned());
                continue;
            };
            // A link to a repository is one; a link to any other folder is nothing.
            let (folder, link) = match entry.file_type() {
                Ok(kind) => (kind.is_dir(), kind.is_symlink()),
                Err(_) => continue,
            };
            if !folder && !link {
                continue;
            }
            let bytes = entry.file_name();
            let Some(part) = bytes.to_str() else {
                self.skipped.push(format!(
                    "{prefix}{}: the name is not UTF-8",
                    bytes.display()
                ));
                continue;
            };
            if part.starts_with('.') || is_grave(part) {
                continue;
            }
            let full = format!("{prefix}{part}");
            let path = entry.path();
            match kind_of(&path) {
                Some(kind) => {
                    self.repositories.insert(full, kind);
                }
                None if link || depth >= DEEPEST => {}
                None if path.join(".git").exists() => {
                    self.skipped
                        .push(format!("{full}: a Git repository with working files"));
                }
                None => self.walk(&path, &format!("{full}/"), depth + 1),
            }
        }
    }
}

/// What repository a folder is, judged by what lies in it.
fn kind_of(path: &Path) -> Option<Kind> {
    if path.join(".hg").is_dir() {
        // With a `.git` beside it nobody can say which of them is meant.
        return (!path.join(".git").exists()).then_some(Kind::Hg);
    }
    let bare = path.join("objects").is_dir()
        && path.join("HEAD").exists()
        && (path.join("refs").is_dir() || path.join("packed-refs").exists());
    bare.then_some(Kind::Git)
}

/// `rm__20200102_030405_000006_…`: what was deleted.
fn is_grave(name: &str) -> bool {
    let Some(rest) = name.strip_prefix("rm__") else {
        return false;
    };
    let mut parts = rest.splitn(4, '_');
    let mut digits = |length: usize| {
        parts
            .next()
            .is_some_and(|part| part.len() == length && part.bytes().all(|b| b.is_ascii_digit()))
    };
    digits(8) && digits(6) && digits(6) && parts.next().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn graves_are_told_by_their_stamp() {
        for name in [
            "rm__20261121_213739_694432__temp-repo2",
            "rm__20261121_213714_234530_GROUP_tempgroup2",
        ] {
            assert!(is_grave(name), "{name}");
        }
        for name in [
            "rm__x",
            "rm__2026_213739_694432__x",
            "rm__20261121_213739_694432",
            "xrm__",
        ] {
            assert!(!is_grave(name), "{name}");
        }
    }

    #[test]
    fn a_walk_finds_both_kinds_and_does_not_go_astray() {
        let root = tempfile::tempdir().unwrap();
        let make = |path: &str| fs::create_dir_all(root.path().join(path)).unwrap();
        let git = |path: &str| {
            make(&format!("{path}/objects"));
            make(&format!("{path}/refs"));
            fs::write(
                root.path().join(path).join("HEAD"),
                "ref: refs/heads/master\n",
            )
            .unwrap();
        };
        git("a/git");
        make("a/hg/.hg");
        make("a/hg/inner/.hg");
        make("a/work/.git");
        make("both/.hg");
        make("both/.git");
        make(".rc_gist_store/1/.hg");
        make("rm__20261121_213739_694432__old/.hg");
        make("a/empty/below");
        fs::write(root.path().join("file"), "").unwrap();
        std::os::unix::fs::symlink(root.path(), root.path().join("a/loop")).unwrap();
        std::os::unix::fs::symlink(root.path().join("a/git"), root.path().join("linked")).unwrap();
        let mut disk = Disk::default();
        disk.walk(root.path(), "", 0);
        let mut found: Vec<_> = disk.repositories.into_iter().collect();
        found.sort();
        assert_eq!(
            found,
            [
                ("a/git".to_owned(), Kind::Git),
                ("a/hg".to_owned(), Kind::Hg),
                ("linked".to_owned(), Kind::Git),
            ]
        );
        assert_eq!(disk.skipped.len(), 2, "{:?}", disk.skipped);
    }
}
