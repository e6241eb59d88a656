//! What a repository says about itself besides its history.

use std::path::{Path, PathBuf};

use crate::{ChangesetId, Kind, ReadError, Repository, RevisionError};

/// What `git init` writes as description.
const NO_DESCRIPTION: &str =
    "Unnamed repository; edit this file 'description' to name the repository.";
/// No more of a description, or of the file that holds it, is read.
const LONGEST: u64 = 64 * 1024;

impl Repository {
    /// The text that describes the repository, as its own files have it: Git's `description`, Mercurial's `web.description` in
    /// `.hg/hgrc`. Nothing else in these files has an effect here.
    pub fn description(&self) -> Result<Option<String>, ReadError> {
        let text = match self.kind() {
            Kind::Git => {
                let inside = self.path().join(".git");
                let directory = if inside.is_dir() {
                    inside
                } else {
                    self.path().to_owned()
                };
                read(&directory.join("description"))?.filter(|text| text.trim() != NO_DESCRIPTION)
            }
            Kind::Hg => read(&self.path().join(".hg/hgrc"))?
                .and_then(|text| setting(&text, "web", "description")),
        };
        let text = text.map(|text| text.trim().to_owned());
        Ok(text.filter(|text| !text.is_empty()))
    }

    /// The changeset that visitors see first, by the setting `landing_rev` of the form `kind:name` (`rev:tip`, `branch:main`,
    /// `tag:1.0`, `book:x`). What does not exist (any more) is the newest changeset; none in an empty repository.
    pub fn landing(&self, setting: &str) -> Result<Option<ChangesetId>, ReadError> {
        let (kind, name) = setting.split_once(':').unwrap_or(("rev", setting));
        let refs = self.refs()?;
        let named = match kind {
            "branch" => refs.branch(name).map(|branch| branch.id),
            "tag" => refs.tag(name).map(|tag| tag.id),
            "book" => refs.bookmark(name).map(|bookmark| bookmark.id),
            _ => None,
        };
        if named.is_some() {
            return Ok(named);
        }
        for text in [name, ""] {
            match self.resolve(text) {
                Ok(id) => return Ok(Some(id)),
                Err(RevisionError::Read(error)) => return Err(error),
                Err(_) => {}
            }
        }
        Ok(None)
    }

    /// How many bytes the files of the repository take on disk. Stops counting after a million files.
    pub fn size_on_disk(&self) -> Result<u64, ReadError> {
        const MOST_FILES: usize = 1_000_000;
        let mut bytes = 0;
        let mut files = 0;
        let mut directories: Vec<PathBuf> = vec![self.path().to_owned()];
        while let Some(directory) = directories.pop() {
            let io = |source| ReadError::Io {
                path: directory.clone(),
                source,
            };
            // What vanishes while we count (a repack, a finished transaction) simply does not count.
            let entries = match std::fs::read_dir(&directory) {
                Err(error)
                    if error.kind() == std::io::ErrorKind::NotFound && directory != self.path() =>
                {
                    continue;
                }
                entries => entries.map_err(io)?,
            };
            for entry in entries {
                let entry = entry.map_err(io)?;
                let Ok(meta) = entry.metadata() else { continue };
                if meta.is_dir() {
                    directories.push(entry.path());
                } else {
                    bytes += meta.len();
                }
                files += 1;
                if files == MOST_FILES {
                    return Ok(bytes);
                }
            }
        }
        Ok(bytes)
    }
}

/// The start of a file as text; none where there is none.
fn read(path: &Path) -> Result<Option<String>, ReadError> {
    use std::io::Read;
    let io = |source| ReadError::Io {
        path: path.to_owned(),
        source,
    };
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io(error)),
    };
    let mut bytes = Vec::new();
    file.take(LONGEST).read_to_end(&mut bytes).map_err(io)?;
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

/// A value of a file in the form of `hgrc`: `[section]`, `key = value`, further lines of a value begin with a blank.
fn setting(text: &str, section: &str, key: &str) -> Option<String> {
    let mut found: Option<String> = None;
    let (mut inside, mut goes_on) = (false, false);
    for line in text.lines() {
        if line.starts_with(['#', ';']) {
            continue;
        }
        if line.starts_with([' ', '\t']) && !line.trim().is_empty() {
            if let Some(found) = found.as_mut().filter(|_| goes_on) {
                found.push('\n');
                found.push_str(line.trim());
            }
            continue;
        }
        goes_on = false;
        if let Some(name) = line.strip_prefix('[') {
            inside = name.split(']').next() == Some(section);
        } else if let Some((name, value)) = line.split_once('=')
            && inside
            && name.trim() == key
        {
            found = Some(value.trim().to_owned());
            goes_on = true;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_setting_of_the_section_counts() {
        let text = "[ui]\ndescription = no\n[web]\n# description = no\ndescription = old\n\n[web]\ndescription = A tool\n  of ours\nstyle = x\n  y\n";
        assert_eq!(
            setting(text, "web", "description").as_deref(),
            Some("A tool\nof ours")
        );
        assert_eq!(setting("[web]\n  loose\n", "web", "description"), None);
    }
}
