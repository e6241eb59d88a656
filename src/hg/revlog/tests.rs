//! Revlogs made by hand: what real Mercurial writes is compared in the integration tests.

use super::*;
use proptest::prelude::*;
use std::fs;

/// Writes revlogs, version 1 with generaldelta.
#[derive(Default)]
struct Writer {
    entries: Vec<(Vec<u8>, Vec<u8>)>,
    nodes: Vec<Node>,
    offset: u64,
}

impl Writer {
    fn add(&mut self, chunk: &[u8], text: &[u8], base: i32, flags: u16) {
        let parent = self.nodes.last().copied().unwrap_or(Node::NULL);
        let mut hash = Sha1::new();
        hash.update(Node::NULL.as_bytes());
        hash.update(parent.as_bytes());
        hash.update(text);
        let node = Node::new(hash.finalize().into());
        let rev = self.nodes.len() as i32;
        let mut raw = (self.offset << 16 | u64::from(flags))
            .to_be_bytes()
            .to_vec();
        for number in [
            chunk.len() as i32,
            text.len() as i32,
            base,
            rev,
            rev - 1,
            -1,
        ] {
            raw.extend(number.to_be_bytes());
        }
        raw.extend(node.as_bytes());
        raw.extend([0; 12]);
        self.offset += chunk.len() as u64;
        self.nodes.push(node);
        self.entries.push((raw, chunk.to_vec()));
    }

    /// The content of index and data file.
    fn finish(mut self, inline: bool) -> (Vec<u8>, Vec<u8>) {
        let header: u32 = if inline { 0x0003_0001 } else { 0x0002_0001 };
        if let Some((first, _)) = self.entries.first_mut() {
            first[..4].copy_from_slice(&header.to_be_bytes());
        }
        if inline {
            return (
                self.entries
                    .into_iter()
                    .flat_map(|(raw, chunk)| [raw, chunk])
                    .flatten()
                    .collect(),
                Vec::new(),
            );
        }
        let (index, data): (Vec<_>, Vec<_>) = self.entries.into_iter().unzip();
        (index.concat(), data.concat())
    }
}

fn open(dir: &Path, index: &[u8], data: &[u8]) -> Result<Revlog, Error> {
    let (index_path, data_path) = (dir.join("r.i"), dir.join("r.d"));
    fs::write(&index_path, index).unwrap();
    fs::write(&data_path, data).unwrap();
    Revlog::open((index_path, data_path), 1 << 20)
}

fn hunk(start: i32, end: i32, bytes: &[u8]) -> Vec<u8> {
    let numbers = [start, end, bytes.len() as i32]
        .map(i32::to_be_bytes)
        .concat();
    [&numbers[..], bytes].concat()
}

fn sample() -> Writer {
    let mut writer = Writer::default();
    writer.add(b"uone\n", b"one\n", 0, 0);
    writer.add(&hunk(4, 4, b"two\n"), b"one\ntwo\n", 0, 0);
    writer.add(b"", b"one\ntwo\n", 1, 0);
    writer.add(&hunk(0, 3, b"ONE"), b"ONE\ntwo\n", 2, 0);
    writer.add(b"", b"", -1, 0);
    writer
}

#[test]
fn texts_come_back_inline_and_split() {
    let dir = tempfile::tempdir().unwrap();
    for inline in [true, false] {
        let (index, data) = sample().finish(inline);
        let revlog = open(dir.path(), &index, &data).unwrap();
        // Newest first, so that nothing is remembered from the revision before.
        for (rev, want) in [
            (4, ""),
            (3, "ONE\ntwo\n"),
            (2, "one\ntwo\n"),
            (1, "one\ntwo\n"),
            (0, "one\n"),
        ] {
            assert_eq!(
                &*revlog.text(Rev::new(rev)).unwrap(),
                want.as_bytes(),
                "inline {inline} rev {rev}"
            );
        }
        assert!(revlog.text(Rev::new(5)).is_err());
    }
}

