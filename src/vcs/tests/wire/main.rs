//! The wire protocols, spoken with the real `git` and `hg` on the other side.
//!
//! One program for all subjects: while one test waits for a client, others work.

mod support;

mod child;
mod clients;
mod git;
mod hg;
mod native;
mod session;
