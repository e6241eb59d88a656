//! The commands there are: which permission each needs, which arguments it takes and what form its answer has.
//!
//! This is a list of what is allowed. Whatever is not in it counts as a write and is not run, because extensions may add commands that
//! nobody has looked at. Source: `hg help internals.wireprotocol`; the `largefiles` extension for its four.

use crate::wire::Access;

/// What comes back, and what it becomes over HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// A short value, with its length in front.
    Value,
    /// The same; over HTTP the list of capabilities is another one than over SSH.
    Capabilities,
    /// A value that over HTTP is followed by what hooks have printed.
    Pushkey,
    /// A stream without a length, compressed over HTTP.
    Bundle,
    /// A stream without a length, sent as it is.
    Raw,
    /// The request has a payload; the answer is a stream when that was a bundle2, else a number.
    Upload,
}

/// Most commands of a batch, most of them that walk through history, and most nodes of one such walk.
const MOST_COMMANDS: usize = 10_000;
const MOST_WALKS: usize = 10;
const MOST_NODES: usize = 200;

/// One command.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Command {
    pub(super) name: &'static str,
    pub(super) access: Access,
    pub(super) form: Form,
    /// The arguments it must be given.
    pub(super) arguments: &'static [&'static str],
    /// Whether it takes any further ones.
    pub(super) rest: Rest,
}

/// The catch-all `*` at the end of a command's list of arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rest {
    /// It has none.
    No,
    /// It has one for clients of the future; nothing is passed.
    Empty,
    /// Everything else that the client sent is passed.
    Passed,
}

const fn read(
    name: &'static str,
    form: Form,
    arguments: &'static [&'static str],
    rest: Rest,
) -> Command {
    Command {
        name,
        access: Access::Read,
        form,
        arguments,
        rest,
    }
}

const fn write(name: &'static str, form: Form, arguments: &'static [&'static str]) -> Command {
    Command {
        name,
        access: Access::Write,
        form,
        arguments,
        rest: Rest::No,
    }
}

/// `batch` is judged by its contents, see [`super::batch`].
const COMMANDS: &[Command] = &[
    read("batch", Form::Value, &["cmds"], Rest::Empty),
    read("between", Form::Value, &["pairs"], Rest::No),
    read("branches", Form::Value, &["nodes"], Rest::No),
    read("branchmap", Form::Value, &[], Rest::No),
    read("capabilities", Form::Capabilities, &[], Rest::No),
    read("changegroup", Form::Bundle, &["roots"], Rest::No),
    read(
        "changegroupsubset",
        Form::Bundle,
        &["bases", "heads"],
        Rest::No,
    ),
    read("clonebundles", Form::Value, &[], Rest::No),
    read("clonebundles_manifest", Form::Value, &[], Rest::Empty),
    read("debugwireargs", Form::Value, &["one", "two"], Rest::Passed),
    read(
        "get_cached_bundle_inline",
        Form::Bundle,
        &["path"],
        Rest::No,
    ),
    read("getbundle", Form::Bundle, &[], Rest::Passed),
    read("getlfile", Form::Raw, &["sha"], Rest::No),
    read("heads", Form::Value, &[], Rest::No),
    read("hello", Form::Value, &[], Rest::No),
    read("known", Form::Value, &["nodes"], Rest::Empty),
    read("lheads", Form::Value, &[], Rest::No),
    read("listkeys", Form::Value, &["namespace"], Rest::No),
    read("lookup", Form::Value, &["key"], Rest::No),
    read("protocaps", Form::Value, &["caps"], Rest::No),
    read("statlfile", Form::Value, &["sha"], Rest::No),
    read("stream_out", Form::Raw, &[], Rest::No),
    write(
        "pushkey",
        Form::Pushkey,
        &["namespace", "key", "old", "new"],
    ),
    write("putlfile", Form::Upload, &["sha"]),
    write("unbundle", Form::Upload, &["heads"]),
];

impl Command {
    pub(super) fn named(name: &[u8]) -> Option<&'static Command> {
        COMMANDS
            .iter()
            .find(|command| command.name.as_bytes() == name)
    }

    /// Whether an argument asks for more at once than clients do: each of these costs a walk through history, or an answer of its own.
    ///
    /// Clients of 2008 and before, the last that asked for `branches` and `between`, did so for ten at a time; a `batch` has a command for each revision
    /// that somebody has named.
    pub(super) fn asks_too_much(&self, argument: &str, value: &[u8]) -> bool {
        let more_than = |most: usize, separator: u8| {
            value.iter().filter(|byte| **byte == separator).count() >= most
        };
        match (self.name, argument) {
            ("batch", "cmds") => {
                let walks = value.split(|byte| *byte == b';').filter(|command| {
                    command.starts_with(b"between ") || command.starts_with(b"branches ")
                });
                more_than(MOST_COMMANDS, b';') || walks.take(MOST_WALKS + 1).count() > MOST_WALKS
            }
            ("between", "pairs") | ("branches", "nodes") => more_than(MOST_NODES, b' '),
            _ => false,
        }
    }

    /// Whether an argument may have this value.
    ///
    /// Lists of nodes are looked at because Mercurial's own answer to a malformed one is a traceback. Arguments of commands that not every Mercurial knows
    /// are strict for two reasons: `hg` makes file names of them, and an `hg` that does not know the command reads its arguments as the next
    /// commands, so they must not hold a line feed.
    pub(super) fn accepts(&self, argument: &str, value: &[u8]) -> bool {
        match argument {
            "sha" => value.len() == 40 && value.iter().all(u8::is_ascii_hexdigit),
            "path" => {
                let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-/".contains(byte);
                value.iter().all(plain)
                    && !value.starts_with(b"/")
                    && !value.windows(2).any(|pair| pair == b"..")
            }
            "bases" | "common" | "heads" | "nodes" | "roots" => is_list(value, b' '),
            "pairs" => value
                .split(|byte| *byte == b' ')
                .all(|pair| is_list(pair, b'-')),
            _ => true,
        }
    }
}

