//! The rows that a new database starts with, as `kallithea-cli db-create` of Kallithea 0.7 makes them.
//!
//! The first administrator is not among them: it is made by [`users::insert`] when somebody has named it, on the
//! set-up page or on the command line.

use crate::conn::Tx;
use crate::error::DbError;
use crate::ids::{ApiKey, DEFAULT_USER, PasswordHash, PermissionName, Username};
use crate::users::NewUser;
use crate::{permissions, settings, ui, user_to_perm, users};

/// What a new database cannot know by itself.
#[derive(Clone, Debug)]
pub struct FreshOptions<'a> {
    /// The directory of all repositories, absolute and without symbolic links.
    pub repositories_root: &'a str,
    /// Whether visitors who are not logged in see anything.
    pub public_access: bool,
    /// The hash of a password that nobody knows: nobody logs in as the default user.
    pub default_user_password: &'a PasswordHash,
    /// A random key, just as unknown.
    pub default_user_api_key: &'a ApiKey,
}

/// The e-mail address of the default user, by which the original knows it.
const DEFAULT_USER_EMAIL: &str = "anonymous@kallithea-scm.org";

const SETTINGS: [(&str, &str, &str); 19] = [
    ("realm", "Kallithea", "unicode"),
    ("title", "", "unicode"),
    ("ga_code", "", "unicode"),
    ("show_public_icon", "True", "bool"),
    ("show_private_icon", "True", "bool"),
    ("stylify_metalabels", "False", "bool"),
    ("dashboard_items", "100", "int"),
    ("admin_grid_items", "25", "int"),
    ("show_version", "True", "bool"),
    ("use_gravatar", "False", "bool"),
    (
        "gravatar_url",
        "https://secure.gravatar.com/avatar/{md5email}?d=identicon&s={size}",
        "unicode",
    ),
    (
        "clone_uri_tmpl",
        "{scheme}://{user}@{netloc}/{repo}",
        "unicode",
    ),
    (
        "clone_ssh_tmpl",
        "ssh://{system_user}@{hostname}/{repo}",
        "unicode",
    ),
    (
        "auth_plugins",
        "kallithea.lib.auth_modules.auth_internal",
        "list",
    ),
    ("auth_internal_enabled", "True", "bool"),
    ("default_repo_enable_downloads", "False", "bool"),
    ("default_repo_enable_statistics", "False", "bool"),
    ("default_repo_private", "False", "bool"),
    ("default_repo_type", "hg", "unicode"),
];

/// What everybody may do, until an administrator says otherwise.
const DEFAULT_USER_PERMISSIONS: [&str; 7] = [
    "repository.read",
    "group.read",
    "usergroup.read",
    "hg.create.repository",
    "hg.fork.repository",
    "hg.register.manual_activate",
    "hg.extern_activate.auto",
];

