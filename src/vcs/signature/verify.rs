//! Asks `gpg` and `ssh-keygen` about a signature.
//!
//! Both get files and a fixed command line: nothing from the repository is ever an argument. `gpg` may not use the network, the
//! user's own settings or trust database; `--status-fd` gives answers made for programs (`doc/DETAILS` of GnuPG).

use std::io::{self, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::{Keyring, Signature, SignatureFormat, Verdict};

/// No more of an answer is read.
const LONGEST_ANSWER: u64 = 64 * 1024;

impl Keyring {
    /// Checks a signature. This starts a program if the keyring has something for its kind.
    pub fn check(&self, signature: &Signature) -> Verdict {
        let answer = match signature.format {
            SignatureFormat::OpenPgp => match &self.gnupg_home {
                Some(home) => self.ask_gpg(home, signature),
                None => return Verdict::NotConfigured,
            },
            SignatureFormat::Ssh => match &self.allowed_signers {
                Some(signers) => self.ask_ssh(signers, signature),
                None => return Verdict::NotConfigured,
            },
            SignatureFormat::X509 => return Verdict::NotConfigured,
        };
        answer.unwrap_or_else(|error| Verdict::Failed {
            reason: error.to_string(),
        })
    }

    fn ask_gpg(&self, home: &Path, signature: &Signature) -> io::Result<Verdict> {
        let file = armour_file(signature)?;
        let mut gpg = Command::new("gpg");
        gpg.args([
            "--batch",
            "--no-tty",
            "--no-options",
            "--no-auto-key-retrieve",
        ])
        .args(["--no-auto-check-trustdb", "--trust-model", "always"])
        .args(["--status-fd", "1", "--homedir"])
        .arg(home)
        .arg("--verify")
        .arg(file.path())
        .arg("-");
        let answer = run(gpg, &signature.signed, self.patience)?;
        Ok(gpg_verdict(&answer.text))
    }

    fn ask_ssh(&self, signers: &Path, signature: &Signature) -> io::Result<Verdict> {
        let file = armour_file(signature)?;
        let ask = |arguments: &[&str], principal: Option<&str>| {
            let mut ssh = Command::new("ssh-keygen");
            ssh.args(arguments).arg("-f").arg(signers);
            if let Some(principal) = principal {
                ssh.arg("-I").arg(principal);
            }
            ssh.arg("-s").arg(file.path());
            run(ssh, &signature.signed, self.patience)
        };
        let found = ask(&["-Y", "find-principals"], None)?;
        let principal = found.text.lines().next().unwrap_or_default();
        if !found.success || principal.is_empty() {
            // Nobody we know; whether it holds at all can still be told.
            let mut ssh = Command::new("ssh-keygen");
            ssh.args(["-Y", "check-novalidate", "-n", "git", "-s"])
                .arg(file.path());
            let holds = run(ssh, &signature.signed, self.patience)?.success;
            return Ok(if holds {
                Verdict::UnknownKey
            } else {
                Verdict::Bad
            });
        }
        // The principal comes from the administrator's own file, and the dash of an option would have to stand there.
        if principal.starts_with('-') {
            return Ok(Verdict::UnknownKey);
        }
        let verified = ask(&["-Y", "verify", "-n", "git"], Some(principal))?;
        if !verified.success {
            return Ok(Verdict::Bad);
        }
        let key = verified.text.split_whitespace().last().unwrap_or_default();
        Ok(Verdict::Good {
            signer: principal.to_owned(),
            key: key.to_owned(),
        })
    }
}

fn armour_file(signature: &Signature) -> io::Result<tempfile::NamedTempFile> {
    let mut file = tempfile::Builder::new()
        .prefix("kallithea-sig")
        .tempfile()?;
    file.write_all(&signature.armour)?;
    file.flush()?;
    Ok(file)
}

/// Reads the status lines of `gpg --status-fd`.
fn gpg_verdict(status: &str) -> Verdict {
    let lines = || {
        status
            .lines()
            .filter_map(|line| line.strip_prefix("[GNUPG:] "))
    };
    let find = |keyword: &str| {
        lines().find_map(|line| {
            let rest = line.strip_prefix(keyword)?;
            (rest.is_empty() || rest.starts_with(' ')).then(|| rest.trim())
        })
    };
    let key = || {
        let valid = find("VALIDSIG").unwrap_or_default();
        valid.split(' ').next().unwrap_or_default().to_owned()
    };
    // `GOODSIG keyid name…`; the others alike.
    let signer = |rest: &str| {
        rest.split_once(' ')
            .map_or(rest, |(_, name)| name)
            .to_owned()
    };
    if find("BADSIG").is_some() {
        return Verdict::Bad;
    }
    if let Some(rest) = find("GOODSIG") {
        return Verdict::Good {
            signer: signer(rest),
            key: key(),
        };
    }
    for expired in ["EXPKEYSIG", "REVKEYSIG", "EXPSIG"] {
        if let Some(rest) = find(expired) {
            return Verdict::ExpiredKey {
                signer: signer(rest),
                key: key(),
            };
        }
    }
    if find("NO_PUBKEY").is_some() {
        return Verdict::UnknownKey;
    }
    Verdict::Failed {
        reason: match find("ERRSIG").or_else(|| find("NODATA")) {
            Some(rest) => format!("gpg cannot check it: {rest}"),
            None => "gpg said nothing about it".to_owned(),
        },
    }
}

struct Answer {
    success: bool,
    text: String,
}

/// Runs a program with input, for as long as our patience lasts.
fn run(mut program: Command, input: &[u8], patience: Duration) -> io::Result<Answer> {
    let name = program.get_program().to_string_lossy().into_owned();
    let mut child = program
        .env("LC_ALL", "C")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    let text = std::thread::scope(|scope| {
        scope.spawn(move || {
            // The program may know enough before it has read all.
            let _ = stdin.map(|mut stdin| stdin.write_all(input));
        });
        let reader = scope.spawn(move || {
            let mut text = Vec::new();
            if let Some(stdout) = stdout {
                let _ = stdout.take(LONGEST_ANSWER).read_to_end(&mut text);
            }
            String::from_utf8_lossy(&text).into_owned()
        });
        let deadline = Instant::now() + patience;
        let mut pause = Duration::from_millis(1);
        let status = loop {
            match child.try_wait() {
                Ok(Some(status)) => break Ok(status),
                Err(error) => break Err(error),
                Ok(None) if Instant::now() >= deadline => {
                    let _ = child.kill();
                    let _ = child.wait();
                    let late = format!("{name} took longer than {patience:?}");
                    break Err(io::Error::new(io::ErrorKind::TimedOut, late));
                }
                Ok(None) => std::thread::sleep(pause),
            }
            pause = (pause * 2).min(Duration::from_millis(50));
        };
        let text = reader.join().unwrap_or_default();
        status.map(|status| (status.success(), text))
    });
    let (success, text) = text?;
    Ok(Answer { success, text })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_lines_are_understood() {
        let good = "[GNUPG:] NEWSIG\n[GNUPG:] GOODSIG 0123 Alice <alice@example.com>\n[GNUPG:] VALIDSIG ABCD 2026-01-01\n";
        assert_eq!(
            gpg_verdict(good),
            Verdict::Good {
                signer: "Alice <alice@example.com>".into(),
                key: "ABCD".into()
            }
        );
        assert_eq!(gpg_verdict("[GNUPG:] BADSIG 0123 Alice\n"), Verdict::Bad);
        assert_eq!(
            gpg_verdict("[GNUPG:] ERRSIG 0123 1 2 00 1 9\n[GNUPG:] NO_PUBKEY 0123\n"),
            Verdict::UnknownKey
        );
        assert!(matches!(
            gpg_verdict("GOODSIG 0123 not a status line"),
            Verdict::Failed { .. }
        ));
        assert!(matches!(
            gpg_verdict("[GNUPG:] EXPKEYSIG 0123 Alice\n"),
            Verdict::ExpiredKey { .. }
        ));
    }

    #[test]
    fn a_program_that_hangs_is_ended() {
        let mut sleep = Command::new("sleep");
        sleep.arg("30");
        let error = run(sleep, b"", Duration::from_millis(50)).err().unwrap();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }
}
