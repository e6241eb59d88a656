//! The head of a push: which refs the client wants to move.
//!
//! The body of a `git-receive-pack` request begins with pkt-lines `<old> SP <new> SP <ref>`, the first one with a NUL and the client's
//! capabilities behind it, then a flush packet; the pack follows. `shallow <id>` lines may stand in front. Instead of these a client may send a signed
//! certificate (`push-cert` to `push-cert-end`) with the same lines in it, whether or not the server has asked for one.
//!
//! The list is read for the journal while the body passes by unchanged: `git` decides what is done with it.
//!
//! Format: `gitprotocol-pack(5)`, "Reference Update Request".

use std::fmt;
use std::io::{self, Read};

use crate::wire::pktline::{self, Packet};

/// The hexadecimal name of a Git object: 40 lower-case digits, or 64 in a repository with SHA-256.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ObjectName(String);

impl ObjectName {
    /// Takes lower-case hexadecimal digits.
    pub fn from_hex(hex: &str) -> Option<Self> {
        let digits = hex
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        (digits && matches!(hex.len(), 40 | 64)).then(|| ObjectName(hex.to_owned()))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the name of no object: the old side of a new ref, the new side of a deleted one.
    pub fn is_null(&self) -> bool {
        self.0.bytes().all(|byte| byte == b'0')
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The full name of a ref, for example `refs/heads/main`. Any bytes but NUL; Git has not necessarily accepted it.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RefName(Vec<u8>);

impl RefName {
    /// Takes a name as it is.
    pub fn new(name: impl Into<Vec<u8>>) -> Self {
        RefName(name.into())
    }

    /// The name as sent.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for RefName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0))
    }
}

impl fmt::Debug for RefName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RefName({:?})", String::from_utf8_lossy(&self.0))
    }
}

/// One ref that a client wants to create, move or delete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefUpdate {
    /// Which one.
    pub name: RefName,
    /// What the client saw before; null for a new ref.
    pub old: ObjectName,
    /// What it shall be; null for a deletion.
    pub new: ObjectName,
}

/// The updates that took effect, judged by what the refs are now. `current` gives the object a ref points at, `None` when there is no such ref.
pub fn landed(
    updates: &[RefUpdate],
    current: impl Fn(&RefName) -> Option<ObjectName>,
) -> Vec<RefUpdate> {
    let took_effect = |update: &&RefUpdate| {
        update.old != update.new
            && match current(&update.name) {
                Some(now) => now == update.new,
                None => update.new.is_null(),
            }
    };
    updates.iter().filter(took_effect).cloned().collect()
}

/// A reader that hands a body on unchanged and notes the commands at its head.
pub(super) struct Tap<'a> {
    body: &'a mut dyn Read,
    head: Head,
}

impl<'a> Tap<'a> {
    pub(super) fn new(body: &'a mut dyn Read) -> Self {
        Tap {
            body,
            head: Head::default(),
        }
    }

    /// The commands, when the head was complete and understood.
    pub(super) fn into_updates(self) -> Vec<RefUpdate> {
        self.head.into_updates()
    }
}

impl Read for Tap<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.body.read(buffer)?;
        self.head.push(&buffer[..count]);
        Ok(count)
    }
}

/// The head of a body as far as it has passed.
#[derive(Debug)]
pub(super) enum Head {
    /// The flush packet has not come yet. `rest` is less than one packet, `seen` counts all bytes before it.
    Open {
        rest: Vec<u8>,
        seen: usize,
        part: Part,
        updates: Vec<RefUpdate>,
    },
    /// Nothing more to note. Empty when the head was not understood.
    Closed(Vec<RefUpdate>),
}

/// Where in the head a line stands. The commands of a signed push stand in its certificate, between its own head and its signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Commands,
    HeadOfCertificate,
    CommandsOfCertificate,
    Signature,
}

impl Default for Head {
    fn default() -> Self {
        Head::Open {
            rest: Vec::new(),
            seen: 0,
            part: Part::Commands,
            updates: Vec::new(),
        }
    }
}

