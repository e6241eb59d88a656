//! Extra mail addresses of an account, by which its owner signs in and is known as an author.

use db::user_email_map::{self, ExtraEmail};
use db::{EmailId, UserId};

use crate::account::refuse_taken_email;
use crate::name::check_email;
use crate::rights::{Account, SiteAdmin};
use crate::{Error, Model};

impl Model {
    /// The extra addresses of an account.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn extra_emails(&self, account: &Account) -> Result<Vec<ExtraEmail>, Error> {
        Ok(self
            .db()
            .read(|conn| user_email_map::of_user(conn, account.id()))?)
    }

    /// The extra addresses of all accounts, for lists.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn all_extra_emails(&self, _: &SiteAdmin) -> Result<Vec<(UserId, String)>, Error> {
        Ok(self.db().read(user_email_map::all)?)
    }

    /// Adds an address.
    ///
    /// # Errors
    /// [`Error::Invalid`] on `new_email` when it is none or taken.
    pub fn add_email(&self, account: &Account, email: &str) -> Result<EmailId, Error> {
        let email = email.trim().to_lowercase();
        check_email("new_email", &email)?;
        self.db().write(|tx| {
            refuse_taken_email(tx, "new_email", &email, None)?;
            Ok(user_email_map::insert(tx, account.id(), &email)?)
        })
    }

    /// Takes an address away.
    ///
    /// # Errors
    /// [`Error::NotFound`] when this account has no such address.
    pub fn delete_email(&self, account: &Account, id: EmailId) -> Result<(), Error> {
        let had = self
            .db()
            .write(|tx| user_email_map::delete(tx, account.id(), id))?;
        if had {
            Ok(())
        } else {
            Err(Error::NotFound {
                what: "Email address",
                name: id.to_string(),
            })
        }
    }
}
