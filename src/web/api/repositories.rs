//! Repositories: what they are and what lies in them.

use model::ReadableRepository;
use serde_json::{Map, Value, json};
use vcs::{NodeError, RepoPath};

use super::arguments::Default as Or;
use super::arguments::Kind::{Flag, Id, Text};
use super::arguments::{Parameter, optional, or, required, switch};
use super::fault::Fault;
use super::methods::Run::Any;
use super::methods::{Answer, Call, Method};
use super::{pull_requests, repository_life as life, shapes};
use crate::problem::chain;

const REPO: Parameter = required("repoid", Id, "The repository.");
const LANDING: &str = "The revision shown first, type:name, such as branch:main.";
const DETACH: &str =
    "What becomes of forks: detach or delete; refused when there are any and nothing is given.";
const COPY: &str = "Whether the permissions of the group are copied.";
const DESCRIPTION: &str = "Any text; empty: the name.";

pub(super) const METHODS: &[Method] = &[
    Method {
        name: "get_repo",
        doc: "A repository, who has which permission on it, and who follows it.",
        needs: "read permission on the repository",
        parameters: &[
            REPO,
            switch(
                "with_revision_names",
                "Whether tags, branches and bookmarks are told.",
            ),
            switch("with_pullrequests", "Whether pull requests to it are told."),
        ],
        result: "Repository with members, followers: [User]; as asked tags, branches, bookmarks: {name: id}, pull_requests: [Pull request]",
        run: Any(get_repo),
    },
    Method {
        name: "get_repos",
        doc: "All repositories that the caller may read.",
        needs: "a key",
        parameters: &[],
        result: "[Repository]",
        run: Any(get_repos),
    },
    Method {
        name: "get_repo_nodes",
        doc: "The files and directories below a directory, at any depth.",
        needs: "read permission on the repository",
        parameters: &[
            REPO,
            required("revision", Text, "A changeset, by id or by name."),
            required("root_path", Text, "The directory; empty for all."),
            or("ret_type", Text, Or::Text("all"), "all, files or dirs."),
        ],
        result: "[{name, type: file or dir}]",
        run: Any(get_repo_nodes),
    },
    Method {
        name: "create_repo",
        doc: "Makes a repository, empty or as a copy of one elsewhere.",
        needs: "write permission on the group, or the right to create repositories at the top; administrator to name another owner",
        parameters: &[
            required("repo_name", Text, "The full name, groups included."),
            optional("owner", Id, "The owner; the caller when not given."),
            optional(
                "repo_type",
                Text,
                "hg or git; the site's default when not given.",
            ),
            or("description", Text, Or::Text(""), DESCRIPTION),
            optional(
                "private",
                Flag,
                "Whether visitors are kept out; the site's default when not given.",
            ),
            optional("clone_uri", Text, "Where it is copied from."),
            or("landing_rev", Text, Or::Text("rev:tip"), LANDING),
            optional(
                "enable_statistics",
                Flag,
                "The site's default when not given.",
            ),
            optional(
                "enable_downloads",
                Flag,
                "The site's default when not given.",
            ),
            switch("copy_permissions", COPY),
        ],
        result: "{msg, success}",
        run: Any(life::create_repo),
    },
    Method {
        name: "update_repo",
        doc: "Changes what is given about a repository; renames and moves it.",
        needs: "admin permission on the repository; write permission on the group it is moved to, or the right to create repositories at the top; administrator to name another owner",
        parameters: &[
            REPO,
            optional("name", Text, "The last part of its name."),
            optional("owner", Id, "The owner."),
            optional(
                "group",
                Id,
                "The group it is moved to; empty or -1 for the top.",
            ),
            optional("description", Text, DESCRIPTION),
            optional("private", Flag, "Whether visitors are kept out."),
            optional(
                "clone_uri",
                Text,
                "Where it is pulled from; empty for nowhere.",
            ),
            optional("landing_rev", Text, LANDING),
            optional("enable_statistics", Flag, "Whether statistics are made."),
            optional(
                "enable_downloads",
                Flag,
                "Whether archives may be downloaded.",
            ),
        ],
        result: "{msg, repository: Repository}",
        run: Any(life::update_repo),
    },
    Method {
        name: "fork_repo",
        doc: "Makes a fork of a repository.",
        needs: "the right to fork, read permission on the repository, and what create_repo needs",
        parameters: &[
            REPO,
            required(
                "fork_name",
                Text,
                "The full name of the fork, groups included.",
            ),
            optional("owner", Id, "The owner; the caller when not given."),
            or("description", Text, Or::Text(""), DESCRIPTION),
            switch(
                "copy_permissions",
                "Whether the permissions of the repository are copied.",
            ),
            or(
                "private",
                Flag,
                Or::Flag(false),
                "Whether visitors are kept out.",
            ),
            or("landing_rev", Text, Or::Text("rev:tip"), LANDING),
        ],
        result: "{msg, success}",
        run: Any(life::fork_repo),
    },
    Method {
        name: "delete_repo",
        doc: "Deletes a repository; its folder stays on disk under another name.",
        needs: "admin permission on the repository, and on its forks to delete them",
        parameters: &[REPO, or("forks", Text, Or::Text(""), DETACH)],
        result: "{msg, success}",
        run: Any(life::delete_repo),
    },
];

