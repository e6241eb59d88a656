//! How one revision's data is stored: the first byte tells whether and how it is compressed.

use std::cell::RefCell;
use std::io::Read;

use flate2::{Decompress, FlushDecompress, Status};

/// Undoes the compression of a chunk. The result has at most `limit` bytes, whatever the chunk says about itself.
pub(crate) fn decode(mut chunk: Vec<u8>, limit: usize) -> Result<Vec<u8>, String> {
    let plain = match chunk.first() {
        // The zero byte belongs to the data: most deltas begin with one.
        None | Some(0) => chunk,
        Some(b'u') => {
            // In place: what does not compress may be large.
            chunk.remove(0);
            chunk
        }
        Some(b'x') => inflate(&chunk, limit)?,
        Some(b'(') => unzstd(&chunk, limit)?,
        Some(other) => return Err(format!("unknown compression {other:#04x}")),
    };
    if plain.len() > limit {
        return Err(too_long(limit));
    }
    Ok(plain)
}

fn too_long(limit: usize) -> String {
    format!("a chunk is longer than the {limit} bytes it may have")
}

fn inflate(chunk: &[u8], limit: usize) -> Result<Vec<u8>, String> {
    let mut stream = Decompress::new(true);
    let mut out = Vec::with_capacity(chunk.len().saturating_mul(4).min(limit).max(64));
    loop {
        let (read, wrote) = (stream.total_in(), out.len());
        let rest = &chunk[read as usize..];
        let status = stream
            .decompress_vec(rest, &mut out, FlushDecompress::Finish)
            .map_err(|error| format!("broken zlib data: {error}"))?;
        if out.len() > limit {
            return Err(too_long(limit));
        }
        if status == Status::StreamEnd {
            return Ok(out);
        }
        if out.len() < out.capacity() && out.len() == wrote && stream.total_in() == read {
            return Err("zlib data ends too early".to_owned());
        }
        if out.len() == out.capacity() {
            out.reserve(out.len().max(64));
        }
    }
}

thread_local! {
    /// Setting up a decoder costs more than decoding a typical chunk, so each thread keeps one.
    static ZSTD: RefCell<Option<zstd::bulk::Decompressor<'static>>> = const { RefCell::new(None) };
}

fn unzstd(chunk: &[u8], limit: usize) -> Result<Vec<u8>, String> {
    let broken = |error: std::io::Error| format!("broken zstd data: {error}");
    match zstd::zstd_safe::get_frame_content_size(chunk) {
        Ok(Some(size)) if size > limit as u64 => Err(too_long(limit)),
        Ok(Some(size)) => ZSTD.with_borrow_mut(|kept| {
            let decoder = match kept {
                Some(decoder) => decoder,
                None => kept.insert(zstd::bulk::Decompressor::new().map_err(broken)?),
            };
            decoder.decompress(chunk, size as usize).map_err(broken)
        }),
        // Frames may leave their size out.
        _ => {
            let mut out = Vec::new();
            let decoder = zstd::stream::read::Decoder::with_buffer(chunk).map_err(broken)?;
            decoder
                .take(limit as u64 + 1)
                .read_to_end(&mut out)
                .map_err(broken)?;
            Ok(out)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::ZlibEncoder};
    use proptest::prelude::*;
    use std::io::Write;

    fn zlib(text: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn the_first_byte_tells_the_kind() {
        assert_eq!(decode(Vec::new(), 9).unwrap(), b"");
        assert_eq!(decode(b"\0ab".to_vec(), 9).unwrap(), b"\0ab");
        assert_eq!(decode(b"uab".to_vec(), 9).unwrap(), b"ab");
        assert!(decode(b"?ab".to_vec(), 9).unwrap_err().contains("0x3f"));
    }

    #[test]
    fn a_bomb_is_cut_at_the_limit() {
        let zeros = vec![0; 1 << 20];
        let mut unsized_frame = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
        unsized_frame.write_all(&zeros).unwrap();
        let unsized_frame = unsized_frame.finish().unwrap();
        for chunk in [
            zlib(&zeros),
            zstd::bulk::compress(&zeros, 1).unwrap(),
            unsized_frame,
        ] {
            assert!(decode(chunk.clone(), 1000).is_err());
            assert_eq!(decode(chunk, 1 << 20).unwrap(), zeros);
        }
    }

    #[test]
    fn a_stream_cut_short_is_told() {
        let text: Vec<u8> = (0..5000u32).flat_map(u32::to_le_bytes).collect();
        for chunk in [zlib(&text), zstd::bulk::compress(&text, 1).unwrap()] {
            for end in [1, 2, 5, chunk.len() / 2, chunk.len() - 1] {
                assert!(decode(chunk[..end].to_vec(), 1 << 20).is_err(), "{end}");
            }
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_decoded_or_refused(mut chunk in proptest::collection::vec(any::<u8>(), 0..200), kind in prop_oneof![Just(b'x'), Just(b'('), any::<u8>()]) {
            if let Some(first) = chunk.first_mut() {
                *first = kind;
            }
            if let Ok(text) = decode(chunk, 300) {
                prop_assert!(text.len() <= 300);
            }
        }

        #[test]
        fn what_was_compressed_comes_back(text in proptest::collection::vec(any::<u8>(), 0..3000), cut in any::<prop::sample::Index>()) {
            prop_assert_eq!(&decode(zlib(&text), 3000).unwrap(), &text);
            let frame = zstd::bulk::compress(&text, 3).unwrap();
            prop_assert_eq!(&decode(frame.clone(), 3000).unwrap(), &text);
            let mut broken = frame;
            let place = cut.index(broken.len());
            broken[place] ^= 0x55;
            let _ = decode(broken, 3000);
        }
    }
}
