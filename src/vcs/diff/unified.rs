//! Writes a diff as text, in the extended form of `git diff`.
//!
//! The form is described in `git help diff` ("Generating patch text with -p"). Mercurial writes and reads the same but
//! never quotes a path, names contents only of binary files, writes every range with its length and knows no reverse half
//! of a binary patch, so [`Diff::kind`] decides these.

use std::io::{self, Write};

use super::binary::write_literal;
use super::quote::quoted;
use super::{Diff, FileDiff, Hunk, LineKind, Operation};
use crate::{Kind, RepoPath};

impl Diff {
    /// Writes the diff so that `git apply` or `hg import` make the same change of it.
    ///
    /// That holds for diffs without a limit, with all white space counted and with
    /// [`DiffOptions::binary_content`](super::DiffOptions::binary_content); others are for reading.
    pub fn to_unified(&self, out: &mut impl Write) -> io::Result<()> {
        self.files
            .iter()
            .try_for_each(|file| write_file(out, file, self.kind))
    }
}

fn write_file(out: &mut impl Write, file: &FileDiff, kind: Kind) -> io::Result<()> {
    let nothing_shown = file.hunks.is_empty() && !file.binary && !file.truncated;
    if nothing_shown && file.operation == Operation::Modified && file.old_mode == file.new_mode {
        // All that differs is white space that does not count.
        return Ok(());
    }
    let name = |prefix: &str, path: &RepoPath| match kind {
        Kind::Git => quoted(prefix, path.as_bytes()),
        Kind::Hg => [prefix.as_bytes(), path.as_bytes()].concat(),
    };
    let old_path = file.old_path.as_ref().unwrap_or(file.path());
    let new_path = file.path();
    let (old_name, new_name) = (name("a/", old_path), name("b/", new_path));

    line(out, &[b"diff --git ", &old_name, b" ", &new_name])?;
    match (file.old_mode, file.new_mode) {
        (Some(old), Some(new)) if old != new => {
            write!(out, "old mode {old:06o}\nnew mode {new:06o}\n")?
        }
        (None, Some(new)) => writeln!(out, "new file mode {new:06o}")?,
        (Some(old), None) => writeln!(out, "deleted file mode {old:06o}")?,
        _ => {}
    }
    let verb = match file.operation {
        Operation::Renamed => Some("rename"),
        Operation::Copied => Some("copy"),
        _ => None,
    };
    if let Some(verb) = verb {
        if let Some(similarity) = file.similarity {
            writeln!(out, "similarity index {similarity}%")?;
        }
        line(out, &[verb.as_bytes(), b" from ", &name("", old_path)])?;
        line(out, &[verb.as_bytes(), b" to ", &name("", new_path)])?;
    }
    let names_contents = kind == Kind::Git || file.binary;
    if names_contents
        && file.old_id != file.new_id
        && !file.old_id.is_empty()
        && !file.new_id.is_empty()
    {
        write!(out, "index {}..{}", file.old_id, file.new_id)?;
        match (file.old_mode, file.new_mode) {
            (Some(old), Some(new)) if old == new && kind == Kind::Git => {
                writeln!(out, " {new:06o}")?
            }
            _ => writeln!(out)?,
        }
    }
    if file.binary {
        return write_binary(out, file, kind, &old_name, &new_name);
    }
    if !file.hunks.is_empty() {
        write_side(out, b"--- ", file.old_path.as_ref(), &old_name)?;
        write_side(out, b"+++ ", file.new_path.as_ref(), &new_name)?;
    }
    file.hunks
        .iter()
        .try_for_each(|hunk| write_hunk(out, hunk, kind))
}

/// Writes `--- a/path` or `+++ b/path`. After a path with a blank comes a tab, or `patch` would end the path there.
fn write_side(
    out: &mut impl Write,
    sign: &[u8],
    path: Option<&RepoPath>,
    name: &[u8],
) -> io::Result<()> {
    match path {
        None => line(out, &[sign, b"/dev/null"]),
        Some(path) if path.as_bytes().contains(&b' ') => line(out, &[sign, name, b"\t"]),
        Some(_) => line(out, &[sign, name]),
    }
}

fn write_binary(
    out: &mut impl Write,
    file: &FileDiff,
    kind: Kind,
    old: &[u8],
    new: &[u8],
) -> io::Result<()> {
    if let Some(content) = &file.binary_content {
        line(out, &[b"GIT binary patch"])?;
        write_literal(out, &content.new)?;
        return match kind {
            Kind::Git => write_literal(out, &content.old),
            Kind::Hg => Ok(()),
        };
    }
    if file.old_id == file.new_id {
        // Renamed or made executable only.
        return Ok(());
    }
    let old = if file.old_path.is_some() {
        old
    } else {
        b"/dev/null"
    };
    let new = if file.new_path.is_some() {
        new
    } else {
        b"/dev/null"
    };
    line(out, &[b"Binary files ", old, b" and ", new, b" differ"])
}

fn write_hunk(out: &mut impl Write, hunk: &Hunk, kind: Kind) -> io::Result<()> {
    let range = |start: u32, len: u32| match len {
        1 if kind == Kind::Git => start.to_string(),
        _ => format!("{start},{len}"),
    };
    let (old, new) = (
        range(hunk.old_start, hunk.old_len),
        range(hunk.new_start, hunk.new_len),
    );
    let space: &[u8] = if hunk.section.is_empty() { b"" } else { b" " };
    line(
        out,
        &[
            format!("@@ -{old} +{new} @@").as_bytes(),
            space,
            &hunk.section,
        ],
    )?;
    for text in &hunk.lines {
        let sign: &[u8] = match text.kind {
            LineKind::Context => b" ",
            LineKind::Added => b"+",
            LineKind::Removed => b"-",
        };
        line(out, &[sign, &text.text])?;
        if text.no_newline {
            line(out, &[b"\\ No newline at end of file"])?;
        }
    }
    Ok(())
}

pub(super) fn line(out: &mut impl Write, parts: &[&[u8]]) -> io::Result<()> {
    parts.iter().try_for_each(|part| out.write_all(part))?;
    out.write_all(b"\n")
}
