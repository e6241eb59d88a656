//! Manifests with directories: each directory has its own, and the one above names it.

use std::sync::{Arc, OnceLock};

use super::text::{Flag, Line, check, each_difference, find, lines};
use super::{Entry, Scope};
use crate::error::Error;
use crate::ids::Node;
use crate::path::HgPath;
use crate::store::Store;

/// What a manifest with directories needs to read the others.
#[derive(Debug, Clone)]
pub(super) struct Tree {
    pub store: Arc<Store>,
    /// The text the whole tree would have as one flat manifest.
    pub flat: OnceLock<Arc<[u8]>>,
}

impl Tree {
    /// The text of a directory's own manifest, found from the root downwards.
    pub fn directory(
        &self,
        root: &Arc<[u8]>,
        directory: HgPath<'_>,
    ) -> Result<Option<Arc<[u8]>>, Error> {
        let mut text = Arc::clone(root);
        if directory.is_root() {
            return Ok(Some(text));
        }
        let path = directory.as_bytes();
        for end in memchr::memchr_iter(b'/', path).chain([path.len()]) {
            let at = HgPath::new(&path[..end]);
            let Some(node) = find(&text, at.file_name()).and_then(Line::tree) else {
                return Ok(None);
            };
            text = read_text(&self.store, at, &node)?;
        }
        Ok(Some(text))
    }

    /// Refuses trees that were made to nest deeper than a thread's stack; file systems end at some two thousand levels.
    fn check_depth(&self, directory: HgPath<'_>) -> Result<(), Error> {
        const MAX_DEPTH: usize = 2048;
        if memchr::memchr_iter(b'/', directory.as_bytes()).count() < MAX_DEPTH {
            return Ok(());
        }
        Err(Error::damaged(
            &self.store.layout.store,
            format!("manifests nest deeper than {MAX_DEPTH} directories"),
        ))
    }

    pub fn flat(&self, root: &[u8]) -> Result<&Arc<[u8]>, Error> {
        if self.flat.get().is_none() {
            let mut text = Vec::new();
            self.flatten(HgPath::ROOT, root, &mut text)?;
            // Within one directory a sub-directory stands by its name without the slash that the flat order counts.
            let mut sorted: Vec<Line<'_>> = lines(&text).collect();
            sorted.sort_by(|a, b| a.path.cmp(b.path));
            let flat: Vec<u8> = sorted.iter().flat_map(|line| line.raw).copied().collect();
            let _ = self.flat.set(flat.into());
        }
        Ok(self
            .flat
            .get()
            .expect("it was set above or by another thread"))
    }

    fn flatten(&self, directory: HgPath<'_>, text: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        self.check_depth(directory)?;
        for line in lines(text) {
            match line.tree() {
                Some(node) => {
                    let sub = directory.join(line.path);
                    self.flatten(
                        sub.as_path(),
                        &read_text(&self.store, sub.as_path(), &node)?,
                        out,
                    )?;
                }
                None => {
                    if !directory.is_root() {
                        out.extend_from_slice(directory.as_bytes());
                        out.push(b'/');
                    }
                    out.extend_from_slice(line.raw);
                }
            }
        }
        Ok(())
    }

    pub fn differences(
        &self,
        directory: HgPath<'_>,
        (old, new): (&[u8], &[u8]),
        scope: Scope<'_>,
        take: &mut impl FnMut(HgPath<'_>, Option<Entry>, Option<Entry>),
    ) -> Result<(), Error> {
        self.check_depth(directory)?;
        let mut changed = Vec::new();
        each_difference(old, new, |name, old, new| {
            changed.push((name.to_vec(), old.map(Line::value), new.map(Line::value)))
        });
        for (name, old, new) in changed {
            let path = directory.join(&name);
            let path = path.as_path();
            let file = |value: Option<(Node, Flag)>| value.and_then(|(node, flag)| flag.file(node));
            if (file(old).is_some() || file(new).is_some()) && scope.holds(path.as_bytes()) {
                take(path, file(old), file(new));
            }
            if !scope.meets(path.as_bytes()) {
                continue;
            }
            let tree = |value: Option<(Node, Flag)>| match value {
                Some((node, Flag::Tree)) => read_text(&self.store, path, &node).map(Some),
                _ => Ok(None),
            };
            // A directory with the same hash in both has not come here at all.
            let (old, new) = (tree(old)?, tree(new)?);
            if old.is_some() || new.is_some() {
                self.differences(
                    path,
                    (&old.unwrap_or_default(), &new.unwrap_or_default()),
                    scope,
                    take,
                )?;
            }
        }
        Ok(())
    }
}

pub(super) fn read_text(
    store: &Store,
    directory: HgPath<'_>,
    node: &Node,
) -> Result<Arc<[u8]>, Error> {
    if node.is_null() {
        return Ok(Arc::default());
    }
    let log = if directory.is_root() {
        store.manifest()?
    } else {
        store.dir_manifest(directory)?
    };
    let rev = log.rev(node).ok_or_else(|| Error::NoRevision {
        file: log.path().to_owned(),
        node: *node,
    })?;
    let text = log.text(rev)?;
    match check(&text) {
        Ok(()) => Ok(text),
        Err(reason) => Err(log.damaged_at(rev, reason)),
    }
}
