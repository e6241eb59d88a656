//! Requests through the whole site, in one process, over a fresh instance with real repositories.

mod access;
mod accounts;
mod broken_rows;
mod browser;
mod caching;
mod diffs;
mod editing;
mod every_route;
mod files;
mod forks;
mod frame;
mod history;
mod home;
mod journal;
mod languages;
mod my_account;
mod names;
mod odd_names;
mod pages;
mod paths;
mod questions;
mod roles;
mod signing_in;
mod wire;
