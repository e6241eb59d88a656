//! What the `.gitattributes` files of a tree say about paths in it.
//!
//! Source: `gitattributes(5)`. Macros (`[attr]`) count in the top folder only.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use gix::ObjectId;
use gix::attrs::search::{MetadataCollection, Outcome};
use gix::attrs::{Search, StateRef};
use gix::bstr::ByteSlice;

/// The attributes of the folder at hand and those above it.
pub(super) struct Attributes {
    search: Search,
    known: MetadataCollection,
    outcome: Outcome,
    /// The content of the repository's `info/attributes`, which counts more than any file of the tree: it always comes last.
    info: Vec<u8>,
}

/// What an archive wants to know of a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    /// `export-ignore`
    pub ignore: bool,
    /// `export-subst`
    pub substitute: bool,
    /// `eol=crlf` on a text.
    crlf: Crlf,
    /// `ident`
    ident: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Crlf {
    #[default]
    No,
    Yes,
    /// If it looks like a text.
    Auto,
}

const NAMES: [&str; 5] = ["export-ignore", "export-subst", "text", "eol", "ident"];
/// Larger ones are not read. Git takes up to 100 MiB; each file of an archive is held against each line.
const LARGEST_FILE: usize = 1 << 20;

impl Attributes {
    pub fn new(info: Vec<u8>) -> Self {
        let mut attributes = Attributes {
            search: Search::default(),
            known: MetadataCollection::default(),
            outcome: Outcome::default(),
            info,
        };
        attributes.add(
            b"[attr]binary -diff -merge -text",
            "[builtin]".into(),
            None,
            true,
        );
        attributes.put_info();
        attributes
    }

    fn put_info(&mut self) {
        if !self.info.is_empty() {
            let info = std::mem::take(&mut self.info);
            // Its patterns are about the top folder, not about one called `info`.
            self.add(&info, ".gitattributes".into(), Some(Path::new("")), true);
            self.info = info;
        }
    }

    fn take_info(&mut self) {
        if !self.info.is_empty() {
            self.search.pop_pattern_list();
        }
    }

    fn add(&mut self, content: &[u8], source: PathBuf, root: Option<&Path>, macros: bool) {
        // This reads a buffer: it cannot fail for a reason of the operating system.
        let added = self
            .search
            .add_patterns_buffer(content, source, root, &mut self.known, macros);
        if let Err(error) = added {
            tracing::debug!(%error, "attributes that cannot be read");
        }
        self.outcome.initialize_with_selection(&self.known, NAMES);
    }

    /// Adds the attributes of a folder: its path, empty or with a slash at the end, and the content of its `.gitattributes`.
    pub fn enter(&mut self, folder: &[u8], content: &[u8]) {
        let content = if content.len() > LARGEST_FILE {
            b""
        } else {
            content
        };
        let source = Path::new(OsStr::from_bytes(folder)).join(".gitattributes");
        self.take_info();
        self.add(content, source, Some(Path::new("")), folder.is_empty());
        self.put_info();
    }

    /// Forgets those added last.
    pub fn leave(&mut self) {
        self.take_info();
        self.search.pop_pattern_list();
        self.put_info();
    }

    /// What holds for a path.
    pub fn of(&mut self, path: &[u8], is_directory: bool) -> Wanted {
        if self.search.num_pattern_lists() == 1 {
            return Wanted::default();
        }
        self.outcome.reset();
        let case = gix::glob::pattern::Case::Sensitive;
        self.search.pattern_matching_relative_path(
            path.as_bstr(),
            case,
            Some(is_directory),
            &mut self.outcome,
        );
        let mut states = self
            .outcome
            .iter_selected()
            .map(|found| found.assignment.state);
        let mut next = || states.next().unwrap_or(StateRef::Unspecified);
        let [ignore, substitute, text, eol, ident] = [next(), next(), next(), next(), next()];
        let is = |state: StateRef<'_>, wanted: &str| matches!(state, StateRef::Value(value) if value.as_bstr() == wanted);
        let crlf = match text {
            _ if !is(eol, "crlf") => Crlf::No,
            StateRef::Unset => Crlf::No,
            text if is(text, "auto") => Crlf::Auto,
            _ => Crlf::Yes,
        };
        Wanted {
            ignore: ignore == StateRef::Set,
            substitute: substitute == StateRef::Set,
            crlf,
            ident: ident == StateRef::Set,
        }
    }
}

impl Wanted {
    /// Whether a file may come out as something else than it is.
    pub fn changes(&self) -> bool {
        self.substitute || self.ident || !matches!(self.crlf, Crlf::No)
    }

    /// Makes of stored content what a checkout would have.
    pub fn convert(&self, content: &mut Vec<u8>, id: &ObjectId) {
        if self.ident {
            expand_ident(content, id);
        }
        let wanted = match self.crlf {
            Crlf::No => false,
            Crlf::Yes => true,
            Crlf::Auto => is_unix_text(content),
        };
        if wanted {
            let mut converted = Vec::with_capacity(content.len() + content.len() / 32);
            let mut before = 0;
            for &byte in content.iter() {
                if byte == b'\n' && before != b'\r' {
                    converted.push(b'\r');
                }
                converted.push(byte);
                before = byte;
            }
            *content = converted;
        }
    }
}

/// Git's judgement for `text=auto`: lines end in a plain newline, there is no NUL, and of other control bytes less than one in 128.
fn is_unix_text(content: &[u8]) -> bool {
    let (mut printable, mut odd) = (0usize, 0usize);
    let body = content.strip_suffix(b"\x1a").unwrap_or(content);
    for &byte in body {
        match byte {
            b'\r' | 0 => return false,
            b'\n' => {}
            0x08 | 0x09 | 0x0b | 0x0c | 0x1b => printable += 1,
            0x01..0x20 | 0x7f => odd += 1,
            _ => printable += 1,
        }
    }
    (printable >> 7) >= odd
}

/// Writes the blob's id into each `$Id$`. One that another system has filled in (it has blanks inside) is left alone.
fn expand_ident(content: &mut Vec<u8>, id: &ObjectId) {
    let mut expanded = Vec::new();
    let mut rest = &content[..];
    while let Some(at) = rest.find(b"$Id") {
        let (before, after) = rest.split_at(at + 3);
        expanded.extend_from_slice(before);
        rest = after;
        let length = match after.first() {
            Some(b'$') => 1,
            Some(b':') => {
                let line = after.find_byte(b'\n').unwrap_or(after.len());
                let Some(end) = after[..line].find_byte(b'$') else {
                    continue;
                };
                let inner = &after[1..end];
                let foreign = inner.get(1..).and_then(|inner| inner.find_byte(b' '));
                if foreign.is_some_and(|blank| blank + 2 < inner.len()) {
                    continue;
                }
                end + 1
            }
            _ => continue,
        };
        expanded.extend_from_slice(format!(": {id} $").as_bytes());
        rest = &after[length..];
    }
    if !expanded.is_empty() {
        expanded.extend_from_slice(rest);
        *content = expanded;
    }
}
