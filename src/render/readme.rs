//! Which file of a repository is its README.

/// Base names with their weight; the order breaks ties.
const BASES: [(&str, u8); 15] = [
    ("readme", 0),
    ("README", 0),
    ("Readme", 0),
    ("doc/readme", 1),
    ("doc/README", 1),
    ("doc/Readme", 1),
    ("Docs/readme", 2),
    ("Docs/README", 2),
    ("Docs/Readme", 2),
    ("DOCS/readme", 3),
    ("DOCS/README", 3),
    ("DOCS/Readme", 3),
    ("docs/readme", 3),
    ("docs/README", 3),
    ("docs/Readme", 3),
];

/// Extensions with their weight; the order breaks ties between files of the same base name.
const EXTENSIONS: [(&str, u8); 17] = [
    (".md", 1),
    (".MD", 1),
    (".mkdn", 2),
    (".MKDN", 2),
    (".mdown", 3),
    (".MDOWN", 3),
    (".markdown", 4),
    (".MARKDOWN", 4),
    ("", 0),
    (".rst", 1),
    (".rest", 1),
    (".RST", 2),
    (".REST", 2),
    (".txt", 3),
    (".TXT", 3),
    (".text", 2),
    (".TEXT", 2),
];

/// The folders besides the root in which a README is looked for.
pub const FOLDERS: [&str; 4] = ["doc", "Docs", "DOCS", "docs"];

/// Chooses the README among file paths (of the root, and of [`FOLDERS`] as `doc/README`); the index of the best one.
///
/// The path with the smallest sum of base and extension weight wins: a bare `README` beats `README.md`, and `doc/README` beats
/// `README.txt`. Only files may be passed, not directories.
pub fn choose<S: AsRef<str>>(names: &[S]) -> Option<usize> {
    names
        .iter()
        .enumerate()
        .filter_map(|(index, name)| Some((rank(name.as_ref())?, index)))
        .min()
        .map(|(_, index)| index)
}

/// Sum of weights, then position of the base name, then position of the extension; less is better.
fn rank(name: &str) -> Option<(u8, usize, usize)> {
    BASES
        .iter()
        .enumerate()
        .find_map(|(base_at, (base, base_weight))| {
            let rest = name.strip_prefix(base)?;
            let extension_at = EXTENSIONS
                .iter()
                .position(|(extension, _)| *extension == rest)?;
            Some((
                base_weight + EXTENSIONS[extension_at].1,
                base_at,
                extension_at,
            ))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All names from best to worst, found by choosing again and again.
    fn order() -> Vec<String> {
        let mut left: Vec<String> = BASES
            .iter()
            .flat_map(|(base, _)| EXTENSIONS.iter().map(move |(e, _)| format!("{base}{e}")))
            .collect();
        // Turned around, so that the order of the input cannot be what decides.
        left.reverse();
        let mut order = Vec::new();
        while let Some(best) = choose(&left) {
            order.push(left.remove(best));
        }
        order
    }

    #[test]
    fn the_order_is_the_known_one() {
        let order = order();
        assert_eq!(order.len(), 255);
        assert_eq!(
            order[..23].join(", "),
            "readme, README, Readme, readme.md, readme.MD, readme.rst, readme.rest, README.md, README.MD, README.rst, README.rest, \
             Readme.md, Readme.MD, Readme.rst, Readme.rest, doc/readme, doc/README, doc/Readme, readme.mkdn, readme.MKDN, readme.RST, \
             readme.REST, readme.text"
        );
    }

    #[test]
    fn other_files_are_no_readme() {
        assert_eq!(
            choose(&["main.c", "READMEs", "README.c", "src/README"]),
            None
        );
        assert_eq!(choose(&["setup.py", "README.txt", "doc/README"]), Some(2));
    }
}
