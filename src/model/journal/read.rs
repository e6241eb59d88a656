//! Reading the journal: what happened to whom and what somebody follows.

use std::collections::{BTreeMap, BTreeSet};

use db::user_logs::{self, Condition, LogEntry};
use db::{
    Conn, DbError, Level, LocalTime, RepoId, UserId, repo_to_perm, repositories, user_followings,
    users,
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
            let scope = scope(conn, viewer, me)?;
            let condition = Condition::All(vec![scope, filter.0.clone()]);
            let total = user_logs::count(conn, &condition)?;
            let rows = match total {
                0 => Vec::new(),
                _ => user_logs::find(conn, &condition, number(skip), number(limit))?,
            };
            Ok::<_, DbError>(JournalPage {
                entries: entries(conn, rows)?,
                total: usize::try_from(total).unwrap_or(0),
            })
        })?)
    }
}

/// What the viewer follows, as far as they may see it.
fn scope(conn: &Conn, viewer: &Viewer, me: UserId) -> Result<Condition, DbError> {
    let repositories = user_followings::followed(conn, me)?;
    let accounts = user_followings::followed_users(conn, me)?;
    let (mut readable, mut closed) = (BTreeSet::new(), Vec::new());
    for levels in repo_to_perm::repository_levels(conn, me)? {
        if repository_rule(viewer, &levels) >= Level::Read {
            readable.insert(levels.id);
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
    Ok(Condition::Any(sources))
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

fn entries(conn: &Conn, rows: Vec<LogEntry>) -> Result<Vec<JournalEntry>, DbError> {
    let mut accounts: BTreeMap<UserId, Option<User>> = BTreeMap::new();
    let mut names: BTreeMap<RepoId, Option<String>> = BTreeMap::new();
    let mut entries = Vec::with_capacity(rows.len());
    for row in rows {
        let user = match row.user {
            None => None,
            Some(id) => match accounts.get(&id) {
                Some(known) => known.clone(),
                None => {
                    let user = users::by_id(conn, id)?;
                    accounts.insert(id, user.clone());
                    user
                }
            },
        };
        let present = match row.repository {
            None => None,
            Some(id) => match names.get(&id) {
                Some(known) => known.clone(),
                None => {
                    let name = repositories::by_id(conn, id)?.map(|row| row.name.to_string());
                    names.insert(id, name.clone());
                    name
                }
            },
        };
        let (action, parameters) = row.action.split_once(':').unwrap_or((&row.action, ""));
        entries.push(JournalEntry {
            username: row.username.to_string(),
            user,
            exists: present.is_some(),
            repository: present.unwrap_or_else(|| row.repository_name.to_string()),
            action: action.to_owned(),
            parameters: parameters.to_owned(),
            date: row.date,
        });
    }
    Ok(entries)
}
