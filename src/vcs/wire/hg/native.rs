//! The reading commands, answered without a child.
//!
//! A clone, a pull, or the questions before a push: nothing of this needs `hg`, whose start alone costs some tenths of a second. What is answered here
//! is what `hg` answers, with two exceptions: the lines of `branchmap`, whose order there depends on the state of a cache, are sorted; and
//! a changeset that is secret or hidden is called unknown, where `hg` tells which of these it is.
//!
//! Whatever is not certain goes to the child: settings and formats that might change an answer ([`settings`]), names that are not UTF-8, and
//! requests that `hg` refuses in its own way. `None` says so; it is always right.

mod bundles;
pub(super) mod capabilities;
mod questions;
mod settings;

use ::hg::Bundle;

use self::capabilities::Transport;
use self::questions::{Question, Replier};
use self::settings::Settings;
use super::arguments::Request;
use super::batch;
use super::commands::Form;
use super::program::HgProgram;
use crate::mercurial::Repository;

/// An answer.
pub(super) enum Reply {
    /// A short value.
    Value(Vec<u8>),
    /// A stream, to be compressed where the transport does that.
    Bundle(Bundle),
    /// A stream that is sent as it is.
    Raw(Bundle),
    /// No, with the reason.
    Refused(String),
}

/// The answer to a request, if it can be given without a child.
pub(super) fn answer(
    program: &HgProgram,
    repository: &Repository,
    request: &Request,
    transport: Transport,
) -> Option<Reply> {
    let command = request.command()?;
    let settings = || Settings::read(&program.config, repository.root());
    let (is_bundle, is_raw) = (command.form == Form::Bundle, command.form == Form::Raw);
    if is_bundle || is_raw {
        return bundles::answer(repository, &settings()?, request);
    }
    let name = request.name();
    let questions = if name == "batch" {
        batch::commands(request.argument("cmds")?)?
    } else {
        vec![(name.to_owned(), request.arguments().to_vec())]
    };
    let questions = questions
        .iter()
        .map(Question::new)
        .collect::<Option<Vec<_>>>()?;
    let settings = settings()?;
    // All of a batch is read from one state, and after the request has come: what others have pushed before is in it.
    let answers = repository.read(|snapshot| {
        let replier = Replier {
            snapshot,
            settings: &settings,
            transport,
        };
        questions
            .iter()
            .map(|question| replier.answer(question).transpose())
            .collect::<Option<Result<Vec<_>, _>>>()
            .transpose()
    });
    let answers = answers.unwrap_or_else(|error: ::hg::Error| {
        tracing::info!(%error, name, "cannot be answered natively");
        None
    })?;
    if name != "batch" {
        return answers.into_iter().next().map(Reply::Value);
    }
    let escaped: Vec<_> = answers.iter().map(|answer| batch::escape(answer)).collect();
    Some(Reply::Value(escaped.join(&b';')))
}
