//! What another source knows about somebody is brought into our tables: the account, and its user groups.

use db::{
    ApiKey, DbError, PasswordHash, Tx, UserGroupName, UserId, Username, user_to_perm, users,
    users_groups, users_groups_members,
};

use super::{Identity, SourceKind, belongs};
use crate::account::RESERVED;
use crate::extension_events::Candidate;
use crate::{Error, Model, User, password, random, user_group};

/// The columns hold no more.
const MAX_CHARS: usize = 255;
/// The permission by which accounts that come from elsewhere are active at once.
const ACTIVATE: &str = "hg.extern_activate.auto";

impl Model {
    /// Makes or updates the account of an identity, and its memberships. None when the name cannot be an account, or is
    /// that of an account that belongs elsewhere.
    pub(super) fn bring_in(
        &self,
        kind: SourceKind,
        identity: &Identity,
    ) -> Result<Option<User>, Error> {
        let name = identity.username.trim();
        let usable = !name.is_empty()
            && name.chars().count() <= MAX_CHARS
            && !name.chars().any(char::is_control)
            && !RESERVED.contains(&name.to_lowercase().as_str());
        if !usable {
            tracing::warn!(
                "{}: '{}' cannot be a user name here",
                kind.name(),
                name.escape_debug()
            );
            return Ok(None);
        }
        // Looked at without the write lock first: mostly nothing changes.
        let username = Username::from(name);
        let settled = self.db().read(|conn| -> Result<Option<User>, DbError> {
            let Some(user) = users::by_username_in_any_case(conn, &username)? else {
                return Ok(None);
            };
            let same = changed(&user, kind, identity, None).is_none()
                && memberships(conn, user.id, kind, &identity.groups)?.is_empty();
            Ok(same.then_some(user))
        })?;
        if settled.is_some() {
            return Ok(settled);
        }
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let asked = self.ask_about_user(
            &Candidate {
                username: name,
                password: "",
                email: &text(&identity.email),
                firstname: &text(&identity.firstname),
                lastname: &text(&identity.lastname),
                active: true,
                admin: identity.admin.unwrap_or(false),
            },
            None,
        );
        if let Err(refusal) = asked {
            tracing::warn!("{}: '{name}' is not let in: {refusal}", kind.name());
            return Ok(None);
        }
        let fresh_password = password::unusable()?;
        let mut made = None;
        let user = self.db().write(|tx| {
            let user = match users::by_username_in_any_case(tx, &username)? {
                None => {
                    let id = create(tx, kind, identity, &fresh_password)?;
                    made = Some(id);
                    id
                }
                Some(user) if user.is_default() || !belongs(&user, kind) => {
                    tracing::warn!(
                        "{}: the account '{}' belongs to another source",
                        kind.name(),
                        user.username
                    );
                    return Ok(None);
                }
                Some(user) => update(tx, &user, kind, identity, &fresh_password)?,
            };
            let Some(user) = users::by_id(tx, user)? else {
                return Ok(None);
            };
            synchronise(tx, user.id, kind, &identity.groups)?;
            Ok::<_, Error>(Some(user))
        })?;
        if let Some(id) = made {
            self.tell_of_user(id, None);
        }
        Ok(user)
    }
}

fn create(
    tx: &Tx<'_>,
    kind: SourceKind,
    identity: &Identity,
    fresh_password: &PasswordHash,
) -> Result<UserId, Error> {
    let active = match users::default_user(tx)? {
        Some(default) => user_to_perm::of_user(tx, default.id)?
            .iter()
            .any(|permission| permission.as_str() == ACTIVATE),
        None => false,
    };
    let email = free_email(tx, None, identity)?;
    let id = users::insert(
        tx,
        &users::NewUser {
            username: &Username::from(identity.username.trim()),
            password: fresh_password,
            active,
            admin: identity.admin.unwrap_or(false),
            firstname: &cut(identity.firstname.as_deref().unwrap_or_default()),
            lastname: &cut(identity.lastname.as_deref().unwrap_or_default()),
            email: email.as_deref(),
            extern_type: Some(kind.name()),
            extern_name: Some(&cut(&identity.extern_name)),
            api_key: &ApiKey::from(random::hex(20)),
        },
    )?;
    tracing::info!(
        "{}: made the account '{}' (user {id}){}",
        kind.name(),
        identity.username,
        if active {
            ""
        } else {
            ", which an administrator has to activate"
        }
    );
    Ok(id)
}

fn update(
    tx: &Tx<'_>,
    user: &User,
    kind: SourceKind,
    identity: &Identity,
    fresh_password: &PasswordHash,
) -> Result<UserId, Error> {
    let email = free_email(tx, Some(user), identity)?;
    if let Some(new) = changed(user, kind, identity, Some(email.as_deref())) {
        users::update(
            tx,
            user.id,
            &users::UserDetails {
                username: &user.username,
                active: user.active,
                admin: new.admin,
                firstname: &new.firstname,
                lastname: &new.lastname,
                email: new.email.as_deref(),
                extern_type: Some(kind.name()),
                extern_name: new.extern_name.as_deref(),
            },
        )?;
        if user.password.as_str().is_empty() {
            // Nobody signs in locally to an account of another source; the original needs some hash to stand there.
            users::set_password(tx, user.id, fresh_password)?;
        }
    }
    Ok(user.id)
}

