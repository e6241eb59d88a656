//! Names of repositories and groups: what may stand in a URL, in the database and on disk at once.
//!
//! The rules are those of 0.7 (a name is its own slug), and stricter where a name would be taken for something
//! else: a path of the program, a deleted repository, the inside of a repository.

use crate::{Error, Text, say};

/// Characters that the original replaces by a dash.
const SLUG: &str = "`?=[]\\;'\"<>,/~!@#$%^&*()+{}|: ";

/// First parts of paths that belong to the program. A top-level repository or group of this name could not be reached.
const RESERVED: &[&str] = &[
    "_admin",
    "_repos",
    "_users_and_groups",
    "about",
    "changeset_info",
    "codemirror",
    "css",
    "favicon.ico",
    "fontello",
    "images",
    "js",
    "my_pullrequests",
    "robots.txt",
];

/// Pages below a repository or group; a repository of this name inside a group would be hidden behind them.
const PAGES: &[&str] = &[
    "settings",
    "changelog",
    "changeset",
    "files",
    "summary",
    "info",
    "git-upload-pack",
    "git-receive-pack",
    "statistics",
];

/// Longest full path that the column holds.
pub(crate) const MAX_FULL_NAME: usize = 255;

/// Makes of a typed text the name it will get: `w 2/x` → `w-2-x`.
#[must_use]
pub fn slug(typed: &str) -> String {
    let mut out = String::with_capacity(typed.len());
    for c in typed.trim().chars() {
        let c = if SLUG.contains(c) || c.is_control() || c.is_whitespace() {
            '-'
        } else {
            c
        };
        if c != '-' || !out.ends_with('-') {
            out.push(c);
        }
    }
    out.trim_matches('-').to_owned()
}

/// Whether a character takes no room or changes the order of others, so that two names could look the same: Unicode's
/// default-ignorable characters and the controls of direction.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// Checks one part of a full name (after [`slug`]); `parent` is the full name of the group it stands in.
///
/// # Errors
/// [`Error::Invalid`] on `field` with the sentence of the original where it has one.
pub fn check(field: &'static str, name: &str, parent: Option<&str>) -> Result<(), Error> {
    let refuse = |message: Text| Err(Error::invalid(field, message));
    if name.is_empty() {
        return refuse("Please enter a value".into());
    }
    let lower = name.to_lowercase();
    let hidden = match parent {
        None => RESERVED.contains(&lower.as_str()) || is_permanent(&lower),
        Some(_) => PAGES.contains(&lower.as_str()),
    };
    if hidden
        || name.chars().any(is_invisible)
        || name.starts_with('.')
        || lower.starts_with("rm__")
        || [".git", ".hg"].iter().any(|end| lower.ends_with(end))
    {
        return refuse(say!("Repository name {name} is not allowed", name = name));
    }
    let length = name.len() + parent.map_or(0, |parent| parent.len() + 1);
    if length > MAX_FULL_NAME {
        return refuse(say!(
            "Enter a name of at most {most} bytes, groups included; this one has {n}",
            most = MAX_FULL_NAME,
            n = length
        ));
    }
    Ok(())
}

/// Checks a mail address (after trimming): one `@` with something on both sides, and no blank.
///
/// # Errors
/// [`Error::Invalid`] on `field`.
pub fn check_email(field: &'static str, email: &str) -> Result<(), Error> {
    let valid = email.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty() && !domain.is_empty() && !domain.contains('@')
    }) && !email.contains(|c: char| c.is_whitespace() || c.is_control());
    if valid && email.len() <= MAX_FULL_NAME {
        return Ok(());
    }
    Err(Error::invalid(
        field,
        "An email address must contain a single @",
    ))
}

/// `_23` is the permanent address of the repository with the id 23.
fn is_permanent(name: &str) -> bool {
    name.strip_prefix('_')
        .is_some_and(|id| !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit()))
}

/// Joins a group and a name.
#[must_use]
pub fn full(parent: Option<&str>, name: &str) -> String {
    match parent {
        Some(parent) => format!("{parent}/{name}"),
        None => name.to_owned(),
    }
}

/// The groups above a full name, outermost first: `a/b/c` → `a`, `a/b`.
pub fn parents(full_name: &str) -> impl Iterator<Item = &str> {
    full_name.match_indices('/').map(|(at, _)| &full_name[..at])
}

/// The last part of a full name.
#[must_use]
pub fn last(full_name: &str) -> &str {
    full_name.rsplit('/').next().unwrap_or(full_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_those_of_the_original() {
        for (typed, name) in [
            ("w 2/x", "w-2-x"),
            (" a  b ", "a-b"),
            ("Zoë_1.x", "Zoë_1.x"),
            ("--a--b--", "a-b"),
            ("?", ""),
        ] {
            assert_eq!(slug(typed), name);
        }
    }

    #[test]
    fn names_that_would_be_taken_for_something_else_are_refused() {
        for name in [
            "",
            "_admin",
            "_23",
            "css",
            "x.git",
            "x.HG",
            ".hidden",
            "rm__20200101_000000_000000__x",
            "\u{200b}",
            "pay\u{202e}lla",
            "site\u{feff}",
        ] {
            assert!(check("repo_name", name, None).is_err(), "{name}");
        }
        assert!(check("repo_name", "settings", Some("g")).is_err());
        for name in ["settings", "a.b", "_x", "rm_x", "Zoë"] {
            assert!(check("repo_name", name, None).is_ok(), "{name}");
        }
        assert!(check("repo_name", &"x".repeat(200), Some(&"g".repeat(60))).is_err());
    }

    #[test]
    fn a_full_name_knows_its_groups() {
        assert_eq!(parents("a/b/c").collect::<Vec<_>>(), ["a", "a/b"]);
        assert_eq!(last("a/b/c"), "c");
        assert_eq!(full(Some("a"), "b"), "a/b");
    }
}
