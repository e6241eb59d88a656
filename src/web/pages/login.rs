//! Signing in and out.

use http::StatusCode;

use crate::frame;
use crate::i18n::t;
use crate::problem::Problem;
use crate::response::Response;
use crate::routes::{Answer, Captures};
use crate::template;
use crate::view::{Flash, FormError, Frame, Login};
use crate::visit::Visit;

/// Shorter passwords are not even tried.
const MIN_PASSWORD: usize = 3;

/// `GET /_admin/login`
pub fn form(visit: &mut Visit<'_>, _: &Captures) -> Answer {
    let came_from = came_from(visit)?;
    if visit.viewer.signed_in().is_some() {
        return Ok(visit.redirect(&came_from));
    }
    let page = sign_in_page(visit, &came_from, Vec::new())?;
    if came_from == visit.home_url() {
        return template::page(visit.language, &page);
    }
    template::page(
        visit.language,
        &Login {
            frame: Frame {
                flash: [page.frame.flash, vec![sent_here()]].concat(),
                ..page.frame
            },
            ..page
        },
    )
}

/// `POST /_admin/login`
pub fn sign_in(visit: &mut Visit<'_>, _: &Captures) -> Answer {
    let came_from = came_from(visit)?;
    let username = visit.form.trimmed("username").to_owned();
    let password = visit.form.get("password").unwrap_or_default().to_owned();
    let error = |field: &str, label: &str, message: &str| {
        vec![FormError {
            field: field.into(),
            label: label.into(),
            message: message.into(),
        }]
    };
    let mut wrong = Vec::new();
    if username.is_empty() {
        wrong.extend(error("username", t("User name"), t("Please enter a login")));
    }
    if password.is_empty() {
        wrong.extend(error(
            "password",
            t("Password"),
            t("Please enter a password"),
        ));
    } else if password.chars().count() < MIN_PASSWORD {
        wrong.extend(error(
            "password",
            t("Password"),
            t("Enter 3 characters or more"),
        ));
    }
    if !wrong.is_empty() {
        return show(visit, &came_from, wrong);
    }
    let address = visit.request.peer.remote_addr.clone();
    let found = match visit.model.authenticate(&username, &password, &address) {
        Err(problem @ model::Error::TooManyAttempts { .. }) => {
            let sentence = problem.to_string();
            let mut page = show(
                visit,
                &came_from,
                error("username", t("User name"), &sentence),
            )?;
            page.status = StatusCode::TOO_MANY_REQUESTS;
            return Ok(page);
        }
        Err(model::Error::Forbidden(_)) => {
            tracing::warn!(request_id = %visit.id, "'{username}' may not sign in from {address}");
            return show(
                visit,
                &came_from,
                error("username", t("User name"), t("Authentication failed.")),
            );
        }
        found => found?,
    };
    match found {
        Some(user) => {
            visit.model.signed_in(user.id)?;
            let remember = visit.form.checked("remember");
            visit.session.sign_in(user.id, remember);
            tracing::info!(request_id = %visit.id, "user {} signed in from {address}", user.id);
            Ok(visit.redirect(&came_from))
        }
        None => {
            tracing::warn!(request_id = %visit.id, "somebody at {address} could not sign in");
            show(
                visit,
                &came_from,
                error(
                    "username",
                    t("User name"),
                    t("Invalid username or password"),
                ),
            )
        }
    }
}

/// `GET` or `POST /_admin/logout`
pub fn sign_out(visit: &mut Visit<'_>, _: &Captures) -> Answer {
    // A link on another site must not end anybody's session; browsers tell where a request comes from.
    let cross_site = visit
        .request
        .headers
        .get("sec-fetch-site")
        .is_some_and(|site| site == "cross-site");
    if !cross_site {
        visit.session.sign_out();
    }
    Ok(visit.redirect(&visit.home_url()))
}

/// `GET /_admin/session_csrf_secret_token`: the token in plain text, for programs that send forms.
pub fn csrf_token(visit: &mut Visit<'_>, _: &Captures) -> Answer {
    Ok(Response::text(
        StatusCode::OK,
        visit.session.ensure_csrf_token(),
    ))
}

/// Where to go after signing in: a path of ours, never an address elsewhere.
pub(super) fn came_from(visit: &Visit<'_>) -> Result<String, Problem> {
    let Some(came_from) = visit.query.get("came_from").filter(|path| !path.is_empty()) else {
        return Ok(visit.home_url());
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || "-!#$%&'()*+,./:;=?@_~".contains(c);
    if came_from.starts_with('/') && !came_from.starts_with("//") && came_from.chars().all(plain) {
        Ok(came_from.to_owned())
    } else {
        Err(Problem::BadRequest(
            t("The address to come back to is not one of this site.").into(),
        ))
    }
}

/// Why somebody who asked for another page sees this one.
fn sent_here() -> Flash {
    Flash {
        category: "warning".to_owned(),
        message_html: t("You need to be signed in to view this page").to_owned(),
    }
}

fn show(visit: &mut Visit<'_>, came_from: &str, errors: Vec<FormError>) -> Answer {
    template::page(visit.language, &sign_in_page(visit, came_from, errors)?)
}

fn sign_in_page(
    visit: &mut Visit<'_>,
    came_from: &str,
    errors: Vec<FormError>,
) -> Result<Login, Problem> {
    visit.session.ensure_csrf_token();
    let open = visit.model.registration(&visit.viewer)? != model::Registration::Closed;
    let mut frame = frame::frame(visit, t("Sign in"), "login");
    frame.register_url = open.then(|| visit.url("_admin/register").into());
    Ok(Login {
        action_url: visit
            .url("_admin/login")
            .query("came_from", came_from)
            .into(),
        username: visit.form.trimmed("username").to_owned(),
        remember: visit.form.checked("remember"),
        errors,
        reset_url: Some(visit.url("_admin/password_reset").into()),
        frame,
    })
}
