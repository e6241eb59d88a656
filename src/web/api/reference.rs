//! `GET /_admin/api`: the table of methods for people, and as an OpenRPC document for programs.

use http::header::{ACCEPT, CACHE_CONTROL, HeaderValue};
use serde_json::{Value, json};

use super::PATH;
use super::arguments::Default as Or;
use super::methods::{FAMILIES, Method};
use crate::form::Form;
use crate::frame;
use crate::request::Request;
use crate::response::Response;
use crate::routes::{Answer, Captures};
use crate::template;
use crate::view::{ApiFamily, ApiMethod, ApiParameter, ApiReference};
use crate::visit::Visit;

/// `GET /_admin/api`
pub(crate) fn show(visit: &mut Visit<'_>, _: &Captures) -> Answer {
    let address = format!("{}{PATH}", visit.base_url());
    if wants_json(visit) {
        let text = db::json::to_python(&open_rpc(&address));
        let response = Response::bytes(http::StatusCode::OK, "application/json", text.into_bytes());
        return Ok(response.with(CACHE_CONTROL, HeaderValue::from_static("no-cache")));
    }
    let families = FAMILIES.iter().map(|family| ApiFamily {
        title: family.title.to_owned(),
        anchor: family.title.to_lowercase().replace(' ', "-"),
        methods: family.methods.iter().map(described).collect(),
    });
    template::page(
        visit.language,
        &ApiReference {
            frame: frame::frame(visit, "API", ""),
            openrpc_url: visit.url(&PATH[1..]).query("format", "openrpc").into(),
            example: format!(
                "curl {address} -H 'Content-Type: application/json' \\\n  \
             -d '{{\"id\": 1, \"api_key\": \"…\", \"method\": \"get_user\", \"args\": {{}}}}'"
            ),
            address,
            families: families.collect(),
        },
    )
}

/// Whether a request without a body asks for the reference, as a page or as JSON.
pub(super) fn asked(request: &Request) -> bool {
    let accept = request.headers.get(ACCEPT);
    let accept = accept.and_then(|value| value.to_str().ok()).unwrap_or("");
    accept.contains("text/html")
        || accept.contains("application/json")
        || Form::parse(request.query.as_bytes())
            .get("format")
            .is_some()
}

fn wants_json(visit: &Visit<'_>) -> bool {
    if visit.query.get("format") == Some("openrpc") {
        return true;
    }
    let accept = visit.request.headers.get(ACCEPT);
    accept
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(',').next())
        .and_then(|first| first.split(';').next())
        .is_some_and(|first| first.trim() == "application/json")
}

fn described(method: &Method) -> ApiMethod {
    let parameter = |parameter: &super::arguments::Parameter| ApiParameter {
        name: parameter.name.to_owned(),
        kind: parameter.kind.word().to_owned(),
        default: parameter.default.to_json().map(|value| value.to_string()),
        doc: parameter.doc.to_owned(),
    };
    ApiMethod {
        name: method.name.to_owned(),
        doc: method.doc.to_owned(),
        needs: method.needs.to_owned(),
        result: method.result.to_owned(),
        parameters: method.parameters.iter().map(parameter).collect(),
    }
}

/// The table in the form of <https://open-rpc.org>. Calls differ from JSON-RPC 2.0 in their envelope, which the
/// description tells.
fn open_rpc(address: &str) -> Value {
    let method = |family: &str, method: &Method| {
        let parameter = |parameter: &super::arguments::Parameter| {
            let mut schema = parameter.kind.schema();
            if let Some(default) = parameter.default.to_json() {
                schema["default"] = default;
            }
            json!({
                "name": parameter.name,
                "description": parameter.doc,
                "required": parameter.default == Or::Required,
                "schema": schema,
            })
        };
        json!({
            "name": method.name,
            "summary": method.doc,
            "description": format!("Needs: {}.", method.needs),
            "tags": [{"name": family}],
            "paramStructure": "by-name",
            "params": method.parameters.iter().map(parameter).collect::<Vec<_>>(),
            "result": {"name": "result", "summary": method.result, "schema": {}},
        })
    };
    let methods = FAMILIES
        .iter()
        .flat_map(|family| family.methods.iter().map(|one| method(family.title, one)));
    json!({
        "openrpc": "1.3.2",
        "info": {
            "title": "Kallithea",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "POST one object {\"id\", \"api_key\", \"method\", \"args\"} or an array of them. Arguments go \
                            by name into \"args\". The answer is {\"id\", \"result\", \"error\"}, where error is a text or \
                            null; the status is 200 in any case.",
        },
        "servers": [{"name": "this site", "url": address}],
        "methods": methods.collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_has_every_method_with_its_parameters_once() {
        let document = open_rpc("http://localhost/_admin/api");
        let methods = document["methods"].as_array().unwrap();
        let mut names: Vec<&str> = methods
            .iter()
            .map(|method| method["name"].as_str().unwrap())
            .collect();
        assert_eq!(names.len(), super::super::methods::all().count());
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), methods.len(), "each name once");
        for method in methods {
            assert!(
                method["summary"].as_str().unwrap().ends_with('.'),
                "{method}"
            );
            let mut optional = false;
            for parameter in method["params"].as_array().unwrap() {
                let required = parameter["required"] == true;
                assert!(
                    !(optional && required),
                    "required ones come first: {method}"
                );
                optional = optional || !required;
                assert_eq!(required, parameter["schema"].get("default").is_none());
                assert!(!parameter["description"].as_str().unwrap().is_empty());
            }
        }
    }
}
