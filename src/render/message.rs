//! Plain-text markup: links in commit messages, comments and descriptions.
//!
//! Such texts are not Markdown. They are shown as they were written; only what is plainly meant as a reference becomes a link: web
//! addresses, changeset hashes, `@names`, issue numbers. `*Stressed*` text becomes bold.
//!
//! The text is scanned as it came and escaped piece by piece afterwards, so a quote beside an address cannot end up as half an entity
//! inside the link, and an issue pattern cannot match inside a tag.

mod issue;
mod label;
mod output;
mod scan;

pub use issue::{IssuePattern, IssuePatternError};

use std::borrow::Cow;

/// What a message may link to.
#[derive(Debug, Clone, Copy, Default)]
pub struct LinkContext<'a> {
    /// What a changeset hash is appended to for its link, like `/group/repo/changeset/`. Without it hashes stay plain.
    pub changeset_url: Option<&'a str>,
    /// The full name of the repository, for the links of issues. Without it issue patterns are not applied.
    pub repo_name: Option<&'a str>,
    /// The issue patterns, in the order they apply.
    pub issues: &'a [IssuePattern],
    /// Whether `@name` is marked.
    pub mentions: bool,
    /// Whether tags such as `[license => GPL]` become labels; only in descriptions, and only if the site wants it.
    pub labels: bool,
    /// Where everything leads that is no link of its own: in a changelog, to the changeset.
    pub default_link: Option<&'a str>,
}

/// Turns a message into HTML. White space at its end is dropped, new lines become `<br/>`.
pub fn urlify(text: &str, context: &LinkContext<'_>) -> String {
    let text = text.trim_end();
    let mut found = scan::scan(text, context);
    if let Some(repo_name) = context.repo_name {
        issue::find(text, context.issues, repo_name, &mut found);
    }
    output::write(text, found, context.default_link)
}

/// The first line of a message that is not blank, without white space around it.
pub fn first_line(text: &str) -> &str {
    text.lines()
        .map(str::trim)
        .find(|line| !line.is_empty())
        .unwrap_or("")
}

/// Cuts a text so that it has at most `limit` characters, if possible between words; `...` tells that something is missing.
pub fn truncate(text: &str, limit: usize) -> Cow<'_, str> {
    let text = text.trim_end();
    if text.chars().nth(limit).is_none() {
        return Cow::Borrowed(text);
    }
    let room = limit.saturating_sub(3);
    let end = text
        .char_indices()
        .nth(room)
        .map_or(text.len(), |(at, _)| at);
    let cut = &text[..end];
    let between_words = text[end..].starts_with(char::is_whitespace);
    let whole_words = match cut.rfind(char::is_whitespace) {
        Some(blank) if !between_words => cut[..blank].trim_end(),
        _ => cut.trim_end(),
    };
    let kept = if whole_words.is_empty() {
        cut
    } else {
        whole_words
    };
    Cow::Owned(format!("{kept}..."))
}

