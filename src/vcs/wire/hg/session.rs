//! A whole conversation over a pipe: what `hg serve --stdio` is to a client that comes by SSH.
//!
//! The client sends commands one after the other, see [`super::stdio`] for their form, and reads each answer before it goes on; an empty line, or
//! the end of its input, ends the conversation. Reading commands are answered by ourselves. For those that write, and those that are
//! not certain, an `hg` is started for this one command, and what it says is passed on.
//!
//! Format: `hg help internals.wireprotocol`, "SSH Protocol".

use std::io::{self, BufRead, Read, Write};

use super::arguments::Request;
use super::commands::{Command, Form, Rest};
use super::native::capabilities::Transport;
use super::native::{self, Reply};
use super::program::{self, HgProgram, Occasion, Report};
use super::stdio;
use crate::Repository;
use crate::wire::child::ChildStream;
use crate::wire::{Access, Error};

/// Most bytes of one argument. Lists of hashes are the longest there are.
const LONGEST_ARGUMENT: u64 = 64 << 20;
/// Most bytes of a line, and most arguments behind a `*`.
const LONGEST_LINE: u64 = 4096;
const MOST_ARGUMENTS: usize = 1000;

/// Where a conversation takes place.
pub struct Pipes<'a> {
    /// What the client says.
    pub input: &'a mut dyn BufRead,
    /// What it is answered.
    pub output: &'a mut dyn Write,
    /// What it is to show to its user.
    pub errors: &'a mut dyn Write,
}

/// What the user may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rights<'a> {
    /// Pull and push.
    ReadWrite,
    /// Pull only.
    ReadOnly {
        /// What whoever pushes all the same is told.
        refusal: &'a str,
    },
}

