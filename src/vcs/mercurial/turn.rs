//! One commit from the web after the other.
//!
//! Several who edit the same file at once would each start `hg`, and all but one learn from it, seconds later, that the branch has moved. Here they wait for
//! the one before them and then see for themselves. This is a courtesy between our workers, not what keeps a repository whole: that are Mercurial's own
//! locks, which `hg` takes later and gives back earlier, so that the two never cross. Pushes do not wait here.

use std::fs::File;
use std::path::Path;
use std::time::{Duration, Instant};

/// Longer nobody waits: a hook may itself make a commit while we hold the turn.
const LONGEST: Duration = Duration::from_secs(20);
const STEP: Duration = Duration::from_millis(10);

/// The right to make the next commit; given back when dropped, and by the system when the process dies.
pub(super) struct Turn(
    #[expect(dead_code, reason = "closing it gives the turn back")] Option<File>,
);

impl Turn {
    /// Waits for the turn in the repository with this `.hg` folder. Where the file system knows no such locks all go at once.
    pub fn wait(dot_hg: &Path) -> Turn {
        // A file that is in every repository and that nobody else locks. Over NFS only what is open for writing can be locked.
        let file = File::options().write(true).open(dot_hg.join("requires"));
        let Ok(file) = file else { return Turn(None) };
        let end = Instant::now() + LONGEST;
        loop {
            match file.try_lock() {
                Ok(()) => return Turn(Some(file)),
                Err(std::fs::TryLockError::WouldBlock) if Instant::now() < end => {
                    std::thread::sleep(STEP);
                }
                Err(_) => return Turn(None),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[test]
    fn one_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("requires"), "store\n").unwrap();
        let inside = AtomicU32::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..5 {
                        let _turn = Turn::wait(folder.path());
                        assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                        std::thread::yield_now();
                        inside.fetch_sub(1, Ordering::SeqCst);
                    }
                });
            }
        });
        // Without such a file nobody waits.
        Turn::wait(&folder.path().join("elsewhere"));
    }
}
