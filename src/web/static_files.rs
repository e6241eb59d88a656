//! Style sheet, scripts and images: compiled in, named by a hash of their contents, kept by browsers for a year.
//!
//! They lie in `python/kallithea_rs/public`, so that a web server may serve them by an alias in our place.

use std::collections::HashMap;
use std::io::Write;
use std::sync::{Mutex, OnceLock, PoisonError};

use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, ETAG, HeaderValue, IF_NONE_MATCH, VARY,
};
use http::{HeaderMap, StatusCode};
use sha2::{Digest, Sha256};

use crate::i18n::{ENGLISH, Language};
use crate::response::Response;
use crate::view::Assets;

struct File {
    /// Path below the mount point, with its slash.
    path: &'static str,
    content_type: &'static str,
    bytes: &'static [u8],
}

macro_rules! files {
    ($($path:literal $content_type:literal)*) => {
        &[$(File {
            path: $path,
            content_type: $content_type,
            bytes: include_bytes!(concat!("../../python/kallithea_rs/public", $path)),
        }),*]
    };
}

const FILES: &[File] = files![
    "/css/code.css" "text/css; charset=utf-8"
    "/css/style.css" "text/css; charset=utf-8"
    "/css/tokens.css" "text/css; charset=utf-8"
    "/images/apple-touch-icon.png" "image/png"
    "/images/favicon.ico" "image/x-icon"
    "/images/favicon.svg" "image/svg+xml"
    "/images/icons.svg" "image/svg+xml"
    "/js/branchhash.js" "text/javascript; charset=utf-8"
    "/js/choose.js" "text/javascript; charset=utf-8"
    "/js/confirm.js" "text/javascript; charset=utf-8"
    "/js/copy.js" "text/javascript; charset=utf-8"
    "/js/diff.js" "text/javascript; charset=utf-8"
    "/js/editor.js" "text/javascript; charset=utf-8"
    "/js/ends.js" "text/javascript; charset=utf-8"
    "/js/filter.js" "text/javascript; charset=utf-8"
    "/js/finder.js" "text/javascript; charset=utf-8"
    "/js/flash.js" "text/javascript; charset=utf-8"
    "/js/keys.js" "text/javascript; charset=utf-8"
    "/js/lines.js" "text/javascript; charset=utf-8"
    "/js/load.js" "text/javascript; charset=utf-8"
    "/js/main.js" "text/javascript; charset=utf-8"
    "/js/menus.js" "text/javascript; charset=utf-8"
    "/js/people.js" "text/javascript; charset=utf-8"
    "/js/range.js" "text/javascript; charset=utf-8"
    "/js/refs.js" "text/javascript; charset=utf-8"
    "/js/revisions.js" "text/javascript; charset=utf-8"
    "/js/scroll.js" "text/javascript; charset=utf-8"
    "/js/switcher.js" "text/javascript; charset=utf-8"
    "/js/theme.js" "text/javascript; charset=utf-8"
    "/js/wait.js" "text/javascript; charset=utf-8"
];

const FOREVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const AN_HOUR: HeaderValue = HeaderValue::from_static("public, max-age=3600");

/// One hash over all files: the script modules are loaded with the version of the first, so all keep in step.
fn version() -> &'static str {
    static VERSION: OnceLock<String> = OnceLock::new();
    VERSION.get_or_init(|| {
        let mut hash = Sha256::new();
        for file in FILES {
            hash.update(file.path);
            hash.update(file.bytes);
        }
        hash.finalize()[..6]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    })
}

/// The addresses that pages use.
pub(crate) fn assets(script_name: &str, language: Language) -> Assets {
    let url = |path: &str| format!("{script_name}{path}?ver={}", version());
    Assets {
        tokens: url("/css/tokens.css"),
        style: url("/css/style.css"),
        code: url("/css/code.css"),
        script: url("/js/main.js"),
        words: (language != ENGLISH).then(|| {
            let (tag, version) = (language.tag(), version());
            format!("{script_name}/_admin/words.js?lang={tag}&ver={version}")
        }),
        icons: url("/images/icons.svg"),
        favicon: url("/images/favicon.svg"),
        favicon_ico: url("/images/favicon.ico"),
        touch_icon: url("/images/apple-touch-icon.png"),
    }
}

/// How long an answer may be kept: for ever when the address names the version that we are.
pub(crate) fn caching(query: &str) -> HeaderValue {
    let names_us = query
        .split('&')
        .any(|pair| pair.strip_prefix("ver=") == Some(version()));
    if names_us { FOREVER } else { AN_HOUR }
}

