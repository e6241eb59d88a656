//! Makes a commit and pushes it.
//!
//! New blobs, trees and the commit go into a pack in memory, the pack to `git receive-pack`: exactly what a client's push is. Git keeps them in
//! quarantine until the hooks have agreed, and moves the branch only if it still is where we said it was.

use std::collections::{BTreeMap, HashSet};
use std::io::{Read, Write};

use flate2::Compression;
use flate2::write::ZlibEncoder;
use gix::ObjectId;
use gix::bstr::ByteSlice;
use gix::objs::Kind as ObjectKind;
use gix::objs::tree::EntryKind;
use sha1::{Digest, Sha1};

use super::tree::Item;
use super::{Repository, from_git, to_git};
use crate::commit::{CommitError, CommitRequest, Committed, Edit, NewContent, signature};
use crate::wire::git::{self as wire, GitProgram, ObjectName, Protocol, RefUpdate};
use crate::wire::pktline::{self, Packet};
use crate::{ChangesetId, RefName, RepoPath, Timestamp};

/// A path, component by component, and what shall lie there.
type Change<'a> = (Vec<&'a [u8]>, Option<Item>);

impl Repository {
    pub fn make_commit(
        &self,
        program: &GitProgram,
        request: &CommitRequest,
        edits: &[Edit],
    ) -> Result<Committed, CommitError> {
        let name = full_name(&request.branch)?;
        let repo = self.local();
        let found = self.head_of(&request.branch)?;
        let expected = if request.new_branch {
            None
        } else {
            request.parent
        };
        let moved = |found| CommitError::Moved {
            branch: request.branch.clone(),
            expected,
            found,
        };
        if found != expected {
            return Err(moved(found));
        }

        let mut pack = Pack::default();
        let base = match &request.parent {
            Some(parent) => Some(
                self.commit(&repo, parent)?
                    .tree_id()
                    .map_err(self.damaged(format!("commit {parent}")))?
                    .detach(),
            ),
            None => None,
        };
        let tree = self.edited_tree(&repo, base, edits, &mut pack)?;
        let id = from_git(&pack.add(ObjectKind::Commit, commit_object(tree, request)));

        let old = expected.unwrap_or(ChangesetId::NULL);
        let reply = self.push(program, &name, old, id, pack)?;
        if let Some(reason) = reply.refusal {
            // Two who edit at once both find the branch where they saw it; Git's lock lets one through.
            let found = self.head_of(&request.branch)?;
            return Err(if found == expected {
                let said = reply.said;
                CommitError::Refused { reason, said }
            } else {
                moved(found)
            });
        }
        let update = RefUpdate {
            name: wire::RefName::new(name),
            old: object_name(old),
            new: object_name(id),
        };
        Ok(Committed {
            id,
            journal: self.pushed(&[update])?.unwrap_or_default(),
            said: reply.said,
        })
    }

    /// Where a branch is.
    fn head_of(&self, branch: &RefName) -> Result<Option<ChangesetId>, CommitError> {
        Ok(self.refs()?.branch(branch.as_str()).map(|branch| branch.id))
    }

    /// The tree of the parent with the edits made.
    fn edited_tree(
        &self,
        repo: &gix::Repository,
        base: Option<ObjectId>,
        edits: &[Edit],
        pack: &mut Pack,
    ) -> Result<ObjectId, CommitError> {
        let mut changes = Vec::new();
        for Edit { path, file } in edits {
            let item = match file {
                None => None,
                Some(file) => {
                    let id = match &file.content {
                        NewContent::Bytes(bytes) => pack.add(ObjectKind::Blob, bytes.clone()),
                        NewContent::Kept(from) => self.kept(repo, base, from)?,
                    };
                    let kind = match (file.symlink, file.executable) {
                        (true, _) => EntryKind::Link,
                        (false, true) => EntryKind::BlobExecutable,
                        (false, false) => EntryKind::Blob,
                    };
                    let mode = kind.into();
                    Some(Item { mode, id })
                }
            };
            changes.push((path.components().collect::<Vec<_>>(), item));
        }
        let tree = self.rebuild(repo, base, &changes, pack)?;
        Ok(tree.unwrap_or_else(|| pack.add(ObjectKind::Tree, Vec::new())))
    }

