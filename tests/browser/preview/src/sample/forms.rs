//! Forms, settings and pages that tell something.

use super::*;

fn wrong(field: &str, label: &str, message: &str) -> FormError {
    FormError {
        field: s(field),
        label: s(label),
        message: s(message),
    }
}

pub fn login(fails: bool) -> Login {
    let mut frame = anonymous("Sign in");
    frame.register_url = Some(s("/_admin/register"));
    frame.login_url = s("");
    let errors = if fails {
        vec![wrong(
            "password",
            "Password",
            "Invalid username or password",
        )]
    } else {
        vec![]
    };
    Login {
        frame,
        action_url: s("#"),
        username: if fails { s("alice") } else { s("") },
        remember: false,
        errors,
        reset_url: Some(s("/_admin/password_reset")),
    }
}

pub fn setup() -> Setup {
    let mut frame = anonymous("Set up");
    frame.login_url = s("");
    Setup {
        frame,
        action_url: s("#"),
        code_file: s("/srv/kallithea-data/setup-code"),
        username: s("alice"),
        email: s("alice"),
        errors: vec![
            wrong(
                "code",
                "One-time code",
                "This code is not the one in the file",
            ),
            wrong(
                "email",
                "E-mail",
                "An email address must contain a single @",
            ),
        ],
        ..Default::default()
    }
}

fn choice(value: &str, text: &str, selected: bool) -> Choice {
    Choice {
        value: s(value),
        text: s(text),
        selected,
    }
}

fn group_choices() -> Vec<Choice> {
    vec![
        choice("-1", "Top level", false),
        choice("1", "tools", false),
        choice("2", "tools/vcs", true),
    ]
}

pub fn new_repository() -> NewRepository {
    NewRepository {
        frame: first_frame("New repository"),
        action_url: s("#"),
        cancel_url: s("/home.html"),
        repo_name: s("kallithea-rs"),
        repo_group: group_choices(),
        repo_type: vec![choice("hg", "Mercurial", true), choice("git", "Git", false)],
        errors: vec![wrong(
            "repo_name",
            "Name",
            "Repository \"kallithea-rs\" already exists in group \"tools/vcs\"",
        )],
        ..Default::default()
    }
}

pub fn new_group() -> NewGroup {
    NewGroup {
        frame: first_frame("New group"),
        action_url: s("#"),
        cancel_url: s("#"),
        parent_group_id: group_choices(),
        ..Default::default()
    }
}

fn settings_tabs(n: usize, group: bool) -> Vec<Tab> {
    let all: &[&str] = if group {
        &["Settings", "Permissions", "Delete"]
    } else {
        &[
            "Settings",
            "Permissions",
            "Extra fields",
            "Remote",
            "Delete",
        ]
    };
    all.iter()
        .enumerate()
        .map(|(i, text)| tab(text, i == n))
        .collect()
}

pub fn repo_settings() -> RepoSettings {
    RepoSettings {
        frame: frame("Settings"),
        repo: repo("settings"),
        tabs: settings_tabs(0, false),
        action_url: s("#"),
        repo_name: s("kallithea-rs"),
        repo_group: group_choices(),
        repo_landing_rev: vec![
            choice("rev:tip", "tip", false),
            choice("branch:default", "branch default", true),
        ],
        owner: s("alice"),
        repo_description: s("The web server that hosts Mercurial and Git."),
        repo_private: true,
        repo_enable_downloads: true,
        permanent_url: s("https://code.example.com/_23"),
        ..Default::default()
    }
}

pub fn repo_delete() -> RepoDelete {
    RepoDelete {
        frame: frame("Delete"),
        repo: repo("settings"),
        tabs: settings_tabs(4, false),
        action_url: s("#"),
        forks: vec![
            link("bob/kallithea-rs", "#"),
            link("carol/kallithea-rs", "#"),
        ],
        aftermath: s(
            "The folder is moved to rm__20261121_… beside it, from where an administrator can bring it back.",
        ),
        errors: vec![],
    }
}

pub fn group_settings() -> GroupSettings {
    GroupSettings {
        frame: first_frame("Settings"),
        group: group_head(),
        tabs: settings_tabs(0, true),
        action_url: s("#"),
        group_name: s("vcs"),
        group_description: s("Version control"),
        parent_group_id: group_choices(),
        errors: vec![],
    }
}

