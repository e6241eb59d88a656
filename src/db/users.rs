//! `users`: accounts. The account of anonymous visitors is the one named `default`, whatever its id.

use std::collections::BTreeMap;

use crate::conn::{Conn, Row, Tx, Value, params, placeholders};
use crate::error::DbError;
use crate::ids::{ApiKey, DEFAULT_USER, PasswordHash, RepoId, UserGroupId, UserId, Username};
use crate::time::LocalTime;
use crate::value::contains;
use crate::{
    changeset_comments, leftovers, pull_request_reviewers, repo_to_perm, sessions, user_api_keys,
    user_email_map, user_followings, user_ip_map, user_logs, user_repo_group_to_perm,
    user_ssh_keys, user_to_perm, user_user_group_to_perm, users_groups_members,
};

/// One account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// `user_id`
    pub id: UserId,
    /// `username`
    pub username: Username,
    /// `password`
    pub password: PasswordHash,
    /// `active`
    pub active: bool,
    /// `admin`: may do everything.
    pub admin: bool,
    /// `firstname`
    pub firstname: String,
    /// `lastname`
    pub lastname: String,
    /// `email`, lower case in rows written by Kallithea.
    pub email: Option<String>,
    /// `last_login`
    pub last_login: Option<LocalTime>,
    /// `extern_type`: the auth plugin that the account belongs to; none means the first that accepts it.
    pub extern_type: Option<String>,
    /// `extern_name`: the account's name there.
    pub extern_name: Option<String>,
    /// `api_key`
    pub api_key: ApiKey,
    /// `created_on`
    pub created_on: LocalTime,
}

impl User {
    /// Whether this is the account of anonymous visitors.
    pub fn is_default(&self) -> bool {
        self.username.as_str() == DEFAULT_USER
    }
}

/// What a new account is made of; it is created now.
#[derive(Clone, Debug)]
pub struct NewUser<'a> {
    /// `username`
    pub username: &'a Username,
    /// `password`
    pub password: &'a PasswordHash,
    /// `active`
    pub active: bool,
    /// `admin`
    pub admin: bool,
    /// `firstname`
    pub firstname: &'a str,
    /// `lastname`
    pub lastname: &'a str,
    /// `email`; stored in lower case, empty as none.
    pub email: Option<&'a str>,
    /// `extern_type`
    pub extern_type: Option<&'a str>,
    /// `extern_name`
    pub extern_name: Option<&'a str>,
    /// `api_key`, 40 hexadecimal digits.
    pub api_key: &'a ApiKey,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT u.user_id, u.username, u.password, u.active, u.\"admin\", u.firstname, u.lastname, u.email, ",
            "u.last_login, u.extern_type, u.extern_name, u.api_key, u.created_on FROM users u ",
            $rest
        )
    };
}

/// The columns of an account, in the order in which [`row`] takes them.
pub(crate) const COLUMNS: &str = "u.user_id, u.username, u.password, u.active, u.\"admin\", u.firstname, u.lastname, \
     u.email, u.last_login, u.extern_type, u.extern_name, u.api_key, u.created_on";

pub(crate) fn row(row: &Row<'_>) -> User {
    User {
        id: row.take(),
        username: row.take(),
        password: row.take(),
        active: row.take(),
        admin: row.take(),
        firstname: row.take(),
        lastname: row.take(),
        email: row.take(),
        last_login: row.take(),
        extern_type: row.take(),
        extern_name: row.take(),
        api_key: row.take(),
        created_on: row.take(),
    }
}

/// The account with this id.
pub fn by_id(conn: &Conn, id: UserId) -> Result<Option<User>, DbError> {
    conn.query_one(select!("WHERE u.user_id = ?"), &params![id], row)
}

/// More ids than this are not put into one statement.
const MOST_IDS: usize = 500;

