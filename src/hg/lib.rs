//! Reads Mercurial repositories from disk.
