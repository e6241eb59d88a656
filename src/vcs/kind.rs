//! Which of the two systems a repository belongs to.

use std::fmt;
use std::str::FromStr;

/// A version control system, named as the `repositories.repo_type` column and the API name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Mercurial.
    Hg,
    /// Git.
    Git,
}

/// A word that names neither system.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown kind of repository {0:?}: it must be \"hg\" or \"git\"")]
pub struct UnknownKind(pub String);

impl Kind {
    /// The short name: `hg` or `git`.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Hg => "hg",
            Kind::Git => "git",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "hg" => Ok(Kind::Hg),
            "git" => Ok(Kind::Git),
            other => Err(UnknownKind(other.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip_and_others_are_refused() {
        for kind in [Kind::Hg, Kind::Git] {
            assert_eq!(kind.to_string().parse(), Ok(kind));
        }
        assert_eq!("svn".parse::<Kind>(), Err(UnknownKind("svn".into())));
    }
}
