//! A handle is kept while its repository is packed anew, moved, deleted, and another one comes in its place.

use vcs::{BlameOptions, Cache, Kind, LogQuery, RepoPath, Repository};

use crate::recipe::{Story, Work, path, story};

/// Some answers, or the words of the first error.
fn told(repository: &Repository) -> Result<Vec<String>, String> {
    /// With all that is behind it.
    fn words(error: &dyn std::error::Error) -> String {
        let cause = error.source().map(words).unwrap_or_default();
        format!("{error}: {cause}")
    }
    let tip = repository.resolve("tip").map_err(|error| words(&error))?;
    let page = repository
        .log(&LogQuery::default())
        .map_err(|error| words(&error))?;
    let names = repository
        .file_names(&tip, &RepoPath::root())
        .map_err(|error| words(&error))?;
    let first = &names.paths[0];
    let file = repository
        .file(&tip, first)
        .map_err(|error| words(&error))?;
    let blame = repository
        .blame(&tip, first, &BlameOptions::default())
        .map_err(|error| words(&error))?;
    Ok(vec![
        page.changesets.iter().map(|one| one.id.short()).collect(),
        format!("{:?}", names.paths),
        format!("{:?} {}", file.data, blame.lines.len()),
    ])
}

#[test]
fn handles_outlive_what_happens_to_the_folder() {
    for kind in [Kind::Git, Kind::Hg] {
        let Story { work, .. } = story(kind);
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let cache = Cache::new(folder.path(), 1 << 30);
        let kept = work.open().with_history_in(&cache);
        let before = told(&kept).unwrap();
        match kind {
            Kind::Git => {
                work.run("git", &["repack", "-adq"]);
                work.run("git", &["pack-refs", "--all"]);
                work.run("git", &["commit-graph", "write", "--reachable"]);
            }
            Kind::Hg => drop(work.run("hg", &["debugupdatecaches"])),
        }
        assert_eq!(told(&kept).as_ref(), Ok(&before), "{kind}: packed");

        let meta = match kind {
            Kind::Git => ".git",
            Kind::Hg => ".hg",
        };
        let (here, aside) = (work.path().join(meta), work.path().join("aside"));
        std::fs::rename(&here, &aside).unwrap();
        let error = told(&kept).unwrap_err();
        assert!(
            error.contains(work.path().to_str().unwrap()),
            "{kind}: {error}"
        );
        std::fs::rename(&aside, &here).unwrap();
        assert_eq!(told(&kept).as_ref(), Ok(&before), "{kind}: back again");

        // Another one in its place, with other objects under the same names.
        std::fs::remove_dir_all(&here).unwrap();
        assert!(told(&kept).is_err(), "{kind}: deleted");
        let other = Work::new(kind);
        other.write(b"other", b"another one\n");
        other.commit("Another");
        std::fs::rename(other.path().join(meta), &here).unwrap();
        let after = told(&kept).unwrap();
        assert_ne!(after, before, "{kind}");
        assert_eq!(Ok(after), told(&work.open()), "{kind}: another one");
        let tip = kept.resolve("tip").unwrap();
        assert_eq!(
            kept.file(&tip, &path(b"other")).unwrap().data,
            b"another one\n"
        );
    }
}
