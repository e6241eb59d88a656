//! Who comes by SSH: `sshd` has checked the key and tells the numbers of account and key.

use db::{LocalTime, SshKeyId, UserId, user_ssh_keys, users};

use crate::{Error, Model, Viewer};

/// Why somebody with a key may not come in. The words are those of the original.
#[derive(Debug, thiserror::Error)]
pub enum SshRefusal {
    /// There is no such account.
    #[error("User {0} not found")]
    NoUser(i64),
    /// The account is not active, or the address is not allowed.
    #[error("User {name} from {address} cannot be authorized")]
    NotAuthorized {
        /// The account's name.
        name: String,
        /// Where the client is.
        address: String,
    },
    /// The key was deleted, or is somebody else's.
    #[error("SSH key {0} not found")]
    NoKey(i64),
    /// The database.
    #[error(transparent)]
    Model(#[from] Error),
}

impl Model {
    /// The account behind a key, checked anew: the file that `sshd` reads may be older than what it says. Notes that the key was used.
    ///
    /// # Errors
    /// [`SshRefusal`].
    pub fn ssh_viewer(&self, user: i64, key: i64, address: &str) -> Result<Viewer, SshRefusal> {
        let id = UserId(user);
        let account = self
            .db()
            .read(|conn| users::by_id(conn, id))
            .map_err(Error::from)?
            .filter(|account| !account.is_default())
            .ok_or(SshRefusal::NoUser(user))?;
        let viewer = self
            .viewer(id, address)?
            .ok_or_else(|| SshRefusal::NotAuthorized {
                name: account.username.to_string(),
                address: address.to_owned(),
            })?;
        let key_id = SshKeyId(key);
        let owned = self.db().write(|tx| {
            let own = user_ssh_keys::by_id(tx, key_id)?.is_some_and(|row| row.user == id);
            Ok::<_, Error>(own && user_ssh_keys::set_last_seen(tx, key_id, LocalTime::now())?)
        })?;
        if owned {
            Ok(viewer)
        } else {
            Err(SshRefusal::NoKey(key))
        }
    }
}
