//! One language's texts: a gettext file (`.po`), compiled in and read once.
//!
//! Of the format we take what catalogues of ours hold: `msgid`, `msgid_plural`, `msgstr`, `msgstr[N]`, texts over several
//! lines, comments. What a translator has not finished (empty or marked `fuzzy`) is left out, so that English shows.

use std::borrow::Cow;
use std::collections::HashMap;

/// A text of the file; borrowed when it stands there in one piece without escapes, as most do.
type Text = Cow<'static, str>;

/// What a message says in one language.
pub(super) struct Catalogue {
    /// By the English text: one form, or one for each plural.
    messages: HashMap<Text, Box<[Text]>>,
}

/// A line that is none of the format's.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("line {line}: {what}")]
pub(super) struct BadCatalogue {
    line: usize,
    what: &'static str,
}

#[derive(Default)]
struct Entry {
    id: Text,
    forms: Vec<Text>,
    fuzzy: bool,
}

/// Which text a quoted line goes on with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Nothing,
    Id,
    /// The English plural: known from the call, so that it is not kept.
    Plural,
    Form,
}

impl Catalogue {
    /// Reads a file.
    pub(super) fn parse(source: &'static str) -> Result<Self, BadCatalogue> {
        let mut messages = HashMap::new();
        let mut entry = Entry::default();
        let mut part = Part::Nothing;
        for (at, line) in source.lines().enumerate() {
            let bad = |what| BadCatalogue { line: at + 1, what };
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                if part == Part::Form {
                    keep(&mut messages, std::mem::take(&mut entry));
                }
                part = Part::Nothing;
                entry.fuzzy |= line.starts_with("#,") && line.contains("fuzzy");
                continue;
            }
            let quoted = if line.starts_with('"') {
                line
            } else {
                let (keyword, rest) = line.split_once(' ').ok_or(bad("a keyword without text"))?;
                match keyword {
                    "msgid" => {
                        if part == Part::Form {
                            keep(&mut messages, std::mem::take(&mut entry));
                        }
                        part = Part::Id;
                    }
                    "msgid_plural" => part = Part::Plural,
                    _ if keyword.starts_with("msgstr") => {
                        part = Part::Form;
                        entry.forms.push(Text::default());
                    }
                    _ => return Err(bad("an unknown keyword")),
                }
                rest.trim_start()
            };
            let text = unquote(quoted).ok_or(bad("a text without its quotes"))?;
            match part {
                Part::Nothing => return Err(bad("a text without a keyword")),
                Part::Id => join(&mut entry.id, text),
                Part::Plural => {}
                Part::Form => join(entry.forms.last_mut().ok_or(bad("no form"))?, text),
            }
        }
        keep(&mut messages, entry);
        Ok(Self { messages })
    }

    /// The only form, or the one at `form` of a text that counts.
    pub(super) fn get(&'static self, message: &str, form: usize) -> Option<&'static str> {
        let forms = self.messages.get(message)?;
        Some(forms.get(form)?)
    }
}

/// The first entry of a file, with an empty id, is about the file.
fn keep(messages: &mut HashMap<Text, Box<[Text]>>, entry: Entry) {
    let finished = !entry.fuzzy && entry.forms.iter().all(|form| !form.is_empty());
    if finished && !entry.id.is_empty() {
        messages.insert(entry.id, entry.forms.into_boxed_slice());
    }
}

fn join(text: &mut Text, more: Text) {
    if text.is_empty() {
        *text = more;
    } else if !more.is_empty() {
        text.to_mut().push_str(&more);
    }
}

/// What stands between the quotes, with its escapes resolved.
fn unquote(quoted: &'static str) -> Option<Text> {
    let inner = quoted.strip_prefix('"')?.strip_suffix('"')?;
    if !inner.contains('\\') {
        return Some(Text::Borrowed(inner));
    }
    let mut text = String::with_capacity(inner.len());
    let mut letters = inner.chars();
    while let Some(letter) = letters.next() {
        text.push(match letter {
            '\\' => match letters.next()? {
                'n' => '\n',
                't' => '\t',
                other => other,
            },
            other => other,
        });
    }
    Some(Text::Owned(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalogue(source: &'static str) -> &'static Catalogue {
        Box::leak(Box::new(Catalogue::parse(source).unwrap()))
    }

    #[test]
    fn texts_of_every_shape_are_read() {
        let read = catalogue(
            "msgid \"\"\nmsgstr \"\"\n\"Language: xx\\n\"\n\n#: a.rs\nmsgid \"one\"\nmsgstr \"eins\"\nmsgid \"two\"\nmsgstr \"zwei\"\n\n\
             msgid \"say \\\"hi\\\"\"\nmsgstr \"\"\n\"sag \"\n\"\\\"hallo\\\"\"\n\n\
             msgid \"{n} file\"\nmsgid_plural \"{n} files\"\nmsgstr[0] \"{n} Datei\"\nmsgstr[1] \"{n} Dateien\"\n",
        );
        assert_eq!(read.get("one", 0), Some("eins"));
        assert_eq!(read.get("two", 0), Some("zwei"));
        assert_eq!(read.get("say \"hi\"", 0), Some("sag \"hallo\""));
        assert_eq!(read.get("{n} file", 1), Some("{n} Dateien"));
        assert_eq!(read.get("{n} files", 0), None);
        assert_eq!(read.get("{n} file", 2), None);
        assert_eq!(read.get("", 0), None);
    }

    #[test]
    fn unfinished_and_dead_texts_are_left_out() {
        let read = catalogue(
            "msgid \"empty\"\nmsgstr \"\"\n\n#, fuzzy\nmsgid \"guess\"\nmsgstr \"geraten\"\n\n#~ msgid \"dead\"\n#~ msgstr \"tot\"\n\n\
             msgid \"{n} a\"\nmsgid_plural \"{n} b\"\nmsgstr[0] \"x\"\nmsgstr[1] \"\"\n\nmsgid \"good\"\nmsgstr \"gut\"\n",
        );
        assert_eq!(read.messages.len(), 1);
        assert_eq!(read.get("good", 0), Some("gut"));
    }

    #[test]
    fn a_broken_file_is_told_with_its_line() {
        for (source, line) in [
            ("msgid \"a\"\nmsgstr \"b\nmsgid \"c\"", 2),
            ("\"text\"", 1),
            ("\nmsgctx \"a\"", 2),
            ("msgid", 1),
        ] {
            assert_eq!(
                Catalogue::parse(source).err().map(|bad| bad.line),
                Some(line),
                "{source}"
            );
        }
    }
}
