//! The settings and the format of a repository, as far as our own answers depend on them.
//!
//! Mercurial has hundreds of settings and any number of extensions, and most can change what a server answers. So this is a list of those that are
//! understood, or are known to change nothing that is answered here; a repository with any other one is left to `hg`.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use ::hg::Node;

/// Formats in which history is stored. They do not change what it says. `shared` and its like, whose files lie elsewhere, are not among them, nor are
/// those that bring an extension with them.
const REQUIREMENTS: &[&str] = &[
    "bookmarksinstore",
    "dirstate-v2",
    "dotencode",
    "fncache",
    "generaldelta",
    "persistent-nodemap",
    "revlog-compression-zstd",
    "revlogv1",
    "share-safe",
    "sparserevlog",
    "store",
];

/// Sections without influence on a reading command, or on anything but the web pages of `hg serve`.
const HARMLESS: &[&str] = &[
    "auth",
    "diff",
    "email",
    "http_proxy",
    "kallithea",
    "largefiles",
    "merge-patterns",
    "merge-tools",
    "paths",
    "smtp",
    "ui",
    "web",
];

/// Hooks of events that no command answered here brings about.
const HOOKS: &[&str] = &[
    "changegroup",
    "commit",
    "incoming",
    "outgoing",
    "prechangegroup",
    "precommit",
    "preoutgoing",
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

/// What was understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Settings {
    /// Whether what is pulled from here becomes public.
    pub publishing: bool,
    /// Whether the largefiles extension is on.
    pub largefiles: bool,
    store: PathBuf,
    /// The files with the requirements and the settings of the repository.
    pub files: [Option<Vec<u8>>; 3],
}

impl Settings {
    /// Reads them; `None` when there is anything that is not understood. `config` are the settings the child would be given, which those of the
    /// repository override.
    pub fn read(config: &[(String, String)], root: &Path) -> Option<Settings> {
        let dot_hg = root.join(".hg");
        let files = [
            read(&dot_hg.join("requires"))?,
            read(&dot_hg.join("store/requires"))?,
            read(&dot_hg.join("hgrc"))?,
        ];
        let mut settings = Settings {
            publishing: true,
            largefiles: false,
            store: dot_hg.join("store"),
            files,
        };
        for (name, value) in config {
            let (section, key) = name.split_once('.')?;
            settings.take(section, key, value)?;
            if section == "extensions" {
                settings.take_extension(key, value)?;
            }
        }
        settings.check_requirements()?;
        if let Some(text) = settings.files[2].clone() {
            settings.take_file(std::str::from_utf8(&text).ok()?)?;
        }
        // Further settings of a repository that is shared from, and largefiles in use, for which `heads` is refused.
        let unusual = ["hgrc-not-shared", "sharedpath", "shared", "largefiles"];
        let plain = |name| matches!(fs::symlink_metadata(dot_hg.join(name)), Err(error) if error.kind() == ErrorKind::NotFound);
        unusual.into_iter().all(plain).then_some(settings)
    }

    /// The phases and nodes in the file of phase roots, as they stand there.
    pub fn phase_roots(&self) -> Option<Vec<(u32, Node)>> {
        let text = read(&self.store.join("phaseroots"))?.unwrap_or_default();
        let lines = text
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty());
        lines
            .map(|line| {
                let (phase, node) = std::str::from_utf8(line).ok()?.split_once(' ')?;
                Some((phase.parse().ok()?, Node::from_hex(node.as_bytes())?))
            })
            .collect()
    }

    fn check_requirements(&self) -> Option<()> {
        let [requires, of_store, _] = &self.files;
        let mut names = Vec::new();
        for text in [requires.as_ref()?, of_store.as_ref().unwrap_or(&Vec::new())] {
            names.extend(std::str::from_utf8(text).ok()?.lines().map(str::to_owned));
        }
        let has = |wanted: &str| names.iter().any(|name| name == wanted);
        let known = names.iter().all(|name| REQUIREMENTS.contains(&&name[..]));
        (known && has("store") && of_store.is_some() == has("share-safe")).then_some(())
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
                if !HOOKS.contains(&event) {
                    return None;
                }
            }
            (section, _) if HARMLESS.contains(&section) => {}
            _ => return None,
        }
        Some(())
    }

    fn take_extension(&mut self, name: &str, value: &str) -> Option<()> {
        if value.trim_start().starts_with('!') {
            if name == "largefiles" {
                self.largefiles = false;
            }
            return Some(());
        }
        (name == "largefiles" && value.trim().is_empty()).then(|| self.largefiles = true)
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
            &[("experimental.evolution", "all")],
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
            "[experimental]\nevolution = all\n",
            "[phases\npublish = no\n",
            "\u{feff}[phases]\npublish = no\n",
            "publish\n",
        ] {
            assert_eq!(settings(&[], hgrc, "store\n"), None, "{hgrc:?}");
        }
        for requires in [
            "",
            "store\nlargefiles\n",
            "store\nlfs\n",
            "store\nshared\n",
            "store\nshare-safe\n",
        ] {
            assert_eq!(settings(&[], "", requires), None, "{requires:?}");
        }
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
