//! From a path to the controller that answers it, with the right that the controller demands in hand.

use std::collections::HashMap;
use std::sync::OnceLock;
use std::time::Instant;

use http::Method as HttpMethod;
use model::{Gate, Level, Located, ReadableGroup, ReadableRepository, Viewer};

use crate::budget::{self, Class};
use crate::form::FORM_LIMIT;
use crate::i18n::{Language, t};
use crate::path::{decode, decode_text};
use crate::problem::Problem;
use crate::routes::{self, Answer, Captures, Handler, Method, Route};
use crate::view::Link;
use crate::visit::Visit;

/// The routes of one table that share a pattern, by method.
type Methods = HashMap<Method, &'static Route>;

struct Table(matchit::Router<Methods>);

impl Table {
    fn new(routes: &'static [Route]) -> Self {
        let mut patterns: HashMap<&str, Methods> = HashMap::new();
        for route in routes {
            patterns
                .entry(route.pattern)
                .or_default()
                .insert(route.method, route);
        }
        let mut router = matchit::Router::new();
        for (pattern, methods) in patterns {
            router
                .insert(pattern, methods)
                .expect("the patterns of a table do not collide; a test looks at them");
        }
        Self(router)
    }

    /// The route of a path; `Err` when the path is known but not with this method.
    fn find(
        &self,
        path: &str,
        method: Method,
    ) -> Option<Result<(&'static Route, Captures), Problem>> {
        // A slash at the end means the same place, as it does to the people who type one.
        let path = if path.len() > 1 {
            path.trim_end_matches('/')
        } else {
            path
        };
        let matched = self.0.at(if path.is_empty() { "/" } else { path }).ok()?;
        let Some(route) = matched.value.get(&method) else {
            return Some(Err(Problem::MethodNotAllowed));
        };
        let captures = matched
            .params
            .iter()
            .map(|(name, value)| (name.to_owned(), decode(value)))
            .collect();
        Some(Ok((route, Captures(captures))))
    }
}

struct Tables {
    site: Table,
    repository: Table,
    repository_admin: Table,
    group: Table,
    group_admin: Table,
}

fn tables() -> &'static Tables {
    static TABLES: OnceLock<Tables> = OnceLock::new();
    TABLES.get_or_init(|| Tables {
        site: Table::new(routes::SITE),
        repository: Table::new(routes::REPOSITORY),
        repository_admin: Table::new(routes::REPOSITORY_ADMIN),
        group: Table::new(routes::GROUP),
        group_admin: Table::new(routes::GROUP_ADMIN),
    })
}

/// Builds the tables now, so that the first page of a fresh worker does not wait for it.
pub(crate) fn warm_up() {
    tables();
}

/// Answers the visit with the controller of its path.
pub(crate) fn dispatch(visit: &mut Visit<'_>) -> Answer {
    let method = match visit.request.method {
        HttpMethod::GET | HttpMethod::HEAD => Method::Get,
        HttpMethod::POST => Method::Post,
        _ => return Err(Problem::MethodNotAllowed),
    };
    let path = visit.request.path.clone();
    let tables = tables();
    if let Some(found) = tables.site.find(path.as_str(), method) {
        let (route, captures) = found?;
        return call(visit, route, &captures, None);
    }
    // Below these two, the rest of the path names a repository or a group.
    for (prefix, repositories, groups) in [
        ("/_admin/repos/", Some(&tables.repository_admin), None),
        ("/_admin/repo_groups/", None, Some(&tables.group_admin)),
    ] {
        if let Some(rest) = path.as_str().strip_prefix(prefix) {
            return dispatch_object(visit, &format!("/{rest}"), method, repositories, groups);
        }
    }
    dispatch_object(
        visit,
        path.as_str(),
        method,
        Some(&tables.repository),
        Some(&tables.group),
    )
}

fn dispatch_object(
    visit: &mut Visit<'_>,
    path: &str,
    method: Method,
    repositories: Option<&Table>,
    groups: Option<&Table>,
) -> Answer {
    // On a closed site, what exists and what does not ask for the same.
    let shut = shut(visit);
    let asked = shown(visit.request.asked_path().as_str());
    let nothing = || match shut {
        None => Problem::NotFound(
            Language::current().tf("There is nothing at {path}", &[("path", &asked)]),
        ),
        Some(shut) => shut(),
    };
    // Before anything else is said about the path: what may not be seen is like what does not exist.
    let Some((right, rest)) = place(visit, path, repositories.is_some(), groups.is_some())? else {
        return Err(nothing());
    };
    let table = match &right {
        Right::Repository(_) => repositories,
        Right::Group(_) => groups,
    };
    // One slash too many is no other place.
    let rest = match rest.trim_start_matches('/') {
        "" => "",
        tail => &rest[rest.len() - tail.len() - 1..],
    };
    let (route, captures) = table
        .and_then(|table| table.find(rest, method))
        .ok_or_else(nothing)??;
    call(visit, route, &captures, Some(&right))
}

