//! Building the frame around a page, and the pages that tell what went wrong.

use model::{Level, ReadableRepository, User};

use crate::i18n::Language;
use crate::path::Url;
use crate::problem::{self, Problem};
use crate::response::Response;
use crate::static_files;
use crate::template;
use crate::view::{CloneUrl, ErrorPage, Flash, Frame, Link, Nav, Reading, RepoFrame, Viewer};
use crate::visit::Visit;
use crate::words;

/// Cookie with the reader's choice of colours; set by the script.
const THEME_COOKIE: &str = "kallithea_theme";

/// The frame of this visit. Takes the waiting messages, so it is called once per answer.
pub(crate) fn frame(visit: &mut Visit<'_>, title: impl Into<String>, section: &str) -> Frame {
    let flash = visit
        .session
        .take_flash()
        .into_iter()
        .map(|(category, message_html)| Flash {
            category,
            message_html,
        })
        .collect();
    // Visitors meet forms on few pages; those ask for a token themselves, so that reading writes no session.
    if visit.viewer.signed_in().is_some() {
        visit.session.ensure_csrf_token();
    }
    let visit = &*visit;
    let script_name = &visit.request.peer.script_name;
    let url = |path: &str| String::from(Url::below(script_name).join(path));
    let here = visit.here();
    let user = visit.viewer.signed_in().map(|user| Viewer {
        username: user.username.to_string(),
        full_name: words::full_name(user),
        avatar_html: words::user(user).avatar_html,
        is_admin: user.admin,
        can_sign_out: !visit.by_key && !visit.session.is_external(),
    });
    let theme = visit
        .cookie(THEME_COOKIE)
        .filter(|theme| matches!(theme.as_str(), "light" | "dark"));
    Frame {
        title: title.into(),
        bare_title: false,
        site_title: visit.settings.title.clone(),
        home_url: visit.home_url(),
        csrf_token: visit.session.csrf_token().unwrap_or_default().to_owned(),
        flash,
        login_url: visit.url("_admin/login").query("came_from", &here).into(),
        path: here,
        logout_url: url("_admin/logout"),
        nav: Nav {
            section: section.to_owned(),
            repos_data_url: Some(url("_repos")),
            journal: Some(url(if user.is_some() {
                "_admin/journal"
            } else {
                "_admin/public_journal"
            })),
            about: Some(url("about")),
            account: user.as_ref().map(|_| url("_admin/my_account")),
            new_repository: user.as_ref().map(|_| url("_admin/create_repository")),
            new_group: user.as_ref().map(|_| url("_admin/repo_groups/new")),
            admin: user
                .as_ref()
                .filter(|user| user.is_admin)
                .map(|_| url("_admin/permissions")),
            ..Nav::default()
        },
        user,
        language: reading(visit),
        assets: static_files::assets(script_name, visit.language),
        request_id: visit.id.clone(),
        theme: theme.unwrap_or_default(),
        support_url: Some(visit.model.config().support_url.clone()).filter(|url| !url.is_empty()),
        version: visit
            .settings
            .show_version
            .then(|| env!("CARGO_PKG_VERSION").to_owned()),
        ..Frame::default()
    }
}

fn reading(visit: &Visit<'_>) -> Reading {
    let language = visit.language;
    let choices = if visit.model.config().language_by_reader {
        Language::all()
            .map(|other| (other.tag(), other.name()))
            .collect()
    } else {
        Vec::new()
    };
    Reading {
        tag: language.tag(),
        direction: language.direction(),
        name: language.name(),
        choices,
        url: visit.url("_admin/language").into(),
    }
}

/// Whether a repository has no changeset yet; no as well when it cannot be read, which other pages tell.
pub(crate) fn is_empty(visit: &Visit<'_>, repository: &ReadableRepository) -> bool {
    let contents = visit.model.open_repository(repository);
    contents.is_ok_and(|contents| contents.is_empty().unwrap_or(false))
}

/// The head of a repository's pages.
pub(crate) fn repository(
    visit: &Visit<'_>,
    repository: &ReadableRepository,
    empty: bool,
    tab: &str,
) -> Result<RepoFrame, Problem> {
    Ok(repository_with_owner(visit, repository, empty, tab)?.0)
}