fn get_repo(call: &Call<'_>) -> Answer {
    let repository = call.repository()?;
    let members = call.model.members_of_repository(&repository)?;
    let followers = call.model.people_following(&repository)?;
    let mut shape = shown(call, &repository)?;
    shape.insert(
        "members".into(),
        shapes::members(&members, db::ObjectKind::Repository),
    );
    let followers = followers.iter().map(shapes::user).map(Value::Object);
    shape.insert("followers".into(), followers.collect());
    if call.args.flag("with_revision_names") {
        let contents = call.model.open_repository(&repository)?;
        let refs = contents.refs().map_err(unreadable)?;
        let map = |names: Vec<(&str, String)>| -> Value {
            let members = names
                .into_iter()
                .map(|(name, id)| (name.to_owned(), json!(id)));
            Value::Object(members.collect())
        };
        let tags = refs.tags.iter();
        let tags = tags.map(|tag| (tag.name.as_str(), tag.id.to_string()));
        let branches = refs.branches.iter().filter(|branch| !branch.closed);
        let branches = branches.map(|branch| (branch.name.as_str(), branch.id.to_string()));
        let bookmarks = refs.bookmarks.iter();
        let bookmarks = bookmarks.map(|book| (book.name.as_str(), book.id.to_string()));
        shape.insert("tags".into(), map(tags.collect()));
        shape.insert("branches".into(), map(branches.collect()));
        shape.insert("bookmarks".into(), map(bookmarks.collect()));
    }
    if call.args.flag("with_pullrequests") {
        let requests = call.model.pull_requests_to(&call.viewer, &repository)?;
        let requests = pull_requests::all_shown(call, &requests)?;
        shape.insert("pull_requests".into(), requests.into());
    }
    Ok(shape.into())
}

/// A repository with what stands around it.
pub(super) fn shown(
    call: &Call<'_>,
    repository: &ReadableRepository,
) -> Result<Map<String, Value>, Fault> {
    let one = std::slice::from_ref(repository);
    let details = call.model.repository_details(&call.viewer, one)?;
    let details = details.into_iter().next().unwrap_or_default();
    Ok(shapes::repository(
        repository.row(),
        repository.level(),
        &details,
    ))
}

fn get_repos(call: &Call<'_>) -> Answer {
    let mut repositories = call.gate.readable_repositories(&call.viewer)?;
    // As the original orders them: by number for administrators, by name for everybody else.
    if call.viewer.is_admin() {
        repositories.sort_by_key(|repository| repository.id());
    } else {
        repositories.sort_by(|a, b| a.name().cmp(b.name()));
    }
    let details = call.model.repository_details(&call.viewer, &repositories)?;
    let shapes = repositories
        .iter()
        .zip(&details)
        .map(|(repository, details)| {
            shapes::repository(repository.row(), repository.level(), details)
        });
    Ok(shapes.map(Value::Object).collect())
}

fn get_repo_nodes(call: &Call<'_>) -> Answer {
    let repository = call.repository()?;
    let (files, dirs) = match call.args.needed("ret_type") {
        "all" => (true, true),
        "files" => (true, false),
        "dirs" => (false, true),
        _ => return Err(Fault::said("ret_type must be one of all,dirs,files")),
    };
    let failed = || format!("failed to get repo: `{}` nodes", repository.name());
    let because = |reason: String| Fault::Because(failed(), reason);
    let contents = call
        .model
        .open_repository(&repository)
        .map_err(|error| because(chain(&error)))?;
    let id = contents
        .resolve(call.args.needed("revision"))
        .map_err(|error| because(chain(&error)))?;
    let root = call.args.needed("root_path").trim_matches('/');
    let root = RepoPath::parse(root.as_bytes()).map_err(|error| because(error.to_string()))?;
    let nodes = nodes(&contents, &id, &root).map_err(|error| because(chain(&error)))?;
    let shape = |path: &RepoPath, what: &str| json!({"name": path.to_string_lossy(), "type": what});
    let mut shapes = Vec::new();
    if dirs {
        shapes.extend(nodes.dirs.iter().map(|path| shape(path, "dir")));
    }
    if files {
        shapes.extend(nodes.files.iter().map(|path| shape(path, "file")));
    }
    Ok(shapes.into())
}

#[derive(Default)]
struct Nodes {
    dirs: Vec<RepoPath>,
    files: Vec<RepoPath>,
}

/// Everything below a directory, level by level from above, each in the order of the listing.
fn nodes(
    contents: &vcs::Repository,
    id: &vcs::ChangesetId,
    root: &RepoPath,
) -> Result<Nodes, NodeError> {
    let mut found = Nodes::default();
    let mut todo = std::collections::VecDeque::from([root.clone()]);
    while let Some(directory) = todo.pop_front() {
        for entry in contents.directory(id, &directory)? {
            match entry.kind {
                vcs::NodeKind::Directory => {
                    found.dirs.push(entry.path.clone());
                    todo.push_back(entry.path);
                }
                vcs::NodeKind::File { .. } | vcs::NodeKind::Symlink => found.files.push(entry.path),
                vcs::NodeKind::Submodule { .. } => {}
            }
        }
    }
    Ok(found)
}

/// A repository that is there and cannot be read.
pub(super) fn unreadable(error: vcs::ReadError) -> Fault {
    Fault::Internal(chain(&error))
}
