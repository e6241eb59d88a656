//! Sample data: people, the frame, lists of repositories; below, what the pages about contents and the forms show.

mod code;
mod forms;

pub use code::*;
pub use forms::*;

use crate::view::*;

fn s(text: &str) -> String {
    text.to_string()
}

fn link(text: &str, url: &str) -> Link {
    Link {
        text: s(text),
        url: s(url),
    }
}

fn avatar(seed: usize) -> String {
    let hues = ["#7a8f3c", "#3c7a8f", "#8f3c6b", "#8f6b3c", "#4f3c8f"];
    let mut svg =
        s(r#"<svg viewBox="0 0 5 5" width="16" height="16" xmlns="http://www.w3.org/2000/svg">"#);
    for y in 0..5 {
        for x in 0..3 {
            if (seed * 7 + x * 3 + y * 5 + x * y * seed).is_multiple_of(3) {
                for column in [x, 4 - x] {
                    svg += &format!(
                        r#"<rect x="{column}" y="{y}" width="1" height="1" fill="{}"/>"#,
                        hues[seed % 5]
                    );
                }
            }
        }
    }
    svg + "</svg>"
}

fn person(name: &str) -> Person {
    Person {
        name: s(name),
        full: format!("{name} <{name}@example.com>"),
        avatar_html: avatar(name.len() + name.as_bytes()[0] as usize),
    }
}

fn ago(text: &str) -> When {
    When {
        iso: s("2026-11-21T22:10:00+01:00"),
        age: s(text),
        exact: s("2026-11-21 22:10:00"),
    }
}

const AGES: [&str; 8] = [
    "5 minutes ago",
    "2 hours ago",
    "1 day ago",
    "3 days ago",
    "2 weeks ago",
    "5 months ago",
    "22 months ago",
    "3 years ago",
];
const PEOPLE: [&str; 5] = [
    "alice",
    "bob",
    "Þórbjörg Ævarsdóttir",
    "יעל",
    "maximiliane-alexandra.von-hohenstein",
];
const SUBJECTS: [&str; 10] = [
    "diff: pair removed and added lines by similarity, not by position",
    "Merge branch stable into default",
    "hg: read the dirstate-v2 docket without copying",
    "docs: say how to put nginx in front",
    "repair the build on Debian 12",
    "permissions: a fork never shows more than its parent did, also when the parent was made private after the fork; the check moved to the one place that decides",
    "إصلاح عرض أسماء الملفات من اليمين إلى اليسار",
    "tests: push four workers at once",
    "日本語のファイル名を正しく表示する",
    "fix",
];
const LONG_BRANCH: &str = "feature/PROJ-12345-rewrite-the-permission-cache-without-locks";

pub fn frame(title: &str) -> Frame {
    let v = "?ver=0123abcd";
    Frame {
        title: s(title),
        site_title: s("Kallithea"),
        home_url: s("/"),
        user: Some(Viewer {
            username: s("alice"),
            full_name: s("Alice Liddell"),
            avatar_html: avatar(97 + 5),
            is_admin: true,
            can_sign_out: true,
        }),
        csrf_token: s("123456789"),
        path: s("/group/repo?x=1"),
        login_url: s("/_admin/login?came_from=%2F"),
        logout_url: s("/_admin/logout"),
        nav: Nav {
            section: s("repositories"),
            repos_data_url: Some(s("/_repos")),
            journal: Some(s("/_admin/journal")),
            gists: Some(s("/_admin/gists")),
            search: Some(s("/_admin/search")),
            pull_requests: Some(s("/my_pullrequests")),
            pull_requests_open: 3,
            admin: Some(s("/_admin/settings")),
            account: Some(s("/_admin/my_account")),
            about: Some(s("/about")),
            new_repository: Some(s("/_admin/create_repository")),
            new_group: Some(s("/_admin/repo_groups/new")),
            new_gist: Some(s("/_admin/gists/new")),
        },
        assets: Assets {
            style: format!("/css/style.css{v}"),
            script: format!("/js/main.js{v}"),
            icons: format!("/images/icons.svg{v}"),
            favicon: format!("/images/favicon.svg{v}"),
            favicon_ico: format!("/images/favicon.ico{v}"),
            touch_icon: format!("/images/apple-touch-icon.png{v}"),
        },
        request_id: s("b7f3-000182"),
        version: Some(s("0.1.0")),
        support_url: Some(s("https://example.com/help")),
        ..Default::default()
    }
}

/// What is there in the first version: no later pages, no dead links.
fn first_frame(title: &str) -> Frame {
    let mut frame = frame(title);
    frame.nav = Nav {
        section: s("repositories"),
        repos_data_url: Some(s("/_repos")),
        about: Some(s("/about")),
        new_repository: frame.nav.new_repository,
        new_group: frame.nav.new_group,
        ..Default::default()
    };
    frame
}

fn anonymous(title: &str) -> Frame {
    let mut frame = first_frame(title);
    frame.user = None;
    frame.nav.new_repository = None;
    frame.nav.new_group = None;
    frame
}

fn repo(tab: &str) -> RepoFrame {
    RepoFrame {
        id: 23,
        name: s("tools/vcs/kallithea-rs"),
        short_name: s("kallithea-rs"),
        url: s("/summary.html"),
        groups: vec![link("tools", "/group.html"), link("vcs", "/group.html")],
        kind: s("hg"),
        private: true,
        fork_of: Some(link("kallithea", "/kallithea")),
        description_html: s(
            r#"The web server that hosts Mercurial and Git, see <a href="https://example.com/">example.com</a>."#,
        ),
        can_write: true,
        can_admin: true,
        following: true,
        follow_url: Some(s("/_admin/toggle_following")),
        followers: 12,
        followers_url: Some(s("/f")),
        forks: 4,
        pull_requests: 7,
        tab: s(tab),
        files_url: s("/files.html"),
        changelog_url: s("/changelog.html"),
        compare_url: Some(s("/compare")),
        pull_requests_url: Some(s("/pr")),
        forks_url: Some(s("/forks")),
        fork_url: Some(s("/fork")),
        settings_url: Some(s("/repo-settings.html")),
        refs_data_url: s("/refs-data"),
        clone_urls: vec![
            CloneUrl {
                label: s("HTTP"),
                url: s("https://alice@code.example.com/tools/vcs/kallithea-rs"),
            },
            CloneUrl {
                label: s("ID"),
                url: s("https://alice@code.example.com/_23"),
            },
            CloneUrl {
                label: s("SSH"),
                url: s("ssh://kallithea@code.example.com/tools/vcs/kallithea-rs"),
            },
        ],
        ..Default::default()
    }
}

fn row(n: usize) -> ChangesetRow {
    let chips = match n {
        0 => vec![("branch", "default"), ("tag", "tip"), ("phase", "Draft")],
        2 => vec![("bookmark", "@"), ("tag", "v0.9.1")],
        3 => vec![("branch", LONG_BRANCH)],
        6 => vec![("closed-branch", "stable-0.6")],
        _ => vec![],
    };
    ChangesetRow {
        id: format!(
            "{:012x}",
            0x9f3c_5b7a_1e42u64.wrapping_mul(n as u64 + 1) & 0xffff_ffff_ffff
        ),
        raw_id: format!("{:040x}", 0x9f3c_5b7a_1e42u64.wrapping_mul(n as u64 + 1)),
        url: s("/changeset.html"),
        subject: s(SUBJECTS[n % SUBJECTS.len()]),
        body: n
            .is_multiple_of(4)
            .then(|| s("More words about it.\nAnd a line.")),
        author: person(PEOPLE[(n * 3 + n / 4) % PEOPLE.len()]),
        when: ago(AGES[(n / 3).min(7)]),
        chips: chips
            .into_iter()
            .map(|(kind, text)| Chip {
                kind: s(kind),
                text: s(text),
                url: Some(s("/changelog.html")),
            })
            .collect(),
        merge: n % 10 == 1,
        status: match n {
            0 => Some(Status {
                kind: s("approved"),
                text: s("Approved by bob"),
                url: Some(s("#")),
            }),
            4 => Some(Status {
                kind: s("rejected"),
                text: s("Not approved by bob"),
                url: Some(s("#")),
            }),
            5 => Some(Status {
                kind: s("under_review"),
                text: s("Under review"),
                url: None,
            }),
            _ => None,
        },
        comments: if n % 5 == 2 { 3 } else { 0 },
        comments_url: Some(s("#")),
    }
}

fn last(n: usize) -> LastChange {
    let r = row(n);
    LastChange {
        id: r.id,
        subject: r.subject,
        url: r.url,
        author: r.author,
        when: r.when,
    }
}

fn repositories() -> Vec<RepositoryRow> {
    let names = [
        (
            "kallithea-rs",
            "hg",
            "The web server that hosts Mercurial and Git repositories with code review",
        ),
        (
            "an-extraordinarily-long-repository-name-that-somebody-chose-in-a-hurry",
            "git",
            "It goes on and on and the description too, which is cut where the column ends, whatever the width",
        ),
        ("dotfiles", "git", ""),
        ("Grundlagen-der-Übung", "hg", "Übungen für Anfänger"),
        ("مشروع-عربي", "git", "وصف المستودع باللغة العربية"),
        ("日本語リポジトリ", "git", "日本語の説明文"),
        ("empty", "hg", "Nothing here yet"),
    ];
    names
        .iter()
        .enumerate()
        .map(|(n, (name, kind, description))| RepositoryRow {
            name: s(name),
            full_name: s(name),
            url: s("/summary.html"),
            kind: s(kind),
            description: s(description),
            private: n % 3 == 0,
            fork_of: (n == 2).then(|| link("bob/dotfiles", "/bob/dotfiles")),
            pending: n == 6,
            following: n == 0,
            last: (n != 6).then(|| last(n)),
            owner: person(PEOPLE[n % 5]),
        })
        .collect()
}

fn groups() -> Vec<GroupRow> {
    [
        ("tools", 0, 14, 2, "Programs that help us work"),
        ("vcs", 1, 6, 0, "Version control"),
        ("web", 1, 8, 0, ""),
        ("клиенты", 0, 3, 0, "Проекты клиентов"),
    ]
    .iter()
    .map(
        |(name, depth, repositories, groups, description)| GroupRow {
            name: s(name),
            full_name: s(name),
            url: s("/group.html"),
            description: s(description),
            depth: *depth,
            repositories: *repositories,
            groups: *groups,
            owner: Some(person("alice")),
        },
    )
    .collect()
}

fn tab(text: &str, current: bool) -> Tab {
    Tab {
        text: s(text),
        url: s("#"),
        current,
        count: None,
    }
}

pub fn home() -> Home {
    let mut frame = frame("");
    frame.flash = vec![Flash {
        category: s("success"),
        message_html: s(r#"Created repository <a href="/x">tools/vcs/kallithea-rs</a>"#),
    }];
    Home {
        frame,
        tabs: vec![
            tab("All", true),
            tab("Mine", false),
            tab("Followed", false),
            tab("Recent", false),
        ],
        groups: groups(),
        repositories: repositories(),
        new_repository: Some(s("/new-repository.html")),
        new_group: Some(s("/new-group.html")),
        ..Default::default()
    }
}

pub fn home_fresh() -> Home {
    Home {
        frame: first_frame(""),
        fresh: true,
        new_repository: Some(s("/new-repository.html")),
        new_group: Some(s("/new-group.html")),
        ..Default::default()
    }
}

pub fn home_anonymous() -> Home {
    let mut frame = anonymous("");
    frame.flash = vec![
        Flash {
            category: s("warning"),
            message_html: s("You need to be signed in to view this page"),
        },
        Flash {
            category: s("error"),
            message_html: s("Such revision does not exist for this repository"),
        },
    ];
    Home {
        frame,
        repositories: repositories(),
        ..Default::default()
    }
}

fn group_head() -> GroupHead {
    GroupHead {
        name: s("vcs"),
        url: s("/group.html"),
        parents: vec![link("tools", "/group.html")],
        description_html: s("Version control and what belongs to it."),
        settings_url: Some(s("/group-settings.html")),
    }
}

pub fn group() -> Home {
    Home {
        frame: first_frame("tools/vcs"),
        group: Some(group_head()),
        groups: groups().into_iter().filter(|g| g.depth == 0).collect(),
        repositories: repositories(),
        new_repository: Some(s("#")),
        new_group: Some(s("#")),
        ..Default::default()
    }
}
