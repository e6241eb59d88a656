//! Everything that an account may do, on everything there is, also where that is nothing.

use db::{DbError, GroupName, Level, RepoName, UserGroupName, overview, user_user_group_to_perm};

use crate::gate::{group_rule, repository_rule};
use crate::rights::user_group_rule;
use crate::{Error, Globals, Model, User, Viewer};

/// Everything that an account may do.
#[derive(Debug, Clone)]
pub struct Standing {
    /// What is not about one object.
    pub globals: Globals,
    /// The level on every repository.
    pub repositories: Vec<(RepoName, Level)>,
    /// The level on every repository group.
    pub groups: Vec<(GroupName, Level)>,
    /// The level on every user group.
    pub user_groups: Vec<(UserGroupName, Level)>,
}

impl Model {
    /// Everything that an account may do. Names of what it may not see are among it: for itself and for administrators of
    /// the site, as the API of 0.7 tells it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn standing(&self, user: &User) -> Result<Standing, Error> {
        let viewer = if user.is_default() {
            Viewer::Visitor(user.clone())
        } else {
            Viewer::User(user.clone())
        };
        Ok(self.db().read(|conn| {
            let all = overview::of_user(conn, user.id)?;
            let globals = if viewer.is_admin() {
                Globals::of_admin()
            } else {
                Globals::strongest(all.globals)
            };
            let repositories = all.repositories.into_iter().map(|levels| {
                let level = repository_rule(&viewer, &levels);
                (levels.name, level)
            });
            let groups = all.groups.into_iter().map(|(row, levels)| {
                let level = group_rule(&viewer, &levels);
                (row.name, level)
            });
            let levels = user_user_group_to_perm::user_group_levels(conn, user.id)?;
            let user_groups = levels.into_iter().map(|levels| {
                let level = user_group_rule(&viewer, &levels);
                (levels.name, level)
            });
            Ok::<_, DbError>(Standing {
                globals,
                repositories: repositories.collect(),
                groups: groups.collect(),
                user_groups: user_groups.collect(),
            })
        })?)
    }
}
