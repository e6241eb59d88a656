//! A command and its arguments as an HTTP client sends them.
//!
//! The command is the query parameter `cmd`. The arguments are one form-encoded text that comes in up to three places:
//!
//! * as further parameters of the query,
//! * in the headers `X-HgArg-1`, `X-HgArg-2`, ... whose values are joined before they are decoded; or
//! * at the beginning of the body, as many bytes as `X-HgArgs-Post` tells; a payload may follow.
//!
//! `X-HgProto-1`, ... joined tell what the client can do: words such as `0.2` and `comp=zstd,zlib`.
//!
//! Format: `hg help internals.wireprotocol`, "HTTP Version 1 Transport".

use std::io::{self, Read};

use super::batch;
use super::commands::Command;
use crate::wire::Access;

/// Most bytes of arguments in a body: 400,000 nodes. What fits into headers is limited by the server that reads them.
const LONGEST_POST: u64 = 16 << 20;

/// Most arguments of a request. No command has more than a dozen.
const MOST_ARGUMENTS: usize = 100;

/// A request that is not well-formed: answer 400.
#[derive(Debug, thiserror::Error)]
pub enum BadRequest {
    /// There is no `cmd`.
    #[error("the request names no command")]
    NoCommand,
    /// The same argument was given twice.
    #[error("the argument {0:?} was given twice")]
    Twice(String),
    /// There are more arguments than any command has, or more in one than anybody asks for at once.
    #[error("the request asks for too much at once")]
    TooMuch,
    /// An argument's name or value cannot be passed on.
    #[error("the argument {0:?} is malformed")]
    Malformed(String),
    /// An argument that the command needs was not given.
    #[error("the command needs an argument {0:?}")]
    Missing(&'static str),
    /// `X-HgArgs-Post` is not a number, or the body is shorter than it says.
    #[error("the arguments in the body have a wrong length")]
    Length,
    /// The body could not be read.
    #[error("the request body could not be read")]
    Input(#[source] io::Error),
}

/// A command with its arguments, ready to be judged and run.
#[derive(Debug)]
pub struct Request {
    name: String,
    command: Option<&'static Command>,
    arguments: Vec<(String, Vec<u8>)>,
    abilities: String,
}

impl Request {
    /// Reads a request. `query` is the raw query string, `header` gives the value of a header by its name, and of `body` only the arguments are read if there
    /// are any in it: what is left is the payload.
    pub fn parse<'a>(
        query: &str,
        header: &dyn Fn(&str) -> Option<&'a str>,
        body: &mut dyn Read,
    ) -> Result<Request, BadRequest> {
        let mut arguments = Vec::new();
        add(&mut arguments, query.as_bytes())?;
        let name = match arguments.iter().position(|(name, _)| name == "cmd") {
            Some(at) => String::from_utf8_lossy(&arguments.swap_remove(at).1).into_owned(),
            None => return Err(BadRequest::NoCommand),
        };
        match header("X-HgArgs-Post") {
            Some(length) => add(&mut arguments, &posted(length, body)?)?,
            None => add(&mut arguments, joined("X-HgArg", header).as_bytes())?,
        }
        let command = Command::named(name.as_bytes());
        if let Some(command) = command {
            check(command, &arguments)?;
        }
        // The words are passed on to the child; they are plain text or nothing.
        let abilities = Some(joined("X-HgProto", header))
            .filter(|words| words.bytes().all(|byte| matches!(byte, b' '..=b'~')));
        Ok(Request {
            name,
            command,
            arguments,
            abilities: abilities.unwrap_or_default(),
        })
    }

    /// A request from its parts. Arguments that the command does not know are left alone.
    pub(super) fn new(
        command: &'static Command,
        arguments: Vec<(String, Vec<u8>)>,
        abilities: String,
    ) -> Result<Request, BadRequest> {
        for (place, (name, _)) in arguments.iter().enumerate() {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
            if name.is_empty() || !name.bytes().all(plain) {
                return Err(BadRequest::Malformed(name.clone()));
            }
            if arguments[..place].iter().any(|(other, _)| other == name) {
                return Err(BadRequest::Twice(name.clone()));
            }
        }
        check(command, &arguments)?;
        Ok(Request {
            name: command.name.to_owned(),
            command: Some(command),
            arguments,
            abilities,
        })
    }

    /// The permission this needs. Every command that is not known to be a read is a write, and so is a `batch` with anything else in it.
    pub fn access(&self) -> Access {
        match self.command {
            Some(command) if command.name == "batch" => {
                batch::access(self.argument("cmds").unwrap_or_default())
            }
            Some(command) => command.access,
            None => Access::Write,
        }
    }

    /// The name of the command, as sent.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn command(&self) -> Option<&'static Command> {
        self.command
    }

