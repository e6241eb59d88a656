//! What is counted in a repository: its files by language, and its changesets by day and by author.
//!
//! Counting takes as long as reading everything once, so it is done after an answer has gone out and kept under the id of what
//! was counted: a push makes it due again, nothing else does. The table `statistics` of the original, which counts a few changesets
//! at a time, is neither read nor written.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use vcs::{Changeset, ChangesetId, LogQuery, ReadError, RepoPath, Repository};

use crate::{Error, Model, ReadableRepository};

/// Counting ends after this time with what it has.
const LONGEST: Duration = Duration::from_secs(20);
/// More files are not looked at.
const MOST_FILES: u64 = 200_000;
/// So many authors are told apart, those with most changesets.
const AUTHORS: usize = 50;
/// So many languages are kept.
const LANGUAGES: usize = 30;
/// Changesets read at once.
const CHUNK: usize = 1_000;

const SECONDS_OF_DAY: i64 = 86_400;

/// The files of one changeset.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TreeFacts {
    /// Sum of sizes.
    pub bytes: u64,
    /// How many files.
    pub files: u64,
    /// Languages with the bytes and files written in them, largest first.
    pub languages: Vec<(String, u64, u64)>,
    /// Whether all files were looked at.
    pub complete: bool,
}

/// All changesets of a repository.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HistoryFacts {
    /// How many there are.
    pub total: u64,
    /// How many were counted: the newest.
    pub counted: u64,
    /// Days since 1970 (UTC) with the number of changesets, oldest first.
    pub days: Vec<(i64, u64)>,
    /// How many authors there are.
    pub author_count: u64,
    /// Those with most changesets, these first.
    pub authors: Vec<AuthorFacts>,
}

/// One author.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuthorFacts {
    /// As written in their newest changeset.
    pub raw: String,
    /// How many changesets.
    pub changesets: u64,
    /// The day of the first one.
    pub first: i64,
    /// The day of the newest one.
    pub last: i64,
    /// Weeks since 1970 with the number of changesets, oldest first.
    pub weeks: Vec<(i64, u64)>,
}

impl Model {
    /// The files of a changeset, if they have been counted.
    #[must_use]
    pub fn known_tree_facts(&self, contents: &Repository, id: &ChangesetId) -> Option<TreeFacts> {
        let bytes =
            contents
                .cached(self.cache())
                .known("tree-facts", 2, id, &[&names_of_languages()]);
        bytes.and_then(|bytes| TreeFacts::decode(&bytes))
    }

    /// The files of a changeset, counted now if need be.
    ///
    /// # Errors
    /// When the repository cannot be read.
    pub fn tree_facts(
        &self,
        contents: &Repository,
        id: &ChangesetId,
    ) -> Result<TreeFacts, vcs::NodeError> {
        if let Some(known) = self.known_tree_facts(contents, id) {
            return Ok(known);
        }
        let facts = count_tree(contents, id)?;
        let encoded = facts.encode();
        contents.cached(self.cache()).bytes(
            "tree-facts",
            2,
            id,
            &[&names_of_languages()],
            || Ok::<_, ReadError>(encoded),
        )?;
        Ok(facts)
    }

    /// The changesets of a repository, if they have been counted. Nothing in an empty repository.
    ///
    /// # Errors
    /// When the repository cannot be read.
    pub fn known_history_facts(
        &self,
        contents: &Repository,
    ) -> Result<Option<HistoryFacts>, ReadError> {
        let Some((newest, state)) = state(contents)? else {
            return Ok(None);
        };
        let cached = contents.cached(self.cache());
        let bytes = cached.known("history-facts", 1, &newest, &[&state]);
        Ok(bytes.and_then(|bytes| HistoryFacts::decode(&bytes)))
    }

    /// Counts what is not known yet of a repository: its files, and with `history` its changesets.
    ///
    /// # Errors
    /// When the repository cannot be read.
    pub fn count(&self, repository: &ReadableRepository, history: bool) -> Result<(), Error> {
        static AT_WORK: Mutex<Option<HashSet<i64>>> = Mutex::new(None);
        let at_work = || AT_WORK.lock().unwrap_or_else(PoisonError::into_inner);
        if !at_work().get_or_insert_default().insert(repository.id().0) {
            return Ok(());
        }
        let counted = self.count_now(repository, history);
        at_work().get_or_insert_default().remove(&repository.id().0);
        counted.map_err(|error| {
            Error::Program(format!("repository '{}': {error}", repository.name()).into())
        })
    }

