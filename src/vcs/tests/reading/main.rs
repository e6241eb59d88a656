//! Reads repositories made by `git` and `hg` and compares every answer with theirs.

extern crate kallithea_vcs as vcs;

mod about;
mod bad;
mod bad_hg;
mod big_files;
mod blame;
mod diffs;
mod git;
mod hg;
mod hg_store;
mod kept;
mod lists;
mod long;
mod long_history;
mod many_refs;
mod merges;
mod recipe;
mod relations;
mod rich;
mod vanishing;
