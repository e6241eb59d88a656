//! Atlassian Crowd, over its REST interface.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use ureq::Agent;
use ureq::tls::TlsConfig;

use super::{Identity, SourceError, Values};
use crate::User;

/// Answers longer than this are none.
const LONGEST: u64 = 4 * 1024 * 1024;

/// What Crowd knows about a name, if the password is right and the account active.
pub(super) fn ask(
    values: &Values,
    name: &str,
    password: &str,
    stored: Option<&User>,
) -> Result<Option<Identity>, SourceError> {
    let server = Server::new(values)?;
    let name_in_url = utf8_percent_encode(name, NON_ALPHANUMERIC).to_string();
    let Some(person) = server.post(
        &format!("authentication?username={name_in_url}"),
        &serde_json::json!({ "value": password }),
    )?
    else {
        return Ok(None);
    };
    let text = |key: &str| {
        person[key]
            .as_str()
            .map(str::trim)
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    };
    let crowd_name = text("name").unwrap_or_default();
    // A server that answers with somebody else must not open somebody else's account.
    if crowd_name.to_lowercase() != name.to_lowercase() {
        return Err(SourceError::Down(format!(
            "was asked about '{name}' and answered about '{crowd_name}'"
        )));
    }
    if person["active"].as_bool() != Some(true) {
        tracing::info!("crowd: the account '{name}' is not active there");
        return Ok(None);
    }
    let groups = server
        .get(&format!("user/group/nested?username={name_in_url}"))?
        .and_then(|answer| {
            let groups = answer["groups"].as_array()?.iter();
            Some(
                groups
                    .filter_map(|group| group["name"].as_str().map(str::to_owned))
                    .collect(),
            )
        })
        .unwrap_or_else(Vec::new);
    let is_admin = values
        .list("admin_groups")
        .any(|admins| groups.iter().any(|group| group == admins));
    let admin = match is_admin {
        true => Some(true),
        false if values.flag("withdraw_admin") => Some(false),
        false => None,
    };
    Ok(Some(Identity {
        username: name.to_owned(),
        firstname: text("first-name"),
        lastname: text("last-name"),
        email: text("email").or_else(|| stored.and_then(|user| user.email.clone())),
        groups,
        extern_name: crowd_name,
        admin,
    }))
}

struct Server<'a> {
    agent: Agent,
    base: String,
    name: &'a str,
    password: &'a str,
}

impl<'a> Server<'a> {
    fn new(values: &'a Values) -> Result<Self, SourceError> {
        let host = match values.text("host") {
            "" => "127.0.0.1",
            host => host,
        };
        let port = match values.text("port") {
            "" => "8095",
            port => port,
        };
        let method = if values.text("method") == "http" {
            "http"
        } else {
            "https"
        };
        let tls = match method {
            "https" => super::tls_for_http().map_err(SourceError::Down)?,
            _ => TlsConfig::builder().build(),
        };
        let agent = Agent::config_builder()
            .timeout_global(Some(values.timeout()))
            .http_status_as_error(false)
            .max_redirects(0)
            .tls_config(tls)
            .build()
            .new_agent();
        Ok(Self {
            agent,
            base: format!("{method}://{host}:{port}/crowd/rest/usermanagement/latest/"),
            name: values.text("app_name"),
            password: values.raw("app_password"),
        })
    }

    /// The credentials of the application, as HTTP Basic.
    fn authorization(&self) -> String {
        use base64::Engine;
        let pair = format!("{}:{}", self.name, self.password);
        format!(
            "Basic {}",
            base64::engine::general_purpose::STANDARD.encode(pair)
        )
    }

    fn post(&self, what: &str, body: &Value) -> Result<Option<Value>, SourceError> {
        let sent = self
            .agent
            .post(format!("{}{what}", self.base))
            .header("Authorization", self.authorization())
            .header("Accept", "application/json")
            .send_json(body);
        Self::answer(sent)
    }

    fn get(&self, what: &str) -> Result<Option<Value>, SourceError> {
        let sent = self
            .agent
            .get(format!("{}{what}", self.base))
            .header("Authorization", self.authorization())
            .header("Accept", "application/json")
            .call();
        Self::answer(sent)
    }

    /// None for a name or password that Crowd does not accept, which it answers with 400 and a reason.
    fn answer(
        sent: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    ) -> Result<Option<Value>, SourceError> {
        let mut answer = sent.map_err(|error| SourceError::Down(error.to_string()))?;
        let status = answer.status();
        let body: Result<Value, _> = answer.body_mut().with_config().limit(LONGEST).read_json();
        match status.as_u16() {
            200 => body
                .map(Some)
                .map_err(|error| SourceError::Down(format!("the answer is no JSON: {error}"))),
            400 | 404 => Ok(None),
            401 | 403 => Err(SourceError::Down(format!(
                "{status}: the application's name, password or address is refused"
            ))),
            _ => Err(SourceError::Down(status.to_string())),
        }
    }
}
