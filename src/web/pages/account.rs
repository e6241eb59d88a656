//! One's own account: profile, password, addresses, API keys.

use model::account::UserUpdate;
use model::{Gate, Registration};

use super::plain_form;
use crate::frame;
use crate::problem::Problem;
use crate::routes::{Answer, Captures};
use crate::view::{Choice, FormError, FormField, FormPage, FormRow, Tab};
use crate::visit::Visit;

const PAGES: [(&str, &str); 4] = [
    ("Profile", "_admin/my_account"),
    ("Password", "_admin/my_account/password"),
    ("E-mail addresses", "_admin/my_account/emails"),
    ("API keys", "_admin/my_account/api_keys"),
];
/// How long an API key may live, in minutes.
const LIFETIMES: [(&str, &str); 5] = [
    ("-1", "Forever"),
    ("5", "5 minutes"),
    ("60", "1 hour"),
    ("1440", "1 day"),
    ("43200", "1 month"),
];

/// `GET /_admin/my_account`
pub fn profile(visit: &mut Visit<'_>, _: &Captures) -> Answer {
    let fields = profile_fields(visit)?;
    show(visit, 0, fields, "Save", Vec::new(), Vec::new())
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
        Ok(()) => done(visit, "Your account was updated successfully", 0),
        Err(model::Error::Invalid { field, message }) => {
            let wrong = plain_form::error(&fields, field, &message);
            let fields = profile_fields(visit)?;
            show(visit, 0, fields, "Save", vec![wrong], Vec::new())
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
            "Username",
            &typed("username", user.username.as_str()),
            "username",
        ),
        plain_form::text(
            "firstname",
            "First name",
            &typed("firstname", &user.firstname),
            "given-name",
        ),
        plain_form::text(
            "lastname",
            "Last name",
            &typed("lastname", &user.lastname),
            "family-name",
        ),
        plain_form::email("email", "E-mail", &typed("email", &email)),
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
            "The password of this account is not kept here.".into(),
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
                "Invalid old password",
            )],
        );
    }
    if new != again {
        let wrong = plain_form::error(
            &fields,
            "new_password_confirmation",
            "Passwords do not match",
        );
        return show_password(visit, vec![wrong]);
    }
    let account = Gate::new(visit.model).own_account(&visit.viewer)?;
    match visit.model.change_password(&account, &new, None) {
        Ok(()) => {
            // All sessions have ended, this one among them; who has just typed both passwords goes on in a new one.
            visit.session.sign_in(user.id, false);
            done(visit, "Successfully updated password", 1)
        }
        Err(model::Error::Invalid { message, .. }) => show_password(
            visit,
            vec![plain_form::error(&fields, "new_password", &message)],
        ),
        Err(other) => Err(other.into()),
    }
}

fn password_fields() -> Vec<FormField> {
    vec![
        plain_form::password("current_password", "Current password", "current-password"),
        plain_form::password("new_password", "New password", "new-password"),
        plain_form::password(
            "new_password_confirmation",
            "New password again",
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
    show(visit, 1, fields, "Change", errors, Vec::new())
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
        Ok(_) => done(visit, &format!("Added email {email} to user"), 2),
        Err(model::Error::Invalid { message, .. }) => {
            let fields = [plain_form::email("new_email", "New address", &email)];
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
    gone(visit, deleted, "Removed email from user", 2)
}

fn show_emails(visit: &mut Visit<'_>, errors: Vec<FormError>) -> Answer {
    let account = Gate::new(visit.model).own_account(&visit.viewer)?;
    let mut rows = vec![FormRow {
        text: visit.user()?.email.clone().unwrap_or_default(),
        detail: "main address".into(),
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
                submit: "Delete".into(),
                ..FormRow::default()
            }),
    );
    let fields = vec![plain_form::email(
        "new_email",
        "New address",
        visit.form.trimmed("new_email"),
    )];
    show(visit, 2, fields, "Add", errors, rows)
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
        "built in".into(),
        "del_api_key_builtin",
        "1".into(),
        "Reset",
    )];
    let now = jiff::Timestamp::now().as_second() as f64;
    for key in visit.model.extra_keys(&account)? {
        let state = if key.has_expired(now) { "expired" } else { "" };
        let detail = format!("{} {state}", key.description).trim().to_owned();
        let key = key.key.as_str().to_owned();
        rows.push(row(key.clone(), detail, "del_api_key", key, "Delete"));
    }
    let mut lifetime = plain_form::text("lifetime", "Lifetime", "-1", "off");
    lifetime.kind = "select".into();
    lifetime.choices = LIFETIMES
        .iter()
        .map(|(value, text)| Choice {
            value: (*value).into(),
            text: (*text).into(),
            selected: *value == "-1",
        })
        .collect();
    let mut description = plain_form::text("description", "Description", "", "off");
    description.optional = true;
    show(
        visit,
        3,
        vec![description, lifetime],
        "Add",
        Vec::new(),
        rows,
    )
}

/// `POST /_admin/my_account/api_keys`
pub fn add_api_key(visit: &mut Visit<'_>, _: &Captures) -> Answer {
    let account = Gate::new(visit.model).own_account(&visit.viewer)?;
    let minutes = visit.form.number("lifetime");
    visit
        .model
        .add_api_key(&account, visit.form.trimmed("description"), minutes)?;
    done(visit, "API key successfully created", 3)
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
        return done(visit, "API key successfully reset", 3);
    }
    let key = visit.form.trimmed("del_api_key").to_owned();
    let deleted = visit.model.delete_api_key(&account, &key);
    gone(visit, deleted, "API key successfully deleted", 3)
}

/// After a deletion. What is not there (any more), or is somebody else's, is told in the same words.
fn gone(
    visit: &mut Visit<'_>,
    deleted: Result<(), model::Error>,
    text: &str,
    page: usize,
) -> Answer {
    match deleted {
        Ok(()) => done(visit, text, page),
        Err(model::Error::NotFound { .. }) => {
            visit.flash("error", "There is nothing of this kind to delete");
            Ok(visit.redirect(&String::from(visit.url(PAGES[page].1))))
        }
        Err(other) => Err(other.into()),
    }
}

fn done(visit: &mut Visit<'_>, text: &str, page: usize) -> Answer {
    visit.flash("success", text);
    Ok(visit.redirect(&String::from(visit.url(PAGES[page].1))))
}

fn show(
    visit: &mut Visit<'_>,
    page: usize,
    fields: Vec<FormField>,
    submit: &str,
    errors: Vec<FormError>,
    rows: Vec<FormRow>,
) -> Answer {
    let tabs = PAGES
        .iter()
        .enumerate()
        .map(|(at, (text, path))| Tab {
            text: (*text).into(),
            url: visit.url(path).into(),
            current: at == page,
            count: None,
        })
        .collect();
    let locked = fields.iter().all(|field| field.readonly);
    let notes = if locked {
        vec!["This is kept elsewhere and cannot be changed here.".to_owned()]
    } else {
        Vec::new()
    };
    let action_url = if locked {
        String::new()
    } else {
        visit.url(PAGES[page].1).into()
    };
    let view = FormPage {
        heading: "My account".into(),
        tabs,
        notes,
        rows,
        action_url,
        fields,
        submit: submit.into(),
        errors,
        frame: frame::frame(visit, PAGES[page].0, "account"),
        ..FormPage::default()
    };
    plain_form::show(visit, view, false)
}
