//! `user_ssh_keys`: SSH keys of accounts. A fingerprint is base64 of the SHA-256 of the key without padding, and no two
//! accounts share one.

use crate::conn::{Conn, Row, Tx, params};
use crate::error::DbError;
use crate::ids::{SshKeyId, UserId};
use crate::time::LocalTime;

/// One key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SshKey {
    /// `user_ssh_key_id`
    pub id: SshKeyId,
    /// `user_id`
    pub user: UserId,
    /// `public_key`: the line as it was posted.
    pub public_key: String,
    /// `description`
    pub description: String,
    /// `fingerprint`
    pub fingerprint: String,
    /// `created_on`
    pub created_on: LocalTime,
    /// `last_seen`
    pub last_seen: Option<LocalTime>,
}

/// What a new key is made of; it is created now.
#[derive(Clone, Debug)]
pub struct NewSshKey<'a> {
    /// `user_id`
    pub user: UserId,
    /// `public_key`
    pub public_key: &'a str,
    /// `description`
    pub description: &'a str,
    /// `fingerprint`
    pub fingerprint: &'a str,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT k.user_ssh_key_id, k.user_id, k.public_key, k.description, k.fingerprint, k.created_on, ",
            "k.last_seen FROM user_ssh_keys k ",
            $rest
        )
    };
}

fn row(row: &Row<'_>) -> SshKey {
    SshKey {
        id: row.take(),
        user: row.take(),
        public_key: row.take(),
        description: row.take(),
        fingerprint: row.take(),
        created_on: row.take(),
        last_seen: row.take(),
    }
}

/// The key with this id.
pub fn by_id(conn: &Conn, id: SshKeyId) -> Result<Option<SshKey>, DbError> {
    conn.query_one(select!("WHERE k.user_ssh_key_id = ?"), &params![id], row)
}

/// The key with this fingerprint, whoever has it.
pub fn by_fingerprint(conn: &Conn, fingerprint: &str) -> Result<Option<SshKey>, DbError> {
    conn.query_one(
        select!("WHERE k.fingerprint = ?"),
        &params![fingerprint],
        row,
    )
}

/// The keys of an account, oldest first.
pub fn of_user(conn: &Conn, user: UserId) -> Result<Vec<SshKey>, DbError> {
    conn.query(
        select!("WHERE k.user_id = ? ORDER BY k.user_ssh_key_id"),
        &params![user],
        row,
    )
}

/// The keys of all active accounts, for the file that `sshd` reads.
pub fn of_active_users(conn: &Conn) -> Result<Vec<SshKey>, DbError> {
    conn.query(
        select!(
            "JOIN users u ON u.user_id = k.user_id WHERE u.active = ? ORDER BY k.user_id, k.user_ssh_key_id"
        ),
        &params![true],
        row,
    )
}

/// Adds a key.
pub fn insert(tx: &Tx<'_>, new: &NewSshKey<'_>) -> Result<SshKeyId, DbError> {
    tx.insert(
        "user_ssh_keys",
        "user_ssh_key_id",
        &[
            ("user_id", new.user.into()),
            ("public_key", new.public_key.into()),
            ("description", new.description.into()),
            ("fingerprint", new.fingerprint.into()),
            ("created_on", LocalTime::now().into()),
        ],
    )
    .map(SshKeyId)
}

/// Notes that somebody came with this key at this time.
pub fn set_last_seen(tx: &Tx<'_>, id: SshKeyId, time: LocalTime) -> Result<bool, DbError> {
    let sql = "UPDATE user_ssh_keys SET last_seen = ? WHERE user_ssh_key_id = ?";
    Ok(tx.execute(sql, &params![time, id])? > 0)
}

/// Deletes a key of the account it belongs to. Says whether that account had it.
pub fn delete(tx: &Tx<'_>, user: UserId, fingerprint: &str) -> Result<bool, DbError> {
    let sql = "DELETE FROM user_ssh_keys WHERE fingerprint = ? AND user_id = ?";
    Ok(tx.execute(sql, &params![fingerprint, user])? > 0)
}

pub(crate) fn delete_of_user(tx: &Tx<'_>, user: UserId) -> Result<usize, DbError> {
    tx.execute(
        "DELETE FROM user_ssh_keys WHERE user_id = ?",
        &params![user],
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestDb;
    use crate::users;

    #[test]
    fn a_key_belongs_to_one_account_and_is_listed_while_that_is_active() {
        let test = TestDb::kallithea();
        let (bob, carol) = (UserId(4), UserId(5));
        let new = |user| NewSshKey {
            user,
            public_key: "ssh-ed25519 AAAA bob@work",
            description: "bob@work",
            fingerprint: "print",
        };
        let before = test.read(of_active_users).len();
        let id = test.write(|tx| insert(tx, &new(bob)));
        let twice = test.db.write(|tx| insert(tx, &new(carol)));
        assert!(twice.unwrap_err().is_unique_violation());
        let time: LocalTime = "2026-11-22 01:02:03.000004".parse().unwrap();
        test.write(|tx| set_last_seen(tx, id, time));
        let key = test.read(|conn| by_fingerprint(conn, "print")).unwrap();
        assert_eq!((key.user, key.last_seen), (bob, Some(test.as_stored(time))));
        assert_eq!(test.read(|conn| by_id(conn, id)), Some(key));
        assert_eq!(test.read(of_active_users).len(), before + 1);
        test.write(|tx| users::set_active(tx, bob, false));
        assert!(test.read(of_active_users).iter().all(|key| key.user != bob));
        assert!(!test.write(|tx| delete(tx, carol, "print")));
        assert!(test.write(|tx| delete(tx, bob, "print")));
        assert!(
            !test
                .read(|conn| of_user(conn, bob))
                .iter()
                .any(|key| key.id == id)
        );
    }
}
