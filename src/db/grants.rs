//! What the four tables of levels on repositories and repository groups have in common: a subject (account or user
//! group), an object, a permission. Their UNIQUE constraints would allow several rows for one subject on one object;
//! we write one and read the greatest.

use std::collections::{HashMap, HashSet};

use crate::conn::{Conn, Tx, Value, params};
use crate::error::DbError;
use crate::ids::{DEFAULT_USER, PermissionName, UserId};
use crate::level::{Level, ObjectKind};
use crate::permissions;
use crate::url::Engine;

/// One of the tables, by the names of its columns.
pub(crate) struct GrantTable {
    pub(crate) table: &'static str,
    pub(crate) id: &'static str,
    pub(crate) subject: &'static str,
    pub(crate) object: &'static str,
    pub(crate) kind: ObjectKind,
}

impl GrantTable {
    /// Gives the subject this level on the object, instead of any it had.
    pub(crate) fn grant<'a>(
        &self,
        tx: &Tx<'_>,
        subject: impl Into<Value<'a>>,
        object: impl Into<Value<'a>>,
        level: Level,
    ) -> Result<(), DbError> {
        let Self {
            table,
            id,
            subject: subject_column,
            object: object_column,
            kind,
        } = self;
        let (subject, object) = (subject.into(), object.into());
        let permission = permissions::id_for_write(tx, &level.on(*kind))?;
        let rows: Vec<i64> = tx.query(
            &format!("SELECT {id} FROM {table} WHERE {subject_column} = ? AND {object_column} = ? ORDER BY {id}"),
            &[subject.clone(), object.clone()],
            |row| row.take(),
        )?;
        let Some((first, others)) = rows.split_first() else {
            let row = [
                (*subject_column, subject),
                (*object_column, object),
                ("permission_id", permission.into()),
            ];
            return tx.insert(table, id, &row).map(drop);
        };
        for other in others {
            tx.execute(
                &format!("DELETE FROM {table} WHERE {id} = ?"),
                &params![*other],
            )?;
        }
        tx.execute(
            &format!("UPDATE {table} SET permission_id = ? WHERE {id} = ?"),
            &params![permission, *first],
        )
        .map(drop)
    }

    /// Gives the subject this level on all these objects, instead of any it had. `objects` is SQL that selects their ids
    /// and takes `values`.
    pub(crate) fn grant_on_all<'a>(
        &self,
        tx: &Tx<'_>,
        subject: impl Into<Value<'a>>,
        objects: &str,
        values: &[Value<'_>],
        level: Level,
    ) -> Result<(), DbError> {
        let Self {
            table,
            id,
            subject: subject_column,
            object: object_column,
            kind,
        } = self;
        let subject = subject.into();
        let permission = permissions::id_for_write(tx, &level.on(*kind))?;
        let objects: Vec<i64> = tx.query(objects, values, |row| row.take())?;
        let all: HashSet<i64> = objects.into_iter().collect();
        let mut wanted = all.clone();
        let rows: Vec<(i64, i64, i64)> = tx.query(
            &format!(
                "SELECT {id}, {object_column}, permission_id FROM {table} WHERE {subject_column} = ? ORDER BY {id}"
            ),
            std::slice::from_ref(&subject),
            |row| (row.take(), row.take(), row.take()),
        )?;
        let (first, seconds): (Vec<_>, Vec<_>) = rows
            .into_iter()
            .filter(|(_, object, _)| all.contains(object))
            .partition(|(_, object, _)| wanted.remove(object));
        // Before any other row may come to say the same as these.
        for (row, ..) in seconds {
            let sql = format!("DELETE FROM {table} WHERE {id} = ?");
            tx.execute(&sql, &params![row])?;
        }
        for (row, _, present) in first {
            if present != permission {
                let sql = format!("UPDATE {table} SET permission_id = ? WHERE {id} = ?");
                tx.execute(&sql, &params![permission, row])?;
            }
        }
        let mut missing: Vec<i64> = wanted.into_iter().collect();
        missing.sort_unstable();
        for object in missing {
            let row = [
                (*subject_column, subject.clone()),
                (*object_column, object.into()),
                ("permission_id", permission.into()),
            ];
            tx.insert(table, id, &row)?;
        }
        Ok(())
    }

    /// Takes away whatever the subject has on the object. Says whether there was anything.
    pub(crate) fn revoke<'a>(
        &self,
        tx: &Tx<'_>,
        subject: impl Into<Value<'a>>,
        object: impl Into<Value<'a>>,
    ) -> Result<bool, DbError> {
        let Self {
            table,
            subject: subject_column,
            object: object_column,
            ..
        } = self;
        let sql = format!("DELETE FROM {table} WHERE {subject_column} = ? AND {object_column} = ?");
        Ok(tx.execute(&sql, &[subject.into(), object.into()])? > 0)
    }

    /// Takes everything away from a subject that is about to be deleted.
    pub(crate) fn delete_of_subject<'a>(
        &self,
        tx: &Tx<'_>,
        subject: impl Into<Value<'a>>,
    ) -> Result<usize, DbError> {
        let Self {
            table,
            subject: column,
            ..
        } = self;
        tx.execute(
            &format!("DELETE FROM {table} WHERE {column} = ?"),
            &[subject.into()],
        )
    }

    /// Deletes all rows of an object that is about to be deleted.
    pub(crate) fn delete_of_object<'a>(
        &self,
        tx: &Tx<'_>,
        object: impl Into<Value<'a>>,
    ) -> Result<usize, DbError> {
        let Self {
            table,
            object: column,
            ..
        } = self;
        tx.execute(
            &format!("DELETE FROM {table} WHERE {column} = ?"),
            &[object.into()],
        )
    }

    /// A subquery for the greatest level of subjects on the object that the outer query calls `outer`. `subjects` is
    /// SQL that goes behind the name of the subject column.
    pub(crate) fn sql_greatest(&self, outer: &str, subjects: &str) -> String {
        let Self {
            table,
            subject,
            object,
            kind,
            ..
        } = self;
        let rank = kind.sql_rank();
        format!(
            "(SELECT MAX({rank}) FROM {table} x JOIN permissions p ON p.permission_id = x.permission_id \
             WHERE x.{object} = {outer} AND x.{subject} {subjects})"
        )
    }

    /// A subquery for the level that the default user's row gives. Should it have several, the newest counts, as in
    /// the original.
    pub(crate) fn sql_base(&self, outer: &str) -> String {
        let Self {
            table,
            id,
            subject,
            object,
            kind,
        } = self;
        let rank = kind.sql_rank();
        format!(
            "(SELECT {rank} FROM {table} x JOIN permissions p ON p.permission_id = x.permission_id \
             WHERE x.{object} = {outer} AND x.{subject} = {SQL_DEFAULT_USER} ORDER BY x.{id} DESC LIMIT 1)"
        )
    }
}

