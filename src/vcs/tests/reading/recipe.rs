//! Makes repositories with the true tools.
//!
//! A [`Work`] is a working directory of either system with the few verbs a history is told in, so that one recipe makes the
//! same history twice. Nothing of the machine's configuration takes part, and all dates are fixed.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, OnceLock};

use vcs::{ChangesetId, Kind, RepoPath, Repository};

/// A repository with a checkout, gone when dropped.
pub struct Work {
    pub kind: Kind,
    directory: tempfile::TempDir,
    clock: Mutex<i64>,
}

impl Work {
    /// An empty repository.
    pub fn new(kind: Kind) -> Work {
        let directory =
            tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary directory");
        let work = Work {
            kind,
            directory,
            clock: Mutex::new(1_700_000_000),
        };
        match kind {
            Kind::Git => work.run("git", &["init", "-q", "-b", "main"]),
            Kind::Hg => work.run("hg", &["init"]),
        };
        work
    }

    /// A repository that is the same but can be changed by itself.
    fn copy(&self) -> Work {
        let directory =
            tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary directory");
        let from = self.path().join(".");
        let copied = Command::new("cp")
            .arg("-a")
            .arg(from)
            .arg(directory.path())
            .status();
        assert!(copied.expect("cp runs").success());
        Work {
            kind: self.kind,
            directory,
            clock: Mutex::new(*self.clock()),
        }
    }

    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    pub fn open(&self) -> Repository {
        Repository::open(self.path(), self.kind).expect("the repository opens")
    }

    /// Runs `git` or `hg` here and returns what it printed.
    pub fn run(&self, program: &str, args: &[&str]) -> Vec<u8> {
        self.feed(program, args, b"")
    }

    /// The same with input.
    pub fn feed(&self, program: &str, args: &[&str], input: &[u8]) -> Vec<u8> {
        let mut command = command(program);
        let date = format!("{} +0130", self.clock());
        command
            .env("GIT_AUTHOR_DATE", &date)
            .env("GIT_COMMITTER_DATE", &date);
        let mut child = command
            .args(args)
            .current_dir(self.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("cannot run {program}: {error}. Is it installed?"));
        let mut stdin = child.stdin.take().expect("asked for");
        let input = input.to_vec();
        let feeder = std::thread::spawn(move || std::io::Write::write_all(&mut stdin, &input));
        let output = child.wait_with_output().expect("the child ends");
        feeder.join().expect("the feeder ends").ok();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{program} {args:?}: {errors}");
        output.stdout
    }

    pub fn git(&self, args: &[&str]) -> String {
        String::from_utf8(self.run("git", args)).expect("git prints UTF-8 here")
    }

    pub fn hg(&self, args: &[&str]) -> String {
        String::from_utf8(self.run("hg", args)).expect("hg prints UTF-8 here")
    }

    pub fn write(&self, name: &[u8], content: &[u8]) {
        let path = self.at(name);
        std::fs::create_dir_all(path.parent().expect("a file has a directory"))
            .expect("the directory is made");
        std::fs::write(path, content).expect("the file is written");
    }

    pub fn symlink(&self, name: &[u8], target: &str) {
        symlink(target, self.at(name)).expect("the link is made");
    }

    pub fn executable(&self, name: &[u8], executable: bool) {
        let mode = if executable { 0o755 } else { 0o644 };
        std::fs::set_permissions(self.at(name), std::fs::Permissions::from_mode(mode))
            .expect("the mode is set");
    }

    pub fn remove(&self, name: &[u8]) {
        std::fs::remove_file(self.at(name)).expect("the file is removed");
    }

    pub fn rename(&self, from: &str, to: &str) {
        match self.kind {
            Kind::Git => std::fs::rename(self.at(from.as_bytes()), self.at(to.as_bytes()))
                .expect("the file is renamed"),
            Kind::Hg => drop(self.run("hg", &["rename", "-q", from, to])),
        }
    }