/// The same, with the account that owns it.
pub(crate) fn repository_with_owner(
    visit: &Visit<'_>,
    repository: &ReadableRepository,
    empty: bool,
    tab: &str,
) -> Result<(RepoFrame, Option<User>), Problem> {
    let name = repository.name();
    let url = |path: &str| String::from(visit.url(name).join(path));
    let facts = visit.model.repository_facts(repository, &visit.viewer)?;
    let signed_in = visit.viewer.signed_in().is_some();
    let description = render::message::LinkContext {
        mentions: false,
        ..Default::default()
    };
    let landing = repository.row().landing_revision.as_str();
    let (kind, revision) = landing.split_once(':').unwrap_or(("rev", landing));
    let fork_compare_url = facts.fork_of.as_ref().filter(|_| !empty).map(|parent| {
        visit
            .url(parent)
            .join("compare")
            .join(format!("{kind}@{revision}...{kind}@{revision}"))
            .query("other_repo", name)
            .query("merge", "1")
            .into()
    });
    let frame = RepoFrame {
        fork_compare_url,
        id: repository.id().0,
        name: name.to_owned(),
        short_name: model::name::last(name).to_owned(),
        url: url(""),
        groups: words::group_links(visit, name),
        kind: repository.kind().as_str().to_owned(),
        private: repository.private(),
        fork_of: facts.fork_of.map(|parent| Link {
            url: visit.url(&parent).into(),
            text: parent,
        }),
        description_html: match repository.description() {
            text if text == model::name::last(name) => String::new(),
            text => render::message::urlify(text, &description),
        },
        empty,
        can_write: repository.level() >= Level::Write,
        can_admin: repository.level() >= Level::Admin,
        following: facts.following,
        followers_url: Some(url("followers")),
        forks_url: Some(url("forks")),
        fork_url: signed_in.then(|| url("fork")),
        follow_url: signed_in.then(|| visit.url("_admin/toggle_following").into()),
        followers: facts.followers,
        forks: facts.forks,
        tab: tab.to_owned(),
        files_url: url("files/tip"),
        changelog_url: url("changelog"),
        compare_url: Some(url("compare")),
        settings_url: (repository.level() >= Level::Admin).then(|| url("settings")),
        refs_data_url: url("refs-data"),
        clone_urls: clone_urls(visit, repository),
        ..RepoFrame::default()
    };
    Ok((frame, facts.owner))
}

/// The addresses to clone from: by name, by id, and over SSH where that is on.
fn clone_urls(visit: &Visit<'_>, repository: &ReadableRepository) -> Vec<CloneUrl> {
    let user = visit.viewer.signed_in().map(|user| user.username.as_str());
    let base = visit.base_url();
    let filled = |template: &str, label: &str| CloneUrl {
        label: label.to_owned(),
        url: model::clone_url(template, &base, user, repository.name(), repository.id()),
    };
    let settings = &visit.settings;
    let template = &settings.clone_uri_template;
    let mut urls = vec![filled(template, "HTTP")];
    if visit.model.config().ssh_enabled {
        urls.push(filled(&settings.clone_ssh_template, "SSH"));
    }
    urls.push(filled(&template.replace("{repo}", "_{repoid}"), "ID"));
    urls
}

/// The page that tells what went wrong, or the way to the sign-in page.
pub(crate) fn problem_page(visit: &mut Visit<'_>, problem: Problem) -> Response {
    if let Problem::Internal(message) = &problem {
        tracing::error!(request_id = %visit.id, "{message}");
    }
    if let Problem::SignIn = problem {
        let came_from = if visit.is_read() {
            visit.here()
        } else {
            visit.home_url()
        };
        return visit.redirect(&String::from(
            visit.url("_admin/login").query("came_from", &came_from),
        ));
    }
    if let Problem::MethodNotAllowed = problem {
        let mut response = framed(visit, &problem);
        response.headers.insert(
            http::header::ALLOW,
            http::HeaderValue::from_static("GET, HEAD, POST"),
        );
        return response;
    }
    if let Problem::Spent(seconds) = problem {
        let mut response = framed(visit, &problem);
        response
            .headers
            .insert(http::header::RETRY_AFTER, seconds.into());
        return response;
    }
    framed(visit, &problem)
}

fn framed(visit: &mut Visit<'_>, problem: &Problem) -> Response {
    let status = problem.status();
    let reason = status.canonical_reason().unwrap_or_default();
    let signed_in = visit.viewer.signed_in().is_some();
    let mut frame = frame(visit, format!("Error - {} {reason}", status.as_u16()), "");
    frame.bare_title = true;
    let mut links: Vec<Link> = visit.repository.take().into_iter().collect();
    links.push(Link {
        text: visit.t("Home").into(),
        url: frame.home_url.clone(),
    });
    if !signed_in && matches!(problem, Problem::NotFound(_) | Problem::Forbidden(_)) {
        links.push(Link {
            text: visit.t("Sign in").into(),
            url: frame.login_url.clone(),
        });
    }
    let view = ErrorPage {
        status: status.as_u16(),
        reason: reason.to_owned(),
        sentence: visit.t(problem.sentence()).to_owned(),
        detail: problem.detail().map(str::to_owned),
        advice: problem
            .advice(signed_in)
            .map(|advice| visit.t(advice).to_owned()),
        links,
        frame,
    };
    match template::html(visit.language, &view) {
        Ok(html) => template::answer(status, visit.language, html),
        Err(error) => {
            tracing::error!(request_id = %visit.id, "{error:?}");
            problem::bare(problem, &visit.id)
        }
    }
}
