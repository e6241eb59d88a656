//! How things look in JSON: keys, their types and their order of members are what clients of 0.7 parse.

use db::gists::Gist;
use db::repositories::{RepoType, Repository};
use db::{Level, LocalTime, ObjectKind};
use model::{Grants, GroupDetails, Person, RepositoryDetails, Standing};
use serde_json::{Map, Value, json};

use crate::words::without_password;

/// A time of the database: local, with milliseconds where there are any.
pub(super) fn time(time: LocalTime) -> Value {
    json!(time.to_json())
}

/// A time without a fraction.
pub(super) fn seconds(time: LocalTime) -> Value {
    let text = time.to_json();
    json!(text.split('.').next().unwrap_or(&text))
}

/// An account with all its addresses, the main one first.
pub(super) fn user(person: &Person) -> Map<String, Value> {
    let user = &person.user;
    let mut emails = vec![json!(user.email)];
    emails.extend(person.extra_emails.iter().map(|email| json!(email)));
    object(json!({
        "user_id": user.id.0,
        "username": user.username.as_str(),
        "firstname": user.firstname,
        "lastname": user.lastname,
        "email": user.email,
        "emails": emails,
        "active": user.active,
        "admin": user.admin,
    }))
}

/// What an account may do.
pub(super) fn standing(standing: &Standing) -> Value {
    let levels = |kind: ObjectKind, of: Vec<(&str, Level)>| -> Map<String, Value> {
        of.into_iter()
            .map(|(name, level)| (name.to_owned(), json!(level.on(kind).as_str())))
            .collect()
    };
    let Standing {
        globals,
        repositories,
        groups,
        user_groups,
    } = standing;
    let repositories = repositories
        .iter()
        .map(|(name, level)| (name.as_str(), *level));
    let groups = groups.iter().map(|(name, level)| (name.as_str(), *level));
    let user_groups = user_groups
        .iter()
        .map(|(name, level)| (name.as_str(), *level));
    json!({
        "global": globals.names().iter().map(|name| name.as_str()).collect::<Vec<_>>(),
        "repositories": levels(ObjectKind::Repository, repositories.collect()),
        "repositories_groups": levels(ObjectKind::RepositoryGroup, groups.collect()),
        "user_groups": levels(ObjectKind::UserGroup, user_groups.collect()),
    })
}

/// A repository as its row and its surroundings describe it. Who does not administer it sees no password in the address
/// it is pulled from.
pub(super) fn repository(
    row: &Repository,
    level: Level,
    details: &RepositoryDetails,
) -> Map<String, Value> {
    let (kind, name) = landing_revision(&row.landing_revision);
    let clone_uri = row.clone_uri.as_ref().map(|uri| match level {
        Level::Admin => uri.as_str().to_owned(),
        _ => without_password(uri.as_str()),
    });
    let mut shape = object(json!({
        "repo_id": row.id.0,
        "repo_name": row.name.as_str(),
        "repo_type": match row.repo_type {
            RepoType::Unknown => "unknown",
            known => known.as_str(),
        },
        "clone_uri": clone_uri,
        "private": row.private,
        "created_on": time(row.created_on),
        "description": row.description,
        "landing_rev": [kind, name],
        "owner": details.owner.as_ref().map(|name| name.as_str()),
        "fork_of": details.fork_of.as_ref().map(|name| name.as_str()),
        "enable_statistics": row.statistics,
        "enable_downloads": row.downloads,
        "last_changeset": tip(row),
    }));
    for field in &details.fields {
        shape.insert(format!("ex_{}", field.key), json!(field.value));
    }
    shape
}

/// Kind and name of the revision that a repository shows first.
fn landing_revision(stored: &str) -> (&str, &str) {
    stored.split_once(':').unwrap_or(("rev", stored))
}

