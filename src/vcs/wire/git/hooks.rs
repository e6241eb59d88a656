//! Which hooks of a repository a push runs.
//!
//! Kallithea puts a `post-receive` of its own into every repository: a Python script with a line `KALLITHEA_HOOK_VER = …`, which writes the journal and then
//! runs `post-receive-custom`, the place for hooks of administrators. We write the journal ourselves. If its hook ran as well, everything would be written down
//! twice, or, where its Python is gone, each push would end with a complaint on the screen of whoever pushed. So such a hook is passed over and left where it
//! is, for the way back, and `post-receive-custom` takes its place. All other hooks run as they are.
//!
//! Git takes its hooks from one folder. Where one is to be passed over, it gets another folder with a line of shell for each of the rest, which lies in
//! the repository itself: temporary folders are often mounted so that nothing in them can be run.

use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// Where Git finds the hooks of one push. A folder made for it goes with this value.
#[derive(Debug)]
pub(super) struct Hooks {
    own: PathBuf,
    made: Option<TempDir>,
}

/// The hooks that a push can run.
const OF_A_PUSH: &[&str] = &[
    "pre-receive",
    "update",
    "proc-receive",
    "post-receive",
    "post-update",
    "reference-transaction",
    "push-to-checkout",
];
/// The marker of Kallithea's hooks stands near their beginning.
const LOOKED_AT: u64 = 64 << 10;

impl Hooks {
    /// The folder of the repository as it is.
    pub(super) fn untouched(directory: &Path) -> Self {
        Hooks {
            own: directory.join("hooks"),
            made: None,
        }
    }

    /// What a push into this repository runs.
    pub(super) fn of(directory: &Path) -> io::Result<Self> {
        let own = directory.join("hooks");
        let custom = own.join("post-receive-custom");
        let after = own.join("post-receive");
        // An administrator's own `post-receive` says for itself whether it wants the other.
        let takes_the_place = is_program(&custom) && (!after.exists() || is_kallitheas(&after));
        let passed_over = OF_A_PUSH.iter().any(|name| is_kallitheas(&own.join(name)));
        if !takes_the_place && !passed_over {
            return Ok(Hooks { own, made: None });
        }
        let made = tempfile::Builder::new()
            .prefix("kallithea-hooks-")
            .tempdir_in(directory)?;
        for name in OF_A_PUSH {
            let hook = own.join(name);
            if *name == "post-receive" && takes_the_place {
                write(&made.path().join(name), &custom)?;
            } else if is_program(&hook) && !is_kallitheas(&hook) {
                write(&made.path().join(name), &hook)?;
            }
        }
        Ok(Hooks {
            own,
            made: Some(made),
        })
    }

    pub(super) fn path(&self) -> &Path {
        self.made.as_ref().map_or(&self.own, |made| made.path())
    }
}

/// A hook that runs another one, which sees itself under its own name.
fn write(place: &Path, hook: &Path) -> io::Result<()> {
    use std::os::unix::ffi::OsStrExt;
    let quoted = hook
        .as_os_str()
        .as_bytes()
        .split(|byte| *byte == b'\'')
        .collect::<Vec<_>>()
        .join(&b"'\\''"[..]);
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o700)
        .open(place)?;
    file.write_all(b"#!/bin/sh\nexec '")?;
    file.write_all(&quoted)?;
    file.write_all(b"' \"$@\"\n")
}

/// Whether Git would run it.
fn is_program(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

/// Whether Kallithea has put it there: a line `KALLITHEA_HOOK_VER = …`.
fn is_kallitheas(path: &Path) -> bool {
    let mut text = Vec::new();
    let read = fs::metadata(path)
        .and_then(|meta| match meta.is_file() {
            true => fs::File::open(path),
            // A pipe would keep us waiting.
            false => Err(io::ErrorKind::Unsupported.into()),
        })
        .and_then(|file| file.take(LOOKED_AT).read_to_end(&mut text));
    read.is_ok()
        && text.split(|byte| *byte == b'\n').any(|line| {
            line.strip_prefix(b"KALLITHEA_HOOK_VER")
                .is_some_and(|rest| rest.trim_ascii_start().starts_with(b"="))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const KALLITHEAS: &str = "#!/gone/python3\nimport sys\nKALLITHEA_HOOK_VER = '0.7.0'\n";

    fn repository(hooks: &[(&str, &str)]) -> TempDir {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("hooks")).unwrap();
        for (name, text) in hooks {
            let path = directory.path().join("hooks").join(name);
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        directory
    }

    fn shown(directory: &TempDir) -> Vec<(String, String)> {
        let hooks = Hooks::of(directory.path()).unwrap();
        let root = directory.path().to_str().unwrap();
        let mut found: Vec<_> = fs::read_dir(hooks.path())
            .unwrap()
            .map(|entry| {
                let entry = entry.unwrap();
                let text = fs::read_to_string(entry.path()).unwrap();
                let name = entry.file_name().into_string().unwrap();
                (name, text.replace(root, ""))
            })
            .collect();
        found.sort();
        found
    }

    #[test]
    fn hooks_that_are_not_kallitheas_are_left_alone() {
        let mine = "#!/bin/sh\necho KALLITHEA_HOOK_VER = no\n";
        let directory = repository(&[("post-receive", mine), ("post-receive-custom", mine)]);
        assert_eq!(
            Hooks::of(directory.path()).unwrap().path(),
            directory.path().join("hooks")
        );
        assert!(Hooks::of(&directory.path().join("hooks")).is_ok());
    }

    #[test]
    fn kallitheas_hook_is_passed_over_and_stays_where_it_is() {
        let directory = repository(&[
            ("post-receive", KALLITHEAS),
            ("pre-receive", "#!/bin/sh\nexit 0\n"),
            ("update.sample", ""),
        ]);
        let exec = "#!/bin/sh\nexec '/hooks/pre-receive' \"$@\"\n".to_owned();
        assert_eq!(shown(&directory), [("pre-receive".to_owned(), exec)]);
        let left = fs::read_to_string(directory.path().join("hooks/post-receive")).unwrap();
        assert_eq!(left, KALLITHEAS);
        let entries = fs::read_dir(directory.path()).unwrap().count();
        assert_eq!(entries, 1, "what was made is gone again");
    }

    #[test]
    fn the_custom_hook_takes_its_place() {
        for with in [&[("post-receive", KALLITHEAS)][..], &[]] {
            let mut hooks = with.to_vec();
            hooks.push(("post-receive-custom", "#!/bin/sh\n"));
            let exec = "#!/bin/sh\nexec '/hooks/post-receive-custom' \"$@\"\n".to_owned();
            assert_eq!(
                shown(&repository(&hooks)),
                [("post-receive".to_owned(), exec)]
            );
        }
    }
}
