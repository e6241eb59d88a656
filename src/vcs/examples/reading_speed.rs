//! Measures what the pages ask of a repository: `cargo run --release --example reading_speed -- git|hg DIRECTORY [DIRECTORY_INSIDE]`.

use std::time::Instant;

use kallithea_vcs::{DiffLimit, DiffOptions, Kind, LogQuery, RepoPath, Repository};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<()> {
    let mut args = std::env::args().skip(1);
    let (Some(kind), Some(directory)) = (args.next(), args.next()) else {
        return Err("usage: reading_speed git|hg DIRECTORY [DIRECTORY_INSIDE]".into());
    };
    let kind: Kind = kind.parse()?;
    let inside = RepoPath::parse(args.next().unwrap_or_default().as_bytes())?;

    let repository = time("open", || Ok(Repository::open(directory.as_ref(), kind)?))?;
    let page = LogQuery {
        limit: 40,
        ..LogQuery::default()
    };
    let first = time("log, first page, first time", || Ok(repository.log(&page)?))?;
    println!("    {} changesets", first.total);
    let tip = first
        .changesets
        .first()
        .ok_or("the repository is empty")?
        .id;
    for round in ["first", "again"] {
        println!("{round}:");
        time("log, first page", || Ok(repository.log(&page)?))?;
        time("log, middle page", || {
            Ok(repository.log(&LogQuery {
                skip: first.total / 2,
                ..page.clone()
            })?)
        })?;
        let of_path = LogQuery {
            path: Some(inside.clone()),
            ..page.clone()
        };
        time("log of the directory", || Ok(repository.log(&of_path)?))?;
        time("refs", || Ok(repository.refs()?))?;
        time("resolve", || Ok(repository.resolve(&tip.short())?))?;
        let listed = time("directory", || Ok(repository.directory(&tip, &inside)?))?;
        let last = time("last changes", || {
            Ok(repository.last_changes(&tip, &inside)?)
        })?;
        println!("    {} entries, {} decided", listed.len(), last.len());
        time("file names", || {
            Ok(repository.file_names(&tip, &RepoPath::root())?)
        })?;
        let middle = repository.log(&LogQuery {
            skip: first.total / 2,
            limit: 1,
            ..page.clone()
        })?;
        time("40 diffs against the first parent", || {
            for changeset in &first.changesets {
                repository.diff(
                    changeset.parents.first(),
                    &changeset.id,
                    &DiffOptions::default(),
                )?;
            }
            Ok(())
        })?;
        if let Some(old) = middle.changesets.first() {
            let diff = time("diff from the middle to the tip", || {
                Ok(repository.diff(Some(&old.id), &tip, &DiffOptions::default())?)
            })?;
            println!("    {} files, {:?} lines", diff.files.len(), diff.counts());
            let limit = Some(DiffLimit {
                files: 500,
                blob_bytes: 1 << 20,
                text_bytes: 256_000,
            });
            time("the same with a limit", || {
                Ok(repository.diff(
                    Some(&old.id),
                    &tip,
                    &DiffOptions {
                        limit,
                        ..DiffOptions::default()
                    },
                )?)
            })?;
        }
    }
    Ok(())
}

/// Prints how long the work took, and how much of that the processor worked for it. The latter is exact to a few
/// milliseconds only, but does not grow when other programs keep the machine busy.
fn time<T>(what: &str, work: impl FnOnce() -> Outcome<T>) -> Outcome<T> {
    let (start, cpu) = (Instant::now(), cpu_nanoseconds()?);
    let done = work()?;
    let (wall, cpu) = (
        start.elapsed().as_secs_f64() * 1e3,
        (cpu_nanoseconds()? - cpu) as f64 / 1e6,
    );
    println!("{wall:>10.3} ms {cpu:>10.3} ms cpu  {what}");
    Ok(done)
}

/// Linux's account of this thread.
fn cpu_nanoseconds() -> Outcome<u64> {
    let account = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    Ok(account.split(' ').next().unwrap_or_default().parse()?)
}
