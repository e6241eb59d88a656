//! Ids of files and lines on pages with differences. Links to comments contain them, so they never change.

use crate::digest::md5_hex;

/// The id of a file's block on a page: `C-<12 of the changeset>-<12 of the MD5 of the path>`.
///
/// Pages that compare two revisions have no single changeset and pass an empty one, which gives `C--826e8142e6ba`.
/// The path is hashed as the bytes it has in the repository.
pub fn file_id(changeset: &str, path: &[u8]) -> String {
    with_prefix('C', changeset, path)
}

/// The same for a file of a gist: `G-…`.
pub fn gist_file_id(changeset: &str, path: &[u8]) -> String {
    with_prefix('G', changeset, path)
}

fn with_prefix(prefix: char, changeset: &str, path: &[u8]) -> String {
    let changeset: String = changeset.chars().take(12).collect();
    format!("{prefix}-{changeset}-{}", md5_hex(path, 12))
}

/// A path as the first part of line ids (`<name>_n12`) and as the target of comments: `vcs/web/a.py` is `vcswebapy`.
///
/// White space becomes `_`, everything but word characters and `-` goes, the rest is lower case. A name without any such character
/// stays empty, no name at all is `none`.
pub fn anchor_name(path: Option<&str>) -> String {
    let Some(path) = path else {
        return "none".to_owned();
    };
    path.chars()
        .map(|c| if c.is_whitespace() { '_' } else { c })
        .filter(|&c| c.is_alphanumeric() || c == '_' || c == '-')
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_ids() {
        assert_eq!(file_id("", b"file1"), "C--826e8142e6ba");
        assert_eq!(
            file_id("0123456789abcdef0123456789abcdef01234567", b"file1"),
            "C-0123456789ab-826e8142e6ba"
        );
        assert_eq!(gist_file_id("", b"file1"), "G--826e8142e6ba");
    }

    #[test]
    fn known_anchor_names() {
        assert_eq!(anchor_name(Some("vcs/web/a.py")), "vcswebapy");
        assert_eq!(anchor_name(Some("My Größe-1.txt")), "my_größe-1txt");
        assert_eq!(anchor_name(None), "none");
    }
}