    pub(super) fn argument(&self, name: &str) -> Option<&[u8]> {
        self.arguments
            .iter()
            .find(|(own, _)| own == name)
            .map(|(_, value)| &value[..])
    }

    pub(super) fn arguments(&self) -> &[(String, Vec<u8>)] {
        &self.arguments
    }

    /// The words of `X-HgProto`.
    pub(super) fn abilities(&self) -> &str {
        &self.abilities
    }
}

fn check(command: &'static Command, arguments: &[(String, Vec<u8>)]) -> Result<(), BadRequest> {
    if arguments
        .iter()
        .any(|(name, value)| command.asks_too_much(name, value))
    {
        return Err(BadRequest::TooMuch);
    }
    for needed in command.arguments {
        if !arguments.iter().any(|(name, _)| name == needed) {
            return Err(BadRequest::Missing(needed));
        }
    }
    let wrong = arguments.iter().find(|(name, value)| {
        !command.accepts(name, value)
            || command.name == "getbundle" && !fits_bundle(name, arguments)
    });
    match wrong {
        Some((name, _)) => Err(BadRequest::Malformed(name.clone())),
        None => Ok(()),
    }
}

/// Whether the bundle that a client of `getbundle` can take knows an argument: the old form is made of a changegroup alone, and
/// `hg` breaks off where more is wanted of it.
fn fits_bundle(name: &str, arguments: &[(String, Vec<u8>)]) -> bool {
    matches!(name, "heads" | "common" | "bundlecaps")
        || arguments.iter().any(|(name, value)| {
            name == "bundlecaps"
                && value
                    .split(|&b| b == b',')
                    .any(|cap| cap.starts_with(b"HG2"))
        })
}

fn joined<'a>(prefix: &str, header: &dyn Fn(&str) -> Option<&'a str>) -> String {
    (1..)
        .map_while(|number| header(&format!("{prefix}-{number}")))
        .collect()
}

fn posted(length: &str, body: &mut dyn Read) -> Result<Vec<u8>, BadRequest> {
    let digits = !length.is_empty() && length.bytes().all(|byte| byte.is_ascii_digit());
    let length: u64 = length
        .parse()
        .ok()
        .filter(|length| digits && *length <= LONGEST_POST)
        .ok_or(BadRequest::Length)?;
    let mut bytes = Vec::new();
    body.take(length)
        .read_to_end(&mut bytes)
        .map_err(BadRequest::Input)?;
    if bytes.len() as u64 == length {
        Ok(bytes)
    } else {
        Err(BadRequest::Length)
    }
}

/// Decodes a form. A name that comes twice is refused: what is judged must be what is run, whoever reads it.
fn add(arguments: &mut Vec<(String, Vec<u8>)>, form: &[u8]) -> Result<(), BadRequest> {
    for pair in form
        .split(|byte| *byte == b'&')
        .filter(|pair| !pair.is_empty())
    {
        let equals = pair
            .iter()
            .position(|byte| *byte == b'=')
            .unwrap_or(pair.len());
        let name = decode(&pair[..equals]);
        let value = pair.get(equals + 1..).map(decode).unwrap_or_default();
        // Names go into the framing of the SSH transport, where they end at a space.
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-".contains(byte);
        if name.is_empty() || !name.iter().all(plain) {
            return Err(BadRequest::Malformed(
                String::from_utf8_lossy(&name).into_owned(),
            ));
        }
        let name = String::from_utf8_lossy(&name).into_owned();
        if arguments.iter().any(|(other, _)| *other == name) {
            return Err(BadRequest::Twice(name));
        }
        if arguments.len() >= MOST_ARGUMENTS {
            return Err(BadRequest::TooMuch);
        }
        arguments.push((name, value));
    }
    Ok(())
}

