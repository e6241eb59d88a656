//! One request and its answer: between the callbacks of C and the readers of Rust.

use std::ffi::{c_int, c_void};
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, ThreadId};

use crate::failure::Failure;
use crate::types::{self, KallitheaField, KallitheaRequest};

/// How much of a stream is handed to `write` at a time.
const BLOCK: usize = 64 * 1024;

/// Answers one request through its callbacks.
///
/// # Safety
/// Everything in `request` is as [`KallitheaRequest`] tells, until this function returns.
pub(crate) unsafe fn answer(app: &app::App, request: &KallitheaRequest) -> Result<(), Failure> {
    // SAFETY: as the caller promises.
    let variables = unsafe { variables(request) }?;
    let start = request.start.ok_or(Failure::Null("start"))?;
    let write = request.write.ok_or(Failure::Null("write"))?;
    let head = variables
        .iter()
        .any(|(name, value)| name == "REQUEST_METHOD" && value == b"HEAD");

    let input = Input::new(request);
    let response = app.handle(app::CgiRequest {
        variables,
        body: Box::new(input.reader()),
        terminated: request.body_terminated,
    });

    let headers: Vec<_> = response
        .headers
        .iter()
        .map(|(name, value)| field(name.as_str(), value.as_bytes()))
        .collect();
    // SAFETY: the callback is valid as the caller promises; the headers live until after the call.
    let returned = unsafe {
        start(
            request.context,
            response.status.as_u16(),
            headers.as_ptr(),
            headers.len(),
        )
    };
    taken("start", returned)?;
    if head {
        return Ok(());
    }
    send(response.body, |block| {
        // SAFETY: the callback is valid as the caller promises; the block lives until after the call.
        taken("write", unsafe {
            write(request.context, block.as_ptr(), block.len())
        })
    })
}

/// Hands out a body block by block. The body ends with this function, and so do the processes behind it.
fn send(
    mut body: app::Body,
    mut write: impl FnMut(&[u8]) -> Result<(), Failure>,
) -> Result<(), Failure> {
    if let app::Body::Bytes(bytes) = body {
        // What lies in memory already goes out in one piece.
        let bytes = bytes.into_inner();
        return if bytes.is_empty() {
            Ok(())
        } else {
            write(&bytes)
        };
    }
    let mut block = vec![0; BLOCK];
    loop {
        match body.read_block(&mut block) {
            Ok(0) => return Ok(()),
            Ok(count) => write(&block[..count])?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Failure::BrokenBody(error)),
        }
    }
}

fn taken(callback: &'static str, returned: c_int) -> Result<(), Failure> {
    if returned == 0 {
        Ok(())
    } else {
        Err(Failure::ClientGone { callback, returned })
    }
}

/// Copies the variables.
///
/// # Safety
/// As for [`answer`].
unsafe fn variables(request: &KallitheaRequest) -> Result<Vec<(String, Vec<u8>)>, Failure> {
    // SAFETY: as the caller promises.
    let fields = unsafe { types::slice(request.variables, request.variable_count, "variables") }?;
    let mut variables = Vec::with_capacity(fields.len());
    for field in fields {
        // SAFETY: as the caller promises, for each of the fields.
        let (name, value) = unsafe {
            (
                types::slice(
                    field.name.cast::<u8>(),
                    field.name_len,
                    "the name of a variable",
                )?,
                types::slice(
                    field.value.cast::<u8>(),
                    field.value_len,
                    "the value of a variable",
                )?,
            )
        };
        if let Ok(name) = std::str::from_utf8(name) {
            variables.push((name.to_owned(), value.to_vec()));
        }
    }
    Ok(variables)
}

fn field(name: &str, value: &[u8]) -> KallitheaField {
    KallitheaField {
        name: name.as_ptr().cast(),
        name_len: name.len(),
        value: value.as_ptr().cast(),
        value_len: value.len(),
    }
}

type ReadCallback =
    unsafe extern "C" fn(context: *mut c_void, buffer: *mut u8, length: usize) -> isize;

/// The right to call `read`: it ends with this value, before C takes its context back.
struct Input {
    read: Option<ReadCallback>,
    context: *mut c_void,
    open: Arc<AtomicBool>,
}

impl Input {
    fn new(request: &KallitheaRequest) -> Self {
        Self {
            read: request.read,
            context: request.context,
            open: Arc::new(AtomicBool::new(true)),
        }
    }

    fn reader(&self) -> Reader {
        let owner = thread::current().id();
        Reader {
            read: self.read,
            context: self.context,
            open: Arc::clone(&self.open),
            owner,
        }
    }
}

