//! What forms share.

use serde::Serialize;

/// What was wrong with a posted form. Shown in a summary on top with a link to the field, and beside the field.
#[derive(Clone, Debug, Default, Serialize)]
pub struct FormError {
    /// The field's name as posted; empty for an error of the form as a whole.
    pub field: String,
    /// The field's label as the reader knows it; empty for the form as a whole.
    pub label: String,
    /// The sentence.
    pub message: String,
}