/// Decodes `application/x-www-form-urlencoded`: `+` is a space, `%XX` a byte, and a `%` that begins nothing stands for itself.
fn decode(text: &[u8]) -> Vec<u8> {
    let digit = |at: usize| text.get(at).and_then(|byte| char::from(*byte).to_digit(16));
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        at += 1;
        out.push(match byte {
            b'+' => b' ',
            b'%' => match (digit(at), digit(at + 1)) {
                (Some(high), Some(low)) => {
                    at += 2;
                    (high * 16 + low) as u8
                }
                _ => b'%',
            },
            other => *other,
        });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(
        query: &str,
        headers: &[(&'static str, &'static str)],
        body: &[u8],
    ) -> Result<Request, BadRequest> {
        let header = |name: &str| {
            headers
                .iter()
                .find(|(own, _)| *own == name)
                .map(|(_, value)| *value)
        };
        Request::parse(query, &header, &mut &body[..])
    }

    #[test]
    fn arguments_come_from_headers_in_order() {
        let headers = [
            ("X-HgArg-1", "cmds=heads+%3Bknown+no"),
            ("X-HgArg-2", "des%3D&x="),
            ("X-HgArg-4", "y=1"),
        ];
        let request = parse("cmd=batch", &headers, b"").unwrap();
        assert_eq!(request.name(), "batch");
        assert_eq!(request.argument("cmds"), Some(&b"heads ;known nodes="[..]));
        assert_eq!(request.argument("x"), Some(&b""[..]));
        assert_eq!(request.argument("y"), None);
        assert_eq!(request.access(), Access::Read);
    }

    #[test]
    fn arguments_in_the_body_leave_the_payload() {
        let mut body = &b"heads=666f726365payload"[..];
        let header = |name: &str| (name == "X-HgArgs-Post").then_some("16");
        let request = Request::parse("cmd=unbundle", &header, &mut body).unwrap();
        assert_eq!(request.argument("heads"), Some(&b"666f726365"[..]));
        assert_eq!(body, b"payload");
        for length in ["17", "-1", "+1", "", "x", "99999999999999999999"] {
            let headers = |name: &str| (name == "X-HgArgs-Post").then_some(length);
            let error =
                Request::parse("cmd=heads", &headers, &mut &b"heads=666f726365"[..]).unwrap_err();
            assert!(matches!(error, BadRequest::Length), "{length}");
        }
    }

    /// A reader hides `pushkey` behind a `;` that is still URL-encoded when it is judged, or in a second `cmds`.
    #[test]
    fn writes_cannot_hide_in_a_batch() {
        let hidden = "cmds=heads+%3Bpushkey+namespace%3Dbookmarks%2Ckey%3Dx%2Cold%3D%2Cnew%3D00";
        assert_eq!(
            parse("cmd=batch", &[("X-HgArg-1", hidden)], b"")
                .unwrap()
                .access(),
            Access::Write
        );
        let request = parse(&format!("cmd=batch&{hidden}"), &[], b"").unwrap();
        assert_eq!(request.access(), Access::Write);
        let error = parse("cmd=batch&cmds=heads+", &[("X-HgArg-1", hidden)], b"").unwrap_err();
        assert!(matches!(error, BadRequest::Twice(name) if name == "cmds"));
        assert!(matches!(
            parse("cmd=heads&cmd=pushkey", &[], b""),
            Err(BadRequest::Twice(_))
        ));
        assert!(matches!(
            parse("cmd=batch", &[], b""),
            Err(BadRequest::Missing("cmds"))
        ));
    }

    #[test]
    fn unknown_commands_are_writes() {
        for query in [
            "cmd=evolve",
            "cmd=",
            "cmd=HEADS",
            "cmd=heads%00",
            "cmd=heads%20",
        ] {
            assert_eq!(
                parse(query, &[], b"").unwrap().access(),
                Access::Write,
                "{query}"
            );
        }
        assert_eq!(
            parse("cmd=heads&unused=1", &[], b"").unwrap().access(),
            Access::Read
        );
        assert!(matches!(parse("", &[], b""), Err(BadRequest::NoCommand)));
        assert!(matches!(
            parse("style=raw", &[], b""),
            Err(BadRequest::NoCommand)
        ));
    }

    #[test]
    fn names_that_would_break_the_framing_are_refused() {
        for query in [
            "cmd=getbundle&a%0Ab=1",
            "cmd=getbundle&a+b=1",
            "cmd=getbundle&=1",
            "cmd=getbundle&*=1",
        ] {
            assert!(
                matches!(parse(query, &[], b""), Err(BadRequest::Malformed(_))),
                "{query}"
            );
        }
        let request = parse("cmd=heads", &[("X-HgProto-1", "0.1 0.2\ncomp=zstd")], b"").unwrap();
        assert_eq!(request.abilities(), "");
    }

    #[test]
    fn a_bundle_of_the_old_form_has_room_for_changesets_only() {
        for query in [
            "",
            "&heads=&common=",
            "&bundlecaps=HG10",
            "&bundlecaps=x,HG20&listkeys=phases&cg=1",
        ] {
            assert!(
                parse(&format!("cmd=getbundle{query}"), &[], b"").is_ok(),
                "{query}"
            );
        }
        for query in ["&listkeys=phases", "&cg=0", "&bundlecaps=HG10&phases=1"] {
            assert!(
                parse(&format!("cmd=getbundle{query}"), &[], b"").is_err(),
                "{query}"
            );
        }
    }

    #[test]
    fn forms_are_decoded() {
        assert_eq!(decode(b"a+b%20c%3b%C3%A9"), "a b c;é".as_bytes());
        assert_eq!(decode(b"100%"), b"100%");
        assert_eq!(decode(b"%zz%4"), b"%zz%4");
    }
}