/// These accounts, in one statement as long as there are not very many; those that are gone are missing.
pub fn by_ids(conn: &Conn, ids: &[UserId]) -> Result<Vec<User>, DbError> {
    let mut found = Vec::with_capacity(ids.len());
    for ids in ids.chunks(MOST_IDS) {
        let sql = format!(
            "{} WHERE u.user_id IN ({})",
            select!(""),
            placeholders(ids.len())
        );
        let values: Vec<Value<'_>> = ids.iter().map(|id| Value::from(*id)).collect();
        found.extend(conn.query(&sql, &values, row)?);
    }
    Ok(found)
}

/// The names of these accounts, likewise.
pub fn names_of(conn: &Conn, ids: &[UserId]) -> Result<BTreeMap<UserId, Username>, DbError> {
    if ids.len() > MOST_IDS {
        let mut all = names(conn)?;
        all.retain(|id, _| ids.contains(id));
        return Ok(all);
    }
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let sql = format!(
        "SELECT user_id, username FROM users WHERE user_id IN ({})",
        placeholders(ids.len())
    );
    let values: Vec<Value<'_>> = ids.iter().map(|id| Value::from(*id)).collect();
    let rows = conn.query(&sql, &values, |row| (row.take(), row.take()))?;
    Ok(rows.into_iter().collect())
}

/// The account that a key opens, its own or an extra one that has not expired, with the key as it is stored and the
/// networks of the lists that hold for it. Should several accounts have the key for their own, none.
pub fn opened_by(
    conn: &Conn,
    key: &ApiKey,
    now: f64,
) -> Result<Option<(User, ApiKey, Vec<String>)>, DbError> {
    if key.as_str().is_empty() {
        return Ok(None);
    }
    let sql = format!(
        "SELECT {COLUMNS}, k.api_key, i.ip_addr FROM users u \
         LEFT JOIN user_api_keys k ON k.user_id = u.user_id AND k.api_key = ? AND (k.expires = ? OR k.expires >= ?) \
         LEFT JOIN user_ip_map i ON i.user_id = u.user_id \
         OR i.user_id IN (SELECT d.user_id FROM users d WHERE d.username = ?) \
         WHERE u.api_key = ? OR k.api_key IS NOT NULL ORDER BY u.user_id, i.ip_id"
    );
    let values = params![key, user_api_keys::NEVER, now, DEFAULT_USER, key];
    let rows: Vec<(User, Option<ApiKey>, Option<String>)> = conn.query(&sql, &values, |found| {
        (row(found), found.take(), found.take())
    })?;
    // Some engines do not see the case of letters: whose key it is, is told by the exact text.
    let own: Vec<&User> = rows
        .iter()
        .map(|(user, ..)| user)
        .filter(|user| user.api_key == *key)
        .collect();
    let alone = own.iter().all(|user| user.id == own[0].id);
    let opened = match own.first() {
        Some(user) if alone => Some((user.id, user.api_key.clone())),
        _ => rows.iter().find_map(|(user, extra, _)| {
            let extra = extra.as_ref().filter(|extra| *extra == key)?;
            Some((user.id, extra.clone()))
        }),
    };
    let Some((id, stored)) = opened else {
        return Ok(None);
    };
    let mut networks: Vec<String> = Vec::new();
    let mut account = None;
    for (user, _, network) in rows {
        if user.id == id {
            networks.extend(network);
            account = Some(user);
        }
    }
    Ok(account.map(|account| (account, stored, networks)))
}

/// Who a request may be about, in one statement: each account with the networks that stand in its own list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arriving {
    /// The account with the id that was asked for.
    pub user: Option<User>,
    /// The account of anonymous visitors.
    pub default: Option<User>,
    /// The networks of both.
    pub networks: Vec<(UserId, String)>,
    /// Whether there is any administrator.
    pub has_admin: bool,
}

