//! The table of routes: every address that answers, its method, and the right it takes.
//!
//! A page is added by adding a line. The right is part of the handler's type: the router makes the value that the
//! handler demands, and there is no other way to get one.

use model::{
    AdminOfGroup, AdminOfRepository, ReadableGroup, ReadableRepository, WritableRepository,
};

use crate::pages;
use crate::problem::Problem;
use crate::response::Response;
use crate::visit::Visit;

/// What a controller returns.
pub type Answer = Result<Response, Problem>;

/// The parts of the path that a pattern has captured, decoded.
pub struct Captures(pub(crate) Vec<(String, Vec<u8>)>);

impl Captures {
    /// The bytes of a part; empty when the pattern has none of that name.
    #[must_use]
    pub fn bytes(&self, name: &str) -> &[u8] {
        self.0
            .iter()
            .find(|(n, _)| n == name)
            .map_or(&[], |(_, value)| value)
    }

    /// A part that must be text.
    ///
    /// # Errors
    /// 404 when it is not UTF-8: nothing of ours has such a name.
    pub fn text(&self, name: &str) -> Result<&str, Problem> {
        std::str::from_utf8(self.bytes(name))
            .map_err(|_| Problem::NotFound("The address is not UTF-8".into()))
    }
}

/// Which methods a route answers to. HEAD goes wherever GET goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// GET and HEAD.
    Get,
    /// POST, with a checked token.
    Post,
}

