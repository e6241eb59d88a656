//! What the entries of the journal say, in words.

use model::JournalEntry;
use render::escape;

use crate::i18n::Language;
use crate::view::JournalChangeset;
use crate::visit::Visit;

/// How many changesets are named at once.
const FIRST: usize = 3;
/// How many more can be unfolded.
const MORE: usize = 50;

/// An entry in words.
#[derive(Default)]
pub(super) struct Said {
    pub icon: &'static str,
    pub html: String,
    pub changesets: Vec<JournalChangeset>,
    pub more: Vec<JournalChangeset>,
    pub more_count: u64,
    pub range_url: Option<String>,
}

/// Puts an entry into words. `base` stands before every address: empty on pages, scheme and host in feeds.
pub(super) fn say(visit: &Visit<'_>, entry: &JournalEntry, base: &str) -> Said {
    let url = |path: &str| format!("{base}{}", String::from(visit.url(path)));
    let repository = repository(entry, &url);
    let parameters = escape(&entry.parameters).into_owned();
    let about = |icon: &'static str, message: &str| Said {
        icon,
        html: visit.tf(
            message,
            &[("repository", &repository), ("name", &parameters)],
        ),
        ..Said::default()
    };
    match entry.action.as_str() {
        "push" => pushed(
            entry,
            &url,
            about("commit", "<b>pushed</b> into {repository}"),
        ),
        "push_local" => pushed(
            entry,
            &url,
            about("commit", "<b>committed</b> on the web into {repository}"),
        ),
        "push_remote" => pushed(
            entry,
            &url,
            about(
                "download",
                "<b>pulled</b> from its remote into {repository}",
            ),
        ),
        "pull" => about("download", "<b>pulled</b> from {repository}"),
        "user_created_repo" | "admin_created_repo" => {
            about("repo", "<b>created</b> repository {repository}")
        }
        "user_created_fork" => about("fork", "<b>created</b> {repository} as a fork"),
        "user_forked_repo" | "admin_forked_repo" if entry.parameters.is_empty() => {
            about("fork", "<b>forked</b> repository {repository}")
        }
        "user_forked_repo" | "admin_forked_repo" => {
            about("fork", "<b>forked</b> {repository} as {name}")
        }
        "user_updated_repo" | "admin_updated_repo" => {
            about("edit", "<b>updated</b> repository {repository}")
        }
        "user_deleted_repo" | "admin_deleted_repo" => {
            about("trash", "<b>deleted</b> repository {repository}")
        }
        "admin_moved_repo" => about("repo", "<b>moved</b> {repository} from {name}"),
        "admin_moved_repo_group" => about("folder", "<b>moved</b> repository group {name}"),
        "user_downloaded_archive" => {
            about("download", "<b>downloaded</b> {name} from {repository}")
        }
        "admin_created_user" => about("user", "<b>created</b> user {name}"),
        "admin_updated_user" => about("user", "<b>updated</b> user {name}"),
        "admin_deleted_user" => about("user", "<b>deleted</b> user {name}"),
        "admin_created_users_group" => about("user", "<b>created</b> user group {name}"),
        "admin_updated_users_group" => about("user", "<b>updated</b> user group {name}"),
        "admin_deleted_users_group" => about("user", "<b>deleted</b> user group {name}"),
        "user_commented_revision" => {
            let mut said = about("comment", "<b>commented</b> on a changeset in {repository}");
            said.changesets = vec![pushed_item(entry, &url, &entry.parameters)];
            said
        }
        "user_commented_pull_request" => about(
            "comment",
            "<b>commented</b> on pull request #{name} in {repository}",
        ),
        "user_closed_pull_request" => about(
            "merge",
            "<b>closed</b> pull request #{name} in {repository}",
        ),
        "user_reopened_pull_request" => about(
            "merge",
            "<b>reopened</b> pull request #{name} in {repository}",
        ),
        "started_following_repo" => about("heart-full", "started <b>following</b> {repository}"),
        "stopped_following_repo" => about("heart", "stopped <b>following</b> {repository}"),
        "failed_login" => about("lock", "gave a <b>wrong password</b>"),
        // Extensions write words of their own; they are shown as they are.
        other => {
            let mut html = escape(other).into_owned();
            for part in [&parameters, &repository] {
                if !part.is_empty() {
                    html.push(' ');
                    html.push_str(part);
                }
            }
            Said {
                icon: "history",
                html,
                ..Said::default()
            }
        }
    }
}

