//! The very first page: making the first administrator.

use model::account::NewUser;

use crate::form::Form;
use crate::frame;
use crate::i18n::t;
use crate::routes::{Answer, Captures};
use crate::template;
use crate::view::{FormError, Setup};
use crate::visit::Visit;
use crate::words::said;

/// `GET /_admin/setup`
pub fn form(visit: &mut Visit<'_>, _: &Captures) -> Answer {
    if !visit.settings.needs_setup {
        return Ok(visit.redirect(&visit.home_url()));
    }
    visit.model.offer_setup_code()?;
    show(visit, Vec::new())
}

/// `POST /_admin/setup`
pub fn create_admin(visit: &mut Visit<'_>, _: &Captures) -> Answer {
    if !visit.settings.needs_setup {
        return Ok(visit.redirect(&visit.home_url()));
    }
    visit.model.offer_setup_code()?;
    if !visit.model.is_setup_code(visit.form.trimmed("code"))? {
        tracing::warn!(request_id = %visit.id, "wrong set-up code from {}", visit.request.peer.remote_addr);
        return show(
            visit,
            vec![error(
                "code",
                t("Code"),
                t("This is not the code that stands in the log"),
            )],
        );
    }
    let form = visit.form.clone();
    let password = form.get("password").unwrap_or_default();
    if form.get("password_confirmation") != Some(password) {
        return show(
            visit,
            vec![error(
                "password_confirmation",
                t("Password again"),
                t("Passwords do not match"),
            )],
        );
    }
    let new = NewUser {
        username: form.trimmed("username"),
        email: form.trimmed("email"),
        password,
        admin: true,
        ..Default::default()
    };
    match visit.model.create_first_admin(&new) {
        Ok(user) => {
            visit.model.withdraw_setup_code();
            visit.model.signed_in(user)?;
            visit.session.sign_in(user, false);
            tracing::info!(request_id = %visit.id, "the first administrator has the id {user}");
            Ok(visit.redirect(&visit.home_url()))
        }
        Err(model::Error::Invalid { field, message }) => {
            let message = said(&message);
            let label = match field {
                "username" => t("Username"),
                "email" => t("E-mail"),
                _ => t("Password"),
            };
            show(visit, vec![error(field, label, &message)])
        }
        Err(other) => Err(other.into()),
    }
}

fn error(field: &str, label: &str, message: &str) -> FormError {
    FormError {
        field: field.to_owned(),
        label: label.to_owned(),
        message: message.to_owned(),
    }
}

fn show(visit: &mut Visit<'_>, errors: Vec<FormError>) -> Answer {
    visit.session.ensure_csrf_token();
    let typed = |form: &Form, name: &str| form.trimmed(name).to_owned();
    template::page(
        visit.language,
        &Setup {
            action_url: visit.url("_admin/setup").into(),
            code_file: visit.model.setup_code_file().display().to_string(),
            code: typed(&visit.form, "code"),
            username: typed(&visit.form, "username"),
            email: typed(&visit.form, "email"),
            errors,
            frame: frame::frame(visit, t("Set-up"), "setup"),
        },
    )
}
