//! Sessions: an opaque random token in a cookie, everything else in the table `rs_sessions`.
//!
//! The table holds only a hash of the token, so that who reads the database cannot take over a session. A row comes into
//! being when there is something to remember. A visitor who is shown a form gets a cookie alone: the form's token is
//! derived from it, so that robots which collect sign-in pages write nothing.

use cookie::time::Duration;
use cookie::{Cookie, SameSite};
use db::UserId;
use model::{Model, Settings};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::problem::Problem;

/// How long the browser keeps the cookie of "remember me".
const REMEMBERED_DAYS: i64 = 365;

/// What is remembered between the requests of a browser.
#[derive(Default)]
pub struct Session {
    /// SHA-256 of the token in hex: the row this came from.
    row: Option<String>,
    /// What the row held when it was read.
    seen: String,
    data: Data,
    user: Option<UserId>,
    change: Change,
    remember: bool,
    /// The cookie's token when it is new and has no row.
    fresh: Option<String>,
    cookie_name: String,
    /// For one request only: nothing is read from a cookie, nothing is kept.
    detached: bool,
}

/// How the row must change when the answer goes out.
#[derive(Default, PartialEq, Eq)]
enum Change {
    #[default]
    None,
    /// The browser needs a cookie, the table nothing.
    Cookie,
    Update,
    /// A new token: after signing in, so that a token known before is worth nothing.
    Renew,
    Delete,
}

#[derive(Default, Serialize, Deserialize)]
struct Data {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    authuser: Option<AuthUser>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    flash: Vec<(String, String)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    client: Option<Client>,
    #[serde(
        default,
        rename = "_session_csrf_secret_token",
        skip_serializing_if = "Option::is_none"
    )]
    csrf_token: Option<String>,
}

/// Where a session was begun, so that its owner can tell it from others.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Client {
    /// The client's address.
    pub address: String,
    /// What the browser calls itself.
    pub agent: String,
}

#[derive(Serialize, Deserialize)]
struct AuthUser {
    user_id: i64,
    is_external_auth: bool,
}