/// Reads who a request may be about.
pub fn arriving(conn: &Conn, id: Option<UserId>) -> Result<Arriving, DbError> {
    let sql = format!(
        "SELECT {COLUMNS}, i.ip_addr FROM users u LEFT JOIN user_ip_map i ON i.user_id = u.user_id \
         WHERE u.user_id = ? OR u.username = ? \
         OR u.user_id = (SELECT MIN(a.user_id) FROM users a WHERE a.\"admin\" = ?) ORDER BY u.user_id, i.ip_id"
    );
    let rows: Vec<(User, Option<String>)> =
        conn.query(&sql, &params![id, DEFAULT_USER, true], |found| {
            (row(found), found.take())
        })?;
    let mut arriving = Arriving::default();
    for (user, network) in rows {
        arriving.has_admin |= user.admin;
        let wanted = Some(user.id) == id;
        // The oldest of several, as everywhere.
        let default = user.is_default()
            && arriving
                .default
                .as_ref()
                .is_none_or(|known| known.id == user.id);
        if wanted || default {
            arriving
                .networks
                .extend(network.map(|network| (user.id, network)));
        }
        if default {
            arriving.default = Some(user.clone());
        }
        if wanted {
            arriving.user = Some(user);
        }
    }
    Ok(arriving)
}

/// The account with exactly this name, as permission forms and the API look it up.
pub fn by_username(conn: &Conn, name: &Username) -> Result<Option<User>, DbError> {
    conn.query_one(select!("WHERE u.username = ?"), &params![name], row)
}

/// The account with this name in any case, as the login form and mentions look it up. Should two names differ in case
/// only, the exact one is meant, else the older one.
pub fn by_username_in_any_case(conn: &Conn, name: &Username) -> Result<Option<User>, DbError> {
    conn.query_one(
        select!(
            "WHERE lower(u.username) = lower(?) ORDER BY CASE WHEN u.username = ? THEN 0 ELSE 1 END, u.user_id"
        ),
        &params![name, name],
        row,
    )
}

/// The account with this main or extra e-mail address, in any case. A main address goes before an extra one. Whoever
/// writes to the account must use the address found in the row and never the one asked for: letters that look and
/// are different (the Kelvin sign and `K`) have the same lower case.
pub fn by_email(conn: &Conn, email: &str) -> Result<Option<User>, DbError> {
    if email.is_empty() {
        return Ok(None);
    }
    match by_main_email(conn, email)? {
        Some(user) => Ok(Some(user)),
        None => user_email_map::owner(conn, email)?.map_or(Ok(None), |id| by_id(conn, id)),
    }
}

/// The names of the accounts that have one of these addresses, main or extra, in any case: address in lower case and user
/// name. Where several have it, a main address goes before an extra one. `emails` are in lower case.
pub fn names_by_email(
    conn: &Conn,
    emails: &[String],
) -> Result<BTreeMap<String, Username>, DbError> {
    if emails.is_empty() {
        return Ok(BTreeMap::new());
    }
    let places = placeholders(emails.len());
    let sql = format!(
        "SELECT lower(m.email), u.username FROM user_email_map m JOIN users u ON u.user_id = m.user_id \
         WHERE lower(m.email) IN ({places}) \
         UNION ALL SELECT lower(email), username FROM users WHERE lower(email) IN ({places})"
    );
    let values: Vec<_> = emails.iter().chain(emails).map(Value::from).collect();
    let found = conn.query(&sql, &values, |row| (row.take(), row.take()))?;
    // Main addresses come last and replace.
    Ok(found.into_iter().collect())
}

/// The account with this main e-mail address, in any case.
pub fn by_main_email(conn: &Conn, email: &str) -> Result<Option<User>, DbError> {
    conn.query_one(
        select!("WHERE lower(u.email) = ? ORDER BY u.user_id"),
        &params![email.to_lowercase()],
        row,
    )
}

/// The account with this built-in API key. The schema does not make keys unique: if two accounts share one, it opens
/// neither.
pub fn by_api_key(conn: &Conn, key: &ApiKey) -> Result<Option<User>, DbError> {
    if key.as_str().is_empty() {
        return Ok(None);
    }
    let mut users = conn.query(select!("WHERE u.api_key = ? LIMIT 2"), &params![key], row)?;
    Ok(if users.len() == 1 { users.pop() } else { None })
}

