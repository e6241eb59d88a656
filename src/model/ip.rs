//! Address lists: the one function that decides whether a client may come from where it comes.

use std::net::IpAddr;

/// Whether `address` lies in one of the networks; an empty list allows everything.
///
/// An entry is an address or a network (`10.0.0.0/8`, `10.0.0.5/255.0.0.0`, `2001:db8::/32`); bits beyond the mask
/// do not count. An entry or an address that cannot be read matches nothing.
#[must_use]
pub fn allows<S: AsRef<str>>(networks: &[S], address: &str) -> bool {
    if networks.is_empty() {
        return true;
    }
    let Ok(address) = address.parse::<IpAddr>() else {
        return false;
    };
    // A dual-stack socket shows IPv4 clients as ::ffff:a.b.c.d.
    let address = address.to_canonical();
    networks
        .iter()
        .any(|network| contains(network.as_ref(), address) == Some(true))
}

/// Whether a text is an address or a network.
#[must_use]
pub fn is_network(text: &str) -> bool {
    let family = |address: &str| contains(text, address.parse().expect("an address")).is_some();
    family("0.0.0.0") && family("::")
}

fn contains(network: &str, address: IpAddr) -> Option<bool> {
    let (start, mask) = network
        .trim()
        .split_once('/')
        .map_or((network.trim(), None), |(start, mask)| (start, Some(mask)));
    match (start.parse().ok()?, address) {
        (IpAddr::V4(start), IpAddr::V4(address)) => {
            let length = match mask {
                None => 32,
                Some(mask) => mask.parse().ok().or_else(|| dotted(mask))?,
            };
            let mask = prefix(u128::from(u32::MAX), 32, length)?;
            Some(u128::from(u32::from(start)) & mask == u128::from(u32::from(address)) & mask)
        }
        (IpAddr::V6(start), IpAddr::V6(address)) => {
            let mask = prefix(
                u128::MAX,
                128,
                mask.map_or(Some(128), |mask| mask.parse().ok())?,
            )?;
            Some(u128::from(start) & mask == u128::from(address) & mask)
        }
        _ => Some(false),
    }
}

/// The mask with `length` leading ones of a family's `width`.
fn prefix(all: u128, width: u32, length: u32) -> Option<u128> {
    let shift = width.checked_sub(length)?;
    Some(all.checked_shl(shift).unwrap_or(0) & all)
}

/// `255.255.0.0` → 16.
fn dotted(mask: &str) -> Option<u32> {
    let bits = u32::from(mask.parse::<std::net::Ipv4Addr>().ok()?);
    (bits.leading_ones() + bits.trailing_zeros() == 32 || bits == 0).then(|| bits.leading_ones())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_of_both_families_contain_their_addresses() {
        for (network, inside, outside) in [
            ("127.0.0.0/8", "127.1.2.3", "128.0.0.1"),
            ("10.0.0.5/24", "10.0.0.77", "10.0.1.5"),
            ("10.0.0.5/255.255.0.0", "10.0.9.9", "10.1.0.5"),
            ("192.168.1.1", "192.168.1.1", "192.168.1.2"),
            ("2001:db8::/32", "2001:db8:1::1", "2001:db9::1"),
            ("10.0.0.0/8", "::ffff:10.1.1.1", "::1"),
            ("0.0.0.0/0", "1.2.3.4", "::1"),
        ] {
            assert!(allows(&[network], inside), "{network} {inside}");
            assert!(!allows(&[network], outside), "{network} {outside}");
        }
    }

    #[test]
    fn nothing_listed_allows_all_and_nonsense_allows_none() {
        assert!(allows::<&str>(&[], ""));
        for network in ["10.0.0.0/33", "x", "10.0.0.0/255.0.255.0", ""] {
            assert!(!allows(&[network], "10.0.0.0"), "{network}");
        }
        assert!(!allows(&["0.0.0.0/0"], "not an address"));
    }
}
