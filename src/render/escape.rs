//! The one place that makes text safe inside HTML.

use std::borrow::Cow;

/// Escapes text for use in HTML, both between tags and inside a quoted attribute value.
///
/// All five special characters are replaced, so that one function serves both places and nobody has to choose. Text without any of
/// them is returned as it came, without a copy.
pub fn escape(text: &str) -> Cow<'_, str> {
    match text.find(is_special) {
        None => Cow::Borrowed(text),
        Some(first) => {
            let mut out = String::with_capacity(text.len() + text.len() / 8 + 8);
            out.push_str(&text[..first]);
            push_escaped(&mut out, &text[first..]);
            Cow::Owned(out)
        }
    }
}

/// Appends the escaped text; the same rules as [`escape`].
pub fn push_escaped(out: &mut String, text: &str) {
    push_replacing(out, text, |byte| match byte {
        b'&' => Some("&amp;"),
        b'<' => Some("&lt;"),
        b'>' => Some("&gt;"),
        b'"' => Some("&quot;"),
        b'\'' => Some("&#39;"),
        _ => None,
    });
}

/// Appends text that stands between tags, never in an attribute: quotes stay as they are.
///
/// Code is full of quotes, and leaving them alone keeps pages of code about a tenth smaller.
pub fn push_content(out: &mut String, text: &str) {
    push_replacing(out, text, |byte| match byte {
        b'&' => Some("&amp;"),
        b'<' => Some("&lt;"),
        b'>' => Some("&gt;"),
        // A parser turns a lone carriage return into a new line unless it is written as a reference.
        b'\r' => Some("&#13;"),
        _ => None,
    });
}

/// The start of a text, of so many bytes at most, cut between characters.
pub(crate) fn start_of(text: &str, most: usize) -> &str {
    if text.len() <= most {
        return text;
    }
    let end = (0..=most).rev().find(|end| text.is_char_boundary(*end));
    &text[..end.unwrap_or(0)]
}

fn is_special(c: char) -> bool {
    matches!(c, '&' | '<' | '>' | '"' | '\'')
}

/// Copies the text in the longest possible pieces. Only ASCII bytes may be replaced, so every cut is at a character boundary.
fn push_replacing(out: &mut String, text: &str, replacement: impl Fn(u8) -> Option<&'static str>) {
    let mut copied = 0;
    for (at, byte) in text.bytes().enumerate() {
        if let Some(entity) = replacement(byte) {
            out.push_str(&text[copied..at]);
            out.push_str(entity);
            copied = at + 1;
        }
    }
    out.push_str(&text[copied..]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn plain_text_is_not_copied() {
        assert!(matches!(escape("naïve café"), Cow::Borrowed(_)));
    }

    #[test]
    fn all_five_are_replaced() {
        assert_eq!(
            escape(r#"a<b> & "c" 'd'"#),
            "a&lt;b&gt; &amp; &quot;c&quot; &#39;d&#39;"
        );
    }

    #[test]
    fn content_keeps_quotes() {
        let mut out = String::new();
        push_content(&mut out, "say \"<hi>\" & 'bye'\r");
        assert_eq!(out, "say \"&lt;hi&gt;\" &amp; 'bye'&#13;");
    }

    fn unescape(text: &str) -> String {
        text.replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&quot;", "\"")
            .replace("&#39;", "'")
            .replace("&amp;", "&")
    }

    proptest! {
        #[test]
        fn nothing_special_is_left_and_nothing_is_lost(text in ".*") {
            let escaped = escape(&text);
            prop_assert!(!escaped.contains(['<', '>', '"', '\'']));
            prop_assert_eq!(unescape(&escaped), text);
        }
    }
}
