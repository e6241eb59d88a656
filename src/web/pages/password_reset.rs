//! A new password for those who forgot theirs: asking for it, and choosing it.

use jiff::Timestamp;
use model::ResetRequest;

use super::plain_form::{self, CAPTCHA};
use crate::frame;
use crate::i18n::t;
use crate::path::Url;
use crate::routes::{Answer, Captures};
use crate::view::{FormError, FormField, FormPage};
use crate::visit::Visit;
use crate::words::said;

const REQUEST: &str = "_admin/password_reset";
const CONFIRMATION: &str = "_admin/password_reset_confirmation";

/// `GET /_admin/password_reset`
pub fn form(visit: &mut Visit<'_>, _: &Captures) -> Answer {
    show_request(visit, Vec::new())
}

/// `POST /_admin/password_reset`
///
/// Whether there is such an address is found out after the answer has gone out, so that neither its text nor its time
/// tells.
pub fn request(visit: &mut Visit<'_>, _: &Captures) -> Answer {
    let email = visit.form.trimmed("email").to_owned();
    let fields = [plain_form::email("email", t("E-mail"), "")];
    if !email.contains('@') || email.contains(char::is_control) || email.len() > 255 {
        let wrong = plain_form::error(
            &fields,
            "email",
            t("An email address must contain a single @"),
        );
        return show_request(visit, vec![wrong]);
    }
    if !plain_form::captcha_holds(visit)? {
        return show_request(
            visit,
            vec![plain_form::error(&fields, CAPTCHA, t("Bad captcha"))],
        );
    }
    let timestamp = Timestamp::now().as_second().to_string();
    let browser = visit.session.ensure_csrf_token().to_owned();
    // The name by which we were called may be made up. A link to it would hand the token to whoever made it up.
    let canonical = visit.model.config().canonical_url.clone();
    let (mailed, stamp) = (email.clone(), timestamp.clone());
    visit.later.push(Box::new(move |model| {
        let link = |token: &str| {
            let path = Url::below("").join(CONFIRMATION);
            let path = path
                .query("email", &mailed)
                .query("timestamp", &stamp)
                .query("token", token);
            format!("{canonical}{}", String::from(path))
        };
        let request = ResetRequest {
            email: &mailed,
            timestamp: &stamp,
            browser: &browser,
        };
        let link: Option<&dyn Fn(&str) -> String> = if canonical.is_empty() {
            None
        } else {
            Some(&link)
        };
        if let Err(error) = model.send_reset_mail(&request, link) {
            tracing::error!("a mail for a new password cannot be kept: {error}");
        }
    }));
    visit.flash(
        "success",
        t("A password reset confirmation code has been sent"),
    );
    let next = visit
        .url(CONFIRMATION)
        .query("email", &email)
        .query("timestamp", &timestamp);
    Ok(visit.redirect(&String::from(next)))
}

/// `GET /_admin/password_reset_confirmation`
pub fn confirmation_form(visit: &mut Visit<'_>, _: &Captures) -> Answer {
    let typed = |name: &str| visit.query.get(name).unwrap_or_default().to_owned();
    let (email, timestamp, token) = (typed("email"), typed("timestamp"), typed("token"));
    show_confirmation(visit, [&email, &timestamp, &token], Vec::new())
}

/// `POST /_admin/password_reset_confirmation`
pub fn confirm(visit: &mut Visit<'_>, _: &Captures) -> Answer {
    let typed = |name: &str| visit.form.trimmed(name).to_owned();
    let (email, timestamp, token) = (typed("email"), typed("timestamp"), typed("token"));
    let fields = confirmation_fields([&email, &timestamp, &token]);
    let password = visit.form.get("password").unwrap_or_default().to_owned();
    if visit.form.get("password_confirm") != Some(&password) {
        let wrong = plain_form::error(&fields, "password_confirm", t("Passwords do not match"));
        return show_confirmation(visit, [&email, &timestamp, &token], vec![wrong]);
    }
    let browser = visit.session.csrf_token().unwrap_or_default().to_owned();
    let request = ResetRequest {
        email: &email,
        timestamp: &timestamp,
        browser: &browser,
    };
    match visit.model.reset_password(&request, &token, &password) {
        Ok(()) => {
            visit.flash("success", t("Successfully updated password"));
            Ok(visit.redirect(&String::from(visit.url("_admin/login"))))
        }
        Err(model::Error::Invalid { field, message }) => {
            let message = said(&message);
            let wrong = plain_form::error(&fields, field, &message);
            show_confirmation(visit, [&email, &timestamp, &token], vec![wrong])
        }
        Err(other) => Err(other.into()),
    }
}

fn show_request(visit: &mut Visit<'_>, errors: Vec<FormError>) -> Answer {
    visit.session.ensure_csrf_token();
    let page = FormPage {
        heading: t("Forgotten password").into(),
        notes: vec![
            t("A mail tells how to choose a new one. It works in this browser, for a day.").into(),
        ],
        action_url: visit.url(REQUEST).into(),
        fields: vec![plain_form::email(
            "email",
            t("E-mail"),
            visit.form.trimmed("email"),
        )],
        submit: t("Send").into(),
        errors,
        frame: frame::frame(visit, t("Forgotten password"), "login"),
        ..FormPage::default()
    };
    plain_form::show(visit, page, true)
}

fn confirmation_fields([email, timestamp, token]: [&str; 3]) -> Vec<FormField> {
    let mut fields = vec![
        plain_form::hidden("email", email),
        plain_form::hidden("timestamp", timestamp),
        plain_form::text("token", t("Token"), token, "off"),
        plain_form::password("password", t("New password"), "new-password"),
        plain_form::password("password_confirm", t("New password again"), "new-password"),
    ];
    fields[2].help = t("It stands in the mail.").into();
    fields
}

fn show_confirmation(visit: &mut Visit<'_>, values: [&str; 3], errors: Vec<FormError>) -> Answer {
    visit.session.ensure_csrf_token();
    let page = FormPage {
        heading: t("New password").into(),
        action_url: visit.url(CONFIRMATION).into(),
        fields: confirmation_fields(values),
        submit: t("Save").into(),
        errors,
        frame: frame::frame(visit, t("New password"), "login"),
        ..FormPage::default()
    };
    plain_form::show(visit, page, false)
}
