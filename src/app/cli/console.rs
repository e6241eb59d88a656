//! What a command says and asks.
//!
//! Results go to standard output, everything else to standard error. Nobody is asked where nobody sits: a question
//! waits for an answer only at a terminal. What was piped in counts as an answer, as it does with the original, but
//! nothing is waited for.

use std::io::{self, BufRead, IsTerminal, Write};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::failure::Failure;
use super::hidden;

/// How long a program on the other side of a pipe may take for its first word.
const PATIENCE: Timespec = Timespec {
    tv_sec: 2,
    tv_nsec: 0,
};
/// How often an answer that is neither yes nor no is asked for again.
const RETRIES: usize = 4;
/// The bar of a progress moves no more often than this.
const STEP: Duration = Duration::from_millis(100);

/// Where answers come from.
enum Input {
    /// Somebody at a terminal.
    Terminal,
    /// A file or a pipe.
    Pipe,
    /// A test: the answers that are left.
    #[cfg(test)]
    Script(std::collections::VecDeque<String>),
}

/// Standard input, output and error, or what a test puts in their place.
pub(crate) struct Console {
    input: Input,
    out: Box<dyn Write>,
    err: Box<dyn Write>,
    progress: bool,
}

impl Console {
    /// Those of this process.
    pub(crate) fn real() -> Self {
        Self {
            input: if io::stdin().is_terminal() {
                Input::Terminal
            } else {
                Input::Pipe
            },
            out: Box::new(io::stdout()),
            err: Box::new(io::stderr()),
            progress: io::stderr().is_terminal(),
        }
    }

    /// Writes a line of the result. Whoever does not want to read it may close the pipe.
    pub(crate) fn line(&mut self, text: impl AsRef<str>) {
        let _ = writeln!(self.out, "{}", text.as_ref());
    }

    /// Writes text of the result as it is.
    pub(crate) fn text(&mut self, text: &str) {
        let _ = self.out.write_all(text.as_bytes());
        let _ = self.out.flush();
    }

    /// Writes the result as JSON, for programs.
    pub(crate) fn json(&mut self, value: &serde_json::Value) {
        self.line(format!("{value:#}"));
    }

    /// Writes a line that is not the result.
    pub(crate) fn note(&mut self, text: impl AsRef<str>) {
        let _ = writeln!(self.err, "{}", text.as_ref());
    }

    /// Asks, and gives the line that came as the answer.
    ///
    /// # Errors
    /// When nobody can answer.
    pub(crate) fn ask(&mut self, question: &str, instead: &str) -> Result<String, Failure> {
        match &mut self.input {
            #[cfg(test)]
            Input::Script(answers) => {
                self.out.write_all(question.as_bytes())?;
                return answers.pop_front().ok_or_else(|| nobody(instead));
            }
            Input::Pipe if !is_ready() => return Err(nobody(instead)),
            Input::Terminal | Input::Pipe => {}
        }
        self.text(question);
        let mut line = String::new();
        if io::stdin().lock().read_line(&mut line)? == 0 {
            self.line("");
            return Err(nobody(instead));
        }
        Ok(line.trim_end_matches(['\r', '\n']).to_owned())
    }

    /// Asks for something that nobody may read on the screen.
    ///
    /// # Errors
    /// When nobody can answer.
    pub(crate) fn ask_secret(&mut self, question: &str, instead: &str) -> Result<String, Failure> {
        if matches!(self.input, Input::Terminal) {
            let answer = hidden::read_line(|| self.text(question))?;
            return answer.ok_or_else(|| nobody(instead));
        }
        self.ask(question, instead)
    }

    /// Asks until the answer is yes or no.
    ///
    /// # Errors
    /// When nobody can answer, or the answer is neither, too often.
    pub(crate) fn ask_yes_no(&mut self, question: &str, instead: &str) -> Result<bool, Failure> {
        for _ in 0..=RETRIES {
            match self.ask(question, instead)?.trim().to_lowercase().as_str() {
                "y" | "ye" | "yes" => return Ok(true),
                "n" | "no" | "nop" | "nope" => return Ok(false),
                _ => self.line("Yes or no please!"),
            }
        }
        Err(Failure::failed("neither yes nor no was answered"))
    }

