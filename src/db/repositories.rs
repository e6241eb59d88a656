//! `repositories`: every repository by its full path. The table mirrors what lies on disk; `group_id` and the path
//! always agree.

use std::collections::HashMap;

use crate::conn::{Column, Conn, FromColumn, Row, Tx, Value, params, placeholders};
use crate::error::DbError;
use crate::ids::{CloneUri, GroupId, RepoId, RepoName, UserId};
use crate::time::LocalTime;
use crate::value::contains;
use crate::{
    changeset_comments, changeset_statuses, pull_requests, repo_to_perm, repositories_fields,
    statistics, user_followings, user_logs, users, users_group_repo_to_perm,
};

/// `repo_type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RepoType {
    /// `hg`
    Mercurial,
    /// `git`
    Git,
    /// Something that neither program knows. Never written.
    Unknown,
}

impl RepoType {
    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mercurial => "hg",
            Self::Git => "git",
            Self::Unknown => "unknown",
        }
    }
}

impl FromColumn for RepoType {
    fn from_column(column: Column<'_>) -> Self {
        match String::from_column(column).as_str() {
            "hg" => Self::Mercurial,
            "git" => Self::Git,
            _ => Self::Unknown,
        }
    }
}

/// `repo_state`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RepoState {
    /// Being made: there is a row but perhaps not yet a directory.
    Pending,
    /// Ready.
    Created,
    /// Known to both programs, written by neither.
    Error,
}

impl RepoState {
    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "repo_state_pending",
            Self::Created => "repo_state_created",
            Self::Error => "repo_state_error",
        }
    }
}

impl FromColumn for RepoState {
    /// Rows of old databases without a state are ready.
    fn from_column(column: Column<'_>) -> Self {
        match String::from_column(column).as_str() {
            "repo_state_pending" => Self::Pending,
            "repo_state_error" => Self::Error,
            _ => Self::Created,
        }
    }
}

/// One repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository {
    /// `repo_id`
    pub id: RepoId,
    /// `repo_name`
    pub name: RepoName,
    /// `repo_state`
    pub state: RepoState,
    /// `clone_uri`: where it is pulled from.
    pub clone_uri: Option<CloneUri>,
    /// `repo_type`
    pub repo_type: RepoType,
    /// `user_id`
    pub owner: UserId,
    /// `private`: the base level does not count.
    pub private: bool,
    /// `statistics`: whether they are shown.
    pub statistics: bool,
    /// `downloads`: whether archives are offered.
    pub downloads: bool,
    /// `description`
    pub description: String,
    /// `created_on`
    pub created_on: LocalTime,
    /// `updated_on`: the date of the tip changeset, not of a change of this row.
    pub updated_on: LocalTime,
    /// `landing_revision`, `<kind>:<name>`; a text without colon is of kind `rev`.
    pub landing_revision: String,
    /// `changeset_cache`: a JSON object that describes the tip; missing or nonsense means an empty repository.
    pub changeset_cache: Option<Vec<u8>>,
    /// `fork_id`: the repository it was forked from.
    pub fork_of: Option<RepoId>,
    /// `group_id`; none at top level.
    pub group: Option<GroupId>,
}

/// What a new repository is made of; it is created now.
#[derive(Clone, Debug)]
pub struct NewRepository<'a> {
    /// `repo_name`
    pub name: &'a RepoName,
    /// `repo_state`
    pub state: RepoState,
    /// `repo_type`
    pub repo_type: RepoType,
    /// `fork_id`
    pub fork_of: Option<RepoId>,
    /// `group_id`
    pub group: Option<GroupId>,
    /// All that can be changed later.
    pub settings: RepositorySettings<'a>,
}

