//! Whether the site is open to visitors.

use crate::frame;
use crate::i18n::t;
use crate::routes::{Answer, Captures};
use crate::template;
use crate::view::SiteAccess;
use crate::visit::Visit;

/// `GET /_admin/permissions`
pub fn form(visit: &mut Visit<'_>, _: &Captures) -> Answer {
    template::page(
        visit.language,
        &SiteAccess {
            action_url: visit.url("_admin/permissions").into(),
            anonymous: visit.model.anonymous_access()?,
            tabs: super::administration::tabs(visit, "_admin/permissions"),
            errors: Vec::new(),
            frame: frame::frame(visit, t("Access"), "admin"),
        },
    )
}

/// `POST /_admin/permissions`
pub fn save(visit: &mut Visit<'_>, _: &Captures) -> Answer {
    visit
        .model
        .set_anonymous_access(visit.form.checked("anonymous"))?;
    visit.flash("success", t("Global permissions updated successfully"));
    Ok(visit.redirect(&String::from(visit.url("_admin/permissions"))))
}