/// Whether this is nothing, or words of hexadecimal digits, as many words as wanted. Most are nodes, but a push also sends the word "force" like this.
fn is_list(value: &[u8], separator: u8) -> bool {
    let is_word = |word: &[u8]| {
        !word.is_empty() && word.len().is_multiple_of(2) && word.iter().all(u8::is_ascii_hexdigit)
    };
    value.is_empty() || value.split(|byte| *byte == separator).all(is_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_and_unknown_ones_are_not() {
        for command in COMMANDS {
            assert_eq!(Command::named(command.name.as_bytes()), Some(command));
        }
        for name in [
            "",
            "Heads",
            "heads ",
            "evoext_obshashrange_v1",
            "narrow_widen",
        ] {
            assert_eq!(Command::named(name.as_bytes()), None, "{name}");
        }
    }

    #[test]
    fn lists_of_nodes_are_checked() {
        let known = Command::named(b"known").unwrap();
        for good in [
            "",
            "00ff",
            "666f726365",
            "686173686564 0123456789abcdef0123456789abcdef01234567",
        ] {
            assert!(known.accepts("nodes", good.as_bytes()), "{good}");
        }
        for bad in ["zz", "0", "00 ", " 00", "00  00", "00\n"] {
            assert!(!known.accepts("nodes", bad.as_bytes()), "{bad:?}");
        }
        let between = Command::named(b"between").unwrap();
        assert!(between.accepts("pairs", b"00-00 11-22"));
        assert!(!between.accepts("pairs", b"00-"));
    }

    #[test]
    fn no_request_asks_for_more_than_clients_do() {
        let asks = |name: &[u8], argument, word: &str, separator: &str, count: usize| {
            let value = vec![word; count].join(separator);
            let command = Command::named(name).unwrap();
            command.asks_too_much(argument, value.as_bytes())
        };
        assert!(!asks(b"batch", "cmds", "lookup key=x", ";", 10_000));
        assert!(asks(b"batch", "cmds", "lookup key=x", ";", 10_001));
        assert!(!asks(b"batch", "cmds", "between pairs=", ";", 10));
        assert!(asks(b"batch", "cmds", "between pairs=", ";", 11));
        assert!(!asks(b"between", "pairs", "00-00", " ", 200));
        assert!(asks(b"between", "pairs", "00-00", " ", 201));
        assert!(asks(b"branches", "nodes", "00", " ", 201));
        assert!(!asks(b"known", "nodes", "00", " ", 100_000));
    }

    #[test]
    fn arguments_that_become_file_names_are_strict() {
        let command = Command::named(b"getlfile").unwrap();
        assert!(command.accepts("sha", b"0123456789abcdef0123456789abcdef01234567"));
        assert!(!command.accepts("sha", b"../../../../../../../../../../etc/passwd"));
        assert!(!command.accepts("sha", b"0123456789abcdef0123456789abcdef0123456\n"));
        let command = Command::named(b"get_cached_bundle_inline").unwrap();
        assert!(command.accepts("path", b"full-v2-1.hg"));
        for path in [&b"../hgrc"[..], b"/etc/passwd", b"a\nb", b"a/../../b"] {
            assert!(!command.accepts("path", path), "{path:?}");
        }
    }
}