/// The columns that the settings form changes.
#[derive(Clone, Debug)]
pub struct RepositorySettings<'a> {
    /// `user_id`
    pub owner: UserId,
    /// `clone_uri`
    pub clone_uri: Option<&'a CloneUri>,
    /// `private`
    pub private: bool,
    /// `statistics`
    pub statistics: bool,
    /// `downloads`
    pub downloads: bool,
    /// `description`
    pub description: &'a str,
    /// `landing_revision`
    pub landing_revision: &'a str,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT repo_id, repo_name, repo_state, clone_uri, repo_type, user_id, private, statistics, downloads, ",
            "description, created_on, updated_on, landing_revision, changeset_cache, fork_id, group_id ",
            "FROM repositories ",
            $rest
        )
    };
}

pub(crate) fn row(row: &Row<'_>) -> Repository {
    Repository {
        id: row.take(),
        name: row.take(),
        state: row.take(),
        clone_uri: row.take(),
        repo_type: row.take(),
        owner: row.take(),
        private: row.take(),
        statistics: row.take(),
        downloads: row.take(),
        description: row.take(),
        created_on: row.take(),
        updated_on: row.take(),
        landing_revision: row.take(),
        changeset_cache: row.take(),
        fork_of: row.take(),
        group: row.take(),
    }
}

/// Letter by letter, whatever order of words the database follows.
fn by_path(mut rows: Vec<Repository>) -> Vec<Repository> {
    rows.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    rows
}

/// The repository with this id.
pub fn by_id(conn: &Conn, id: RepoId) -> Result<Option<Repository>, DbError> {
    conn.query_one(select!("WHERE repo_id = ?"), &params![id], row)
}

/// The repository at exactly this path.
pub fn by_name(conn: &Conn, name: &RepoName) -> Result<Option<Repository>, DbError> {
    conn.query_one(select!("WHERE repo_name = ?"), &params![name], row)
}

/// The repository with the longest path among these, which are the beginnings of a URL.
pub fn longest_of(conn: &Conn, candidates: &[RepoName]) -> Result<Option<Repository>, DbError> {
    if candidates.is_empty() {
        return Ok(None);
    }
    let sql = format!(
        concat!(
            select!("WHERE repo_name IN ({}) "),
            "ORDER BY length(repo_name) DESC LIMIT 1"
        ),
        placeholders(candidates.len())
    );
    let names: Vec<Value<'_>> = candidates.iter().map(Into::into).collect();
    conn.query_one(&sql, &names, row)
}

/// The repositories directly in a group, or those at top level, by path.
pub fn in_group(conn: &Conn, group: Option<GroupId>) -> Result<Vec<Repository>, DbError> {
    let found = match group {
        Some(group) => conn.query(select!("WHERE group_id = ?"), &params![group], row),
        None => conn.query(select!("WHERE group_id IS NULL"), &[], row),
    }?;
    Ok(by_path(found))
}

/// All repositories by path.
pub fn all(conn: &Conn) -> Result<Vec<Repository>, DbError> {
    conn.query(select!(""), &[], row).map(by_path)
}

/// These repositories with their owners, by path, and whether somebody follows them. An owner who is gone is none.
pub fn with_owners(
    conn: &Conn,
    ids: &[RepoId],
    follower: Option<UserId>,
) -> Result<Vec<(Repository, Option<users::User>, bool)>, DbError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT r.repo_id, r.repo_name, r.repo_state, r.clone_uri, r.repo_type, r.user_id, r.private, r.statistics, \
         r.downloads, r.description, r.created_on, r.updated_on, r.landing_revision, r.changeset_cache, r.fork_id, \
         r.group_id, {}, \
         (SELECT COUNT(*) FROM user_followings f WHERE f.follows_repository_id = r.repo_id AND f.user_id = ?) \
         FROM repositories r LEFT JOIN users u ON u.user_id = r.user_id WHERE r.repo_id IN ({})",
        users::COLUMNS,
        placeholders(ids.len())
    );
    let follower = std::iter::once(follower.unwrap_or(UserId(0)).into());
    let values: Vec<Value<'_>> = follower.chain(ids.iter().map(|id| (*id).into())).collect();
    let mut found = conn.query(&sql, &values, |found| {
        let repository = row(found);
        let owner = users::row(found);
        (
            repository,
            Some(owner).filter(|owner| owner.id != UserId(0)),
            found.take::<i64>() > 0,
        )
    })?;
    found.sort_by(|(a, ..), (b, ..)| a.name.cmp(&b.name));
    Ok(found)
}

