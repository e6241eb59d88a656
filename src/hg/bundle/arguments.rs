//! The arguments of the command `getbundle`.

use super::capabilities::BundleCapabilities;
use crate::ids::Node;

/// What a client asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BundleRequest {
    /// The heads it wants; empty for all.
    pub heads: Vec<Node>,
    /// Changesets that it has with all their ancestors.
    pub common: Vec<Node>,
    /// Its abilities; `None` asks for a bare changegroup of the first version.
    pub bundle2: Option<BundleCapabilities>,
    /// Whether it wants a changegroup.
    pub changegroup: bool,
    /// Whether it wants obsolescence markers.
    pub markers: bool,
    /// Whether it wants the phases of the heads.
    pub phases: bool,
    /// Whether it wants the bookmarks.
    pub bookmarks: bool,
    /// Whether it wants the files of the store as they are.
    pub stream: bool,
    /// Whether it has tried a bundle from the manifest of clone bundles before.
    pub clone_bundle_attempted: bool,
    /// Namespaces of keys that it wants.
    pub list_keys: Vec<String>,
    /// Whether it wants a part of the files only.
    pub narrow: bool,
    /// What goes only with bundle2 was asked for.
    extras: bool,
}

/// An argument that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the argument {0:?} is malformed")]
pub struct BadArgument(pub String);

impl BundleRequest {
    /// Reads the arguments as they came over the wire. Those that are not known are ignored, like Mercurial does.
    pub fn parse<'a>(
        arguments: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    ) -> Result<BundleRequest, BadArgument> {
        let mut request = BundleRequest {
            heads: Vec::new(),
            common: Vec::new(),
            bundle2: None,
            changegroup: true,
            markers: false,
            phases: false,
            bookmarks: false,
            stream: false,
            clone_bundle_attempted: false,
            list_keys: Vec::new(),
            narrow: false,
            extras: false,
        };
        for (name, value) in arguments {
            let nodes = || node_list(value).ok_or_else(|| BadArgument(name.to_owned()));
            let on = !value.is_empty() && value != b"0";
            match name {
                "heads" => request.heads = nodes()?,
                "common" => request.common = nodes()?,
                "bundlecaps" => request.bundle2 = bundle_capabilities(value),
                "cg" => request.changegroup = on,
                "obsmarkers" => request.markers = on,
                "phases" => request.phases = on,
                "bookmarks" => request.bookmarks = on,
                "stream" => request.stream = on,
                "cbattempted" => request.clone_bundle_attempted = on,
                "listkeys" => {
                    let names = value.split(|byte| *byte == b',');
                    let owned = |name: &[u8]| {
                        let name = std::str::from_utf8(name).ok()?;
                        // It is sent back as a parameter, whose length has one byte.
                        (name.len() < 256).then(|| name.to_owned())
                    };
                    request.list_keys = names
                        .map(owned)
                        .collect::<Option<_>>()
                        .ok_or_else(|| BadArgument(name.to_owned()))?;
                }
                "includepats" | "excludepats" => request.narrow |= !value.is_empty(),
                "narrow" | "narrow_acl" | "ellipses" | "depth" => request.narrow |= on,
                _ => continue,
            }
            request.extras |= !matches!(name, "heads" | "common" | "bundlecaps" | "cg");
        }
        Ok(request)
    }

    /// Whether more was asked for than a bare changegroup can hold.
    pub(super) fn needs_bundle2(&self) -> bool {
        self.extras || !self.changegroup
    }
}

/// Full hashes separated by spaces.
fn node_list(text: &[u8]) -> Option<Vec<Node>> {
    if text.is_empty() {
        return Some(Vec::new());
    }
    text.split(|byte| *byte == b' ')
        .map(Node::from_hex)
        .collect()
}

/// The words of `bundlecaps`: one that begins with `HG2` asks for bundle2, `bundle2=` tells the abilities.
fn bundle_capabilities(text: &[u8]) -> Option<BundleCapabilities> {
    let words = || text.split(|byte| *byte == b',');
    if !words().any(|word| word.starts_with(b"HG2")) {
        return None;
    }
    let told = words().find_map(|word| word.strip_prefix(b"bundle2="));
    Some(told.map(BundleCapabilities::parse).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(arguments: &[(&str, &str)]) -> Result<BundleRequest, BadArgument> {
        let bytes = arguments
            .iter()
            .map(|(name, value)| (*name, value.as_bytes()));
        BundleRequest::parse(bytes)
    }

    #[test]
    fn arguments_are_read_like_mercurial_reads_them() {
        let node = "00ff1234567890abcdef00112233445566778899";
        let request = parse(&[
            ("heads", &format!("{node} {node}")),
            ("common", ""),
            ("bundlecaps", "HG20,bundle2=HG20%0Achangegroup%3D01%2C02"),
            ("cg", "0"),
            ("phases", "1"),
            ("bookmarks", "False"),
            ("stream", ""),
            ("cbattempted", "0"),
            ("listkeys", "bookmarks,phases"),
            ("unheard-of", "x"),
        ])
        .unwrap();
        assert_eq!(request.heads.len(), 2);
        assert!(request.common.is_empty() && !request.changegroup && request.phases);
        // A text that is not `0` is true, whatever it says.
        assert!(request.bookmarks && !request.stream && !request.clone_bundle_attempted);
        assert_eq!(request.list_keys, ["bookmarks", "phases"]);
        assert!(request.bundle2.unwrap().has_value("changegroup", "02"));
        assert_eq!(parse(&[("bundlecaps", "HG10GZ")]).unwrap().bundle2, None);
        assert!(
            !parse(&[("common", node), ("cg", "1")])
                .unwrap()
                .needs_bundle2()
        );
        for (name, bad) in [("heads", "00ff"), ("common", "x"), ("heads", " ")] {
            assert_eq!(parse(&[(name, bad)]), Err(BadArgument(name.to_owned())));
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_request_or_refused(name in prop_oneof![Just("heads"), Just("common"), Just("bundlecaps"), Just("listkeys"), Just("cg")], value in proptest::collection::vec(prop_oneof![Just(b' '), Just(b','), Just(b'%'), Just(b'='), any::<u8>()], 0..80)) {
            let _ = BundleRequest::parse([(name, &value[..])]);
        }
    }
}
