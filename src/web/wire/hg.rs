//! Mercurial's HTTP protocol.

use std::sync::Arc;

use http::header::{CONTENT_LENGTH, HeaderValue};
use model::{Actor, Model, ReadableRepository};
use vcs::Kind;
use vcs::wire::hg::{self, HgProgram, Report, Request as Command};

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
    let program = HgProgram {
        path: model.config().hg_path.clone(),
        config: model.mercurial_config()?,
        environment: Vec::new(),
    };
    let answer = hg::answer(&program, &contents, &command, &mut request.body)
        .map_err(|error| wire_problem(&error))?;
    let model = Arc::clone(model);
    let body = Recorded::new(answer.body, move |mut body| {
        let report = body.finish();
        record(&model, &repository, &actor, &report);
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

/// Writes down what moved. It has moved by now; a failure here must not undo it.
fn record(model: &Model, repository: &ReadableRepository, actor: &Actor, report: &Report) {
    let mut results = Vec::new();
    if report.sent_changesets {
        results.push(model.record_pull(repository, actor).map_err(Problem::from));
    }
    if !report.changegroups.is_empty() {
        let items = model
            .open_repository(repository)
            .map_err(Problem::from)
            .and_then(|contents| {
                let mut items = Vec::new();
                for group in &report.changegroups {
                    items.extend(contents.arrived(group)?);
                }
                Ok(items)
            });
        results.push(items.and_then(|items| Ok(model.record_push(repository, actor, items)?)));
    }
    for error in results.into_iter().filter_map(Result::err) {
        tracing::error!(
            "what moved in '{}' could not be written down: {error:?}",
            repository.name()
        );
    }
}
