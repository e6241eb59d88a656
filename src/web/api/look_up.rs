//! From what a client wrote to the thing it means, with the right to it, in the words of 0.7 when there is none.
//!
//! What the caller may not see is answered exactly like what does not exist, with the id as the client wrote it.

use model::{
    AdminOfGroup, AdminOfRepository, AdminOfUserGroup, Error, ReadableGroup, ReadableRepository,
    ReadableUserGroup, RepoId, User, UserGroupId, UserId, WritableRepository,
};

use super::arguments::{Id, LookUp};
use super::fault::Fault;
use super::methods::Call;

/// Turns "not there" into the words of the client's own id.
fn found<T>(result: Result<T, Error>, what: &str, id: &Id) -> Result<T, Fault> {
    result.map_err(|error| match error {
        Error::NotFound { .. } => Fault::missing(what, id),
        error => error.into(),
    })
}

impl Call<'_> {
    /// The account of an id or a user name, active or not.
    pub(super) fn find_user(&self, id: &Id) -> Result<User, Fault> {
        let user = match id.look_up() {
            LookUp::Number(number) => self.model.owner(UserId(number))?,
            LookUp::Name(name) => self.model.user_by_name(name)?,
            LookUp::Nothing => None,
        };
        user.ok_or_else(|| Fault::missing("user", id))
    }

    /// The account named by an argument, or the caller's when it is not given.
    pub(super) fn user_or_self(&self, name: &str) -> Result<User, Fault> {
        match self.args.maybe_id(name) {
            Some(id) => self.find_user(&id),
            None => Ok(self.user.clone()),
        }
    }

    /// The owner of something new: the caller, or somebody else where an administrator says so.
    pub(super) fn owner(&self) -> Result<User, Fault> {
        match self.args.maybe_id("owner") {
            Some(_) if !self.viewer.is_admin() => Err(Fault::said(
                "Only Kallithea admin can specify `owner` param",
            )),
            Some(id) => self.find_user(&id),
            None => Ok(self.user.clone()),
        }
    }

    /// As [`Self::owner`], where the original lets everybody name anybody: naming oneself is no harm.
    pub(super) fn owner_or_self(&self) -> Result<User, Fault> {
        let user = self.user_or_self("owner")?;
        if user.id != self.user.id && !self.viewer.is_admin() {
            return Err(Fault::said(
                "Only Kallithea admin can specify `owner` param",
            ));
        }
        Ok(user)
    }

    /// The right to read the repository of `repoid`.
    pub(super) fn repository(&self) -> Result<ReadableRepository, Fault> {
        self.find_repository(&self.args.id("repoid"))
    }

    /// The right to read a repository.
    pub(super) fn find_repository(&self, id: &Id) -> Result<ReadableRepository, Fault> {
        let repository = match id.look_up() {
            LookUp::Number(number) => self
                .gate
                .read_repository_by_id(&self.viewer, RepoId(number)),
            LookUp::Name(name) => self.gate.read_repository(&self.viewer, name),
            LookUp::Nothing => return Err(Fault::missing("repository", id)),
        };
        found(repository, "repository", id)
    }

    /// The right to push to the repository of `repoid`.
    pub(super) fn writable_repository(&self) -> Result<WritableRepository, Fault> {
        self.repository()?
            .writable()
            .ok_or_else(|| Fault::missing("repository", self.args.id("repoid")))
    }

    /// The right to administer the repository of `repoid`.
    pub(super) fn admin_of_repository(&self) -> Result<AdminOfRepository, Fault> {
        self.repository()?
            .administrable()
            .ok_or_else(|| Fault::missing("repository", self.args.id("repoid")))
    }

    /// The right to see a repository group.
    pub(super) fn find_group(&self, id: &Id) -> Result<ReadableGroup, Fault> {
        let what = "repository group";
        let name = match id.look_up() {
            LookUp::Number(number) => self.model.group_name_by_id(number)?,
            LookUp::Name(name) => Some(name.trim_end_matches('/').to_owned()),
            LookUp::Nothing => None,
        };
        let name = name.ok_or_else(|| Fault::missing(what, id))?;
        found(self.gate.read_group(&self.viewer, &name), what, id)
    }

    /// The right to administer the group of `repogroupid`.
    pub(super) fn admin_of_group(&self) -> Result<AdminOfGroup, Fault> {
        let id = self.args.id("repogroupid");
        self.find_group(&id)?
            .administrable()
            .ok_or_else(|| Fault::missing("repository group", id))
    }

    /// The right to see the user group of `usergroupid`.
    pub(super) fn user_group(&self) -> Result<ReadableUserGroup, Fault> {
        let id = self.args.id("usergroupid");
        let group = match id.look_up() {
            LookUp::Number(number) => self.gate.read_user_group(&self.viewer, UserGroupId(number)),
            LookUp::Name(name) => self.gate.read_user_group_by_name(&self.viewer, name),
            LookUp::Nothing => return Err(Fault::missing("user group", id)),
        };
        found(group, "user group", &id)
    }

    /// The right to administer the user group of `usergroupid`.
    pub(super) fn admin_of_user_group(&self) -> Result<AdminOfUserGroup, Fault> {
        self.user_group()?
            .administrable()
            .ok_or_else(|| Fault::missing("user group", self.args.id("usergroupid")))
    }
}
