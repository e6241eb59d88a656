//! The gate: the only place that decides who may do what. What it returns is the right itself.

use std::ops::Deref;
use std::path::{Path, PathBuf};

use db::groups::RepoGroup;
use db::repo_to_perm::{self, RepositoryLevels};
use db::repositories::{self, RepoState, RepoType, Repository};
use db::user_repo_group_to_perm::{self, GroupLevels};
use db::{DbError, GroupId, GroupName, Level, RepoId, RepoName, groups};
use vcs::Kind;

use crate::rule::{self, Sources};
use crate::{Error, Model, Viewer};

/// Decides. Cheap to make; asks the database anew each time.
#[derive(Clone, Copy)]
pub struct Gate<'a> {
    model: &'a Model,
}

/// What a path leads to, by full name; without the right, what this viewer may not know of.
#[derive(Debug)]
pub enum Located {
    /// A repository.
    Repository(String, Option<Box<ReadableRepository>>),
    /// A repository group.
    Group(String, Option<ReadableGroup>),
}

/// The right to read a repository.
#[derive(Debug, Clone)]
pub struct ReadableRepository {
    row: Repository,
    kind: Kind,
    level: Level,
    /// The folder in which all repositories lie, when it was read with the row.
    root: Option<PathBuf>,
}

/// The right to push to a repository.
#[derive(Debug, Clone)]
pub struct WritableRepository(ReadableRepository);

/// The right to administer a repository.
#[derive(Debug, Clone)]
pub struct AdminOfRepository(ReadableRepository);

/// The right to see a repository group.
#[derive(Debug, Clone)]
pub struct ReadableGroup {
    row: RepoGroup,
    level: Level,
}

/// The right to administer a repository group.
#[derive(Debug, Clone)]
pub struct AdminOfGroup(ReadableGroup);

impl<'a> Gate<'a> {
    /// A gate over an instance.
    #[must_use]
    pub fn new(model: &'a Model) -> Self {
        Self { model }
    }

