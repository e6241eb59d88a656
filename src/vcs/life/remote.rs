//! Addresses of repositories on other servers.
//!
//! An address is taken apart here, by a strict format, and put together anew for the program: no text of a user reaches it in an option's place or with more
//! meaning than we saw. The password is kept apart from it, is never printed, and goes to the program by a way that other users of the machine cannot see.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;

use super::address::{Network, is_public};

/// How to reach a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scheme {
    /// `https://`
    Https,
    /// `http://`
    Http,
    /// `ssh://`
    Ssh,
    /// `git://`, Git only.
    Git,
    /// `file://`: a path on this machine. For administrators.
    File,
}

impl Scheme {
    /// Its name as in an address.
    pub fn as_str(self) -> &'static str {
        match self {
            Scheme::Https => "https",
            Scheme::Http => "http",
            Scheme::Ssh => "ssh",
            Scheme::Git => "git",
            Scheme::File => "file",
        }
    }

    pub(super) fn port(self) -> u16 {
        match self {
            Scheme::Https => 443,
            Scheme::Http => 80,
            Scheme::Ssh => 22,
            Scheme::Git => 9418,
            Scheme::File => 0,
        }
    }
}

/// Where a repository lies, with the password apart.
#[derive(Clone, PartialEq, Eq)]
pub struct RemoteUrl {
    scheme: Scheme,
    user: Option<String>,
    password: Option<String>,
    host: String,
    port: Option<u16>,
    /// From the first slash on, as given.
    path: String,
}

/// An address that is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this is not the address of a repository: {0}")]
pub struct BadRemoteUrl(pub &'static str);

impl RemoteUrl {
    /// Reads an address: `https://user:password@host:8080/path`, the same with `http` and `ssh`, `git://host/path`, `file:///path`.
    pub fn parse(text: &str) -> Result<Self, BadRemoteUrl> {
        let bad = |why| Err(BadRemoteUrl(why));
        let text = text.trim();
        if text.len() > 2000 {
            return bad("it is too long");
        }
        // Some programs take a backslash for a slash, and so another server for the one that is meant.
        if text.contains('\\') || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return bad("blanks and other special characters must be written as %20 and the like");
        }
        let Some((scheme, rest)) = text.split_once("://") else {
            return bad("it must begin with https://, http://, ssh:// or git://");
        };
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "https" => Scheme::Https,
            "http" => Scheme::Http,
            "ssh" => Scheme::Ssh,
            "git" => Scheme::Git,
            "file" => Scheme::File,
            _ => return bad("it must begin with https://, http://, ssh:// or git://"),
        };
        let (authority, path) = match rest.find('/') {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        if path.contains(['#', '"', '\'', '`', '<', '>', '|', '^', '{', '}']) {
            return bad("the path holds a character that must be written as %…");
        }
        if path.contains('?') {
            return bad("the path holds a question mark");
        }
        let (login, place) = match authority.rsplit_once('@') {
            Some((login, place)) => (Some(login), place),
            None => (None, authority),
        };
        let (user, password) = match login.map(|login| login.split_once(':').unwrap_or((login, "")))
        {
            None => (None, None),
            Some((user, password)) => {
                let (Some(user), Some(password)) = (decode(user), decode(password)) else {
                    return bad(
                        "user or password hold a % without two digits, or a control character",
                    );
                };
                (
                    Some(user).filter(|user| !user.is_empty()),
                    Some(password).filter(|word| !word.is_empty()),
                )
            }
        };
        if user.as_ref().is_some_and(|user| user.starts_with('-')) {
            return bad("the user begins with a dash");
        }
        if scheme == Scheme::File {
            if !place.is_empty() || user.is_some() {
                return bad("file:// is followed by a path");
            }
        } else if !is_host(host_of(place)) {
            return bad("the name of the server is wrong");
        }
        // A server of Mercurial may serve one repository at its top.
        if path.is_empty() {
            return bad("there is no path");
        }
        let port = match place
            .get(host_of(place).len()..)
            .and_then(|rest| rest.strip_prefix(':'))
        {
            None if host_of(place).len() == place.len() => None,
            Some(port) => match port.parse::<u16>() {
                Ok(port) if port > 0 => Some(port),
                _ => return bad("the port is wrong"),
            },
            None => return bad("the port is wrong"),
        };
        match scheme {
            Scheme::Ssh if password.is_some() => {
                return bad("ssh takes no password, but the key of this server");
            }
            Scheme::Ssh
                if user.as_ref().is_some_and(|user| {
                    !user
                        .bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
                }) =>
            {
                return bad("the user holds a special character");
            }
            Scheme::Git if user.is_some() => return bad("git:// knows no users"),
            _ => {}
        }
        Ok(RemoteUrl {
            scheme,
            user,
            password,
            host: host_of(place).to_ascii_lowercase(),
            port,
            path: path.to_owned(),
        })
    }

    /// How the server is reached.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The server; empty for `file`.
    pub fn host(&self) -> &str {
        &self.host
    }

    pub(super) fn port(&self) -> u16 {
        self.port.unwrap_or(self.scheme.port())
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    pub(super) fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    pub(super) fn password(&self) -> Option<&str> {
        self.password.as_deref()
    }

    /// The address for the program: without a password, and for HTTP without a user.
    pub(super) fn without_login(&self) -> String {
        let user = match (&self.user, self.scheme) {
            (Some(user), Scheme::Ssh) => format!("{user}@"),
            _ => String::new(),
        };
        self.with_login(&user, &self.host)
    }

    pub(super) fn with_login(&self, login: &str, host: &str) -> String {
        let port = self.port.map(|port| format!(":{port}")).unwrap_or_default();
        format!(
            "{}://{login}{host}{port}{}",
            self.scheme.as_str(),
            self.path
        )
    }
}

/// The part of `host:port` or `[address]:port` before the port.
fn host_of(place: &str) -> &str {
    match place.find(']') {
        Some(end) if place.starts_with('[') => &place[..=end],
        _ => place.split(':').next().unwrap_or_default(),
    }
}

fn is_host(host: &str) -> bool {
    if let Some(inner) = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
    {
        return inner.parse::<std::net::Ipv6Addr>().is_ok();
    }
    let label = |label: &str| {
        (1..64).contains(&label.len())
            && !label.starts_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    host.len() < 254 && host.trim_end_matches('.').split('.').all(label)
}

/// Undoes `%20`. Nothing that could end a line comes out of it.
fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        if first != b'%' {
            bytes.push(first);
            rest = after;
            continue;
        }
        let digits = after.get(..2)?;
        let text = std::str::from_utf8(digits)
            .ok()
            .filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        bytes.push(u8::from_str_radix(text, 16).ok()?);
        rest = &after[2..];
    }
    let text = String::from_utf8(bytes).ok()?;
    (!text.chars().any(char::is_control)).then_some(text)
}

