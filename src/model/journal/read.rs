//! Reading the journal: what happened to whom and what somebody follows.

use std::collections::{BTreeSet, HashMap, HashSet};

use db::user_logs::{self, Condition, LogEntry};
use db::{
    Conn, DbError, Level, LocalTime, RepoId, RepoName, UserId, repo_to_perm, user_followings,
};

use super::filter::{self, FilterError};
use crate::gate::repository_rule;
use crate::{Error, Model, User, Viewer};

/// A statement names at most so many repositories; the engines have limits of their own above this.
const MOST_IDS: usize = 20_000;

/// One thing that happened.
#[derive(Debug, Clone)]
pub struct JournalEntry {
    /// The name under which it was done.
    pub username: String,
    /// The account; none when it is gone.
    pub user: Option<User>,
    /// The full name of the repository: its present one, or that of the time when it is gone; empty when it was not about one.
    pub repository: String,
    /// Whether the repository is there and this viewer may read it.
    pub exists: bool,
    /// What was done: `push`, `user_forked_repo`.
    pub action: String,
    /// To what: the part after the first colon.
    pub parameters: String,
    /// When.
    pub date: LocalTime,
}

/// A part of a journal.
#[derive(Debug, Clone, Default)]
pub struct JournalPage {
    /// The entries, newest first.
    pub entries: Vec<JournalEntry>,
    /// How many fit the filter.
    pub total: usize,
}

/// A filter that has been understood, for one viewer.
#[derive(Debug, Clone)]
pub struct JournalFilter(Condition);

impl JournalFilter {
    /// Reads a filter as it was typed.
    ///
    /// # Errors
    /// [`FilterError`], in words for the page.
    pub fn parse(text: &str, viewer: &Viewer) -> Result<Self, FilterError> {
        let own = (!viewer.is_admin()).then(|| viewer.user_id().unwrap_or(UserId(0)));
        filter::parse(text, own).map(Self)
    }
}

impl Model {
    /// What happened to the repositories, and was done by the accounts, that the viewer follows; for visitors those that
    /// the default user follows. Nothing of repositories that the viewer may not read is among it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn journal(
        &self,
        viewer: &Viewer,
        filter: &JournalFilter,
        skip: usize,
        limit: usize,
    ) -> Result<JournalPage, Error> {
        let Some(me) = viewer.user_id() else {
            return Ok(JournalPage::default());
        };
        let number = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        Ok(self.db().read(|conn| {
            let (scope, known) = scope(conn, viewer, me)?;
            let condition = Condition::All(vec![scope, filter.0.clone()]);
            let (rows, total) = user_logs::page(conn, &condition, number(skip), number(limit))?;
            Ok::<_, DbError>(JournalPage {
                entries: entries(rows, &known),
                total: usize::try_from(total).unwrap_or(0),
            })
        })?)
    }
}

/// The names of all repositories, and those of them that the viewer may read.
#[derive(Default)]
struct Known {
    names: HashMap<RepoId, RepoName>,
    readable: HashSet<RepoName>,
    /// Whether there is nothing that the viewer may not know.
    everything: bool,
}

/// What the viewer follows, as far as they may see it, and the names of all repositories.
fn scope(conn: &Conn, viewer: &Viewer, me: UserId) -> Result<(Condition, Known), DbError> {
    let (repositories, accounts) = user_followings::followed_both(conn, me)?;
    let (mut readable, mut closed) = (BTreeSet::new(), Vec::new());
    let mut known = Known {
        everything: viewer.is_admin(),
        ..Known::default()
    };
    for levels in repo_to_perm::repository_levels(conn, me)? {
        known.names.insert(levels.id, levels.name.clone());
        if repository_rule(viewer, &levels) >= Level::Read {
            readable.insert(levels.id);
            known.readable.insert(levels.name.clone());
        } else {
            closed.push(levels.id);
        }
    }
    let followed = repositories.into_iter().filter(|id| readable.contains(id));
    let mut sources = vec![Condition::About(followed.take(MOST_IDS).collect())];
    if !accounts.is_empty() {
        sources.push(Condition::All(vec![
            Condition::By(accounts),
            visible(viewer, me, readable.into_iter().collect(), closed),
        ]));
    }
    Ok((Condition::Any(sources), known))
}

/// What the viewer may see of the doings of others. Whether a repository that is gone was open to them nobody knows any
/// more, and what was done to accounts is for administrators; of these everybody sees what they did themselves.
fn visible(viewer: &Viewer, me: UserId, readable: Vec<RepoId>, closed: Vec<RepoId>) -> Condition {
    if viewer.is_admin() {
        return Condition::All(Vec::new());
    }
    let about_readable = if closed.is_empty() {
        Condition::AboutExisting
    } else if readable.len() <= closed.len() || closed.len() > MOST_IDS {
        Condition::About(readable.into_iter().take(MOST_IDS).collect())
    } else {
        Condition::All(vec![
            Condition::AboutExisting,
            Condition::Not(Box::new(Condition::About(closed))),
        ])
    };
    Condition::Any(vec![
        about_readable,
        Condition::All(vec![Condition::AboutNone, Condition::By(vec![me])]),
    ])
}

fn entries(rows: Vec<(LogEntry, Option<User>)>, known: &Known) -> Vec<JournalEntry> {
    rows.into_iter()
        .map(|(row, user)| {
            let present = row.repository.and_then(|id| known.names.get(&id));
            let (action, mut parameters) = row.action.split_once(':').unwrap_or((&row.action, ""));
            // Whoever may read a repository need not know what all its forks are called.
            if matches!(action, "user_forked_repo" | "admin_forked_repo")
                && !known.everything
                && !known.readable.contains(&RepoName::from(parameters))
            {
                parameters = "";
            }
            JournalEntry {
                username: row.username.to_string(),
                user,
                exists: present.is_some(),
                repository: present.unwrap_or(&row.repository_name).to_string(),
                action: action.to_owned(),
                parameters: parameters.to_owned(),
                date: row.date,
            }
        })
        .collect()
}
