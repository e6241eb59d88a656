//! People who make an account for themselves.

use db::{UserId, users};

use crate::account::{NewUser, Prepared};
use crate::mail::{Letter, Mail, administrators};
use crate::{Error, Gate, Globals, Model, Registration, Viewer};

/// What somebody typed who registers.
#[derive(Debug, Clone, Copy)]
pub struct Applicant<'a> {
    /// User name.
    pub username: &'a str,
    /// Password in clear.
    pub password: &'a str,
    /// Mail address.
    pub email: &'a str,
    /// First name.
    pub firstname: &'a str,
    /// Last name.
    pub lastname: &'a str,
}

impl Model {
    /// Whether this viewer may register. The permissions of the account of visitors decide what comes of it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn registration(&self, viewer: &Viewer) -> Result<Registration, Error> {
        let allowed = Gate::new(self).globals(viewer)?;
        let outcome = self
            .db()
            .read(|conn| Globals::read(conn, None))?
            .registration();
        Ok(
            match (
                allowed.is_admin() || allowed.registration() != Registration::Closed,
                outcome,
            ) {
                (false, _) => Registration::Closed,
                (true, Registration::Automatic) => Registration::Automatic,
                (true, _) => Registration::Manual,
            },
        )
    }

    /// Makes the account and writes to the administrators; `page` makes the address of its page for them.
    ///
    /// Whether an address has an account already is told to its owner alone, by mail: to whoever registers the answer is
    /// the same. User names are no secret: one that is taken is told.
    ///
    /// # Errors
    /// [`Error::Invalid`] beside the field that is not valid; [`Error::Forbidden`] when nobody may register.
    pub fn register(
        &self,
        viewer: &Viewer,
        applicant: &Applicant<'_>,
        page: &dyn Fn(UserId) -> String,
        sign_in_page: &str,
    ) -> Result<Registration, Error> {
        let registration = self.registration(viewer)?;
        if registration == Registration::Closed {
            return Err(Error::Forbidden(
                "Nobody may register here; ask an administrator for an account.".into(),
            ));
        }
        let prepared = Prepared::check(&NewUser {
            username: applicant.username,
            email: applicant.email,
            password: applicant.password,
            firstname: applicant.firstname,
            lastname: applicant.lastname,
            active: registration == Registration::Automatic,
            ..NewUser::default()
        })?;
        self.ask_about_user(&prepared.candidate(), None)?;
        let email = applicant.email.trim().to_lowercase();
        let made = self.db().write(|tx| {
            let taken_name = users::by_username_in_any_case(tx, &applicant.username.trim().into())?;
            let owner = users::by_email(tx, &email)?;
            if let (None, Some(owner)) = (&taken_name, &owner) {
                tracing::warn!(
                    "somebody wants to register with the address of user {}",
                    owner.id
                );
                self.queue_mail_in(
                    tx,
                    &already_known(owner.username.as_str(), &email, sign_in_page),
                )?;
                return Ok(None);
            }
            let id = prepared.insert(tx)?;
            tracing::info!("user {id} has registered");
            let letter = Letter {
                about: page(id),
                heading: format!("New user {} has registered", applicant.username.trim()),
                paragraphs: match registration {
                    Registration::Automatic => vec!["The account is active.".into()],
                    _ => vec!["The account waits to be activated.".into()],
                },
                facts: vec![
                    ("User name".into(), applicant.username.trim().to_owned()),
                    (
                        "Name".into(),
                        format!("{} {}", applicant.firstname, applicant.lastname)
                            .trim()
                            .to_owned(),
                    ),
                    ("E-mail".into(), email.clone()),
                ],
                action: Some(("View the account".into(), page(id))),
            };
            let mail = Mail {
                kind: "registration",
                recipients: administrators(tx, &self.config().mail)?,
                subject: format!("New user {} registered", applicant.username.trim()),
                letter,
                acting: None,
                references: Vec::new(),
            };
            self.queue_mail_in(tx, &mail)?;
            Ok::<_, Error>(Some(id))
        })?;
        if let Some(id) = made {
            self.tell_of_user(id, None);
        }
        Ok(registration)
    }
}

fn already_known<'a>(username: &str, email: &str, sign_in_page: &str) -> Mail<'a> {
    Mail {
        kind: "registration",
        recipients: vec![email.to_owned()],
        subject: "You have an account already".to_owned(),
        letter: Letter {
            heading: "You have an account already".to_owned(),
            paragraphs: vec![
                "Somebody, perhaps you, wanted to register with this address. No second account was made.".to_owned(),
                "If you have forgotten your password, the page to sign in leads to a new one.".to_owned(),
            ],
            facts: vec![("User name".to_owned(), username.to_owned())],
            action: (!sign_in_page.is_empty()).then(|| ("Sign in".to_owned(), sign_in_page.to_owned())),
            ..Letter::default()
        },
        acting: None,
        references: Vec::new(),
    }
}
