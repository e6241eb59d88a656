//! Log lines on standard error, where every server collects them.

use std::io::stderr;
use std::sync::Once;

use tracing_subscriber::EnvFilter;

/// Starts logging once per process: `KALLITHEA_LOG` sets levels (`debug`, `web=trace`), `info` is the default.
pub fn start() {
    start_at("info");
}

/// The same with other levels where `KALLITHEA_LOG` sets none. The first call in a process counts.
pub fn start_at(levels: &str) {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let filter =
            EnvFilter::try_from_env("KALLITHEA_LOG").unwrap_or_else(|_| EnvFilter::new(levels));
        // A host that has its own subscriber keeps it.
        let _ = tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(stderr)
            .with_ansi(false)
            .try_init();
    });
}
