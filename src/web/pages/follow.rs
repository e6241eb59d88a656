//! Following a repository.

use http::StatusCode;
use model::{Actor, Gate, RepoId};

use crate::problem::Problem;
use crate::response::Response;
use crate::routes::{Answer, Captures};
use crate::visit::Visit;

/// `POST /_admin/toggle_following`
pub fn toggle(visit: &mut Visit<'_>, _: &Captures) -> Answer {
    let user = visit.user()?.id;
    let id = visit
        .form
        .number("follows_repository_id")
        .map(RepoId)
        .ok_or_else(|| {
            Problem::BadRequest("The field follows_repository_id holds no number.".into())
        })?;
    let name = visit.model.repository_name_by_id(id.0)?.unwrap_or_default();
    let repository = Gate::new(visit.model).read_repository(&visit.viewer, &name)?;
    let actor = Actor::new(&visit.viewer, &visit.request.peer.remote_addr);
    visit.model.toggle_following(&repository, user, &actor)?;
    if visit.request.headers.contains_key("x-requested-with") {
        return Ok(Response::text(StatusCode::OK, "ok"));
    }
    Ok(visit.redirect(&String::from(visit.url(repository.name()))))
}
