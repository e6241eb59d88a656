//! Gists: notes of one or several files, each in a Mercurial repository of its own.
//!
//! The repository lies in `.rc_gist_store/<access id>` below the folder of all repositories, where the original keeps
//! it, with what the row says once more in `.hg/.rc_gist_metadata`. It is made in a hidden folder beside its place and
//! moved there within the transaction that writes the row, as other repositories are.

use std::fs;
use std::path::{Path, PathBuf};

use db::gists::{self, Gist, NEVER};
use db::{GistAccessId, GistId, UserId, users};
use jiff::Timestamp;
use vcs::life::Draft;
use vcs::{CommitError, CommitRequest, FileChange, Kind, RefName, RepoPath};

use crate::folder::Move;
use crate::rights::Account;
use crate::{Error, Gate, Model, Text, User, Viewer, commit, contents, random, say};

/// Where gists lie, below the folder of all repositories.
const STORE: &str = ".rc_gist_store";
/// What the access id of a private gist is made of: no two of these are mistaken for one another.
const LETTERS: &[u8] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghjklmnpqrstuvwxyz";
/// Length of the access id of a private gist.
const LENGTH: usize = 20;
/// All files of a gist together.
const MAX_BYTES: usize = 5 * 1024 * 1024;

/// The right to administer a gist: its owner's and that of administrators of the site.
#[derive(Debug, Clone)]
pub struct AdminOfGist(Gist);

impl AdminOfGist {
    /// Everything stored about it.
    #[must_use]
    pub fn row(&self) -> &Gist {
        &self.0
    }
}

/// Who finds a gist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GistKind {
    /// Everybody: it is listed, and its number stands in its address.
    Public,
    /// Whoever knows its address.
    Private,
}

impl GistKind {
    /// The word that is stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
        }
    }

    /// The kind of this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "public" => Some(Self::Public),
            "private" => Some(Self::Private),
            _ => None,
        }
    }
}

/// What a new gist is made of.
#[derive(Debug, Clone, Copy)]
pub struct NewGist<'a> {
    /// Who finds it.
    pub kind: GistKind,
    /// Any text.
    pub description: &'a str,
    /// After how many minutes it ends; none for never.
    pub lifetime: Option<u32>,
    /// Name and content of each file; at least one.
    pub files: &'a [(&'a str, &'a str)],
}

impl Gate<'_> {
    /// The right to administer the gist with this access id or, where it is a number, this database id.
    ///
    /// # Errors
    /// [`Error::NotFound`], in the same words whether it does not exist or belongs to somebody else.
    pub fn admin_of_gist(&self, viewer: &Viewer, id: &str) -> Result<AdminOfGist, Error> {
        let found = self.model().db().read(|conn| {
            match gists::by_access_id(conn, &GistAccessId::from(id))? {
                None => match id.parse::<i64>() {
                    Ok(number) if id.bytes().all(|b| b.is_ascii_digit()) => {
                        gists::by_id(conn, GistId(number))
                    }
                    _ => Ok(None),
                },
                found => Ok(found),
            }
        })?;
        let may = |gist: &Gist| {
            let own = viewer.signed_in().is_some_and(|user| user.id == gist.owner);
            own || viewer.is_admin()
        };
        found
            .filter(may)
            .map(AdminOfGist)
            .ok_or_else(|| Error::NotFound {
                what: "Gist",
                name: id.to_owned(),
            })
    }
}

