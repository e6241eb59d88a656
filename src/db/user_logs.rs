//! `user_logs`: the journal. The names of the account and of the repository are copies that outlive both.

use crate::conn::{Conn, Row, Tx, Value, params, placeholders};
use crate::error::DbError;
use crate::ids::{RepoId, RepoName, UserId, Username};
use crate::time::LocalTime;
use crate::users::{self, User};
use crate::value::with_stars;

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEntry {
    /// `user_log_id`
    pub id: i64,
    /// `user_id`; none when the account is gone.
    pub user: Option<UserId>,
    /// `username`
    pub username: Username,
    /// `repository_id`; none when the repository is gone or the entry is not about one.
    pub repository: Option<RepoId>,
    /// `repository_name`; empty when the entry is not about a repository.
    pub repository_name: RepoName,
    /// `user_ip`
    pub user_ip: Option<String>,
    /// `action`: `name` or `name:params`; only the first colon counts.
    pub action: String,
    /// `action_date`
    pub date: LocalTime,
}

/// What an entry is made of; it happens now.
#[derive(Clone, Debug)]
pub struct NewLogEntry<'a> {
    /// `user_id`
    pub user: Option<UserId>,
    /// `username`
    pub username: &'a Username,
    /// `repository_id`
    pub repository: Option<RepoId>,
    /// `repository_name`
    pub repository_name: &'a str,
    /// `user_ip`
    pub user_ip: &'a str,
    /// `action`
    pub action: &'a str,
}

fn row(row: &Row<'_>) -> LogEntry {
    LogEntry {
        id: row.take(),
        user: row.take(),
        username: row.take(),
        repository: row.take(),
        repository_name: row.take(),
        user_ip: row.take(),
        action: row.take(),
        date: row.take(),
    }
}

/// Writes an entry.
pub fn insert(tx: &Tx<'_>, new: &NewLogEntry<'_>) -> Result<i64, DbError> {
    tx.insert(
        "user_logs",
        "user_log_id",
        &[
            ("user_id", new.user.into()),
            ("username", new.username.into()),
            ("repository_id", new.repository.into()),
            ("repository_name", new.repository_name.into()),
            ("user_ip", new.user_ip.into()),
            ("action", new.action.into()),
            ("action_date", LocalTime::now().into()),
        ],
    )
}

/// The newest entries about anything, newest first.
pub fn recent(conn: &Conn, limit: u32) -> Result<Vec<LogEntry>, DbError> {
    conn.query(
        "SELECT user_log_id, user_id, username, repository_id, repository_name, user_ip, \"action\", action_date \
         FROM user_logs ORDER BY action_date DESC, user_log_id DESC LIMIT ?",
        &params![i64::from(limit)],
        row,
    )
}

/// The newest entries about a repository, newest first.
pub fn recent_of_repository(
    conn: &Conn,
    repository: RepoId,
    limit: u32,
) -> Result<Vec<LogEntry>, DbError> {
    conn.query(
        "SELECT user_log_id, user_id, username, repository_id, repository_name, user_ip, \"action\", action_date \
         FROM user_logs WHERE repository_id = ? ORDER BY action_date DESC, user_log_id DESC LIMIT ?",
        &params![repository, i64::from(limit)],
        row,
    )
}

/// A column that holds words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// `repository_name`
    Repository,
    /// `username`
    Username,
    /// `user_ip`
    Address,
    /// `action`
    Action,
}

/// Which entries are wanted.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// All of these hold; so all entries where there are none.
    All(Vec<Condition>),
    /// One of these holds; so no entry where there are none.
    Any(Vec<Condition>),
    /// This does not hold.
    Not(Box<Condition>),
    /// The column fits the text, in which `*` stands for any letters; the case of letters does not count.
    Fits(Field, String),
    /// At this time or later.
    Since(LocalTime),
    /// Before this time.
    Before(LocalTime),
    /// About one of these repositories.
    About(Vec<RepoId>),
    /// About no repository, or one that is gone.
    AboutNone,
    /// About a repository that exists.
    AboutExisting,
    /// By one of these accounts.
    By(Vec<UserId>),
}

