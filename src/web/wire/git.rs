//! Git's smart HTTP.

use std::io::Read;
use std::sync::Arc;

use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderValue};
use http::{Method, StatusCode};
use model::{Actor, Model, ReadableRepository};
use vcs::Kind;
use vcs::wire::git::{self, Protocol, Request as Wanted, Service};

use super::recorded::Recorded;
use super::{Refusal, header, permit, uncached, wire_problem};
use crate::problem::Problem;
use crate::request::Request;
use crate::response::Response;

/// `info/refs`, `git-upload-pack`, `git-receive-pack`.
pub(super) fn answer(
    model: &Arc<Model>,
    request: &mut Request,
    name: &str,
    wanted: Wanted,
) -> Result<Response, Refusal> {
    let (service, advertise) = match wanted {
        Wanted::Advertise(service) if matches!(request.method, Method::GET | Method::HEAD) => {
            (service, true)
        }
        Wanted::Serve(service) if request.method == Method::POST => (service, false),
        Wanted::Bad => {
            let text = "Only Git's smart protocol is spoken here (info/refs?service=git-upload-pack or git-receive-pack).";
            return Err(Problem::BadRequest(text.into()).into());
        }
        Wanted::Advertise(_) | Wanted::Serve(_) => return Err(Problem::MethodNotAllowed.into()),
    };
    let (viewer, repository) = permit(model, request, name, Kind::Git, service.access())?;
    let path = checked_path(model, &repository)?;
    let actor = Actor::new(&viewer, &request.peer.remote_addr);
    let mut program = model.programs()?.git;
    program.environment = model.hook_environment(&repository, &actor, "push");
    let protocol = Protocol::from_header(header(&request.headers, "git-protocol"));

    if advertise {
        let body = git::advertise(&program, &path, service, protocol)
            .map_err(|error| wire_problem(&error))?;
        if service == Service::UploadPack {
            model.pulled(&repository, &actor);
        }
        return Ok(uncached(Response::stream(
            HeaderValue::from_static(service.advertisement_type()),
            body,
        )));
    }
    if request
        .headers
        .get(CONTENT_TYPE)
        .is_some_and(|value| value != service.request_type())
    {
        let text = format!("Expected a body of the type {}.", service.request_type());
        return Ok(Response::text(StatusCode::UNSUPPORTED_MEDIA_TYPE, text));
    }
    let coding = request.headers.get(CONTENT_ENCODING);
    let gzip = match coding.map_or(&b"identity"[..], HeaderValue::as_bytes) {
        b"gzip" | b"x-gzip" => true,
        b"identity" | b"" => false,
        _ => {
            let text = "A body may be compressed by gzip, and by nothing else.\n";
            return Ok(Response::text(StatusCode::UNSUPPORTED_MEDIA_TYPE, text));
        }
    };
    let mut unzipped;
    let input: &mut dyn Read = if gzip {
        unzipped = git::gunzip(&mut request.body);
        &mut unzipped
    } else {
        &mut request.body
    };
    let result_type = HeaderValue::from_static(service.result_type());
    match service {
        Service::UploadPack => {
            let body = git::upload_pack(&program, &path, protocol, input)
                .map_err(|error| wire_problem(&error))?;
            Ok(uncached(Response::stream(result_type, body)))
        }
        Service::ReceivePack => {
            let pushed = git::receive_pack(&program, &path, protocol, input)
                .map_err(|error| wire_problem(&error))?;
            let (model, updates) = (Arc::clone(model), pushed.updates);
            let body = Recorded::new(pushed.body, move |stream| {
                // Ended or not: from here on the program is gone, and the references say what came of it.
                drop(stream);
                model.git_pushed(&repository, &actor, &updates);
            });
            Ok(uncached(Response::stream(result_type, Box::new(body))))
        }
    }
}

/// The folder, once it is known to be what the database says.
fn checked_path(
    model: &Model,
    repository: &ReadableRepository,
) -> Result<std::path::PathBuf, Problem> {
    model.open_repository(repository)?;
    Ok(model.repository_path(repository)?)
}
