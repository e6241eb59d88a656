//! Repositories of the real Mercurial, read by us and compared with what it says itself.
//!
//! One program for all subjects: while one test waits for `hg`, others work.

mod common;

mod caches;
mod commits;
mod damage;
mod every_revision;
mod extensions;
mod formats;
mod histories;
mod pending;
mod random_histories;
mod references;
mod soak;
mod writers;
