//! From CGI variables, which WSGI and uWSGI both speak, to a [`Request`].

use std::io::Read;

use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use model::Config;
use percent_encoding::{CONTROLS, percent_encode};

use crate::path::{BadPath, RequestPath, encode};
use crate::prefix;
use crate::request::{Body, Peer, Request};

/// One CGI variable: its name and its bytes.
pub type Variable = (String, Vec<u8>);

/// Why the variables do not make a request. The client gets 400 with this text.
#[derive(Debug, thiserror::Error)]
pub enum BadRequest {
    /// The request line's method is not a token.
    #[error("the request method is not valid")]
    Method,
    /// See [`BadPath`].
    #[error(transparent)]
    Path(#[from] BadPath),
    /// `Content-Length` is not a number.
    #[error("the Content-Length is not a number")]
    ContentLength,
    /// The query string holds a control character.
    #[error("the query string holds a control character")]
    Query,
    /// `Host` is not `name`, `name:port` or `[address]:port`.
    #[error("the Host header is not valid")]
    Host,
}

/// Makes a request of CGI variables.
///
/// `terminated` says that `body` ends by itself (chunked bodies whose server has undone the chunks).
///
/// # Errors
/// [`BadRequest`] when a part of it breaks HTTP's rules in a way that servers let through.
pub fn request(
    variables: Vec<Variable>,
    body: Box<dyn Read + Send>,
    terminated: bool,
    config: &Config,
) -> Result<Request, BadRequest> {
    let mut variables = variables;
    // Before a filter puts the client's address in its place: whom to believe depends on who speaks to us.
    let sender = variables
        .iter()
        .find(|(name, _)| name == "REMOTE_ADDR")
        .map(|(_, value)| String::from_utf8_lossy(value).trim().to_owned())
        .unwrap_or_default();
    let sender = sender.split('%').next().unwrap_or_default();
    if let Some(prefix) = &config.prefix {
        prefix::translate(prefix, &config.trusted_proxies, &mut variables);
    }
    let find = |name: &str| {
        variables
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, value)| value.as_slice())
    };
    let text = |name: &str| {
        find(name)
            .and_then(|value| std::str::from_utf8(value).ok())
            .map(str::trim)
    };

    let method = Method::from_bytes(find("REQUEST_METHOD").unwrap_or(b"GET"))
        .map_err(|_| BadRequest::Method)?;
    let path = RequestPath::from_bytes(find("PATH_INFO").unwrap_or_default())?;
    let query = find("QUERY_STRING").unwrap_or_default();
    if query.iter().any(u8::is_ascii_control) {
        return Err(BadRequest::Query);
    }
    // Some clients send names beyond ASCII as they are; from here on they are encoded like everybody's.
    let query = percent_encode(query, CONTROLS).to_string();
    let chunked =
        text("HTTP_TRANSFER_ENCODING").is_some_and(|value| value.eq_ignore_ascii_case("chunked"));
    let length = match text("CONTENT_LENGTH").filter(|value| !value.is_empty() && !chunked) {
        Some(value) => Some(value.parse().map_err(|_| BadRequest::ContentLength)?),
        None if terminated && (chunked || !matches!(method, Method::GET | Method::HEAD)) => None,
        None => Some(0),
    };

    let forwards = config.trusted_proxies.may_forward(sender);
    // A variable that only a server can set is always believed; one that is a request header, from a proxy of ours.
    let believed = |name: &str| {
        text(name).filter(|value| !value.is_empty() && (forwards || !name.starts_with("HTTP_")))
    };
    let https = config.force_https
        || believed(&config.url_scheme_variable)
            .or_else(|| text("wsgi.url_scheme"))
            .is_some_and(|s| s == "https")
        || text("HTTPS").is_some_and(|value| matches!(value, "on" | "1"));
    let address = believed(&config.remote_addr_variable)
        .or_else(|| text("REMOTE_ADDR"))
        .unwrap_or_default();
    let peer = Peer {
        remote_addr: config.trusted_proxies.client(address).to_owned(),
        scheme: if https { "https" } else { "http" }.to_owned(),
        host: host(&text)?,
        script_name: encode(find("SCRIPT_NAME").unwrap_or_default())
            .trim_end_matches('/')
            .to_owned(),
        may_sign_in: config.trusted_proxies.may_sign_in(sender),
        variables: Vec::new(),
    };

    let mut headers = HeaderMap::new();
    for (name, value) in &variables {
        let name = match name.as_str() {
            "CONTENT_TYPE" => CONTENT_TYPE,
            "CONTENT_LENGTH" => CONTENT_LENGTH,
            other => match other.strip_prefix("HTTP_").and_then(header_name) {
                Some(name) => name,
                None => continue,
            },
        };
        if let Ok(value) = HeaderValue::from_bytes(value) {
            headers.insert(name, value);
        }
    }
    let peer = Peer {
        variables: variables
            .into_iter()
            .filter(|(name, _)| !name.starts_with("HTTP_") && !name.contains('.'))
            .collect(),
        ..peer
    };
    Ok(Request {
        method,
        path,
        asked: None,
        query,
        headers,
        peer,
        body: Body::new(body, length),
    })
}

/// `X_HGARG_1` → `x-hgarg-1`.
fn header_name(cgi: &str) -> Option<HeaderName> {
    HeaderName::from_bytes(cgi.to_ascii_lowercase().replace('_', "-").as_bytes()).ok()
}

