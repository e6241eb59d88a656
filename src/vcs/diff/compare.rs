//! Turns pairs of files into the parts of a diff.

use super::lines::Changes;
use super::{BinaryContent, Cut, Diff, DiffOptions, FileDiff, Operation, moved, words};
use crate::{Kind, ReadError, RepoPath};

/// One side of a pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Side<C> {
    pub path: RepoPath,
    /// The mode as Git writes it.
    pub mode: u32,
    /// What [`Contents`] needs to find the content.
    pub content: C,
}

/// A file that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pair<C> {
    pub old: Option<Side<C>>,
    pub new: Option<Side<C>>,
    /// Whether `old` is still there besides.
    pub copied: bool,
    /// How alike both are, where that was found out.
    pub similarity: Option<u8>,
}

/// Where contents come from.
pub(crate) trait Contents {
    /// What names a content.
    type Content: PartialEq;
    /// How many bytes it has, told without reading them where possible.
    fn size(&self, content: &Self::Content) -> Result<u64, ReadError>;
    /// Its bytes.
    fn load(&self, content: &Self::Content) -> Result<Vec<u8>, ReadError>;
    /// Its hash as a Git blob, where it is known without its bytes.
    fn blob_id(&self, content: &Self::Content) -> Option<String>;
}

pub(super) const NO_BLOB: &str = "0000000000000000000000000000000000000000";

/// Compares the two sides of each pair.
pub(crate) fn compare<S: Contents>(
    kind: Kind,
    source: &S,
    pairs: Vec<Pair<S::Content>>,
    options: &DiffOptions,
) -> Result<Diff, ReadError> {
    let mut pairs: Vec<_> = pairs
        .into_iter()
        .flat_map(|pair| split_by_type(kind, pair))
        .filter(|pair| wanted(pair, options))
        .collect();
    pairs.sort_by(|a, b| a.path().cmp(&b.path()));
    let mut comparer = Comparer {
        kind,
        source,
        options,
        files: 0,
        shown: (0, 0),
        effort: words::Effort::new(),
    };
    let mut files: Vec<FileDiff> = pairs
        .iter()
        .map(|pair| comparer.file(pair))
        .collect::<Result<_, _>>()?;
    if options.moved {
        moved::mark(&mut files);
    }
    let truncated_files = files.iter().filter(|file| file.truncated).count();
    Ok(Diff {
        kind,
        files,
        complete: true,
        truncated_files,
    })
}

/// The bytes of contents, counted until they are more than `most`.
pub(crate) fn weight<S: Contents>(
    source: &S,
    contents: impl Iterator<Item = S::Content>,
    most: u64,
) -> Result<u64, ReadError> {
    let mut sum = 0;
    for content in contents {
        sum += source.size(&content)?;
        if sum > most {
            break;
        }
    }
    Ok(sum)
}

impl<C> Pair<C> {
    fn path(&self) -> Option<&RepoPath> {
        self.new
            .as_ref()
            .or(self.old.as_ref())
            .map(|side| &side.path)
    }

    fn operation(&self, same_content: bool) -> Operation {
        match (&self.old, &self.new) {
            (None, _) => Operation::Added,
            (_, None) => Operation::Removed,
            (Some(_), Some(_)) if self.copied => Operation::Copied,
            (Some(old), Some(new)) if old.path != new.path => Operation::Renamed,
            (Some(old), Some(new)) if same_content && old.mode != new.mode => {
                Operation::ModeChanged
            }
            _ => Operation::Modified,
        }
    }
}

/// A file that became a symbolic link (or the other way) is a removed file and an added one for Git, whose `apply` takes
/// nothing else. Mercurial's `import` takes nothing but a change of mode.
fn split_by_type<C>(kind: Kind, pair: Pair<C>) -> Vec<Pair<C>> {
    const TYPE: u32 = 0o170_000;
    match pair {
        Pair {
            old: Some(old),
            new: Some(new),
            copied,
            ..
        } if kind == Kind::Git && old.mode & TYPE != new.mode & TYPE => {
            let removed = Pair {
                old: Some(old),
                new: None,
                copied: false,
                similarity: None,
            };
            let added = Pair {
                old: None,
                new: Some(new),
                copied: false,
                similarity: None,
            };
            if copied {
                vec![added]
            } else {
                vec![removed, added]
            }
        }
        pair => vec![pair],
    }
}

fn wanted<C>(pair: &Pair<C>, options: &DiffOptions) -> bool {
    let within = |side: &Side<C>| options.paths.iter().any(|path| side.path.is_within(path));
    options.paths.is_empty() || pair.old.iter().chain(&pair.new).any(within)
}

