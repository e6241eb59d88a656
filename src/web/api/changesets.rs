//! Changesets.

use jiff::civil::DateTime;
use model::ReadableRepository;
use serde_json::{Map, Value, json};
use vcs::diff::Operation;
use vcs::{
    Changeset, ChangesetId, DiffLimit, DiffOptions, LogQuery, RefName, Repository, RevisionError,
};

use super::arguments::Kind::{Id, Number, Text};
use super::arguments::{LookUp, Parameter, optional, required, switch};
use super::fault::Fault;
use super::methods::Run::Any;
use super::methods::{Answer, Call, Method};
use super::repositories::unreadable;
use super::shapes;
use crate::problem::chain;

const REPO: Parameter = required("repoid", Id, "The repository.");
const NEEDS: &str = "read permission on the repository";

pub(super) const METHODS: &[Method] = &[
    Method {
        name: "get_changesets",
        doc: "Changesets of a repository, oldest first.",
        needs: NEEDS,
        parameters: &[
            REPO,
            optional(
                "start",
                Text,
                "The first, by id, number or name; itself included.",
            ),
            optional(
                "end",
                Text,
                "The last, by id, number or name; itself included.",
            ),
            optional(
                "start_date",
                Text,
                "Only from this time on, YYYY-MM-DDTHH:MM:SS.",
            ),
            optional(
                "end_date",
                Text,
                "Only until this time, YYYY-MM-DDTHH:MM:SS.",
            ),
            optional("branch_name", Text, "Only of this branch."),
            switch("reverse", "Whether the newest comes first."),
            switch("with_file_list", "Whether the files that changed are told."),
            optional("max_revisions", Number, "Only so many of the newest."),
        ],
        result: "[{short_id, raw_id, revision, message, date, author}], as asked with added, changed, removed",
        run: Any(list),
    },
    Method {
        name: "get_changeset",
        doc: "One changeset.",
        needs: NEEDS,
        parameters: &[
            REPO,
            required("raw_id", Text, "The changeset, by id or by name."),
            switch("with_reviews", "Whether the newest votes on it are told."),
        ],
        result: "{raw_id, short_id, revision, date, message, author: {name, email}, added, changed, removed}, as asked with reviews",
        run: Any(get),
    },
];

/// The repository, or the words of the original for one that the caller may not read: here it tells that there is one.
/// A private one is denied in the words for none.
fn repository(call: &Call<'_>) -> Result<ReadableRepository, Fault> {
    let id = call.args.id("repoid");
    call.repository().map_err(|fault| {
        let closed = match id.look_up() {
            LookUp::Number(number) => call.model.repository_name_by_id(number).ok().flatten(),
            LookUp::Name(name) => Some(name.to_owned()),
            LookUp::Nothing => None,
        };
        match closed.map(|name| call.model.is_closed_openly(&name).map(|is| (name, is))) {
            Some(Ok((name, true))) => Fault::said(format!("Access denied to repo {name}")),
            _ => fault,
        }
    })
}

fn opened(
    call: &Call<'_>,
    repository: &ReadableRepository,
) -> Result<std::sync::Arc<Repository>, Fault> {
    Ok(call.model.open_repository(repository)?)
}

/// The changeset that a client means, in words when there is none.
fn resolve(contents: &Repository, text: &str) -> Result<ChangesetId, Fault> {
    contents.resolve(text).map_err(|error| match error {
        RevisionError::Read(error) => unreadable(error),
        RevisionError::Empty => Fault::said("Repository is empty"),
        _ => Fault::said(format!("Changeset {text} does not exist")),
    })
}

/// A local time as clients write it, in seconds since 1970.
fn moment(call: &Call<'_>, name: &str) -> Result<Option<i64>, Fault> {
    let Some(text) = call.args.text(name) else {
        return Ok(None);
    };
    let wrong = || {
        Fault::said(format!(
            "Invalid value for `{name}` arg in JSON DATA: expected YYYY-MM-DDTHH:MM:SS"
        ))
    };
    let time = DateTime::strptime("%Y-%m-%dT%H:%M:%S", text).map_err(|_| wrong())?;
    let zoned = time
        .to_zoned(jiff::tz::TimeZone::system())
        .map_err(|_| wrong())?;
    Ok(Some(zoned.timestamp().as_second()))
}

