//! Refs as files: the folders below `refs/`, `packed-refs`, HEAD and `shallow`.
//!
//! What these files *hold* decides whether anything has happened since the last look, never their times: two writers within one tick of
//! a clock, or a shared disk that tells old times, would go unnoticed. So they are read each time, and taken apart only when they
//! differ. Source: `gitrepository-layout(5)`, `git-pack-refs(1)`.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use gix::ObjectId;
use gix::bstr::{BStr, BString, ByteSlice};

use super::names::Target;

/// The refs that count. The rest (`refs/remotes/`, `refs/notes/`, `refs/stash`…) is nobody's business.
const FOLDERS: [&str; 3] = ["refs/heads/", "refs/pull/", "refs/tags/"];

/// What the files hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RefFiles {
    /// Refs with a file of their own, by name. One that makes no sense points at nothing, and hides what `packed-refs` says about it.
    loose: Vec<(BString, Option<Target>)>,
    packed: Vec<u8>,
    pub head: Option<Target>,
    /// Commits whose parents are cut off, in a shallow clone.
    pub shallow: Vec<ObjectId>,
}

/// A file or folder that could not be read.
pub(super) struct Unreadable {
    pub path: PathBuf,
    pub source: io::Error,
}

impl RefFiles {
    /// Reads them. `git_dir` has HEAD, `common_dir` all else; they differ in linked worktrees.
    pub fn read(git_dir: &Path, common_dir: &Path) -> Result<Self, Unreadable> {
        // The loose ones come first: `git pack-refs` takes a file away only after its ref stands in `packed-refs`.
        let mut loose = Vec::new();
        for folder in FOLDERS {
            read_folder(common_dir, folder, &mut loose)?;
        }
        loose.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        let packed = contents(&common_dir.join("packed-refs"))?.unwrap_or_default();
        let shallow = contents(&common_dir.join("shallow"))?.unwrap_or_default();
        Ok(RefFiles {
            loose,
            packed,
            head: target(&git_dir.join("HEAD")).flatten(),
            shallow: shallow
                .lines()
                .filter_map(|line| ObjectId::from_hex(line.trim()).ok())
                .collect(),
        })
    }

    /// Whether there is neither a HEAD nor any ref.
    pub fn is_empty(&self) -> bool {
        self.head.is_none() && self.loose.is_empty() && self.packed.is_empty()
    }

    /// All refs, by name.
    pub fn refs(&self) -> Vec<(BString, Target)> {
        let mut packed = parse_packed(&self.packed);
        if !packed.is_sorted_by(|(one, _), (other, _)| one < other) {
            packed.sort_by_key(|(name, _)| *name);
            packed.dedup_by_key(|(name, _)| *name);
        }
        let mut refs = Vec::with_capacity(packed.len() + self.loose.len());
        let mut loose = self.loose.iter().peekable();
        for (name, id) in packed {
            while let Some((own, target)) = loose.next_if(|(own, _)| own.as_bstr() < name) {
                refs.extend(target.clone().map(|target| (own.clone(), target)));
            }
            match loose.next_if(|(own, _)| own.as_bstr() == name) {
                Some((own, target)) => {
                    refs.extend(target.clone().map(|target| (own.clone(), target)));
                }
                None => refs.push((name.to_owned(), Target::Object(id))),
            }
        }
        for (own, target) in loose {
            refs.extend(target.clone().map(|target| (own.clone(), target)));
        }
        refs
    }
}

/// The lines `id name`. Those about what an annotated tag points at (`^id`), comments and nonsense are passed over.
fn parse_packed(text: &[u8]) -> Vec<(&BStr, ObjectId)> {
    text.lines()
        .filter_map(|line| {
            let (id, name) = (line.get(..40)?, line.get(41..)?.as_bstr());
            let counts = line[40] == b' '
                && FOLDERS
                    .iter()
                    .any(|folder| name.starts_with(folder.as_bytes()));
            let id = counts.then(|| ObjectId::from_hex(id).ok())??;
            gix::validate::reference::name(name).ok()?;
            Some((name, id))
        })
        .collect()
}

/// Adds the refs of a folder and those below it.
fn read_folder(
    common_dir: &Path,
    folder: &str,
    found: &mut Vec<(BString, Option<Target>)>,
) -> Result<(), Unreadable> {
    let mut todo: Vec<BString> = vec![folder.into()];
    while let Some(folder) = todo.pop() {
        let path = common_dir.join(std::ffi::OsStr::from_bytes(&folder));
        let entries = match fs::read_dir(&path) {
            Ok(entries) => entries,
            // Git takes folders away that have become empty.
            Err(error) if is_absent(&error) => continue,
            Err(source) => return Err(Unreadable { path, source }),
        };
        for entry in entries {
            let entry = match entry {
                Ok(entry) => entry,
                Err(source) => return Err(Unreadable { path, source }),
            };
            let Ok(kind) = entry.file_type() else {
                continue;
            };
            let mut name = folder.clone();
            name.extend_from_slice(&entry.file_name().into_vec());
            if kind.is_dir() {
                name.push(b'/');
                todo.push(name);
            } else if gix::validate::reference::name(name.as_bstr()).is_ok()
                && let Some(target) = target(&entry.path())
            {
                found.push((name, target));
            }
        }
    }
    Ok(())
}

