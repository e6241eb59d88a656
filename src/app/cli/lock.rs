//! Two administrators at once: the second one is told so, and nothing is done twice.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::DirBuilderExt;

use model::Config;
use rustix::fs::{FlockOperation, flock};

use super::failure::Failure;

/// Held while a command works; the system lets go of it when the process ends, however it ends.
pub(super) struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing alone is not enough: a program that is just being started has the file open, too, until its first instruction.
        let _ = flock(&self.0, FlockOperation::Unlock);
    }
}

/// Takes the lock of a kind of work, or says who has it.
pub(super) fn take(config: &Config, work: &str) -> Result<Lock, Failure> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&config.cache_dir)
        .map_err(|error| Failure::file("create", &config.cache_dir, &error))?;
    let path = config.cache_dir.join(format!("kallithea-cli-{work}.lock"));
    let opened = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path);
    let mut file = opened.map_err(|error| Failure::file("open", &path, &error))?;
    if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
        let mut holder = String::new();
        let _ = file.read_to_string(&mut holder);
        let holder = match holder.trim() {
            "" => String::new(),
            text => format!(" ({text})"),
        };
        return Err(Failure::failed(format!(
            "another kallithea-cli is at the same work{holder}; wait until it has ended. Lock: {}",
            path.display()
        )));
    }
    let write = |file: &mut File| {
        file.set_len(0)?;
        file.rewind()?;
        let host = rustix::system::uname();
        let host = host.nodename().to_string_lossy().into_owned();
        writeln!(file, "process {} on {host}", std::process::id())
    };
    write(&mut file).map_err(|error| Failure::file("write", &path, &error))?;
    Ok(Lock(file))
}
