//! Looking through the folder of all repositories: what lies there without being in the database, and what is in the
//! database without lying there.
//!
//! A folder is looked at once, and never below a repository: a tree of ten thousand repositories costs ten thousand
//! reads of a directory. Links to folders are not followed, so a loop of them is none. What cannot be read is told and
//! passed over, and nothing below it counts as missing.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fs;
use std::panic::resume_unwind;
use std::path::Path;
use std::thread;

use db::groups;
use db::repositories::{self, RepoState, RepoType, RepositorySettings};
use db::{GroupId, GroupName, LocalTime, RepoName, Tx, UserId, user_followings, users};
use vcs::Kind;

use crate::grave::deleted_at;
use crate::journal::{Action, Actor};
use crate::rights::SiteAdmin;
use crate::{Error, Model, journal, name, repository, say};

/// Folders deeper than this are not looked into: the longest name of a repository has 255 bytes.
const DEEPEST: usize = 128;

/// So many repositories are taken up in one transaction: enough that the disk is not waited for ten thousand times, few
/// enough that nobody else has to wait for long.
const AT_ONCE: usize = 250;

/// More threads than this wait for the disk, not for a processor.
const MOST_THREADS: usize = 8;

/// What a scan has found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scanned {
    /// Full names of what was taken up, in order.
    pub added: Vec<String>,
    /// Full names of what is missing on disk, the oldest first; forgotten if that was asked for.
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
    pub fn scan(&self, admin: &SiteAdmin, forget: bool) -> Result<Scanned, Error> {
        self.scan_with(admin, forget, &mut |_, _| ())
    }

    /// The same for somebody who wants to know how many of how many are done.
    ///
    /// # Errors
    /// As [`Self::scan`].
    pub fn scan_with(
        &self,
        _: &SiteAdmin,
        forget: bool,
        told: &mut dyn FnMut(usize, usize),
    ) -> Result<Scanned, Error> {
        let root = self.repositories_root()?;
        let mut disk = Disk::default();
        fs::read_dir(&root).map_err(|error| Error::disk("read", &root, error))?;
        disk.walk(&root, "", 0);
        let mut rows = self.db().read(repositories::all)?;
        rows.sort_by_key(|row| row.id);
        let known: HashSet<&str> = rows.iter().map(|row| row.name.as_str()).collect();
        let mut scanned = Scanned {
            skipped: std::mem::take(&mut disk.skipped),
            ..Scanned::default()
        };
        let new: BTreeSet<&String> = disk
            .repositories
            .keys()
            .filter(|name| !known.contains(name.as_str()))
            .collect();
        let new: Vec<&String> = new.into_iter().collect();
        for (round, names) in new.chunks(AT_ONCE).enumerate() {
            let mut found = Vec::with_capacity(names.len());
            for looked_at in look_at_all(&root, names, &disk.repositories) {
                match looked_at {
                    Ok(one) => found.push(one),
                    Err(why) => scanned.skipped.push(why),
                }
            }
            told(round * AT_ONCE + names.len(), new.len());
            let (added, skipped) = self.take_up(&found)?;
            scanned.added.extend(added);
            scanned.skipped.extend(skipped);
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
        scanned.missing = rows
            .into_iter()
            .map(|row| row.name.into_string())
            .filter(|name| !disk.repositories.contains_key(name) && !hidden(name))
            .collect();
        if forget {
            for name in &scanned.missing {
                self.forget(&root, name)?;
            }
        }
        Ok(scanned)
    }

    /// Writes the rows of repositories that lie on disk, of each unless there are some. Gives the names of those taken up,
    /// and of those that cannot be, with the reason.
    fn take_up(&self, found: &[Found<'_>]) -> Result<(Vec<String>, Vec<String>), Error> {
        let settings = self.settings()?;
        self.db().write(|tx| {
            let (mut added, mut skipped) = (Vec::new(), Vec::new());
            let owner = users::first_admin(tx)?.ok_or_else(|| {
                Error::Forbidden("There is no administrator to own what was found.".into())
            })?;
            // Read once, not asked for each: names are taken in any case of their letters.
            let mut taken: HashMap<String, String> = repositories::all(tx)?
                .into_iter()
                .map(|row| (row.name.as_str().to_lowercase(), row.name.into_string()))
                .collect();
            let mut groups = HashMap::new();
            for one in found {
                if let Some(other) = taken.get(&one.name.to_lowercase()) {
                    // Of the same name: somebody else was faster.
                    if other != one.name {
                        skipped.push(format!("{}: there is {other} already", one.name));
                    }
                    continue;
                }
                let group = match groups_of(tx, one.name, owner.id, &taken, &mut groups) {
                    Ok(group) => group,
                    Err(Error::Invalid { message, .. }) => {
                        skipped.push(format!("{}: {message}", one.name));
                        continue;
                    }
                    Err(error) => return Err(error),
                };
                let id = repositories::insert(
                    tx,
                    &repositories::NewRepository {
                        name: &RepoName::from(one.name),
                        state: RepoState::Created,
                        repo_type: match one.kind {
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
                            description: &one.description,
                            landing_revision: "rev:tip",
                        },
                    },
                )?;
                repository::grant_initial(tx, id, settings.default_private, None)?;
                user_followings::follow(tx, owner.id, id)?;
                let actor = Actor {
                    user: Some(owner.id),
                    username: owner.username.clone(),
                    address: String::new(),
                };
                journal::write(tx, &actor, Some(id), one.name, &Action::StartedFollowing)?;
                if let Some((cache, date)) = &one.tip
                    && *date != db::LocalTime::EPOCH
                {
                    repositories::set_changeset_cache(tx, id, cache, *date)?;
                }
                taken.insert(one.name.to_lowercase(), one.name.to_owned());
                added.push(one.name.to_owned());
            }
            Ok::<_, Error>((added, skipped))
        })
    }

    /// Deletes the rows of a repository that is still missing; forks of it stand for themselves.
    fn forget(&self, root: &Path, full: &str) -> Result<(), Error> {
        let gone = self.db().write(|tx| {
            let Some(row) = repositories::by_name(tx, &RepoName::from(full))? else {
                return Ok(None);
            };
            if kind_of(&root.join(full)).is_some() {
                return Ok(None);
            }
            repositories::detach_forks(tx, row.id)?;
            repositories::delete(tx, row.id)?;
            Ok::<_, Error>(Some(row))
        })?;
        if let Some(row) = gone {
            self.tell_of_deleted(&row, None);
        }
        Ok(())
    }
}

/// A repository that the database does not know yet, with what its own files say.
struct Found<'a> {
    name: &'a str,
    kind: Kind,
    description: String,
    tip: Option<(Vec<u8>, LocalTime)>,
}

