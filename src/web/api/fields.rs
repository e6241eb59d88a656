//! Extra fields of repositories. Not in 0.7, whose API only shows them.

use db::repositories_fields::NewField;
use serde_json::{Value, json};

use super::arguments::Default as Or;
use super::arguments::Kind::{Id, Text};
use super::arguments::{Parameter, optional, or, required};
use super::fault::{Fault, Words};
use super::methods::Run::Any;
use super::methods::{Answer, Call, Method};

const REPO: Parameter = required("repoid", Id, "The repository.");
const KEY: Parameter = required("key", Text, "The key, with or without ex_ before it.");
const ADMIN: &str = "admin permission on the repository";

pub(super) const METHODS: &[Method] = &[
    Method {
        name: "get_repo_fields",
        doc: "The extra fields of a repository.",
        needs: "read permission on the repository",
        parameters: &[REPO],
        result: "[{key, label, value, description, type}]",
        run: Any(list),
    },
    Method {
        name: "set_repo_field",
        doc: "Sets the value of an extra field, and makes the field where there is none.",
        needs: ADMIN,
        parameters: &[
            REPO,
            KEY,
            required("value", Text, "The value."),
            optional(
                "label",
                Text,
                "What forms call a new field; its key when not given.",
            ),
            or(
                "description",
                Text,
                Or::Text(""),
                "What a new field is good for.",
            ),
        ],
        result: "{msg, fields: as get_repo_fields}",
        run: Any(set),
    },
    Method {
        name: "delete_repo_field",
        doc: "Deletes an extra field with its value.",
        needs: ADMIN,
        parameters: &[REPO, KEY],
        result: "{msg, fields: as get_repo_fields}",
        run: Any(delete),
    },
];

fn shown(call: &Call<'_>, repository: &model::ReadableRepository) -> Answer {
    let fields = call.model.fields(repository)?;
    let shape = |field: &db::repositories_fields::ExtraField| {
        json!({
            "key": field.key,
            "label": field.label,
            "value": field.value,
            "description": field.description,
            "type": field.kind,
        })
    };
    Ok(fields.iter().map(shape).collect::<Value>())
}

/// The key without what the API writes before it.
fn key<'a>(call: &'a Call<'_>) -> &'a str {
    let key = call.args.needed("key");
    key.strip_prefix(model::field::PREFIX).unwrap_or(key)
}

fn list(call: &Call<'_>) -> Answer {
    shown(call, &call.repository()?)
}

fn set(call: &Call<'_>) -> Answer {
    let repository = call.admin_of_repository()?;
    let (key, value) = (key(call), call.args.needed("value"));
    let failed = || format!("failed to set field `{key}` of `{}`", repository.name());
    let present = call.model.fields(&repository)?;
    if present.iter().any(|field| field.key == key) {
        call.model
            .set_fields(&repository, &[(key, value)])
            .or_explain(failed)?;
    } else {
        let new = NewField {
            key,
            label: call.args.text("label").unwrap_or(key),
            value,
            description: call.args.needed("description"),
            kind: "str",
        };
        call.model.add_field(&repository, &new).or_explain(failed)?;
    }
    Ok(json!({
        "msg": format!("Set field `{key}` of `{}`", repository.name()),
        "fields": shown(call, &repository)?,
    }))
}

fn delete(call: &Call<'_>) -> Answer {
    let repository = call.admin_of_repository()?;
    let key = key(call);
    let fields = call.model.fields(&repository)?;
    let field = fields
        .iter()
        .find(|field| field.key == key)
        .ok_or_else(|| Fault::missing("field", key))?;
    call.model
        .delete_field(&repository, field.id)
        .or_say(|| format!("failed to delete field `{key}` of `{}`", repository.name()))?;
    Ok(json!({
        "msg": format!("Deleted field `{key}` of `{}`", repository.name()),
        "fields": shown(call, &repository)?,
    }))
}
