//! From the answer of the child to the answer that an HTTP client expects.
//!
//! | answer | content type | form |
//! |---|---|---|
//! | a value | `application/mercurial-0.1` | as it is |
//! | a bundle, client without `0.2` | `application/mercurial-0.1` | one zlib stream |
//! | a bundle, client with `0.2` | `application/mercurial-0.2` | a byte with the length of the engine's name, the name, the compressed stream |
//! | a stream clone of the old kind, the bundle2 that answers a push | `application/mercurial-0.1` | as it is |
//! | an error | `application/hg-error` | its text |
//!
//! Format: `hg help internals.wireprotocol`, "HTTP Version 1 Transport".

use std::io::{self, Cursor, Read};

use flate2::Compression;
use flate2::read::ZlibEncoder;

use super::arguments::Request;
use super::commands::{Command, Form};
use super::native::capabilities::Transport;
use super::native::{self, Reply};
use super::program::{self, HgProgram, Occasion, Report, Workplace};
use super::stdio::{self, Frame};
use crate::Repository;
use crate::wire::child::ChildStream;
use crate::wire::{Body, Error};

const VALUE: &str = "application/mercurial-0.1";
const COMPRESSED: &str = "application/mercurial-0.2";
const ERROR: &str = "application/hg-error";

/// The default of Mercurial's own server.
const ZSTD_LEVEL: i32 = 3;

/// The answer to one request. The status is 200, for errors too: clients read them from the content type.
pub struct Answer {
    /// The content type.
    pub content_type: &'static str,
    /// How long the body is, where that is known before.
    pub length: Option<u64>,
    /// The body.
    pub body: AnswerBody,
}

/// The body of an answer, to be read to its end. An error in the middle means that the answer is cut off.
pub struct AnswerBody {
    // Ends the child when dropped, therefore before the directory with the child's files.
    source: Body,
    workplace: Option<Workplace>,
    /// Whether history is sent, as far as we know without being told by hooks.
    sends: bool,
}

impl AnswerBody {
    /// What the request has moved. To be asked after the end of the body; earlier it ends the child, and tells what was done before.
    pub fn finish(&mut self) -> Report {
        self.source = Box::new(io::empty());
        let mut report = self
            .workplace
            .as_ref()
            .map(Workplace::report)
            .unwrap_or_default();
        report.sent_changesets |= self.sends;
        report
    }
}

impl Read for AnswerBody {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.source.read(buffer)
    }
}

impl Answer {
    fn new(content_type: &'static str, source: Body) -> Self {
        Answer {
            content_type,
            length: None,
            body: AnswerBody {
                source,
                workplace: None,
                sends: false,
            },
        }
    }

    fn bytes(content_type: &'static str, bytes: Vec<u8>) -> Self {
        let length = Some(bytes.len() as u64);
        Answer {
            length,
            ..Answer::new(content_type, Box::new(Cursor::new(bytes)))
        }
    }

    fn error(message: &str) -> Self {
        Answer::bytes(ERROR, format!("{message}\n").into_bytes())
    }
}

/// Answers a request: from our own reading of the repository where that is certain to be what `hg` says, else by `hg`. `payload` is what is left of
/// the body behind the arguments.
///
/// A request whose [`Request::access`] is a read is run in a way that cannot write.
pub fn answer(
    program: &HgProgram,
    repository: &Repository,
    request: &Request,
    payload: &mut dyn Read,
) -> Result<Answer, Error> {
    let Some(command) = request.command() else {
        return Ok(Answer::error(
            "this server does not have the requested command",
        ));
    };
    let reply = repository
        .mercurial()
        .and_then(|readable| native::answer(program, readable, request, Transport::Http));
    if let Some(reply) = reply {
        return from_native(program, request, reply);
    }
    let (mut child, workplace) = program::start(
        program,
        repository.path(),
        request.access(),
        Occasion::Request,
    )?;
    if command.form == Form::Bundle && !request.abilities().is_empty() {
        stdio::send_abilities(&mut child, request.abilities())?;
    }
    stdio::send(&mut child, command, request)?;
    let mut answer = match command.form {
        Form::Value => framed(child)?,
        Form::Capabilities => capabilities(child)?,
        Form::Pushkey => pushkey(child)?,
        Form::Bundle => bundle(child, request)?,
        Form::Raw => raw(child)?,
        Form::Upload => upload(child, payload)?,
    };
    answer.body.workplace = Some(workplace);
    answer.body.sends = is_stream_clone(command, request) && answer.content_type != ERROR;
    Ok(answer)
}

