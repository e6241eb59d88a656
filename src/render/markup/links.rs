//! Where links and images of a rendered file lead.

use super::ID_PREFIX;
use std::fmt::Write;

/// The addresses that relative links and images of a file are put behind.
#[derive(Debug, Clone, Copy)]
pub struct Links<'a> {
    /// Where files are shown, without a slash at the end: `/repo/files/<revision>`.
    pub files: &'a str,
    /// Where files are served as they are, without a slash at the end: `/repo/raw/<revision>`.
    pub raw: &'a str,
    /// The directory of the rendered file inside the repository: empty for the root, or `docs/guide`.
    pub directory: &'a str,
}

impl Links<'_> {
    /// The address for a link, nothing if it must not be one.
    pub(super) fn link(&self, target: &str) -> Option<String> {
        self.resolve(target, self.files, &["http", "https", "mailto"])
    }

    /// The address for an image, nothing if it must not be one.
    pub(super) fn image(&self, target: &str) -> Option<String> {
        self.resolve(target, self.raw, &["http", "https"])
    }

    /// Only three forms come through: an absolute address with an allowed scheme, a fragment, a path inside the repository. The last
    /// is put behind an address of our own, so however a browser reads the rest, it stays on this site.
    fn resolve(&self, target: &str, base: &str, schemes: &[&str]) -> Option<String> {
        // Browsers drop these wherever they stand, so `java<tab>script:` would be a scheme for them.
        let target: String = target.chars().filter(|c| !c.is_control()).collect();
        let target = target.trim();
        if let Some(scheme) = scheme(target) {
            return schemes
                .iter()
                .any(|allowed| allowed.eq_ignore_ascii_case(scheme))
                .then(|| target.to_owned());
        }
        if let Some(fragment) = target.strip_prefix('#') {
            let fragment = fragment.strip_prefix(ID_PREFIX).unwrap_or(fragment);
            return Some(if fragment.is_empty() {
                "#".to_owned()
            } else {
                format!("#{ID_PREFIX}{fragment}")
            });
        }
        if target.starts_with("//") {
            return Some(format!("https:{target}"));
        }
        self.inside(target, base)
    }

    fn inside(&self, target: &str, base: &str) -> Option<String> {
        let (path, fragment) = target
            .split_once('#')
            .map_or((target, None), |(path, fragment)| (path, Some(fragment)));
        let path = path.split_once('?').map_or(path, |(path, _)| path);
        if path.is_empty() {
            return None;
        }
        // A path that starts with a slash begins at the root of the repository.
        let start = if path.starts_with('/') {
            ""
        } else {
            self.directory
        };
        let mut parts: Vec<&str> = Vec::new();
        for part in start.split('/').chain(path.split(['/', '\\'])) {
            match part {
                "" | "." => {}
                ".." => {
                    parts.pop();
                }
                part => parts.push(part),
            }
        }
        let mut address = format!("{base}/");
        for (index, part) in parts.iter().enumerate() {
            if index > 0 {
                address.push('/');
            }
            push_encoded(&mut address, part);
        }
        if let Some(fragment) = fragment.filter(|fragment| !fragment.is_empty()) {
            address.push('#');
            push_encoded(&mut address, fragment);
        }
        Some(address)
    }
}

/// What stands before the first colon, if an address parser would take it for a scheme.
fn scheme(target: &str) -> Option<&str> {
    let (scheme, _) = target.split_once(':')?;
    let fits = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
    (scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && scheme.chars().all(fits))
        .then_some(scheme)
}

/// Percent-encodes what may not stand in an address. What is encoded already stays so.
fn push_encoded(out: &mut String, part: &str) {
    for byte in part.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@%".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINKS: Links<'static> = Links {
        files: "/r/files/abc",
        raw: "/r/raw/abc",
        directory: "docs/guide",
    };

    #[test]
    fn paths_lead_into_the_repository() {
        let cases = [
            ("a.md", "/r/files/abc/docs/guide/a.md"),
            ("./b/../c.md#part", "/r/files/abc/docs/guide/c.md#part"),
            ("../a b.md", "/r/files/abc/docs/a%20b.md"),
            ("/LICENSE?raw=1", "/r/files/abc/LICENSE"),
            ("../../../../../etc/passwd", "/r/files/abc/etc/passwd"),
            ("größe.md", "/r/files/abc/docs/guide/gr%C3%B6%C3%9Fe.md"),
            ("/\\evil.example", "/r/files/abc/evil.example"),
            ("#part", "#user-content-part"),
            ("#user-content-part", "#user-content-part"),
            ("//host/x", "https://host/x"),
            ("https://host/x?y#z", "https://host/x?y#z"),
            ("MAILTO:alice@example.com", "MAILTO:alice@example.com"),
        ];
        for (target, address) in cases {
            assert_eq!(LINKS.link(target).as_deref(), Some(address), "{target}");
        }
        assert_eq!(
            LINKS.image("logo.png").as_deref(),
            Some("/r/raw/abc/docs/guide/logo.png")
        );
    }

    #[test]
    fn dangerous_addresses_are_none() {
        for target in [
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            " javascript:alert(1)",
            "java\tscript:alert(1)",
            "\u{1}javascript:alert(1)",
            "data:text/html,x",
            "vbscript:x",
            "file:///etc/passwd",
            "blob:x",
            "",
        ] {
            assert_eq!(LINKS.link(target), None, "{target:?}");
            assert_eq!(LINKS.image(target), None, "{target:?}");
        }
        assert_eq!(LINKS.image("mailto:alice@example.com"), None);
    }
}
