//! Every key that an ini file of Kallithea may hold, and what it does here.
//!
//! The table is the one place that knows them: values are read by it, `config-check` and the messages about a wrong
//! value are made from it, and a test asks that nothing stands in it twice. Keys come in the order of the file that the
//! original makes.

use super::Value::{self, Any, Bool, Number, Path, Text};

/// One ini key of `[app:main]` (or `[DEFAULT]`).
#[derive(Debug)]
pub struct Key {
    /// Name in the file; a name that ends in `*` stands for every key with that beginning.
    pub name: &'static str,
    /// How its text is read.
    pub kind: Value,
    /// Used when the key is missing.
    pub default: &'static str,
    /// What it is good for, or why it is good for nothing.
    pub meaning: &'static str,
    /// Whether it does something.
    pub effect: Effect,
}

/// Whether a key does something here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It is read.
    Used,
    /// It is read by a part of the original that is not built here yet.
    Later,
    /// It has no meaning here, and never will; the original reads it.
    Nothing,
    /// The original does not read it any more either.
    Obsolete,
}

const fn key(name: &'static str, kind: Value, default: &'static str, meaning: &'static str) -> Key {
    Key {
        name,
        kind,
        default,
        meaning,
        effect: Effect::Used,
    }
}

const fn later(name: &'static str, kind: Value, meaning: &'static str) -> Key {
    Key {
        name,
        kind,
        default: "",
        meaning,
        effect: Effect::Later,
    }
}

const fn nothing(name: &'static str, why: &'static str) -> Key {
    Key {
        name,
        kind: Any,
        default: "",
        meaning: why,
        effect: Effect::Nothing,
    }
}

const fn obsolete(name: &'static str) -> Key {
    Key {
        name,
        kind: Any,
        default: "",
        meaning: "a key of older releases",
        effect: Effect::Obsolete,
    }
}

/// The key of a name: its own entry, or the one that stands for all of its beginning.
#[must_use]
pub fn find(name: &str) -> Option<&'static Key> {
    let exact = KEYS.iter().find(|key| key.name == name);
    exact.or_else(|| {
        KEYS.iter().find(|key| {
            key.name
                .strip_suffix('*')
                .is_some_and(|beginning| name.starts_with(beginning))
        })
    })
}

