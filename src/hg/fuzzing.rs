//! Entry points for fuzzers: one for each form of bytes that comes from disk or from others.
//!
//! Each takes any bytes at all and must neither panic, nor run for long, nor take more memory than [`LIMIT`] allows. `fuzz/`
//! has a target for each, `fuzz/corpus` what to begin with; a short run of all of them is among the tests below.

use std::collections::HashMap;
use std::path::PathBuf;

use crate::bookmarks::named_nodes;
use crate::bundle::{BundleCapabilities, BundleRequest, PushReply, listed_names, relevant_markers};
use crate::changeset::RawChangeset;
use crate::filelog;
use crate::ids::{Node, Rev};
use crate::line_match::{matching_runs, split_lines};
use crate::manifest::Manifest;
use crate::obsolescence::Rewrites;
use crate::obsstore;
use crate::path::HgPath;
use crate::requirements::Requirements;
use crate::revlog::Revlog;
use crate::revlog::fuzzing::{chunk_decode, delta_apply};
use crate::store_name::NameEncoding;
use crate::subrepositories;
use crate::tags::Merge;
use crate::visibility::phase_roots;

/// The largest text that is put together, in bytes.
const LIMIT: u64 = 1 << 16;

/// A target: its name, which is also that of its corpus, and what it does.
pub type Target = (&'static str, fn(&[u8]));

/// All targets.
pub const TARGETS: &[Target] = &[
    ("arguments", arguments),
    ("bundle", bundle),
    ("changeset", changeset),
    ("chunk", chunk),
    ("delta", delta),
    ("filelog_header", filelog_header),
    ("fncache", fncache),
    ("index", index),
    ("lines", lines),
    ("manifest", manifest),
    ("names", names),
    ("obsstore", obsstore),
    ("phaseroots", phaseroots),
    ("references", references),
];

/// What answers a push; and markers as they are chosen for a client.
pub fn bundle(data: &[u8]) {
    let _ = PushReply::read(&mut &data[..]);
    relevant_markers(data, |node| node.as_bytes()[0] % 2 == 0);
}

/// An index file with its chunks inside, or without any: the index, every text, every lookup.
pub fn index(data: &[u8]) {
    let Ok(log) = Revlog::from_content(
        PathBuf::from("fuzz.i"),
        data.to_vec(),
        PathBuf::new(),
        LIMIT,
    ) else {
        return;
    };
    for rev in (0..log.len()).map(Rev::from_index) {
        if let Some(entry) = log.entry(rev) {
            assert!(entry.parents.iter().flatten().all(|parent| *parent < rev));
            log.rev(&entry.node);
        }
        let _ = log.text(rev);
    }
    let _ = log.each_text(0, |_, text| {
        assert!(text.len() as u64 <= LIMIT);
        Ok(())
    });
    log.revs_with_prefix("a").count();
}

/// The chunk of a revision; the first two bytes tell how much it may yield.
pub fn chunk(data: &[u8]) {
    let Some(([a, b], chunk)) = data.split_first_chunk::<2>() else {
        return;
    };
    let limit = usize::from(u16::from_be_bytes([*a, *b]));
    if let Ok(text) = chunk_decode(chunk.to_vec(), limit) {
        assert!(text.len() <= limit);
    }
}

/// Two deltas one after the other; the first byte is the length of the text they are for, the second that of the first delta.
pub fn delta(data: &[u8]) {
    let Some(([base, first], rest)) = data.split_first_chunk::<2>() else {
        return;
    };
    let (base, first) = (usize::from(*base), usize::from(*first));
    let Some((base, deltas)) = rest.split_at_checked(base) else {
        return;
    };
    let Some((first, second)) = deltas.split_at_checked(first) else {
        return;
    };
    delta_apply(base, first, second);
}

/// A changelog entry.
pub fn changeset(data: &[u8]) {
    if let Ok(raw) = RawChangeset::parse(data) {
        let changeset = raw.to_changeset(Rev::new(0), Node::NULL, [None; 2]);
        assert_eq!(raw.branch().0, changeset.branch.as_bytes());
        changeset.origins();
        changeset.topic();
    }
}

/// Two manifests, separated by two line ends.
pub fn manifest(data: &[u8]) {
    let cut = memchr::memmem::find(data, b"\n\n").map_or(data.len(), |place| place + 1);
    let (old, new) = (
        Manifest::from_text(&data[..cut]),
        Manifest::from_text(&data[cut..]),
    );
    for manifest in [&old, &new] {
        let mut files = 0;
        for (path, _) in manifest.iter().into_iter().flatten().take(50) {
            let _ = manifest.get(path);
            let _ = manifest.list_dir(path.parent().unwrap_or(HgPath::ROOT));
            files += 1;
        }
        assert!(files <= data.len());
        let _ = manifest.list_dir(HgPath::ROOT);
        let _ = manifest.has_dir(HgPath::new("a"));
    }
    let _ = Manifest::differences(&old, &new, &mut |_, _, _| ());
}

/// The beginning of a file's text: header, or pointer to a content kept elsewhere.
pub fn filelog_header(data: &[u8]) {
    filelog::fuzz(data);
}

/// A file name on its way to the store, in all encodings; and the list of demands on readers.
pub fn names(data: &[u8]) {
    let path = [b"data/", data, b".i"].concat();
    for encoding in NameEncoding::ALL {
        encoding.encode(&path);
        encoding.encode(data);
    }
    HgPath::new(data).is_safe();
    if let Ok(requirements) = Requirements::parse("requires".as_ref(), data) {
        let _ = requirements.check("/".as_ref());
    }
}

/// Markers of rewrites, and what follows from them.
pub fn obsstore(data: &[u8]) {
    let _ = obsstore::predecessors(data);
    let Ok(markers) = obsstore::markers(data) else {
        return;
    };
    let rewrites = Rewrites::new(markers);
    let mut done = HashMap::new();
    for marker in rewrites.markers.iter().take(100) {
        rewrites.successor_sets(
            &marker.predecessor,
            &|node| node.as_bytes()[0] % 2 == 0,
            &mut done,
        );
    }
}

/// The list of the files of the store.
pub fn fncache(data: &[u8]) {
    for name in listed_names(data) {
        assert!(name.len() <= data.len());
        for encoding in NameEncoding::ALL {
            encoding.encode(&name);
        }
    }
}

/// What a client asks a bundle to hold: lines of name and value, separated by a space.
pub fn arguments(data: &[u8]) {
    let arguments = data.split(|&byte| byte == b'\n').filter_map(|line| {
        let space = memchr::memchr(b' ', line)?;
        Some((
            std::str::from_utf8(&line[..space]).ok()?,
            &line[space + 1..],
        ))
    });
    if let Ok(request) = BundleRequest::parse(arguments)
        && let Some(capabilities) = request.bundle2
    {
        BundleCapabilities::parse(capabilities.encode().as_bytes());
    }
}

/// The file of phases.
pub fn phaseroots(data: &[u8]) {
    phase_roots(data).count();
}

/// Files of names: bookmarks, tags, subrepositories.
pub fn references(data: &[u8]) {
    named_nodes(data).count();
    let mut merge = Merge::default();
    merge.add(data, false);
    merge.add(&data[data.len() / 2..], true);
    subrepositories::parse(data, data);
}

/// Two texts whose lines are matched, separated by a NUL.
pub fn lines(data: &[u8]) {
    let cut = memchr::memchr(0, data).unwrap_or(data.len());
    let (a, b) = (split_lines(&data[..cut]), split_lines(&data[cut..]));
    for run in matching_runs(&a, &b) {
        assert_eq!(&a[run.a..run.a + run.len], &b[run.b..run.b + run.len]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::path::Path;
    use std::sync::mpsc;
    use std::thread;
    use std::time::{Duration, Instant};

    /// A small random generator: the same seed gives the same run.
    struct Dice(u64);

    impl Dice {
        fn next(&mut self) -> u64 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
        }

        fn below(&mut self, end: usize) -> usize {
            (self.next() >> 33) as usize % end.max(1)
        }
    }

    /// Changes bytes as damage and malice do: flipped, replaced by numbers that hurt, cut, repeated, or mixed with others.
    fn mutate(data: &mut Vec<u8>, other: &[u8], dice: &mut Dice) {
        const HURTING: [i32; 9] = [0, 1, -1, -2, i32::MAX, i32::MIN, 0x7fff, 64, 0x0100];
        for _ in 0..=dice.below(4) {
            let place = dice.below(data.len());
            match dice.below(8) {
                0..3 if !data.is_empty() => data[place] ^= 1 << dice.below(8),
                3 if !data.is_empty() => data[place] = dice.next() as u8,
                4 if data.len() >= 4 => {
                    let place = dice.below(data.len() - 3) & !3;
                    let number = HURTING[dice.below(HURTING.len())];
                    data[place..place + 4].copy_from_slice(&number.to_be_bytes());
                }
                5 => data.truncate(place),
                6 => {
                    let end = (place + dice.below(80)).min(data.len());
                    let piece = data[place..end].to_vec();
                    data.splice(place..place, piece);
                }
                _ => {
                    let from = dice.below(other.len());
                    let end = (from + dice.below(80)).min(other.len());
                    data.splice(place..place, other[from..end].iter().copied());
                }
            }
        }
        data.truncate(1 << 14);
    }

    fn corpus(name: &str) -> Vec<Vec<u8>> {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("fuzz/corpus")
            .join(name);
        let mut files: Vec<_> = fs::read_dir(&directory)
            .unwrap_or_else(|error| panic!("{}: {error}", directory.display()))
            .map(|entry| entry.unwrap().path())
            .collect();
        files.sort();
        files.iter().map(|file| fs::read(file).unwrap()).collect()
    }

    /// The most memory this process ever held, in KiB.
    fn peak_memory() -> usize {
        let status = fs::read_to_string("/proc/self/status").unwrap();
        let line = status
            .lines()
            .find(|line| line.starts_with("VmHWM:"))
            .unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    /// Runs every target on its corpus and on mutations of it, each for this long.
    ///
    /// A case that does not come back within seconds fails the run and is told by its bytes.
    fn run(each: Duration, seed: u64) {
        const PATIENCE: Duration = Duration::from_secs(20);
        let before = peak_memory();
        for (name, target) in TARGETS {
            let seeds = corpus(name);
            assert!(!seeds.is_empty(), "{name} has no corpus");
            let (told, cases) = mpsc::channel::<Vec<u8>>();
            let worker = thread::spawn(move || {
                let mut dice = Dice(seed);
                for data in &seeds {
                    told.send(data.clone()).unwrap();
                    target(data);
                }
                let start = Instant::now();
                while start.elapsed() < each {
                    let mut data = seeds[dice.below(seeds.len())].clone();
                    let other = &seeds[dice.below(seeds.len())];
                    mutate(&mut data, other, &mut dice);
                    told.send(data.clone()).unwrap();
                    target(&data);
                }
            });
            let mut last = Vec::new();
            let mut count = 0;
            loop {
                match cases.recv_timeout(PATIENCE) {
                    Ok(data) => {
                        last = data;
                        count += 1;
                    }
                    Err(mpsc::RecvTimeoutError::Timeout) => panic!("{name} hangs on {last:02x?}"),
                    Err(mpsc::RecvTimeoutError::Disconnected) => break,
                }
            }
            assert!(worker.join().is_ok(), "{name} fails on {last:02x?}");
            assert!(count > 20, "{name} was run {count} times only");
        }
        let grown = peak_memory() - before;
        assert!(grown < 200 << 10, "the run took {grown} KiB");
    }

    #[test]
    fn mutations_of_the_corpus_bring_nothing_down() {
        run(Duration::from_millis(500), 0x9e37_79b9_7f4a_7c15);
    }

    #[test]
    #[ignore = "minutes long: make test-all"]
    fn mutations_of_the_corpus_bring_nothing_down_for_minutes() {
        let seed = std::process::id();
        println!("seed {seed}");
        run(Duration::from_secs(20), u64::from(seed) << 20 | 1);
    }
}
