//! Everything that an account may do, on everything there is, also where that is nothing.

use db::{
    DbError, GroupName, Level, RepoName, UserGroupName, groups, repo_to_perm,
    user_repo_group_to_perm, user_user_group_to_perm, users_groups,
};

use crate::gate::{group_rule, repository_rule};
use crate::rights::user_group_rule;
use crate::{Error, Gate, Globals, Model, User, Viewer};

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
        let globals = Gate::new(self).globals(&viewer)?;
        Ok(self.db().read(|conn| {
            let repositories = repo_to_perm::repository_levels(conn, user.id)?
                .into_iter()
                .map(|levels| {
                    let level = repository_rule(&viewer, &levels);
                    (levels.name, level)
                })
                .collect();
            let levels = user_repo_group_to_perm::group_levels(conn, user.id)?;
            let groups = groups::all(conn)?
                .into_iter()
                .filter_map(|row| {
                    let levels = levels.iter().find(|levels| levels.id == row.id)?;
                    Some((row.name, group_rule(&viewer, levels)))
                })
                .collect();
            let levels = user_user_group_to_perm::user_group_levels(conn, user.id)?;
            let user_groups = users_groups::all(conn)?
                .into_iter()
                .filter_map(|row| {
                    let levels = levels.iter().find(|levels| levels.id == row.id)?;
                    Some((row.name, user_group_rule(&viewer, levels)))
                })
                .collect();
            Ok::<_, DbError>(Standing {
                globals,
                repositories,
                groups,
                user_groups,
            })
        })?)
    }
}
