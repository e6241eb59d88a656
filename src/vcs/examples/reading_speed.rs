//! Measures what the pages ask of a repository: `cargo run --release --example reading_speed -- git|hg DIRECTORY [DIRECTORY_INSIDE]`.

use std::time::Instant;

use kallithea_vcs::{
    BlameOptions, ChangesetId, DiffLimit, DiffOptions, Kind, LogQuery, RepoPath, Repository,
};

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
                lines: 20_000,
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
    println!("what must be reached:");
    must_reach(&repository, directory.as_ref(), &tip)
}

/// The figures that this crate is held to, each with what the system's own program takes for the same, its start included.
fn must_reach(
    repository: &Repository,
    directory: &std::path::Path,
    tip: &ChangesetId,
) -> Outcome<()> {
    let kind = repository.kind();
    let theirs = |git: &[&str], hg: &[&str]| -> Outcome<()> {
        let (program, args) = match kind {
            Kind::Git => ("git", git),
            Kind::Hg => ("hg", hg),
        };
        time(&format!("    {program} {}", args.join(" ")), || {
            let mut child = std::process::Command::new(program);
            child.args(args).current_dir(directory).output()?;
            Ok(())
        })
    };
    time("open a known repository", || {
        Ok(Repository::open(directory, kind)?)
    })?;
    let page = LogQuery::default();
    time("page of 100 with graph (5 ms)", || {
        let page = repository.log(&page)?;
        let ids: Vec<ChangesetId> = page.changesets.iter().map(|one| one.id).collect();
        Ok(repository.graph(&ids)?)
    })?;
    theirs(
        &["log", "-100", "--graph", "--date-order"],
        &["log", "-l", "100", "-G"],
    )?;

    let newest = LogQuery {
        limit: 400,
        ..page.clone()
    };
    let mut nearest = (usize::MAX, *tip);
    for changeset in repository.log(&newest)?.changesets {
        if changeset.is_merge() {
            continue;
        }
        let files = repository.changed_files(changeset.parents.first(), &changeset.id)?;
        nearest = nearest.min((files.len().abs_diff(9), changeset.id));
    }
    let id = nearest.1;
    let shown = time("changeset of 9 files with diff (8 ms)", || {
        let changeset = repository.changeset(&id)?;
        let parent = changeset.parents.first();
        Ok(repository.diff(parent, &id, &DiffOptions::default())?)
    })?;
    println!(
        "    {} files, {:?} lines",
        shown.files.len(),
        shown.counts()
    );
    let hex = id.to_string();
    theirs(&["show", &hex], &["export", "--git", &hex])?;

    // A value of its own, so that nothing is remembered.
    let fresh = Repository::open(directory, kind)?;
    fresh.log(&page)?;
    time(
        "root list with last changesets, first time (130 ms)",
        || {
            fresh.directory(tip, &RepoPath::root())?;
            Ok(fresh.last_changes(tip, &RepoPath::root())?)
        },
    )?;
    let mut largest = (0, RepoPath::root());
    for path in repository.file_names(tip, &RepoPath::root())?.paths {
        let size = repository.node(tip, &path)?.size.unwrap_or_default();
        if (largest.0..250_000).contains(&size) {
            largest = (size, path);
        }
    }
    let path = largest.1;
    let lines = time("largest file as lines (3 ms)", || {
        let file = repository.file(tip, &path)?;
        Ok(file.lines().map(<[u8]>::to_vec).collect::<Vec<_>>().len())
    })?;
    let steps = time("its history across renames", || {
        Ok(repository
            .file_history(tip, &path, 0, usize::MAX)?
            .steps
            .len())
    })?;
    println!("    {path:?}: {lines} lines, {steps} changes");
    time("its blame, first time (250 ms)", || {
        Ok(fresh.blame(tip, &path, &BlameOptions::default())?)
    })?;
    let (hex, name) = (tip.to_string(), path.to_string());
    theirs(
        &["blame", "--line-porcelain", &hex, "--", &name],
        &["annotate", "-r", &hex, &name],
    )
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
