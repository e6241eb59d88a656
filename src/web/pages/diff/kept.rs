//! Diffs that were drawn before.
//!
//! What a diff looks like follows from the ids of two changesets and what the reader chose, so it is drawn once and kept in the cache, packed. Not the
//! comments, nor anything that has some between its lines.

use std::fmt::Write;
use std::sync::OnceLock;

use sha2::{Digest, Sha256};
use vcs::{Cache, CacheKey, Diff, DiffOptions, PackedWriter, ReadError};

use super::Shown;
use crate::edition::edition;
use crate::i18n::Language;
use crate::problem::Problem;
use crate::view::TEMPLATES;

/// Pieces are kept together in blocks of about this many bytes.
const BLOCK: usize = 64 << 10;
/// What is no longer than this is drawn as quickly as it is found.
const SHORT: usize = 8 << 10;
/// A page with a diff of contents of no more bytes than this is made as a whole before it goes out.
const LIGHT: u64 = 128 << 10;
/// The same for one that is only looked up.
const LIGHT_HTML: usize = 512 << 10;

/// The pieces of a diff, drawn or looked up.
pub(in crate::pages) struct Drawn {
    /// What [`page`](super::page) sends.
    pub pieces: Box<dyn Iterator<Item = Result<String, Problem>> + Send>,
    /// How many bytes the page waits for before it goes out.
    pub patience: usize,
}

impl Shown {
    /// The pieces from the cache, or drawn and put there. `weight` tells how many bytes are to be compared, at least up to a number, where
    /// the answer shall wait for a short diff: then it has its status and a validator.
    pub(in crate::pages) fn kept(
        mut self,
        cache: &Cache,
        options: &DiffOptions,
        weight: impl FnOnce(u64) -> Result<u64, ReadError>,
        make: impl FnOnce() -> Result<Diff, Problem> + Send + 'static,
    ) -> Result<Drawn, Problem> {
        let key = self.key_of(options);
        if let Some(blocks) = key.as_ref().and_then(|key| cache.packed(key)) {
            let foot = self.foot();
            let blocks = blocks.map(|block| {
                let text = block.ok().and_then(|block| String::from_utf8(block).ok());
                text.ok_or_else(|| Problem::Internal("a diff in the cache is damaged".into()))
            });
            return Ok(Drawn {
                pieces: Box::new(blocks.chain([foot])),
                patience: LIGHT_HTML,
            });
        }
        let patience = if weight(LIGHT)? > LIGHT {
            0
        } else {
            usize::MAX
        };
        let Some(key) = key else {
            return Ok(Drawn {
                pieces: Box::new(self.draw(make)),
                patience,
            });
        };
        let foot = self.foot();
        self.footed = false;
        let keeping = Keeping {
            pieces: self.draw(make),
            keeper: Some(Keeper {
                cache: cache.clone(),
                key,
                writer: None,
                block: String::new(),
            }),
        };
        Ok(Drawn {
            pieces: Box::new(keeping.chain([foot])),
            patience,
        })
    }

    /// Everything that the pieces above the foot depend on; none where that is more than what cannot change.
    fn key_of(&self, options: &DiffOptions) -> Option<CacheKey> {
        // What connects two repositories may become known later.
        if self.comments.between_lines() || self.old.repository != self.new.repository {
            return None;
        }
        let Self {
            language,
            fragment,
            script_name,
            switches,
            base,
            old,
            new,
            id,
            key,
            listed,
            comments: _,
            footed: _,
        } = self;
        let mut all = String::new();
        write!(
            all,
            "{fragment:?} {script_name:?} {switches:?} {base:?} {old:?} {new:?} {id:?} {key:?} {listed:?} {options:?}"
        )
        .ok()?;
        Some(CacheKey::new(
            "drawn-diff",
            edition(),
            &[look(*language), all.as_bytes()],
        ))
    }
}

/// What the words and the templates of this program are.
fn look(language: Language) -> &'static [u8] {
    static LOOKS: OnceLock<Vec<(Language, [u8; 32])>> = OnceLock::new();
    let looks = LOOKS.get_or_init(|| {
        let mut templates = Sha256::new();
        for (name, source) in TEMPLATES {
            if name.starts_with("parts/") || name.starts_with("diff") {
                templates.update(source);
            }
        }
        let look = |language: Language| {
            let mut hash = templates.clone();
            hash.update(language.tag());
            hash.update(language.source());
            (language, hash.finalize().into())
        };
        Language::all().map(look).collect()
    });
    let found = looks.iter().find(|(known, _)| *known == language);
    found.map_or(&[], |(_, look)| look)
}

/// Pieces that are kept while they pass by.
struct Keeping<I> {
    pieces: I,
    keeper: Option<Keeper>,
}

struct Keeper {
    cache: Cache,
    key: CacheKey,
    /// Begun with the first full block.
    writer: Option<PackedWriter>,
    block: String,
}

impl Keeper {
    fn take(&mut self, piece: &str) {
        self.block.push_str(piece);
        if self.block.len() >= BLOCK {
            self.write();
        }
    }

    fn write(&mut self) {
        let (cache, key) = (&self.cache, &self.key);
        let writer = self.writer.get_or_insert_with(|| cache.packed_writer(key));
        writer.block(self.block.as_bytes());
        self.block.clear();
    }

    fn finish(mut self) {
        if self.writer.is_some() || self.block.len() > SHORT {
            self.write();
        }
        if let Some(writer) = self.writer {
            writer.finish();
        }
    }
}

impl<I: Iterator<Item = Result<String, Problem>>> Iterator for Keeping<I> {
    type Item = Result<String, Problem>;

    fn next(&mut self) -> Option<Self::Item> {
        let piece = self.pieces.next();
        match (&piece, &mut self.keeper) {
            (Some(Ok(piece)), Some(keeper)) => keeper.take(piece),
            // A diff that broke is not kept.
            (Some(Err(_)), keeper) => *keeper = None,
            (None, keeper) => {
                if let Some(keeper) = keeper.take() {
                    keeper.finish();
                }
            }
            _ => {}
        }
        piece
    }
}
