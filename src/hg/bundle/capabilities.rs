//! What a client or a server says about its bundle2: lines `name` or `name=value,value`, each part quoted as in URLs, and
//! the whole quoted once more.

use std::collections::BTreeMap;

/// Abilities by name, each with its values.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BundleCapabilities(BTreeMap<String, Vec<String>>);

impl BundleCapabilities {
    /// Reads what a client sent, that is, the text behind `bundle2=`. Anything can be read; lines without a name are skipped.
    pub fn parse(quoted: &[u8]) -> BundleCapabilities {
        let text = unquote(quoted);
        let lines = text
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty());
        let word = |bytes: &[u8]| String::from_utf8_lossy(&unquote(bytes)).into_owned();
        let line = |line: &[u8]| match memchr::memchr(b'=', line) {
            None => (word(line), Vec::new()),
            Some(equals) => {
                let values = line[equals + 1..].split(|byte| *byte == b',');
                (word(&line[..equals]), values.map(word).collect())
            }
        };
        BundleCapabilities(lines.map(line).collect())
    }

    /// The same from what we say ourselves.
    pub fn new<'a>(
        items: impl IntoIterator<Item = (&'a str, &'a [&'a str])>,
    ) -> BundleCapabilities {
        let owned = |(name, values): (&str, &[&str])| {
            let values = values.iter().map(|value| (*value).to_owned());
            (name.to_owned(), values.collect())
        };
        BundleCapabilities(items.into_iter().map(owned).collect())
    }

    /// The values of an ability; `None` when it is absent.
    pub fn get(&self, name: &str) -> Option<&[String]> {
        self.0.get(name).map(Vec::as_slice)
    }

    /// Whether an ability is there with this value.
    pub fn has_value(&self, name: &str, value: &str) -> bool {
        self.get(name)
            .is_some_and(|values| values.iter().any(|own| own == value))
    }

    /// The text to send behind `bundle2=`.
    pub fn encode(&self) -> String {
        quote(&self.lines())
    }

    /// The lines, as they stand in a part `replycaps`.
    pub fn lines(&self) -> String {
        let lines = self.0.iter().map(|(name, values)| {
            let values: Vec<String> = values.iter().map(|value| quote(value)).collect();
            match values.is_empty() {
                true => quote(name),
                false => format!("{}={}", quote(name), values.join(",")),
            }
        });
        let lines: Vec<String> = lines.collect();
        lines.join("\n")
    }
}

/// Quotes for URLs like Python: letters, digits and `_.-~/` stay.
pub(super) fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"_.-~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// Undoes [`quote`]; a `%` that begins nothing stands for itself.
fn unquote(text: &[u8]) -> Vec<u8> {
    let digit = |at: usize| text.get(at).and_then(|byte| crate::ids::hex_digit(*byte));
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        at += 1;
        match (byte, digit(at), digit(at + 1)) {
            (b'%', Some(high), Some(low)) => {
                out.push(high << 4 | low);
                at += 2;
            }
            _ => out.push(byte),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn capabilities_are_quoted_twice() {
        let own = BundleCapabilities::new([("HG20", &[][..]), ("a:b", &["1", "x y"][..])]);
        assert_eq!(own.encode(), "HG20%0Aa%253Ab%3D1%2Cx%2520y");
        let read = BundleCapabilities::parse(own.encode().as_bytes());
        assert_eq!(read, own);
        assert!(read.has_value("a:b", "x y") && !read.has_value("a:b", "2"));
        assert_eq!(read.get("HG20"), Some(&[][..]));
        assert_eq!(read.get("hg20"), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(text in proptest::collection::vec(prop_oneof![Just(b'%'), Just(b'\n'), Just(b'='), Just(b','), any::<u8>()], 0..60)) {
            let read = BundleCapabilities::parse(&text);
            // What was not UTF-8 is replaced; what comes out then is stable.
            prop_assert_eq!(BundleCapabilities::parse(read.encode().as_bytes()).encode(), read.encode());
        }
    }
}