fn list(call: &Call<'_>) -> Answer {
    let args = &call.args;
    let repository = repository(call)?;
    let contents = opened(call, &repository)?;
    if contents.is_empty().map_err(unreadable)? {
        return Err(Fault::said("Repository is empty"));
    }
    let named = |name: &str| match args.text(name) {
        Some(text) => resolve(&contents, text).map(Some),
        None => Ok(None),
    };
    let (oldest, newest) = (named("start")?, named("end")?);
    let branch = args.text("branch_name");
    if let Some(name) = branch
        && contents.refs().map_err(unreadable)?.branch(name).is_none()
    {
        return Err(Fault::said(format!("Branch {name} does not exist")));
    }
    // More than any repository has, and far enough from what a number can hold.
    const ALL: usize = 1 << 31;
    let limit = match args.number("max_revisions") {
        // The original takes 0 for "no limit" as well.
        None | Some(0) => ALL,
        Some(most) => usize::try_from(most).map(|most| most.min(ALL)).map_err(|_| {
            Fault::said(
                "Invalid value for `max_revisions` arg in JSON DATA: expected a positive number",
            )
        })?,
    };
    let page = contents
        .log(&LogQuery {
            branch: branch.map(RefName::new),
            since: moment(call, "start_date")?,
            until: moment(call, "end_date")?,
            newest,
            oldest,
            limit,
            ..LogQuery::default()
        })
        .map_err(unreadable)?;
    let mut changesets = page.changesets;
    if let (Some(oldest), Some(newest), true) = (&oldest, &newest, changesets.is_empty())
        && contents
            .range(oldest, newest)
            .map_err(unreadable)?
            .is_empty()
    {
        return Err(Fault::said(format!(
            "Start changeset {} comes after end changeset {}",
            oldest.short(),
            newest.short()
        )));
    }
    if !args.flag("reverse") {
        changesets.reverse();
    }
    let with_files = args.flag("with_file_list");
    let mut numbers = Numbers::of(&contents);
    let mut shapes = Vec::with_capacity(changesets.len());
    for changeset in &changesets {
        let mut shape = common(&mut numbers, changeset)?;
        shape.insert("author".into(), json!(changeset.author.raw));
        if with_files {
            shape.extend(files(&contents, changeset)?);
        }
        shapes.push(Value::Object(shape));
    }
    Ok(shapes.into())
}

fn get(call: &Call<'_>) -> Answer {
    let repository = repository(call)?;
    let contents = opened(call, &repository)?;
    let asked = call.args.needed("raw_id");
    let id = contents.resolve(asked).map_err(|error| match error {
        RevisionError::Read(error) => unreadable(error),
        _ => Fault::said(format!("Changeset {asked} does not exist")),
    })?;
    let changeset = contents.changeset(&id).map_err(unreadable)?;
    let mut shape = common(&mut Numbers::of(&contents), &changeset)?;
    shape.insert(
        "author".into(),
        json!({"name": changeset.author.name, "email": changeset.author.email}),
    );
    shape.extend(files(&contents, &changeset)?);
    if call.args.flag("with_reviews") {
        let votes = call.model.votes_on_changeset(&repository, &id)?;
        let votes = votes.iter().map(|(status, voter)| vote(status, voter));
        shape.insert("reviews".into(), votes.collect());
    }
    Ok(shape.into())
}

/// A vote.
pub(super) fn vote(status: &db::changeset_statuses::Status, voter: &Option<db::Username>) -> Value {
    json!({
        "status": status.vote.as_str(),
        "modified_at": shapes::seconds(status.modified_at),
        "reviewer": voter.as_ref().map(|name| name.as_str()),
    })
}

/// The numbers that changesets have in the list of all of them.
struct Numbers<'a> {
    contents: &'a Repository,
}

impl<'a> Numbers<'a> {
    fn of(contents: &'a Repository) -> Self {
        Self { contents }
    }

    fn number(&mut self, changeset: &Changeset) -> Result<i64, Fault> {
        let number = match changeset.number {
            Some(number) => Some(number),
            None => self.contents.number_of(&changeset.id).map_err(unreadable)?,
        };
        Ok(number.map_or(-1, i64::from))
    }
}

fn common(numbers: &mut Numbers<'_>, changeset: &Changeset) -> Result<Map<String, Value>, Fault> {
    let date = db::LocalTime::from_unix(changeset.date.seconds);
    Ok(shapes::object(json!({
        "short_id": changeset.id.short(),
        "raw_id": changeset.id.to_string(),
        "revision": numbers.number(changeset)?,
        "message": changeset.message,
        "date": shapes::time(date),
    })))
}

/// What a changeset did to files, against its first parent. A rename is one file less and one more.
fn files(contents: &Repository, changeset: &Changeset) -> Result<Map<String, Value>, Fault> {
    let options = DiffOptions {
        // The names are enough.
        limit: Some(DiffLimit {
            files: 0,
            blob_bytes: 0,
            text_bytes: 0,
            lines: 0,
        }),
        ..DiffOptions::default()
    };
    let diff = contents
        .diff(changeset.parents.first(), &changeset.id, &options)
        .map_err(|error| Fault::Internal(chain(&error)))?;
    let (mut added, mut changed, mut removed) = (Vec::new(), Vec::new(), Vec::new());
    for file in &diff.files {
        let new = file.new_path.as_ref().map(|path| path.to_string_lossy());
        let old = file.old_path.as_ref().map(|path| path.to_string_lossy());
        match file.operation {
            Operation::Added | Operation::Copied => added.extend(new),
            Operation::Modified | Operation::ModeChanged => changed.extend(new),
            Operation::Removed => removed.extend(old),
            Operation::Renamed => {
                added.extend(new);
                removed.extend(old);
            }
        }
    }
    added.sort();
    removed.sort();
    Ok(shapes::object(json!({
        "added": added,
        "changed": changed,
        "removed": removed,
    })))
}
