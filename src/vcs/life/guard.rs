//! A proxy on localhost that dials for `git` and `hg`, and refuses addresses that are not allowed.
//!
//! Looking an address up before `git` is started would prove nothing: the name may have another one when `git` looks it up again, and a redirection leads
//! elsewhere anyhow. Here name, address and connection are one: what was looked up is what is checked is what is dialled, for each connection anew.
//! Encrypted connections pass through untouched (`CONNECT`), so certificates are still checked by the program at the end.
//!
//! It lives as long as one import.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::remote::RemotePolicy;

/// A name of more than this, a header of more than that: no client of ours sends such.
const LONGEST_HEADER: usize = 64 << 10;
const DIAL_TIME: Duration = Duration::from_secs(20);
/// A client that says nothing is let go.
const HEADER_TIME: Duration = Duration::from_secs(60);

/// Why nothing was dialled.
#[derive(Debug)]
pub(super) enum Refusal {
    Unknown { host: String, error: io::Error },
    Forbidden { host: String, address: IpAddr },
    Unreachable(io::Error),
}

/// Connects to a server if one of its addresses is allowed.
pub(super) fn dial(policy: &RemotePolicy, host: &str, port: u16) -> Result<TcpStream, Refusal> {
    let mut last = None;
    for address in allowed(policy, host, port)? {
        match TcpStream::connect_timeout(&address, DIAL_TIME) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = Some(error),
        }
    }
    let none = || io::Error::from(io::ErrorKind::HostUnreachable);
    Err(Refusal::Unreachable(last.unwrap_or_else(none)))
}

/// The addresses of a server that are allowed; there is at least one.
pub(super) fn allowed(
    policy: &RemotePolicy,
    host: &str,
    port: u16,
) -> Result<Vec<SocketAddr>, Refusal> {
    let unknown = |error| Refusal::Unknown {
        host: host.to_owned(),
        error,
    };
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let found = (bare, port).to_socket_addrs().map_err(unknown)?;
    let (good, bad): (Vec<_>, Vec<_>) = found.partition(|found| policy.allows_address(found.ip()));
    if !good.is_empty() {
        return Ok(good);
    }
    Err(match bad.first() {
        Some(bad) => Refusal::Forbidden {
            host: host.to_owned(),
            address: bad.ip(),
        },
        None => unknown(io::ErrorKind::NotFound.into()),
    })
}

/// The running proxy.
pub(super) struct Guard {
    address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<thread::JoinHandle<()>>,
}

struct Shared {
    policy: RemotePolicy,
    over: AtomicBool,
    /// The first refusal: it explains best why the program failed.
    refusal: Mutex<Option<Refusal>>,
    /// Connections in use, to be cut when it is over.
    open: Mutex<Vec<TcpStream>>,
}

