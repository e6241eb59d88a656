//! The small reading commands, answered without a child.
//!
//! A `push` of one changeset asks seven questions before and after the one command that writes. Each answer is a few lines, while the start of the
//! child that gives it costs some tenths of a second. What is answered here is, byte for byte, what `hg` answers; only the lines of `branchmap`, whose
//! order there depends on the state of a cache, are sorted.
//!
//! Whatever is not certain goes to the child: settings and formats that might change an answer ([`settings`]), names that are not UTF-8, requests
//! that `hg` refuses, and everything that is not in [`COMMANDS`]. `None` says so; it is always right.

pub(super) mod capabilities;
mod settings;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use ::hg::{Node, Phase, Snapshot};

use self::settings::Settings;
use super::arguments::Request;
use super::batch;
use super::program::HgProgram;
use crate::mercurial::Repository;

/// What is answered here, each with the one argument it has, if any; and `batch` of these.
const COMMANDS: &[(&str, Option<&str>)] = &[
    ("between", Some("pairs")),
    ("branchmap", None),
    ("heads", None),
    ("known", Some("nodes")),
    ("lheads", None),
    ("listkeys", Some("namespace")),
    ("lookup", Some("key")),
];

/// The answer to a request, if it can be given without a child.
pub(super) fn answer(
    program: &HgProgram,
    repository: &Repository,
    request: &Request,
) -> Option<Vec<u8>> {
    let name = request.name();
    let questions = if name == "batch" {
        batch::commands(request.argument("cmds")?)?
    } else {
        vec![(name.to_owned(), request.arguments().to_vec())]
    };
    let questions = questions
        .iter()
        .map(Question::new)
        .collect::<Option<Vec<_>>>()?;
    let settings = Settings::read(&program.config, repository.root())?;
    // All of a batch is read from one state, and after the request has come: what others have pushed before is in it.
    let answers = repository.read(|snapshot| {
        let replier = Replier {
            snapshot,
            settings: &settings,
        };
        questions
            .iter()
            .map(|question| replier.answer(question).transpose())
            .collect::<Option<Result<Vec<_>, _>>>()
            .transpose()
    });
    let answers = answers.unwrap_or_else(|error: ::hg::Error| {
        tracing::info!(%error, name, "cannot be answered natively");
        None
    })?;
    if name != "batch" {
        return answers.into_iter().next();
    }
    let escaped: Vec<_> = answers.iter().map(|answer| batch::escape(answer)).collect();
    Some(escaped.join(&b';'))
}

/// One command with its argument.
struct Question<'a> {
    name: &'static str,
    argument: &'a [u8],
}

impl<'a> Question<'a> {
    fn new((name, arguments): &'a (String, Vec<(String, Vec<u8>)>)) -> Option<Self> {
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
struct Replier<'a> {
    snapshot: &'a Snapshot,
    settings: &'a Settings,
}

type Reply = Result<Option<Vec<u8>>, ::hg::Error>;

impl Replier<'_> {
    fn answer(&self, question: &Question<'_>) -> Reply {
        Ok(match question.name {
            "heads" => self.heads(),
            // The same for clients with the largefiles extension. Without it here, too, there is no such command.
            "lheads" if self.settings.largefiles => self.heads(),
            "known" => self.known(question.argument),
            "between" => self.between(question.argument),
            "listkeys" => self.list_keys(question.argument),
            "branchmap" => return self.branch_map(),
            "lookup" => return self.lookup(question.argument),
            _ => None,
        })
    }

