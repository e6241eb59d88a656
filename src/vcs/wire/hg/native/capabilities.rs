//! What a client is told that this server can do.
//!
//! Every conversation begins with this list. It says what the native side and the child can do together: reading is done here, so of the
//! many ways to read only those are named that are here; what concerns writing is what every `hg` does since 2014. A client uses what both sides know.
//!
//! Left out on purpose: `remote-changegroup` (a push that makes the server fetch any URL), newer forms of changegroups than 02 where
//! the repository does not need them, as an older `hg` would refuse to read what a newer client then pushes, and compressed deltas.

use ::hg::{BundleCapabilities, Snapshot};

use super::settings::Settings;

/// How the client is connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::wire::hg) enum Transport {
    Http,
    Ssh,
}

/// The list: words separated by spaces, sorted.
pub(super) fn list(snapshot: &Snapshot, settings: &Settings, transport: Transport) -> String {
    let stream = settings
        .allows_stream
        .then(|| snapshot.stream_requirements().ok())
        .flatten();
    let mut words: Vec<String> = [
        "batch",
        "branchmap",
        "changegroupsubset",
        "getbundle",
        "known",
        "lookup",
        "pushkey",
        "unbundle=HG10GZ,HG10BZ,HG10UN",
        "unbundlehash",
    ]
    .map(str::to_owned)
    .into();
    words.extend(match transport {
        Transport::Http => vec![
            "compression=zstd,zlib".to_owned(),
            "httpheader=1024".to_owned(),
            "httpmediatype=0.1rx,0.1tx,0.2tx".to_owned(),
        ],
        Transport::Ssh => vec!["protocaps".to_owned()],
    });
    let bundle2 = bundle2(snapshot, settings, stream.is_some());
    words.push(format!("bundle2={}", bundle2.encode()));
    if let Some(requirements) = stream {
        words.push(match &requirements[..] {
            ["revlogv1"] => "stream".to_owned(),
            _ => format!("streamreqs={}", requirements.join(",")),
        });
    }
    if settings.largefiles {
        words.push("largefiles=serve".to_owned());
    }
    if settings.clone_bundles && settings.has_clone_bundles_manifest {
        words.extend([
            "clonebundles".to_owned(),
            "clonebundles_manifest".to_owned(),
        ]);
    }
    words.sort_unstable();
    words.join(" ")
}

fn bundle2(snapshot: &Snapshot, settings: &Settings, stream: bool) -> BundleCapabilities {
    const FLAT: &[&str] = &["01", "02"];
    const TREE: &[&str] = &["03"];
    let mut items: Vec<(&str, &[&str])> = vec![
        ("HG20", &[]),
        ("bookmarks", &[]),
        ("checkheads", &["related"]),
        ("digests", &["md5", "sha1", "sha512"]),
        (
            "error",
            &["abort", "unsupportedcontent", "pushraced", "pushkey"],
        ),
        ("hgtagsfnodes", &[]),
        ("listkeys", &[]),
        ("phases", &["heads"]),
        ("pushkey", &[]),
        (
            "changegroup",
            if snapshot.has_tree_manifest() {
                TREE
            } else {
                FLAT
            },
        ),
    ];
    if settings.exchanges_markers {
        items.push(("obsmarkers", &["V0", "V1"]));
    }
    if stream {
        items.push(("stream", &["v2"]));
    }
    BundleCapabilities::new(items)
}
