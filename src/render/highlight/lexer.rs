//! A lexer for many languages: comments, strings, numbers, words and operators, line by line.
//!
//! It knows no grammar. What it cannot tell apart it leaves plain, and whatever the text is, all of it comes out.

use super::languages::{Compiled, Escapes, Language, Quote, Raw};
use super::lengths::{
    balanced, delimiter, escape_length, hashes, is_key, is_name, lifetime_length, number_length,
    regex_length, value_length,
};
use super::spans::Spans;
use crate::diff::Piece;

type Class = Option<&'static str>;

/// Where a text stands between two lines.
pub(super) struct Lexer {
    compiled: &'static Compiled,
    open: Option<Open>,
    /// The end marks of here-documents that begin after this line.
    here_documents: Vec<String>,
}

/// What goes on in the next line.
enum Open {
    Comment { depth: u32 },
    String(Inside),
    HereDocument(String),
}

/// How a string goes on.
#[derive(Clone)]
struct Inside {
    close: String,
    multiline: bool,
    escapes: Escapes,
    interpolation: Option<&'static str>,
    class: &'static str,
}

/// The line that is being read.
struct Cursor<'a> {
    line: &'a str,
    at: usize,
    spans: Spans<'a>,
    /// The last byte that is not blank, before the current place.
    previous: Option<u8>,
    /// The last token was a word after which a value may stand, as `return` is.
    after_keyword: bool,
    /// The class of the next name, after a word that defines one.
    defines: Class,
}

impl<'a> Cursor<'a> {
    fn rest(&self) -> &'a str {
        &self.line[self.at..]
    }

    /// Moves past some bytes, which must end at a character boundary.
    fn take(&mut self, length: usize, class: Class) {
        let text = &self.rest()[..length];
        self.spans.text(text, class);
        self.at += length;
        if let Some(last) = text.bytes().rev().find(|byte| !byte.is_ascii_whitespace()) {
            self.previous = Some(last);
            self.after_keyword = false;
            self.defines = None;
        }
    }
}

impl Lexer {
    /// A lexer at the start of a text.
    pub fn new(compiled: &'static Compiled) -> Lexer {
        Lexer {
            compiled,
            open: None,
            here_documents: Vec::new(),
        }
    }

    /// One line, given without its line end.
    pub fn line(&mut self, line: &str) -> String {
        self.read(line, Spans::new(line.len())).finish()
    }

    /// The pieces of one line: where each ends, and what it is.
    pub fn pieces(&mut self, line: &str) -> Vec<Piece> {
        self.read(line, Spans::pieces()).into_pieces()
    }

    fn read<'a>(&mut self, line: &'a str, spans: Spans<'a>) -> Spans<'a> {
        let mut cursor = Cursor {
            line,
            at: 0,
            spans,
            previous: None,
            after_keyword: false,
            defines: None,
        };
        match self.open.take() {
            None => {}
            Some(Open::Comment { depth }) => self.comment(&mut cursor, depth),
            Some(Open::String(inside)) => self.string(&mut cursor, inside),
            Some(Open::HereDocument(end)) => {
                cursor.take(line.len(), Some("sh"));
                if line.trim_start_matches('\t') != end {
                    self.open = Some(Open::HereDocument(end));
                }
            }
        }
        while cursor.at < line.len() {
            self.token(&mut cursor);
        }
        if self.open.is_none() && !self.here_documents.is_empty() {
            self.open = Some(Open::HereDocument(self.here_documents.remove(0)));
        }
        cursor.spans
    }