/// The account of anonymous visitors. A database without it is not usable.
pub fn default_user(conn: &Conn) -> Result<Option<User>, DbError> {
    by_username(conn, &Username::from(DEFAULT_USER))
}

/// The administrator with the lowest id, who becomes the owner of what nobody else owns.
pub fn first_admin(conn: &Conn) -> Result<Option<User>, DbError> {
    conn.query_one(
        select!("WHERE u.\"admin\" = ? ORDER BY u.user_id"),
        &params![true],
        row,
    )
}

/// Whether there is an administrator, active or not. Without one the set-up page may make the first.
pub fn any_admin_exists(conn: &Conn) -> Result<bool, DbError> {
    conn.exists("SELECT 1 FROM users WHERE \"admin\" = ?", &params![true])
}

/// All accounts by name, without the one of anonymous visitors.
pub fn all(conn: &Conn) -> Result<Vec<User>, DbError> {
    conn.query(
        select!("WHERE u.username <> ? ORDER BY lower(u.username), u.user_id"),
        &params![DEFAULT_USER],
        row,
    )
}

/// The accounts that follow a repository and since when, in the order in which they began to.
pub fn following(conn: &Conn, repository: RepoId) -> Result<Vec<(User, LocalTime)>, DbError> {
    conn.query(
        "SELECT u.user_id, u.username, u.password, u.active, u.\"admin\", u.firstname, u.lastname, u.email, \
         u.last_login, u.extern_type, u.extern_name, u.api_key, u.created_on, f.follows_from FROM users u \
         JOIN user_followings f ON f.user_id = u.user_id WHERE f.follows_repository_id = ? \
         ORDER BY f.user_following_id",
        &params![repository],
        |found| (row(found), found.take()),
    )
}

/// The members of each of these user groups, in one statement.
pub fn members_of_all(
    conn: &Conn,
    groups: &[UserGroupId],
) -> Result<BTreeMap<UserGroupId, Vec<User>>, DbError> {
    let mut members: BTreeMap<UserGroupId, Vec<User>> = BTreeMap::new();
    for groups in groups.chunks(MOST_IDS) {
        let sql = format!(
            "SELECT {COLUMNS}, m.users_group_id FROM users u \
             JOIN users_groups_members m ON m.user_id = u.user_id WHERE m.users_group_id IN ({}) ORDER BY u.user_id",
            placeholders(groups.len())
        );
        let values: Vec<Value<'_>> = groups.iter().map(|id| Value::from(*id)).collect();
        conn.query(&sql, &values, |found| {
            let (user, group): (User, UserGroupId) = (row(found), found.take());
            let known = members.entry(group).or_default();
            // The table may hold a membership twice.
            if known.last().is_none_or(|last| last.id != user.id) {
                known.push(user);
            }
        })?;
    }
    Ok(members)
}

/// The members of a user group, each once.
pub fn members(conn: &Conn, group: UserGroupId) -> Result<Vec<User>, DbError> {
    conn.query(
        select!(
            "WHERE u.user_id IN (SELECT m.user_id FROM users_groups_members m WHERE m.users_group_id = ?) \
             ORDER BY u.user_id"
        ),
        &params![group],
        row,
    )
}