struct Comparer<'a, S> {
    kind: Kind,
    source: &'a S,
    options: &'a DiffOptions,
    /// Files compared so far.
    files: usize,
    /// Bytes of text and lines shown so far.
    shown: (u64, u64),
    /// What is left for marking words.
    effort: words::Effort,
}

impl<S: Contents> Comparer<'_, S> {
    fn file(&mut self, pair: &Pair<S::Content>) -> Result<FileDiff, ReadError> {
        let known_id = |side: &Option<Side<S::Content>>| match side {
            Some(side) => self.source.blob_id(&side.content).unwrap_or_default(),
            None => NO_BLOB.to_owned(),
        };
        let mut file = FileDiff {
            old_path: pair.old.as_ref().map(|side| side.path.clone()),
            new_path: pair.new.as_ref().map(|side| side.path.clone()),
            operation: pair.operation(false),
            old_mode: pair.old.as_ref().map(|side| side.mode),
            new_mode: pair.new.as_ref().map(|side| side.mode),
            old_id: known_id(&pair.old),
            new_id: known_id(&pair.new),
            similarity: pair.similarity,
            binary: false,
            binary_content: None,
            added: 0,
            removed: 0,
            hunks: Vec::new(),
            truncated: false,
            cut: None,
        };
        if self.options.names_only {
            let same = match (&pair.old, &pair.new) {
                (Some(old), Some(new)) => old.content == new.content,
                _ => false,
            };
            file.operation = pair.operation(same);
            return Ok(file);
        }
        if let Some(cut) = self.too_much(pair)? {
            (file.truncated, file.cut) = (true, Some(cut));
            return Ok(file);
        }
        self.files += 1;
        let load = |side: &Option<Side<S::Content>>| match side {
            Some(side) => self.source.load(&side.content),
            None => Ok(Vec::new()),
        };
        let (old, new) = (load(&pair.old)?, load(&pair.new)?);
        file.operation = pair.operation(old == new);
        for (id, content) in [(&mut file.old_id, &old), (&mut file.new_id, &new)] {
            if id.is_empty() {
                *id = blob_id(content);
            }
        }
        if self.is_binary(&old) || self.is_binary(&new) {
            file.binary = true;
            if self.options.binary_content && old != new {
                file.binary_content = Some(BinaryContent { old, new });
            }
            return Ok(file);
        }
        let changes = Changes::between(&old, &new, self.options.ignore_whitespace);
        (file.added, file.removed) = (changes.added(), changes.removed());
        let context = self.options.context;
        if let Some(limit) = &self.options.limit {
            let (text, lines) = changes.extent(context);
            let shown = (self.shown.0 + text, self.shown.1 + lines);
            if shown.0 > limit.text_bytes || shown.1 > limit.lines {
                (file.truncated, file.cut) = (true, Some(Cut::TooMuchText(text)));
                return Ok(file);
            }
            self.shown = shown;
        }
        file.hunks = changes.hunks(context);
        if self.options.words {
            let effort = &mut self.effort;
            file.hunks
                .iter_mut()
                .for_each(|hunk| words::mark(hunk, effort));
        }
        Ok(file)
    }

    /// Why this pair must not be compared at all.
    fn too_much(&self, pair: &Pair<S::Content>) -> Result<Option<Cut>, ReadError> {
        let limit = self.options.limit.as_ref();
        if limit.is_some_and(|limit| self.files >= limit.files) {
            return Ok(Some(Cut::TooManyFiles));
        }
        let most = limit.map_or(DiffOptions::LARGEST_FILE, |limit| {
            limit.blob_bytes.min(DiffOptions::LARGEST_FILE)
        });
        for side in pair.old.iter().chain(&pair.new) {
            let size = self.source.size(&side.content)?;
            if size > most {
                return Ok(Some(Cut::FileTooLarge(size)));
            }
        }
        Ok(None)
    }

    /// Each system's own rule, so that we call binary what its users see called binary: Git looks for a NUL in the first
    /// 8000 bytes, Mercurial everywhere.
    fn is_binary(&self, content: &[u8]) -> bool {
        let head = match self.kind {
            Kind::Git => &content[..content.len().min(8000)],
            Kind::Hg => content,
        };
        memchr::memchr(0, head).is_some()
    }
}

