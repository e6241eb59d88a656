//! Making, changing, forking and deleting repositories.

use model::{
    AdminOfRepository, Beginning, Contents, Error, ForkChoice, NewRepository, Place,
    RepositoryUpdate, User, name,
};
use serde_json::json;

use super::arguments::{Id, LookUp};
use super::fault::{Fault, Words};
use super::methods::{Answer, Call};
use super::repositories::shown;
use crate::problem::chain;

/// Splits a full name into the group and the last part.
fn split(full: &str) -> (Option<&str>, &str) {
    match full.rsplit_once('/') {
        Some((group, last)) => (Some(group), last),
        None => (None, full),
    }
}

/// The place of a new repository.
fn place(call: &Call<'_>, group: Option<&str>) -> Result<Place, Fault> {
    let id = match group {
        None => None,
        Some(name) => {
            let group = call.gate.read_group(&call.viewer, name);
            let group = group.map_err(|error| match error {
                Error::NotFound { .. } => Fault::said(format!("repo group `{name}` not found")),
                error => error.into(),
            })?;
            Some(group.row().id)
        }
    };
    call.gate
        .place_for_repository(&call.viewer, id)
        .map_err(|error| match (error, group) {
            (Error::Invalid { .. }, Some(name)) => {
                Fault::said(format!("no permission to create repo in {name}"))
            }
            (Error::Invalid { .. }, None) => Fault::said("no permission to create top level repo"),
            (error, _) => error.into(),
        })
}

/// Refuses what the original does not take: a name that is not its own slug, a landing revision without its type.
fn check(last: &str, landing: Option<&str>, failed: impl Fn() -> String) -> Result<(), Fault> {
    if name::slug(last) != last {
        return Err(Fault::Because(failed(), "the name is not a slug".into()));
    }
    if landing.is_some_and(|landing| !landing.contains(':')) {
        return Err(Fault::Because(
            failed(),
            "the landing revision has no type".into(),
        ));
    }
    Ok(())
}

/// Whether a full name is taken, and whether by a fork.
fn taken(call: &Call<'_>, full: &str) -> Result<Option<bool>, Fault> {
    Ok(call.model.repository_called(full)?)
}

pub(super) fn create_repo(call: &Call<'_>) -> Answer {
    let args = &call.args;
    let full = args.needed("repo_name");
    let (group, last) = split(full);
    let place = place(call, group)?;
    let owner = call.owner()?;
    if taken(call, full)?.is_some() {
        return Err(Fault::said(format!("repo `{full}` already exist")));
    }
    let failed = || format!("failed to create repository `{full}`");
    let landing = args.needed("landing_rev");
    check(last, Some(landing), failed)?;
    let settings = call.model.settings_given(true)?;
    let kind = args.text("repo_type").unwrap_or(&settings.default_type);
    let kind = kind
        .parse()
        .map_err(|_| Fault::Because(failed(), "the type is neither hg nor git".into()))?;
    let new = NewRepository {
        name: last,
        kind,
        description: args.needed("description"),
        private: args.maybe("private").unwrap_or(settings.default_private),
        copy_permissions: args.flag("copy_permissions"),
    };
    let beginning = Beginning {
        landing_revision: Some(landing),
        statistics: args.maybe("enable_statistics"),
        downloads: args.maybe("enable_downloads"),
        contents: match args.text("clone_uri") {
            None | Some("") => Contents::Empty,
            Some(uri) => Contents::Remote(uri),
        },
    };
    call.model
        .create_repository_with(&place, owner.id, &call.actor(), &new, &beginning)
        .or_explain(failed)?;
    Ok(json!({"msg": format!("Created new repository `{full}`"), "success": true}))
}

pub(super) fn fork_repo(call: &Call<'_>) -> Answer {
    if !call.gate.globals(&call.viewer)?.may_fork() {
        return Err(Fault::denied());
    }
    let args = &call.args;
    let source = call.repository()?;
    let full = args.needed("fork_name");
    match taken(call, full)? {
        Some(true) => return Err(Fault::said(format!("fork `{full}` already exist"))),
        Some(false) => return Err(Fault::said(format!("repo `{full}` already exist"))),
        None => {}
    }
    let (group, last) = split(full);
    let place = place(call, group)?;
    let owner = call.owner()?;
    let failed = || format!("failed to fork repository `{}` as `{full}`", source.name());
    let landing = args.needed("landing_rev");
    check(last, Some(landing), failed)?;
    let new = NewRepository {
        name: last,
        kind: source.kind(),
        description: args.needed("description"),
        private: args.flag("private"),
        copy_permissions: args.flag("copy_permissions"),
    };
    call.model
        .fork_repository(&source, &place, owner.id, &call.actor(), &new, landing)
        .or_explain(failed)?;
    Ok(json!({
        "msg": format!("Created fork of `{}` as `{full}`", source.name()),
        "success": true,
    }))
}

