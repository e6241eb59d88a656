//! Mercurial's HTTP protocol.

use std::sync::Arc;

use http::header::{CONTENT_LENGTH, HeaderValue};
use model::{Actor, Model};
use vcs::Kind;
use vcs::wire::hg::{self, Request as Command};

use super::recorded::Recorded;
use super::{Refusal, header, permit, uncached, wire_problem};
use crate::problem::Problem;
use crate::request::Request;
use crate::response::Response;

/// `?cmd=…`
pub(super) fn answer(
    model: &Arc<Model>,
    request: &mut Request,
    name: &str,
) -> Result<Response, Refusal> {
    let headers = request.headers.clone();
    let command = Command::parse(
        &request.query,
        &|name| header(&headers, name),
        &mut request.body,
    )
    .map_err(|error| Problem::BadRequest(error.to_string()))?;
    let (viewer, repository) = permit(model, request, name, Kind::Hg, command.access())?;
    let contents = model.open_repository(&repository)?;
    let actor = Actor::new(&viewer, &request.peer.remote_addr);
    let mut program = model.programs()?.hg;
    program.environment = model.hook_environment(&repository, &actor, "push");
    let answer = hg::answer(&program, &contents, &command, &mut request.body)
        .map_err(|error| wire_problem(&error))?;
    let model = Arc::clone(model);
    let body = Recorded::new(answer.body, move |mut body| {
        let report = body.finish();
        model.hg_moved(&repository, &actor, &report);
    });
    let mut response = Response::stream(
        HeaderValue::from_static(answer.content_type),
        Box::new(body),
    );
    if let Some(length) = answer.length {
        response
            .headers
            .insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    Ok(uncached(response))
}
