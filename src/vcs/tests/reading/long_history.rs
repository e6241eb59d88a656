//! Long histories of both systems, made in seconds.

use vcs::Kind;

use crate::recipe::Work;

/// A history of so many changesets in one line, with one file changed in each.
pub fn long(kind: Kind, commits: usize) -> Work {
    let work = Work::new(kind);
    if kind == Kind::Hg {
        crate::hg_store::fill(work.path(), commits).unwrap();
        work.run("hg", &["debugupdatecaches"]);
        return work;
    }
    let mut script = String::with_capacity(commits * 160);
    for n in 0..commits {
        let (date, text) = (1_500_000_000 + n * 60, format!("text {n}\n"));
        script += &format!(
            "commit refs/heads/main\ncommitter C <c@example.com> {date} +0000\ndata 1\nm\n"
        );
        script += &format!(
            "M 100644 inline d{}/f{}\ndata {}\n{text}\n",
            n % 10,
            n % 100,
            text.len()
        );
    }
    work.feed("git", &["fast-import", "--quiet"], script.as_bytes());
    work.run("git", &["commit-graph", "write", "--reachable"]);
    work
}
