//! Runs the real `hg`, which makes the repositories and is the judge of what we read.
//!
//! Starting `hg` costs a fifth of a second, so one process per test file serves all commands (its "command server").

pub mod every;

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::{env, fs};

/// The program: `KALLITHEA_TEST_HG`, or `hg` in the search path.
pub fn hg_program() -> PathBuf {
    env::var_os("KALLITHEA_TEST_HG").map_or_else(|| PathBuf::from("hg"), PathBuf::from)
}

/// Settings for all commands; users' own settings are left aside.
const SETTINGS: &str = "[ui]\nusername = Test User <test@example.com>\n[storage]\nall-slow-path = allow\n\
    [format]\nuse-persistent-nodemap = no\n[devel]\ndefault-date = 0 0\n";

/// A directory for repositories, and the program to fill it.
pub struct Hg {
    program: PathBuf,
    dir: tempfile::TempDir,
    server: Child,
    input: ChildStdin,
    output: ChildStdout,
}

impl Hg {
    /// Starts the program with further settings, such as extensions.
    pub fn new(settings: &str) -> Hg {
        Hg::start(hg_program(), settings)
    }

    /// An older release, if `KALLITHEA_TEST_OLD_HG` names one.
    pub fn old(settings: &str) -> Option<Hg> {
        let program = env::var_os("KALLITHEA_TEST_OLD_HG")?;
        Some(Hg::start(PathBuf::from(program), settings))
    }

    fn start(program: PathBuf, settings: &str) -> Hg {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("hgrc"), format!("{SETTINGS}{settings}")).unwrap();
        let mut server = command(&program, dir.path())
            .args(["serve", "--cmdserver", "pipe"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| {
                panic!("these tests need Mercurial: set KALLITHEA_TEST_HG or put hg into PATH ({error})")
            });
        let (input, output) = (server.stdin.take().unwrap(), server.stdout.take().unwrap());
        let mut hg = Hg {
            program,
            dir,
            server,
            input,
            output,
        };
        let (channel, hello) = hg.message();
        assert!(
            channel == b'o' && hello.starts_with(b"capabilities:"),
            "an unexpected greeting"
        );
        hg
    }

    /// Where a repository of this name is.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// A separate process, for what the command server cannot do.
    pub fn command(&self, repository: &str) -> Command {
        let mut command = command(&self.program, self.dir.path());
        command.current_dir(self.path(repository));
        command
    }

    /// Runs a command in a repository and gives its output; anything but success is a failed test.
    pub fn run(&mut self, repository: &str, arguments: &[&str]) -> Vec<u8> {
        let (code, output) = self.try_run(repository, arguments);
        assert_eq!(
            code,
            0,
            "hg {arguments:?}: {}",
            String::from_utf8_lossy(&output)
        );
        output
    }

    /// The same as words.
    pub fn text(&mut self, repository: &str, arguments: &[&str]) -> String {
        String::from_utf8(self.run(repository, arguments)).unwrap()
    }

    /// Runs a command; its exit code, and output and errors together.
    pub fn try_run(&mut self, repository: &str, arguments: &[&str]) -> (i32, Vec<u8>) {
        let path = self.path(repository);
        let mut all = vec!["--cwd".as_bytes(), path.to_str().unwrap().as_bytes()];
        all.extend(arguments.iter().map(|argument| argument.as_bytes()));
        let request = all.join(&0);
        self.input.write_all(b"runcommand\n").unwrap();
        self.input
            .write_all(&(request.len() as u32).to_be_bytes())
            .unwrap();
        self.input.write_all(&request).unwrap();
        self.input.flush().unwrap();
        let mut output = Vec::new();
        loop {
            match self.message() {
                (b'r', code) => return (i32::from_be_bytes(code.try_into().unwrap()), output),
                (b'o' | b'e', text) => output.extend(text),
                (channel, _) => panic!(
                    "hg {arguments:?} asks for input on channel {:?}",
                    char::from(channel)
                ),
            }
        }
    }

    fn message(&mut self) -> (u8, Vec<u8>) {
        let mut head = [0; 5];
        self.output
            .read_exact(&mut head)
            .expect("the command server ended; its errors stand above");
        let len = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
        if head[0].is_ascii_uppercase() {
            return (head[0], Vec::new());
        }
        let mut content = vec![0; len];
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

    /// Adds all new files and commits; `date` is `seconds offset`.
    pub fn commit(&mut self, repository: &str, message: &str, date: &str, user: &str) {
        self.run(
            repository,
            &["commit", "-q", "-A", "-m", message, "-d", date, "-u", user],
        );
    }
}

impl Drop for Hg {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn command(program: &Path, dir: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .current_dir(dir)
        .env("HGRCPATH", dir.join("hgrc"))
        .env("HGENCODING", "UTF-8")
        .env("HGPLAIN", "1")
        .env("TZ", "UTC")
        .env_remove("HG_PENDING");
    command
}

/// Bytes that do not compress, the same at each call.
pub fn noise(len: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1du64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..len).map(|_| next()).collect()
}

/// Records of fields, as the templates `{a}\0{b}\0\n` of the tests print them.
pub fn records(output: &[u8], fields: usize) -> Vec<Vec<String>> {
    let text = String::from_utf8_lossy(output);
    let mut all: Vec<String> = text.split('\0').map(str::to_owned).collect();
    all.pop();
    assert_eq!(
        all.len() % fields,
        0,
        "a template that prints another number of fields"
    );
    all.chunks(fields).map(<[String]>::to_vec).collect()
}
