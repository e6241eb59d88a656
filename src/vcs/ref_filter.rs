//! Which refs of a Git repository count: the ini key `git_rev_filter`.
//!
//! Its text is what an administrator would give to `git log`: `--all`, `--branches`, `--tags`, each of the last two with a pattern if
//! need be (`--branches=release/*`), `--glob=refs/tags/v*`, and `--exclude=` before one of these. What none of them takes is in no
//! list, has no number and cannot be named by its id; a name still leads to its changeset.

use gix::bstr::{BStr, BString};
use gix::glob::wildmatch;

/// The refs whose changesets are shown. The default is all branches and tags.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RefFilter {
    /// Empty for everything.
    rules: Vec<Rule>,
}

/// A text that is no filter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{word:?} is none of --all, --branches[=PATTERN], --tags[=PATTERN], --glob=PATTERN, --exclude=PATTERN"
)]
pub struct BadRefFilter {
    /// The part that is not understood.
    pub word: String,
}

/// What one option takes.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    /// A pattern of whole names of refs.
    takes: BString,
    /// What was excluded before the option.
    but: Vec<BString>,
}

impl RefFilter {
    /// Whether a ref of this whole name counts.
    pub(crate) fn takes(&self, name: &[u8]) -> bool {
        // Case counts and a star crosses slashes, as in `git`.
        let fits = |pattern: &BString| {
            wildmatch(pattern.as_ref(), BStr::new(name), wildmatch::Mode::empty())
        };
        self.rules.is_empty()
            || self
                .rules
                .iter()
                .any(|rule| fits(&rule.takes) && !rule.but.iter().any(fits))
    }
}

impl std::str::FromStr for RefFilter {
    type Err = BadRefFilter;

    fn from_str(text: &str) -> Result<Self, BadRefFilter> {
        let mut rules = Vec::new();
        let mut but: Vec<&str> = Vec::new();
        for word in text.split_whitespace() {
            let (option, pattern) = match word.split_once('=') {
                Some((option, pattern)) => (option, Some(pattern)),
                None => (word, None),
            };
            // Excluded are whole names for `--all` and `--glob`, short ones for the others.
            let (folder, takes) = match (option, pattern) {
                ("--all", None) => ("", "refs/**".to_owned()),
                ("--branches", pattern) => ("refs/heads/", below("refs/heads/", pattern)),
                ("--tags", pattern) => ("refs/tags/", below("refs/tags/", pattern)),
                ("--glob", Some(pattern)) => {
                    let pattern = pattern.strip_prefix("refs/").unwrap_or(pattern);
                    ("", below("refs/", Some(pattern)))
                }
                ("--exclude", Some(pattern)) => {
                    but.push(pattern);
                    continue;
                }
                _ => {
                    return Err(BadRefFilter {
                        word: word.to_owned(),
                    });
                }
            };
            let excluded = but
                .drain(..)
                .map(|pattern| format!("{folder}{pattern}").into());
            rules.push(Rule {
                but: excluded.collect(),
                takes: takes.into(),
            });
        }
        Ok(RefFilter { rules })
    }
}

/// A pattern of names in a folder of refs; one without a special character means all that lies below, too.
fn below(folder: &str, pattern: Option<&str>) -> String {
    match pattern {
        None => format!("{folder}**"),
        Some(pattern) if pattern.contains(['*', '?', '[']) => format!("{folder}{pattern}"),
        Some(pattern) => format!("{folder}{}/**", pattern.trim_end_matches('/')),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_those_of_git_log() {
        let names = [
            "refs/heads/main",
            "refs/heads/release/1",
            "refs/heads/release/x/2",
            "refs/tags/v1",
            "refs/tags/old/v0",
        ];
        for (text, taken) in [
            ("", "01234"),
            ("--all", "01234"),
            ("--branches", "012"),
            ("--branches --tags", "01234"),
            ("--tags", "34"),
            ("--branches=release", "12"),
            ("--branches=release/*", "12"),
            ("--branches=main", ""),
            ("--branches=mai*", "0"),
            ("--tags=v[0-9]", "3"),
            ("--glob=heads/release", "12"),
            ("--glob=refs/tags/v*", "3"),
            ("--exclude=release/* --branches --tags", "034"),
            ("--exclude=refs/heads/* --all", "34"),
        ] {
            let filter: RefFilter = text.parse().unwrap();
            let found: String = (0..names.len())
                .filter(|&at| filter.takes(names[at].as_bytes()))
                .map(|at| at.to_string())
                .collect();
            assert_eq!(found, taken, "{text}");
        }
        for text in [
            "main",
            "--remotes",
            "--since=1.week",
            "--exclude",
            "--all=x",
        ] {
            assert!(text.parse::<RefFilter>().is_err(), "{text}");
        }
    }
}
