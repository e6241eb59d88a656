//! Answers by the `git` program: `git upload-pack` and `git receive-pack` in their stateless form.

use std::io::{self, Cursor, Read};
use std::path::Path;

use super::GitProgram;
use super::commands::{RefUpdate, Tap};
use super::launch::{Verb, launch};
use super::{Protocol, Service};
use crate::wire::child::ChildStream;
use crate::wire::{Body, Error, pktline};

/// One request and one answer in place of a conversation.
const STATELESS: &str = "--stateless-rpc";

/// Most bytes of what a client says that wants to fetch, unpacked: 600,000 references wanted, or changesets had. Git reads one line after the other, and a
/// gzip of a megabyte would keep it busy for an hour.
const LONGEST_FETCH: u64 = 32 << 20;

/// A push in progress.
pub struct ReceivePack {
    /// The body of the answer.
    pub body: Body,
    /// What the client asked for. Which of it was done is told by the refs when the body has been read to its end: see [`super::landed`].
    pub updates: Vec<RefUpdate>,
}

/// Answers `GET info/refs?service=…`, with type [`Service::advertisement_type`].
pub fn advertise(
    program: &GitProgram,
    repository: &Path,
    service: Service,
    protocol: Protocol,
) -> Result<Body, Error> {
    // Version 2 has no push. Git falls back to version 0 then, and so does the form of the answer.
    let protocol = if service == Service::ReceivePack && protocol == Protocol::V2 {
        Protocol::V0
    } else {
        protocol
    };
    let verb = match service {
        Service::UploadPack => Verb::UploadPack,
        Service::ReceivePack => Verb::ReceivePack,
    };
    let options = [STATELESS, "--advertise-refs"];
    let mut child = launch(program, repository, verb, protocol, &options)?.start()?;
    child.close_input();
    let mut prelude = Vec::new();
    if protocol != Protocol::V2 {
        pktline::put(
            &mut prelude,
            format!("# service={}\n", service.name()).as_bytes(),
        );
        prelude.extend_from_slice(pktline::FLUSH);
    }
    Ok(Box::new(Cursor::new(prelude).chain(started(child)?)))
}

/// Answers `POST git-upload-pack`, with type [`Service::result_type`].
pub fn upload_pack(
    program: &GitProgram,
    repository: &Path,
    protocol: Protocol,
    body: &mut dyn Read,
) -> Result<Body, Error> {
    let mut child = launch(
        program,
        repository,
        Verb::UploadPack,
        protocol,
        &[STATELESS],
    )?
    .start()?;
    let mut body = Bounded {
        body,
        left: LONGEST_FETCH,
    };
    child.feed(&mut body)?;
    child.close_input();
    Ok(Box::new(started(child)?))
}

/// Answers `POST git-receive-pack`, with type [`Service::result_type`].
pub fn receive_pack(
    program: &GitProgram,
    repository: &Path,
    protocol: Protocol,
    body: &mut dyn Read,
) -> Result<ReceivePack, Error> {
    let mut launch = launch(
        program,
        repository,
        Verb::ReceivePack,
        protocol,
        &[STATELESS],
    )?;
    // The list of updates ends in a flush packet and a pack in a checksum. On a signal Git would leave its quarantine directory to the next `git gc`.
    launch.notices_broken_input();
    let mut child = launch.start()?;
    let mut tap = Tap::new(body);
    child.feed(&mut tap)?;
    child.close_input();
    Ok(ReceivePack {
        updates: tap.into_updates(),
        body: Box::new(started(child)?),
    })
}

/// A body that may have so many bytes.
struct Bounded<'a> {
    body: &'a mut dyn Read,
    left: u64,
}

impl Read for Bounded<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.body.read(buffer)?;
        self.left = self
            .left
            .checked_sub(count as u64)
            .ok_or(io::ErrorKind::FileTooLarge)?;
        Ok(count)
    }
}

/// Waits for the first bytes, because up to there a failure can still be told by the status of the answer.
fn started(mut child: ChildStream) -> Result<impl Read + Send, Error> {
    let mut first = vec![0; 8 << 10];
    let count = child
        .read(&mut first)
        .map_err(|source| child.lost(source))?;
    first.truncate(count);
    if count == 0 && !child.succeeded() {
        return Err(child.failed());
    }
    Ok(Cursor::new(first).chain(Conversation(child)))
}

/// The answer of `git`, with a word to the log when it ended badly. It says so in the conversation as well (`ERR` and side band), so
/// the client gets the stream as it is.
struct Conversation(ChildStream);

impl Read for Conversation {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.0.read(buffer)?;
        if count == 0 && !buffer.is_empty() && !self.0.succeeded() {
            tracing::info!(program = %self.0.program().display(), stderr = self.0.stderr(), "conversation ended with an error");
        }
        Ok(count)
    }
}
