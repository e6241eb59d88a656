//! Randomness for tokens, keys and codes, straight from the system.

use rand::TryRng;
use rand::rngs::SysRng;

/// `n` random bytes.
///
/// # Panics
/// When the system has no randomness; nothing safe can be done then.
#[must_use]
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SysRng
        .try_fill_bytes(&mut bytes)
        .expect("the operating system provides randomness");
    bytes
}

/// Lower-case hex of `n` random bytes.
#[must_use]
pub fn hex(n: usize) -> String {
    (0..n.div_ceil(8))
        .flat_map(|_| bytes::<8>())
        .take(n)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_draws_differ_and_have_the_asked_length() {
        assert_eq!(hex(20).len(), 40);
        assert_ne!(hex(20), hex(20));
    }
}