    fn token(&mut self, cursor: &mut Cursor<'_>) {
        let language = self.compiled.language;
        let rest = cursor.rest();
        if self.compiled.letters_begin_names && rest.as_bytes()[0].is_ascii_alphabetic() {
            self.word(cursor);
            return;
        }
        let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        if blanks > 0 {
            cursor.take(blanks, None);
            return;
        }
        if is_comment(language, cursor) {
            cursor.take(rest.len(), Some("c"));
        } else if let Some((open, _)) = language
            .block_comment
            .filter(|(open, _)| rest.starts_with(open))
        {
            cursor.take(open.len(), Some("c"));
            self.comment(cursor, 1);
        } else if let Some((length, class)) = marked(language, cursor) {
            cursor.take(length, Some(class));
        } else if let Some(quote) = language
            .quotes
            .iter()
            .find(|quote| rest.starts_with(quote.open))
        {
            self.quoted(cursor, quote, 0, false, quote.interpolation);
        } else if rest.starts_with(|c: char| is_name(c, language)) {
            self.word(cursor);
        } else if language.shell && rest.starts_with("<<") {
            self.here_document(cursor);
        } else if let Some(first) = rest.chars().next() {
            let class = language.operators.contains(first).then_some("o");
            cursor.take(first.len_utf8(), class);
        }
    }

    /// The rest of a comment, from within it.
    fn comment(&mut self, cursor: &mut Cursor<'_>, mut depth: u32) {
        let language = self.compiled.language;
        let Some((open, close)) = language.block_comment else {
            return;
        };
        let text = cursor.rest();
        let mut at = 0;
        while depth > 0 && at < text.len() {
            if text.as_bytes()[at..].starts_with(close.as_bytes()) {
                depth -= 1;
                at += close.len();
            } else if language.nested_comments && text.as_bytes()[at..].starts_with(open.as_bytes())
            {
                depth += 1;
                at += open.len();
            } else {
                at += 1;
            }
        }
        let previous = cursor.previous;
        // Comment marks are ASCII, so the end of one is a character boundary, and so is the end of the line.
        cursor.take(at, Some("c"));
        cursor.previous = previous;
        if depth > 0 {
            self.open = Some(Open::Comment { depth });
        }
    }

    /// A string whose opening mark stands `prefix` bytes ahead.
    fn quoted(
        &mut self,
        cursor: &mut Cursor<'_>,
        quote: &Quote,
        prefix: usize,
        raw: bool,
        interpolation: Option<&'static str>,
    ) {
        let mut class = "s";
        if quote.open.len() == 3 && quote.multiline && cursor.previous.is_none() {
            // A long string by itself is documentation.
            class = "sd";
        } else if self.compiled.language.keys && is_key(&cursor.rest()[quote.open.len()..]) {
            class = "nt";
        }
        let escapes = if raw && quote.escapes == Escapes::Marked {
            Escapes::Kept
        } else {
            quote.escapes
        };
        let inside = Inside {
            close: quote.close.to_owned(),
            multiline: quote.multiline,
            escapes,
            interpolation,
            class,
        };
        cursor.take(prefix + quote.open.len(), Some(class));
        self.string(cursor, inside);
    }

    /// The rest of a string, from within it.
    fn string(&mut self, cursor: &mut Cursor<'_>, inside: Inside) {
        let class = Some(inside.class);
        loop {
            let rest = cursor.rest();
            let special = rest.bytes().position(|byte| {
                (byte == b'\\' && inside.escapes != Escapes::None)
                    || inside.close.as_bytes().first() == Some(&byte)
                    || inside
                        .interpolation
                        .is_some_and(|open| open.as_bytes()[0] == byte)
            });
            let Some(special) = special else {
                cursor.take(rest.len(), class);
                if inside.multiline {
                    self.open = Some(Open::String(inside));
                }
                return;
            };
            cursor.take(special, class);
            let rest = cursor.rest();
            if rest.starts_with(&inside.close) {
                cursor.take(inside.close.len(), class);
                return;
            }
            if rest.starts_with('\\') && inside.escapes != Escapes::None {
                let length = escape_length(rest);
                if length == rest.len() && length == 1 {
                    // A backslash at the end of the line: the string goes on in the next one.
                    cursor.take(length, class);
                    self.open = Some(Open::String(inside));
                    return;
                }
                cursor.take(
                    length,
                    if inside.escapes == Escapes::Marked {
                        Some("se")
                    } else {
                        class
                    },
                );
            } else if let Some(length) = inside
                .interpolation
                .and_then(|open| value_length(rest, open, self.compiled.language))
            {
                cursor.take(
                    length,
                    Some(if self.compiled.language.shell {
                        "nv"
                    } else {
                        "si"
                    }),
                );
            } else {
                // One character that only looked like the end; doubled braces mean themselves.
                let doubled = inside.interpolation == Some("{") && rest.starts_with("{{");
                cursor.take(if doubled { 2 } else { 1 }, class);
            }
        }
    }

