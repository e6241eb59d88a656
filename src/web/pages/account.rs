//! One's own account: profile, password, addresses, API keys here; each other page in a file of its own.

pub mod permissions;
pub mod repositories;
pub mod sessions;
pub mod ssh_keys;

use model::account::UserUpdate;
use model::{Gate, Registration};

use super::plain_form;
use crate::frame;
use crate::i18n::{m, t};
use crate::problem::Problem;
use crate::response::Response;
use crate::routes::{Answer, Captures};
use crate::view::{Choice, FormError, FormField, FormPage, FormRow, Tab};
use crate::visit::Visit;
use crate::words::{self, said};

/// The pages of an account.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Profile,
    Password,
    Emails,
    SshKeys,
    ApiKeys,
    Sessions,
    Owned,
    Watched,
    Permissions,
}

impl Part {
    const ALL: [Self; 9] = [
        Self::Profile,
        Self::Password,
        Self::Emails,
        Self::SshKeys,
        Self::ApiKeys,
        Self::Sessions,
        Self::Owned,
        Self::Watched,
        Self::Permissions,
    ];

    fn label(self) -> &'static str {
        match self {
            Self::Profile => t("Profile"),
            Self::Password => t("Password"),
            Self::Emails => t("E-mail addresses"),
            Self::SshKeys => t("SSH keys"),
            Self::ApiKeys => t("API keys"),
            Self::Sessions => t("Sessions"),
            Self::Owned => t("Owned repositories"),
            Self::Watched => t("Watched repositories"),
            Self::Permissions => t("Permissions"),
        }
    }

    fn path(self) -> &'static str {
        match self {
            Self::Profile => "_admin/my_account",
            Self::Password => "_admin/my_account/password",
            Self::Emails => "_admin/my_account/emails",
            Self::SshKeys => "_admin/my_account/ssh_keys",
            Self::ApiKeys => "_admin/my_account/api_keys",
            Self::Sessions => "_admin/my_account/sessions",
            Self::Owned => "_admin/my_account/repos",
            Self::Watched => "_admin/my_account/watched",
            Self::Permissions => "_admin/my_account/perms",
        }
    }
}

/// How long an API key may live, in minutes.
const LIFETIMES: [(&str, &str); 5] = [
    ("-1", m("Forever")),
    ("5", m("5 minutes")),
    ("60", m("1 hour")),
    ("1440", m("1 day")),
    ("43200", m("1 month")),
];

/// `GET /_admin/my_account`
pub fn profile(visit: &mut Visit<'_>, _: &Captures) -> Answer {
    let fields = profile_fields(visit)?;
    show(
        visit,
        Part::Profile,
        fields,
        t("Save"),
        Vec::new(),
        Vec::new(),
    )
}

/// `POST /_admin/my_account`
pub fn save_profile(visit: &mut Visit<'_>, _: &Captures) -> Answer {
    let fields = profile_fields(visit)?;
    let form = visit.form.clone();
    // What the login source manages is not taken from the form, whatever it says.
    let value = |name: &str| {
        let open = fields
            .iter()
            .any(|field| field.name == name && !field.readonly);
        open.then(|| form.trimmed(name))
    };
    let update = UserUpdate {
        username: value("username"),
        firstname: value("firstname"),
        lastname: value("lastname"),
        email: value("email"),
        ..UserUpdate::default()
    };
    let account = Gate::new(visit.model).own_account(&visit.viewer)?;
    match visit.model.update_profile(&account, &update) {
        Ok(()) => done(
            visit,
            t("Your account was updated successfully"),
            Part::Profile,
        ),
        Err(model::Error::Invalid { field, message }) => {
            let message = said(&message);
            let wrong = plain_form::error(&fields, field, &message);
            let fields = profile_fields(visit)?;
            show(
                visit,
                Part::Profile,
                fields,
                t("Save"),
                vec![wrong],
                Vec::new(),
            )
        }
        Err(other) => Err(other.into()),
    }
}