/// The address we were called by; it goes into redirects and clone URLs, hence the strict form.
fn host<'a>(text: &impl Fn(&str) -> Option<&'a str>) -> Result<String, BadRequest> {
    let host = match text("HTTP_HOST").filter(|host| !host.is_empty()) {
        Some(host) => host.to_owned(),
        None => match (
            text("SERVER_NAME").unwrap_or("localhost"),
            text("SERVER_PORT"),
        ) {
            (name, Some(port)) if port != "80" && port != "443" => format!("{name}:{port}"),
            (name, _) => name.to_owned(),
        },
    };
    let ok = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '[' | ']');
    if host.chars().all(ok) {
        Ok(host)
    } else {
        Err(BadRequest::Host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn make(variables: &[(&str, &str)]) -> Result<Request, BadRequest> {
        let (config, _) = Config::from_values(
            &[(
                "url_scheme_variable".into(),
                "HTTP_X_FORWARDED_PROTO".into(),
            )],
            "/".into(),
            None,
        )
        .unwrap();
        let variables = variables
            .iter()
            .map(|(n, v)| ((*n).to_owned(), v.as_bytes().to_vec()))
            .collect();
        request(variables, Box::new(&b"body"[..]), true, &config)
    }

    #[test]
    fn variables_become_headers_and_a_peer() {
        let request = make(&[
            ("REQUEST_METHOD", "POST"),
            ("PATH_INFO", "/r"),
            ("QUERY_STRING", "cmd=batch"),
            ("HTTP_X_HGARG_1", "cmds=heads"),
            ("CONTENT_TYPE", "application/mercurial-0.1"),
            ("CONTENT_LENGTH", "4"),
            ("REMOTE_ADDR", "10.0.0.1, fe80::1%eth0"),
            ("HTTP_HOST", "example.org:8080"),
            ("HTTP_X_FORWARDED_PROTO", "https"),
        ])
        .unwrap();
        assert_eq!(request.headers["x-hgarg-1"], "cmds=heads");
        assert_eq!(request.headers["content-type"], "application/mercurial-0.1");
        assert_eq!(request.peer.remote_addr, "fe80::1");
        assert_eq!(
            (&*request.peer.scheme, &*request.peer.host),
            ("https", "example.org:8080")
        );
        assert_eq!(request.body.length(), Some(4));
    }

    #[test]
    fn a_header_about_the_client_is_believed_only_from_a_proxy_of_ours() {
        let (config, _) = Config::from_values(
            &[
                ("trusted_proxies".into(), "10.0.0.1".into()),
                ("remote_addr_variable".into(), "HTTP_X_FORWARDED_FOR".into()),
                (
                    "url_scheme_variable".into(),
                    "HTTP_X_FORWARDED_PROTO".into(),
                ),
            ],
            "/".into(),
            None,
        )
        .unwrap();
        let peer = |sender: &str| {
            let variables = [
                ("REMOTE_ADDR", sender),
                ("HTTP_X_FORWARDED_FOR", "198.51.100.1, 203.0.113.9"),
                ("HTTP_X_FORWARDED_PROTO", "https"),
                ("SSL_CLIENT_S_DN_CN", "ada"),
            ];
            let variables = variables
                .map(|(n, v)| (n.to_owned(), v.as_bytes().to_vec()))
                .to_vec();
            request(variables, Box::new(std::io::empty()), true, &config)
                .unwrap()
                .peer
        };
        let ours = peer("10.0.0.1");
        assert_eq!(
            (&*ours.remote_addr, &*ours.scheme, ours.may_sign_in),
            ("203.0.113.9", "https", true)
        );
        let stranger = peer("192.0.2.7");
        assert_eq!(
            (
                &*stranger.remote_addr,
                &*stranger.scheme,
                stranger.may_sign_in
            ),
            ("192.0.2.7", "http", false)
        );
        assert!(
            stranger
                .variables
                .iter()
                .any(|(name, value)| name == "SSL_CLIENT_S_DN_CN" && value == b"ada")
        );
    }

    #[test]
    fn a_body_without_length_is_read_only_when_the_server_ends_it() {
        let length = |variables: &[(&str, &str)]| make(variables).unwrap().body.length();
        assert_eq!(
            length(&[
                ("REQUEST_METHOD", "POST"),
                ("HTTP_TRANSFER_ENCODING", "chunked")
            ]),
            None
        );
        assert_eq!(length(&[("REQUEST_METHOD", "GET")]), Some(0));
    }

    #[test]
    fn a_query_beyond_ascii_is_encoded() {
        assert_eq!(
            make(&[("QUERY_STRING", "a=\u{e9}&b=%20")]).unwrap().query,
            "a=%C3%A9&b=%20"
        );
    }

    #[test]
    fn broken_parts_are_refused() {
        assert!(matches!(
            make(&[("CONTENT_LENGTH", "x")]),
            Err(BadRequest::ContentLength)
        ));
        assert!(matches!(
            make(&[("HTTP_HOST", "a/b")]),
            Err(BadRequest::Host)
        ));
        assert!(matches!(
            make(&[("QUERY_STRING", "a=\u{1}")]),
            Err(BadRequest::Query)
        ));
        assert!(matches!(
            make(&[("REQUEST_METHOD", "G T")]),
            Err(BadRequest::Method)
        ));
        assert!(matches!(
            make(&[("PATH_INFO", "/../x")]),
            Err(BadRequest::Path(BadPath::Dots))
        ));
    }
}
