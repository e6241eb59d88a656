//! LDAP: search for the name, then sign in at the directory as what was found.
//!
//! The connection is made by ourselves, with time limits for each step, and given to the LDAP library: a directory that
//! is down must cost a login some seconds and not the worker.

use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use ldap3::{
    LdapConn, LdapConnSettings, LdapError, Scope, SearchEntry, StdStream, dn_escape, ldap_escape,
};

use super::{Identity, SourceError, Values, tls};

/// More entries than this do not share a login name.
const MOST_ENTRIES: i32 = 20;
/// The directory's answer to a wrong password.
const INVALID_CREDENTIALS: u32 = 49;
const NO_SUCH_OBJECT: u32 = 32;
const SIZE_LIMIT_EXCEEDED: u32 = 4;

/// What the directory knows about a name, if the password is right.
pub(super) fn ask(
    values: &Values,
    name: &str,
    password: &str,
) -> Result<Option<Identity>, SourceError> {
    // A comma in a name could lead to another branch of the directory where names are put into distinguished names;
    // an empty password would sign in as nobody, which directories take for a success.
    if name.is_empty() || password.is_empty() || name.contains(',') {
        return Ok(None);
    }
    let login = values.text("attr_login");
    if login.is_empty() {
        return Err(SourceError::Setting {
            key: "attr_login",
            problem: "is missing".into(),
        });
    }
    let mut directory = connect(values)?;
    let question = Question {
        values,
        name,
        password,
    };
    let answer = question.put(&mut directory);
    let _ = directory.with_timeout(Duration::from_secs(1)).unbind();
    answer
}

/// Opens a connection to the first host that answers.
fn connect(values: &Values) -> Result<LdapConn, SourceError> {
    let kind = values.text("tls_kind");
    let (scheme, default_port) = if kind == "LDAPS" {
        ("ldaps", 636)
    } else {
        ("ldap", 389)
    };
    let port = match values.text("port") {
        "" => default_port,
        text => text.parse().map_err(|_| SourceError::Setting {
            key: "port",
            problem: format!("'{text}' is no port"),
        })?,
    };
    let verify = !matches!(values.text("tls_reqcert"), "NEVER" | "ALLOW");
    let mut settings = LdapConnSettings::new()
        .set_conn_timeout(values.timeout())
        .set_starttls(kind == "START_TLS");
    if kind != "PLAIN" {
        let config = tls::client(verify, values.text("cacertdir")).map_err(|problem| {
            SourceError::Setting {
                key: "cacertdir",
                problem,
            }
        })?;
        settings = settings.set_config(config);
    }
    let mut problems = Vec::new();
    for host in values.list("host") {
        if !host
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || ".-_:[]".contains(c))
        {
            problems.push(format!("'{host}' is no host name"));
            continue;
        }
        let opened = reach(host, port, values.timeout()).and_then(|stream| {
            let settings = settings.clone().set_std_stream(StdStream::Tcp(stream));
            LdapConn::with_settings(settings, &format!("{scheme}://{host}:{port}"))
                .map_err(|error| error.to_string())
        });
        match opened {
            Ok(directory) => return Ok(directory),
            Err(problem) => problems.push(format!("{host}:{port}: {problem}")),
        }
    }
    if problems.is_empty() {
        return Err(SourceError::Setting {
            key: "host",
            problem: "is missing".into(),
        });
    }
    Err(SourceError::Down(problems.join("; ")))
}

/// A TCP connection to the first address of a host that accepts one.
fn reach(host: &str, port: u16, timeout: Duration) -> Result<TcpStream, String> {
    let mut problem = "has no address".to_owned();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    for address in (host, port)
        .to_socket_addrs()
        .map_err(|error| error.to_string())?
    {
        match TcpStream::connect_timeout(&address, timeout) {
            Ok(stream) => return Ok(stream),
            Err(error) => problem = error.to_string(),
        }
    }
    Err(problem)
}

struct Question<'a> {
    values: &'a Values,
    name: &'a str,
    password: &'a str,
}

