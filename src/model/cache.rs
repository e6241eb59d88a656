//! Where answers that took long are kept: two folders, shared by all workers.

use vcs::Cache;

use crate::{Config, Model};

/// About how many bytes are kept of what is worked out about changesets and files: origins of lines, last changes, highlighted text.
const ANSWERS: u64 = 1 << 30;
/// About how many bytes are kept of archives.
const ARCHIVES: u64 = 8 << 30;

/// The caches of an instance.
pub(crate) struct Caches {
    answers: Cache,
    archives: Cache,
}

impl Caches {
    /// Nothing is made on disk before something is kept.
    pub(crate) fn new(config: &Config) -> Self {
        let archives = match &config.archive_cache_dir {
            Some(folder) => folder.clone(),
            None => config.cache_dir.join("archives"),
        };
        Self {
            answers: Cache::new(config.cache_dir.join("answers"), ANSWERS),
            archives: Cache::new(archives, ARCHIVES),
        }
    }
}

impl Model {
    /// Answers that took long. Their keys hold ids of changesets or of contents, and who may name one in a repository may see what is
    /// kept about it.
    #[must_use]
    pub fn cache(&self) -> &Cache {
        &self.caches.answers
    }

    /// Archives.
    #[must_use]
    pub fn archive_cache(&self) -> &Cache {
        &self.caches.archives
    }
}