    pub(crate) fn model(&self) -> &'a Model {
        self.model
    }

    /// The right to read the repository of this full name.
    ///
    /// # Errors
    /// [`Error::NotFound`], in the same words whether the repository does not exist or this viewer may not see it.
    pub fn read_repository(
        &self,
        viewer: &Viewer,
        name: &str,
    ) -> Result<ReadableRepository, Error> {
        self.find_repository(viewer, &[name])?
            .and_then(|(found, right)| right.filter(|_| found == name))
            .ok_or_else(|| Error::NotFound {
                what: "Repository",
                name: name.to_owned(),
            })
    }

    /// The right to read the repository with this number, likewise.
    ///
    /// # Errors
    /// As [`Self::read_repository`].
    pub fn read_repository_by_id(
        &self,
        viewer: &Viewer,
        id: RepoId,
    ) -> Result<ReadableRepository, Error> {
        let found = self
            .model
            .db()
            .read(|conn| repo_to_perm::by_ids(conn, viewer.user_id(), &[id]))?;
        let found = found.into_iter().next();
        found
            .and_then(|found| repository_right(viewer, found).1)
            .ok_or_else(|| Error::NotFound {
                what: "Repository",
                name: id.to_string(),
            })
    }

    /// The longest of these names that a repository has, and the right to read it, if this viewer has that. For finding the
    /// repository in a path; one statement.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn find_repository(
        &self,
        viewer: &Viewer,
        names: &[&str],
    ) -> Result<Option<(String, Option<ReadableRepository>)>, Error> {
        let candidates: Vec<RepoName> = names.iter().map(|name| RepoName::from(*name)).collect();
        let found = self
            .model
            .db()
            .read(|conn| repo_to_perm::longest_of(conn, viewer.user_id(), &candidates))?;
        Ok(found.map(|found| repository_right(viewer, found)))
    }

    /// The repository with the longest of these names, the longest first, or the repository group with the first of them;
    /// and the right to it, if this viewer has that. For finding what a path leads to; one statement.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn find_place(&self, viewer: &Viewer, names: &[&str]) -> Result<Option<Located>, Error> {
        let candidates: Vec<RepoName> = names.iter().map(|name| RepoName::from(*name)).collect();
        let found = self
            .model
            .db()
            .read(|conn| repo_to_perm::place_of(conn, viewer.user_id(), &candidates))?;
        Ok(found.map(|found| match found {
            repo_to_perm::Place::Repository(found) => {
                let (name, right) = repository_right(viewer, *found);
                Located::Repository(name, right.map(Box::new))
            }
            repo_to_perm::Place::Group(row, levels) => {
                let (name, right) = group_right(viewer, row, &levels);
                Located::Group(name, right)
            }
        }))
    }

    /// The right to see the repository group of this full name.
    ///
    /// # Errors
    /// As [`Self::read_repository`].
    pub fn read_group(&self, viewer: &Viewer, name: &str) -> Result<ReadableGroup, Error> {
        self.find_group(viewer, &[name])?
            .and_then(|(found, right)| right.filter(|_| found == name))
            .ok_or_else(|| Error::NotFound {
                what: "Repository group",
                name: name.to_owned(),
            })
    }

    /// The longest of these names that a repository group has, and the right to see it, if this viewer has that; one
    /// statement.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn find_group(
        &self,
        viewer: &Viewer,
        names: &[&str],
    ) -> Result<Option<(String, Option<ReadableGroup>)>, Error> {
        let names: Vec<GroupName> = names.iter().map(|name| GroupName::from(*name)).collect();
        let user = viewer.user_id();
        let found = self
            .model
            .db()
            .read(|conn| user_repo_group_to_perm::longest_of(conn, user, &names))?;
        Ok(found.map(|(row, levels)| group_right(viewer, row, &levels)))
    }

    /// Every repository that this viewer may read, by full name.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn readable_repositories(&self, viewer: &Viewer) -> Result<Vec<ReadableRepository>, Error> {
        let Some(user) = viewer.user_id() else {
            return Ok(Vec::new());
        };
        let (rows, sources) = self.model.db().read(|conn| {
            Ok::<_, DbError>((repositories::all(conn)?, repo_to_perm::sources(conn, user)?))
        })?;
        let level = |row: &Repository| {
            let found = sources.get(&row.id).copied().unwrap_or_default();
            let sources = Sources {
                base: found.base,
                through_groups: found.through_groups,
                own: found.own,
            };
            rule::on_repository(viewer, row.owner, row.private, sources)
        };
        let readable = rows
            .into_iter()
            .map(|row| (level(&row), row))
            .filter(|(level, _)| *level >= Level::Read);
        Ok(readable
            .filter_map(|(level, row)| ReadableRepository::new(row, level))
            .collect())
    }

    /// Every repository group that this viewer may see, by full name.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn readable_groups(&self, viewer: &Viewer) -> Result<Vec<ReadableGroup>, Error> {
        let Some(user) = viewer.user_id() else {
            return Ok(Vec::new());
        };
        let (rows, levels) = self.model.db().read(|conn| {
            Ok::<_, DbError>((
                groups::all(conn)?,
                user_repo_group_to_perm::group_levels(conn, user)?,
            ))
        })?;
        let levels: std::collections::HashMap<GroupId, Level> = levels
            .iter()
            .map(|levels| (levels.id, group_rule(viewer, levels)))
            .collect();
        let level = |row: &RepoGroup| levels.get(&row.id).copied().unwrap_or(Level::None);
        let readable = rows.into_iter().map(|row| ReadableGroup {
            level: level(&row),
            row,
        });
        Ok(readable
            .filter(|group| group.level >= Level::Read)
            .collect())
    }

    /// Whether this viewer may make repositories at the top level.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn may_create_at_top(&self, viewer: &Viewer) -> Result<bool, Error> {
        Ok(viewer.signed_in().is_some() && self.globals(viewer)?.may_create_at_top())
    }
}

pub(crate) fn repository_right(
    viewer: &Viewer,
    found: repo_to_perm::Found,
) -> (String, Option<ReadableRepository>) {
    let level = match viewer.user_id() {
        Some(_) => repository_rule(viewer, &found.levels),
        None => Level::None,
    };
    let name = found.repository.name.to_string();
    let right = (level >= Level::Read)
        .then(|| ReadableRepository::new(found.repository, level))
        .flatten()
        .map(|right| ReadableRepository {
            root: found.root.map(PathBuf::from),
            ..right
        });
    (name, right)
}

