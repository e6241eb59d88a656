//! Making a repository.

use model::{Actor, Beginning, Contents, Gate, GroupId, NewRepository, Places};

use crate::frame;
use crate::i18n::t;
use crate::problem::Problem;
use crate::routes::{Answer, Captures};
use crate::template;
use crate::view::{Choice, FormError, NewRepository as View};
use crate::visit::Visit;
use crate::words::said;

/// The value of the top level in the choice of a group.
pub(super) const TOP: i64 = -1;

/// `GET /_admin/create_repository`
pub fn form(visit: &mut Visit<'_>, _: &Captures) -> Answer {
    let parent = visit.query.number("parent_group").unwrap_or(TOP);
    let choices = places(visit, parent)?;
    if choices.is_empty() || (parent != TOP && !choices.iter().any(|choice| choice.selected)) {
        return Err(Problem::Forbidden(
            t("You may not create a repository here.").into(),
        ));
    }
    let view = View {
        repo_group: choices,
        repo_type: types(&visit.settings.default_type),
        repo_private: visit.settings.default_private,
        ..View::default()
    };
    show(visit, view)
}

/// `POST /_admin/repos`
pub fn create(visit: &mut Visit<'_>, _: &Captures) -> Answer {
    let form = visit.form.clone();
    let group = form.number("repo_group").unwrap_or(TOP);
    let kind = form.trimmed("repo_type");
    let user = visit.user()?.id;
    let mut copied = None;
    let result = match kind.parse::<vcs::Kind>() {
        Err(_) => Err(model::Error::invalid(
            "repo_type",
            "Value must be one of: hg; git",
        )),
        Ok(kind) => {
            let actor = Actor::new(&visit.viewer, &visit.request.peer.remote_addr);
            let gate = Gate::new(visit.model);
            gate.place_for_repository(&visit.viewer, (group != TOP).then_some(GroupId(group)))
                .and_then(|place| {
                    let new = NewRepository {
                        name: form.trimmed("repo_name"),
                        kind,
                        description: form.trimmed("repo_description"),
                        private: form.checked("repo_private"),
                        copy_permissions: form.checked("repo_copy_permissions"),
                    };
                    match form.trimmed("clone_uri") {
                        "" => visit.model.create_repository(&place, user, &actor, &new),
                        uri => {
                            let beginning = Beginning {
                                contents: Contents::Remote(uri),
                                ..Beginning::default()
                            };
                            let begun = visit
                                .model
                                .begin_repository(&place, user, &actor, &new, &beginning)?;
                            copied = Some(begun.0);
                            Ok(begun)
                        }
                    }
                })
        }
    };
    if let Some(id) = copied {
        let finish = move |model: &model::Model| model.finish_creation(id);
        visit.background.push(Box::new(finish));
    }
    match result {
        Ok((_, name)) => Ok(visit.redirect(&String::from(visit.url(&name).join("repo_creating")))),
        Err(model::Error::Invalid { field, message }) => {
            let message = said(&message);
            let choices = places(visit, group)?;
            let view = View {
                repo_name: form.trimmed("repo_name").to_owned(),
                clone_uri: form.trimmed("clone_uri").to_owned(),
                repo_description: form.trimmed("repo_description").to_owned(),
                repo_group: choices,
                repo_copy_permissions: form.checked("repo_copy_permissions"),
                repo_type: types(kind),
                repo_private: form.checked("repo_private"),
                errors: vec![FormError {
                    field: field.to_owned(),
                    label: label(field).to_owned(),
                    message,
                }],
                ..View::default()
            };
            show(visit, view)
        }
        Err(other) => Err(other.into()),
    }
}

/// The places where this user may make a repository.
fn places(visit: &Visit<'_>, selected: i64) -> Result<Vec<Choice>, Problem> {
    let places = Gate::new(visit.model).places(&visit.viewer)?;
    Ok(choices(&places, selected))
}

/// These places, to choose from.
pub(super) fn choices(places: &Places, selected: i64) -> Vec<Choice> {
    let mut choices = Vec::new();
    if places.top {
        choices.push(Choice {
            value: TOP.to_string(),
            text: t("Top level").to_owned(),
            selected: selected == TOP,
        });
    }
    for group in &places.groups {
        let id = group.row().id.0;
        choices.push(Choice {
            value: id.to_string(),
            text: group.name().to_owned(),
            selected: selected == id,
        });
    }
    choices
}

fn types(selected: &str) -> Vec<Choice> {
    [("hg", "Mercurial"), ("git", "Git")]
        .into_iter()
        .map(|(value, text)| Choice {
            value: value.to_owned(),
            text: text.to_owned(),
            selected: value == selected,
        })
        .collect()
}

fn label(field: &str) -> &'static str {
    match field {
        "repo_name" => t("Name"),
        "repo_group" => t("Group"),
        "repo_type" => t("Kind"),
        "clone_uri" => t("Clone from"),
        _ => "",
    }
}

fn show(visit: &mut Visit<'_>, view: View) -> Answer {
    template::page(
        visit.language,
        &View {
            action_url: visit.url("_admin/repos").into(),
            cancel_url: visit.home_url(),
            frame: frame::frame(visit, t("New repository"), "repositories"),
            ..view
        },
    )
}