/// The repositories whose description holds a text, in any case.
pub fn described_with(conn: &Conn, text: &str) -> Result<Vec<RepoId>, DbError> {
    conn.query(
        "SELECT repo_id FROM repositories WHERE lower(description) LIKE lower(?) ESCAPE '!'",
        &params![contains(text)],
        |row| row.take(),
    )
}

/// When each repository last changed, as it was noted at the last push.
pub fn last_changes(conn: &Conn) -> Result<HashMap<RepoId, LocalTime>, DbError> {
    let sql = "SELECT repo_id, updated_on FROM repositories";
    let rows = conn.query(sql, &[], |row| (row.take(), row.take()))?;
    Ok(rows.into_iter().collect())
}

/// How many repositories there are.
pub fn count(conn: &Conn) -> Result<i64, DbError> {
    conn.count("SELECT COUNT(*) FROM repositories", &[])
}

/// Whether a path is taken, in any case.
pub fn is_name_taken(conn: &Conn, name: &RepoName) -> Result<bool, DbError> {
    conn.exists(
        "SELECT 1 FROM repositories WHERE lower(repo_name) = lower(?)",
        &params![name],
    )
}

/// The forks of a repository, by path.
pub fn forks(conn: &Conn, id: RepoId) -> Result<Vec<Repository>, DbError> {
    let forks = conn.query(select!("WHERE fork_id = ?"), &params![id], row)?;
    Ok(by_path(forks))
}

/// Every fork with what it is a fork of.
pub fn fork_pairs(conn: &Conn) -> Result<Vec<(RepoId, RepoId)>, DbError> {
    conn.query(
        "SELECT repo_id, fork_id FROM repositories WHERE fork_id IS NOT NULL ORDER BY repo_id",
        &params![],
        |row| (row.take::<RepoId>(), row.take::<RepoId>()),
    )
}

/// How many forks a repository has.
pub fn count_forks(conn: &Conn, id: RepoId) -> Result<i64, DbError> {
    conn.count(
        "SELECT COUNT(*) FROM repositories WHERE fork_id = ?",
        &params![id],
    )
}

/// Makes the forks of a repository stand for themselves.
pub fn detach_forks(tx: &Tx<'_>, id: RepoId) -> Result<usize, DbError> {
    tx.execute(
        "UPDATE repositories SET fork_id = NULL WHERE fork_id = ?",
        &params![id],
    )
}

/// Makes a repository. Its permissions are rows of their own, see [`repo_to_perm::grant`].
pub fn insert(tx: &Tx<'_>, new: &NewRepository<'_>) -> Result<RepoId, DbError> {
    let now = LocalTime::now();
    let settings = &new.settings;
    tx.insert(
        "repositories",
        "repo_id",
        &[
            ("repo_name", new.name.into()),
            ("repo_state", new.state.as_str().into()),
            ("clone_uri", settings.clone_uri.into()),
            ("repo_type", new.repo_type.as_str().into()),
            ("user_id", settings.owner.into()),
            ("private", settings.private.into()),
            ("statistics", settings.statistics.into()),
            ("downloads", settings.downloads.into()),
            ("description", settings.description.into()),
            ("created_on", now.into()),
            ("updated_on", now.into()),
            ("landing_revision", settings.landing_revision.into()),
            ("fork_id", new.fork_of.into()),
            ("group_id", new.group.into()),
        ],
    )
    .map(RepoId)
}

