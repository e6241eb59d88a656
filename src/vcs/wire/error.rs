//! What can go wrong between a request and its answer, before the first byte of the answer.

use std::io;
use std::path::PathBuf;

/// A request that could not be served. Errors later on, in the middle of an answer, are [`io::Error`]s of the stream.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The program of the version control system is not installed where the settings say.
    #[error("the program {program} is missing ({hint})", program = program.display())]
    ProgramMissing {
        /// The program that was looked for, as configured.
        program: PathBuf,
        /// How an administrator gets it, for example `apt install git`.
        hint: &'static str,
    },
    /// The program is there, but it, or what it needs, could not be set up.
    #[error("cannot start {program}", program = program.display())]
    Start {
        /// The program, as configured.
        program: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The body of the request broke off or could not be decoded; the child was killed. The fault is the client's or the network's.
    #[error("the request body could not be read")]
    Input(#[source] io::Error),
    /// Talking to the running child failed.
    #[error("lost the connection to {program}", program = program.display())]
    Child {
        /// The program, as configured.
        program: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The child ended without an answer.
    #[error("{program} failed: {stderr}", program = program.display())]
    Failed {
        /// The program, as configured.
        program: PathBuf,
        /// The end of what it wrote to its error output: for the log, not for clients.
        stderr: String,
    },
}

/// How Git and Mercurial begin the last words that they have for a client who does not speak their protocol.
const NONSENSE: [&str; 5] = [
    "fatal: protocol error: ",
    "fatal: git upload-pack: protocol error, ",
    // A bookmark is set to something that is no id.
    "mercurial.error.ProgrammingError: unsupported changeid ",
    "fatal: invalid command '",
    "fatal: the remote end hung up unexpectedly",
];

impl Error {
    /// Whether the client has asked for something that has no meaning, so that nothing is wrong here.
    #[must_use]
    pub fn is_clients_fault(&self) -> bool {
        match self {
            Error::Input(_) => true,
            Error::Failed { stderr, .. } => stderr
                .lines()
                .any(|line| NONSENSE.iter().any(|words| line.starts_with(words))),
            Error::ProgramMissing { .. } | Error::Start { .. } | Error::Child { .. } => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nonsense_is_the_fault_of_who_sent_it() {
        for (stderr, nonsense) in [
            (
                "fatal: protocol error: bad line length character: nons",
                true,
            ),
            (
                "fatal: git upload-pack: protocol error, expected to get object ID, not 'done'",
                true,
            ),
            (
                "Traceback (most recent call last):\nmercurial.error.ProgrammingError: unsupported changeid 'nope'",
                true,
            ),
            (
                "fatal: unable to create thread: Resource temporarily unavailable",
                false,
            ),
            ("", false),
        ] {
            let error = Error::Failed {
                program: PathBuf::from("git"),
                stderr: stderr.to_owned(),
            };
            assert_eq!(error.is_clients_fault(), nonsense, "{stderr}");
        }
    }
}
