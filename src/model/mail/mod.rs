//! Mail: written into the database first, sent when there is time.
//!
//! [`Model::queue_mail`] keeps a mail in the table `rs_mails`, in the same transaction as what it tells about where the
//! caller has one. [`Model::send_due_mails`] hands mails to the server that the ini file names. It is called by a worker
//! after it has answered a request (so nobody waits for a mail server, and no thread is started), and by
//! whoever wants to: a Celery task, cron. What a server does not take is tried again later and later for some days, then
//! kept and named in the log.
//!
//! Without `smtp_server` nothing is sent: the log names recipient and subject. With `mail_folder`, each mail becomes a
//! file there.

mod cram_md5;
mod letter;
mod message;
mod smtp;

use std::sync::atomic::{AtomicI64, Ordering};

use db::{Tx, mails};
use jiff::Timestamp;

pub use letter::Letter;

use crate::config::MailConfig;
use crate::{Error, Model, random};

/// How many mails a worker sends after one answer.
const BATCH: u32 = 5;
/// How long a worker has for one mail before another one may try it.
const LEASE: i64 = 300;
/// How often a worker looks for mails that others have left, in seconds.
const LOOK_EVERY: i64 = 60;
/// The pauses between tries in seconds; the last one is repeated.
const PAUSES: [i64; 6] = [60, 300, 900, 3600, 3 * 3600, 6 * 3600];
/// After so many tries, which take about five days, a mail is given up.
const MOST_TRIES: i64 = 24;

/// When this process looks for mails next.
#[derive(Default)]
pub(crate) struct Postman {
    next_look: AtomicI64,
}

/// One mail to some people; each gets one of their own.
#[derive(Debug, Clone)]
pub struct Mail<'a> {
    /// The header `X-Kallithea-Notification-Type`: `registration`, `cs_comment`; empty for none.
    pub kind: &'a str,
    /// Addresses. With none, all administrators and `email_to` get it.
    pub recipients: Vec<String>,
    /// Without the site's prefix.
    pub subject: String,
    /// What is said.
    pub letter: Letter,
    /// Who has done what it tells about.
    pub acting: Option<&'a str>,
    /// Ids of the thread that it belongs to, without angle brackets.
    pub references: Vec<String>,
}

/// What came of trying to send.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sent {
    /// Taken by the server.
    pub sent: usize,
    /// Not taken, and to be tried again or given up.
    pub failed: usize,
}

