//! The commands that send history: `getbundle`, its two predecessors, and the copying of files.

use ::hg::{Bundle, BundleError, BundleRequest, Node, Sender};

use super::Reply;
use super::questions::list_keys;
use super::settings::Settings;
use crate::mercurial::Repository;
use crate::wire::hg::arguments::Request;

/// What is asked for.
enum Wanted {
    Bundle(BundleRequest),
    Changegroup { roots: Vec<Node>, heads: Vec<Node> },
    Files,
}

impl Wanted {
    fn of(request: &Request) -> Option<Wanted> {
        let list = |name: &str| {
            let text = request.argument(name).unwrap_or_default();
            let words = text
                .split(|byte| *byte == b' ')
                .filter(|word| !word.is_empty());
            words.map(Node::from_hex).collect::<Option<Vec<_>>>()
        };
        match request.name() {
            "getbundle" => {
                let arguments = request.arguments().iter();
                let arguments = arguments.map(|(name, value)| (&name[..], &value[..]));
                BundleRequest::parse(arguments).ok().map(Wanted::Bundle)
            }
            "changegroup" => Some(Wanted::Changegroup {
                roots: list("roots")?,
                heads: Vec::new(),
            }),
            "changegroupsubset" => Some(Wanted::Changegroup {
                roots: list("bases")?,
                heads: list("heads")?,
            }),
            "stream_out" => Some(Wanted::Files),
            _ => None,
        }
    }
}

/// The answer, if it can be given without a child.
pub(super) fn answer(
    repository: &Repository,
    settings: &Settings,
    request: &Request,
) -> Option<Reply> {
    if settings.has_outgoing_hooks() {
        return None;
    }
    let wanted = Wanted::of(request)?;
    let made = repository.read(|snapshot| {
        let sender = Sender {
            snapshot,
            publishing: settings.publishing,
            keys: &|namespace| list_keys(snapshot, settings, namespace),
        };
        match &wanted {
            Wanted::Bundle(request) if request.stream && !settings.allows_stream => {
                let reason = "stream data requested but server does not allow this feature";
                Err(BundleError::Refused(reason.to_owned()))
            }
            Wanted::Bundle(request) => sender.bundle(request).map(Reply::Bundle),
            Wanted::Changegroup { roots, heads } => {
                sender.changegroup(roots, heads).map(Reply::Bundle)
            }
            Wanted::Files if !settings.allows_stream => Ok(Reply::Value(b"1\n".to_vec())),
            Wanted::Files => sender.files().map(Reply::Raw),
        }
    });
    match made {
        Ok(reply) => Some(reply),
        Err(BundleError::Refused(reason)) => Some(match &wanted {
            Wanted::Bundle(request) if request.bundle2.is_some() => {
                Reply::Bundle(Bundle::refusal(&reason))
            }
            _ => Reply::Refused(reason),
        }),
        Err(error) => {
            tracing::info!(%error, name = request.name(), "cannot be answered natively");
            None
        }
    }
}
