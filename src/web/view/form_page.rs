//! A page that is one form, with perhaps a list above it: registration, a new password, one's own account.

use serde::Serialize;

use super::{FormError, Frame, Page, Tab};

/// The page.
#[derive(Clone, Debug, Default, Serialize)]
pub struct FormPage {
    /// The frame.
    pub frame: Frame,
    /// The heading.
    pub heading: String,
    /// Pages beside this one.
    pub tabs: Vec<Tab>,
    /// Sentences above the form.
    pub notes: Vec<String>,
    /// What there is already.
    pub rows: Vec<FormRow>,
    /// Where the form posts to; empty for no form.
    pub action_url: String,
    /// The fields in their order.
    pub fields: Vec<FormField>,
    /// The words of the button.
    pub submit: String,
    /// What was wrong.
    pub errors: Vec<FormError>,
    /// The captcha's public key, when there is one to solve.
    pub captcha_key: Option<String>,
    /// The captcha's script.
    pub captcha_script: String,
}

/// One field of a [`FormPage`].
#[derive(Clone, Debug, Default, Serialize)]
pub struct FormField {
    /// `text`, `email`, `password`, `area`, `hidden`, `check`, `select` or `heading`.
    pub kind: String,
    /// As posted.
    pub name: String,
    /// As read.
    pub label: String,
    /// What stands in it; `True` ticks a box.
    pub value: String,
    /// What else there is to know.
    pub help: String,
    /// Whether it may be left empty.
    pub optional: bool,
    /// Whether it can only be read.
    pub readonly: bool,
    /// What browsers fill in.
    pub autocomplete: String,
    /// The choices of a `select`.
    pub choices: Vec<super::Choice>,
}

/// One thing that is there already, with what can be done with it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct FormRow {
    /// What it is.
    pub text: String,
    /// What else there is to know.
    pub detail: String,
    /// Where its button posts to; none for no button.
    pub action_url: Option<String>,
    /// The field that the button sends.
    pub name: String,
    /// Its value.
    pub value: String,
    /// The words of the button.
    pub submit: String,
}

impl Page for FormPage {
    const TEMPLATE: &'static str = "form_page.html";
}