/// Why a conversation was broken off.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The connection broke, or the client says what is not in the protocol.
    #[error("the conversation broke off")]
    Connection(#[source] io::Error),
    /// `hg` could not be run.
    #[error(transparent)]
    Wire(#[from] Error),
}

/// Holds a conversation about one repository to its end. `moved` is told after each command what that has moved.
pub fn session(
    program: &HgProgram,
    repository: &Repository,
    rights: Rights<'_>,
    pipes: Pipes<'_>,
    moved: &mut dyn FnMut(&Report),
) -> Result<(), SessionError> {
    let mut session = Session {
        program,
        repository,
        rights,
        pipes,
        abilities: String::new(),
    };
    while let Some(request) = session.next_command()? {
        let report = match request {
            Asked::Known(command, arguments) => session.answer(command, arguments)?,
            Asked::Unknown => {
                // What every Mercurial says to a command it has not.
                session.value(b"")?;
                Report::default()
            }
        };
        session
            .pipes
            .output
            .flush()
            .map_err(SessionError::Connection)?;
        if report != Report::default() {
            moved(&report);
        }
    }
    Ok(())
}

enum Asked {
    Known(&'static Command, Vec<(String, Vec<u8>)>),
    Unknown,
}

struct Session<'a, 'p> {
    program: &'a HgProgram,
    repository: &'a Repository,
    rights: Rights<'a>,
    pipes: Pipes<'p>,
    abilities: String,
}

impl Session<'_, '_> {
    /// Reads a command; `None` at the end.
    fn next_command(&mut self) -> Result<Option<Asked>, SessionError> {
        let input = &mut *self.pipes.input;
        let Some(line) = line(input).map_err(SessionError::Connection)? else {
            return Ok(None);
        };
        if line.is_empty() {
            return Ok(None);
        }
        let Some(command) = Command::named(&line) else {
            return Ok(Some(Asked::Unknown));
        };
        let arguments = arguments(command, input).map_err(SessionError::Connection)?;
        Ok(Some(Asked::Known(command, arguments)))
    }

    fn answer(
        &mut self,
        command: &'static Command,
        arguments: Vec<(String, Vec<u8>)>,
    ) -> Result<Report, SessionError> {
        if command.name == "protocaps" {
            let words = arguments.iter().find(|(name, _)| name == "caps");
            let words = words.map(|(_, value)| String::from_utf8_lossy(value).into_owned());
            // The words are passed on to the child; they are plain text or nothing.
            let plain = |words: &String| words.bytes().all(|byte| matches!(byte, b' '..=b'~'));
            self.abilities = words.filter(plain).unwrap_or_default();
        }
        let request = match Request::new(command, arguments, self.abilities.clone()) {
            Ok(request) => request,
            Err(error) => {
                self.refuse(&error.to_string())?;
                return Ok(Report::default());
            }
        };
        if let (Access::Write, Rights::ReadOnly { refusal }) = (request.access(), self.rights) {
            self.refuse(refusal)?;
            return Ok(Report::default());
        }
        let reply = self
            .repository
            .mercurial()
            .and_then(|readable| native::answer(self.program, readable, &request, Transport::Ssh));
        let bundle = match reply {
            None => return self.pass_on(command, &request),
            Some(Reply::Value(value)) if command.form == Form::Raw => {
                self.pipes
                    .output
                    .write_all(&value)
                    .map_err(SessionError::Connection)?;
                return Ok(Report::default());
            }
            Some(Reply::Value(value)) => {
                self.value(&value)?;
                return Ok(Report::default());
            }
            Some(Reply::Refused(reason)) => {
                self.refuse(&reason)?;
                return Ok(Report::default());
            }
            Some(Reply::Bundle(bundle) | Reply::Raw(bundle)) => bundle,
        };
        let sent_changesets = bundle.changesets() > 0 || bundle.is_stream_clone();
        let mut bundle = bundle;
        // A stream has no length: where it breaks off, only the end of the conversation tells the client.
        io::copy(&mut bundle, self.pipes.output).map_err(SessionError::Connection)?;
        Ok(Report {
            sent_changesets,
            ..Report::default()
        })
    }

    /// Has `hg` answer one command.
    fn pass_on(&mut self, command: &Command, request: &Request) -> Result<Report, SessionError> {
        let path = self.repository.path();
        let (mut child, workplace) =
            program::start(self.program, path, request.access(), Occasion::Conversation)?;
        child.listen();
        if command.form == Form::Bundle && !self.abilities.is_empty() {
            stdio::send_abilities(&mut child, &self.abilities)?;
        }
        stdio::send(&mut child, command, request)?;
        if command.form == Form::Upload {
            self.relay_upload(&mut child)?;
        } else {
            child.close_input();
        }
        self.relay_answer(&mut child, command)?;
        drop(child);
        Ok(workplace.report())
    }

    /// Passes on what `hg` answers, and what its hooks print as soon as they print it. Of two things that are there at once the words go first: the
    /// client stops listening when it has its answer.
    fn relay_answer(
        &mut self,
        child: &mut ChildStream,
        command: &Command,
    ) -> Result<(), SessionError> {
        let mut words = Words::default();
        let mut block = vec![0; 64 << 10];
        let passed = loop {
            let read = child.read_or_heard(&mut block);
            let said = words.pass(&child.heard(), matches!(read, Ok(Some(0)) | Err(_)));
            let errors = &mut *self.pipes.errors;
            errors
                .write_all(&said)
                .and_then(|()| errors.flush())
                .map_err(SessionError::Connection)?;
            match read {
                Ok(Some(0)) => break Ok(()),
                Ok(Some(count)) => self
                    .pipes
                    .output
                    .write_all(&block[..count])
                    .map_err(SessionError::Connection)?,
                Ok(None) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break Err(error),
            }
        };
        if words.broken {
            tracing::error!(stderr = child.stderr(), name = command.name, "hg failed");
        }
        passed.map_err(SessionError::Connection)
    }

    /// Passes a payload on: `hg` says that it wants it, the client sends it in chunks.
    fn relay_upload(&mut self, child: &mut ChildStream) -> Result<(), SessionError> {
        let frame = stdio::frame(child)?;
        let output = &mut *self.pipes.output;
        let say = |output: &mut dyn Write, bytes: &[u8]| {
            output
                .write_all(bytes)
                .and_then(|()| output.flush())
                .map_err(SessionError::Connection)
        };
        match frame {
            stdio::Frame::Value(0) => say(output, b"0\n")?,
            // A message in place of the word; nothing is sent then.
            stdio::Frame::Value(length) => {
                let message = stdio::value(child, length)?;
                say(output, format!("{length}\n").as_bytes())?;
                say(output, &message)?;
                child.close_input();
                return Ok(());
            }
            stdio::Frame::Refused | stdio::Frame::End => {
                say(output, b"\n")?;
                child.close_input();
                return Ok(());
            }
        }
        let mut payload = Chunks {
            input: &mut *self.pipes.input,
            left: 0,
            ended: false,
        };
        Ok(stdio::send_payload(child, &mut payload)?)
    }

    /// A value with its length in front.
    fn value(&mut self, value: &[u8]) -> Result<(), SessionError> {
        let output = &mut *self.pipes.output;
        output
            .write_all(format!("{}\n", value.len()).as_bytes())
            .and_then(|()| output.write_all(value))
            .map_err(SessionError::Connection)
    }

    /// A message for the user in place of an answer.
    fn refuse(&mut self, message: &str) -> Result<(), SessionError> {
        let Pipes { output, errors, .. } = &mut self.pipes;
        errors
            .write_all(format!("{message}\n-\n").as_bytes())
            .and_then(|()| errors.flush())
            .and_then(|()| output.write_all(b"\n"))
            .map_err(SessionError::Connection)
    }
}

/// What `hg` and its hooks print, line by line, without what is not for the user: where a program broke.
#[derive(Default)]
struct Words {
    /// The beginning of a line.
    begun: Vec<u8>,
    /// Whether it broke. What comes behind that is for the log.
    broken: bool,
}

impl Words {
    /// What of this can be shown now; at the end, all of it.
    fn pass(&mut self, bytes: &[u8], end: bool) -> Vec<u8> {
        const BROKEN: [&[u8]; 2] = [b"Traceback (most recent call last)", b"** "];
        self.begun.extend_from_slice(bytes);
        if end && !self.begun.is_empty() && !self.begun.ends_with(b"\n") {
            self.begun.push(b'\n');
        }
        // A line without end is shown all the same, before it fills the memory.
        let whole = match self.begun.iter().rposition(|byte| *byte == b'\n') {
            Some(at) => at + 1,
            None if self.begun.len() as u64 > LONGEST_LINE => self.begun.len(),
            None => 0,
        };
        let mut shown = Vec::new();
        for line in self.begun[..whole].split_inclusive(|byte| *byte == b'\n') {
            if !self.broken && BROKEN.iter().any(|start| line.starts_with(start)) {
                self.broken = true;
                shown.extend_from_slice(b"the server could not do this; its log tells why\n-\n");
            }
            if !self.broken {
                shown.extend_from_slice(line);
            }
        }
        self.begun.drain(..whole);
        shown
    }
}

/// A payload in chunks `length LF bytes`, up to one of length zero.
struct Chunks<'a> {
    input: &'a mut dyn BufRead,
    left: u64,
    ended: bool,
}

impl Read for Chunks<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 && !self.ended {
            self.left = number(self.input)?;
            self.ended = self.left == 0;
        }
        if self.ended || buffer.is_empty() {
            return Ok(0);
        }
        let most = usize::try_from(self.left)
            .unwrap_or(usize::MAX)
            .min(buffer.len());
        let count = self.input.read(&mut buffer[..most])?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.left -= count as u64;
        Ok(count)
    }
}

