//! `gists`: notes of one or several files. The files lie in a Mercurial repository of their own, `.rc_gist_store/<access id>`
//! below the folder of all repositories.

use crate::conn::{Conn, Row, Tx, params};
use crate::error::DbError;
use crate::ids::{GistAccessId, GistId, UserId};
use crate::time::LocalTime;

/// The value of `gist_expires` of a gist that never does.
pub const NEVER: f64 = -1.0;

/// One gist.
#[derive(Clone, Debug, PartialEq)]
pub struct Gist {
    /// `gist_id`
    pub id: GistId,
    /// `gist_access_id`: what stands in its address.
    pub access_id: GistAccessId,
    /// `gist_description`
    pub description: String,
    /// `user_id`
    pub owner: UserId,
    /// `gist_expires`: seconds since 1970, or [`NEVER`].
    pub expires: f64,
    /// `gist_type`: `public` or `private`; the original wrote whatever an API client sent.
    pub kind: String,
    /// `created_on`
    pub created_on: LocalTime,
    /// `modified_at`
    pub modified_at: LocalTime,
}

impl Gist {
    /// Whether it has ended by this time (seconds since 1970).
    pub fn has_expired(&self, now: f64) -> bool {
        self.expires != NEVER && self.expires < now
    }
}

/// What a new gist is made of; it is created now.
#[derive(Clone, Debug)]
pub struct NewGist<'a> {
    /// `gist_access_id`
    pub access_id: &'a GistAccessId,
    /// `gist_description`
    pub description: &'a str,
    /// `user_id`
    pub owner: UserId,
    /// `gist_expires`
    pub expires: f64,
    /// `gist_type`
    pub kind: &'a str,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT gist_id, gist_access_id, gist_description, user_id, gist_expires, gist_type, created_on, modified_at ",
            "FROM gists ",
            $rest
        )
    };
}

fn row(row: &Row<'_>) -> Gist {
    Gist {
        id: row.take(),
        access_id: row.take(),
        description: row.take(),
        owner: row.take(),
        expires: row.take(),
        kind: row.take(),
        created_on: row.take(),
        modified_at: row.take(),
    }
}

/// The gist with this number.
pub fn by_id(conn: &Conn, id: GistId) -> Result<Option<Gist>, DbError> {
    conn.query_one(select!("WHERE gist_id = ?"), &params![id], row)
}

/// The gist with this access id. MySQL compares without case; the id is compared again exactly.
pub fn by_access_id(conn: &Conn, id: &GistAccessId) -> Result<Option<Gist>, DbError> {
    let found = conn.query(select!("WHERE gist_access_id = ?"), &params![id], row)?;
    Ok(found.into_iter().find(|gist| gist.access_id == *id))
}

/// The gists of an account that have not ended by this time (seconds since 1970), newest first.
pub fn of_user(conn: &Conn, owner: UserId, now: f64) -> Result<Vec<Gist>, DbError> {
    conn.query(
        select!(
            "WHERE user_id = ? AND (gist_expires = ? OR gist_expires >= ?) ORDER BY created_on DESC, gist_id DESC"
        ),
        &params![owner, NEVER, now],
        row,
    )
}

/// Adds a gist.
pub fn insert(tx: &Tx<'_>, new: &NewGist<'_>) -> Result<GistId, DbError> {
    let now = LocalTime::now();
    tx.insert(
        "gists",
        "gist_id",
        &[
            ("gist_access_id", new.access_id.into()),
            ("gist_description", new.description.into()),
            ("user_id", new.owner.into()),
            ("gist_expires", new.expires.into()),
            ("gist_type", new.kind.into()),
            ("created_on", now.into()),
            ("modified_at", now.into()),
        ],
    )
    .map(GistId)
}

/// Gives a gist the access id that follows from its number.
pub fn set_access_id(tx: &Tx<'_>, id: GistId, access_id: &GistAccessId) -> Result<bool, DbError> {
    let sql = "UPDATE gists SET gist_access_id = ? WHERE gist_id = ?";
    Ok(tx.execute(sql, &params![access_id, id])? > 0)
}

/// Deletes a gist.
pub fn delete(tx: &Tx<'_>, id: GistId) -> Result<bool, DbError> {
    Ok(tx.execute("DELETE FROM gists WHERE gist_id = ?", &params![id])? > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestDb;

    #[test]
    fn gists_of_a_real_instance_are_found_by_both_ids_until_they_end() {
        let test = TestDb::kallithea();
        let ending = test.read(|conn| by_id(conn, GistId(5))).unwrap();
        assert_eq!(ending.description, "läuft ab");
        assert!(!ending.has_expired(1.79e9) && ending.has_expired(1.8e9));
        let id = GistAccessId::from("vB5ZuGrvJmC4m8scUWJQ");
        let private = test.read(|conn| by_access_id(conn, &id)).unwrap();
        assert_eq!((private.id, private.kind.as_str()), (GistId(2), "private"));
        let of = |user, now| test.read(|conn| of_user(conn, UserId(user), now));
        let ids = |gists: Vec<Gist>| gists.iter().map(|gist| gist.id.0).collect::<Vec<_>>();
        assert_eq!(ids(of(3, 1.8e9)), [2, 1]);
        assert_eq!(ids(of(9, 1.79e9)), [5]);
        assert!(of(9, 1.8e9).is_empty());
    }

    #[test]
    fn a_gist_is_added_named_by_its_number_and_deleted() {
        let test = TestDb::kallithea();
        let new = NewGist {
            access_id: &GistAccessId::from("x"),
            description: "",
            owner: UserId(4),
            expires: NEVER,
            kind: "public",
        };
        let id = test.write(|tx| insert(tx, &new));
        let name = GistAccessId::from(id.to_string());
        assert!(test.write(|tx| set_access_id(tx, id, &name)));
        assert_eq!(test.read(|conn| by_access_id(conn, &name)).unwrap().id, id);
        assert!(test.write(|tx| delete(tx, id)));
        assert!(!test.write(|tx| delete(tx, id)));
    }
}
