//! The controllers, one file for each page: parse the input, pass the gate, call the model, build the view.

pub mod about;
pub mod account;
pub mod changelog;
pub mod changeset;
mod diff;
pub mod edit;
pub mod files;
pub mod follow;
pub mod group_new;
pub mod group_settings;
pub mod home;
pub mod language;
pub mod login;
pub mod login_sources;
pub mod password_reset;
pub mod permissions_global;
mod plain_form;
pub mod raw;
pub mod register;
pub mod repository_new;
pub mod repository_permissions;
pub mod repository_settings;
mod revision;
pub mod setup;
pub mod summary;
pub mod switcher;
