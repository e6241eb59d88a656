//! A child process as a stream: its standard input is fed from a [`Read`], its standard output *is* a [`Read`].
//!
//! No threads are used, because a worker process may be forked at any time and must not wait for them. Instead all three pipes are non-blocking on
//! our side and `poll(2)` tells which one is ready:
//!
//! * While the child is fed, what it already answers is put aside in a spool (memory, then a temporary file), because a child whose output nobody
//!   takes stops reading its input, and both sides would wait for ever.
//! * What it writes to its error output is always taken, and only the last 8 KiB are kept, for the log.
//!
//! The child is the leader of a process group of its own. When the stream is dropped before the child has ended, the child gets SIGTERM, on which `git`
//! and `hg` remove their locks and temporary files, then the group, and after five seconds SIGKILL. The child is always reaped.

use std::any::Any;
use std::ffi::{OsStr, OsString};
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process, kill_process_group, test_kill_process_group};

use super::Error;
use super::spool::{Spool, Tail};

/// How long a child may take to notice that its input has broken off.
const GRACE_AFTER_INPUT: Duration = Duration::from_secs(1);
/// How long it may take to clean up after SIGTERM. Rolling a transaction back is quick, but on a machine under load everything takes its time, and a
/// killed `hg` leaves an administrator with `hg recover`.
const GRACE: Duration = Duration::from_secs(5);
/// How long those it has started may stay behind it. Short, because where nobody reaps orphans (a container without an init) they look
/// alive for ever.
const GRACE_OF_OTHERS: Duration = Duration::from_millis(200);
const BLOCK: usize = 64 << 10;
/// Most of what is kept for whoever listens to the error output.
const MOST_HEARD: usize = 1 << 20;
/// A child that never stops talking must not keep us from feeding it; the rest is taken the next time.
const BLOCKS_AT_ONCE: usize = 64;

/// What to start, with which arguments and environment.
#[derive(Debug)]
pub struct Launch {
    program: PathBuf,
    hint: &'static str,
    command: Command,
    notices_broken_input: bool,
    kept: Option<Box<dyn Any + Send>>,
}

