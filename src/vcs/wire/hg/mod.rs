//! Mercurial's wire protocol over HTTP, version 1, the only one that is still in use.
//!
//! A client asks `<repository>?cmd=NAME` one command at a time: `capabilities` first, then what it needs: `heads`, `known`, `listkeys` and so on, often several
//! at once in a `batch`; `getbundle` to pull; `unbundle` and `pushkey` to push. [`Request::parse`] reads such a request, [`Request::access`] tells
//! whether it reads or writes, [`answer`] gives the [`Answer`] to send back: what reads is answered from our own reading of the repository (the module
//! `native`), everything else is done by a child process. [`session`] holds the same conversation over a pipe, for clients that come by SSH.
//!
//! Format: `hg help internals.wireprotocol`, and what clients and servers of version 7.2 do. Names of types and headers are those of the protocol.

mod answer;
mod arguments;
mod batch;
mod commands;
mod leftover;
mod native;
mod program;
mod push;
mod session;
mod stdio;

pub use answer::{Answer, AnswerBody, answer};
pub use arguments::{BadRequest, Request};
pub use program::{Changegroup, HgProgram, Node, Report};
pub(crate) use push::{PushError, push};
pub use session::{Pipes, Rights, SessionError, session};
