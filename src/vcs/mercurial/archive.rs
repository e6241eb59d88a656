//! The files of a changeset for an archive, and the file that tells where they come from.
//!
//! `.hg_archival.txt` is what Mercurial finds its version in when there is no repository around: `hg help archive`.

use std::collections::HashMap;
use std::sync::Arc;

use hg::{Entry as File, FileKind, HgPathBuf, Rev, Snapshot};

use super::Repository;
use super::tree::hg_path;
use crate::archive::{About, ArchiveOptions, Body, Content, Entry, Source};
use crate::{ChangesetId, Kind, NodeError, ReadError};

/// The files of a changeset, one after the other.
pub(crate) struct ArchiveSource {
    snapshot: Arc<Snapshot>,
    time: i64,
    prefix: Vec<u8>,
    /// The text of `.hg_archival.txt`, until it is written.
    origin: Option<String>,
    files: std::vec::IntoIter<(HgPathBuf, File)>,
}

const ORIGIN: &[u8] = b".hg_archival.txt";

impl ArchiveSource {
    pub fn new(
        repository: &Repository,
        id: &ChangesetId,
        options: &ArchiveOptions,
    ) -> Result<Self, NodeError> {
        repository.read(|snapshot| {
            let rev = repository.rev(snapshot, id)?;
            let manifest = snapshot.manifest(rev)?;
            let at = hg_path(&options.path);
            let files: Vec<(HgPathBuf, File)> = match manifest.get(at)? {
                Some(file) => vec![(at.to_buf(), file)],
                None => manifest
                    .files_below(at)?
                    .filter(|(path, _)| is_harmless(path.as_bytes()))
                    .map(|(path, file)| (path.to_buf(), file))
                    .collect(),
            };
            if files.is_empty() && !at.is_root() {
                let (path, id) = (options.path.clone(), *id);
                return Err(NodeError::NotFound { path, id });
            }
            let mut prefix = options.prefix.as_bytes().to_vec();
            if !prefix.is_empty() {
                prefix.push(b'/');
            }
            let origin = (at.is_root() || at.as_bytes() == ORIGIN)
                .then(|| origin(snapshot, rev))
                .transpose()?;
            Ok(ArchiveSource {
                time: snapshot.changeset(rev)?.time.seconds,
                snapshot: Arc::clone(snapshot),
                prefix,
                origin,
                files: files.into_iter(),
            })
        })
    }

    fn entry(&self, path: &[u8], node: Body, id: String) -> Entry {
        Entry {
            path: [&self.prefix[..], path].concat(),
            node,
            id,
        }
    }
}

impl Source for ArchiveSource {
    fn about(&self) -> About {
        About {
            time: self.time,
            comment: None,
            kind: Kind::Hg,
        }
    }

    fn next(&mut self) -> Result<Option<Entry>, ReadError> {
        if let Some(origin) = self.origin.take() {
            let node = Body::File {
                executable: false,
                content: Content::Whole(origin.into_bytes()),
            };
            return Ok(Some(self.entry(ORIGIN, node, String::new())));
        }
        let Some((path, file)) = self.files.next() else {
            return Ok(None);
        };
        let content = self.snapshot.file(path.as_path(), &file.node)?.data;
        let node = match file.kind {
            FileKind::Symlink => Body::Symlink(content),
            kind => Body::File {
                executable: kind == FileKind::Executable,
                content: Content::Whole(content),
            },
        };
        Ok(Some(self.entry(
            path.as_bytes(),
            node,
            file.node.to_string(),
        )))
    }
}

/// Whether whoever unpacks the archive gets a file below the folder he unpacks in, and no part of a repository.
fn is_harmless(path: &[u8]) -> bool {
    hg::HgPath::new(path).is_safe()
        && !path
            .split(|&byte| byte == b'/')
            .any(|part| part.eq_ignore_ascii_case(b".hg"))
}

