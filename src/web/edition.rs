//! What is kept in the cache of drawn text belongs to the program that drew it and to what its site told it: the next release makes its
//! own, be it only for a line that it escapes otherwise.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::OnceLock;

/// Names the code that draws pages, diffs and source (`build.rs` makes a number of the sources), the names that the site gives to files
/// and the character sets it reads.
pub(crate) fn edition() -> u32 {
    static EDITION: OnceLock<u32> = OnceLock::new();
    *EDITION.get_or_init(|| {
        let mut hash = DefaultHasher::new();
        env!("EDITION").hash(&mut hash);
        render::highlight::shared().edition().hash(&mut hash);
        format!("{:?}", render::decode::charsets()).hash(&mut hash);
        (hash.finish() >> 32).try_into().unwrap_or_default()
    })
}
