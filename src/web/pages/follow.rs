//! Following a repository or an account.

use http::StatusCode;
use model::{Actor, Gate, RepoId, UserId};

use crate::i18n::t;
use crate::problem::Problem;
use crate::response::Response;
use crate::routes::{Answer, Captures};
use crate::visit::Visit;

/// `POST /_admin/toggle_following`: follows what was not followed, and the other way round. The answer is `ok`, or with
/// `Accept: application/json` what is so from now on; our forms, which say where they came from, lead back there.
pub fn toggle(visit: &mut Visit<'_>, _: &Captures) -> Answer {
    let user = visit.user()?.id;
    if let Some(other) = visit.form.number("follows_user_id") {
        let following = visit.model.toggle_following_user(user, UserId(other))?;
        if accepts_json(visit) {
            return Ok(Response::json(
                &serde_json::json!({ "following": following }),
            ));
        }
        return Ok(Response::text(StatusCode::OK, "ok"));
    }
    let id = visit
        .form
        .number("follows_repository_id")
        .map(RepoId)
        .ok_or_else(|| {
            Problem::BadRequest(t("The field follows_repository_id holds no number.").into())
        })?;
    let name = visit.model.repository_name_by_id(id.0)?.unwrap_or_default();
    let repository = Gate::new(visit.model)
        .read_repository(&visit.viewer, &name)
        .map_err(|error| match error {
            // Its name is nothing to be told.
            model::Error::NotFound { what, .. } => model::Error::NotFound {
                what,
                name: id.0.to_string(),
            },
            other => other,
        })?;
    let actor = Actor::new(&visit.viewer, &visit.request.peer.remote_addr);
    let following = visit.model.toggle_following(&repository, user, &actor)?;
    if accepts_json(visit) {
        let followers = visit
            .model
            .repository_facts(&repository, &visit.viewer)?
            .followers;
        return Ok(Response::json(&serde_json::json!({
            "following": following,
            "followers": followers,
        })));
    }
    let scripted = visit.request.headers.contains_key("x-requested-with");
    Ok(match visit.form.get("came_from") {
        Some(path) if !scripted && is_ours(path) => visit.redirect(path),
        Some(_) if !scripted => visit.redirect(&String::from(visit.url(repository.name()))),
        _ => Response::text(StatusCode::OK, "ok"),
    })
}

fn accepts_json(visit: &Visit<'_>) -> bool {
    let accept = visit.request.headers.get(http::header::ACCEPT);
    accept
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("application/json"))
}

/// Whether a path leads to this site and nowhere else.
fn is_ours(path: &str) -> bool {
    path.starts_with('/')
        && !path.starts_with("//")
        && path
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'\\')
}
