//! The name of a changeset that can never mean another one.

use std::fmt;
use std::str::FromStr;

/// The SHA-1 that names a changeset: a Git commit id or a Mercurial node.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChangesetId([u8; 20]);

/// A text that is not forty hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a changeset id: forty hexadecimal digits are wanted")]
pub struct BadChangesetId(pub String);

impl ChangesetId {
    /// Forty zeros: no changeset. The parent of a root, the state of an empty repository.
    pub const NULL: ChangesetId = ChangesetId([0; 20]);

    /// The id with these bytes.
    pub const fn from_bytes(bytes: [u8; 20]) -> Self {
        ChangesetId(bytes)
    }

    /// The twenty bytes of the id.
    pub const fn as_bytes(&self) -> &[u8; 20] {
        &self.0
    }

    /// Whether this is [`ChangesetId::NULL`].
    pub fn is_null(&self) -> bool {
        *self == Self::NULL
    }

    /// The first twelve hexadecimal digits, the form shown to people.
    pub fn short(&self) -> String {
        let mut hex = self.to_string();
        hex.truncate(12);
        hex
    }
}

impl fmt::Display for ChangesetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Pages hold thousands of these: forty digits at once are ten times as quick as twenty numbers.
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = [0; 40];
        for (pair, byte) in text.chunks_exact_mut(2).zip(self.0) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 15)];
        }
        f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for ChangesetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for ChangesetId {
    type Err = BadChangesetId;

    /// Takes exactly forty digits, in either case.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = || BadChangesetId(text.to_owned());
        let digits = text.as_bytes();
        if digits.len() != 40 {
            return Err(bad());
        }
        let mut bytes = [0; 20];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let [high, low] = [pair[0], pair[1]].map(|digit| (digit as char).to_digit(16));
            let (Some(high), Some(low)) = (high, low) else {
                return Err(bad());
            };
            *byte = (high * 16 + low) as u8;
        }
        Ok(ChangesetId(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forty_digits_round_trip() {
        let text = "0123456789abcdef0123456789abcdef01234567";
        let id: ChangesetId = text.parse().unwrap();
        assert_eq!(id.to_string(), text);
        assert_eq!(id.short(), "0123456789ab");
        assert_eq!(text.to_uppercase().parse(), Ok(id));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "0123",
            &"g".repeat(40),
            &"0".repeat(41),
            &"é".repeat(20),
        ] {
            assert!(text.parse::<ChangesetId>().is_err(), "{text:?}");
        }
        assert!("0".repeat(40).parse::<ChangesetId>().unwrap().is_null());
    }
}