/// A script module with the texts of all scripts in a language: `{"English": "Deutsch"}`. What the scripts say is found
/// in them, behind the `t(`.
pub(crate) fn script_words(language: Language) -> String {
    let mut words = serde_json::Map::new();
    for file in FILES.iter().filter(|file| file.path.starts_with("/js/")) {
        let source = std::str::from_utf8(file.bytes).unwrap_or_default();
        for call in source.split("t(\"").skip(1) {
            let Some((message, _)) = call.split_once('"') else {
                continue;
            };
            let said = language.t(message);
            if said != message {
                words.insert(message.to_owned(), said.into());
            }
        }
    }
    format!("export default {};\n", serde_json::Value::Object(words))
}

/// Answers a request for a static file; `None` when the path names none.
pub(crate) fn serve(path: &str, query: &str, headers: &HeaderMap) -> Option<Response> {
    let file = FILES.iter().find(|file| file.path == path)?;
    let packed = takes_gzip(headers).then(|| file.packed()).flatten();
    // The two forms have different bytes and so different tags.
    let form = if packed.is_some() { "-gzip" } else { "" };
    let etag = HeaderValue::from_str(&format!("\"{}{form}\"", version())).ok()?;
    let caching = caching(query);
    let fresh = headers.get(IF_NONE_MATCH).is_some_and(|tags| {
        tags.to_str().is_ok_and(|tags| {
            tags.split(',')
                .any(|tag| tag.trim().trim_start_matches("W/") == etag)
        })
    });
    let mut response = match (fresh, packed) {
        (true, _) => Response::empty(StatusCode::NOT_MODIFIED),
        (false, Some(packed)) => Response::bytes(StatusCode::OK, file.content_type, packed)
            .with(CONTENT_ENCODING, HeaderValue::from_static("gzip")),
        (false, None) => Response::bytes(StatusCode::OK, file.content_type, file.bytes.to_vec()),
    };
    if file.is_text() {
        response = response.with(VARY, HeaderValue::from_static("accept-encoding"));
    }
    Some(response.with(ETAG, etag).with(CACHE_CONTROL, caching))
}

/// Whether a browser says that it unpacks gzip.
fn takes_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers.get(ACCEPT_ENCODING).and_then(|it| it.to_str().ok());
    accepted.unwrap_or_default().split(',').any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let named = parts
            .next()
            .is_some_and(|name| name.eq_ignore_ascii_case("gzip"));
        let refused = parts.any(|part| {
            part.strip_prefix("q=")
                .is_some_and(|weight| weight.parse() == Ok(0.0_f32))
        });
        named && !refused
    })
}

impl File {
    /// Style sheets, scripts and drawings; what is no text is packed already.
    fn is_text(&self) -> bool {
        self.content_type.starts_with("text/") || self.content_type == "image/svg+xml"
    }

    /// The file as gzip, made once in each process: nothing in it is a secret or changes, so that its length tells nothing.
    fn packed(&self) -> Option<Vec<u8>> {
        static PACKED: OnceLock<Mutex<HashMap<&str, Vec<u8>>>> = OnceLock::new();
        if !self.is_text() {
            return None;
        }
        let packed = PACKED.get_or_init(Mutex::default);
        let mut packed = packed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bytes) = packed.get(self.path) {
            return Some(bytes.clone());
        }
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(self.bytes).ok()?;
        let bytes = encoder.finish().ok()?;
        packed.insert(self.path, bytes.clone());
        Some(bytes)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn walk(dir: &Path, found: &mut Vec<String>, root: &Path) {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found, root);
            } else {
                found.push(format!("/{}", path.strip_prefix(root).unwrap().display()));
            }
        }
    }

    #[test]
    fn every_public_file_is_compiled_in() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../python/kallithea_rs/public");
        let mut on_disk = Vec::new();
        walk(&root, &mut on_disk, &root);
        on_disk.sort();
        let mut listed: Vec<_> = FILES.iter().map(|file| file.path.to_owned()).collect();
        listed.sort();
        assert_eq!(listed, on_disk);
    }

    #[test]
    fn a_file_with_its_hash_is_kept_for_a_year_and_confirmed_by_its_tag() {
        let css = assets("", ENGLISH).style;
        let (path, query) = css.split_once('?').unwrap();
        let response = serve(path, query, &HeaderMap::new()).unwrap();
        assert_eq!(response.headers[CACHE_CONTROL], FOREVER);
        assert_eq!(
            serve(path, "ver=old", &HeaderMap::new()).unwrap().headers[CACHE_CONTROL],
            AN_HOUR
        );
        let again = HeaderMap::from_iter([(IF_NONE_MATCH, response.headers[ETAG].clone())]);
        assert_eq!(
            serve(path, query, &again).unwrap().status,
            StatusCode::NOT_MODIFIED
        );
        assert!(serve("/css/", "", &HeaderMap::new()).is_none());
    }
}