    /// The blob at a path of the parent.
    fn kept(
        &self,
        repo: &gix::Repository,
        base: Option<ObjectId>,
        path: &RepoPath,
    ) -> Result<ObjectId, CommitError> {
        let item = match base {
            Some(base) => self.item_below(repo, base, path)?,
            None => None,
        };
        let path = path.clone();
        item.map(|item| item.id)
            .ok_or(CommitError::NotFound { path })
    }

    /// Writes the trees that differ, from the leaves up; none for one that has become empty. Each change has a path below this tree.
    fn rebuild(
        &self,
        repo: &gix::Repository,
        base: Option<ObjectId>,
        changes: &[Change<'_>],
        pack: &mut Pack,
    ) -> Result<Option<ObjectId>, CommitError> {
        let mut entries: BTreeMap<Vec<u8>, Item> = match base {
            Some(tree) => self.read_tree(repo, tree)?.into_iter().collect(),
            None => BTreeMap::new(),
        };
        let mut below: BTreeMap<&[u8], Vec<Change<'_>>> = BTreeMap::new();
        // What goes comes first: a file may make way for a folder of its name, and a folder for a file.
        let mut made = Vec::new();
        for (path, item) in changes {
            match (&path[..], item) {
                ([], _) => {}
                ([name], None) => drop(entries.remove(*name)),
                ([name], Some(item)) => made.push((name.to_vec(), *item)),
                ([name, rest @ ..], item) => {
                    below.entry(name).or_default().push((rest.to_vec(), *item));
                }
            }
        }
        for (name, changes) in below {
            let folder = entries.get(name).filter(|item| item.mode.is_tree());
            match self.rebuild(repo, folder.map(|item| item.id), &changes, pack)? {
                Some(id) => drop(entries.insert(name.to_vec(), Item::tree(id))),
                None => drop(entries.remove(name)),
            }
        }
        entries.extend(made);
        if entries.is_empty() {
            return Ok(None);
        }
        let mut sorted: Vec<_> = entries.into_iter().collect();
        // Git orders folders as if their names ended in a slash.
        sorted.sort_by_cached_key(|(name, item)| {
            let slash: &[u8] = if item.mode.is_tree() { b"/" } else { b"" };
            [&name[..], slash].concat()
        });
        let mut tree = Vec::new();
        for (name, item) in sorted {
            tree.extend_from_slice(format!("{:o} ", item.mode.value()).as_bytes());
            tree.extend_from_slice(&name);
            tree.push(0);
            tree.extend_from_slice(item.id.as_slice());
        }
        Ok(Some(pack.add(ObjectKind::Tree, tree)))
    }

    /// Hands a pack to Git and asks it to move one branch.
    fn push(
        &self,
        program: &GitProgram,
        name: &str,
        old: ChangesetId,
        new: ChangesetId,
        pack: Pack,
    ) -> Result<Reply, CommitError> {
        let mut request = Vec::new();
        let command = format!("{old} {new} {name}\0report-status side-band-64k agent=kallithea\n");
        pktline::put(&mut request, command.as_bytes());
        request.extend_from_slice(pktline::FLUSH);
        let mut body = request.chain(pack.finish());
        let push = wire::receive_pack(program, &self.path, Protocol::V0, &mut body)?;
        let mut answer = Vec::new();
        let read = push.body.take(1 << 20).read_to_end(&mut answer);
        // What was said before it broke off tells more than that it did.
        let reply = Reply::parse(&answer);
        match read {
            Err(source) if reply.refusal.is_none() => {
                Err(CommitError::Program(crate::wire::Error::Child {
                    program: program.path.clone(),
                    source,
                }))
            }
            _ => Ok(reply),
        }
    }
}

trait Chain {
    fn chain(self, rest: Vec<u8>) -> impl Read;
}

impl Chain for Vec<u8> {
    fn chain(self, rest: Vec<u8>) -> impl Read {
        Read::chain(std::io::Cursor::new(self), std::io::Cursor::new(rest))
    }
}

fn object_name(id: ChangesetId) -> ObjectName {
    ObjectName::from_hex(&id.to_string()).expect("an id is written in lower-case digits")
}

/// `refs/heads/…`, if Git takes it.
fn full_name(branch: &RefName) -> Result<String, CommitError> {
    let bad = |why: String| CommitError::BadBranch {
        branch: branch.as_str().to_owned(),
        why,
    };
    let short = branch.as_str();
    if short.starts_with('-') || short == "HEAD" {
        return Err(bad("Git would take it for something else".into()));
    }
    let full = format!("refs/heads/{short}");
    gix::validate::reference::name(full.as_bytes().as_bstr())
        .map_err(|error| bad(error.to_string()))?;
    Ok(full)
}

/// The text of a commit (`gitformat`: `git help git-commit-tree`).
fn commit_object(tree: ObjectId, request: &CommitRequest) -> Vec<u8> {
    let mut text = format!("tree {tree}\n");
    if let Some(parent) = &request.parent {
        text += &format!("parent {}\n", to_git(parent));
    }
    let person = signature(&request.author);
    // Git wants the brackets, even around nothing.
    let person = if person.contains('<') {
        person
    } else {
        format!("{person} <>")
    };
    let date = date(&request.date);
    text += &format!("author {person} {date}\ncommitter {person} {date}\n\n");
    text += &request.message.replace("\r\n", "\n").replace('\0', "");
    let mut text = text.trim_end().to_owned();
    text.push('\n');
    text.into_bytes()
}

/// `1700000000 +0130`
fn date(date: &Timestamp) -> String {
    let minutes = date.offset_east / 60;
    let sign = if minutes < 0 { '-' } else { '+' };
    let minutes = minutes.unsigned_abs();
    format!(
        "{} {sign}{:02}{:02}",
        date.seconds.max(0),
        minutes / 60 % 100,
        minutes % 60
    )
}

/// Objects on their way to Git. Format: `gitformat-pack(5)`, version 2, without differences.
#[derive(Default)]
struct Pack {
    known: HashSet<ObjectId>,
    count: u32,
    objects: Vec<u8>,
}

impl Pack {
    /// Adds an object and tells its id.
    fn add(&mut self, kind: ObjectKind, content: Vec<u8>) -> ObjectId {
        let mut hasher = Sha1::new();
        hasher.update(format!("{kind} {}\0", content.len()));
        hasher.update(&content);
        let id = ObjectId::Sha1(hasher.finalize().into());
        if !self.known.insert(id) {
            return id;
        }
        let number: u8 = match kind {
            ObjectKind::Commit => 1,
            ObjectKind::Tree => 2,
            ObjectKind::Blob => 3,
            ObjectKind::Tag => 4,
        };
        // Four bits of the size beside the kind, then seven at a time.
        let mut size = content.len();
        let mut byte = number << 4 | (size & 15) as u8;
        size >>= 4;
        while size > 0 {
            self.objects.push(byte | 0x80);
            byte = (size & 0x7f) as u8;
            size >>= 7;
        }
        self.objects.push(byte);
        let objects = std::mem::take(&mut self.objects);
        let mut encoder = ZlibEncoder::new(objects, Compression::default());
        self.objects = encoder
            .write_all(&content)
            .and_then(|()| encoder.finish())
            .expect("memory takes everything");
        self.count += 1;
        id
    }

