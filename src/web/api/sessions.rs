//! Browsers in which somebody is signed in. Not in 0.7.

use serde_json::{Value, json};

use super::arguments::Kind::{Id, Text};
use super::arguments::{Parameter, optional};
use super::fault::{Fault, Words};
use super::keys::account;
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
        name: "get_sessions",
        doc: "Where an account is signed in, the session used last first.",
        needs: NEEDS,
        parameters: &[USER],
        result: "[{session_id, created_on, last_used, expires}]",
        run: Any(list),
    },
    Method {
        name: "revoke_session",
        doc: "Ends a session of an account, or all of them.",
        needs: NEEDS,
        parameters: &[
            USER,
            optional(
                "session_id",
                Text,
                "The session; all of the account when not given.",
            ),
        ],
        result: "{msg, revoked: how many}",
        run: Any(revoke),
    },
];

fn list(call: &Call<'_>) -> Answer {
    let sessions = call.model.sessions(&account(call)?)?;
    let shape = |session: &model::OwnSession| {
        json!({
            // The hash of what the browser knows: it names a session and opens none.
            "session_id": session.token_hash,
            "created_on": shapes::time(session.created_on),
            "last_used": shapes::time(session.last_used),
            "expires": shapes::time(session.expires),
        })
    };
    Ok(sessions.iter().map(shape).collect::<Value>())
}

fn revoke(call: &Call<'_>) -> Answer {
    let account = account(call)?;
    let name = &account.user().username;
    let revoked = match call.args.text("session_id") {
        Some(id) => {
            call.model
                .end_session(&account, id)
                .map_err(|error| match error {
                    model::Error::NotFound { .. } => Fault::missing("session", id),
                    error => error.into(),
                })?;
            1
        }
        None => call
            .model
            .end_sessions(&account, None)
            .or_say(|| format!("failed to revoke sessions of user `{name}`"))?,
    };
    Ok(json!({
        "msg": format!("revoked {revoked} sessions of user `{name}`"),
        "revoked": revoked,
    }))
}
