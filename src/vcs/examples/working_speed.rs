//! Measures archives, comparing and the cache: `cargo run --release --example working_speed -- git|hg DIRECTORY OLD NEW [FILE]`.
//!
//! OLD and NEW are two names, for example tags far apart; FILE is one with many changes, for the cache.

use std::io::Read;
use std::time::Instant;

use kallithea_vcs::compare::{Comparison, End};
use kallithea_vcs::{
    ArchiveFormat, ArchiveOptions, BlameOptions, Cache, DiffOptions, Kind, RepoPath, Repository,
};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [kind, directory, old, new, rest @ ..] = &args[..] else {
        return Err("usage: working_speed git|hg DIRECTORY OLD NEW [FILE]".into());
    };
    let kind: Kind = kind.parse()?;
    let repository = Repository::open(directory.as_ref(), kind)?;
    time("open again", || {
        Ok(Repository::open(directory.as_ref(), kind)?)
    })?;
    let (old, new) = time("resolve both", || {
        Ok((repository.resolve(old)?, repository.resolve(new)?))
    })?;
    for round in ["first", "again"] {
        println!("{round}:");
        let end = |id| End {
            repository: &repository,
            id: Some(id),
        };
        time("compare: sides and diff from the ancestor", || {
            let comparison = Comparison::new(end(old), end(new))?;
            let sides = comparison.sides()?;
            println!(
                "    {} ahead, {} behind",
                sides.ahead.len(),
                sides.behind.len()
            );
            Ok(comparison.merge_diff(&DiffOptions::default())?)
        })?;
        time("merge in memory", || {
            Ok(Comparison::new(end(old), end(new))?
                .merge()?
                .conflicts
                .len())
        })?;
        for format in ArchiveFormat::ALL {
            let options = ArchiveOptions {
                format,
                prefix: RepoPath::parse(b"archive")?,
                path: RepoPath::root(),
            };
            let bytes = time(&format!("archive {}", format.extension()), || {
                Ok(drain(&mut repository.archive(&new, &options)?)?)
            })?;
            println!("    {bytes} bytes");
        }
    }
    let folder = tempfile::tempdir()?;
    let cache = Cache::new(folder.path(), 1 << 30);
    let cached = repository.cached(&cache);
    for round in ["worked out", "from the cache"] {
        println!("{round}:");
        // Opened anew, as what one handle remembers is not the cache on disk.
        let fresh = Repository::open(directory.as_ref(), kind)?;
        let fresh = fresh.cached(&cache);
        time("last changes of the root", || {
            Ok(fresh.last_changes(&new, &RepoPath::root())?.len())
        })?;
        if let [file, ..] = rest {
            let file = RepoPath::parse(file.as_bytes())?;
            time("blame", || {
                Ok(fresh
                    .blame(&new, &file, &BlameOptions::default())?
                    .lines
                    .len())
            })?;
        }
        time("text of the diff", || {
            Ok(cached
                .unified(Some(&old), &new, &DiffOptions::default())?
                .len())
        })?;
    }
    Ok(())
}

fn drain(stream: &mut impl Read) -> std::io::Result<u64> {
    std::io::copy(stream, &mut std::io::sink())
}

/// Prints how long the work took, and how much of that the processor worked for it.
fn time<T>(what: &str, work: impl FnOnce() -> Outcome<T>) -> Outcome<T> {
    let (start, cpu) = (Instant::now(), cpu_nanoseconds()?);
    let done = work()?;
    let wall = start.elapsed().as_secs_f64() * 1e3;
    let cpu = (cpu_nanoseconds()? - cpu) as f64 / 1e6;
    println!("{wall:>10.3} ms {cpu:>10.3} ms cpu  {what}");
    Ok(done)
}

/// Linux's account of this thread.
fn cpu_nanoseconds() -> Outcome<u64> {
    let account = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    Ok(account.split(' ').next().unwrap_or_default().parse()?)
}
