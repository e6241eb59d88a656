//! The small questions: answers of a few lines.

use std::fmt::Write as _;

use ::hg::{LookupError, Node, Snapshot};

use super::capabilities::{self, Transport};
use super::settings::Settings;

/// What is answered here, each with the one argument it has, if any.
const COMMANDS: &[(&str, Option<&str>)] = &[
    ("between", Some("pairs")),
    ("branches", Some("nodes")),
    ("branchmap", None),
    ("capabilities", None),
    ("clonebundles", None),
    ("clonebundles_manifest", None),
    ("heads", None),
    ("hello", None),
    ("known", Some("nodes")),
    ("lheads", None),
    ("listkeys", Some("namespace")),
    ("lookup", Some("key")),
    ("protocaps", Some("caps")),
];

/// One command with its argument.
#[derive(PartialEq, Eq, Hash)]
pub(super) struct Question<'a> {
    name: &'static str,
    argument: &'a [u8],
}

impl<'a> Question<'a> {
    pub fn new((name, arguments): &'a (String, Vec<(String, Vec<u8>)>)) -> Option<Self> {
        let (name, wanted) = COMMANDS.iter().find(|(own, _)| own == name)?;
        let argument = match wanted {
            Some(wanted) => {
                let mut values = arguments.iter().filter(|(own, _)| own == wanted);
                let (Some((_, value)), None) = (values.next(), values.next()) else {
                    return None;
                };
                &value[..]
            }
            None => b"",
        };
        Some(Question { name, argument })
    }
}

/// Answers questions from one state of the repository.
pub(super) struct Replier<'a> {
    pub snapshot: &'a Snapshot,
    pub settings: &'a Settings,
    pub transport: Transport,
}

pub(super) type Reply = Result<Option<Vec<u8>>, ::hg::Error>;

impl Replier<'_> {
    pub fn answer(&self, question: &Question<'_>) -> Reply {
        Ok(match question.name {
            "heads" => Some(self.heads()),
            // The same for clients with the largefiles extension. Without it here, too, there is no such command.
            "lheads" if self.settings.largefiles => Some(self.heads()),
            "known" => self.known(question.argument),
            "between" => self.between(question.argument),
            "branches" => self.first_branches(question.argument),
            "listkeys" => self.list_keys(question.argument),
            "branchmap" => return self.branch_map().map(Some),
            "lookup" => return self.lookup(question.argument),
            "capabilities" => Some(self.capabilities()),
            "hello" => Some([&b"capabilities: "[..], &self.capabilities(), b"\n"].concat()),
            "clonebundles" => Some(clone_bundles(&self.settings.clone_bundles_manifest, true)),
            "clonebundles_manifest" => {
                Some(clone_bundles(&self.settings.clone_bundles_manifest, false))
            }
            // What the client can do was read with the request.
            "protocaps" => Some(b"OK".to_vec()),
            _ => None,
        })
    }

    fn capabilities(&self) -> Vec<u8> {
        capabilities::list(self.snapshot, self.settings, self.transport).into_bytes()
    }

    /// The nodes of the served heads, newest first; the null node when there is none.
    fn heads(&self) -> Vec<u8> {
        let heads = self.snapshot.heads().into_iter();
        let mut nodes: Vec<Node> = heads.map(|rev| self.snapshot.node(rev)).collect();
        if nodes.is_empty() {
            nodes.push(Node::NULL);
        }
        line(&nodes)
    }

    /// `0` or `1` for each node. The null node is known everywhere.
    fn known(&self, nodes: &[u8]) -> Option<Vec<u8>> {
        let is_known = |node: &Node| node.is_null() || self.snapshot.served_rev(node).is_some();
        let nodes = list(nodes, b' ')?;
        Some(
            nodes
                .iter()
                .map(|node| if is_known(node) { b'1' } else { b'0' })
                .collect(),
        )
    }

    /// For each pair the changesets between the two along first parents: the first, the second, the fourth, and so on.
    fn between(&self, pairs: &[u8]) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        for pair in pairs.split(|byte| *byte == b' ') {
            let [top, bottom] = list(pair, b'-')?.try_into().ok()?;
            let mut rev = match self.snapshot.served_rev(&top) {
                None if !top.is_null() => return None,
                rev => rev,
            };
            let (mut nodes, mut steps, mut next) = (Vec::new(), 0_u64, 1);
            while let Some(at) = rev {
                let node = self.snapshot.node(at);
                if node == bottom {
                    break;
                }
                if steps == next {
                    nodes.push(node);
                    next *= 2;
                }
                rev = self.snapshot.parents(at)[0];
                steps += 1;
            }
            out.extend(line(&nodes));
        }
        Some(out)
    }

    /// For each node the first changeset, going back along first parents, that is a merge or a root: the node, that changeset, and
    /// its parents. Clients of 2005 found out like this what they lacked.
    fn first_branches(&self, nodes: &[u8]) -> Option<Vec<u8>> {
        let mut nodes = list(nodes, b' ')?;
        if nodes.is_empty() {
            nodes.extend(self.snapshot.tip().map(|tip| self.snapshot.node(tip)));
        }
        let mut out = Vec::new();
        for start in nodes {
            let mut rev = match self.snapshot.served_rev(&start) {
                None if !start.is_null() => return None,
                rev => rev,
            };
            let parents = loop {
                match rev.map_or([None; 2], |rev| self.snapshot.parents(rev)) {
                    [Some(parent), None] => rev = Some(parent),
                    parents => break parents,
                }
            };
            let node =
                |rev: Option<::hg::Rev>| rev.map_or(Node::NULL, |rev| self.snapshot.node(rev));
            let [first, second] = parents.map(node);
            out.extend(line(&[start, node(rev), first, second]));
        }
        Some(out)
    }

    fn list_keys(&self, namespace: &[u8]) -> Option<Vec<u8>> {
        list_keys(
            self.snapshot,
            self.settings,
            std::str::from_utf8(namespace).ok()?,
        )
    }

    /// A line for each branch: its name as in a URL, and its heads, closed ones too, oldest first.
    fn branch_map(&self) -> Result<Vec<u8>, ::hg::Error> {
        let snapshot = self.snapshot;
        let mut lines = Vec::new();
        for branch in snapshot.branches()? {
            let mut text = quote(branch.name.as_bytes());
            for head in &branch.heads {
                // Writing to a string cannot fail.
                let _ = write!(text, " {}", snapshot.node(*head));
            }
            lines.push(text);
        }
        Ok(lines.join("\n").into_bytes())
    }

    /// `1` and the node a word means, or `0` and why it means none. What is not served means nothing, and nobody learns why.
    fn lookup(&self, key: &[u8]) -> Reply {
        let Ok(text) = std::str::from_utf8(key) else {
            return Ok(None);
        };
        let found = match text {
            // The parent of the working directory, which a client cannot know anything about.
            "." => return Ok(None),
            "null" => Ok(Node::NULL),
            "tip" => Ok(self
                .snapshot
                .tip()
                .map_or(Node::NULL, |tip| self.snapshot.node(tip))),
            _ if text == Node::NULL.to_string() => Ok(Node::NULL),
            _ => self
                .snapshot
                .lookup(text)
                .map(|rev| self.snapshot.node(rev)),
        };
        let answer = match found {
            Ok(node) => format!("1 {node}\n"),
            Err(LookupError::Unknown { .. }) => format!("0 unknown revision '{text}'\n"),
            Err(LookupError::Ambiguous { .. }) => {
                format!("0 00changelog@{text}: ambiguous identifier\n")
            }
            Err(LookupError::Repository(error)) => return Err(error),
        };
        Ok(Some(answer.into_bytes()))
    }
}

