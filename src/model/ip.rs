//! Address lists: the one function that decides whether a client may come from where it comes, and the lists themselves.

use std::net::{IpAddr, Ipv4Addr};

use db::user_ip_map::{self, IpRule};
use db::{IpRuleId, UserId, users};

use crate::rights::SiteAdmin;
use crate::{Error, Model, say};

/// Whether `address` lies in one of the networks; an empty list allows everything.
///
/// An entry is an address, a network (`10.0.0.0/8`, `10.0.0.5/255.0.0.0`, `2001:db8::/32`; bits beyond the mask do not
/// count) or a range (`10.0.0.5-10.0.0.9`). An entry or an address that cannot be read matches nothing.
#[must_use]
pub fn allows<S: AsRef<str>>(networks: &[S], address: &str) -> bool {
    if networks.is_empty() {
        return true;
    }
    let Some(address) = parse(address) else {
        return false;
    };
    networks
        .iter()
        .filter_map(|network| Range::parse(network.as_ref()))
        .any(|range| range.contains(address))
}

/// Whether a text is an entry: an address, a network or a range.
#[must_use]
pub fn is_network(text: &str) -> bool {
    Range::parse(text).is_some()
}

/// A client's address. A zone (`fe80::1%eth0`) is of no interest, and a dual-stack socket shows IPv4 clients as
/// `::ffff:a.b.c.d`.
pub(crate) fn parse(address: &str) -> Option<IpAddr> {
    let address = address.split_once('%').map_or(address, |(plain, _)| plain);
    address
        .trim()
        .parse::<IpAddr>()
        .ok()
        .map(|address| address.to_canonical())
}

/// The first and the last address of an entry, for those who list them.
#[must_use]
pub fn bounds(network: &str) -> Option<(IpAddr, IpAddr)> {
    Range::parse(network).map(|range| (range.first, range.last))
}

/// All addresses between two of the same family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Range {
    first: IpAddr,
    last: IpAddr,
}

impl Range {
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Some((first, last)) = text.split_once('-') {
            let range = Self {
                first: first.trim().parse().ok()?,
                last: last.trim().parse().ok()?,
            };
            let one_family = range.first.is_ipv4() == range.last.is_ipv4();
            return (one_family && range.first <= range.last).then_some(range);
        }
        let (start, mask) = text
            .split_once('/')
            .map_or((text, None), |(start, mask)| (start, Some(mask)));
        match start.parse().ok()? {
            IpAddr::V4(start) => {
                let length = match mask {
                    None => 32,
                    Some(mask) => mask.parse().ok().or_else(|| dotted(mask))?,
                };
                let mask = u32::try_from(prefix(32, length)?).ok()?;
                let first = u32::from(start) & mask;
                Some(Self {
                    first: Ipv4Addr::from(first).into(),
                    last: Ipv4Addr::from(first | !mask).into(),
                })
            }
            IpAddr::V6(start) => {
                let mask = prefix(128, mask.map_or(Some(128), |mask| mask.parse().ok())?)?;
                let first = u128::from(start) & mask;
                Some(Self {
                    first: std::net::Ipv6Addr::from(first).into(),
                    last: std::net::Ipv6Addr::from(first | !mask).into(),
                })
            }
        }
    }

    fn contains(&self, address: IpAddr) -> bool {
        self.first.is_ipv4() == address.is_ipv4() && (self.first..=self.last).contains(&address)
    }
}

/// The mask with `length` leading ones of a family's `width`.
fn prefix(width: u32, length: u32) -> Option<u128> {
    let shift = width.checked_sub(length)?;
    let all = u128::MAX >> (128 - width);
    Some(all.checked_shl(shift).unwrap_or(0) & all)
}

/// `255.255.0.0` → 16.
fn dotted(mask: &str) -> Option<u32> {
    let bits = u32::from(mask.parse::<Ipv4Addr>().ok()?);
    (bits.leading_ones() + bits.trailing_zeros() == 32 || bits == 0).then(|| bits.leading_ones())
}

