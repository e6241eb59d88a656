//! Gives a bundle that was made here to Mercurial, like a client that pushes it.

use std::io;
use std::path::Path;

use ::hg::{PushRefusal, PushReply};

use super::arguments::Request;
use super::commands::Command;
use super::program::{self, HgProgram, Occasion, Report};
use super::stdio::{self, Frame};
use crate::wire::{Access, Error};

/// What a push has brought.
#[derive(Debug)]
pub(crate) struct Pushed {
    /// The changesets that arrived.
    pub report: Report,
    /// What hooks have printed.
    pub said: String,
}

/// Why nothing was taken.
#[derive(Debug)]
pub(crate) enum PushError {
    /// Somebody else was faster.
    Raced,
    /// Mercurial or a hook said no.
    Refused { reason: String, said: String },
    /// It could not be asked.
    Wire(Error),
}

impl From<Error> for PushError {
    fn from(error: Error) -> Self {
        PushError::Wire(error)
    }
}

/// Pushes a bundle. Its own parts say which heads there must be.
pub(crate) fn push(
    program: &HgProgram,
    repository: &Path,
    mut bundle: &[u8],
) -> Result<Pushed, PushError> {
    let refused = |reason: String, said: String| PushError::Refused { reason, said };
    let command = Command::named(b"unbundle").expect("the table of commands has it");
    // "force": what must hold is told in the bundle itself.
    let heads = vec![("heads".to_owned(), b"666f726365".to_vec())];
    let request = Request::new(command, heads, String::new())
        .map_err(|error| refused(error.to_string(), String::new()))?;
    let (mut child, workplace) = program::start(program, repository, Access::Write, Occasion::Web)?;
    stdio::send(&mut child, command, &request)?;
    match stdio::frame(&mut child)? {
        Frame::Value(0) => {}
        Frame::Value(length) => {
            let message = stdio::value(&mut child, length)?;
            let message = String::from_utf8_lossy(&message).into_owned();
            return Err(refused(message, String::new()));
        }
        Frame::Refused | Frame::End => {
            stdio::finish(&mut child)?;
            return Err(child.failed().into());
        }
    }
    stdio::send_payload(&mut child, &mut bundle)?;
    let reply = PushReply::read(&mut child);
    stdio::finish(&mut child)?;
    let reply = reply.map_err(|source| match source.kind() {
        // It ended without an answer, and its error output tells why.
        io::ErrorKind::UnexpectedEof => child.failed(),
        _ => child.lost(source),
    })?;
    match reply.refusal {
        Some(PushRefusal::Raced(_)) => Err(PushError::Raced),
        Some(PushRefusal::Aborted { message, hint }) => {
            let hint = hint.map(|hint| format!(" ({hint})")).unwrap_or_default();
            Err(refused(format!("{message}{hint}"), reply.output))
        }
        None if reply.result.unwrap_or(0) == 0 => {
            let reason = "Mercurial took nothing".to_owned();
            Err(refused(reason, reply.output))
        }
        None => Ok(Pushed {
            report: workplace.report(),
            said: reply.output,
        }),
    }
}
