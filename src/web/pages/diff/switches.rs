//! What a reader chose about a diff: the parameters that all pages with diffs share.

use vcs::{DiffLimit, DiffOptions, Whitespace};

use crate::form::Form;
use crate::path::Url;

const DEFAULT_CONTEXT: u32 = 3;
const MAX_CONTEXT: u32 = 10_000;
/// No more files than this are compared.
const MAX_FILES: usize = 1_000;
/// No larger file than this is compared.
const MAX_BLOB: u64 = 8 << 20;
/// No more lines than this are shown: a line break takes a row like any other.
const MAX_LINES: u64 = 20_000;
/// The same for those who want to see everything: what a page can hold. The text forms have no limit.
const MAX_FILES_FULL: usize = 20_000;
const MAX_BLOB_FULL: u64 = 32 << 20;
const MAX_TEXT_FULL: u64 = 8 << 20;
const MAX_LINES_FULL: u64 = 100_000;

/// The switches of a page with a diff, as the query string has them.
#[derive(Debug, Clone, Copy)]
pub(in crate::pages) struct Switches {
    /// `context`: lines around each change.
    pub context: u32,
    /// `ignorews`: which white space does not count.
    pub whitespace: Whitespace,
    /// `fulldiff`: nothing is left out because it is long.
    pub full: bool,
    /// `view=split`: two columns.
    pub side_by_side: bool,
    /// `showws`: blanks are made visible.
    pub blanks: bool,
}

impl Switches {
    pub(in crate::pages) fn of(query: &Form) -> Self {
        let on = |name: &str| query.get(name).is_some_and(|value| !value.is_empty());
        let context: i64 = query
            .number("context")
            .unwrap_or(i64::from(DEFAULT_CONTEXT));
        Self {
            context: u32::try_from(context.max(0))
                .unwrap_or(MAX_CONTEXT)
                .min(MAX_CONTEXT),
            whitespace: match query.get("ignorews").unwrap_or_default() {
                "" => Whitespace::Keep,
                "amount" => Whitespace::Amount,
                "eol" => Whitespace::LineEnd,
                _ => Whitespace::All,
            },
            full: on("fulldiff"),
            side_by_side: query.get("view") == Some("split"),
            blanks: on("showws"),
        }
    }

    /// How to compare for a page; `cut_off` is how many bytes of text it shows unless everything is asked for.
    pub(in crate::pages) fn options(&self, cut_off: usize) -> DiffOptions {
        let limit = if self.full {
            DiffLimit {
                files: MAX_FILES_FULL,
                blob_bytes: MAX_BLOB_FULL,
                text_bytes: MAX_TEXT_FULL,
                lines: MAX_LINES_FULL,
            }
        } else {
            DiffLimit {
                files: MAX_FILES,
                blob_bytes: MAX_BLOB,
                text_bytes: (cut_off as u64).min(MAX_TEXT_FULL),
                lines: MAX_LINES,
            }
        };
        DiffOptions {
            limit: Some(limit),
            words: true,
            moved: true,
            ..self.text_options()
        }
    }

    /// How to compare for a text: all of it, so that it can be applied.
    pub(in crate::pages) fn text_options(&self) -> DiffOptions {
        DiffOptions {
            context: self.context,
            ignore_whitespace: self.whitespace,
            binary_content: false,
            ..DiffOptions::default()
        }
    }

    /// The same with all of the file around the changes.
    pub(in crate::pages) fn with_everything(mut self) -> Self {
        self.context = MAX_CONTEXT;
        self
    }

    /// The same page with one switch turned.
    pub(super) fn url(&self, base: &Url, change: impl FnOnce(&mut Self)) -> String {
        let mut other = *self;
        change(&mut other);
        other.added_to(base.clone()).into()
    }

    /// A page with these switches.
    pub(in crate::pages) fn added_to(&self, mut url: Url) -> Url {
        if self.context != DEFAULT_CONTEXT {
            url = url.query("context", &self.context.to_string());
        }
        let whitespace = match self.whitespace {
            Whitespace::Keep => None,
            Whitespace::All => Some("1"),
            Whitespace::Amount => Some("amount"),
            Whitespace::LineEnd => Some("eol"),
        };
        let on = |on: bool, value| on.then_some(value);
        for (name, value) in [
            ("ignorews", whitespace),
            ("fulldiff", on(self.full, "1")),
            ("view", on(self.side_by_side, "split")),
            ("showws", on(self.blanks, "1")),
        ] {
            if let Some(value) = value {
                url = url.query(name, value);
            }
        }
        url
    }

    pub(super) fn more_context(&mut self) {
        self.context = (self.context * 2).clamp(1, MAX_CONTEXT);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_values_are_bounded() {
        let of = |query: &str| Switches::of(&Form::parse(query.as_bytes()));
        assert_eq!(of("context=-5").context, 0);
        assert_eq!(of("context=x").context, 3);
        assert_eq!(of("context=99999999999999").context, MAX_CONTEXT);
        assert_eq!(of("ignorews=on").whitespace, Whitespace::All);
        assert_eq!(of("ignorews=").whitespace, Whitespace::Keep);
        assert!(of("fulldiff=0").full && !of("fulldiff=").full);
    }

    #[test]
    fn a_link_turns_one_switch_and_keeps_the_others() {
        let switches = Switches::of(&Form::parse(b"context=6&ignorews=eol&view=split"));
        let url = switches.url(&Url::below("/r"), |s| s.full = true);
        assert_eq!(url, "/r?context=6&ignorews=eol&fulldiff=1&view=split");
        let url = switches.url(&Url::below("/r"), |s| {
            s.context = 3;
            s.whitespace = Whitespace::Keep;
            s.side_by_side = false;
        });
        assert_eq!(url, "/r");
    }
}
