//! Repository groups, and permissions on them and on what lies below.

use db::ObjectKind;
use model::{
    AdminOfGroup, Error, Grant, Holder, Level, NewGroup, Recursion, SiteAdmin, Subject, name,
};
use serde_json::{Map, Value, json};

use super::arguments::Default as Or;
use super::arguments::Kind::{Id, Text};
use super::arguments::{Parameter, optional, or, required, switch};
use super::fault::{Fault, Words};
use super::methods::Run::{Admin, Any};
use super::methods::{Answer, Call, Method};
use super::permissions::level;
use super::shapes;
use crate::problem::chain;

const GROUP: Parameter = required("repogroupid", Id, "The repository group.");
const USER: Parameter = required("userid", Id, "The account.");
const USER_GROUP: Parameter = required("usergroupid", Id, "The user group.");
const PERM: Parameter = required(
    "perm",
    Text,
    "group.none, group.read, group.write or group.admin.",
);
const CHILDREN: Parameter = or(
    "apply_to_children",
    Text,
    Or::Text("none"),
    "What below the group it is done to as well: none, repos, groups or all.",
);
const ADMIN: &str = "admin permission on the repository group";
const BOTH: &str = "admin permission on the repository group, read permission on the user group";

pub(super) const METHODS: &[Method] = &[
    Method {
        name: "get_repo_group",
        doc: "A repository group and who has which permission on it.",
        needs: "administrator",
        parameters: &[GROUP],
        result: "Repository group with members",
        run: Admin(get),
    },
    Method {
        name: "get_repo_groups",
        doc: "All repository groups.",
        needs: "administrator",
        parameters: &[],
        result: "[Repository group]",
        run: Admin(list),
    },
    Method {
        name: "create_repo_group",
        doc: "Makes a repository group.",
        needs: "administrator",
        parameters: &[
            required("group_name", Text, "The last part of its name."),
            or(
                "description",
                Text,
                Or::Text(""),
                "Any text; empty: the name.",
            ),
            optional("owner", Id, "The owner; the caller when not given."),
            optional(
                "parent",
                Id,
                "The group it lies in; the top when not given.",
            ),
            switch(
                "copy_permissions",
                "Whether the permissions of the parent are copied.",
            ),
        ],
        result: "{msg, repo_group: Repository group}",
        run: Admin(create),
    },
    Method {
        name: "update_repo_group",
        doc: "Changes what is given about a repository group; renames and moves it with all that lies below.",
        needs: "administrator",
        parameters: &[
            GROUP,
            optional("group_name", Text, "The last part of its name."),
            optional("description", Text, "Any text."),
            optional("owner", Id, "The owner."),
            optional(
                "parent",
                Id,
                "The group it is moved to; empty or -1 for the top.",
            ),
        ],
        result: "{msg, repo_group: Repository group}",
        run: Admin(update),
    },
    Method {
        name: "delete_repo_group",
        doc: "Deletes an empty repository group.",
        needs: "administrator",
        parameters: &[GROUP],
        result: "{msg, repo_group: null}",
        run: Admin(delete),
    },
    Method {
        name: "grant_user_permission_to_repo_group",
        doc: "Gives an account a permission on a repository group, in place of the one it had.",
        needs: ADMIN,
        parameters: &[GROUP, USER, PERM, CHILDREN],
        result: "{msg, success}",
        run: Any(grant_user),
    },
    Method {
        name: "revoke_user_permission_from_repo_group",
        doc: "Takes an account's permission on a repository group away.",
        needs: ADMIN,
        parameters: &[GROUP, USER, CHILDREN],
        result: "{msg, success}",
        run: Any(revoke_user),
    },
    Method {
        name: "grant_user_group_permission_to_repo_group",
        doc: "Gives a user group a permission on a repository group, in place of the one it had.",
        needs: BOTH,
        parameters: &[GROUP, USER_GROUP, PERM, CHILDREN],
        result: "{msg, success}",
        run: Any(grant_user_group),
    },
    Method {
        name: "revoke_user_group_permission_from_repo_group",
        doc: "Takes a user group's permission on a repository group away.",
        needs: BOTH,
        parameters: &[GROUP, USER_GROUP, CHILDREN],
        result: "{msg, success}",
        run: Any(revoke_user_group),
    },
];

fn shown(call: &Call<'_>, group: &AdminOfGroup) -> Result<Map<String, Value>, Fault> {
    let details = call.model.group_details(std::slice::from_ref(group))?;
    let details = details.into_iter().next().unwrap_or_default();
    Ok(shapes::group(group.row(), &details))
}

