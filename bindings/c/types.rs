//! The types that both sides see, and the first look at what C hands over.

use std::ffi::{CStr, c_char, c_int, c_void};

use crate::failure::Failure;

/// An application. It may be used by many threads at once.
pub struct KallitheaApp(pub(crate) app::App);

/// How a call ended.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KallitheaResult {
    /// As it should.
    Ok = 0,
    /// An argument is NULL where it must not be, or not valid.
    BadArgument = 1,
    /// The work itself failed, such as creating a user whose name is taken.
    Failed = 2,
    /// `start` or `write` said that the client is gone; what produced the answer was ended.
    ClientGone = 3,
    /// The answer was begun and could not be completed.
    BrokenBody = 4,
    /// A defect in the library. The application stays usable.
    Panicked = 5,
}

/// A name and its value: a CGI variable or a header of an answer. Neither of them needs to end with NUL.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct KallitheaField {
    /// The name.
    pub name: *const c_char,
    /// Bytes in the name.
    pub name_len: usize,
    /// The value. It may hold any bytes.
    pub value: *const c_char,
    /// Bytes in the value.
    pub value_len: usize,
}

/// One request.
#[repr(C)]
#[derive(Debug)]
pub struct KallitheaRequest {
    /// The request as CGI, WSGI and uWSGI name it: REQUEST_METHOD, SCRIPT_NAME and PATH_INFO (both with their
    /// percent codes undone), QUERY_STRING (as it came), CONTENT_TYPE, CONTENT_LENGTH, REMOTE_ADDR, REMOTE_USER
    /// (only when the server has checked the password itself), SERVER_NAME, SERVER_PORT, HTTPS ("on") and HTTP_*
    /// for the headers, each name once. A name that is not UTF-8 is left out.
    pub variables: *const KallitheaField,
    /// How many variables there are.
    pub variable_count: usize,
    /// Whether `read` itself tells the end of the body. Then a request without CONTENT_LENGTH, or with chunks that
    /// `read` has undone, is read to its end; otherwise it is taken to have no body.
    pub body_terminated: bool,
    /// Handed to each callback.
    pub context: *mut c_void,
    /// Puts the next part of the body into `buffer`: at least one byte, at most `length`. Returns how many, 0 at the
    /// end, a negative number when the client is gone. May be NULL when there is no body. It should give up after a
    /// time without data, since nobody else watches the clock.
    pub read:
        Option<unsafe extern "C" fn(context: *mut c_void, buffer: *mut u8, length: usize) -> isize>,
    /// Takes status and headers, which are valid during the call. Returns 0, or anything else when the client is gone.
    pub start: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            status: u16,
            headers: *const KallitheaField,
            header_count: usize,
        ) -> c_int,
    >,
    /// Takes the next block of the answer's body, all of it. Never called for a HEAD request. Returns 0, or anything
    /// else when the client is gone: then no more comes, and the processes behind the answer are ended.
    pub write: Option<
        unsafe extern "C" fn(context: *mut c_void, bytes: *const u8, length: usize) -> c_int,
    >,
}

/// The application behind a pointer.
///
/// # Safety
/// `app` is NULL or points to an application that lives as long as the result is used.
pub(crate) unsafe fn application<'a>(app: *const KallitheaApp) -> Result<&'a app::App, Failure> {
    // SAFETY: as the caller promises.
    unsafe { app.as_ref() }
        .map(|app| &app.0)
        .ok_or(Failure::Null("app"))
}

/// The text behind a pointer.
///
/// # Safety
/// `text` is not NULL, ends with NUL and lives as long as the result is used.
pub(crate) unsafe fn text<'a>(text: *const c_char) -> &'a CStr {
    // SAFETY: as the caller promises.
    unsafe { CStr::from_ptr(text) }
}

/// The same where the text must be there and be UTF-8; `name` is for the error.
///
/// # Safety
/// `pointer` is NULL or as for [`text`].
pub(crate) unsafe fn utf8<'a>(
    pointer: *const c_char,
    name: &'static str,
) -> Result<&'a str, Failure> {
    if pointer.is_null() {
        return Err(Failure::Null(name));
    }
    // SAFETY: not NULL, the rest as the caller promises.
    unsafe { text(pointer) }
        .to_str()
        .map_err(|_| Failure::NotText(name))
}

/// `count` items behind a pointer, which may be NULL when there are none.
///
/// # Safety
/// `items` is NULL or points to `count` valid items, which live as long as the result is used.
pub(crate) unsafe fn slice<'a, T>(
    items: *const T,
    count: usize,
    name: &'static str,
) -> Result<&'a [T], Failure> {
    if count == 0 {
        return Ok(&[]);
    }
    if items.is_null() {
        return Err(Failure::Null(name));
    }
    // More than this cannot lie in memory: the caller's count is a negative number or was never set.
    if count > isize::MAX as usize / size_of::<T>() {
        return Err(Failure::TooLong(name));
    }
    // SAFETY: neither NULL nor longer than memory can be; the rest as the caller promises.
    Ok(unsafe { std::slice::from_raw_parts(items, count) })
}
