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

use std::collections::HashMap;
use std::rc::Rc;

use ::hg::Bundle;

use self::capabilities::Transport;
use self::questions::{Question, Replier};
use self::settings::Settings;
use super::arguments::Request;
use super::batch;
use super::commands::Form;
use super::program::HgProgram;
use crate::mercurial::Repository;

/// Most bytes of all answers to a batch. A few long ones asked for again and again would fill the memory.
const LONGEST_BATCH: usize = 32 << 20;

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
        answer_all(&replier, &questions)
    });
    let answers = answers.unwrap_or_else(|error: ::hg::Error| {
        tracing::info!(%error, name, "cannot be answered natively");
        None
    })?;
    if name != "batch" {
        let only = answers.first();
        return only.map(|answer| Reply::Value(answer.to_vec()));
    }
    if answers.iter().map(|answer| answer.len()).sum::<usize>() > LONGEST_BATCH {
        let reason = "the answers to this batch are too long for one";
        return Some(Reply::Refused(reason.into()));
    }
    let escaped: Vec<_> = answers.iter().map(|answer| batch::escape(answer)).collect();
    Some(Reply::Value(escaped.join(&b';')))
}

/// An answer, which may be the one to several questions.
type Answered = Rc<[u8]>;

/// The answers to some questions, in their order; `None` when one of them is for the child. What is asked twice is answered once.
fn answer_all(
    replier: &Replier<'_>,
    questions: &[Question<'_>],
) -> Result<Option<Vec<Answered>>, ::hg::Error> {
    let mut known: HashMap<&Question<'_>, Answered> = HashMap::new();
    let mut answers = Vec::with_capacity(questions.len());
    for question in questions {
        if let Some(answer) = known.get(question) {
            answers.push(answer.clone());
            continue;
        }
        let Some(answer) = replier.answer(question)? else {
            return Ok(None);
        };
        let answer = Answered::from(answer);
        known.insert(question, answer.clone());
        answers.push(answer);
    }
    Ok(Some(answers))
}
