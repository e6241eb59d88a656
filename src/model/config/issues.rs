//! The keys about issues: which words of a message name one, and where it lies.

use render::message::IssuePattern;

const PATTERN: &str = "issue_pat";

/// The patterns, in the order of the file. A pattern that lacks a companion or is no regular expression is left out, with a
/// word in the log: as in the original, a mistake here costs the links and nothing else.
pub(super) fn read(values: &[(String, String)]) -> Vec<IssuePattern> {
    let value = |name: &str| {
        let of_name = values.iter().rev().find(|(key, _)| key == name);
        of_name.map(|(_, value)| value.as_str())
    };
    let mut patterns = Vec::new();
    for (key, pattern) in values {
        let Some(suffix) = key.strip_prefix(PATTERN) else {
            continue;
        };
        if pattern.is_empty() {
            continue;
        }
        let link = value(&format!("issue_server_link{suffix}"));
        let text = value(&format!("issue_sub{suffix}"));
        let (Some(link), Some(text)) = (link, text) else {
            tracing::error!(
                "key '{key}': it needs 'issue_server_link{suffix}' and 'issue_sub{suffix}' beside it"
            );
            continue;
        };
        match IssuePattern::new(pattern, link, text) {
            Ok(pattern) => patterns.push(pattern),
            Err(error) => tracing::error!("key '{key}': {error}"),
        }
    }
    patterns
}

#[cfg(test)]
mod tests {
    use super::read;
    use render::message::{LinkContext, urlify};

    fn linked(text: &str, values: &[(&str, &str)]) -> String {
        let values: Vec<_> = values
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect();
        let context = LinkContext {
            repo_name: Some("g/r"),
            issues: &read(&values),
            ..LinkContext::default()
        };
        urlify(text, &context)
    }

    #[test]
    fn a_pattern_and_its_companions_make_links() {
        let values = [
            ("issue_pat", r"#(\d+)"),
            ("issue_server_link", r"https://bugs/{repo}/\1"),
            ("issue_sub", ""),
            ("issue_pat_other", r"(?<=PR-)\d+"),
            ("issue_server_link_other", r"https://prs/{repo_name}/\g<0>"),
            ("issue_sub_other", ""),
        ];
        let html = linked("#1 and PR-2", &values);
        assert!(
            html.contains("href=\"https://bugs/g/r/1\">#1</a>"),
            "{html}"
        );
        assert!(html.contains("PR-<a") && html.contains(">2</a>"), "{html}");
    }

    #[test]
    fn what_is_incomplete_or_no_expression_is_left_out() {
        assert_eq!(
            linked("#1", &[("issue_pat", "#1"), ("issue_server_link", "x")]),
            "#1"
        );
        let broken = [
            ("issue_pat", "(#1"),
            ("issue_server_link", "x"),
            ("issue_sub", ""),
        ];
        assert_eq!(linked("#1", &broken), "#1");
        assert_eq!(linked("#1", &[("issue_pat", "")]), "#1");
    }
}
