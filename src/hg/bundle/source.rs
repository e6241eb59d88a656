//! A bundle that is put together while it is read.

use std::collections::VecDeque;
use std::io::{self, Read};

use crate::error::Error;

/// Why a bundle could not be made.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// The request is in order, but needs something that only Mercurial itself can do.
    #[error("only Mercurial itself can answer this: {0}")]
    Unsupported(&'static str),
    /// The request asks for what is not there. The message is meant for the client.
    #[error("{0}")]
    Refused(String),
    /// History was taken away while it was being sent. The client has to ask again.
    #[error("history was rewritten while it was being sent")]
    Rewritten,
    /// The repository could not be read.
    #[error(transparent)]
    Repository(#[from] Error),
}

impl crate::MayPass for BundleError {
    fn may_pass(&self) -> bool {
        match self {
            BundleError::Repository(error) => error.may_pass(),
            BundleError::Rewritten => true,
            BundleError::Unsupported(_) | BundleError::Refused(_) => false,
        }
    }
}

/// Something that yields bytes in pieces of reasonable size.
pub(super) trait Source: Send {
    /// Adds the next piece; false when there is none, and nothing was added.
    fn fill(&mut self, out: &mut Vec<u8>) -> Result<bool, BundleError>;
}

/// Bytes that are known already.
pub(super) struct Bytes(pub Vec<u8>);

impl Source for Bytes {
    fn fill(&mut self, out: &mut Vec<u8>) -> Result<bool, BundleError> {
        let any = !self.0.is_empty();
        out.append(&mut self.0);
        Ok(any)
    }
}

/// What is sent to a client, to be read to its end.
///
/// An error in the middle means that the bundle is cut off, and the client must notice that.
pub struct Bundle {
    sources: VecDeque<Box<dyn Source>>,
    buffer: Vec<u8>,
    /// How much of the buffer was read.
    at: usize,
    pub(super) changesets: usize,
    pub(super) compress: bool,
    pub(super) copies_files: bool,
    failed: bool,
}

impl Bundle {
    pub(super) fn new(sources: impl IntoIterator<Item = Box<dyn Source>>) -> Bundle {
        Bundle {
            sources: sources.into_iter().collect(),
            buffer: Vec::new(),
            at: 0,
            changesets: 0,
            compress: true,
            copies_files: false,
            failed: false,
        }
    }

    /// How many changesets it holds, one by one; those in a stream clone's files are not counted.
    pub fn changesets(&self) -> usize {
        self.changesets
    }

    /// Whether compressing it is worth the time. The files of a stream clone are compressed already.
    pub fn is_worth_compressing(&self) -> bool {
        self.compress
    }

    /// Whether it holds the files of the store as they are.
    pub fn is_stream_clone(&self) -> bool {
        self.copies_files
    }

    fn refill(&mut self) -> Result<(), BundleError> {
        const ENOUGH: usize = 64 << 10;
        self.buffer.clear();
        self.at = 0;
        // What one large revision took is given back.
        self.buffer.shrink_to(4 * ENOUGH);
        while self.buffer.len() < ENOUGH {
            let Some(source) = self.sources.front_mut() else {
                break;
            };
            if !source.fill(&mut self.buffer)? {
                self.sources.pop_front();
            }
        }
        Ok(())
    }
}

impl Read for Bundle {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.failed {
            return Err(io::Error::other("the bundle was cut off"));
        }
        if self.at == self.buffer.len()
            && let Err(error) = self.refill()
        {
            self.failed = true;
            return Err(io::Error::other(error));
        }
        let rest = &self.buffer[self.at..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.at += count;
        Ok(count)
    }
}

impl std::fmt::Debug for Bundle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bundle")
            .field("changesets", &self.changesets)
            .finish_non_exhaustive()
    }
}