/// Where an account's levels on one object come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    /// What the default user's newest row gives.
    pub base: Option<Level>,
    /// The most that an active user group gives.
    pub through_groups: Option<Level>,
    /// The most that a row of the account gives.
    pub own: Option<Level>,
}

/// What the tables say about an account and every object that any row speaks of.
///
/// One statement (two on MySQL, see [`InUserGroups`]), whose answer has a row for each source and permission with a list of objects in it. To ask for the levels
/// of each object in turn takes a second with ten thousand objects and fifty user groups; to have a row for each grant
/// takes a quarter of that, nearly all of it in the driver.
pub(crate) fn sources(
    conn: &Conn,
    users: &GrantTable,
    user_groups: &GrantTable,
    user: UserId,
) -> Result<HashMap<i64, Sources>, DbError> {
    let in_user_groups = InUserGroups::read(conn, user)?;
    let grants = |source: u8, table: &GrantTable, subjects: &str| {
        let GrantTable { table, object, .. } = table;
        let list = match conn.engine() {
            Engine::Sqlite => format!("group_concat(x.{object}, ',')"),
            Engine::PostgreSql => format!("string_agg(CAST(x.{object} AS TEXT), ',')"),
            Engine::MySql => format!("GROUP_CONCAT(x.{object} SEPARATOR ',')"),
        };
        format!(
            "SELECT {source} AS source, p.permission_name, l.objects \
             FROM (SELECT x.permission_id, {list} AS objects FROM {table} x \
             WHERE {subjects} GROUP BY x.permission_id) AS l \
             JOIN permissions p ON p.permission_id = l.permission_id"
        )
    };
    let sql = format!(
        "{} UNION ALL {} UNION ALL {}",
        grants(
            1,
            users,
            &format!("x.{} = {SQL_DEFAULT_USER}", users.subject)
        ),
        grants(2, users, &format!("x.{} = ?", users.subject)),
        grants(
            3,
            user_groups,
            &in_user_groups.sql(&format!("x.{}", user_groups.subject))
        ),
    );
    let mut values = params![DEFAULT_USER, user].to_vec();
    values.extend(in_user_groups.values());
    let lists: Vec<(i64, PermissionName, String)> =
        conn.query(&sql, &values, |row| (row.take(), row.take(), row.take()))?;
    let mut sources: HashMap<i64, Sources> = HashMap::new();
    let (mut with_base, mut is_doubled) = (HashSet::new(), false);
    for (source, name, objects) in &lists {
        let level = Level::of(name, users.kind);
        for object in objects.split(',').filter_map(|id| id.parse().ok()) {
            let sources = sources.entry(object).or_default();
            match source {
                1 => {
                    is_doubled |= !with_base.insert(object);
                    sources.base = level;
                }
                2 => sources.own = sources.own.max(level),
                _ => sources.through_groups = sources.through_groups.max(level),
            }
        }
    }
    if is_doubled {
        newest_base(conn, users, &mut sources)?;
    }
    Ok(sources)
}

