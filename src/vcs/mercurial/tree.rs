//! Directories and files.
//!
//! A manifest knows files only; directories are where files have slashes. Sub-repositories are not in it at all: two
//! ordinary files at the top tell about them, `.hgsub` (`path = source`) and `.hgsubstate` (`changeset path`), see
//! `hg help subrepos`.

use hg::{FileKind, HgPath, Manifest, Snapshot};

use super::Repository;
use crate::{ChangesetId, Entry, FileContent, Node, NodeError, NodeKind, RepoPath};

impl Repository {
    pub fn node(&self, id: &ChangesetId, path: &RepoPath) -> Result<Node, NodeError> {
        self.read(|snapshot| {
            let manifest = snapshot.manifest(self.rev(snapshot, id)?)?;
            let at = hg_path(path);
            if let Some(entry) = manifest.get(at)? {
                let size = Some(snapshot.file_size(at, &entry.node)?);
                return Ok(Node {
                    path: path.clone(),
                    kind: kind_of(entry.kind),
                    size,
                });
            }
            if manifest.has_dir(at)? {
                return Ok(Node {
                    path: path.clone(),
                    kind: NodeKind::Directory,
                    size: None,
                });
            }
            let modules = submodules(snapshot, &manifest)?;
            let found = modules.into_iter().find(|(place, _)| place == path);
            let (path, kind) = found.ok_or_else(|| NodeError::NotFound {
                path: path.clone(),
                id: *id,
            })?;
            Ok(Node {
                path,
                kind,
                size: None,
            })
        })
    }

    pub fn directory(&self, id: &ChangesetId, path: &RepoPath) -> Result<Vec<Entry>, NodeError> {
        self.read(|snapshot| {
            let manifest = snapshot.manifest(self.rev(snapshot, id)?)?;
            let Some(children) = manifest.list_dir(hg_path(path))? else {
                return Err(no_directory(&manifest, path, id)?);
            };
            let mut entries = Vec::new();
            for child in children {
                let name = child.name.into_bytes();
                let Ok(path) = path.join(&name) else { continue };
                let (kind, size, mode) = match child.file {
                    Some(entry) => {
                        let size = snapshot.file_size(hg_path(&path), &entry.node)?;
                        (kind_of(entry.kind), Some(size), mode_of(entry.kind))
                    }
                    None => (NodeKind::Directory, None, 0o040_000),
                };
                entries.push(Entry {
                    name,
                    path,
                    kind,
                    size,
                    mode,
                });
            }
            for (place, kind) in submodules(snapshot, &manifest)? {
                if place.parent().as_ref() == Some(path)
                    && let Some(name) = place.file_name()
                {
                    entries.push(Entry {
                        name: name.to_vec(),
                        path: place.clone(),
                        kind,
                        size: None,
                        mode: 0o160_000,
                    });
                }
            }
            Ok(entries)
        })
    }

    pub fn file(&self, id: &ChangesetId, path: &RepoPath) -> Result<FileContent, NodeError> {
        self.read(|snapshot| {
            let manifest = snapshot.manifest(self.rev(snapshot, id)?)?;
            let at = hg_path(path);
            let Some(entry) = manifest.get(at)? else {
                let something = manifest.has_dir(at)?
                    || submodules(snapshot, &manifest)?
                        .iter()
                        .any(|(place, _)| place == path);
                let (path, id) = (path.clone(), *id);
                return Err(if something {
                    NodeError::NotAFile { path, id }
                } else {
                    NodeError::NotFound { path, id }
                });
            };
            Ok(FileContent {
                data: snapshot.file(at, &entry.node)?.data,
                executable: entry.kind == FileKind::Executable,
                symlink: entry.kind == FileKind::Symlink,
            })
        })
    }

