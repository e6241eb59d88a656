//! The JSON-RPC API through the whole site, in one process, over instances with real repositories.

mod accounts;
mod clients;
mod engines;
mod fixture;
mod groups;
mod instance;
mod repositories;
mod reviews;
mod transport;