/// Fills the tables that [`create_if_empty`](crate::schema::create_if_empty) just made.
pub fn fill(tx: &Tx<'_>, options: &FreshOptions<'_>) -> Result<(), DbError> {
    for (name, value, kind) in SETTINGS {
        settings::insert(tx, name, value, kind)?;
    }
    let root = options.repositories_root;
    let cache = format!("{}/.cache/largefiles", root.trim_end_matches('/'));
    for (section, key, value, active) in [
        ("paths", "/", root, true),
        ("hooks", "changegroup.kallithea_update", "python:", false),
        ("hooks", "changegroup.kallithea_repo_size", "python:", true),
        ("extensions", "largefiles", "", true),
        ("largefiles", "usercache", &cache, true),
        ("extensions", "hggit", "", false),
    ] {
        ui::insert(tx, section, key, value, active)?;
    }
    let default_user = users::insert(
        tx,
        &NewUser {
            username: &Username::from(DEFAULT_USER),
            password: options.default_user_password,
            active: options.public_access,
            admin: false,
            firstname: "Anonymous",
            lastname: "User",
            email: Some(DEFAULT_USER_EMAIL),
            extern_type: None,
            extern_name: None,
            api_key: options.default_user_api_key,
        },
    )?;
    permissions::insert_missing(tx)?;
    for name in DEFAULT_USER_PERMISSIONS {
        user_to_perm::insert(tx, default_user, &PermissionName::from(name))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::testing::TestDb;
    use crate::{Conn, DbError, permissions, settings, ui, user_to_perm, users};

    /// Settings whose values were changed after the real database was made.
    const CHANGED: [&str; 5] = [
        "realm",
        "title",
        "stylify_metalabels",
        "use_gravatar",
        "gravatar_url",
    ];

    fn setting_rows(conn: &Conn) -> Result<Vec<[String; 4]>, DbError> {
        conn.query(
            "SELECT app_settings_id, app_settings_name, app_settings_value, app_settings_type FROM settings \
             WHERE app_settings_id <= 19 ORDER BY app_settings_id",
            &[],
            |row| std::array::from_fn(|_| row.take()),
        )
    }

    #[test]
    fn the_settings_are_those_of_a_real_kallithea() {
        let without_changed = |mut rows: Vec<[String; 4]>| {
            rows.retain(|row| !CHANGED.contains(&row[1].as_str()));
            rows
        };
        let ours = without_changed(TestDb::fresh().read(setting_rows));
        assert_eq!(ours.len(), 19 - CHANGED.len());
        assert_eq!(
            ours,
            without_changed(TestDb::kallithea().read(setting_rows))
        );
    }

    #[test]
    fn the_settings_that_the_real_one_changed_have_their_first_values() {
        let all = TestDb::fresh().read(settings::all);
        let value = |name: &str| {
            all.iter()
                .find(|setting| setting.name == name)
                .map(|setting| setting.value.as_str())
        };
        let gravatar = "https://secure.gravatar.com/avatar/{md5email}?d=identicon&s={size}";
        assert_eq!(
            CHANGED.map(value),
            [
                Some("Kallithea"),
                Some(""),
                Some("False"),
                // Not that of a real one: nobody's address goes elsewhere unless an administrator says so.
                Some("False"),
                Some(gravatar)
            ]
        );
    }

    #[test]
    fn the_configuration_items_are_those_of_a_real_kallithea() {
        let theirs = TestDb::kallithea().read(ui::all);
        assert_eq!(TestDb::fresh().read(ui::all), theirs[..6]);
    }

    #[test]
    fn the_permissions_have_the_ids_of_a_real_kallithea() {
        let rows = |conn: &Conn| {
            conn.query(
                "SELECT permission_id, permission_name FROM permissions ORDER BY permission_id",
                &[],
                |row| (row.take::<i64>(), row.take::<String>()),
            )
        };
        let ours = TestDb::fresh().read(rows);
        assert_eq!(ours.len(), 24);
        assert_eq!(ours, TestDb::kallithea().read(rows));
    }

    #[test]
    fn the_default_user_is_that_of_a_real_kallithea() {
        let (ours, theirs) = (TestDb::fresh(), TestDb::kallithea());
        let user = ours.read(users::default_user).unwrap();
        let mut real = theirs.read(users::default_user).unwrap();
        // What is random or the time.
        (real.password, real.api_key) = (user.password.clone(), user.api_key.clone());
        real.created_on = user.created_on;
        assert_eq!(user, real);
        let granted = ours.read(|conn| user_to_perm::of_user(conn, user.id));
        let names: Vec<&str> = granted.iter().map(|name| name.as_str()).collect();
        assert_eq!(names, super::DEFAULT_USER_PERMISSIONS);
        let mut real = theirs.read(|conn| user_to_perm::of_user(conn, user.id));
        let mut granted = granted;
        real.sort();
        granted.sort();
        assert_eq!(granted, real);
    }

    #[test]
    fn there_is_nothing_else() {
        let test = TestDb::fresh();
        let filled = [
            "alembic_version",
            "permissions",
            "rs_version",
            "settings",
            "ui",
            "user_to_perm",
            "users",
        ];
        for table in test.read(|conn| conn.tables()) {
            let count =
                test.read(|conn| conn.count(&format!("SELECT COUNT(*) FROM \"{table}\""), &[]));
            assert_eq!(count > 0, filled.contains(&table.as_str()), "{table}");
        }
        assert!(!test.read(users::any_admin_exists));
    }

    #[test]
    fn missing_permissions_are_added_once() {
        let test = TestDb::fresh();
        test.write(|tx| {
            tx.execute(
                "DELETE FROM permissions WHERE permission_name = 'group.write'",
                &[],
            )
        });
        test.write(permissions::insert_missing);
        test.write(permissions::insert_missing);
        let mut names: Vec<String> = test
            .read(permissions::names)
            .into_iter()
            .map(|name| name.into_string())
            .collect();
        let mut wanted = permissions::NAMES.to_vec();
        names.sort();
        wanted.sort();
        assert_eq!(names, wanted);
    }
}