pub fn group_delete() -> GroupDelete {
    GroupDelete {
        frame: first_frame("Delete"),
        group: group_head(),
        full_name: s("tools/vcs"),
        tabs: settings_tabs(2, true),
        action_url: s("#"),
        obstacle: None,
        errors: vec![wrong("confirm_name", "Name", "This is not the name")],
    }
}

pub fn permissions(of_group: bool) -> Permissions {
    let kind = if of_group { "group" } else { "repository" };
    let value = |level: &str| format!("{kind}.{level}");
    let row = |row_kind: &str, id, name: &str, detail: &str, level: &str, locked: Option<&str>| {
        PermissionRow {
            field: format!(
                "{}_perm_{name}",
                if row_kind == "user_group" { "g" } else { "u" }
            ),
            kind: s(row_kind),
            id,
            name: s(name),
            detail: s(detail),
            avatar_html: if row_kind == "user" {
                avatar(name.len() + 91)
            } else {
                s("")
            },
            level: value(level),
            locked: locked.map(s),
            revocable: locked.is_none() && row_kind != "default",
        }
    };
    Permissions {
        frame: frame("Permissions"),
        repo: (!of_group).then(|| repo("settings")),
        group: of_group.then(group_head),
        tabs: settings_tabs(1, of_group),
        action_url: s("#"),
        revoke_url: s("#"),
        levels: [
            ("none", "None"),
            ("read", "Read"),
            ("write", "Write"),
            ("admin", "Admin"),
        ]
        .iter()
        .map(|(v, t)| choice(&value(v), t, false))
        .collect(),
        rows: vec![
            row("default", 1, "Everybody else", "", "none", None),
            row("user", 2, "alice", "Alice Liddell", "admin", Some("Owner")),
            row("user", 3, "bob", "", "write", None),
            row(
                "user",
                4,
                "maximiliane-alexandra.von-hohenstein",
                "Maximiliane Alexandra von Hohenstein",
                "read",
                None,
            ),
            row("user_group", 5, "developers", "12 members", "write", None),
        ],
        new_rows: vec![
            NewMemberRow {
                n: 1,
                name: s("nobody"),
                kind: s("user"),
                level: value("read"),
            },
            NewMemberRow {
                n: 2,
                kind: s("user"),
                level: value("read"),
                ..Default::default()
            },
        ],
        private: true,
        recursive: if of_group {
            vec![
                choice("none", "nothing else", true),
                choice("repos", "repositories in it", false),
                choice("groups", "groups in it", false),
                choice("all", "everything in it", false),
            ]
        } else {
            vec![]
        },
        people_data_url: Some(s("/_users_and_groups")),
        errors: vec![wrong(
            "perm_new_member_name_1",
            "New member",
            "There is no active user \"nobody\"",
        )],
    }
}

pub fn creating(failed: Option<&str>) -> RepoCreating {
    RepoCreating {
        frame: first_frame("Making tools/vcs/new"),
        name: s("tools/vcs/new"),
        url: s("#"),
        repo_url: s("/summary.html"),
        check_url: s("/check"),
        clone_of: Some(s("https://example.com/hg/project")),
        failed: failed.map(s),
    }
}

pub fn about() -> About {
    About {
        frame: first_frame("About"),
        version: s("0.1.0"),
        project_url: Some(s("https://example.com/")),
    }
}

pub fn error() -> ErrorPage {
    ErrorPage {
        frame: first_frame("Not Found"),
        status: 404,
        reason: s("Not Found"),
        sentence: s("The resource could not be found"),
        detail: Some(s(
            "There is no file nor directory at the given path: 'src/web/nothing.rs' at revision 9f3c5b7a1e42",
        )),
        advice: Some(s(
            "It may have been renamed: look at the history, or start again at the root.",
        )),
        links: vec![link("Files", "#"), link("Changelog", "#")],
    }
}

pub fn error_bare() -> BareError {
    BareError {
        site_title: s("Kallithea"),
        home_url: s("/"),
        assets: frame("").assets,
        status: 503,
        reason: s("Service Unavailable"),
        sentence: s("The database does not answer."),
        advice: Some(s(
            "Nothing is lost. Try again in a minute; if it stays so, tell the administrator the request below.",
        )),
        request_id: s("b7f3-000182"),
    }
}

pub fn site_access() -> SiteAccess {
    SiteAccess {
        frame: first_frame("Access"),
        action_url: s("#"),
        anonymous: true,
        errors: vec![],
    }
}
