//! Markdown to HTML.

use super::{ID_PREFIX, Links, sanitizer};
use crate::escape::push_content;
use crate::highlight;
use crate::stopwatch::Stopwatch;
use comrak::adapters::SyntaxHighlighterAdapter;
use comrak::options::{Options, Plugins};
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

/// How long the code blocks of one file may take together; later ones come out plain.
const CODE_BUDGET: Duration = Duration::from_millis(400);

/// Renders and sanitises; nothing if that takes too long. Raw HTML in the text is kept as far as the sanitiser lets it through.
pub(super) fn render(text: &str, links: &Links<'_>) -> Option<String> {
    let mut options = Options::default();
    options.extension.strikethrough = true;
    options.extension.table = true;
    options.extension.tasklist = true;
    options.extension.autolink = true;
    options.extension.footnotes = true;
    options.extension.description_lists = true;
    options.extension.header_id_prefix = Some(ID_PREFIX.to_owned());
    options.extension.front_matter_delimiter = Some("---".to_owned());
    options.render.tasklist_classes = true;
    options.render.r#unsafe = true;

    let code = CodeBlocks {
        watch: Stopwatch::start(),
    };
    let mut plugins = Plugins::default();
    plugins.render.codefence_syntax_highlighter = Some(&code);
    let html = comrak::markdown_to_html_with_plugins(text, &options, &plugins);
    let html = sanitizer::clean(&html, links)?;
    Some(format!("<div class=\"markdown\">{html}</div>"))
}

/// Highlights code blocks as source files are.
struct CodeBlocks {
    watch: Stopwatch,
}

impl SyntaxHighlighterAdapter for CodeBlocks {
    fn write_highlighted(
        &self,
        output: &mut dyn fmt::Write,
        lang: Option<&str>,
        code: &str,
    ) -> fmt::Result {
        let left = CODE_BUDGET.saturating_sub(self.watch.elapsed());
        let language = lang.unwrap_or("").trim_matches(['{', '}', '.']);
        if left.is_zero() || language.is_empty() {
            let mut plain = String::with_capacity(code.len());
            push_content(&mut plain, code);
            return output.write_str(&plain);
        }
        output.write_str(&highlight::shared().snippet_within(language, code, left))
    }

    fn write_pre_tag(
        &self,
        output: &mut dyn fmt::Write,
        _: HashMap<&'static str, Cow<'_, str>>,
    ) -> fmt::Result {
        output.write_str("<pre class=\"code-highlight\">")
    }

    fn write_code_tag(
        &self,
        output: &mut dyn fmt::Write,
        _: HashMap<&'static str, Cow<'_, str>>,
    ) -> fmt::Result {
        output.write_str("<code>")
    }
}
