//! Where one is signed in, and ending that.

use model::{Gate, OwnSession};

use super::{Part, back_to, done, gone, tabs};
use crate::frame;
use crate::i18n::t;
use crate::pages::plain_form;
use crate::routes::{Answer, Captures};
use crate::view::{FormPage, FormRow};
use crate::visit::Visit;
use crate::words;

const END: &str = "_admin/my_account/sessions/end";
const END_OTHERS: &str = "_admin/my_account/sessions/end_others";

/// `GET /_admin/my_account/sessions`
pub fn show(visit: &mut Visit<'_>, _: &Captures) -> Answer {
    let account = Gate::new(visit.model).own_account(&visit.viewer)?;
    let sessions = visit.model.sessions(&account)?;
    let others = sessions.len() > 1;
    let rows = sessions.iter().map(|session| row(visit, session)).collect();
    let view = FormPage {
        heading: t("My account").into(),
        tabs: tabs(visit, Part::Sessions),
        notes: vec![
            t("Each browser in which you have signed in. End what you do not know, and change your password then.")
                .into(),
        ],
        rows,
        action_url: if others {
            visit.url(END_OTHERS).into()
        } else {
            String::new()
        },
        submit: t("End all other sessions").into(),
        frame: frame::frame(visit, Part::Sessions.label(), "account"),
        ..FormPage::default()
    };
    plain_form::show(visit, view, false)
}

fn row(visit: &Visit<'_>, session: &OwnSession) -> FormRow {
    let here = visit.session.row() == Some(&session.token_hash);
    let begun = words::age(session.created_on.to_unix());
    let used = words::age(session.last_used.to_unix());
    let detail = if here {
        visit.tf("this browser, begun {begun}", &[("begun", &begun)])
    } else {
        visit.tf(
            "from {address}, begun {begun}, last used {used}",
            &[
                ("address", &session.address),
                ("begun", &begun),
                ("used", &used),
            ],
        )
    };
    FormRow {
        text: if session.agent.is_empty() {
            t("Unknown browser").into()
        } else {
            session.agent.clone()
        },
        detail,
        action_url: (!here).then(|| visit.url(END).into()),
        name: "session".into(),
        value: session.token_hash.clone(),
        submit: t("End").into(),
    }
}

/// `POST /_admin/my_account/sessions/end`
pub fn end(visit: &mut Visit<'_>, _: &Captures) -> Answer {
    let account = Gate::new(visit.model).own_account(&visit.viewer)?;
    let ended = visit
        .model
        .end_session(&account, visit.form.trimmed("session"));
    gone(visit, ended, t("The session has ended"), Part::Sessions)
}

/// `POST /_admin/my_account/sessions/end_others`
pub fn end_others(visit: &mut Visit<'_>, _: &Captures) -> Answer {
    let account = Gate::new(visit.model).own_account(&visit.viewer)?;
    let ended = visit.model.end_sessions(&account, visit.session.row())?;
    if ended == 0 {
        return Ok(back_to(visit, Part::Sessions));
    }
    let text = visit.tn(
        "{n} other session has ended",
        "{n} other sessions have ended",
        ended as u64,
        &[],
    );
    done(visit, &text, Part::Sessions)
}
