//! The server itself: what it is, who may come from where, what lies on its disk.

use std::sync::OnceLock;

use model::SiteAdmin;
use serde_json::{Value, json};

use super::arguments::Kind::{Any, Id, Text};
use super::arguments::{optional, required, switch};
use super::fault::Words;
use super::methods::Run::{self, Admin};
use super::methods::{Answer, Call, Method};

/// The version whose dialect is spoken: what clients ask for is what they may send, and not who answers. Who answers
/// stands among the modules.
const DIALECT: &str = "0.7.0";

/// Clients demand that there is something; there is no Python in what answers.
const NO_PYTHON: &str = "none (Rust)";

const USERID: super::arguments::Parameter = optional(
    "userid",
    Id,
    "The account; the caller's own when not given.",
);

const GET_IP: &str =
    "The address the caller comes from, and the networks an account may come from.";

pub(super) const METHODS: &[Method] = &[
    Method {
        name: "test",
        doc: "Answers what it is sent.",
        needs: "administrator",
        parameters: &[required("args", Any, "Any value.")],
        result: "The value.",
        run: Admin(test),
    },
    Method {
        name: "get_server_info",
        doc: "Versions of everything that answers.",
        needs: "administrator",
        parameters: &[],
        result: "{modules, py_version, platform, kallithea_version, git_version, git_path}",
        run: Admin(info),
    },
    Method {
        name: "get_ip",
        doc: GET_IP,
        needs: "administrator",
        parameters: &[USERID],
        result: "{server_ip_addr, user_ips: [{ip_addr, ip_range}]}",
        run: GET_IP_RUN,
    },
    Method {
        name: "show_ip",
        doc: GET_IP,
        needs: "administrator",
        parameters: &[USERID],
        result: "As get_ip.",
        run: GET_IP_RUN,
    },
    Method {
        name: "pull",
        doc: "Fetches changesets from the address that a repository is kept in step with.",
        needs: "administrator",
        parameters: &[
            required("repoid", Id, "The repository."),
            optional("clone_uri", Text, "Another address to fetch from."),
        ],
        result: "{msg, repository}",
        run: Admin(pull),
    },
    Method {
        name: "rescan_repos",
        doc: "Takes up what lies on disk without being in the database, and tells what is missing.",
        needs: "administrator",
        parameters: &[switch(
            "remove_obsolete",
            "Whether the database forgets repositories that are missing on disk.",
        )],
        result: "{added: [name], removed: [name]}",
        run: Admin(rescan),
    },
    Method {
        name: "invalidate_cache",
        doc: "Reads the newest changeset of a repository anew.",
        needs: "write permission on the repository",
        parameters: &[required("repoid", Id, "The repository.")],
        result: "{msg, repository}",
        run: Run::Any(invalidate_cache),
    },
];

const GET_IP_RUN: Run = Admin(get_ip);

fn test(call: &Call<'_>, _: &SiteAdmin) -> Answer {
    Ok(call.args.value("args").clone())
}

fn info(call: &Call<'_>, admin: &SiteAdmin) -> Answer {
    let facts = call.model.machine(admin);
    Ok(json!({
        "modules": modules(),
        "py_version": NO_PYTHON,
        "platform": facts.platform,
        "kallithea_version": DIALECT,
        "git_version": facts.git_version,
        "git_path": call.model.config().git_path,
    }))
}

/// Name and version of every crate in this program, as its lock file says.
fn modules() -> &'static [[String; 2]] {
    static MODULES: OnceLock<Vec<[String; 2]>> = OnceLock::new();
    MODULES.get_or_init(|| {
        let value = |line: &str, key: &str| -> Option<String> {
            let text = line.strip_prefix(key)?.strip_prefix(" = \"")?;
            Some(text.strip_suffix('"')?.to_owned())
        };
        let mut name = String::new();
        let mut modules = Vec::new();
        for line in include_str!("../../../Cargo.lock").lines() {
            if let Some(found) = value(line, "name") {
                name = found;
            } else if let Some(version) = value(line, "version")
                && !name.is_empty()
            {
                modules.push([std::mem::take(&mut name), version]);
            }
        }
        modules.sort_by_cached_key(|[name, version]| (name.to_lowercase(), version.clone()));
        modules
    })
}

fn get_ip(call: &Call<'_>, admin: &SiteAdmin) -> Answer {
    let user = call.user_or_self("userid")?;
    let rules = call.model.ip_rules(admin, user.id)?;
    let shown = rules.iter().map(|rule| {
        let (first, last) = match model::ip::bounds(&rule.network) {
            Some((first, last)) => (first.to_string(), last.to_string()),
            None => (rule.network.clone(), rule.network.clone()),
        };
        json!({"ip_addr": rule.network, "ip_range": [first, last]})
    });
    Ok(json!({
        "server_ip_addr": call.peer.remote_addr,
        "user_ips": shown.collect::<Value>(),
    }))
}

fn pull(call: &Call<'_>, admin: &SiteAdmin) -> Answer {
    let repository = call.admin_of_repository()?;
    let name = repository.name();
    call.model
        .pull_from_remote(
            admin,
            &repository,
            &call.actor(),
            call.args.text("clone_uri"),
        )
        .or_say(|| format!("Unable to pull changes from `{name}`"))?;
    Ok(json!({"msg": format!("Pulled from `{name}`"), "repository": name}))
}

fn rescan(call: &Call<'_>, admin: &SiteAdmin) -> Answer {
    let found = call
        .model
        .scan(admin, call.args.flag("remove_obsolete"))
        .or_say(|| "Error occurred during rescan repositories action".into())?;
    Ok(json!({"added": found.added, "removed": found.missing}))
}

fn invalidate_cache(call: &Call<'_>) -> Answer {
    let repository = call.writable_repository()?;
    let name = repository.name();
    call.model
        .record_push(&repository, &call.actor(), Vec::new())
        .or_say(|| "Error occurred during cache invalidation action".into())?;
    let id = call.args.id("repoid");
    Ok(json!({
        "msg": format!("Cache for repository `{id}` was invalidated"),
        "repository": name,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_modules_are_those_of_the_lock_file_in_order() {
        let modules = modules();
        let position = |name: &str| modules.iter().position(|[module, _]| module == name);
        assert!(position("http") < position("kallithea-web"));
        assert!(position("kallithea-web").is_some());
        assert!(modules.iter().all(|[_, version]| !version.is_empty()));
    }
}
