//! `authorized_keys`: how `sshd` knows whose key starts what.
//!
//! Each key of an active account has a line that lets it start nothing but `ssh-serve` with the numbers of account and key; what it may do there
//! is decided then. The form of the line is that of Kallithea, which refuses to touch a file with lines of another form, and so do we: an account
//! of the system may have keys that an administrator put there, and whoever loses those is locked out.
//!
//! For sites with many keys `sshd` can ask for the line of one key instead (`AuthorizedKeysCommand`), found by its fingerprint.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use db::user_ssh_keys::{self, SshKey};
use db::{DbError, users};

use crate::ssh_key::PublicKey;
use crate::{Error, Model, random};

/// What a key may not do. Also what lines of Kallithea are known by.
const OPTIONS: &str = "no-pty,no-port-forwarding,no-X11-forwarding,no-agent-forwarding";
/// The other thing that they are known by.
const COMMAND: &str = " ssh-serve ";
/// The first line.
const WARNING: &str = "# WARNING: This .ssh/authorized_keys file is managed by Kallithea. Manual editing or adding new entries will make Kallithea back off.\n";
/// No line of ours comes near to this; a longer one is somebody else's, or no text at all.
const LONGEST_LINE: u64 = 1 << 20;
/// So much of somebody else's line is told.
const SHOWN: usize = 200;

impl Model {
    /// Writes the file of keys anew, where SSH is enabled and the file is named. Says whether it did.
    ///
    /// # Errors
    /// [`Error::Program`] when the file holds a line that is not ours, or is no file; [`Error::Disk`].
    pub fn write_authorized_keys(&self) -> Result<bool, Error> {
        let config = self.config();
        let Some(path) = config
            .ssh_authorized_keys
            .as_deref()
            .filter(|_| config.ssh_enabled)
        else {
            tracing::info!(
                "SSH is not enabled or 'ssh_authorized_keys' is not set: no file of keys is written"
            );
            return Ok(false);
        };
        let command = self.serve_command()?;
        // Whoever writes last has read last: with two at the same time, the older list must not win.
        let _turn = turn(&config.cache_dir.join("authorized_keys.lock"))?;
        let path = real_place(path)?;
        refuse_foreign_lines(&path)?;
        let keys = self.db().read(user_ssh_keys::of_active_users)?;
        let mut text = WARNING.to_owned();
        for key in &keys {
            text.push_str(&line(&command, key));
        }
        replace(&path, text.as_bytes())?;
        Ok(true)
    }

    /// The same after keys or accounts have changed, when that has succeeded already: what goes wrong is told in the log.
    pub(crate) fn keys_changed(&self) {
        if !self.config().ssh_enabled {
            return;
        }
        if let Err(error) = self.write_authorized_keys() {
            tracing::error!("the file of SSH keys could not be written: {error}");
        }
    }

    /// The line for one key, for `sshd` to ask for: type and base64 as they came from the client. Nothing for a key of nobody.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn authorized_key(&self, kind: &str, encoded: &str) -> Result<Option<String>, Error> {
        let Ok(asked) = PublicKey::parse(&format!("{kind} {encoded}")) else {
            return Ok(None);
        };
        if !self.config().ssh_enabled {
            return Ok(None);
        }
        let found = self.db().read(|conn| {
            let Some(key) = user_ssh_keys::by_fingerprint(conn, &asked.fingerprint())? else {
                return Ok(None);
            };
            let active = users::by_id(conn, key.user)?.is_some_and(|user| user.active);
            Ok::<_, DbError>(Some(key).filter(|_| active))
        })?;
        // Collations of MySQL take letters of either case for the same, so the key itself is compared.
        let same = |key: &SshKey| {
            PublicKey::parse(&key.public_key).is_ok_and(|own| own.line() == asked.line())
        };
        match found.filter(same) {
            Some(key) => Ok(Some(line(&self.serve_command()?, &key))),
            None => Ok(None),
        }
    }

    /// The beginning of the command that a key starts.
    fn serve_command(&self) -> Result<String, Error> {
        let config = self.config();
        let ini = config.ini_path.as_deref().ok_or_else(|| {
            Error::Program("SSH needs an ini file: 'ssh-serve' is told which one to read".into())
        })?;
        let ini = ini.to_str().ok_or_else(|| {
            Error::Program(format!("the path {} is not UTF-8", ini.display()).into())
        })?;
        let words = format!("{} ssh-serve -c {}", program(&config.cli_path), shell(ini));
        if words.contains(|c: char| c.is_control()) {
            return Err(Error::Program(
                "'kallithea_cli_path' or the path of the ini file holds a control character".into(),
            ));
        }
        Ok(words)
    }
}

/// The command line client as it is called: with its folder when it is in `PATH`, because `sshd` has another one.
fn program(configured: &str) -> String {
    let configured = configured.trim();
    if configured.contains('/') {
        // Some words of shell stay what they are; a file whose name needs quotes gets them.
        return match Path::new(configured).exists() {
            true => shell(configured),
            false => configured.to_owned(),
        };
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path)
        .map(|folder| folder.join(configured))
        .find(|file| file.is_absolute() && file.is_file());
    match found.as_deref().and_then(Path::to_str) {
        Some(found) => shell(found),
        None => configured.to_owned(),
    }
}

