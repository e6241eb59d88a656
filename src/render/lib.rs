//! Text to HTML: diffs, highlighting, markup, ages, sizes.
