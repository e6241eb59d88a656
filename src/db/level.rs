//! Permission levels on objects.

use std::fmt;

use crate::conn::{Column, FromColumn};
use crate::ids::PermissionName;

/// What somebody may do with an object. Ordered: more is greater.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Nothing.
    #[default]
    None,
    /// See it.
    Read,
    /// Change what is in it.
    Write,
    /// Change the object itself.
    Admin,
}

/// The three kinds of objects that have levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectKind {
    /// `repository.*`
    Repository,
    /// `group.*`
    RepositoryGroup,
    /// `usergroup.*`
    UserGroup,
}

impl Level {
    /// All levels, least first.
    pub const ALL: [Self; 4] = [Self::None, Self::Read, Self::Write, Self::Admin];

    /// The word after the dot of a permission name.
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
        }
    }

    /// The level called by this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.word() == word)
    }

    /// The permission name of this level on such an object, for example `repository.read`.
    pub fn on(self, kind: ObjectKind) -> PermissionName {
        PermissionName::from(format!("{}.{}", kind.prefix(), self.word()))
    }

    /// Reads a permission name. A name of another kind, or of none (old databases hold names that no program knows any
    /// more), gives no level.
    pub fn of(name: &PermissionName, kind: ObjectKind) -> Option<Self> {
        let word = name
            .as_str()
            .strip_prefix(kind.prefix())?
            .strip_prefix('.')?;
        Self::from_word(word)
    }
}

impl ObjectKind {
    /// The word before the dot of a permission name.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Repository => "repository",
            Self::RepositoryGroup => "group",
            Self::UserGroup => "usergroup",
        }
    }

    /// SQL that turns `p.permission_name` into the number that `Level` reads from a column, so that MAX means most.
    pub(crate) fn sql_rank(self) -> String {
        let whens: String = (0..)
            .zip(Level::ALL)
            .map(|(rank, level)| format!(" WHEN '{}' THEN {rank}", level.on(self)))
            .collect();
        format!("CASE p.permission_name{whens} END")
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromColumn for Level {
    /// Reads the number that `ObjectKind::sql_rank` makes.
    fn from_column(column: Column<'_>) -> Self {
        usize::try_from(i64::from_column(column))
            .ok()
            .and_then(|rank| Self::ALL.get(rank).copied())
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_levels_are_two_ways_to_say_it() {
        for level in Level::ALL {
            for kind in [
                ObjectKind::Repository,
                ObjectKind::RepositoryGroup,
                ObjectKind::UserGroup,
            ] {
                assert_eq!(Level::of(&level.on(kind), kind), Some(level));
            }
        }
        assert_eq!(
            Level::of(&"group.write".into(), ObjectKind::UserGroup),
            None
        );
        assert_eq!(
            Level::of(&"hg.create.none".into(), ObjectKind::Repository),
            None
        );
        assert_eq!(
            Level::of(&"repository.writer".into(), ObjectKind::Repository),
            None
        );
    }

    #[test]
    fn more_is_greater() {
        assert!(
            Level::None < Level::Read && Level::Read < Level::Write && Level::Write < Level::Admin
        );
    }
}
