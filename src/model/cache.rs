//! Where answers that took long are kept: two folders, shared by all workers.

use vcs::Cache;

use crate::{Config, Model};

/// The caches of an instance: what is worked out about changesets and files (origins of lines, last changes, highlighted text), and
/// archives, which are large and would drive everything else out.
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
            answers: Cache::new(config.cache_dir.join("answers"), config.cache_bytes),
            archives: Cache::new(archives, config.archive_cache_bytes),
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
