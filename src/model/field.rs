//! Extra fields of repositories: what an administrator wants to know about them besides.

use db::repositories_fields::{self, ExtraField, NewField};
use db::{DbError, FieldId};

use crate::{AdminOfRepository, Error, Model, ReadableRepository, say};

/// What forms and the API write before the key of a field.
pub const PREFIX: &str = "ex_";

/// The types that a field may say it has; its value is text in any case.
const KINDS: &[&str] = &["str", "unicode", "list", "tuple"];

impl Model {
    /// The extra fields of a repository.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn fields(&self, repository: &ReadableRepository) -> Result<Vec<ExtraField>, Error> {
        let id = repository.id();
        Ok(self
            .db()
            .read(|conn| repositories_fields::of_repository(conn, id))?)
    }

    /// Adds a field.
    ///
    /// # Errors
    /// [`Error::Invalid`] on `new_field_key` for a key that is not allowed or there already, on `new_field_type` for a type
    /// that there is not.
    pub fn add_field(
        &self,
        repository: &AdminOfRepository,
        new: &NewField<'_>,
    ) -> Result<FieldId, Error> {
        let ok = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if new.key.len() < 3 || new.key.len() > 250 {
            return Err(Error::invalid(
                "new_field_key",
                "Enter a value 3 characters long or more",
            ));
        }
        if !new.key.chars().all(ok) {
            return Err(Error::invalid(
                "new_field_key",
                "Key name can only consist of letters, underscore, dash or numbers",
            ));
        }
        if !KINDS.contains(&new.kind) {
            return Err(Error::invalid("new_field_type", "Invalid value"));
        }
        self.db().write(|tx| {
            let present = repositories_fields::of_repository(tx, repository.id())?;
            let taken = |field: &ExtraField| field.key.eq_ignore_ascii_case(new.key);
            if present.iter().any(taken) {
                return Err(Error::invalid(
                    "new_field_key",
                    say!("The repository has a field {name} already", name = new.key),
                ));
            }
            Ok(repositories_fields::insert(tx, repository.id(), new)?)
        })
    }

    /// Sets the values of fields by their keys; keys that the repository does not have are passed over.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn set_fields(
        &self,
        repository: &AdminOfRepository,
        values: &[(&str, &str)],
    ) -> Result<(), Error> {
        Ok(self.db().write(|tx| {
            for (key, value) in values {
                repositories_fields::set_value(tx, repository.id(), key, value)?;
            }
            Ok::<_, DbError>(())
        })?)
    }

    /// Deletes a field of this repository.
    ///
    /// # Errors
    /// [`Error::NotFound`] when this repository has no such field.
    pub fn delete_field(&self, repository: &AdminOfRepository, id: FieldId) -> Result<(), Error> {
        let had = self
            .db()
            .write(|tx| repositories_fields::delete(tx, repository.id(), id))?;
        if had {
            Ok(())
        } else {
            Err(Error::NotFound {
                what: "Field",
                name: id.to_string(),
            })
        }
    }
}
