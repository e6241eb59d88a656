//! User groups and their members.

use db::Username;
use model::ReadableUserGroup;
use model::user_group::{NewUserGroup, UserGroupUpdate};
use serde_json::{Value, json};

use super::arguments::Default as Or;
use super::arguments::Kind::{Flag, Id, Text};
use super::arguments::{Parameter, optional, or, required};
use super::fault::{Fault, Words};
use super::methods::Run::Any;
use super::methods::{Answer, Call, Method};
use super::shapes;

const GROUP: Parameter = required("usergroupid", Id, "The user group.");
const ADMIN: &str = "admin permission on the user group";

pub(super) const METHODS: &[Method] = &[
    Method {
        name: "get_user_group",
        doc: "A user group and its members.",
        needs: "read permission on the user group",
        parameters: &[GROUP],
        result: "User group",
        run: Any(get_user_group),
    },
    Method {
        name: "get_user_groups",
        doc: "All user groups that the caller may see.",
        needs: "a key",
        parameters: &[],
        result: "[User group]",
        run: Any(get_user_groups),
    },
    Method {
        name: "create_user_group",
        doc: "Makes a user group.",
        needs: "the right to create user groups; administrator to name another owner",
        parameters: &[
            required("group_name", Text, "The name."),
            or("description", Text, Or::Text(""), "Any text."),
            optional("owner", Id, "The owner; the caller when not given."),
            or(
                "active",
                Flag,
                Or::Flag(true),
                "Whether its permissions reach its members.",
            ),
        ],
        result: "{msg, user_group: User group}",
        run: Any(create_user_group),
    },
    Method {
        name: "update_user_group",
        doc: "Changes what is given about a user group.",
        needs: "admin permission on the user group; administrator to name another owner",
        parameters: &[
            GROUP,
            optional("group_name", Text, "The name."),
            optional("description", Text, "Any text."),
            optional("owner", Id, "The owner."),
            optional("active", Flag, "Whether its permissions reach its members."),
        ],
        result: "{msg, user_group: User group}",
        run: Any(update_user_group),
    },
    Method {
        name: "delete_user_group",
        doc: "Deletes a user group that has no permission on a repository.",
        needs: ADMIN,
        parameters: &[GROUP],
        result: "{msg, user_group: null}",
        run: Any(delete_user_group),
    },
    Method {
        name: "add_user_to_user_group",
        doc: "Makes an account a member.",
        needs: ADMIN,
        parameters: &[GROUP, required("userid", Id, "The account.")],
        result: "{success, msg}",
        run: Any(add_member),
    },
    Method {
        name: "remove_user_from_user_group",
        doc: "Makes an account a member no more.",
        needs: ADMIN,
        parameters: &[GROUP, required("userid", Id, "The account.")],
        result: "{success, msg}",
        run: Any(remove_member),
    },
];

fn shown(call: &Call<'_>, group: &ReadableUserGroup) -> Answer {
    let mut all = all_shown(call, std::slice::from_ref(group))?;
    Ok(all.pop().unwrap_or_default())
}

fn all_shown(call: &Call<'_>, groups: &[ReadableUserGroup]) -> Result<Vec<Value>, Fault> {
    let crowd = call.model.crowd(groups)?;
    let shown = groups.iter().map(|group| {
        let (owner, members) = crowd.of(group);
        shapes::user_group(group.row(), owner.map(Username::as_str), members)
    });
    Ok(shown.collect())
}

fn get_user_group(call: &Call<'_>) -> Answer {
    shown(call, &call.user_group()?)
}

fn get_user_groups(call: &Call<'_>) -> Answer {
    let mut groups = call
        .gate
        .user_groups_with(&call.viewer, model::Level::Read)?;
    groups.sort_by_key(ReadableUserGroup::id);
    Ok(all_shown(call, &groups)?.into())
}

fn create_user_group(call: &Call<'_>) -> Answer {
    let maker = call
        .gate
        .maker_of_user_groups(&call.viewer)
        .map_err(|_| Fault::denied())?;
    let name = call.args.needed("group_name");
    if call.model.user_group_name_is_taken(&maker, name)? {
        return Err(Fault::said(format!("user group `{name}` already exist")));
    }
    let owner = call.owner_or_self()?;
    let new = NewUserGroup {
        name,
        description: call.args.needed("description"),
        owner: Some(owner.username.as_str()),
        active: call.args.flag("active"),
    };
    let id = call
        .model
        .create_user_group(&maker, &call.actor(), &new)
        .or_explain(|| format!("failed to create group `{name}`"))?;
    let made = call.gate.read_user_group(&call.viewer, id)?;
    Ok(json!({
        "msg": format!("created new user group `{}`", made.name()),
        "user_group": shown(call, &made)?,
    }))
}

fn update_user_group(call: &Call<'_>) -> Answer {
    let group = call.admin_of_user_group()?;
    let owner = match call.args.maybe_id("owner") {
        Some(id) => Some(call.find_user(&id)?),
        None => None,
    };
    let update = UserGroupUpdate {
        name: call.args.text("group_name"),
        description: call.args.text("description"),
        owner: owner.as_ref().map(|user| user.username.as_str()),
        active: call.args.maybe("active"),
        members: None,
    };
    let asked = call.args.id("usergroupid");
    call.model
        .update_user_group(&group, &call.user, &call.actor(), &update)
        .or_explain(|| format!("failed to update user group `{asked}`"))?;
    let group = call
        .gate
        .read_user_group(&call.viewer, group.id())
        .or_say(|| format!("failed to update user group `{asked}`"))?;
    Ok(json!({
        "msg": format!("updated user group ID:{} {}", group.id(), group.name()),
        "user_group": shown(call, &group)?,
    }))
}

fn delete_user_group(call: &Call<'_>) -> Answer {
    let group = call.admin_of_user_group()?;
    let (id, name) = (group.id(), group.name());
    call.model
        .delete_user_group(&group, &call.actor())
        .map_err(|error| match error {
            // "User Group assigned to …": the words of the original, with the names of the repositories.
            model::Error::Forbidden(text) => Fault::said(text.to_string()),
            error => Fault::Because(
                format!("failed to delete user group ID:{id} {name}"),
                crate::problem::chain(&error),
            ),
        })?;
    Ok(json!({
        "msg": format!("deleted user group ID:{id} {name}"),
        "user_group": null,
    }))
}

fn done(success: bool, yes: String, no: &str) -> Value {
    json!({"success": success, "msg": if success { yes } else { no.to_owned() }})
}

fn add_member(call: &Call<'_>) -> Answer {
    let user = call.find_user(&call.args.id("userid"))?;
    let group = call.admin_of_user_group()?;
    let (user_name, name) = (&user.username, group.name());
    let added = call
        .model
        .add_member(&group, user.id)
        .or_explain(|| format!("failed to add member to user group `{name}`"))?;
    Ok(done(
        added,
        format!("added member `{user_name}` to user group `{name}`"),
        "User is already in that group",
    ))
}

fn remove_member(call: &Call<'_>) -> Answer {
    let user = call.find_user(&call.args.id("userid"))?;
    let group = call.admin_of_user_group()?;
    let (user_name, name) = (&user.username, group.name());
    let removed = call
        .model
        .remove_member(&group, user.id)
        .or_say(|| format!("failed to remove member from user group `{name}`"))?;
    Ok(done(
        removed,
        format!("removed member `{user_name}` from user group `{name}`"),
        "User wasn't in group",
    ))
}