/// What was made without a child.
fn from_native(program: &HgProgram, request: &Request, reply: Reply) -> Result<Answer, Error> {
    let (bundle, compress) = match reply {
        Reply::Value(value) => return Ok(Answer::bytes(VALUE, value)),
        Reply::Refused(reason) => return Ok(Answer::error(&reason)),
        Reply::Bundle(bundle) => (bundle, true),
        Reply::Raw(bundle) => (bundle, false),
    };
    let sends = bundle.changesets() > 0 || bundle.is_stream_clone();
    let stored = !bundle.is_worth_compressing();
    let mut answer = if compress {
        let engine = Engine::for_client(request.abilities(), stored);
        compressed(Box::new(bundle), engine).map_err(|source| Error::Start {
            program: program.path.clone(),
            source,
        })?
    } else {
        Answer::new(VALUE, Box::new(bundle))
    };
    answer.body.sends = sends;
    Ok(answer)
}

/// Whether files are copied as they are. No hook tells about that, unlike about the sending of a changegroup.
fn is_stream_clone(command: &Command, request: &Request) -> bool {
    match command.name {
        "stream_out" => true,
        "getbundle" => request
            .argument("stream")
            .is_some_and(|value| !value.is_empty() && value != b"0"),
        _ => false,
    }
}

fn framed(mut child: ChildStream) -> Result<Answer, Error> {
    child.close_input();
    match stdio::frame(&mut child)? {
        Frame::Value(length) => {
            let mut answer = Answer::new(
                VALUE,
                Box::new(Value {
                    left: length,
                    output: Output(child),
                }),
            );
            answer.length = Some(length);
            Ok(answer)
        }
        Frame::Refused | Frame::End => refusal(child),
    }
}

fn capabilities(mut child: ChildStream) -> Result<Answer, Error> {
    child.close_input();
    let value = match stdio::frame(&mut child)? {
        Frame::Value(length) => stdio::value(&mut child, length)?,
        Frame::Refused | Frame::End => return refusal(child),
    };
    stdio::finish(&mut child)?;
    let value = over_http(&String::from_utf8_lossy(&value)).into_bytes();
    Ok(Answer::bytes(VALUE, value))
}

/// The capabilities over HTTP: without what only the SSH transport has, with what we do here.
fn over_http(capabilities: &str) -> String {
    const OURS: [&str; 3] = [
        "compression=zstd,zlib",
        "httpheader=1024",
        "httpmediatype=0.1rx,0.1tx,0.2tx",
    ];
    let mut items: Vec<&str> = capabilities
        .split_ascii_whitespace()
        .filter(|item| *item != "protocaps")
        .collect();
    items.extend(OURS);
    items.sort_unstable();
    items.join(" ")
}

fn pushkey(mut child: ChildStream) -> Result<Answer, Error> {
    child.close_input();
    let mut value = match stdio::frame(&mut child)? {
        Frame::Value(length) => stdio::value(&mut child, length)?,
        Frame::Refused | Frame::End => return refusal(child),
    };
    stdio::finish(&mut child)?;
    value.extend_from_slice(child.stderr().as_bytes());
    Ok(Answer::bytes(VALUE, value))
}

fn raw(mut child: ChildStream) -> Result<Answer, Error> {
    child.close_input();
    let mut first = vec![0; 1];
    let count = child
        .read(&mut first)
        .map_err(|source| child.lost(source))?;
    if count == 0 {
        return refusal(child);
    }
    Ok(Answer::new(
        VALUE,
        Box::new(Cursor::new(first).chain(Output(child))),
    ))
}

fn bundle(child: ChildStream, request: &Request) -> Result<Answer, Error> {
    let program = child.program().to_owned();
    let plain = raw(child)?;
    if plain.content_type == ERROR {
        return Ok(plain);
    }
    let engine = Engine::choose(request);
    compressed(plain.body.source, engine).map_err(|source| Error::Child { program, source })
}

