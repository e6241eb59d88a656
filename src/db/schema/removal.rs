//! Emptying a database: the first half of `db-create` where there is one already.

use crate::conn::{Conn, Tx};
use crate::error::DbError;
use crate::url::Engine;

/// Tables that releases before 0.7 have left.
const FORMER: [&str; 4] = [
    "notifications",
    "user_to_notification",
    "cache_invalidation",
    "db_migrate_version",
];

/// What there is to lose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stock {
    /// Tables, whoever made them.
    pub tables: usize,
    /// Accounts besides that of visitors.
    pub users: i64,
    /// Repositories.
    pub repositories: i64,
}

/// Counts what there is.
pub fn stock(conn: &Conn) -> Result<Stock, DbError> {
    let tables = conn.tables()?;
    let has = |name: &str| tables.iter().any(|table| table == name);
    let count = |table: &str, sql: &str| {
        if has(table) {
            conn.count(sql, &[])
        } else {
            Ok(0)
        }
    };
    Ok(Stock {
        tables: tables.len(),
        users: count(
            "users",
            "SELECT COUNT(*) FROM users WHERE username <> 'default'",
        )?,
        repositories: count("repositories", "SELECT COUNT(*) FROM repositories")?,
    })
}

/// Drops the tables of Kallithea, of any release, and ours; with `all` every table there is.
pub fn drop_tables(tx: &Tx<'_>, all: bool) -> Result<(), DbError> {
    // The names of all tables that a new database has.
    let fresh: Vec<&str> = super::tables_for(tx.engine())
        .lines()
        .filter_map(|line| line.strip_prefix("CREATE TABLE "))
        .filter_map(|rest| {
            rest.trim_start_matches("IF NOT EXISTS ")
                .split([' ', '('])
                .next()
        })
        .map(|name| name.trim_matches(['"', '`']))
        .collect();
    let ours = |table: &str| {
        table.starts_with("rs_")
            || table == "alembic_version"
            || FORMER.contains(&table)
            || fresh.contains(&table)
    };
    let doomed: Vec<String> = tx
        .tables()?
        .into_iter()
        .filter(|table| all || ours(table))
        .collect();
    let mut sql = Vec::new();
    if tx.engine() == Engine::MySql {
        sql.push("SET foreign_key_checks = 0".to_owned());
    }
    for table in doomed {
        let name = table.replace('"', "\"\"");
        // Keys of other tables go with it; SQLite enforces none.
        let cascade = if tx.engine() == Engine::PostgreSql {
            " CASCADE"
        } else {
            ""
        };
        sql.push(format!("DROP TABLE \"{name}\"{cascade}"));
    }
    if tx.engine() == Engine::MySql {
        sql.push("SET foreign_key_checks = 1".to_owned());
    }
    sql.iter()
        .try_for_each(|statement| tx.batch("drop the tables of the old database", statement))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{self, SchemaState};
    use crate::testing::{TestDb, make_fresh};

    #[test]
    fn a_database_in_use_is_counted_emptied_and_filled_again_in_one_transaction() {
        let test = TestDb::kallithea();
        test.write(|tx| {
            schema::create_own_tables(tx)?;
            tx.batch("somebody else's table", "CREATE TABLE others (id INTEGER)")
        });
        let before = test.read(stock);
        assert_eq!((before.users > 3, before.repositories), (true, 11));
        test.write(|tx| {
            drop_tables(tx, false)?;
            assert_eq!(tx.tables()?, ["others"]);
            drop_tables(tx, true)?;
            make_fresh(tx)
        });
        assert_eq!(test.read(schema::check), SchemaState::Head);
        let after = test.read(stock);
        assert_eq!((after.users, after.repositories), (0, 0));
        assert!(!test.read(Conn::tables).contains(&"others".to_owned()));
    }
}