impl Head {
    /// 16 MiB hold about a hundred thousand updates. A longer list is passed on, but what it says is not recorded.
    const LONGEST: usize = 16 << 20;

    /// The commands, when the head was complete and understood.
    pub(super) fn into_updates(self) -> Vec<RefUpdate> {
        match self {
            Head::Closed(updates) => updates,
            Head::Open { .. } => Vec::new(),
        }
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        let Head::Open {
            rest,
            seen,
            part,
            updates,
        } = self
        else {
            return;
        };
        rest.extend_from_slice(bytes);
        let mut at = 0;
        let end = loop {
            match pktline::take(&rest[at..]) {
                Err(pktline::Cut::Short) => break None,
                Ok((Packet::Flush, _)) => break Some(std::mem::take(updates)),
                Ok((Packet::Line(line), length)) => {
                    match part.read(line) {
                        Said::Update(update) => updates.push(update),
                        Said::Other => {}
                        Said::Nonsense => break Some(Vec::new()),
                    }
                    at += length;
                }
                Err(pktline::Cut::Malformed) | Ok((Packet::Separator, _)) => break Some(Vec::new()),
            }
            if *seen + at > Self::LONGEST {
                break Some(Vec::new());
            }
        };
        match end {
            Some(updates) => *self = Head::Closed(updates),
            None => {
                rest.drain(..at);
                *seen += at;
            }
        }
    }
}

/// What a line of the head says.
enum Said {
    Update(RefUpdate),
    Other,
    Nonsense,
}

impl Part {
    fn read(&mut self, line: &[u8]) -> Said {
        let bare = line.strip_suffix(b"\n").unwrap_or(line);
        match self {
            Part::Commands if line.starts_with(b"shallow ") => Said::Other,
            Part::Commands if bare.split(|byte| *byte == 0).next() == Some(b"push-cert") => {
                *self = Part::HeadOfCertificate;
                Said::Other
            }
            Part::Commands => command(line).map_or(Said::Nonsense, Said::Update),
            _ if bare == b"push-cert-end" => {
                *self = Part::Commands;
                Said::Other
            }
            Part::HeadOfCertificate => {
                if bare.is_empty() {
                    *self = Part::CommandsOfCertificate;
                }
                Said::Other
            }
            Part::CommandsOfCertificate => match command(line) {
                Some(update) => Said::Update(update),
                None => {
                    *self = Part::Signature;
                    Said::Other
                }
            },
            Part::Signature => Said::Other,
        }
    }
}

