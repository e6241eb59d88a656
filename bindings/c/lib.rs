//! The C interface of kallithea-rs.
