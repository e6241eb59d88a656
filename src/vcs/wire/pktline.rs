//! Git's pkt-line: four hex digits that give the length of a line including themselves, then the line. `0000` is the flush packet, `0001` and `0002` are
//! other packets without content; a length of 3 does not exist and 65520 is the largest.
//!
//! Format: `gitprotocol-common(5)`.

/// The longest packet, its four length digits included.
pub const MAX: usize = 65_520;

/// One packet, or the lack of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packet<'a> {
    /// `0000`: the end of a list.
    Flush,
    /// `0001`, `0002`: separators of protocol version 2.
    Separator,
    /// A line with its content, as sent (often with a line feed at the end).
    Line(&'a [u8]),
}

/// Why no packet could be taken from the front of some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// There is a beginning only: more bytes are needed.
    Short,
    /// These bytes are no pkt-line.
    Malformed,
}

/// Takes one packet from the front; returns it with the number of bytes it took.
pub fn take(bytes: &[u8]) -> Result<(Packet<'_>, usize), Cut> {
    let digits = bytes.get(..4).ok_or(Cut::Short)?;
    let mut length = 0;
    for digit in digits {
        length = length * 16 + char::from(*digit).to_digit(16).ok_or(Cut::Malformed)? as usize;
    }
    match length {
        0 => Ok((Packet::Flush, 4)),
        1 | 2 => Ok((Packet::Separator, 4)),
        4..=MAX => bytes
            .get(4..length)
            .map(|line| (Packet::Line(line), length))
            .ok_or(Cut::Short),
        _ => Err(Cut::Malformed),
    }
}

/// Appends a line.
///
/// # Panics
/// Never with the short lines we write; a line of more than 65516 bytes has no representation.
pub fn put(out: &mut Vec<u8>, line: &[u8]) {
    let length = line.len() + 4;
    assert!(length <= MAX, "a pkt-line holds at most 65516 bytes");
    out.extend_from_slice(format!("{length:04x}").as_bytes());
    out.extend_from_slice(line);
}

/// The flush packet.
pub const FLUSH: &[u8] = b"0000";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_was_put() {
        let mut out = Vec::new();
        put(&mut out, b"hello\n");
        out.extend_from_slice(FLUSH);
        assert_eq!(out, b"000ahello\n0000");
        assert_eq!(take(&out), Ok((Packet::Line(b"hello\n"), 10)));
        assert_eq!(take(&out[10..]), Ok((Packet::Flush, 4)));
        assert_eq!(take(b"0001"), Ok((Packet::Separator, 4)));
        assert_eq!(take(b"0004"), Ok((Packet::Line(b""), 4)));
    }

    #[test]
    fn refuses_what_is_no_packet() {
        assert_eq!(take(b""), Err(Cut::Short));
        assert_eq!(take(b"000"), Err(Cut::Short));
        assert_eq!(take(b"000ahell"), Err(Cut::Short));
        assert_eq!(take(b"0003"), Err(Cut::Malformed));
        assert_eq!(take(b"ffff"), Err(Cut::Malformed));
        assert_eq!(take(b"+00a"), Err(Cut::Malformed));
        assert_eq!(take(b"GET /"), Err(Cut::Malformed));
    }
}