impl Question<'_> {
    fn put(&self, directory: &mut LdapConn) -> Result<Option<Identity>, SourceError> {
        if !self.bind_to_search(directory)? {
            return Ok(None);
        }
        for dn in self.search(directory)? {
            let bound = directory
                .with_timeout(self.values.timeout())
                .simple_bind(&dn, self.password)
                .map_err(down)?;
            match bound.rc {
                0 => return Ok(Some(self.identity(&dn, self.read(directory, &dn)?))),
                INVALID_CREDENTIALS => tracing::debug!("ldap: wrong password for {dn}"),
                _ => tracing::warn!("ldap: signing in as {dn} failed: {bound}"),
            }
        }
        Ok(None)
    }

    /// Signs in as who may search. False when that is the user, and the password is wrong.
    fn bind_to_search(&self, directory: &mut LdapConn) -> Result<bool, SourceError> {
        let account = self.values.text("dn_user");
        if account.is_empty() {
            return Ok(true);
        }
        let account = account.replace("$login", &dn_escape(self.name));
        let own = self.values.raw("dn_pass");
        let dynamic = own.is_empty();
        let password = if dynamic { self.password } else { own };
        let bound = directory
            .with_timeout(self.values.timeout())
            .simple_bind(&account, password)
            .map_err(down)?;
        match bound.rc {
            0 => Ok(true),
            INVALID_CREDENTIALS | NO_SUCH_OBJECT if dynamic => Ok(false),
            _ => Err(SourceError::Down(format!(
                "the account to search with is refused: {bound}"
            ))),
        }
    }

    /// The distinguished names that have this login name.
    fn search(&self, directory: &mut LdapConn) -> Result<Vec<String>, SourceError> {
        let filter = format!(
            "(&{}({}={}))",
            self.values.text("filter"),
            ldap_escape(self.values.text("attr_login")),
            ldap_escape(self.name)
        );
        let scope = match self.values.text("search_scope") {
            "BASE" => Scope::Base,
            "ONELEVEL" => Scope::OneLevel,
            _ => Scope::Subtree,
        };
        let limits = ldap3::SearchOptions::new()
            .timelimit(i32::try_from(self.values.timeout().as_secs()).unwrap_or(i32::MAX))
            .sizelimit(MOST_ENTRIES);
        let found = directory
            .with_search_options(limits)
            .with_timeout(self.values.timeout())
            .search(self.values.text("base_dn"), scope, &filter, ["1.1"]);
        let ldap3::SearchResult(entries, result) = match found {
            Err(LdapError::FilterParsing) => {
                return Err(SourceError::Setting {
                    key: "filter",
                    problem: format!("'{filter}' is no filter"),
                });
            }
            other => other.map_err(down)?,
        };
        match result.rc {
            0 | SIZE_LIMIT_EXCEEDED => {}
            NO_SUCH_OBJECT => {
                return Err(SourceError::Setting {
                    key: "base_dn",
                    problem: format!("the directory has no '{}'", self.values.text("base_dn")),
                });
            }
            _ => return Err(SourceError::Down(format!("the search failed: {result}"))),
        }
        Ok(entries
            .into_iter()
            .filter(|entry| !entry.is_ref() && !entry.is_intermediate())
            .map(|entry| SearchEntry::construct(entry).dn)
            .filter(|dn| !dn.is_empty())
            .collect())
    }

    /// The person's own entry, read with the person's own rights.
    fn read(&self, directory: &mut LdapConn, dn: &str) -> Result<Option<SearchEntry>, SourceError> {
        let attributes: Vec<&str> = [
            "attr_login",
            "attr_firstname",
            "attr_lastname",
            "attr_email",
        ]
        .iter()
        .map(|key| self.values.text(key))
        .filter(|name| !name.is_empty())
        .collect();
        let ldap3::SearchResult(entries, result) = directory
            .with_timeout(self.values.timeout())
            .search(dn, Scope::Base, "(objectClass=*)", attributes)
            .map_err(down)?;
        if result.rc != 0 {
            tracing::warn!("ldap: {dn} may not read its own entry: {result}");
        }
        Ok(entries
            .into_iter()
            .find(|entry| !entry.is_ref() && !entry.is_intermediate())
            .map(SearchEntry::construct))
    }

    fn identity(&self, dn: &str, entry: Option<SearchEntry>) -> Identity {
        // The first value of an attribute; directories write its name as they like.
        let first = |key: &str| {
            let wanted = self.values.text(key);
            let values = entry
                .as_ref()?
                .attrs
                .iter()
                .find(|(name, _)| !wanted.is_empty() && name.eq_ignore_ascii_case(wanted))?
                .1;
            values
                .first()
                .map(|value| value.trim().to_owned())
                .filter(|value| !value.is_empty())
        };
        Identity {
            username: self.name.to_owned(),
            firstname: first("attr_firstname"),
            lastname: first("attr_lastname"),
            email: first("attr_email"),
            groups: Vec::new(),
            extern_name: dn.to_owned(),
            admin: None,
        }
    }
}

fn down(error: LdapError) -> SourceError {
    SourceError::Down(error.to_string())
}
