//! The rules, on a fresh instance with real repositories.

mod gate;
mod life;
mod support;
