//! Makes the answer to a request from what a snapshot holds.

use std::sync::Arc;

use super::arguments::BundleRequest;
use super::capabilities::{BundleCapabilities, quote};
use super::changegroup::Changegroup;
use super::group::Version;
use super::heads;
use super::markers;
use super::outgoing::Outgoing;
use super::part::{PartHeader, Parts};
use super::source::{Bundle, BundleError, Bytes, Source};
use super::stream_clone::{Form, StreamClone, old_start};
use crate::files;
use crate::graph::Graph;
use crate::ids::Node;
use crate::snapshot::Snapshot;

/// Sends what a snapshot serves, under the settings of a server.
pub struct Sender<'a> {
    /// The state of the repository.
    pub snapshot: &'a Arc<Snapshot>,
    /// Whether what is pulled from here becomes public.
    pub publishing: bool,
    /// What a namespace of keys holds, in the form of the command `listkeys`; `None` where that is not known.
    pub keys: &'a dyn Fn(&str) -> Option<Vec<u8>>,
}

impl Sender<'_> {
    /// The answer to `getbundle`.
    ///
    /// A refusal is told to clients that know bundle2 by [`Bundle::refusal`].
    pub fn bundle(&self, request: &BundleRequest) -> Result<Bundle, BundleError> {
        if request.narrow {
            return Err(BundleError::Unsupported("a part of the files"));
        }
        let Some(client) = &request.bundle2 else {
            if request.needs_bundle2() {
                return Err(BundleError::Unsupported("parts without bundle2"));
            }
            let outgoing = Outgoing::new(self.snapshot, &request.heads, &request.common)?;
            return self.bare(outgoing);
        };
        let outgoing = Outgoing::new(self.snapshot, &request.heads, &request.common)?;
        let outgoing = Arc::new(outgoing);
        let mut parts = Parts::default();
        if request.stream {
            self.add_stream(client, &mut parts)?;
        }
        let mut changesets = 0;
        if request.changegroup {
            changesets = self.add_changegroup(client, &outgoing, &mut parts)?;
        }
        if request.bookmarks {
            if client.get("bookmarks").is_none() {
                let reason = "no common bookmarks exchange method";
                return Err(BundleError::Refused(reason.to_owned()));
            }
            let content = heads::bookmarks(self.snapshot);
            if !content.is_empty() {
                parts.add(PartHeader::mandatory("bookmarks"), content);
            }
        }
        for namespace in &request.list_keys {
            let keys = (self.keys)(namespace);
            let keys = keys.ok_or(BundleError::Unsupported("a namespace of keys"))?;
            let header = PartHeader::mandatory("listkeys").with("namespace", namespace);
            parts.add(header, keys);
        }
        if request.markers {
            self.add_markers(client, &outgoing, &mut parts)?;
        }
        if request.phases {
            if !client.has_value("phases", "heads") {
                let reason = "no common phases exchange method";
                return Err(BundleError::Refused(reason.to_owned()));
            }
            let content = heads::phases(self.snapshot, &outgoing.heads, self.publishing);
            parts.add(PartHeader::mandatory("phase-heads"), content);
        }
        if changesets > 0 && client.get("hgtagsfnodes").is_some() {
            let content = heads::tag_files(self.snapshot, &outgoing)?;
            if !content.is_empty() {
                parts.add(PartHeader::advisory("hgtagsfnodes"), content);
            }
        }
        let mut bundle = Bundle::new(parts.finish());
        bundle.changesets = changesets;
        bundle.compress = !request.stream;
        bundle.copies_files = request.stream;
        Ok(bundle)
    }

    /// The answer to `changegroup` and `changegroupsubset`, which clients used before 2011: what descends from `roots`,
    /// up to `heads` or, without any, all of it.
    pub fn changegroup(&self, roots: &[Node], heads: &[Node]) -> Result<Bundle, BundleError> {
        self.bare(Outgoing::between(self.snapshot, roots, heads)?)
    }

    /// The answer to `stream_out`: the files of the store in the old form.
    pub fn files(&self) -> Result<Bundle, BundleError> {
        if self.snapshot.stream_requirements().is_err() {
            return Ok(Bundle::new([
                Box::new(Bytes(b"1\n".to_vec())) as Box<dyn Source>
            ]));
        }
        let clone = StreamClone::new(self.snapshot, Form::V1, Vec::new())?;
        let start: Box<dyn Source> = Box::new(Bytes(old_start(&clone)));
        let mut bundle = Bundle::new([start, Box::new(clone)]);
        bundle.compress = false;
        bundle.copies_files = true;
        Ok(bundle)
    }

    fn bare(&self, outgoing: Outgoing) -> Result<Bundle, BundleError> {
        let changesets = outgoing.missing.count();
        let outgoing = Arc::new(outgoing);
        let source = Changegroup::new(self.snapshot, &outgoing, Version::V1)?;
        let mut bundle = Bundle::new([Box::new(source) as Box<dyn Source>]);
        bundle.changesets = changesets;
        Ok(bundle)
    }

    /// The changegroup, in the newest form that the client knows, if there is anything to send. Gives the number of
    /// changesets.
    fn add_changegroup(
        &self,
        client: &BundleCapabilities,
        outgoing: &Arc<Outgoing>,
        parts: &mut Parts,
    ) -> Result<usize, BundleError> {
        // Who tells nothing about themselves gets nothing.
        if client == &BundleCapabilities::default() || outgoing.missing.is_empty() {
            return Ok(0);
        }
        let mut header = PartHeader::mandatory("changegroup");
        let versions = client.get("changegroup").unwrap_or_default();
        let known = versions.iter().filter_map(|name| Version::named(name));
        // Once there was one version only, and no need to name it.
        let version = match known.max() {
            Some(version) => {
                header = header.with("version", version.name());
                version
            }
            None if versions.is_empty() => Version::V1,
            None => {
                let reason = "no common changegroup version";
                return Err(BundleError::Refused(reason.to_owned()));
            }
        };
        let count = outgoing.missing.count();
        header = header.with_advisory("nbchanges", count.to_string());
        if self.snapshot.store.layout.tree_manifest {
            header = header.with("treemanifest", "1");
        }
        let source = Changegroup::new(self.snapshot, outgoing, version)?;
        parts.add_source(header, Box::new(source));
        Ok(count)
    }

    fn add_stream(
        &self,
        client: &BundleCapabilities,
        parts: &mut Parts,
    ) -> Result<(), BundleError> {
        let refused = |reason: &str| BundleError::Refused(reason.to_owned());
        let requirements = self
            .snapshot
            .stream_requirements()
            .map_err(|_| refused("stream data requested but server does not allow this feature"))?;
        if !client.has_value("stream", "v2") {
            return Err(refused("no common version of stream clones"));
        }
        let store = &self.snapshot.store.layout.store;
        let mut extra = Vec::new();
        if !self.publishing
            && let Some(content) = files::read(&store.join("phaseroots"))?
            && !content.is_empty()
        {
            extra.push(("phaseroots", content));
        }
        if let Some(content) = files::read(&store.join("obsstore"))?
            && content.first() == Some(&1)
            && client.has_value("obsmarkers", "V1")
        {
            extra.push(("obsstore", content));
        }
        let clone = StreamClone::new(self.snapshot, Form::V2, extra)?;
        let header = PartHeader::mandatory("stream2")
            .with("bytecount", clone.bytes.to_string())
            .with("filecount", clone.count.to_string())
            .with("requirements", quote(&requirements.join(",")));
        parts.add_source(header, Box::new(clone));
        Ok(())
    }

    fn add_markers(
        &self,
        client: &BundleCapabilities,
        outgoing: &Outgoing,
        parts: &mut Parts,
    ) -> Result<(), BundleError> {
        let place = self.snapshot.store.layout.store.join("obsstore");
        let content = files::read(&place)?.unwrap_or_default();
        if content.is_empty() {
            return Ok(());
        }
        if content[0] != 1 || !client.has_value("obsmarkers", "V1") {
            return Err(BundleError::Unsupported("markers of the first version"));
        }
        let known = self.snapshot.changelog.ancestors(&outgoing.heads);
        let is_sent = |node: &Node| {
            let rev = self.snapshot.rev(node);
            rev.is_some_and(|rev| known.contains(rev))
        };
        if let Some(markers) = markers::relevant(&content, is_sent) {
            parts.add(PartHeader::mandatory("obsmarkers"), markers);
        }
        Ok(())
    }
}

impl Bundle {
    /// A bundle that tells a client why it gets nothing else.
    pub fn refusal(message: &str) -> Bundle {
        let mut parts = Parts::default();
        let header = PartHeader::mandatory("error:abort").with("message", message);
        parts.add(header, Vec::new());
        let mut bundle = Bundle::new(parts.finish());
        bundle.compress = false;
        bundle
    }
}
