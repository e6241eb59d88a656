//! Issue numbers to links, by patterns that the admin wrote.
//!
//! The patterns were written for Python's `re`, with look-around and back-references, so the engine here is one that has both, in
//! its Python dialect, and with a limit on how much it tries.

use super::scan::{Found, Piece};
use crate::escape::push_escaped;
use onig::{MatchParam, Regex, RegexOptions, Region, SearchOptions, Syntax};
use std::ops::Range;

/// How often the engine may try again within one match; ordinary patterns need some hundreds.
const RETRIES: u32 = 20_000;
/// How many matches of one pattern become links in one text.
const MOST_MATCHES: usize = 1_000;

/// An issue pattern with its link: `issue_pat`, `issue_server_link` and `issue_sub` of the settings.
#[derive(Debug)]
pub struct IssuePattern {
    regex: Regex,
    names: Vec<(String, u32)>,
    link: String,
    text: String,
}

/// An issue pattern is no valid regular expression.
#[derive(Debug, thiserror::Error)]
#[error("the issue pattern {pattern:?} is not a valid regular expression: {reason}")]
pub struct IssuePatternError {
    /// The pattern as configured.
    pub pattern: String,
    /// What is wrong with it.
    pub reason: String,
}

impl IssuePattern {
    /// Compiles a pattern.
    ///
    /// `link` and `text` may hold the back-references `\1` and `\g<name>`, and `link` also `{repo}` (the full repository name) and
    /// `{repo_name}` (its last part). An empty `text` stands for the matched text.
    pub fn new(pattern: &str, link: &str, text: &str) -> Result<IssuePattern, IssuePatternError> {
        let regex = Regex::with_options(
            pattern,
            RegexOptions::REGEX_OPTION_CAPTURE_GROUP,
            Syntax::python(),
        )
        .map_err(|error| IssuePatternError {
            pattern: pattern.to_owned(),
            reason: error.description().to_owned(),
        })?;
        let mut names = Vec::new();
        regex.foreach_name(|name, groups| {
            names.extend(groups.last().map(|&group| (name.to_owned(), group)));
            true
        });
        Ok(IssuePattern {
            regex,
            names,
            link: link.to_owned(),
            text: text.to_owned(),
        })
    }

    /// The next match that is not empty.
    fn next_match(&self, text: &str, from: usize, region: &mut Region) -> Option<Range<usize>> {
        let mut from = from;
        while from < text.len() {
            let mut limits = MatchParam::default();
            limits.set_retry_limit_in_match(RETRIES);
            region.clear();
            // A pattern that gives up counts as one that does not match.
            self.regex
                .search_with_param(
                    text,
                    from,
                    text.len(),
                    SearchOptions::SEARCH_OPTION_NONE,
                    Some(region),
                    limits,
                )
                .ok()??;
            let (start, end) = region.pos(0)?;
            if end > start {
                return Some(start..end);
            }
            from = end + text[end..].chars().next().map_or(1, char::len_utf8);
        }
        None
    }

    fn html(&self, text: &str, matched: Range<usize>, region: &Region, repo_name: &str) -> String {
        let last_part = repo_name.rsplit('/').next().unwrap_or(repo_name);
        let link = self
            .expand(&self.link, text, region)
            .unwrap_or_else(|| self.link.clone());
        let link = link
            .replace("{repo}", repo_name)
            .replace("{repo_name}", last_part);
        let shown = self
            .expand(&self.text, text, region)
            .filter(|shown| !shown.is_empty());
        let mut html = String::from("<a class=\"issue-tracker-link\" href=\"");
        push_escaped(&mut html, &link);
        html.push_str("\">");
        push_escaped(&mut html, shown.as_deref().unwrap_or(&text[matched]));
        html.push_str("</a>");
        html
    }

    /// Fills in back-references; nothing when one names a group that does not exist.
    fn expand(&self, template: &str, text: &str, region: &Region) -> Option<String> {
        let mut out = String::new();
        let mut rest = template;
        while let Some(backslash) = rest.find('\\') {
            out.push_str(&rest[..backslash]);
            rest = &rest[backslash + 1..];
            let group = if let Some(named) = rest.strip_prefix("g<") {
                let (name, after) = named.split_once('>')?;
                rest = after;
                self.group(name)?
            } else if rest.starts_with(|c: char| c.is_ascii_digit()) {
                let digits = rest.bytes().take(2).take_while(u8::is_ascii_digit).count();
                let (number, after) = rest.split_at(digits);
                rest = after;
                number.parse().ok()?
            } else {
                // An escaped backslash; anything else keeps its backslash.
                out.push('\\');
                rest = rest.strip_prefix('\\').unwrap_or(rest);
                continue;
            };
            if group > self.regex.captures_len() {
                return None;
            }
            // A group that took no part in the match is empty.
            out.push_str(
                region
                    .pos(group)
                    .map_or("", |(start, end)| &text[start..end]),
            );
        }
        out.push_str(rest);
        Some(out)
    }

