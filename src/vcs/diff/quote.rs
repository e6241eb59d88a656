//! Writes paths the way `git diff` does.

/// A path of one side, e.g. `a/src/lib.rs`, in double quotes with C escapes where it holds a control character, a double
/// quote or a backslash. Bytes above ASCII stay as they are (`core.quotePath=false`).
pub(super) fn quoted(prefix: &str, path: &[u8]) -> Vec<u8> {
    let mut out = [prefix.as_bytes(), path].concat();
    if path
        .iter()
        .any(|&byte| byte < 0x20 || matches!(byte, b'"' | b'\\' | 0x7f))
    {
        out = [b"\"", &escaped(&out)[..], b"\""].concat();
    }
    out
}

fn escaped(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + 8);
    for &byte in bytes {
        let letter = match byte {
            b'"' => b'"',
            b'\\' => b'\\',
            0x07 => b'a',
            0x08 => b'b',
            b'\t' => b't',
            b'\n' => b'n',
            0x0b => b'v',
            0x0c => b'f',
            b'\r' => b'r',
            0..0x20 | 0x7f => {
                out.extend_from_slice(format!("\\{byte:03o}").as_bytes());
                continue;
            }
            plain => {
                out.push(plain);
                continue;
            }
        };
        out.extend_from_slice(&[b'\\', letter]);
    }
    out
}

/// Takes C escapes back.
pub(crate) fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [byte, after @ ..] = rest {
        rest = after;
        if *byte != b'\\' {
            out.push(*byte);
            continue;
        }
        let Some((letter, after)) = rest.split_first() else {
            break;
        };
        let octal = rest
            .iter()
            .take(3)
            .take_while(|digit| (b'0'..=b'7').contains(digit))
            .count();
        if octal == 3 {
            let value = rest[..3]
                .iter()
                .fold(0u32, |value, digit| value * 8 + u32::from(digit - b'0'));
            out.push(value as u8);
            rest = &rest[3..];
            continue;
        }
        rest = after;
        out.push(match letter {
            b'a' => 0x07,
            b'b' => 0x08,
            b't' => b'\t',
            b'n' => b'\n',
            b'v' => 0x0b,
            b'f' => 0x0c,
            b'r' => b'\r',
            other => *other,
        });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_must_be_is_quoted() {
        for (path, wanted) in [
            (&b"plain name"[..], &b"a/plain name"[..]),
            ("café".as_bytes(), "a/café".as_bytes()),
            (b"caf\xe9", b"a/caf\xe9"),
            (b"say \"hi\"", b"\"a/say \\\"hi\\\"\""),
            (
                b"tab\tnl\nbell\x07esc\x1b\x7f\\",
                b"\"a/tab\\tnl\\nbell\\aesc\\033\\177\\\\\"",
            ),
        ] {
            assert_eq!(quoted("a/", path), wanted);
            let inner = wanted
                .strip_prefix(b"\"")
                .and_then(|text| text.strip_suffix(b"\""));
            if let Some(inner) = inner {
                assert_eq!(unescaped(inner), [b"a/", path].concat());
            }
        }
    }
}
