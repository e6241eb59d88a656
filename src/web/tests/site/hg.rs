//! Mercurial, started once for many commands.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// A command server in a repository. Dates, users and extensions are those of the tests alone.
pub struct Hg {
    child: Child,
    input: Option<ChildStdin>,
    output: ChildStdout,
}

impl Hg {
    pub fn within(folder: &Path) -> Self {
        let program = std::env::var("KALLITHEA_TEST_HG").unwrap_or_else(|_| "hg".to_owned());
        let mut child = Command::new(program)
            .args([
                "--config",
                "experimental.evolution=createmarkers,allowunstable",
            ])
            .args(["serve", "--cmdserver", "pipe"])
            .env("HGRCPATH", "/dev/null")
            .env("HGPLAIN", "1")
            .env("HGENCODING", "UTF-8")
            .env("HGUSER", "Ann <ann@example.com>")
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("these tests need Mercurial: set KALLITHEA_TEST_HG or put hg into PATH");
        let (input, output) = (child.stdin.take(), child.stdout.take().unwrap());
        let mut hg = Self {
            child,
            input,
            output,
        };
        assert_eq!(hg.message().0, b'o', "no greeting");
        hg
    }

    fn message(&mut self) -> (u8, Vec<u8>) {
        let mut head = [0; 5];
        self.output.read_exact(&mut head).unwrap();
        let length = u32::from_be_bytes(head[1..].try_into().unwrap());
        // What the server wants to read it does not get.
        let mut data = vec![
            0;
            if head[0].is_ascii_uppercase() {
                0
            } else {
                length as usize
            }
        ];
        self.output.read_exact(&mut data).unwrap();
        (head[0], data)
    }

    /// Runs a command; what it said, which must have ended well.
    pub fn run(&mut self, arguments: &[&str]) -> String {
        let request = arguments.join("\0");
        let input = self.input.as_mut().unwrap();
        input.write_all(b"runcommand\n").unwrap();
        input
            .write_all(&(request.len() as u32).to_be_bytes())
            .unwrap();
        input.write_all(request.as_bytes()).unwrap();
        input.flush().unwrap();
        let mut said = Vec::new();
        loop {
            match self.message() {
                (b'r', code) => {
                    let said = String::from_utf8_lossy(&said).into_owned();
                    assert_eq!(code, [0; 4], "hg {arguments:?}: {said}");
                    return said;
                }
                (b'o' | b'e', data) => said.extend(data),
                (channel, _) => panic!("hg {arguments:?} wants {}", char::from(channel)),
            }
        }
    }

    /// A changeset of everything that is different, at a second of 2023.
    pub fn commit(&mut self, message: &str, second: u32, more: &[&str]) -> String {
        let date = format!("{} -3600", 1_700_000_000 + second);
        let arguments = ["commit", "-A", "-q", "-m", message, "-d", &date];
        self.run(&[&arguments[..], more].concat());
        self.run(&["log", "-r", ".", "-T", "{node}"])
    }
}

impl Drop for Hg {
    fn drop(&mut self) {
        self.input = None;
        let _ = self.child.wait();
    }
}
