//! Answers questions about one repository, for scripts that hold the answers against those of `git` and `hg`.
//!
//! `answers git|hg FOLDER`; each line of standard input is a question, words separated by tabs. Each answer is the number of its bytes on a line of
//! its own, and the bytes. Ids are whole.
//!
//! * `merge BASE HEAD`: `clean TREE`, or the conflicts, one on a line: kind, tab, path;
//! * `diff OLD NEW [words]`, `combined ID` (as `git diff-tree --cc`): texts;
//! * `range OLD,OLD… NEW,NEW…`: one pair on a line;
//! * `blame ID PATH [IGNORED,…]`, `follow ID PATH`, `log FROM PATH`: id and what else there is, one on a line;
//! * `archive ID`: a tar.

extern crate kallithea_vcs as vcs;

use std::error::Error;
use std::io::{BufRead, Read, Write};

use vcs::compare::{Comparison, End};
use vcs::{
    ArchiveFormat, ArchiveOptions, BlameOptions, ChangesetId, DiffOptions, LogQuery, RepoPath,
    Repository,
};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let kind = arguments.next().ok_or("git or hg?")?.parse()?;
    let folder = arguments.next().ok_or("which folder?")?;
    let repository = Repository::open(folder.as_ref(), kind)?;
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().split(b'\n') {
        let line = line?;
        let words: Vec<&[u8]> = line.split(|&byte| byte == b'\t').collect();
        let answer = answer(&repository, &words)
            .unwrap_or_else(|error| format!("error: {error}").into_bytes());
        writeln!(out, "{}", answer.len())?;
        out.write_all(&answer)?;
        out.flush()?;
    }
    Ok(())
}

fn id(word: &[u8]) -> Result<ChangesetId, Box<dyn Error>> {
    Ok(std::str::from_utf8(word)?.parse()?)
}

fn ids(words: &[u8]) -> Result<Vec<ChangesetId>, Box<dyn Error>> {
    let words = words.split(|&byte| byte == b',');
    words.filter(|word| !word.is_empty()).map(id).collect()
}

fn answer(repository: &Repository, words: &[&[u8]]) -> Result<Vec<u8>, Box<dyn Error>> {
    let word = |at: usize| words.get(at).copied().unwrap_or_default();
    let mut out = Vec::new();
    let end = |id| End {
        repository,
        id: Some(id),
    };
    match word(0) {
        b"merge" => {
            let comparison = Comparison::new(end(id(word(1))?), end(id(word(2))?))?;
            let merge = comparison.merge()?;
            if merge.is_clean() {
                let tree = merge.tree.map(|tree| tree.to_string());
                writeln!(out, "clean {}", tree.unwrap_or_default())?;
            }
            for conflict in merge.conflicts {
                write!(out, "{:?}\t", conflict.kind)?;
                out.extend_from_slice(conflict.path.as_bytes());
                out.push(b'\n');
            }
        }
        b"diff" => {
            let options = DiffOptions {
                words: word(3) == b"words",
                ..DiffOptions::default()
            };
            let old = (!word(1).is_empty()).then(|| id(word(1))).transpose()?;
            let diff = repository.diff(old.as_ref(), &id(word(2))?, &options)?;
            diff.to_unified(&mut out)?;
        }
        b"combined" => repository
            .combined_diff(&id(word(1))?, 3, true)?
            .to_text(&mut out)?,
        b"range" => {
            let (old, new) = (ids(word(1))?, ids(word(2))?);
            let (Some(first), Some(last)) = (old.last(), new.last()) else {
                return Err("two lists".into());
            };
            let comparison = Comparison::new(end(*first), end(*last))?;
            for pair in comparison.range_diff(&old, &new)? {
                let name = |id: Option<ChangesetId>| id.map_or("-".to_owned(), |id| id.to_string());
                writeln!(
                    out,
                    "{} {} {:?}",
                    name(pair.old),
                    name(pair.new),
                    pair.relation
                )?;
                if let Some(text) = pair.difference {
                    for line in text.lines() {
                        writeln!(out, "    {line}")?;
                    }
                }
            }
        }
        b"blame" => {
            let options = BlameOptions {
                ignore: ids(word(3))?.into_iter().collect(),
                ..BlameOptions::default()
            };
            let blame = repository.blame(&id(word(1))?, &RepoPath::parse(word(2))?, &options)?;
            for line in blame.lines {
                write!(out, "{} {} ", line.id, line.number)?;
                out.extend_from_slice(line.path.as_bytes());
                out.push(b'\n');
            }
        }
        b"follow" => {
            let path = RepoPath::parse(word(2))?;
            let history = repository.file_history(&id(word(1))?, &path, 0, 100_000)?;
            for step in history.steps {
                write!(out, "{} ", step.id)?;
                out.extend_from_slice(step.path.as_bytes());
                out.push(b'\n');
            }
        }
        b"log" => {
            let query = LogQuery {
                from: Some(id(word(1))?),
                path: Some(RepoPath::parse(word(2))?),
                limit: usize::MAX,
                ..LogQuery::default()
            };
            for changeset in repository.log(&query)?.changesets {
                writeln!(out, "{}", changeset.id)?;
            }
        }
        b"archive" => {
            let options = ArchiveOptions {
                format: ArchiveFormat::Tar,
                prefix: RepoPath::parse(b"prefix")?,
                path: RepoPath::parse(word(2)).unwrap_or(RepoPath::root()),
            };
            repository
                .archive(&id(word(1))?, &options)?
                .read_to_end(&mut out)?;
        }
        other => return Err(format!("{:?}?", String::from_utf8_lossy(other)).into()),
    }
    Ok(out)
}