    fn count_now(
        &self,
        repository: &ReadableRepository,
        history: bool,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let contents = self.open_repository(repository)?;
        if let Some(id) = contents.landing(&repository.row().landing_revision)? {
            self.tree_facts(&contents, &id)?;
        }
        if history && let Some((newest, state)) = state(&contents)? {
            let cached = contents.cached(self.cache());
            cached.bytes("history-facts", 1, &newest, &[&state], || {
                count_history(&contents).map(|facts| facts.encode())
            })?;
        }
        Ok(())
    }
}

/// What stands for the names that the site gives to languages: with others, files are counted anew.
fn names_of_languages() -> Vec<u8> {
    render::highlight::shared().edition().into()
}

/// What the list of all changesets depends on: the newest one, and the heads of all branches.
fn state(contents: &Repository) -> Result<Option<(ChangesetId, Vec<u8>)>, ReadError> {
    let newest = LogQuery {
        limit: 1,
        ..LogQuery::default()
    };
    let page = contents.log(&newest)?;
    let Some(newest) = page.changesets.first() else {
        return Ok(None);
    };
    let mut state = (page.total as u64).to_le_bytes().to_vec();
    for branch in &contents.refs()?.branches {
        state.extend_from_slice(branch.id.as_bytes());
    }
    Ok(Some((newest.id, state)))
}

fn count_tree(contents: &Repository, id: &ChangesetId) -> Result<TreeFacts, vcs::NodeError> {
    let start = Instant::now();
    let mut facts = TreeFacts {
        complete: true,
        ..TreeFacts::default()
    };
    let mut names: HashMap<String, Option<&str>> = HashMap::new();
    let mut languages: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    let mut folders = vec![RepoPath::root()];
    while let Some(folder) = folders.pop() {
        if facts.files >= MOST_FILES || start.elapsed() > LONGEST {
            facts.complete = false;
            break;
        }
        for entry in contents.directory(id, &folder)? {
            match entry.kind {
                vcs::NodeKind::Directory => folders.push(entry.path),
                vcs::NodeKind::File { .. } => {
                    let size = entry.size.unwrap_or(0);
                    facts.files += 1;
                    facts.bytes += size;
                    let name = String::from_utf8_lossy(&entry.name).into_owned();
                    let ending = match name.find('.') {
                        Some(dot) if dot > 0 => name[dot..].to_lowercase(),
                        _ => name.clone(),
                    };
                    let language = *names
                        .entry(ending)
                        .or_insert_with(|| render::highlight::shared().language(&name, ""));
                    if let Some(language) = language {
                        let sum = languages.entry(language).or_default();
                        *sum = (sum.0 + size, sum.1 + 1);
                    }
                }
                // What a link says is content, too.
                vcs::NodeKind::Symlink => facts.bytes += entry.size.unwrap_or(0),
                vcs::NodeKind::Submodule { .. } => {}
            }
        }
    }
    let all = languages.into_iter();
    facts.languages = all
        .map(|(name, (bytes, files))| (name.to_owned(), bytes, files))
        .collect();
    facts
        .languages
        .sort_by(|a, b| (b.1, b.2, &a.0).cmp(&(a.1, a.2, &b.0)));
    facts.languages.truncate(LANGUAGES);
    Ok(facts)
}

fn count_history(contents: &Repository) -> Result<HistoryFacts, ReadError> {
    let start = Instant::now();
    let mut counter = Counter::default();
    let mut query = LogQuery {
        limit: CHUNK,
        ..LogQuery::default()
    };
    let mut total = 0;
    while start.elapsed() < LONGEST {
        let page = contents.log(&query)?;
        total = page.total as u64;
        if page.changesets.is_empty() {
            break;
        }
        query.skip += page.changesets.len();
        page.changesets.iter().for_each(|one| counter.add(one));
    }
    Ok(counter.finish(total))
}

#[derive(Default)]
struct Counter {
    counted: u64,
    days: BTreeMap<i64, u64>,
    authors: HashMap<String, (AuthorFacts, BTreeMap<i64, u64>)>,
}