fn command(line: &[u8]) -> Option<RefUpdate> {
    let line = line.split(|byte| *byte == 0).next().unwrap_or_default();
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let mut fields = line.splitn(3, |byte| *byte == b' ');
    let mut object = || ObjectName::from_hex(std::str::from_utf8(fields.next()?).ok()?);
    let (old, new) = (object()?, object()?);
    let name = fields.next().filter(|name| !name.is_empty())?;
    Some(RefUpdate {
        name: RefName::new(name),
        old,
        new,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const B: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
    const NULL: &str = "0000000000000000000000000000000000000000";

    fn head(lines: &[String]) -> Vec<u8> {
        let mut out = Vec::new();
        for line in lines {
            pktline::put(&mut out, line.as_bytes());
        }
        out.extend_from_slice(pktline::FLUSH);
        out
    }

    fn update(old: &str, new: &str, name: &str) -> RefUpdate {
        RefUpdate {
            name: RefName::new(name),
            old: ObjectName::from_hex(old).unwrap(),
            new: ObjectName::from_hex(new).unwrap(),
        }
    }

    /// Gives one byte at a time, as a slow network does.
    struct Drip<'a>(&'a [u8]);

    impl Read for Drip<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = self.0.len().min(1).min(buffer.len());
            buffer[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    #[test]
    fn commands_are_read_in_passing() {
        let mut body = head(&[
            format!("shallow {A}"),
            format!("{A} {B} refs/heads/main\0 report-status side-band-64k agent=git/2.47"),
            format!("{NULL} {A} refs/tags/with space\n"),
        ]);
        body.extend_from_slice(b"PACK and whatever follows");
        let mut source = Drip(&body);
        let mut tap = Tap::new(&mut source);
        let mut passed = Vec::new();
        tap.read_to_end(&mut passed).unwrap();
        assert_eq!(passed, body);
        assert_eq!(
            tap.into_updates(),
            [
                update(A, B, "refs/heads/main"),
                update(NULL, A, "refs/tags/with space")
            ]
        );
    }

    fn parse(bytes: &[u8]) -> Option<Vec<RefUpdate>> {
        let mut head = Head::default();
        head.push(bytes);
        match head {
            Head::Closed(updates) => Some(updates),
            Head::Open { .. } => None,
        }
    }

    #[test]
    fn the_commands_of_a_signed_push_are_read() {
        let body = head(&[
            "push-cert\0report-status".to_owned(),
            "certificate version 0.1\n".to_owned(),
            "pusher A <a@example.com> 1 +0000\n".to_owned(),
            "\n".to_owned(),
            format!("{A} {B} refs/heads/x\n"),
            format!("{A} {B} refs/heads/y\n"),
            "-----BEGIN PGP SIGNATURE-----\n".to_owned(),
            format!("{A} {B} refs/heads/z\n"),
            "push-cert-end\n".to_owned(),
        ]);
        let both = ["refs/heads/x", "refs/heads/y"].map(|name| update(A, B, name));
        assert_eq!(parse(&body), Some(both.to_vec()));
    }

    #[test]
    fn nonsense_is_not_read() {
        let nothing = Some(Vec::new());
        let good = format!("{A} {B} refs/heads/x");
        assert_eq!(
            parse(b"0000"),
            nothing,
            "the probe that git sends before a large push"
        );
        assert_eq!(parse(b"not a packet"), nothing);
        assert_eq!(parse(&head(&[good.clone(), format!("{A} {B}")])), nothing);
        assert_eq!(parse(&head(&[format!("{A} {B} ")])), nothing);
        assert_eq!(
            parse(&head(&[format!("{} {B} refs/heads/x", A.to_uppercase())])),
            nothing
        );
        assert_eq!(
            parse(&head(std::slice::from_ref(&good))),
            Some(vec![update(A, B, "refs/heads/x")])
        );
        assert_eq!(parse(&head(&[good])[..40]), None);
        assert_eq!(parse(b"00"), None);
    }

    #[test]
    fn an_endless_list_is_passed_on_but_not_kept() {
        let line = {
            let mut out = Vec::new();
            pktline::put(&mut out, format!("{A} {B} refs/heads/main").as_bytes());
            out
        };
        let body = line.repeat(Head::LONGEST / line.len() + 1000);
        let mut source = &body[..];
        let mut tap = Tap::new(&mut source);
        assert_eq!(
            io::copy(&mut tap, &mut io::sink()).unwrap(),
            body.len() as u64
        );
        assert!(matches!(&tap.head, Head::Closed(updates) if updates.capacity() == 0));
        assert!(tap.into_updates().is_empty());
    }

    #[test]
    fn landed_compares_with_the_refs_of_now() {
        let updates = [
            update(A, B, "refs/heads/moved"),
            update(A, B, "refs/heads/refused"),
            update(A, NULL, "refs/heads/deleted"),
            update(A, NULL, "refs/heads/kept"),
            update(A, A, "refs/heads/same"),
        ];
        let current = |name: &RefName| match name.as_bytes() {
            b"refs/heads/moved" => ObjectName::from_hex(B),
            b"refs/heads/deleted" => None,
            _ => ObjectName::from_hex(A),
        };
        let landed: Vec<String> = landed(&updates, current)
            .iter()
            .map(|update| update.name.to_string())
            .collect();
        assert_eq!(landed, ["refs/heads/moved", "refs/heads/deleted"]);
    }
}
