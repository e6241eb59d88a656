//! Writes the store of a Mercurial repository by hand: a hundred thousand changesets in two seconds, where `hg` takes a quarter of an hour.
//!
//! One line of history, in each changeset one file of ten overwritten. The files of the store are as Mercurial writes them without
//! differences and without compression, so `hg verify` finds nothing to say, which a test sees to.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use sha1::{Digest, Sha1};

/// No node.
const NULL: [u8; 20] = [0; 20];
const NO_REV: i32 = -1;
/// The first four bytes of an index: version 1, differences (of which there are none) against any revision.
const VERSION: u32 = 1 | 1 << 17;

/// A revlog that grows.
#[derive(Default)]
pub struct Log {
    index: Vec<u8>,
    data: Vec<u8>,
    pub last: Option<[u8; 20]>,
    len: i32,
}

impl Log {
    /// Adds a text whose parent is the one before it.
    pub fn add(&mut self, text: &[u8], link: i32) -> [u8; 20] {
        let parent = self.last.unwrap_or(NULL);
        let mut hasher = Sha1::new();
        // The smaller of both parents comes first, and the second is none.
        hasher.update(NULL);
        hasher.update(parent);
        hasher.update(text);
        let node: [u8; 20] = hasher.finalize().into();
        let offset = (self.data.len() as u64) << 16;
        let mut entry = [0; 64];
        entry[..8].copy_from_slice(&offset.to_be_bytes());
        if self.len == 0 {
            entry[..4].copy_from_slice(&VERSION.to_be_bytes());
        }
        let stored = text.len() as u32 + 1;
        let before = if self.last.is_some() {
            self.len - 1
        } else {
            NO_REV
        };
        let numbers = [
            stored as i32,
            text.len() as i32,
            self.len,
            link,
            before,
            NO_REV,
        ];
        for (at, number) in numbers.into_iter().enumerate() {
            entry[8 + at * 4..12 + at * 4].copy_from_slice(&number.to_be_bytes());
        }
        entry[32..52].copy_from_slice(&node);
        self.index.extend_from_slice(&entry);
        self.data.push(b'u');
        self.data.extend_from_slice(text);
        self.last = Some(node);
        self.len += 1;
        node
    }

    pub fn write(&self, store: &Path, name: &str) -> io::Result<()> {
        fs::write(store.join(format!("{name}.i")), &self.index)?;
        fs::write(store.join(format!("{name}.d")), &self.data)
    }
}

pub fn hex(node: &[u8]) -> String {
    node.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A store as nobody's program writes it: each changeset is a text for the changelog, made with the hex of its manifest, and the text of that.
pub struct Odd {
    store: std::path::PathBuf,
    changelog: Log,
    manifests: Log,
    names: String,
}

impl Odd {
    pub fn new(root: &Path) -> Odd {
        Odd {
            store: root.join(".hg/store"),
            changelog: Log::default(),
            manifests: Log::default(),
            names: String::new(),
        }
    }

    /// A file with one revision that the first changeset made; its place in the store is for the caller to tell.
    pub fn file(&mut self, place: &str, content: &[u8]) -> [u8; 20] {
        let mut log = Log::default();
        let node = log.add(content, 0);
        let place = format!("data/{place}");
        fs::create_dir_all(self.store.join(&place).parent().unwrap()).unwrap();
        log.write(&self.store, &place).unwrap();
        self.names += &format!("{place}.i\n{place}.d\n");
        node
    }

    /// A changeset whose entry is this after the line with the manifest.
    pub fn commit(&mut self, manifest: &[u8], entry: &[u8]) -> vcs::ChangesetId {
        let link = self.changelog.len;
        let manifest = self.manifests.add(manifest, link);
        let text = [hex(&manifest).as_bytes(), b"\n", entry].concat();
        let node = self.changelog.add(&text, link);
        vcs::ChangesetId::from_bytes(node)
    }

    pub fn write(&self) {
        fs::write(self.store.join("fncache"), &self.names).unwrap();
        self.manifests.write(&self.store, "00manifest").unwrap();
        self.changelog.write(&self.store, "00changelog").unwrap();
    }
}

/// Fills a repository that `hg init` has made.
pub fn fill(root: &Path, changesets: usize) -> io::Result<()> {
    const FILES: usize = 10;
    let store = root.join(".hg/store");
    let (mut changelog, mut manifests) = (Log::default(), Log::default());
    let mut files: Vec<Log> = (0..FILES).map(|_| Log::default()).collect();
    let name = |at: usize| format!("d{at}/f");
    for n in 0..changesets {
        let (at, link) = (n % FILES, n as i32);
        files[at].add(format!("text {n}\n").as_bytes(), link);
        let mut manifest = Vec::new();
        for (at, file) in files.iter().enumerate() {
            if let Some(node) = file.last {
                writeln!(manifest, "{}\0{}", name(at), hex(&node))?;
            }
        }
        let manifest = manifests.add(&manifest, link);
        let date = 1_500_000_000 + n * 60;
        let text = format!(
            "{}\nC <c@example.com>\n{date} 0\n{}\n\nm",
            hex(&manifest),
            name(at)
        );
        changelog.add(text.as_bytes(), link);
    }
    let mut names = String::new();
    for (at, file) in files.iter().enumerate().filter(|(_, file)| file.len > 0) {
        let path = format!("data/{}", name(at));
        fs::create_dir_all(store.join(&path).parent().unwrap_or(&store))?;
        file.write(&store, &path)?;
        names += &format!("{path}.i\n{path}.d\n");
    }
    fs::write(store.join("fncache"), names)?;
    manifests.write(&store, "00manifest")?;
    changelog.write(&store, "00changelog")
}

#[test]
fn mercurial_takes_it_for_its_own() {
    let work = crate::recipe::Work::new(vcs::Kind::Hg);
    fill(work.path(), 250).unwrap();
    let told = work.hg(&["verify", "-v"]);
    assert!(
        told.contains("checked 250 changesets with 250 changes to 10 files"),
        "{told}"
    );
}
