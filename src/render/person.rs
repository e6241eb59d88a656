//! Author strings, as commits carry them: `Alice Example <alice@example.com>`, or anything else somebody typed.

/// The name to show for an author: the part outside the address, else the address, else the string as it is.
pub fn display(author: &str) -> &str {
    let name = name(author);
    if !name.is_empty() {
        return name;
    }
    email(author).unwrap_or(author.trim())
}

/// The name without the address and its brackets; empty when there is nothing but an address.
pub fn name(author: &str) -> &str {
    match author.find('<') {
        Some(bracket) => author[..bracket].trim().trim_matches('"').trim(),
        None if author.contains('@') => {
            // No brackets: what stands before the word with the at sign.
            let address = email(author).unwrap_or("");
            author[..author.find(address).unwrap_or(0)].trim()
        }
        None => author.trim(),
    }
}

/// The address in an author string: inside the brackets when there are any, else the first word that looks like one.
pub fn email(author: &str) -> Option<&str> {
    let inside = match author.find('<') {
        Some(bracket) => {
            let rest = &author[bracket + 1..];
            &rest[..rest.find('>').unwrap_or(rest.len())]
        }
        None => author,
    };
    inside
        .split_whitespace()
        .map(|word| word.trim_matches(|c: char| "()[],;:<>\"'".contains(c)))
        .find(|word| is_address(word))
}

/// The loose test of an address: something, an at sign, something.
fn is_address(word: &str) -> bool {
    word.split_once('@')
        .is_some_and(|(local, host)| !local.is_empty() && !host.is_empty() && !host.contains('@'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses() {
        let cases = [
            (
                "Alice Example <alice@example.com>",
                "Alice Example",
                Some("alice@example.com"),
            ),
            (
                "\"Example, Bob\" <bob@example.com>",
                "Example, Bob",
                Some("bob@example.com"),
            ),
            (
                "<alice@example.com>",
                "alice@example.com",
                Some("alice@example.com"),
            ),
            (
                "alice@example.com",
                "alice@example.com",
                Some("alice@example.com"),
            ),
            (
                "Alice alice@example.com",
                "Alice",
                Some("alice@example.com"),
            ),
            ("alice", "alice", None),
            ("Alice <alice at example dot com>", "Alice", None),
            (
                "Alice <alice@example.com",
                "Alice",
                Some("alice@example.com"),
            ),
            ("@", "@", None),
            ("", "", None),
            ("<>", "<>", None),
        ];
        for (author, shown, address) in cases {
            assert_eq!(display(author), shown, "{author}");
            assert_eq!(email(author), address, "{author}");
        }
    }
}