    /// The nodes of the served heads, newest first; the null node when there is no changeset. What a server says that has changesets and serves none is
    /// not the same in all versions of Mercurial.
    fn heads(&self) -> Option<Vec<u8>> {
        let mut nodes: Vec<Node> = self
            .snapshot
            .heads()
            .into_iter()
            .map(|rev| self.snapshot.node(rev))
            .collect();
        if nodes.is_empty() {
            if !self.snapshot.is_empty() {
                return None;
            }
            nodes.push(Node::NULL);
        }
        Some(line(&nodes))
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

    /// What the namespaces of `pushkey` hold. Markers are left to the child.
    fn list_keys(&self, namespace: &[u8]) -> Option<Vec<u8>> {
        let keys = match std::str::from_utf8(namespace).ok()? {
            "bookmarks" => self.bookmarks()?,
            "phases" => self.phases()?,
            // Without `obsolete`, which is only shown where the exchange of markers is configured.
            "namespaces" => ["bookmarks", "namespaces", "phases"]
                .map(|name| (name.to_owned(), String::new()))
                .into(),
            "obsolete" => return None,
            _ => BTreeMap::new(),
        };
        let lines: Vec<String> = keys
            .iter()
            .map(|(key, value)| format!("{key}\t{value}"))
            .collect();
        Some(lines.join("\n").into_bytes())
    }

    /// Bookmarks `name@somewhere` stand for another repository's opinion and stay private.
    fn bookmarks(&self) -> Option<BTreeMap<String, String>> {
        let mut keys = BTreeMap::new();
        for bookmark in self.snapshot.bookmarks() {
            let name = std::str::from_utf8(bookmark.name.as_bytes()).ok()?;
            if !name.contains('@') || name.ends_with('@') {
                keys.insert(name.to_owned(), bookmark.node.to_string());
            }
        }
        Some(keys)
    }

    /// The roots of the draft phase, hidden ones too, and whether what is pulled from here becomes public.
    fn phases(&self) -> Option<BTreeMap<String, String>> {
        let mut keys = BTreeMap::new();
        for (phase, node) in self.settings.phase_roots()? {
            let Some(rev) = self.snapshot.rev(&node).filter(|_| phase == 1) else {
                continue;
            };
            match self.snapshot.phase(rev) {
                Phase::Draft => drop(keys.insert(node.to_string(), "1".to_owned())),
                Phase::Secret => {}
                // The file is newer than the state.
                Phase::Public => return None,
            }
        }
        if self.settings.publishing {
            keys.insert("publishing".to_owned(), "True".to_owned());
        }
        Some(keys)
    }

    /// A line for each branch: its name as in a URL, and its heads, closed ones too, oldest first.
    fn branch_map(&self) -> Reply {
        let snapshot = self.snapshot;
        if snapshot
            .served()
            .iter()
            .any(|rev| snapshot.is_obsolete(rev))
        {
            return Ok(None);
        }
        let mut lines = Vec::new();
        for branch in snapshot.branches()? {
            let Ok(name) = std::str::from_utf8(branch.name.as_bytes()) else {
                return Ok(None);
            };
            let mut text = quote(name);
            for head in &branch.heads {
                // Writing to a string cannot fail.
                let _ = write!(text, " {}", snapshot.node(*head));
            }
            lines.push(text);
        }
        Ok(Some(lines.join("\n").into_bytes()))
    }

    /// `1` and the node a word means. Words that mean nothing are left to the child, as what it says then differs.
    fn lookup(&self, key: &[u8]) -> Reply {
        let snapshot = self.snapshot;
        let Ok(key) = std::str::from_utf8(key) else {
            return Ok(None);
        };
        let found = |node: Node| Ok(Some(format!("1 {node}\n").into_bytes()));
        if key == "tip" {
            return match snapshot.tip() {
                Some(rev) => found(snapshot.node(rev)),
                None if snapshot.is_empty() => found(Node::NULL),
                None => Ok(None),
            };
        }
        // A number means a changeset, but which ones are hidden from it is a matter of its own.
        if key.parse::<i64>().is_ok() || matches!(key, "." | "null") {
            return Ok(None);
        }
        if let Some(node) = Node::from_hex(key.as_bytes()) {
            return match snapshot.served_rev(&node) {
                Some(_) => found(node),
                None => Ok(None),
            };
        }
        // A name on something that is not served stands before the same name of another kind.
        if snapshot.served().count() != snapshot.len() {
            return Ok(None);
        }
        let is_key = |name: &::hg::Text| name.as_bytes() == key.as_bytes();
        if let Some(bookmark) = snapshot.bookmarks().iter().find(|mark| is_key(&mark.name)) {
            return found(bookmark.node);
        }
        if let Some(tag) = snapshot.tags()?.iter().find(|tag| is_key(&tag.name)) {
            return found(tag.node);
        }
        match snapshot
            .branches()?
            .iter()
            .find(|branch| is_key(&branch.name))
        {
            Some(branch) => found(snapshot.node(branch.tip)),
            None => Ok(None),
        }
    }
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
fn quote(name: &str) -> String {
    let mut out = String::new();
    for byte in name.bytes() {
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
        assert_eq!(quote("feature/a_b.c-d~e"), "feature/a_b.c-d~e");
        assert_eq!(quote("dead; br ä%"), "dead%3B%20br%20%C3%A4%25");
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