pub(super) fn delete_repo(call: &Call<'_>) -> Answer {
    let repository = call.admin_of_repository()?;
    let name = repository.name().to_owned();
    let failed = || format!("failed to delete repository `{name}`");
    let forks = call.model.forks(&repository)?;
    let choice = call.args.needed("forks");
    let suffix = match choice {
        "detach" => format!(" Detached {} forks", forks.len()),
        "delete" => format!(" Deleted {} forks", forks.len()),
        _ if !forks.is_empty() => {
            return Err(Fault::said(format!(
                "Cannot delete `{name}` it still contains attached forks"
            )));
        }
        _ => String::new(),
    };
    if choice == "delete" {
        delete_forks(call, &repository, 0).map_err(|fault| {
            Fault::Because(failed(), fault.reason().unwrap_or(fault.text()).to_owned())
        })?;
    }
    call.model
        .delete_repository(&repository, &call.actor(), ForkChoice::Detach)
        .or_say(failed)?;
    Ok(json!({"msg": format!("Deleted repository `{name}`{suffix}"), "success": true}))
}

/// Deletes the forks of a repository, and theirs. Nobody deletes what they do not administer: who may not is stopped
/// before anything is gone.
fn delete_forks(
    call: &Call<'_>,
    repository: &AdminOfRepository,
    depth: usize,
) -> Result<(), Fault> {
    // A chain of forks that bites its own tail is a damaged database.
    if depth > 100 {
        return Err(Fault::said("forks of forks of forks"));
    }
    let mut forks = Vec::new();
    for fork in call.model.forks(repository)? {
        let readable = call.gate.read_repository(&call.viewer, fork.name.as_str());
        let right = readable.ok().and_then(|fork| fork.administrable());
        forks.push(
            right.ok_or_else(|| Fault::said("the caller does not administer all of the forks"))?,
        );
    }
    for fork in forks {
        delete_forks(call, &fork, depth + 1)?;
        call.model
            .delete_repository(&fork, &call.actor(), ForkChoice::Detach)?;
    }
    Ok(())
}

/// Where a repository shall go: `""` and `-1` mean the top.
enum Target {
    Stay,
    Go(Option<model::ReadableGroup>),
}

fn target(call: &Call<'_>) -> Result<Target, Fault> {
    let Some(id) = call.args.maybe_id("group") else {
        return Ok(Target::Stay);
    };
    let top = id.is_number(-1) || matches!(id.look_up(), LookUp::Name("" | "-1"));
    if top {
        return Ok(Target::Go(None));
    }
    Ok(Target::Go(Some(group(call, &id)?)))
}

fn group(call: &Call<'_>, id: &Id) -> Result<model::ReadableGroup, Fault> {
    call.find_group(id)
}

pub(super) fn update_repo(call: &Call<'_>) -> Answer {
    let args = &call.args;
    let asked = args.id("repoid");
    let repository = call.admin_of_repository()?;
    let failed = || format!("failed to update repo `{asked}`");
    let row = repository.row().clone();
    let (group, last) = split(repository.name());
    let (group, last) = (group.map(str::to_owned), last.to_owned());
    let name = args.text("name").unwrap_or(&last);
    let target = target(call)?;
    let destination = match &target {
        Target::Stay => group.clone(),
        Target::Go(group) => group.as_ref().map(|group| group.name().to_owned()),
    };
    let moves = destination != group || name != last;
    // Only what really changes the path takes the right to.
    let place = match &destination {
        _ if !moves => None,
        None if group.is_none() || matches!(target, Target::Go(_)) => {
            Some(place(call, None).map_err(|_| {
                Fault::said("no permission to create (or move) top level repositories")
            })?)
        }
        Some(to) if Some(to) != group.as_ref() => {
            Some(place(call, Some(to)).map_err(|_| {
                Fault::said(format!("no permission to create (or move) repo in {to}"))
            })?)
        }
        _ => None,
    };
    let owner: Option<User> = match args.maybe_id("owner") {
        Some(_) => Some(call.owner().map_err(|fault| match fault {
            // Here the original does not tell that there is no such account.
            Fault::Said(text) if call.viewer.is_admin() => Fault::Because(failed(), text),
            fault => fault,
        })?),
        None => None,
    };
    let landing = args.text("landing_rev");
    check(name, landing, failed)?;
    let present = call.model.owner(row.owner)?;
    let owner_name = owner.as_ref().or(present.as_ref());
    let update = RepositoryUpdate {
        description: args.text("description").unwrap_or(&row.description),
        landing_revision: landing.unwrap_or(&row.landing_revision),
        owner: owner_name.map_or("", |user| user.username.as_str()),
        private: args.maybe("private").unwrap_or(row.private),
        statistics: args.maybe("enable_statistics").unwrap_or(row.statistics),
        downloads: args.maybe("enable_downloads").unwrap_or(row.downloads),
    };
    let to = moves.then_some((place.as_ref(), name));
    let full = call
        .model
        .change_repository(
            &repository,
            &call.actor(),
            &update,
            args.text("clone_uri"),
            to,
        )
        .or_explain(failed)?;
    let repository = call
        .gate
        .read_repository(&call.viewer, &full)
        .map_err(|error| Fault::Because(failed(), chain(&error)))?;
    Ok(json!({
        "msg": format!("updated repo ID:{} {full}", repository.id()),
        "repository": shown(call, &repository)?,
    }))
}
