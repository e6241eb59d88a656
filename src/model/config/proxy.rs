//! Whose word counts about where a request comes from.

use crate::ip;

/// `trusted_proxies`: the servers in front of us whose headers are believed.
///
/// A header tells nothing about who set it. Without the key, the variables that `remote_addr_variable` and
/// `url_scheme_variable` name are believed from everybody, as the original does, and names of users (the login source
/// `container`) from this machine alone. With it, all of them count only when the request comes from one of these.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(Option<Vec<String>>);

/// Whom to believe a user name without being told.
const THIS_MACHINE: [&str; 2] = ["127.0.0.0/8", "::1/128"];

impl TrustedProxies {
    /// Reads addresses and networks; an empty list is the same as none.
    ///
    /// # Errors
    /// The first entry that is neither.
    pub(super) fn parse(networks: &[String]) -> Result<Self, String> {
        if let Some(wrong) = networks.iter().find(|network| !ip::is_network(network)) {
            return Err(wrong.clone());
        }
        Ok(Self((!networks.is_empty()).then(|| networks.to_vec())))
    }

    /// Whether the key is set.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.0.is_some()
    }

    /// Whether somebody at this address may tell where a request comes from. A server that reaches us through a Unix
    /// socket has no address; whoever may open that socket is ours.
    #[must_use]
    pub fn may_forward(&self, address: &str) -> bool {
        match &self.0 {
            None => true,
            Some(networks) => address.is_empty() || ip::allows(networks, address),
        }
    }

    /// Whether somebody at this address may tell who is signed in.
    #[must_use]
    pub fn may_sign_in(&self, address: &str) -> bool {
        match &self.0 {
            None => address.is_empty() || ip::allows(&THIS_MACHINE, address),
            Some(_) => self.may_forward(address),
        }
    }

    /// The client's address out of a list that each proxy has added to: the last one that is not a proxy of ours.
    #[must_use]
    pub fn client<'a>(&self, list: &'a str) -> &'a str {
        let mut last = "";
        for part in list.rsplit(',') {
            last = part.trim().split('%').next().unwrap_or_default();
            let known = self
                .0
                .as_ref()
                .is_some_and(|networks| ip::allows(networks, last));
            if !known {
                break;
            }
        }
        last
    }
}

/// PasteDeploy's filter `egg:PasteDeploy#prefix`: the application lies below a path of another server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prefix {
    /// `prefix`, with a slash at its beginning and none at its end; empty for none.
    pub path: String,
    /// `translate_forwarded_server`: believe `X-Forwarded-Server`, `-Host`, `-For`, `-Scheme` and `-Proto`.
    pub translate: bool,
    /// `force_port`.
    pub port: Option<String>,
    /// `scheme`.
    pub scheme: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(list: &[&str]) -> TrustedProxies {
        let list: Vec<_> = list.iter().map(|network| (*network).to_owned()).collect();
        TrustedProxies::parse(&list).unwrap()
    }

    #[test]
    fn without_the_key_addresses_are_believed_from_all_and_names_from_this_machine() {
        let none = proxies(&[]);
        assert!(none.may_forward("203.0.113.5") && !none.may_sign_in("203.0.113.5"));
        for here in ["127.0.0.1", "::1", "::ffff:127.0.0.1", ""] {
            assert!(none.may_sign_in(here), "{here}");
        }
        assert_eq!(none.client("10.0.0.1, 203.0.113.5"), "203.0.113.5");
    }

    #[test]
    fn with_the_key_only_those_are_believed() {
        let some = proxies(&["10.0.0.0/8", "2001:db8::1"]);
        for (address, believed) in [
            ("10.1.2.3", true),
            ("2001:db8::1", true),
            ("127.0.0.1", false),
            ("", true),
        ] {
            assert_eq!(
                (some.may_forward(address), some.may_sign_in(address)),
                (believed, believed),
                "{address}"
            );
        }
        assert_eq!(
            some.client("198.51.100.7, 203.0.113.5, 10.0.0.1"),
            "203.0.113.5"
        );
        assert_eq!(
            some.client("10.0.0.2, 10.0.0.1"),
            "10.0.0.2",
            "a client that is a proxy itself"
        );
        assert_eq!(some.client("fe80::1%eth0"), "fe80::1");
        assert!(TrustedProxies::parse(&["10.0.0.0/99".to_owned()]).is_err());
    }
}