/// A stream as it goes over HTTP.
fn compressed(stream: Body, engine: Engine) -> io::Result<Answer> {
    let compressed: Body = match engine {
        Engine::Zstd => Box::new(zstd::stream::read::Encoder::new(stream, ZSTD_LEVEL)?),
        Engine::Zlib | Engine::LegacyZlib => {
            Box::new(ZlibEncoder::new(stream, Compression::default()))
        }
        Engine::None => stream,
    };
    Ok(match engine.name() {
        Some(name) => {
            let mut prelude = vec![name.len() as u8];
            prelude.extend_from_slice(name.as_bytes());
            Answer::new(COMPRESSED, Box::new(Cursor::new(prelude).chain(compressed)))
        }
        None => Answer::new(VALUE, compressed),
    })
}

/// How a bundle is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Engine {
    Zstd,
    Zlib,
    None,
    /// For clients that do not know that there is a choice.
    LegacyZlib,
}

impl Engine {
    fn choose(request: &Request) -> Self {
        let stream_clone = request
            .command()
            .is_some_and(|command| is_stream_clone(command, request));
        Self::for_client(request.abilities(), stream_clone)
    }

    /// The first engine in our order that the client has. What a stream clone copies is compressed already.
    fn for_client(abilities: &str, stream_clone: bool) -> Self {
        let mut words = abilities.split(' ');
        if !words.clone().any(|word| word == "0.2") {
            return Engine::LegacyZlib;
        }
        if stream_clone {
            return Engine::None;
        }
        let offered = words
            .find_map(|word| word.strip_prefix("comp="))
            .unwrap_or("zlib,none");
        let has = |name| offered.split(',').any(|offer| offer == name);
        if has("zstd") {
            Engine::Zstd
        } else if has("zlib") {
            Engine::Zlib
        } else {
            // Every client has to understand uncompressed data.
            Engine::None
        }
    }

    fn name(self) -> Option<&'static str> {
        match self {
            Engine::Zstd => Some("zstd"),
            Engine::Zlib => Some("zlib"),
            Engine::None => Some("none"),
            Engine::LegacyZlib => None,
        }
    }
}

fn upload(mut child: ChildStream, payload: &mut dyn Read) -> Result<Answer, Error> {
    // The payload must wait for the word to send it: a child that refuses the command would take it for the next commands.
    match stdio::frame(&mut child)? {
        Frame::Value(0) => {}
        Frame::Value(length) => {
            let message = stdio::value(&mut child, length)?;
            io::copy(payload, &mut io::sink()).map_err(Error::Input)?;
            return Ok(Answer::bytes(VALUE, push_failed(&message)));
        }
        Frame::Refused | Frame::End => {
            io::copy(payload, &mut io::sink()).map_err(Error::Input)?;
            return refusal(child);
        }
    }
    stdio::send_payload(&mut child, payload)?;
    const BUNDLE2: &[u8] = b"HG20";
    let mut first = Vec::new();
    child
        .by_ref()
        .take(BUNDLE2.len() as u64)
        .read_to_end(&mut first)
        .map_err(|source| child.lost(source))?;
    if first == BUNDLE2 {
        return Ok(Answer::new(
            VALUE,
            Box::new(Cursor::new(first).chain(Output(child))),
        ));
    }
    // What answers a bundle of the old form is short: an empty value and the result, or a value that says why not.
    child
        .read_to_end(&mut first)
        .map_err(|source| child.lost(source))?;
    match old_result(&first) {
        Some(Ok(result)) => {
            let mut text = format!("{result}\n").into_bytes();
            text.extend_from_slice(child.stderr().as_bytes());
            Ok(Answer::bytes(VALUE, text))
        }
        Some(Err(message)) => Ok(Answer::bytes(VALUE, push_failed(&message))),
        None => refusal(child),
    }
}

fn push_failed(message: &[u8]) -> Vec<u8> {
    [b"0\n", message, b"\n"].concat()
}

/// Takes the frames `0 LF` and `length LF number` apart, or the one frame with a message.
fn old_result(bytes: &[u8]) -> Option<Result<i64, Vec<u8>>> {
    let (first, rest) = split_frame(bytes)?;
    if !first.is_empty() {
        return Some(Err(first.to_vec()));
    }
    let (result, _) = split_frame(rest)?;
    std::str::from_utf8(result).ok()?.parse().ok().map(Ok)
}

fn split_frame(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    let length: usize = std::str::from_utf8(&bytes[..end]).ok()?.parse().ok()?;
    bytes[end + 1..].split_at_checked(length)
}