impl Guard {
    pub fn start(policy: &RemotePolicy) -> io::Result<Guard> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            policy: policy.clone(),
            over: AtomicBool::new(false),
            refusal: Mutex::new(None),
            open: Mutex::new(Vec::new()),
        });
        let theirs = Arc::clone(&shared);
        let thread = thread::Builder::new()
            .name("import guard".into())
            .spawn(move || {
                for client in listener.incoming() {
                    if theirs.over.load(Ordering::Acquire) {
                        break;
                    }
                    let Ok(client) = client else { continue };
                    let shared = Arc::clone(&theirs);
                    // Without a thread the client is simply let go.
                    let _ = thread::Builder::new().spawn(move || shared.serve(client));
                }
            })?;
        Ok(Guard {
            address,
            shared,
            thread: Some(thread),
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it has refused first.
    pub fn refusal(&self) -> Option<Refusal> {
        lock(&self.shared.refusal).take()
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::Release);
        for stream in lock(&self.shared.open).drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
        // Wakes the thread that waits for the next client.
        let _ = TcpStream::connect_timeout(&self.address, Duration::from_secs(1));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    fn serve(&self, mut client: TcpStream) {
        if let Err(error) = self.try_serve(&mut client) {
            tracing::debug!(%error, "a connection of an import ended");
        }
        let _ = client.shutdown(Shutdown::Both);
    }

    fn try_serve(&self, client: &mut TcpStream) -> io::Result<()> {
        client.set_read_timeout(Some(HEADER_TIME))?;
        let (head, rest) = read_head(client, Vec::new())?;
        client.set_read_timeout(None)?;
        let Some(request) = Request::parse(&head) else {
            return client.write_all(
                b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
            );
        };
        let server = match dial(&self.policy, &request.host, request.port) {
            Ok(server) => server,
            Err(refusal) => {
                let unreachable = matches!(refusal, Refusal::Unreachable(_));
                if !unreachable {
                    lock(&self.refusal).get_or_insert(refusal);
                }
                let status = if unreachable {
                    "502 Bad Gateway"
                } else {
                    "403 Forbidden"
                };
                let answer =
                    format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
                return client.write_all(answer.as_bytes());
            }
        };
        {
            let mut open = lock(&self.open);
            open.push(server.try_clone()?);
            open.push(client.try_clone()?);
        }
        let mut server = server;
        match &request.forward {
            None => client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?,
            Some(head) => server.write_all(head)?,
        }
        server.write_all(&rest)?;
        relay(client, &server, request.forward.is_some())
    }
}

/// Copies in both directions until both are done. Of an answer in plain HTTP the head is changed: the client shall know that the connection ends with
/// it, for the server does not say so to a client that has asked for it.
fn relay(client: &TcpStream, server: &TcpStream, plain: bool) -> io::Result<()> {
    let (mut from_client, mut to_server) = (client.try_clone()?, server.try_clone()?);
    let upwards = thread::Builder::new().spawn(move || {
        let _ = io::copy(&mut from_client, &mut to_server);
        let _ = to_server.shutdown(Shutdown::Write);
    })?;
    let (mut from_server, mut to_client) = (server, client);
    let done = if plain {
        pass_answer(&mut from_server, &mut to_client)
    } else {
        Ok(())
    };
    let done = done.and_then(|()| io::copy(&mut from_server, &mut to_client));
    let _ = client.shutdown(Shutdown::Both);
    let _ = server.shutdown(Shutdown::Both);
    let _ = upwards.join();
    done.map(drop)
}

/// Passes the head of an answer on, and what came with it.
fn pass_answer(server: &mut impl Read, client: &mut impl Write) -> io::Result<()> {
    let mut before = Vec::new();
    loop {
        let (head, rest) = read_head(server, before)?;
        let interim = head
            .split(|&byte| byte == b' ')
            .nth(1)
            .is_some_and(|code| code.starts_with(b"1"));
        if interim {
            client.write_all(&head)?;
            before = rest;
            continue;
        }
        let end = memchr::memmem::find(&head, b"\r\n").unwrap_or(0);
        client.write_all(&head[..end])?;
        client.write_all(b"\r\nConnection: close")?;
        for field in head[end + 2..].split(|&byte| byte == b'\n') {
            let field = field.strip_suffix(b"\r").unwrap_or(field);
            let name = field.split(|&byte| byte == b':').next().unwrap_or_default();
            let dropped = [&b"connection"[..], b"keep-alive", b"proxy-connection"];
            if !field.is_empty()
                && !dropped
                    .iter()
                    .any(|dropped| name.eq_ignore_ascii_case(dropped))
            {
                client.write_all(b"\r\n")?;
                client.write_all(field)?;
            }
        }
        client.write_all(b"\r\n\r\n")?;
        return client.write_all(&rest);
    }
}

/// Reads up to the empty line; gives the head with it, and what came after.
fn read_head(from: &mut impl Read, before: Vec<u8>) -> io::Result<(Vec<u8>, Vec<u8>)> {
    let mut head = before;
    let mut block = [0; 4096];
    loop {
        if let Some(end) = memchr::memmem::find(&head, b"\r\n\r\n") {
            let rest = head.split_off(end + 4);
            return Ok((head, rest));
        }
        let count = from.read(&mut block)?;
        if count == 0 || head.len() > LONGEST_HEADER {
            return Err(io::ErrorKind::InvalidData.into());
        }
        head.extend_from_slice(&block[..count]);
    }
}

/// What a client wants of a proxy.
#[derive(Debug, PartialEq, Eq)]
struct Request {
    host: String,
    port: u16,
    /// The head to send on; none for `CONNECT`, where all that follows passes through.
    forward: Option<Vec<u8>>,
}

impl Request {
    fn parse(head: &[u8]) -> Option<Request> {
        let head = std::str::from_utf8(head).ok()?;
        let (line, fields) = head.split_once("\r\n")?;
        let [method, target, version] = line.split(' ').collect::<Vec<_>>()[..] else {
            return None;
        };
        if method == "CONNECT" {
            let (host, port) = authority(target, None)?;
            return Some(Request {
                host,
                port,
                forward: None,
            });
        }
        let rest = target.strip_prefix("http://")?;
        let slash = rest.find('/').unwrap_or(rest.len());
        let (host, port) = authority(&rest[..slash], Some(80))?;
        let path = if slash < rest.len() {
            &rest[slash..]
        } else {
            "/"
        };
        // One request per connection: the next might be for another server.
        let mut forward = format!("{method} {path} {version}\r\nConnection: close\r\n");
        for field in fields.split("\r\n").filter(|field| !field.is_empty()) {
            let name = field
                .split(':')
                .next()
                .unwrap_or_default()
                .to_ascii_lowercase();
            if !matches!(
                name.as_str(),
                "connection" | "proxy-connection" | "proxy-authorization" | "keep-alive"
            ) {
                forward += field;
                forward += "\r\n";
            }
        }
        forward += "\r\n";
        let forward = Some(forward.into_bytes());
        Some(Request {
            host,
            port,
            forward,
        })
    }
}

/// `host:port`, `[address]:port`
fn authority(text: &str, usual: Option<u16>) -> Option<(String, u16)> {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port.parse().ok()?)),
        _ => (text, usual),
    };
    let plain = !host.is_empty()
        && host
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte));
    plain.then_some((host.to_owned(), port?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_say_that_the_connection_ends() {
        let mut server = &b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nConnection: keep-alive\r\nA: b\r\n\r\nbody"[..];
        let mut client = Vec::new();
        pass_answer(&mut server, &mut client).unwrap();
        assert_eq!(
            String::from_utf8(client).unwrap(),
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nConnection: close\r\nA: b\r\n\r\nbody"
        );
    }

    #[test]
    fn requests_are_understood() {
        let tunnel =
            Request::parse(b"CONNECT example.com:443 HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        assert_eq!(
            (tunnel.host.as_str(), tunnel.port, tunnel.forward),
            ("example.com", 443, None)
        );
        let plain = Request::parse(b"GET http://example.com/a?b HTTP/1.1\r\nHost: example.com\r\nProxy-Connection: keep-alive\r\n\r\n").unwrap();
        assert_eq!((plain.host.as_str(), plain.port), ("example.com", 80));
        assert_eq!(
            String::from_utf8(plain.forward.unwrap()).unwrap(),
            "GET /a?b HTTP/1.1\r\nConnection: close\r\nHost: example.com\r\n\r\n"
        );
        let other = Request::parse(b"GET http://[::1]:8080 HTTP/1.1\r\n\r\n").unwrap();
        assert_eq!((other.host.as_str(), other.port), ("[::1]", 8080));
        for bad in [
            "GET / HTTP/1.1\r\n\r\n",
            "GET ftp://x/ HTTP/1.1\r\n\r\n",
            "CONNECT x HTTP/1.1\r\n\r\n",
            "CONNECT user@x:1 HTTP/1.1\r\n\r\n",
            "x\r\n\r\n",
            "",
        ] {
            assert_eq!(Request::parse(bad.as_bytes()), None, "{bad:?}");
        }
    }
}