/// An entry as it is stored: without blanks, and with a mask where it had none.
fn checked(typed: &str) -> Result<String, Error> {
    let text: String = typed.chars().filter(|c| !c.is_whitespace()).collect();
    if Range::parse(&text).is_some() {
        return Ok(match text.parse::<IpAddr>() {
            Ok(IpAddr::V4(_)) => format!("{text}/32"),
            Ok(IpAddr::V6(_)) => format!("{text}/128"),
            Err(_) => text,
        });
    }
    let (start, mask) = text.split_once('/').unwrap_or((&text, ""));
    let widest = match start.parse::<IpAddr>() {
        Ok(IpAddr::V4(_)) => "32",
        Ok(IpAddr::V6(_)) => "128",
        Err(_) => {
            return Err(Error::invalid(
                "new_ip",
                "Please enter a valid IPv4 or IPv6 address",
            ));
        }
    };
    Err(Error::invalid(
        "new_ip",
        say!(
            "The network size (bits) must be within the range of 0-{most} (not {size})",
            most = widest,
            size = mask
        ),
    ))
}

impl Model {
    /// The list of an account; that of the default user holds for everybody.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn ip_rules(&self, _: &SiteAdmin, user: UserId) -> Result<Vec<IpRule>, Error> {
        Ok(self.db().read(|conn| user_ip_map::of_user(conn, user))?)
    }

    /// Adds an entry to the list of an account. A range is understood by us and not by the original, which would refuse
    /// everybody's requests over it, so it is stored as the networks that make it up.
    ///
    /// # Errors
    /// [`Error::Invalid`] on `new_ip` when it is none or stands there already; [`Error::NotFound`] without such an account.
    pub fn add_ip_rule(&self, _: &SiteAdmin, user: UserId, typed: &str) -> Result<(), Error> {
        let entry = checked(typed)?;
        let networks = match entry.split_once('-') {
            Some(_) => Range::parse(&entry).map(networks_of).unwrap_or_default(),
            None => vec![entry],
        };
        self.db().write(|tx| {
            if users::by_id(tx, user)?.is_none() {
                return Err(Error::NotFound {
                    what: "User",
                    name: user.to_string(),
                });
            }
            let present = user_ip_map::of_user(tx, user)?;
            let mut added = false;
            for network in &networks {
                if !present.iter().any(|rule| rule.network == *network) {
                    user_ip_map::insert(tx, user, network)?;
                    added = true;
                }
            }
            if added {
                Ok(())
            } else {
                Err(Error::invalid(
                    "new_ip",
                    "This network is in the list already",
                ))
            }
        })
    }

    /// Takes an entry away from the list of this account.
    ///
    /// # Errors
    /// [`Error::NotFound`] when its list has no such entry.
    pub fn delete_ip_rule(&self, _: &SiteAdmin, user: UserId, id: IpRuleId) -> Result<(), Error> {
        let had = self.db().write(|tx| user_ip_map::delete(tx, user, id))?;
        if had {
            Ok(())
        } else {
            Err(Error::NotFound {
                what: "IP address rule",
                name: id.to_string(),
            })
        }
    }
}

