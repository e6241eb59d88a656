//! One line of a difference as HTML: escaped, with invisible characters made visible and changed words wrapped.

use std::ops::Range;

/// Which element wraps the changed words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// `<del>`, in the old version of a line.
    Removed,
    /// `<ins>`, in the new version of a line.
    Added,
}

impl Mark {
    fn tags(self) -> (&'static str, &'static str) {
        match self {
            Mark::Removed => ("<del>", "</del>"),
            Mark::Added => ("<ins>", "</ins>"),
        }
    }
}

/// Escapes a line and wraps the given byte ranges.
///
/// A tab becomes `<u>TAB</u>`, a carriage return `<u class="cr"></u>`, and after a tab or blank at the very end stands `<i></i>`; the
/// style sheet draws something there, and copying the text gives what is in the file. Ranges must be ascending and disjoint, as
/// [`words`](super::words) gives them; a range that does not lie on character boundaries of the line is ignored.
pub fn mark(line: &str, ranges: &[Range<usize>], mark: Mark) -> String {
    let (open, close) = mark.tags();
    let mut out = String::with_capacity(line.len() + line.len() / 4 + ranges.len() * 11);
    let mut done = 0;
    for range in ranges {
        if range.start < done {
            continue;
        }
        let (Some(before), Some(marked)) = (line.get(done..range.start), line.get(range.clone()))
        else {
            continue;
        };
        push_marked(&mut out, before);
        out.push_str(open);
        push_marked(&mut out, marked);
        if range.end == line.len() {
            push_trailing(&mut out, line);
        }
        out.push_str(close);
        done = range.end;
    }
    push_marked(&mut out, &line[done..]);
    if done < line.len() {
        push_trailing(&mut out, line);
    }
    out
}

fn push_trailing(out: &mut String, line: &str) {
    if line.ends_with([' ', '\t']) {
        out.push_str("<i></i>");
    }
}

fn push_marked(out: &mut String, text: &str) {
    let mut copied = 0;
    for (at, byte) in text.bytes().enumerate() {
        let replacement = match byte {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'\t' => "<u>\t</u>",
            b'\r' => "<u class=\"cr\"></u>",
            _ => continue,
        };
        out.push_str(&text[copied..at]);
        out.push_str(replacement);
        copied = at + 1;
    }
    out.push_str(&text[copied..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(line: &str) -> String {
        mark(line, &[], Mark::Added)
    }

    #[test]
    fn invisible_characters() {
        assert_eq!(plain("foo\t"), "foo<u>\t</u><i></i>");
        assert_eq!(plain("  "), "  <i></i>");
        assert_eq!(plain("\t  "), "<u>\t</u>  <i></i>");
        assert_eq!(
            plain("foo\rbar\r"),
            "foo<u class=\"cr\"></u>bar<u class=\"cr\"></u>"
        );
        assert_eq!(plain(""), "");
    }

    #[test]
    fn special_characters() {
        assert_eq!(plain("a<b> && \"c\""), "a&lt;b&gt; &amp;&amp; \"c\"");
    }

    #[test]
    fn wrapped_words() {
        assert_eq!(
            mark("a<b>c ", &[1..4, 5..6], Mark::Removed),
            "a<del>&lt;b&gt;</del>c<del> <i></i></del>"
        );
        assert_eq!(
            mark("abcd", &[0..1, 2..3], Mark::Added),
            "<ins>a</ins>b<ins>c</ins>d"
        );
    }

    #[test]
    fn wrong_ranges_are_ignored() {
        assert_eq!(mark("éa", &[0..1, 2..3], Mark::Added), "é<ins>a</ins>");
        assert_eq!(mark("abc", &[2..9, 0..1], Mark::Added), "<ins>a</ins>bc");
    }
}
