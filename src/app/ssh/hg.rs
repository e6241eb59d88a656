//! A conversation with a client of Mercurial.

use std::io::{BufReader, BufWriter};

use vcs::wire::hg::{self, Pipes, Rights, SessionError};

use super::Connection;
use super::serve::Session;

/// Holds it to its end; the exit code. `may_write` or the words in which a push is refused.
pub(super) fn converse(
    session: &Session<'_>,
    may_write: Result<(), &String>,
    connection: Connection,
) -> Result<i32, model::Error> {
    let Session {
        model,
        repository,
        actor,
        ..
    } = session;
    let contents = model.open_repository(repository)?;
    let program = session.programs()?.hg;
    let (input, output, mut errors) = connection.files();
    let (mut input, mut output) = (
        BufReader::with_capacity(64 << 10, input),
        BufWriter::with_capacity(64 << 10, output),
    );
    let pipes = Pipes {
        input: &mut input,
        output: &mut output,
        errors: &mut errors,
    };
    let rights = match may_write {
        Ok(()) => Rights::ReadWrite,
        Err(refusal) => Rights::ReadOnly { refusal },
    };
    let ended = hg::session(&program, &contents, rights, pipes, &mut |report| {
        model.hg_moved(repository, actor, report);
    });
    match ended {
        Ok(()) => Ok(0),
        // Whoever hung up does not hear why.
        Err(SessionError::Connection(_)) => Ok(1),
        Err(error @ SessionError::Wire(_)) => Err(model::Error::Program(error.to_string().into())),
    }
}
