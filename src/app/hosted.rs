//! What a Python interpreter does for us when it hosts the program. Without one, all of this is absent and nothing else changes.

use std::sync::atomic::{AtomicBool, Ordering};

/// Turns reStructuredText into HTML: text, and whether to give up when it does not look as if it was meant as such. An error is for
/// the log.
pub type Rst = fn(&str, bool) -> Result<Option<String>, String>;

/// Says who renders reStructuredText, once per process.
pub fn use_rst(rst: Rst) {
    render::markup::use_rst(Box::new(Renderer {
        rst,
        told: AtomicBool::new(false),
    }));
}

/// A piece of code in a named language as HTML, for whoever renders documents that hold some.
#[must_use]
pub fn highlight(language: &str, code: &str) -> String {
    render::highlight::shared().snippet(language, code)
}

struct Renderer {
    rst: Rst,
    told: AtomicBool,
}

impl render::markup::RstRenderer for Renderer {
    fn html(&self, text: &str, strict: bool) -> Option<String> {
        (self.rst)(text, strict).unwrap_or_else(|error| {
            // Mostly a missing docutils; once is enough to say it.
            if !self.told.swap(true, Ordering::Relaxed) {
                tracing::warn!("reStructuredText is shown as it is: {error}");
            }
            None
        })
    }
}
