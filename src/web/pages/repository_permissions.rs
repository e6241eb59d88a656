//! The permission table of a repository.

use http::StatusCode;
use model::{AdminOfRepository, Grant, Holder, Level, Subject, UserGroupId, UserId};

use super::repository_settings;
use crate::frame;
use crate::i18n::{Language, m, t};
use crate::problem::Problem;
use crate::response::Response;
use crate::routes::{Answer, Captures};
use crate::template;
use crate::view::{Choice, FormError, NewMemberRow, PermissionRow, Permissions};
use crate::visit::Visit;
use crate::words::said;

const LEVELS: &[(Level, &str)] = &[
    (Level::None, m("None")),
    (Level::Read, m("Read")),
    (Level::Write, m("Write")),
    (Level::Admin, m("Admin")),
];

/// `GET /<repo>/settings/permissions`
pub fn form(visit: &mut Visit<'_>, repository: &AdminOfRepository, _: &Captures) -> Answer {
    show(visit, repository, Vec::new(), vec![empty_row(1)])
}

/// `POST /<repo>/settings/permissions`
pub fn save(visit: &mut Visit<'_>, repository: &AdminOfRepository, _: &Captures) -> Answer {
    let mut grants = Vec::new();
    for (name, value) in visit.form.iter() {
        let subject = if let Some(user) = name.strip_prefix("u_perm_") {
            Subject::User(user.to_owned())
        } else if let Some(group) = name.strip_prefix("g_perm_") {
            Subject::UserGroup(group.to_owned())
        } else {
            continue;
        };
        grants.push(Grant {
            subject,
            level: level(value)?,
        });
    }
    let rows = new_rows(visit);
    for row in rows
        .iter()
        .filter(|row| !row.name.is_empty() && !row.level.is_empty())
    {
        let subject = if row.kind == "users_group" {
            Subject::UserGroup(row.name.clone())
        } else {
            Subject::User(row.name.clone())
        };
        grants.push(Grant {
            subject,
            level: level(&row.level)?,
        });
    }
    match visit.model.grant(repository, &visit.viewer, &grants) {
        Ok(()) => {
            visit.flash("success", t("Repository permissions updated"));
            Ok(visit.redirect(&String::from(
                visit.url(repository.name()).join("settings/permissions"),
            )))
        }
        Err(model::Error::Invalid { message, .. }) => {
            let message = said(&message);
            let wrong = rows
                .iter()
                .find(|row| !row.name.is_empty() && message.contains(&row.name));
            let field = wrong
                .map(|row| format!("perm_new_member_name_{}", row.n))
                .unwrap_or_default();
            let rows = if rows.is_empty() {
                vec![empty_row(1)]
            } else {
                rows
            };
            show(
                visit,
                repository,
                vec![FormError {
                    field,
                    label: t("Name").to_owned(),
                    message,
                }],
                rows,
            )
        }
        Err(other) => Err(other.into()),
    }
}

/// `POST /<repo>/settings/permissions/delete`
pub fn revoke(visit: &mut Visit<'_>, repository: &AdminOfRepository, _: &Captures) -> Answer {
    let bad = || Problem::BadRequest(t("Expected obj_type and user_id or user_group_id.").into());
    let number = |field: &str| visit.form.number(field).ok_or_else(bad);
    let holder = match visit.form.get("obj_type") {
        Some("user") => Holder::User(UserId(number("user_id")?)),
        Some("user_group") => Holder::UserGroup(UserGroupId(number("user_group_id")?)),
        _ => return Err(bad()),
    };
    visit.model.revoke(repository, &visit.viewer, holder)?;
    if visit.request.headers.contains_key("x-requested-with") {
        return Ok(Response::empty(StatusCode::NO_CONTENT));
    }
    Ok(visit.redirect(&String::from(
        visit.url(repository.name()).join("settings/permissions"),
    )))
}

fn level(name: &str) -> Result<Level, Problem> {
    name.strip_prefix("repository.")
        .and_then(Level::from_word)
        .ok_or_else(|| {
            Problem::BadRequest(Language::current().tf(
                "{name} is no permission on a repository.",
                &[("name", &name)],
            ))
        })
}

/// The rows for new members as they were posted, by their number.
fn new_rows(visit: &Visit<'_>) -> Vec<NewMemberRow> {
    let mut rows: Vec<_> = visit
        .form
        .iter()
        .filter_map(|(name, value)| {
            Some((
                name.strip_prefix("perm_new_member_name_")?.parse().ok()?,
                value.trim(),
            ))
        })
        .map(|(n, name): (u32, &str)| {
            let field = |what: &str| {
                visit
                    .form
                    .trimmed(&format!("perm_new_member_{what}{n}"))
                    .to_owned()
            };
            NewMemberRow {
                n,
                name: name.to_owned(),
                kind: field("type_"),
                level: field(""),
            }
        })
        .collect();
    rows.sort_by_key(|row| row.n);
    rows
}

fn empty_row(n: u32) -> NewMemberRow {
    NewMemberRow {
        n,
        kind: "user".to_owned(),
        level: "repository.read".to_owned(),
        ..NewMemberRow::default()
    }
}

fn show(
    visit: &mut Visit<'_>,
    repository: &AdminOfRepository,
    errors: Vec<FormError>,
    new_rows: Vec<NewMemberRow>,
) -> Answer {
    let grants = visit.model.grants(repository)?;
    let owner = repository.row().owner;
    let private = repository.private();
    let value = |level: Level| format!("repository.{}", level.word());
    let users = grants.users.iter().map(|grant| {
        let default = grant.username.as_str() == "default";
        let detail = if default {
            t("everybody who is not named, visitors too")
        } else {
            ""
        };
        let locked = match () {
            () if grant.user == owner => Some(t("Owner").to_owned()),
            () if default && private => Some(t("Private").to_owned()),
            () => None,
        };
        PermissionRow {
            field: format!("u_perm_{}", grant.username),
            kind: if default { "default" } else { "user" }.to_owned(),
            id: grant.user.0,
            name: grant.username.to_string(),
            detail: detail.to_owned(),
            avatar_html: if default {
                String::new()
            } else {
                render::avatar::identicon(grant.username.as_str())
            },
            level: value(grant.level),
            revocable: !default && locked.is_none(),
            locked,
        }
    });
    let groups = grants.user_groups.iter().map(|grant| PermissionRow {
        field: format!("g_perm_{}", grant.name),
        kind: "user_group".to_owned(),
        id: grant.group.0,
        name: grant.name.to_string(),
        level: value(grant.level),
        revocable: true,
        ..PermissionRow::default()
    });
    let rows = users.chain(groups).collect();
    template::page(
        visit.language,
        &Permissions {
            repo: Some(frame::repository(
                visit,
                repository,
                frame::is_empty(visit, repository),
                "settings",
            )?),
            tabs: repository_settings::tabs(visit, repository, "permissions"),
            action_url: visit
                .url(repository.name())
                .join("settings/permissions")
                .into(),
            people_data_url: Some(visit.url("_users_and_groups").into()),
            revoke_url: visit
                .url(repository.name())
                .join("settings/permissions/delete")
                .into(),
            levels: LEVELS
                .iter()
                .map(|(level, text)| Choice {
                    value: value(*level),
                    text: t(text).to_owned(),
                    selected: false,
                })
                .collect(),
            rows,
            new_rows,
            private,
            errors,
            frame: frame::frame(
                visit,
                visit.tf("{name} Permissions", &[("name", &repository.name())]),
                "repositories",
            ),
            ..Permissions::default()
        },
    )
}
