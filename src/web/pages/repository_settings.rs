//! Settings of a repository, and deleting it.

use model::{Actor, AdminOfRepository, ForkChoice, RepositoryUpdate};

use crate::frame;
use crate::i18n::t;
use crate::problem::Problem;
use crate::routes::{Answer, Captures};
use crate::template;
use crate::view::{Choice, FormError, Link, RepoDelete, RepoSettings, Tab};
use crate::visit::Visit;
use crate::words::said;

/// `GET /<repo>/settings`
pub fn form(visit: &mut Visit<'_>, repository: &AdminOfRepository, _: &Captures) -> Answer {
    show(visit, repository, Vec::new())
}

/// `POST /_admin/repos/<repo>`
pub fn save(visit: &mut Visit<'_>, repository: &AdminOfRepository, _: &Captures) -> Answer {
    let form = visit.form.clone();
    let owner = current_owner(visit, repository)?;
    let update = RepositoryUpdate {
        description: form.trimmed("repo_description"),
        landing_revision: form
            .get("repo_landing_rev")
            .unwrap_or(&repository.row().landing_revision),
        owner: form.get("owner").map_or(owner.as_str(), str::trim),
        private: form.checked("repo_private"),
        statistics: form.checked("repo_enable_statistics"),
        downloads: form.checked("repo_enable_downloads"),
    };
    let actor = Actor::new(&visit.viewer, &visit.request.peer.remote_addr);
    match visit.model.update_repository(repository, &actor, &update) {
        Ok(()) => {
            visit.flash(
                "success",
                &visit.tf(
                    "Repository {name} updated successfully",
                    &[("name", &repository.name())],
                ),
            );
            Ok(visit.redirect(&String::from(visit.url(repository.name()).join("settings"))))
        }
        Err(model::Error::Invalid { field, message }) => {
            let message = said(&message);
            let label = if field == "owner" {
                t("Owner")
            } else {
                t("Landing revision")
            };
            show(
                visit,
                repository,
                vec![FormError {
                    field: field.to_owned(),
                    label: label.to_owned(),
                    message,
                }],
            )
        }
        Err(other) => Err(other.into()),
    }
}

/// `GET /<repo>/settings/advanced`
pub fn delete_form(visit: &mut Visit<'_>, repository: &AdminOfRepository, _: &Captures) -> Answer {
    show_delete(visit, repository, Vec::new())
}

/// `POST /_admin/repos/<repo>/delete`
pub fn delete(visit: &mut Visit<'_>, repository: &AdminOfRepository, _: &Captures) -> Answer {
    let name = repository.name();
    let error = |field: &str, message: String| {
        vec![FormError {
            field: field.to_owned(),
            label: t("Name").to_owned(),
            message,
        }]
    };
    if visit
        .form
        .get("confirm_name")
        .is_some_and(|typed| typed.trim() != name)
    {
        return show_delete(
            visit,
            repository,
            error(
                "confirm_name",
                t("This is not the name of the repository").into(),
            ),
        );
    }
    let forks = match visit.form.get("forks") {
        Some("detach_forks") => ForkChoice::Detach,
        _ => ForkChoice::Refuse,
    };
    let actor = Actor::new(&visit.viewer, &visit.request.peer.remote_addr);
    match visit.model.delete_repository(repository, &actor, forks) {
        Ok(()) => {
            visit.flash(
                "success",
                &visit.tf("Deleted repository {name}", &[("name", &name)]),
            );
            let parent = name
                .rsplit_once('/')
                .map(|(parent, _)| String::from(visit.url(parent)));
            Ok(visit.redirect(&parent.unwrap_or_else(|| visit.home_url())))
        }
        Err(model::Error::Invalid { field, message }) => {
            let message = said(&message);
            show_delete(visit, repository, error(field, message))
        }
        Err(other) => Err(other.into()),
    }
}

