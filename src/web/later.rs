//! What is done after an answer has gone out: mails, and whatever a page has asked for.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use http::StatusCode;
use model::Model;
use model::mail::{Letter, Mail};

use crate::response::{After, Body, Response};
use crate::visit::Job;

/// A process mails errors at most so often, in seconds: one broken page must not fill a mailbox.
const ERROR_PAUSE: i64 = 300;

/// Puts the work behind the answer; an answer without any is left as it is.
pub(crate) fn attach(model: &Arc<Model>, mut response: Response, jobs: Vec<Job>) -> Response {
    if jobs.is_empty() && !model.should_look_for_mails() {
        return response;
    }
    let model = Arc::clone(model);
    let after = After::new(move || {
        for job in jobs {
            job(&model);
        }
        if model.should_look_for_mails() {
            model.send_some_mails();
        }
    });
    let body = std::mem::replace(&mut response.body, Body::Empty);
    response.body = Body::Then(Box::new(body), after);
    response
}

/// Starts work that may take an hour. A server gives up a worker that is busy for half a minute, so this is done in a thread of
/// its own; it ends with the process, and must be such that it can be taken up again.
pub(crate) fn in_background(model: &Arc<Model>, job: Job) {
    let model = Arc::clone(model);
    let name = "kallithea-background".to_owned();
    let started = std::thread::Builder::new()
        .name(name)
        .spawn(move || job(&model));
    if let Err(error) = started {
        tracing::error!("no thread for work in the background can be started: {error}");
    }
}

/// Lets the administrators named in `email_to` know of an answer that should not have been.
pub(crate) fn report(
    model: &Model,
    response: &Response,
    line: &str,
    id: &str,
    jobs: &mut Vec<Job>,
) {
    static NEXT: AtomicI64 = AtomicI64::new(0);
    static SILENT: AtomicU64 = AtomicU64::new(0);
    let config = &model.config().mail;
    if response.status != StatusCode::INTERNAL_SERVER_ERROR
        || !config.send_errors
        || config.admins.is_empty()
    {
        return;
    }
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |now| i64::try_from(now.as_secs()).unwrap_or(0));
    if NEXT.load(Ordering::Relaxed) > now {
        SILENT.fetch_add(1, Ordering::Relaxed);
        return;
    }
    NEXT.store(now + ERROR_PAUSE, Ordering::Relaxed);
    let silent = SILENT.swap(0, Ordering::Relaxed);
    // No parameter and no header of the request goes into a mail: they may hold passwords.
    let facts = vec![
        ("Request".to_owned(), line.to_owned()),
        ("Name in the log".to_owned(), id.to_owned()),
    ];
    jobs.push(Box::new(move |model: &Model| {
        let mut paragraphs = vec![
            "A request could not be answered. The log tells why, under the name below.".to_owned(),
        ];
        if silent > 0 {
            paragraphs.push(format!(
                "Since the last mail like this there were {silent} more in this process."
            ));
        }
        let mail = Mail {
            kind: "error",
            recipients: model.config().mail.admins.clone(),
            subject: "Internal error".to_owned(),
            letter: Letter {
                heading: "Internal error".to_owned(),
                paragraphs,
                facts,
                ..Letter::default()
            },
            acting: None,
            references: Vec::new(),
        };
        if let Err(error) = model.queue_mail(&mail) {
            tracing::error!("the mail about an error cannot be kept: {error}");
        }
    }));
}
