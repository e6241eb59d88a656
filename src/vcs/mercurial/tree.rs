//! Directories and files.
//!
//! A manifest knows files only; directories are where files have slashes. Sub-repositories are not in it at all: two
//! ordinary files at the top tell about them, `.hgsub` (`path = source`) and `.hgsubstate` (`changeset path`), see
//! `hg help subrepos`.

use hg::{FileKind, HgPath, Manifest, Snapshot};

use super::Repository;
use crate::{
    ChangesetId, ContentId, Entry, FileContent, FileNames, Listing, Node, NodeError, NodeKind,
    RepoPath, Storage,
};

impl Repository {
    pub fn node(&self, id: &ChangesetId, path: &RepoPath) -> Result<Node, NodeError> {
        self.read(|snapshot| {
            let manifest = snapshot.manifest(self.rev(snapshot, id)?)?;
            let at = hg_path(path);
            if let Some(entry) = manifest.get(at)? {
                let size = snapshot.file_size(at, &entry.node)?;
                return Ok(Node {
                    path: path.clone(),
                    kind: kind_of(entry.kind),
                    size: Some(size),
                    storage: storage(snapshot, path, &entry.node, size)?,
                    content: Some(ContentId::from_bytes(*entry.node.as_bytes())),
                });
            }
            if manifest.has_dir(at)? {
                return Ok(Node {
                    path: path.clone(),
                    kind: NodeKind::Directory,
                    size: None,
                    storage: Storage::Here,
                    content: None,
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
                storage: Storage::Here,
                content: None,
            })
        })
    }

    pub fn listing(
        &self,
        id: &ChangesetId,
        path: &RepoPath,
        skip: usize,
        limit: usize,
    ) -> Result<Listing, NodeError> {
        self.read(|snapshot| {
            let manifest = snapshot.manifest(self.rev(snapshot, id)?)?;
            let modules = submodules(snapshot, &manifest)?;
            let here = |(place, _): &&(RepoPath, NodeKind)| place.parent().as_ref() == Some(path);
            let modules: Vec<&(RepoPath, NodeKind)> = modules.iter().filter(here).collect();
            let children = match manifest.list_dir(hg_path(path))? {
                Some(children) => children,
                // A directory may hold nothing but sub-repositories, which no manifest knows.
                None if !modules.is_empty() => Vec::new(),
                None => return Err(no_directory(&manifest, path, id)?),
            };
            let mut found: Vec<(u8, Vec<u8>, Found<'_>)> = Vec::new();
            for (place, kind) in modules {
                let name = place.file_name().unwrap_or_default().to_vec();
                found.push((kind.rank(), name, Found::Submodule(kind)));
            }
            for child in children {
                let rank = if child.file.is_some() { 2 } else { 1 };
                found.push((rank, child.name.into_bytes(), Found::Child(child.file)));
            }
            found.retain(|(_, name, _)| path.join(name).is_ok());
            found.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
            let total = found.len();
            let mut entries = Vec::new();
            for (_, name, found) in found.into_iter().skip(skip).take(limit) {
                let Ok(path) = path.join(&name) else { continue };
                let (kind, size, mode, storage) = match found {
                    Found::Child(Some(entry)) => {
                        let size = snapshot.file_size(hg_path(&path), &entry.node)?;
                        let storage = storage(snapshot, &path, &entry.node, size)?;
                        (
                            kind_of(entry.kind),
                            Some(size),
                            mode_of(entry.kind),
                            storage,
                        )
                    }
                    Found::Child(None) => (NodeKind::Directory, None, 0o040_000, Storage::Here),
                    Found::Submodule(kind) => (kind.clone(), None, 0o160_000, Storage::Here),
                };
                entries.push(Entry {
                    name,
                    path,
                    kind,
                    size,
                    mode,
                    storage,
                });
            }
            Ok(Listing { entries, total })
        })
    }

    pub fn file_up_to(
        &self,
        id: &ChangesetId,
        path: &RepoPath,
        most: u64,
    ) -> Result<FileContent, NodeError> {
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
            let size = snapshot.file_size(at, &entry.node)?;
            if size > most {
                return Err(NodeError::TooLarge {
                    path: path.clone(),
                    id: *id,
                    size,
                    most,
                });
            }
            let file = snapshot.file(at, &entry.node)?;
            let mut data = file.data;
            let storage = storage_of(path, &file.storage, &data);
            if matches!(storage, Storage::Largefile { .. }) {
                data = snapshot.largefile(&data)?.unwrap_or(data);
            }
            Ok(FileContent {
                data,
                executable: entry.kind == FileKind::Executable,
                symlink: entry.kind == FileKind::Symlink,
                storage,
            })
        })
    }

    pub fn file_names(
        &self,
        id: &ChangesetId,
        directory: &RepoPath,
    ) -> Result<FileNames, NodeError> {
        self.read(|snapshot| {
            let manifest = snapshot.manifest(self.rev(snapshot, id)?)?;
            if !manifest.has_dir(hg_path(directory))? {
                return Err(no_directory(&manifest, directory, id)?);
            }
            let files = manifest.files_below(hg_path(directory))?;
            let mut paths = files.filter_map(|(path, _)| RepoPath::parse(path.as_bytes()).ok());
            Ok(FileNames {
                paths: paths.by_ref().take(FileNames::MOST).collect(),
                complete: paths.next().is_none(),
            })
        })
    }
}

/// What lies in a directory under a name.
enum Found<'a> {
    /// A file, or else a directory.
    Child(Option<hg::Entry>),
    Submodule(&'a NodeKind),
}

/// Where the content of a file really is. Only what may be a pointer is read.
fn storage(
    snapshot: &Snapshot,
    path: &RepoPath,
    node: &hg::Node,
    size: u64,
) -> Result<Storage, hg::Error> {
    let standin = hg::largefile_of_standin(hg_path(path)).is_some() && size <= 64;
    // What the lfs extension keeps elsewhere has the size of the content here.
    if !standin && !snapshot.has_external_content(hg_path(path), node)? {
        return Ok(Storage::Here);
    }
    let file = snapshot.file(hg_path(path), node)?;
    Ok(storage_of(path, &file.storage, &file.data))
}

fn storage_of(path: &RepoPath, told: &hg::FileStorage, data: &[u8]) -> Storage {
    if let hg::FileStorage::Lfs { oid, size, .. } = told {
        return Storage::Lfs {
            oid: oid.clone(),
            size: *size,
        };
    }
    let hash = std::str::from_utf8(data.trim_ascii()).ok();
    let is_hash = |text: &&str| text.len() == 40 && text.bytes().all(|b| b.is_ascii_hexdigit());
    match hash.filter(is_hash) {
        Some(hash) if hg::largefile_of_standin(hg_path(path)).is_some() => Storage::Largefile {
            hash: hash.to_owned(),
        },
        _ => Storage::Here,
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
