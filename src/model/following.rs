//! Who follows which repository.

use db::{DbError, LocalTime, UserId, user_followings, users};

use crate::journal::{self, Action, Actor};
use crate::rights::Account;
use crate::{AdminOfRepository, Error, Gate, Model, ReadableRepository, User, Viewer};

impl Model {
    /// Who follows a repository and since when, in the order in which they began to.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn followers(
        &self,
        repository: &ReadableRepository,
    ) -> Result<Vec<(User, LocalTime)>, Error> {
        let id = repository.id();
        Ok(self.db().read(|conn| users::following(conn, id))?)
    }

    /// The repositories that an account follows and may read now, by full name.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn followed(&self, account: &Account) -> Result<Vec<ReadableRepository>, Error> {
        let viewer = Viewer::User(account.user().clone());
        let followed = self
            .db()
            .read(|conn| user_followings::followed(conn, account.id()))?;
        let mut readable = Gate::new(self).readable_repositories(&viewer)?;
        readable.retain(|repository| followed.contains(&repository.id()));
        Ok(readable)
    }

    /// Makes the viewer follow a repository, or follow it no more; says which.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn toggle_following(
        &self,
        repository: &ReadableRepository,
        user: UserId,
        actor: &Actor,
    ) -> Result<bool, Error> {
        self.db().write(|tx| {
            let follows = !user_followings::follows(tx, user, repository.id())?;
            let action = if follows {
                user_followings::follow(tx, user, repository.id())?;
                Action::StartedFollowing
            } else {
                user_followings::unfollow(tx, user, repository.id())?;
                Action::StoppedFollowing
            };
            journal::write(tx, actor, Some(repository.id()), repository.name(), &action)?;
            Ok(follows)
        })
    }

    /// Makes the viewer follow an account, or follow it no more; says which.
    ///
    /// # Errors
    /// [`Error::NotFound`] without such an account, for one's own and for that of visitors.
    pub fn toggle_following_user(&self, user: UserId, other: UserId) -> Result<bool, Error> {
        self.db().write(|tx| {
            users::by_id(tx, other)?
                .filter(|found| found.active && !found.is_default() && found.id != user)
                .ok_or_else(|| Error::NotFound {
                    what: "User",
                    name: other.to_string(),
                })?;
            Ok(user_followings::toggle_account(tx, user, other)?)
        })
    }

    /// The names of the accounts that have these mail addresses, by address in lower case.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn usernames_by_email(
        &self,
        emails: &[String],
    ) -> Result<std::collections::BTreeMap<String, db::Username>, Error> {
        Ok(self.db().read(|conn| users::names_by_email(conn, emails))?)
    }

    /// Puts a repository into the public journal or takes it out: the default user follows it, or not. Says which.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn toggle_public_journal(&self, repository: &AdminOfRepository) -> Result<bool, Error> {
        Ok(self.db().write(|tx| {
            let Some(default) = users::default_user(tx)? else {
                return Ok(false);
            };
            let follows = user_followings::follow(tx, default.id, repository.id())?;
            if !follows {
                user_followings::unfollow(tx, default.id, repository.id())?;
            }
            Ok::<_, DbError>(follows)
        })?)
    }
}
