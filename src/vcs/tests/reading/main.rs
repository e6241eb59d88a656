//! Reads repositories made by `git` and `hg` and compares every answer with theirs.

extern crate kallithea_vcs as vcs;

mod about;
mod bad;
mod blame;
mod diffs;
mod git;
mod hg;
mod hg_store;
mod kept;
mod lists;
mod long;
mod merges;
mod recipe;
mod relations;
mod rich;