    /// Commits everything a minute later and returns the id.
    pub fn commit(&self, message: &str) -> ChangesetId {
        *self.clock() += 60;
        match self.kind {
            Kind::Git => {
                self.run("git", &["add", "-A"]);
                self.run("git", &["commit", "-q", "--allow-empty", "-m", message]);
            }
            Kind::Hg => {
                let date = format!("{} -5400", self.clock());
                self.run("hg", &["commit", "-q", "-A", "-d", &date, "-m", message]);
            }
        }
        self.head()
    }

    /// The changeset that is checked out.
    pub fn head(&self) -> ChangesetId {
        let text = match self.kind {
            Kind::Git => self.git(&["rev-parse", "HEAD"]),
            Kind::Hg => self.hg(&["log", "-r", ".", "-T", "{node}"]),
        };
        text.trim().parse().expect("an id")
    }

    /// Goes back to a changeset, to commit beside what came after it.
    pub fn go_back(&self, id: &ChangesetId) {
        match self.kind {
            Kind::Git => self.run("git", &["checkout", "-q", "--detach", &id.to_string()]),
            Kind::Hg => self.run("hg", &["update", "-q", "-C", &id.to_string()]),
        };
    }

    /// Merges another changeset and commits.
    pub fn merge(&self, other: &ChangesetId, message: &str) -> ChangesetId {
        let other = other.to_string();
        match self.kind {
            Kind::Git => self.run("git", &["merge", "-q", "--no-ff", "--no-commit", &other]),
            Kind::Hg => self.run("hg", &["merge", "-q", &other]),
        };
        self.commit(message)
    }

    /// The date of the next commit.
    fn clock(&self) -> MutexGuard<'_, i64> {
        self.clock
            .lock()
            .expect("no test fails while it looks at the clock")
    }

    fn at(&self, name: &[u8]) -> PathBuf {
        self.path().join(OsStr::from_bytes(name))
    }
}

/// The program, with an environment in which only we decide.
fn command(program: &str) -> Command {
    let program = match (program, std::env::var_os("KALLITHEA_TEST_HG")) {
        ("hg", Some(hg)) => hg,
        (program, _) => program.into(),
    };
    let mut command = Command::new(program);
    for (name, value) in [
        ("HOME", "/nonexistent"),
        ("LC_ALL", "C.UTF-8"),
        ("TZ", "UTC"),
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("GIT_AUTHOR_NAME", "Alice"),
        ("GIT_AUTHOR_EMAIL", "alice@example.com"),
        ("GIT_COMMITTER_NAME", "Bob"),
        ("GIT_COMMITTER_EMAIL", "bob@example.com"),
        ("HGRCPATH", "/dev/null"),
        ("HGUSER", "Alice <alice@example.com>"),
        ("HGENCODING", "UTF-8"),
        ("HGPLAIN", "1"),
        ("HGMERGE", "internal:merge"),
    ] {
        command.env(name, value);
    }
    command
}

pub fn path(name: &[u8]) -> RepoPath {
    RepoPath::parse(name).expect("a good path")
}

/// A history with something of everything.
pub struct Story {
    pub work: Work,
    /// Its changesets, oldest first; the last one is a merge of the two before it.
    pub ids: Vec<ChangesetId>,
}

pub const NAMES: [&[u8]; 10] = [
    b"README.txt",
    b"binary.bin",
    "caf\u{e9}.txt".as_bytes(),
    b"latin\xe9.txt",
    b"link",
    b"no newline",
    b"run.sh",
    b"say \"hi\".txt",
    b"src/deep/er/mod.rs",
    b"src/main.rs",
];

/// A copy of the story in a system of your choice.
pub fn story(kind: Kind) -> Story {
    static TOLD: [OnceLock<Story>; 2] = [OnceLock::new(), OnceLock::new()];
    let original = TOLD[kind as usize].get_or_init(|| tell(kind));
    Story {
        work: original.work.copy(),
        ids: original.ids.clone(),
    }
}

