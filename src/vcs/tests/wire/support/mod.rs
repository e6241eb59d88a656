//! A small HTTP/1.1 server on 127.0.0.1 that hands each request to `kallithea_vcs::wire`, so that real clients can talk to it, and helpers to run those.
//!
//! One thread and one request per connection. It stands for the HTTP layer of the program in what it does with errors: before the
//! first byte of an answer they become a status, later on the connection is closed in the middle.

pub mod session;

use std::collections::HashMap;
use std::ffi::OsStr;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Arc, Mutex, OnceLock};

use kallithea_vcs::wire::git::{self, GitProgram, ObjectName, Protocol, RefUpdate};
use kallithea_vcs::wire::hg::{self, HgProgram, Report};
use kallithea_vcs::wire::{Access, Error};
use kallithea_vcs::{Kind, Repository};

/// Where to find a program: `variable` of the environment, or `name` in `PATH`. Asked once, because a start of `hg` takes its time.
fn program(found: &OnceLock<PathBuf>, variable: &str, name: &str) -> PathBuf {
    let find = || {
        let path = std::env::var_os(variable).map_or_else(|| PathBuf::from(name), PathBuf::from);
        let output = Command::new(&path).arg("--version").output();
        let works = output.is_ok_and(|output| output.status.success());
        assert!(
            works,
            "these tests need {name}: install it or set {variable} to its path"
        );
        path
    };
    found.get_or_init(find).clone()
}

pub fn git_program() -> GitProgram {
    static FOUND: OnceLock<PathBuf> = OnceLock::new();
    GitProgram {
        path: program(&FOUND, "KALLITHEA_TEST_GIT", "git"),
        config: Vec::new(),
        environment: Vec::new(),
    }
}

pub fn hg_program() -> HgProgram {
    static FOUND: OnceLock<PathBuf> = OnceLock::new();
    HgProgram {
        path: program(&FOUND, "KALLITHEA_TEST_HG", "hg"),
        config: Vec::new(),
        environment: Vec::new(),
    }
}

/// What the served requests have done.
#[derive(Default)]
pub struct Log {
    /// The repositories that were asked for, kept as a server keeps them.
    repositories: HashMap<PathBuf, Arc<Repository>>,
    pub requests: Vec<String>,
    pub updates: Vec<RefUpdate>,
    pub landed: Vec<RefUpdate>,
    pub reports: Vec<Report>,
}

impl Log {
    fn open(&mut self, path: &Path) -> Arc<Repository> {
        let open = || Arc::new(Repository::open(path, Kind::Hg).unwrap());
        Arc::clone(
            self.repositories
                .entry(path.to_owned())
                .or_insert_with(open),
        )
    }
}

pub struct Server {
    pub address: SocketAddr,
    pub log: Arc<Mutex<Log>>,
}

/// What is served to whom.
#[derive(Clone)]
pub struct Config {
    pub root: PathBuf,
    pub git: Option<GitProgram>,
    pub hg: Option<HgProgram>,
    /// Whether requests that write are let through.
    pub writable: bool,
}

impl Server {
    /// Serves the repositories below a directory; the threads end with the test program.
    pub fn start(config: Config) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let log = Arc::new(Mutex::new(Log::default()));
        let shared = log.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (config, log) = (config.clone(), shared.clone());
                // A client that goes away in the middle is part of the tests.
                std::thread::spawn(move || drop(serve(&config, &log, &stream)));
            }
        });
        Server { address, log }
    }

    pub fn git(root: &Path, writable: bool) -> Server {
        Server::start(Config {
            root: root.to_owned(),
            git: Some(git_program()),
            hg: None,
            writable,
        })
    }

    pub fn hg(root: &Path, writable: bool) -> Server {
        Server::start(Config {
            root: root.to_owned(),
            git: None,
            hg: Some(hg_program()),
            writable,
        })
    }

    pub fn url(&self, repository: &str) -> String {
        format!("http://{}/{repository}", self.address)
    }
}

struct Parts {
    path: String,
    query: String,
    headers: Vec<(String, String)>,
}

impl Parts {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(own, _)| own.eq_ignore_ascii_case(name))
            .map(|(_, value)| &value[..])
    }
}

fn read_line(reader: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(line.trim_end().to_owned())
}

