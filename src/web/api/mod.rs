//! The JSON-RPC API at `/_admin/api`: bots, CI servers and deployment recipes written for Kallithea 0.7 call it.
//!
//! `envelope` is what goes over the line, `methods` the table of everything that can be called, `arguments` the check of
//! what was sent against the table, `fault` the words of what went wrong, `shapes` how things look in JSON, `reference`
//! the table for people and for programs. Each family of methods has a file of its own.
//!
//! The API comes before pages: it knows neither sessions nor form tokens. Who calls is told by the key in the body, and
//! nothing else. Nothing of a request but the method's name is logged.

mod arguments;
mod changesets;
mod envelope;
mod fault;
mod fields;
mod gists;
mod groups;
mod keys;
mod look_up;
mod methods;
mod permissions;
mod pull_requests;
pub(crate) mod reference;
mod repositories;
mod repository_life;
mod server;
mod sessions;
mod shapes;
mod user_groups;
mod users;

use std::io::Read;

use http::header::{CACHE_CONTROL, HeaderValue};
use http::{Method, StatusCode};
use model::{Gate, Model, Viewer};
use serde_json::Value;

use self::arguments::Arguments;
use self::envelope::{RawCall, Reply, Sent};
use self::fault::Fault;
use self::methods::{Call, Run};
use crate::form::Form;
use crate::key;
use crate::problem::{self, Problem};
use crate::request::{BodyError, Peer, Request};
use crate::response::Response;

/// Where the API lives, below the mount point.
pub(crate) const PATH: &str = "/_admin/api";

/// Largest request that is read.
const MAX_BODY: u64 = 10 * 1024 * 1024;
/// How much of a larger one is taken in and thrown away, so that the client gets to read why.
const MAX_DRAIN: u64 = 200 * 1024 * 1024;

/// Whether a request is a call. Without a body, GET shows the reference to who asks for a page or for JSON; others read
/// what the original says to a call without one.
pub(crate) fn recognise(request: &Request) -> bool {
    let path = request.path.as_str();
    if path.strip_suffix('/').unwrap_or(path) != PATH {
        return false;
    }
    match request.method {
        Method::POST => true,
        Method::GET | Method::HEAD => {
            request.body.length().is_some_and(|length| length > 0) || !reference::asked(request)
        }
        _ => false,
    }
}

/// Answers a request that is a call or a batch of them.
pub(crate) fn answer(model: &Model, mut request: Request, id: &str) -> Response {
    if let Err(refusal) = pass_outer_door(model, &mut request) {
        return problem::bare(&refusal, id);
    }
    let announced = request.body.length().is_some();
    let body = match request.body.read_all(MAX_BODY) {
        Ok(body) => body,
        Err(error) => {
            let _ = std::io::copy(
                &mut (&mut request.body).take(MAX_DRAIN),
                &mut std::io::sink(),
            );
            let text = match error {
                BodyError::TooLong { limit } => {
                    format!("The request is larger than {limit} bytes")
                }
                error => format!("The request could not be read: {error}"),
            };
            return json(StatusCode::OK, Reply::error(Value::Null, text).to_text());
        }
    };
    let reply = |call: Result<RawCall, Reply>| -> Reply {
        call.map_or_else(|reply| reply, |call| run(model, &request.peer, call, id))
    };
    match envelope::read(&body, announced) {
        Sent::One(call) => {
            let reply = reply(call);
            json(status(reply.later), reply.to_text())
        }
        Sent::Batch(calls) => {
            let replies: Vec<Reply> = calls.into_iter().map(reply).collect();
            // Where only some calls found the database, what those say must reach the client.
            let later = replies.iter().all(|reply| reply.later);
            let texts: Vec<String> = replies.iter().map(Reply::to_text).collect();
            json(status(later), format!("[{}]", texts.join(", ")))
        }
    }
}

fn status(later: bool) -> StatusCode {
    if later {
        StatusCode::SERVICE_UNAVAILABLE
    } else {
        StatusCode::OK
    }
}

