//! Who people want to be called: the `.mailmap` file.
//!
//! The format is Git's (`git help gitmailmap`), which Mercurial reads, too (`hg help templates`, filter `mailmap`):
//!
//! ```text
//! Proper Name <address in commits>
//! <proper@address> <address in commits>
//! Proper Name <proper@address> <address in commits>
//! Proper Name <proper@address> Name in commits <address in commits>
//! ```

use std::collections::HashMap;

use crate::{NodeError, Person, ReadError, RepoPath, Repository};

/// A larger file is no list of people.
const LARGEST: u64 = 4 * 1024 * 1024;

/// The proper names and addresses of people.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mailmap {
    /// By address in lower case.
    people: HashMap<String, Entries>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Entries {
    /// For everybody with this address.
    all: Proper,
    /// Only for those of a name, in lower case.
    by_name: HashMap<String, Proper>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Proper {
    name: Option<String>,
    email: Option<String>,
}

impl Mailmap {
    /// Reads the text of a `.mailmap`; lines that say nothing are passed over.
    pub fn parse(text: &[u8]) -> Self {
        let text = String::from_utf8_lossy(text);
        let mut map = Mailmap::default();
        for line in text.lines() {
            let line = line.trim_start();
            if !line.starts_with('#') {
                map.read_line(line);
            }
        }
        map
    }

    fn read_line(&mut self, line: &str) {
        let Some((name, first, rest)) = split_person(line) else {
            return;
        };
        let name = name.map(str::to_owned);
        let (old_name, old_email, email) = match split_person(rest) {
            Some((old_name, old_email, _)) => (old_name, old_email, Some(first.to_owned())),
            None => (None, first, None),
        };
        let entries = self
            .people
            .entry(old_email.to_ascii_lowercase())
            .or_default();
        let proper = match old_name {
            Some(old) => entries.by_name.entry(old.to_ascii_lowercase()).or_default(),
            None => &mut entries.all,
        };
        // A later line adds to an earlier one.
        proper.name = name.or(proper.name.take());
        proper.email = email.or(proper.email.take());
    }

    /// Whether it knows nobody.
    pub fn is_empty(&self) -> bool {
        self.people.is_empty()
    }

    /// The person as they want to be called; `raw` becomes what would be recorded then.
    pub fn apply(&self, person: &Person) -> Person {
        let Some(entries) = self.people.get(&person.email.to_ascii_lowercase()) else {
            return person.clone();
        };
        let by_name = entries.by_name.get(&person.name.to_ascii_lowercase());
        let proper = by_name.unwrap_or(&entries.all);
        if *proper == Proper::default() {
            return person.clone();
        }
        let name = proper.name.clone().unwrap_or_else(|| person.name.clone());
        let email = proper.email.clone().unwrap_or_else(|| person.email.clone());
        Person {
            raw: format!("{name} <{email}>"),
            name,
            email,
        }
    }
}

/// Splits `Name <address> rest`; no address, no person. A name of nothing but blanks is none.
fn split_person(text: &str) -> Option<(Option<&str>, &str, &str)> {
    let (name, rest) = text.split_once('<')?;
    let (email, rest) = rest.split_once('>')?;
    let name = name.trim();
    Some(((!name.is_empty()).then_some(name), email, rest))
}

impl Repository {
    /// The `.mailmap` at the top of the changeset that `git` takes it from ([`Repository::head`]); empty where there is none.
    pub fn mailmap(&self) -> Result<Mailmap, ReadError> {
        let Some(id) = self.head()? else {
            return Ok(Mailmap::default());
        };
        let Ok(path) = RepoPath::parse(b".mailmap") else {
            return Ok(Mailmap::default());
        };
        match self.file_up_to(&id, &path, LARGEST) {
            // `git` does not follow a link there either.
            Ok(file) if !file.symlink => Ok(Mailmap::parse(&file.data)),
            Err(NodeError::Read(error)) => Err(error),
            _ => Ok(Mailmap::default()),
        }
    }
}
