//! The command `batch`: several commands in one request, `name SP key=value,key=value;name SP ...`.
//!
//! In names and values `:` is written `:c`, `,` `:o`, `;` `:s` and `=` `:e`.
//!
//! The permission must be judged by the text that is executed, that is after all decoding of the transport. A server that split the still URL-encoded text
//! saw only the first command, and a reader could hide `pushkey` behind it and move bookmarks.

use super::commands::{Command, Form};
use crate::wire::Access;

/// What a batch does: a read if it is well-formed and each of its commands is known, reads, and gives a value; otherwise a write.
pub(super) fn access(commands: &[u8]) -> Access {
    if commands.split(|byte| *byte == b';').all(reads) {
        Access::Read
    } else {
        Access::Write
    }
}

fn reads(text: &[u8]) -> bool {
    let Some((name, arguments)) = command(text) else {
        return false;
    };
    let Some(known) = Command::named(name.as_bytes()) else {
        return false;
    };
    let batchable = matches!(known.form, Form::Value | Form::Capabilities) && known.name != "batch";
    known.access == Access::Read
        && batchable
        && arguments
            .iter()
            .all(|(name, value)| known.accepts(name, value) && !known.asks_too_much(name, value))
}

/// A command and its arguments.
pub(super) type Named = (String, Vec<(String, Vec<u8>)>);

/// The commands of a batch; `None` when it is not well-formed.
pub(super) fn commands(text: &[u8]) -> Option<Vec<Named>> {
    text.split(|byte| *byte == b';').map(command).collect()
}

fn command(text: &[u8]) -> Option<Named> {
    let space = text.iter().position(|byte| *byte == b' ')?;
    let arguments = text[space + 1..]
        .split(|byte| *byte == b',')
        .filter(|argument| !argument.is_empty());
    let pair = |argument: &[u8]| {
        let mut sides = argument.split(|byte| *byte == b'=');
        let (Some(name), Some(value), None) = (sides.next(), sides.next(), sides.next()) else {
            return None;
        };
        Some((String::from_utf8(unescape(name)?).ok()?, unescape(value)?))
    };
    let name = String::from_utf8(text[..space].to_vec()).ok()?;
    Some((name, arguments.map(pair).collect::<Option<_>>()?))
}

/// Escapes an answer.
pub(super) fn escape(answer: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(answer.len());
    for byte in answer {
        match byte {
            b':' => out.extend(b":c"),
            b',' => out.extend(b":o"),
            b';' => out.extend(b":s"),
            b'=' => out.extend(b":e"),
            other => out.push(*other),
        }
    }
    out
}

/// Undoes the escapes; `None` for a `:` that begins none.
fn unescape(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.iter();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b':' => match bytes.next()? {
                b'c' => b':',
                b'o' => b',',
                b's' => b';',
                b'e' => b'=',
                _ => return None,
            },
            other => *other,
        });
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_are_told_from_writes() {
        for (commands, expected) in [
            ("heads ", Access::Read),
            ("heads ;known nodes=", Access::Read),
            (
                "heads ;listkeys namespace=phases;listkeys namespace=bookmarks",
                Access::Read,
            ),
            ("lookup key=a:eb:sc:od:ce", Access::Read),
            (
                "heads ;pushkey namespace=bookmarks,key=x,new=,old=",
                Access::Write,
            ),
            ("pushkey ;heads ", Access::Write),
            ("heads ; pushkey namespace=phases", Access::Write),
            ("unbundle heads=", Access::Write),
            ("heads", Access::Write),
            ("heads ;", Access::Write),
            ("", Access::Write),
            (";", Access::Write),
            (" heads ", Access::Write),
            ("batch cmds=pushkey", Access::Write),
            ("getbundle ", Access::Write),
            ("evolve_command ", Access::Write),
            ("lookup key", Access::Write),
            ("lookup key=a=b", Access::Write),
            ("lookup key=a:x", Access::Write),
            ("lookup key=a:", Access::Write),
            ("statlfile sha=../../etc", Access::Write),
        ] {
            assert_eq!(access(commands.as_bytes()), expected, "{commands:?}");
        }
    }

    #[test]
    fn escapes_are_undone() {
        assert_eq!(unescape(b"a:cb:oc:sd:ee").unwrap(), b"a:b,c;d=e");
        assert_eq!(unescape(b":cs").unwrap(), b":s");
        assert_eq!(unescape(b":"), None);
    }
}
