//! The database of Kallithea 0.7, one file per table.
