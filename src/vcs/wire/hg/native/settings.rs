//! The settings and the format of a repository, as far as our own answers depend on them.
//!
//! Mercurial has hundreds of settings and any number of extensions, and most can change what a server answers. So this is a list of those that are
//! understood, or are known to change nothing that is answered here; a repository with any other one is left to `hg`.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Formats in which history is stored. They do not change what it says. `shared` and its like, whose settings lie elsewhere, are not among them, nor are
/// those that bring an extension with them.
const REQUIREMENTS: &[&str] = &[
    "bookmarksinstore",
    "delta-info-revlog",
    "dirstate-tracked-key-v1",
    "dirstate-v2",
    "dotencode",
    "exp-archived-phase",
    "exp-compression-none",
    "exp-compression-zstd",
    "exp-sparse",
    "exp-very-fragile-and-unsafe-plain-store-encoding",
    "fileindex-v1",
    "fncache",
    "generaldelta",
    "internal-phase",
    "internal-phase-2",
    "persistent-nodemap",
    "revlog-compression-zstd",
    "revlogv1",
    "share-safe",
    "sparserevlog",
    "store",
    "treemanifest",
];

/// Sections without influence on a reading command, or on anything but the web pages of `hg serve`.
const HARMLESS: &[&str] = &[
    "alias",
    "annotate",
    "auth",
    "clone-bundles",
    "color",
    "command-templates",
    "commands",
    "committemplate",
    "defaults",
    "diff",
    "email",
    "format",
    "hostfingerprints",
    "hostsecurity",
    "http_proxy",
    "kallithea",
    "largefiles",
    "merge-patterns",
    "merge-tools",
    "pager",
    "paths",
    "progress",
    "rebase",
    "revsetalias",
    "share",
    "smtp",
    "templatealias",
    "templates",
    "ui",
    "web",
];

/// Extensions that come with Mercurial and have nothing to do with what is served.
const HARMLESS_EXTENSIONS: &[&str] = &[
    "churn",
    "color",
    "convert",
    "extdiff",
    "graphlog",
    "hgk",
    "histedit",
    "pager",
    "patchbomb",
    "progress",
    "purge",
    "rebase",
    "record",
    "share",
    "shelve",
    "show",
    "strip",
    "transplant",
];

/// Hooks of events that no command answered here brings about.
const HOOKS: &[&str] = &[
    "changegroup",
    "commit",
    "incoming",
    "prechangegroup",
    "precommit",
    "preupdate",
    "prepushkey",
    "pretag",
    "pretxnchangegroup",
    "pretxnclose",
    "pretxncommit",
    "pretxnopen",
    "pushkey",
    "tag",
    "txnabort",
    "txnclose",
    "update",
];

/// Hooks of the sending of history.
const OUTGOING_HOOKS: &[&str] = &["outgoing", "preoutgoing"];

/// What was understood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Settings {
    /// Whether what is pulled from here becomes public.
    pub publishing: bool,
    /// Whether the largefiles extension is on.
    pub largefiles: bool,
    /// Whether clients may copy the files of the store as they are.
    pub allows_stream: bool,
    /// Whether clients are told that there are clone bundles.
    pub clone_bundles: bool,
    /// The list of clone bundles, if there is one.
    pub has_clone_bundles_manifest: bool,
    /// Its content.
    pub clone_bundles_manifest: Vec<u8>,
    /// Whether obsolescence markers are sent to others.
    pub exchanges_markers: bool,
    /// Whether there are any.
    pub has_markers: bool,
    /// What `evolution.exchange` says, which stands above the list `evolution`.
    markers_switch: Option<bool>,
    /// Hooks that run when history is sent.
    outgoing_hooks: BTreeSet<String>,
}

impl Settings {
    /// Reads them; `None` when there is anything that is not understood. `config` are the settings the child would be given, which those of the
    /// repository override.
    pub fn read(config: &[(String, String)], root: &Path) -> Option<Settings> {
        let dot_hg = root.join(".hg");
        let manifest = read(&dot_hg.join("clonebundles.manifest"))?;
        let mut settings = Settings {
            publishing: true,
            allows_stream: true,
            has_clone_bundles_manifest: manifest.is_some(),
            clone_bundles_manifest: manifest.unwrap_or_default(),
            ..Settings::default()
        };
        for (name, value) in config {
            let (section, key) = name.split_once('.')?;
            settings.take(section, key, value)?;
            if section == "extensions" {
                settings.take_extension(key, value)?;
            }
        }
        let store = check_requirements(&dot_hg)?;
        let size = |path: &Path| match fs::metadata(path) {
            Ok(metadata) => Some(metadata.len()),
            Err(error) if error.kind() == ErrorKind::NotFound => Some(0),
            Err(_) => None,
        };
        settings.has_markers = size(&store.join("obsstore"))? > 0;
        if let Some(text) = read(&dot_hg.join("hgrc"))? {
            settings.take_file(std::str::from_utf8(&text).ok()?)?;
        }
        if let Some(switch) = settings.markers_switch {
            settings.exchanges_markers = switch;
        }
        // Further settings of a repository that is shared from, and largefiles in use, for which `heads` is refused.
        let unusual = ["hgrc-not-shared", "sharedpath", "shared", "largefiles"];
        let plain = |name| matches!(fs::symlink_metadata(dot_hg.join(name)), Err(error) if error.kind() == ErrorKind::NotFound);
        unusual.into_iter().all(plain).then_some(settings)
    }