/// A word as a shell reads it, in quotes where it needs them.
fn shell(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./+:@%=,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

fn line(command: &str, key: &SshKey) -> String {
    match PublicKey::parse(&key.public_key) {
        Ok(public) => {
            // Between the quotes of the option only these two are special.
            let command = format!("{command} {} {}", key.user.0, key.id.0).replace('"', "\\\"");
            format!("{OPTIONS},command=\"{command}\" {}\n", public.line())
        }
        Err(_) => format!("# Invalid Kallithea SSH key: {} {}\n", key.user.0, key.id.0),
    }
}

/// Waits until nobody else writes the file.
fn turn(path: &Path) -> Result<File, Error> {
    let failed = |error| Error::disk("lock", path, error);
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(path)
        .map_err(failed)?;
    rustix::fs::flock(&file, rustix::fs::FlockOperation::LockExclusive)
        .map_err(|error| failed(error.into()))?;
    Ok(file)
}

/// Where the file itself lies: a link that an administrator made stays, and what it leads to is written.
fn real_place(path: &Path) -> Result<PathBuf, Error> {
    let failed = |error| Error::disk("find", path, error);
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let folder = path.parent().unwrap_or(Path::new("/"));
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(folder)
                .map_err(|error| Error::disk("create", folder, error))?;
            Ok(path.to_owned())
        }
        Err(error) => Err(failed(error)),
        Ok(_) => {
            let real = path.canonicalize().map_err(failed)?;
            if real.is_file() {
                Ok(real)
            } else {
                Err(Error::Program(
                    format!("{} is not a file", path.display()).into(),
                ))
            }
        }
    }
}

/// Whether everything in the file is ours: empty lines, comments, and lines with our options and our command.
fn refuse_foreign_lines(path: &Path) -> Result<(), Error> {
    let failed = |error| Error::disk("read", path, error);
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(error)),
    };
    let mut reader = BufReader::new(file);
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        let read = io::Read::take(&mut reader, LONGEST_LINE).read_until(b'\n', &mut bytes);
        if read.map_err(failed)? == 0 {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&bytes);
        let line = text.trim();
        let whole = bytes.len() as u64 != LONGEST_LINE;
        let ours = line.is_empty()
            || line.starts_with('#')
            || (line.contains(OPTIONS) && line.contains(COMMAND));
        if !ours || !whole {
            let shown: String = line
                .chars()
                .filter(|c| !c.is_control())
                .take(SHOWN)
                .collect();
            return Err(Error::Program(format!(
                "Safety check failed, found '{shown}' line in {} - please remove it if Kallithea should manage the file",
                path.display()
            ).into()));
        }
    }
}

/// Puts a text in the place of a file, all of it or nothing.
fn replace(path: &Path, text: &[u8]) -> Result<(), Error> {
    let new = path.with_file_name(format!(".authorized_keys.{}", random::hex(8)));
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&new)
        .and_then(|mut file| {
            file.write_all(text)?;
            file.sync_all()
        })
        .and_then(|()| fs::rename(&new, path));
    written.map_err(|error| {
        let _ = fs::remove_file(&new);
        Error::disk("write", path, error)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn folder_with(text: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("authorized_keys");
        fs::write(&path, text).unwrap();
        (folder, path)
    }

    #[test]
    fn lines_of_somebody_else_stay() {
        let ours = format!(
            "{WARNING}\n  \n{OPTIONS},command=\"k ssh-serve -c i 1 2\" ssh-rsa AAAA\n# Invalid\n"
        );
        let (_folder, path) = folder_with(&ours);
        refuse_foreign_lines(&path).unwrap();
        for foreign in [
            "ssh-rsa AAAA me".to_owned(),
            "command=\"k ssh-serve -c i 1 2\" ssh-rsa AAAA".to_owned(),
            format!("{OPTIONS} ssh-rsa AAAA"),
            "\0\u{fffd}".to_owned(),
            format!("#{}", "x".repeat(2 << 20)),
        ] {
            fs::write(&path, format!("{ours}{foreign}\n")).unwrap();
            let error = refuse_foreign_lines(&path).unwrap_err().to_string();
            assert!(error.starts_with("Safety check failed, found '"), "{error}");
            assert!(error.len() < 600);
        }
    }

    /// A file that somebody has filled, by accident or not: it is looked through to its end in a moment, line by line.
    #[test]
    fn a_million_lines_are_no_burden() {
        let ours = format!("{OPTIONS},command=\"k ssh-serve -c i 1 2\" ssh-rsa AAAA\n");
        let (_folder, path) = folder_with(&ours.repeat(1_000_000));
        let start = std::time::Instant::now();
        refuse_foreign_lines(&path).unwrap();
        assert!(start.elapsed() < std::time::Duration::from_secs(60));
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(b"ssh-rsa AAAA me\n").unwrap();
        let error = refuse_foreign_lines(&path).unwrap_err().to_string();
        assert!(error.contains("'ssh-rsa AAAA me'"), "{error}");
    }

    #[test]
    fn the_file_is_for_its_owner_alone_and_a_link_to_it_stays() {
        let (folder, path) = folder_with("");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let link = folder.path().join("link");
        symlink(&path, &link).unwrap();
        replace(&real_place(&link).unwrap(), b"new\n").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new\n");
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(
            fs::read_dir(folder.path()).unwrap().count(),
            2,
            "nothing else is left"
        );
    }

    #[test]
    fn what_is_no_file_is_refused() {
        let (folder, _path) = folder_with("");
        assert!(real_place(folder.path()).is_err());
        let link = folder.path().join("nowhere");
        symlink("/nonexistent/keys", &link).unwrap();
        assert!(real_place(&link).is_err());
        let new = folder.path().join("a/b/keys");
        assert_eq!(real_place(&new).unwrap(), new);
        let mode = fs::metadata(folder.path().join("a/b"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o700);
    }

    #[test]
    fn words_are_quoted_where_a_shell_would_split_them() {
        assert_eq!(shell("/srv/k/my.ini"), "/srv/k/my.ini");
        assert_eq!(shell("/srv/my k/it's.ini"), "'/srv/my k/it'\\''s.ini'");
        assert_eq!(
            program("/nonexistent/python -m cli"),
            "/nonexistent/python -m cli"
        );
    }
}
