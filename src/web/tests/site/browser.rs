//! A site and a browser that knows cookies and forms.

use std::collections::HashMap;
use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use kallithea_web::Site;
use kallithea_web::path::RequestPath;
use kallithea_web::request::{Body, Peer, Request};
use kallithea_web::response::Response;
use model::account::NewUser;
use model::{Config, Gate, Model};
use tempfile::TempDir;

/// A fresh instance with the administrator `admin`, password `secret1`.
pub struct Server {
    site: Site,
    pub model: Model,
    pub folder: TempDir,
}

impl Server {
    pub fn new() -> Self {
        let server = Self::without_admin();
        server.user("admin", true);
        server
    }

    /// The same with the Mercurial that tests are to use.
    pub fn with_mercurial() -> Self {
        let hg = std::env::var("KALLITHEA_TEST_HG").unwrap_or_else(|_| "hg".to_owned());
        let server = Self::with(&[("hg_path", &hg)]);
        server.user("admin", true);
        server
    }

    pub fn without_admin() -> Self {
        Self::with(&[])
    }

    /// A fresh instance whose ini file has these values, without an administrator.
    pub fn with(values: &[(&str, &str)]) -> Self {
        Self::over(tempfile::tempdir().unwrap(), values)
    }

    fn over(folder: TempDir, values: &[(&str, &str)]) -> Self {
        let values: Vec<_> = values
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect();
        let (config, _) = Config::from_values(&values, folder.path().to_owned(), None).unwrap();
        let config = Arc::new(config);
        Model::prepare(&config).unwrap();
        let open = || Model::open(Arc::clone(&config)).unwrap();
        Self {
            site: Site::open(open()).unwrap(),
            model: open(),
            folder,
        }
    }

    /// A real Kallithea 0.7 that has moved in: repositories, comments, votes, further addresses. See
    /// `tests/fixtures/kallithea-0.7/README.md` for who lives there.
    pub fn kallithea() -> Self {
        let from = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../tests/fixtures/kallithea-0.7"
        );
        let folder = tempfile::tempdir().unwrap();
        let status = std::process::Command::new("tar")
            .args(["xzf", &format!("{from}/repos.tar.gz"), "-C"])
            .arg(folder.path())
            .status()
            .unwrap();
        assert!(status.success());
        let dump = std::fs::read_to_string(format!("{from}/db.sql")).unwrap();
        let root = folder.path().to_str().unwrap();
        let db = rusqlite::Connection::open(folder.path().join("kallithea.db")).unwrap();
        db.execute_batch(&dump.replace("@ROOT@", root)).unwrap();
        db.close().unwrap();
        let url = format!("sqlite:///{root}/kallithea.db");
        Self::over(folder, &[("sqlalchemy.url", &url)])
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

    /// Takes away the right to come from where all these requests come from.
    pub fn forbid(&self, username: &str) {
        let admin = self.model.user_by_name("admin").unwrap().unwrap().id;
        let admin = self.model.viewer(admin, "127.0.0.1").unwrap().unwrap();
        let right = Gate::new(&self.model).site_admin(&admin).unwrap();
        let user = self.model.user_by_name(username).unwrap().unwrap().id;
        self.model.add_ip_rule(&right, user, "10.9.9.0/24").unwrap();
    }

    /// Reads or changes the database as any other program would; the first value of the answer.
    pub fn sql(&self, sql: &str) -> String {
        let db = rusqlite::Connection::open(self.folder.path().join("kallithea.db")).unwrap();
        let mut statement = db.prepare(sql).unwrap();
        let mut rows = statement.query([]).unwrap();
        let first = rows.next().unwrap();
        first.map_or(String::new(), |row| match row.get(0).unwrap() {
            rusqlite::types::Value::Integer(number) => number.to_string(),
            rusqlite::types::Value::Text(text) => text,
            other => format!("{other:?}"),
        })
    }

    /// Changes the database without any rule being checked, as programs did that were older than the rules.
    pub fn break_rule(&self, sql: &str) {
        let db = rusqlite::Connection::open(self.folder.path().join("kallithea.db")).unwrap();
        db.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
        db.execute_batch(sql)
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    pub fn repository(&self, owner: &str, name: &str, kind: &str) {
        self.model
            .create_repository_as(owner, name, kind, "")
            .unwrap();
    }

    pub fn browser(&self) -> Browser<'_> {
        Browser {
            server: self,
            cookies: HashMap::new(),
            from: "127.0.0.1".to_owned(),
        }
    }