impl Counter {
    /// Newest first.
    fn add(&mut self, changeset: &Changeset) {
        let day = changeset.date.seconds.div_euclid(SECONDS_OF_DAY);
        self.counted += 1;
        *self.days.entry(day).or_default() += 1;
        let author = &changeset.author;
        let key = if author.email.is_empty() {
            author.name.clone()
        } else {
            author.email.to_lowercase()
        };
        let (facts, weeks) = self.authors.entry(key).or_insert_with(|| {
            let facts = AuthorFacts {
                raw: author.raw.clone(),
                first: day,
                last: day,
                ..AuthorFacts::default()
            };
            (facts, BTreeMap::new())
        });
        facts.changesets += 1;
        facts.first = facts.first.min(day);
        facts.last = facts.last.max(day);
        *weeks.entry(day.div_euclid(7)).or_default() += 1;
    }

    fn finish(self, total: u64) -> HistoryFacts {
        let author_count = self.authors.len() as u64;
        let mut authors: Vec<AuthorFacts> = self
            .authors
            .into_values()
            .map(|(facts, weeks)| AuthorFacts {
                weeks: weeks.into_iter().collect(),
                ..facts
            })
            .collect();
        authors.sort_by(|a, b| (b.changesets, &a.raw).cmp(&(a.changesets, &b.raw)));
        authors.truncate(AUTHORS);
        HistoryFacts {
            total,
            counted: self.counted,
            days: self.days.into_iter().collect(),
            author_count,
            authors,
        }
    }
}

impl TreeFacts {
    fn encode(&self) -> Vec<u8> {
        let value = json!([self.bytes, self.files, self.languages, self.complete]);
        value.to_string().into_bytes()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let value: Value = serde_json::from_slice(bytes).ok()?;
        let languages = value.get(2)?.as_array()?.iter();
        Some(Self {
            bytes: value.get(0)?.as_u64()?,
            files: value.get(1)?.as_u64()?,
            languages: languages
                .map(|one| {
                    Some((
                        one.get(0)?.as_str()?.to_owned(),
                        one.get(1)?.as_u64()?,
                        one.get(2)?.as_u64()?,
                    ))
                })
                .collect::<Option<_>>()?,
            complete: value.get(3)?.as_bool()?,
        })
    }
}

impl HistoryFacts {
    fn encode(&self) -> Vec<u8> {
        let authors: Vec<Value> = self
            .authors
            .iter()
            .map(|author| {
                json!([
                    author.raw,
                    author.changesets,
                    author.first,
                    author.last,
                    author.weeks
                ])
            })
            .collect();
        let value = json!([
            self.total,
            self.counted,
            self.days,
            self.author_count,
            authors
        ]);
        value.to_string().into_bytes()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let value: Value = serde_json::from_slice(bytes).ok()?;
        let authors = value.get(4)?.as_array()?.iter();
        Some(Self {
            total: value.get(0)?.as_u64()?,
            counted: value.get(1)?.as_u64()?,
            days: pairs(value.get(2)?)?,
            author_count: value.get(3)?.as_u64()?,
            authors: authors
                .map(|one| {
                    Some(AuthorFacts {
                        raw: one.get(0)?.as_str()?.to_owned(),
                        changesets: one.get(1)?.as_u64()?,
                        first: one.get(2)?.as_i64()?,
                        last: one.get(3)?.as_i64()?,
                        weeks: pairs(one.get(4)?)?,
                    })
                })
                .collect::<Option<_>>()?,
        })
    }
}

fn pairs(value: &Value) -> Option<Vec<(i64, u64)>> {
    let pairs = value.as_array()?.iter();
    pairs
        .map(|pair| Some((pair.get(0)?.as_i64()?, pair.get(1)?.as_u64()?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_counted_survives_being_kept() {
        let history = HistoryFacts {
            total: 3,
            counted: 2,
            days: vec![(-1, 1), (20_000, 1)],
            author_count: 1,
            authors: vec![AuthorFacts {
                raw: "Zoë <z@example.com>".into(),
                changesets: 2,
                first: -1,
                last: 20_000,
                weeks: vec![(-1, 1), (2_857, 1)],
            }],
        };
        assert_eq!(HistoryFacts::decode(&history.encode()), Some(history));
        let tree = TreeFacts {
            bytes: 10,
            files: 2,
            languages: vec![("Rust".into(), 7, 1)],
            complete: true,
        };
        assert_eq!(TreeFacts::decode(&tree.encode()), Some(tree));
        assert_eq!(TreeFacts::decode(b"[1]"), None);
        assert_eq!(HistoryFacts::decode(b"nonsense"), None);
    }
}