    fn group(&self, name: &str) -> Option<usize> {
        if let Ok(number) = name.parse() {
            return Some(number);
        }
        let (_, number) = self.names.iter().find(|(known, _)| known == name)?;
        usize::try_from(*number).ok()
    }
}

/// Adds the issues in a text to what was found in it before. What is a piece already stays as it is.
pub(super) fn find(text: &str, patterns: &[IssuePattern], repo_name: &str, found: &mut Found) {
    for pattern in patterns {
        let mut region = Region::new();
        let mut from = 0;
        let mut issues = Vec::new();
        while issues.len() < MOST_MATCHES
            && let Some(range) = pattern.next_match(text, from, &mut region)
        {
            from = range.end;
            if found.touched(&range).is_empty() && !found.crosses_bold(&range) {
                let html = pattern.html(text, range.clone(), &region, repo_name);
                issues.push(Piece {
                    range,
                    html,
                    is_link: true,
                });
            }
        }
        found.pieces.extend(issues);
        found.pieces.sort_by_key(|piece| piece.range.start);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{LinkContext, urlify};
    use super::*;

    fn linked(pattern: &str, link: &str, sub: &str, text: &str) -> String {
        let patterns: Vec<IssuePattern> =
            IssuePattern::new(pattern, link, sub).into_iter().collect();
        let context = LinkContext {
            repo_name: Some("group/repo_name"),
            issues: &patterns,
            ..LinkContext::default()
        };
        urlify(text, &context)
    }

    fn issue(number: u32) -> String {
        format!(
            "<a class=\"issue-tracker-link\" href=\"http://foo/group/repo_name/issue/{number}\">#{number}</a>"
        )
    }

    const LINK: &str = r"http://foo/{repo}/issue/\1";

    #[test]
    fn numbers() {
        let text = "issue #123 and issue#456";
        assert_eq!(
            linked(r"#(\d+)", LINK, r"#\1", text),
            format!("issue {} and issue{}", issue(123), issue(456))
        );
        assert_eq!(
            linked(r"#(\d+)", LINK, "", text),
            format!("issue {} and issue{}", issue(123), issue(456))
        );
        assert_eq!(
            linked(r"(?:\s*#)(\d+)", LINK, r"#\1", text),
            format!("issue{} and issue{}", issue(123), issue(456))
        );
        assert_eq!(
            linked(
                r"(?:^|(?<=\s))#(\d+)",
                LINK,
                r"#\1",
                "#15 and issue #123 and issue#456"
            ),
            format!("{} and issue {} and issue#456", issue(15), issue(123))
        );
    }

    #[test]
    fn references_to_missing_groups_stay_as_they_are() {
        assert_eq!(
            linked(
                r"BUG\d{5}",
                r"https://bar/{repo_name}/\1",
                r"\1",
                "BUG12345."
            ),
            r#"<a class="issue-tracker-link" href="https://bar/repo_name/\1">BUG12345</a>."#
        );
    }

    #[test]
    fn named_groups() {
        assert_eq!(
            linked(
                r"(?P<project>[A-Z]+)-(?P<no>\d+)",
                r"https://bar/\g<project>/\g<2>",
                r"\g<no>",
                "see AB-7"
            ),
            r#"see <a class="issue-tracker-link" href="https://bar/AB/7">7</a>"#
        );
    }

    #[test]
    fn a_broken_pattern_is_an_error_that_names_it() {
        let error = IssuePattern::new(r"(PR\d+", "", "").expect_err("the bracket is open");
        assert!(error.to_string().contains(r"(PR\\d+"), "{error}");
    }

    #[test]
    fn links_are_left_alone() {
        assert_eq!(
            linked(r"#(\d+)", LINK, r"#\1", "http://foo.bar/x#1 #2"),
            format!(
                "<a href=\"http://foo.bar/x#1\">http://foo.bar/x#1</a> {}",
                issue(2)
            )
        );
    }

    #[test]
    fn matched_text_cannot_leave_the_attribute() {
        let html = linked(r#"x"(.*)"#, r"http://foo/\1", "", r#"x"><script>"#);
        assert_eq!(
            html,
            r#"<a class="issue-tracker-link" href="http://foo/&gt;&lt;script&gt;">x&quot;&gt;&lt;script&gt;</a>"#
        );
    }

    #[test]
    fn a_pattern_that_explodes_gives_up() {
        let watch = crate::stopwatch::Stopwatch::start();
        let text = format!("{}!", "a".repeat(5_000));
        assert_eq!(linked(r"(a+)+$", LINK, "", &text), text);
        assert!(watch.elapsed() < std::time::Duration::from_secs(2));
    }
}