/// The arguments of a command, in whatever order they come.
fn arguments(command: &Command, input: &mut dyn BufRead) -> io::Result<Vec<(String, Vec<u8>)>> {
    let mut found = Vec::new();
    let expected = command.arguments.len() + usize::from(command.rest != Rest::No);
    for _ in 0..expected {
        let (name, length) = argument_line(input)?;
        if name != "*" {
            found.push((name, bytes(input, length)?));
            continue;
        }
        if length as usize > MOST_ARGUMENTS {
            return Err(nonsense("too many arguments"));
        }
        for _ in 0..length {
            let (name, length) = argument_line(input)?;
            found.push((name, bytes(input, length)?));
        }
    }
    Ok(found)
}

/// `name SP number`.
fn argument_line(input: &mut dyn BufRead) -> io::Result<(String, u64)> {
    let line = line(input)?.ok_or(io::ErrorKind::UnexpectedEof)?;
    let text = std::str::from_utf8(&line).map_err(|_| nonsense("a name that is not plain"))?;
    let (name, length) = text
        .split_once(' ')
        .ok_or_else(|| nonsense("an argument without a length"))?;
    let length: u64 = length
        .parse()
        .ok()
        .filter(|length| *length <= LONGEST_ARGUMENT)
        .ok_or_else(|| nonsense("an argument with a wrong length"))?;
    Ok((name.to_owned(), length))
}