/// For people: the password as stars.
impl fmt::Display for RemoteUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let login = match (&self.user, &self.password) {
            (Some(user), None) => format!("{user}@"),
            (user, Some(_)) => format!("{}:*****@", user.as_deref().unwrap_or_default()),
            (None, None) => String::new(),
        };
        f.write_str(&self.with_login(&login, &self.host))
    }
}

/// As for people: an address must not tell its password to a log.
impl fmt::Debug for RemoteUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// From where repositories may be fetched.
#[derive(Debug, Clone)]
pub struct RemotePolicy {
    /// The schemes that are taken. `file` only for an administrator.
    pub schemes: Vec<Scheme>,
    /// If set, only these servers: names, or `.example.com` for all below.
    pub hosts: Option<Vec<String>>,
    /// Networks that may be dialled although they are not of the open Internet.
    pub networks: Vec<Network>,
    /// The key this server shows to others over SSH; without it and the next there is no SSH.
    pub ssh_key: Option<PathBuf>,
    /// Keys of other servers. One that is new is added, one that has changed is refused.
    pub known_hosts: Option<PathBuf>,
}

impl Default for RemotePolicy {
    /// The open Internet, by all ways but `file`.
    fn default() -> Self {
        RemotePolicy {
            schemes: vec![Scheme::Https, Scheme::Http, Scheme::Ssh, Scheme::Git],
            hosts: None,
            networks: Vec::new(),
            ssh_key: None,
            known_hosts: None,
        }
    }
}

impl RemotePolicy {
    /// Whether an address may be dialled.
    pub fn allows_address(&self, address: IpAddr) -> bool {
        is_public(address)
            || self
                .networks
                .iter()
                .any(|network| network.contains(address))
    }

