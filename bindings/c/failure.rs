//! What can go wrong, and where a C program reads of it.

use std::any::Any;
use std::cell::RefCell;
use std::error::Error;
use std::ffi::{CString, c_char, c_int};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::{io, ptr};

use crate::types::KallitheaResult;

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("{0} is NULL")]
    Null(&'static str),
    #[error("the length of {0} cannot be true")]
    TooLong(&'static str),
    #[error("{0} is not UTF-8")]
    NotText(&'static str),
    #[error(transparent)]
    Config(#[from] app::ConfigError),
    #[error(transparent)]
    Core(Box<dyn Error>),
    #[error("the client is gone: {callback} returned {returned}")]
    ClientGone {
        callback: &'static str,
        returned: c_int,
    },
    #[error("the answer could not be completed: {0}")]
    BrokenBody(#[source] io::Error),
    #[error("a defect in the library: {0}")]
    Panicked(String),
}

impl Failure {
    /// Wraps an error of the layers below.
    pub(crate) fn core(error: impl Error + 'static) -> Self {
        Self::Core(Box::new(error))
    }

    fn result(&self) -> KallitheaResult {
        match self {
            Self::Null(_) | Self::TooLong(_) | Self::NotText(_) => KallitheaResult::BadArgument,
            Self::Config(_) | Self::Core(_) => KallitheaResult::Failed,
            Self::ClientGone { .. } => KallitheaResult::ClientGone,
            Self::BrokenBody(_) => KallitheaResult::BrokenBody,
            Self::Panicked(_) => KallitheaResult::Panicked,
        }
    }
}

thread_local! {
    static LAST: RefCell<Option<CString>> = const { RefCell::new(None) };
}

/// The text of this thread's last failure, or NULL.
pub(crate) fn last() -> *const c_char {
    // `try_with`, because C may ask while the thread ends and its variables are gone already.
    LAST.try_with(|last| {
        last.borrow()
            .as_ref()
            .map_or(ptr::null(), |text| text.as_ptr())
    })
    .unwrap_or(ptr::null())
}

/// Does the work of one call: what it returns or panics with becomes a result code and the thread's last error.
pub(crate) fn guarded(work: impl FnOnce() -> Result<(), Failure>) -> KallitheaResult {
    // What the work leaves half done is dropped here; `app::App` guards its own state against panics.
    let outcome = catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|panic| Err(Failure::Panicked(message(panic.as_ref()))));
    let (result, text) = match outcome {
        Ok(()) => (KallitheaResult::Ok, None),
        Err(failure) => (failure.result(), Some(c_text(&failure.to_string()))),
    };
    // A thread that is about to end has nobody left who could ask.
    let _ = LAST.try_with(|last| last.replace(text));
    result
}

fn c_text(text: &str) -> CString {
    CString::new(text.replace('\0', "\u{fffd}")).expect("its NULs are replaced")
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without words".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn last_text() -> Option<String> {
        let text = last();
        if text.is_null() {
            return None;
        }
        // SAFETY: not NULL, and the thread's own text lives until its next call.
        let text = unsafe { crate::types::text(text) };
        Some(text.to_str().unwrap().to_owned())
    }

    #[test]
    fn a_panic_becomes_an_error() {
        assert_eq!(
            guarded(|| panic!("number {}", 7)),
            KallitheaResult::Panicked
        );
        assert_eq!(last_text().unwrap(), "a defect in the library: number 7");
    }

    #[test]
    fn success_forgets_the_error() {
        assert_eq!(
            guarded(|| Err(Failure::Null("app"))),
            KallitheaResult::BadArgument
        );
        assert_eq!(last_text().unwrap(), "app is NULL");
        assert_eq!(guarded(|| Ok(())), KallitheaResult::Ok);
        assert_eq!(last_text(), None);
    }

    #[test]
    fn each_thread_has_its_own_error() {
        guarded(|| Err(Failure::Null("app")));
        std::thread::spawn(|| assert_eq!(last_text(), None))
            .join()
            .unwrap();
        assert_eq!(last_text().unwrap(), "app is NULL");
    }

    #[test]
    fn a_nul_in_a_message_does_not_cut_it() {
        guarded(|| Err(Failure::Panicked("a\0b".to_owned())));
        assert_eq!(last_text().unwrap(), "a defect in the library: a\u{fffd}b");
    }
}