fn profile_fields(visit: &Visit<'_>) -> Result<Vec<FormField>, Problem> {
    let user = visit.user()?;
    let managed = visit.model.managed_fields(user)?;
    // As the original: where people may not register, they may not rename themselves either.
    let closed = !user.admin && visit.model.registration(&visit.viewer)? == Registration::Closed;
    let typed = |name: &str, stored: &str| visit.form.get(name).unwrap_or(stored).to_owned();
    let email = user.email.clone().unwrap_or_default();
    let mut fields = vec![
        plain_form::text(
            "username",
            t("Username"),
            &typed("username", user.username.as_str()),
            "username",
        ),
        plain_form::text(
            "firstname",
            t("First name"),
            &typed("firstname", &user.firstname),
            "given-name",
        ),
        plain_form::text(
            "lastname",
            t("Last name"),
            &typed("lastname", &user.lastname),
            "family-name",
        ),
        plain_form::email("email", t("E-mail"), &typed("email", &email)),
    ];
    for field in &mut fields {
        field.readonly = closed || managed.contains(&field.name.as_str());
        field.optional = field.name.ends_with("name") && field.name != "username";
    }
    Ok(fields)
}

/// `GET /_admin/my_account/password`
pub fn password(visit: &mut Visit<'_>, _: &Captures) -> Answer {
    show_password(visit, Vec::new())
}

/// `POST /_admin/my_account/password`
pub fn save_password(visit: &mut Visit<'_>, _: &Captures) -> Answer {
    let user = visit.user()?.clone();
    if visit.model.managed_fields(&user)?.contains(&"password") {
        return Err(Problem::Forbidden(
            t("The password of this account is not kept here.").into(),
        ));
    }
    let typed = |name: &str| visit.form.get(name).unwrap_or_default().to_owned();
    let (current, new, again) = (
        typed("current_password"),
        typed("new_password"),
        typed("new_password_confirmation"),
    );
    let fields = password_fields();
    let address = visit.request.peer.remote_addr.clone();
    let right = visit
        .model
        .authenticate(user.username.as_str(), &current, &address)?;
    if right.is_none_or(|right| right.id != user.id) {
        return show_password(
            visit,
            vec![plain_form::error(
                &fields,
                "current_password",
                t("Invalid old password"),
            )],
        );
    }
    if new != again {
        let wrong = plain_form::error(
            &fields,
            "new_password_confirmation",
            t("Passwords do not match"),
        );
        return show_password(visit, vec![wrong]);
    }
    let account = Gate::new(visit.model).own_account(&visit.viewer)?;
    match visit.model.change_password(&account, &new, None) {
        Ok(()) => {
            // All sessions have ended, this one among them; who has just typed both passwords goes on in a new one.
            visit.session.sign_in(user.id, false);
            done(visit, t("Successfully updated password"), Part::Password)
        }
        Err(model::Error::Invalid { message, .. }) => show_password(
            visit,
            vec![plain_form::error(&fields, "new_password", &said(&message))],
        ),
        Err(other) => Err(other.into()),
    }
}

fn password_fields() -> Vec<FormField> {
    vec![
        plain_form::password(
            "current_password",
            t("Current password"),
            "current-password",
        ),
        plain_form::password("new_password", t("New password"), "new-password"),
        plain_form::password(
            "new_password_confirmation",
            t("New password again"),
            "new-password",
        ),
    ]
}

fn show_password(visit: &mut Visit<'_>, errors: Vec<FormError>) -> Answer {
    let managed = visit
        .model
        .managed_fields(visit.user()?)?
        .contains(&"password");
    let fields = if managed {
        Vec::new()
    } else {
        password_fields()
    };
    show(
        visit,
        Part::Password,
        fields,
        t("Change"),
        errors,
        Vec::new(),
    )
}

