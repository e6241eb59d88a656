//! Tags: names that are committed like any file, in `.hgtags`.
//!
//! Each head of history has its own version of the file; all are merged, the oldest head first. Lines are only ever
//! added, so a file also tells which values a tag had before, and that decides between two heads that disagree.

use std::collections::{BTreeMap, HashSet};

use std::path::Path;

use crate::bookmarks::named_nodes;
use crate::branch_cache::hash_of;
use crate::files;
use crate::ids::{Node, Rev};
use crate::revlog::Revlog;
use crate::text::Text;
use crate::visibility::Visibility;

/// A tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// Its name.
    pub name: Text,
    /// What it points at.
    pub rev: Rev,
    /// The same as hash.
    pub node: Node,
    /// Whether it is known in this clone only.
    pub local: bool,
}

/// A tag's present value and all values it had before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Value {
    pub node: Node,
    history: Vec<Node>,
    pub local: bool,
}

/// Tags being merged, by name.
#[derive(Debug, Default)]
pub(crate) struct Merge(pub BTreeMap<Vec<u8>, Value>);

impl Merge {
    /// Adds the content of one more file of lines `hash SP name`.
    pub fn add(&mut self, content: &[u8], local: bool) {
        let mut file: BTreeMap<Vec<u8>, Value> = BTreeMap::new();
        for (node, name) in named_nodes(content) {
            match file.get_mut(name) {
                // Equal values one after the other both count: the length of the history decides below.
                Some(value) => value.history.push(std::mem::replace(&mut value.node, node)),
                None => {
                    file.insert(
                        name.to_vec(),
                        Value {
                            node,
                            history: Vec::new(),
                            local,
                        },
                    );
                }
            }
        }
        for (name, new) in file {
            match self.0.get_mut(&name) {
                Some(known) => known.merge(new),
                None => {
                    self.0.insert(name, new);
                }
            }
        }
    }
}

impl Value {
    /// The known value wins if the new one is one of its former values - unless that holds the other way round, too, and
    /// the new history is at least as long.
    fn merge(&mut self, new: Value) {
        let known_wins = new.node != self.node
            && self.history.contains(&new.node)
            && (!new.history.contains(&self.node) || self.history.len() > new.history.len());
        let (node, local) = if known_wins {
            (self.node, self.local)
        } else {
            (new.node, new.local)
        };
        let mut history = new.history;
        let seen: HashSet<Node> = history.iter().copied().collect();
        history.extend(self.history.iter().filter(|node| !seen.contains(node)));
        *self = Value {
            node,
            history,
            local,
        };
    }
}

/// The merged tags as Mercurial noted them for exactly this state, before local tags.
///
/// `tags2-served` begins with `last-rev SP tip-node [SP hash]`: the number of the last changeset of all, the newest served one,
/// and the hash of the numbers of those not served. Then come all values a tag ever had, in the form of the file itself.
pub(crate) fn noted(cache: &Path, changelog: &Revlog, visibility: &Visibility) -> Option<Merge> {
    let content = files::read(&cache.join("tags2-served")).ok()??;
    let end = memchr::memchr(b'\n', &content)?;
    let mut key = content[..end].splitn(3, |&byte| byte == b' ');
    let last: usize = std::str::from_utf8(key.next()?).ok()?.parse().ok()?;
    let tip = changelog.node(visibility.served.max()?)?;
    let aside: Vec<Rev> = (0..changelog.len())
        .map(Rev::from_index)
        .filter(|rev| !visibility.served.contains(*rev))
        .collect();
    let fits = last + 1 == changelog.len()
        && Node::from_hex(key.next()?) == Some(tip)
        && key.next().map(<[u8]>::to_vec) == hash_of(&aside);
    if !fits {
        return None;
    }
    let mut merge = Merge::default();
    merge.add(&content[end + 1..], false);
    Some(merge)
}

/// The `.hgtags` revisions of changesets as Mercurial's cache tells them: 24 bytes per changeset, the first four of its hash and
/// the file's revision.
pub(crate) fn cached_revision(cache: &[u8], rev: Rev, node: &Node) -> Option<Node> {
    let record = cache.get(rev.index() * 24..)?.first_chunk::<24>()?;
    if record[..4] != node.as_bytes()[..4]
        || matches!(record[4..], [0xff, ..] if record[4..].iter().all(|b| *b == 0xff))
    {
        return None;
    }
    Node::from_slice(&record[4..]).filter(|node| !node.is_null())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn file(lines: &[(u8, &str)]) -> Vec<u8> {
        lines
            .iter()
            .map(|(node, name)| format!("{} {name}\n", Node::new([*node; 20])))
            .collect::<String>()
            .into_bytes()
    }

    fn merged(files: &[&[(u8, &str)]]) -> Vec<(String, u8)> {
        let mut merge = Merge::default();
        for lines in files {
            merge.add(&file(lines), false);
        }
        let name = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
        merge
            .0
            .iter()
            .map(|(key, value)| (name(key), value.node.as_bytes()[0]))
            .collect()
    }

    #[test]
    fn within_a_file_the_last_line_counts() {
        assert_eq!(
            merged(&[&[(1, "a"), (2, "a"), (3, "b c")]]),
            [("a".into(), 2), ("b c".into(), 3)]
        );
    }

    #[test]
    fn a_value_that_the_other_head_has_superseded_loses() {
        let old: &[(u8, &str)] = &[(1, "a")];
        let new: &[(u8, &str)] = &[(1, "a"), (2, "a")];
        assert_eq!(merged(&[old, new]), [("a".into(), 2)]);
        assert_eq!(merged(&[new, old]), [("a".into(), 2)]);
    }

    #[test]
    fn values_that_know_nothing_of_each_other_are_decided_by_the_newer_head() {
        assert_eq!(merged(&[&[(1, "a")], &[(2, "a")]]), [("a".into(), 2)]);
    }

    #[test]
    fn values_that_superseded_each_other_are_decided_by_the_longer_history() {
        let long: &[(u8, &str)] = &[(1, "a"), (2, "a"), (2, "a"), (1, "a")];
        let short: &[(u8, &str)] = &[(1, "a"), (2, "a")];
        assert_eq!(merged(&[long, short]), [("a".into(), 1)]);
        assert_eq!(merged(&[short, long]), [("a".into(), 1)]);
    }

    #[test]
    fn a_cache_record_must_fit_the_changeset() {
        let node = Node::new([7; 20]);
        let record = [[7; 4].as_slice(), &[9; 20]].concat();
        assert_eq!(
            cached_revision(&record, Rev::new(0), &node),
            Some(Node::new([9; 20]))
        );
        assert_eq!(cached_revision(&record, Rev::new(1), &node), None);
        assert_eq!(
            cached_revision(&record, Rev::new(0), &Node::new([8; 20])),
            None
        );
        assert_eq!(
            cached_revision(
                &[[7; 4].as_slice(), &[0xff; 20]].concat(),
                Rev::new(0),
                &node
            ),
            None
        );
        assert_eq!(
            cached_revision(&[[7; 4].as_slice(), &[0; 20]].concat(), Rev::new(0), &node),
            None
        );
    }

    proptest! {
        #[test]
        fn any_files_are_merged(files in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..100), 0..4)) {
            let mut merge = Merge::default();
            for content in files {
                merge.add(&content, false);
            }
        }
    }
}
