//! Writes contents that are no text, in the form of `git diff --binary`.
//!
//! `literal SIZE`, then the zlib-compressed content in lines of up to 52 bytes: a letter for the length (`A` is 1, `a` is 27),
//! then each four bytes as five digits of base 85, most significant first; an empty line ends it. The digits are those
//! of Git's `base85.c`; the format is described in `Documentation/gitdiffcore` and read by `git apply` and `hg import`.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::ZlibEncoder;

const DIGITS: &[u8; 85] =
    b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~";

/// Writes one content.
pub(super) fn write_literal(out: &mut impl Write, content: &[u8]) -> io::Result<()> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content)?;
    writeln!(out, "literal {}", content.len())?;
    for line in encoder.finish()?.chunks(52) {
        let length = line.len() as u8;
        out.write_all(&[if length <= 26 {
            b'A' + length - 1
        } else {
            b'a' + length - 27
        }])?;
        for four in line.chunks(4) {
            let mut bytes = [0; 4];
            bytes[..four.len()].copy_from_slice(four);
            let mut number = u32::from_be_bytes(bytes);
            let mut digits = [0; 5];
            for digit in digits.iter_mut().rev() {
                *digit = DIGITS[(number % 85) as usize];
                number /= 85;
            }
            out.write_all(&digits)?;
        }
        out.write_all(b"\n")?;
    }
    out.write_all(b"\n")
}
