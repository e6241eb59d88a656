//! What goes beyond reading one repository: archives, caches, commits, forks and imports, comparing two repositories.

extern crate kallithea_vcs as vcs;

mod archives;
mod bad;
mod cached;
mod commits;
mod compare;
mod life;
#[allow(dead_code, reason = "recipes of the other test program too")]
#[path = "../reading/recipe.rs"]
mod recipe;
mod soak;
mod ssh_imports;