impl Model {
    /// The gists of an account that have not ended, newest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn gists(&self, account: &Account) -> Result<Vec<Gist>, Error> {
        Ok(self
            .db()
            .read(|conn| gists::of_user(conn, account.id(), now()))?)
    }

    /// Makes a gist that belongs to an account.
    ///
    /// # Errors
    /// [`Error::Invalid`] for files that cannot be kept, [`Error::Program`] when hg is missing.
    pub fn create_gist(&self, owner: &Account, new: &NewGist<'_>) -> Result<Gist, Error> {
        check_files(new.files)?;
        let owner = owner.user();
        let store = self.gist_store()?;
        fs::create_dir_all(&store).map_err(|error| Error::disk("create", &store, error))?;
        let draft = draft(self, &store, owner, new.files)?;
        let access_id = GistAccessId::from(random_name());
        let expires = match new.lifetime {
            Some(minutes) => now() + f64::from(minutes) * 60.0,
            None => NEVER,
        };
        let mut moved = None;
        let made = self.db().write(|tx| {
            // Asked again under the lock: the account may have gone while the files were written.
            if users::by_id(tx, owner.id)?.is_none() {
                return Err(no_user(owner.id));
            }
            let id = gists::insert(
                tx,
                &gists::NewGist {
                    access_id: &access_id,
                    description: new.description,
                    owner: owner.id,
                    expires,
                    kind: new.kind.as_str(),
                },
            )?;
            if new.kind == GistKind::Public {
                gists::set_access_id(tx, id, &GistAccessId::from(id.to_string()))?;
            }
            let gist = gists::by_id(tx, id)?.ok_or_else(|| Error::NotFound {
                what: "Gist",
                name: id.to_string(),
            })?;
            describe(&draft, &gist)?;
            let place = store.join(gist.access_id.as_str());
            // Another program may have left a folder there; a gist never takes it over.
            draft.move_to(&place).map_err(contents::error)?;
            moved = Some(place);
            Ok(gist)
        });
        if made.is_err()
            && let Some(place) = moved
        {
            let _ = fs::remove_dir_all(place);
        }
        made
    }

    /// Deletes a gist for good, row and files.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it is gone already.
    pub fn delete_gist(&self, gist: &AdminOfGist) -> Result<(), Error> {
        let gist = gist.row();
        let place = self.gist_store()?.join(safe(gist.access_id.as_str())?);
        let grave = place.with_file_name(format!(".gone-{}", random::hex(6)));
        let mut burial = Move::new(place, grave.clone());
        let result = self.db().write(|tx| {
            if !gists::delete(tx, gist.id)? {
                return Err(Error::NotFound {
                    what: "Gist",
                    name: gist.id.to_string(),
                });
            }
            burial.go("")
        });
        let buried = burial.has_gone();
        burial.settle(self, result)?;
        if buried && let Err(error) = fs::remove_dir_all(&grave) {
            tracing::warn!("cannot delete {}: {error}", grave.display());
        }
        Ok(())
    }

    fn gist_store(&self) -> Result<PathBuf, Error> {
        Ok(self.repositories_root()?.join(STORE))
    }
}

fn no_user(id: UserId) -> Error {
    Error::NotFound {
        what: "User",
        name: id.to_string(),
    }
}

fn now() -> f64 {
    Timestamp::now().as_second() as f64
}

/// 20 letters and digits, each equally likely.
fn random_name() -> String {
    let mut name = String::with_capacity(LENGTH);
    while name.len() < LENGTH {
        // What is beyond the last full round of the letters would favour the first of them.
        let limit = 256 - 256 % LETTERS.len();
        let fits = random::bytes::<32>()
            .into_iter()
            .filter(|byte| usize::from(*byte) < limit);
        name.extend(
            fits.map(|byte| char::from(LETTERS[usize::from(byte) % LETTERS.len()]))
                .take(LENGTH - name.len()),
        );
    }
    name
}

/// Access ids of the database are checked too before they become a path: others write it.
fn safe(access_id: &str) -> Result<&str, Error> {
    let letters = |id: &str| !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric());
    if letters(access_id) {
        Ok(access_id)
    } else {
        Err(Error::NotFound {
            what: "Gist",
            name: access_id.to_owned(),
        })
    }
}

fn check_files(files: &[(&str, &str)]) -> Result<(), Error> {
    let refuse = |message: Text| Err(Error::invalid("files", message));
    if files.is_empty() {
        return refuse("A gist needs a file".into());
    }
    if files
        .iter()
        .map(|(name, content)| name.len() + content.len())
        .sum::<usize>()
        > MAX_BYTES
    {
        return refuse(say!(
            "All files together hold at most {n} bytes",
            n = MAX_BYTES
        ));
    }
    for (name, _) in files {
        let lower = name.to_lowercase();
        let reserved = name.is_empty()
            || matches!(*name, "." | "..")
            || lower.starts_with(".hg")
            || name.len() > 255
            || name
                .chars()
                .any(|c| c.is_control() || matches!(c, '/' | '\\'));
        if reserved {
            return refuse(say!(
                "A file cannot be called \"{name}\"",
                name = name.escape_debug()
            ));
        }
    }
    Ok(())
}