    fn finish(self) -> Vec<u8> {
        let mut pack = b"PACK\0\0\0\x02".to_vec();
        pack.extend_from_slice(&self.count.to_be_bytes());
        pack.extend_from_slice(&self.objects);
        let sum = Sha1::digest(&pack);
        pack.extend_from_slice(&sum);
        pack
    }
}

/// What `git receive-pack` answers.
#[derive(Debug, Default, PartialEq, Eq)]
struct Reply {
    /// Why the branch was not moved.
    refusal: Option<String>,
    /// What hooks have printed.
    said: String,
}

impl Reply {
    /// Takes the report and the hooks' output out of the side band.
    fn parse(answer: &[u8]) -> Reply {
        let (mut report, mut said, mut fatal) = (Vec::new(), Vec::new(), Vec::new());
        for line in lines(answer) {
            match line {
                [1, rest @ ..] => report.extend_from_slice(rest),
                [2, rest @ ..] => said.extend_from_slice(rest),
                [3, rest @ ..] => fatal.extend_from_slice(rest),
                _ => {}
            }
        }
        let (mut unpacked, mut moved, mut refusal) = (false, false, None);
        for line in lines(&report) {
            let line = line.trim_end().to_str_lossy();
            if line == "unpack ok" {
                unpacked = true;
            } else if line.starts_with("ok ") {
                moved = true;
            } else if let Some(why) = line.strip_prefix("unpack ") {
                refusal.get_or_insert(why.to_owned());
            } else if let Some(rest) = line.strip_prefix("ng ") {
                let why = rest.split_once(' ').map_or(rest, |(_, why)| why);
                refusal = Some(why.to_owned());
            }
        }
        if !fatal.is_empty() {
            refusal = Some(fatal.trim().to_str_lossy().into_owned());
        }
        if !(unpacked && moved) {
            refusal.get_or_insert_with(|| "Git gave no report".to_owned());
        }
        Reply {
            refusal,
            said: said.trim_end().to_str_lossy().into_owned(),
        }
    }
}

/// The packets of an answer, as far as it can be understood.
fn lines(mut bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        loop {
            let (packet, length) = pktline::take(bytes).ok()?;
            bytes = &bytes[length..];
            if let Packet::Line(line) = packet {
                return Some(line);
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(packets: &[(u8, &str)]) -> Vec<u8> {
        let mut out = Vec::new();
        for (band, text) in packets {
            pktline::put(&mut out, &[&[*band], text.as_bytes()].concat());
        }
        out.extend_from_slice(pktline::FLUSH);
        out
    }

    #[test]
    fn reports_are_understood() {
        let report = |lines: &[&str]| {
            let mut out = Vec::new();
            lines
                .iter()
                .for_each(|line| pktline::put(&mut out, line.as_bytes()));
            out.extend_from_slice(pktline::FLUSH);
            String::from_utf8(out).unwrap()
        };
        let good = report(&["unpack ok\n", "ok refs/heads/main\n"]);
        let reply = Reply::parse(&answer(&[(2, "hello "), (1, &good), (2, "there\n")]));
        assert_eq!(reply.refusal, None);
        assert_eq!(reply.said, "hello there");
        let bad = report(&[
            "unpack ok\n",
            "ng refs/heads/main pre-receive hook declined\n",
        ]);
        let refusal = Reply::parse(&answer(&[(1, &bad)])).refusal;
        assert_eq!(refusal.as_deref(), Some("pre-receive hook declined"));
        let full = report(&[
            "unpack index-pack failed\n",
            "ng refs/heads/main unpacker error\n",
        ]);
        assert!(Reply::parse(&answer(&[(1, &full)])).refusal.is_some());
        let fatal = Reply::parse(&answer(&[(3, "no space left\n")])).refusal;
        assert_eq!(fatal.as_deref(), Some("no space left"));
        for nonsense in [&b""[..], b"0000", b"zzzz", &answer(&[])[..]] {
            assert!(Reply::parse(nonsense).refusal.is_some());
        }
    }

    #[test]
    fn dates_are_written_with_their_zone() {
        let at = |seconds, offset_east| {
            date(&Timestamp {
                seconds,
                offset_east,
            })
        };
        assert_eq!(at(1, 5400), "1 +0130");
        assert_eq!(at(-5, -34_200), "0 -0930");
    }
}
