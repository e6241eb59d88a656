//! Whose turn it is to ask PAM, for those who do not wait for ever.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Since when somebody has the turn.
static TAKEN: Mutex<Option<Instant>> = Mutex::new(None);
static GIVEN_BACK: Condvar = Condvar::new();

/// The turn; it goes on when this is dropped, on whatever thread.
pub(crate) struct Turn(());

impl Turn {
    /// Waits for it, but no longer than this; then tells how long somebody else has had it.
    pub(crate) fn wait(patience: Duration) -> Result<Self, Duration> {
        let taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut taken, _) = GIVEN_BACK
            .wait_timeout_while(taken, patience, |taken| taken.is_some())
            .unwrap_or_else(PoisonError::into_inner);
        match *taken {
            Some(since) => Err(since.elapsed()),
            None => {
                *taken = Some(Instant::now());
                Ok(Self(()))
            }
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        *TAKEN.lock().unwrap_or_else(PoisonError::into_inner) = None;
        GIVEN_BACK.notify_one();
    }
}
