//! Repository groups: places for repositories and for each other.

use std::fs;
use std::path::PathBuf;

use db::groups::{self, RepoGroup};
use db::{
    DbError, GroupId, GroupName, Level, ObjectKind, Tx, UserId, overview, user_repo_group_to_perm,
    user_to_perm, users, users_group_repo_group_to_perm,
};

use crate::folder::Move;
use crate::gate::group_rule;
use crate::repository::refuse_taken_rows;
use crate::rights::SiteAdmin;
use crate::{
    AdminOfGroup, Error, Gate, Globals, Model, ReadableGroup, Text, User, Viewer, name, say,
};

/// A place where something may be made: a group, or the top. Only the gate makes one.
#[derive(Debug, Clone)]
pub struct Place(Option<RepoGroup>);

impl Place {
    /// The group's full name; none at the top.
    #[must_use]
    pub fn group_name(&self) -> Option<&str> {
        self.0.as_ref().map(|group| group.name.as_str())
    }

    /// The group's id; none at the top.
    #[must_use]
    pub fn group_id(&self) -> Option<GroupId> {
        self.0.as_ref().map(|group| group.id)
    }
}

/// What a new group is made of.
#[derive(Debug, Clone)]
pub struct NewGroup<'a> {
    /// The last part of its name as typed; its slug is taken.
    pub name: &'a str,
    /// Empty: the name.
    pub description: &'a str,
    /// Whether the permissions of the parent are copied.
    pub copy_permissions: bool,
}

/// Where somebody may make repositories.
#[derive(Debug, Clone, Default)]
pub struct Places {
    /// Outside of all groups.
    pub top: bool,
    /// Whether they may be forks.
    pub forks: bool,
    /// In these groups.
    pub groups: Vec<ReadableGroup>,
}

impl Gate<'_> {
    /// A place where the viewer may make a repository: a group with `write`, or the top.
    ///
    /// # Errors
    /// [`Error::Invalid`] on `repo_group` when the viewer may not.
    pub fn place_for_repository(
        &self,
        viewer: &Viewer,
        group: Option<GroupId>,
    ) -> Result<Place, Error> {
        match group {
            None if self.may_create_at_top(viewer)? => Ok(Place(None)),
            None => Err(Error::invalid(
                "repo_group",
                "no permission to create repository in root location",
            )),
            Some(id) => self.place(viewer, id, Level::Write).ok_or_else(|| {
                Error::invalid(
                    "repo_group",
                    "You don't have permissions to create repository in this group",
                )
            }),
        }
    }

    /// A place where the viewer may make a group: a group with `admin`, or the top for administrators of the site.
    ///
    /// # Errors
    /// [`Error::Invalid`] on `parent_group_id` when the viewer may not.
    pub fn place_for_group(
        &self,
        viewer: &Viewer,
        parent: Option<GroupId>,
    ) -> Result<Place, Error> {
        let refused = || {
            Error::invalid(
                "parent_group_id",
                "You don't have permissions to create a group in this location",
            )
        };
        match parent {
            None => viewer.is_admin().then_some(Place(None)).ok_or_else(refused),
            Some(id) => self.place(viewer, id, Level::Admin).ok_or_else(refused),
        }
    }

    /// Where the viewer may make repositories, and whether forks, for pages that offer a choice.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn places(&self, viewer: &Viewer) -> Result<Places, Error> {
        let Some(user) = viewer.signed_in() else {
            return Ok(Places::default());
        };
        let all = self
            .model()
            .db()
            .read(|conn| overview::of_user(conn, user.id))?;
        let globals = if viewer.is_admin() {
            Globals::of_admin()
        } else {
            Globals::strongest(all.globals)
        };
        let groups = all.groups.into_iter().filter_map(|(row, levels)| {
            let level = group_rule(viewer, &levels);
            ReadableGroup::new(row, level).filter(|_| level >= Level::Write)
        });
        Ok(Places {
            top: globals.may_create_at_top(),
            forks: globals.may_fork(),
            groups: groups.collect(),
        })
    }

    /// The groups on which the viewer has at least this level.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn groups_with(&self, viewer: &Viewer, level: Level) -> Result<Vec<ReadableGroup>, Error> {
        if viewer.signed_in().is_none() {
            return Ok(Vec::new());
        }
        let mut groups = self.readable_groups(viewer)?;
        groups.retain(|group| group.level() >= level);
        Ok(groups)
    }

    fn place(&self, viewer: &Viewer, id: GroupId, level: Level) -> Option<Place> {
        let groups = self.groups_with(viewer, level).ok()?;
        groups
            .into_iter()
            .find(|group| group.row().id == id)
            .map(|group| Place(Some(group.row().clone())))
    }
}

impl Model {
    /// Makes a group at a place where the viewer may.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a name that is not allowed or taken.
    pub fn create_group(
        &self,
        place: &Place,
        viewer: &Viewer,
        new: &NewGroup<'_>,
    ) -> Result<String, Error> {
        let Some(owner) = viewer.signed_in() else {
            return Err(Error::Forbidden("Sign in to make groups".into()));
        };
        self.make_group(place, owner, new)
    }

    /// Makes a group that belongs to somebody else, who administers it as if it were of their own making.
    ///
    /// # Errors
    /// As [`Self::create_group`]; [`Error::Invalid`] on `owner` when they are not active.
    pub fn create_group_for(
        &self,
        _: &SiteAdmin,
        place: &Place,
        owner: &User,
        new: &NewGroup<'_>,
    ) -> Result<String, Error> {
        if owner.is_default() || !owner.active {
            return Err(Error::invalid(
                "owner",
                say!("Username {name} is not valid", name = owner.username),
            ));
        }
        self.make_group(place, owner, new)
    }

