//! A child process as a stream, with small shell scripts as children.

use std::io::{self, Read};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::support::{eventually, noise, processes_with};
use kallithea_vcs::wire::Error;
use kallithea_vcs::wire::child::{ChildStream, Launch};

fn shell(script: &str) -> ChildStream {
    Launch::new(Path::new("/bin/sh"), "")
        .arg("-c")
        .arg(script)
        .start()
        .unwrap()
}

fn read_all(child: &mut ChildStream) -> Vec<u8> {
    let mut out = Vec::new();
    child.read_to_end(&mut out).unwrap();
    out
}

#[test]
fn a_child_that_answers_while_it_is_fed_does_not_block() {
    let input = noise(20 << 20);
    let mut child = shell("exec cat");
    child.feed(&mut &input[..]).unwrap();
    child.close_input();
    assert!(read_all(&mut child) == input, "20 MiB came back changed");
    assert!(child.succeeded());
}

#[test]
fn a_child_that_does_not_read_gets_the_rest_thrown_away() {
    let input = noise(5 << 20);
    let mut source = &input[..];
    let mut child = shell("exec <&-; echo refused; echo why >&2; exit 3");
    child.feed(&mut source).unwrap();
    assert!(source.is_empty());
    assert_eq!(read_all(&mut child), b"refused\n");
    assert!(!child.succeeded());
    assert_eq!(child.stderr(), "why");
}

#[test]
fn a_flood_of_complaints_neither_blocks_nor_is_kept() {
    let mut child = shell(
        "head -c 3000000 /dev/zero | tr '\\0' x >&2; echo done; exec >&-; head -c 300000 /dev/zero | tr '\\0' y >&2",
    );
    child.close_input();
    assert_eq!(read_all(&mut child), b"done\n");
    assert_eq!(child.stderr(), "y".repeat(8192));
}

#[test]
fn the_environment_is_our_own() {
    let mut launch = Launch::new(Path::new("/bin/sh"), "");
    launch
        .arg("-c")
        .arg("env")
        .env("KALLITHEA_EXTRAS", "{\"ip\": \"127.0.0.1\"}");
    let mut child = launch.start().unwrap();
    child.close_input();
    let text = String::from_utf8(read_all(&mut child)).unwrap();
    let mut names: Vec<&str> = text
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(name, _)| name)
        .collect();
    names.retain(|name| !["PWD", "SHLVL", "_", "OLDPWD", "TMPDIR", "TZ"].contains(name));
    names.sort_unstable();
    assert_eq!(names, ["HOME", "KALLITHEA_EXTRAS", "LANG", "PATH"]);
}

#[test]
fn a_missing_program_is_told_with_its_hint() {
    let error = Launch::new(Path::new("/nonexistent/git"), "apt install git")
        .start()
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the program /nonexistent/git is missing (apt install git)"
    );
    assert!(matches!(error, Error::ProgramMissing { .. }));
}

struct BreaksOff(usize);

impl Read for BreaksOff {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.0 == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let count = self.0.min(buffer.len());
        self.0 -= count;
        Ok(count)
    }
}

#[test]
fn input_that_breaks_off_kills_the_child() {
    let mut child = shell("cat > /dev/null; echo complete");
    let error = child.feed(&mut BreaksOff(1 << 20)).unwrap_err();
    assert!(matches!(error, Error::Input(_)));
    assert!(!child.succeeded());
}

#[test]
fn a_child_killed_in_the_middle_is_an_error_of_the_stream() {
    let mut child = shell("echo half; kill -9 $$");
    child.close_input();
    let mut out = Vec::new();
    assert!(child.read_to_end(&mut out).is_err());
    assert_eq!(out, b"half\n");
}

#[test]
fn dropping_the_stream_ends_the_whole_group() {
    // The numbers make the command lines recognisable.
    let mut child = shell("sleep 7654321 & sleep 7654322 & echo ready; wait");
    child.read_exact(&mut [0; 6]).unwrap();
    eventually("both run", || processes_with("sleep 765432").len() == 3);
    let before = Instant::now();
    drop(child);
    assert!(before.elapsed() < Duration::from_secs(60));
    eventually("no process is left", || {
        processes_with("sleep 765432").is_empty()
    });
}

#[test]
fn a_child_that_ignores_the_signal_is_killed_after_the_grace_time() {
    let mut child = shell("trap '' TERM; echo ready; while :; do sleep 8765432; done");
    child.read_exact(&mut [0; 6]).unwrap();
    let before = Instant::now();
    drop(child);
    let time = before.elapsed();
    assert!(
        time > Duration::from_millis(4900) && time < Duration::from_secs(9),
        "{time:?}"
    );
    eventually("no process is left", || {
        processes_with("sleep 8765432").is_empty()
    });
}
