//! Giving and taking permissions on repositories.

use db::ObjectKind;
use model::{Grant, Holder, Level, SiteAdmin, Subject};
use serde_json::json;

use super::arguments::Kind::{Id, Text};
use super::arguments::{Parameter, required};
use super::fault::{Fault, Words};
use super::methods::Run::{Admin, Any};
use super::methods::{Answer, Call, Method};

const REPO: Parameter = required("repoid", Id, "The repository.");
const USER: Parameter = required("userid", Id, "The account.");
const GROUP: Parameter = required("usergroupid", Id, "The user group.");
const PERM: Parameter = required(
    "perm",
    Text,
    "repository.none, repository.read, repository.write or repository.admin.",
);
const BOTH: &str = "admin permission on the repository, read permission on the user group";

pub(super) const METHODS: &[Method] = &[
    Method {
        name: "grant_user_permission",
        doc: "Gives an account a permission on a repository, in place of the one it had.",
        needs: "administrator",
        parameters: &[REPO, USER, PERM],
        result: "{msg, success}",
        run: Admin(grant_user),
    },
    Method {
        name: "revoke_user_permission",
        doc: "Takes an account's permission on a repository away.",
        needs: "administrator",
        parameters: &[REPO, USER],
        result: "{msg, success}",
        run: Admin(revoke_user),
    },
    Method {
        name: "grant_user_group_permission",
        doc: "Gives a user group a permission on a repository, in place of the one it had.",
        needs: BOTH,
        parameters: &[REPO, GROUP, PERM],
        result: "{msg, success}",
        run: Any(grant_user_group),
    },
    Method {
        name: "revoke_user_group_permission",
        doc: "Takes a user group's permission on a repository away.",
        needs: BOTH,
        parameters: &[REPO, GROUP],
        result: "{msg, success}",
        run: Any(revoke_user_group),
    },
];

/// The level that `perm` names on objects of a kind.
pub(super) fn level(call: &Call<'_>, kind: ObjectKind) -> Result<Level, Fault> {
    let perm = call.args.needed("perm");
    if !db::permissions::NAMES.contains(&perm) {
        return Err(Fault::missing("permission", perm));
    }
    Level::of(&perm.into(), kind).ok_or_else(|| {
        Fault::said(format!(
            "permission `{perm}` is invalid, should start with {}.",
            kind.prefix()
        ))
    })
}

fn grant_user(call: &Call<'_>, _: &SiteAdmin) -> Answer {
    let (repo_id, user_id) = (call.args.id("repoid"), call.args.id("userid"));
    let repository = call.admin_of_repository()?;
    let user = call.find_user(&user_id)?;
    let level = level(call, ObjectKind::Repository)?;
    let failed = || format!("failed to edit permission for user: `{user_id}` in repo: `{repo_id}`");
    if user.is_default() && repository.private() && level > Level::None {
        return Err(Fault::Because(
            failed(),
            "the repository is private: visitors never get in".into(),
        ));
    }
    let grant = Grant {
        subject: Subject::Holder(Holder::User(user.id)),
        level,
    };
    call.model
        .grant(&repository, &call.viewer, &[grant])
        .or_say(failed)?;
    let perm = call.args.needed("perm");
    Ok(json!({
        "msg": format!(
            "Granted perm: `{perm}` for user: `{}` in repo: `{}`",
            user.username,
            repository.name()
        ),
        "success": true,
    }))
}

fn revoke_user(call: &Call<'_>, _: &SiteAdmin) -> Answer {
    let (repo_id, user_id) = (call.args.id("repoid"), call.args.id("userid"));
    let repository = call.admin_of_repository()?;
    let user = call.find_user(&user_id)?;
    call.model
        .revoke(&repository, &call.viewer, Holder::User(user.id))
        .or_say(|| {
            format!("failed to edit permission for user: `{user_id}` in repo: `{repo_id}`")
        })?;
    Ok(json!({
        "msg": format!(
            "Revoked perm for user: `{}` in repo: `{}`",
            user.username,
            repository.name()
        ),
        "success": true,
    }))
}

fn grant_user_group(call: &Call<'_>) -> Answer {
    let repository = call.admin_of_repository()?;
    let level = level(call, ObjectKind::Repository)?;
    let group = call.user_group()?;
    let id = call.args.id("usergroupid");
    let grant = Grant {
        subject: Subject::Holder(Holder::UserGroup(group.id())),
        level,
    };
    let name = repository.name();
    call.model
        .grant(&repository, &call.viewer, &[grant])
        .or_say(|| format!("failed to edit permission for user group: `{id}` in repo: `{name}`"))?;
    let perm = call.args.needed("perm");
    Ok(json!({
        "msg": format!(
            "Granted perm: `{perm}` for user group: `{}` in repo: `{name}`",
            group.name()
        ),
        "success": true,
    }))
}

fn revoke_user_group(call: &Call<'_>) -> Answer {
    let repository = call.admin_of_repository()?;
    let group = call.user_group()?;
    let (name, group_name) = (repository.name(), group.name());
    call.model
        .revoke(&repository, &call.viewer, Holder::UserGroup(group.id()))
        .or_say(|| {
            format!("failed to edit permission for user group: `{group_name}` in repo: `{name}`")
        })?;
    Ok(json!({
        "msg": format!("Revoked perm for user group: `{group_name}` in repo: `{name}`"),
        "success": true,
    }))
}
