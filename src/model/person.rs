//! Accounts as others see them: with all their mail addresses, for members, followers and lists.

use std::collections::{BTreeMap, BTreeSet};

use db::{Conn, DbError, UserGroupId, UserId, Username, user_email_map, users};

use crate::{Error, Model, ReadableRepository, ReadableUserGroup, User, Viewer};

/// More words of a search are not looked at.
const MOST_WORDS: usize = 8;

/// An account and its addresses.
#[derive(Debug, Clone)]
pub struct Person {
    /// The account.
    pub user: User,
    /// Its extra mail addresses; the main one is not among them.
    pub extra_emails: Vec<String>,
}

impl Model {
    /// These accounts with their addresses, in the same order. Whoever holds the rows may see them.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn people(&self, users: Vec<User>) -> Result<Vec<Person>, Error> {
        let mut emails = BTreeMap::<UserId, Vec<String>>::new();
        self.db().read(|conn| {
            let ids: Vec<UserId> = users.iter().map(|user| user.id).collect();
            for (user, email) in user_email_map::of_users(conn, &ids)? {
                emails.entry(user).or_default().push(email);
            }
            Ok::<_, DbError>(())
        })?;
        Ok(users
            .into_iter()
            .map(|user| Person {
                extra_emails: emails.get(&user.id).cloned().unwrap_or_default(),
                user,
            })
            .collect())
    }

    /// At most this many accounts that a text finds, by name: each of its words in the user, first or last name. Main
    /// addresses are searched for administrators of the site alone.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for visitors.
    pub fn find_people(
        &self,
        viewer: &Viewer,
        text: &str,
        most: usize,
    ) -> Result<Vec<User>, Error> {
        if viewer.signed_in().is_none() {
            return Err(Error::Forbidden("Sign in to look for people".into()));
        }
        let words: Vec<&str> = text.split_whitespace().take(MOST_WORDS).collect();
        if words.is_empty() {
            return Ok(Vec::new());
        }
        Ok(self
            .db()
            .read(|conn| users::search(conn, &words, viewer.is_admin(), most))?)
    }

    /// Who follows a repository, in the order in which they began to.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn people_following(&self, repository: &ReadableRepository) -> Result<Vec<Person>, Error> {
        let followers = self.followers(repository)?;
        self.people(followers.into_iter().map(|(user, _)| user).collect())
    }
}

/// Who owns user groups, and who is in them.
#[derive(Debug, Default)]
pub struct Crowd {
    owners: BTreeMap<UserId, Username>,
    members: BTreeMap<UserGroupId, Vec<Person>>,
}

impl Crowd {
    /// The owner of a group, unless the account is gone, and its members.
    #[must_use]
    pub fn of(&self, group: &ReadableUserGroup) -> (Option<&Username>, &[Person]) {
        let members = self.members.get(&group.id()).map_or(&[][..], Vec::as_slice);
        (self.owners.get(&group.row().owner), members)
    }
}

impl Model {
    /// Who owns these user groups, and who is in them; three statements however many they are.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn crowd(&self, groups: &[ReadableUserGroup]) -> Result<Crowd, Error> {
        let ids: Vec<UserGroupId> = groups.iter().map(ReadableUserGroup::id).collect();
        let (owners, mut found) = self.db().read(|conn| {
            let owners = usernames(conn, groups.iter().map(|group| group.row().owner))?;
            Ok::<_, DbError>((owners, users::members_of_all(conn, &ids)?))
        })?;
        let everybody: BTreeMap<UserId, User> = found
            .values()
            .flatten()
            .map(|user| (user.id, user.clone()))
            .collect();
        let people = self.people(everybody.into_values().collect())?;
        let people: BTreeMap<UserId, Person> = people
            .into_iter()
            .map(|person| (person.user.id, person))
            .collect();
        let members = ids.into_iter().map(|id| {
            let members = found.remove(&id).unwrap_or_default();
            let members = members
                .iter()
                .filter_map(|user| people.get(&user.id).cloned());
            let mut members: Vec<Person> = members.collect();
            members.sort_by_cached_key(|one| one.user.username.as_str().to_lowercase());
            (id, members)
        });
        Ok(Crowd {
            owners,
            members: members.collect(),
        })
    }
}

/// The names of these accounts; those that are gone have none.
pub(crate) fn usernames(
    conn: &Conn,
    ids: impl IntoIterator<Item = UserId>,
) -> Result<BTreeMap<UserId, Username>, DbError> {
    let ids: BTreeSet<UserId> = ids.into_iter().collect();
    let ids: Vec<UserId> = ids.into_iter().collect();
    users::names_of(conn, &ids)
}