/// At most this many accounts that can sign in and whose user, first or last name holds each of the words, by name.
///
/// With `addresses` a word may also stand in the main address.
pub fn search(
    conn: &Conn,
    words: &[&str],
    addresses: bool,
    most: usize,
) -> Result<Vec<User>, DbError> {
    let mut fields = vec!["username", "firstname", "lastname"];
    if addresses {
        fields.push("email");
    }
    let any = fields
        .iter()
        .map(|field| format!("lower(u.{field}) LIKE lower(?) ESCAPE '!'"))
        .collect::<Vec<_>>()
        .join(" OR ");
    let sql = format!(
        "{} WHERE u.username <> ? AND u.active = ? {} ORDER BY lower(u.username), u.user_id LIMIT {most}",
        select!(""),
        format!("AND ({any}) ").repeat(words.len())
    );
    let patterns: Vec<String> = words.iter().map(|word| contains(word)).collect();
    let mut values = params![DEFAULT_USER, true].to_vec();
    for pattern in &patterns {
        values.extend(fields.iter().map(|_| Value::from(pattern.as_str())));
    }
    conn.query(&sql, &values, row)
}

/// The names of all accounts.
pub fn names(conn: &Conn) -> Result<BTreeMap<UserId, Username>, DbError> {
    let rows = conn.query("SELECT user_id, username FROM users", &[], |row| {
        (row.take(), row.take())
    })?;
    Ok(rows.into_iter().collect())
}

/// Makes an account.
pub fn insert(tx: &Tx<'_>, new: &NewUser<'_>) -> Result<UserId, DbError> {
    let email = new
        .email
        .map(str::to_lowercase)
        .filter(|email| !email.is_empty());
    tx.insert(
        "users",
        "user_id",
        &[
            ("username", new.username.into()),
            ("password", new.password.into()),
            ("active", new.active.into()),
            ("admin", new.admin.into()),
            ("firstname", new.firstname.into()),
            ("lastname", new.lastname.into()),
            ("email", email.into()),
            ("extern_type", new.extern_type.into()),
            ("extern_name", new.extern_name.into()),
            ("api_key", new.api_key.into()),
            ("created_on", LocalTime::now().into()),
        ],
    )
    .map(UserId)
}

/// Notes that the account logged in at this time.
pub fn set_last_login(tx: &Tx<'_>, id: UserId, time: LocalTime) -> Result<bool, DbError> {
    Ok(tx.execute(
        "UPDATE users SET last_login = ? WHERE user_id = ?",
        &params![time, id],
    )? > 0)
}

/// Changes the password.
pub fn set_password(tx: &Tx<'_>, id: UserId, password: &PasswordHash) -> Result<bool, DbError> {
    Ok(tx.execute(
        "UPDATE users SET password = ? WHERE user_id = ?",
        &params![password, id],
    )? > 0)
}

/// Lets the account in, or no more.
pub fn set_active(tx: &Tx<'_>, id: UserId, active: bool) -> Result<bool, DbError> {
    Ok(tx.execute(
        "UPDATE users SET active = ? WHERE user_id = ?",
        &params![active, id],
    )? > 0)
}

/// What can be changed about an account later, its password and key aside.
#[derive(Clone, Debug)]
pub struct UserDetails<'a> {
    /// `username`
    pub username: &'a Username,
    /// `active`
    pub active: bool,
    /// `admin`
    pub admin: bool,
    /// `firstname`
    pub firstname: &'a str,
    /// `lastname`
    pub lastname: &'a str,
    /// `email`; stored in lower case, empty as none.
    pub email: Option<&'a str>,
    /// `extern_type`
    pub extern_type: Option<&'a str>,
    /// `extern_name`
    pub extern_name: Option<&'a str>,
}

/// Changes an account.
pub fn update(tx: &Tx<'_>, id: UserId, details: &UserDetails<'_>) -> Result<bool, DbError> {
    let email = details
        .email
        .map(str::to_lowercase)
        .filter(|email| !email.is_empty());
    let changed = tx.execute(
        "UPDATE users SET username = ?, active = ?, \"admin\" = ?, firstname = ?, lastname = ?, email = ?, \
         extern_type = ?, extern_name = ? WHERE user_id = ?",
        &params![
            details.username,
            details.active,
            details.admin,
            details.firstname,
            details.lastname,
            email,
            details.extern_type,
            details.extern_name,
            id
        ],
    )?;
    Ok(changed > 0)
}

