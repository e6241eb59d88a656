//! What every engine's connection can do, and how it says that it could not. The seam between the table files, which
//! know one kind of SQL, and the drivers.

use std::ops::ControlFlow;

use crate::error::{Cause, DbError};
use crate::value::{Column, Value};

/// What a transaction is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// One state of the database, for queries.
    Read,
    /// Changes; no other transaction of ours changes anything meanwhile.
    Write,
}

/// One open connection.
pub(crate) trait Session: Send {
    /// Begins a transaction, waiting while somebody else is in the way.
    fn begin(&mut self, access: Access) -> Result<(), Failure>;

    /// Keeps what was changed.
    fn commit(&mut self, access: Access) -> Result<(), Failure>;

    /// Forgets what was changed. Fine also when the engine has done so by itself.
    fn rollback(&mut self, access: Access) -> Result<(), Failure>;

    /// Runs a query and shows its rows until told to stop.
    fn query(
        &mut self,
        sql: &str,
        params: &[Value<'_>],
        row: &mut dyn FnMut(&dyn Columns) -> ControlFlow<()>,
    ) -> Result<(), Failure>;

    /// Runs an UPDATE, DELETE or INSERT and tells how many rows it met.
    fn execute(&mut self, sql: &str, params: &[Value<'_>]) -> Result<usize, Failure>;

    /// Runs an INSERT of one row and tells the number it got in a column.
    fn insert(&mut self, sql: &str, id_column: &str, params: &[Value<'_>]) -> Result<i64, Failure>;

    /// Runs statements without values, separated by `;`. On MySQL those that make tables end the transaction; the
    /// rest then runs in another.
    fn batch(&mut self, sql: &str) -> Result<(), Failure>;
}

/// The columns of a row.
pub(crate) trait Columns {
    /// The column at this place of the SELECT, from 0. NULL where there is none.
    fn column(&self, index: usize) -> Column<'_>;
}

/// Sorts of errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FailureKind {
    /// The connection is gone: another one may work at once.
    Lost,
    /// Not now.
    Unavailable,
    /// A UNIQUE constraint.
    Unique,
    /// Another constraint.
    Constraint,
    /// A value that does not fit into its column.
    Unfit,
    /// The file or its contents are damaged.
    Corrupt,
    /// No such table.
    NoSuchTable,
    /// Anything else.
    Other,
}

/// An error of a driver, sorted.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) kind: FailureKind,
    pub(crate) source: Cause,
}

impl Failure {
    pub(crate) fn new(kind: FailureKind, source: impl Into<Cause>) -> Self {
        Self {
            kind,
            source: source.into(),
        }
    }

    /// Names what was being done.
    pub(crate) fn during(self, operation: String) -> DbError {
        let source = self.source;
        match self.kind {
            FailureKind::Lost | FailureKind::Unavailable => {
                DbError::Unavailable { operation, source }
            }
            FailureKind::Unique | FailureKind::Constraint => DbError::Constraint {
                operation,
                unique: self.kind == FailureKind::Unique,
                source,
            },
            FailureKind::Unfit => DbError::Unfit { operation, source },
            FailureKind::Corrupt => DbError::Corrupt { operation, source },
            FailureKind::NoSuchTable => DbError::NoSuchTable { operation, source },
            FailureKind::Other => DbError::Other { operation, source },
        }
    }
}

/// Goes over SQL and hands out its letters, each with whether it stands outside of quoted texts, quoted names and
/// comments.
pub(crate) fn letters(sql: &str) -> impl Iterator<Item = (usize, char, bool)> {
    let mut within: Option<char> = None;
    let mut before = '\n';
    sql.char_indices().map(move |(at, letter)| {
        let outside = within.is_none();
        match (within, letter) {
            (None, '\'' | '"') => within = Some(letter),
            (None, '-') if before == '-' => within = Some('\n'),
            (Some(end), _) if end == letter => within = None,
            _ => {}
        }
        before = letter;
        (at, letter, outside)
    })
}

/// The statements of a batch.
pub(crate) fn statements(sql: &str) -> Vec<&str> {
    let ends = letters(sql)
        .filter(|(_, letter, outside)| *letter == ';' && *outside)
        .map(|(at, _, _)| at);
    let mut start = 0;
    let mut statements = Vec::new();
    for end in ends.chain([sql.len()]) {
        let statement = sql[start..end].trim();
        let has_words = letters(statement)
            .any(|(_, letter, outside)| outside && !letter.is_whitespace() && letter != '-');
        if has_words {
            statements.push(statement);
        }
        start = (end + 1).min(sql.len());
    }
    statements
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_end_at_semicolons_outside_of_quotes_and_comments() {
        let sql =
            "-- one; two\nINSERT INTO a VALUES ('x;''y');\n\nDELETE FROM \"b;c\" ;\n-- the end;\n";
        assert_eq!(
            statements(sql),
            [
                "-- one; two\nINSERT INTO a VALUES ('x;''y')",
                "DELETE FROM \"b;c\""
            ]
        );
    }
}