impl<'a> Found<'a> {
    /// Reads what is to be written down; the reason when the name cannot be that of a repository.
    fn look(root: &Path, full: &'a str, kind: Kind) -> Result<Self, Error> {
        for path in name::parents(full).chain([full]) {
            let parent = path.rsplit_once('/').map(|(parent, _)| parent);
            name::check("repo_name", name::last(path), parent)?;
        }
        let described = || format!("{full} repository");
        let (description, tip) = match vcs::Repository::open(&root.join(full), kind) {
            Ok(contents) => {
                let description = contents.description().ok().flatten();
                let tip = journal::tip_of(&contents, full);
                if let Err(error) = &tip {
                    tracing::warn!("the newest changeset of {full} cannot be read: {error}");
                }
                (description.unwrap_or_else(described), tip.ok())
            }
            Err(error) => {
                tracing::warn!("{full} cannot be opened: {error}");
                (described(), None)
            }
        };
        Ok(Self {
            name: full,
            kind,
            description,
            tip,
        })
    }
}

/// Looks at repositories with all processors that there are: what takes time is opening each of them.
fn look_at_all<'a>(
    root: &Path,
    names: &[&'a String],
    kinds: &HashMap<String, Kind>,
) -> Vec<Result<Found<'a>, String>> {
    let threads = thread::available_parallelism().map_or(1, |count| count.get().min(MOST_THREADS));
    let look = |name: &'a String| {
        Found::look(root, name, kinds[name]).map_err(|error| format!("{name}: {error}"))
    };
    thread::scope(|scope| {
        let running: Vec<_> = names
            .chunks(names.len().div_ceil(threads).max(1))
            .map(|part| scope.spawn(move || part.iter().map(|name| look(name)).collect::<Vec<_>>()))
            .collect();
        running
            .into_iter()
            .flat_map(|part| part.join().unwrap_or_else(|panic| resume_unwind(panic)))
            .collect()
    })
}

/// The group that a full name lies in; missing ones are made, without a permission for anybody but what is the default.
/// `made` remembers those that were looked up before.
fn groups_of<'a>(
    tx: &Tx<'_>,
    full: &'a str,
    owner: UserId,
    taken: &HashMap<String, String>,
    made: &mut HashMap<&'a str, GroupId>,
) -> Result<Option<GroupId>, Error> {
    let mut parent = None;
    for path in name::parents(full) {
        if let Some(id) = made.get(path) {
            parent = Some(*id);
            continue;
        }
        let group = GroupName::from(path);
        let id = match groups::by_name(tx, &group)? {
            Some(row) => row.id,
            None => {
                if taken.contains_key(&path.to_lowercase()) {
                    return Err(Error::invalid(
                        "repo_name",
                        say!("{name} is a repository and no group", name = path),
                    ));
                }
                let description = format!("{path} group");
                let id = groups::insert(tx, &group, parent, &description, owner)?;
                crate::group::grant_initial(tx, id, owner, true, None)?;
                id
            }
        };
        made.insert(path, id);
        parent = Some(id);
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
            if part.starts_with('.') || deleted_at(part).is_some() {
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

/// Whether a folder is a repository, or too much of one to be looked into.
pub(crate) fn is_repository(path: &Path) -> bool {
    path.join(".hg").is_dir() || path.join(".git").exists() || kind_of(path).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

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
