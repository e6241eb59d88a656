//! A fresh instance whose login sources a test chooses.

use std::net::TcpListener;
use std::sync::Arc;

use db::Db;
use db::test_servers;
use kallithea_model::account::NewUser;
use kallithea_model::auth::SourceKind;
use kallithea_model::{Config, Model, User};
use tempfile::TempDir;

pub const ADDRESS: &str = "127.0.0.1";

/// An instance with an administrator called `admin`, password `secret1`.
pub struct Instance {
    pub model: Model,
    pub folder: TempDir,
    db: Db,
}

impl Instance {
    pub fn new() -> Self {
        Self::with(&[])
    }

    /// An instance with these keys in its ini file.
    pub fn with(values: &[(String, String)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut values = values.to_vec();
        values.extend(test_servers::own_url().map(|url| ("sqlalchemy.url".to_owned(), url)));
        let (config, _) = Config::from_values(&values, folder.path().to_owned(), None).unwrap();
        let config = Arc::new(config);
        Model::prepare(&config).unwrap();
        let db = Db::new(config.database_url.parse().unwrap());
        let model = Model::open(config).unwrap();
        let instance = Self { model, folder, db };
        instance.user("admin", true);
        instance
    }

    pub fn user(&self, name: &str, admin: bool) {
        let email = format!("{name}@example.com");
        let new = NewUser {
            username: name,
            email: &email,
            password: "secret1",
            admin,
            ..Default::default()
        };
        self.model.create_user(&new).unwrap();
    }

    /// Lists these sources in this order, all enabled, with these settings (`ldap_host`).
    pub fn sources(&self, kinds: &[SourceKind], settings: &[(&str, &str)]) {
        let list: Vec<_> = kinds.iter().map(|kind| kind.module()).collect();
        let post = |settings: &[(String, String)]| {
            let posted = |name: &str| {
                let found = settings.iter().find(|(key, _)| key == name);
                found.map(|(_, value)| value.clone())
            };
            self.model.save_login_sources(&posted).unwrap()
        };
        let list = ("auth_plugins".to_owned(), list.join(","));
        // As in the form: what is listed by one post has its settings in the next.
        let mut all = vec![list];
        for kind in kinds {
            all.push((format!("auth_{}_enabled", kind.name()), "True".into()));
            for field in kind.fields() {
                let name = format!("{}_{}", kind.name(), field.key);
                let value = settings.iter().find(|(key, _)| *key == name);
                let value = value.map_or(field.default, |(_, value)| value);
                all.push((format!("auth_{name}"), value.to_owned()));
            }
        }
        for (key, _) in settings {
            assert!(
                all.iter().any(|(name, _)| name == &format!("auth_{key}")),
                "no setting {key}"
            );
        }
        assert_eq!(post(&all), Vec::new());
        assert_eq!(post(&all), Vec::new());
    }

    pub fn log_in(&self, name: &str, password: &str) -> Option<User> {
        self.model.authenticate(name, password, ADDRESS).unwrap()
    }

    pub fn stored(&self, name: &str) -> Option<User> {
        self.model.user_by_name(name).unwrap()
    }

    /// Reads the database as any other program would: the first column.
    pub fn column(&self, sql: &str) -> Vec<String> {
        test_servers::column(&self.db, sql)
    }

    /// Changes the database as any other program would.
    pub fn change(&self, sql: &str) {
        test_servers::change(&self.db, sql);
    }

    /// The names of the user groups that somebody is in.
    pub fn groups_of(&self, name: &str) -> Vec<String> {
        self.column(&format!(
            "SELECT g.users_group_name FROM users_groups g JOIN users_groups_members m USING (users_group_id) \
             JOIN users u ON u.user_id = m.user_id WHERE u.username = '{name}' ORDER BY 1"
        ))
    }
}

/// A port that nobody listens on.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

/// A server that accepts connections and then says nothing, for as long as it lives.
pub fn silent_server() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    (listener, port)
}
