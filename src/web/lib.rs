//! HTTP: from a [`request::Request`] to a [`response::Response`].
//!
//! A request is answered in this order: static files, the wire protocols of Git and Mercurial, the JSON-RPC API, pages. A page is made by
//! a controller (one file each in `pages/`) in four steps on one screen: parse the input, pass the gate, call the
//! model, build the view. Views (`view/`) are plain structs, templates (`templates/`) lay them out. The gate is
//! [`model::Gate`]: what it returns is the right that a controller demands in its signature, see [`routes`].

mod api;
mod budget;
pub mod cgi;
mod conditional;
mod edition;
mod feed;
mod figures;
mod form;
mod frame;
mod header_login;
mod i18n;
mod key;
mod later;
mod multipart;
mod pages;
pub mod path;
mod people;
mod pictures;
mod prefix;
pub mod problem;
pub mod request;
pub mod response;
pub mod router;
pub mod routes;
mod session;
mod static_files;
mod template;
pub mod view;
mod visit;
mod wire;
mod words;

use std::sync::Arc;
use std::time::Instant;

use http::header::HeaderValue;
use http::{Method, StatusCode};
use model::Model;

use crate::budget::Budget;
use crate::form::Form;
use crate::problem::Problem;
use crate::request::Request;
use crate::response::Response;
use crate::session::Session;
use crate::visit::{Job, Visit};

/// One instance as a process serves it.
pub struct Site {
    model: Arc<Model>,
    budget: Arc<Budget>,
}

impl Site {
    /// Makes ready to serve: templates and routes are built now.
    ///
    /// # Errors
    /// None at the moment; opening may come to read from the database.
    pub fn open(model: Model) -> Result<Self, model::Error> {
        template::warm_up();
        router::warm_up();
        let budget = Budget::new(model.config().stranger_budget, Instant::now());
        Ok(Self {
            model: Arc::new(model),
            budget: Arc::new(budget),
        })
    }

    /// Answers one request.
    #[must_use]
    pub fn handle(&self, mut request: Request) -> Response {
        let id = problem::new_request_id();
        if self.model.config().serve_static
            && matches!(request.method, Method::GET | Method::HEAD)
            && let Some(response) =
                static_files::serve(request.path.as_str(), &request.query, &request.headers)
        {
            return problem::finish(response, &id);
        }
        let line = format!(
            "{} {}{}",
            request.method,
            request.peer.script_name,
            request.path.as_str()
        );
        let https = request.peer.scheme == "https";
        if let Err(error) = self.resolve_permanent_url(&mut request) {
            return problem::bare(&error, &id);
        }
        let mut jobs = Vec::new();
        let response = match wire::recognise(&request) {
            Some(call) => wire::answer(&self.model, request, call, &id),
            None if api::recognise(&request) => api::answer(&self.model, request, &id),
            None => self.page(request, id.clone(), &mut jobs),
        };
        log(&line, &response, &id);
        later::report(&self.model, &response, &line, &id, &mut jobs);
        let response = later::attach(&self.model, response, jobs);
        let mut response = problem::finish(response, &id);
        if https && self.model.config().strict_transport_security {
            let value = HeaderValue::from_static("max-age=8640000; includeSubDomains");
            response
                .headers
                .insert(http::header::STRICT_TRANSPORT_SECURITY, value);
        }
        response
    }

    /// `/_23/files` is the address of the repository with id 23 whatever its name, for pages and protocols alike.
    fn resolve_permanent_url(&self, request: &mut Request) -> Result<(), Problem> {
        let id = request
            .path
            .segments()
            .next()
            .and_then(|first| first.strip_prefix('_'))
            .and_then(|id| {
                if id.bytes().all(|b| b.is_ascii_digit()) {
                    id.parse::<i64>().ok()
                } else {
                    None
                }
            });
        if let Some(id) = id
            && let Some(name) = self.model.repository_name_by_id(id)?
        {
            let named = request.path.replace_first_segment(&name);
            request.asked = Some(std::mem::replace(&mut request.path, named));
        }
        Ok(())
    }

