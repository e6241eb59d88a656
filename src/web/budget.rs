//! What visitors without a name may cost.
//!
//! Robots that follow every link of every revision must not take the server from the people who work with it. Pages
//! that are dear to make are sorted into classes, and the work that a worker does for strangers is counted by class, in
//! processor time: whoever gets cheap answers (from a cache, or a 304) gets many. A class whose share is spent answers
//! 429 with the time to wait. Whoever signs in is not counted.

use std::io::{self, Read};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

use crate::response::{Body, Response};

/// So much of its share may a class save up, as time without any stranger.
const SAVED: Duration = Duration::from_secs(480);

/// Kinds of dear pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// Who wrote which line, and the history of one path.
    Blame,
    /// Whole revisions to download.
    Archive,
    /// Differences between any two states.
    Compare,
    /// Files and changesets of old revisions.
    Past,
}

impl Class {
    /// The class of a route of this name at this address; none for cheap pages.
    pub(crate) fn of(route: &str, path: &str) -> Option<Self> {
        Some(match route {
            "files_annotate_home" | "files_history_home" | "files_authors_home" => Self::Blame,
            "files_archive_home" => Self::Archive,
            "compare_url" | "files_diff_home" | "files_diff_2way_home" => Self::Compare,
            "changeset_home" if path.contains("...") => Self::Compare,
            name if PAST.contains(&name) && path.split('/').any(is_id) => Self::Past,
            _ => return None,
        })
    }
}

const PAST: &[&str] = &[
    "changelog_file_home",
    "changeset_home",
    "changeset_patch_home",
    "changeset_raw_home",
    "files_home",
    "files_raw_home",
    "files_rawfile_home",
];

fn is_id(segment: &str) -> bool {
    (12..=40).contains(&segment.len()) && segment.bytes().all(|b| b.is_ascii_hexdigit())
}

/// The budgets of one process.
pub(crate) struct Budget {
    /// Seconds of work for each second that passes; none: no limit.
    share: Option<f64>,
    classes: [Mutex<Account>; 4],
}

struct Account {
    /// Seconds of work; below zero when the last answer was dearer than what was left.
    left: f64,
    counted: Instant,
}

impl Budget {
    /// `percent` of one processor for each class; 0 is no limit.
    pub(crate) fn new(percent: usize, now: Instant) -> Self {
        let share = (percent > 0).then(|| f64::from(u32::try_from(percent).unwrap_or(100)) / 100.0);
        let full = share.unwrap_or_default() * SAVED.as_secs_f64();
        Self {
            share,
            classes: std::array::from_fn(|_| {
                Mutex::new(Account {
                    left: full,
                    counted: now,
                })
            }),
        }
    }

    /// Whether a class has something left; else the seconds after which it has.
    pub(crate) fn admit(&self, class: Class, now: Instant) -> Result<(), u64> {
        let Some(share) = self.share else {
            return Ok(());
        };
        let mut account = self.account(class);
        let passed = now.saturating_duration_since(account.counted).as_secs_f64();
        account.left = (account.left + passed * share).min(share * SAVED.as_secs_f64());
        account.counted = now;
        if account.left > 0.0 {
            return Ok(());
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a number of seconds above zero"
        )]
        Err((-account.left / share) as u64 + 1)
    }

    /// Writes down what an answer has cost.
    pub(crate) fn charge(&self, class: Class, cost: Duration) {
        self.account(class).left -= cost.as_secs_f64();
    }

    fn account(&self, class: Class) -> std::sync::MutexGuard<'_, Account> {
        let account = &self.classes[class as usize];
        account.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The processor time that this thread has used so far.
pub(crate) fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(
        u64::try_from(time.tv_sec).unwrap_or_default(),
        u32::try_from(time.tv_nsec).unwrap_or_default(),
    )
}

/// Counts what an answer costs that is made while it is sent.
pub(crate) fn meter(budget: &Arc<Budget>, class: Class, mut response: Response) -> Response {
    response.body = match response.body {
        Body::Stream(stream) => Body::Stream(Box::new(Metered {
            stream,
            class,
            budget: Arc::clone(budget),
        })),
        other => other,
    };
    response
}

struct Metered {
    stream: Box<dyn Read + Send>,
    class: Class,
    budget: Arc<Budget>,
}

impl Read for Metered {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let before = processor_time();
        let read = self.stream.read(buf);
        self.budget
            .charge(self.class, processor_time().saturating_sub(before));
        read
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_spent_comes_back_with_time() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let budget = Budget::new(25, start);
        assert_eq!(budget.admit(Class::Blame, at(0)), Ok(()));
        budget.charge(Class::Blame, Duration::from_secs(130));
        // 120 seconds were saved up; 10 are owed, and each takes four seconds.
        assert_eq!(budget.admit(Class::Blame, at(0)), Err(41));
        assert_eq!(budget.admit(Class::Blame, at(39)), Err(2));
        assert_eq!(budget.admit(Class::Blame, at(41)), Ok(()));
        assert_eq!(
            budget.admit(Class::Archive, at(0)),
            Ok(()),
            "each for itself"
        );
        budget.charge(Class::Archive, Duration::from_secs(121));
        assert_eq!(budget.admit(Class::Archive, at(100_000)), Ok(()));
        budget.charge(Class::Archive, Duration::from_secs(121));
        assert!(
            budget.admit(Class::Archive, at(100_000)).is_err(),
            "no more than that is saved"
        );
    }

    #[test]
    fn without_a_share_nothing_is_refused() {
        let budget = Budget::new(0, Instant::now());
        budget.charge(Class::Compare, Duration::from_secs(1_000_000));
        assert_eq!(budget.admit(Class::Compare, Instant::now()), Ok(()));
    }

    #[test]
    fn a_stream_is_counted_while_it_is_sent() {
        let budget = Arc::new(Budget::new(25, Instant::now()));
        let before = budget.account(Class::Archive).left;
        let busy = std::io::repeat(7).take(1 << 22);
        let response = Response::stream("a/b".parse().expect("a type"), Box::new(busy));
        let mut response = meter(&budget, Class::Archive, response);
        let mut block = vec![0; 1 << 16];
        while response.body.read_block(&mut block).expect("reads") > 0 {}
        assert!(budget.account(Class::Archive).left < before);
    }

    #[test]
    fn dear_pages_have_a_class() {
        let old = "/r/files/0123456789abcdef0123456789abcdef01234567/a";
        assert_eq!(Class::of("files_home", old), Some(Class::Past));
        assert_eq!(Class::of("files_home", "/r/files/tip/a"), None);
        assert_eq!(
            Class::of("changeset_home", "/r/changeset/a...b"),
            Some(Class::Compare)
        );
        assert_eq!(Class::of("summary_home", old), None);
    }

    #[test]
    fn every_name_is_a_route() {
        for name in PAST {
            let known = crate::routes::REPOSITORY
                .iter()
                .any(|route| route.name == *name);
            assert!(known, "{name}");
        }
    }
}