impl Model {
    /// Keeps a mail to be sent soon. Says to how many people.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn queue_mail(&self, mail: &Mail<'_>) -> Result<usize, Error> {
        self.db().write(|tx| self.queue_mail_in(tx, mail))
    }

    /// The same within a transaction, so that the mail exists exactly when its reason does.
    pub(crate) fn queue_mail_in(&self, tx: &Tx<'_>, mail: &Mail<'_>) -> Result<usize, Error> {
        let config = &self.config().mail;
        let mut recipients = mail.recipients.clone();
        if recipients.is_empty() {
            tracing::warn!(
                "the mail '{}' is for nobody; the administrators get it",
                mail.subject
            );
            recipients = administrators(tx, config)?;
        }
        recipients.sort();
        recipients.dedup();
        let now = Timestamp::now().as_second();
        let mut kept = 0;
        for recipient in &recipients {
            let made = match message::make(config, &self.config().canonical_url, mail, recipient) {
                Ok(made) => made,
                Err(problem) => {
                    tracing::error!(
                        "the mail '{}' to '{recipient}' cannot be written: {problem}",
                        mail.subject
                    );
                    continue;
                }
            };
            if config.server.is_none() && config.folder.is_none() {
                tracing::info!(
                    "no 'smtp_server': the mail '{}' to {recipient} is not sent",
                    mail.subject
                );
                continue;
            }
            mails::insert(
                tx,
                &mails::Mail {
                    id: random::hex(20),
                    sender: made.sender,
                    recipient: recipient.clone(),
                    message: made.text,
                    created_at: now,
                    next_try_at: now,
                    tries: 0,
                    last_error: String::new(),
                },
            )?;
            kept += 1;
        }
        if kept > 0 {
            self.postman().next_look.store(0, Ordering::Relaxed);
        }
        Ok(kept)
    }

    /// Whether it is time to look for mails. Costs nothing.
    #[must_use]
    pub fn should_look_for_mails(&self) -> bool {
        let config = &self.config().mail;
        (config.server.is_some() || config.folder.is_some())
            && self.postman().next_look.load(Ordering::Relaxed) <= Timestamp::now().as_second()
    }

    /// Sends a few mails after a request was answered. What goes wrong stands in the log.
    pub fn send_some_mails(&self) {
        let now = Timestamp::now().as_second();
        if self
            .postman()
            .next_look
            .swap(now + LOOK_EVERY, Ordering::Relaxed)
            > now
        {
            return;
        }
        match self.db().read(|conn| mails::any_due(conn, now)) {
            Ok(false) => return,
            Ok(true) => {}
            Err(error) => return tracing::warn!("cannot look for mails: {error}"),
        }
        match self.send_due_mails(BATCH) {
            // There may be more.
            Ok(sent) if sent.sent == BATCH as usize => {
                self.postman().next_look.store(0, Ordering::Relaxed)
            }
            Ok(_) => {}
            Err(error) => tracing::warn!("cannot send mails: {error}"),
        }
    }

    /// Tries to send the mails that are due, at most so many. When the server cannot be reached, the rest is not tried.
    ///
    /// # Errors
    /// When the database does not answer. A mail that is not taken is no error.
    pub fn send_due_mails(&self, most: u32) -> Result<Sent, Error> {
        let config = &self.config().mail;
        let mut sent = Sent::default();
        if config.server.is_none() && config.folder.is_none() {
            return Ok(sent);
        }
        let now = Timestamp::now().as_second();
        let due = self.db().read(|conn| mails::due(conn, now, most))?;
        for mail in due {
            if !self.db().write(|tx| mails::claim(tx, &mail, now + LEASE))? {
                continue;
            }
            match smtp::deliver(config, &mail) {
                Ok(()) => {
                    self.db().write(|tx| mails::delete(tx, &mail.id))?;
                    tracing::debug!("mail {} to {} was sent", mail.id, mail.recipient);
                    sent.sent += 1;
                }
                Err(refusal) => {
                    sent.failed += 1;
                    self.note_failure(&mail, &refusal)?;
                    if refusal.server_is_down {
                        break;
                    }
                }
            }
        }
        Ok(sent)
    }

    fn note_failure(&self, mail: &mails::Mail, refusal: &smtp::Refusal) -> Result<(), Error> {
        let tries = mail.tries + 1;
        let given_up = refusal.for_good || tries >= MOST_TRIES;
        let pause =
            usize::try_from(mail.tries).map_or(0, |tries| PAUSES[tries.min(PAUSES.len() - 1)]);
        let next = (!given_up).then(|| Timestamp::now().as_second() + pause);
        self.db()
            .write(|tx| mails::failed(tx, &mail.id, tries, next, &refusal.reason))?;
        if given_up {
            tracing::error!(
                "mail {} to {} is given up after {tries} tries and kept in rs_mails: {}",
                mail.id,
                mail.recipient,
                refusal.reason
            );
        } else {
            tracing::warn!(
                "mail {} to {} is tried again in {pause} s: {}",
                mail.id,
                mail.recipient,
                refusal.reason
            );
        }
        Ok(())
    }
}

/// The addresses of all active administrators, and `email_to`.
pub(crate) fn administrators(tx: &Tx<'_>, config: &MailConfig) -> Result<Vec<String>, Error> {
    let mut addresses: Vec<String> = db::users::all(tx)?
        .into_iter()
        .filter(|user| user.admin && user.active)
        .filter_map(|user| user.email)
        .filter(|email| !email.is_empty())
        .collect();
    addresses.extend(config.admins.iter().cloned());
    Ok(addresses)
}