    /// Whether a hook wants to know, or may forbid, that history is sent.
    pub fn has_outgoing_hooks(&self) -> bool {
        !self.outgoing_hooks.is_empty()
    }

    /// One setting from any place.
    fn take(&mut self, section: &str, key: &str, value: &str) -> Option<()> {
        match (section, key) {
            ("phases", "publish") => self.publishing = boolean(value)?,
            ("phases", "new-commit" | "checksubrepos") => {}
            // What may come of these is seen by the caller.
            ("extensions", _) => {}
            ("hooks", key) => {
                let event = key.split(['.', ':']).next()?;
                if OUTGOING_HOOKS.contains(&event) {
                    // An empty one takes one of the same name away.
                    match value.trim().is_empty() {
                        true => self.outgoing_hooks.remove(key),
                        false => self.outgoing_hooks.insert(key.to_owned()),
                    };
                } else if !HOOKS.contains(&event) {
                    return None;
                }
            }
            ("server", "uncompressed") => self.allows_stream = boolean(value)?,
            ("server", "validate" | "zstdlevel" | "zliblevel") => {}
            ("experimental", "evolution") => {
                let words = || value.split([',', ' ']).filter(|word| !word.is_empty());
                const KNOWN: [&str; 5] = [
                    "all",
                    "allowdivergence",
                    "allowunstable",
                    "createmarkers",
                    "exchange",
                ];
                if !words().all(|word| KNOWN.contains(&word)) {
                    return None;
                }
                self.exchanges_markers = words().any(|word| matches!(word, "all" | "exchange"));
            }
            ("experimental", "evolution.exchange") => self.markers_switch = Some(boolean(value)?),
            (
                "experimental",
                "evolution.createmarkers"
                | "evolution.allowunstable"
                | "evolution.allowdivergence"
                | "evolution.track-operation"
                | "evolution.effect-flags",
            ) => {
                boolean(value)?;
            }
            (section, _) if HARMLESS.contains(&section) => {}
            _ => return None,
        }
        Some(())
    }

    fn take_extension(&mut self, name: &str, value: &str) -> Option<()> {
        let off = value.trim_start().starts_with('!');
        if !off && !value.trim().is_empty() {
            // Something of that name from elsewhere.
            return None;
        }
        match name {
            "largefiles" => self.largefiles = !off,
            "clonebundles" => self.clone_bundles = !off,
            _ if off || HARMLESS_EXTENSIONS.contains(&name) => {}
            _ => return None,
        }
        Some(())
    }

    /// The repository's own file. Only plain lines are understood, and values over several lines where they do not matter.
    fn take_file(&mut self, text: &str) -> Option<()> {
        let mut section = "";
        for line in text.split(['\n', '\r']) {
            let trimmed = line.trim();
            if trimmed.is_empty() || line.starts_with([';', '#']) {
                continue;
            }
            if line.starts_with(char::is_whitespace) {
                // The value above goes on.
                if HARMLESS.contains(&section) || section == "hooks" {
                    continue;
                }
                return None;
            }
            if let Some(name) = trimmed.strip_prefix('[') {
                section = name.strip_suffix(']')?;
                continue;
            }
            let (key, value) = line.split_once('=')?;
            // Which extensions of this file count depends on who owns it.
            if section == "extensions" {
                return None;
            }
            self.take(section, key.trim(), value.trim())?;
        }
        Some(())
    }
}

/// The directory of the store, if what the repository demands is understood.
fn check_requirements(dot_hg: &Path) -> Option<PathBuf> {
    let requires = read(&dot_hg.join("requires"))?.unwrap_or_default();
    let of_store = read(&dot_hg.join("store/requires"))?;
    let mut names = Vec::new();
    for text in [&requires, of_store.as_ref().unwrap_or(&Vec::new())] {
        names.extend(std::str::from_utf8(text).ok()?.lines().map(str::to_owned));
    }
    let has = |wanted: &str| names.iter().any(|name| name == wanted);
    let known = names.iter().all(|name| REQUIREMENTS.contains(&&name[..]));
    let store = if has("store") {
        dot_hg.join("store")
    } else {
        dot_hg.to_owned()
    };
    (known && of_store.is_some() == has("share-safe")).then_some(store)
}

