//! Forms and query strings.

use http::header::CONTENT_TYPE;

use crate::multipart::{self, Upload};
use crate::request::{BodyError, Request};

/// The most bytes of a form that is not an upload.
pub(crate) const FORM_LIMIT: u64 = 1024 * 1024;

/// Decoded name/value pairs in their order, and the files that came with them.
#[derive(Debug, Default, Clone)]
pub struct Form {
    fields: Vec<(String, String)>,
    uploads: Vec<Upload>,
}

/// Why a form could not be read.
#[derive(Debug, thiserror::Error)]
pub enum FormError {
    /// Of another type.
    #[error("expected a form of type application/x-www-form-urlencoded or multipart/form-data")]
    Type,
    /// Not in the form that its type says.
    #[error("the form cannot be read: {0}")]
    Broken(&'static str),
    /// See [`BodyError`].
    #[error(transparent)]
    Body(#[from] BodyError),
}

impl Form {
    /// Decodes a query string, or a form body.
    #[must_use]
    pub fn parse(encoded: &[u8]) -> Self {
        Self {
            fields: form_urlencoded::parse(encoded).into_owned().collect(),
            uploads: Vec::new(),
        }
    }

    /// Reads the body of a POST, of so many bytes at most.
    ///
    /// # Errors
    /// [`FormError`] for another content type or a body that is too long or broken off.
    pub fn read(request: &mut Request, limit: u64) -> Result<Self, FormError> {
        let content_type = request
            .headers
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        if let Some(boundary) = multipart::boundary(content_type) {
            let parts = multipart::read(&mut request.body, boundary, limit)?;
            return Ok(Self {
                fields: parts.fields,
                uploads: parts.uploads,
            });
        }
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        if !essence.is_empty() && !essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")
        {
            return Err(FormError::Type);
        }
        Ok(Self::parse(&request.body.read_all(limit)?))
    }

    /// The first value of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.fields
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, value)| value.as_str())
    }

    /// The first value of a name without surrounding blanks; empty when missing.
    #[must_use]
    pub fn trimmed(&self, name: &str) -> &str {
        self.get(name).unwrap_or_default().trim()
    }

    /// A number, when it is one.
    #[must_use]
    pub fn number<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        self.get(name)?.trim().parse().ok()
    }

    /// A check box: absent means off; anything that is no clear "off" means on.
    #[must_use]
    pub fn checked(&self, name: &str) -> bool {
        self.get(name)
            .is_some_and(|value| model::config::parse_bool(value).unwrap_or(true))
    }

    /// The files of a field, taken out of the form.
    #[must_use]
    pub(crate) fn take_uploads(&mut self, field: &str) -> Vec<Upload> {
        let (taken, rest) = std::mem::take(&mut self.uploads)
            .into_iter()
            .partition(|upload| upload.field == field);
        self.uploads = rest;
        taken
    }

    /// All pairs.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_decoded_in_order() {
        let form = Form::parse(b"a=1+2&b=%C3%A9&a=3&on=on&off=false&n=7");
        assert_eq!(form.get("a"), Some("1 2"));
        assert_eq!(form.get("b"), Some("é"));
        assert!(form.checked("on") && !form.checked("off") && !form.checked("missing"));
        assert_eq!(form.number::<u32>("n"), Some(7));
        assert_eq!(form.iter().count(), 6);
    }
}
