//! The pages of the administration, beside each other.

use crate::i18n::t;
use crate::view::Tab;
use crate::visit::Visit;

/// The tabs of all of them; `current` is the path of the page that is shown.
pub(super) fn tabs(visit: &Visit<'_>, current: &str) -> Vec<Tab> {
    [
        ("_admin/permissions", t("Access")),
        ("_admin/auth", t("Login sources")),
    ]
    .into_iter()
    .map(|(path, text)| Tab {
        text: text.to_owned(),
        url: visit.url(path).into(),
        current: path == current,
        count: None,
    })
    .collect()
}
