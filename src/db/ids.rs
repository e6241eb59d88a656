//! Ids, names and secrets as types of their own, so that one cannot be passed for another.

use std::fmt;

use crate::conn::{Column, FromColumn, Value};

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(
            /// The number as it stands in the primary key.
            pub i64,
        );

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromColumn for $name {
            /// NULL becomes 0, an id that no row has.
            fn from_column(column: Column<'_>) -> Self {
                Self(i64::from_column(column))
            }
        }

        impl From<$name> for Value<'_> {
            fn from(id: $name) -> Self {
                Value::Int(id.0)
            }
        }
    )*};
}

id! {
    /// `users.user_id`.
    UserId
    /// `repositories.repo_id`.
    RepoId
    /// `groups.group_id`, a repository group.
    GroupId
    /// `users_groups.users_group_id`.
    UserGroupId
    /// `pull_requests.pull_request_id`.
    PullRequestId
    /// `user_email_map.email_id`.
    EmailId
    /// `user_ip_map.ip_id`.
    IpRuleId
    /// `user_ssh_keys.user_ssh_key_id`.
    SshKeyId
    /// `repositories_fields.repo_field_id`.
    FieldId
    /// `changeset_comments.comment_id`.
    CommentId
    /// `gists.gist_id`.
    GistId
}

macro_rules! text {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The text as stored.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Takes the text out.
            pub fn into_string(self) -> String {
                self.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl FromColumn for $name {
            fn from_column(column: Column<'_>) -> Self {
                Self(String::from_column(column))
            }
        }

        impl<'a> From<&'a $name> for Value<'a> {
            fn from(text: &'a $name) -> Self {
                Value::from(text.0.as_str())
            }
        }
    )*};
}

macro_rules! shown {
    ($($name:ident)*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

macro_rules! hidden {
    ($($name:ident)*) => {$(
        impl fmt::Debug for $name {
            /// Says that there is a value, never which: rows end up in logs.
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    )*};
}

text! {
    /// `users.username`, case as stored.
    Username
    /// `repositories.repo_name`: the full path, parts joined with `/`.
    RepoName
    /// `groups.group_name`: the full path of a repository group.
    GroupName
    /// `users_groups.users_group_name`.
    UserGroupName
    /// `permissions.permission_name`, such as `repository.read` or `hg.create.none`.
    PermissionName
    /// `users.password`: a bcrypt hash, a legacy SHA-256 hash, or empty for "no password login".
    PasswordHash
    /// `users.api_key` or `user_api_keys.api_key`, in clear.
    ApiKey
    /// `gists.gist_access_id`; of a private gist all that guards it.
    GistAccessId
    /// `repositories.clone_uri`; may hold a password in clear.
    CloneUri
}

shown!(Username RepoName GroupName UserGroupName PermissionName);
hidden!(PasswordHash ApiKey CloneUri GistAccessId);

/// The name by which the account of anonymous visitors is found.
pub const DEFAULT_USER: &str = "default";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_do_not_show_in_debug_output() {
        assert_eq!(
            format!("{:?}", PasswordHash::from("$2b$10$abc")),
            "PasswordHash(…)"
        );
        assert_eq!(format!("{:?}", ApiKey::from("deadbeef")), "ApiKey(…)");
        assert_eq!(format!("{:?}", Username::from("alice")), "\"alice\"");
    }
}
