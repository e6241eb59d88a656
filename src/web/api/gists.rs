//! Gists.

use model::gist::{GistKind, NewGist};
use model::{Account, User};
use serde_json::{Value, json};

use super::arguments::Default as Or;
use super::arguments::Kind::{Files, Id, Number, Text};
use super::arguments::{Parameter, optional, or, required};
use super::fault::{Fault, Words};
use super::methods::Run::Any;
use super::methods::{Answer, Call, Method};
use super::shapes;

const GIST: Parameter = required("gistid", Id, "The gist, by access id or number.");
const OWN: &str = "the own gist; administrator for those of others";

pub(super) const METHODS: &[Method] = &[
    Method {
        name: "get_gist",
        doc: "What is known about a gist.",
        needs: OWN,
        parameters: &[GIST],
        result: "Gist",
        run: Any(get),
    },
    Method {
        name: "get_gists",
        doc: "The gists of an account that have not ended, newest first.",
        needs: "a key; administrator for those of others",
        parameters: &[optional(
            "userid",
            Id,
            "The account; the caller's own when not given.",
        )],
        result: "[Gist]",
        run: Any(list),
    },
    Method {
        name: "create_gist",
        doc: "Makes a gist.",
        needs: "a key; administrator to name another owner",
        parameters: &[
            required(
                "files",
                Files,
                "Name → {content, lexer}; the lexer is not kept.",
            ),
            optional("owner", Id, "The owner; the caller when not given."),
            or("gist_type", Text, Or::Text("public"), "public or private."),
            or(
                "lifetime",
                Number,
                Or::Number(-1),
                "Minutes after which it ends; -1: never.",
            ),
            or("description", Text, Or::Text(""), "Any text."),
        ],
        result: "{msg, gist: Gist}",
        run: Any(create),
    },
    Method {
        name: "delete_gist",
        doc: "Deletes a gist for good.",
        needs: OWN,
        parameters: &[GIST],
        result: "{msg, gist: null}",
        run: Any(delete),
    },
];

fn shown(call: &Call<'_>, gist: &db::gists::Gist) -> Value {
    shapes::gist(gist, &call.base_url(), &call.model.config().gist_alias_url)
}

fn own(call: &Call<'_>) -> Result<model::gist::AdminOfGist, Fault> {
    let id = call.args.id("gistid");
    call.gate
        .admin_of_gist(&call.viewer, &id.to_string())
        .map_err(|error| match error {
            model::Error::NotFound { .. } => Fault::missing("gist", &id),
            error => error.into(),
        })
}

fn get(call: &Call<'_>) -> Answer {
    Ok(shown(call, own(call)?.row()))
}

/// The account of a user, as far as the caller may look after it.
fn account(call: &Call<'_>, user: &User) -> Result<Account, Fault> {
    if user.id == call.user.id {
        return Ok(call.gate.own_account(&call.viewer)?);
    }
    let admin = call.gate.site_admin(&call.viewer)?;
    Ok(call.gate.account(&admin, user.id)?)
}

fn list(call: &Call<'_>) -> Answer {
    if let Some(id) = call.args.maybe_id("userid")
        && !call.viewer.is_admin()
        && !id.is_number(call.user.id.0)
    {
        return Err(Fault::said("userid is not the same as your user"));
    }
    let user = call.user_or_self("userid")?;
    if user.is_default() {
        return Ok(json!([]));
    }
    let gists = call.model.gists(&account(call, &user)?)?;
    Ok(gists.iter().map(|gist| shown(call, gist)).collect())
}

fn create(call: &Call<'_>) -> Answer {
    let args = &call.args;
    let owner = call.owner_or_self()?;
    let failed = || "failed to create gist".to_owned();
    let because = |reason: &str| Fault::Because(failed(), reason.to_owned());
    let kind = GistKind::from_word(args.needed("gist_type"))
        .ok_or_else(|| because("the type is neither public nor private"))?;
    let lifetime = match args.number("lifetime") {
        None | Some(-1) => None,
        Some(minutes) => Some(
            u32::try_from(minutes).map_err(|_| because("the lifetime is no number of minutes"))?,
        ),
    };
    let empty = serde_json::Map::new();
    let files: Vec<(&str, &str)> = args
        .value("files")
        .as_object()
        .unwrap_or(&empty)
        .iter()
        .map(|(name, file)| (name.as_str(), file["content"].as_str().unwrap_or_default()))
        .collect();
    let new = NewGist {
        kind,
        description: args.needed("description"),
        lifetime,
        files: &files,
    };
    let account = account(call, &owner).map_err(|_| because("the owner can have none"))?;
    let gist = call.model.create_gist(&account, &new).or_say(failed)?;
    Ok(json!({"msg": "created new gist", "gist": shown(call, &gist)}))
}

fn delete(call: &Call<'_>) -> Answer {
    let gist = own(call)?;
    let id = gist.row().access_id.as_str();
    call.model
        .delete_gist(&gist)
        .or_say(|| format!("failed to delete gist ID:{id}"))?;
    Ok(json!({"msg": format!("deleted gist ID:{id}"), "gist": null}))
}
