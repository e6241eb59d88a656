//! What the log is told once per server, and not once per worker.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::path::Path;

use model::Config;
use rustix::fs::{FlockOperation, flock};

/// Which server was told last; locked while it is looked at, since all workers start at once.
const FILE: &str = "told-about-keys";

/// Names the keys that nobody knows, unless another worker of this server has.
pub(crate) fn unknown_keys(config: &Config, unknown: &[String]) {
    let Some(ini) = config.ini_path.as_deref().filter(|_| !unknown.is_empty()) else {
        return;
    };
    if is_first(&config.cache_dir.join(FILE), &server(ini)).unwrap_or(true) {
        tracing::warn!(
            "{}: unknown keys are ignored: {}",
            ini.display(),
            unknown.join(", ")
        );
    }
}

/// Writes down who was told; true when somebody else was told last.
fn is_first(path: &Path, server: &str) -> std::io::Result<bool> {
    let mut file: File = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)?;
    flock(&file, FlockOperation::LockExclusive)?;
    let mut told = String::new();
    file.read_to_string(&mut told)?;
    if told == server {
        return Ok(false);
    }
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(server.as_bytes())?;
    Ok(true)
}

/// What the workers of one server share: the process that started them, its start time, and the file as it is.
fn server(ini: &Path) -> String {
    let own = std::process::id();
    let parent = rustix::process::getppid().map_or(1, |pid| pid.as_raw_nonzero().get());
    // A worker whose parent is the init process has no server above it.
    let process = if parent == 1 {
        i64::from(own)
    } else {
        i64::from(parent)
    };
    let started = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // The program's name stands in parentheses and may hold blanks; the start time is the 20th word behind it.
    let started = started
        .rsplit(')')
        .next()
        .and_then(|rest| rest.split_whitespace().nth(19))
        .unwrap_or_default();
    let changed = fs::metadata(ini).and_then(|file| file.modified()).ok();
    format!("{process} {started} {} {changed:?}", ini.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_server_is_told_once_and_the_next_again() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(FILE);
        assert!(is_first(&file, "one").unwrap());
        assert!(!is_first(&file, "one").unwrap());
        assert!(is_first(&file, "another, and a longer name").unwrap());
        assert!(is_first(&file, "one").unwrap());
        let ini = folder.path().join("k.ini");
        fs::write(&ini, "").unwrap();
        assert_eq!(server(&ini), server(&ini));
    }
}
