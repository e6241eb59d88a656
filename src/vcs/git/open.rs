//! Opens a Git repository without letting it decide anything.

use std::path::{Path, PathBuf};

use gix::bstr::ByteSlice;

use super::Repository;
use crate::{Kind, OpenError};

/// Extensions of the repository format (`extensions.*`) that do not concern a reader, or that `gix` can read.
const HARMLESS_EXTENSIONS: &[&str] = &[
    "noop",
    "preciousobjects",
    "partialclone",
    "worktreeconfig",
    "relativeworktrees",
];

impl Repository {
    /// Opens a bare repository, or one with `.git` in it.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        check(path)?;
        let damaged = |source: gix::Error| OpenError::Damaged {
            path: path.to_owned(),
            source: source.into(),
        };
        // `isolated`: no configuration of the machine or the user and no environment variables. What the repository's own
        // configuration could still decide is switched off: replacement objects would make a commit mean something else from
        // one call to the next. Trust is stated, not taken from who owns the files, because nothing it guards is ever used.
        let options = gix::open::Options::isolated()
            .with(gix::sec::Trust::Full)
            .config_overrides(["core.useReplaceRefs=false"])
            // A slot is room for a pack. We stay open while pushes bring new ones.
            .object_store_slots(gix::odb::store::init::Slots::AsNeededByDiskState {
                multiplier: 2.0,
                minimum: 256,
            });
        let shared = gix::ThreadSafeRepository::open_opts(path, options).map_err(damaged)?;
        Ok(Repository {
            path: path.to_owned(),
            shared,
            filter: Default::default(),
            memory: Default::default(),
            moment: None,
            histories: None,
        })
    }
}

/// Tells a missing directory, a foreign one and an unreadable format apart before `gix` looks at it.
fn check(path: &Path) -> Result<(), OpenError> {
    let not_a_repository = || OpenError::NotARepository {
        path: path.to_owned(),
        kind: Kind::Git,
    };
    match std::fs::metadata(path) {
        Ok(meta) if meta.is_dir() => {}
        Ok(_) => return Err(not_a_repository()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(OpenError::Missing {
                path: path.to_owned(),
            });
        }
        Err(source) => {
            return Err(OpenError::Io {
                path: path.to_owned(),
                source,
            });
        }
    }
    let dot_git = path.join(".git");
    if dot_git.is_file() {
        // A linked worktree or a submodule's checkout: `.git` names the true place, which `gix` follows.
        return Ok(());
    }
    let git_dir = if dot_git.is_dir() {
        dot_git
    } else {
        path.to_owned()
    };
    if !git_dir.join("HEAD").exists() || !git_dir.join("objects").is_dir() {
        return Err(not_a_repository());
    }
    check_format(path, git_dir.join("config"))
}

/// Refuses repositories whose format says that we would misread them.
fn check_format(path: &Path, config_file: PathBuf) -> Result<(), OpenError> {
    let bytes = match std::fs::read(&config_file) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(source) => {
            return Err(OpenError::Io {
                path: config_file,
                source,
            });
        }
    };
    let meta = gix::config::file::Metadata::from(gix::config::Source::Local);
    let config = gix::config::File::from_bytes_no_includes(&bytes, meta, Default::default())
        .map_err(|error| OpenError::Damaged {
            path: path.to_owned(),
            source: error.into(),
        })?;
    let version = config
        .integer("core.repositoryFormatVersion")
        .ok()
        .flatten()
        .unwrap_or(0);

    let mut requirements = Vec::new();
    if version > 1 {
        requirements.push(format!("core.repositoryFormatVersion = {version}"));
    }
    // Version 0 predates extensions and says nothing about them, yet `git` heeds these two even there.
    for section in config.sections_by_name("extensions").into_iter().flatten() {
        for key in section.value_names() {
            let key = key.to_lowercase();
            let value = section
                .value(&key)
                .unwrap_or_default()
                .to_str_lossy()
                .to_lowercase();
            let readable = match (key.as_str(), value.as_str()) {
                ("objectformat", value) => value == "sha1",
                ("refstorage", value) => value == "files",
                (other, _) => version == 0 || HARMLESS_EXTENSIONS.contains(&other),
            };
            if !readable {
                requirements.push(format!("extensions.{key} = {value}"));
            }
        }
    }
    if requirements.is_empty() {
        Ok(())
    } else {
        Err(OpenError::Unsupported {
            path: path.to_owned(),
            requirements,
        })
    }
}