/// Every key that a Kallithea 0.7 file may hold, and our own.
pub const KEYS: &[Key] = &[
    // Mail. The original looks for these in [DEFAULT].
    key(
        "app_email_from",
        Text,
        "Kallithea",
        "sender of mails: an address, or 'Name <address>'",
    ),
    key("email_prefix", Text, "", "what subjects begin with"),
    key(
        "email_to",
        Text,
        "",
        "who gets mails about errors, and those that would reach nobody; separated by commas",
    ),
    key("error_email_from", Text, "", "sender of mails about errors"),
    key(
        "smtp_server",
        Text,
        "",
        "mail server; empty: no mail is sent",
    ),
    key(
        "smtp_port",
        Number,
        "",
        "its port; empty: 25, or 465 with smtp_use_ssl",
    ),
    key("smtp_username", Text, "", "name at the mail server"),
    key("smtp_password", Text, "", "password at the mail server"),
    key("smtp_use_tls", Bool, "false", "encrypt with STARTTLS"),
    key("smtp_use_ssl", Bool, "false", "encrypt from the first byte"),
    key(
        "smtp_auth",
        Text,
        "",
        "mechanisms to sign in with (PLAIN, LOGIN), separated by blanks; empty: what the server offers",
    ),
    key(
        "smtp_ca_file",
        Path,
        "",
        "own key: certificates to trust beside the system's, a PEM file or a folder of them",
    ),
    key(
        "mail_folder",
        Path,
        "",
        "own key: put mails as files into this folder and send none",
    ),
    key(
        "captcha_url",
        Text,
        "https://www.google.com/recaptcha/api",
        "own key: where the captcha's script (this and '.js') and its judge (this and '/siteverify') are",
    ),
    // PasteDeploy.
    nothing("use", "PasteDeploy reads it: which application this is"),
    key(
        "filter-with",
        Text,
        "",
        "a [filter:…] section of type egg:PasteDeploy#prefix around the application",
    ),
    nothing("full_stack", "without effect in the original too"),
    // Files and folders.
    key(
        "static_files",
        Bool,
        "true",
        "serve css, js and images ourselves",
    ),
    key(
        "serve_static",
        Bool,
        "true",
        "the same, by the framework's name",
    ),
    key(
        "i18n.enabled",
        Bool,
        "true",
        "choose the language by the reader's and the browser's wishes",
    ),
    key(
        "i18n.lang",
        Text,
        "en",
        "the language of everybody when i18n.enabled is off, else of those whose wishes name none that we have",
    ),
    key(
        "cache_dir",
        Path,
        "data",
        "folder for caches, locks and the set-up code",
    ),
    later("index_dir", Path, "folder of the full-text index"),
    key(
        "archive_cache_dir",
        Path,
        "",
        "folder of generated archives; empty: 'archives' in cache_dir",
    ),
    key(
        "cache_megabytes",
        Number,
        "1024",
        "own key: how many megabytes of answers about repositories cache_dir may hold",
    ),
    key(
        "archive_cache_megabytes",
        Number,
        "8192",
        "own key: how many megabytes of generated archives are kept",
    ),
    key(
        "app_instance_uuid",
        Text,
        "",
        "secret behind links that reset passwords; empty: a random one is kept in the database",
    ),
    nothing("instance_id", "workers are told apart by their process id"),
    nothing("base_path", "the database says where repositories lie"),
    key(
        "canonical_url",
        Text,
        "",
        "base of absolute URLs in mails, feeds and clone addresses; empty: the request's own",
    ),
    key(
        "gist_alias_url",
        Text,
        "",
        "address of gists, with {gistid} in the place of the gist; empty: below the site's own",
    ),
    key(
        "remote_networks",
        Text,
        "",
        "private networks (10.1.0.0/16 …) that repositories may be fetched from, besides the open Internet (ours)",
    ),
    key("bugtracker", Text, "", "support link of the footer"),
    // Requests and proxies.
    key(
        "remote_addr_variable",
        Text,
        "REMOTE_ADDR",
        "WSGI variable that holds the client's address",
    ),
    key(
        "url_scheme_variable",
        Text,
        "",
        "WSGI variable that holds http or https",
    ),
    key(
        "trusted_proxies",
        Text,
        "",
        "own key: addresses and networks of proxies whose headers are believed, separated by commas",
    ),
    key(
        "stranger_budget",
        Number,
        "25",
        "own key: percent of each worker's time that visitors who are not signed in may use for each kind of dear page (annotate, archives, diffs, old revisions); 0: no limit",
    ),
    key(
        "force_https",
        Bool,
        "false",
        "pretend that every request came over https",
    ),
    key(
        "use_htsts",
        Bool,
        "false",
        "send Strict-Transport-Security on https",
    ),
    nothing("use_wsgi_wrapper", "KALLITHEA_LOG=debug logs every request"),
    nothing("debug", "there is no debugger in the browser"),
    nothing("errorpage.enabled", "error pages are always on"),
    key(
        "trace_errors.enable",
        Bool,
        "true",
        "mail errors to email_to",
    ),
    nothing(
        "trace_errors.*",
        "mails about errors go the way of all mails",
    ),
    nothing(
        "trace_slowreqs.*",
        "belongs to the framework of the original",
    ),
    nothing("auto_reload_templates", "templates are compiled in"),
    nothing("renderers", "templates are compiled in"),
    nothing("logview.*", "logs have no colours"),
    key(
        "ignore_alembic_revision",
        Text,
        "",
        "any text: a database of another schema version is used as it is, which may fail anywhere",
    ),
    // Version control.
    key(
        "cut_off_limit",
        Number,
        "256000",
        "diffs and files larger than this many bytes are cut",
    ),
    nothing(
        "commit_parse_limit",
        "statistics are counted at once, after an answer has gone out",
    ),
    key("git_path", Text, "git", "the git program"),
    key(
        "hg_path",
        Text,
        "hg",
        "own key: the hg program (the original runs Mercurial in its own process)",
    ),
    key(
        "git_rev_filter",
        Text,
        "--all",
        "whose changesets of Git repositories are listed: --all (branches and tags), --branches, --tags, each with \
         =PATTERN if need be, --glob=PATTERN, --exclude=PATTERN; several, separated by blanks. What none of them takes is in no \
         list and cannot be named by its id; the name of a branch or tag still leads to its changeset",
    ),
    key(
        "signatures_gnupg_home",
        Path,
        "",
        "own key: a GnuPG home directory with the public keys of those whose signatures of changesets count; empty: not checked",
    ),
    key(
        "signatures_allowed_signers",
        Path,
        "",
        "own key: the same for signatures made by ssh-keygen, a file of allowed signers",
    ),
    nothing(
        "git_hook_interpreter",
        "no hook is installed into Git repositories",
    ),
    key(
        "default_encoding",
        Text,
        "utf-8",
        "character sets that files, messages and names are tried as, in this order, when they are no UTF-8; at last windows-1252",
    ),
    nothing(
        "hgencoding",
        "Mercurial keeps names and messages as UTF-8, and that is what is read",
    ),
    key(
        "rss_cut_off_limit",
        Number,
        "32768",
        "diffs in feeds are cut after this many bytes",
    ),
    key("rss_items_per_page", Number, "20", "entries of a feed"),
    key("rss_include_diff", Bool, "false", "diffs in feeds"),
    key(
        "upload_limit",
        Number,
        "33554432",
        "own key: the most bytes of a form that puts files into a repository",
    ),
    key(
        "show_sha_length",
        Number,
        "12",
        "how much of a changeset id is shown",
    ),
    key(
        "show_revision_number",
        Bool,
        "false",
        "ids of changesets begin with their number in the repository: r12:",
    ),
    key(
        "auth_ret_code",
        Text,
        "",
        "403: answer wrong Basic credentials with 403 in place of 401",
    ),
    later(
        "allow_repo_location_change",
        Bool,
        "settings page: where repositories lie",
    ),
    later("allow_custom_hooks_settings", Bool, "settings page: hooks"),
    later(
        "index.extensions",
        Text,
        "further file name extensions to index",
    ),
    later("index.filenames", Text, "further file names to index"),
    key(
        "issue_pat*",
        Text,
        "",
        "regular expression of an issue reference",
    ),
    key("issue_server_link*", Text, "", "address of an issue"),
    key("issue_sub*", Text, "", "text of the link to an issue"),
    obsolete("issue_prefix*"),
    // SSH.
    key("ssh_enabled", Bool, "false", "SSH keys and access over SSH"),
    key(
        "ssh_authorized_keys",
        Path,
        "",
        "the file of SSH keys that is written for sshd; ~/ is the home of whoever writes it",
    ),
    key(
        "ssh_locale",
        Text,
        "",
        "language of what hooks print over SSH",
    ),
    key(
        "kallithea_cli_path",
        Text,
        "kallithea-cli",
        "the program that sshd starts for a key",
    ),
    // Celery.
    later(
        "use_celery",
        Bool,
        "hand tasks to Celery; only 'kallithea-cli celery-run' asks for it, which sends mails and needs no broker",
    ),
    obsolete("celery.accept.content"),
    obsolete("celery.always.eager"),
    obsolete("celery.amqp.task.result.expires"),
    obsolete("celery.result.backend"),
    obsolete("celery.result.dburi"),
    obsolete("celery.result.serialier"),
    obsolete("celery.result.serializer"),
    obsolete("celery.send.task.error.emails"),
    obsolete("celery.task_always_eager"),
    obsolete("celery.task.serializer"),
    later("celery.*", Text, "settings of Celery"),
    obsolete("celeryd.*"),
    obsolete("broker.*"),
    // Caches and sessions.
    nothing(
        "beaker.cache.*",
        "caches need no settings: a stale answer cannot exist",
    ),
    nothing(
        "cache.*",
        "caches need no settings: a stale answer cannot exist",
    ),
    key(
        "session.key",
        Text,
        "kallithea",
        "name of the session cookie",
    ),
    key(
        "session.timeout",
        Number,
        "2592000",
        "seconds after which an unused session ends",
    ),
    key(
        "session.secure",
        Bool,
        "false",
        "mark the cookie Secure even when a request came over http",
    ),
    nothing(
        "session.httponly",
        "the cookie is always hidden from scripts",
    ),
    nothing(
        "session.secret",
        "the cookie is a random token, which needs no signature",
    ),
    nothing("session.*", "sessions are kept in the database"),
    obsolete("beaker.session.*"),
    // The database.
    key(
        "sqlalchemy.url",
        Text,
        "sqlite:///%(here)s/kallithea.db?timeout=60",
        "the database",
    ),
    obsolete("sqlalchemy.db1.url"),
    nothing("sqlalchemy.*", "connections are kept as long as they work"),
    // Of releases long ago.
    obsolete("api_access_controllers_whitelist"),
    obsolete("lang"),
    obsolete("container_auth_enabled"),
    obsolete("proxypass_auth_enabled"),
    obsolete("default_user_*"),
    obsolete("rhodecode_*"),
    obsolete("appenlight.*"),
    obsolete("sentry.*"),
    obsolete("vcs_full_cache"),
    obsolete("container.*"),
    obsolete("pdebug"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_stands_twice_in_the_table() {
        for (i, key) in KEYS.iter().enumerate() {
            let shadowed = KEYS[..i].iter().any(|other| {
                other.name == key.name
                    || other
                        .name
                        .strip_suffix('*')
                        .is_some_and(|beginning| key.name.starts_with(beginning))
            });
            assert!(!shadowed, "{}", key.name);
            assert!(
                key.meaning.len() > 3 && (key.effect == Effect::Used || key.default.is_empty()),
                "{}",
                key.name
            );
        }
    }

    #[test]
    fn an_entry_of_its_own_goes_before_the_one_for_its_family() {
        assert_eq!(find("session.timeout").unwrap().effect, Effect::Used);
        assert_eq!(find("session.type").unwrap().effect, Effect::Nothing);
        assert_eq!(find("issue_pat_other").unwrap().name, "issue_pat*");
        assert!(find("colour").is_none());
    }
}