/// The controller of a route, by the right it demands.
#[derive(Clone, Copy)]
pub enum Handler {
    /// Anybody, signed in or not, whether or not visitors are let in.
    Public(fn(&mut Visit<'_>, &Captures) -> Answer),
    /// Anybody who is signed in, and visitors when the site is open to them.
    Open(fn(&mut Visit<'_>, &Captures) -> Answer),
    /// Whoever is signed in.
    User(fn(&mut Visit<'_>, &Captures) -> Answer),
    /// Administrators of the site.
    SiteAdmin(fn(&mut Visit<'_>, &Captures) -> Answer),
    /// Whoever may read the repository.
    Read(fn(&mut Visit<'_>, &ReadableRepository, &Captures) -> Answer),
    /// Whoever may push to the repository.
    Write(fn(&mut Visit<'_>, &WritableRepository, &Captures) -> Answer),
    /// Whoever administers the repository.
    Admin(fn(&mut Visit<'_>, &AdminOfRepository, &Captures) -> Answer),
    /// Whoever may see the repository group.
    ReadGroup(fn(&mut Visit<'_>, &ReadableGroup, &Captures) -> Answer),
    /// Whoever administers the repository group.
    AdminGroup(fn(&mut Visit<'_>, &AdminOfGroup, &Captures) -> Answer),
}

/// One line of a table.
pub struct Route {
    /// The name of the original.
    pub name: &'static str,
    /// GET or POST.
    pub method: Method,
    /// A `matchit` pattern over the percent-encoded path, without a slash at its end.
    pub pattern: &'static str,
    /// The controller.
    pub handler: Handler,
}

use Handler::{Admin, AdminGroup, Open, Public, Read, ReadGroup, SiteAdmin, User, Write};
use Method::{Get, Post};

const fn route(
    name: &'static str,
    method: Method,
    pattern: &'static str,
    handler: Handler,
) -> Route {
    Route {
        name,
        method,
        pattern,
        handler,
    }
}

/// Addresses of the site, looked up before any repository.
pub const SITE: &[Route] = &[
    route("home", Get, "/", Open(pages::home::show)),
    route("about", Get, "/about", Public(pages::about::show)),
    route(
        "api",
        Get,
        "/_admin/api",
        Public(crate::api::reference::show),
    ),
    route(
        "language",
        Get,
        "/_admin/language",
        Public(pages::language::choose),
    ),
    route(
        "script_words",
        Get,
        "/_admin/words.js",
        Public(pages::language::script_words),
    ),
    route("robots", Get, "/robots.txt", Public(pages::about::robots)),
    route(
        "favicon",
        Get,
        "/favicon.ico",
        Public(pages::about::favicon),
    ),
    route(
        "repo_switcher_data",
        Get,
        "/_repos",
        Open(pages::switcher::repositories),
    ),
    route(
        "users_and_groups_data",
        Get,
        "/_users_and_groups",
        User(pages::switcher::people),
    ),
    route(
        "changeset_info",
        Get,
        "/changeset_info/{*changeset}",
        Open(pages::changeset_json::info),
    ),
    route(
        "login_home",
        Get,
        "/_admin/login",
        Public(pages::login::form),
    ),
    route(
        "login_home",
        Post,
        "/_admin/login",
        Public(pages::login::sign_in),
    ),
    route(
        "logout_home",
        Get,
        "/_admin/logout",
        Public(pages::login::sign_out),
    ),
    route(
        "logout_home",
        Post,
        "/_admin/logout",
        Public(pages::login::sign_out),
    ),
    route(
        "session_csrf_secret_token",
        Get,
        "/_admin/session_csrf_secret_token",
        Public(pages::login::csrf_token),
    ),
    route(
        "register",
        Get,
        "/_admin/register",
        Public(pages::register::form),
    ),
    route(
        "register",
        Post,
        "/_admin/register",
        Public(pages::register::create),
    ),
    route(
        "reset_password",
        Get,
        "/_admin/password_reset",
        Public(pages::password_reset::form),
    ),
    route(
        "reset_password",
        Post,
        "/_admin/password_reset",
        Public(pages::password_reset::request),
    ),
    route(
        "reset_password_confirmation",
        Get,
        "/_admin/password_reset_confirmation",
        Public(pages::password_reset::confirmation_form),
    ),
    route(
        "reset_password_confirmation",
        Post,
        "/_admin/password_reset_confirmation",
        Public(pages::password_reset::confirm),
    ),
    route(
        "my_account",
        Get,
        "/_admin/my_account",
        User(pages::account::profile),
    ),
    route(
        "my_account",
        Post,
        "/_admin/my_account",
        User(pages::account::save_profile),
    ),
    route(
        "my_account_password",
        Get,
        "/_admin/my_account/password",
        User(pages::account::password),
    ),
    route(
        "my_account_password",
        Post,
        "/_admin/my_account/password",
        User(pages::account::save_password),
    ),
    route(
        "my_account_emails",
        Get,
        "/_admin/my_account/emails",
        User(pages::account::emails),
    ),
    route(
        "my_account_emails",
        Post,
        "/_admin/my_account/emails",
        User(pages::account::add_email),
    ),
    route(
        "my_account_emails_delete",
        Post,
        "/_admin/my_account/emails/delete",
        User(pages::account::delete_email),
    ),
    route(
        "my_account_api_keys",
        Get,
        "/_admin/my_account/api_keys",
        User(pages::account::api_keys),
    ),
    route(
        "my_account_api_keys",
        Post,
        "/_admin/my_account/api_keys",
        User(pages::account::add_api_key),
    ),
    route(
        "my_account_api_keys_delete",
        Post,
        "/_admin/my_account/api_keys/delete",
        User(pages::account::delete_api_key),
    ),
    route(
        "my_account_repos",
        Get,
        "/_admin/my_account/repos",
        User(pages::account::repositories::owned),
    ),
    route(
        "my_account_watched",
        Get,
        "/_admin/my_account/watched",
        User(pages::account::repositories::watched),
    ),
    route(
        "my_account_perms",
        Get,
        "/_admin/my_account/perms",
        User(pages::account::permissions::show),
    ),
    route(
        "my_account_ssh_keys",
        Get,
        "/_admin/my_account/ssh_keys",
        User(pages::account::ssh_keys::form),
    ),
    route(
        "my_account_ssh_keys",
        Post,
        "/_admin/my_account/ssh_keys",
        User(pages::account::ssh_keys::add),
    ),
    route(
        "my_account_ssh_keys_delete",
        Post,
        "/_admin/my_account/ssh_keys/delete",
        User(pages::account::ssh_keys::delete),
    ),
    route(
        "my_account_sessions",
        Get,
        "/_admin/my_account/sessions",
        User(pages::account::sessions::show),
    ),
    route(
        "my_account_sessions_end",
        Post,
        "/_admin/my_account/sessions/end",
        User(pages::account::sessions::end),
    ),
    route(
        "my_account_sessions_end_others",
        Post,
        "/_admin/my_account/sessions/end_others",
        User(pages::account::sessions::end_others),
    ),
    route(
        "auth_home",
        Get,
        "/_admin/auth",
        SiteAdmin(pages::login_sources::form),
    ),
    route(
        "auth_settings",
        Post,
        "/_admin/auth",
        SiteAdmin(pages::login_sources::save),
    ),
    route("setup", Get, "/_admin/setup", Public(pages::setup::form)),
    route(
        "setup",
        Post,
        "/_admin/setup",
        Public(pages::setup::create_admin),
    ),
    route(
        "new_repo",
        Get,
        "/_admin/create_repository",
        User(pages::repository_new::form),
    ),
    route(
        "repos",
        Post,
        "/_admin/repos",
        User(pages::repository_new::create),
    ),
    route(
        "new_repos_group",
        Get,
        "/_admin/repo_groups/new",
        User(pages::group_new::form),
    ),
    route(
        "repos_groups",
        Post,
        "/_admin/repo_groups",
        User(pages::group_new::create),
    ),
    route(
        "admin_permissions",
        Get,
        "/_admin/permissions",
        SiteAdmin(pages::permissions_global::form),
    ),
    route(
        "admin_permissions",
        Post,
        "/_admin/permissions",
        SiteAdmin(pages::permissions_global::save),
    ),
    route("journal", Get, "/_admin/journal", User(pages::journal::own)),
    route(
        "journal_feed",
        Get,
        "/_admin/journal/{format}",
        User(pages::journal::own_feed),
    ),
    route(
        "public_journal",
        Get,
        "/_admin/public_journal",
        Open(pages::journal::public),
    ),
    route(
        "public_journal_feed",
        Get,
        "/_admin/public_journal/{format}",
        Open(pages::journal::public_feed),
    ),
    route(
        "public_journal_rss_old",
        Get,
        "/_admin/public_journal_rss",
        Open(pages::journal::public_rss),
    ),
    route(
        "public_journal_atom_old",
        Get,
        "/_admin/public_journal_atom",
        Open(pages::journal::public_atom),
    ),
    route(
        "toggle_following",
        Post,
        "/_admin/toggle_following",
        User(pages::follow::toggle),
    ),
];

/// Addresses below a repository; the pattern stands after its name.
pub const REPOSITORY: &[Route] = &[
    route("summary_home", Get, "/", Read(pages::summary::show)),
    route(
        "summary_home_summary",
        Get,
        "/summary",
        Read(pages::summary::show),
    ),
    route(
        "changelog_home",
        Get,
        "/changelog",
        Read(pages::changelog::show),
    ),
    route(
        "changelog_file_home",
        Get,
        "/changelog/{*rest}",
        Read(pages::changelog::show),
    ),
    route(
        "changelog_details",
        Get,
        "/changelog_details/{*revision}",
        Read(pages::changelog_details::show),
    ),
    route(
        "repo_stats_home",
        Get,
        "/statistics",
        Read(pages::statistics::show),
    ),
    route(
        "repo_size",
        Get,
        "/repo_size",
        Read(pages::statistics::size),
    ),
    route(
        "repo_size",
        Post,
        "/repo_size",
        Read(pages::statistics::size),
    ),
    route(
        "feed_home",
        Get,
        "/feed/{format}",
        Read(pages::repository_feed::show),
    ),
    route(
        "changeset_home",
        Get,
        "/changeset",
        Read(pages::changeset::show),
    ),
    route(
        "changeset_home",
        Get,
        "/changeset/{*revision}",
        Read(pages::changeset::show),
    ),
    route(
        "changeset_raw_home",
        Get,
        "/changeset-diff/{*revision}",
        Read(pages::changeset_text::raw),
    ),
    route(
        "changeset_raw_home",
        Get,
        "/raw-changeset/{*revision}",
        Read(pages::changeset_text::raw),
    ),
    route(
        "changeset_patch_home",
        Get,
        "/changeset-patch/{*revision}",
        Read(pages::changeset_text::patch),
    ),
    route(
        "changeset_download_home",
        Get,
        "/changeset-download/{*revision}",
        Read(pages::changeset_text::download),
    ),
    route(
        "changeset_children",
        Get,
        "/changeset_children/{*revision}",
        Read(pages::changeset_json::children),
    ),
    route(
        "changeset_parents",
        Get,
        "/changeset_parents/{*revision}",
        Read(pages::changeset_json::parents),
    ),
    route("compare_home", Get, "/compare", Read(pages::compare::form)),
    route(
        "compare_url",
        Get,
        "/compare/{*ends}",
        Read(pages::compare::show),
    ),
    route(
        "files_diff_home",
        Get,
        "/diff/{*f_path}",
        Read(pages::file_diff::show),
    ),
    route(
        "files_diff_2way_home",
        Get,
        "/diff-2way/{*f_path}",
        Read(pages::file_diff::two_way),
    ),
    route("files_home_nopath", Get, "/files", Read(pages::files::show)),
    route(
        "files_home",
        Get,
        "/files/{*rest}",
        Read(pages::files::show),
    ),
    route(
        "files_raw_home",
        Get,
        "/raw/{*rest}",
        Read(pages::raw::inline),
    ),
    route(
        "files_rawfile_home",
        Get,
        "/rawfile/{*rest}",
        Read(pages::raw::attachment),
    ),
    route(
        "files_annotate_home",
        Get,
        "/annotate/{*rest}",
        Read(pages::files::annotate),
    ),
    route(
        "files_history_home",
        Get,
        "/history/{*rest}",
        Read(pages::files::history),
    ),
    route(
        "files_authors_home",
        Get,
        "/authors/{*rest}",
        Read(pages::files::authors),
    ),
    route(
        "files_archive_home",
        Get,
        "/archive",
        Read(pages::archive::page),
    ),
    route(
        "files_archive_home",
        Get,
        "/archive/{*fname}",
        Read(pages::archive::download),
    ),
    route(
        "files_nodelist_home",
        Get,
        "/nodelist/{*rest}",
        Read(pages::files::names),
    ),
    route(
        "files_edit_home",
        Get,
        "/edit/{*rest}",
        Write(pages::edit::form_for_edit),
    ),
    route(
        "files_edit_home",
        Post,
        "/edit/{*rest}",
        Write(pages::edit::commit_edit),
    ),
    route(
        "files_add_home",
        Get,
        "/add/{*rest}",
        Write(pages::edit::form_for_new),
    ),
    route(
        "files_add_home",
        Post,
        "/add/{*rest}",
        Write(pages::edit::commit_new),
    ),
    route(
        "files_delete_home",
        Get,
        "/delete/{*rest}",
        Write(pages::edit::form_for_removal),
    ),
    route(
        "files_delete_home",
        Post,
        "/delete/{*rest}",
        Write(pages::edit::commit_removal),
    ),
    route(
        "repo_refs_data",
        Get,
        "/refs-data",
        Read(pages::switcher::references),
    ),
    route(
        "repo_creating_home",
        Get,
        "/repo_creating",
        Read(pages::creating::show),
    ),
    route(
        "repo_check_home",
        Get,
        "/repo_check_creating",
        Read(pages::creating::check),
    ),
    route(
        "repo_creating_retry",
        Post,
        "/repo_creating",
        Admin(pages::creating::retry),
    ),
    route("repo_fork_home", Get, "/fork", Read(pages::fork::form)),
    route(
        "repo_fork_create_home",
        Post,
        "/fork",
        Read(pages::fork::create),
    ),
    route("repo_forks_home", Get, "/forks", Read(pages::forks::list)),
    route(
        "repo_followers_home",
        Get,
        "/followers",
        Read(pages::forks::followers),
    ),
    route(
        "edit_repo",
        Get,
        "/settings",
        Admin(pages::repository_settings::form),
    ),
    route(
        "edit_repo_perms",
        Get,
        "/settings/permissions",
        Admin(pages::repository_permissions::form),
    ),
    route(
        "edit_repo_perms_update",
        Post,
        "/settings/permissions",
        Admin(pages::repository_permissions::save),
    ),
    route(
        "edit_repo_perms_revoke",
        Post,
        "/settings/permissions/delete",
        Admin(pages::repository_permissions::revoke),
    ),
    route(
        "edit_repo_advanced",
        Get,
        "/settings/advanced",
        Admin(pages::repository_settings::delete_form),
    ),
];

/// Whether repositories have a page of this name.
pub(crate) fn is_served(name: &str) -> bool {
    REPOSITORY.iter().any(|route| route.name == name)
}

/// Addresses below `/_admin/repos/<repository>`.
pub const REPOSITORY_ADMIN: &[Route] = &[
    route(
        "update_repo",
        Post,
        "/",
        Admin(pages::repository_settings::save),
    ),
    route(
        "delete_repo",
        Post,
        "/delete",
        Admin(pages::repository_settings::delete),
    ),
];

/// Addresses below a repository group.
pub const GROUP: &[Route] = &[route(
    "repos_group_home",
    Get,
    "/",
    ReadGroup(pages::home::group),
)];

/// Addresses below `/_admin/repo_groups/<group>`.
pub const GROUP_ADMIN: &[Route] = &[
    route("repos_group", Get, "/", ReadGroup(pages::home::group)),
    route(
        "edit_repo_group",
        Get,
        "/edit",
        AdminGroup(pages::group_settings::form),
    ),
    route(
        "update_repos_group",
        Post,
        "/",
        AdminGroup(pages::group_settings::save),
    ),
    route(
        "delete_repo_group",
        Get,
        "/edit/advanced",
        AdminGroup(pages::group_settings::delete_form),
    ),
    route(
        "delete_repo_group",
        Post,
        "/delete",
        AdminGroup(pages::group_settings::delete),
    ),
];