fn get(call: &Call<'_>, _: &SiteAdmin) -> Answer {
    let group = call.admin_of_group()?;
    let members = call.model.members_of_group(&group)?;
    let mut shape = shown(call, &group)?;
    let members = shapes::members(&members, ObjectKind::RepositoryGroup);
    shape.insert("members".into(), members);
    Ok(shape.into())
}

fn list(call: &Call<'_>, _: &SiteAdmin) -> Answer {
    let groups = call.gate.readable_groups(&call.viewer)?;
    let mut groups: Vec<_> = groups
        .iter()
        .filter_map(model::ReadableGroup::administrable)
        .collect();
    groups.sort_by_key(|group| group.row().id);
    let details = call.model.group_details(&groups)?;
    let shapes = groups.iter().zip(&details);
    let shapes = shapes.map(|(group, details)| shapes::group(group.row(), details));
    Ok(shapes.map(Value::Object).collect())
}

/// A group that was changed just now.
fn again(call: &Call<'_>, full: &str, failed: String) -> Result<AdminOfGroup, Fault> {
    let group = call.gate.read_group(&call.viewer, full);
    let group = group.map_err(|error| Fault::Because(failed.clone(), chain(&error)))?;
    group
        .administrable()
        .ok_or_else(|| Fault::Because(failed, "it is gone already".into()))
}

/// A parent that is named; `""` and `-1` mean the top.
fn parent(call: &Call<'_>) -> Result<Option<Option<model::ReadableGroup>>, Fault> {
    use super::arguments::LookUp::Name;
    let Some(id) = call.args.maybe_id("parent") else {
        return Ok(None);
    };
    if id.is_number(-1) || matches!(id.look_up(), Name("" | "-1")) {
        return Ok(Some(None));
    }
    Ok(Some(Some(call.find_group(&id)?)))
}

fn create(call: &Call<'_>, admin: &SiteAdmin) -> Answer {
    let args = &call.args;
    let short = args.needed("group_name");
    let parent = parent(call)?.flatten();
    let full = name::full(parent.as_ref().map(|group| group.name()), short);
    if call.model.group_exists(&full)? {
        return Err(Fault::said(format!("repo group `{short}` already exist")));
    }
    let failed = || format!("failed to create repo group `{short}`");
    if name::slug(short) != short {
        return Err(Fault::Because(failed(), "the name is not a slug".into()));
    }
    let place = call
        .gate
        .place_for_group(&call.viewer, parent.map(|group| group.row().id))
        .or_say(failed)?;
    // The original looks the owner up last, and has no words of its own for one that does not exist.
    let owner = call.owner().map_err(|fault| match fault {
        Fault::Said(why) => Fault::Because(failed(), why),
        fault => fault,
    })?;
    let new = NewGroup {
        name: short,
        description: args.needed("description"),
        copy_permissions: args.flag("copy_permissions"),
    };
    let full = call
        .model
        .create_group_for(admin, &place, &owner, &new)
        .or_explain(failed)?;
    let group = again(call, &full, failed())?;
    Ok(json!({
        "msg": format!("created new repo group `{short}`"),
        "repo_group": shown(call, &group)?,
    }))
}

fn update(call: &Call<'_>, admin: &SiteAdmin) -> Answer {
    let args = &call.args;
    let asked = args.id("repogroupid");
    let failed = || format!("failed to update repository group `{asked}`");
    let group = call.admin_of_group()?;
    let owner = match args.maybe_id("owner") {
        Some(id) => Some(call.find_user(&id)?),
        None => None,
    };
    let place = match parent(call)? {
        Some(parent) => {
            let parent = parent.map(|group| group.row().id);
            Some(
                call.gate
                    .place_for_group(&call.viewer, parent)
                    .or_say(failed)?,
            )
        }
        None => None,
    };
    let last = name::last(group.name()).to_owned();
    let short = args.text("group_name").unwrap_or(&last);
    if name::slug(short) != short {
        return Err(Fault::Because(failed(), "the name is not a slug".into()));
    }
    if let Some(description) = args.text("description") {
        call.model
            .update_group(&group, description)
            .or_explain(failed)?;
    }
    if let Some(owner) = owner {
        call.model
            .set_group_owner(admin, &group, owner.username.as_str())
            .or_explain(failed)?;
    }
    let full = call
        .model
        .relocate_group(&group, &call.actor(), place.as_ref(), short)
        .or_explain(failed)?;
    let group = again(call, &full, failed())?;
    Ok(json!({
        "msg": format!("updated repository group ID:{} {full}", group.row().id),
        "repo_group": shown(call, &group)?,
    }))
}

