//! The frame around every page: header, menus, messages, footer.

use serde::Serialize;

/// What the frame needs to know. The same value is built for each request before the page is.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Frame {
    /// The page's own title, without the site's name: `Changelog`. Empty on the home page.
    pub title: String,
    /// Whether the title stands without the name of the instance, as on pages of errors.
    pub bare_title: bool,
    /// The name of this instance: `Kallithea`.
    pub site_title: String,
    /// `/`, with the prefix.
    pub home_url: String,
    /// Who is looking; `None` for a visitor who is not signed in.
    pub user: Option<Viewer>,
    /// The session's token, printed into every POST form as `_session_csrf_secret_token`.
    pub csrf_token: String,
    /// Messages left by the request before.
    pub flash: Vec<Flash>,
    /// Path and query of this request: where signing in returns to.
    pub path: String,
    /// The sign-in page, with `came_from` already in it.
    pub login_url: String,
    /// Where the sign-out form posts to.
    pub logout_url: String,
    /// The registration page, when people may register.
    pub register_url: Option<String>,
    /// The places of the header.
    pub nav: Nav,
    /// What the page is written in.
    pub language: Reading,
    /// Static files.
    pub assets: Assets,
    /// The id under which the log knows this request.
    pub request_id: String,
    /// The reader's choice, from the cookie `kallithea_theme`: `light`, `dark`, or empty for the system's.
    pub theme: String,
    /// The version, when the site shows it.
    pub version: Option<String>,
    /// The instance id, when there is one.
    pub instance: Option<String>,
    /// Where to ask for help, when the site names a place.
    pub support_url: Option<String>,
    /// Feeds of this page.
    pub feeds: Vec<Feed>,
}

/// The language of a page, and the others in which it can be read.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Reading {
    /// BCP 47, for `<html lang>`.
    pub tag: &'static str,
    /// `ltr` or `rtl`.
    pub direction: &'static str,
    /// Its name in itself.
    pub name: &'static str,
    /// All languages: tag and name of each in itself. Empty when the site has settled on one.
    pub choices: Vec<(&'static str, &'static str)>,
    /// The form of the choice goes there.
    pub url: String,
}

/// The signed-in user.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Viewer {
    /// User name.
    pub username: String,
    /// `First Last`, or empty.
    pub full_name: String,
    /// The picture, see [`super::Person::avatar_html`].
    pub avatar_html: String,
    /// Whether the user administers the whole site.
    pub is_admin: bool,
    /// Whether signing out makes sense (not when the web server signs people in).
    pub can_sign_out: bool,
}

/// Where the header leads. `None`: the page does not exist, or not for this visitor.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Nav {
    /// The current place: `repositories`, `journal`, `gists`, `search`, `pull_requests`, `admin`, `account` or empty.
    pub section: String,
    /// `/_repos`, read by the repository switcher.
    pub repos_data_url: Option<String>,
    /// Journal, or the public journal.
    pub journal: Option<String>,
    /// Gists.
    pub gists: Option<String>,
    /// Search: a GET form with the field `q`.
    pub search: Option<String>,
    /// My pull requests.
    pub pull_requests: Option<String>,
    /// Open pull requests that wait for this user.
    pub pull_requests_open: u64,
    /// Administration.
    pub admin: Option<String>,
    /// My account.
    pub account: Option<String>,
    /// About.
    pub about: Option<String>,
    /// "+": new repository.
    pub new_repository: Option<String>,
    /// "+": new repository group.
    pub new_group: Option<String>,
    /// "+": new gist.
    pub new_gist: Option<String>,
}

/// A message left by the request before.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Flash {
    /// `success`, `warning` or `error`.
    pub category: String,
    /// The message, already HTML.
    pub message_html: String,
}

/// Addresses of static files. Each carries `?ver=<hash of all public files>`: the script modules are loaded with the
/// version of `js/main.js`, so one hash over the whole public folder keeps them in step.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Assets {
    /// `/css/tokens.css?ver=…`
    pub tokens: String,
    /// `/css/style.css?ver=…`
    pub style: String,
    /// `/css/code.css?ver=…`
    pub code: String,
    /// `/js/main.js?ver=…`
    pub script: String,
    /// The module with the scripts' texts in the reader's language; none for English, which stands in the scripts.
    pub words: Option<String>,
    /// `/images/icons.svg?ver=…`; templates append `#name`.
    pub icons: String,
    /// `/images/favicon.svg?ver=…`
    pub favicon: String,
    /// `/images/favicon.ico?ver=…`
    pub favicon_ico: String,
    /// `/images/apple-touch-icon.png?ver=…`
    pub touch_icon: String,
}

/// A feed named in the head of a page.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Feed {
    /// `application/atom+xml` or `application/rss+xml`.
    pub mime: String,
    /// Its name.
    pub title: String,
    /// Its address.
    pub url: String,
}
