//! Fills in `$Format:…$` in files with the attribute `export-subst`.
//!
//! The placeholders are those of `git log --format` (`git help log`, "Pretty formats"). Some depend on more than the commit: on the names that
//! lead to it (`%d`, `%(describe)`), the `.mailmap` of HEAD (`%aN`), the clock (`%ar`). An archive with one of those is another one tomorrow,
//! which [`Substitution::varies`] tells. No keyring is asked about a signature (`%G?` is `E` for what cannot be checked), no colours are written,
//! and text is not wrapped (`%w(…)` stands as it is).

mod columns;
mod commit;
mod dates;
mod names;
mod options;
mod trailers;

use std::cell::{Cell, OnceCell};
use std::sync::Arc;

use gix::bstr::{BStr, ByteSlice};
use gix::prelude::ObjectIdExt;

use super::heads::Heads;
use super::{Repository, to_git};
use crate::{ChangesetId, Mailmap, Person};
use columns::Padding;
use commit::{Commit, Signature, sanitized};
use dates::DateStyle;

/// By how many bytes a file may grow, and how many placeholders it may have: it could ask for the message of its commit a million times. One that
/// wants more stays as it is.
const MOST_BYTES: usize = 8 << 20;
const MOST_PLACEHOLDERS: u32 = 1_000;

/// What is known of the commit.
pub(super) struct Substitution {
    of: Repository,
    id: ChangesetId,
    /// The commit object, in UTF-8.
    commit: Vec<u8>,
    /// Read when first needed.
    mailmap: OnceCell<Mailmap>,
    /// Looking for the nearest tag takes long in a large history: like Git, once for an archive.
    described: Cell<bool>,
    varies: Cell<bool>,
}

impl Substitution {
    pub fn new(of: &Repository, id: ChangesetId, commit: &[u8]) -> Self {
        Substitution {
            of: of.at_one_moment(),
            id,
            commit: commit::in_utf8(commit),
            mailmap: OnceCell::new(),
            described: Cell::new(false),
            varies: Cell::new(false),
        }
    }

    /// Whether something was written that depends on more than the commit.
    pub fn varies(&self) -> bool {
        self.varies.get()
    }

    /// The content with everything filled in.
    pub fn apply(&self, content: Vec<u8>, repo: &gix::Repository) -> Vec<u8> {
        const START: &[u8] = b"$Format:";
        if content.find(START).is_none() {
            return content;
        }
        let mut writing = Writing {
            about: self,
            repo,
            commit: Commit::of(&self.commit),
            padding: None,
            left: MOST_PLACEHOLDERS,
            out: Vec::with_capacity(content.len()),
        };
        let most = content.len() + MOST_BYTES;
        let mut rest = &content[..];
        while let Some(at) = rest.find(START) {
            let Some(length) = rest[at + START.len()..].find_byte(b'$') else {
                break;
            };
            writing.out.extend_from_slice(&rest[..at]);
            if !writing.expand(&rest[at + START.len()..at + START.len() + length], most) {
                return content;
            }
            rest = &rest[at + START.len() + length + 1..];
        }
        let mut out = writing.out;
        out.extend_from_slice(rest);
        out
    }

    fn heads(&self, repo: &gix::Repository) -> Option<Arc<Heads>> {
        self.varies.set(true);
        // An archive goes on without what cannot be read for its decoration.
        self.of.heads(repo).ok()
    }

    fn mailmap(&self, repo: &gix::Repository) -> &Mailmap {
        self.varies.set(true);
        self.mailmap.get_or_init(|| {
            let head = self.of.heads(repo).ok().and_then(|heads| heads.head());
            let file = head.and_then(|head| self.of.mailmap_of(repo, &head));
            file.map_or_else(Mailmap::default, |text| Mailmap::parse(&text))
        })
    }

    fn now(&self) -> i64 {
        self.varies.set(true);
        dates::now()
    }
}

/// A file that is being filled in.
struct Writing<'a> {
    about: &'a Substitution,
    repo: &'a gix::Repository,
    commit: Commit<'a>,
    /// How wide the next placeholder shall be.
    padding: Option<Padding>,
    /// How many placeholders there may be yet.
    left: u32,
    out: Vec<u8>,
}