    /// Why an address may not be fetched from; what can be told without asking the network.
    pub fn objection(&self, url: &RemoteUrl) -> Option<String> {
        if !self.schemes.contains(&url.scheme) {
            return Some(format!("{}:// is not allowed here", url.scheme.as_str()));
        }
        let named = |host: &String| match host.strip_prefix('.') {
            Some(domain) => url
                .host
                .strip_suffix(domain)
                .is_some_and(|rest| rest.ends_with('.')),
            None => url.host == host.to_ascii_lowercase(),
        };
        if url.scheme != Scheme::File
            && self
                .hosts
                .as_ref()
                .is_some_and(|hosts| !hosts.iter().any(named))
        {
            return Some(format!(
                "{} is not among the servers that are allowed",
                url.host
            ));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_apart_and_put_together() {
        for (text, shown, used) in [
            (
                "https://example.com/a/b",
                "https://example.com/a/b",
                "https://example.com/a/b",
            ),
            (
                "HTTP://Example.COM:8080/a",
                "http://example.com:8080/a",
                "http://example.com:8080/a",
            ),
            (
                "https://me:s%40cret%2F@example.com/a",
                "https://me:*****@example.com/a",
                "https://example.com/a",
            ),
            (
                "https://me@example.com/a",
                "https://me@example.com/a",
                "https://example.com/a",
            ),
            (
                "https://:word@example.com/a",
                "https://:*****@example.com/a",
                "https://example.com/a",
            ),
            (
                "ssh://git@example.com:22/~me/a.git",
                "ssh://git@example.com:22/~me/a.git",
                "ssh://git@example.com:22/~me/a.git",
            ),
            (
                "git://[2001:db8::1]:9/a",
                "git://[2001:db8::1]:9/a",
                "git://[2001:db8::1]:9/a",
            ),
            ("file:///srv/a", "file:///srv/a", "file:///srv/a"),
        ] {
            let url = RemoteUrl::parse(text).unwrap();
            assert_eq!(
                (url.to_string().as_str(), url.without_login().as_str()),
                (shown, used)
            );
            assert_eq!(format!("{url:?}"), shown);
        }
        assert_eq!(
            RemoteUrl::parse("https://me:s%40cret%2F@example.com/a")
                .unwrap()
                .password(),
            Some("s@cret/")
        );
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            "",
            "example.com/a",
            "/srv/a",
            "-oProxyCommand=x",
            "ext::sh -c x",
            "https://",
            "https://example.com",
            "https:///a",
            "https://-example.com/a",
            "https://exa mple.com/a",
            "https://example.com/a b",
            "https://example.com/a\nb",
            "https://example.com:/a",
            "https://example.com:0/a",
            "https://example.com:99999/a",
            "https://example.com/a?x=y",
            "https://example.com/a#x",
            "https://example.com\\@other.com/a",
            "https://a%0ab:c@example.com/a",
            "https://a:%zz@example.com/a",
            "https://[::1/a",
            "https://[x]/a",
            "ssh://-oProxyCommand=x/a",
            "ssh://-l@example.com/a",
            "ssh://a;b@example.com/a",
            "ssh://a:b@example.com/a",
            "git://a@example.com/a",
            "file://host/a",
            "file://a@/x",
            "ftp://example.com/a",
            "git+http://example.com/a",
        ] {
            assert!(RemoteUrl::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn the_policy_is_asked() {
        let url = |text| RemoteUrl::parse(text).unwrap();
        let mut policy = RemotePolicy::default();
        assert_eq!(policy.objection(&url("https://example.com/a")), None);
        assert!(policy.objection(&url("file:///etc")).is_some());
        policy.hosts = Some(vec!["one.example".into(), ".two.example".into()]);
        assert_eq!(policy.objection(&url("https://ONE.example/a")), None);
        assert_eq!(policy.objection(&url("https://x.two.example/a")), None);
        for text in [
            "https://two.example/a",
            "https://xtwo.example/a",
            "https://x.one.example/a",
        ] {
            assert!(policy.objection(&url(text)).is_some(), "{text}");
        }
        assert!(!policy.allows_address("127.0.0.1".parse().unwrap()));
        policy.networks.push("127.0.0.0/8".parse().unwrap());
        assert!(policy.allows_address("127.0.0.1".parse().unwrap()));
    }
}
