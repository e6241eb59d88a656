//! The pipe end of the conversation: the framing of Mercurial's SSH transport.
//!
//! A command is its name and a line feed, then each argument as `name SP length LF value`; the catch-all `*` is `* SP count LF` followed by that many
//! arguments. A short answer is `length LF value`; a stream has no length, here it ends with the process, because one process serves one command. An
//! empty line instead of a length says that the answer is an error message on the error output. For a payload the server first answers
//! `0 LF`, then takes `length LF bytes` chunks up to a `0 LF`.
//!
//! Format: `hg help internals.wireprotocol`, "SSH Protocol".

use std::io::{self, ErrorKind, Read};

use super::arguments::Request;
use super::commands::{Command, Rest};
use crate::wire::Error;
use crate::wire::child::ChildStream;

/// The first thing an answer says.
pub(super) enum Frame {
    /// A value of that many bytes follows.
    Value(u64),
    /// The message is on the error output.
    Refused,
    /// The process ended without a word.
    End,
}

/// Sends a command with its arguments.
pub(super) fn send(
    child: &mut ChildStream,
    command: &Command,
    request: &Request,
) -> Result<(), Error> {
    let mut text = format!("{}\n", command.name).into_bytes();
    let mut put = |name: &str, value: &[u8]| {
        text.extend_from_slice(format!("{name} {}\n", value.len()).as_bytes());
        text.extend_from_slice(value);
    };
    for name in command.arguments {
        put(name, request.argument(name).unwrap_or_default());
    }
    let others: Vec<_> = match command.rest {
        Rest::No | Rest::Empty => Vec::new(),
        Rest::Passed => request
            .arguments()
            .iter()
            .filter(|(name, _)| !command.arguments.contains(&&name[..]))
            .collect(),
    };
    if command.rest != Rest::No {
        text.extend_from_slice(format!("* {}\n", others.len()).as_bytes());
        for (name, value) in others {
            text.extend_from_slice(format!("{name} {}\n", value.len()).as_bytes());
            text.extend_from_slice(value);
        }
    }
    write(child, &text)
}

/// Tells what the client can do, which over HTTP is in a header. Call before [`send`].
pub(super) fn send_abilities(child: &mut ChildStream, abilities: &str) -> Result<(), Error> {
    write(
        child,
        format!("protocaps\ncaps {}\n{abilities}", abilities.len()).as_bytes(),
    )?;
    match frame(child)? {
        Frame::Value(length) => value(child, length).map(drop),
        Frame::Refused | Frame::End => Err(child.failed()),
    }
}

/// Sends a payload in chunks and ends the input.
pub(super) fn send_payload(child: &mut ChildStream, payload: &mut dyn Read) -> Result<(), Error> {
    child.feed_blocks(payload, |length| format!("{length}\n").into_bytes())?;
    write(child, b"0\n")?;
    child.close_input();
    Ok(())
}

fn write(child: &mut ChildStream, bytes: &[u8]) -> Result<(), Error> {
    // A child that has gone is noticed by its missing answer.
    child
        .write(bytes)
        .map(drop)
        .map_err(|source| child.lost(source))
}

/// Reads the line before a value.
pub(super) fn frame(child: &mut ChildStream) -> Result<Frame, Error> {
    let mut line = Vec::new();
    let mut byte = [0];
    loop {
        match child.read(&mut byte) {
            Ok(0) if line.is_empty() => return Ok(Frame::End),
            Ok(0) => return Err(child.failed()),
            Ok(_) if byte == *b"\n" => break,
            Ok(_) if line.len() < 20 => line.push(byte[0]),
            Ok(_) => return Err(nonsense(child)),
            Err(source) => return Err(child.lost(source)),
        }
    }
    if line.is_empty() {
        return Ok(Frame::Refused);
    }
    let length = std::str::from_utf8(&line)
        .ok()
        .and_then(|line| line.parse().ok());
    length.map(Frame::Value).ok_or_else(|| nonsense(child))
}

/// Reads a value that is short by its nature.
pub(super) fn value(child: &mut ChildStream, length: u64) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    child
        .by_ref()
        .take(length)
        .read_to_end(&mut bytes)
        .map_err(|source| child.lost(source))?;
    if bytes.len() as u64 == length {
        Ok(bytes)
    } else {
        Err(child.failed())
    }
}

/// Waits until the child has ended, so that its error output is complete.
pub(super) fn finish(child: &mut ChildStream) -> Result<(), Error> {
    child.close_input();
    io::copy(child, &mut io::sink())
        .map(drop)
        .map_err(|source| child.lost(source))
}

fn nonsense(child: &ChildStream) -> Error {
    child.lost(io::Error::new(
        ErrorKind::InvalidData,
        "the answer is not in the form of Mercurial's SSH transport",
    ))
}
