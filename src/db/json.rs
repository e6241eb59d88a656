//! JSON text as Python writes it.
//!
//! The old program compares and shows some of these texts as they are, so ours look the same: ASCII only, everything
//! else as `\uXXXX`, with a space after each comma and colon.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

/// The text of a value in Python's form.
pub fn to_python(value: &serde_json::Value) -> String {
    let mut text = Vec::new();
    value
        .serialize(&mut Serializer::with_formatter(&mut text, Python))
        .expect("a JSON value has text keys only, and a Vec takes all that is written");
    String::from_utf8(text).expect("only ASCII was written")
}

struct Python;

impl Formatter for Python {
    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { out.write_all(b", ") }
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { out.write_all(b", ") }
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        out.write_all(b": ")
    }

    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        out: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        for character in fragment.chars() {
            if matches!(character, ' '..='~') {
                out.write_all(&[character as u8])?;
            } else {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    write!(out, "\\u{unit:04x}")?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_text_is_what_python_writes() {
        assert_eq!(
            to_python(&json!({"a": [1, 2.5, null], "b": {}})),
            r#"{"a": [1, 2.5, null], "b": {}}"#
        );
        assert_eq!(
            to_python(&json!("Zoë \u{1F600} \"x\"\\\n\u{7f}")),
            r#""Zo\u00eb \ud83d\ude00 \"x\"\\\n\u007f""#
        );
        assert_eq!(to_python(&json!([true, false, []])), "[true, false, []]");
    }
}
