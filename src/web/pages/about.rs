//! What this program is; what robots should leave alone.

use http::StatusCode;

use crate::frame;
use crate::i18n::t;
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
            frame: frame::frame(visit, t("About"), ""),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            project_url: None,
        },
    )
}

/// `GET /robots.txt`: pages that are endless or dear to make, and say nothing new to a search engine; or what the site
/// has put in its place, in the file `robots.txt` beside the ini file.
pub fn robots(visit: &mut Visit<'_>, _: &Captures) -> Answer {
    let own = visit
        .model
        .config()
        .ini_path
        .as_ref()
        .map(|ini| ini.with_file_name("robots.txt"))
        .and_then(|path| std::fs::read_to_string(path).ok());
    Ok(Response::text(
        StatusCode::OK,
        own.unwrap_or_else(|| ROBOTS.to_owned()),
    ))
}

/// `GET /favicon.ico`, where browsers look that have seen no page yet.
pub fn favicon(visit: &mut Visit<'_>, _: &Captures) -> Answer {
    let url = visit.url("images/favicon.ico");
    Ok(visit.redirect(&String::from(url)))
}

const ROBOTS: &str = "User-agent: *\n\
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
