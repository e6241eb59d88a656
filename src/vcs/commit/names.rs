//! Paths that no file made on the web may have.
//!
//! `.git` and `.hg` hold a clone's own data: a file there would be read, and run, by the programs of everybody who checks the changeset out. File systems have
//! further names for them. Git's and Mercurial's own checks grew from flaws of this kind (CVE-2014-9390, CVE-2014-9462).

use super::CommitError;
use crate::RepoPath;

/// Refuses a path that is not the name of an ordinary file.
pub(super) fn check(path: &RepoPath) -> Result<(), CommitError> {
    let bad = |why| {
        let path = path.clone();
        Err(CommitError::BadPath { path, why })
    };
    if path.is_root() {
        return bad("it is empty");
    }
    if path
        .as_bytes()
        .iter()
        .any(|&byte| byte < b' ' || byte == 0x7f)
    {
        return bad("it holds a control character");
    }
    if path.as_bytes().len() > 4096 || path.components().any(|name| name.len() > 255) {
        return bad("it is too long");
    }
    if path.components().any(is_own_data) {
        return bad("it lies where Git or Mercurial keep their own data");
    }
    Ok(())
}

/// Whether some file system takes a name for `.git` or `.hg`.
fn is_own_data(name: &[u8]) -> bool {
    let text = String::from_utf8_lossy(name);
    // The Macintosh's file system takes no notice of these, nor of upper and lower case.
    let ignored = |char: &char| matches!(char, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}');
    let text: String = text.chars().filter(|char| !ignored(char)).collect();
    // Windows takes no notice of dots and blanks at the end, and what follows a colon or a backslash is another thing.
    let parts = text.split('\\');
    parts.into_iter().any(|part| {
        let stem = part.split(':').next().unwrap_or_default();
        let stem = stem.trim_end_matches(['.', ' ']).to_lowercase();
        matches!(
            stem.as_str(),
            ".git" | "git~1" | ".hg" | "hg~1" | "hg8b6c~1"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_of_the_systems_cannot_be_reached() {
        for path in [
            ".git/config",
            "a/.GIT/hooks/x",
            "GIT~1/config",
            ".git./x",
            ".git /x",
            ".git::$INDEX_ALLOCATION/x",
            ".g\u{200c}it/x",
            ".hg/hgrc",
            "sub/.Hg/hgrc",
            "a\\.git\\config",
            "a\nb",
            "a\u{7f}",
        ] {
            let path = RepoPath::parse(path.as_bytes()).unwrap();
            assert!(check(&path).is_err(), "{path:?}");
        }
        for path in [
            ".gitignore",
            ".hgignore",
            "git",
            "a/.github/x",
            "-rf",
            "caf\u{e9}",
            "a b",
            ".gitmodules",
        ] {
            let path = RepoPath::parse(path.as_bytes()).unwrap();
            assert!(check(&path).is_ok(), "{path:?}");
        }
        assert!(check(&RepoPath::root()).is_err());
        assert!(check(&RepoPath::parse(&[b'x'; 300]).unwrap()).is_err());
    }
}