/// Where the default user has several rows on one object, which neither program writes: the newest counts.
fn newest_base(
    conn: &Conn,
    table: &GrantTable,
    sources: &mut HashMap<i64, Sources>,
) -> Result<(), DbError> {
    let GrantTable {
        table,
        id,
        subject,
        object,
        kind,
    } = table;
    let sql = format!(
        "SELECT x.{object}, p.permission_name FROM {table} x \
         JOIN permissions p ON p.permission_id = x.permission_id \
         WHERE x.{subject} = {SQL_DEFAULT_USER} ORDER BY x.{id}"
    );
    conn.query(&sql, &params![DEFAULT_USER], |row| {
        let object: i64 = row.take();
        sources.entry(object).or_default().base = Level::of(&row.take(), *kind);
    })?;
    Ok(())
}

/// The id of the default user. Takes one `?`: its name.
pub(crate) const SQL_DEFAULT_USER: &str =
    "(SELECT MIN(d.user_id) FROM users d WHERE d.username = ?)";

/// The active user groups that somebody is a member of, to go behind a column. Takes two `?`: the account and true.
pub(crate) const SQL_IN_USER_GROUPS: &str = "IN (SELECT m.users_group_id FROM users_groups_members m \
     JOIN users_groups ug ON ug.users_group_id = m.users_group_id WHERE m.user_id = ? AND ug.users_group_active = ?)";

/// The active user groups that somebody is a member of, for statements about everything at once.
///
/// MySQL and MariaDB run [`SQL_IN_USER_GROUPS`] from the groups outwards, by an index that holds nothing else, and fetch
/// every row of a grant on its own: three quarters of the time that all levels take. So there the groups are asked for first
/// and named one by one; and when they are many of all there are, the column is hidden behind `+ 0`, so that the index of
/// the UNIQUE constraint is read from one end to the other, in which everything stands.
pub(crate) struct InUserGroups {
    user: UserId,
    /// The groups as a list, and whether they are many.
    named: Option<(String, bool)>,
}

impl InUserGroups {
    /// Where one of so many groups is meant, or more, reading all of an index costs less.
    const MANY: i64 = 4;

    /// Asks for them where that is faster than to ask within another statement.
    pub(crate) fn read(conn: &Conn, user: UserId) -> Result<Self, DbError> {
        if conn.engine() != Engine::MySql {
            return Ok(Self { user, named: None });
        }
        let mut all = 0;
        let groups: Vec<i64> = conn.query(
            "SELECT DISTINCT m.users_group_id, (SELECT COUNT(*) FROM users_groups) FROM users_groups_members m \
             JOIN users_groups ug ON ug.users_group_id = m.users_group_id \
             WHERE m.user_id = ? AND ug.users_group_active = ?",
            &params![user, true],
            |row| {
                let group = row.take();
                all = row.take();
                group
            },
        )?;
        let are_many = groups.len() as i64 * Self::MANY >= all;
        let list = match groups.as_slice() {
            [] => "NULL".to_owned(),
            groups => {
                let groups: Vec<String> = groups.iter().map(i64::to_string).collect();
                groups.join(", ")
            }
        };
        Ok(Self {
            user,
            named: Some((list, are_many && !groups.is_empty())),
        })
    }

    /// SQL that is true where the column names one of them.
    pub(crate) fn sql(&self, column: &str) -> String {
        match &self.named {
            None => format!("{column} {SQL_IN_USER_GROUPS}"),
            Some((list, true)) => format!("{column} + 0 IN ({list})"),
            Some((list, false)) => format!("{column} IN ({list})"),
        }
    }

    /// The values of the `?` in it.
    pub(crate) fn values(&self) -> Vec<Value<'static>> {
        match self.named {
            None => params![self.user, true].to_vec(),
            Some(_) => Vec::new(),
        }
    }
}