    fn make_group(&self, place: &Place, owner: &User, new: &NewGroup<'_>) -> Result<String, Error> {
        let short = name::slug(new.name);
        let parent = place.group_name();
        name::check("group_name", &short, parent)?;
        if short.bytes().all(|b| b.is_ascii_digit()) {
            return Err(Error::invalid(
                "group_name",
                "Name must not contain only digits",
            ));
        }
        let full = name::full(parent, &short);
        let path = self.path_below_root(&full)?;
        let description = if new.description.trim().is_empty() {
            short.as_str()
        } else {
            new.description
        };
        self.db().write(|tx| {
            refuse_taken_rows(tx, "group_name", &full)?;
            let id = groups::insert(
                tx,
                &GroupName::from(full.as_str()),
                place.group_id(),
                description,
                owner.id,
            )?;
            let copied = if new.copy_permissions {
                place.group_id()
            } else {
                None
            };
            grant_initial(tx, id, owner.id, owner.admin, copied)?;
            make_folder(&path)
        })?;
        Ok(full)
    }

    /// Changes the description of a group; it may be empty.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn update_group(&self, group: &AdminOfGroup, description: &str) -> Result<(), Error> {
        self.db().write(|tx| {
            groups::set_description(tx, group.row().id, description)
                .map(drop)
                .map_err(Error::from)
        })
    }

    /// Why a group cannot be deleted: a sentence, or none when it can.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn obstacle_to_delete(&self, group: &AdminOfGroup) -> Result<Option<Text>, Error> {
        let id = group.row().id;
        Ok(self.db().read(|conn| {
            let repositories = db::repositories::in_group(conn, Some(id))?.len();
            let subgroups = groups::children(conn, Some(id))?.len();
            Ok::<_, DbError>(if repositories > 0 {
                Some(say!(
                    "This group contains {n} repositories and cannot be deleted",
                    n = repositories
                ))
            } else if subgroups > 0 {
                Some(say!(
                    "This group contains {n} subgroups and cannot be deleted",
                    n = subgroups
                ))
            } else {
                None
            })
        })?)
    }

    /// Deletes an empty group; its folder is renamed and left at the root.
    ///
    /// # Errors
    /// [`Error::Invalid`] when it is not empty.
    pub fn delete_group(&self, group: &AdminOfGroup) -> Result<(), Error> {
        if let Some(obstacle) = self.obstacle_to_delete(group)? {
            return Err(Error::invalid("confirm_name", obstacle));
        }
        let path = self.path_below_root(group.name())?;
        let grave = self.group_grave(group.name())?;
        let mut burial = Move::new(path, grave);
        let done = self.db().write(|tx| {
            if !groups::is_empty(tx, group.row().id)? {
                return Err(Error::invalid(
                    "confirm_name",
                    "This group is not empty and cannot be deleted",
                ));
            }
            groups::delete(tx, group.row().id)?;
            burial.go("group_name")
        });
        burial.settle(self, done)
    }

    /// `rm__<stamp>_GROUP_<name>` at the root, as the original names it.
    fn group_grave(&self, full_name: &str) -> Result<PathBuf, Error> {
        let now = jiff::Zoned::now().strftime("%Y%m%d_%H%M%S_%6f").to_string();
        Ok(self
            .repositories_root()?
            .join(format!("rm__{now}_GROUP_{}", name::last(full_name))))
    }

    /// Whether a group has this full name.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn group_exists(&self, full_name: &str) -> Result<bool, Error> {
        Ok(self
            .db()
            .read(|conn| groups::by_name(conn, &GroupName::from(full_name)))?
            .is_some())
    }

    /// The full name of the group with this id.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn group_name_by_id(&self, id: i64) -> Result<Option<String>, Error> {
        Ok(self
            .db()
            .read(|conn| groups::by_id(conn, GroupId(id)))?
            .map(|row| row.name.into_string()))
    }
}

/// A folder that is there already is taken over, unless it is a repository.
fn make_folder(path: &std::path::Path) -> Result<(), Error> {
    if [".hg", ".git", "objects"]
        .iter()
        .any(|inside| path.join(inside).exists())
    {
        return Err(Error::invalid(
            "group_name",
            "A repository lies on the server in the folder of that name",
        ));
    }
    fs::create_dir_all(path).map_err(|error| Error::disk("create", path, error))
}

/// The permissions a group starts with. Its maker gets a row of their own, unless they hold everything anyway.
pub(crate) fn grant_initial(
    tx: &Tx<'_>,
    id: GroupId,
    maker: UserId,
    maker_is_admin: bool,
    copied: Option<GroupId>,
) -> Result<(), DbError> {
    let Some(default) = users::default_user(tx)? else {
        return Ok(());
    };
    if !maker_is_admin {
        user_repo_group_to_perm::grant(tx, maker, id, Level::Admin)?;
    }
    match copied {
        Some(parent) => {
            let rows = user_repo_group_to_perm::of_group(tx, parent)?;
            for row in rows
                .into_iter()
                .filter(|row| maker_is_admin || row.user != maker)
            {
                user_repo_group_to_perm::grant(tx, row.user, id, row.level)?;
            }
            for row in users_group_repo_group_to_perm::of_group(tx, parent)? {
                users_group_repo_group_to_perm::grant(tx, row.group, id, row.level)?;
            }
        }
        None => {
            let names = user_to_perm::of_user(tx, default.id)?;
            let kind = ObjectKind::RepositoryGroup;
            let level = names
                .iter()
                .filter_map(|name| Level::of(name, kind))
                .max()
                .unwrap_or(Level::Read);
            user_repo_group_to_perm::grant(tx, default.id, id, level)?;
        }
    }
    Ok(())
}