/// What an entry says in a feed: the words of its title, and its parameters as HTML.
///
/// Programs tell entries by these words, so they are those of Kallithea, in English whoever reads.
pub(super) fn feed(visit: &Visit<'_>, entry: &JournalEntry, base: &str) -> (String, String) {
    let url = |path: &str| format!("{base}{}", String::from(visit.url(path)));
    let link =
        |path: &str, text: &str| format!("<a href=\"{}\">{}</a>", escape(&url(path)), escape(text));
    let words = match entry.action.as_str() {
        "push" => "pushed into",
        "push_local" => "committed via Kallithea into repository",
        "push_remote" => "pulled from remote into repository",
        "pull" => "pulled from",
        "user_created_repo" | "admin_created_repo" => "created repository",
        "user_created_fork" => "created repository as fork",
        "user_forked_repo" | "admin_forked_repo" => "forked repository",
        "user_updated_repo" | "admin_updated_repo" => "updated repository",
        "user_deleted_repo" | "admin_deleted_repo" => "deleted repository",
        "user_downloaded_archive" => "downloaded archive from repository",
        "user_commented_revision" => "commented on revision in repository",
        "user_commented_pull_request" => "commented on pull request for",
        "user_closed_pull_request" => "closed pull request for",
        "started_following_repo" => "started following repository",
        "stopped_following_repo" => "stopped following repository",
        _ => return (plain(&say(visit, entry, base).html), String::new()),
    };
    let parameters = &entry.parameters;
    let html = match entry.action.as_str() {
        "push" | "push_local" | "push_remote" | "user_commented_revision" => {
            let said = say(visit, entry, base);
            let items = said.changesets.iter().chain(&said.more);
            let items: Vec<String> = items
                .map(|item| match &item.url {
                    Some(url) => {
                        format!("<a href=\"{}\">{}</a>", escape(url), escape(&item.text))
                    }
                    None => escape(&item.text).into_owned(),
                })
                .collect();
            let mut html = items.join(", ");
            if let Some(url) = &said.range_url {
                html.push_str(&format!(
                    "<br/><a href=\"{}\">Compare view</a>",
                    escape(url)
                ));
            }
            html
        }
        "user_forked_repo" | "admin_forked_repo" if !parameters.is_empty() => {
            format!("Fork name {}", link(parameters, parameters))
        }
        "user_commented_pull_request" | "user_closed_pull_request" if entry.exists => link(
            &format!("{}/pull-request/{parameters}", entry.repository),
            &format!("Pull request #{parameters}"),
        ),
        _ => escape(parameters).into_owned(),
    };
    (format!("{words} {}", entry.repository), html)
}

/// The same as plain text, for the titles of feeds.
fn plain(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut in_tag = false;
    for c in html.chars() {
        match c {
            '<' => in_tag = true,
            '>' if in_tag => in_tag = false,
            c if !in_tag => text.push(c),
            _ => {}
        }
    }
    for (entity, letter) in [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&amp;", "&"),
    ] {
        text = text.replace(entity, letter);
    }
    text
}

/// The repository as a link; only its name when it is gone.
fn repository(entry: &JournalEntry, url: &impl Fn(&str) -> String) -> String {
    let name = escape(&entry.repository);
    if entry.exists {
        let href = url(&entry.repository);
        format!("<a href=\"{}\"><bdi>{name}</bdi></a>", escape(&href))
    } else if name.is_empty() {
        String::new()
    } else {
        format!("<bdi>{name}</bdi>")
    }
}

fn pushed(entry: &JournalEntry, url: &impl Fn(&str) -> String, mut said: Said) -> Said {
    let items: Vec<&str> = entry
        .parameters
        .split(',')
        .filter(|item| !item.is_empty())
        .collect();
    let shown = if items.len() == FIRST + 1 {
        items.len()
    } else {
        items.len().min(FIRST)
    };
    let item = |item: &&str| pushed_item(entry, url, item);
    said.changesets = items[..shown].iter().map(item).collect();
    said.more = items[shown..].iter().take(MORE).map(item).collect();
    said.more_count = (items.len() - shown) as u64;
    let ids: Vec<&str> = items.iter().copied().filter(|item| is_id(item)).collect();
    if entry.exists
        && let [first, .., last] = ids[..]
    {
        said.range_url = Some(url(&format!(
            "{}/changeset/{first}...{last}",
            entry.repository
        )));
    }
    said
}

/// A changeset that was pushed, or a branch or tag.
fn pushed_item(
    entry: &JournalEntry,
    url: &impl Fn(&str) -> String,
    item: &str,
) -> JournalChangeset {
    match item.split_once("=>") {
        Some(("delete_branch", name)) => JournalChangeset {
            text: Language::current().tf("Deleted branch: {name}", &[("name", &name)]),
            ..JournalChangeset::default()
        },
        Some(("tag", name)) => JournalChangeset {
            text: Language::current().tf("Created tag: {name}", &[("name", &name)]),
            ..JournalChangeset::default()
        },
        _ => JournalChangeset {
            url: (entry.exists && is_id(item))
                .then(|| url(&format!("{}/changeset/{item}", entry.repository))),
            text: short(item),
            raw_id: item.to_owned(),
            repository: entry.repository.clone(),
        },
    }
}

fn is_id(item: &str) -> bool {
    (12..=40).contains(&item.len()) && item.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The first eight digits of an id; anything else as it is.
fn short(item: &str) -> String {
    if is_id(item) {
        item[..8].to_owned()
    } else {
        item.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_are_without_tags() {
        assert_eq!(
            plain("<b>pushed</b> into <a href=\"/x?a=&lt;\"><bdi>a &lt;b&gt; &amp;lt;</bdi></a>"),
            "pushed into a <b> &lt;"
        );
    }

    #[test]
    fn ids_are_short_and_words_whole() {
        assert_eq!(short(&"a".repeat(40)), "aaaaaaaa");
        assert_eq!(short("ééééééé"), "ééééééé");
        assert!(!is_id("0123"));
    }
}
