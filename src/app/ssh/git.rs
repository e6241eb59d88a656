//! A conversation with a client of Git.

use vcs::wire::git::{self, Ends, Protocol, Service, Talk};

use super::Connection;
use super::serve::Session;

/// Holds it to its end; the exit code of `git`.
pub(super) fn converse(
    session: &Session<'_>,
    talk: Talk,
    connection: Connection,
) -> Result<i32, model::Error> {
    let Session {
        model,
        repository,
        actor,
        client,
    } = session;
    let path = model.repository_path(repository)?;
    let program = session.programs()?.git;
    if talk == Talk::Pack(Service::UploadPack) {
        model.pulled(repository, actor);
    }
    let protocol = Protocol::from_header(client.git_protocol.as_deref());
    let (input, output, errors) = connection.files();
    let ends = Ends {
        input,
        output: output.into(),
        errors: errors.into(),
    };
    let ended = git::session(&program, &path, talk, protocol, ends)
        .map_err(|error| model::Error::Program(error.to_string().into()))?;
    if talk == Talk::Pack(Service::ReceivePack) {
        model.git_pushed(repository, actor, &ended.updates);
    }
    Ok(ended.code)
}
