//! How many files a changeset touched, for the rows of the changelog.

use model::ReadableRepository;
use vcs::diff::Operation;

use super::revision;
use crate::problem::Problem;
use crate::routes::{Answer, Captures};
use crate::template;
use crate::view::{ChangelogDetails, DetailsCount};
use crate::visit::Visit;

/// So many files are named.
const NAMED: usize = 30;
/// With more files than this only their number is told.
const MOST: usize = 60;

/// `GET /<repo>/changelog_details/<revision>`, for scripts
pub fn show(visit: &mut Visit<'_>, repository: &ReadableRepository, captures: &Captures) -> Answer {
    if !visit.request.headers.contains_key("x-partial-xhr") {
        return Err(Problem::NotFound("This is a part of the changelog.".into()));
    }
    let contents = visit.model.open_repository(repository)?;
    let id = revision::resolve(&contents, captures.text("revision")?)?;
    let parents = contents.parents(&id)?;
    let files = contents.changed_files(parents.first(), &id)?;
    let counts = ["removed", "changed", "added"].map(|kind| {
        if files.len() > MOST {
            return DetailsCount {
                kind,
                text: "!".to_owned(),
                title: visit.tn(
                    "Affected {n} file",
                    "Affected {n} files",
                    files.len() as u64,
                    &[],
                ),
            };
        }
        let of_kind: Vec<_> = files
            .iter()
            .filter(|file| kind_of(file.operation) == kind)
            .map(|file| file.path().to_string())
            .collect();
        let mut title = of_kind[..of_kind.len().min(NAMED)].join("\n");
        if of_kind.len() > NAMED {
            let rest = (of_kind.len() - NAMED) as u64;
            title.push('\n');
            title.push_str(&visit.tn("and {n} more file", "and {n} more files", rest, &[]));
        }
        DetailsCount {
            kind,
            text: of_kind.len().to_string(),
            title,
        }
    });
    template::page(
        visit.language,
        &ChangelogDetails {
            counts: counts.into(),
        },
    )
}

fn kind_of(operation: Operation) -> &'static str {
    match operation {
        Operation::Removed => "removed",
        Operation::Added => "added",
        _ => "changed",
    }
}
