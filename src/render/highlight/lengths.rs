//! How long a token is that starts at a given place. All tokens end at character boundaries.

use super::languages::Language;

/// How far ahead the end of a value in a string or of a regular expression is looked for. With the limit on the length of lines it
/// keeps the time linear where many tokens start and none ends.
const FARTHEST_END: usize = 500;

/// Whether a character belongs to names.
pub(super) fn is_name(c: char, language: &Language) -> bool {
    c.is_alphanumeric() || c == '_' || (c == '$' && language.dollar_in_names)
}

/// Whether a string, given from behind its opening quote, is followed by a colon.
pub(super) fn is_key(rest: &str) -> bool {
    let mut escaped = false;
    let end = rest.bytes().position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    });
    end.is_some_and(|end| rest[end + 1..].trim_start().starts_with(':'))
}

/// The length of an escape that starts with a backslash; 1 when nothing follows.
pub(super) fn escape_length(rest: &str) -> usize {
    let Some(next) = rest[1..].chars().next() else {
        return 1;
    };
    let digits = |from: usize, most: usize| {
        from + rest.as_bytes()[from..]
            .iter()
            .take(most)
            .take_while(|byte| byte.is_ascii_hexdigit())
            .count()
    };
    match next {
        'u' | 'N' if rest[2..].starts_with('{') => {
            let end = rest.bytes().take(40).position(|byte| byte == b'}');
            end.map_or(2, |end| end + 1)
        }
        'x' => digits(2, 2),
        'u' => digits(2, 4),
        'U' => digits(2, 8),
        _ => 1 + next.len_utf8(),
    }
}

/// The length of a value in a string: `{…}`, `${…}`, or `$name` of a shell.
pub(super) fn value_length(rest: &str, open: &str, language: &Language) -> Option<usize> {
    let after = rest.strip_prefix(open)?;
    if open.ends_with('{') {
        return if after.starts_with('{') && open == "{" {
            None
        } else {
            balanced(rest, '{', '}')
        };
    }
    if after.starts_with('{') {
        return balanced(rest, '{', '}');
    }
    let name = after.find(|c| !is_name(c, language)).unwrap_or(after.len());
    let special = after.starts_with(['@', '*', '#', '?', '$', '!', '-']);
    match name {
        0 if special => Some(open.len() + 1),
        0 => None,
        name => Some(open.len() + name),
    }
}

/// The length up to the bracket that closes the first one.
pub(super) fn balanced(rest: &str, open: char, close: char) -> Option<usize> {
    let mut depth = 0;
    for (at, c) in rest.char_indices().take(FARTHEST_END) {
        if c == open {
            depth += 1;
        } else if c == close {
            depth -= 1;
            if depth == 0 {
                return Some(at + 1);
            }
        }
    }
    None
}

/// The length of a number. It may hold letters and one kind of separator, and an exponent with a sign.
pub(super) fn number_length(rest: &str, language: &Language) -> usize {
    let bytes = rest.as_bytes();
    let is_hex = rest.starts_with("0x") || rest.starts_with("0X");
    let mut at = 1;
    while let Some(&byte) = bytes.get(at) {
        let next = bytes.get(at + 1).copied().unwrap_or(b' ');
        let belongs = match byte {
            // Two dots are a range, a dot before a letter a member.
            b'.' => {
                next.is_ascii_digit()
                    || !(next == b'.' || next == b'_' || next.is_ascii_alphabetic())
            }
            b'+' | b'-' => !is_hex && matches!(bytes[at - 1], b'e' | b'E') && next.is_ascii_digit(),
            b'\'' => language.directives && next.is_ascii_alphanumeric(),
            _ => byte.is_ascii_alphanumeric() || byte == b'_',
        };
        if !belongs {
            break;
        }
        at += 1;
    }
    at
}

/// A lifetime, as against a character.
pub(super) fn lifetime_length(rest: &str) -> Option<usize> {
    let mut after = rest[1..].chars();
    let first = after.next()?;
    if !(first.is_alphabetic() || first == '_') || after.next() == Some('\'') {
        return None;
    }
    let end = rest[1..].find(|c: char| !(c.is_alphanumeric() || c == '_'));
    Some(end.map_or(rest.len(), |end| end + 1))
}

/// A regular expression with its flags, if it ends in this line.
pub(super) fn regex_length(rest: &str) -> Option<usize> {
    let (mut escaped, mut in_class) = (false, false);
    for (at, byte) in rest.bytes().enumerate().take(FARTHEST_END).skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'[' => in_class = true,
            b']' => in_class = false,
            b'/' if !in_class => {
                let flags = rest.as_bytes()[at + 1..]
                    .iter()
                    .take_while(|byte| byte.is_ascii_lowercase())
                    .count();
                return (at > 1).then_some(at + 1 + flags);
            }
            _ => {}
        }
    }
    None
}

/// `#"` and the like: how long, and what ends the string.
pub(super) fn hashes(after: &str) -> Option<(usize, String)> {
    let count = after.bytes().take_while(|&byte| byte == b'#').count();
    after[count..]
        .starts_with('"')
        .then(|| (count + 1, format!("\"{}", "#".repeat(count))))
}

/// `"x(` and the like: how long, and what ends the string.
pub(super) fn delimiter(after: &str) -> Option<(usize, String)> {
    let (delimiter, _) = after.strip_prefix('"')?.split_once('(')?;
    (delimiter.len() <= 16 && !delimiter.contains([' ', '"', ')', '\\']))
        .then(|| (delimiter.len() + 2, format!("){delimiter}\"")))
}
