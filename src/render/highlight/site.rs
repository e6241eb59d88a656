//! What the people of a site call their files: languages and lexers by the ending of a name, before everything we know ourselves.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use crate::digest::md5_hex;

/// Languages and lexers by the ending of a file's name, which is what stands behind its last dot, or the whole name.
#[derive(Debug, Clone, Default)]
pub struct SiteNames {
    languages: BTreeMap<String, String>,
    lexers: BTreeMap<String, String>,
    edition: String,
}

impl SiteNames {
    /// Pairs of an ending and a language to name, and of an ending and a lexer to colour with, in the words of Pygments.
    pub fn new(
        languages: impl IntoIterator<Item = (String, String)>,
        lexers: impl IntoIterator<Item = (String, String)>,
    ) -> Self {
        let bare = |(ending, name): (String, String)| {
            (ending.trim_start_matches('.').to_lowercase(), name)
        };
        let mut names = Self {
            languages: languages.into_iter().map(bare).collect(),
            lexers: lexers.into_iter().map(bare).collect(),
            edition: String::new(),
        };
        if !names.languages.is_empty() || !names.lexers.is_empty() {
            let all = format!("{:?} {:?}", names.languages, names.lexers);
            names.edition = md5_hex(all.as_bytes(), 16);
        }
        names
    }

    pub(super) fn language(&self, file_name: &str) -> Option<&str> {
        find(&self.languages, file_name)
    }

    pub(super) fn lexer(&self, file_name: &str) -> Option<&str> {
        find(&self.lexers, file_name)
    }

    pub(super) fn edition(&self) -> &str {
        &self.edition
    }
}

fn find<'a>(names: &'a BTreeMap<String, String>, file_name: &str) -> Option<&'a str> {
    if names.is_empty() {
        return None;
    }
    let name = file_name.rsplit('/').next().unwrap_or(file_name);
    let ending = name.rsplit('.').next().unwrap_or(name);
    names.get(&ending.to_lowercase()).map(String::as_str)
}

static NAMES: OnceLock<SiteNames> = OnceLock::new();

/// Says once per process, before the first file is shown, what the site calls its files.
pub fn use_site_names(names: SiteNames) {
    let _ = NAMES.set(names);
}

pub(super) fn names() -> &'static SiteNames {
    static NONE: OnceLock<SiteNames> = OnceLock::new();
    NAMES
        .get()
        .unwrap_or_else(|| NONE.get_or_init(SiteNames::default))
}