/// The account as the source wants it, when it is not so already. `email` is the address that is free to take; none
/// means that the source's own is to be compared.
fn changed(
    user: &User,
    kind: SourceKind,
    identity: &Identity,
    email: Option<Option<&str>>,
) -> Option<User> {
    let mut new = user.clone();
    new.extern_type = Some(kind.name().to_owned());
    new.extern_name = Some(cut(&identity.extern_name));
    if let Some(firstname) = &identity.firstname {
        new.firstname = cut(firstname);
    }
    if let Some(lastname) = &identity.lastname {
        new.lastname = cut(lastname);
    }
    let wanted = email.unwrap_or(identity.email.as_deref());
    if let Some(email) = wanted
        .map(str::to_lowercase)
        .filter(|email| !email.is_empty())
    {
        new.email = Some(email);
    }
    new.admin = identity.admin.unwrap_or(user.admin);
    (new != *user).then_some(new)
}

/// The address that the source gives, unless it is somebody else's already.
fn free_email(
    tx: &Tx<'_>,
    user: Option<&User>,
    identity: &Identity,
) -> Result<Option<String>, Error> {
    let own = user.and_then(|user| user.email.clone());
    let Some(email) = identity
        .email
        .as_deref()
        .map(str::trim)
        .filter(|email| !email.is_empty())
    else {
        return Ok(own);
    };
    if email.chars().count() > MAX_CHARS || email.chars().any(char::is_control) {
        tracing::warn!("the address of '{}' cannot be kept", identity.username);
        return Ok(own);
    }
    match users::by_email(tx, email)? {
        Some(other) if Some(other.id) != user.map(|user| user.id) => {
            tracing::warn!(
                "the address of '{}' is that of user {} already and is not taken over",
                identity.username,
                other.id
            );
            Ok(own)
        }
        _ => Ok(Some(email.to_lowercase())),
    }
}

/// A text as long as its column.
fn cut(text: &str) -> String {
    text.chars()
        .filter(|c| *c != '\0')
        .take(MAX_CHARS)
        .collect()
}

/// What has to be done to an account's memberships.
#[derive(Default)]
struct Memberships {
    leave: Vec<db::UserGroupId>,
    join: Vec<String>,
}

impl Memberships {
    fn is_empty(&self) -> bool {
        self.leave.is_empty() && self.join.is_empty()
    }
}

/// Groups that this source manages follow its list: those it does not name any more are left, new ones are joined.
/// A group that an administrator made by hand is left alone, whatever its name; so are those of other sources.
fn memberships(
    conn: &db::Conn,
    user: UserId,
    kind: SourceKind,
    wanted: &[String],
) -> Result<Memberships, DbError> {
    let mine = users_groups::of_member(conn, user)?;
    let mut todo = Memberships::default();
    for group in &mine {
        if managed_by(group).as_deref() == Some(kind.name())
            && !wanted.iter().any(|name| name == group.name.as_str())
        {
            todo.leave.push(group.id);
        }
    }
    for name in wanted {
        let usable = !name.is_empty()
            && name.chars().count() <= MAX_CHARS
            && !name.chars().any(char::is_control);
        if !usable
            || mine.iter().any(|group| group.name.as_str() == name)
            || todo.join.contains(name)
        {
            continue;
        }
        let by_hand = users_groups::by_name(conn, &UserGroupName::from(name.as_str()))?
            .is_some_and(|group| managed_by(&group).is_none());
        if !by_hand {
            todo.join.push(name.clone());
        }
    }
    Ok(todo)
}

/// The source that manages a user group, from its `group_data`.
fn managed_by(group: &users_groups::UserGroup) -> Option<String> {
    let data: serde_json::Value = serde_json::from_slice(group.group_data.as_deref()?).ok()?;
    data["extern_type"].as_str().map(str::to_owned)
}

fn synchronise(
    tx: &Tx<'_>,
    user: UserId,
    kind: SourceKind,
    wanted: &[String],
) -> Result<(), Error> {
    let todo = memberships(tx, user, kind, wanted)?;
    for group in todo.leave {
        users_groups_members::remove(tx, group, user)?;
    }
    for name in todo.join {
        let name = UserGroupName::from(name.as_str());
        let group = match users_groups::by_name(tx, &name)? {
            Some(group) => group.id,
            None => {
                let Some(owner) = users::first_admin(tx)? else {
                    tracing::warn!("there is no administrator to own the user group '{name}'");
                    continue;
                };
                let description = format!("Automatically created from plugin:{}", kind.name());
                let group = users_groups::insert(tx, &name, &description, owner.id)?;
                let data = serde_json::json!({ "extern_type": kind.name() });
                let data = db::json::to_python(&data);
                users_groups::set_group_data(tx, group, data.as_bytes())?;
                user_group::grant_default(tx, group)?;
                group
            }
        };
        users_groups_members::add(tx, group, user)?;
    }
    Ok(())
}