fn show(visit: &mut Visit<'_>, repository: &AdminOfRepository, errors: Vec<FormError>) -> Answer {
    let row = repository.row();
    let name = repository.name();
    let parent = name
        .rsplit_once('/')
        .map_or(t("Top level"), |(parent, _)| parent);
    template::page(
        visit.language,
        &RepoSettings {
            repo: frame::repository(
                visit,
                repository,
                frame::is_empty(visit, repository),
                "settings",
            )?,
            tabs: tabs(visit, repository, "settings"),
            action_url: visit.url("_admin/repos").join(name).into(),
            repo_name: model::name::last(name).to_owned(),
            repo_group: vec![Choice {
                value: String::new(),
                text: parent.to_owned(),
                selected: true,
            }],
            repo_landing_rev: landing_choices(visit, repository),
            owner: current_owner(visit, repository)?,
            repo_description: row.description.clone(),
            repo_private: row.private,
            repo_enable_statistics: row.statistics,
            repo_enable_downloads: row.downloads,
            permanent_url: format!("{}/_{}", visit.base_url(), row.id),
            errors,
            frame: frame::frame(
                visit,
                visit.tf("{name} Settings", &[("name", &name)]),
                "repositories",
            ),
            ..RepoSettings::default()
        },
    )
}

fn current_owner(visit: &Visit<'_>, repository: &AdminOfRepository) -> Result<String, Problem> {
    let owner = visit.model.owner(repository.row().owner)?;
    Ok(owner
        .map(|user| user.username.into_string())
        .unwrap_or_default())
}

/// What a repository may land on. One that cannot be opened keeps what it has.
fn landing_choices(visit: &Visit<'_>, repository: &AdminOfRepository) -> Vec<Choice> {
    let current = repository.row().landing_revision.as_str();
    let mut values = vec!["rev:tip".to_owned()];
    if let Ok(refs) = visit
        .model
        .open_repository(repository)
        .map_err(drop)
        .and_then(|open| open.refs().map_err(drop))
    {
        values.extend(
            refs.branches
                .iter()
                .filter(|branch| !branch.closed)
                .map(|branch| format!("branch:{}", branch.name)),
        );
        values.extend(
            refs.bookmarks
                .iter()
                .map(|bookmark| format!("book:{}", bookmark.name)),
        );
        let tags = refs.tags.iter().filter(|tag| tag.name.as_str() != "tip");
        values.extend(tags.map(|tag| format!("tag:{}", tag.name)));
    }
    if !values.iter().any(|value| value == current) {
        values.push(current.to_owned());
    }
    values
        .into_iter()
        .map(|value| Choice {
            text: value
                .split_once(':')
                .map_or(value.clone(), |(kind, name)| format!("{name} ({kind})")),
            selected: value == current,
            value,
        })
        .collect()
}

fn show_delete(
    visit: &mut Visit<'_>,
    repository: &AdminOfRepository,
    errors: Vec<FormError>,
) -> Answer {
    let name = repository.name();
    let forks = visit.model.forks(repository)?;
    template::page(visit.language, &RepoDelete {
        repo: frame::repository(visit, repository, frame::is_empty(visit, repository), "settings")?,
        tabs: tabs(visit, repository, "delete"),
        action_url: visit.url("_admin/repos").join(name).join("delete").into(),
        forks: forks
            .into_iter()
            .map(|fork| Link { url: visit.url(fork.name.as_str()).into(), text: fork.name.into_string() })
            .collect(),
        aftermath: t("The folder stays on the server under a name that begins with rm__; an administrator can rename it back.")
            .to_owned(),
        errors,
        frame: frame::frame(visit, visit.tf("{name} Delete", &[("name", &name)]), "repositories"),
    })
}

/// The pages of a repository's settings.
pub(super) fn tabs(visit: &Visit<'_>, repository: &AdminOfRepository, current: &str) -> Vec<Tab> {
    [
        (t("Settings"), "settings", "settings"),
        (t("Permissions"), "settings/permissions", "permissions"),
        (t("Delete"), "settings/advanced", "delete"),
    ]
    .into_iter()
    .map(|(text, path, id)| Tab {
        text: text.to_owned(),
        url: visit.url(repository.name()).join(path).into(),
        current: id == current,
        count: None,
    })
    .collect()
}
