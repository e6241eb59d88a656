//! MD5, where a stable short fingerprint is wanted. Nothing secret depends on it.

use md5::{Digest, Md5};

/// The MD5 of the bytes.
pub(crate) fn md5(bytes: &[u8]) -> [u8; 16] {
    Md5::digest(bytes).into()
}

/// The SHA-256 of the bytes in hex.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    let hash = sha2::Sha256::digest(bytes);
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The first `digits` hex digits of the MD5 of the bytes, at most 32.
pub(crate) fn md5_hex(bytes: &[u8], digits: usize) -> String {
    let mut hex: String = md5(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    hex.truncate(digits);
    hex
}
