//! `user_ip_map`: the networks that an account may come from. The rows of the default user hold for everybody, those
//! of an account are added for it; no row at all means that any address will do.

use crate::conn::{Conn, Tx, params};
use crate::error::DbError;
use crate::ids::{DEFAULT_USER, IpRuleId, UserId};

/// One network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IpRule {
    /// `ip_id`
    pub id: IpRuleId,
    /// `ip_addr`, as typed: an address or a network in CIDR form.
    pub network: String,
}

/// The networks from which an account may come, as typed (`10.0.0.5/24`, `2001:db8::/32`): its own and the default
/// user's. The column `active` is not looked at, as the original never does.
pub fn allowed_for(conn: &Conn, user: UserId) -> Result<Vec<String>, DbError> {
    conn.query(
        "SELECT ip_addr FROM user_ip_map \
         WHERE user_id = ? OR user_id IN (SELECT user_id FROM users WHERE username = ?) ORDER BY ip_id",
        &params![user, DEFAULT_USER],
        |row| row.take(),
    )
}

/// The networks of an account itself.
pub fn of_user(conn: &Conn, user: UserId) -> Result<Vec<IpRule>, DbError> {
    conn.query(
        "SELECT ip_id, ip_addr FROM user_ip_map WHERE user_id = ? ORDER BY ip_id",
        &params![user],
        |row| IpRule {
            id: row.take(),
            network: row.take(),
        },
    )
}

/// Adds a network to those of an account.
pub fn insert(tx: &Tx<'_>, user: UserId, network: &str) -> Result<IpRuleId, DbError> {
    tx.insert(
        "user_ip_map",
        "ip_id",
        &[
            ("user_id", user.into()),
            ("ip_addr", network.into()),
            ("active", true.into()),
        ],
    )
    .map(IpRuleId)
}

/// Takes a network away from the account it belongs to. Says whether that account had it.
pub fn delete(tx: &Tx<'_>, user: UserId, id: IpRuleId) -> Result<bool, DbError> {
    let sql = "DELETE FROM user_ip_map WHERE ip_id = ? AND user_id = ?";
    Ok(tx.execute(sql, &params![id, user])? > 0)
}

pub(crate) fn delete_of_user(tx: &Tx<'_>, user: UserId) -> Result<usize, DbError> {
    tx.execute("DELETE FROM user_ip_map WHERE user_id = ?", &params![user])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestDb;

    #[test]
    fn the_networks_of_the_default_user_hold_for_everybody() {
        let test = TestDb::kallithea();
        assert_eq!(
            test.read(|conn| allowed_for(conn, UserId(5))),
            ["127.0.0.0/8", "2001:db8::/32"]
        );
        assert_eq!(
            test.read(|conn| allowed_for(conn, UserId(8))),
            ["10.9.8.0/24"]
        );
        assert_eq!(
            test.read(|conn| allowed_for(conn, UserId(3))),
            Vec::<String>::new()
        );
        let id = test.write(|tx| insert(tx, UserId(1), "10.0.0.0/8"));
        test.write(|tx| tx.execute("UPDATE user_ip_map SET active = ?", &params![false]));
        assert_eq!(
            test.read(|conn| allowed_for(conn, UserId(3))),
            ["10.0.0.0/8"]
        );
        assert_eq!(
            test.read(|conn| allowed_for(conn, UserId(8))),
            ["10.9.8.0/24", "10.0.0.0/8"]
        );
        assert_eq!(
            test.read(|conn| of_user(conn, UserId(1)))[0].network,
            "10.0.0.0/8"
        );
        assert!(!test.write(|tx| delete(tx, UserId(3), id)));
        assert!(test.write(|tx| delete(tx, UserId(1), id)));
    }
}