/// Changes what the settings form changes.
pub fn update(tx: &Tx<'_>, id: RepoId, settings: &RepositorySettings<'_>) -> Result<bool, DbError> {
    let changed = tx.execute(
        "UPDATE repositories SET user_id = ?, clone_uri = ?, private = ?, statistics = ?, downloads = ?, \
         description = ?, landing_revision = ? WHERE repo_id = ?",
        &params![
            settings.owner,
            settings.clone_uri,
            settings.private,
            settings.statistics,
            settings.downloads,
            settings.description,
            settings.landing_revision,
            id
        ],
    )?;
    Ok(changed > 0)
}

/// Gives a repository another path, in this group.
pub fn rename(
    tx: &Tx<'_>,
    id: RepoId,
    name: &RepoName,
    group: Option<GroupId>,
) -> Result<bool, DbError> {
    let sql = "UPDATE repositories SET repo_name = ?, group_id = ? WHERE repo_id = ?";
    Ok(tx.execute(sql, &params![name, group, id])? > 0)
}

/// Sets the state.
pub fn set_state(tx: &Tx<'_>, id: RepoId, state: RepoState) -> Result<bool, DbError> {
    let sql = "UPDATE repositories SET repo_state = ? WHERE repo_id = ?";
    Ok(tx.execute(sql, &params![state.as_str(), id])? > 0)
}

/// Changes where it is pulled from.
pub fn set_clone_uri(tx: &Tx<'_>, id: RepoId, uri: Option<&CloneUri>) -> Result<bool, DbError> {
    let sql = "UPDATE repositories SET clone_uri = ? WHERE repo_id = ?";
    Ok(tx.execute(sql, &params![uri, id])? > 0)
}

/// Keeps the description of the tip changeset (a JSON object as bytes) and its date.
pub fn set_changeset_cache(
    tx: &Tx<'_>,
    id: RepoId,
    changeset_cache: &[u8],
    updated_on: LocalTime,
) -> Result<bool, DbError> {
    let sql = "UPDATE repositories SET changeset_cache = ?, updated_on = ? WHERE repo_id = ?";
    Ok(tx.execute(sql, &params![changeset_cache, updated_on, id])? > 0)
}

/// Whether a tip changeset is kept; until the first push there is none, as in the original.
pub fn has_changeset_cache(conn: &Conn, id: RepoId) -> Result<bool, DbError> {
    conn.exists(
        "SELECT 1 FROM repositories WHERE repo_id = ? AND changeset_cache IS NOT NULL",
        &params![id],
    )
}

