//! A stream that tells when it is through, so that the journal knows what came of it.

use std::io::{self, Read};

/// Reads from a stream and calls `done` once: at its end, before the client is told of it, or when it is dropped earlier.
pub(super) struct Recorded<R: Read> {
    stream: Option<R>,
    done: Option<Box<dyn FnOnce(R) + Send>>,
}

impl<R: Read> Recorded<R> {
    /// Watches a stream.
    pub(super) fn new(stream: R, done: impl FnOnce(R) + Send + 'static) -> Self {
        Self {
            stream: Some(stream),
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
        if n == 0 && !buf.is_empty() {
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
        let watch = |bytes: &'static [u8]| {
            let count = Arc::clone(&count);
            Recorded::new(bytes, move |_| {
                count.fetch_add(1, Ordering::SeqCst);
            })
        };
        let mut read = Vec::new();
        watch(b"abc").read_to_end(&mut read).unwrap();
        assert_eq!(
            (read.as_slice(), count.load(Ordering::SeqCst)),
            (&b"abc"[..], 1)
        );
        drop(watch(b"abc"));
        assert_eq!(count.load(Ordering::SeqCst), 2);
    }
}