/// The content of a file, if there is one; `None` when that cannot be told.
fn read(path: &Path) -> Option<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(content) => Some(Some(content)),
        Err(error) if error.kind() == ErrorKind::NotFound => Some(None),
        Err(_) => None,
    }
}

fn boolean(value: &str) -> Option<bool> {
    match &value.trim().to_ascii_lowercase()[..] {
        "1" | "yes" | "true" | "on" | "always" => Some(true),
        "0" | "no" | "false" | "off" | "never" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads the settings of a made-up repository.
    fn settings(rows: &[(&str, &str)], hgrc: &str, requires: &str) -> Option<Settings> {
        let directory = tempfile::tempdir().unwrap();
        let dot_hg = directory.path().join(".hg");
        fs::create_dir_all(dot_hg.join("store")).unwrap();
        fs::write(dot_hg.join("requires"), requires).unwrap();
        fs::write(dot_hg.join("hgrc"), hgrc).unwrap();
        let rows: Vec<_> = rows
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        Settings::read(&rows, directory.path())
    }

    #[test]
    fn the_file_of_the_repository_has_the_last_word_on_publishing() {
        let publishing =
            |rows: &[_], hgrc| settings(rows, hgrc, "store\n").map(|found| found.publishing);
        assert_eq!(publishing(&[], ""), Some(true));
        assert_eq!(publishing(&[("phases.publish", "no")], ""), Some(false));
        assert_eq!(publishing(&[("phases.publish", "maybe")], ""), None);
        let file = "# mine\n[paths]\ndefault = /srv\n  x\n[phases]\npublish= False \n";
        assert_eq!(publishing(&[("phases.publish", "yes")], file), Some(false));
        assert_eq!(publishing(&[], "[phases]\npublish =\n False\n"), None);
    }

    #[test]
    fn what_is_not_understood_is_left_to_mercurial() {
        let rows: &[&[(&str, &str)]] = &[
            &[("extensions.topic", "")],
            &[("extensions.largefiles", "/tmp/largefiles.py")],
            &[("hooks.prelistkeys.mine", "false")],
            &[("hooks.pre-serve", "false")],
            &[("extensions.evolve", "")],
            &[("experimental.evolution", "somewhat")],
            &[("experimental.changegroup5", "yes")],
            &[("server.view", "immutable")],
            &[("trusted.users", "*")],
            &[("nonsense", "1")],
        ];
        for rows in rows {
            assert_eq!(settings(rows, "", "store\n"), None, "{rows:?}");
        }
        for hgrc in [
            "%include other\n",
            "[extensions]\ntopic =\n",
            "[server]\nview = immutable\n",
            "[experimental]\nbundle2-advertise = no\n",
            "[phases\npublish = no\n",
            "\u{feff}[phases]\npublish = no\n",
            "publish\n",
        ] {
            assert_eq!(settings(&[], hgrc, "store\n"), None, "{hgrc:?}");
        }
        for requires in [
            "store\nlargefiles\n",
            "store\nlfs\n",
            "store\nshared\n",
            "store\nshare-safe\n",
        ] {
            assert_eq!(settings(&[], "", requires), None, "{requires:?}");
        }
    }

    #[test]
    fn hooks_of_sending_and_markers_are_noticed() {
        let found = |rows: &[_], hgrc| settings(rows, hgrc, "store\n").unwrap();
        let hook = [("hooks.preoutgoing.mine", "true")];
        assert!(found(&hook, "").has_outgoing_hooks());
        assert!(!found(&hook, "[hooks]\npreoutgoing.mine =\n").has_outgoing_hooks());
        assert!(found(&[], "[hooks]\noutgoing = mail\n").has_outgoing_hooks());
        let exchanges = |value| found(&[("experimental.evolution", value)], "").exchanges_markers;
        assert!(exchanges("all") && exchanges("createmarkers, exchange"));
        assert!(!exchanges("createmarkers") && !exchanges(""));
        let off = "[experimental]\nevolution.exchange = no\n";
        assert!(!found(&[("experimental.evolution", "all")], off).exchanges_markers);
        assert!(!found(&[("server.uncompressed", "no")], "").allows_stream);
    }

    #[test]
    fn the_rows_of_a_usual_instance_are_understood() {
        let rows = [
            ("extensions.largefiles", ""),
            ("extensions.hggit", "!"),
            ("largefiles.usercache", "/srv/.cache/largefiles"),
            ("hooks.changegroup.update", "hg update >&2"),
            ("web.push_ssl", "False"),
        ];
        let found = settings(&rows, "[hooks]\nincoming = true\n", "store\nrevlogv1\n");
        assert!(found.is_some_and(|found| found.largefiles && found.publishing));
    }
}
