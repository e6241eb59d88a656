//! One `hg` for many commands: its "command server". A start costs some tenths of a second, and repositories need many commands.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use super::hg_program;

/// A directory for repositories, and the program to fill it.
pub struct Hg {
    directory: tempfile::TempDir,
    server: Child,
    input: ChildStdin,
    output: ChildStdout,
}

impl Hg {
    /// Starts the program with further settings.
    pub fn new(settings: &str) -> Hg {
        let directory = tempfile::tempdir().unwrap();
        let all = format!(
            "[ui]\nusername = u\n[storage]\nall-slow-path = allow\n[format]\nuse-persistent-nodemap = no\n{settings}"
        );
        fs::write(directory.path().join("hgrc"), all).unwrap();
        let mut server = Command::new(hg_program().path)
            .current_dir(directory.path())
            .args(["serve", "--cmdserver", "pipe"])
            .env("HGRCPATH", directory.path().join("hgrc"))
            .env("HGENCODING", "UTF-8")
            .env("HGPLAIN", "1")
            .env("TZ", "UTC")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (input, output) = (server.stdin.take().unwrap(), server.stdout.take().unwrap());
        let mut hg = Hg {
            directory,
            server,
            input,
            output,
        };
        assert!(hg.message().1.starts_with(b"capabilities:"));
        hg
    }

    pub fn root(&self) -> &Path {
        self.directory.path()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Runs a command in a repository, which must succeed, and gives its output.
    pub fn run(&mut self, repository: &str, arguments: &[&str]) -> String {
        let path = self.path(repository);
        let mut all = vec!["--cwd", path.to_str().unwrap()];
        all.extend(arguments);
        let request = all.join("\0");
        self.input.write_all(b"runcommand\n").unwrap();
        let length = u32::try_from(request.len()).unwrap();
        self.input.write_all(&length.to_be_bytes()).unwrap();
        self.input.write_all(request.as_bytes()).unwrap();
        self.input.flush().unwrap();
        let mut output = Vec::new();
        loop {
            match self.message() {
                (b'r', code) => {
                    let output = String::from_utf8_lossy(&output).into_owned();
                    assert_eq!(code, [0; 4], "hg {arguments:?}: {output}");
                    return output;
                }
                (b'o' | b'e', text) => output.extend(text),
                (channel, _) => panic!("hg {arguments:?} asks on channel {channel}"),
            }
        }
    }

    fn message(&mut self) -> (u8, Vec<u8>) {
        let mut head = [0; 5];
        self.output
            .read_exact(&mut head)
            .expect("the command server ended; its errors stand above");
        let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]);
        if head[0].is_ascii_uppercase() {
            return (head[0], Vec::new());
        }
        let mut content = vec![0; length as usize];
        self.output.read_exact(&mut content).unwrap();
        (head[0], content)
    }

    /// Makes an empty repository.
    pub fn init(&mut self, name: &str, config: &[&str]) {
        fs::create_dir_all(self.path(name)).unwrap();
        let mut arguments = vec!["init"];
        arguments.extend(config.iter().flat_map(|item| ["--config", item]));
        self.run(name, &arguments);
    }

    /// Writes a file of the working directory.
    pub fn write(&self, repository: &str, file: &str, content: impl AsRef<[u8]>) {
        let path = self.path(repository).join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Adds all new files, forgets those that are gone, and commits; `date` is `seconds offset`.
    pub fn commit(&mut self, repository: &str, message: &str, date: &str, user: &str) {
        let arguments = ["commit", "-q", "-A", "-m", message, "-d", date, "-u", user];
        self.run(repository, &arguments);
    }
}

impl Drop for Hg {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
