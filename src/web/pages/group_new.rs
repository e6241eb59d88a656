//! Making a repository group.

use model::{Gate, GroupId, Level, NewGroup};

use super::repository_new::TOP;
use crate::frame;
use crate::i18n::t;
use crate::problem::Problem;
use crate::routes::{Answer, Captures};
use crate::template;
use crate::view::{Choice, FormError, NewGroup as View};
use crate::visit::Visit;
use crate::words::said;

/// `GET /_admin/repo_groups/new`
pub fn form(visit: &mut Visit<'_>, _: &Captures) -> Answer {
    let parent = visit.query.number("parent_group").unwrap_or(TOP);
    let choices = places(visit, parent)?;
    if choices.is_empty() || (parent != TOP && !choices.iter().any(|choice| choice.selected)) {
        return Err(Problem::Forbidden(
            t("You may not create a repository group here.").into(),
        ));
    }
    show(
        visit,
        View {
            parent_group_id: choices,
            ..View::default()
        },
    )
}

/// `POST /_admin/repo_groups`
pub fn create(visit: &mut Visit<'_>, _: &Captures) -> Answer {
    let form = visit.form.clone();
    let parent = form.number("parent_group_id").unwrap_or(TOP);
    let gate = Gate::new(visit.model);
    let result = gate
        .place_for_group(&visit.viewer, (parent != TOP).then_some(GroupId(parent)))
        .and_then(|place| {
            let new = NewGroup {
                name: form.trimmed("group_name"),
                description: form.trimmed("group_description"),
                copy_permissions: form.checked("group_copy_permissions"),
            };
            visit.model.create_group(&place, &visit.viewer, &new)
        });
    match result {
        Ok(name) => {
            visit.flash(
                "success",
                &visit.tf("Created repository group {name}", &[("name", &name)]),
            );
            Ok(visit.redirect(&String::from(visit.url(&name))))
        }
        Err(model::Error::Invalid { field, message }) => {
            let message = said(&message);
            let label = if field == "group_name" {
                t("Name")
            } else {
                t("In")
            };
            let view = View {
                group_name: form.trimmed("group_name").to_owned(),
                group_description: form.trimmed("group_description").to_owned(),
                parent_group_id: places(visit, parent)?,
                group_copy_permissions: form.checked("group_copy_permissions"),
                errors: vec![FormError {
                    field: field.to_owned(),
                    label: label.to_owned(),
                    message,
                }],
                ..View::default()
            };
            show(visit, view)
        }
        Err(other) => Err(other.into()),
    }
}

/// The places where this user may make a group.
fn places(visit: &Visit<'_>, selected: i64) -> Result<Vec<Choice>, Problem> {
    let mut choices = Vec::new();
    if visit.viewer.is_admin() {
        choices.push(Choice {
            value: TOP.to_string(),
            text: t("Top level").to_owned(),
            selected: selected == TOP,
        });
    }
    for group in Gate::new(visit.model).groups_with(&visit.viewer, Level::Admin)? {
        let id = group.row().id.0;
        choices.push(Choice {
            value: id.to_string(),
            text: group.name().to_owned(),
            selected: selected == id,
        });
    }
    Ok(choices)
}

fn show(visit: &mut Visit<'_>, view: View) -> Answer {
    template::page(
        visit.language,
        &View {
            action_url: visit.url("_admin/repo_groups").into(),
            cancel_url: visit.home_url(),
            frame: frame::frame(visit, t("New repository group"), "repositories"),
            ..view
        },
    )
}