impl Condition {
    fn write<'a>(&'a self, sql: &mut String, values: &mut Vec<Value<'a>>) {
        let list = |sql: &mut String, column: &str, count: usize| {
            if count == 0 {
                sql.push_str("1 = 0");
            } else {
                sql.push_str(&format!("{column} IN ({})", placeholders(count)));
            }
        };
        match self {
            Self::All(parts) => join(parts, "1 = 1", " AND ", sql, values),
            Self::Any(parts) => join(parts, "1 = 0", " OR ", sql, values),
            Self::Not(part) => {
                sql.push_str("NOT (");
                part.write(sql, values);
                sql.push(')');
            }
            Self::Fits(field, text) => {
                let column = match field {
                    Field::Repository => "repository_name",
                    Field::Username => "username",
                    Field::Address => "COALESCE(user_ip, '')",
                    Field::Action => "\"action\"",
                };
                sql.push_str(&format!("lower({column}) LIKE lower(?) ESCAPE '!'"));
                values.push(with_stars(text).into());
            }
            Self::Since(time) => {
                sql.push_str("action_date >= ?");
                values.push((*time).into());
            }
            Self::Before(time) => {
                sql.push_str("action_date < ?");
                values.push((*time).into());
            }
            Self::About(repositories) => {
                list(sql, "COALESCE(repository_id, 0)", repositories.len());
                values.extend(repositories.iter().map(|id| Value::from(*id)));
            }
            Self::AboutNone => sql.push_str("repository_id IS NULL"),
            Self::AboutExisting => {
                sql.push_str("COALESCE(repository_id, 0) IN (SELECT r.repo_id FROM repositories r)")
            }
            Self::By(users) => {
                list(sql, "COALESCE(user_id, 0)", users.len());
                values.extend(users.iter().map(|id| Value::from(*id)));
            }
        }
    }
}

fn join<'a>(
    parts: &'a [Condition],
    none: &str,
    between: &str,
    sql: &mut String,
    values: &mut Vec<Value<'a>>,
) {
    if parts.is_empty() {
        sql.push_str(none);
        return;
    }
    for (at, part) in parts.iter().enumerate() {
        sql.push_str(if at > 0 { between } else { "" });
        sql.push('(');
        part.write(sql, values);
        sql.push(')');
    }
}

/// A part of the entries that fit, newest first.
pub fn find(
    conn: &Conn,
    condition: &Condition,
    skip: i64,
    limit: i64,
) -> Result<Vec<LogEntry>, DbError> {
    let mut sql = String::from(
        "SELECT user_log_id, user_id, username, repository_id, repository_name, user_ip, \"action\", action_date \
         FROM user_logs WHERE ",
    );
    let mut values = Vec::new();
    condition.write(&mut sql, &mut values);
    sql.push_str(" ORDER BY action_date DESC, user_log_id DESC LIMIT ? OFFSET ?");
    values.extend([limit.into(), skip.into()]);
    conn.query(&sql, &values, row)
}

/// An entry with the account that did it, if that is still there.
pub type OwnedEntry = (LogEntry, Option<User>);

/// The same with the account of each, if it is still there, and how many fit on all pages. One statement, but for a page
/// beyond the last one.
pub fn page(
    conn: &Conn,
    condition: &Condition,
    skip: i64,
    limit: i64,
) -> Result<(Vec<OwnedEntry>, i64), DbError> {
    let mut fits = String::new();
    let mut values = Vec::new();
    condition.write(&mut fits, &mut values);
    condition.write(&mut String::new(), &mut values);
    let sql = format!(
        "SELECT l.user_log_id, l.user_id, l.username, l.repository_id, l.repository_name, l.user_ip, l.\"action\", \
         l.action_date, (SELECT COUNT(*) FROM user_logs WHERE {fits}), {} FROM (SELECT user_log_id, user_id, username, \
         repository_id, repository_name, user_ip, \"action\", action_date FROM user_logs WHERE {fits} \
         ORDER BY action_date DESC, user_log_id DESC LIMIT ? OFFSET ?) l LEFT JOIN users u ON u.user_id = l.user_id \
         ORDER BY l.action_date DESC, l.user_log_id DESC",
        users::COLUMNS
    );
    values.extend([limit.into(), skip.into()]);
    let mut total = 0;
    let rows = conn.query(&sql, &values, |found| {
        let entry = row(found);
        total = found.take();
        let user = users::row(found);
        // Columns of a row that is not there are read as 0.
        (entry, Some(user).filter(|user| user.id != UserId(0)))
    })?;
    if rows.is_empty() && skip > 0 {
        total = count(conn, condition)?;
    }
    Ok((rows, total))
}

