//! The signatures that Mercurial's gpg extension keeps in `.hgsigs`.
//!
//! A line is `changeset version signature`: forty digits, `0`, and the bytes of a detached OpenPGP signature in base 64. What
//! is signed in version 0 is the forty digits and a newline. As with tags, the files of all heads count.

use hg::HgPath;

use super::Repository;
use crate::signature::{Signature, SignatureFormat};
use crate::{ChangesetId, ReadError};

/// A larger file is not looked at.
const LARGEST: u64 = 16 * 1024 * 1024;
/// No more signatures of one changeset are told: to check one takes a program.
const MOST: usize = 10;

impl Repository {
    pub fn signatures(&self, of: &ChangesetId) -> Result<Vec<Signature>, ReadError> {
        self.read(|snapshot| {
            self.rev(snapshot, of)?;
            let hex = of.to_string();
            let mut found: Vec<Signature> = Vec::new();
            let mut seen = std::collections::HashSet::new();
            for head in snapshot.heads() {
                let path = HgPath::new(".hgsigs");
                let Some(entry) = snapshot.manifest(head)?.get(path)? else {
                    continue;
                };
                if !seen.insert(entry.node) || snapshot.file_size(path, &entry.node)? > LARGEST {
                    continue;
                }
                let text = snapshot.file(path, &entry.node)?.data;
                for signature in text
                    .split(|&byte| byte == b'\n')
                    .filter_map(|line| read_line(line, &hex))
                {
                    if found.len() < MOST && !found.contains(&signature) {
                        found.push(signature);
                    }
                }
            }
            Ok(found)
        })
    }
}

fn read_line(line: &[u8], changeset: &str) -> Option<Signature> {
    let text = std::str::from_utf8(line).ok()?;
    let mut words = text.split_ascii_whitespace();
    let (id, version, base64) = (words.next()?, words.next()?, words.next()?);
    if id != changeset || version != "0" || !base64.bytes().all(is_base64) {
        return None;
    }
    let mut armour = "-----BEGIN PGP SIGNATURE-----\n\n".to_owned();
    for start in (0..base64.len()).step_by(64) {
        armour += &base64[start..base64.len().min(start + 64)];
        armour.push('\n');
    }
    armour += "-----END PGP SIGNATURE-----\n";
    Some(Signature {
        format: SignatureFormat::OpenPgp,
        armour: armour.into_bytes(),
        signed: format!("{changeset}\n").into_bytes(),
    })
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_other_changesets_and_versions_are_passed_over() {
        let id = "1".repeat(40);
        let line = format!("{id} 0 {}", "QUJD".repeat(20));
        let found = read_line(line.as_bytes(), &id).unwrap();
        assert_eq!(found.signed, format!("{id}\n").into_bytes());
        let armour = String::from_utf8(found.armour).unwrap();
        assert!(armour.lines().all(|line| line.len() <= 64), "{armour}");
        for line in ["", &id, &format!("{id} 1 QUJD"), &format!("{id} 0 -QU\0")] {
            assert_eq!(read_line(line.as_bytes(), &id), None, "{line:?}");
        }
        assert_eq!(read_line(line.as_bytes(), &"2".repeat(40)), None);
    }
}