/// `GET /_admin/my_account/emails`
pub fn emails(visit: &mut Visit<'_>, _: &Captures) -> Answer {
    show_emails(visit, Vec::new())
}

/// `POST /_admin/my_account/emails`
pub fn add_email(visit: &mut Visit<'_>, _: &Captures) -> Answer {
    let account = Gate::new(visit.model).own_account(&visit.viewer)?;
    let email = visit.form.trimmed("new_email").to_owned();
    match visit.model.add_email(&account, &email) {
        Ok(_) => done(
            visit,
            &visit.tf("Added email {email} to user", &[("email", &email)]),
            Part::Emails,
        ),
        Err(model::Error::Invalid { message, .. }) => {
            let message = said(&message);
            let fields = [plain_form::email("new_email", t("New address"), &email)];
            show_emails(
                visit,
                vec![plain_form::error(&fields, "new_email", &message)],
            )
        }
        Err(other) => Err(other.into()),
    }
}

/// `POST /_admin/my_account/emails/delete`
pub fn delete_email(visit: &mut Visit<'_>, _: &Captures) -> Answer {
    let account = Gate::new(visit.model).own_account(&visit.viewer)?;
    let id = visit.form.number("del_email_id").unwrap_or(0);
    let deleted = visit.model.delete_email(&account, model::EmailId(id));
    gone(visit, deleted, t("Removed email from user"), Part::Emails)
}

fn show_emails(visit: &mut Visit<'_>, errors: Vec<FormError>) -> Answer {
    let account = Gate::new(visit.model).own_account(&visit.viewer)?;
    let mut rows = vec![FormRow {
        text: visit.user()?.email.clone().unwrap_or_default(),
        detail: t("main address").into(),
        ..FormRow::default()
    }];
    let delete = String::from(visit.url("_admin/my_account/emails/delete"));
    rows.extend(
        visit
            .model
            .extra_emails(&account)?
            .into_iter()
            .map(|extra| FormRow {
                text: extra.email,
                action_url: Some(delete.clone()),
                name: "del_email_id".into(),
                value: extra.id.0.to_string(),
                submit: t("Delete").into(),
                ..FormRow::default()
            }),
    );
    let fields = vec![plain_form::email(
        "new_email",
        t("New address"),
        visit.form.trimmed("new_email"),
    )];
    show(visit, Part::Emails, fields, t("Add"), errors, rows)
}

/// `GET /_admin/my_account/api_keys`
pub fn api_keys(visit: &mut Visit<'_>, _: &Captures) -> Answer {
    let account = Gate::new(visit.model).own_account(&visit.viewer)?;
    let delete = String::from(visit.url("_admin/my_account/api_keys/delete"));
    let row = |text: String, detail: String, name: &str, value: String, submit: &str| FormRow {
        text,
        detail,
        action_url: Some(delete.clone()),
        name: name.into(),
        value,
        submit: submit.into(),
    };
    let own = visit.user()?.api_key.as_str().to_owned();
    let mut rows = vec![row(
        own,
        t("built in").into(),
        "del_api_key_builtin",
        "1".into(),
        t("Reset"),
    )];
    let now = jiff::Timestamp::now().as_second() as f64;
    for key in visit.model.extra_keys(&account)? {
        let detail = format!("{} {}", key.description, lasting(visit, key.expires, now));
        let detail = detail.trim().to_owned();
        let key = key.key.as_str().to_owned();
        rows.push(row(key.clone(), detail, "del_api_key", key, t("Delete")));
    }
    let mut lifetime = plain_form::text("lifetime", t("Lifetime"), "-1", "off");
    lifetime.kind = "select".into();
    lifetime.choices = LIFETIMES
        .iter()
        .map(|(value, text)| Choice {
            value: (*value).into(),
            text: t(text).into(),
            selected: *value == "-1",
        })
        .collect();
    let mut description = plain_form::text("description", t("Description"), "", "off");
    description.optional = true;
    show(
        visit,
        Part::ApiKeys,
        vec![description, lifetime],
        t("Add"),
        Vec::new(),
        rows,
    )
}