/// A body in either form, whose early end is an error.
enum RequestBody<'a> {
    Length(&'a mut BufReader<TcpStream>, u64),
    Chunked(&'a mut BufReader<TcpStream>, u64, bool),
}

impl Read for RequestBody<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let (reader, left) = match self {
            RequestBody::Length(reader, left) => (reader, left),
            RequestBody::Chunked(reader, left, done) => {
                if *left == 0 && !*done {
                    *left =
                        u64::from_str_radix(&read_line(reader)?, 16).map_err(io::Error::other)?;
                    *done = *left == 0;
                    if *done {
                        read_line(reader)?;
                    }
                }
                (reader, left)
            }
        };
        let most = buffer.len().min(usize::try_from(*left).unwrap());
        if most == 0 {
            return Ok(0);
        }
        let count = reader.read(&mut buffer[..most])?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        *left -= count as u64;
        if let RequestBody::Chunked(reader, 0, false) = self {
            read_line(reader)?;
        }
        Ok(count)
    }
}

fn serve(config: &Config, log: &Mutex<Log>, stream: &TcpStream) -> io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let line = read_line(&mut reader)?;
    let target = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut headers = Vec::new();
    loop {
        let line = read_line(&mut reader)?;
        match line.split_once(':') {
            Some((name, value)) => headers.push((name.to_owned(), value.trim().to_owned())),
            None => break,
        }
    }
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let parts = Parts {
        path: path.trim_start_matches('/').to_owned(),
        query: query.to_owned(),
        headers,
    };
    log.lock().unwrap().requests.push(line);
    if parts.header("Expect").is_some() {
        (&*stream).write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
    }
    let mut body = match parts.header("Transfer-Encoding") {
        Some(_) => RequestBody::Chunked(&mut reader, 0, false),
        None => {
            let length = parts
                .header("Content-Length")
                .map_or(0, |length| length.parse().unwrap());
            RequestBody::Length(&mut reader, length)
        }
    };
    let result = match (&config.git, &config.hg) {
        (Some(program), _) => serve_git(config, program, log, &parts, &mut body, stream),
        (_, Some(program)) => serve_hg(config, program, log, &parts, &mut body, stream),
        (None, None) => status(stream, 404),
    };
    // What was not read would make the system reset the connection before the client has seen the answer.
    io::copy(&mut body, &mut io::sink())?;
    result
}

fn serve_git(
    config: &Config,
    program: &GitProgram,
    log: &Mutex<Log>,
    parts: &Parts,
    body: &mut dyn Read,
    stream: &TcpStream,
) -> io::Result<()> {
    let Some((name, request)) = git::Request::classify(&parts.path, &parts.query) else {
        return status(stream, 404);
    };
    let protocol = Protocol::from_header(parts.header("Git-Protocol"));
    let repository = config.root.join(name);
    let (service, advertisement) = match request {
        git::Request::Advertise(service) => (service, true),
        git::Request::Serve(service) => (service, false),
        git::Request::Bad => return status(stream, 400),
    };
    if service.access() == Access::Write && !config.writable {
        return status(stream, 403);
    }
    if advertisement {
        return match git::advertise(program, &repository, service, protocol) {
            Ok(mut answer) => send(stream, service.advertisement_type(), None, &mut answer),
            Err(error) => failure(stream, error),
        };
    }
    let mut decoded: Box<dyn Read> = match parts.header("Content-Encoding") {
        Some("gzip") => Box::new(git::gunzip(body)),
        _ => Box::new(body),
    };
    if service == git::Service::UploadPack {
        return match git::upload_pack(program, &repository, protocol, &mut decoded) {
            Ok(mut answer) => send(stream, service.result_type(), None, &mut answer),
            Err(error) => failure(stream, error),
        };
    }
    match git::receive_pack(program, &repository, protocol, &mut decoded) {
        Ok(mut push) => {
            let result = send(stream, service.result_type(), None, &mut push.body);
            let current = |name: &git::RefName| {
                let name = name.to_string();
                let output = git_command(&repository, &["rev-parse", "--verify", "-q", &name]);
                ObjectName::from_hex(String::from_utf8_lossy(&output.stdout).trim())
            };
            let landed = git::landed(&push.updates, current);
            let mut log = log.lock().unwrap();
            log.landed.extend(landed);
            log.updates.extend(push.updates);
            result
        }
        Err(error) => failure(stream, error),
    }
}

