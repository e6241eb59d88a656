//! What this program is; what robots should leave alone.

use http::StatusCode;

use crate::frame;
use crate::response::Response;
use crate::routes::{Answer, Captures};
use crate::template;
use crate::view::About;
use crate::visit::Visit;

/// `GET /about`
pub fn show(visit: &mut Visit<'_>, _: &Captures) -> Answer {
    template::page(
        visit.language,
        &About {
            frame: frame::frame(visit, "About", ""),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            project_url: None,
        },
    )
}

/// `GET /robots.txt`: pages that are endless or dear to make, and say nothing new to a search engine.
pub fn robots(_: &mut Visit<'_>, _: &Captures) -> Answer {
    const TEXT: &str = "User-agent: *\n\
        Disallow: /_admin/\n\
        Disallow: /*/raw/\n\
        Disallow: /*/rawfile/\n\
        Disallow: /*/annotate/\n\
        Disallow: /*/archive/\n\
        Disallow: /*/diff/\n\
        Disallow: /*/diff-2way/\n\
        Disallow: /*/changeset-diff/\n\
        Disallow: /*/changeset-patch/\n\
        Disallow: /*/changelog?\n";
    Ok(Response::text(StatusCode::OK, TEXT))
}