/// What holds for every address of the original holds here too: a key in the address or in a header that opens nothing is
/// refused, although the key in the body decides who calls.
fn pass_outer_door(model: &Model, request: &mut Request) -> Result<(), Problem> {
    if Form::parse(request.query.as_bytes())
        .get("_method")
        .is_some()
    {
        return Err(Problem::MethodNotAllowed);
    }
    let Some(key) = key::take(request) else {
        return Ok(());
    };
    match model.viewer_by_key(&key, &request.peer.remote_addr)? {
        Some(_) => Ok(()),
        None => Err(key::refused()),
    }
}

/// Runs one call.
fn run(model: &Model, peer: &Peer, call: RawCall, id: &str) -> Reply {
    let name = call.method.as_str().unwrap_or("").to_owned();
    let RawCall {
        id: call_id,
        api_key,
        method,
        args,
    } = call;
    let mut caller = None;
    let outcome = caller_of(model, peer, &api_key).and_then(|(viewer, user)| {
        caller = Some(user.username.to_string());
        run_as(model, peer, viewer, user, &method, args)
    });
    let user = caller.as_deref().unwrap_or("-");
    // Names of methods that do not exist are the client's text: they do not go into the log.
    let shown = methods::find(&name).map_or("-", |method| method.name);
    match &outcome {
        Ok(_) => tracing::debug!(request_id = id, user, method = shown, "API call"),
        Err(Fault::Internal(reason) | Fault::Unavailable(reason)) => {
            tracing::error!(request_id = id, user, method = shown, "API call: {reason}");
        }
        Err(fault) => tracing::info!(
            request_id = id,
            user,
            method = shown,
            "API call refused: {}",
            fault.reason().unwrap_or("see the reply")
        ),
    }
    Reply {
        id: call_id,
        later: matches!(outcome, Err(Fault::Unavailable(_))),
        outcome: outcome.map_err(|fault| fault.text().to_owned()),
    }
}

/// The person whom the key of a call opens.
fn caller_of(model: &Model, peer: &Peer, api_key: &Value) -> Result<(Viewer, model::User), Fault> {
    let viewer = match api_key.as_str() {
        Some(key) => match model.viewer_by_key(key, &peer.remote_addr) {
            // Wrong is wrong: the original says the same each time, and the right key never waits.
            Err(model::Error::TooManyAttempts { .. }) => None,
            other => other?,
        },
        None => None,
    };
    match viewer {
        Some(Viewer::User(user)) => Ok((Viewer::User(user.clone()), user)),
        _ => Err(Fault::said("Invalid API key")),
    }
}

fn run_as(
    model: &Model,
    peer: &Peer,
    viewer: Viewer,
    user: model::User,
    method: &Value,
    args: serde_json::Map<String, Value>,
) -> methods::Answer {
    let name = match method {
        Value::String(name) if name.starts_with('_') => {
            return Err(Fault::said("Method not allowed"));
        }
        Value::String(name) => name.clone(),
        Value::Null => "None".to_owned(),
        other => other.to_string(),
    };
    let found = method.as_str().and_then(methods::find);
    let method = found.ok_or_else(|| Fault::said(format!("No such method: {name}")))?;
    let gate = Gate::new(model);
    let call = Call {
        model,
        gate,
        args: Arguments::check(method.parameters, args)?,
        viewer,
        user,
        peer,
    };
    match method.run {
        Run::Any(run) => run(&call),
        Run::Admin(run) => {
            let admin = gate.site_admin(&call.viewer).map_err(|_| Fault::denied())?;
            run(&call, &admin)
        }
    }
}

/// Sent with the type that clients of 0.7 expect, and never kept by anybody in between.
fn json(status: StatusCode, text: String) -> Response {
    Response::bytes(status, "application/json", text.into_bytes())
        .with(CACHE_CONTROL, HeaderValue::from_static("no-store"))
}
