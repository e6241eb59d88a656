//! Where a submodule leads.
//!
//! The address is whatever somebody has committed, so only what a browser can open as a page is followed: a repository here,
//! or a plain address of the web.

use model::Gate;

use super::Place;
use crate::visit::Visit;

/// Where a submodule comes from, if a browser can go there. One that is relative, as in `../other`, names a repository beside
/// this one.
pub(super) fn address(visit: &Visit<'_>, repository: &str, url: Option<&str>) -> Option<String> {
    match source(repository, url?)? {
        Source::Elsewhere(url) => Some(url),
        Source::Beside(name) => Some(visit.url(name).into()),
    }
}

/// Where the page of a submodule leads: the very files, if the repository is here and this visitor may read it, else its address.
/// None for what nobody should be sent to unasked.
pub(super) fn target(
    visit: &Visit<'_>,
    place: &Place<'_>,
    url: Option<&str>,
    commit: &str,
) -> Option<String> {
    let name = match source(place.repository(), url?)? {
        Source::Beside(name) => name,
        Source::Elsewhere(url) => match url.strip_prefix(&visit.base_url()) {
            // Our own address, as people copy it from the summary page.
            Some(path) => {
                let path = path.trim_matches('/');
                path.strip_suffix(".git").unwrap_or(path).to_owned()
            }
            None => return is_plain(&url).then_some(url),
        },
    };
    let files = || {
        let right = Gate::new(visit.model).read_repository(&visit.viewer, &name);
        let right = right.ok()?;
        let contents = visit.model.open_repository(&right).ok()?;
        contents.resolve(commit).ok()?;
        Some(visit.url(right.name()).join("files").join(commit).into())
    };
    Some(files().unwrap_or_else(|| visit.url(name.as_str()).into()))
}

/// What an address names.
#[derive(Debug, PartialEq, Eq)]
enum Source {
    /// A page of the web.
    Elsewhere(String),
    /// The full name of a repository here.
    Beside(String),
}

fn source(repository: &str, url: &str) -> Option<Source> {
    let url = url.trim();
    // Mercurial names the system in brackets.
    let url = ["[git]", "[svn]", "[hg]"]
        .iter()
        .find_map(|prefix| url.strip_prefix(prefix))
        .unwrap_or(url);
    if url.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return None;
    }
    if url.starts_with("https://") || url.starts_with("http://") {
        return Some(Source::Elsewhere(url.to_owned()));
    }
    if !url.starts_with("../") && !url.starts_with("./") {
        return None;
    }
    let mut parts: Vec<&str> = repository.split('/').collect();
    for part in url.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    let name = parts.join("/");
    let name = name.strip_suffix(".git").unwrap_or(&name);
    (!name.is_empty()).then(|| Source::Beside(name.to_owned()))
}

/// Whether an address says at its beginning where it leads: no account that looks like a host stands before the host, and no
/// sign that browsers turn into a slash.
fn is_plain(url: &str) -> bool {
    let host = url.split_once("://").map_or("", |(_, rest)| {
        rest.split(['/', '?', '#']).next().unwrap_or("")
    });
    !host.is_empty() && !host.contains('@') && !url.contains('\\') && url.is_ascii()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_lead_to_the_web_or_beside() {
        let beside = |name: &str| Some(Source::Beside(name.to_owned()));
        let web = |url: &str| Some(Source::Elsewhere(url.to_owned()));
        for (url, expected) in [
            ("../other", beside("team/other")),
            ("../other.git", beside("team/other")),
            ("../../x", beside("x")),
            ("./sub", beside("team/site/sub")),
            (
                "https://example.com/lib.git",
                web("https://example.com/lib.git"),
            ),
            (
                "[git]https://example.com/lib",
                web("https://example.com/lib"),
            ),
            ("../../../x", None),
            ("../..", None),
            ("javascript:alert(1)", None),
            ("file:///etc/passwd", None),
            ("git@example.com:lib", None),
            ("https://exa mple.com/", None),
        ] {
            assert_eq!(source("team/site", url), expected, "{url}");
        }
    }

    #[test]
    fn only_what_says_where_it_leads_is_followed() {
        assert!(is_plain("https://example.com/lib.git"));
        for bad in [
            "https://",
            "https://code.example.org@evil.example/",
            "https://example.com\\@evil.example/",
            "https://ex\u{430}mple.com/",
        ] {
            assert!(!is_plain(bad), "{bad}");
        }
    }
}
