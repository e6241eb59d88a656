//! Pictures beside names: made here, or fetched from elsewhere where the site says so.

use std::cell::RefCell;

use crate::visit::Visit;

/// Where pictures come from when they are not made here.
struct Elsewhere {
    template: String,
    scheme: String,
    netloc: String,
}

thread_local! {
    /// For the page that is being made on this thread: people are named in many places, few of which know the settings.
    static ELSEWHERE: RefCell<Option<Elsewhere>> = const { RefCell::new(None) };
}

/// Runs `make`, in which pictures come from where the settings of the site say.
pub(crate) fn as_site_says<'v, 'm, R>(
    visit: &'v mut Visit<'m>,
    make: impl FnOnce(&'v mut Visit<'m>) -> R,
) -> R {
    struct Forget;
    impl Drop for Forget {
        fn drop(&mut self) {
            ELSEWHERE.set(None);
        }
    }
    ELSEWHERE.set(visit.settings.pictures_elsewhere.clone().map(|template| {
        let base = visit.base_url();
        let (scheme, rest) = base.split_once("://").unwrap_or(("http", &base));
        Elsewhere {
            template,
            scheme: scheme.to_owned(),
            netloc: rest.split('/').next().unwrap_or_default().to_owned(),
        }
    }));
    let _forget = Forget;
    make(visit)
}

/// The picture of whoever has this address; without one, of this name.
pub(crate) fn of(email: &str, name: &str) -> String {
    ELSEWHERE.with_borrow(|elsewhere| match elsewhere {
        Some(elsewhere) if email.contains('@') => render::avatar::elsewhere(
            &elsewhere.template,
            email,
            &elsewhere.scheme,
            &elsewhere.netloc,
        ),
        _ if email.is_empty() => render::avatar::identicon(name),
        _ => render::avatar::identicon(email),
    })
}
