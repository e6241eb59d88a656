//! Who somebody is who brings a name and a password.

use crate::throttle::Attempt;
use crate::{Error, Model, User, viewer};

impl Model {
    /// The person of a name (or mail address) and password from an address, or none. Which part was wrong is never told,
    /// neither by the answer nor by the time it takes; who knows both and may not come from there is told so, as the
    /// original does, and slowed down like everybody else.
    ///
    /// # Errors
    /// [`Error::TooManyAttempts`] after many wrong ones; [`Error::Forbidden`] from an address that this person may not come
    /// from; when the database does not answer.
    pub fn authenticate(
        &self,
        name: &str,
        password: &str,
        address: &str,
    ) -> Result<Option<User>, Error> {
        let name = name.trim();
        let attempt = Attempt::begin(self, name, address)?;
        let found = self.ask_sources(name, password)?;
        if let Some(user) = found.filter(|user| user.active) {
            let allowed = self
                .db()
                .read(|conn| viewer::allowed(conn, user.id, address))?;
            if allowed {
                attempt.succeeded()?;
                return Ok(Some(user));
            }
            attempt.failed()?;
            return Err(Error::Forbidden(
                "This account may not be used from your address.".into(),
            ));
        }
        attempt.failed()?;
        Ok(None)
    }
}
