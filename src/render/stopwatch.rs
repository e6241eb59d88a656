//! How much time a computation took of the processor.

use rustix::time::{ClockId, clock_gettime};
use std::time::Duration;

/// Measures the processor time of the current thread, not the time of day: on a busy server a file must not come out plain only
/// because the thread had to wait.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stopwatch {
    started: Duration,
}

impl Stopwatch {
    /// Starts now.
    pub fn start() -> Stopwatch {
        Stopwatch { started: used() }
    }

    /// The processor time since the start.
    pub fn elapsed(&self) -> Duration {
        used().saturating_sub(self.started)
    }
}

fn used() -> Duration {
    // The clock of a thread starts at zero, so it never gives a negative time.
    clock_gettime(ClockId::ThreadCPUTime)
        .try_into()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_does_not_count_and_work_does() {
        let watch = Stopwatch::start();
        std::thread::sleep(Duration::from_millis(50));
        assert!(watch.elapsed() < Duration::from_millis(40));
        let mut number = 1_u64;
        while watch.elapsed() == Duration::ZERO {
            number = std::hint::black_box(number.wrapping_mul(31));
        }
    }
}
