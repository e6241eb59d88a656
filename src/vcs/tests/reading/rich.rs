//! Rich Git histories: files of many lines that are edited, renamed, split, merged and reformatted at random, told to
//! `git fast-import` in one go.

use vcs::Kind;

use crate::recipe::Work;

/// Numbers that only look random.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice(seed)
    }

    pub fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (self.0 >> 33) as usize % end.max(1)
    }

    pub fn once_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
}

type Files = Vec<(String, Vec<String>)>;

/// A history of so many commits on `main`. With merges, branches fork off and come back.
pub fn rich(seed: u64, commits: usize, merges: bool) -> Work {
    let mut dice = Dice::new(seed);
    let mut states: Vec<Files> = Vec::new();
    let mut script = String::new();
    let mut fresh = 0;
    for n in 0..commits {
        let parent = match n {
            0 => None,
            n if merges && n > 3 => Some(n - 1 - dice.below(3)),
            n => Some(n - 1),
        };
        let other = (merges && n > 6 && dice.once_in(3))
            .then(|| n - 1 - dice.below(5))
            .filter(|other| Some(*other) != parent);
        // The last commit brings all loose ends together.
        let mut files = match parent {
            None => begin(&mut dice, &mut fresh),
            Some(parent) => states[parent].clone(),
        };
        if let Some(other) = other {
            merge(&mut dice, &mut files, &states[other]);
        }
        for _ in 0..1 + dice.below(3) {
            change(&mut dice, &mut files, &mut fresh);
        }
        let date = 1_700_000_000 + n * 600 - dice.below(900);
        script += &format!("commit refs/heads/main\nmark :{}\n", n + 1);
        script += &format!("author A{} <a@example.com> {date} +0000\n", n % 3);
        script += &format!("committer C <c@example.com> {date} +0000\n");
        let message = format!("Commit {n}\n");
        script += &format!("data {}\n{message}", message.len());
        for (word, of) in [("from", parent), ("merge", other)] {
            if let Some(of) = of {
                script += &format!("{word} :{}\n", of + 1);
            }
        }
        script += "deleteall\n";
        for (name, lines) in &files {
            let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
            script += &format!("M 100644 inline {name}\ndata {}\n{text}\n", text.len());
        }
        script += "\n";
        states.push(files);
        // Every commit must be reachable from a branch.
        script += &format!("reset refs/heads/at{n}\nfrom :{}\n\n", n + 1);
    }
    let work = Work::new(Kind::Git);
    work.feed(
        "git",
        &["fast-import", "--quiet", "--force"],
        script.as_bytes(),
    );
    work
}

fn begin(dice: &mut Dice, fresh: &mut usize) -> Files {
    (0..5)
        .map(|n| {
            let lines = (0..20 + dice.below(20))
                .map(|_| line(dice, fresh))
                .collect();
            (format!("dir{}/file{n}.txt", n % 2), lines)
        })
        .collect()
}

/// A line: new text, or one of those that every file is full of.
fn line(dice: &mut Dice, fresh: &mut usize) -> String {
    *fresh += 1;
    let indent = "    ".repeat(dice.below(3));
    match dice.below(5) {
        0 => String::new(),
        1 => format!("{indent}}}"),
        _ => format!("{indent}call_number({fresh}, \"some text\");"),
    }
}

fn change(dice: &mut Dice, files: &mut Files, fresh: &mut usize) {
    if files.is_empty() {
        *files = begin(dice, fresh);
    }
    let at = dice.below(files.len());
    let count = files.len();
    let (name, lines) = &mut files[at];
    let place = dice.below(lines.len() + 1);
    match dice.below(12) {
        0..=3 => {
            let count = 1 + dice.below(4);
            let new: Vec<String> = (0..count).map(|_| line(dice, fresh)).collect();
            lines.splice(place..place, new);
        }
        4 | 5 => drop(lines.drain(place..(place + 1 + dice.below(3)).min(lines.len().max(place)))),
        6 | 7 => {
            let end = (place + 1 + dice.below(3)).min(lines.len());
            let new: Vec<String> = (0..end - place.min(end))
                .map(|_| line(dice, fresh))
                .collect();
            lines.splice(place.min(end)..end, new);
        }
        8 => {
            // Indent a block.
            let end = (place + 5).min(lines.len());
            let block = &mut lines[place.min(end)..end];
            block
                .iter_mut()
                .for_each(|line| *line = format!("  {line}"));
        }
        9 => {
            *fresh += 1;
            let last = name.rsplit('/').next().unwrap_or_default().to_owned();
            *name = match dice.below(3) {
                0 => format!("moved{}/{last}", *fresh % 3),
                1 => format!("dir1/renamed{fresh}.txt"),
                _ => format!("deep/er/{last}"),
            };
            let name = name.clone();
            // Two files of one name cannot be: the later one goes.
            let mut seen = false;
            files.retain(|(other, _)| *other != name || !std::mem::replace(&mut seen, true));
        }
        10 if count < 9 => {
            *fresh += 1;
            let lines = (0..8 + dice.below(20)).map(|_| line(dice, fresh)).collect();
            files.push((format!("dir0/new{fresh}.txt"), lines));
        }
        _ if count > 3 && dice.once_in(2) => drop(files.remove(at)),
        _ => {
            // Move a block within the file.
            let end = (place + 4).min(lines.len());
            let block: Vec<String> = lines.drain(place.min(end)..end).collect();
            let to = dice.below(lines.len() + 1);
            lines.splice(to..to, block);
        }
    }
    files.sort();
}

/// Takes files, and halves of files, from the other side.
fn merge(dice: &mut Dice, files: &mut Files, other: &Files) {
    for (name, lines) in files.iter_mut() {
        let Some((_, theirs)) = other.iter().find(|(other, _)| other == name) else {
            continue;
        };
        match dice.below(3) {
            0 => *lines = theirs.clone(),
            1 => {
                let half = lines.len().min(theirs.len()) / 2;
                lines.truncate(half);
                lines.extend_from_slice(&theirs[half..]);
            }
            _ => {}
        }
    }
    for (name, lines) in other {
        if !files.iter().any(|(mine, _)| mine == name) && dice.once_in(2) {
            files.push((name.clone(), lines.clone()));
        }
    }
    files.sort();
}
