//! The administrator's page of login sources.

use model::auth::{FieldKind, SourceKind};

use super::plain_form;
use crate::frame;
use crate::i18n::t;
use crate::routes::{Answer, Captures};
use crate::view::{Choice, FormError, FormField, FormPage};
use crate::visit::Visit;
use crate::words;

/// `GET /_admin/auth`
pub fn form(visit: &mut Visit<'_>, _: &Captures) -> Answer {
    show(visit, Vec::new())
}

/// `POST /_admin/auth`
pub fn save(visit: &mut Visit<'_>, _: &Captures) -> Answer {
    let form = visit.form.clone();
    let posted = |name: &str| form.get(name).map(str::to_owned);
    let wrong = visit.model.save_login_sources(&posted)?;
    if wrong.is_empty() {
        tracing::info!(request_id = %visit.id, "login sources were changed");
        visit.flash("success", t("Auth settings updated successfully"));
        return Ok(visit.redirect(&String::from(visit.url("_admin/auth"))));
    }
    let errors = wrong
        .into_iter()
        .map(|bad| FormError {
            field: bad.name,
            label: t(bad.label).to_owned(),
            message: words::said(&bad.message),
        })
        .collect();
    show(visit, errors)
}

fn show(visit: &mut Visit<'_>, errors: Vec<FormError>) -> Answer {
    let saved = visit.model.login_sources()?;
    // After a mistake, what was typed stays; a box that was not ticked is not posted.
    let typed = |name: &str, stored: &str, kind: FieldKind| match kind {
        _ if errors.is_empty() => stored.to_owned(),
        FieldKind::Flag => if visit.form.checked(name) {
            "True"
        } else {
            "False"
        }
        .to_owned(),
        FieldKind::Secret => String::new(),
        _ => visit.form.get(name).unwrap_or(stored).to_owned(),
    };
    let mut list = plain_form::text(
        "auth_plugins",
        t("Sources"),
        &typed("auth_plugins", &saved.modules.join(","), FieldKind::Text),
        "off",
    );
    let known: Vec<_> = SourceKind::ALL.iter().map(|kind| kind.module()).collect();
    list.help = visit.tf(
        "Asked in this order. One that is new here shows its settings after saving. There are: {names}",
        &[("names", &known.join(", "))],
    );
    let mut fields = vec![list];
    for source in &saved.sources {
        fields.push(FormField {
            kind: "heading".into(),
            label: heading(source.kind).into(),
            ..FormField::default()
        });
        for (field, value) in &source.values {
            let name = format!("auth_{}_{}", source.kind.name(), field.key);
            let value = typed(&name, value, field.kind);
            let mut shown = plain_form::text(&name, t(field.label), &value, "off");
            let help = if field.help.is_empty() {
                ""
            } else {
                t(field.help)
            };
            shown.help = help.to_owned();
            shown.optional = true;
            match field.kind {
                FieldKind::Flag => shown.kind = "check".into(),
                FieldKind::Secret => {
                    shown.kind = "password".into();
                    shown.autocomplete = "new-password".into();
                    if source.secrets.contains(&field.key) {
                        shown.help = visit.tf(
                            "One is set; left empty, it stays. {help}",
                            &[("help", &help)],
                        );
                    }
                }
                FieldKind::Choice(words) => {
                    shown.kind = "select".into();
                    shown.choices = words
                        .iter()
                        .map(|word| Choice {
                            value: (*word).into(),
                            text: (*word).into(),
                            selected: *word == value,
                        })
                        .collect();
                }
                FieldKind::Text | FieldKind::Port | FieldKind::Seconds | FieldKind::Pattern => {}
            }
            fields.push(shown);
        }
    }
    let page = FormPage {
        heading: t("Admin").into(),
        tabs: super::administration::tabs(visit, "_admin/auth"),
        action_url: visit.url("_admin/auth").into(),
        fields,
        submit: t("Save").into(),
        errors,
        frame: frame::frame(visit, t("Login sources"), "admin"),
        ..FormPage::default()
    };
    plain_form::show(visit, page, false)
}

fn heading(kind: SourceKind) -> &'static str {
    match kind {
        SourceKind::Internal => t("Own accounts"),
        SourceKind::Container => t("Web server"),
        SourceKind::Ldap => "LDAP",
        SourceKind::Crowd => "Crowd",
        SourceKind::Pam => "PAM",
    }
}