/// The fewest networks that together are a range.
fn networks_of(range: Range) -> Vec<String> {
    let (first, last, width) = match (range.first, range.last) {
        (IpAddr::V4(first), IpAddr::V4(last)) => {
            (u32::from(first).into(), u32::from(last).into(), 32)
        }
        (IpAddr::V6(first), IpAddr::V6(last)) => (u128::from(first), u128::from(last), 128),
        _ => return Vec::new(),
    };
    let mut networks = Vec::new();
    let mut next = Some(first);
    while let Some(start) = next.filter(|start| *start <= last) {
        // As large as the start allows, and then as small as the end demands.
        let mut bits = start.trailing_zeros().min(width);
        let end = |bits: u32| match 1_u128.checked_shl(bits) {
            Some(size) => start.checked_add(size - 1),
            None => Some(u128::MAX),
        };
        while bits > 0 && end(bits).is_none_or(|end| end > last) {
            bits -= 1;
        }
        let address: IpAddr = if width == 32 {
            Ipv4Addr::from(u32::try_from(start).unwrap_or(u32::MAX)).into()
        } else {
            std::net::Ipv6Addr::from(start).into()
        };
        networks.push(format!("{address}/{}", width - bits));
        next = end(bits).and_then(|end| end.checked_add(1));
    }
    networks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_of_both_families_contain_their_addresses() {
        for (network, inside, outside) in [
            ("127.0.0.0/8", "127.1.2.3", "128.0.0.1"),
            ("10.0.0.5/24", "10.0.0.77", "10.0.1.5"),
            ("10.1.2.99/24", "10.1.2.3", "10.1.3.99"),
            ("10.0.0.5/255.255.0.0", "10.0.9.9", "10.1.0.5"),
            ("192.168.1.1", "192.168.1.1", "192.168.1.2"),
            ("2001:db8::/32", "2001:db8:1::1", "2001:db9::1"),
            ("fe80::/10", "fe80::1%eth0", "fec0::1"),
            ("10.0.0.0/8", "::ffff:10.1.1.1", "::1"),
            ("0.0.0.0/0", "1.2.3.4", "::1"),
            ("::/0", "::1", "1.2.3.4"),
            ("10.0.0.5-10.0.0.9", "10.0.0.9", "10.0.0.10"),
            ("2001:db8::1 - 2001:db8::f", "2001:db8::1", "2001:db8::10"),
        ] {
            assert!(allows(&[network], inside), "{network} {inside}");
            assert!(!allows(&[network], outside), "{network} {outside}");
        }
    }

    #[test]
    fn nothing_listed_allows_all_and_nonsense_allows_none() {
        assert!(allows::<&str>(&[], ""));
        for network in [
            "10.0.0.0/33",
            "x",
            "10.0.0.0/255.0.255.0",
            "",
            "10.0.0.9-10.0.0.0",
            "9.0.0.0-::1",
            "10.0.0.0/-1",
        ] {
            assert!(!allows(&[network], "10.0.0.0"), "{network}");
        }
        assert!(!allows(&["0.0.0.0/0"], "not an address"));
    }

    #[test]
    fn an_entry_is_stored_with_a_mask_or_refused_in_words() {
        assert_eq!(checked(" 10.0.0.5 ").unwrap(), "10.0.0.5/32");
        assert_eq!(checked("::1").unwrap(), "::1/128");
        assert_eq!(checked("10.0.0.5/24").unwrap(), "10.0.0.5/24");
        let refused = |typed: &str| checked(typed).unwrap_err().to_string();
        assert!(refused("10.0.0.0/33").contains("0-32 (not 33)"));
        assert!(refused("::/129").contains("0-128 (not 129)"));
        assert!(refused("localhost").contains("valid IPv4 or IPv6"));
    }

    #[test]
    fn a_range_is_the_networks_that_make_it_up() {
        let networks = |text: &str| networks_of(Range::parse(text).unwrap());
        assert_eq!(
            networks("10.0.0.5-10.0.0.9"),
            ["10.0.0.5/32", "10.0.0.6/31", "10.0.0.8/31"]
        );
        assert_eq!(networks("0.0.0.0-255.255.255.255"), ["0.0.0.0/0"]);
        assert_eq!(
            networks("::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
            ["::/0"]
        );
        assert_eq!(
            networks("255.255.255.255-255.255.255.255"),
            ["255.255.255.255/32"]
        );
        assert_eq!(
            bounds("10.1.2.99/24"),
            Some(("10.1.2.0".parse().unwrap(), "10.1.2.255".parse().unwrap()))
        );
    }
}