/// Replaces the built-in API key.
pub fn set_api_key(tx: &Tx<'_>, id: UserId, key: &ApiKey) -> Result<bool, DbError> {
    let sql = "UPDATE users SET api_key = ? WHERE user_id = ?";
    Ok(tx.execute(sql, &params![key, id])? > 0)
}

/// Whether there is an active administrator besides this account.
pub fn another_active_admin_exists(conn: &Conn, id: UserId) -> Result<bool, DbError> {
    conn.exists(
        "SELECT 1 FROM users WHERE \"admin\" = ? AND active = ? AND user_id <> ?",
        &params![true, true, id],
    )
}

/// The names of what belongs to an account and keeps it from being deleted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Owned {
    /// Full paths of repositories.
    pub repositories: Vec<String>,
    /// Full paths of repository groups.
    pub groups: Vec<String>,
    /// Names of user groups.
    pub user_groups: Vec<String>,
    /// Access ids of gists.
    pub gists: Vec<String>,
    /// Numbers of pull requests.
    pub pull_requests: Vec<String>,
}

/// What belongs to an account.
pub fn owned(conn: &Conn, id: UserId) -> Result<Owned, DbError> {
    let names = |sql: &str| conn.query(sql, &params![id], |row| row.take::<String>());
    Ok(Owned {
        repositories: names(
            "SELECT repo_name FROM repositories WHERE user_id = ? ORDER BY repo_name",
        )?,
        groups: names("SELECT group_name FROM \"groups\" WHERE user_id = ? ORDER BY group_name")?,
        user_groups: names(
            "SELECT users_group_name FROM users_groups WHERE user_id = ? ORDER BY users_group_name",
        )?,
        gists: names("SELECT gist_access_id FROM gists WHERE user_id = ? ORDER BY gist_id")?,
        pull_requests: names(
            "SELECT pull_request_id FROM pull_requests WHERE user_id = ? ORDER BY pull_request_id",
        )?,
    })
}

/// How many repositories, repository groups, user groups, gists and pull requests belong to the account. While there
/// are any it cannot be deleted.
pub fn count_owned(conn: &Conn, id: UserId) -> Result<i64, DbError> {
    conn.count(
        "SELECT (SELECT COUNT(*) FROM repositories WHERE user_id = ?) \
         + (SELECT COUNT(*) FROM \"groups\" WHERE user_id = ?) \
         + (SELECT COUNT(*) FROM users_groups WHERE user_id = ?) \
         + (SELECT COUNT(*) FROM gists WHERE user_id = ?) \
         + (SELECT COUNT(*) FROM pull_requests WHERE user_id = ?)",
        &params![id, id, id, id, id],
    )
}

/// Deletes an account and all that hangs on it; the journal keeps its name. Whether that is allowed (the default
/// user, [`count_owned`]) is for the caller to know.
pub fn delete(tx: &Tx<'_>, id: UserId) -> Result<bool, DbError> {
    user_to_perm::delete_of_user(tx, id)?;
    repo_to_perm::delete_of_user(tx, id)?;
    user_repo_group_to_perm::delete_of_user(tx, id)?;
    user_user_group_to_perm::delete_of_user(tx, id)?;
    users_groups_members::delete_of_user(tx, id)?;
    user_email_map::delete_of_user(tx, id)?;
    user_ip_map::delete_of_user(tx, id)?;
    user_api_keys::delete_of_user(tx, id)?;
    user_ssh_keys::delete_of_user(tx, id)?;
    user_followings::delete_of_user(tx, id)?;
    changeset_comments::delete_of_user(tx, id)?;
    pull_request_reviewers::delete_of_user(tx, id)?;
    user_logs::forget_user(tx, id)?;
    leftovers::delete_of_user(tx, id)?;
    sessions::delete_of_user(tx, id)?;
    Ok(tx.execute("DELETE FROM users WHERE user_id = ?", &params![id])? > 0)
}

#[cfg(test)]
mod tests;