fn group_right(
    viewer: &Viewer,
    row: RepoGroup,
    levels: &GroupLevels,
) -> (String, Option<ReadableGroup>) {
    let level = match viewer.user_id() {
        Some(_) => group_rule(viewer, levels),
        None => Level::None,
    };
    (row.name.to_string(), ReadableGroup::new(row, level))
}

/// What the rules make of the rows.
pub(crate) fn repository_rule(viewer: &Viewer, levels: &RepositoryLevels) -> Level {
    let sources = Sources {
        base: levels.base,
        through_groups: levels.through_groups,
        own: levels.own,
    };
    rule::on_repository(viewer, levels.owner, levels.private, sources)
}

/// What the rules make of the rows.
pub(crate) fn group_rule(viewer: &Viewer, levels: &GroupLevels) -> Level {
    let sources = Sources {
        base: levels.base,
        through_groups: levels.through_groups,
        own: levels.own,
    };
    rule::on_group(viewer, sources)
}

impl ReadableRepository {
    /// None for a row whose type is neither `hg` nor `git`: there is nothing that could read it.
    pub(crate) fn new(row: Repository, level: Level) -> Option<Self> {
        let kind = match row.repo_type {
            RepoType::Mercurial => Kind::Hg,
            RepoType::Git => Kind::Git,
            RepoType::Unknown => return None,
        };
        Some(Self {
            row,
            kind,
            level,
            root: None,
        })
    }

    /// The right to push, if the level suffices.
    #[must_use]
    pub fn writable(&self) -> Option<WritableRepository> {
        (self.level >= Level::Write).then(|| WritableRepository(self.clone()))
    }

    /// The right to administer, if the level suffices.
    #[must_use]
    pub fn administrable(&self) -> Option<AdminOfRepository> {
        (self.level >= Level::Admin).then(|| AdminOfRepository(self.clone()))
    }

    /// The level held.
    #[must_use]
    pub fn level(&self) -> Level {
        self.level
    }

    pub(crate) fn root(&self) -> Option<&Path> {
        self.root.as_deref()
    }

    /// The database id.
    #[must_use]
    pub fn id(&self) -> RepoId {
        self.row.id
    }

    /// The full name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.row.name.as_str()
    }

    /// Mercurial or Git.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Whether visitors without a permission of their own are kept out.
    #[must_use]
    pub fn private(&self) -> bool {
        self.row.private
    }

    /// The description; equal to the name when nobody wrote one.
    #[must_use]
    pub fn description(&self) -> &str {
        &self.row.description
    }

    /// Whether it is still being made.
    #[must_use]
    pub fn pending(&self) -> bool {
        self.row.state == RepoState::Pending
    }

    /// Everything stored about it.
    #[must_use]
    pub fn row(&self) -> &Repository {
        &self.row
    }
}

impl ReadableGroup {
    /// None when the level does not suffice.
    pub(crate) fn new(row: RepoGroup, level: Level) -> Option<Self> {
        (level >= Level::Read).then_some(Self { row, level })
    }

    /// The right to administer, if the level suffices.
    #[must_use]
    pub fn administrable(&self) -> Option<AdminOfGroup> {
        (self.level >= Level::Admin).then(|| AdminOfGroup(self.clone()))
    }

    /// The level held.
    #[must_use]
    pub fn level(&self) -> Level {
        self.level
    }

    /// Everything stored about it.
    #[must_use]
    pub fn row(&self) -> &RepoGroup {
        &self.row
    }

    /// The full name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.row.name.as_str()
    }
}

impl Deref for WritableRepository {
    type Target = ReadableRepository;
    fn deref(&self) -> &ReadableRepository {
        &self.0
    }
}

impl Deref for AdminOfRepository {
    type Target = ReadableRepository;
    fn deref(&self) -> &ReadableRepository {
        &self.0
    }
}

impl Deref for AdminOfGroup {
    type Target = ReadableGroup;
    fn deref(&self) -> &ReadableGroup {
        &self.0
    }
}
