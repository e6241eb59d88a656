//! An instance of its own, with SQLite.

use std::fs;
use std::path::PathBuf;

use super::typed;

/// An ini file in a folder of its own, with an empty folder for repositories.
pub(super) struct Place(pub(super) tempfile::TempDir);

impl Place {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("repos")).unwrap();
        let place = Self(folder);
        fs::write(
            place.ini(),
            "[app:main]\nuse = egg:kallithea-rs\nuse_celery = true\n",
        )
        .unwrap();
        place
    }

    /// The same with a database.
    pub(super) fn with_database() -> Self {
        let place = Self::new();
        let (code, out, err) = place.create(&["--force-yes"]);
        assert_eq!(code, 0, "{out}{err}");
        place
    }

    pub(super) fn ini(&self) -> PathBuf {
        self.0.path().canonicalize().unwrap().join("my.ini")
    }

    pub(super) fn repos(&self) -> PathBuf {
        self.0.path().canonicalize().unwrap().join("repos")
    }

    pub(super) fn run_with(
        &self,
        command: &str,
        more: &[&str],
        answers: &[&str],
    ) -> (i32, String, String) {
        let ini = self.ini();
        let mut line = vec![command, "-c", ini.to_str().unwrap()];
        line.extend(more);
        typed(&line, answers)
    }

    pub(super) fn run(&self, command: &str, more: &[&str]) -> (i32, String, String) {
        self.run_with(command, more, &[])
    }

    pub(super) fn create(&self, more: &[&str]) -> (i32, String, String) {
        let repos = self.repos();
        let mut line = vec![
            "--user=admin",
            "--password=secret",
            "--email=admin@example.com",
            "--repos",
            repos.to_str().unwrap(),
        ];
        line.extend(more);
        self.run("db-create", &line)
    }

    /// A bare Git repository without a commit.
    pub(super) fn git(&self, name: &str) -> PathBuf {
        let path = self.repos().join(name);
        fs::create_dir_all(path.join("objects")).unwrap();
        fs::create_dir_all(path.join("refs/heads")).unwrap();
        fs::write(path.join("HEAD"), "ref: refs/heads/master\n").unwrap();
        fs::write(
            path.join("config"),
            "[core]\n\trepositoryformatversion = 0\n\tbare = true\n",
        )
        .unwrap();
        path
    }
}
