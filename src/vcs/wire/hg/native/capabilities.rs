//! The capabilities of a repository, asked from `hg` once and then remembered.
//!
//! Every client begins with this question. The answer comes from the program, the settings, the format of the repository and, as secret changesets
//! must not be copied with the files they lie in, from the phases. [`State`] holds all of that, and an answer counts only while nothing of it has changed;
//! for a few minutes at most, because a library of the program may be replaced without a trace in the program's own file.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ::hg::{Node, Phase, Rev};

use super::settings::Settings;
use crate::mercurial::Repository;
use crate::wire::hg::HgProgram;

const LIFETIME: Duration = Duration::from_secs(300);

/// What the answer depends on.
#[derive(Debug, PartialEq, Eq)]
struct State {
    program: PathBuf,
    /// Device, number, size, and times of modification and change.
    program_file: [i64; 7],
    config: Vec<(String, String)>,
    settings: Settings,
    hides: bool,
    has_secrets: bool,
    secret_roots: Vec<(u32, Node)>,
}

impl State {
    /// The present state; `None` where it is not understood well enough to remember anything.
    fn of(program: &HgProgram, repository: &Repository) -> Option<State> {
        let settings = Settings::read(&program.config, repository.root())?;
        let file = fs::metadata(locate(&program.path)?).ok()?;
        let mut secret_roots = settings.phase_roots()?;
        secret_roots.retain(|(phase, _)| *phase > 1);
        let (hides, has_secrets) = repository
            .read(|snapshot| {
                let all = 0..u32::try_from(snapshot.len()).unwrap_or(u32::MAX);
                let is_secret = |number| snapshot.phase(Rev::new(number)) == Phase::Secret;
                let hides = snapshot.served().count() != snapshot.len();
                Ok::<_, ::hg::Error>((hides, hides && all.into_iter().any(is_secret)))
            })
            .ok()?;
        Some(State {
            program: program.path.clone(),
            program_file: [
                file.dev() as i64,
                file.ino() as i64,
                file.size() as i64,
                file.mtime(),
                file.mtime_nsec(),
                file.ctime(),
                file.ctime_nsec(),
            ],
            config: program.config.clone(),
            settings,
            hides,
            has_secrets,
            secret_roots,
        })
    }
}

/// The file of a program, searched for in `PATH` when only its name is given.
fn locate(program: &Path) -> Option<PathBuf> {
    if program.components().count() > 1 {
        return Some(program.to_owned());
    }
    std::env::split_paths(&std::env::var_os("PATH")?)
        .map(|directory| directory.join(program))
        .find(|file| file.is_file())
}

/// The last answer of one repository.
#[derive(Debug, Default)]
pub(crate) struct Memory(Mutex<Option<Remembered>>);

#[derive(Debug)]
struct Remembered {
    state: State,
    since: Instant,
    answer: Vec<u8>,
}

/// The question, put to a repository in some state.
pub(in crate::wire::hg) struct Asked<'a> {
    program: &'a HgProgram,
    repository: &'a Repository,
    state: State,
}

impl<'a> Asked<'a> {
    /// Puts the question; `None` where the answer must not be remembered.
    pub(in crate::wire::hg) fn now(
        program: &'a HgProgram,
        repository: &'a Repository,
    ) -> Option<Self> {
        let state = State::of(program, repository)?;
        Some(Asked {
            program,
            repository,
            state,
        })
    }

    /// The answer that was given in the same state.
    pub(in crate::wire::hg) fn recall(&self) -> Option<Vec<u8>> {
        let last = self.memory();
        let last = last.as_ref()?;
        let holds = last.state == self.state && last.since.elapsed() < LIFETIME;
        holds.then(|| last.answer.clone())
    }

    /// Remembers an answer, unless the state has changed while it was found.
    pub(in crate::wire::hg) fn keep(self, answer: &[u8]) {
        if State::of(self.program, self.repository).as_ref() != Some(&self.state) {
            return;
        }
        let mut memory = self.memory();
        *memory = Some(Remembered {
            state: self.state,
            since: Instant::now(),
            answer: answer.to_vec(),
        });
    }

    fn memory(&self) -> MutexGuard<'a, Option<Remembered>> {
        let memory = &self.repository.capabilities().0;
        memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
