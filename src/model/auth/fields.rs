//! The settings of every login source: one table, from which the form, its checks and the documentation are made.

/// The setting that lists sources.
pub const LIST: &str = "auth_plugins";
/// The setting, without its prefix, that switches a source on.
pub const ENABLED: &str = "enabled";
/// What the original calls the module of a source.
const MODULES: &str = "kallithea.lib.auth_modules.auth_";

/// A login source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SourceKind {
    /// Passwords in our own table.
    Internal,
    /// The web server in front of us has authenticated the client.
    Container,
    /// A directory.
    Ldap,
    /// Atlassian Crowd.
    Crowd,
    /// The accounts of the system.
    Pam,
}

/// How the text of a setting is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// `True` or `False`.
    Flag,
    /// Any text.
    Text,
    /// Text that is never shown again. Left empty in the form, the old one stays.
    Secret,
    /// A port.
    Port,
    /// How long to wait, in whole seconds.
    Seconds,
    /// A regular expression with named groups.
    Pattern,
    /// One of a few words.
    Choice(&'static [&'static str]),
}

/// One setting of a source.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Its name behind `auth_<source>_`.
    pub key: &'static str,
    /// How it is read.
    pub kind: FieldKind,
    /// What the form offers as long as nothing is saved. A source never takes it: nothing saved is nothing.
    pub default: &'static str,
    /// What people read beside it.
    pub label: &'static str,
    /// What else there is to know.
    pub help: &'static str,
}

const fn field(
    key: &'static str,
    kind: FieldKind,
    default: &'static str,
    label: &'static str,
    help: &'static str,
) -> Field {
    Field {
        key,
        kind,
        default,
        label,
        help,
    }
}

use crate::text::m;
use FieldKind::{Choice, Flag, Pattern, Port, Seconds, Secret, Text};

const ON: Field = field(ENABLED, Flag, "False", m("Enabled"), "");

const INTERNAL: &[Field] = &[ON];

const CONTAINER: &[Field] = &[
    ON,
    field(
        "header",
        Text,
        "REMOTE_USER",
        m("Variable with the user name"),
        m(
            "A WSGI variable. A request header X-Foo is HTTP_X_FOO, and is believed only when it comes from a trusted proxy.",
        ),
    ),
    field(
        "email_header",
        Text,
        "",
        m("Variable with the e-mail address"),
        "",
    ),
    field(
        "firstname_header",
        Text,
        "",
        m("Variable with the first name"),
        "",
    ),
    field(
        "lastname_header",
        Text,
        "",
        m("Variable with the last name"),
        "",
    ),
    field(
        "fallback_header",
        Text,
        "",
        m("Second variable with the user name"),
        m("Looked at when the first is empty, for example HTTP_X_FORWARDED_USER."),
    ),
    field(
        "clean_username",
        Flag,
        "True",
        m("Clean the user name"),
        m("Cut at '@', and keep what follows a backslash."),
    ),
];

const LDAP: &[Field] = &[
    ON,
    field(
        "host",
        Text,
        "",
        m("Hosts"),
        m("Separated by commas; the first that answers is asked."),
    ),
    field(
        "port",
        Port,
        "",
        m("Port"),
        m("Empty: 389, or 636 for LDAPS."),
    ),
    field(
        "dn_user",
        Text,
        "",
        m("Account to search with"),
        m("A distinguished name. $login in it becomes the user name."),
    ),
    field(
        "dn_pass",
        Secret,
        "",
        m("Password of that account"),
        m("Empty: the account is the user's own, with the password that was typed."),
    ),
    field(
        "tls_kind",
        Choice(&["LDAPS", "START_TLS", "PLAIN"]),
        "LDAPS",
        m("Encryption"),
        "",
    ),
    field(
        "tls_reqcert",
        Choice(&["DEMAND", "HARD", "TRY", "ALLOW", "NEVER"]),
        "DEMAND",
        m("Check of the certificate"),
        m("With ALLOW and NEVER anybody in between can read the passwords."),
    ),
    field(
        "cacertdir",
        Text,
        "",
        m("Certificates to trust"),
        m("A file or a folder of PEM files, beside the system's own."),
    ),
    field("base_dn", Text, "", m("Where to search"), ""),
    field(
        "filter",
        Text,
        "",
        m("Search filter"),
        m("For example (objectClass=person)."),
    ),
    field(
        "search_scope",
        Choice(&["SUBTREE", "ONELEVEL", "BASE"]),
        "SUBTREE",
        m("How deep to search"),
        "",
    ),
    field(
        "attr_login",
        Text,
        "",
        m("Attribute with the user name"),
        m("For example uid."),
    ),
    field(
        "attr_firstname",
        Text,
        "",
        m("Attribute with the first name"),
        m("For example givenName."),
    ),
    field(
        "attr_lastname",
        Text,
        "",
        m("Attribute with the last name"),
        m("For example sn."),
    ),
    field(
        "attr_email",
        Text,
        "",
        m("Attribute with the e-mail address"),
        m("For example mail."),
    ),
    field(
        "timeout",
        Seconds,
        "10",
        m("Seconds to wait"),
        m("For each answer, before the next source is asked."),
    ),
];

