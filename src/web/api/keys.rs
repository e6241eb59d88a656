//! API keys and SSH keys of accounts. Not in 0.7, where only pages manage them.

use model::Account;
use serde_json::{Value, json};

use super::arguments::Default as Or;
use super::arguments::Kind::{Id, Number, Text};
use super::arguments::{Parameter, optional, or, required};
use super::fault::{Fault, Words};
use super::methods::Run::Any;
use super::methods::{Answer, Call, Method};
use super::shapes;

const USER: Parameter = optional(
    "userid",
    Id,
    "The account; the caller's own when not given.",
);
const NEEDS: &str = "a key; administrator for accounts of others";

pub(super) const METHODS: &[Method] = &[
    Method {
        name: "get_api_keys",
        doc: "The extra API keys of an account. Of a key only the first digits are told.",
        needs: NEEDS,
        parameters: &[USER],
        result: "[{api_key_prefix, description, expires, expired, created_on}]",
        run: Any(list_api),
    },
    Method {
        name: "create_api_key",
        doc: "Makes an extra API key; the only time that it is told.",
        needs: NEEDS,
        parameters: &[
            USER,
            or("description", Text, Or::Text(""), "Any text."),
            or(
                "lifetime",
                Number,
                Or::Number(-1),
                "Minutes after which it ends; -1: never.",
            ),
        ],
        result: "{msg, api_key}",
        run: Any(create_api),
    },
    Method {
        name: "delete_api_key",
        doc: "Deletes an extra API key.",
        needs: NEEDS,
        parameters: &[
            required(
                "key",
                Text,
                "The key, or as many of its first digits as no other of the account has; at least 8.",
            ),
            USER,
        ],
        result: "{msg, success}",
        run: Any(delete_api),
    },
    Method {
        name: "get_ssh_keys",
        doc: "The SSH keys of an account.",
        needs: NEEDS,
        parameters: &[USER],
        result: "[{fingerprint, public_key, description, created_on, last_seen}]",
        run: Any(list_ssh),
    },
    Method {
        name: "create_ssh_key",
        doc: "Adds an SSH key.",
        needs: NEEDS,
        parameters: &[
            required("public_key", Text, "The key as in a .pub file."),
            USER,
            or(
                "description",
                Text,
                Or::Text(""),
                "Any text; empty: the key's comment.",
            ),
        ],
        result: "{msg, fingerprint}",
        run: Any(create_ssh),
    },
    Method {
        name: "delete_ssh_key",
        doc: "Deletes an SSH key.",
        needs: NEEDS,
        parameters: &[
            required("fingerprint", Text, "The key's fingerprint."),
            USER,
        ],
        result: "{msg, success}",
        run: Any(delete_ssh),
    },
];

/// The account that a method is about: the caller's own, or for administrators anybody's.
pub(super) fn account(call: &Call<'_>) -> Result<Account, Fault> {
    let Some(id) = call.args.maybe_id("userid") else {
        return Ok(call.gate.own_account(&call.viewer)?);
    };
    if !call.viewer.is_admin() {
        if id.is_number(call.user.id.0) || id.to_string() == call.user.username.as_str() {
            return Ok(call.gate.own_account(&call.viewer)?);
        }
        return Err(Fault::said("userid is not the same as your user"));
    }
    let user = call.find_user(&id)?;
    let admin = call.gate.site_admin(&call.viewer)?;
    call.gate
        .account(&admin, user.id)
        .map_err(|_| Fault::missing("user", &id))
}

/// How much of a key is shown to tell it from others.
const SHOWN: usize = 8;

fn list_api(call: &Call<'_>) -> Answer {
    let keys = call.model.extra_keys(&account(call)?)?;
    let now = jiff::Timestamp::now().as_second() as f64;
    let shape = |key: &db::user_api_keys::ExtraKey| {
        let prefix: String = key.key.as_str().chars().take(SHOWN).collect();
        json!({
            "api_key_prefix": prefix,
            "description": key.description,
            "expires": key.expires,
            "expired": key.has_expired(now),
            "created_on": shapes::time(key.created_on),
        })
    };
    Ok(keys.iter().map(shape).collect::<Value>())
}

fn create_api(call: &Call<'_>) -> Answer {
    let account = account(call)?;
    let name = &account.user().username;
    let failed = || format!("failed to create API key for user `{name}`");
    let lifetime = match call.args.number("lifetime") {
        None | Some(-1) => None,
        Some(minutes) => Some(u32::try_from(minutes).map_err(|_| {
            Fault::Because(failed(), "the lifetime is no number of minutes".into())
        })?),
    };
    let key = call
        .model
        .add_api_key(&account, call.args.needed("description"), lifetime)
        .or_explain(failed)?;
    Ok(json!({
        "msg": format!("created API key for user `{name}`"),
        "api_key": key.as_str(),
    }))
}

fn delete_api(call: &Call<'_>) -> Answer {
    let account = account(call)?;
    let name = &account.user().username;
    let asked = call.args.needed("key");
    let keys = call.model.extra_keys(&account)?;
    let mut meant = keys
        .iter()
        .filter(|key| asked.len() >= SHOWN && key.key.as_str().starts_with(asked));
    let (Some(key), None) = (meant.next(), meant.next()) else {
        // Not repeated: it may be a key of somebody.
        return Err(Fault::said("API key does not exist"));
    };
    call.model
        .delete_api_key(&account, key.key.as_str())
        .or_say(|| format!("failed to delete API key of user `{name}`"))?;
    Ok(json!({"msg": format!("deleted API key of user `{name}`"), "success": true}))
}

fn list_ssh(call: &Call<'_>) -> Answer {
    let keys = call.model.ssh_keys(&account(call)?)?;
    let shape = |key: &db::user_ssh_keys::SshKey| {
        json!({
            "fingerprint": key.fingerprint,
            "public_key": key.public_key.trim(),
            "description": key.description,
            "created_on": shapes::time(key.created_on),
            "last_seen": key.last_seen.map(shapes::time),
        })
    };
    Ok(keys.iter().map(shape).collect::<Value>())
}

fn create_ssh(call: &Call<'_>) -> Answer {
    let account = account(call)?;
    let name = &account.user().username;
    let failed = || format!("failed to add SSH key of user `{name}`");
    let text = call.args.needed("public_key");
    let key = model::ssh_key::PublicKey::parse(text).or_explain(failed)?;
    call.model
        .add_ssh_key(&account, text, call.args.needed("description"))
        .or_explain(failed)?;
    Ok(json!({
        "msg": format!("added SSH key of user `{name}`"),
        "fingerprint": key.fingerprint(),
    }))
}

fn delete_ssh(call: &Call<'_>) -> Answer {
    let account = account(call)?;
    let fingerprint = call.args.needed("fingerprint");
    let fingerprint = fingerprint.strip_prefix("SHA256:").unwrap_or(fingerprint);
    call.model
        .delete_ssh_key(&account, fingerprint)
        .map_err(|error| match error {
            model::Error::NotFound { .. } => Fault::missing("SSH key", fingerprint),
            error => error.into(),
        })?;
    let name = &account.user().username;
    Ok(json!({"msg": format!("deleted SSH key of user `{name}`"), "success": true}))
}
