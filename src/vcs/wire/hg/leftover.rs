//! What an `hg` has left that was killed in the middle of a push, or had no room on the disk even to take it back.
//!
//! Its transaction stays open in `store/journal`. Whoever reads is not concerned, but `hg` takes no further push and tells everybody to run
//! `hg recover`, which only somebody on the server could do. So that is done before the next push.
//!
//! The journal of a push that is going on looks the same. It holds the lock `store/lock`, a link to `host:process`; Mercurial takes the lock of a
//! process that is no more for nobody's, and so do we.

use std::io;
use std::path::Path;

use rustix::process::{Pid, test_kill_process};

use crate::wire::Error;
use crate::wire::child::Launch;

/// Rolls an abandoned transaction back, if there is one. `launch` is an `hg` that knows its configuration and nothing of what it shall do.
pub(super) fn clear(launch: &mut Launch, repository: &Path) -> Result<(), Error> {
    // Where `-R` leads by way of `sharedpath`, `hg recover` goes as well.
    let mut child = launch.arg("-R").arg(repository).arg("recover").start()?;
    child.close_input();
    let ended = io::copy(&mut child, &mut io::sink());
    // Whatever became of it: the push that comes next fares as it would have.
    let (path, done) = (repository.display(), ended.is_ok() && child.succeeded());
    let stderr = child.stderr();
    tracing::warn!(%path, done, stderr, "hg recover took back a push that was never finished");
    Ok(())
}

/// Whether there is a transaction that nobody works on.
pub(super) fn is_there(repository: &Path) -> bool {
    let hg = repository.join(".hg");
    let shared = std::fs::read_to_string(hg.join("sharedpath")).ok();
    let base = match &shared {
        Some(path) => hg.join(path.trim_end_matches('\n')),
        None => hg,
    };
    let store = base.join("store");
    store.join("journal").exists() && !is_held(&store.join("lock"))
}

/// Whether somebody holds a lock, or may: of processes of other machines nothing is known here.
fn is_held(lock: &Path) -> bool {
    let Ok(target) = std::fs::read_link(lock) else {
        return lock.symlink_metadata().is_ok();
    };
    let target = target.to_string_lossy();
    let Some((host, process)) = target.rsplit_once(':') else {
        return true;
    };
    // On Linux the name of the machine is followed by a number for its processes: those of another container are not ours to see.
    let (machine, space) = host.split_once('/').unwrap_or((host, ""));
    let ours = rustix::system::uname();
    let namespace = std::fs::metadata("/proc/self/ns/pid").ok();
    let namespace =
        namespace.map(|meta| format!("{:x}", std::os::unix::fs::MetadataExt::ino(&meta)));
    let is_ours = ours.nodename().to_str() == Ok(machine)
        && (space.is_empty() || namespace.as_deref() == Some(space));
    let process = process.parse::<i32>().ok().filter(|number| *number > 0);
    let process = process.and_then(Pid::from_raw);
    match process {
        Some(process) if is_ours => test_kill_process(process) != Err(rustix::io::Errno::SRCH),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_transaction_is_abandoned_when_nobody_holds_the_lock() {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join(".hg/store");
        std::fs::create_dir_all(&store).unwrap();
        assert!(!is_there(folder.path()));
        std::fs::write(store.join("journal"), "").unwrap();
        assert!(is_there(folder.path()));
        let here = rustix::system::uname();
        let here = here.nodename().to_str().unwrap();
        let lock = store.join("lock");
        // No process has such a number.
        let gone = format!("{here}:2147483647");
        let working = format!("{here}:{}", std::process::id());
        for (holder, abandoned) in [
            (gone.as_str(), true),
            (&working, false),
            ("elsewhere.example:2147483647", false),
            ("nonsense", false),
        ] {
            symlink(holder, &lock).unwrap();
            assert_eq!(is_there(folder.path()), abandoned, "{holder}");
            std::fs::remove_file(&lock).unwrap();
        }
    }
}
