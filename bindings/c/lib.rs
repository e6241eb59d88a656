//! The C interface: make an application, hand it requests, free it.
//!
//! This crate converts between C and [`app`] and decides nothing. What a C programmer needs to know stands in the
//! comments of the public items, from which `include/kallithea_rs.h` is made.
//!
//! No panic crosses into C: each function that does any work does it inside [`failure::guarded`], which turns a
//! panic into an error like every other.

mod exchange;
mod failure;
#[cfg(test)]
mod header;
#[cfg(test)]
mod tests;
mod types;

use std::ffi::{OsStr, c_char};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr;

use failure::{Failure, guarded};
pub use types::{KallitheaApp, KallitheaField, KallitheaRequest, KallitheaResult};

/// The version of the library, such as "0.1.0". The text lives as long as the library.
#[unsafe(no_mangle)]
pub extern "C" fn kallithea_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// Why the last call in this thread failed, as text for a log, or NULL when it did not.
///
/// The text lives until this thread calls the library again.
#[unsafe(no_mangle)]
pub extern "C" fn kallithea_last_error() -> *const c_char {
    failure::last()
}

/// Makes an application from an ini file.
///
/// With NULL the ini file is the one that the environment variable KALLITHEA_CONFIG names, or ./kallithea.ini,
/// or none: then everything lies in ./kallithea-data.
///
/// Only the ini file is read. Everything else is opened at the first request, once per process, so an application
/// may be made before `fork`. If SIGPIPE still ends the process, it is ignored from here on: a client that hangs up
/// shall not end the server.
///
/// Returns NULL when the ini file is missing or broken; `kallithea_last_error` then names file and line.
///
/// # Safety
/// `ini_path` is NULL or a text that ends with NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kallithea_app_new(ini_path: *const c_char) -> *mut KallitheaApp {
    let mut made = ptr::null_mut();
    guarded(|| {
        let path = if ini_path.is_null() {
            None
        } else {
            // SAFETY: not NULL, and the caller promises the NUL at its end.
            let path = unsafe { types::text(ini_path) };
            Some(Path::new(OsStr::from_bytes(path.to_bytes())))
        };
        survive_broken_pipes();
        made = Box::into_raw(Box::new(KallitheaApp(app::App::new(path)?)));
        Ok(())
    });
    made
}

/// Frees an application. NULL is allowed and does nothing.
///
/// # Safety
/// `app` comes from `kallithea_app_new`, is freed once, and no other thread is using it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kallithea_app_free(app: *mut KallitheaApp) {
    guarded(|| {
        if !app.is_null() {
            // SAFETY: made by `Box::into_raw` in `kallithea_app_new`; the caller promises to be the last user.
            drop(unsafe { Box::from_raw(app) });
        }
        Ok(())
    });
}

/// Makes data folder and database where they are missing. Without this call the first request does it.
///
/// # Safety
/// `app` is NULL or an application that is not freed meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kallithea_prepare(app: *const KallitheaApp) -> KallitheaResult {
    guarded(|| {
        // SAFETY: the caller promises NULL or a living application.
        let app = unsafe { types::application(app) }?;
        app.prepare().map_err(Failure::core)?;
        Ok(())
    })
}

/// Creates a user, who logs in with this password; an administrator when `admin` is true.
///
/// # Safety
/// `app` is as for `kallithea_prepare`; the texts are NULL or end with NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kallithea_create_user(
    app: *const KallitheaApp,
    username: *const c_char,
    email: *const c_char,
    password: *const c_char,
    admin: bool,
) -> KallitheaResult {
    guarded(|| {
        // SAFETY: the caller promises NULL or a living application, and for each text NULL or a NUL at its end.
        let (app, username, email, password) = unsafe {
            (
                types::application(app)?,
                types::utf8(username, "username")?,
                types::utf8(email, "email")?,
                types::utf8(password, "password")?,
            )
        };
        app.create_user(username, email, password, admin)
            .map_err(Failure::core)?;
        Ok(())
    })
}

/// Answers one request: calls `read` as long as it wants more of the body, `start` once, then `write` for each
/// block of the answer's body. Any number of threads may call this at once with the same application.
///
/// All callbacks are called in the calling thread and only before this function returns. None of them may throw a
/// C++ exception or leave by `longjmp`.
///
/// What is wrong with a request, or goes wrong inside, is an answer too (400, 500 and so on) and returns
/// KALLITHEA_RESULT_OK. With every other result, close the connection: the answer is not complete.
///
/// # Safety
/// `app` and `request` are NULL or valid, with all that `request` points to, until this function returns.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kallithea_handle(
    app: *const KallitheaApp,
    request: *const KallitheaRequest,
) -> KallitheaResult {
    guarded(|| {
        // SAFETY: the caller promises NULL or a living application.
        let app = unsafe { types::application(app) }?;
        // SAFETY: the caller promises NULL or a valid request.
        let request = unsafe { request.as_ref() }.ok_or(Failure::Null("request"))?;
        // SAFETY: the caller promises that everything in the request is valid, callbacks included.
        unsafe { exchange::answer(app, request) }
    })
}

/// Ignores SIGPIPE where it still ends the process, as every Rust and every Python program does from its start.
/// Child processes get the default back, because the standard library resets it for them.
fn survive_broken_pipes() {
    // SAFETY: `sigaction` is plain data, for which zeros are valid; both calls only touch it and the one signal.
    unsafe {
        let mut now: libc::sigaction = std::mem::zeroed();
        if libc::sigaction(libc::SIGPIPE, ptr::null(), &mut now) == 0
            && now.sa_sigaction == libc::SIG_DFL
        {
            libc::signal(libc::SIGPIPE, libc::SIG_IGN);
        }
    }
}
