//! Writes a diff as text.

use std::io::{self, Write};

use super::Diff;

impl Diff {
    /// Writes the diff in the form of `git diff`, which `git apply` and `hg import` take.
    pub fn to_unified(&self, _out: &mut impl Write) -> io::Result<()> {
        todo!()
    }
}