fn bytes(input: &mut dyn BufRead, length: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    input.take(length).read_to_end(&mut bytes)?;
    if bytes.len() as u64 == length {
        Ok(bytes)
    } else {
        Err(io::ErrorKind::UnexpectedEof.into())
    }
}

fn number(input: &mut dyn BufRead) -> io::Result<u64> {
    let line = line(input)?.ok_or(io::ErrorKind::UnexpectedEof)?;
    std::str::from_utf8(&line)
        .ok()
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| nonsense("a chunk with a wrong length"))
}

/// A line without its end; `None` at the end of the input.
fn line(input: &mut dyn BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    input.take(LONGEST_LINE).read_until(b'\n', &mut line)?;
    match line.pop() {
        None => Ok(None),
        Some(b'\n') => Ok(Some(line)),
        Some(_) if line.len() as u64 + 1 == LONGEST_LINE => Err(nonsense("a line without end")),
        Some(_) => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

fn nonsense(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(command: &str, text: &[u8]) -> io::Result<Vec<(String, Vec<u8>)>> {
        arguments(Command::named(command.as_bytes()).unwrap(), &mut &text[..])
    }

    #[test]
    fn arguments_come_in_any_order() {
        let found = read("known", b"* 1\nx 2\nabnodes 4\n00ff").unwrap();
        assert_eq!(
            found,
            [
                ("x".to_owned(), b"ab".to_vec()),
                ("nodes".to_owned(), b"00ff".to_vec())
            ]
        );
        assert_eq!(read("heads", b"").unwrap(), []);
    }

    #[test]
    fn lengths_are_not_trusted() {
        for text in [
            &b""[..],
            b"key 9\nshort",
            b"key -1\n",
            b"key 99999999999999999999\n",
            b"key 4294967296\n",
            b"key\n",
            b"\xff 1\nx",
        ] {
            assert!(read("lookup", text).is_err(), "{text:?}");
        }
        assert!(read("getbundle", b"* 4294967295\n").is_err());
        assert!(line(&mut &[b'a'; 5000][..]).is_err());
    }

    #[test]
    fn words_are_passed_on_line_by_line_and_a_break_is_not() {
        let mut words = Words::default();
        assert_eq!(words.pass(b"one\ntw", false), b"one\n");
        assert_eq!(words.pass(b"o\n", false), b"two\n");
        assert_eq!(words.pass(&[b'x'; 5000], false), [b'x'; 5000]);
        assert_eq!(words.pass(b"\nlast", true), b"\nlast\n");
        assert!(!words.broken);
        let said = words.pass(
            b"three\nTraceback (most recent call last):\n  File secret\n",
            true,
        );
        assert_eq!(
            said,
            b"three\nthe server could not do this; its log tells why\n-\n"
        );
        assert!(words.broken && words.pass(b"KeyError\n", true).is_empty());
    }

    #[test]
    fn a_payload_ends_with_its_empty_chunk() {
        let mut input = &b"3\nabc2\nde0\nnext\n"[..];
        let mut out = Vec::new();
        let mut chunks = Chunks {
            input: &mut input,
            left: 0,
            ended: false,
        };
        chunks.read_to_end(&mut out).unwrap();
        assert_eq!((&out[..], input), (&b"abcde"[..], &b"next\n"[..]));
        let mut cut = &b"3\nab"[..];
        let mut chunks = Chunks {
            input: &mut cut,
            left: 0,
            ended: false,
        };
        assert!(chunks.read_to_end(&mut out).is_err());
    }
}
