//! One's SSH keys.

use model::Gate;

use super::{Part, done, gone, tabs};
use crate::frame;
use crate::i18n::t;
use crate::pages::plain_form;
use crate::problem::Problem;
use crate::routes::{Answer, Captures};
use crate::view::{FormError, FormPage, FormRow};
use crate::visit::Visit;
use crate::words;
use crate::words::said;

const DELETE: &str = "_admin/my_account/ssh_keys/delete";

/// `GET /_admin/my_account/ssh_keys`
pub fn form(visit: &mut Visit<'_>, _: &Captures) -> Answer {
    enabled(visit)?;
    show(visit, Vec::new())
}

/// `POST /_admin/my_account/ssh_keys`
pub fn add(visit: &mut Visit<'_>, _: &Captures) -> Answer {
    enabled(visit)?;
    let account = Gate::new(visit.model).own_account(&visit.viewer)?;
    let form = visit.form.clone();
    let text = form.get("public_key").unwrap_or_default();
    let added = visit
        .model
        .add_ssh_key(&account, text, form.trimmed("description"));
    match added {
        Ok(id) => {
            let keys = visit.model.ssh_keys(&account)?;
            let added = keys.into_iter().find(|key| key.id == id);
            let fingerprint = added.map(|key| key.fingerprint).unwrap_or_default();
            let text = visit.tf(
                "SSH key {fingerprint} successfully added",
                &[("fingerprint", &fingerprint)],
            );
            done(visit, &text, Part::SshKeys)
        }
        Err(model::Error::Invalid { message, .. }) => {
            let message = said(&message);
            let wrong = FormError {
                field: "public_key".into(),
                label: t("Public key").into(),
                message,
            };
            show(visit, vec![wrong])
        }
        Err(other) => Err(other.into()),
    }
}

/// `POST /_admin/my_account/ssh_keys/delete`
pub fn delete(visit: &mut Visit<'_>, _: &Captures) -> Answer {
    enabled(visit)?;
    let account = Gate::new(visit.model).own_account(&visit.viewer)?;
    let fingerprint = visit.form.trimmed("del_public_key_fingerprint").to_owned();
    let deleted = visit.model.delete_ssh_key(&account, &fingerprint);
    gone(
        visit,
        deleted,
        t("SSH key successfully deleted"),
        Part::SshKeys,
    )
}

fn enabled(visit: &Visit<'_>) -> Result<(), Problem> {
    if visit.model.config().ssh_enabled {
        Ok(())
    } else {
        Err(Problem::NotFound(t("SSH access is disabled.").into()))
    }
}

fn show(visit: &mut Visit<'_>, errors: Vec<FormError>) -> Answer {
    let account = Gate::new(visit.model).own_account(&visit.viewer)?;
    let rows = visit
        .model
        .ssh_keys(&account)?
        .into_iter()
        .map(|key| FormRow {
            detail: match key.last_seen {
                Some(seen) => visit.tf(
                    "{fingerprint}, last used {used}",
                    &[
                        ("fingerprint", &key.fingerprint),
                        ("used", &words::age(seen.to_unix())),
                    ],
                ),
                None => visit.tf(
                    "{fingerprint}, never used",
                    &[("fingerprint", &key.fingerprint)],
                ),
            },
            text: if key.description.is_empty() {
                t("No description").into()
            } else {
                key.description
            },
            action_url: Some(visit.url(DELETE).into()),
            name: "del_public_key_fingerprint".into(),
            value: key.fingerprint,
            submit: t("Delete").into(),
        })
        .collect();
    let mut key = plain_form::text(
        "public_key",
        t("Public key"),
        visit.form.get("public_key").unwrap_or_default(),
        "off",
    );
    key.kind = "area".into();
    key.help = t("One line that begins with the type of the key, such as ssh-ed25519; often in the file ~/.ssh/id_ed25519.pub.").into();
    let mut description = plain_form::text(
        "description",
        t("Description"),
        visit.form.trimmed("description"),
        "off",
    );
    description.optional = true;
    description.help = t("Left empty, the comment of the key is taken.").into();
    let view = FormPage {
        heading: t("My account").into(),
        tabs: tabs(visit, Part::SshKeys),
        rows,
        action_url: visit.url(Part::SshKeys.path()).into(),
        fields: vec![key, description],
        submit: t("Add").into(),
        errors,
        frame: frame::frame(visit, Part::SshKeys.label(), "account"),
        ..FormPage::default()
    };
    plain_form::show(visit, view, false)
}