    /// A name, keyword or number, or a string with a prefix.
    fn word(&mut self, cursor: &mut Cursor<'_>) {
        let language = self.compiled.language;
        let rest = cursor.rest();
        if rest.starts_with(|c: char| c.is_ascii_digit()) && !language.shell {
            let length = number_length(rest, language);
            cursor.take(length, Some("m"));
            return;
        }
        let length = rest.find(|c| !is_name(c, language)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(length);
        if !language.prefixes.is_empty() && self.prefixed(cursor, word, after) {
            return;
        }
        let is_member = cursor.previous == Some(b'.');
        let (known, defines) = self.compiled.look_up(word);
        let known = known
            .filter(|_| !is_member)
            .or_else(|| is_soft_keyword(language, cursor, word).then_some("k"));
        let is_macro = language.rust && after.starts_with('!') && !after.starts_with("!=");
        let class = match (known, cursor.defines) {
            (Some(class), _) => Some(class),
            (None, Some(class)) => Some(class),
            (None, None) if is_macro => Some("nb"),
            (None, None) if language.shell => after.trim_start().starts_with("()").then_some("nf"),
            (None, None) => after.starts_with('(').then_some("nf"),
        };
        let pending = cursor.defines;
        cursor.take(length + usize::from(is_macro && class == Some("nb")), class);
        if known.is_some() {
            cursor.after_keyword = known == Some("k");
            // `enum class Name` and `pub const fn name`: the last word decides, words between do not.
            cursor.defines = defines.or(pending);
        }
    }

    /// A string that this word is the prefix of; whether there is one.
    fn prefixed(&mut self, cursor: &mut Cursor<'_>, word: &str, after: &str) -> bool {
        let language = self.compiled.language;
        if word.len() > 3 || !after.starts_with(['"', '\'', '#']) {
            return false;
        }
        let prefix = word.to_ascii_lowercase();
        if !language.prefixes.contains(&prefix.as_str()) {
            return false;
        }
        let raw = prefix.contains('r');
        let special = match language.raw {
            Raw::Hashes if raw => hashes(after),
            Raw::Delimiter if raw => delimiter(after),
            _ => None,
        };
        if let Some((opening, close)) = special {
            cursor.take(word.len() + opening, Some("s"));
            let inside = Inside {
                close,
                multiline: true,
                escapes: Escapes::None,
                interpolation: None,
                class: "s",
            };
            self.string(cursor, inside);
            return true;
        }
        let Some(quote) = language
            .quotes
            .iter()
            .find(|quote| after.starts_with(quote.open))
        else {
            return false;
        };
        let has_values = language.raw == Raw::Plain && prefix.contains(['f', 't']);
        self.quoted(cursor, quote, word.len(), raw, has_values.then_some("{"));
        true
    }

    /// `<<END`, `<<-END` or `<<'END'`: the lines after this one are text.
    fn here_document(&mut self, cursor: &mut Cursor<'_>) {
        let rest = cursor.rest();
        let mark = rest[2..].trim_start_matches('-').trim_start_matches(' ');
        let word = mark.trim_start_matches(['\'', '"', '\\']);
        let length = word
            .find(|c: char| !(c.is_alphanumeric() || c == '_'))
            .unwrap_or(word.len());
        // `<<<` and shifts in arithmetic have no word here.
        if length > 0 && !word.starts_with(|c: char| c.is_ascii_digit()) && !rest.starts_with("<<<")
        {
            self.here_documents.push(word[..length].to_owned());
        }
        cursor.take(if rest.starts_with("<<<") { 3 } else { 2 }, Some("o"));
    }
}

fn is_comment(language: &Language, cursor: &Cursor<'_>) -> bool {
    let after_blank = cursor.at == 0 || cursor.line.as_bytes()[cursor.at - 1].is_ascii_whitespace();
    language
        .line_comments
        .iter()
        .any(|mark| cursor.rest().starts_with(mark))
        && (!language.shell || after_blank)
}

/// `match x:` as against `match = x`.
fn is_soft_keyword(language: &Language, cursor: &Cursor<'_>, word: &str) -> bool {
    language.soft_keywords.contains(&word)
        && cursor.previous.is_none()
        && cursor.line.trim_end().ends_with(':')
}

/// Whether the line includes a file.
fn is_include(line: &str) -> bool {
    line.trim_start()
        .strip_prefix('#')
        .is_some_and(|directive| directive.trim_start().starts_with("include"))
}

/// Tokens that a mark of the language starts: how long and what.
fn marked(language: &Language, cursor: &Cursor<'_>) -> Option<(usize, &'static str)> {
    let rest = cursor.rest();
    let name = |from: usize, extra: &str| {
        let end =
            rest[from..].find(|c: char| !(c.is_alphanumeric() || c == '_' || extra.contains(c)));
        end.map_or(rest.len(), |end| from + end)
    };
    match rest.as_bytes()[0] {
        b'@' if language.decorators
            && cursor.previous.is_none_or(|byte| b"({,;)".contains(&byte)) =>
        {
            Some((name(1, "."), "nd")).filter(|(length, _)| *length > 1)
        }
        b'#' if language.directives && cursor.previous.is_none() => {
            let blanks = rest[1..].len() - rest[1..].trim_start().len();
            Some((name(1 + blanks, ""), "cp"))
        }
        b'<' if language.directives && is_include(cursor.line) => Some((rest.find('>')? + 1, "s")),
        b'#' if language.rust && (rest.starts_with("#[") || rest.starts_with("#![")) => {
            Some((balanced(rest, '[', ']').unwrap_or(1), "nd"))
        }
        b'\'' if language.rust => lifetime_length(rest).map(|length| (length, "kd")),
        b'/' if language.regexes => {
            let value_may_stand = cursor.after_keyword
                || cursor
                    .previous
                    .is_none_or(|byte| b"(,=:[!&|?{};+-*%<>~^".contains(&byte));
            regex_length(rest)
                .filter(|_| value_may_stand)
                .map(|length| (length, "sr"))
        }
        b'$' if language.shell => value_length(rest, "$", language).map(|length| (length, "nv")),
        b'\\' if language.shell => rest[1..]
            .chars()
            .next()
            .map(|next| (1 + next.len_utf8(), "se")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::languages::find;
    use super::*;

    /// The lines with their classes as `class⟨text⟩`, which is easier to read than HTML.
    fn shown(language: &str, text: &str) -> String {
        let mut lexer = Lexer::new(find(language).expect("the lexer knows it"));
        let lines: Vec<String> = text.lines().map(|line| lexer.line(line)).collect();
        let html = lines
            .join("\n")
            .replace("<span class=\"", "")
            .replace("\">", "⟨")
            .replace("</span>", "⟩");
        html.replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&amp;", "&")
    }

    #[test]
    fn python() {
        assert_eq!(
            shown(
                "Python",
                "match = f'{x!r} {{y}}'\nmatch x:\n    case rb\"\\n\": a.if_ = 1_0e-5j"
            ),
            "match o⟨=⟩ s⟨f'⟩si⟨{x!r}⟩ s⟨{{y}}'⟩\nk⟨match⟩ x:\n    case s⟨rb\"\\n\"⟩: a.if_ o⟨=⟩ m⟨1_0e-5j⟩"
        );
        assert_eq!(
            shown("Python", "def f():\n  '''a\n\nb''' + 'c"),
            "kd⟨def⟩ nf⟨f⟩():\n  sd⟨'''a⟩\n\nsd⟨b'''⟩ o⟨+⟩ s⟨'c⟩"
        );
    }

    #[test]
    fn rust() {
        assert_eq!(
            shown("Rust", "#[a(b)] fn f<'a>(x: &'a u8) -> char { '\\'' }"),
            "nd⟨#[a(b)]⟩ kd⟨fn⟩ nf⟨f⟩o⟨<⟩kd⟨'a⟩o⟨>⟩(x: o⟨&⟩kd⟨'a⟩ kt⟨u8⟩) o⟨->⟩ kt⟨char⟩ { s⟨'⟩se⟨\\'⟩s⟨'⟩ }"
        );
        assert_eq!(
            shown(
                "Rust",
                "let s = r#\"a\nb\"c\"#; /* /* */\n*/ vec![0..2, 1.5.abs()]"
            ),
            "kd⟨let⟩ s o⟨=⟩ s⟨r#\"a⟩\ns⟨b\"c\"#⟩; c⟨/* /* */⟩\nc⟨*/⟩ nb⟨vec!⟩[m⟨0⟩..m⟨2⟩, m⟨1.5⟩.nf⟨abs⟩()]"
        );
    }

    #[test]
    fn c_and_its_kin() {
        assert_eq!(
            shown(
                "C",
                "#include <a.h>\n# define X 1\nstatic int f(void) { return L'a'; } // b"
            ),
            "cp⟨#include⟩ s⟨<a.h>⟩\ncp⟨# define⟩ X m⟨1⟩\nk⟨static⟩ kt⟨int⟩ nf⟨f⟩(kt⟨void⟩) { k⟨return⟩ s⟨L'a'⟩; } c⟨// b⟩"
        );
        assert_eq!(
            shown("C++", "auto s = R\"x(a)\"b)x\" + 1'000;"),
            "k⟨auto⟩ s o⟨=⟩ s⟨R\"x(a)\"b)x\"⟩ o⟨+⟩ m⟨1'000⟩;"
        );
        assert_eq!(
            shown("Java", "@Override public class A { }"),
            "nd⟨@Override⟩ kd⟨public class⟩ nc⟨A⟩ { }"
        );
    }

    #[test]
    fn javascript() {
        assert_eq!(
            shown(
                "JavaScript",
                "const a = /[/]\\//g.test(b) / 2 / c;\nreturn `x ${y}\nz`"
            ),
            "kd⟨const⟩ a o⟨=⟩ sr⟨/[/]\\//g⟩.nf⟨test⟩(b) o⟨/⟩ m⟨2⟩ o⟨/⟩ c;\nk⟨return⟩ s⟨`x ⟩si⟨${y}⟩\ns⟨z`⟩"
        );
    }

    #[test]
    fn shell() {
        assert_eq!(
            shown(
                "Bourne Again Shell (bash)",
                "f () { cat <<-'END' | x#y; } # c\n$a\nEND\necho \"$a ${b}\""
            ),
            "nf⟨f⟩ () { cat o⟨<<⟩-s⟨'END'⟩ o⟨|⟩ x#y; } c⟨# c⟩\nsh⟨$a⟩\nsh⟨END⟩\nnb⟨echo⟩ s⟨\"⟩nv⟨$a ${b}⟩s⟨\"⟩"
        );
    }

    #[test]
    fn json_and_sql() {
        assert_eq!(
            shown("JSON", "{\"a\\\"\": [\"b\", -1.5e+3, null]}"),
            "{nt⟨\"a⟩se⟨\\\"⟩nt⟨\"⟩: [s⟨\"b\"⟩, o⟨-⟩m⟨1.5e+3⟩, kc⟨null⟩]}"
        );
        assert_eq!(
            shown("SQL", "SELECT 'a''b' -- c"),
            "k⟨SELECT⟩ s⟨'a''b'⟩ c⟨-- c⟩"
        );
    }

    proptest::proptest! {
        #[test]
        fn all_text_comes_out(text in "([a-fruxRLEO0-9 .é²\u{3000}'\"`{}()<>/*#@$!\\\\:\n\t-]|<<|/\\*|r#\"|R\"\\(|\\$\\{){0,80}") {
            for language in super::super::languages::all() {
                let mut lexer = Lexer::new(find(language).expect("it is listed"));
                for line in text.split('\n') {
                    let html = lexer.line(line);
                    let mut plain = String::new();
                    let mut in_tag = false;
                    for c in html.chars() {
                        match c {
                            '<' => in_tag = true,
                            '>' if in_tag => in_tag = false,
                            _ if in_tag => {}
                            _ => plain.push(c),
                        }
                    }
                    let plain = plain.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
                    proptest::prop_assert_eq!(plain, line, "{}", language);
                }
            }
        }
    }
}
