//! One request on its way through a controller: who asks, with what, and what they may be told.

use std::fmt::Display;
use std::sync::Arc;

use http::Method;
use http::header::{COOKIE, HeaderValue, SET_COOKIE};
use model::{Model, Settings, Viewer};
use subtle::ConstantTimeEq;

use crate::budget::Budget;
use crate::form::Form;
use crate::i18n::Language;
use crate::path::Url;
use crate::problem::Problem;
use crate::request::Request;
use crate::response::Response;
use crate::session::{Client, Session};
use crate::view::Link;

/// Form field and session key of the token against forged requests.
pub const CSRF_FIELD: &str = "_session_csrf_secret_token";

/// More of what a browser calls itself is not kept.
const MAX_AGENT: usize = 200;

/// Everything a controller needs to know about the request it answers.
pub struct Visit<'a> {
    /// The rules and the data.
    pub model: &'a Model,
    /// What strangers may cost this process.
    pub(crate) budget: &'a Arc<Budget>,
    /// The request; its body is taken already when there is a form.
    pub request: Request,
    /// The decoded query string.
    pub query: Form,
    /// The decoded form of a POST; empty otherwise.
    pub form: Form,
    /// Who asks.
    pub viewer: Viewer,
    /// Whether an API key told who asks: no form needs a token then, and nothing is remembered.
    pub by_key: bool,
    /// What is remembered between requests.
    pub session: Session,
    /// The settings of the site, as they are now.
    pub settings: Arc<Settings>,
    /// What the reader reads.
    pub language: Language,
    /// The name of this request in the log.
    pub id: String,
    /// The repository that the address lies in and the viewer may read: where to go on when something is missing.
    pub(crate) repository: Option<Link>,
    /// What is done after the answer has gone out.
    pub later: Vec<Job>,
    /// What goes on by itself while everybody does other things, and may take an hour.
    pub background: Vec<Job>,
}

/// Work that is done after the answer has gone out.
pub type Job = Box<dyn FnOnce(&Model) + Send>;

impl Visit<'_> {
    /// A URL below the mount point.
    #[must_use]
    pub fn url(&self, path: impl AsRef<[u8]>) -> Url {
        Url::below(&self.request.peer.script_name).join(path)
    }

    /// The home page.
    #[must_use]
    pub fn home_url(&self) -> String {
        format!("{}/", self.request.peer.script_name)
    }

    /// Scheme, host and mount point under which clients reach us.
    #[must_use]
    pub fn base_url(&self) -> String {
        let canonical = &self.model.config().canonical_url;
        if !canonical.is_empty() {
            return canonical.clone();
        }
        let peer = &self.request.peer;
        format!("{}://{}{}", peer.scheme, peer.host, peer.script_name)
    }

    /// Path and query of this request, for coming back to it.
    #[must_use]
    pub fn here(&self) -> String {
        let mut here = format!(
            "{}{}",
            self.request.peer.script_name,
            self.request.asked_path().as_str()
        );
        if !self.request.query.is_empty() {
            here.push('?');
            here.push_str(&self.request.query);
        }
        here
    }

    /// Leads the browser elsewhere, with the path below the mount point.
    #[must_use]
    pub fn redirect(&self, url: &str) -> Response {
        Response::redirect(url)
    }

    /// A text in the reader's language; see [`crate::i18n`] for this and its kin.
    #[must_use]
    pub fn t<'m>(&self, message: &'m str) -> &'m str {
        self.language.t(message)
    }

    /// A text with places.
    #[must_use]
    pub fn tf(&self, message: &str, values: &[(&str, &dyn Display)]) -> String {
        self.language.tf(message, values)
    }

    /// A text that counts.
    #[must_use]
    pub fn tn(&self, one: &str, other: &str, n: u64, values: &[(&str, &dyn Display)]) -> String {
        self.language.tn(one, other, n, values)
    }

    /// Leaves a message for the next page.
    pub fn flash(&mut self, category: &'static str, text: &str) {
        self.session
            .flash(category, render::escape(text).into_owned());
    }

    /// The person who is signed in.
    ///
    /// # Errors
    /// [`Problem::SignIn`] for visitors.
    pub fn user(&self) -> Result<&model::User, Problem> {
        self.viewer.signed_in().ok_or(Problem::SignIn)
    }

    /// Reads the form of a POST, of so many bytes at most, and checks its token. Comes before everything else that a POST
    /// does.
    ///
    /// # Errors
    /// 400 for a form that cannot be read, 403 without the session's token.
    pub(crate) fn take_form(&mut self, limit: u64) -> Result<(), Problem> {
        self.form = Form::read(&mut self.request, limit)?;
        // Whoever asks for another method in this way is told so, as is who does it in the address.
        if self.form.get("_method").is_some() {
            return Err(Problem::MethodNotAllowed);
        }
        if self.by_key {
            // No browser adds a key by itself, so no other site can have sent the form.
            return Ok(());
        }
        let sent = self.form.get(CSRF_FIELD).unwrap_or_default();
        match self.session.csrf_token() {
            Some(token) if bool::from(token.as_bytes().ct_eq(sent.as_bytes())) => Ok(()),
            _ => Err(Problem::Forbidden(
                self.t("The form is too old or came from another site. Go back, reload the page and send it again.").into(),
            )),
        }
    }

    /// A cookie of the request.
    #[must_use]
    pub fn cookie(&self, name: &str) -> Option<String> {
        cookie(&self.request, name)
    }

    /// Whether this is a read in the sense of HTTP.
    #[must_use]
    pub fn is_read(&self) -> bool {
        matches!(self.request.method, Method::GET | Method::HEAD)
    }

    /// Writes what the session learned and tells the browser its new cookie.
    pub(crate) fn keep_session(&mut self, response: &mut Response) -> Result<(), Problem> {
        let secure = self.request.peer.scheme == "https" || self.model.config().session_secure;
        let agent = self.request.headers.get(http::header::USER_AGENT);
        let agent = agent.and_then(|agent| agent.to_str().ok());
        let client = Client {
            address: self.request.peer.remote_addr.clone(),
            agent: agent.unwrap_or_default().chars().take(MAX_AGENT).collect(),
        };
        if let Some(cookie) =
            self.session
                .store(self.model, &self.request.peer.script_name, secure, client)?
            && let Ok(value) = HeaderValue::from_str(&cookie)
        {
            response.headers.append(SET_COOKIE, value);
        }
        Ok(())
    }
}

/// A cookie of a request, decoded.
pub(crate) fn cookie(request: &Request, name: &str) -> Option<String> {
    request
        .headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(cookie::Cookie::split_parse)
        .filter_map(Result::ok)
        .find(|cookie| cookie.name() == name)
        .map(|cookie| cookie.value().to_owned())
}
