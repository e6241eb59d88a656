//! The rules, on a fresh instance with real repositories.

mod accounts;
mod addresses;
mod events;
mod gate;
mod life;
mod moving;
mod original;
mod permissions;
mod rows;
mod slow_down;
mod support;
mod vectors;
