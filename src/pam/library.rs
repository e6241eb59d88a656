//! libpam itself: loaded when it is first asked, so that machines without it run everything else.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::sync::OnceLock;

use crate::Error;

/// The shared library of Linux-PAM, by the name that its ABI has had for twenty years.
const NAME: &CStr = c"libpam.so.0";

pub(crate) const SUCCESS: c_int = 0;
pub(crate) const CONV_ERR: c_int = 19;
pub(crate) const ACCT_EXPIRED: c_int = 13;
/// An account without a password opens to nobody.
pub(crate) const DISALLOW_NULL_AUTHTOK: c_int = 1;
pub(crate) const PROMPT_ECHO_OFF: c_int = 1;
pub(crate) const PROMPT_ECHO_ON: c_int = 2;

/// `pam_handle_t`, opaque.
#[repr(C)]
pub(crate) struct Handle {
    _private: [u8; 0],
}

#[repr(C)]
pub(crate) struct Message {
    pub(crate) style: c_int,
    _text: *const c_char,
}

#[repr(C)]
pub(crate) struct Response {
    pub(crate) text: *mut c_char,
    pub(crate) code: c_int,
}

pub(crate) type ConversationFn =
    unsafe extern "C" fn(c_int, *mut *const Message, *mut *mut Response, *mut c_void) -> c_int;

#[repr(C)]
pub(crate) struct Conversation {
    pub(crate) function: ConversationFn,
    pub(crate) data: *mut c_void,
}

pub(crate) type StartFn = unsafe extern "C" fn(
    *const c_char,
    *const c_char,
    *const Conversation,
    *mut *mut Handle,
) -> c_int;
pub(crate) type StartConfdirFn = unsafe extern "C" fn(
    *const c_char,
    *const c_char,
    *const Conversation,
    *const c_char,
    *mut *mut Handle,
) -> c_int;
pub(crate) type StepFn = unsafe extern "C" fn(*mut Handle, c_int) -> c_int;
pub(crate) type StrerrorFn = unsafe extern "C" fn(*mut Handle, c_int) -> *const c_char;

/// The functions of libpam that are used here.
pub(crate) struct Library {
    pub(crate) start: StartFn,
    /// Since Linux-PAM 1.4.
    pub(crate) start_confdir: Option<StartConfdirFn>,
    pub(crate) authenticate: StepFn,
    pub(crate) account: StepFn,
    pub(crate) end: StepFn,
    pub(crate) strerror: StrerrorFn,
}

impl Library {
    /// The library, loaded once per process and never let go: modules of PAM do not survive being unloaded.
    pub(crate) fn get() -> Result<&'static Self, Error> {
        static LIBRARY: OnceLock<Result<Library, String>> = OnceLock::new();
        LIBRARY
            .get_or_init(Self::load)
            .as_ref()
            .map_err(|reason| Error::Library(reason.clone()))
    }

    fn load() -> Result<Self, String> {
        // SAFETY: the name is a C string; loading runs only the initialisers of a system library.
        let library = unsafe { libc::dlopen(NAME.as_ptr(), libc::RTLD_NOW | libc::RTLD_GLOBAL) };
        if library.is_null() {
            return Err(last_error());
        }
        let find = |name: &CStr| {
            // SAFETY: the handle is one that dlopen has just returned, the name is a C string.
            let symbol = unsafe { libc::dlsym(library, name.as_ptr()) };
            if symbol.is_null() {
                Err(last_error())
            } else {
                Ok(symbol)
            }
        };
        // SAFETY: in every one of the following, the symbol is the function of that name in libpam.so.0, whose
        // signature <security/pam_appl.h> gives and the type repeats.
        unsafe {
            Ok(Self {
                start: std::mem::transmute::<*mut c_void, StartFn>(find(c"pam_start")?),
                start_confdir: find(c"pam_start_confdir")
                    .ok()
                    .map(|symbol| std::mem::transmute::<*mut c_void, StartConfdirFn>(symbol)),
                authenticate: std::mem::transmute::<*mut c_void, StepFn>(find(
                    c"pam_authenticate",
                )?),
                account: std::mem::transmute::<*mut c_void, StepFn>(find(c"pam_acct_mgmt")?),
                end: std::mem::transmute::<*mut c_void, StepFn>(find(c"pam_end")?),
                strerror: std::mem::transmute::<*mut c_void, StrerrorFn>(find(c"pam_strerror")?),
            })
        }
    }
}

fn last_error() -> String {
    // SAFETY: dlerror returns null or a C string that lives until the next call on this thread.
    let text = unsafe {
        let text = libc::dlerror();
        if text.is_null() {
            c"unknown error"
        } else {
            CStr::from_ptr(text)
        }
    };
    text.to_string_lossy().into_owned()
}
