//! Which lines were moved and not rewritten.
//!
//! A block of added lines that is a block of removed lines somewhere in the same diff, in this file or another, was moved. As
//! with `git diff --color-moved=blocks` it must hold at least twenty letters and digits: everything has a `}` somewhere.

use std::collections::HashMap;

use super::{FileDiff, LineKind, Moved};

/// A block with fewer letters and digits is no news.
const LEAST: usize = 20;
/// For a line that occurs more often than this, only so many places are tried.
const PLACES: usize = 32;

/// Where a line stands: file, hunk, line in the hunk.
type Place = (usize, usize, usize);

/// Marks the moved lines of a diff.
pub(super) fn mark(files: &mut [FileDiff]) {
    let mut removed: HashMap<&[u8], Vec<Place>> = HashMap::new();
    for_each(files, LineKind::Removed, |place, text| {
        removed.entry(text).or_default().push(place);
    });
    let mut added: Vec<Place> = Vec::new();
    for_each(files, LineKind::Added, |place, _| added.push(place));

    let mut moves: Vec<(Place, Place)> = Vec::new();
    let mut taken = std::collections::HashSet::new();
    let mut next = 0;
    while let Some(&place) = added.get(next) {
        let sources = removed
            .get(text(files, place))
            .map(Vec::as_slice)
            .unwrap_or_default();
        let free = sources.iter().filter(|source| !taken.contains(*source));
        let longest = free
            .take(PLACES)
            .map(|&source| (block(files, source, place), source))
            .max_by_key(|(length, source)| (*length, std::cmp::Reverse(*source)));
        let Some((length, source)) = longest else {
            next += 1;
            continue;
        };
        let lines = (0..length).map(|offset| text(files, down(place, offset)));
        let letters = lines
            .flatten()
            .filter(|byte| byte.is_ascii_alphanumeric() || !byte.is_ascii());
        if letters.count() >= LEAST {
            for offset in 0..length {
                taken.insert(down(source, offset));
                moves.push((down(source, offset), down(place, offset)));
            }
        }
        next += length.max(1);
    }
    for (source, target) in moves {
        let old_no = line(files, source).old_no;
        let new_no = line(files, target).new_no;
        for ((file, hunk, at), other, number) in
            [(source, target, new_no), (target, source, old_no)]
        {
            files[file].hunks[hunk].lines[at].moved = Some(Moved {
                file: other.0,
                line: number.unwrap_or_default(),
            });
        }
    }
}

fn for_each<'a>(files: &'a [FileDiff], kind: LineKind, mut work: impl FnMut(Place, &'a [u8])) {
    for (file, diff) in files.iter().enumerate() {
        for (hunk, lines) in diff.hunks.iter().enumerate() {
            for (at, line) in lines.lines.iter().enumerate() {
                if line.kind == kind {
                    work((file, hunk, at), &line.text);
                }
            }
        }
    }
}

fn down((file, hunk, at): Place, offset: usize) -> Place {
    (file, hunk, at + offset)
}

fn line(files: &[FileDiff], (file, hunk, at): Place) -> &super::Line {
    &files[file].hunks[hunk].lines[at]
}

fn text(files: &[FileDiff], place: Place) -> &[u8] {
    &line(files, place).text
}

/// How many removed lines from one place on are the added lines from another place on.
fn block(files: &[FileDiff], removed: Place, added: Place) -> usize {
    let lines = |(file, hunk, at): Place, kind: LineKind| {
        let lines = files[file].hunks[hunk].lines[at..].iter();
        lines
            .take_while(move |line| line.kind == kind)
            .map(|line| &line.text)
    };
    let (removed, added) = (
        lines(removed, LineKind::Removed),
        lines(added, LineKind::Added),
    );
    removed.zip(added).take_while(|(a, b)| a == b).count()
}