/// A gist that is being made, in a hidden folder beside its place. The changeset is made as those of the web are.
fn draft(
    model: &Model,
    store: &Path,
    owner: &User,
    files: &[(&str, &str)],
) -> Result<Draft, Error> {
    let mut programs = model.programs()?;
    // No hook of the instance is asked, and the changeset stays a draft, as after a commit at one's desk.
    programs.hg.config = vec![("phases.publish".to_owned(), "false".to_owned())];
    let draft = Draft::create(&programs, store, Kind::Hg, "default").map_err(contents::error)?;
    let refuse = |name: &str| {
        Error::invalid(
            "files",
            say!(
                "A file cannot be called \"{name}\"",
                name = name.escape_debug()
            ),
        )
    };
    let create = |(name, content): &(&str, &str)| {
        Ok(FileChange::Create {
            path: RepoPath::parse(name.as_bytes()).map_err(|_| refuse(name))?,
            content: content.as_bytes().to_vec(),
            executable: false,
        })
    };
    let names: Vec<&str> = files.iter().map(|(name, _)| *name).collect();
    let plural = if names.len() > 1 { "s" } else { "" };
    let request = CommitRequest {
        branch: RefName::new("default"),
        new_branch: false,
        parent: None,
        author: commit::person(owner),
        date: vcs::Timestamp {
            seconds: Timestamp::now().as_second(),
            offset_east: 0,
        },
        message: format!("added file{plural}: {}", names.join(", ")),
        changes: files.iter().map(create).collect::<Result<_, Error>>()?,
    };
    let repository = draft.open().map_err(contents::error)?;
    repository
        .commit(&programs, &request)
        .map_err(|error| match error {
            CommitError::BadPath { .. } | CommitError::Exists { .. } => {
                Error::invalid("files", error.to_string())
            }
            other => Error::Program(format!("the gist could not be made: {other}").into()),
        })?;
    Ok(draft)
}

/// Writes what the original writes beside the files. Nothing reads it but people who repair something.
fn describe(draft: &Draft, gist: &Gist) -> Result<(), Error> {
    let expires = if gist.expires == NEVER {
        serde_json::json!(-1)
    } else {
        serde_json::json!(gist.expires)
    };
    let text = format!(
        "{{\"metadata_version\": \"1\", \"gist_db_id\": {}, \"gist_access_id\": \"{}\", \"gist_owner_id\": {}, \
         \"gist_type\": \"{}\", \"gist_expires\": {expires}, \"gist_updated\": {:?}}}",
        gist.id,
        gist.access_id.as_str(),
        gist.owner,
        gist.kind,
        now(),
    );
    let path = draft.path().join(".hg/.rc_gist_metadata");
    fs::write(&path, text).map_err(|error| Error::disk("write", &path, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_private_gists_are_long_and_never_the_same() {
        let (one, other) = (random_name(), random_name());
        assert_eq!(one.len(), LENGTH);
        assert_ne!(one, other);
        assert!(one.bytes().all(|byte| LETTERS.contains(&byte)));
    }

    #[test]
    fn files_that_cannot_lie_beside_a_store_are_refused() {
        for name in [
            "", ".", "..", "a/b", ".hg", ".HGtags", "a\nb", "a\\b", "\u{7f}",
        ] {
            assert!(check_files(&[(name, "")]).is_err(), "{name:?}");
        }
        assert!(check_files(&[]).is_err());
        let large = "x".repeat(MAX_BYTES);
        assert!(check_files(&[("a", &large)]).is_err());
        assert!(check_files(&[("grüße.txt", ""), ("-a", "x"), ("hg", "")]).is_ok());
    }

    #[test]
    fn an_access_id_never_leads_out_of_the_store() {
        for id in ["", "..", "a/b", ".hg", "../x"] {
            assert!(safe(id).is_err(), "{id:?}");
        }
    }
}
