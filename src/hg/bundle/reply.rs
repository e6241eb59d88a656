//! What Mercurial answers to a push: a bundle2 with the results.

use std::io::{self, Read};

/// The longest header of a part, and the most text that is kept; an honest reply comes near neither.
const MAX_HEADER: u32 = 1 << 20;
const MAX_TEXT: usize = 1 << 20;

/// How a push went.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PushReply {
    /// What adding the changesets gave: 1 for none or as many heads as before, more for new heads, less for fewer; 0 for failure.
    pub result: Option<i64>,
    /// What hooks and Mercurial itself have printed.
    pub output: String,
    /// Why nothing was taken.
    pub refusal: Option<PushRefusal>,
}

/// Why a push was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PushRefusal {
    /// Somebody else was faster.
    #[error("{0}")]
    Raced(String),
    /// Mercurial or a hook said no.
    #[error("{message}")]
    Aborted {
        /// Why.
        message: String,
        /// What may help.
        hint: Option<String>,
    },
}

impl PushReply {
    /// Reads a reply to its end.
    pub fn read(input: &mut dyn Read) -> io::Result<PushReply> {
        let mut reader = Reader { input };
        let mut reply = PushReply::default();
        if reader.array::<4>()? != *b"HG20" {
            return Err(nonsense("no bundle2"));
        }
        if reader.number()? != 0 {
            // Parameters of the whole stream, such as its compression, were not asked for.
            return Err(nonsense("stream parameters"));
        }
        while reader.part(&mut reply)? {}
        Ok(reply)
    }
}

struct Reader<'a> {
    input: &'a mut dyn Read,
}

impl Reader<'_> {
    fn array<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.input.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    fn number(&mut self) -> io::Result<i32> {
        Ok(i32::from_be_bytes(self.array()?))
    }

    /// Reads a part; false at the end of the bundle.
    fn part(&mut self, reply: &mut PushReply) -> io::Result<bool> {
        let length = u32::from_be_bytes(self.array()?);
        if length == 0 {
            return Ok(false);
        }
        if length > MAX_HEADER {
            return Err(nonsense("a header that is too long"));
        }
        let mut header = vec![0; length as usize];
        self.input.read_exact(&mut header)?;
        let part = Header::parse(&header).ok_or_else(|| nonsense("a broken header"))?;
        let content = self.content(reply)?;
        let value = |key: &str| {
            let found = part.parameters.iter().find(|(own, _)| own == key);
            found.map(|(_, value)| value.clone())
        };
        match &part.name[..] {
            "output" => reply.output.push_str(&String::from_utf8_lossy(&content)),
            "reply:changegroup" => {
                reply.result = value("return").and_then(|value| value.parse().ok());
            }
            "error:pushraced" => {
                reply.refusal = Some(PushRefusal::Raced(value("message").unwrap_or_default()));
            }
            name if name.starts_with("error:") => {
                reply.refusal = Some(PushRefusal::Aborted {
                    message: value("message").unwrap_or_else(|| name.to_owned()),
                    hint: value("hint"),
                });
            }
            _ => {}
        }
        Ok(true)
    }

    /// The content of a part; other parts may come in between.
    fn content(&mut self, reply: &mut PushReply) -> io::Result<Vec<u8>> {
        let mut content = Vec::new();
        loop {
            match self.number()? {
                0 => return Ok(content),
                -1 => {
                    // A part in a part has no part in itself: what interrupts is an error, and short.
                    self.interruption(reply)?;
                }
                length => {
                    let length =
                        u64::try_from(length).map_err(|_| nonsense("a negative length"))?;
                    let room = (MAX_TEXT - content.len()) as u64;
                    let mut chunk = self.input.take(length);
                    chunk.by_ref().take(room).read_to_end(&mut content)?;
                    io::copy(&mut chunk, &mut io::sink())?;
                    if chunk.limit() > 0 {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                }
            }
        }
    }

    fn interruption(&mut self, reply: &mut PushReply) -> io::Result<()> {
        let length = u32::from_be_bytes(self.array()?);
        if length == 0 || length > MAX_HEADER {
            return Err(nonsense("a broken interruption"));
        }
        let mut header = vec![0; length as usize];
        self.input.read_exact(&mut header)?;
        let part = Header::parse(&header).ok_or_else(|| nonsense("a broken header"))?;
        loop {
            let length = self.number()?;
            let length = u64::try_from(length).map_err(|_| nonsense("a broken interruption"))?;
            if length == 0 {
                break;
            }
            if io::copy(&mut self.input.take(length), &mut io::sink())? != length {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        let message = part
            .parameters
            .into_iter()
            .find(|(key, _)| key == "message");
        if part.name.starts_with("error:") {
            reply.refusal = Some(PushRefusal::Aborted {
                message: message.map_or(part.name, |(_, value)| value),
                hint: None,
            });
        }
        Ok(())
    }
}

struct Header {
    /// In lower case, as the case only says whether a reader must know it.
    name: String,
    parameters: Vec<(String, String)>,
}

impl Header {
    fn parse(bytes: &[u8]) -> Option<Header> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (&length, rest) = bytes.split_first()?;
        let (name, rest) = rest.split_at_checked(usize::from(length))?;
        let (_id, rest) = rest.split_first_chunk::<4>()?;
        let (&[mandatory, advisory], rest) = rest.split_first_chunk::<2>()?;
        let count = usize::from(mandatory) + usize::from(advisory);
        let (sizes, mut rest) = rest.split_at_checked(2 * count)?;
        let mut parameters = Vec::with_capacity(count);
        for pair in sizes.chunks_exact(2) {
            let (key, after) = rest.split_at_checked(usize::from(pair[0]))?;
            let (value, after) = after.split_at_checked(usize::from(pair[1]))?;
            parameters.push((text(key), text(value)));
            rest = after;
        }
        Some(Header {
            name: text(name).to_ascii_lowercase(),
            parameters,
        })
    }
}

fn nonsense(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::super::part::{PartHeader, Parts};
    use super::*;
    use crate::bundle::Bundle;
    use proptest::prelude::*;

    #[test]
    fn results_output_and_errors_are_read() {
        let mut parts = Parts::default();
        parts.add(
            PartHeader::mandatory("reply:changegroup")
                .with("return", "1")
                .with("in-reply-to", "2"),
            Vec::new(),
        );
        parts.add(PartHeader::advisory("output"), b"hello\n".repeat(20_000));
        parts.add(PartHeader::advisory("unheard-of"), vec![1; 9]);
        let mut bytes = Vec::new();
        Bundle::new(parts.finish()).read_to_end(&mut bytes).unwrap();
        let reply = PushReply::read(&mut &bytes[..]).unwrap();
        assert_eq!((reply.result, reply.output.len()), (Some(1), 120_000));
        for end in [0, 5, 9, 30, bytes.len() - 1] {
            assert!(PushReply::read(&mut &bytes[..end]).is_err(), "{end}");
        }
        let mut bytes = Vec::new();
        Bundle::refusal("not today")
            .read_to_end(&mut bytes)
            .unwrap();
        let message = "not today".to_owned();
        let refusal = PushReply::read(&mut &bytes[..]).unwrap().refusal;
        assert_eq!(
            refusal,
            Some(PushRefusal::Aborted {
                message,
                hint: None
            })
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_reply_or_not(bytes in proptest::collection::vec(prop_oneof![Just(0u8), Just(1), Just(0xff), any::<u8>()], 0..200)) {
            let _ = PushReply::read(&mut &[&b"HG20\0\0\0\0"[..], &bytes].concat()[..]);
        }
    }
}
