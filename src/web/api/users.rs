//! Accounts.

use model::account::{NewUser, UserUpdate};
use model::{SiteAdmin, User};
use serde_json::{Value, json};

use super::arguments::Default as Or;
use super::arguments::Kind::{Flag, Id, Text};
use super::arguments::{optional, or, required};
use super::fault::{Fault, Words};
use super::methods::Run::{Admin, Any};
use super::methods::{Answer, Call, Method};
use super::shapes;

pub(super) const METHODS: &[Method] = &[
    Method {
        name: "get_user",
        doc: "An account and everything it may do.",
        needs: "a key; administrator for accounts of others",
        parameters: &[optional(
            "userid",
            Id,
            "The account; the caller's own when not given. Who is no administrator gives the own number or nothing.",
        )],
        result: "User with permissions {global, repositories, repositories_groups, user_groups}",
        run: Any(get_user),
    },
    Method {
        name: "get_users",
        doc: "All accounts by name, without the one of visitors.",
        needs: "administrator",
        parameters: &[],
        result: "[User]",
        run: Admin(get_users),
    },
    Method {
        name: "create_user",
        doc: "Makes an account.",
        needs: "administrator",
        parameters: &[
            required("username", Text, "The name."),
            required("email", Text, "Main mail address."),
            or(
                "password",
                Text,
                Or::Text(""),
                "Empty: nobody can sign in with a password.",
            ),
            or("firstname", Text, Or::Text(""), "First name."),
            or("lastname", Text, Or::Text(""), "Last name."),
            or(
                "active",
                Flag,
                Or::Flag(true),
                "Whether the account may be used.",
            ),
            or(
                "admin",
                Flag,
                Or::Flag(false),
                "Whether it administers the site.",
            ),
            or(
                "extern_type",
                Text,
                Or::Text("internal"),
                "The login source that the account belongs to.",
            ),
            or(
                "extern_name",
                Text,
                Or::Text(""),
                "The account's name there.",
            ),
        ],
        result: "{msg, user: User}",
        run: Admin(create_user),
    },
    Method {
        name: "update_user",
        doc: "Changes what is given about an account.",
        needs: "administrator",
        parameters: &[
            required("userid", Id, "The account."),
            optional("username", Text, "The name."),
            optional("email", Text, "Main mail address."),
            optional(
                "password",
                Text,
                "A new password; ends the account's sessions.",
            ),
            optional("firstname", Text, "First name."),
            optional("lastname", Text, "Last name."),
            optional("active", Flag, "Whether the account may be used."),
            optional("admin", Flag, "Whether it administers the site."),
            optional(
                "extern_type",
                Text,
                "The login source that the account belongs to.",
            ),
            optional("extern_name", Text, "The account's name there."),
        ],
        result: "{msg, user: User}",
        run: Admin(update_user),
    },
    Method {
        name: "delete_user",
        doc: "Deletes an account to which nothing belongs.",
        needs: "administrator",
        parameters: &[required("userid", Id, "The account.")],
        result: "{msg, user: null}",
        run: Admin(delete_user),
    },
];

fn get_user(call: &Call<'_>) -> Answer {
    let id = call.args.maybe_id("userid");
    if let Some(id) = &id
        && !call.viewer.is_admin()
        && !id.is_number(call.user.id.0)
    {
        return Err(Fault::said("userid is not the same as your user"));
    }
    let user = call.user_or_self("userid")?;
    let standing = call.model.standing(&user)?;
    let mut shape = shapes::object(shown(call, user)?);
    shape.insert("permissions".to_owned(), shapes::standing(&standing));
    Ok(shape.into())
}

/// An account as others see it.
fn shown(call: &Call<'_>, user: User) -> Answer {
    let people = call.model.people(vec![user])?;
    Ok(people
        .iter()
        .map(shapes::user)
        .next()
        .map_or(Value::Null, Value::Object))
}

fn get_users(call: &Call<'_>, admin: &SiteAdmin) -> Answer {
    let mut users = call.model.users(admin)?;
    users.sort_by(|a, b| a.username.cmp(&b.username));
    let people = call.model.people(users)?;
    Ok(people.iter().map(shapes::user).map(Value::Object).collect())
}

fn create_user(call: &Call<'_>, admin: &SiteAdmin) -> Answer {
    let args = &call.args;
    let (username, email) = (args.needed("username"), args.needed("email"));
    // In any case: whoever is called FOO is foo to the login form.
    if call.model.username_is_taken(admin, username)? {
        return Err(Fault::said(format!("user `{username}` already exist")));
    }
    if call.model.user_by_email(email)?.is_some() {
        return Err(Fault::said(format!("email `{email}` already exist")));
    }
    let password = args.needed("password");
    let new = NewUser {
        username,
        email,
        password,
        without_password: password.is_empty(),
        firstname: args.needed("firstname"),
        lastname: args.needed("lastname"),
        active: args.flag("active"),
        admin: args.flag("admin"),
        extern_type: args.needed("extern_type"),
        extern_name: args.needed("extern_name"),
    };
    let id = call
        .model
        .create_user_as(admin, &call.actor(), &new)
        .or_explain(|| format!("failed to create user `{username}`"))?;
    let user = call
        .model
        .owner(id)?
        .ok_or_else(|| Fault::missing("user", id))?;
    let msg = format!("created new user `{}`", user.username);
    Ok(json!({"msg": msg, "user": shown(call, user)?}))
}

fn update_user(call: &Call<'_>, admin: &SiteAdmin) -> Answer {
    let args = &call.args;
    let id = args.id("userid");
    let user = call.find_user(&id)?;
    if user.is_default() {
        return Err(Fault::said("editing default user is forbidden"));
    }
    let update = UserUpdate {
        username: args.text("username"),
        email: args.text("email"),
        // An empty one would lock the account; who wants that deactivates it.
        password: args.text("password").filter(|text| !text.is_empty()),
        firstname: args.text("firstname"),
        lastname: args.text("lastname"),
        active: args.maybe("active"),
        admin: args.maybe("admin"),
        extern_type: args.text("extern_type"),
        extern_name: args.text("extern_name"),
    };
    call.model
        .update_user(admin, &call.actor(), user.id, &update)
        .or_explain(|| format!("failed to update user `{id}`"))?;
    let user = call
        .model
        .owner(user.id)?
        .ok_or_else(|| Fault::missing("user", &id))?;
    let msg = format!("updated user ID:{} {}", user.id, user.username);
    Ok(json!({"msg": msg, "user": shown(call, user)?}))
}

fn delete_user(call: &Call<'_>, admin: &SiteAdmin) -> Answer {
    let user = call.find_user(&call.args.id("userid"))?;
    let (id, name) = (user.id, &user.username);
    call.model
        .delete_user(admin, &call.actor(), id)
        .or_explain(|| format!("failed to delete user ID:{id} {name}"))?;
    Ok(json!({"msg": format!("deleted user ID:{id} {name}"), "user": null}))
}
