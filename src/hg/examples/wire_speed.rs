//! Measures what sending a repository costs, beside Mercurial: `cargo run --release --example wire_speed -- REPOSITORY [HG]`.
//!
//! Prints the processor time and the size of a whole clone by `getbundle` (as it is, and compressed like over HTTP), the time of a stream clone
//! beside that of reading the same files, and how much memory it takes. With the path of an `hg`, the processor time of `hg serve` for the same
//! bundle, less that of a conversation without one.

use std::error::Error;
use std::fs;
use std::io::{self, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use hg::{BundleRequest, Repository, Sender};

type Outcome<T> = Result<T, Box<dyn Error>>;

const CLIENT: &[u8] = b"HG20,bundle2=HG20%0Abookmarks%0Achangegroup%3D01%2C02%2C03%0Ahgtagsfnodes%0Alistkeys%0Aphases%3Dheads%0Astream%3Dv2";

fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    let place = arguments
        .next()
        .ok_or("usage: wire_speed REPOSITORY [HG]")?;
    let place = Path::new(&place);
    let program = arguments.next();
    let base = memory("VmRSS:")?;
    for round in ["first", "again"] {
        println!("{round}:");
        let repository = Repository::open(place)?;
        let whole: &[(&str, &[u8])] = &[
            ("bundlecaps", CLIENT),
            ("cg", b"1"),
            ("phases", b"1"),
            ("bookmarks", b"1"),
        ];
        let plain = measure("whole clone", || send(&repository, whole, None))?;
        let packed = measure("whole clone, zstd", || send(&repository, whole, Some(3)))?;
        println!("    {plain} bytes, {packed} compressed");
        let stream: &[(&str, &[u8])] = &[("bundlecaps", CLIENT), ("cg", b"0"), ("stream", b"1")];
        let copied = measure("stream clone", || send(&repository, stream, None))?;
        let read = measure("the same files, read", || {
            read_all(&place.join(".hg/store"))
        })?;
        println!("    {copied} bytes, {read} in the store");
    }
    println!(
        "memory: {} KiB more than at the start, at most",
        memory("VmHWM:")?.saturating_sub(base)
    );
    if let Some(program) = program {
        let heads = |repository: &Repository| -> Outcome<String> {
            let snapshot = repository.snapshot()?;
            let heads = snapshot.heads().into_iter();
            let heads = heads.map(|rev| snapshot.node(rev).to_string());
            Ok(heads.collect::<Vec<_>>().join(" "))
        };
        let heads = heads(&Repository::open(place)?)?;
        let (idle, _) = serve(&program, place, b"heads\n")?;
        let mut request = b"getbundle\n* 5\n".to_vec();
        for (name, value) in [
            ("bundlecaps", CLIENT),
            ("heads", heads.as_bytes()),
            ("cg", b"1"),
            ("phases", b"1"),
            ("bookmarks", b"1"),
        ] {
            request.extend(format!("{name} {}\n", value.len()).into_bytes());
            request.extend_from_slice(value);
        }
        for _ in 0..2 {
            let (busy, size) = serve(&program, place, &request)?;
            println!(
                "hg serve, whole clone: {:.0} ms of processor ({size} bytes), less its start",
                busy - idle
            );
        }
    }
    Ok(())
}

/// Runs something, prints what it took, and gives its result.
fn measure(name: &str, work: impl FnOnce() -> Outcome<u64>) -> Outcome<u64> {
    let (begin, clock) = (own()?, Instant::now());
    let result = work()?;
    println!(
        "  {name}: {:.1} ms of processor, {:.0} ms in all",
        own()? - begin,
        clock.elapsed().as_secs_f64() * 1000.0
    );
    Ok(result)
}

/// Makes a bundle and throws it away; gives its size.
fn send(
    repository: &Repository,
    arguments: &[(&str, &[u8])],
    compression: Option<i32>,
) -> Outcome<u64> {
    let snapshot = repository.snapshot()?;
    let sender = Sender {
        snapshot: &snapshot,
        publishing: true,
        keys: &|_| None,
    };
    let request = BundleRequest::parse(arguments.iter().copied())?;
    let mut bundle = sender.bundle(&request)?;
    Ok(match compression {
        None => io::copy(&mut bundle, &mut io::sink())?,
        Some(level) => {
            let mut packed = zstd::stream::read::Encoder::new(bundle, level)?;
            io::copy(&mut packed, &mut io::sink())?
        }
    })
}

/// Reads the revlogs below a directory like `cat`; gives their size.
fn read_all(directory: &Path) -> Outcome<u64> {
    let mut total = 0;
    let mut block = vec![0; 128 << 10];
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            total += read_all(&entry.path())?;
            continue;
        }
        let name = entry.file_name();
        if name.as_encoded_bytes().ends_with(b".i") || name.as_encoded_bytes().ends_with(b".d") {
            let mut file = fs::File::open(entry.path())?;
            loop {
                match file.read(&mut block)? {
                    0 => break,
                    count => total += count as u64,
                }
            }
        }
    }
    Ok(total)
}

/// Puts requests to `hg serve`; gives its processor time in milliseconds and the size of its answer.
fn serve(program: &str, repository: &Path, requests: &[u8]) -> Outcome<(f64, u64)> {
    let before = of_children()?;
    let mut child = Command::new(program)
        .arg("-R")
        .arg(repository)
        .args(["serve", "--stdio"])
        .env("HGRCPATH", "/dev/null")
        .env("HGPLAIN", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut input = child.stdin.take().ok_or("no input")?;
    input.write_all(requests)?;
    drop(input);
    let mut output = child.stdout.take().ok_or("no output")?;
    let size = io::copy(&mut output, &mut io::sink())?;
    child.wait()?;
    Ok((of_children()? - before, size))
}

/// Processor time of this thread in milliseconds.
fn own() -> Outcome<f64> {
    let text = fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds = text.split(' ').next().ok_or("an odd schedstat")?;
    Ok(nanoseconds.parse::<f64>()? / 1e6)
}

/// Processor time in milliseconds of the processes that this one has waited for.
fn of_children() -> Outcome<f64> {
    let text = fs::read_to_string("/proc/self/stat")?;
    let (_, rest) = text.rsplit_once(") ").ok_or("an odd /proc/self/stat")?;
    let fields: Vec<&str> = rest.split(' ').collect();
    // cutime and cstime, in hundredths of a second.
    Ok((fields[13].parse::<f64>()? + fields[14].parse::<f64>()?) * 10.0)
}

/// A line of `/proc/self/status`, in KiB.
fn memory(name: &str) -> Outcome<u64> {
    let text = fs::read_to_string("/proc/self/status")?;
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|line| line.split_whitespace().next());
    Ok(number.ok_or("an odd /proc/self/status")?.parse()?)
}