/// How many entries fit.
pub fn count(conn: &Conn, condition: &Condition) -> Result<i64, DbError> {
    let mut sql = String::from("SELECT COUNT(*) FROM user_logs WHERE ");
    let mut values = Vec::new();
    condition.write(&mut sql, &mut values);
    conn.count(&sql, &values)
}

/// Unties the entries of an account that is about to be deleted.
pub(crate) fn forget_user(tx: &Tx<'_>, user: UserId) -> Result<usize, DbError> {
    tx.execute(
        "UPDATE user_logs SET user_id = NULL WHERE user_id = ?",
        &params![user],
    )
}

/// Unties the entries of a repository that is about to be deleted.
pub(crate) fn forget_repository(tx: &Tx<'_>, repository: RepoId) -> Result<usize, DbError> {
    tx.execute(
        "UPDATE user_logs SET repository_id = NULL WHERE repository_id = ?",
        &params![repository],
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestDb;

    fn add(tx: &Tx<'_>, user: Option<UserId>, repository: Option<RepoId>, action: &str) {
        let new = NewLogEntry {
            user,
            username: &"Ärger".into(),
            repository,
            repository_name: "x_%/name",
            user_ip: "::1",
            action,
        };
        insert(tx, &new).unwrap();
    }

    #[test]
    fn conditions_choose_entries() {
        use Condition::{About, AboutExisting, AboutNone, All, Any, Before, By, Fits, Not, Since};
        let test = TestDb::kallithea();
        let before = test.read(|conn| count(conn, &All(Vec::new())));
        test.write(|tx| {
            add(tx, Some(UserId(3)), Some(RepoId(1)), "push:a");
            add(tx, None, None, "unheard:of");
            Ok(())
        });
        let ours = || Fits(Field::Repository, "X_%/*".to_owned());
        let found = |condition: Condition| {
            let condition = All(vec![ours(), condition]);
            let entries = test.read(|conn| find(conn, &condition, 0, 10));
            let counted = test.read(|conn| count(conn, &condition));
            assert_eq!(counted, entries.len() as i64);
            let words = entries.iter().map(|entry| entry.action[..1].to_owned());
            words.collect::<String>()
        };
        assert_eq!(found(All(Vec::new())), "up");
        assert_eq!(found(Any(Vec::new())), "");
        assert_eq!(found(Fits(Field::Username, "äRGER".into())), "up");
        assert_eq!(found(Fits(Field::Action, "PUSH:*".into())), "p");
        assert_eq!(found(Fits(Field::Action, "push".into())), "");
        assert_eq!(found(Fits(Field::Address, "*:1".into())), "up");
        assert_eq!(found(About(vec![RepoId(1), RepoId(99)])), "p");
        assert_eq!(found(Not(Box::new(About(vec![RepoId(1)])))), "u");
        assert_eq!(found(AboutNone), "u");
        assert_eq!(found(AboutExisting), "p");
        assert_eq!(found(By(vec![UserId(3)])), "p");
        assert_eq!(found(Not(Box::new(By(vec![UserId(3)])))), "u");
        assert_eq!(found(About(Vec::new())), "");
        assert_eq!(found(Since(LocalTime::EPOCH)), "up");
        assert_eq!(found(Before(LocalTime::EPOCH)), "");
        assert_eq!(
            test.read(|conn| find(conn, &ours(), 1, 10)).len(),
            1,
            "the second page"
        );
        assert_eq!(test.read(|conn| count(conn, &All(Vec::new()))), before + 2);
    }

    #[test]
    fn the_newest_entries_come_first() {
        let test = TestDb::kallithea();
        let id = test.write(|tx| {
            insert(
                tx,
                &NewLogEntry {
                    user: Some(UserId(3)),
                    username: &"alice".into(),
                    repository: Some(RepoId(1)),
                    repository_name: "tools/hgtool",
                    user_ip: "::1",
                    action: "pull",
                },
            )
        });
        let entries = test.read(|conn| recent_of_repository(conn, RepoId(1), 5));
        assert_eq!(
            (entries.len(), entries[0].id, entries[0].user),
            (5, id, Some(UserId(3)))
        );
        assert_eq!(
            (entries[0].action.as_str(), entries[0].user_ip.as_deref()),
            ("pull", Some("::1"))
        );
        assert_eq!(entries[0].username.as_str(), "alice");
        assert!(entries.is_sorted_by(|newer, older| newer.date >= older.date));
        assert!(
            entries
                .iter()
                .all(|entry| entry.repository_name.as_str() == "tools/hgtool")
        );
    }
}