/// Until when a key opens.
fn lasting(visit: &Visit<'_>, expires: f64, now: f64) -> String {
    if expires < 0.0 {
        return visit.t("Expires: Never").to_owned();
    }
    let age = words::when(expires as i64, 0).age;
    if expires < now {
        visit.tf("Expired: {age}", &[("age", &age)])
    } else {
        visit.tf("Expires: {age}", &[("age", &age)])
    }
}

/// `POST /_admin/my_account/api_keys`
pub fn add_api_key(visit: &mut Visit<'_>, _: &Captures) -> Answer {
    let account = Gate::new(visit.model).own_account(&visit.viewer)?;
    let minutes = visit.form.number("lifetime");
    visit
        .model
        .add_api_key(&account, visit.form.trimmed("description"), minutes)?;
    done(visit, t("API key successfully created"), Part::ApiKeys)
}

/// `POST /_admin/my_account/api_keys/delete`
pub fn delete_api_key(visit: &mut Visit<'_>, _: &Captures) -> Answer {
    let account = Gate::new(visit.model).own_account(&visit.viewer)?;
    if visit
        .form
        .get("del_api_key_builtin")
        .is_some_and(|value| !value.is_empty())
    {
        visit.model.reset_api_key(&account)?;
        return done(visit, t("API key successfully reset"), Part::ApiKeys);
    }
    let key = visit.form.trimmed("del_api_key").to_owned();
    let deleted = visit.model.delete_api_key(&account, &key);
    gone(
        visit,
        deleted,
        t("API key successfully deleted"),
        Part::ApiKeys,
    )
}

/// After a deletion. What is not there (any more), or is somebody else's, is told in the same words.
fn gone(
    visit: &mut Visit<'_>,
    deleted: Result<(), model::Error>,
    text: &str,
    part: Part,
) -> Answer {
    match deleted {
        Ok(()) => done(visit, text, part),
        Err(model::Error::NotFound { .. }) => {
            visit.flash("error", t("There is nothing of this kind to delete"));
            Ok(back_to(visit, part))
        }
        Err(other) => Err(other.into()),
    }
}

fn done(visit: &mut Visit<'_>, text: &str, part: Part) -> Answer {
    visit.flash("success", text);
    Ok(back_to(visit, part))
}

fn show(
    visit: &mut Visit<'_>,
    part: Part,
    fields: Vec<FormField>,
    submit: &str,
    errors: Vec<FormError>,
    rows: Vec<FormRow>,
) -> Answer {
    let locked = fields.iter().all(|field| field.readonly);
    let notes = if locked {
        vec![t("This is kept elsewhere and cannot be changed here.").to_owned()]
    } else {
        Vec::new()
    };
    let action_url = if locked {
        String::new()
    } else {
        visit.url(part.path()).into()
    };
    let view = FormPage {
        heading: t("My account").into(),
        tabs: tabs(visit, part),
        notes,
        rows,
        action_url,
        fields,
        submit: submit.into(),
        errors,
        frame: frame::frame(visit, part.label(), "account"),
        ..FormPage::default()
    };
    plain_form::show(visit, view, false)
}

/// The way to the other pages of the account.
fn tabs(visit: &Visit<'_>, current: Part) -> Vec<Tab> {
    let ssh = visit.model.config().ssh_enabled;
    Part::ALL
        .into_iter()
        .filter(|part| ssh || *part != Part::SshKeys)
        .map(|part| Tab {
            text: part.label().to_owned(),
            url: visit.url(part.path()).into(),
            current: part == current,
            count: None,
        })
        .collect()
}

fn back_to(visit: &Visit<'_>, part: Part) -> Response {
    visit.redirect(&String::from(visit.url(part.path())))
}