impl Session {
    /// Finds the session of a cookie, and the settings with it. A session that is unknown, expired or damaged is the same
    /// as none.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn load(model: &Model, cookie: Option<String>) -> Result<(Self, Settings), Problem> {
        let empty = Self {
            cookie_name: model.config().session_key.clone(),
            ..Self::default()
        };
        let Some(token) = cookie.filter(|token| token.len() == 64) else {
            return Ok((empty, model.settings_given(true)?));
        };
        let hash = token_hash(&token);
        let (settings, stored) = model.settings_and_session(&hash)?;
        let Some(stored) = stored else {
            let csrf_token = Some(derived_csrf_token(&token));
            let data = Data {
                csrf_token,
                ..Data::default()
            };
            return Ok((Self { data, ..empty }, settings));
        };
        let Ok(data) = serde_json::from_str::<Data>(&stored) else {
            return Ok((empty, settings));
        };
        let user = data.authuser.as_ref().map(|user| UserId(user.user_id));
        let session = Self {
            row: Some(hash),
            seen: stored,
            data,
            user,
            ..empty
        };
        Ok((session, settings))
    }

    /// A session for a request that brings a key: it has no cookie, and nothing of it is kept.
    #[must_use]
    pub fn detached() -> Self {
        Self {
            detached: true,
            ..Self::default()
        }
    }

    /// The hash of the token: the name of the row.
    #[must_use]
    pub fn row(&self) -> Option<&str> {
        self.row.as_deref()
    }

    /// The id of the person who is signed in.
    #[must_use]
    pub fn user_id(&self) -> Option<UserId> {
        self.user
    }

    /// Signs a person in: everything known before is thrown away.
    pub fn sign_in(&mut self, user: UserId, remember: bool) {
        self.data = Data {
            authuser: Some(AuthUser {
                user_id: user.0,
                is_external_auth: false,
            }),
            ..Data::default()
        };
        self.user = Some(user);
        self.remember = remember;
        self.change = Change::Renew;
        self.ensure_csrf_token();
    }

    /// Signs in a person whom the web server in front of us has let in.
    pub fn sign_in_external(&mut self, user: UserId) {
        self.sign_in(user, false);
        if let Some(authuser) = &mut self.data.authuser {
            authuser.is_external_auth = true;
        }
    }

    /// Whether the person was let in by the web server in front of us.
    #[must_use]
    pub fn is_external(&self) -> bool {
        self.data
            .authuser
            .as_ref()
            .is_some_and(|user| user.is_external_auth)
    }

    /// Ends the session.
    pub fn sign_out(&mut self) {
        self.data = Data::default();
        self.user = None;
        self.change = Change::Delete;
    }

    /// The token that forms must carry, if there is one yet.
    #[must_use]
    pub fn csrf_token(&self) -> Option<&str> {
        self.data.csrf_token.as_deref()
    }

    /// The token that forms must carry; made on first use.
    pub fn ensure_csrf_token(&mut self) -> &str {
        if self.data.csrf_token.is_none() {
            if self.row.is_none() && self.change == Change::None {
                let token = model::random::hex(32);
                self.data.csrf_token = Some(derived_csrf_token(&token));
                self.fresh = Some(token);
                self.change = Change::Cookie;
            } else {
                self.touch();
            }
        }
        self.data
            .csrf_token
            .get_or_insert_with(|| u128::from_be_bytes(model::random::bytes()).to_string())
    }

    /// Drops the token: somebody else may know it.
    pub fn forget_csrf_token(&mut self) {
        if self.data.csrf_token.take().is_some() {
            self.touch();
        }
    }

    /// Leaves a message for the next page; the same one is not left twice.
    pub fn flash(&mut self, category: &str, html: String) {
        let message = (category.to_owned(), html);
        if !self.data.flash.contains(&message) {
            self.data.flash.push(message);
            self.touch();
        }
    }

    /// Takes the messages, to show them.
    pub fn take_flash(&mut self) -> Vec<(String, String)> {
        if !self.data.flash.is_empty() {
            self.touch();
        }
        std::mem::take(&mut self.data.flash)
    }

    fn touch(&mut self) {
        if matches!(self.change, Change::None | Change::Cookie) {
            self.change = Change::Update;
        }
    }

    /// Brings the table up to date; returns the `Set-Cookie` value when the browser needs another one.
    pub(crate) fn store(
        &mut self,
        model: &Model,
        script_name: &str,
        secure: bool,
        client: Client,
    ) -> Result<Option<String>, Problem> {
        let change = std::mem::take(&mut self.change);
        if change == Change::None || self.detached {
            return Ok(None);
        }
        if change == Change::Cookie {
            let token = self.fresh.take().unwrap_or_default();
            return Ok(Some(
                self.cookie(token, script_name, secure).build().to_string(),
            ));
        }
        if change == Change::Update
            && let Some(row) = &self.row
        {
            if !model.update_session(row, &self.seen, &self.json()?)? {
                // Another request of this browser was faster: its messages are kept, and so is its token.
                self.merge(model)?;
            }
            return Ok(None);
        }
        if let Some(row) = self.row.take() {
            model.delete_session(&row)?;
        }
        if change == Change::Delete {
            let gone = self
                .cookie(String::new(), script_name, secure)
                .max_age(Duration::ZERO);
            return Ok(Some(gone.build().to_string()));
        }
        if self.user.is_some() {
            self.data.client = Some(client);
        }
        let token = model::random::hex(32);
        let hash = token_hash(&token);
        model.create_session(&hash, self.user, &self.json()?, self.remember)?;
        self.row = Some(hash);
        let mut cookie = self.cookie(token, script_name, secure);
        if self.remember {
            cookie = cookie.max_age(Duration::days(REMEMBERED_DAYS));
        }
        Ok(Some(cookie.build().to_string()))
    }

    fn merge(&mut self, model: &Model) -> Result<(), Problem> {
        let Some(row) = &self.row else { return Ok(()) };
        let Some(stored) = model.load_session(row)? else {
            return Ok(());
        };
        if let Ok(theirs) = serde_json::from_str::<Data>(&stored) {
            for message in theirs.flash {
                if !self.data.flash.contains(&message) {
                    self.data.flash.push(message);
                }
            }
            self.data.csrf_token = theirs.csrf_token.or(self.data.csrf_token.take());
        }
        model.update_session(row, &stored, &self.json()?)?;
        Ok(())
    }

    fn json(&self) -> Result<String, Problem> {
        serde_json::to_string(&self.data)
            .map_err(|error| Problem::Internal(format!("session: {error}")))
    }

    fn cookie(
        &self,
        token: String,
        script_name: &str,
        secure: bool,
    ) -> cookie::CookieBuilder<'static> {
        let path = if script_name.is_empty() {
            "/".to_owned()
        } else {
            script_name.to_owned()
        };
        Cookie::build((self.cookie_name.clone(), token))
            .path(path)
            .http_only(true)
            .same_site(SameSite::Lax)
            .secure(secure)
    }
}

/// The form token of a browser that has a cookie and no row: a decimal number, as all of them.
///
/// Only who knows the cookie can know it, and it tells nothing about the cookie.
fn derived_csrf_token(token: &str) -> String {
    let mut hash = Sha256::new_with_prefix("csrf token of ");
    hash.update(token);
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.finalize()[..16]);
    u128::from_be_bytes(bytes).to_string()
}

fn token_hash(token: &str) -> String {
    Sha256::digest(token.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