#[test]
fn revisions_are_found_by_hash_and_prefix() {
    let dir = tempfile::tempdir().unwrap();
    let writer = sample();
    let nodes = writer.nodes.clone();
    let (index, data) = writer.finish(false);
    let revlog = open(dir.path(), &index, &data).unwrap();
    for (rev, node) in nodes.iter().enumerate() {
        assert_eq!(revlog.rev(node), Some(Rev::from_index(rev)));
        for len in [8, 15, 16, 17, 40] {
            let prefix = node.to_string()[..len].to_uppercase();
            assert_eq!(
                revlog.revs_with_prefix(&prefix).collect::<Vec<_>>(),
                [Rev::from_index(rev)]
            );
        }
    }
    assert_eq!(revlog.revs_with_prefix("").count(), nodes.len());
    assert_eq!(revlog.rev(&Node::new([7; 20])), None);
}

#[test]
fn a_large_table_finds_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = Writer::default();
    for n in 0..1500u32 {
        let text = n.to_string();
        writer.add(format!("u{text}").as_bytes(), text.as_bytes(), -1, 0);
    }
    let nodes = writer.nodes.clone();
    let (index, data) = writer.finish(false);
    let revlog = open(dir.path(), &index, &data).unwrap();
    for (rev, node) in nodes.iter().enumerate() {
        assert_eq!(revlog.rev(node), Some(Rev::from_index(rev)));
    }
    assert_eq!(revlog.rev(&Node::new([7; 20])), None);
    let with_a: Vec<Rev> = revlog.revs_with_prefix("a").collect();
    assert_eq!(
        with_a.len(),
        nodes
            .iter()
            .filter(|node| node.to_string().starts_with('a'))
            .count()
    );
}

#[test]
fn a_changed_byte_does_not_match_the_hash() {
    let dir = tempfile::tempdir().unwrap();
    let (index, mut data) = sample().finish(false);
    data[1] = b'O';
    let revlog = open(dir.path(), &index, &data).unwrap();
    let error = revlog.text(Rev::new(0)).unwrap_err();
    let told = error.to_string();
    assert!(
        told.ends_with("r.d is damaged at revision 0, offset 0: the text does not match its hash"),
        "{told}"
    );
    assert!(error.may_pass());
}

#[test]
fn censored_texts_are_not_hashed_and_unknown_flags_refused() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = Writer::default();
    writer.add(b"ugone", b"gone", 0, CENSORED);
    writer.add(b"ux", b"x", 1, 0x0001);
    writer.add(b"uneutral", b"neutral", 2, 0x1fc0);
    writer.entries[0].0[35] ^= 1;
    let (index, data) = writer.finish(false);
    let revlog = open(dir.path(), &index, &data).unwrap();
    assert_eq!(&*revlog.text(Rev::new(0)).unwrap(), b"gone");
    assert!(
        revlog
            .text(Rev::new(1))
            .unwrap_err()
            .to_string()
            .contains("0x0001")
    );
    assert_eq!(&*revlog.text(Rev::new(2)).unwrap(), b"neutral");
}

#[test]
fn data_cut_short_is_damage() {
    let dir = tempfile::tempdir().unwrap();
    let (index, data) = sample().finish(false);
    let revlog = open(dir.path(), &index, &data[..10]).unwrap();
    assert!(revlog.text(Rev::new(0)).is_ok());
    assert!(matches!(
        revlog.text(Rev::new(3)),
        Err(Error::Damaged { .. })
    ));
}

#[test]
fn a_text_beyond_the_limit_is_not_put_together() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = Writer::default();
    writer.add(b"u1234567890", b"1234567890", 0, 0);
    let (index, data) = writer.finish(false);
    let (index_path, data_path) = (dir.path().join("r.i"), dir.path().join("r.d"));
    fs::write(&index_path, index).unwrap();
    fs::write(&data_path, data).unwrap();
    let revlog = Revlog::open((index_path, data_path), 9).unwrap();
    assert!(matches!(
        revlog.text(Rev::new(0)),
        Err(Error::TooLarge {
            size: 10,
            limit: 9,
            ..
        })
    ));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn a_revlog_with_changed_bytes_never_panics(inline in any::<bool>(), changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let dir = tempfile::tempdir().unwrap();
        let (mut index, data) = sample().finish(inline);
        for (place, byte) in changes {
            let place = place.index(index.len());
            index[place] = byte;
        }
        if let Ok(revlog) = open(dir.path(), &index, &data) {
            for rev in 0..revlog.len() {
                let _ = revlog.text(Rev::from_index(rev));
            }
        }
    }
}