fn delete(call: &Call<'_>, _: &SiteAdmin) -> Answer {
    let group = call.admin_of_group()?;
    let (id, name) = (group.row().id, group.name());
    call.model
        .delete_group(&group)
        .or_say(|| format!("failed to delete repo group ID:{id} {name}"))?;
    Ok(json!({
        "msg": format!("deleted repo group ID:{id} {name}"),
        "repo_group": null,
    }))
}

/// What below the group is meant, as a choice and as the client wrote it.
fn children<'a>(call: &'a Call<'_>) -> Result<(Recursion, &'a str), Fault> {
    let word = call.args.needed("apply_to_children");
    let choice = Recursion::from_word(word).ok_or_else(|| {
        Fault::said(format!(
            "apply_to_children must be one of none,repos,groups,all and not `{word}`"
        ))
    })?;
    Ok((choice, word))
}

/// Gives or takes, and says so.
fn change(
    call: &Call<'_>,
    group: &AdminOfGroup,
    holder: Holder,
    level: Option<Level>,
) -> Result<(), Error> {
    let (recursion, _) = children(call).unwrap_or((Recursion::None, ""));
    match level {
        Some(level) => {
            let subject = Subject::Holder(holder);
            let grant = Grant { subject, level };
            call.model
                .grant_on_group(group, &call.viewer, &[grant], recursion)
        }
        None => call
            .model
            .revoke_on_group(group, &call.viewer, holder, recursion)
            .map(drop),
    }
}

fn for_user(call: &Call<'_>, group: &AdminOfGroup, grants: bool) -> Answer {
    let id = call.args.id("userid");
    let user = call.find_user(&id)?;
    let level = match grants {
        true => Some(level(call, ObjectKind::RepositoryGroup)?),
        false => None,
    };
    let (_, word) = children(call)?;
    let short = name::last(group.name());
    change(call, group, Holder::User(user.id), level).or_say(|| {
        format!("failed to edit permission for user: `{id}` in repo group: `{short}`")
    })?;
    let name = &user.username;
    let msg = if grants {
        let perm = call.args.needed("perm");
        format!(
            "Granted perm: `{perm}` (recursive:{word}) for user: `{name}` in repo group: `{short}`"
        )
    } else {
        format!("Revoked perm (recursive:{word}) for user: `{name}` in repo group: `{short}`")
    };
    Ok(json!({"msg": msg, "success": true}))
}

fn grant_user(call: &Call<'_>) -> Answer {
    for_user(call, &call.admin_of_group()?, true)
}

fn revoke_user(call: &Call<'_>) -> Answer {
    for_user(call, &call.admin_of_group()?, false)
}

/// Unlike those for accounts, these look at the permission before they look for the user group.
fn grant_user_group(call: &Call<'_>) -> Answer {
    let group = call.admin_of_group()?;
    let level = level(call, ObjectKind::RepositoryGroup)?;
    let user_group = call.user_group()?;
    let (_, word) = children(call)?;
    let id = call.args.id("usergroupid");
    let (name, short) = (user_group.name(), name::last(group.name()));
    change(
        call,
        &group,
        Holder::UserGroup(user_group.id()),
        Some(level),
    )
    .or_say(|| {
        format!("failed to edit permission for user group: `{id}` in repo group: `{short}`")
    })?;
    let perm = call.args.needed("perm");
    let msg = format!(
        "Granted perm: `{perm}` (recursive:{word}) for user group: `{name}` in repo group: `{short}`"
    );
    Ok(json!({"msg": msg, "success": true}))
}

fn revoke_user_group(call: &Call<'_>) -> Answer {
    let group = call.admin_of_group()?;
    let user_group = call.user_group()?;
    let (_, word) = children(call)?;
    let (name, short) = (user_group.name(), name::last(group.name()));
    change(call, &group, Holder::UserGroup(user_group.id()), None).or_say(|| {
        format!("failed to edit permission for user group: `{name}` in repo group: `{short}`")
    })?;
    let msg = format!(
        "Revoked perm (recursive:{word}) for user group: `{name}` in repo group: `{short}`"
    );
    Ok(json!({"msg": msg, "success": true}))
}
