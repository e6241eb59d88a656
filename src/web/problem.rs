//! What went wrong, in the words and with the status of the page that tells it.

use http::header::{HeaderValue, RETRY_AFTER};
use http::{HeaderName, StatusCode};

use crate::i18n::{ENGLISH, Language, m};
use crate::response::Response;
use crate::static_files;
use crate::template;
use crate::view::BareError;
use crate::words;

/// Seconds after which it makes sense to ask again when something outside is down.
const RETRY_SECONDS: &str = "10";

/// Seconds that are enough in any case after too many wrong credentials.
const PATIENCE_SECONDS: &str = "60";

/// Header and log field that name a request.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

const UNREADABLE: &str = m("The repository cannot be read at the moment; the log knows more.");
const NO_SUCH_REVISION: &str = m("Such revision does not exist for this repository");

/// Why a page is not shown. Everything a controller calls can be turned into one with `?`.
#[derive(Debug)]
pub enum Problem {
    /// 404. Also for what this visitor may not know of.
    NotFound(String),
    /// 403.
    Forbidden(String),
    /// Off to the sign-in page, and back here afterwards.
    SignIn,
    /// 400.
    BadRequest(String),
    /// 405.
    MethodNotAllowed,
    /// 413.
    TooLarge(String),
    /// 429: too many wrong credentials; the number of seconds to wait.
    TooMany(u64),
    /// 429: what strangers may cost is spent; the number of seconds to wait.
    Spent(u64),
    /// 503: something outside of us is down; the text says what to do.
    Unavailable(String),
    /// 500: a defect; the text goes to the log only.
    Internal(String),
}

impl Problem {
    /// The status of the answer.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::SignIn => StatusCode::FOUND,
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooMany(_) | Self::Spent(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// What happened, in one sentence of English; those of the original where it has one.
    #[must_use]
    pub fn sentence(&self) -> &'static str {
        match self {
            Self::NotFound(_) => m("The resource could not be found"),
            Self::Forbidden(_) => m("You don't have permission to view this page"),
            Self::SignIn => m("You need to be signed in to view this page"),
            Self::BadRequest(_) => {
                m("The request could not be understood by the server due to malformed syntax.")
            }
            Self::MethodNotAllowed => m("This address does not answer to that method"),
            Self::TooLarge(_) => m("The request is larger than this address accepts"),
            Self::TooMany(_) => m("Too many attempts"),
            Self::Spent(_) => {
                m("The server has spent what it has for visitors who are not signed in")
            }
            Self::Unavailable(_) => m("The server cannot answer right now"),
            Self::Internal(_) => m(
                "The server encountered an unexpected condition which prevented it from fulfilling the request.",
            ),
        }
    }

    /// Why: for the visitor's eyes.
    #[must_use]
    pub fn detail(&self) -> Option<&str> {
        match self {
            Self::NotFound(text)
            | Self::Forbidden(text)
            | Self::BadRequest(text)
            | Self::TooLarge(text)
            | Self::Unavailable(text) => Some(text)
                .filter(|text| !text.is_empty())
                .map(String::as_str),
            Self::SignIn
            | Self::MethodNotAllowed
            | Self::TooMany(_)
            | Self::Spent(_)
            | Self::Internal(_) => None,
        }
    }

    /// What to do next.
    #[must_use]
    pub fn advice(&self, signed_in: bool) -> Option<&'static str> {
        match self {
            Self::NotFound(_) if !signed_in => Some(m(
                "Check the address. If the place is not open to everybody, sign in first.",
            )),
            Self::NotFound(_) => Some(m(
                "Check the address, or ask its owner for access: what you may not see is not shown as existing.",
            )),
            Self::Forbidden(_) => Some(m("Ask the owner or an administrator for the permission.")),
            Self::TooMany(_) => Some(m("Wait a minute before you try again.")),
            Self::Spent(_) => Some(m(
                "Pages like this one are dear to make. Try again later, or sign in: whoever is signed in is not counted.",
            )),
            Self::Unavailable(_) => Some(m(
                "Try again in a moment. If it stays so, tell the administrator.",
            )),
            Self::Internal(_) => Some(m(
                "Tell the administrator the request id below; the log knows more.",
            )),
            Self::SignIn | Self::BadRequest(_) | Self::MethodNotAllowed | Self::TooLarge(_) => None,
        }
    }
}

/// A sentence in the language of the page that was asked for.
fn said(sentence: &'static str) -> String {
    Language::current().t(sentence).to_owned()
}

