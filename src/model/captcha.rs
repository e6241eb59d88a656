//! The puzzle that keeps programs from registering, when the settings have keys for it.

use std::time::Duration;

use serde_json::Value;
use ureq::Agent;

use crate::auth::tls_for_http;
use crate::{Error, Model};

/// How long the service may take. A service that does not answer has not said yes.
const PATIENCE: Duration = Duration::from_secs(5);

impl Model {
    /// The public key of the puzzle, when the site has one to solve.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn captcha_key(&self) -> Result<Option<String>, Error> {
        Ok(self.captcha_keys()?.map(|(public, _)| public))
    }

    /// Whether the answer to the puzzle is right; always, when there is none to solve.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn captcha_holds(&self, answer: &str, address: &str) -> Result<bool, Error> {
        let Some((_, private)) = self.captcha_keys()? else {
            return Ok(true);
        };
        if answer.is_empty() {
            return Ok(false);
        }
        let url = format!("{}/siteverify", self.config().captcha_url);
        match ask(&url, &private, answer, address) {
            Ok(verdict) => Ok(verdict["success"].as_bool() == Some(true)),
            Err(problem) => {
                tracing::error!("the captcha service did not answer: {problem}");
                Ok(false)
            }
        }
    }

    fn captcha_keys(&self) -> Result<Option<(String, String)>, Error> {
        let rows = self.db().read(db::settings::all)?;
        let value = |name: &str| {
            let row = rows.iter().find(|row| row.name == name);
            row.map(|row| row.value.trim().to_owned())
                .unwrap_or_default()
        };
        let private = value("captcha_private_key");
        Ok((!private.is_empty()).then(|| (value("captcha_public_key"), private)))
    }
}

fn ask(url: &str, private: &str, answer: &str, address: &str) -> Result<Value, String> {
    let agent: Agent = Agent::config_builder()
        .timeout_global(Some(PATIENCE))
        .max_redirects(0)
        .tls_config(tls_for_http()?)
        .build()
        .new_agent();
    let mut reply = agent
        .post(url)
        .send_form([
            ("secret", private),
            ("response", answer),
            ("remoteip", address),
        ])
        .map_err(|error| error.to_string())?;
    // Somewhere else to ask is no verdict either.
    if reply.status() != 200 {
        return Err(format!("it answered {}", reply.status()));
    }
    reply
        .body_mut()
        .read_json()
        .map_err(|error| error.to_string())
}
