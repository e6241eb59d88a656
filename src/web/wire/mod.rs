//! The wire protocols over HTTP: who may fetch and push, and what is written down about it.
//!
//! How the protocols work stands in [`vcs::wire`]; here a request is recognised, its user found, the permission
//! checked, the answer of the program passed on, and the journal written when it is through.

mod auth;
mod git;
mod hg;
mod recorded;

use std::sync::Arc;

use http::header::{ACCEPT, CACHE_CONTROL, EXPIRES, HeaderValue, PRAGMA};
use http::{HeaderMap, StatusCode};
use model::{Gate, Model, ReadableRepository, Viewer};
use vcs::Kind;
use vcs::wire::Access;

use crate::path::decode_text;
use crate::problem::{Problem, chain};
use crate::request::Request;
use crate::response::Response;

/// A request that belongs to a client of Git or Mercurial.
pub(crate) enum Call {
    /// Git, for the repository of this name.
    Git(String, vcs::wire::git::Request),
    /// Mercurial, for the repository of this name.
    Hg(String),
}

/// Whether a request belongs to a client of Git or Mercurial.
pub(crate) fn recognise(request: &Request) -> Option<Call> {
    let accept = request
        .headers
        .get(ACCEPT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let path = decode_text(request.path.as_str())?;
    if accept.starts_with("application/mercurial") {
        return Some(Call::Hg(path.trim_matches('/').to_owned()));
    }
    let (name, wanted) =
        vcs::wire::git::Request::classify(path.trim_start_matches('/'), &request.query)?;
    Some(Call::Git(name.to_owned(), wanted))
}

/// Answers such a request.
pub(crate) fn answer(model: &Arc<Model>, request: Request, call: Call, id: &str) -> Response {
    let mut request = request;
    let result = match call {
        Call::Git(name, wanted) => git::answer(model, &mut request, &name, wanted),
        Call::Hg(name) => hg::answer(model, &mut request, &name),
    };
    result.unwrap_or_else(|refusal| {
        // Mercurial sends a whole push before it looks at the answer; who closes the connection meanwhile never gets
        // to tell it that it has to sign in.
        let _ = std::io::copy(&mut request.body, &mut std::io::sink());
        refusal.respond(id)
    })
}

/// Why a client is turned away.
enum Refusal {
    /// 401, or 403 where the site prefers it: send credentials.
    Challenge { realm: String, forbid: bool },
    /// 403 for somebody who may read but not write.
    Forbidden(String),
    /// Everything else.
    Problem(Problem),
}

impl<E: Into<Problem>> From<E> for Refusal {
    fn from(error: E) -> Self {
        Self::Problem(error.into())
    }
}

impl Refusal {
    /// Clients show the text, so it is plain and short.
    fn respond(self, id: &str) -> Response {
        match self {
            Self::Challenge { realm, forbid } => {
                let status = if forbid {
                    StatusCode::FORBIDDEN
                } else {
                    StatusCode::UNAUTHORIZED
                };
                let mut response = Response::text(
                    status,
                    "Sign in with the name and the password of your account.\n",
                );
                let realm: String = realm
                    .chars()
                    // Clients in Python end the text at either kind of quotation mark.
                    .filter(|c| (' '..='~').contains(c) && !matches!(c, '"' | '\'' | '\\'))
                    .collect();
                if let Ok(value) = HeaderValue::from_str(&format!("Basic realm=\"{realm}\"")) {
                    response
                        .headers
                        .insert(http::header::WWW_AUTHENTICATE, value);
                }
                response
            }
            Self::Forbidden(message) => {
                Response::text(StatusCode::FORBIDDEN, format!("{message}\n"))
            }
            Self::Problem(problem) => {
                if let Problem::Internal(message) = &problem {
                    tracing::error!(request_id = id, "{message}");
                }
                let text = problem.detail().unwrap_or_else(|| problem.sentence());
                Response::text(problem.status(), format!("{text}\n(request {id})\n"))
            }
        }
    }
}

/// Finds the user and the right to do this with the repository.
///
/// A visitor is told the same of a repository that does not exist and of one that takes a permission: send credentials.
/// A user is told the same of one that does not exist and of one that they may not read: 404.
fn permit(
    model: &Model,
    request: &Request,
    name: &str,
    kind: Kind,
    access: Access,
) -> Result<(Viewer, ReadableRepository), Refusal> {
    let gate = Gate::new(model);
    let allows = |repository: &ReadableRepository| match access {
        Access::Read => true,
        Access::Write => repository.writable().is_some(),
    };
    let address = &request.peer.remote_addr;
    // Who says who they are is taken at their word or refused; only who says nothing is a visitor.
    if !request.headers.contains_key(http::header::AUTHORIZATION) {
        let visitor = model.visitor(address)?;
        if let Ok(repository) = gate.read_repository(&visitor, name) {
            if repository.kind() != kind {
                return Err(other_kind(&repository).into());
            }
            if allows(&repository) {
                settled(&repository)?;
                return Ok((visitor, repository));
            }
        }
    }
    let let_in = match model.header_source()? {
        Some(source) => crate::header_login::user(model, &source, request)?,
        None => None,
    };
    let let_in = match let_in {
        Some(user) => model.viewer(user.id, address)?,
        None => auth::basic(model, request)?,
    };
    let Some(viewer) = let_in else {
        let realm = model.settings()?.realm;
        return Err(Refusal::Challenge {
            realm,
            forbid: model.config().forbid_in_place_of_challenge,
        });
    };
    let repository = gate
        .read_repository(&viewer, name)
        .map_err(|error| match error {
            model::Error::NotFound { what, name } => model::Error::NotFound {
                what,
                name: asked_name(request).unwrap_or(name),
            },
            other => other,
        })?;
    if repository.kind() != kind {
        return Err(other_kind(&repository).into());
    }
    settled(&repository)?;
    if !allows(&repository) {
        return Err(Refusal::Forbidden(format!(
            "You may read '{name}', but not push to it."
        )));
    }
    Ok((viewer, repository))
}

/// What a client called a repository that it named by its id: all that it is told about one that it may not see.
fn asked_name(request: &Request) -> Option<String> {
    let asked = request.asked.as_ref()?;
    asked.segments().next().map(str::to_owned)
}

/// Nobody gets or gives anything before a repository is all there.
fn settled(repository: &ReadableRepository) -> Result<(), Problem> {
    if repository.pending() {
        let name = repository.name();
        return Err(Problem::Unavailable(format!(
            "'{name}' is still being made."
        )));
    }
    Ok(())
}

fn other_kind(repository: &ReadableRepository) -> Problem {
    Problem::NotFound(format!(
        "'{}' is a {} repository",
        repository.name(),
        repository.kind().as_str()
    ))
}

/// Answers of the protocols are never kept by anybody in between.
fn uncached(mut response: Response) -> Response {
    response.headers.insert(
        CACHE_CONTROL,
        HeaderValue::from_static("no-cache, max-age=0, must-revalidate"),
    );
    response.headers.insert(
        EXPIRES,
        HeaderValue::from_static("Fri, 01 Jan 1980 00:00:00 GMT"),
    );
    response
        .headers
        .insert(PRAGMA, HeaderValue::from_static("no-cache"));
    response
}

/// The text of a header, when it is plain text.
fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// What a failing program means for the client.
fn wire_problem(error: &vcs::wire::Error) -> Problem {
    use vcs::wire::Error;
    match error {
        Error::ProgramMissing { .. } => {
            tracing::error!("{}", chain(error));
            Problem::Unavailable(format!("This server cannot serve the repository: {error}"))
        }
        Error::Input(source) if source.kind() == std::io::ErrorKind::FileTooLarge => {
            Problem::TooLarge("No client asks for so much at once.".into())
        }
        Error::Input(_) => Problem::BadRequest(chain(error)),
        Error::Failed { .. } if error.is_clients_fault() => {
            tracing::warn!("{}", chain(error));
            Problem::BadRequest("This is not the protocol of the program.".into())
        }
        Error::Start { .. } | Error::Child { .. } | Error::Failed { .. } => {
            Problem::Internal(chain(error))
        }
    }
}
