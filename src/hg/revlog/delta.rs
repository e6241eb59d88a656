//! Differences between texts, and how to put many of them together before touching the text.
//!
//! A stored delta is a sequence of `start: i32, end: i32, len: i32, bytes[len]`: replace `start..end` of the base by the
//! bytes. A text may be a thousand deltas away from its nearest full text. Applying one after the other would copy the text
//! a thousand times, so deltas are first composed in pairs, and only the result is applied.

/// A text described by pieces of another text and pieces of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Patch<'a> {
    pieces: Vec<Piece<'a>>,
    len: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Piece<'a> {
    /// Bytes of the base. The ranges of a patch ascend and do not overlap.
    Copy {
        start: usize,
        len: usize,
    },
    Insert(&'a [u8]),
}

impl Piece<'_> {
    fn len(&self) -> usize {
        match self {
            Piece::Copy { len, .. } => *len,
            Piece::Insert(bytes) => bytes.len(),
        }
    }
}

impl<'a> Patch<'a> {
    /// Reads a stored delta against a base of this length.
    pub fn parse(mut delta: &'a [u8], base_len: usize) -> Result<Patch<'a>, &'static str> {
        let mut patch = Patch {
            pieces: Vec::new(),
            len: 0,
        };
        let mut at = 0;
        while !delta.is_empty() {
            let start = take_len(&mut delta)?;
            let end = take_len(&mut delta)?;
            let len = take_len(&mut delta)?;
            if start < at || end < start || end > base_len {
                return Err("a delta that does not fit its base");
            }
            let (bytes, rest) = delta
                .split_at_checked(len)
                .ok_or("a delta that ends too early")?;
            patch.push(Piece::Copy {
                start: at,
                len: start - at,
            });
            patch.push(Piece::Insert(bytes));
            (at, delta) = (end, rest);
        }
        patch.push(Piece::Copy {
            start: at,
            len: base_len - at,
        });
        Ok(patch)
    }

    /// The length of the text it makes.
    pub fn len(&self) -> usize {
        self.len
    }

    fn push(&mut self, piece: Piece<'a>) {
        if piece.len() == 0 {
            return;
        }
        self.len += piece.len();
        if let (
            Some(Piece::Copy { start, len }),
            Piece::Copy {
                start: next,
                len: more,
            },
        ) = (self.pieces.last_mut(), piece)
            && *start + *len == next
        {
            *len += more;
            return;
        }
        self.pieces.push(piece);
    }

