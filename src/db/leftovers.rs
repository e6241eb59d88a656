//! Tables of older releases that no release uses any more and that no migration dropped: `notifications` and
//! `user_to_notification` (0.3 and older), `cache_invalidation` (0.5 and older).
//!
//! They stay as they are, but for one thing. The first two have foreign keys to `users`, and on PostgreSQL and MySQL those
//! keep an account from being deleted. So what hangs on the account goes with it.

use crate::conn::{Tx, params};
use crate::error::DbError;
use crate::ids::UserId;

/// Deletes what old tables hold about an account, where there are any.
pub(crate) fn delete_of_user(tx: &Tx<'_>, user: UserId) -> Result<(), DbError> {
    let tables = tx.tables()?;
    let has = |name: &str| tables.iter().any(|table| table == name);
    let (read_by, written_by) = (has("user_to_notification"), has("notifications"));
    if read_by {
        let sql = "DELETE FROM user_to_notification WHERE user_id = ?";
        tx.execute(sql, &params![user])?;
    }
    if read_by && written_by {
        tx.execute(
            "DELETE FROM user_to_notification WHERE notification_id IN \
             (SELECT notification_id FROM notifications WHERE created_by = ?)",
            &params![user],
        )?;
    }
    if written_by {
        let sql = "DELETE FROM notifications WHERE created_by = ?";
        tx.execute(sql, &params![user])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::testing::{TestDb, add_user};
    use crate::users;

    #[test]
    fn old_notifications_do_not_keep_an_account() {
        let test = TestDb::fresh();
        let (alice, bob) = test.write(|tx| Ok((add_user(tx, "alice")?, add_user(tx, "bob")?)));
        test.write(|tx| {
            tx.batch(
                "prepare the test",
                "CREATE TABLE notifications (notification_id INTEGER PRIMARY KEY, created_by INTEGER, \
                 FOREIGN KEY (created_by) REFERENCES users (user_id)); \
                 CREATE TABLE user_to_notification (user_id INTEGER, notification_id INTEGER, \
                 FOREIGN KEY (user_id) REFERENCES users (user_id), \
                 FOREIGN KEY (notification_id) REFERENCES notifications (notification_id))",
            )?;
            for (number, author, reader) in [(1, alice, bob), (2, bob, alice), (3, bob, bob)] {
                let row = [("notification_id", number.into()), ("created_by", author.into())];
                tx.insert_plain("notifications", &row)?;
                let row = [("user_id", reader.into()), ("notification_id", number.into())];
                tx.insert_plain("user_to_notification", &row)?;
            }
            Ok(())
        });
        assert!(test.write(|tx| users::delete(tx, alice)));
        assert_eq!(
            test.read(|conn| conn.count("SELECT COUNT(*) FROM notifications", &[])),
            2
        );
        assert!(test.write(|tx| users::delete(tx, bob)));
    }
}