const CROWD: &[Field] = &[
    ON,
    field(
        "method",
        Choice(&["https", "http"]),
        "https",
        m("Protocol"),
        "",
    ),
    field("host", Text, "127.0.0.1", m("Host"), ""),
    field("port", Port, "8095", m("Port"), ""),
    field(
        "app_name",
        Text,
        "",
        m("Name of the application"),
        m("As Crowd knows us."),
    ),
    field(
        "app_password",
        Secret,
        "",
        m("Password of the application"),
        "",
    ),
    field(
        "admin_groups",
        Text,
        "",
        m("Groups of administrators"),
        m("Separated by commas."),
    ),
    field(
        "withdraw_admin",
        Flag,
        "False",
        m("Take rights away"),
        m("Who has left these groups administers the site no more."),
    ),
    field(
        "timeout",
        Seconds,
        "10",
        m("Seconds to wait"),
        m("For each answer, before the next source is asked."),
    ),
];

const PAM: &[Field] = &[
    ON,
    field(
        "service",
        Text,
        "login",
        m("Service"),
        m("A file in /etc/pam.d."),
    ),
    field(
        "gecos",
        Pattern,
        r"(?P<last_name>.+),\s*(?P<first_name>\w+)",
        m("Names in the GECOS field"),
        m("A regular expression with the groups first_name and last_name."),
    ),
    field(
        "service_folder",
        Text,
        "",
        m("Folder of services"),
        m("Empty: the system's."),
    ),
];

impl SourceKind {
    /// All of them, in the order in which the form offers them.
    pub const ALL: [Self; 5] = [
        Self::Internal,
        Self::Container,
        Self::Ldap,
        Self::Crowd,
        Self::Pam,
    ];

    /// The short name, which is also the `extern_type` of its accounts.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::Container => "container",
            Self::Ldap => "ldap",
            Self::Crowd => "crowd",
            Self::Pam => "pam",
        }
    }

    /// What `auth_plugins` calls it.
    #[must_use]
    pub fn module(self) -> &'static str {
        match self {
            Self::Internal => "kallithea.lib.auth_modules.auth_internal",
            Self::Container => "kallithea.lib.auth_modules.auth_container",
            Self::Ldap => "kallithea.lib.auth_modules.auth_ldap",
            Self::Crowd => "kallithea.lib.auth_modules.auth_crowd",
            Self::Pam => "kallithea.lib.auth_modules.auth_pam",
        }
    }

    /// The source of a name in `auth_plugins`. Names of older releases begin otherwise.
    #[must_use]
    pub fn from_module(module: &str) -> Option<Self> {
        let (_, name) = module.split_once(MODULES.trim_start_matches("kallithea"))?;
        Self::from_name(name)
    }

    /// The source of an `extern_type`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Its settings.
    #[must_use]
    pub fn fields(self) -> &'static [Field] {
        match self {
            Self::Internal => INTERNAL,
            Self::Container => CONTAINER,
            Self::Ldap => LDAP,
            Self::Crowd => CROWD,
            Self::Pam => PAM,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_older_releases_mean_the_same_source() {
        for module in [
            "kallithea.lib.auth_modules.auth_ldap",
            "rhodecode.lib.auth_modules.auth_ldap",
        ] {
            assert_eq!(SourceKind::from_module(module), Some(SourceKind::Ldap));
        }
        for module in [
            "mycompany.auth",
            "kallithea.lib.auth_modules.auth_other",
            "ldap",
            "",
        ] {
            assert_eq!(SourceKind::from_module(module), None, "{module}");
        }
        for kind in SourceKind::ALL {
            assert_eq!(SourceKind::from_module(kind.module()), Some(kind));
        }
    }

    #[test]
    fn every_setting_has_its_place() {
        for kind in SourceKind::ALL {
            let fields = kind.fields();
            assert_eq!(fields[0].key, ENABLED);
            for (at, field) in fields.iter().enumerate() {
                assert!(
                    fields[..at].iter().all(|other| other.key != field.key),
                    "{}",
                    field.key
                );
                if let Choice(words) = field.kind {
                    assert!(words.contains(&field.default), "{}", field.key);
                }
            }
        }
    }
}