/// What somebody is told who may not come in at all, whatever they ask for.
fn shut(visit: &Visit<'_>) -> Option<fn() -> Problem> {
    match visit.viewer {
        Viewer::User(_) | Viewer::Visitor(_) => None,
        Viewer::Nobody => Some(|| Problem::SignIn),
        Viewer::Elsewhere => Some(|| {
            Problem::Forbidden(t("This site is not open to visitors from your address.").into())
        }),
    }
}

/// A path in a form that can be read in a message.
fn shown(path: &str) -> String {
    vcs::shown_name(&decode(path)).into_owned()
}

/// What the gate has given for a place.
enum Right {
    Repository(ReadableRepository),
    Group(ReadableGroup),
}

/// The right to the longest beginning of a path that names a repository or a group, and what follows it. None when there
/// is nothing, and when this viewer may not see it.
fn place<'p>(
    visit: &Visit<'_>,
    path: &'p str,
    repositories: bool,
    groups: bool,
) -> Result<Option<(Right, &'p str)>, Problem> {
    let mut prefixes: Vec<(String, &'p str)> = Vec::new();
    let trimmed = path.trim_start_matches('/');
    let ends = trimmed
        .match_indices('/')
        .map(|(at, _)| at)
        .chain([trimmed.len()]);
    for end in ends {
        match decode_text(&trimmed[..end]) {
            Some(name) if !name.is_empty() && !name.ends_with('/') => {
                prefixes.push((name, &trimmed[end..]))
            }
            // Names are UTF-8; what follows a broken part cannot be one either.
            None => break,
            Some(_) => {}
        }
    }
    prefixes.reverse();
    let names: Vec<&str> = prefixes.iter().map(|(name, _)| name.as_str()).collect();
    let rest_of = |found: &str| {
        prefixes
            .iter()
            .find(|(name, _)| name == found)
            .map_or("", |(_, rest)| *rest)
    };
    let gate = Gate::new(visit.model);
    if repositories && groups {
        // No page lies below a group, so a group is meant by the whole path or not at all.
        return Ok(match gate.find_place(&visit.viewer, &names)? {
            Some(Located::Repository(found, right)) => {
                right.map(|right| (Right::Repository(*right), rest_of(&found)))
            }
            Some(Located::Group(found, right)) => {
                right.map(|right| (Right::Group(right), rest_of(&found)))
            }
            None => None,
        });
    }
    if repositories && let Some((found, right)) = gate.find_repository(&visit.viewer, &names)? {
        return Ok(right.map(|right| (Right::Repository(right), rest_of(&found))));
    }
    if groups && let Some((found, right)) = gate.find_group(&visit.viewer, &names)? {
        return Ok(right.map(|right| (Right::Group(right), rest_of(&found))));
    }
    Ok(None)
}

/// Calls the controller, and counts what it costs when a stranger asks for something dear.
fn call(
    visit: &mut Visit<'_>,
    route: &Route,
    captures: &Captures,
    right: Option<&Right>,
) -> Answer {
    let class = match visit.viewer {
        Viewer::Visitor(_) => Class::of(route.name, visit.request.path.as_str()),
        _ => None,
    };
    let Some(class) = class else {
        return admit(visit, route, captures, right);
    };
    visit
        .budget
        .admit(class, Instant::now())
        .map_err(Problem::Spent)?;
    let before = budget::processor_time();
    let answer = admit(visit, route, captures, right);
    let cost = budget::processor_time().saturating_sub(before);
    visit.budget.charge(class, cost);
    answer.map(|response| budget::meter(visit.budget, class, response))
}

/// Makes the right that the route demands, or says why there is none, and calls the controller.
fn admit(
    visit: &mut Visit<'_>,
    route: &Route,
    captures: &Captures,
    right: Option<&Right>,
) -> Answer {
    if route.method == Method::Post {
        visit.take_form(most_bytes(visit, route, right))?;
    }
    if let Handler::Public(handler) = route.handler {
        return handler(visit, captures);
    }
    if let Some(shut) = shut(visit) {
        return Err(shut());
    }
    if let Some(Right::Repository(repository)) = right {
        visit.repository = Some(Link {
            text: repository.name().to_string(),
            url: visit.url(repository.name()).into(),
        });
    }
    // Whatever the tables give to everybody: pages that change things are for people with a name.
    if matches!(
        route.handler,
        Handler::Write(_) | Handler::Admin(_) | Handler::AdminGroup(_)
    ) {
        visit.user()?;
    }
    match (route.handler, right) {
        (Handler::Open(handler), _) => handler(visit, captures),
        (Handler::User(handler), _) => {
            visit.user()?;
            handler(visit, captures)
        }
        (Handler::SiteAdmin(handler), _) => {
            visit.user()?;
            Gate::new(visit.model).site_admin(&visit.viewer)?;
            handler(visit, captures)
        }
        // While it is being made there is nothing to show but that.
        (Handler::Read(_) | Handler::Write(_), Some(Right::Repository(repository)))
            if repository.pending() && !WHILE_PENDING.contains(&route.name) =>
        {
            let url = visit.url(repository.name()).join("repo_creating");
            Ok(visit.redirect(&String::from(url)))
        }
        (Handler::Read(handler), Some(Right::Repository(repository))) => {
            handler(visit, repository, captures)
        }
        (Handler::Write(handler), Some(Right::Repository(repository))) => {
            let repository = repository
                .writable()
                .ok_or_else(|| missing(visit, Level::Write))?;
            handler(visit, &repository, captures)
        }
        (Handler::Admin(handler), Some(Right::Repository(repository))) => {
            let repository = repository
                .administrable()
                .ok_or_else(|| missing(visit, Level::Admin))?;
            handler(visit, &repository, captures)
        }
        (Handler::ReadGroup(handler), Some(Right::Group(group))) => handler(visit, group, captures),
        (Handler::AdminGroup(handler), Some(Right::Group(group))) => {
            let group = group
                .administrable()
                .ok_or_else(|| missing(visit, Level::Admin))?;
            handler(visit, &group, captures)
        }
        _ => Err(Problem::Internal(format!(
            "route {} stands in a table it does not belong to",
            route.name
        ))),
    }
}

/// The pages of a repository that is still being made.
const WHILE_PENDING: [&str; 2] = ["repo_creating_home", "repo_check_home"];

/// How large a form may be. Files are taken only from those who may put them into the repository.
fn most_bytes(visit: &Visit<'_>, route: &Route, right: Option<&Right>) -> u64 {
    match (route.handler, right) {
        (Handler::Write(_), Some(Right::Repository(repository)))
            if visit.viewer.signed_in().is_some() && repository.writable().is_some() =>
        {
            visit.model.config().upload_limit
        }
        _ => FORM_LIMIT,
    }
}

/// Whoever may see a thing but not change it: visitors may sign in, users are told what they lack.
fn missing(visit: &Visit<'_>, level: Level) -> Problem {
    if visit.viewer.signed_in().is_none() {
        return Problem::SignIn;
    }
    let level = match level {
        Level::Write => t("Write"),
        _ => t("Admin"),
    };
    Problem::Forbidden(visit.tf(
        "This takes the permission '{level}' here.",
        &[("level", &level)],
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(table: &Table, path: &str, method: Method) -> Option<&'static str> {
        table.find(path, method)?.ok().map(|(route, _)| route.name)
    }

    #[test]
    fn paths_find_their_routes_with_and_without_a_slash_at_the_end() {
        let tables = tables();
        for path in ["", "/", "//"] {
            assert_eq!(
                name(&tables.repository, path, Method::Get),
                Some("summary_home"),
                "{path:?}"
            );
        }
        for (path, expected) in [
            ("/changelog/", "changelog_home"),
            ("/changelog/tip/", "changelog_file_home"),
            ("/changelog/tip/a/b", "changelog_file_home"),
            ("/changeset/feature/x", "changeset_home"),
            ("/files/tip/dir/f", "files_home"),
            ("/files", "files_home_nopath"),
        ] {
            assert_eq!(
                name(&tables.repository, path, Method::Get),
                Some(expected),
                "{path}"
            );
        }
        assert_eq!(
            name(&tables.site, "/_admin/login/", Method::Post),
            Some("login_home")
        );
        assert!(tables.site.find("/nowhere", Method::Get).is_none());
    }

    #[test]
    fn a_known_path_with_another_method_says_so() {
        assert!(matches!(
            tables().site.find("/about", Method::Post),
            Some(Err(Problem::MethodNotAllowed))
        ));
    }

    #[test]
    fn captures_are_decoded_bytes() {
        let (_, captures) = tables()
            .repository
            .find("/files/tip/a%20b/%E9", Method::Get)
            .unwrap()
            .ok()
            .unwrap();
        assert_eq!(captures.bytes("rest"), b"tip/a b/\xe9");
        assert_eq!(captures.bytes("missing"), b"");
    }
}