/// Deletes a repository and all that hangs on it; the journal keeps its name. Forks must have been dealt with; any
/// that is left is detached.
pub fn delete(tx: &Tx<'_>, id: RepoId) -> Result<bool, DbError> {
    detach_forks(tx, id)?;
    repo_to_perm::delete_of_repository(tx, id)?;
    users_group_repo_to_perm::delete_of_repository(tx, id)?;
    statistics::delete_of_repository(tx, id)?;
    repositories_fields::delete_of_repository(tx, id)?;
    user_followings::delete_of_repository(tx, id)?;
    for pull_request in pull_requests::of_repository(tx, id)? {
        pull_requests::delete(tx, pull_request)?;
    }
    changeset_comments::delete_of_repository(tx, id)?;
    changeset_statuses::delete_of_repository(tx, id)?;
    user_logs::forget_repository(tx, id)?;
    Ok(tx.execute("DELETE FROM repositories WHERE repo_id = ?", &params![id])? > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{TestDb, dangling};

    fn names(repositories: &[Repository]) -> Vec<&str> {
        repositories
            .iter()
            .map(|repository| repository.name.as_str())
            .collect()
    }

    fn settings() -> RepositorySettings<'static> {
        RepositorySettings {
            owner: UserId(3),
            clone_uri: None,
            private: false,
            statistics: false,
            downloads: true,
            description: "a description",
            landing_revision: "rev:tip",
        }
    }

    fn new<'a>(name: &'a RepoName, group: Option<GroupId>) -> NewRepository<'a> {
        NewRepository {
            name,
            state: RepoState::Pending,
            repo_type: RepoType::Git,
            fork_of: None,
            group,
            settings: settings(),
        }
    }

    #[test]
    fn a_real_repository_is_read_in_full() {
        let test = TestDb::kallithea();
        let fork = test
            .read(|conn| by_name(conn, &"bob-hgtool".into()))
            .unwrap();
        assert_eq!(
            (fork.id, fork.owner, fork.fork_of, fork.group),
            (RepoId(10), UserId(4), Some(RepoId(1)), None)
        );
        assert_eq!(
            (fork.repo_type, fork.state),
            (RepoType::Mercurial, RepoState::Created)
        );
        assert_eq!(fork.landing_revision, "rev:tip");
        assert!(fork.clone_uri.is_some() && !fork.private);
        let cache: serde_json::Value =
            serde_json::from_slice(&fork.changeset_cache.unwrap()).unwrap();
        assert_eq!(cache["raw_id"].as_str().map(str::len), Some(40));
        let hidden = test.read(|conn| by_id(conn, RepoId(5))).unwrap();
        assert_eq!(
            (hidden.name.as_str(), hidden.private, hidden.repo_type),
            ("secret/hidden", true, RepoType::Git)
        );
        assert_eq!(hidden.group, Some(GroupId(5)));
        assert_eq!(test.read(|conn| by_id(conn, RepoId(8))), None);
    }

    #[test]
    fn lists_follow_the_groups() {
        let test = TestDb::kallithea();
        assert_eq!(test.read(count), 11);
        assert_eq!(test.read(all).len(), 11);
        let top = test.read(|conn| in_group(conn, None));
        assert_eq!(
            names(&top),
            [
                "alice-sandbox-git",
                "bob-hgtool",
                "empty-git",
                "made-by-ui",
                "sandbox-git",
                "sandbox-hg"
            ]
        );
        let tools = test
            .read(|conn| crate::groups::by_name(conn, &"tools".into()))
            .unwrap();
        assert_eq!(
            names(&test.read(|conn| in_group(conn, Some(tools.id)))),
            ["tools/hgtool"]
        );
    }

    #[test]
    fn the_longest_path_is_found() {
        let test = TestDb::kallithea();
        let longest = |path: &str| {
            let beginnings: Vec<RepoName> = path
                .match_indices('/')
                .map(|(end, _)| &path[..end])
                .chain([path])
                .map(RepoName::from)
                .collect();
            test.read(|conn| longest_of(conn, &beginnings))
                .map(|repository| repository.name.into_string())
        };
        assert_eq!(
            longest("tools/hgtool/files/tip/a/b/c").as_deref(),
            Some("tools/hgtool")
        );
        assert_eq!(
            longest("tools/backend/deep/empty").as_deref(),
            Some("tools/backend/deep/empty")
        );
        assert_eq!(longest("tools/backend"), None);
        assert_eq!(test.read(|conn| longest_of(conn, &[])), None);
        // A repository within another cannot be made any more, but was once possible.
        test.write(|tx| insert(tx, &new(&"tools/hgtool/files".into(), None)));
        assert_eq!(
            longest("tools/hgtool/files/tip/a/b/c").as_deref(),
            Some("tools/hgtool/files")
        );
    }

    #[test]
    fn a_path_is_taken_in_any_case() {
        let test = TestDb::kallithea();
        let taken = |name: &str| test.read(|conn| is_name_taken(conn, &name.into()));
        assert!(
            taken("Sandbox-HG") && taken("sandbox-hg") && !taken("sandbox_hg") && !taken("sandbox")
        );
        let twice = test
            .db
            .write(|tx| insert(tx, &new(&"sandbox-hg".into(), None)));
        assert!(twice.unwrap_err().is_unique_violation());
    }

    #[test]
    fn changes_are_kept() {
        let test = TestDb::kallithea();
        let id = test.write(|tx| insert(tx, &new(&"tools/new".into(), Some(GroupId(1)))));
        let made = test.read(|conn| by_id(conn, id)).unwrap();
        assert_eq!(
            (made.state, made.repo_type, made.group),
            (RepoState::Pending, RepoType::Git, Some(GroupId(1)))
        );
        assert_eq!(
            (made.owner, made.description.as_str(), made.downloads),
            (UserId(3), "a description", true)
        );
        assert_eq!(made.changeset_cache, None);

        let time: LocalTime = "2026-11-22 01:02:03".parse().unwrap();
        let uri = CloneUri::from("https://example.com/x");
        test.write(|tx| {
            assert!(set_state(tx, id, RepoState::Created)?);
            assert!(rename(tx, id, &"renamed".into(), None)?);
            assert!(set_changeset_cache(tx, id, b"{}", time)?);
            assert!(update(
                tx,
                id,
                &RepositorySettings {
                    private: true,
                    owner: UserId(4),
                    clone_uri: Some(&uri),
                    ..settings()
                }
            )?);
            Ok(())
        });
        let changed = test.read(|conn| by_name(conn, &"renamed".into())).unwrap();
        let wanted = Repository {
            name: "renamed".into(),
            group: None,
            state: RepoState::Created,
            changeset_cache: Some(b"{}".to_vec()),
            updated_on: time,
            private: true,
            owner: UserId(4),
            clone_uri: Some(uri),
            ..made
        };
        assert_eq!(changed, wanted);
        // Text in this column would make the original fail, and only SQLite would take it.
        let kind =
            "SELECT 1 FROM repositories WHERE repo_id = ? AND typeof(changeset_cache) = 'blob'";
        assert!(
            test.engine() != crate::Engine::Sqlite
                || test.read(|conn| conn.exists(kind, &params![id]))
        );
    }

    #[test]
    fn every_repository_can_be_deleted_and_leaves_nothing_behind() {
        let test = TestDb::kallithea();
        let entries = "SELECT COUNT(*) FROM user_logs WHERE repository_name <> ''";
        let before = test.read(|conn| conn.count(entries, &[]));
        assert_eq!(test.read(|conn| count_forks(conn, RepoId(1))), 1);
        assert_eq!(
            names(&test.read(|conn| forks(conn, RepoId(1)))),
            ["bob-hgtool"]
        );
        for repository in test.read(all) {
            assert!(
                test.write(|tx| delete(tx, repository.id)),
                "{:?}",
                repository.name
            );
            assert_eq!(
                test.read(dangling),
                Vec::<String>::new(),
                "after {:?}",
                repository.name
            );
        }
        assert_eq!(test.read(count), 0);
        assert_eq!(
            test.read(|conn| conn.count(entries, &[])),
            before,
            "the journal keeps the names"
        );
        for table in [
            "repo_to_perm",
            "users_group_repo_to_perm",
            "repositories_fields",
            "statistics",
            "pull_requests",
            "pull_request_reviewers",
            "changeset_comments",
            "changeset_statuses",
        ] {
            assert_eq!(
                test.read(|conn| conn.count(&format!("SELECT COUNT(*) FROM {table}"), &[])),
                0,
                "{table}"
            );
        }
    }

    #[test]
    fn deleting_one_repository_spares_the_others() {
        let test = TestDb::kallithea();
        let rows = |table: &str| {
            test.read(|conn| conn.count(&format!("SELECT COUNT(*) FROM {table}"), &[]))
        };
        let before = (
            rows("pull_requests"),
            rows("changeset_comments"),
            rows("repo_to_perm"),
            rows("user_followings"),
        );
        // Never pushed to, nothing said about it: only its base row, and its owner follows it.
        let followers = test.read(|conn| user_followings::count_followers(conn, RepoId(7)));
        test.write(|tx| delete(tx, RepoId(7)));
        let after = (
            rows("pull_requests"),
            rows("changeset_comments"),
            rows("repo_to_perm"),
            rows("user_followings"),
        );
        assert_eq!(
            after,
            (before.0, before.1, before.2 - 1, before.3 - followers)
        );
    }
}
