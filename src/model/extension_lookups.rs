//! What the installation's own functions may ask about: accounts, repositories and their changesets, settings.
//!
//! They run in the name of whoever wrote them, who may read the database anyway; so nobody's rights are asked for here. What is told are the columns and
//! attributes of the original's objects.

use db::repositories;
use db::repositories_fields;
use db::settings;
use db::users;
use db::{Level, RepoId, RepoName, UserId, Username};
use vcs::Changeset;
use vcs::diff::Operation;

use crate::extension_events::repository as columns;
use crate::extensions::{Arguments, Value};
use crate::{Error, Model, ReadableRepository};

/// Which one is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// That with this number.
    Number(i64),
    /// That of this name.
    Name(String),
}

impl Model {
    /// The account of a number, of a user name or of a mail address.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn extension_user(&self, which: &Which) -> Result<Option<Arguments>, Error> {
        let found = self.db().read(|conn| match which {
            Which::Number(number) => users::by_id(conn, UserId(*number)),
            Which::Name(name) => match users::by_username(conn, &Username::from(name.as_str()))? {
                None if name.contains('@') => users::by_email(conn, name),
                found => Ok(found),
            },
        })?;
        Ok(found.map(|row| self.user(&row)))
    }

    /// The repository of a number or of a full name, with its extra fields.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn extension_repository(&self, which: &Which) -> Result<Option<Arguments>, Error> {
        let Some(row) = self.meant(which)? else {
            return Ok(None);
        };
        let fields = self
            .db()
            .read(|conn| repositories_fields::of_repository(conn, row.id))?;
        let fields = fields.into_iter().map(|field| {
            Value::Object(vec![
                ("repo_field_id", Value::Int(field.id.0)),
                ("field_key", Value::text(&*field.key)),
                (
                    "field_key_prefixed",
                    Value::text(format!("{}{}", crate::field::PREFIX, field.key)),
                ),
                ("field_label", Value::text(field.label)),
                ("field_value", Value::text(field.value)),
                ("field_desc", Value::text(field.description)),
                ("field_type", Value::text(field.kind)),
            ])
        });
        let mut facts = columns(&row);
        facts.push(("extra_fields", Value::List(fields.collect())));
        let path = self.repositories_root()?.join(row.name.as_str());
        facts.push(("repo_full_path", Value::text(path.to_string_lossy())));
        Ok(Some(facts))
    }

    /// A changeset of a repository by anything that names one; nothing if there is none.
    ///
    /// # Errors
    /// When the database does not answer or the repository cannot be read.
    pub fn extension_changeset(
        &self,
        repository: &Which,
        revision: &str,
    ) -> Result<Option<Arguments>, Error> {
        let row = self.meant(repository)?;
        let Some(repository) = row.and_then(|row| ReadableRepository::new(row, Level::Read)) else {
            return Ok(None);
        };
        let contents = self.open_repository(&repository)?;
        let Ok(id) = contents.resolve(revision) else {
            return Ok(None);
        };
        let facts = contents
            .changeset(&id)
            .and_then(|changeset| facts(&contents, &changeset));
        let unreadable =
            |error| Error::Program(format!("repository '{}': {error}", repository.name()).into());
        facts.map(Some).map_err(unreadable)
    }

    /// The value of a setting; nothing for one that was never made.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn extension_setting(&self, name: &str) -> Result<Option<Value>, Error> {
        let row = self.db().read(|conn| settings::get(conn, name))?;
        Ok(
            row.map(|row| match row.kind.as_deref().unwrap_or_default() {
                "bool" => Value::Bool(row.value.eq_ignore_ascii_case("true")),
                "int" => row
                    .value
                    .trim()
                    .parse()
                    .map_or(Value::text(&*row.value), Value::Int),
                _ => Value::text(&*row.value),
            }),
        )
    }

    fn meant(&self, which: &Which) -> Result<Option<repositories::Repository>, Error> {
        Ok(self.db().read(|conn| match which {
            Which::Number(number) => repositories::by_id(conn, RepoId(*number)),
            Which::Name(name) => repositories::by_name(conn, &RepoName::from(name.as_str())),
        })?)
    }
}

fn facts(contents: &vcs::Repository, changeset: &Changeset) -> Result<Arguments, vcs::ReadError> {
    let refs = contents.refs()?;
    let labels = refs.labels(&changeset.id);
    let texts = |names: &[vcs::RefName]| -> Value {
        Value::List(
            names
                .iter()
                .map(|name| Value::text(name.as_str()))
                .collect(),
        )
    };
    // A changeset of Mercurial is on one branch; in Git only the names of heads tell.
    let branches = match &changeset.branch {
        Some(branch) => texts(std::slice::from_ref(branch)),
        None => texts(&labels.branches),
    };
    let branch = match &branches {
        Value::List(names) => names.first().cloned().unwrap_or(Value::None),
        _ => Value::None,
    };
    let number = match changeset.number {
        Some(number) => Some(number),
        None => contents.number_of(&changeset.id)?,
    };
    let (mut added, mut changed, mut removed) = (Vec::new(), Vec::new(), Vec::new());
    for file in contents.changed_files(changeset.parents.first(), &changeset.id)? {
        let list = match file.operation {
            Operation::Added | Operation::Copied => &mut added,
            Operation::Modified | Operation::ModeChanged => &mut changed,
            Operation::Removed => &mut removed,
            Operation::Renamed => {
                let old = file.old_path.as_ref().map(|path| path.to_string_lossy());
                removed.extend(old.map(Value::text));
                &mut added
            }
        };
        list.push(Value::text(file.path().to_string_lossy()));
    }
    let parents = changeset.parents.iter();
    Ok(vec![
        ("raw_id", Value::text(changeset.id.to_string())),
        ("short_id", Value::text(changeset.id.short())),
        ("revision", Value::Int(number.map_or(-1, i64::from))),
        ("message", Value::text(&*changeset.message)),
        ("author", Value::text(&*changeset.author.raw)),
        ("author_name", Value::text(&*changeset.author.name)),
        ("author_email", Value::text(&*changeset.author.email)),
        (
            "date",
            Value::Time(db::LocalTime::from_unix(changeset.date.seconds)),
        ),
        ("branch", branch),
        ("branches", branches),
        ("tags", texts(&labels.tags)),
        ("bookmarks", texts(&labels.bookmarks)),
        (
            "parents",
            Value::List(parents.map(|id| Value::text(id.to_string())).collect()),
        ),
        ("added", Value::List(added)),
        ("changed", Value::List(changed)),
        ("removed", Value::List(removed)),
    ])
}
