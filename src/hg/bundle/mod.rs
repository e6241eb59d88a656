//! What another clone is sent: bundles.
//!
//! A client that pulls tells which heads it wants and which changesets it has (`common`). What it lacks goes out as a
//! *changegroup*: first the changesets, then the manifests, then the revisions of each file, every one as a
//! difference to something that the client has by then. Stored differences are sent as they are wherever that holds.
//!
//! The *bundle2* format wraps this in parts, each with a name: the changegroup, the phases of the heads, bookmarks,
//! obsolescence markers. A *stream clone* is a part, too: the files of the store, cut to what the snapshot knows.
//!
//! [`Sender::bundle`] makes a [`Bundle`], which is read like a file and puts itself together piece by piece: one
//! revision at a time is in memory. Nothing here knows HTTP, SSH or who asks.
//!
//! Sources: `hg help internals.bundle2`, `internals.changegroups`, `internals.wireprotocol`.

mod arguments;
mod capabilities;
mod changegroup;
mod group;
mod heads;
mod markers;
mod outgoing;
mod part;
mod reply;
mod sender;
mod source;
mod store_files;
mod stream_clone;
pub(crate) mod upload;

pub use arguments::{BadArgument, BundleRequest};
pub use capabilities::BundleCapabilities;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use markers::relevant as relevant_markers;
pub use reply::{PushRefusal, PushReply};
pub use sender::Sender;
pub use source::{Bundle, BundleError};
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use store_files::listed_names;
pub use stream_clone::StreamRefusal;