/// As much of a text as `limit` bytes hold, if possible up to the end of a line, and `…` where something is missing.
///
/// A message may be as long as its author likes. A page shows what somebody would read.
pub fn beginning(text: &str, limit: usize) -> Cow<'_, str> {
    if text.len() <= limit {
        return Cow::Borrowed(text);
    }
    let end = (0..=limit).rev().find(|at| text.is_char_boundary(*at));
    let cut = &text[..end.unwrap_or_default()];
    let whole_lines = match cut.rfind('\n') {
        Some(end) if end > limit / 2 => &cut[..end],
        _ => cut,
    };
    Cow::Owned(format!("{}…", whole_lines.trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const REPO: LinkContext<'static> = LinkContext {
        changeset_url: Some("/repo_name/changeset/"),
        repo_name: Some("repo_name"),
        issues: &[],
        mentions: true,
        labels: false,
        default_link: None,
    };

    #[test]
    fn the_beginning_of_a_text_ends_with_a_line_or_between_letters() {
        assert_eq!(beginning("short", 5), "short");
        assert_eq!(beginning("longer", 5), "longe…");
        assert_eq!(beginning("aé", 2), "a…");
        assert_eq!(beginning("one two\nthree four", 12), "one two…");
        assert_eq!(beginning("one\ntwo three four", 12), "one\ntwo thre…");
    }

    fn hash(hash: &str) -> String {
        format!("<a class=\"changeset_hash\" href=\"/repo_name/changeset/{hash}\">{hash}</a>")
    }

    #[test]
    fn changeset_hashes() {
        assert_eq!(
            urlify("from rev 000000000000123123 also rev 000000000000", &REPO),
            format!(
                "from rev {} also rev {}",
                hash("000000000000123123"),
                hash("000000000000")
            )
        );
        for text in [
            &"f".repeat(50),
            "should-000 00",
            "a-000000000000",
            "000000000000_x",
            "ü000000000000",
        ] {
            assert_eq!(urlify(text, &REPO), text);
        }
        let no_repo = LinkContext {
            changeset_url: None,
            ..REPO
        };
        assert_eq!(urlify("000000000000", &no_repo), "000000000000");
    }

    #[test]
    fn addresses() {
        let link = |url: &str| format!("<a href=\"{url}\">{url}</a>");
        let cases = [
            (
                "see http://foo.bar/.",
                format!("see {}.", link("http://foo.bar/")),
            ),
            (
                "(https://foo.bar/a_(b)?c=d&e=%20#f)",
                format!("({})", link("https://foo.bar/a_(b)?c=d&amp;e=%20#f")),
            ),
            (
                "'http://foo.bar/'",
                format!("&#39;{}&#39;", link("http://foo.bar/")),
            ),
            (
                "http://user@foo.bar:80, HTTPS://X.Y",
                format!(
                    "{}, {}",
                    link("http://user@foo.bar:80"),
                    link("HTTPS://X.Y")
                ),
            ),
            (
                "xhttp://foo.bar http:// javascript://x",
                "xhttp://foo.bar http:// javascript://x".to_owned(),
            ),
            ("http://000000000000.org", link("http://000000000000.org")),
        ];
        for (text, html) in cases {
            assert_eq!(urlify(text, &REPO), html);
        }
    }

    #[test]
    fn mentions() {
        assert_eq!(
            urlify(
                "@first but not username@example.com @one@two@three @D[] @n",
                &REPO
            ),
            "<b>@first</b> but not username@example.com <b>@one</b>@two@three @D[] @n"
        );
        assert_eq!(
            urlify("@a.b-c_d. (@x1)", &REPO),
            "<b>@a.b-c_d</b>. (<b>@x1</b>)"
        );
        assert_eq!(
            urlify(
                "@first",
                &LinkContext {
                    mentions: false,
                    ..REPO
                }
            ),
            "@first"
        );
    }

    #[test]
    fn bold_text_holds_links() {
        assert_eq!(
            urlify("*a bit @like http://slack.com*.", &REPO),
            "<b>*a bit <b>@like</b> <a href=\"http://slack.com\">http://slack.com</a>*</b>."
        );
        for text in [
            "2*3*4",
            "* item",
            "*open",
            "**",
            "*a\nb*",
            "*a *",
            "a **b** c",
            "*a*b",
        ] {
            assert!(!urlify(text, &REPO).contains("<b>"), "{text}");
        }
    }

    #[test]
    fn default_link() {
        let context = LinkContext {
            default_link: Some("#the-link"),
            ..REPO
        };
        assert_eq!(
            urlify("deadbeefcafe @mention, and http://foo.bar/ yo", &context),
            "<a class=\"changeset_hash\" href=\"/repo_name/changeset/deadbeefcafe\">deadbeefcafe</a>\
             <a class=\"message-link\" href=\"#the-link\"> <b>@mention</b>, and </a>\
             <a href=\"http://foo.bar/\">http://foo.bar/</a><a class=\"message-link\" href=\"#the-link\"> yo</a>"
        );
        assert_eq!(
            urlify("http://a.b http://c.d", &context),
            "<a href=\"http://a.b\">http://a.b</a> <a href=\"http://c.d\">http://c.d</a>"
        );
    }

    #[test]
    fn lines_and_special_characters() {
        assert_eq!(
            urlify("a <b> & \"c\" 'd'\r\n\ne\n\n", &REPO),
            "a &lt;b&gt; &amp; &quot;c&quot; &#39;d&#39;<br/><br/>e"
        );
    }

    #[test]
    fn first_lines() {
        assert_eq!(first_line("\n  Fix it \n\nbecause"), "Fix it");
        assert_eq!(first_line(" \n"), "");
    }

    #[test]
    fn cut_between_words() {
        assert_eq!(truncate("short", 5), "short");
        assert_eq!(truncate("one two three", 10), "one two...");
        assert_eq!(truncate("one two three", 11), "one two...");
        assert_eq!(truncate("unbreakable", 8), "unbre...");
    }

    #[test]
    fn long_texts_take_time_with_their_length_only() {
        let context = LinkContext {
            labels: true,
            default_link: Some("#x"),
            ..REPO
        };
        for piece in [
            "*a* @bb ",
            "[",
            "@",
            "*",
            "http://",
            "000000000000 ",
            "a@",
            "*a http://b* ",
        ] {
            let watch = crate::stopwatch::Stopwatch::start();
            let text = piece.repeat(100_000 / piece.len());
            assert!(urlify(&text, &context).len() >= text.trim_end().len());
            assert!(
                watch.elapsed() < std::time::Duration::from_secs(3),
                "{piece}: {:?}",
                watch.elapsed()
            );
        }
    }

    proptest! {
        #[test]
        fn text_is_never_markup(text in "[a-c0 @*<>&'\"\n/:.#-]{0,60}|.*") {
            let html = urlify(&text, &LinkContext { default_link: Some("#x"), labels: true, ..REPO });
            // Without the tags written here nothing may be left that a browser takes for a tag or a broken entity.
            let tags = ["<b>", "</b>", "<br/>", "</a>", "<a class=\"message-link\" href=\"#x\">"];
            let mut rest = html.clone();
            for tag in tags {
                rest = rest.replace(tag, "");
            }
            for piece in rest.split('<').skip(1) {
                prop_assert!(piece.starts_with("a href=\"http") || piece.starts_with("a class=\"changeset_hash\"")
                    || piece.starts_with("a href=\"HTTP") || piece.starts_with("div class=\"label"), "{}", html);
            }
        }

        #[test]
        fn cutting_keeps_the_limit(text in ".{0,50}", limit in 4..40usize) {
            prop_assert!(truncate(&text, limit).chars().count() <= limit);
        }
    }
}