    /// One patch that does what all of these do one after the other; `None` for an empty list.
    pub fn fold(patches: &[Patch<'a>]) -> Option<Patch<'a>> {
        match patches {
            [] => None,
            [one] => Some(one.clone()),
            _ => {
                let (first, second) = patches.split_at(patches.len() / 2);
                Some(Patch::fold(first)?.then(&Patch::fold(second)?))
            }
        }
    }

    /// This patch followed by another one made for its result.
    fn then(&self, next: &Patch<'a>) -> Patch<'a> {
        let mut out = Patch {
            pieces: Vec::with_capacity(self.pieces.len() + next.pieces.len()),
            len: 0,
        };
        let mut mine = self.pieces.iter();
        let mut current = mine.next();
        // Where the current piece begins in the text between the two patches.
        let mut begin = 0;
        for piece in &next.pieces {
            let &Piece::Copy { mut start, mut len } = piece else {
                out.push(*piece);
                continue;
            };
            while let Some(from) = current
                && len > 0
            {
                if begin + from.len() <= start {
                    begin += from.len();
                    current = mine.next();
                    continue;
                }
                let skip = start - begin;
                let take = len.min(from.len() - skip);
                out.push(match *from {
                    Piece::Copy { start, .. } => Piece::Copy {
                        start: start + skip,
                        len: take,
                    },
                    Piece::Insert(bytes) => Piece::Insert(&bytes[skip..skip + take]),
                });
                start += take;
                len -= take;
            }
        }
        out
    }

    /// Makes the new text. The base must have the length that the patch was read for.
    pub fn apply(&self, base: &[u8]) -> Vec<u8> {
        let mut text = Vec::with_capacity(self.len);
        for piece in &self.pieces {
            text.extend_from_slice(match *piece {
                Piece::Copy { start, len } => base.get(start..start + len).unwrap_or_default(),
                Piece::Insert(bytes) => bytes,
            });
        }
        text
    }
}

fn take_len(delta: &mut &[u8]) -> Result<usize, &'static str> {
    let (number, rest) = delta
        .split_first_chunk::<4>()
        .ok_or("a delta that ends too early")?;
    *delta = rest;
    usize::try_from(i32::from_be_bytes(*number)).map_err(|_| "a delta with a negative length")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn hunk(start: i32, end: i32, bytes: &[u8]) -> Vec<u8> {
        let mut raw = Vec::new();
        for number in [start, end, bytes.len() as i32] {
            raw.extend(number.to_be_bytes());
        }
        raw.extend(bytes);
        raw
    }

    #[test]
    fn a_delta_replaces_ranges() {
        let delta = [hunk(0, 1, b"J"), hunk(3, 3, b"--"), hunk(5, 6, b"")].concat();
        let patch = Patch::parse(&delta, 6).unwrap();
        assert_eq!(patch.apply(b"abcdef"), b"Jbc--de");
        assert_eq!(patch.len(), 7);
        assert_eq!(Patch::parse(b"", 6).unwrap().apply(b"abcdef"), b"abcdef");
    }

    #[test]
    fn a_delta_that_does_not_fit_is_refused() {
        for bad in [
            hunk(0, 7, b""),
            hunk(3, 2, b""),
            hunk(-1, 2, b""),
            [hunk(2, 4, b""), hunk(3, 4, b"")].concat(),
        ] {
            assert!(Patch::parse(&bad, 6).is_err());
        }
        let whole = hunk(0, 1, b"xyz");
        for end in 1..whole.len() {
            assert!(Patch::parse(&whole[..end], 6).is_err(), "{end}");
        }
    }

    /// Ascending hunks for a base of this length, drawn from arbitrary numbers.
    fn deltas(base_len: usize, draws: &[(usize, usize, Vec<u8>)]) -> Vec<u8> {
        let mut raw = Vec::new();
        let mut at = 0;
        for (skip, cut, bytes) in draws {
            let start = (at + skip).min(base_len);
            let end = (start + cut).min(base_len);
            raw.extend(hunk(start as i32, end as i32, bytes));
            at = end;
        }
        raw
    }

    proptest! {
        #[test]
        fn folding_equals_applying_one_by_one(
            base in proptest::collection::vec(any::<u8>(), 0..60),
            steps in proptest::collection::vec(proptest::collection::vec((0usize..9, 0usize..9, proptest::collection::vec(any::<u8>(), 0..6)), 0..5), 1..9),
        ) {
            let mut text = base.clone();
            let mut raw = Vec::new();
            for draws in &steps {
                let delta = deltas(text.len(), draws);
                text = Patch::parse(&delta, text.len()).unwrap().apply(&text);
                raw.push(delta);
            }
            let mut patches: Vec<Patch<'_>> = Vec::new();
            for delta in &raw {
                let len = patches.last().map_or(base.len(), Patch::len);
                patches.push(Patch::parse(delta, len).unwrap());
            }
            let folded = Patch::fold(&patches).unwrap();
            prop_assert_eq!(folded.len(), text.len());
            prop_assert_eq!(folded.apply(&base), text);
        }

        #[test]
        fn any_bytes_are_a_delta_or_refused(delta in proptest::collection::vec(prop_oneof![Just(0u8), any::<u8>()], 0..80), base in proptest::collection::vec(any::<u8>(), 0..40)) {
            if let Ok(patch) = Patch::parse(&delta, base.len()) {
                prop_assert_eq!(patch.apply(&base).len(), patch.len());
            }
        }
    }
}
