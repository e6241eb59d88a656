//! The Python module kallithea_rs._native.
