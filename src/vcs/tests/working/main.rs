//! What goes beyond reading one repository: archives, caches, commits, forks and imports, comparing two repositories.

extern crate kallithea_vcs as vcs;

mod archives;
mod bad;
mod cached;
mod commits;
mod compare;
#[allow(dead_code, reason = "what the other test program does with it")]
#[path = "../reading/hg_store.rs"]
mod hg_store;
mod life;
#[path = "../reading/long_history.rs"]
mod long_history;
#[allow(dead_code, reason = "recipes of the other test program too")]
#[path = "../reading/recipe.rs"]
mod recipe;
mod soak;
mod ssh_imports;