/// The newest changeset as the database keeps it, or what stands for none.
fn tip(row: &Repository) -> Value {
    let kept = row
        .changeset_cache
        .as_deref()
        .and_then(|text| serde_json::from_slice::<Value>(text).ok())
        .filter(|kept| kept.get("raw_id").is_some_and(Value::is_string));
    let Some(kept) = kept else {
        return json!({
            "short_id": "0".repeat(12),
            "raw_id": "0".repeat(40),
            "revision": -1,
            "message": "",
            "date": LocalTime::EPOCH.to_json(),
            "author": "",
        });
    };
    let part = |key: &str, otherwise: Value| kept.get(key).cloned().unwrap_or(otherwise);
    json!({
        "short_id": part("short_id", json!("")),
        "raw_id": part("raw_id", json!("")),
        "revision": part("revision", json!(-1)),
        "message": part("message", json!("")),
        "date": part("date", json!(LocalTime::EPOCH.to_json())),
        "author": part("author", json!("")),
    })
}

/// Who has which level: users, then user groups, each in the order of their rows.
pub(super) fn members(grants: &Grants, kind: ObjectKind) -> Value {
    let member = |name: &str, what: &str, level: Level| {
        json!({
            "name": name,
            "type": what,
            "permission": level.on(kind).as_str(),
        })
    };
    let mut users: Vec<_> = grants.users.iter().collect();
    users.sort_by_key(|grant| grant.row);
    let users = users.into_iter();
    let users = users.map(|grant| member(grant.username.as_str(), "user", grant.level));
    let mut groups: Vec<_> = grants.user_groups.iter().collect();
    groups.sort_by_key(|grant| grant.row);
    let groups = groups.into_iter();
    let groups = groups.map(|grant| member(grant.name.as_str(), "user_group", grant.level));
    users.chain(groups).collect()
}

/// A repository group.
pub(super) fn group(row: &db::groups::RepoGroup, details: &GroupDetails) -> Map<String, Value> {
    object(json!({
        "group_id": row.id.0,
        "group_name": row.name.as_str(),
        "group_description": row.description,
        "parent_group": details.parent.as_ref().map(|name| name.as_str()),
        "repositories": details.repositories.iter().map(|name| name.as_str()).collect::<Vec<_>>(),
        "owner": details.owner.as_ref().map(|name| name.as_str()),
    }))
}

/// A user group with its members.
pub(super) fn user_group(
    row: &db::users_groups::UserGroup,
    owner: Option<&str>,
    members: &[Person],
) -> Value {
    json!({
        "users_group_id": row.id.0,
        "group_name": row.name.as_str(),
        "group_description": row.description,
        "active": row.active,
        "owner": owner,
        "members": members.iter().map(user).collect::<Vec<_>>(),
    })
}

/// A gist without its files. `base` is scheme, host and mount point; `alias` the address that the ini file gives gists.
pub(super) fn gist(gist: &Gist, base: &str, alias: &str) -> Value {
    let url = if alias.is_empty() {
        format!("{base}/_admin/gists/{}", gist.access_id.as_str())
    } else {
        alias.replace("{gistid}", gist.access_id.as_str())
    };
    json!({
        "gist_id": gist.id.0,
        "type": gist.kind,
        "access_id": gist.access_id.as_str(),
        "description": gist.description,
        "url": url,
        "expires": gist.expires,
        "created_on": time(gist.created_on),
    })
}

/// The members of an object.
pub(super) fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_in_addresses_are_hidden_and_nothing_else() {
        for (uri, shown) in [
            ("https://u:p@h/r", "https://u:*****@h/r"),
            ("https://u:p:q@h:8000/r?x@y", "https://u:*****@h:8000/r?x@y"),
            ("https://u:p@ss@h/r", "https://u:*****@h/r"),
            ("ssh://u@h/r", "ssh://u@h/r"),
            ("https://h/a:b@c", "https://h/a:b@c"),
            ("/path", "/path"),
            ("", ""),
        ] {
            assert_eq!(without_password(uri), shown);
        }
    }

    #[test]
    fn a_landing_revision_has_two_parts() {
        assert_eq!(landing_revision("branch:a:b"), ("branch", "a:b"));
        assert_eq!(landing_revision("tip"), ("rev", "tip"));
    }
}