fn serve_hg(
    config: &Config,
    program: &HgProgram,
    log: &Mutex<Log>,
    parts: &Parts,
    body: &mut dyn Read,
    stream: &TcpStream,
) -> io::Result<()> {
    let Ok(request) = hg::Request::parse(&parts.query, &|name| parts.header(name), body) else {
        return status(stream, 400);
    };
    if request.access() == Access::Write && !config.writable {
        return status(stream, 403);
    }
    let repository = log.lock().unwrap().open(&config.root.join(&parts.path));
    match hg::answer(program, &repository, &request, body) {
        Ok(mut answer) => {
            let result = send(stream, answer.content_type, answer.length, &mut answer.body);
            log.lock().unwrap().reports.push(answer.body.finish());
            result
        }
        Err(error) => failure(stream, error),
    }
}

fn status(mut stream: &TcpStream, code: u16) -> io::Result<()> {
    write!(
        stream,
        "HTTP/1.1 {code} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    )
}

fn failure(stream: &TcpStream, error: Error) -> io::Result<()> {
    eprintln!("{error:?}");
    status(
        stream,
        if matches!(error, Error::Input(_)) {
            400
        } else {
            500
        },
    )
}

fn send(
    mut stream: &TcpStream,
    content_type: &str,
    length: Option<u64>,
    body: &mut dyn Read,
) -> io::Result<()> {
    let framing = match length {
        Some(length) => format!("Content-Length: {length}"),
        None => "Transfer-Encoding: chunked".to_owned(),
    };
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\n{framing}\r\nConnection: close\r\n\r\n"
    )?;
    let mut block = vec![0; 32 << 10];
    loop {
        let count = body.read(&mut block)?;
        match length {
            Some(_) => stream.write_all(&block[..count])?,
            None => {
                write!(stream, "{count:x}\r\n")?;
                stream.write_all(&block[..count])?;
                stream.write_all(b"\r\n")?;
            }
        }
        if count == 0 {
            return Ok(());
        }
    }
}

fn run(program: &Path, directory: &Path, arguments: &[impl AsRef<OsStr>]) -> Output {
    Command::new(program)
        .args(arguments)
        .current_dir(directory)
        .env("HOME", "/nonexistent")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_AUTHOR_NAME", "alice")
        .env("GIT_AUTHOR_EMAIL", "alice@example.com")
        .env("GIT_COMMITTER_NAME", "alice")
        .env("GIT_COMMITTER_EMAIL", "alice@example.com")
        .env("HGRCPATH", "/dev/null")
        .env("HGPLAIN", "1")
        .env("HGUSER", "alice")
        .env("LC_ALL", "C.UTF-8")
        .output()
        .unwrap()
}

fn checked(arguments: &[&str], output: Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    assert!(
        output.status.success(),
        "{arguments:?} failed: {}\n{stdout}\n{stderr}",
        output.status
    );
    stdout
}

/// Runs `git`, whatever comes of it.
pub fn git_command(directory: &Path, arguments: &[&str]) -> Output {
    run(&git_program().path, directory, arguments)
}

/// Runs `git`, which must succeed, and gives its output.
pub fn git(directory: &Path, arguments: &[&str]) -> String {
    checked(arguments, git_command(directory, arguments))
}

/// Runs `hg`, whatever comes of it.
pub fn hg_command(directory: &Path, arguments: &[&str]) -> Output {
    run(&hg_program().path, directory, arguments)
}

/// Runs `hg`, which must succeed, and gives its output.
pub fn hg(directory: &Path, arguments: &[&str]) -> String {
    checked(arguments, hg_command(directory, arguments))
}

/// Asks over a connection of its own; gives the head and the body of the answer as sent.
pub fn ask(server: &Server, request: &str) -> (String, Vec<u8>) {
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let end = answer
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .expect("an answer with a head");
    (
        String::from_utf8_lossy(&answer[..end]).into_owned(),
        answer[end + 4..].to_vec(),
    )
}

/// Bytes that do not compress.
pub fn noise(count: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut out = Vec::with_capacity(count + 8);
    while out.len() < count {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        out.extend_from_slice(&state.to_le_bytes());
    }
    out.truncate(count);
    out
}

/// Waits up to a minute for something to become true; a machine under load needs that.
pub fn eventually(what: &str, condition: impl Fn() -> bool) {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while !condition() {
        assert!(
            std::time::Instant::now() < deadline,
            "{what}: not within a minute"
        );
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

/// Processes whose command line holds a text.
pub fn processes_with(text: &str) -> Vec<String> {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let lines = entries.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
    lines
        .map(|line| String::from_utf8_lossy(&line).replace('\0', " "))
        .filter(|line| line.contains(text))
        .collect()
}