/// The hash of a content as a Git blob.
pub(super) fn blob_id(content: &[u8]) -> String {
    use sha1::Digest;
    let mut hash = sha1::Sha1::new();
    hash.update(format!("blob {}\0", content.len()));
    hash.update(content);
    hash.finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DiffLimit;

    /// Contents that are their own names.
    struct Given;

    impl Contents for Given {
        type Content = &'static str;
        fn size(&self, content: &&'static str) -> Result<u64, ReadError> {
            Ok(content.len() as u64)
        }
        fn load(&self, content: &&'static str) -> Result<Vec<u8>, ReadError> {
            Ok(content.as_bytes().to_vec())
        }
        fn blob_id(&self, _content: &&'static str) -> Option<String> {
            None
        }
    }

    fn side(path: &str, mode: u32, content: &'static str) -> Option<Side<&'static str>> {
        Some(Side {
            path: RepoPath::parse(path.as_bytes()).unwrap(),
            mode,
            content,
        })
    }

    fn pair(
        old: Option<Side<&'static str>>,
        new: Option<Side<&'static str>>,
    ) -> Pair<&'static str> {
        Pair {
            old,
            new,
            copied: false,
            similarity: None,
        }
    }

    fn diff(pairs: Vec<Pair<&'static str>>, options: &DiffOptions) -> Diff {
        compare(Kind::Git, &Given, pairs, options).unwrap()
    }

    #[test]
    fn operations_follow_from_the_pair() {
        let f = 0o100_644;
        let pairs = vec![
            pair(None, side("a", f, "1\n")),
            pair(side("b", f, "1\n"), None),
            pair(side("c", f, "1\n"), side("c", f, "2\n")),
            pair(side("d", f, "1\n"), side("d", 0o100_755, "1\n")),
            pair(side("z", f, "1\n"), side("e", f, "1\n")),
            Pair {
                copied: true,
                ..pair(side("z", f, "1\n"), side("f", f, "1\n"))
            },
            pair(side("g", f, "target"), side("g", 0o120_000, "target")),
        ];
        let found = diff(pairs, &DiffOptions::default());
        let operations: Vec<_> = found
            .files
            .iter()
            .map(|file| (file.path().to_string(), file.operation))
            .collect();
        use Operation::*;
        let wanted = [
            ("a", Added),
            ("b", Removed),
            ("c", Modified),
            ("d", ModeChanged),
            ("e", Renamed),
            ("f", Copied),
            ("g", Removed),
            ("g", Added),
        ];
        assert_eq!(
            operations,
            wanted.map(|(path, operation)| (path.to_owned(), operation))
        );
        assert_eq!(found.counts(), (3, 3));
    }

    #[test]
    fn limits_leave_out_lines_but_never_files() {
        let f = 0o100_644;
        let pairs = || {
            vec![
                pair(None, side("a", f, "1\n")),
                pair(None, side("b", f, "a long line of text\n")),
                pair(None, side("c", f, "2\n")),
                pair(None, side("d", f, "3\n")),
            ]
        };
        let truncated = |files, blob_bytes, text_bytes, lines| {
            let limit = Some(DiffLimit {
                files,
                blob_bytes,
                text_bytes,
                lines,
            });
            let found = diff(
                pairs(),
                &DiffOptions {
                    limit,
                    ..DiffOptions::default()
                },
            );
            assert_eq!(found.files.len(), 4);
            let cut = found.files.iter().filter(|file| file.truncated);
            let cut: Vec<_> = cut
                .map(|file| (file.path().to_string(), file.added))
                .collect();
            assert_eq!(found.truncated_files, cut.len());
            cut
        };
        assert_eq!(truncated(9, 100, 100, 9), []);
        assert_eq!(truncated(3, 100, 100, 9), [("d".to_owned(), 0)]);
        assert_eq!(truncated(9, 10, 100, 9), [("b".to_owned(), 0)]);
        assert_eq!(truncated(9, 100, 6, 9), [("b".to_owned(), 1)]);
        assert_eq!(truncated(9, 100, 100, 3), [("d".to_owned(), 1)]);
    }

    #[test]
    fn paths_choose_files() {
        let f = 0o100_644;
        let pairs = vec![
            pair(side("old/x", f, "1\n"), side("new/x", f, "1\n")),
            pair(None, side("new/y", f, "1\n")),
            pair(None, side("other", f, "1\n")),
        ];
        let only = |path: &str| {
            let paths = vec![RepoPath::parse(path.as_bytes()).unwrap()];
            diff(
                pairs.clone(),
                &DiffOptions {
                    paths,
                    ..DiffOptions::default()
                },
            )
            .files
            .len()
        };
        assert_eq!(
            (only("new"), only("old"), only("new/y"), only("ne")),
            (2, 1, 1, 0)
        );
    }

    #[test]
    fn blob_ids_are_gits() {
        assert_eq!(blob_id(b""), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
    }
}
