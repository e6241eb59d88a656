//! Settings of a repository group, and deleting it.

use model::AdminOfGroup;

use super::home;
use crate::frame;
use crate::i18n::t;
use crate::problem::Problem;
use crate::routes::{Answer, Captures};
use crate::template;
use crate::view::{Choice, FormError, GroupDelete, GroupSettings, Tab};
use crate::visit::Visit;
use crate::words::said;

/// `GET /_admin/repo_groups/<group>/edit`
pub fn form(visit: &mut Visit<'_>, group: &AdminOfGroup, _: &Captures) -> Answer {
    let parent = group
        .name()
        .rsplit_once('/')
        .map_or(t("Top level"), |(parent, _)| parent);
    template::page(
        visit.language,
        &GroupSettings {
            group: home::head(visit, group),
            tabs: tabs(visit, group, "settings"),
            action_url: visit.url("_admin/repo_groups").join(group.name()).into(),
            group_name: model::name::last(group.name()).to_owned(),
            group_description: group.row().description.clone(),
            parent_group_id: vec![Choice {
                value: String::new(),
                text: parent.to_owned(),
                selected: true,
            }],
            errors: Vec::new(),
            frame: frame::frame(
                visit,
                visit.tf("{name} Settings", &[("name", &group.name())]),
                "repositories",
            ),
        },
    )
}

/// `POST /_admin/repo_groups/<group>`
pub fn save(visit: &mut Visit<'_>, group: &AdminOfGroup, _: &Captures) -> Answer {
    visit
        .model
        .update_group(group, visit.form.trimmed("group_description"))?;
    visit.flash(
        "success",
        &visit.tf(
            "Updated repository group {name}",
            &[("name", &group.name())],
        ),
    );
    Ok(visit.redirect(&String::from(
        visit
            .url("_admin/repo_groups")
            .join(group.name())
            .join("edit"),
    )))
}

/// `GET /_admin/repo_groups/<group>/edit/advanced`
pub fn delete_form(visit: &mut Visit<'_>, group: &AdminOfGroup, _: &Captures) -> Answer {
    show_delete(visit, group, Vec::new())
}

/// `POST /_admin/repo_groups/<group>/delete`
pub fn delete(visit: &mut Visit<'_>, group: &AdminOfGroup, _: &Captures) -> Answer {
    let error = |message: String| {
        vec![FormError {
            field: "confirm_name".into(),
            label: t("Name").into(),
            message,
        }]
    };
    if visit
        .form
        .get("confirm_name")
        .is_some_and(|typed| typed.trim() != group.name())
    {
        return show_delete(
            visit,
            group,
            error(t("This is not the name of the group").into()),
        );
    }
    match visit.model.delete_group(group) {
        Ok(()) => {
            visit.flash(
                "success",
                &visit.tf(
                    "Removed repository group {name}",
                    &[("name", &group.name())],
                ),
            );
            let parent = group
                .name()
                .rsplit_once('/')
                .map(|(parent, _)| String::from(visit.url(parent)));
            Ok(visit.redirect(&parent.unwrap_or_else(|| visit.home_url())))
        }
        Err(model::Error::Invalid { message, .. }) => {
            show_delete(visit, group, error(said(&message)))
        }
        Err(other) => Err(Problem::from(other)),
    }
}

fn show_delete(visit: &mut Visit<'_>, group: &AdminOfGroup, errors: Vec<FormError>) -> Answer {
    template::page(
        visit.language,
        &GroupDelete {
            group: home::head(visit, group),
            full_name: group.name().to_owned(),
            tabs: tabs(visit, group, "delete"),
            action_url: visit
                .url("_admin/repo_groups")
                .join(group.name())
                .join("delete")
                .into(),
            obstacle: visit
                .model
                .obstacle_to_delete(group)?
                .map(|obstacle| said(&obstacle)),
            errors,
            frame: frame::frame(
                visit,
                visit.tf("{name} Delete", &[("name", &group.name())]),
                "repositories",
            ),
        },
    )
}

fn tabs(visit: &Visit<'_>, group: &AdminOfGroup, current: &str) -> Vec<Tab> {
    [
        (t("Settings"), "edit", "settings"),
        (t("Delete"), "edit/advanced", "delete"),
    ]
    .into_iter()
    .map(|(text, path, id)| Tab {
        text: text.to_owned(),
        url: visit
            .url("_admin/repo_groups")
            .join(group.name())
            .join(path)
            .into(),
        current: id == current,
        count: None,
    })
    .collect()
}
