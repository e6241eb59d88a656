//! Putting `key = value` into the text of an ini file without disturbing what stands around it.

/// Sets a key in a section. An assignment that is there stays as a comment, and the new line comes behind it, or behind
/// the commented example; a key that the file does not mention goes to the end of the section, a new section to the end of
/// the file.
pub(super) fn set(lines: &mut Vec<String>, section: &str, key: &str, value: &str) {
    let head = format!("[{section}]");
    let start = match lines.iter().position(|line| line.trim() == head) {
        Some(at) => at + 1,
        None => {
            lines.push(String::new());
            lines.push(head);
            lines.len()
        }
    };
    let end = lines[start..]
        .iter()
        .position(|line| line.starts_with('['))
        .map_or(lines.len(), |length| start + length);
    let mut place = None;
    for (at, line) in lines.iter_mut().enumerate().take(end).skip(start) {
        let bare = line.trim_start_matches(['#', ';']).trim_start();
        let names_it = bare
            .strip_prefix(key)
            .is_some_and(|rest| rest.trim_start().starts_with(['=', ':']));
        if names_it {
            if !line.starts_with(['#', ';']) {
                line.insert(0, '#');
            }
            place = Some(at + 1);
        }
    }
    let place = place.unwrap_or_else(|| {
        let mut at = end;
        // Comments right above a section speak of it.
        while at < lines.len() && at > start && lines[at - 1].starts_with('#') {
            at -= 1;
        }
        while at > start && lines[at - 1].trim().is_empty() {
            at -= 1;
        }
        at
    });
    lines.insert(place, format!("{key} = {value}"));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(text: &str, section: &str, key: &str, value: &str) -> String {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        set(&mut lines, section, key, value);
        lines.join("\n")
    }

    #[test]
    fn a_value_comes_behind_the_one_it_replaces() {
        let file = "[a]\nx = 1\n#y = 2\n\n# about b\n[b]\nx = 3";
        assert_eq!(
            after(file, "a", "x", "9"),
            "[a]\n#x = 1\nx = 9\n#y = 2\n\n# about b\n[b]\nx = 3"
        );
        assert_eq!(
            after(file, "a", "y", "9"),
            "[a]\nx = 1\n#y = 2\ny = 9\n\n# about b\n[b]\nx = 3"
        );
        assert_eq!(
            after(file, "a", "z", "9"),
            "[a]\nx = 1\n#y = 2\nz = 9\n\n# about b\n[b]\nx = 3"
        );
        assert_eq!(
            after(file, "b", "x", "9"),
            "[a]\nx = 1\n#y = 2\n\n# about b\n[b]\n#x = 3\nx = 9"
        );
        assert_eq!(after(file, "c", "x", "9"), format!("{file}\n\n[c]\nx = 9"));
    }
}
