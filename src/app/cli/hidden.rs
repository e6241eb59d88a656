//! A line typed at a terminal that does not show it.

use std::io::{self, Read};

use rustix::process::{Signal, getpid, kill_process};
use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};

/// The byte of Ctrl-C.
const INTERRUPT: u8 = 3;

/// The terminal while it does not show what is typed; it is as before once this is gone.
struct Dark {
    before: Termios,
}

impl Dark {
    fn begin() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut dark = before.clone();
        // Ctrl-C would end this process before the terminal shows anything again. Here it ends the line.
        dark.local_modes.remove(LocalModes::ECHO | LocalModes::ISIG);
        dark.local_modes
            .insert(LocalModes::ICANON | LocalModes::ECHONL);
        dark.special_codes[SpecialCodeIndex::VEOL] = INTERRUPT;
        tcsetattr(io::stdin(), OptionalActions::Now, &dark)?;
        Ok(Self { before })
    }
}

impl Drop for Dark {
    fn drop(&mut self) {
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.before);
    }
}

/// Reads a line, without its end; `None` at the end of the input. The terminal is dark before `ask` puts the question, so
/// that not even what is typed at once gets seen.
pub(super) fn read_line(ask: impl FnOnce()) -> io::Result<Option<String>> {
    let dark = Dark::begin()?;
    ask();
    let mut line = Vec::new();
    for byte in io::stdin().lock().bytes() {
        match byte? {
            b'\n' => return text(line).map(Some),
            INTERRUPT => {
                drop(dark);
                kill_process(getpid(), Signal::INT)?;
                return Err(io::ErrorKind::Interrupted.into());
            }
            byte => line.push(byte),
        }
    }
    if line.is_empty() {
        Ok(None)
    } else {
        text(line).map(Some)
    }
}

fn text(line: Vec<u8>) -> io::Result<String> {
    String::from_utf8(line)
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "what was typed is not UTF-8"))
}
