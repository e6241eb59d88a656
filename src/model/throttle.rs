//! Slowing down those who guess: counters in the database, so that all workers share them.
//!
//! Counted is per name as typed, whether or not there is such an account, and per address. After some free failures the
//! next attempt has to wait, longer each time; what comes earlier is refused without looking at it. Neither counter holds
//! for an account at an address from which it has signed in before, so that nobody is locked out by others.

use db::failed_logins::{self, Failures};
use db::{DbError, Username, users};
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::journal::{self, Action, Actor};
use crate::{Error, Model};

/// Failures of one name that cost nothing but the time of the hash.
const FREE_FOR_NAME: i64 = 10;
/// Failures from one address; many people may share one.
const FREE_FOR_ADDRESS: i64 = 50;
/// The longest wait in seconds.
const LONGEST_WAIT: i64 = 60;
/// A counter starts anew when nothing has happened for so many seconds.
const FORGOTTEN: i64 = 3600;
/// For so many seconds an address counts as one that an account comes from.
const KNOWN: i64 = 30 * 24 * 3600;
/// How often that is noted anew.
const NOTED: i64 = 24 * 3600;
/// How many old counters are removed when one is written.
const SWEEP: u32 = 20;

/// An attempt to sign in that may go on.
pub(crate) struct Attempt<'a> {
    model: &'a Model,
    /// As it was typed; none for attempts that name no account, such as API keys.
    typed: Option<&'a str>,
    name: Option<Counter>,
    address: Counter,
    known: Option<Counter>,
    client: &'a str,
}

/// A subject of the table and what stood there.
struct Counter {
    subject: String,
    count: i64,
    last_at: i64,
}

impl<'a> Attempt<'a> {
    /// Begins an attempt to sign in as somebody.
    ///
    /// # Errors
    /// [`Error::TooManyAttempts`] when it comes too early.
    pub(crate) fn begin(model: &'a Model, typed: &'a str, client: &'a str) -> Result<Self, Error> {
        let lower = typed.to_lowercase();
        let name = format!("name:{}", digest(&[&lower]));
        let known = format!("known:{}", digest(&[&lower, "\0", &network(client)]));
        Ok(Self {
            typed: Some(typed),
            ..Self::start(model, Some((name, known)), client)?
        })
    }

    /// Begins an attempt with a key, which names nobody.
    ///
    /// # Errors
    /// As [`Self::begin`].
    pub(crate) fn begin_with_key(model: &'a Model, client: &'a str) -> Result<Self, Error> {
        Self::start(model, None, client)
    }

    fn start(
        model: &'a Model,
        subjects: Option<(String, String)>,
        client: &'a str,
    ) -> Result<Self, Error> {
        let now = Timestamp::now().as_second();
        // A robot that keeps on sending an old key must not keep people behind the same address from signing in.
        let kind = if subjects.is_some() {
            "address"
        } else {
            "keys"
        };
        let address = format!("{kind}:{}", network(client));
        let mut asked = vec![address.as_str()];
        if let Some((name, known)) = &subjects {
            asked.extend([name.as_str(), known.as_str()]);
        }
        let rows = model.db().read(|conn| failed_logins::of(conn, &asked))?;
        let counter = |subject: String| Counter::new(subject, &rows);
        let address = counter(address);
        let (name, known) = match subjects {
            Some((name, known)) => (Some(counter(name)), Some(counter(known))),
            None => (None, None),
        };
        let at_home = known
            .as_ref()
            .is_some_and(|known| now - known.last_at < KNOWN);
        // Where all come from one address, such as that of a proxy, one guesser must not shut out the rest.
        let wait = match &name {
            Some(_) if at_home => 0,
            Some(name) => {
                let by_name = name.wait(now, FREE_FOR_NAME);
                by_name.max(address.wait(now, FREE_FOR_ADDRESS))
            }
            None => address.wait(now, FREE_FOR_ADDRESS),
        };
        if wait > 0 {
            tracing::warn!("too many wrong credentials: {client} has to wait for {wait} s");
            return Err(Error::TooManyAttempts {
                seconds: u64::try_from(wait).unwrap_or(1),
            });
        }
        Ok(Self {
            model,
            typed: None,
            name,
            address,
            known,
            client,
        })
    }