impl Drop for Input {
    fn drop(&mut self) {
        self.open.store(false, Ordering::Relaxed);
    }
}

/// The body of a request. The layers below may keep it for as long as they like and where they like; it asks C only
/// while the call lasts, and only in the thread of the call.
struct Reader {
    read: Option<ReadCallback>,
    context: *mut c_void,
    open: Arc<AtomicBool>,
    owner: ThreadId,
}

// SAFETY: in another thread than its owner's the pointer is never used, see `read`.
unsafe impl Send for Reader {}

impl Read for Reader {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let Some(read) = self.read else { return Ok(0) };
        if buf.is_empty() {
            return Ok(0);
        }
        if thread::current().id() != self.owner || !self.open.load(Ordering::Relaxed) {
            return Err(io::Error::other(
                "the request body was read outside of its request",
            ));
        }
        // SAFETY: the call of `answer` that got the callback is still running, below us in this very thread, so
        // callback and context are valid; the buffer is ours and as long as told.
        let got = unsafe { read(self.context, buf.as_mut_ptr(), buf.len()) };
        match usize::try_from(got) {
            Ok(got) if got <= buf.len() => Ok(got),
            Ok(got) => Err(io::Error::other(format!(
                "read put {got} bytes into a buffer of {}",
                buf.len()
            ))),
            Err(_) => Err(io::Error::new(
                io::ErrorKind::ConnectionAborted,
                format!("read returned {got}"),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fills the buffer with the number that `context` points to, or returns it when it is negative or too large.
    unsafe extern "C" fn fill(context: *mut c_void, buffer: *mut u8, length: usize) -> isize {
        // SAFETY: the tests hand over an `isize` and a buffer of `length` bytes.
        unsafe {
            let wanted = *context.cast::<isize>();
            for at in 0..length.min(wanted.max(0) as usize) {
                buffer.add(at).write(b'x');
            }
            wanted
        }
    }

    fn input(count: &mut isize) -> Input {
        Input {
            read: Some(fill),
            context: ptr_of(count),
            open: Arc::new(AtomicBool::new(true)),
        }
    }

    fn ptr_of(count: &mut isize) -> *mut c_void {
        std::ptr::from_mut(count).cast()
    }

    #[test]
    fn a_reader_gives_what_the_callback_gives() {
        let mut count = 3;
        let input = input(&mut count);
        let mut buf = [0; 8];
        assert_eq!(input.reader().read(&mut buf).unwrap(), 3);
        assert_eq!(&buf[..4], b"xxx\0");
    }

    #[test]
    fn a_negative_count_is_an_error_and_so_is_one_beyond_the_buffer() {
        for mut count in [-1, isize::MIN, 9, isize::MAX] {
            let input = input(&mut count);
            assert!(input.reader().read(&mut [0; 8]).is_err());
        }
    }

    #[test]
    fn a_reader_that_outlives_its_request_is_an_error() {
        let mut count = 3;
        let input = input(&mut count);
        let mut reader = input.reader();
        drop(input);
        assert!(
            reader
                .read(&mut [0; 8])
                .unwrap_err()
                .to_string()
                .contains("outside of its request")
        );
    }

    #[test]
    fn a_reader_in_another_thread_is_an_error() {
        let mut count = 3;
        let input = input(&mut count);
        let mut reader = input.reader();
        let error = thread::spawn(move || reader.read(&mut [0; 8]).unwrap_err())
            .join()
            .unwrap();
        assert!(error.to_string().contains("outside of its request"));
    }

    /// A stream without end that tells when it is dropped.
    struct Endless(Arc<AtomicBool>);

    impl Read for Endless {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            buf.fill(b'x');
            Ok(buf.len())
        }
    }

    impl Drop for Endless {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    #[test]
    fn a_client_that_is_gone_ends_the_body() {
        let dropped = Arc::new(AtomicBool::new(false));
        let mut blocks = 0;
        let outcome = send(
            app::Body::Stream(Box::new(Endless(Arc::clone(&dropped)))),
            |_| {
                blocks += 1;
                taken("write", if blocks == 3 { -1 } else { 0 })
            },
        );
        assert!(matches!(
            outcome,
            Err(Failure::ClientGone {
                callback: "write",
                returned: -1
            })
        ));
        assert_eq!(blocks, 3);
        assert!(dropped.load(Ordering::Relaxed));
    }

    #[test]
    fn a_body_that_fails_half_way_is_told() {
        struct Failing;
        impl Read for Failing {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("git was killed"))
            }
        }
        let error = send(app::Body::Stream(Box::new(Failing)), |_| Ok(())).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the answer could not be completed: git was killed"
        );
    }
}
