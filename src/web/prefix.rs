//! PasteDeploy's prefix filter, for servers that load us without PasteDeploy.
//!
//! Where PasteDeploy has run it before us, it finds nothing left to do.

use model::config::{Prefix, TrustedProxies};

use crate::cgi::Variable;

/// Changes the variables of a request as the filter does.
pub(crate) fn translate(prefix: &Prefix, proxies: &TrustedProxies, variables: &mut Vec<Variable>) {
    let get = |variables: &[Variable], name: &str| {
        let found = variables.iter().find(|(n, _)| n == name);
        found.map(|(_, value)| String::from_utf8_lossy(value).into_owned())
    };
    let sender = get(variables, "REMOTE_ADDR").unwrap_or_default();
    if prefix.translate && proxies.may_forward(&sender) {
        // A list of addresses or names: the original takes the first, which the client may have made up. The client's
        // address is what the proxy itself has added.
        let first = |value: String| {
            value
                .split(',')
                .next()
                .unwrap_or_default()
                .trim()
                .to_owned()
        };
        for (header, target) in [
            ("HTTP_X_FORWARDED_SERVER", "HTTP_HOST"),
            ("HTTP_X_FORWARDED_HOST", "HTTP_HOST"),
            ("HTTP_X_FORWARDED_SCHEME", "wsgi.url_scheme"),
            ("HTTP_X_FORWARDED_PROTO", "wsgi.url_scheme"),
        ] {
            if let Some(value) = get(variables, header)
                .map(first)
                .filter(|value| !value.is_empty())
            {
                set(variables, target, &value);
            }
        }
        if let Some(list) =
            get(variables, "HTTP_X_FORWARDED_FOR").filter(|list| !list.trim().is_empty())
        {
            let client = proxies.client(&list).to_owned();
            set(variables, "REMOTE_ADDR", &client);
        }
    }
    if let Some(port) = &prefix.port {
        let host = get(variables, "HTTP_HOST").unwrap_or_default();
        let name = host
            .rsplit_once(':')
            .map_or(&*host, |(name, _)| name)
            .to_owned();
        set(variables, "SERVER_PORT", port);
        if !name.is_empty() {
            let plain = matches!(port.as_str(), "80" | "443");
            set(
                variables,
                "HTTP_HOST",
                &if plain {
                    name
                } else {
                    format!("{name}:{port}")
                },
            );
        }
    }
    if let Some(scheme) = &prefix.scheme {
        set(variables, "wsgi.url_scheme", scheme);
    }
    let mounted = get(variables, "SCRIPT_NAME").unwrap_or_default();
    if !prefix.path.is_empty() && mounted.trim_end_matches('/') != prefix.path {
        let path = variables.iter().position(|(name, _)| name == "PATH_INFO");
        if let Some(at) = path
            && let Some(rest) = variables[at].1.strip_prefix(prefix.path.as_bytes())
            && (rest.is_empty() || rest.starts_with(b"/"))
        {
            variables[at].1 = rest.to_vec();
        }
        // A proxy that has cut the prefix off already still serves us below it.
        set(
            variables,
            "SCRIPT_NAME",
            &format!("{}{}", mounted.trim_end_matches('/'), prefix.path),
        );
    }
}

fn set(variables: &mut Vec<Variable>, name: &str, value: &str) {
    match variables.iter_mut().find(|(n, _)| n == name) {
        Some((_, old)) => *old = value.as_bytes().to_vec(),
        None => variables.push((name.to_owned(), value.as_bytes().to_vec())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(prefix: &Prefix, variables: &[(&str, &str)]) -> impl Fn(&str) -> String + use<> {
        let mut variables = variables
            .iter()
            .map(|(n, v)| ((*n).to_owned(), v.as_bytes().to_vec()))
            .collect();
        translate(prefix, &TrustedProxies::default(), &mut variables);
        move |name| {
            let found = variables.iter().find(|(n, _)| n == name);
            found
                .map(|(_, value)| String::from_utf8(value.clone()).unwrap())
                .unwrap_or_default()
        }
    }

    #[test]
    fn the_prefix_moves_from_the_path_to_the_mount_point() {
        let prefix = Prefix {
            path: "/code".into(),
            ..Prefix::default()
        };
        for (path, script, new_path, new_script) in [
            ("/code/repo", "", "/repo", "/code"),
            ("/code", "", "", "/code"),
            ("/repo", "", "/repo", "/code"),
            ("/codex", "", "/codex", "/code"),
            ("/repo", "/code", "/repo", "/code"),
        ] {
            let get = run(&prefix, &[("PATH_INFO", path), ("SCRIPT_NAME", script)]);
            assert_eq!(
                (get("PATH_INFO"), get("SCRIPT_NAME")),
                (new_path.into(), new_script.into()),
                "{path}"
            );
        }
    }

    #[test]
    fn what_the_proxy_says_takes_the_place_of_what_we_see() {
        let prefix = Prefix {
            translate: true,
            port: Some("8443".into()),
            scheme: Some("https".into()),
            ..Prefix::default()
        };
        let get = run(
            &prefix,
            &[
                ("REMOTE_ADDR", "127.0.0.1"),
                ("HTTP_HOST", "inner:5000"),
                ("HTTP_X_FORWARDED_HOST", "outer.example.org, x"),
                ("HTTP_X_FORWARDED_FOR", "6.6.6.6, 203.0.113.9"),
            ],
        );
        assert_eq!(get("HTTP_HOST"), "outer.example.org:8443");
        assert_eq!(
            (get("REMOTE_ADDR"), get("wsgi.url_scheme")),
            ("203.0.113.9".into(), "https".into())
        );
        let off = run(
            &Prefix::default(),
            &[("HTTP_HOST", "inner"), ("HTTP_X_FORWARDED_HOST", "outer")],
        );
        assert_eq!(off("HTTP_HOST"), "inner");
    }
}
