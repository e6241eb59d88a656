//! `%(trailers)`: the lines `Key: value` that end a message. Source: `git-interpret-trailers(1)`.

use gix::bstr::{BStr, ByteSlice};

/// Which trailers, and how they look.
#[derive(Default)]
pub(super) struct Trailers {
    pub keys: Vec<Vec<u8>>,
    pub only: bool,
    pub unfold: bool,
    pub key_only: bool,
    pub value_only: bool,
    pub separator: Option<Vec<u8>>,
    pub key_value_separator: Option<Vec<u8>>,
}

impl Trailers {
    fn is_plain(&self) -> bool {
        !self.only
            && !self.unfold
            && !self.key_only
            && !self.value_only
            && self.keys.is_empty()
            && self.separator.is_none()
            && self.key_value_separator.is_none()
    }

    fn wants(&self, key: &[u8]) -> bool {
        let same = |wanted: &Vec<u8>| {
            let wanted = wanted.strip_suffix(b":").unwrap_or(wanted);
            wanted.eq_ignore_ascii_case(key)
        };
        self.keys.is_empty() || self.keys.iter().any(same)
    }

    /// Writes the trailers of a message.
    pub fn write(&self, message: &[u8], out: &mut Vec<u8>) {
        let block = block(message);
        if self.is_plain() {
            out.extend_from_slice(block);
            return;
        }
        let start = out.len();
        let separate = |out: &mut Vec<u8>| {
            if let Some(separator) = &self.separator
                && out.len() != start
            {
                out.extend_from_slice(separator);
            }
        };
        for item in items(block) {
            let Some(at) = separator(&item).filter(|at| *at > 0) else {
                if !self.only {
                    separate(out);
                    out.extend_from_slice(&item);
                    if self.separator.is_some() {
                        out.truncate(out.trim_end().len());
                    }
                }
                continue;
            };
            let (key, value) = (item[..at].trim(), item[at + 1..].trim());
            if !self.wants(key) {
                continue;
            }
            separate(out);
            if !self.value_only {
                out.extend_from_slice(key);
                if !self.key_only {
                    let between = self.key_value_separator.as_deref().unwrap_or(b": ");
                    out.extend_from_slice(between);
                }
            }
            if !self.key_only && self.unfold {
                let words = value.lines().map(|line| line.trim()).collect::<Vec<_>>();
                out.extend_from_slice(&words.join(&b' '));
            } else if !self.key_only {
                out.extend_from_slice(value);
            }
            if self.separator.is_none() {
                out.push(b'\n');
            }
        }
    }
}

/// Where the key ends.
fn separator(line: &[u8]) -> Option<usize> {
    let mut blank = false;
    for (at, byte) in line.iter().enumerate() {
        match byte {
            b':' => return Some(at),
            b' ' | b'\t' if at > 0 => blank = true,
            b'-' if !blank => {}
            byte if byte.is_ascii_alphanumeric() && !blank => {}
            _ => return None,
        }
    }
    None
}

fn is_continued(line: &[u8]) -> bool {
    line.first().is_some_and(u8::is_ascii_whitespace)
}

/// The last paragraph, if it consists of trailers, or at least one of Git's own and not too much else.
fn block(message: &[u8]) -> &[u8] {
    let lines: Vec<&BStr> = message
        .lines_with_terminator()
        .map(ByteSlice::as_bstr)
        .collect();
    let is_blank = |line: &BStr| line.trim().is_empty();
    let is_comment = |line: &BStr| line.starts_with(b"#");
    let mut end = lines.len();
    while end > 0 && (is_blank(lines[end - 1]) || is_comment(lines[end - 1])) {
        end -= 1;
    }
    let title = lines.iter().position(|line| is_blank(line)).unwrap_or(end);
    let Some(before) = lines[..end].iter().rposition(|line| is_blank(line)) else {
        return b"";
    };
    if before < title {
        return b"";
    }
    let (mut trailers, mut others, mut own, mut continued) = (0, 0, false, 0);
    for line in lines[before + 1..end].iter().rev() {
        if is_comment(line) {
            others += std::mem::take(&mut continued);
        } else if line.starts_with(b"Signed-off-by: ")
            || line.starts_with(b"(cherry picked from commit ")
        {
            own = true;
            trailers += 1;
            continued = 0;
        } else if is_continued(line) {
            continued += 1;
        } else if separator(line).is_some_and(|at| at > 0) {
            trailers += 1;
            continued = 0;
        } else {
            others += 1 + std::mem::take(&mut continued);
        }
    }
    others += continued;
    if own && trailers * 3 >= others || trailers > 0 && others == 0 {
        let length = |lines: &[&BStr]| lines.iter().map(|line| line.len()).sum::<usize>();
        let start = length(&lines[..=before]);
        return &message[start..start + length(&lines[before + 1..end])];
    }
    b""
}

/// The lines, each with those that go on.
fn items(block: &[u8]) -> Vec<Vec<u8>> {
    let mut items: Vec<Vec<u8>> = Vec::new();
    for line in block.lines_with_terminator() {
        match items.last_mut() {
            _ if line.starts_with(b"#") => {}
            Some(last) if is_continued(line) => last.extend_from_slice(line),
            _ => items.push(line.to_vec()),
        }
    }
    items
}
