//! Git's smart HTTP protocol: which requests there are, and what serves them.
//!
//! A client first asks `GET <repository>/info/refs?service=git-upload-pack` (or `git-receive-pack` for a push) for the refs, then posts to
//! `<repository>/git-upload-pack` or `git-receive-pack` as often as it needs. The old "dumb" protocol, which reads the files of the repository one by one,
//! is not offered: it would serve hidden refs and needs `git update-server-info` after each push.
//!
//! Format: `gitprotocol-http(5)`, `gitprotocol-v2(5)`; what a server does is the manual of `git-http-backend(1)`.

mod commands;
mod hooks;
mod launch;
mod serve;
mod session;

pub use commands::{ObjectName, RefName, RefUpdate, landed};
pub use launch::GitProgram;
pub use serve::{ReceivePack, advertise, receive_pack, upload_pack};
pub use session::{Ended, Ends, Talk, session};

use super::Access;
use std::io::Read;

/// One of the two conversations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Service {
    /// `git-upload-pack`: the client fetches.
    UploadPack,
    /// `git-receive-pack`: the client pushes.
    ReceivePack,
}

impl Service {
    /// The name on the wire, for example `git-upload-pack`.
    pub fn name(self) -> &'static str {
        match self {
            Service::UploadPack => "git-upload-pack",
            Service::ReceivePack => "git-receive-pack",
        }
    }

    /// The service of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Service::UploadPack, Service::ReceivePack]
            .into_iter()
            .find(|service| service.name() == name)
    }

    /// The permission that the conversation needs, from its first request on.
    pub fn access(self) -> Access {
        match self {
            Service::UploadPack => Access::Read,
            Service::ReceivePack => Access::Write,
        }
    }

    /// The content type of the answer to `info/refs`.
    pub fn advertisement_type(self) -> &'static str {
        match self {
            Service::UploadPack => "application/x-git-upload-pack-advertisement",
            Service::ReceivePack => "application/x-git-receive-pack-advertisement",
        }
    }

    /// The content type that a posted body must have.
    pub fn request_type(self) -> &'static str {
        match self {
            Service::UploadPack => "application/x-git-upload-pack-request",
            Service::ReceivePack => "application/x-git-receive-pack-request",
        }
    }

    /// The content type of the answer to a post.
    pub fn result_type(self) -> &'static str {
        match self {
            Service::UploadPack => "application/x-git-upload-pack-result",
            Service::ReceivePack => "application/x-git-receive-pack-result",
        }
    }
}

/// The version of the conversation that a client asked for with its `Git-Protocol` header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// What every client speaks.
    #[default]
    V0,
    /// The same with the version told in the first line.
    V1,
    /// Refs are filtered by the server; what clients of today ask for when they fetch.
    V2,
}

impl Protocol {
    const LONGEST_HEADER: usize = 256;

    /// Reads the header: `version=2`, or several items with colons between them, the highest version wins.
    ///
    /// The value ends up in the environment of a program, so it is never passed on as it came: only versions that are known count, everything else
    /// is left out, and a value of more than 256 bytes is ignored as a whole.
    pub fn from_header(value: Option<&str>) -> Self {
        let value = value
            .filter(|value| value.len() <= Self::LONGEST_HEADER)
            .unwrap_or_default();
        let version = |item| match item {
            "version=1" => Protocol::V1,
            "version=2" => Protocol::V2,
            _ => Protocol::V0,
        };
        value.split(':').map(version).max().unwrap_or_default()
    }

    fn variable(self) -> Option<&'static str> {
        match self {
            Protocol::V0 => None,
            Protocol::V1 => Some("version=1"),
            Protocol::V2 => Some("version=2"),
        }
    }
}

/// What a request wants that was addressed below a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// `GET info/refs?service=…`
    Advertise(Service),
    /// `POST git-upload-pack` or `git-receive-pack`.
    Serve(Service),
    /// `info/refs` without a service that is offered (a client of the dumb protocol): answer 400.
    Bad,
}

impl Request {
    /// Splits a path at the end of the repository's name: `("a/b", Request)` for `a/b/info/refs`, `None` when it is not Git's.
    ///
    /// `path` has no leading slash and is decoded; `query` is the raw query string.
    pub fn classify<'a>(path: &'a str, query: &str) -> Option<(&'a str, Request)> {
        let (repository, request) = if let Some(repository) = path.strip_suffix("/info/refs") {
            let mut named = query
                .split('&')
                .filter_map(|pair| pair.strip_prefix("service="));
            // Two services in one query are one too many: what is checked must be what is run.
            let request = match (named.next().and_then(Service::from_name), named.next()) {
                (Some(service), None) => Request::Advertise(service),
                _ => Request::Bad,
            };
            (repository, request)
        } else {
            let (repository, last) = path.rsplit_once('/')?;
            (repository, Request::Serve(Service::from_name(last)?))
        };
        let repository = repository.trim_end_matches('/');
        (!repository.is_empty()).then_some((repository, request))
    }
}

/// A body sent with `Content-Encoding: gzip`, decoded while it is read. Git compresses the longer lists of what it has and wants.
pub fn gunzip<R: Read>(body: R) -> impl Read + use<R> {
    flate2::read::MultiGzDecoder::new(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn protocol_takes_known_versions_only() {
        for (header, expected) in [
            ("version=2", Protocol::V2),
            ("version=1", Protocol::V1),
            ("version=0", Protocol::V0),
            ("version=1:version=2", Protocol::V2),
            ("object-format=sha256:version=2", Protocol::V2),
            ("", Protocol::V0),
            ("version=3", Protocol::V0),
            ("version=2\nGIT_DIR=/etc", Protocol::V0),
            (" version=2", Protocol::V0),
            ("VERSION=2", Protocol::V0),
        ] {
            assert_eq!(Protocol::from_header(Some(header)), expected, "{header:?}");
        }
        assert_eq!(Protocol::from_header(None), Protocol::V0);
        let long = format!("version=2:{}", "x".repeat(300));
        assert_eq!(Protocol::from_header(Some(&long)), Protocol::V0);
    }

    #[test]
    fn requests_are_told_apart() {
        use Request::*;
        use Service::*;
        for (path, query, expected) in [
            (
                "r/info/refs",
                "service=git-upload-pack",
                Some(("r", Advertise(UploadPack))),
            ),
            (
                "g/r/info/refs",
                "service=git-receive-pack",
                Some(("g/r", Advertise(ReceivePack))),
            ),
            (
                "r/info/refs",
                "x=1&service=git-receive-pack",
                Some(("r", Advertise(ReceivePack))),
            ),
            ("r/info/refs", "", Some(("r", Bad))),
            (
                "r/info/refs",
                "service=git-upload-archive",
                Some(("r", Bad)),
            ),
            (
                "r/info/refs",
                "service=git-upload-pack&service=git-receive-pack",
                Some(("r", Bad)),
            ),
            ("r/git-upload-pack", "", Some(("r", Serve(UploadPack)))),
            (
                "a/r//git-receive-pack",
                "",
                Some(("a/r", Serve(ReceivePack))),
            ),
            ("r/HEAD", "", None),
            ("git-upload-pack", "", None),
            ("/git-upload-pack", "", None),
            ("info/refs", "service=git-upload-pack", None),
            ("r/info/refs/", "service=git-upload-pack", None),
        ] {
            assert_eq!(Request::classify(path, query), expected, "{path}?{query}");
        }
    }
}