    fn page(&self, request: Request, id: String, jobs: &mut Vec<Job>) -> Response {
        let mut visit = match self.visit(request, id.clone()) {
            Ok(visit) => visit,
            Err(error) => return problem::bare(&error, &id),
        };
        let language = visit.language;
        let mut response = match language
            .speaking(|| pictures::as_site_says(&mut visit, |visit| self.dispatch(visit)))
        {
            Ok(response) => response,
            Err(error) => language.speaking(|| frame::problem_page(&mut visit, error)),
        };
        jobs.append(&mut visit.later);
        for job in std::mem::take(&mut visit.background) {
            later::in_background(&self.model, job);
        }
        if let Err(error) = visit.keep_session(&mut response) {
            return problem::bare(&error, &id);
        }
        if visit.by_key {
            // The address may hold the key, so nobody in between may keep what it answers.
            let told = response.headers.get(http::header::CACHE_CONTROL);
            if told.is_none_or(|told| told == "no-cache") {
                let private = HeaderValue::from_static("no-cache, private");
                response
                    .headers
                    .insert(http::header::CACHE_CONTROL, private);
            }
        }
        response.lead_from(&visit.request.peer);
        if !visit.is_read() {
            return response;
        }
        let stranger = !visit.by_key && visit.viewer.signed_in().is_none();
        let request = &visit.request;
        conditional::validate(&request.headers, &request.path, stranger, response)
    }

    fn dispatch(&self, visit: &mut Visit<'_>) -> Result<Response, Problem> {
        // The token never belongs into an address: it may have been seen by whoever made the link.
        if visit.query.get(visit::CSRF_FIELD).is_some() {
            visit.session.forget_csrf_token();
            visit.flash(
                "error",
                visit
                    .language
                    .t("CSRF token leak has been detected - all form tokens have been expired"),
            );
        }
        if visit.query.get("_method").is_some() {
            return Err(Problem::MethodNotAllowed);
        }
        let path = visit.request.path.as_str();
        let belongs_to_setup =
            path.starts_with("/_admin/setup") || path == "/_admin/session_csrf_secret_token";
        if visit.settings.needs_setup && !belongs_to_setup {
            return Ok(visit.redirect(&String::from(visit.url("_admin/setup"))));
        }
        router::dispatch(visit)
    }

    fn visit(&self, request: Request, id: String) -> Result<Visit<'_>, Problem> {
        let mut request = request;
        let key = key::take(&mut request);
        let address = &request.peer.remote_addr;
        let (session, viewer, settings) = match &key {
            Some(key) => {
                let opened = if !model::feed_key::is_feed_key(key) {
                    self.model.viewer_by_key(key, address)?
                } else if is_feed(&request) {
                    self.model.viewer_by_feed_key(key, address)?
                } else {
                    None
                };
                let settings = self.model.settings_given(true)?;
                (
                    Session::detached(),
                    opened.ok_or_else(key::refused)?,
                    settings,
                )
            }
            None => {
                let cookie = visit::cookie(&request, &self.model.config().session_key);
                let (mut session, mut settings) = Session::load(&self.model, cookie)?;
                header_login::follow(
                    &self.model,
                    settings.header_source.as_ref(),
                    &mut session,
                    &request,
                )?;
                let (viewer, has_admin) = self.model.arrival(session.user_id(), address)?;
                settings.needs_setup = !has_admin;
                if session.user_id().is_some() && viewer.signed_in().is_none() {
                    // Deleted, deactivated or at a forbidden address: the session is worth nothing any more.
                    session.sign_out();
                }
                (session, viewer, settings)
            }
        };
        let language = i18n::of_request(self.model.config(), &request);
        Ok(Visit {
            model: &self.model,
            budget: &self.budget,
            query: Form::parse(request.query.as_bytes()),
            form: Form::default(),
            settings: Arc::new(settings),
            request,
            viewer,
            by_key: key.is_some(),
            session,
            language,
            id,
            repository: None,
            later: Vec::new(),
            background: Vec::new(),
        })
    }
}

/// Whether an address is that of a feed: what keys for feeds open.
fn is_feed(request: &Request) -> bool {
    let path = request.path.as_str().trim_end_matches('/');
    let mut parts = path.rsplit('/');
    let last = parts.next().unwrap_or_default();
    let before = parts.next().unwrap_or_default();
    matches!(request.method, Method::GET | Method::HEAD)
        && matches!(last, "atom" | "rss")
        && matches!(before, "feed" | "journal" | "public_journal")
}

/// One line for every answer that is an error.
fn log(line: &str, response: &Response, id: &str) {
    let status = response.status;
    if status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED {
        tracing::error!(request_id = id, "{} {line}", status.as_u16());
    } else if status.is_client_error() {
        tracing::warn!(request_id = id, "{} {line}", status.as_u16());
    } else {
        tracing::debug!(request_id = id, "{} {line}", status.as_u16());
    }
}