fn does_not_exist(what: &str, name: &str) -> String {
    let sentence = match what {
        "API key" => m("API key '{name}' does not exist"),
        "Email address" => m("Email address '{name}' does not exist"),
        "Field" => m("Field '{name}' does not exist"),
        "Gist" => m("Gist '{name}' does not exist"),
        "IP address rule" => m("IP address rule '{name}' does not exist"),
        "Pull request" => m("Pull request '{name}' does not exist"),
        "Repository group" => m("Repository group '{name}' does not exist"),
        "Repository" => m("Repository '{name}' does not exist"),
        "SSH key" => m("SSH key '{name}' does not exist"),
        "Session" => m("Session '{name}' does not exist"),
        "User group" => m("User group '{name}' does not exist"),
        "User" => m("User '{name}' does not exist"),
        _ => m("'{name}' does not exist"),
    };
    Language::current().tf(sentence, &[("name", &name)])
}

impl From<model::Error> for Problem {
    fn from(error: model::Error) -> Self {
        match error {
            model::Error::NotFound { what, ref name } => Self::NotFound(does_not_exist(what, name)),
            model::Error::Forbidden(message) => Self::Forbidden(words::said(&message)),
            model::Error::Invalid { message, .. } => Self::BadRequest(words::said(&message)),
            model::Error::TooManyAttempts { seconds } => Self::TooMany(seconds),
            model::Error::Program(message) => Self::Unavailable(words::said(&message)),
            model::Error::Open { source, .. } => source.into(),
            // What forms do not check and the engine does: too many letters, or letters that its tables cannot hold.
            model::Error::Db(db::DbError::Unfit { .. }) => {
                tracing::warn!("{}", chain(&error));
                Self::BadRequest(said(m(
                    "A value is too long, or holds letters that the database cannot keep.",
                )))
            }
            _ if error.is_unavailable() => {
                tracing::error!("{}", chain(&error));
                Self::Unavailable(said(unavailable(&error)))
            }
            _ => Self::Internal(chain(&error)),
        }
    }
}

impl From<db::DbError> for Problem {
    fn from(error: db::DbError) -> Self {
        model::Error::from(error).into()
    }
}

impl From<crate::form::FormError> for Problem {
    fn from(error: crate::form::FormError) -> Self {
        match error {
            crate::form::FormError::Body(crate::request::BodyError::TooLong { .. }) => {
                Self::TooLarge(error.to_string())
            }
            _ => Self::BadRequest(error.to_string()),
        }
    }
}

impl From<vcs::ReadError> for Problem {
    fn from(error: vcs::ReadError) -> Self {
        match error {
            vcs::ReadError::UnknownChangeset { .. } => Self::NotFound(said(NO_SUCH_REVISION)),
            vcs::ReadError::Gone(error) => error.into(),
            vcs::ReadError::Damaged { .. } | vcs::ReadError::Io { .. } => {
                tracing::error!("{}", chain(&error));
                Self::Unavailable(said(UNREADABLE))
            }
        }
    }
}

/// Paths of the server go to the log; a page says what is wrong without them.
impl From<vcs::OpenError> for Problem {
    fn from(error: vcs::OpenError) -> Self {
        tracing::error!("{}", chain(&error));
        match error {
            vcs::OpenError::Missing { .. } => {
                Self::NotFound(said(m("Repository not found in the filesystem")))
            }
            vcs::OpenError::NotARepository { kind, .. } => Self::NotFound(Language::current().tf(
                "What lies there is not a {kind} repository",
                &[("kind", &kind)],
            )),
            vcs::OpenError::Unsupported { requirements, .. } => {
                Self::Unavailable(Language::current().tf(
                    "The repository uses a format that is not supported: {names}",
                    &[("names", &requirements.join(", "))],
                ))
            }
            vcs::OpenError::Outside { .. }
            | vcs::OpenError::Damaged { .. }
            | vcs::OpenError::Io { .. } => Self::Unavailable(said(UNREADABLE)),
        }
    }
}

impl From<vcs::RevisionError> for Problem {
    fn from(error: vcs::RevisionError) -> Self {
        match error {
            vcs::RevisionError::Empty => Self::NotFound(said(m("There are no changesets yet"))),
            vcs::RevisionError::Unknown { .. } => Self::NotFound(said(NO_SUCH_REVISION)),
            vcs::RevisionError::Ambiguous {
                ref candidates,
                ref text,
            } => {
                let ids: Vec<_> = candidates
                    .iter()
                    .take(10)
                    .map(vcs::ChangesetId::short)
                    .collect();
                Self::NotFound(Language::current().tf(
                    "'{text}' may be any of these changesets: {ids}",
                    &[("text", text), ("ids", &ids.join(", "))],
                ))
            }
            vcs::RevisionError::Read(error) => error.into(),
        }
    }
}

