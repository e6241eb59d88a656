//! The wire protocols of Git and Mercurial: what `git clone`, `git push`, `hg pull` and their kin say to a server.
//!
//! # How it works
//!
//! Both systems have a conversation that was made for a pipe over SSH and was later cut into HTTP requests. The programs `git` and `hg` can
//! still hold the pipe end of it, so where a program is needed, this module starts one per request and translates:
//!
//! * [`git`]: `git upload-pack|receive-pack --stateless-rpc` reads exactly the body of the HTTP request and writes exactly the body of the answer.
//! * [`hg`]: what only reads is answered from our own reading of the repository. For the rest the request of one command becomes the framing of the SSH
//!   transport, `hg debugserve --sshstdio` answers it, and the answer is taken out of that framing again and compressed the way HTTP clients expect it.
//!
//! Nothing here knows HTTP as such, accounts or a database. A body comes in as [`std::io::Read`] and goes out as [`std::io::Read`]; both may be of any
//! size, memory use does not depend on it. Whether a request reads or writes is told by this module ([`Access`]); whether the user
//! may do so is decided above, before anything is started.
//!
//! # What a caller must keep in mind
//!
//! * A request body that ends before its announced length must end in an [`std::io::Error`] and not in a plain end of file: the child process is then
//!   killed. A plain end would make a half sent push look like a whole one.
//! * Dropping an answer ends the child process and everything it started. So a server that closes the body of a client that went away leaves
//!   no process and no lock behind.
//! * The children get an environment of their own (see [`child`]); what hooks shall know, such as `KALLITHEA_EXTRAS`, is given by the caller.

pub mod child;
mod error;
pub mod git;
pub mod hg;
pub mod pktline;
mod spool;

pub use error::Error;

/// The body of an answer. Its last read says whether all of it came: an error there means that the answer is cut off, and the client must be told by closing
/// the connection instead of ending the body in an orderly way.
pub type Body = Box<dyn std::io::Read + Send>;

/// What a request does to a repository: the permission it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Access {
    /// It only reads: clone, fetch, pull, and the questions before a push is tried.
    Read,
    /// It may change something. Everything that is not known to be a read is a write.
    Write,
}
