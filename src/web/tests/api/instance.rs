//! An instance and programs that call its API.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use kallithea_web::Site;
use kallithea_web::path::RequestPath;
use kallithea_web::request::{Body, Peer, Request};
use model::account::NewUser;
use model::{Config, Model};
use serde_json::{Value, json};
use tempfile::TempDir;

/// An instance.
pub struct Instance {
    site: Site,
    pub model: Model,
    pub folder: TempDir,
}

/// A raw answer.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

/// Somebody with a key.
pub struct Caller<'a> {
    instance: &'a Instance,
    pub key: String,
}

impl Instance {
    /// A fresh instance with the administrator `admin` and the users `alice` and `bob`.
    pub fn new() -> Self {
        let url = db::test_servers::own_url();
        let values: Vec<_> = url.iter().map(|url| ("sqlalchemy.url", &**url)).collect();
        let instance = Self::over(tempfile::tempdir().unwrap(), &values);
        for name in ["admin", "alice", "bob"] {
            instance.user(name, name == "admin");
        }
        instance
    }

    /// The instance in a folder, made if there is none.
    pub fn over(folder: TempDir, values: &[(&str, &str)]) -> Self {
        let hg = std::env::var("KALLITHEA_TEST_HG").unwrap_or_else(|_| "hg".into());
        let mut all = vec![("hg_path".to_owned(), hg)];
        all.extend(
            values
                .iter()
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned())),
        );
        let (config, _) = Config::from_values(&all, folder.path().to_owned(), None).unwrap();
        let config = Arc::new(config);
        Model::prepare(&config).unwrap();
        let open = || Model::open(Arc::clone(&config)).unwrap();
        Self {
            site: Site::open(open()).unwrap(),
            model: open(),
            folder,
        }
    }

    pub fn user(&self, username: &str, admin: bool) {
        let email = format!("{username}@example.com");
        self.model
            .create_user(&NewUser {
                username,
                email: &email,
                password: "secret1",
                admin,
                ..Default::default()
            })
            .unwrap();
    }

    /// The folder of a repository.
    pub fn path(&self, name: &str) -> std::path::PathBuf {
        self.model.repositories_root().unwrap().join(name)
    }

    pub fn caller(&self, username: &str) -> Caller<'_> {
        let user = self.model.user_by_name(username).unwrap().unwrap();
        self.with_key(user.api_key.as_str())
    }

    pub fn with_key(&self, key: &str) -> Caller<'_> {
        Caller {
            instance: self,
            key: key.to_owned(),
        }
    }

    /// Sends a body to the API as JSON.
    pub fn post(&self, body: &[u8]) -> Answer {
        let length = Some(body.len() as u64);
        let headers = [("content-type", "application/json")];
        self.send(Method::POST, "/_admin/api", &headers, body.to_vec(), length)
    }

    pub fn send(
        &self,
        method: Method,
        address: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
        length: Option<u64>,
    ) -> Answer {
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(
                HeaderName::from_bytes(name.as_bytes()).unwrap(),
                HeaderValue::from_str(value).unwrap(),
            );
        }
        let mut response = self.site.handle(Request {
            method,
            path: RequestPath::from_bytes(path.as_bytes()).unwrap(),
            asked: None,
            query: query.to_owned(),
            headers: map,
            peer: Peer {
                remote_addr: "127.0.0.1".into(),
                scheme: "http".into(),
                host: "localhost".into(),
                ..Peer::default()
            },
            body: Body::new(Box::new(std::io::Cursor::new(body)), length),
        });
        let mut bytes = Vec::new();
        let mut block = [0; 8192];
        loop {
            match response.body.read_block(&mut block).unwrap() {
                0 => break,
                n => bytes.extend_from_slice(&block[..n]),
            }
        }
        Answer {
            status: response.status,
            headers: response.headers,
            text: String::from_utf8(bytes).unwrap(),
        }
    }
}

impl Caller<'_> {
    /// The envelope of a call.
    pub fn envelope(&self, method: &str, args: &Value) -> Value {
        json!({"id": 1, "api_key": self.key, "method": method, "args": args})
    }

    /// Calls and gives the result, or the text of the error.
    pub fn call(&self, method: &str, args: Value) -> Result<Value, String> {
        let body = self.envelope(method, &args).to_string();
        let answer = self.instance.post(body.as_bytes());
        assert_eq!(answer.status, StatusCode::OK);
        let mut reply = answer.json();
        assert_eq!(reply["id"], json!(1));
        match reply["error"].take() {
            Value::Null => Ok(reply["result"].take()),
            Value::String(text) => {
                assert_eq!(reply["result"], Value::Null);
                Err(text)
            }
            other => panic!("an error is a text: {other}"),
        }
    }

    /// Calls what must have a result.
    #[track_caller]
    pub fn ok(&self, method: &str, args: Value) -> Value {
        let shown = args.to_string();
        match self.call(method, args) {
            Ok(result) => result,
            Err(text) => panic!("{method} {shown}: {text}"),
        }
    }

    /// Calls what must fail with this text.
    #[track_caller]
    pub fn fails(&self, method: &str, args: Value, text: &str) {
        let shown = args.to_string();
        assert_eq!(
            self.call(method, args).unwrap_err(),
            text,
            "{method} {shown}"
        );
    }
}

/// Runs git in a folder, with the name and the clock of a test.
pub fn git(folder: &Path, arguments: &[&str]) {
    let output = Command::new("git")
        .args([
            "-c",
            "user.name=Alice",
            "-c",
            "user.email=alice@example.com",
        ])
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_AUTHOR_DATE", "2020-09-13T12:26:40Z")
        .env("GIT_COMMITTER_DATE", "2020-09-13T12:26:40Z")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "git {arguments:?}: {said}");
}

/// Fills a bare repository: three commits on master, one more on a branch.
pub fn fill(instance: &Instance, name: &str) {
    let work = tempfile::tempdir().unwrap();
    let place = instance.path(name);
    git(work.path(), &["init", "-q", "-b", "master"]);
    std::fs::create_dir(work.path().join("src")).unwrap();
    for n in 1..=3 {
        std::fs::write(work.path().join("a.txt"), format!("{n}\n")).unwrap();
        std::fs::write(work.path().join(format!("src/{n}.rs")), "fn\n").unwrap();
        git(work.path(), &["add", "."]);
        git(work.path(), &["commit", "-q", "-m", &format!("change {n}")]);
    }
    git(work.path(), &["checkout", "-q", "-b", "topic"]);
    std::fs::write(work.path().join("b.txt"), "b\n").unwrap();
    git(work.path(), &["add", "."]);
    git(work.path(), &["commit", "-q", "-m", "topic work"]);
    let place = place.to_str().unwrap();
    git(work.path(), &["push", "-q", place, "master", "topic"]);
}
