//! `user_ip_map`: the networks that an account may come from. The rows of the default user hold for everybody, those
//! of an account are added for it; no row at all means that any address will do.

use crate::conn::{Conn, Tx, params};
use crate::error::DbError;
use crate::ids::{DEFAULT_USER, UserId};

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
        test.write(|tx| {
            tx.execute(
                "INSERT INTO user_ip_map (user_id, ip_addr, active) VALUES (1, '10.0.0.0/8', 0)",
                &[],
            )
        });
        assert_eq!(
            test.read(|conn| allowed_for(conn, UserId(3))),
            ["10.0.0.0/8"]
        );
        assert_eq!(
            test.read(|conn| allowed_for(conn, UserId(8))),
            ["10.9.8.0/24", "10.0.0.0/8"]
        );
    }
}