    pub fn file_names(
        &self,
        id: &ChangesetId,
        directory: &RepoPath,
    ) -> Result<Vec<RepoPath>, NodeError> {
        self.read(|snapshot| {
            let manifest = snapshot.manifest(self.rev(snapshot, id)?)?;
            if !manifest.has_dir(hg_path(directory))? {
                return Err(no_directory(&manifest, directory, id)?);
            }
            let files = manifest.files_below(hg_path(directory))?;
            Ok(files
                .filter_map(|(path, _)| RepoPath::parse(path.as_bytes()).ok())
                .collect())
        })
    }
}

/// Why there is no directory at a path.
fn no_directory(
    manifest: &Manifest,
    path: &RepoPath,
    id: &ChangesetId,
) -> Result<NodeError, hg::Error> {
    let (path, id) = (path.clone(), *id);
    Ok(match manifest.get(hg_path(&path))? {
        Some(_) => NodeError::NotADirectory { path, id },
        None => NodeError::NotFound { path, id },
    })
}

pub(super) fn hg_path(path: &RepoPath) -> HgPath<'_> {
    HgPath::new(path.as_bytes())
}

fn kind_of(kind: FileKind) -> NodeKind {
    match kind {
        FileKind::Symlink => NodeKind::Symlink,
        kind => NodeKind::File {
            executable: kind == FileKind::Executable,
        },
    }
}

/// The mode that Git would write for it.
pub(super) fn mode_of(kind: FileKind) -> u32 {
    match kind {
        FileKind::Regular => 0o100_644,
        FileKind::Executable => 0o100_755,
        FileKind::Symlink => 0o120_000,
    }
}

/// The sub-repositories of a changeset and where they lie.
fn submodules(
    snapshot: &Snapshot,
    manifest: &Manifest,
) -> Result<Vec<(RepoPath, NodeKind)>, hg::Error> {
    let read = |name: &str| {
        let path = HgPath::new(name);
        let entry = manifest.get(path)?;
        entry
            .map(|entry| snapshot.file(path, &entry.node))
            .transpose()
    };
    let Some(state) = read(".hgsubstate")? else {
        return Ok(Vec::new());
    };
    let sources = read(".hgsub")?.map(|file| file.data).unwrap_or_default();
    Ok(parse_submodules(&state.data, &sources))
}

fn parse_submodules(state: &[u8], sources: &[u8]) -> Vec<(RepoPath, NodeKind)> {
    let lines = |text| <[u8]>::split(text, |&byte| byte == b'\n').map(<[u8]>::trim_ascii);
    let source_of = |path: &[u8]| {
        lines(sources).find_map(|line| {
            let equals = memchr::memchr(b'=', line)?;
            let (name, source) = (line[..equals].trim_ascii(), line[equals + 1..].trim_ascii());
            (name == path).then(|| String::from_utf8_lossy(source).into_owned())
        })
    };
    lines(state)
        .filter_map(|line| {
            let space = memchr::memchr(b' ', line)?;
            let (commit, path) = (&line[..space], &line[space + 1..]);
            let kind = NodeKind::Submodule {
                url: source_of(path),
                commit: String::from_utf8_lossy(commit).into_owned(),
            };
            Some((RepoPath::parse(path).ok()?, kind))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn submodules_are_read_from_two_files() {
        let state =
            b"1111111111111111111111111111111111111111 vendor/lib\n42 svn one\nbroken\n0 ../out\n";
        let sources = b"# comment\nvendor/lib = https://example.com/lib\nsvn one = [svn]https://example.com/one\n";
        let found = parse_submodules(state, sources);
        let module = |url: &str, commit: &str| NodeKind::Submodule {
            url: Some(url.into()),
            commit: commit.into(),
        };
        assert_eq!(
            found,
            [
                (
                    RepoPath::parse(b"vendor/lib").unwrap(),
                    module("https://example.com/lib", &"1".repeat(40))
                ),
                (
                    RepoPath::parse(b"svn one").unwrap(),
                    module("[svn]https://example.com/one", "42")
                ),
            ]
        );
    }
}
