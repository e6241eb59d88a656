//! A stream that tells when it is through, so that the journal knows what came of it.

use std::io::{self, Read};

/// Reads from a stream and calls `done` once: before the last byte is handed out, or when it is dropped earlier.
///
/// A client may be through with the last byte, by the length it was told or because the answer itself says where it
/// ends. So one byte is always held back until the stream is known to have ended and `done` is done.
pub(super) struct Recorded<R: Read> {
    stream: Option<R>,
    held: Option<u8>,
    done: Option<Box<dyn FnOnce(R) + Send>>,
}

impl<R: Read> Recorded<R> {
    /// Watches a stream.
    pub(super) fn new(stream: R, done: impl FnOnce(R) + Send + 'static) -> Self {
        Self {
            stream: Some(stream),
            held: None,
            done: Some(Box::new(done)),
        }
    }

    fn finish(&mut self) {
        if let (Some(stream), Some(done)) = (self.stream.take(), self.done.take()) {
            done(stream);
        }
    }
}

impl<R: Read> Read for Recorded<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        while let Some(stream) = &mut self.stream {
            let mut last = [0];
            let (first, rest) = buf.split_at_mut(usize::from(self.held.is_some()));
            let room = if rest.is_empty() { &mut last } else { rest };
            let n = stream.read(room)?;
            let Some(newest) = n.checked_sub(1) else {
                self.finish();
                break;
            };
            let newest = room[newest];
            let before = self.held.replace(newest);
            if let (Some(before), [byte]) = (before, first) {
                *byte = before;
                return Ok(n);
            }
            if n > 1 {
                return Ok(n - 1);
            }
        }
        Ok(self.held.take().map_or(0, |byte| {
            buf[0] = byte;
            1
        }))
    }
}

impl<R: Read> Drop for Recorded<R> {
    fn drop(&mut self) {
        self.finish();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn watch(bytes: &'static [u8]) -> (Recorded<&'static [u8]>, Arc<AtomicUsize>) {
        let count = Arc::new(AtomicUsize::new(0));
        let told = Arc::clone(&count);
        let recorded = Recorded::new(bytes, move |_| {
            told.fetch_add(1, Ordering::SeqCst);
        });
        (recorded, count)
    }

    #[test]
    fn every_byte_comes_through_whatever_the_size_of_the_buffer() {
        let text = b"one byte is held back";
        for size in 1..=text.len() + 1 {
            let (mut recorded, count) = watch(text);
            let (mut read, mut buf) = (Vec::new(), vec![0; size]);
            loop {
                let n = recorded.read(&mut buf).unwrap();
                read.extend_from_slice(&buf[..n]);
                assert_eq!(
                    count.load(Ordering::SeqCst),
                    usize::from(read.len() == text.len()),
                    "told before the last byte is handed out, with a buffer of {size}"
                );
                if n == 0 {
                    break;
                }
            }
            assert_eq!(read, text);
        }
    }

    #[test]
    fn it_tells_once_of_an_empty_stream_and_of_one_that_is_dropped() {
        let (mut empty, count) = watch(b"");
        assert_eq!(empty.read(&mut [0; 3]).unwrap(), 0);
        drop(empty);
        assert_eq!(count.load(Ordering::SeqCst), 1);

        let (dropped, count) = watch(b"abc");
        drop(dropped);
        assert_eq!(count.load(Ordering::SeqCst), 1);
    }
}
