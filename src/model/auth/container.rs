//! The web server in front of us has authenticated the client and says so in a variable of the request.
//!
//! Whoever can set that variable is anybody they like. Variables of the server's own (`REMOTE_USER`) no client can set.
//! Those made of request headers (`HTTP_*`) count only when the request came from a proxy that is trusted to set or clear
//! them: see the ini key `trusted_proxies`.

use super::{Identity, Listed, SourceKind, Values, find, listed};
use crate::{Error, Model, User};

/// The settings of this source, when it is listed and enabled.
#[derive(Debug, Clone)]
pub struct HeaderSource {
    values: Values,
}

/// How a request answers for its variables: a value by name, when there is one that may be believed.
pub type Variables<'a> = &'a dyn Fn(&str) -> Option<String>;

impl HeaderSource {
    /// The source as the rows of `settings` have it.
    pub(crate) fn from_rows<'a>(
        rows: impl Iterator<Item = (&'a str, &'a str)> + Clone,
    ) -> Option<Self> {
        let Listed { values, .. } = listed(rows)
            .into_iter()
            .find(|source| source.kind == SourceKind::Container)?;
        Some(Self { values })
    }

    /// The name that the web server gives, cleaned as the settings say.
    #[must_use]
    pub fn name(&self, variables: Variables<'_>) -> Option<String> {
        let given = ["header", "fallback_header"]
            .iter()
            .map(|key| self.values.text(key))
            .filter(|variable| !variable.is_empty())
            .find_map(|variable| variables(variable).filter(|value| !value.trim().is_empty()))?;
        let mut name = given.trim();
        if self.values.flag("clean_username") {
            name = name.split('@').next().unwrap_or(name);
            name = name.rsplit('\\').next().unwrap_or(name);
        }
        let name = name.trim();
        (!name.is_empty() && !name.chars().any(char::is_control)).then(|| name.to_owned())
    }

    fn identity(&self, name: &str, variables: Variables<'_>, stored: Option<&User>) -> Identity {
        let value = |key: &str| {
            let variable = self.values.text(key);
            let value = (!variable.is_empty())
                .then(|| variables(variable))
                .flatten()?;
            Some(value.trim().to_owned()).filter(|value| !value.is_empty())
        };
        let stored_firstname = stored
            .map(|user| user.firstname.clone())
            .unwrap_or_default();
        Identity {
            username: name.to_owned(),
            firstname: value("firstname_header")
                .or_else(|| Some(name.to_owned()).filter(|_| stored_firstname.is_empty())),
            lastname: value("lastname_header"),
            email: value("email_header"),
            groups: Vec::new(),
            extern_name: name.to_owned(),
            admin: None,
        }
    }
}

impl Model {
    /// Whom the web server in front of us has let in, when it says so and the account is not another source's.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn user_of_web_server(
        &self,
        source: &HeaderSource,
        variables: Variables<'_>,
    ) -> Result<Option<User>, Error> {
        let Some(name) = source.name(variables) else {
            return Ok(None);
        };
        let found = self.db().read(|conn| find(conn, &name))?;
        if let Some(user) = &found
            && (user.is_default() || !user.active || !super::belongs(user, SourceKind::Container))
        {
            tracing::warn!(
                "the web server let user {} in, who is {}",
                user.id,
                if user.active {
                    "not an account of the source 'container'"
                } else {
                    "not active"
                }
            );
            return Ok(None);
        }
        let name = found
            .as_ref()
            .map_or(name.as_str(), |user| user.username.as_str());
        let identity = source.identity(name, variables, found.as_ref());
        let user = self.bring_in(SourceKind::Container, &identity)?;
        Ok(user.filter(|user| user.active))
    }

    /// The source that believes the web server, when it is listed and enabled.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn header_source(&self) -> Result<Option<HeaderSource>, Error> {
        let rows = self.db().read(db::settings::all)?;
        Ok(HeaderSource::from_rows(
            rows.iter().map(|row| (&*row.name, &*row.value)),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(settings: &[(&str, &str)]) -> HeaderSource {
        let rows: Vec<_> = [
            ("auth_plugins", SourceKind::Container.module()),
            ("auth_container_enabled", "True"),
            ("auth_container_header", "REMOTE_USER"),
        ]
        .into_iter()
        .chain(settings.iter().copied())
        .collect();
        HeaderSource::from_rows(rows.iter().copied()).unwrap()
    }

    #[test]
    fn the_name_is_cleaned_as_the_settings_say() {
        for (given, cleaned) in [
            ("alice", Some("alice")),
            ("alice@EXAMPLE.COM", Some("alice")),
            ("DOMAIN\\alice", Some("alice")),
            ("DOMAIN\\alice@x", Some("alice")),
            ("", None),
            ("  ", None),
            ("@x", None),
            ("a\u{1}b", None),
        ] {
            let variables = |name: &str| (name == "REMOTE_USER").then(|| given.to_owned());
            let clean = source(&[("auth_container_clean_username", "True")]);
            assert_eq!(clean.name(&variables).as_deref(), cleaned, "{given}");
        }
        let as_it_is = source(&[]);
        assert_eq!(
            as_it_is.name(&|_| Some("D\\a@b".into())).as_deref(),
            Some("D\\a@b")
        );
    }

    #[test]
    fn the_second_variable_counts_when_the_first_is_empty() {
        let both = source(&[("auth_container_fallback_header", "HTTP_X_FORWARDED_USER")]);
        let variables = |name: &str| match name {
            "REMOTE_USER" => Some(String::new()),
            "HTTP_X_FORWARDED_USER" => Some("bob".into()),
            _ => None,
        };
        assert_eq!(both.name(&variables).as_deref(), Some("bob"));
        assert_eq!(source(&[]).name(&variables), None);
    }
}
