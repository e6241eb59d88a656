//! A stream that tells when it is through, so that the journal knows what came of it.

use std::io::{self, Read};

/// Reads from a stream and calls `done` once: at its end, before the client is told of it, or when it is dropped earlier.
///
/// A client that was told the length is through with the last byte of it, so that byte waits until `done` is done.
pub(super) struct Recorded<R: Read> {
    stream: Option<R>,
    left: Option<u64>,
    done: Option<Box<dyn FnOnce(R) + Send>>,
}

impl<R: Read> Recorded<R> {
    /// Watches a stream, whose length the client is told if there is one.
    pub(super) fn new(
        stream: R,
        length: Option<u64>,
        done: impl FnOnce(R) + Send + 'static,
    ) -> Self {
        Self {
            stream: Some(stream),
            left: length,
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
        let Some(stream) = &mut self.stream else {
            return Ok(0);
        };
        let n = stream.read(buf)?;
        if let Some(left) = &mut self.left {
            *left = left.saturating_sub(n as u64);
        }
        if (n == 0 && !buf.is_empty()) || self.left == Some(0) {
            self.finish();
        }
        Ok(n)
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

    #[test]
    fn it_tells_once_at_the_end_or_when_dropped() {
        let count = Arc::new(AtomicUsize::new(0));
        let watch = |bytes: &'static [u8], length: Option<u64>| {
            let count = Arc::clone(&count);
            Recorded::new(bytes, length, move |_| {
                count.fetch_add(1, Ordering::SeqCst);
            })
        };
        let mut read = Vec::new();
        watch(b"abc", None).read_to_end(&mut read).unwrap();
        assert_eq!(
            (read.as_slice(), count.load(Ordering::SeqCst)),
            (&b"abc"[..], 1)
        );
        drop(watch(b"abc", None));
        assert_eq!(count.load(Ordering::SeqCst), 2);
        let mut known = watch(b"abc", Some(3));
        assert_eq!(known.read(&mut [0; 3]).unwrap(), 3);
        assert_eq!(
            count.load(Ordering::SeqCst),
            3,
            "told before the last byte is handed out"
        );
    }
}
