//! Making an account for oneself.

use model::Registration;
use model::registration::Applicant;

use super::plain_form::{self, CAPTCHA};
use crate::frame;
use crate::i18n::t;
use crate::problem::Problem;
use crate::routes::{Answer, Captures};
use crate::view::{FormError, FormField, FormPage};
use crate::visit::Visit;
use crate::words::said;

/// `GET /_admin/register`
pub fn form(visit: &mut Visit<'_>, _: &Captures) -> Answer {
    allowed(visit)?;
    show(visit, Vec::new())
}

/// `POST /_admin/register`
pub fn create(visit: &mut Visit<'_>, _: &Captures) -> Answer {
    allowed(visit)?;
    let fields = fields(visit);
    let form = visit.form.clone();
    let password = form.get("password").unwrap_or_default();
    if form.get("password_confirmation") != Some(password) {
        let wrong = plain_form::error(
            &fields,
            "password_confirmation",
            t("Passwords do not match"),
        );
        return show(visit, vec![wrong]);
    }
    if !plain_form::captcha_holds(visit)? {
        return show(
            visit,
            vec![plain_form::error(&fields, CAPTCHA, t("Bad captcha"))],
        );
    }
    let applicant = Applicant {
        username: form.trimmed("username"),
        password,
        email: form.trimmed("email"),
        firstname: form.trimmed("firstname"),
        lastname: form.trimmed("lastname"),
    };
    let base = visit.base_url();
    let page = |id: model::UserId| format!("{base}/_admin/users/{id}/edit");
    let sign_in = format!("{base}/_admin/login");
    match visit
        .model
        .register(&visit.viewer, &applicant, &page, &sign_in)
    {
        Ok(registration) => {
            let site = match visit.settings.title.as_str() {
                "" => "Kallithea".to_owned(),
                title => title.to_owned(),
            };
            let text = match registration {
                Registration::Automatic => visit.tf(
                    "You have successfully registered with {site}",
                    &[("site", &site)],
                ),
                _ => visit.tf(
                    "You have successfully registered with {site}. An administrator has to activate your account before you can sign in.",
                    &[("site", &site)],
                ),
            };
            visit.flash("success", &text);
            Ok(visit.redirect(&String::from(visit.url("_admin/login"))))
        }
        Err(model::Error::Invalid { field, message }) => {
            let message = said(&message);
            show(visit, vec![plain_form::error(&fields, field, &message)])
        }
        Err(other) => Err(other.into()),
    }
}

/// Visitors are led to the page to sign in where nobody may register.
fn allowed(visit: &Visit<'_>) -> Result<(), Problem> {
    match visit.model.registration(&visit.viewer)? {
        Registration::Closed if visit.viewer.signed_in().is_none() => Err(Problem::SignIn),
        Registration::Closed => Err(Problem::Forbidden(t("Nobody may register here.").into())),
        _ => Ok(()),
    }
}

fn fields(visit: &Visit<'_>) -> Vec<FormField> {
    let typed = |name: &str| visit.form.trimmed(name).to_owned();
    let mut fields = vec![
        plain_form::text("username", t("Username"), &typed("username"), "username"),
        plain_form::password("password", t("Password"), "new-password"),
        plain_form::password("password_confirmation", t("Password again"), "new-password"),
        plain_form::text(
            "firstname",
            t("First name"),
            &typed("firstname"),
            "given-name",
        ),
        plain_form::text(
            "lastname",
            t("Last name"),
            &typed("lastname"),
            "family-name",
        ),
        plain_form::email("email", t("E-mail"), &typed("email")),
    ];
    fields[0].help = t("Letters, digits, underscore, period and dash.").into();
    fields[1].help = t("At least six characters; a sentence is better than a word.").into();
    for field in &mut fields[3..5] {
        field.optional = true;
    }
    fields
}

fn show(visit: &mut Visit<'_>, errors: Vec<FormError>) -> Answer {
    visit.session.ensure_csrf_token();
    let page = FormPage {
        heading: t("Register").into(),
        action_url: visit.url("_admin/register").into(),
        fields: fields(visit),
        submit: t("Register").into(),
        errors,
        frame: frame::frame(visit, t("Register"), "register"),
        ..FormPage::default()
    };
    plain_form::show(visit, page, true)
}