impl Writing<'_> {
    /// Whether all of it was filled in, in no more than so many bytes.
    fn expand(&mut self, format: &[u8], most: usize) -> bool {
        self.padding = None;
        let mut rest = format;
        while let Some(at) = rest.find_byte(b'%') {
            self.out.extend_from_slice(&rest[..at]);
            rest = &rest[at + 1..];
            if let Some(after) = rest.strip_prefix(b"%") {
                self.out.push(b'%');
                rest = after;
                continue;
            }
            let used = self.item(rest);
            if used == 0 {
                self.out.push(b'%');
            }
            rest = &rest[used..];
            if self.left == 0 || self.out.len() > most {
                return false;
            }
            self.left -= 1;
        }
        self.out.extend_from_slice(rest);
        true
    }

    /// Writes what a placeholder stands for; returns how many bytes it takes, none when it is not known. A sign before it tells what comes before what
    /// it writes, if it does: `+` a new line, a blank a blank; `-` takes away new lines if it does not.
    fn item(&mut self, text: &[u8]) -> usize {
        let sign = text.first().copied().filter(|sign| b"+- ".contains(sign));
        let text = if sign.is_some() { &text[1..] } else { text };
        if sign.is_some() && text.starts_with(b"w") {
            return 0;
        }
        let start = self.out.len();
        let used = match self.padding.take() {
            Some(padding) => self.padded(text, &padding),
            None => self.placeholder(text),
        };
        let wrote = self.out.len() > start;
        match sign {
            None => return used,
            Some(b'-') if !wrote => {
                let kept = self.out.trim_end_with(|char| char == '\n').len();
                self.out.truncate(kept);
            }
            Some(b'+') if wrote => self.out.insert(start, b'\n'),
            Some(b' ') if wrote => self.out.insert(start, b' '),
            Some(_) => {}
        }
        used + 1
    }

    fn padded(&mut self, text: &[u8], padding: &Padding) -> usize {
        let before = std::mem::take(&mut self.out);
        let mut used = 0;
        loop {
            let colour = text[used..].starts_with(b"C");
            let one = self.placeholder(&text[used..]);
            used += one;
            if !colour || one == 0 || text.get(used) != Some(&b'%') {
                break;
            }
            used += 1;
        }
        let item = std::mem::replace(&mut self.out, before);
        padding.write(&item, &mut self.out);
        used
    }

    fn put(&mut self, bytes: &[u8]) -> usize {
        self.out.extend_from_slice(bytes);
        1
    }

    fn short(&self, id: &[u8]) -> String {
        match gix::ObjectId::from_hex(id) {
            Ok(id) => id.attach(self.repo).shorten_or_id().to_string(),
            Err(_) => id.to_str_lossy().into_owned(),
        }
    }

    fn placeholder(&mut self, text: &[u8]) -> usize {
        let id = self.about.id.to_string();
        match *text {
            [b'n', ..] => self.put(b"\n"),
            [b'x', high, low, ..] => {
                let digits = [high, low].map(|digit| char::from(digit).to_digit(16));
                let [Some(high), Some(low)] = digits else {
                    return 0;
                };
                self.put(&[(high * 16 + low) as u8]);
                3
            }
            [b'C', ..] => options::colour(text),
            [b'<' | b'>', ..] => match Padding::parse(text) {
                Some((padding, used)) => {
                    self.padding = Some(padding);
                    used
                }
                None => 0,
            },
            [b'(', ..] => self.named(text),
            [b'H', ..] => self.put(id.as_bytes()),
            [b'h', ..] => {
                let short = self.short(id.as_bytes());
                self.put(short.as_bytes())
            }
            [b'T', ..] => self.put(self.commit.tree),
            [b't', ..] => {
                let short = self.short(self.commit.tree);
                self.put(short.as_bytes())
            }
            [b'P', ..] => {
                let parents = self.commit.parents.join(&b' ');
                self.put(&parents)
            }
            [b'p', ..] => {
                let parents = self.commit.parents.iter().map(|id| self.short(id));
                let parents = parents.collect::<Vec<_>>().join(" ");
                self.put(parents.as_bytes())
            }
            [b'm', ..] => self.put(b">"),
            [b'd', ..] => self.decorate(&names::Decoration::default()),
            [b'D', ..] => self.decorate(&names::Decoration {
                prefix: Vec::new(),
                suffix: Vec::new(),
                ..names::Decoration::default()
            }),
            // The log of HEAD, which is no matter of an archive.
            [b'g', b'd' | b'D' | b's' | b'n' | b'N' | b'e' | b'E', ..] => 2,
            [b'G', what, ..] => {
                match what {
                    b'?' if self.commit.signed => self.put(b"E"),
                    b'?' => self.put(b"N"),
                    b'T' => self.put(b"undefined"),
                    b'G' | b'S' | b'K' | b'F' | b'P' => 0,
                    _ => return 0,
                };
                2
            }
            [b's', ..] => {
                let subject = self.commit.subject();
                self.put(&subject)
            }
            [b'f', ..] => {
                let first = self.commit.message.trim_start().lines().next();
                self.put(&sanitized(first.unwrap_or_default()))
            }
            [b'b', ..] => self.put(self.commit.body()),
            [b'B', ..] => self.put(self.commit.message),
            [b'e', ..] => self.put(self.commit.encoding),
            [b'a', what, ..] => self.person(self.commit.author, what),
            [b'c', what, ..] => self.person(self.commit.committer, what),
            _ => 0,
        }
    }

    fn person(&mut self, person: Signature<'_>, what: u8) -> usize {
        let (seconds, zone) = (person.seconds, person.zone);
        let date = |style| dates::text(seconds, zone, style).into_bytes();
        let local = |email: &[u8]| email.split_str("@").next().unwrap_or_default().to_vec();
        let text = match what {
            b'n' => person.name.to_vec(),
            b'e' => person.email.to_vec(),
            b'l' => local(person.email),
            b'N' | b'E' | b'L' => {
                let proper = self.about.mailmap(self.repo).apply(&Person {
                    name: person.name.to_str_lossy().into_owned(),
                    email: person.email.to_str_lossy().into_owned(),
                    raw: String::new(),
                });
                match what {
                    b'N' => proper.name.into_bytes(),
                    b'E' => proper.email.into_bytes(),
                    _ => local(proper.email.as_bytes()),
                }
            }
            b't' => seconds.to_string().into_bytes(),
            b'd' => date(DateStyle::Usual),
            b'D' => date(DateStyle::Mail),
            b'i' => date(DateStyle::Iso),
            b'I' => date(DateStyle::IsoStrict),
            b's' => date(DateStyle::Short),
            b'r' => dates::relative(seconds, self.about.now()).into_bytes(),
            b'h' => dates::human(seconds, zone, self.about.now()).into_bytes(),
            _ => return 0,
        };
        self.put(&text);
        2
    }

    /// `%(name:options)`
    fn named(&mut self, text: &[u8]) -> usize {
        if let Some((how, used)) = options::description(text) {
            if self.about.described.replace(true) {
                return 0;
            }
            self.describe(&how);
            return used;
        }
        if let Some((how, used)) = options::decoration(text) {
            self.decorate(&how);
            return used;
        }
        if let Some((how, used)) = options::trailers(text) {
            how.write(self.commit.message.trim_start(), &mut self.out);
            return used;
        }
        0
    }

    fn decorate(&mut self, how: &names::Decoration) -> usize {
        if let Some(heads) = self.about.heads(self.repo) {
            names::decorate(&heads, to_git(&self.about.id), how, &mut self.out);
        }
        1
    }

    fn describe(&mut self, how: &names::Description) {
        self.about.varies.set(true);
        let Ok(view) = self.about.of.view(self.repo) else {
            return;
        };
        let Some(place) = view.known(&self.about.id) else {
            return;
        };
        let made = |name: &BStr| view.heads.tag_date(self.repo, name);
        let Some((name, depth)) = names::describe(&view, place, how, made) else {
            return;
        };
        let tag = name.strip_prefix(b"refs/tags/").unwrap_or(name);
        self.out.extend_from_slice(tag);
        if depth == 0 || how.abbreviation == Some(0) {
            return;
        }
        let id = self.about.id.to_string();
        let short = match how.abbreviation {
            Some(digits) => id[..digits.clamp(4, id.len())].to_owned(),
            None => self.short(id.as_bytes()),
        };
        self.out
            .extend_from_slice(format!("-{depth}-g{short}").as_bytes());
    }
}
