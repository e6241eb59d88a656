//! What the four tables of levels on repositories and repository groups have in common: a subject (account or user
//! group), an object, a permission. Their UNIQUE constraints would allow several rows for one subject on one object;
//! we write one and read the greatest.

use std::collections::HashSet;

use std::collections::HashMap;

use crate::conn::{Conn, Tx, Value, params};
use crate::error::DbError;
use crate::ids::{DEFAULT_USER, PermissionName, UserId};
use crate::level::{Level, ObjectKind};
use crate::permissions;

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
pub(crate) struct Sources {
    /// What the default user's newest row gives.
    pub(crate) base: Option<Level>,
    /// The most that an active user group gives.
    pub(crate) through_groups: Option<Level>,
    /// The most that a row of the account gives.
    pub(crate) own: Option<Level>,
}

/// What the tables say about an account and every object that any row speaks of, in one statement.
///
/// It asks for the rows and not for the levels of each object in turn: with ten thousand objects and fifty user groups
/// the latter takes a second. The names of permissions come along as rows of their own, a few dozen, so that no row of a
/// grant has to carry one.
pub(crate) fn sources(
    conn: &Conn,
    users: &GrantTable,
    user_groups: &GrantTable,
    user: UserId,
) -> Result<HashMap<i64, Sources>, DbError> {
    let grants = |source: u8, table: &GrantTable, subjects: &str| {
        let GrantTable {
            table,
            id,
            subject,
            object,
            ..
        } = table;
        format!(
            "UNION ALL SELECT {source}, x.{object}, x.permission_id, x.{id}, NULL FROM {table} x \
             WHERE x.{subject} {subjects}"
        )
    };
    let sql = format!(
        "SELECT 0 AS source, 0 AS object, p.permission_id, 0 AS id, p.permission_name FROM permissions p {} {} {}",
        grants(1, users, &format!("= {SQL_DEFAULT_USER}")),
        grants(2, users, "= ?"),
        grants(3, user_groups, SQL_IN_USER_GROUPS),
    );
    let mut levels: HashMap<i64, Level> = HashMap::new();
    let mut rows: Vec<(i64, i64, i64, i64)> = Vec::new();
    conn.query(
        &sql,
        &params![DEFAULT_USER, user, user, true],
        |row| match (row.take(), row.take(), row.take(), row.take()) {
            (0, _, permission, _) => {
                let name: PermissionName = row.take();
                levels.extend(Level::of(&name, users.kind).map(|level| (permission, level)));
            }
            row => rows.push(row),
        },
    )?;
    let mut sources: HashMap<i64, (Sources, i64)> = HashMap::with_capacity(rows.len());
    for (source, object, permission, id) in rows {
        // A name that no program knows gives nothing, but as the newest base row it still is the base.
        let level = levels.get(&permission).copied();
        let (sources, newest) = sources
            .entry(object)
            .or_insert((Sources::default(), i64::MIN));
        match source {
            1 if id > *newest => (sources.base, *newest) = (level, id),
            1 => {}
            2 => sources.own = sources.own.max(level),
            _ => sources.through_groups = sources.through_groups.max(level),
        }
    }
    Ok(sources
        .into_iter()
        .map(|(object, (sources, _))| (object, sources))
        .collect())
}

/// The id of the default user. Takes one `?`: its name.
pub(crate) const SQL_DEFAULT_USER: &str =
    "(SELECT MIN(d.user_id) FROM users d WHERE d.username = ?)";

/// The active user groups that somebody is a member of, to go behind a column. Takes two `?`: the account and true.
pub(crate) const SQL_IN_USER_GROUPS: &str = "IN (SELECT m.users_group_id FROM users_groups_members m \
     JOIN users_groups ug ON ug.users_group_id = m.users_group_id WHERE m.user_id = ? AND ug.users_group_active = ?)";
