//! Asks PAM whether a password is right.
//!
//! PAM (pluggable authentication modules) is how a Unix system decides who may log in. An application names a
//! *service*, a file in `/etc/pam.d` that lists the modules to be asked, and answers their questions through a
//! *conversation*: a function that PAM calls back with prompts. Here the answer to every prompt that hides what is
//! typed is the password, and every other question is answered with nothing.
//!
//! The library is looked for when it is first needed, so nothing has to be there to build this or to run without PAM.
//! One question is asked at a time: neither libpam's modules nor the C library's look-ups of groups bear company.
//! A module can hang, on a directory that is away or a device that nobody touches, and there is no way to break it off
//! from outside. So each question is asked on a thread of its own that is waited for as long as the caller says. One that
//! hangs is left behind with the turn in its hands: until it comes back nobody else is asked, which is told at once, and
//! never is more than one left behind in a process.

mod account;
mod library;
mod turn;

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Duration;
use std::{ptr, thread};

pub use account::Account;
use library::{Conversation, Handle, Library, Message, Response};
use turn::Turn;

/// Why PAM could not be asked, or did not say yes.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// libpam is not there.
    #[error("the PAM library cannot be loaded: {0}")]
    Library(String),
    /// This libpam is too old to read services from another folder.
    #[error("this PAM library knows no other folder for services than the system's")]
    Folder,
    /// The service has not answered in time. Its answer will not be heard.
    #[error("PAM service '{service}' has not answered within {seconds} s; it is left to itself")]
    Slow {
        /// The service.
        service: String,
        /// How long it was waited for.
        seconds: u64,
    },
    /// A question that was asked before has not come back.
    #[error("PAM is still busy with a question asked {seconds} s ago")]
    Busy {
        /// Since when.
        seconds: u64,
    },
    /// There is no thread to ask on.
    #[error("PAM cannot be asked: {0}")]
    Thread(#[from] std::io::Error),
    /// A text that C cannot hold.
    #[error("the {0} holds a NUL")]
    Nul(&'static str),
    /// The service refuses, or failed.
    #[error("PAM service '{service}': {reason} ({step} returned {code})")]
    Refused {
        /// The service.
        service: String,
        /// What PAM says about it.
        reason: String,
        /// The function that said no.
        step: &'static str,
        /// Its number in `<security/_pam_types.h>`.
        code: i32,
    },
}

/// Asks a service whether this is the password of this user. `folder` holds the services; none means the system's. It is
/// waited `patience` for the turn to ask, and as long again for the answer.
///
/// # Errors
/// [`Error::Refused`] when it is not; [`Error::Slow`] and [`Error::Busy`] when there is no answer in time; the others when PAM
/// cannot be asked.
pub fn authenticate(
    service: &str,
    folder: Option<&Path>,
    user: &str,
    password: &str,
    patience: Duration,
) -> Result<(), Error> {
    let turn = Turn::wait(patience).map_err(|since| Error::Busy {
        seconds: since.as_secs(),
    })?;
    let (told, answer) = mpsc::channel();
    let question = (
        service.to_owned(),
        folder.map(Path::to_owned),
        user.to_owned(),
        password.to_owned(),
    );
    thread::Builder::new().name("pam".into()).spawn(move || {
        let (service, folder, user, password) = question;
        let result = ask(&service, folder.as_deref(), &user, &password);
        // Before the answer is told: who hears it may ask the next question at once.
        drop(turn);
        // Nobody listens any more when it took too long.
        drop(told.send(result));
    })?;
    answer.recv_timeout(patience).unwrap_or_else(|_| {
        Err(Error::Slow {
            service: service.to_owned(),
            seconds: patience.as_secs(),
        })
    })
}

/// [`authenticate`], for as long as it takes.
fn ask(service: &str, folder: Option<&Path>, user: &str, password: &str) -> Result<(), Error> {
    let library = Library::get()?;
    let (c_service, c_user) = (c_string("service", service)?, c_string("user name", user)?);
    let password = c_string("password", password)?;
    let folder = match folder {
        Some(folder) => Some(c_string("folder", &folder.to_string_lossy())?),
        None => None,
    };
    let conversation = Conversation {
        function: converse,
        data: password.as_ptr().cast::<c_void>().cast_mut(),
    };
    let _one = one_at_a_time();
    let mut handle: *mut Handle = ptr::null_mut();
    // SAFETY: all strings and the conversation live until the session is dropped, below; `handle` is written to.
    let code = unsafe {
        match (&folder, library.start_confdir) {
            (None, _) => (library.start)(
                c_service.as_ptr(),
                c_user.as_ptr(),
                &conversation,
                &mut handle,
            ),
            (Some(folder), Some(start)) => start(
                c_service.as_ptr(),
                c_user.as_ptr(),
                &conversation,
                folder.as_ptr(),
                &mut handle,
            ),
            (Some(_), None) => return Err(Error::Folder),
        }
    };
    let mut session = Session {
        library,
        handle,
        last: code,
    };
    let refused = |session: &Session, step, code| Error::Refused {
        service: service.to_owned(),
        reason: session.reason(code),
        step,
        code,
    };
    if code != library::SUCCESS {
        return Err(refused(&session, "pam_start", code));
    }
    // SAFETY: the handle is one that pam_start has filled and pam_end has not seen.
    let code = unsafe { (library.authenticate)(session.handle, library::DISALLOW_NULL_AUTHTOK) };
    session.last = code;
    if code != library::SUCCESS {
        return Err(refused(&session, "pam_authenticate", code));
    }
    // A service need not have account modules, and then says "denied" here. Only an account that has run out is out.
    // SAFETY: as above.
    let code = unsafe { (library.account)(session.handle, library::DISALLOW_NULL_AUTHTOK) };
    session.last = code;
    if code == library::ACCT_EXPIRED {
        return Err(refused(&session, "pam_acct_mgmt", code));
    }
    Ok(())
}

/// An open question to PAM; ends with this value.
struct Session {
    library: &'static Library,
    handle: *mut Handle,
    last: c_int,
}

impl Session {
    fn reason(&self, code: c_int) -> String {
        // SAFETY: pam_strerror takes any handle, also null, and returns a C string that lives as long as the library.
        unsafe {
            let text = (self.library.strerror)(self.handle, code);
            if text.is_null() {
                String::new()
            } else {
                CStr::from_ptr(text).to_string_lossy().into_owned()
            }
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if !self.handle.is_null() {
            // SAFETY: the handle is from pam_start and this is its one end.
            unsafe { (self.library.end)(self.handle, self.last) };
        }
    }
}

/// PAM's questions: the password where what is typed is hidden, nothing elsewhere.
///
/// # Safety
/// Called by libpam alone: `messages` leads to `count` pointers to messages, `answers` may be written to, and `data`
/// is the password that [`authenticate`] put there.
unsafe extern "C" fn converse(
    count: c_int,
    messages: *mut *const Message,
    answers: *mut *mut Response,
    data: *mut c_void,
) -> c_int {
    let Ok(count) = usize::try_from(count) else {
        return library::CONV_ERR;
    };
    if count == 0 || messages.is_null() || answers.is_null() || data.is_null() {
        return library::CONV_ERR;
    }
    // SAFETY: PAM frees the answers and their texts with free(), so they come from the C library's allocator; calloc
    // leaves them empty. All pointers are as promised above.
    unsafe {
        let made = libc::calloc(count, size_of::<Response>()).cast::<Response>();
        if made.is_null() {
            return library::CONV_ERR;
        }
        for index in 0..count {
            let message = *messages.add(index);
            let answer = match (*message).style {
                library::PROMPT_ECHO_OFF => data.cast::<c_char>().cast_const(),
                library::PROMPT_ECHO_ON => c"".as_ptr(),
                // Notices and errors for a person at a terminal.
                _ => continue,
            };
            (*made.add(index)).text = libc::strdup(answer);
            (*made.add(index)).code = 0;
        }
        *answers = made;
    }
    library::SUCCESS
}

/// Held while libpam or the C library's account look-ups are at work.
pub(crate) fn one_at_a_time() -> MutexGuard<'static, ()> {
    static LOCK: Mutex<()> = Mutex::new(());
    LOCK.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) fn c_string(what: &'static str, text: &str) -> Result<CString, Error> {
    CString::new(text).map_err(|_| Error::Nul(what))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    /// A folder with services; the last one asks a program, which is given the typed password.
    fn services() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::write(
            path("yes"),
            "auth required pam_permit.so\naccount required pam_permit.so\n",
        )
        .unwrap();
        std::fs::write(
            path("no"),
            "auth required pam_deny.so\naccount required pam_permit.so\n",
        )
        .unwrap();
        std::fs::write(
            path("no-account"),
            "auth required pam_permit.so\naccount required pam_deny.so\n",
        )
        .unwrap();
        let program = path("check");
        std::fs::write(&program, "#!/bin/sh\nread -r typed || :\n[ \"$typed\" = 'right one' ] && [ \"$PAM_USER\" = alice ]\n").unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(&program, mode).unwrap();
        let line = format!(
            "auth required pam_exec.so expose_authtok quiet {}\n",
            program.display()
        );
        std::fs::write(
            path("program"),
            format!("{line}account required pam_permit.so\n"),
        )
        .unwrap();
        folder
    }

    #[test]
    fn the_service_decides_and_gets_the_password_that_was_typed() {
        let folder = services();
        let ask = |service: &str, user: &str, password: &str| {
            authenticate(service, Some(folder.path()), user, password, LONG)
        };
        ask("yes", "anybody", "anything").unwrap();
        ask("no-account", "anybody", "anything").unwrap();
        assert!(matches!(
            ask("no", "anybody", "x"),
            Err(Error::Refused {
                step: "pam_authenticate",
                ..
            })
        ));
        ask("program", "alice", "right one").unwrap();
        assert!(ask("program", "alice", "wrong one").is_err());
        assert!(ask("program", "bob", "right one").is_err());
        let missing = ask("missing", "alice", "x").unwrap_err().to_string();
        assert!(missing.contains("'missing'"), "{missing}");
    }

    #[test]
    fn what_c_cannot_hold_is_refused() {
        assert!(matches!(
            authenticate("a", None, "b", "c\0", LONG),
            Err(Error::Nul("password"))
        ));
    }

    #[test]
    fn a_module_that_hangs_is_left_behind_and_nobody_waits_for_it() {
        let folder = services();
        let lines =
            "auth required pam_exec.so quiet /bin/sleep 2\naccount required pam_permit.so\n";
        std::fs::write(folder.path().join("hangs"), lines).unwrap();
        let ask = |service: &str, patience| {
            authenticate(service, Some(folder.path()), "alice", "x", patience)
        };
        let begun = std::time::Instant::now();
        // Other tests of this process take turns as well: until it is ours, the answer is that somebody else is asked.
        let slow = loop {
            match ask("hangs", Duration::from_millis(300)) {
                Err(Error::Busy { .. }) => {}
                other => break other,
            }
        };
        assert!(matches!(slow, Err(Error::Slow { .. })), "{slow:?}");
        let short = Duration::from_millis(100);
        assert!(matches!(ask("yes", short), Err(Error::Busy { .. })));
        assert!(begun.elapsed() < Duration::from_secs(10));
        // It comes back after all, and everything is as before.
        ask("yes", LONG).unwrap();
    }
}
