//! Accounts as others see them: with all their mail addresses, for members, followers and lists.

use std::collections::{BTreeMap, BTreeSet};

use db::{Conn, DbError, UserId, Username, user_email_map, users};

use crate::{Error, Model, ReadableRepository, User, Viewer};

/// Below this many, each is looked up by itself; from here on all are read at once.
const FEW: usize = 16;
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
            if users.len() <= FEW {
                for user in &users {
                    let extra = user_email_map::of_user(conn, user.id)?;
                    emails.insert(user.id, extra.into_iter().map(|row| row.email).collect());
                }
            } else {
                for (user, email) in user_email_map::all(conn)? {
                    emails.entry(user).or_default().push(email);
                }
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
            return Err(Error::Forbidden("Sign in to look for people".to_owned()));
        }
        let words: Vec<&str> = text.split_whitespace().take(MOST_WORDS).collect();
        if words.is_empty() {
            return Ok(Vec::new());
        }
        Ok(self
            .db()
            .read(|conn| users::search(conn, &words, viewer.is_admin(), most))?)
    }

    /// Who follows a repository, by name.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn people_following(&self, repository: &ReadableRepository) -> Result<Vec<Person>, Error> {
        let followers = self.followers(repository)?;
        self.people(followers.into_iter().map(|(user, _)| user).collect())
    }
}

/// The names of these accounts; those that are gone have none.
pub(crate) fn usernames(
    conn: &Conn,
    ids: impl IntoIterator<Item = UserId>,
) -> Result<BTreeMap<UserId, Username>, DbError> {
    let ids: BTreeSet<UserId> = ids.into_iter().collect();
    if ids.len() > FEW {
        let mut names = users::names(conn)?;
        names.retain(|id, _| ids.contains(id));
        return Ok(names);
    }
    let mut names = BTreeMap::new();
    for id in ids {
        if let Some(user) = users::by_id(conn, id)? {
            names.insert(id, user.username);
        }
    }
    Ok(names)
}