impl Launch {
    /// A program with the fixed part of the environment. `hint` tells an administrator how to get it when it is missing.
    ///
    /// Of our own environment only `PATH`, `TMPDIR` and `TZ` are handed on: whatever else a process manager was started with (proxy settings, `GIT_DIR`,
    /// `HGRCPATH`, `PYTHONPATH`, secrets) is neither the child's business nor that of the hooks it runs.
    pub fn new(program: &Path, hint: &'static str) -> Self {
        let mut command = Command::new(program);
        command.env_clear();
        for name in ["PATH", "TMPDIR", "TZ"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command.env("HOME", "/nonexistent").env("LANG", "C.UTF-8");
        // The working directory of a server may vanish or be unreadable for us; every path we pass is absolute.
        command.current_dir("/");
        command.process_group(0);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Launch {
            program: program.to_owned(),
            hint,
            command,
            notices_broken_input: false,
            kept: None,
        }
    }

    /// Keeps something that the child needs for as long as it runs: a folder that goes when this is dropped.
    pub fn keep(&mut self, thing: impl Any + Send) -> &mut Self {
        self.kept = Some(Box::new(thing));
        self
    }

    /// Adds an argument.
    pub fn arg(&mut self, argument: impl AsRef<OsStr>) -> &mut Self {
        self.command.arg(argument);
        self
    }

    /// Sets a variable of the environment.
    pub fn env(&mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> &mut Self {
        self.command.env(name, value);
        self
    }

    /// Sets several variables of the environment.
    pub fn envs(&mut self, variables: &[(OsString, OsString)]) -> &mut Self {
        for (name, value) in variables {
            self.command.env(name, value);
        }
        self
    }

    /// Says that the child knows by the format of its input when that breaks off, and leaves nothing behind then. Ending it begins with the end of its
    /// input in this case, and a signal comes only if that does not help.
    pub fn notices_broken_input(&mut self) -> &mut Self {
        self.notices_broken_input = true;
        self
    }

    /// Starts the child on a connection of its own, in place of pipes to us. Whoever waits for it keeps what it needs: this value.
    pub(super) fn start_with(
        &mut self,
        input: Stdio,
        output: Stdio,
        errors: Stdio,
    ) -> Result<Child, Error> {
        self.command.stdin(input).stdout(output).stderr(errors);
        self.spawn()
    }

    fn spawn(&mut self) -> Result<Child, Error> {
        self.command.spawn().map_err(|source| match source.kind() {
            ErrorKind::NotFound => Error::ProgramMissing {
                program: self.program.clone(),
                hint: self.hint,
            },
            _ => Error::Start {
                program: self.program.clone(),
                source,
            },
        })
    }

    /// Starts the child.
    pub fn start(&mut self) -> Result<ChildStream, Error> {
        let mut process = self.spawn()?;
        let (stdin, stdout, stderr) = (
            process.stdin.take(),
            process.stdout.take(),
            process.stderr.take(),
        );
        let child = ChildStream {
            program: self.program.clone(),
            process,
            stdin,
            stdout,
            stderr,
            kept: Spool::new(),
            tail: Tail::new(),
            heard: None,
            exit: None,
            notices_broken_input: self.notices_broken_input,
            _needed: self.kept.take(),
        };
        // From here on an error drops the stream, which ends the child.
        child.make_nonblocking().map_err(|source| Error::Start {
            program: self.program.clone(),
            source,
        })?;
        Ok(child)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Until {
    Output,
    Writable,
}

/// How a child ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    Status(ExitStatus),
    /// Some process managers reap all children of their workers themselves; the status is lost then and only the output can tell.
    Unknown,
}

/// A running child process. Reading gives its standard output; the end of file is reported after the child has ended and was reaped.
///
/// The end is an [`io::Error`] when the child was killed by a signal. Other exit codes are left to the user of the stream, see [`ChildStream::succeeded`].
pub struct ChildStream {
    program: PathBuf,
    process: Child,
    stdin: Option<ChildStdin>,
    stdout: Option<ChildStdout>,
    stderr: Option<ChildStderr>,
    kept: Spool,
    tail: Tail,
    /// What it wrote to its error output and nobody has taken yet, where somebody listens.
    heard: Option<Vec<u8>>,
    exit: Option<Exit>,
    notices_broken_input: bool,
    /// Goes after the process has ended, see [`Launch::keep`].
    _needed: Option<Box<dyn Any + Send>>,
}

impl ChildStream {
    fn make_nonblocking(&self) -> io::Result<()> {
        if let Some(pipe) = &self.stdin {
            rustix::io::ioctl_fionbio(pipe, true)?;
        }
        if let Some(pipe) = &self.stdout {
            rustix::io::ioctl_fionbio(pipe, true)?;
        }
        if let Some(pipe) = &self.stderr {
            rustix::io::ioctl_fionbio(pipe, true)?;
        }
        Ok(())
    }

    /// The process id, which is also the id of its process group.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// The program, as configured.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// The end of what the child wrote to its error output so far.
    pub fn stderr(&self) -> String {
        self.tail.text()
    }

    /// Keeps what the child writes to its error output for [`ChildStream::heard`].
    pub(super) fn listen(&mut self) {
        self.heard = Some(Vec::new());
    }

    /// What the child has written to its error output since this was asked last.
    pub(super) fn heard(&mut self) -> Vec<u8> {
        self.heard.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Reads as [`Read`] does, or comes back with `None` when there is something to hear and nothing to read yet.
    pub(super) fn read_or_heard(&mut self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        self.drain_stderr()?;
        let heard = self.heard.as_ref().is_some_and(|heard| !heard.is_empty());
        if heard && self.kept.is_empty() {
            return Ok(None);
        }
        if self.kept.is_empty() && self.stdout.is_some() && self.stderr.is_some() {
            self.wait(Until::Output, None)?;
            self.set_aside()?;
            if self.kept.is_empty() && self.stdout.is_some() {
                return Ok(None);
            }
        }
        self.read(buffer).map(Some)
    }

    /// Whether the child has ended without complaint. Meaningful after the end of the stream; an unknown end counts as success.
    pub fn succeeded(&self) -> bool {
        match self.exit {
            Some(Exit::Status(status)) => status.success(),
            Some(Exit::Unknown) => true,
            None => false,
        }
    }

    /// Wraps a failure of the pipes.
    pub(super) fn lost(&self, source: io::Error) -> Error {
        Error::Child {
            program: self.program.clone(),
            source,
        }
    }

    /// The error for a child that ended, or talked nonsense, instead of answering.
    pub(super) fn failed(&self) -> Error {
        Error::Failed {
            program: self.program.clone(),
            stderr: self.stderr(),
        }
    }

    /// Feeds the child with everything `input` gives. The standard input stays open, see [`ChildStream::close_input`].
    ///
    /// A child may stop reading, for example because it has refused a push. The rest of the input is then read and thrown away, because an HTTP client
    /// reads the answer only after it has sent its request. If `input` fails, the child is killed and the error returned.
    pub fn feed(&mut self, input: &mut dyn Read) -> Result<(), Error> {
        self.feed_blocks(input, |_| Vec::new())
    }

    /// The same with something put before each block, made from the block's length.
    pub(super) fn feed_blocks(
        &mut self,
        input: &mut dyn Read,
        prefix: impl Fn(usize) -> Vec<u8>,
    ) -> Result<(), Error> {
        let mut block = vec![0; BLOCK];
        loop {
            let count = match input.read(&mut block) {
                Ok(0) => return Ok(()),
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => {
                    self.end();
                    return Err(Error::Input(error));
                }
            };
            self.write(&prefix(count))
                .and_then(|_| self.write(&block[..count]))
                .map_err(|source| self.lost(source))?;
        }
    }

    /// Writes to the child's standard input, setting aside what it answers meanwhile. Returns false when the child does not read any more.
    pub fn write(&mut self, mut bytes: &[u8]) -> io::Result<bool> {
        while !bytes.is_empty() {
            let Some(pipe) = &mut self.stdin else {
                return Ok(false);
            };
            match pipe.write(bytes) {
                Ok(count) => bytes = &bytes[count..],
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::BrokenPipe => self.stdin = None,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.wait(Until::Writable, None)?;
                    self.set_aside()?;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    /// Waits at most this long for something to come, and keeps it: output for [`Read`], complaints for [`ChildStream::stderr`]. Tells whether there
    /// will be no more of either.
    pub fn attend(&mut self, time: Duration) -> io::Result<bool> {
        if self.stdout.is_none() && self.stderr.is_none() {
            return Ok(true);
        }
        self.wait(Until::Output, Some(time))?;
        self.set_aside()?;
        Ok(self.stdout.is_none() && self.stderr.is_none())
    }

    /// Tells the child that its input is complete.
    pub fn close_input(&mut self) {
        self.stdin = None;
    }

    /// Waits until there is output, or an end of one, and with `Until::Writable` also until input is taken.
    fn wait(&self, until: Until, timeout: Option<Duration>) -> io::Result<()> {
        let mut pipes = Vec::with_capacity(3);
        if let Some(pipe) = &self.stdin
            && until == Until::Writable
        {
            pipes.push(PollFd::from_borrowed_fd(pipe.as_fd(), PollFlags::OUT));
        }
        if let Some(pipe) = &self.stdout {
            pipes.push(PollFd::from_borrowed_fd(pipe.as_fd(), PollFlags::IN));
        }
        if let Some(pipe) = &self.stderr {
            pipes.push(PollFd::from_borrowed_fd(pipe.as_fd(), PollFlags::IN));
        }
        let timeout = timeout.map(|time| Timespec {
            tv_sec: time.as_secs() as i64,
            tv_nsec: time.subsec_nanos() as _,
        });
        match poll(&mut pipes, timeout.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Takes what is ready on standard output and error without waiting.
    fn set_aside(&mut self) -> io::Result<()> {
        let mut block = [0; 16 << 10];
        for _ in 0..BLOCKS_AT_ONCE {
            match read_ready(&mut self.stdout, &mut block)? {
                Some(count) => self.kept.push(&block[..count])?,
                None => break,
            }
        }
        self.drain_stderr()
    }

    fn drain_stderr(&mut self) -> io::Result<()> {
        let mut block = [0; 4 << 10];
        for _ in 0..BLOCKS_AT_ONCE {
            match read_ready(&mut self.stderr, &mut block)? {
                Some(count) => {
                    self.tail.push(&block[..count]);
                    if let Some(heard) = &mut self.heard {
                        // Nobody takes it while the child is fed, and a child may say anything.
                        let room = MOST_HEARD.saturating_sub(heard.len());
                        heard.extend_from_slice(&block[..count.min(room)]);
                    }
                }
                None => break,
            }
        }
        Ok(())
    }

    /// Waits for the end of a child that has closed its standard output, and reaps it.
    fn reap(&mut self) -> io::Result<Exit> {
        if let Some(exit) = self.exit {
            return Ok(exit);
        }
        self.stdin = None;
        let mut pause = Duration::from_millis(1);
        let exit = loop {
            self.drain_stderr()?;
            if let Some(exit) = try_wait(&mut self.process)? {
                break exit;
            }
            // The error output either has something to say, or closes just before the child ends. Once it is closed only sleeping is left.
            match self.stderr {
                Some(_) => self.wait(Until::Output, Some(pause))?,
                None => std::thread::sleep(pause),
            }
            pause = (pause * 2).min(Duration::from_millis(20));
        };
        self.drain_stderr()?;
        self.exit = Some(exit);
        if let (Exit::Status(status), Some(group)) = (exit, self.group())
            && status.signal().is_some()
        {
            // Killed by somebody else: what it has started does not know yet.
            let _ = kill_process_group(group, Signal::TERM);
        }
        Ok(exit)
    }

    fn group(&self) -> Option<Pid> {
        i32::try_from(self.process.id())
            .ok()
            .and_then(Pid::from_raw)
    }

    /// Ends the child and everything in its process group. Does nothing when it has ended already.
    pub fn end(&mut self) {
        if self.exit.is_some() {
            return;
        }
        let Some(group) = self.group() else {
            return;
        };
        if self.notices_broken_input && self.stdin.take().is_some() {
            self.wait_for_exit(GRACE_AFTER_INPUT);
        }
        // Without that its input stays open, because a plain end could pass for the end of the request. The child gets the signal before those it has started,
        // so that it is the one to clean up behind them. A signal to somebody who is gone is an error, and what we want.
        if self.exit.is_none() {
            let _ = kill_process(group, Signal::TERM);
            self.wait_for_exit(GRACE);
        }
        (self.stdin, self.stdout, self.stderr) = (None, None, None);
        let _ = kill_process_group(group, Signal::TERM);
        wait_until(GRACE_OF_OTHERS, || test_kill_process_group(group).is_err());
        let _ = kill_process_group(group, Signal::KILL);
        if self.exit.is_none() {
            tracing::warn!(program = %self.program.display(), %group, "child did not end in time and was killed");
            self.exit = Some(self.process.wait().map_or(Exit::Unknown, Exit::Status));
        }
    }

    /// Waits for the end of the child for a limited time. What it writes meanwhile is thrown away, so that it is not held up by a full pipe.
    fn wait_for_exit(&mut self, time: Duration) {
        let mut block = [0; 16 << 10];
        wait_until(time, || {
            // Errors leave the pipe as it is, and the wait is limited anyway.
            while let Ok(Some(_)) = read_ready(&mut self.stdout, &mut block) {}
            while let Ok(Some(_)) = read_ready(&mut self.stderr, &mut block) {}
            self.exit = try_wait(&mut self.process).unwrap_or(Some(Exit::Unknown));
            self.exit.is_some()
        });
    }
}

/// Asks again and again, in growing intervals, until the answer is yes or the time is over.
fn wait_until(time: Duration, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + time;
    let mut pause = Duration::from_millis(1);
    while !done() && Instant::now() < deadline {
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}

/// Reads what is there. `None`: nothing at the moment, or the end, in which case the pipe is closed.
fn read_ready<P: Read>(pipe: &mut Option<P>, block: &mut [u8]) -> io::Result<Option<usize>> {
    let Some(open) = pipe else {
        return Ok(None);
    };
    loop {
        return match open.read(block) {
            Ok(0) => {
                *pipe = None;
                Ok(None)
            }
            Ok(count) => Ok(Some(count)),
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        };
    }
}

fn try_wait(process: &mut Child) -> io::Result<Option<Exit>> {
    match process.try_wait() {
        Ok(status) => Ok(status.map(Exit::Status)),
        Err(error) if error.raw_os_error() == Some(rustix::io::Errno::CHILD.raw_os_error()) => {
            Ok(Some(Exit::Unknown))
        }
        Err(error) => Err(error),
    }
}

impl Read for ChildStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            if !self.kept.is_empty() {
                return self.kept.pop(buffer);
            }
            if let Some(count) = read_ready(&mut self.stdout, buffer)? {
                return Ok(count);
            }
            self.drain_stderr()?;
            if self.stdout.is_none() {
                return match self.reap()? {
                    Exit::Status(status) if status.signal().is_some() => Err(io::Error::other(
                        format!("{} was killed: {status}", self.program.display()),
                    )),
                    _ => Ok(0),
                };
            }
            self.wait(Until::Output, None)?;
        }
    }
}

impl Drop for ChildStream {
    fn drop(&mut self) {
        self.end();
    }
}

impl std::fmt::Debug for ChildStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ChildStream")
            .field("program", &self.program)
            .field("pid", &self.process.id())
            .finish_non_exhaustive()
    }
}