    /// A bar for long work, drawn only for somebody who looks at a terminal.
    pub(crate) fn progress(&mut self, what: &'static str) -> Progress<'_> {
        let shown = self.progress;
        Progress {
            console: self,
            what,
            shown,
            drawn: None,
        }
    }
}

fn nobody(instead: &str) -> Failure {
    Failure::failed(format!("nobody is there to answer; {instead}"))
}

/// Whether something can be read at once, or the end is reached.
fn is_ready() -> bool {
    let stdin = io::stdin();
    let mut wanted = [PollFd::new(&stdin, PollFlags::IN)];
    poll(&mut wanted, Some(&PATIENCE)).is_ok_and(|ready| ready > 0)
}

/// A bar on standard error; it goes away when this is dropped.
pub(crate) struct Progress<'a> {
    console: &'a mut Console,
    what: &'static str,
    shown: bool,
    drawn: Option<Instant>,
}

impl Progress<'_> {
    /// So many of so many are done.
    pub(crate) fn at(&mut self, done: usize, of: usize) {
        const WIDTH: usize = 30;
        let recent = self.drawn.is_some_and(|drawn| drawn.elapsed() < STEP);
        if !self.shown || recent || of == 0 {
            return;
        }
        self.drawn = Some(Instant::now());
        let full = WIDTH * done.min(of) / of;
        let _ = write!(
            self.console.err,
            "\r{} [{}{}] {done}/{of} ",
            self.what,
            "#".repeat(full),
            "-".repeat(WIDTH - full)
        );
        let _ = self.console.err.flush();
    }

    fn clear(&mut self) {
        if self.drawn.take().is_some() {
            let _ = write!(self.console.err, "\r\x1b[K");
            let _ = self.console.err.flush();
        }
    }
}

impl Drop for Progress<'_> {
    fn drop(&mut self) {
        self.clear();
    }
}

#[cfg(test)]
pub(crate) mod script {
    //! A console for tests.

    use std::cell::RefCell;
    use std::io::{self, Write};
    use std::rc::Rc;

    use super::{Console, Input};

    /// What was written.
    #[derive(Clone, Default)]
    pub(crate) struct Paper(Rc<RefCell<Vec<u8>>>);

    impl Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.borrow_mut().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Paper {
        pub(crate) fn text(&self) -> String {
            String::from_utf8(self.0.borrow().clone()).unwrap()
        }
    }

    impl Console {
        /// With these answers, and then nobody.
        pub(crate) fn script(answers: &[&str]) -> (Self, Paper, Paper) {
            let (out, err) = (Paper::default(), Paper::default());
            let console = Self {
                input: Input::Script(answers.iter().map(|&text| text.to_owned()).collect()),
                out: Box::new(out.clone()),
                err: Box::new(err.clone()),
                progress: false,
            };
            (console, out, err)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yes_and_no_have_several_words_and_anything_else_is_asked_again() {
        for (answers, wanted) in [
            (&["y"][..], true),
            (&["YES"], true),
            (&["nope"], false),
            (&["", "maybe", "ye"], true),
        ] {
            let (mut console, out, _) = Console::script(answers);
            assert_eq!(
                console.ask_yes_no("Sure? [y/n] ", "say --yes").unwrap(),
                wanted
            );
            let asked = out.text().matches("Yes or no please!").count();
            assert_eq!(asked, answers.len() - 1);
        }
        let (mut console, _, _) = Console::script(&["?"; 9]);
        assert!(console.ask_yes_no("Sure? ", "").is_err());
        let (mut console, _, _) = Console::script(&[]);
        let told = console.ask_yes_no("Sure? ", "say --yes").unwrap_err();
        assert_eq!(told.to_string(), "nobody is there to answer; say --yes");
    }
}
