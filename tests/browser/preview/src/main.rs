//! Renders every page with sample data.
#![warn(missing_docs)]
#[path = "../../../../src/web/view/mod.rs"]
#[allow(dead_code, unused_imports)]
pub mod view;
fn main() {}