/// The text of `.hg_archival.txt`.
fn origin(snapshot: &Snapshot, rev: Rev) -> Result<String, hg::Error> {
    let branch = snapshot.changeset(rev)?.branch;
    let root = snapshot.node(Rev::new(first_visible(snapshot)));
    let node = snapshot.node(rev);
    let mut text = format!("repo: {root}\nnode: {node}\nbranch: {}\n", branch.to_str());
    let tags = Tags::of(snapshot)?;
    let latest = tags.latest(snapshot, rev)?;
    if latest.distance == 0 && !latest.names.is_empty() {
        for name in latest.names {
            text += &format!("tag: {name}\n");
        }
        return Ok(text);
    }
    let since = tags.since(snapshot, rev, latest.names.first());
    let null = vec!["null".to_owned()];
    let names = if latest.names.is_empty() {
        &null
    } else {
        latest.names
    };
    for name in names {
        text += &format!("latesttag: {name}\n");
    }
    text += &format!(
        "latesttagdistance: {}\nchangessincelatesttag: {since}\n",
        latest.distance
    );
    Ok(text)
}

/// The oldest changeset that is not hidden.
fn first_visible(snapshot: &Snapshot) -> u32 {
    let all = 0..u32::try_from(snapshot.len()).unwrap_or(u32::MAX);
    all.into_iter()
        .find(|&number| !snapshot.is_hidden(Rev::new(number)))
        .unwrap_or(0)
}

/// The tags that everybody has, by changeset.
struct Tags(HashMap<Rev, Vec<String>>);

/// The nearest tags at or above a changeset.
#[derive(Clone, Copy)]
struct Latest<'a> {
    /// The date of the tagged changeset.
    seconds: i64,
    /// Steps from there, along the longer way.
    distance: u64,
    /// None when there is no tag.
    names: &'a [String],
}

impl Tags {
    fn of(snapshot: &Snapshot) -> Result<Self, hg::Error> {
        let mut tags: HashMap<Rev, Vec<String>> = HashMap::new();
        for tag in snapshot.tags()? {
            let name = tag.name.to_str();
            if !tag.local && name != "tip" {
                tags.entry(tag.rev).or_default().push(name.into_owned());
            }
        }
        tags.values_mut().for_each(|names| names.sort());
        Ok(Tags(tags))
    }

    /// Mercurial's `latesttag`: of two parents with different tags the one counts that is fewer changesets away, then the newer.
    fn latest(&self, snapshot: &Snapshot, rev: Rev) -> Result<Latest<'_>, hg::Error> {
        const NONE: Latest<'static> = Latest {
            seconds: 0,
            distance: 0,
            names: &[],
        };
        let mut known: HashMap<Rev, Latest<'_>> = HashMap::new();
        let mut todo = vec![rev];
        while let Some(&at) = todo.last() {
            if known.contains_key(&at) {
                todo.pop();
                continue;
            }
            if let Some(names) = self.0.get(&at) {
                let latest = Latest {
                    seconds: snapshot.changeset(at)?.time.seconds,
                    distance: 0,
                    names,
                };
                known.insert(at, latest);
                continue;
            }
            let parents: Vec<Rev> = snapshot.parents(at).into_iter().flatten().collect();
            let before = todo.len();
            todo.extend(parents.iter().filter(|parent| !known.contains_key(parent)));
            if todo.len() > before {
                continue;
            }
            let above: Vec<Latest<'_>> = parents.iter().map(|parent| known[parent]).collect();
            let nearest = match above[..] {
                [] => NONE,
                [only] => only,
                [first, second, ..] if first.names == second.names => {
                    let key = |latest: &Latest<'_>| (latest.seconds, latest.distance);
                    if key(&second) > key(&first) {
                        second
                    } else {
                        first
                    }
                }
                [first, second, ..] => {
                    let key = |latest: &Latest<'_>| {
                        let since = self.since(snapshot, at, latest.names.first());
                        (std::cmp::Reverse(since), latest.seconds)
                    };
                    if key(&second) > key(&first) {
                        second
                    } else {
                        first
                    }
                }
            };
            let distance = nearest.distance + 1;
            known.insert(
                at,
                Latest {
                    distance,
                    ..nearest
                },
            );
        }
        Ok(known.get(&rev).copied().unwrap_or(NONE))
    }

    /// How many ancestors of a changeset are not in a tag; all when there is none.
    fn since(&self, snapshot: &Snapshot, rev: Rev, tag: Option<&String>) -> usize {
        let tagged: Vec<Rev> = self
            .0
            .iter()
            .filter(|(_, names)| tag.is_some_and(|tag| names.contains(tag)))
            .map(|(rev, _)| *rev)
            .collect();
        snapshot.only(&[rev], &tagged).count()
    }
}
