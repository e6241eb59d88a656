//! A merge compared with all parents, as text: what `git show` and `git diff --cc` print ("Combined diff format" in
//! `git help diff`), with ids in full.
//!
//! It is for reading: no program applies it.

use std::io::{self, Write};

use super::quote::quoted;
use super::unified::line;
use super::{CombinedDiff, CombinedFile, CombinedHunk, LineKind};

impl CombinedDiff {
    /// Writes it in the form of `git diff --cc`, or of `git diff -c` when it is not dense.
    pub fn to_text(&self, out: &mut impl Write) -> io::Result<()> {
        self.files
            .iter()
            .try_for_each(|file| write_file(out, file, self.dense))
    }
}

fn write_file(out: &mut impl Write, file: &CombinedFile, dense: bool) -> io::Result<()> {
    let path = file.path.as_bytes();
    let verb: &[u8] = if dense {
        b"diff --cc "
    } else {
        b"diff --combined "
    };
    line(out, &[verb, &quoted("", path)])?;
    let ids: Vec<&str> = file.sides.iter().map(|side| side.id.as_str()).collect();
    writeln!(out, "index {}..{}", ids.join(","), file.id)?;
    if file.mode_differs() {
        write_modes(out, file)?;
    }
    if file.binary {
        return line(out, &[b"Binary files differ"]);
    }
    let side = |is_there: bool, prefix| match is_there {
        true => quoted(prefix, path),
        false => b"/dev/null".to_vec(),
    };
    line(out, &[b"--- ", &side(!file.is_new(), "a/")])?;
    line(out, &[b"+++ ", &side(file.mode.is_some(), "b/")])?;
    file.hunks.iter().try_for_each(|hunk| write_hunk(out, hunk))
}

fn write_modes(out: &mut impl Write, file: &CombinedFile) -> io::Result<()> {
    let mode = |mode: Option<u32>| format!("{:06o}", mode.unwrap_or_default());
    if file.is_new() {
        return writeln!(out, "new file mode {}", mode(file.mode));
    }
    let olds: Vec<String> = file.sides.iter().map(|side| mode(side.mode)).collect();
    match file.mode {
        None => writeln!(out, "deleted file mode {}", olds.join(",")),
        Some(new) => writeln!(out, "mode {}..{}", olds.join(","), mode(Some(new))),
    }
}

fn write_hunk(out: &mut impl Write, hunk: &CombinedHunk) -> io::Result<()> {
    let signs = "@".repeat(hunk.old.len() + 1);
    write!(out, "{signs}")?;
    for (start, length) in &hunk.old {
        write!(out, " -{start},{length}")?;
    }
    let (start, length) = hunk.new;
    write!(out, " +{start},{length} {signs}")?;
    let space: &[u8] = if hunk.section.is_empty() { b"" } else { b" " };
    line(out, &[space, &hunk.section])?;
    for text in &hunk.lines {
        let marks: Vec<u8> = text
            .marks
            .iter()
            .map(|mark| match mark {
                LineKind::Added => b'+',
                LineKind::Removed => b'-',
                LineKind::Context => b' ',
            })
            .collect();
        line(out, &[&marks, &text.text])?;
    }
    Ok(())
}