/// An answer for a child that has refused: with its own words where they are meant for the client.
fn refusal(mut child: ChildStream) -> Result<Answer, Error> {
    stdio::finish(&mut child)?;
    let stderr = child.stderr();
    tracing::info!(program = %child.program().display(), stderr, "the request was refused");
    match message(&stderr) {
        Some(message) => Ok(Answer::error(&message)),
        None => Err(child.failed()),
    }
}

/// The part of an error output that a user of `hg` would be shown: a message that ends in a line `-`, or an `abort:` with its hint. The rest may
/// be a traceback with paths of this machine in it, and stays in the log.
fn message(stderr: &str) -> Option<String> {
    let lines: Vec<&str> = stderr.lines().collect();
    if let Some((&"-", before)) = lines.split_last() {
        return Some(before.join("\n"));
    }
    let at = lines.iter().rposition(|line| line.starts_with("abort: "))?;
    let mut message = lines[at]["abort: ".len()..].to_owned();
    if let Some(hint) = lines.get(at + 1).filter(|line| line.starts_with('(')) {
        message.push('\n');
        message.push_str(hint);
    }
    Some(message)
}

/// A stream whose end is an error when the child ended with one: half a bundle must not look like a whole one.
struct Output(ChildStream);

impl Read for Output {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.0.read(buffer)?;
        if count == 0 && !buffer.is_empty() && !self.0.succeeded() {
            tracing::warn!(program = %self.0.program().display(), stderr = self.0.stderr(), "answer cut off");
            return Err(io::Error::other("hg failed in the middle of its answer"));
        }
        Ok(count)
    }
}

/// A value of known length. The end is reported when the child has ended in peace.
struct Value {
    left: u64,
    output: Output,
}

impl Read for Value {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        if self.left == 0 {
            return io::copy(&mut self.output, &mut io::sink()).map(|_| 0);
        }
        let most = usize::try_from(self.left)
            .unwrap_or(usize::MAX)
            .min(buffer.len());
        let count = self.output.read(&mut buffer[..most])?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.left -= count as u64;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn engines_are_chosen_by_what_the_client_has() {
        for (abilities, stream_clone, expected) in [
            ("", false, Engine::LegacyZlib),
            ("0.1", false, Engine::LegacyZlib),
            ("0.1 comp=zstd", true, Engine::LegacyZlib),
            (
                "0.1 0.2 comp=zstd,zlib,none,bzip2 partial-pull",
                false,
                Engine::Zstd,
            ),
            ("0.1 0.2 comp=zlib,none,bzip2", false, Engine::Zlib),
            ("0.1 0.2 comp=none", false, Engine::None),
            ("0.1 0.2", false, Engine::Zlib),
            ("0.1 0.2 comp=zstd", true, Engine::None),
            ("0.20 comp=zstd", false, Engine::LegacyZlib),
        ] {
            assert_eq!(
                Engine::for_client(abilities, stream_clone),
                expected,
                "{abilities:?} {stream_clone}"
            );
        }
    }

    #[test]
    fn capabilities_change_with_the_transport() {
        let http = over_http("batch branchmap protocaps unbundle=HG10GZ");
        let expected = "batch branchmap compression=zstd,zlib httpheader=1024 httpmediatype=0.1rx,0.1tx,0.2tx unbundle=HG10GZ";
        assert_eq!(http, expected);
    }

    #[test]
    fn results_of_old_bundles_are_read() {
        assert_eq!(old_result(b"0\n1\n1"), Some(Ok(1)));
        assert_eq!(old_result(b"0\n2\n-3"), Some(Ok(-3)));
        assert_eq!(old_result(b"6\nraced!"), Some(Err(b"raced!".to_vec())));
        for broken in [
            &b""[..],
            b"0",
            b"0\n",
            b"0\n1\n",
            b"0\n9\n1",
            b"x\n1",
            b"99999999999999999999\n",
        ] {
            assert_eq!(old_result(broken), None, "{broken:?}");
        }
    }

    #[test]
    fn only_messages_for_users_leave_the_machine() {
        assert_eq!(message("unknown head\n-").as_deref(), Some("unknown head"));
        assert_eq!(
            message("warning\nabort: no such thing\n(try another)").as_deref(),
            Some("no such thing\n(try another)")
        );
        assert_eq!(
            message("Traceback\n  File \"/srv/x.py\"\nKeyError: 1"),
            None
        );
        assert_eq!(message(""), None);
    }
}