impl From<vcs::NodeError> for Problem {
    fn from(error: vcs::NodeError) -> Self {
        let language = Language::current();
        let place = |sentence: &str, path: &vcs::RepoPath, id: &vcs::ChangesetId| {
            let path = path.to_string();
            language.tf(sentence, &[("path", &path), ("id", &id.short())])
        };
        match error {
            vcs::NodeError::Read(error) => error.into(),
            vcs::NodeError::NotFound { path, id } => Self::NotFound(place(
                m("There is no file nor directory at the given path: '{path}' at revision {id}"),
                &path,
                &id,
            )),
            vcs::NodeError::NotADirectory { path, id } => Self::NotFound(place(
                m("'{path}' is not a directory in changeset {id}"),
                &path,
                &id,
            )),
            vcs::NodeError::NotAFile { path, id } => Self::NotFound(place(
                m("'{path}' is not a file in changeset {id}"),
                &path,
                &id,
            )),
            vcs::NodeError::TooLarge {
                path,
                id,
                size,
                most,
            } => Self::TooLarge(language.tf(
                "'{path}' in changeset {id} is too large: {size}, at most {most} are read",
                &[
                    ("path", &path.to_string()),
                    ("id", &id.short()),
                    ("size", &words::size(size)),
                    ("most", &words::size(most)),
                ],
            )),
        }
    }
}

/// An error with all its causes, for the log.
#[must_use]
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}

/// The answer to a request that is none.
#[must_use]
pub fn bad_request(why: &str) -> Response {
    bare(&Problem::BadRequest(why.to_owned()), &new_request_id())
}

/// The answer while the database cannot be opened.
#[must_use]
pub fn cannot_start(error: &model::Error) -> Response {
    let id = new_request_id();
    tracing::error!(request_id = %id, "cannot start: {}", chain(error));
    bare(&Problem::Unavailable(unavailable(error).into()), &id)
}

/// What cannot be used, for everybody's eyes: without paths and without what the system said.
fn unavailable(error: &model::Error) -> &'static str {
    match error {
        model::Error::Db(_) => m("The database cannot be used at the moment; the log knows more."),
        model::Error::Schema(_) => {
            m("The database is not one that this version can use; the log knows more.")
        }
        model::Error::Disk { .. } => {
            m("The data folder cannot be created or written; the log knows more.")
        }
        _ => m("Something this server needs is missing; the log knows more."),
    }
}

/// The answer after a panic.
#[must_use]
pub fn panicked() -> Response {
    let id = new_request_id();
    tracing::error!(request_id = %id, "a request ended in a panic; the message stands above");
    bare(&Problem::Internal(String::new()), &id)
}

/// A page without the frame, for when the frame cannot be built.
pub(crate) fn bare(problem: &Problem, request_id: &str) -> Response {
    let status = problem.status();
    let view = BareError {
        site_title: "Kallithea".to_owned(),
        home_url: "/".to_owned(),
        assets: static_files::assets("", ENGLISH),
        status: status.as_u16(),
        reason: status.canonical_reason().unwrap_or_default().to_owned(),
        sentence: match problem.detail() {
            Some(detail) => format!("{}: {detail}", problem.sentence().trim_end_matches('.')),
            None => problem.sentence().to_owned(),
        },
        advice: problem.advice(true).map(str::to_owned),
        request_id: request_id.to_owned(),
    };
    if status != StatusCode::SERVICE_UNAVAILABLE && status != StatusCode::INTERNAL_SERVER_ERROR {
        tracing::warn!(request_id, "{} {}", status.as_u16(), view.sentence);
    }
    let html = template::html(ENGLISH, &view)
        .unwrap_or_else(|_| format!("{} {}", view.status, view.reason));
    finish(Response::html(status, html), request_id)
}

/// What every answer carries, whoever made it.
pub(crate) fn finish(mut response: Response, request_id: &str) -> Response {
    if response.status == StatusCode::SERVICE_UNAVAILABLE {
        response
            .headers
            .insert(RETRY_AFTER, HeaderValue::from_static(RETRY_SECONDS));
    }
    if response.status == StatusCode::TOO_MANY_REQUESTS {
        response
            .headers
            .entry(RETRY_AFTER)
            .or_insert(HeaderValue::from_static(PATIENCE_SECONDS));
    }
    if let Ok(id) = HeaderValue::from_str(request_id) {
        response.headers.insert(REQUEST_ID, id);
    }
    for (name, value) in SECURITY_HEADERS {
        let name = HeaderName::from_static(name);
        if !response.headers.contains_key(&name) {
            response
                .headers
                .insert(name, HeaderValue::from_static(value));
        }
    }
    response
}

/// Sent with every answer that does not set a stricter one itself.
const SECURITY_HEADERS: &[(&str, &str)] = &[
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: https:; connect-src 'self'; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'self'",
    ),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "SAMEORIGIN"),
    ("referrer-policy", "same-origin"),
];

/// A name for one request, to be found in the log.
pub(crate) fn new_request_id() -> String {
    model::random::hex(6)
}