/// What a namespace of `pushkey` holds. Markers, where there are any, are left to the child: no client of the last ten years asks for
/// them like this.
pub(super) fn list_keys(
    snapshot: &Snapshot,
    settings: &Settings,
    namespace: &str,
) -> Option<Vec<u8>> {
    Some(match namespace {
        "bookmarks" => snapshot.bookmark_keys(),
        "phases" => snapshot.phase_keys(settings.publishing),
        "namespaces" => {
            let mut names = vec!["bookmarks\t", "namespaces\t"];
            names.extend(settings.exchanges_markers.then_some("obsolete\t"));
            names.push("phases\t");
            names.join("\n").into_bytes()
        }
        "obsolete" if !settings.has_markers => Vec::new(),
        "obsolete" => return None,
        _ => Vec::new(),
    })
}

/// The manifest of clone bundles. Old clients are not told of those that they cannot get, or not understand.
fn clone_bundles(manifest: &[u8], old_client: bool) -> Vec<u8> {
    let is_for_all = |line: &&[u8]| {
        !line.starts_with(b"peer-bundle-cache://")
            && memchr::memmem::find(line, b"STORE-FINGERPRINT=").is_none()
    };
    let lines = manifest.split_inclusive(|byte| *byte == b'\n');
    lines
        .filter(|line| !old_client || is_for_all(line))
        .flatten()
        .copied()
        .collect()
}

/// Nodes as a line.
fn line(nodes: &[Node]) -> Vec<u8> {
    let words: Vec<String> = nodes.iter().map(Node::to_string).collect();
    (words.join(" ") + "\n").into_bytes()
}

/// Reads a list of full nodes.
fn list(text: &[u8], separator: u8) -> Option<Vec<Node>> {
    if text.is_empty() {
        return Some(Vec::new());
    }
    text.split(|byte| *byte == separator)
        .map(Node::from_hex)
        .collect()
}

/// Escapes a name for a URL; slashes stay.
fn quote(name: &[u8]) -> String {
    let mut out = String::new();
    for &byte in name {
        if byte.is_ascii_alphanumeric() || b"_.-~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_as_in_urls() {
        assert_eq!(quote(b"feature/a_b.c-d~e"), "feature/a_b.c-d~e");
        assert_eq!(quote("dead; br ä%".as_bytes()), "dead%3B%20br%20%C3%A4%25");
    }

    #[test]
    fn old_clients_see_the_bundles_they_can_get() {
        let plain = "https://example.com/a.hg BUNDLESPEC=gzip-v2\n";
        let manifest = format!("{plain}peer-bundle-cache://b.hg\nhttps://c STORE-FINGERPRINT=1\n");
        assert_eq!(clone_bundles(manifest.as_bytes(), true), plain.as_bytes());
        assert_eq!(
            clone_bundles(manifest.as_bytes(), false),
            manifest.as_bytes()
        );
    }

    #[test]
    fn lists_hold_full_nodes_only() {
        let node = "00ff1234567890abcdef00112233445566778899";
        assert_eq!(list(b"", b' '), Some(Vec::new()));
        let two = format!("{node}-{}", node.to_uppercase());
        assert_eq!(list(two.as_bytes(), b'-').map(|nodes| nodes.len()), Some(2));
        for bad in ["00ff", &format!("{node} "), &format!("{node} 00")] {
            assert_eq!(list(bad.as_bytes(), b' '), None, "{bad}");
        }
    }
}