    pub fn signed_in(&self, username: &str) -> Browser<'_> {
        self.signed_in_with(username, "secret1")
    }

    pub fn signed_in_with(&self, username: &str, password: &str) -> Browser<'_> {
        let mut browser = self.browser();
        let answer = browser.post(
            "/_admin/login",
            &[("username", username), ("password", password)],
        );
        assert_eq!(answer.status, StatusCode::FOUND, "{}", answer.text);
        browser
    }
}

/// What a request came to.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    /// A header; of the address of a redirect what stands behind the host.
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        let value = value.map_or("", |value| value.to_str().unwrap());
        match name {
            "location" => value.strip_prefix("http://localhost").unwrap_or(value),
            _ => value,
        }
    }
}

/// Keeps cookies, and fetches the token of forms as programs do.
pub struct Browser<'a> {
    server: &'a Server,
    cookies: HashMap<String, String>,
    /// The address from which requests come.
    pub from: String,
}

impl Browser<'_> {
    pub fn get(&mut self, address: &str) -> Answer {
        self.send(Method::GET, address, &[], None)
    }

    /// Posts a form with the right token.
    pub fn post(&mut self, address: &str, fields: &[(&str, &str)]) -> Answer {
        let token = self.get("/_admin/session_csrf_secret_token").text;
        let mut fields = fields.to_vec();
        fields.push(("_session_csrf_secret_token", &token));
        self.post_without_token(address, &fields)
    }

    pub fn post_without_token(&mut self, address: &str, fields: &[(&str, &str)]) -> Answer {
        let body: String = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        self.send(
            Method::POST,
            address,
            &[("content-type", "application/x-www-form-urlencoded")],
            Some(body),
        )
    }

    /// Posts a form with files, each with its field, its name and its content.
    pub fn post_files(
        &mut self,
        address: &str,
        fields: &[(&str, &str)],
        files: &[(&str, &str, &[u8])],
    ) -> Answer {
        let token = self.get("/_admin/session_csrf_secret_token").text;
        let mut body = Vec::new();
        let mut part = |head: &str, content: &[u8]| {
            body.extend_from_slice(
                format!("--limit\r\nContent-Disposition: form-data; {head}\r\n\r\n").as_bytes(),
            );
            body.extend_from_slice(content);
            body.extend_from_slice(b"\r\n");
        };
        part("name=\"_session_csrf_secret_token\"", token.as_bytes());
        for (name, value) in fields {
            part(&format!("name=\"{name}\""), value.as_bytes());
        }
        for (field, name, content) in files {
            part(&format!("name=\"{field}\"; filename=\"{name}\""), content);
        }
        body.extend_from_slice(b"--limit--\r\n");
        let kind = ("content-type", "multipart/form-data; boundary=limit");
        self.send_bytes(Method::POST, address, &[kind], body)
    }

    pub fn send(
        &mut self,
        method: Method,
        address: &str,
        headers: &[(&str, &str)],
        body: Option<String>,
    ) -> Answer {
        let body = body.unwrap_or_default().into_bytes();
        self.send_bytes(method, address, headers, body)
    }

    fn send_bytes(
        &mut self,
        method: Method,
        address: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Answer {
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        let path: Vec<u8> = percent_encoding::percent_decode_str(path).collect();
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(
                HeaderName::from_bytes(name.as_bytes()).unwrap(),
                HeaderValue::from_str(value).unwrap(),
            );
        }
        let cookies: Vec<_> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        if !cookies.is_empty() {
            map.insert(
                "cookie",
                HeaderValue::from_str(&cookies.join("; ")).unwrap(),
            );
        }
        let length = Some(body.len() as u64);
        let peer = Peer {
            remote_addr: self.from.clone(),
            may_sign_in: self.from == "127.0.0.1",
            scheme: "http".into(),
            host: "localhost".into(),
            ..Peer::default()
        };
        let response = self.server.site.handle(Request {
            method,
            path: RequestPath::from_bytes(&path).unwrap(),
            asked: None,
            query: query.to_owned(),
            headers: map,
            peer,
            body: Body::new(Box::new(std::io::Cursor::new(body)), length),
        });
        self.keep_cookies(&response);
        answer(response)
    }

    fn keep_cookies(&mut self, response: &Response) {
        for cookie in response.headers.get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

fn answer(mut response: Response) -> Answer {
    let mut bytes = Vec::new();
    let mut block = [0; 4096];
    loop {
        match response.body.read_block(&mut block).unwrap() {
            0 => break,
            n => bytes.extend_from_slice(&block[..n]),
        }
    }
    Answer {
        status: response.status,
        headers: response.headers,
        text: String::from_utf8_lossy(&bytes).into_owned(),
    }
}
