//! PAM: the accounts of the system on which we run.

use std::path::Path;
use std::time::Duration;

use regex::Regex;

use super::{Identity, SourceError, Values};
use crate::User;

/// A service that takes longer is down: the next source is asked.
const PATIENCE: Duration = Duration::from_secs(15);

/// What the system knows about a name, if a service of PAM accepts the password.
pub(super) fn ask(
    values: &Values,
    name: &str,
    password: &str,
    stored: Option<&User>,
) -> Result<Option<Identity>, SourceError> {
    let service = match values.text("service") {
        "" => "login",
        // PAM takes a name with a slash for a path.
        named if named.contains('/') => {
            return Err(SourceError::Setting {
                key: "service",
                problem: "is a name and no path".into(),
            });
        }
        named => named,
    };
    let folder = values.text("service_folder");
    let folder = (!folder.is_empty()).then(|| Path::new(folder));
    match pam::authenticate(service, folder, name, password, PATIENCE) {
        Ok(()) => {}
        Err(pam::Error::Refused { reason, .. }) => {
            tracing::debug!("pam: {reason}");
            return Ok(None);
        }
        Err(pam::Error::Nul(_)) => return Ok(None),
        Err(other) => return Err(SourceError::Down(other.to_string())),
    }
    let account = pam::Account::find(name)
        .map_err(|error| SourceError::Down(error.to_string()))?
        .unwrap_or_default();
    let (firstname, lastname) = names(values.text("gecos"), &account.gecos);
    let email = match stored.and_then(|user| user.email.clone()) {
        Some(email) if !email.is_empty() => email,
        _ => format!(
            "{name}@{}",
            rustix::system::uname().nodename().to_string_lossy()
        ),
    };
    Ok(Some(Identity {
        username: name.to_owned(),
        firstname,
        lastname,
        email: Some(email),
        groups: account.groups,
        extern_name: name.to_owned(),
        admin: None,
    }))
}

/// First and last name out of a GECOS field, if the pattern fits its beginning.
fn names(pattern: &str, gecos: &str) -> (Option<String>, Option<String>) {
    if pattern.is_empty() {
        return (None, None);
    }
    let found = match Regex::new(&format!("^(?:{pattern})")) {
        Ok(regex) => regex.captures(gecos),
        Err(error) => {
            tracing::warn!("pam: setting 'gecos': {error}");
            None
        }
    };
    let group = |name: &str| Some(found.as_ref()?.name(name)?.as_str().to_owned());
    (group("first_name"), group("last_name"))
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn names_are_found_in_the_gecos_field() {
        let usual = r"(?P<last_name>.+),\s*(?P<first_name>\w+)";
        let pair = |first: &str, last: &str| (Some(first.to_owned()), Some(last.to_owned()));
        assert_eq!(names(usual, "Lovelace, Ada"), pair("Ada", "Lovelace"));
        assert_eq!(
            names(r"(?P<first_name>\w+) (?P<last_name>\w+)", "Zoë Ångström,,,"),
            pair("Zoë", "Ångström")
        );
        assert_eq!(names(usual, "root"), (None, None));
        assert_eq!(names("(broken", "x"), (None, None));
    }
}
