//! Log lines on standard error, where every server collects them, or where the ini file sends those of a command.

use std::fs::OpenOptions;
use std::io::stderr;
use std::path::Path;
use std::sync::{Arc, Once};

use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry};

use crate::Ini;
use crate::log_sections::{self, Output, Target};

const VARIABLE: &str = "KALLITHEA_LOG";
static ONCE: Once = Once::new();

/// Starts logging once per process: `KALLITHEA_LOG` sets levels (`debug`, `web=trace`), `info` is the default.
pub fn start() {
    start_at("info");
}

/// The same with other levels where `KALLITHEA_LOG` sets none. The first call in a process counts.
pub fn start_at(levels: &str) {
    ONCE.call_once(|| {
        let filter = EnvFilter::try_from_env(VARIABLE).unwrap_or_else(|_| EnvFilter::new(levels));
        // A host that has its own subscriber keeps it.
        let _ = tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(stderr)
            .with_ansi(false)
            .try_init();
    });
}

/// Starts logging for a command, named as its function is: as `KALLITHEA_LOG` says, or else the sections of the ini file, or else at these levels.
pub fn start_command(ini: Option<&Path>, command: &str, levels: &str) {
    let read = ini
        .filter(|_| std::env::var_os(VARIABLE).is_none())
        .and_then(|path| Ini::read(path).ok());
    let Some((ini, mut outputs)) =
        read.and_then(|ini| log_sections::outputs(&ini, command).map(|outputs| (ini, outputs)))
    else {
        return start_at(levels);
    };
    if levels == "off" && !log_sections::has_own(&ini, command) {
        // Its standard error is somebody's screen, and nobody has said that log lines belong there.
        outputs.retain(|output| output.target != Target::Errors);
    }
    ONCE.call_once(|| {
        let layers: Vec<_> = outputs.into_iter().filter_map(layer).collect();
        let _ = tracing_subscriber::registry().with(layers).try_init();
    });
}

fn layer(output: Output) -> Option<Box<dyn Layer<Registry> + Send + Sync>> {
    let lines = tracing_subscriber::fmt::layer().with_ansi(false);
    Some(match output.target {
        Target::Errors => lines.with_writer(stderr).with_filter(output.level).boxed(),
        Target::File(path) => {
            let file = OpenOptions::new().append(true).create(true).open(&path);
            let file = file
                .map_err(|error| {
                    eprintln!("the log file {} cannot be written: {error}", path.display());
                })
                .ok()?;
            lines
                .with_writer(Arc::new(file))
                .with_filter(output.level)
                .boxed()
        }
    })
}
