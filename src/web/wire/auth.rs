//! HTTP Basic, which is all that clients of Git and Mercurial know.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::AUTHORIZATION;
use model::{Model, Viewer};

use crate::problem::Problem;
use crate::request::Request;

/// The user whose name and password the request carries; none when they are missing, malformed or wrong.
pub(super) fn basic(model: &Model, request: &Request) -> Result<Option<Viewer>, Problem> {
    let Some((name, password)) = credentials(request) else {
        return Ok(None);
    };
    let address = &request.peer.remote_addr;
    let user = model.authenticate(&name, &password, address)?;
    if user.is_none() {
        tracing::warn!(
            "somebody at {address} sent wrong credentials for {}",
            request.path.as_str()
        );
    }
    Ok(user.map(Viewer::User))
}

fn credentials(request: &Request) -> Option<(String, String)> {
    let header = request.headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let bytes = STANDARD.decode(encoded.trim()).ok()?;
    // Clients differ in the character set; whoever sends no UTF-8 sends Latin-1.
    let text = String::from_utf8(bytes)
        .unwrap_or_else(|error| error.as_bytes().iter().map(|&b| char::from(b)).collect());
    let (name, password) = text.split_once(':')?;
    Some((name.to_owned(), password.to_owned()))
}
