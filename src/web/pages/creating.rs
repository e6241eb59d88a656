//! Waiting for a repository that is being made.

use model::{AdminOfRepository, Progress, ReadableRepository};

use crate::frame;
use crate::problem::Problem;
use crate::response::Response;
use crate::routes::{Answer, Captures};
use crate::template;
use crate::view::RepoCreating;
use crate::visit::Visit;
use crate::words;

/// For so many seconds after it began, the end of it is worth a message.
const NEWS: i64 = 24 * 3600;

/// `GET /<repo>/repo_creating`
pub fn show(visit: &mut Visit<'_>, repository: &ReadableRepository, _: &Captures) -> Answer {
    visit.user()?;
    let name = repository.name();
    let url = String::from(visit.url(name));
    let progress = visit.model.creation_progress(repository)?;
    let (stage, percent) = match &progress {
        Progress::Done => {
            tell(visit, repository)?;
            return Ok(visit.redirect(&url));
        }
        Progress::AtWork { stage, percent } => (stage.clone(), *percent),
        Progress::Failed(_) | Progress::Abandoned => (String::new(), None),
    };
    let ended = !matches!(progress, Progress::AtWork { .. });
    let mine = repository.administrable().is_some();
    let creating = String::from(visit.url(name).join("repo_creating"));
    let check = visit
        .url(name)
        .join("repo_check_creating")
        .query("repo", name);
    let delete = visit.url("_admin/repos").join(name).join("delete");
    let title = visit.tf("{repository} Creating", &[("repository", &name)]);
    let clone_of = repository.row().clone_uri.as_ref();
    // Messages wait for the page that follows, where they are read.
    let waiting = visit.session.take_flash();
    let frame = frame::frame(visit, title, "repositories");
    for (category, html) in waiting {
        visit.session.flash(&category, html);
    }
    template::page(
        visit.language,
        &RepoCreating {
            name: name.to_owned(),
            repo_url: url,
            check_url: check.into(),
            clone_of: clone_of.map(|uri| words::without_password(uri.as_str())),
            stage,
            percent,
            ended,
            failed: match progress {
                Progress::Failed(why) => Some(words::said(&why)),
                _ => None,
            },
            retry_url: (ended && mine).then(|| creating.clone()),
            delete_url: (ended && mine).then(|| delete.into()),
            url: creating,
            frame,
        },
    )
}

/// `POST /<repo>/repo_creating`: once more.
pub fn retry(visit: &mut Visit<'_>, repository: &AdminOfRepository, _: &Captures) -> Answer {
    if visit.model.retry_creation(repository, &visit.viewer)? {
        let id = repository.id();
        visit
            .background
            .push(Box::new(move |model| model.finish_creation(id)));
    }
    let url = visit.url(repository.name()).join("repo_creating");
    Ok(visit.redirect(&String::from(url)))
}

/// `GET /<repo>/repo_check_creating`
pub fn check(visit: &mut Visit<'_>, repository: &ReadableRepository, _: &Captures) -> Answer {
    visit.user()?;
    let progress = visit.model.creation_progress(repository)?;
    if progress == Progress::Done {
        tell(visit, repository)?;
    }
    let (stage, percent) = match &progress {
        Progress::AtWork { stage, percent } => (stage.as_str(), *percent),
        _ => ("", None),
    };
    Ok(Response::json(&serde_json::json!({
        "result": progress == Progress::Done,
        "failed": matches!(progress, Progress::Failed(_) | Progress::Abandoned),
        "stage": stage,
        "percent": percent,
    })))
}

/// Leaves a message for the owner that the repository is there; the same one is not left twice.
fn tell(visit: &mut Visit<'_>, repository: &ReadableRepository) -> Result<(), Problem> {
    let row = repository.row();
    let age = jiff::Timestamp::now().as_second() - row.created_on.to_unix();
    if visit.user()?.id != row.owner || age > NEWS {
        return Ok(());
    }
    let name = repository.name();
    let link = format!(
        "<a href=\"{}\">{}</a>",
        render::escape(&String::from(visit.url(name))),
        render::escape(name)
    );
    let parent = visit
        .model
        .repository_facts(repository, &visit.viewer)?
        .fork_of;
    let remote = row.clone_uri.as_ref().map(|uri| uri.as_str());
    let html = match (parent, remote.filter(|uri| !uri.is_empty())) {
        (Some(parent), _) => visit.tf(
            "Forked repository {parent} as {link_html}",
            &[("parent", &render::escape(&parent)), ("link_html", &link)],
        ),
        (None, Some(uri)) => visit.tf(
            "Created repository {link_html} from {address}",
            &[
                ("link_html", &link),
                ("address", &render::escape(&words::without_password(uri))),
            ],
        ),
        (None, None) => visit.tf("Created repository {link_html}", &[("link_html", &link)]),
    };
    visit.session.flash("success", html);
    Ok(())
}
