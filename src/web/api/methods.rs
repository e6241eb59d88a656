//! The table of methods: every name, what it takes, what it needs, what it answers.
//!
//! The lines of a family stand in the family's own file, above the functions they call; this is their sum. From the
//! table come the check of arguments, the reference page, the OpenRPC document and the tests. A method is added by
//! copying an entry.

use std::collections::HashMap;
use std::sync::OnceLock;

use model::{Actor, Gate, Model, SiteAdmin, User, Viewer};
use serde_json::Value;

use super::arguments::{Arguments, Parameter};
use super::fault::Fault;
use super::{
    changesets, fields, gists, groups, keys, permissions, pull_requests, repositories, server,
    sessions, user_groups, users,
};
use crate::request::Peer;

/// What a method answers.
pub(super) type Answer = Result<Value, Fault>;

/// One method.
pub(super) struct Method {
    /// Its name.
    pub(super) name: &'static str,
    /// What it does, in one sentence.
    pub(super) doc: &'static str,
    /// What the caller must be or hold beyond a valid key, for people; the functions demand it as a value.
    pub(super) needs: &'static str,
    /// What it takes.
    pub(super) parameters: &'static [Parameter],
    /// What it answers, for people.
    pub(super) result: &'static str,
    /// The function.
    pub(super) run: Run,
}

/// The function of a method, by the right it demands from the start.
#[derive(Clone, Copy)]
pub(super) enum Run {
    /// Anybody with a valid key; the function asks the gate for what it touches.
    Any(fn(&Call<'_>) -> Answer),
    /// Administrators of the site.
    Admin(fn(&Call<'_>, &SiteAdmin) -> Answer),
}

/// Methods that belong together.
pub(super) struct Family {
    /// Heading of the reference page.
    pub(super) title: &'static str,
    /// Its methods.
    pub(super) methods: &'static [Method],
}

/// All methods.
pub(super) const FAMILIES: &[Family] = &[
    Family {
        title: "Server",
        methods: server::METHODS,
    },
    Family {
        title: "Users",
        methods: users::METHODS,
    },
    Family {
        title: "User groups",
        methods: user_groups::METHODS,
    },
    Family {
        title: "Repositories",
        methods: repositories::METHODS,
    },
    Family {
        title: "Permissions",
        methods: permissions::METHODS,
    },
    Family {
        title: "Extra fields",
        methods: fields::METHODS,
    },
    Family {
        title: "Repository groups",
        methods: groups::METHODS,
    },
    Family {
        title: "Gists",
        methods: gists::METHODS,
    },
    Family {
        title: "Changesets",
        methods: changesets::METHODS,
    },
    Family {
        title: "Pull requests",
        methods: pull_requests::METHODS,
    },
    Family {
        title: "API keys and SSH keys",
        methods: keys::METHODS,
    },
    Family {
        title: "Sessions",
        methods: sessions::METHODS,
    },
];

/// Every method.
pub(super) fn all() -> impl Iterator<Item = &'static Method> {
    FAMILIES.iter().flat_map(|family| family.methods)
}

/// The method of this name.
pub(super) fn find(name: &str) -> Option<&'static Method> {
    static BY_NAME: OnceLock<HashMap<&str, &Method>> = OnceLock::new();
    BY_NAME
        .get_or_init(|| all().map(|method| (method.name, method)).collect())
        .get(name)
        .copied()
}

/// One call on its way through a method: who asks, from where, with what.
pub(super) struct Call<'a> {
    /// The rules and the data.
    pub(super) model: &'a Model,
    /// Decides.
    pub(super) gate: Gate<'a>,
    /// Who asks.
    pub(super) viewer: Viewer,
    /// Who asks, as an account.
    pub(super) user: User,
    /// From where, and under which address we were called.
    pub(super) peer: &'a Peer,
    /// With what.
    pub(super) args: Arguments,
}

impl Call<'_> {
    /// Who is written into the journal.
    pub(super) fn actor(&self) -> Actor {
        Actor::new(&self.viewer, &self.peer.remote_addr)
    }

    /// Scheme, host and mount point under which clients reach us.
    pub(super) fn base_url(&self) -> String {
        let canonical = &self.model.config().canonical_url;
        if !canonical.is_empty() {
            return canonical.clone();
        }
        let Peer {
            scheme,
            host,
            script_name,
            ..
        } = self.peer;
        format!("{scheme}://{host}{script_name}")
    }
}
