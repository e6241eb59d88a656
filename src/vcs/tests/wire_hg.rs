//! x
mod wire_support;