/// What the file of a ref says: `ref: refs/heads/main`, or an id. Nothing inside where that makes no sense, nothing at all where there is
/// no such file (any more).
fn target(path: &Path) -> Option<Option<Target>> {
    /// No path is longer, and so no name of a ref.
    const LONGEST: u64 = 8 * 1024;
    let meta = fs::symlink_metadata(path).ok()?;
    if meta.is_symlink() {
        // Very old repositories have a symbolic link in the place of `ref:`.
        let to = fs::read_link(path).ok()?.into_os_string().into_vec();
        if to.starts_with(b"refs/") {
            return Some(named(&to));
        }
    }
    // A pipe or a device would never end.
    if !fs::metadata(path).is_ok_and(|meta| meta.is_file()) {
        return fs::symlink_metadata(path).ok().map(|_| None);
    }
    let mut text = Vec::new();
    match File::open(path).and_then(|file| file.take(LONGEST).read_to_end(&mut text)) {
        Ok(_) => {}
        Err(error) if is_absent(&error) => return None,
        Err(_) => return Some(None),
    }
    if let Some(name) = text.strip_prefix(b"ref:") {
        return Some(named(name.trim()));
    }
    let ends = text.get(40).is_none_or(u8::is_ascii_whitespace);
    let id = text.get(..40).filter(|_| ends);
    Some(
        id.and_then(|id| ObjectId::from_hex(id).ok())
            .map(Target::Object),
    )
}

fn named(name: &[u8]) -> Option<Target> {
    let name = gix::validate::reference::name(name.as_bstr()).ok()?;
    Some(Target::Ref(name.to_owned()))
}

/// What a file holds; none where there is none, or something that is no file and might never end.
fn contents(path: &Path) -> Result<Option<Vec<u8>>, Unreadable> {
    let read = fs::metadata(path).and_then(|meta| match meta.is_file() {
        true => fs::read(path).map(Some),
        false => Ok(None),
    });
    match read {
        Err(error) if is_absent(&error) => Ok(None),
        read => read.map_err(|source| Unreadable {
            path: path.to_owned(),
            source,
        }),
    }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::IsADirectory
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(digit: char) -> String {
        digit.to_string().repeat(40)
    }

    fn object(digit: char) -> Target {
        Target::Object(ObjectId::from_hex(id(digit).as_bytes()).unwrap())
    }

    #[test]
    fn a_file_of_its_own_counts_more_than_the_packed_line() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path();
        let write = |name: &str, text: &str| {
            let path = dir.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        // Not in order, with a ref twice, comments, and lines that say nothing.
        let lines = [
            "# pack-refs with: peeled fully-peeled".to_owned(),
            format!("{} refs/tags/v1", id('1')),
            format!("^{}", id('9')),
            format!("{} refs/heads/main", id('2')),
            format!("{} refs/heads/gone", id('3')),
            format!("{} refs/heads/main", id('4')),
            format!("{} refs/remotes/origin/main", id('5')),
            format!("{} refs/heads/../x", id('5')),
            format!("{}\trefs/heads/tab", id('5')),
            "short refs/heads/short".to_owned(),
        ];
        write("packed-refs", &lines.join("\n"));
        write("HEAD", "ref: refs/heads/main\n");
        write("refs/heads/main", &format!("{}\n", id('a')));
        write("refs/heads/broken", "not an id");
        write("refs/heads/gone", &format!("{}x\n", id('b')));
        write("refs/heads/deep/er", "ref:  refs/heads/main \n");
        write("refs/heads/main.lock", &id('b'));
        write("refs/pull/3/head", &id('c'));
        std::os::unix::fs::symlink("refs/tags/v1", dir.join("refs/heads/link")).unwrap();
        for endless in ["refs/heads/endless", "shallow"] {
            std::os::unix::fs::symlink("/dev/zero", dir.join(endless)).unwrap();
        }

        let Ok(files) = RefFiles::read(dir, dir) else {
            panic!("all is readable")
        };
        let main = || Target::Ref("refs/heads/main".into());
        assert_eq!(files.head, Some(main()));
        let found: Vec<_> = files.refs();
        let wanted: Vec<(BString, Target)> = [
            ("refs/heads/deep/er", main()),
            ("refs/heads/link", Target::Ref("refs/tags/v1".into())),
            ("refs/heads/main", object('a')),
            ("refs/pull/3/head", object('c')),
            ("refs/tags/v1", object('1')),
        ]
        .map(|(name, target)| (name.into(), target))
        .into();
        assert_eq!(found, wanted);
    }

    #[test]
    fn what_was_written_within_one_tick_of_the_clock_is_another_state() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path();
        let packed = dir.join("packed-refs");
        let old = std::time::SystemTime::UNIX_EPOCH;
        let mut states = Vec::new();
        for digit in ['1', '2'] {
            fs::write(&packed, format!("{} refs/heads/main\n", id(digit))).unwrap();
            let file = File::options().write(true).open(&packed).unwrap();
            file.set_modified(old).unwrap();
            states.push(RefFiles::read(dir, dir).ok());
        }
        assert!(states[0].is_some() && states[0] != states[1]);
    }
}
