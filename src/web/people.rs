//! Authors of changesets, with the names that they have here.

use std::collections::{BTreeMap, BTreeSet};

use crate::problem::Problem;
use crate::view::Person;
use crate::visit::Visit;
use crate::words;

/// More addresses are not looked up for one page.
const MOST: usize = 500;

/// The accounts behind the mail addresses of a page.
#[derive(Default)]
pub(crate) struct People(BTreeMap<String, String>);

impl People {
    /// Looks up the accounts of all these authors, in one statement.
    pub(crate) fn find<'a>(
        visit: &Visit<'_>,
        authors: impl IntoIterator<Item = &'a vcs::Person>,
    ) -> Result<Self, Problem> {
        let emails: BTreeSet<String> = authors
            .into_iter()
            .filter(|author| !author.email.is_empty())
            .map(|author| author.email.to_lowercase())
            .take(MOST)
            .collect();
        let emails: Vec<String> = emails.into_iter().collect();
        let names = visit.model.usernames_by_email(&emails)?;
        let names = names
            .into_iter()
            .map(|(email, name)| (email, name.to_string()));
        Ok(Self(names.collect()))
    }

    /// The user name of an author who has an account here.
    pub(crate) fn username(&self, author: &vcs::Person) -> Option<&str> {
        self.0.get(&author.email.to_lowercase()).map(String::as_str)
    }

    /// An author: by user name when there is one, else as the changeset says.
    pub(crate) fn author(&self, author: &vcs::Person) -> Person {
        let mut person = words::author(author);
        if let Some(name) = self.username(author) {
            person.name = name.to_owned();
        }
        person
    }
}
