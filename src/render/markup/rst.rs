//! reStructuredText to HTML: by whoever is told to us, for there is no library of Rust that knows enough of it.
//!
//! Where Python hosts the program, docutils does it (see `use_rst`); elsewhere the text is shown as it was written. Docutils takes
//! milliseconds where Markdown takes microseconds, so what came out is kept, under the text itself: it cannot be out of date.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::{Links, sanitizer};

/// Longer texts are shown as they are.
const LARGEST_TEXT: usize = 256 << 10;
/// So much text and HTML is kept; then all of it goes.
const KEPT: usize = 4 << 20;

/// Turns text into HTML; nothing when that takes too long or fails. With `strict` also when the text does not look as if it was meant
/// as reStructuredText. What comes out is not trusted.
pub trait RstRenderer: Send + Sync {
    /// See above.
    fn html(&self, text: &str, strict: bool) -> Option<String>;
}

static RENDERER: OnceLock<Box<dyn RstRenderer>> = OnceLock::new();

/// Says who renders reStructuredText, once per process; later words are not heard.
pub fn use_rst(renderer: Box<dyn RstRenderer>) {
    let _ = RENDERER.set(renderer);
}

/// Whether somebody renders it.
pub(super) fn available() -> bool {
    RENDERER.get().is_some()
}

/// Renders and sanitises; nothing without a renderer, or if it has nothing to say.
pub(super) fn render(text: &str, strict: bool, links: &Links<'_>) -> Option<String> {
    static SHARED: OnceLock<Cache> = OnceLock::new();
    let renderer = RENDERER.get()?;
    if text.len() > LARGEST_TEXT {
        return None;
    }
    let html = SHARED
        .get_or_init(Cache::default)
        .html(&**renderer, text, strict)?;
    let html = sanitizer::clean(&html, links)?;
    Some(format!("<div class=\"rst\">{html}</div>"))
}

/// What was rendered, by the text; failures too, because those take longest.
#[derive(Default)]
struct Cache(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    size: usize,
    html: HashMap<(bool, Arc<str>), Option<Arc<str>>>,
}

impl Cache {
    fn html(&self, renderer: &dyn RstRenderer, text: &str, strict: bool) -> Option<Arc<str>> {
        let key = (strict, Arc::<str>::from(text));
        {
            let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(html) = kept.html.get(&key) {
                return html.clone();
            }
        }
        // Not under the lock: two threads may do the same once, but none waits for the other's text.
        let html = renderer.html(text, strict).map(Arc::<str>::from);
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let size = text.len() + html.as_ref().map_or(0, |html| html.len());
        if kept.size + size > KEPT {
            *kept = Kept::default();
        }
        kept.size += size;
        kept.html.insert(key, html.clone());
        html
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[derive(Default)]
    struct Counting(AtomicUsize);

    impl RstRenderer for Counting {
        fn html(&self, text: &str, strict: bool) -> Option<String> {
            self.0.fetch_add(1, Ordering::SeqCst);
            (!strict).then(|| format!("<p>{text}</p>"))
        }
    }

    #[test]
    fn a_text_is_rendered_once() {
        let (cache, renderer) = (Cache::default(), Counting::default());
        for _ in 0..3 {
            assert_eq!(
                cache.html(&renderer, "a", false).as_deref(),
                Some("<p>a</p>")
            );
            assert_eq!(cache.html(&renderer, "a", true), None);
        }
        assert_eq!(renderer.0.load(Ordering::SeqCst), 2);
    }

    #[test]
    fn what_is_kept_has_a_limit() {
        let (cache, renderer) = (Cache::default(), Counting::default());
        let large = |letter: &str| letter.repeat(KEPT / 5);
        for letter in ["a", "b", "c", "d", "e"] {
            cache.html(&renderer, &large(letter), false);
        }
        let kept = cache.0.lock().unwrap();
        assert!(kept.size <= KEPT && kept.html.len() < 5);
    }
}
