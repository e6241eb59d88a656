//! The rules of permission, without any database: from what the tables say to what somebody may do.
//!
//! Everything is a maximum: the base that the default user's row gives to all, what active user groups give, and what
//! the user's own row gives. `none` for a user therefore restricts nothing.

use db::{Conn, DbError, Level, PermissionName, UserId, user_to_perm, users};

use crate::Viewer;

/// What the tables say about one account and one object.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sources {
    /// What the default user's row gives. A missing row gives nothing and takes nothing away.
    pub(crate) base: Option<Level>,
    /// The most that an active user group gives of which the account is a member.
    pub(crate) through_groups: Option<Level>,
    /// The most that a row of the account gives.
    pub(crate) own: Option<Level>,
}

/// The level on a repository.
///
/// Administrators and the owner hold `admin`. On a private repository the base does not count, for nobody, and neither
/// does a row of the default user itself: visitors never come in.
pub(crate) fn on_repository(
    viewer: &Viewer,
    owner: UserId,
    private: bool,
    sources: Sources,
) -> Level {
    if viewer.is_admin() || viewer.user_id() == Some(owner) {
        return Level::Admin;
    }
    if !private {
        return on_group(viewer, sources);
    }
    let sources = Sources {
        base: None,
        ..sources
    };
    match viewer {
        Viewer::User(_) => on_group(viewer, sources),
        Viewer::Visitor(_) | Viewer::Nobody | Viewer::Elsewhere => Level::None,
    }
}

/// The level on a repository group or a user group: these are never private, and owning one gives nothing by itself.
pub(crate) fn on_group(viewer: &Viewer, sources: Sources) -> Level {
    let Sources {
        base,
        through_groups,
        own,
    } = sources;
    let most = match viewer {
        Viewer::User(user) if user.admin => return Level::Admin,
        // The default user may be a member of user groups, and of its several rows the most counts for visitors.
        Viewer::User(_) | Viewer::Visitor(_) => base.max(through_groups).max(own),
        Viewer::Nobody | Viewer::Elsewhere => None,
    };
    most.unwrap_or(Level::None)
}

/// What people may do about accounts of their own making.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registration {
    /// Nobody registers.
    Closed,
    /// An administrator activates new accounts.
    Manual,
    /// New accounts can be used at once.
    Automatic,
}

/// The permissions of an account that are not about one object: of each kind the strongest that reaches it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Globals(Vec<PermissionName>);

const ADMIN: &str = "hg.admin";

/// The kinds that have an order, weakest first.
const KINDS: &[(&str, &[&str])] = &[
    ("repository", &["none", "read", "write", "admin"]),
    ("group", &["none", "read", "write", "admin"]),
    ("usergroup", &["none", "read", "write", "admin"]),
    ("hg.create", &["none", "repository"]),
    ("hg.fork", &["none", "repository"]),
    ("hg.usergroup.create", &["false", "true"]),
    ("hg.register", &["none", "manual_activate", "auto_activate"]),
    ("hg.extern_activate", &["manual", "auto"]),
];

/// The kind of a name and its weight in it; words that no program knows any more weigh nothing.
fn weigh(name: &str) -> (&str, usize) {
    let Some((kind, word)) = name.rsplit_once('.') else {
        return (name, 0);
    };
    let known = KINDS.iter().find(|(known, _)| *known == kind);
    let place = known.and_then(|(_, words)| words.iter().position(|known| *known == word));
    (kind, place.map_or(0, |place| place + 1))
}

impl Globals {
    /// Those that administrators of the site hold: one, which stands for all.
    #[must_use]
    pub fn of_admin() -> Self {
        Self(vec![PermissionName::from(ADMIN)])
    }

    /// Keeps of each kind the strongest.
    pub(crate) fn strongest(names: Vec<PermissionName>) -> Self {
        let mut kept: Vec<PermissionName> = Vec::new();
        for name in names {
            let (kind, weight) = weigh(name.as_str());
            match kept
                .iter_mut()
                .find(|other| weigh(other.as_str()).0 == kind)
            {
                Some(other) if weigh(other.as_str()).1 >= weight => {}
                Some(other) => *other = name,
                None => kept.push(name),
            }
        }
        kept.sort();
        Self(kept)
    }

    /// Those that reach an account; without one, those of the default user, which are a floor for everybody.
    pub(crate) fn read(conn: &Conn, user: Option<UserId>) -> Result<Self, DbError> {
        let user = match user {
            Some(user) => Some(user),
            None => users::default_user(conn)?.map(|user| user.id),
        };
        let names = match user {
            Some(user) => user_to_perm::reaching(conn, user)?,
            None => Vec::new(),
        };
        Ok(Self::strongest(names))
    }

    /// Whether the permission of this name is among them.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|own| own.as_str() == name)
    }

    /// Whether they make an administrator of the site.
    #[must_use]
    pub fn is_admin(&self) -> bool {
        self.has(ADMIN)
    }

    /// Whether repositories may be made outside of all groups.
    #[must_use]
    pub fn may_create_at_top(&self) -> bool {
        self.is_admin() || self.has("hg.create.repository")
    }

    /// Whether repositories may be forked.
    #[must_use]
    pub fn may_fork(&self) -> bool {
        self.is_admin() || self.has("hg.fork.repository")
    }

    /// Whether user groups may be made.
    #[must_use]
    pub fn may_create_user_groups(&self) -> bool {
        self.is_admin() || self.has("hg.usergroup.create.true")
    }

    /// What becomes of those who register.
    #[must_use]
    pub fn registration(&self) -> Registration {
        if self.has("hg.register.auto_activate") {
            Registration::Automatic
        } else if self.has("hg.register.manual_activate") {
            Registration::Manual
        } else {
            Registration::Closed
        }
    }

    /// Whether accounts that login sources outside bring can be used at once.
    #[must_use]
    pub fn activates_external_accounts(&self) -> bool {
        self.has("hg.extern_activate.auto")
    }

    /// The names, in alphabetical order.
    #[must_use]
    pub fn names(&self) -> &[PermissionName] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_each_kind_the_strongest_stays_and_unknown_names_stay_too() {
        let names = [
            "hg.create.none",
            "hg.register.manual_activate",
            "hg.create.repository",
            "hg.register.none",
            "hg.repogroup.create.true",
            "hg.register.sometimes",
            "group.read",
            "repository.write",
            "repository.read",
        ];
        let globals = Globals::strongest(names.map(PermissionName::from).to_vec());
        let kept: Vec<&str> = globals.names().iter().map(PermissionName::as_str).collect();
        assert_eq!(
            kept,
            [
                "group.read",
                "hg.create.repository",
                "hg.register.manual_activate",
                "hg.repogroup.create.true",
                "repository.write"
            ]
        );
        assert_eq!(globals.registration(), Registration::Manual);
        assert!(globals.may_create_at_top() && !globals.may_fork() && !globals.is_admin());
    }
}
