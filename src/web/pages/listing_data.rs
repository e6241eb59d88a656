//! The list of groups and repositories as data, for the programs that read it out of the page.
//!
//! Kallithea 0.7 draws its lists by a script from a literal `var data = ({…});`, so that literal is what programs know. It
//! stands here beside the rows, and no browser runs it.

use model::{Listed, ListedGroup};
use render::escape;
use serde_json::{Value, json};

use crate::view::RepositoryRow;
use crate::visit::Visit;

/// The literal. `place` is the full name of the group in view: of the groups only those directly below it are told, as there.
pub(super) fn literal(
    visit: &Visit<'_>,
    place: &str,
    groups: &[ListedGroup],
    repositories: &[(&Listed, &RepositoryRow)],
) -> String {
    let depth = if place.is_empty() {
        0
    } else {
        place.matches('/').count() + 1
    };
    let mut records: Vec<Value> = groups
        .iter()
        .filter(|listed| listed.group.name().matches('/').count() == depth)
        .map(|listed| group(visit, listed))
        .collect();
    records.extend(
        repositories
            .iter()
            .map(|(listed, row)| repository(visit, listed, row)),
    );
    let data = json!({"sort": "name", "dir": "asc", "records": records});
    in_script(&data.to_string())
}

fn group(visit: &Visit<'_>, listed: &ListedGroup) -> Value {
    let full = listed.group.name();
    let name = model::name::last(full);
    let url = String::from(visit.url(full));
    json!({
        // Groups come first where somebody sorts by this.
        "raw_name": format!("\0{}", escape(name)),
        "just_name": name,
        "name": format!("<a href=\"{}\">{}</a>", escape(&url), escape(name)),
        "desc": escape(&listed.group.row().description),
    })
}

fn repository(visit: &Visit<'_>, listed: &Listed, row: &RepositoryRow) -> Value {
    let repository = &listed.repository;
    let short = model::name::last(repository.name());
    let system = match repository.kind() {
        vcs::Kind::Hg => "Mercurial repository",
        vcs::Kind::Git => "Git repository",
    };
    let mut name = format!(
        "<span class=\"label label-repo\" title=\"{system}\">{}</span> <a href=\"{}\">{}</a>",
        row.kind,
        escape(&row.url),
        escape(short)
    );
    name.push_str(if row.private {
        " <i class=\"icon-lock\" title=\"Private repository\"></i>"
    } else {
        " <i class=\"icon-globe\" title=\"Public repository\"></i>"
    });
    if let Some(parent) = &row.fork_of {
        let parent = escape(&parent.url);
        name.push_str(&format!(
            " <a href=\"{parent}\"><i class=\"icon-fork\"></i></a>"
        ));
    }
    if row.pending {
        name.push_str(" <i class=\"icon-wrench\"></i>");
    }
    let number = repository
        .row()
        .changeset_cache
        .as_deref()
        .and_then(|cache| serde_json::from_slice::<Value>(cache).ok())
        .and_then(|cache| cache.get("revision")?.as_i64())
        .unwrap_or(-1);
    let (last, date, age) = match &row.last {
        Some(last) => (
            format!(
                "<a class=\"changeset_hash\" href=\"{}\">r{number}:{}</a>",
                escape(&last.url),
                escape(&last.id)
            ),
            last.when.exact.replace(' ', "T"),
            last.when.age.clone(),
        ),
        None => ("No changesets yet".to_owned(), String::new(), String::new()),
    };
    let feed = |form: &str| {
        let url = String::from(visit.url(repository.name()).join("feed").join(form));
        format!("<a href=\"{}\">{form}</a>", escape(&url))
    };
    json!({
        "raw_name": escape(repository.name()),
        "just_name": short,
        "name": name,
        "following": if row.following { "following" } else { "" },
        "desc": escape(&row.description),
        "last_change_iso": date,
        "last_change": age,
        "last_rev_raw": if row.last.is_some() { number } else { -1 },
        "last_changeset": last,
        "owner": escape(&row.owner.name),
        "state": if row.pending { "repo_state_pending" } else { "Created" },
        "rss": feed("rss"),
        "atom": feed("atom"),
    })
}

/// JSON that ends no element it stands in, in the notation of the original.
fn in_script(json: &str) -> String {
    json.replace('&', "\\x26")
        .replace('<', "\\x3c")
        .replace('>', "\\x3e")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_element_is_ended() {
        assert_eq!(
            in_script(r#"{"a":"</script>&"}"#),
            r#"{"a":"\x3c/script\x3e\x26"}"#
        );
    }
}