    /// The credentials were wrong. Counts it, and writes it into the journal under the account's name if there is one.
    pub(crate) fn failed(self) -> Result<(), Error> {
        let now = Timestamp::now().as_second();
        let counted = self.model.db().write(|tx| {
            failed_logins::delete_older(tx, now - KNOWN, SWEEP)?;
            // Asked again: other workers count too.
            let mut asked = vec![self.address.subject.as_str()];
            asked.extend(self.name.as_ref().map(|name| name.subject.as_str()));
            let rows = failed_logins::of(tx, &asked)?;
            for subject in &asked {
                let counter = Counter::new((*subject).to_owned(), &rows);
                failed_logins::set(tx, subject, counter.fresh(now) + 1, now)?;
            }
            if let Some(typed) = self.typed {
                let account = match users::by_username_in_any_case(tx, &Username::from(typed))? {
                    Some(user) => Some(user),
                    None => users::by_email(tx, typed)?,
                };
                let actor = Actor {
                    user: account.as_ref().map(|user| user.id),
                    // What was typed may be a password in the wrong field.
                    username: account
                        .map_or_else(|| Username::from("(unknown)"), |user| user.username),
                    address: self.client.to_owned(),
                };
                journal::write(tx, &actor, None, "", &Action::FailedLogin)?;
            }
            Ok::<_, DbError>(())
        });
        counted.map_err(Error::from)
    }

    /// The credentials were right: the name starts anew, and its address is known.
    pub(crate) fn succeeded(self) -> Result<(), Error> {
        let now = Timestamp::now().as_second();
        let forget = self.name.filter(|name| name.count > 0);
        let note = self.known.filter(|known| now - known.last_at > NOTED);
        if forget.is_none() && note.is_none() {
            return Ok(());
        }
        let done = self.model.db().write(|tx| {
            if let Some(name) = &forget {
                failed_logins::forget(tx, &name.subject)?;
            }
            if let Some(known) = &note {
                failed_logins::set(tx, &known.subject, 0, now)?;
            }
            Ok::<_, DbError>(())
        });
        done.map_err(Error::from)
    }
}

impl Counter {
    fn new(subject: String, rows: &[Failures]) -> Self {
        let row = rows.iter().find(|row| row.subject == subject);
        Self {
            count: row.map_or(0, |row| row.count),
            last_at: row.map_or(0, |row| row.last_at),
            subject,
        }
    }

    /// The count, if it is not forgotten by now.
    fn fresh(&self, now: i64) -> i64 {
        if now - self.last_at < FORGOTTEN {
            self.count
        } else {
            0
        }
    }

    /// Seconds until the next attempt may come.
    fn wait(&self, now: i64, free: i64) -> i64 {
        let beyond = self.fresh(now) - free;
        if beyond < 0 {
            return 0;
        }
        let pause = 1_i64
            .checked_shl(u32::try_from(beyond).unwrap_or(u32::MAX))
            .filter(|pause| (1..LONGEST_WAIT).contains(pause))
            .unwrap_or(LONGEST_WAIT);
        // A clock that was set back must not make anybody wait for years.
        (self.last_at + pause - now).clamp(0, LONGEST_WAIT)
    }
}

fn digest(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// The part of an address that one guesser cannot change at will: all of IPv4, the first half of IPv6.
fn network(client: &str) -> String {
    match crate::ip::parse(client) {
        Some(std::net::IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        Some(address) => address.to_string(),
        None => "unknown".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(count: i64, seconds_ago: i64) -> i64 {
        let counter = Counter {
            subject: String::new(),
            count,
            last_at: 10_000 - seconds_ago,
        };
        counter.wait(10_000, FREE_FOR_NAME)
    }

    #[test]
    fn waits_double_up_to_a_minute_and_are_forgotten_after_an_hour() {
        assert_eq!([wait(0, 0), wait(9, 0)], [0, 0]);
        assert_eq!([wait(10, 0), wait(11, 0), wait(12, 0)], [1, 2, 4]);
        assert_eq!([wait(16, 0), wait(500, 0), wait(i64::MAX / 2, 0)], [60; 3]);
        assert_eq!([wait(12, 3), wait(12, 4), wait(12, 5)], [1, 0, 0]);
        assert_eq!(wait(500, FORGOTTEN), 0);
        assert_eq!(
            wait(500, -1_000_000),
            LONGEST_WAIT,
            "a clock that was set back"
        );
    }

    #[test]
    fn a_guesser_does_not_get_away_by_another_address_of_the_same_line() {
        assert_eq!(network("192.0.2.7"), "192.0.2.7");
        assert_eq!(network("::ffff:192.0.2.7"), "192.0.2.7");
        assert_eq!(
            network("2001:db8:1:2:3::4%eth0"),
            network("2001:db8:1:2::9")
        );
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_eq!(network("?"), "unknown");
    }
}
