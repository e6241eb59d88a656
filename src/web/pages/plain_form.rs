//! What the pages that are one form share.

use http::HeaderValue;
use http::header::CONTENT_SECURITY_POLICY;

use crate::problem::Problem;
use crate::response::Response;
use crate::routes::Answer;
use crate::template;
use crate::view::{FormError, FormField, FormPage};
use crate::visit::Visit;

/// The field that the captcha's script fills in.
pub(super) const CAPTCHA: &str = "g-recaptcha-response";

/// A field of text.
pub(super) fn text(name: &str, label: &str, value: &str, autocomplete: &str) -> FormField {
    FormField {
        kind: "text".into(),
        name: name.into(),
        label: label.into(),
        value: value.into(),
        autocomplete: autocomplete.into(),
        ..FormField::default()
    }
}

/// A field for a mail address.
pub(super) fn email(name: &str, label: &str, value: &str) -> FormField {
    FormField {
        kind: "email".into(),
        ..text(name, label, value, "email")
    }
}

/// A field for a password; what was typed is never sent back.
pub(super) fn password(name: &str, label: &str, autocomplete: &str) -> FormField {
    FormField {
        kind: "password".into(),
        ..text(name, label, "", autocomplete)
    }
}

/// A field that goes along unseen.
pub(super) fn hidden(name: &str, value: &str) -> FormField {
    FormField {
        kind: "hidden".into(),
        ..text(name, "", value, "off")
    }
}

/// An error beside a field, with the label of that field.
pub(super) fn error(fields: &[FormField], field: &str, message: &str) -> FormError {
    let label = fields.iter().find(|known| known.name == field);
    FormError {
        field: field.into(),
        label: label.map_or(field, |field| &field.label).into(),
        message: message.into(),
    }
}

/// Whether the puzzle is solved, when there is one.
pub(super) fn captcha_holds(visit: &Visit<'_>) -> Result<bool, Problem> {
    let answer = visit.form.get(CAPTCHA).unwrap_or_default();
    Ok(visit
        .model
        .captcha_holds(answer, &visit.request.peer.remote_addr)?)
}

/// Shows the page; with a captcha, its script and frame are allowed on this page alone.
pub(super) fn show(visit: &Visit<'_>, mut page: FormPage, with_captcha: bool) -> Answer {
    if with_captcha {
        page.captcha_key = visit.model.captcha_key()?;
    }
    if page.captcha_key.is_none() {
        return template::page(visit.language, &page);
    }
    let base = visit.model.config().captcha_url.clone();
    page.captcha_script = format!("{base}.js");
    let mut response = template::page(visit.language, &page)?;
    allow(&mut response, &base);
    Ok(response)
}

fn allow(response: &mut Response, base: &str) {
    let origin: String = base.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
    let policy = format!(
        "default-src 'none'; script-src 'self' {origin} https://www.gstatic.com; style-src 'self' 'unsafe-inline'; \
         img-src 'self' data: https:; connect-src 'self' {origin}; frame-src {origin}; form-action 'self'; base-uri 'none'; \
         frame-ancestors 'self'"
    );
    if let Ok(value) = HeaderValue::from_str(&policy) {
        response.headers.insert(CONTENT_SECURITY_POLICY, value);
    }
}