fn tell(kind: Kind) -> Story {
    let work = Work::new(kind);
    let source = |changed: &[(usize, &str)]| {
        let mut lines: Vec<String> = (0..60).map(|n| format!("    step({n});")).collect();
        lines[0] = "fn first() {".into();
        lines[30] = "fn second() {".into();
        changed
            .iter()
            .for_each(|(at, text)| lines[*at] = (*text).into());
        (lines.join("\n") + "\n").into_bytes()
    };
    for name in NAMES {
        match name {
            b"link" => work.symlink(name, "README.txt"),
            b"binary.bin" => work.write(name, b"\0\x01\x02 some bytes \xff"),
            b"no newline" => work.write(name, b"one\ntwo"),
            b"src/main.rs" => work.write(name, &source(&[])),
            _ => work.write(name, &[b"This is ", name, b"\n"].concat()),
        }
    }
    work.executable(b"run.sh", true);
    let mut ids = vec![work.commit("Begin\n\nWith something of everything.")];

    work.write(
        b"src/main.rs",
        &source(&[(5, "    five();"), (6, ""), (50, "    fifty(\t);  ")]),
    );
    work.write(b"no newline", b"one\ntwo\nthree");
    work.write(
        b"binary.bin",
        &(0..=255).cycle().take(3000).collect::<Vec<u8>>(),
    );
    work.write("caf\u{e9}.txt".as_bytes(), b"tea\r\ninstead\r\n");
    work.executable(b"run.sh", false);
    ids.push(work.commit("Change things — with a dash"));

    work.rename("src/main.rs", "src/the main.rs");
    work.write(
        b"src/the main.rs",
        &source(&[
            (5, "    five();"),
            (6, ""),
            (50, "    fifty();"),
            (55, "// end"),
        ]),
    );
    work.rename("README.txt", "READ.ME");
    work.remove(b"latin\xe9.txt");
    work.write(b"say \"hi\".txt", b"hello\n");
    work.write(b"empty", b"");
    ids.push(work.commit("Move things"));

    work.remove(b"link");
    work.write(b"link", b"now a file\n");
    ids.push(work.commit("One side"));
    work.go_back(&ids[2]);
    work.write(b"src/deep/er/mod.rs", b"");
    work.remove(b"binary.bin");
    ids.push(work.commit("The other side"));
    ids.push(work.merge(&ids[3], "Both sides"));
    Story { work, ids }
}

/// A history of 300 commits that branches and merges at random, with dates that are equal or run backwards, made of 6 files
/// in 3 directories.
pub fn tangle() -> Work {
    let work = Work::new(Kind::Git);
    let mut seed = 7u64;
    let mut random = |below: u64| {
        seed = seed
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (seed >> 33) % below
    };
    let mut script = String::new();
    for n in 1..=300u64 {
        let branch = random(4);
        let date = 1_700_000_000 + n / 3 * 10 - random(30);
        script += &format!("commit refs/heads/b{branch}\nmark :{n}\n");
        script += &format!(
            "committer Bob <bob@example.com> {date} +0000\ndata 2\n{}\n",
            n % 10
        );
        if n > 1 {
            let parent = n - 1 - random(n.min(5) - 1);
            script += &format!("from :{parent}\n");
            if random(4) == 0 && n > 3 {
                let other = n - 1 - random(n.min(9) - 1);
                if other != parent {
                    script += &format!("merge :{other}\n");
                }
            }
        }
        for _ in 0..random(3) {
            let (file, line) = (random(6), random(5));
            script += &format!("M 100644 inline d{}/f{file}\ndata 2\n{line}\n", file % 3);
        }
        if random(20) == 0 {
            script += &format!(
                "tag t{n}\nfrom :{n}\ntagger Bob <bob@example.com> {date} +0000\ndata 2\nt\n"
            );
        }
        script += "\n";
    }
    work.feed(
        "git",
        &["fast-import", "--quiet", "--force"],
        script.as_bytes(),
    );
    work.run("git", &["symbolic-ref", "HEAD", "refs/heads/b1"]);
    work
}
