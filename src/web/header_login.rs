//! People whom the web server in front of us has let in (the login source `container`).

use model::auth::HeaderSource;
use model::{Model, User};

use crate::problem::Problem;
use crate::request::Request;
use crate::session::Session;

/// The person that the variables of a request name; none when the source is off or names nobody.
pub(crate) fn user(
    model: &Model,
    source: &HeaderSource,
    request: &Request,
) -> Result<Option<User>, Problem> {
    let value = |name: &str| value(request, name);
    let Some(user) = model.user_of_web_server(source, &value)? else {
        return Ok(None);
    };
    Ok(Some(user))
}

/// Brings a session in line with what the web server says: who comes without one gets one, and one that began this way
/// ends when the web server names somebody else or nobody.
pub(crate) fn follow(
    model: &Model,
    source: Option<&HeaderSource>,
    session: &mut Session,
    request: &Request,
) -> Result<(), Problem> {
    let named = match source {
        _ if session.user_id().is_some() && !session.is_external() => return Ok(()),
        Some(source) => user(model, source, request)?,
        None => None,
    };
    match (session.user_id(), named) {
        (Some(current), Some(user)) if current == user.id => {}
        (Some(_), None) => session.sign_out(),
        (_, Some(user)) => {
            model.signed_in(user.id)?;
            session.sign_in_external(user.id);
            tracing::info!(
                "user {} was let in by the web server, from {}",
                user.id,
                request.peer.remote_addr
            );
        }
        (None, None) => {}
    }
    Ok(())
}

/// A variable of the request, when it may be believed: those that are headers only from a proxy that is trusted.
fn value(request: &Request, variable: &str) -> Option<String> {
    let bytes = match variable.strip_prefix("HTTP_") {
        Some(header) => {
            let value = request
                .headers
                .get(header.to_ascii_lowercase().replace('_', "-"))?;
            if !request.peer.may_sign_in {
                tracing::warn!(
                    "the header behind {variable} came from {}, which is not among 'trusted_proxies', and is not believed",
                    request.peer.remote_addr
                );
                return None;
            }
            value.as_bytes()
        }
        None => {
            &request
                .peer
                .variables
                .iter()
                .find(|(name, _)| name == variable)?
                .1
        }
    };
    String::from_utf8(bytes.to_vec()).ok()
}
