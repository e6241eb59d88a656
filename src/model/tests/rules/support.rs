//! A fresh instance in a temporary folder.

use std::path::PathBuf;
use std::sync::Arc;

use kallithea_model::account::NewUser;
use kallithea_model::{
    Actor, AdminOfRepository, Config, Gate, Grant, GroupId, Level, Model, NewRepository, RepoId,
    Subject, Viewer,
};
use tempfile::TempDir;
use vcs::Kind;

/// An instance with an administrator called `admin`.
pub struct Instance {
    pub model: Model,
    pub folder: TempDir,
}

pub const ADDRESS: &str = "127.0.0.1";

impl Instance {
    pub fn new() -> Self {
        Self::on(&[])
    }

    /// An instance whose database is at this URL.
    pub fn at(url: String) -> Self {
        Self::on(&[("sqlalchemy.url".to_owned(), url)])
    }

    fn on(values: &[(String, String)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let hg = std::env::var("KALLITHEA_TEST_HG").unwrap_or_else(|_| "hg".into());
        let mut all = vec![("hg_path".to_owned(), hg)];
        all.extend_from_slice(values);
        let config = Config::from_values(&all, folder.path().to_owned(), None);
        let config = Arc::new(config.unwrap().0);
        assert!(
            Model::prepare(&config).unwrap(),
            "the first run makes the database"
        );
        assert!(!Model::prepare(&config).unwrap(), "the second one finds it");
        let model = Model::open(config).unwrap();
        let instance = Self { model, folder };
        instance.user("admin", true);
        instance
    }

    pub fn user(&self, name: &str, admin: bool) -> Viewer {
        let email = format!("{name}@example.com");
        let new = NewUser {
            username: name,
            email: &email,
            password: "secret1",
            admin,
            ..Default::default()
        };
        let id = self.model.create_user(&new).unwrap();
        self.model.viewer(id, ADDRESS).unwrap().unwrap()
    }

    pub fn viewer(&self, name: &str) -> Viewer {
        let user = self.model.user_by_name(name).unwrap().unwrap();
        self.model.viewer(user.id, ADDRESS).unwrap().unwrap()
    }

    pub fn visitor(&self) -> Viewer {
        self.model.visitor(ADDRESS).unwrap()
    }

    /// A Git repository of this owner.
    pub fn repository(
        &self,
        owner: &Viewer,
        group: Option<GroupId>,
        name: &str,
        private: bool,
    ) -> (RepoId, String) {
        let place = Gate::new(&self.model)
            .place_for_repository(owner, group)
            .unwrap();
        let new = NewRepository {
            name,
            kind: Kind::Git,
            description: "",
            private,
            copy_permissions: false,
        };
        let actor = Actor::new(owner, ADDRESS);
        self.model
            .create_repository(&place, owner.user_id().unwrap(), &actor, &new)
            .unwrap()
    }

    pub fn admin_of(&self, name: &str) -> AdminOfRepository {
        Gate::new(&self.model)
            .read_repository(&self.viewer("admin"), name)
            .unwrap()
            .administrable()
            .unwrap()
    }

    pub fn grant(&self, repository: &str, user: &str, level: Level) {
        let grant = Grant {
            subject: Subject::User(user.to_owned()),
            level,
        };
        self.model
            .grant(&self.admin_of(repository), &self.viewer("admin"), &[grant])
            .unwrap();
    }

    /// The level of a viewer on a repository; `None` when it does not exist for them.
    pub fn level(&self, viewer: &Viewer, repository: &str) -> Option<Level> {
        Gate::new(&self.model)
            .read_repository(viewer, repository)
            .ok()
            .map(|repository| repository.level())
    }
}

pub fn config(folder: PathBuf) -> Config {
    Config::from_values(&[], folder, None).unwrap().0
}
