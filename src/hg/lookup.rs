//! Finds changesets by what people type.

use crate::error::LookupError;
use crate::ids::{Node, Rev};
use crate::snapshot::Snapshot;

/// How many changesets an ambiguous prefix names in its error.
const MAX_CANDIDATES: usize = 20;

/// Looks a text up among the served changesets: `tip` and `.`, number, full hash, bookmark, tag, branch, hash prefix.
///
/// What is not served is unknown, also as the second meaning of a prefix: to say more would tell that it exists.
pub(crate) fn lookup(snapshot: &Snapshot, text: &str) -> Result<Rev, LookupError> {
    let unknown = || LookupError::Unknown {
        text: text.to_owned(),
    };
    if matches!(text, "tip" | ".") {
        return snapshot.tip().ok_or_else(unknown);
    }
    if let Some(rev) = number(snapshot, text) {
        return Ok(rev);
    }
    if let Some(rev) = Node::from_hex(text.as_bytes()).and_then(|node| snapshot.served_rev(&node)) {
        return Ok(rev);
    }
    if let Some(bookmark) = snapshot
        .bookmarks()
        .iter()
        .find(|bookmark| bookmark.name == *text)
    {
        return Ok(bookmark.rev);
    }
    if let Some(tag) = snapshot.tags()?.iter().find(|tag| tag.name == *text) {
        return Ok(tag.rev);
    }
    if let Some(branch) = snapshot
        .branches()?
        .iter()
        .find(|branch| branch.name == *text)
    {
        return Ok(branch.tip);
    }
    if text.is_empty() || text.len() > 40 || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Err(unknown());
    }
    let fits: Vec<Rev> = snapshot
        .served_with_prefix(text)
        .take(MAX_CANDIDATES)
        .collect();
    match fits[..] {
        [] => Err(unknown()),
        [rev] => Ok(rev),
        _ => Err(LookupError::Ambiguous {
            text: text.to_owned(),
            candidates: fits.into_iter().map(|rev| snapshot.node(rev)).collect(),
        }),
    }
}

/// A number in its one canonical form; negative ones count from the end.
fn number(snapshot: &Snapshot, text: &str) -> Option<Rev> {
    let number: i64 = text.parse().ok()?;
    if number.to_string() != text {
        return None;
    }
    let number = if number < 0 {
        i64::try_from(snapshot.len()).ok()? + number
    } else {
        number
    };
    Some(Rev::new(u32::try_from(number).ok()?)).filter(|rev| snapshot.is_served(*rev))
}
