//! Repositories inside repositories: `.hgsub` says where from, `.hgsubstate` at which revision.
//!
//! Both are ordinary files that anybody who can push may write. Sources are told, never followed.

use std::collections::BTreeMap;

use crate::path::{HgPath, HgPathBuf};
use crate::text::Text;

/// A repository that is checked out into a directory of another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subrepository {
    /// The directory.
    pub path: HgPathBuf,
    /// What kind of repository it is.
    pub kind: SubrepositoryKind,
    /// Where it comes from: an URL or a path, perhaps relative to the outer repository's.
    pub source: Text,
    /// The recorded revision: forty hex digits for Mercurial and Git, a number for Subversion.
    pub revision: Option<Text>,
}

/// What kind of repository a subrepository is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SubrepositoryKind {
    /// Mercurial, the default.
    Hg,
    /// Git.
    Git,
    /// Subversion.
    Svn,
}

/// Reads the two files. Lines and paths that make no sense, or would lead out of the repository, are left out.
pub(crate) fn parse(sources: &[u8], states: &[u8]) -> Vec<Subrepository> {
    let revisions: BTreeMap<&[u8], &[u8]> = lines(states)
        .filter_map(|line| {
            let space = memchr::memchr(b' ', line)?;
            Some((line[space + 1..].trim_ascii(), &line[..space]))
        })
        .collect();
    let mut found = BTreeMap::new();
    let mut in_section = false;
    for line in lines(sources) {
        if line.starts_with(b"[") {
            in_section = true;
        }
        // A line that is indented continues the one before, which no source needs.
        let Some(equals) =
            memchr::memchr(b'=', line).filter(|_| !in_section && !line.starts_with(b" "))
        else {
            continue;
        };
        let (path, source) = (line[..equals].trim_ascii(), line[equals + 1..].trim_ascii());
        if !is_allowed(path) {
            continue;
        }
        let (kind, source) = split_kind(source);
        let revision = revisions.get(path).map(|revision| Text::from(*revision));
        let path = HgPathBuf::from(path.to_vec());
        found.insert(
            path.clone(),
            Subrepository {
                path,
                kind,
                source: Text::from(source),
                revision,
            },
        );
    }
    found.into_values().collect()
}

fn lines(content: &[u8]) -> impl Iterator<Item = &[u8]> {
    let lines = content
        .split(|&byte| byte == b'\n')
        .map(|line| line.trim_ascii_end());
    lines.filter(|line| !line.is_empty() && !line.starts_with(b"#") && !line.starts_with(b";"))
}

fn is_allowed(path: &[u8]) -> bool {
    let hidden = |part: &[u8]| part.eq_ignore_ascii_case(b".hg");
    HgPath::new(path).is_safe() && !path.split(|&byte| byte == b'/').any(hidden)
}

/// `[git]URL` names the kind in front of the source.
fn split_kind(source: &[u8]) -> (SubrepositoryKind, &[u8]) {
    for (mark, kind) in [
        (&b"[git]"[..], SubrepositoryKind::Git),
        (b"[svn]", SubrepositoryKind::Svn),
        (b"[hg]", SubrepositoryKind::Hg),
    ] {
        if let Some(rest) = source.strip_prefix(mark) {
            return (kind, rest.trim_ascii_start());
        }
    }
    (SubrepositoryKind::Hg, source)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sources_and_states_are_joined_by_path() {
        let sources = b"# comment\nlibs/b = [git]https://example.com/b\nlibs/a=../a\n; more\nold = [svn] http://example.com/s\n\n[subpaths]\nx = y\n";
        let states = b"00ff1234567890abcdef00112233445566778899 libs/b\n17 old\n";
        let found = parse(sources, states);
        let told: Vec<_> = found
            .iter()
            .map(|sub| {
                (
                    sub.path.to_string(),
                    sub.kind,
                    sub.source.to_string(),
                    sub.revision.as_ref().map(ToString::to_string),
                )
            })
            .collect();
        let sub = |path: &str, kind, source: &str, revision: Option<&str>| {
            (
                path.to_owned(),
                kind,
                source.to_owned(),
                revision.map(str::to_owned),
            )
        };
        assert_eq!(
            told,
            [
                sub("libs/a", SubrepositoryKind::Hg, "../a", None),
                sub(
                    "libs/b",
                    SubrepositoryKind::Git,
                    "https://example.com/b",
                    Some("00ff1234567890abcdef00112233445566778899")
                ),
                sub(
                    "old",
                    SubrepositoryKind::Svn,
                    "http://example.com/s",
                    Some("17")
                ),
            ]
        );
    }

    #[test]
    fn paths_that_lead_elsewhere_are_left_out() {
        for path in [
            "/etc",
            "../out",
            "a/../../out",
            ".hg",
            "a/.HG/hooks",
            "a//b",
            "",
        ] {
            assert!(
                parse(format!("{path} = source\n").as_bytes(), b"").is_empty(),
                "{path}"
            );
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(sources in "[a= \\[\\]\n#./]{0,60}", states in proptest::collection::vec(any::<u8>(), 0..60)) {
            for sub in parse(sources.as_bytes(), &states) {
                prop_assert!(sub.path.as_path().is_safe());
            }
        }
    }
}
