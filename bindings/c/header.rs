//! The header in `include/` is what these sources say.

use std::fs;
use std::path::Path;

use cbindgen::{Builder, Config};

/// Where public items stand, in the order of the header. Given by name, because following `mod` would ask cargo for
/// the metadata of every dependency.
const SOURCES: [&str; 2] = ["types.rs", "lib.rs"];

#[test]
fn header_is_up_to_date() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = Config::from_file(here.join("cbindgen.toml")).unwrap();
    let builder = SOURCES
        .iter()
        .fold(Builder::new().with_config(config), |builder, file| {
            builder.with_src(here.join(file))
        });
    let mut made = Vec::new();
    builder.generate().unwrap().write(&mut made);
    let made = String::from_utf8(made).unwrap();

    let path = here.join("../../include/kallithea_rs.h");
    if std::env::var_os("UPDATE_HEADER").is_some_and(|value| value == "1") {
        fs::write(&path, &made).unwrap();
    }
    let stored = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        stored == made,
        "include/kallithea_rs.h is stale: UPDATE_HEADER=1 cargo test -p kallithea-c header"
    );
}
