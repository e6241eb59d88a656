//! What other tables say about repositories and groups, joined for lists of thousands in a handful of statements.

use std::collections::{BTreeMap, HashMap};

use db::repositories_fields::{self, ExtraField};
use db::{
    DbError, GroupName, RepoId, RepoName, Username, groups, repo_to_perm, repositories,
    user_repo_group_to_perm, users_group_repo_group_to_perm, users_group_repo_to_perm,
};

use crate::person::usernames;
use crate::{Error, Gate, Grants, Model, ReadableGroup, ReadableRepository, Viewer};

/// What stands around a repository.
#[derive(Debug, Clone, Default)]
pub struct RepositoryDetails {
    /// The name of its owner; none when the account is gone.
    pub owner: Option<Username>,
    /// What it was forked from, if the viewer may read that.
    pub fork_of: Option<RepoName>,
    /// Its extra fields, where the site uses them.
    pub fields: Vec<ExtraField>,
}

/// What stands around a repository group.
#[derive(Debug, Clone, Default)]
pub struct GroupDetails {
    /// The name of its owner; none when the account is gone.
    pub owner: Option<Username>,
    /// The group it lies in.
    pub parent: Option<GroupName>,
    /// The repositories directly in it, by name without case.
    pub repositories: Vec<RepoName>,
}

impl Model {
    /// What stands around these repositories, in the same order.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn repository_details(
        &self,
        viewer: &Viewer,
        repositories: &[ReadableRepository],
    ) -> Result<Vec<RepositoryDetails>, Error> {
        let with_fields = self.settings_given(true)?.repository_fields;
        let (owners, mut fields) = self.db().read(|conn| {
            let owners = usernames(conn, repositories.iter().map(|repo| repo.row().owner))?;
            let mut fields = HashMap::<RepoId, Vec<ExtraField>>::new();
            match repositories {
                _ if !with_fields => {}
                [one] => {
                    fields.insert(
                        one.id(),
                        repositories_fields::of_repository(conn, one.id())?,
                    );
                }
                _ => {
                    for (id, field) in repositories_fields::all(conn)? {
                        fields.entry(id).or_default().push(field);
                    }
                }
            }
            Ok::<_, DbError>((owners, fields))
        })?;
        let mut parents: HashMap<RepoId, Option<RepoName>> = repositories
            .iter()
            .map(|repo| (repo.id(), Some(repo.row().name.clone())))
            .collect();
        let mut details = Vec::with_capacity(repositories.len());
        for repository in repositories {
            let fork_of = match repository.row().fork_of {
                None => None,
                Some(parent) => match parents.get(&parent) {
                    Some(known) => known.clone(),
                    None => {
                        let name = self.readable_name(viewer, parent)?;
                        parents.insert(parent, name.clone());
                        name
                    }
                },
            };
            details.push(RepositoryDetails {
                owner: owners.get(&repository.row().owner).cloned(),
                fork_of,
                fields: fields.remove(&repository.id()).unwrap_or_default(),
            });
        }
        Ok(details)
    }

    /// The full name of a repository, if the viewer may read it.
    fn readable_name(&self, viewer: &Viewer, id: RepoId) -> Result<Option<RepoName>, Error> {
        let Some(row) = self.db().read(|conn| repositories::by_id(conn, id))? else {
            return Ok(None);
        };
        match Gate::new(self).read_repository(viewer, row.name.as_str()) {
            Ok(_) => Ok(Some(row.name)),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What stands around these groups, in the same order. Names of repositories are told whether or not the viewer may
    /// read them, so this is for those who administer the group.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn group_details(&self, shown: &[crate::AdminOfGroup]) -> Result<Vec<GroupDetails>, Error> {
        Ok(self.db().read(|conn| {
            let owners = usernames(conn, shown.iter().map(|group| group.row().owner))?;
            let mut details = Vec::with_capacity(shown.len());
            let mut inside = BTreeMap::<_, Vec<RepoName>>::new();
            if shown.len() > 1 {
                for row in repositories::all(conn)? {
                    if let Some(group) = row.group {
                        inside.entry(group).or_default().push(row.name);
                    }
                }
            } else {
                for group in shown {
                    let rows = repositories::in_group(conn, Some(group.row().id))?;
                    let names = rows.into_iter().map(|row| row.name).collect();
                    inside.insert(group.row().id, names);
                }
            }
            let parents = shown.iter().filter_map(|group| group.row().parent);
            let parents = groups::names_of(conn, &parents.collect())?;
            for group in shown {
                let row = group.row();
                // The full name says where a group lies; the column says whether it does.
                let parent = row.parent.and_then(|parent| parents.get(&parent).cloned());
                let mut repositories = inside.remove(&row.id).unwrap_or_default();
                repositories.sort_by_cached_key(|name| name.as_str().to_lowercase());
                details.push(GroupDetails {
                    owner: owners.get(&row.owner).cloned(),
                    parent,
                    repositories,
                });
            }
            Ok::<_, DbError>(details)
        })?)
    }

    /// Who has which level on a repository, for those who may read it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn members_of_repository(&self, repository: &ReadableRepository) -> Result<Grants, Error> {
        let id = repository.id();
        Ok(self.db().read(|conn| {
            Ok::<_, DbError>(Grants {
                users: repo_to_perm::of_repository(conn, id)?,
                user_groups: users_group_repo_to_perm::of_repository(conn, id)?,
            })
        })?)
    }

    /// Who has which level on a repository group, for those who may see it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn members_of_group(&self, group: &ReadableGroup) -> Result<Grants, Error> {
        let id = group.row().id;
        Ok(self.db().read(|conn| {
            Ok::<_, DbError>(Grants {
                users: user_repo_group_to_perm::of_group(conn, id)?,
                user_groups: users_group_repo_group_to_perm::of_group(conn, id)?,
            })
        })?)
    }
}
