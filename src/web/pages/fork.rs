//! Making a fork.

use model::{Actor, Beginning, Contents, Gate, GroupId, NewRepository, Places, ReadableRepository};

use super::repository_new::{TOP, choices};
use crate::frame;
use crate::problem::Problem;
use crate::routes::{Answer, Captures};
use crate::template;
use crate::view::{FormError, NewFork};
use crate::visit::Visit;
use crate::words::said;

/// `GET /<repo>/fork`
pub fn form(visit: &mut Visit<'_>, repository: &ReadableRepository, _: &Captures) -> Answer {
    let places = may_fork(visit)?;
    let name = repository.name();
    let typed = Typed {
        repo_name: format!("{}-fork", model::name::last(name)),
        description: format!("fork of repository: {name} \n{}", repository.description()),
        group: repository.row().group.map_or(TOP, |group| group.0),
        private: repository.private(),
        copy_permissions: true,
    };
    show(visit, repository, &places, typed, Vec::new())
}

/// `POST /<repo>/fork`. The original is that of the address, whatever the form says.
pub fn create(visit: &mut Visit<'_>, repository: &ReadableRepository, _: &Captures) -> Answer {
    let places = may_fork(visit)?;
    let user = visit.user()?.id;
    let form = visit.form.clone();
    let typed = Typed {
        repo_name: form.trimmed("repo_name").to_owned(),
        description: form.trimmed("description").to_owned(),
        group: form.number("repo_group").unwrap_or(TOP),
        private: form.checked("private"),
        copy_permissions: form.checked("copy_permissions"),
    };
    if typed.description.is_empty() {
        let error = wrong(visit, "description", "Please enter a value".to_owned());
        return show(visit, repository, &places, typed, vec![error]);
    }
    let group = (typed.group != TOP).then_some(GroupId(typed.group));
    let actor = Actor::new(&visit.viewer, &visit.request.peer.remote_addr);
    let begun = Gate::new(visit.model)
        .place_for_repository(&visit.viewer, group)
        .and_then(|place| {
            let new = NewRepository {
                name: &typed.repo_name,
                kind: repository.kind(),
                description: &typed.description,
                private: typed.private,
                copy_permissions: typed.copy_permissions,
            };
            let beginning = Beginning {
                statistics: Some(false),
                downloads: Some(false),
                contents: Contents::Fork(repository),
                ..Beginning::default()
            };
            visit
                .model
                .begin_repository(&place, user, &actor, &new, &beginning)
        });
    match begun {
        Ok((id, name)) => {
            visit
                .background
                .push(Box::new(move |model| model.finish_creation(id)));
            let url = visit.url(&name).join("repo_creating");
            Ok(visit.redirect(&String::from(url)))
        }
        Err(model::Error::Invalid { field, message }) => {
            let message = said(&message);
            let error = wrong(visit, field, message);
            show(visit, repository, &places, typed, vec![error])
        }
        Err(other) => Err(other.into()),
    }
}

/// Forking takes a permission of its own besides that to read.
fn may_fork(visit: &Visit<'_>) -> Result<Places, Problem> {
    visit.user()?;
    let places = Gate::new(visit.model).places(&visit.viewer)?;
    if places.forks {
        return Ok(places);
    }
    Err(Problem::Forbidden(
        visit.t("You may not create a fork.").to_owned(),
    ))
}

fn wrong(visit: &Visit<'_>, field: &str, message: String) -> FormError {
    let label = match field {
        "repo_name" => visit.t("Name"),
        "repo_group" => visit.t("Group"),
        "description" => visit.t("Description"),
        _ => "",
    };
    FormError {
        field: field.to_owned(),
        label: label.to_owned(),
        message,
    }
}

/// What somebody typed.
struct Typed {
    repo_name: String,
    description: String,
    group: i64,
    private: bool,
    copy_permissions: bool,
}

fn show(
    visit: &mut Visit<'_>,
    repository: &ReadableRepository,
    places: &Places,
    typed: Typed,
    errors: Vec<FormError>,
) -> Answer {
    let name = repository.name();
    let mut groups = choices(places, typed.group);
    if groups.is_empty() {
        return Err(Problem::Forbidden(
            visit.t("You may not create a repository here.").to_owned(),
        ));
    }
    if !groups.iter().any(|group| group.selected) {
        groups[0].selected = true;
    }
    let title = visit.tf("Fork repository {repository}", &[("repository", &name)]);
    let view = NewFork {
        repo: frame::repository(
            visit,
            repository,
            frame::is_empty(visit, repository),
            "forks",
        )?,
        action_url: visit.url(name).join("fork").into(),
        cancel_url: visit.url(name).into(),
        repo_name: typed.repo_name,
        description: typed.description,
        repo_group: groups,
        private: typed.private,
        copy_permissions: typed.copy_permissions,
        errors,
        frame: frame::frame(visit, title, "repositories"),
    };
    template::page(visit.language, &view)
}
