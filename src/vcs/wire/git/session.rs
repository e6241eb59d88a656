//! A whole conversation over a pipe: what `git-upload-pack '/repository'` and its kin are to a client that comes by SSH.
//!
//! `git` gets the connection itself, so a clone of any size passes us by. Only of a push do we hear the beginning, for the journal: see [`super::commands`].

use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{ChildStdin, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use super::commands::{Head, RefUpdate};
use super::launch::{Verb, launch};
use super::{GitProgram, Protocol, Service};
use crate::wire::{Access, Error};

/// What a client may ask for over a pipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Talk {
    /// A fetch or a push.
    Pack(Service),
    /// `git archive --remote`.
    Archive,
}

impl Talk {
    /// What the name of a program stands for: `git-upload-pack`, `git-receive-pack`, `git-upload-archive`.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "git-upload-archive" => Some(Talk::Archive),
            name => Service::from_name(name).map(Talk::Pack),
        }
    }

    /// The permission it needs.
    pub fn access(self) -> Access {
        match self {
            Talk::Pack(service) => service.access(),
            Talk::Archive => Access::Read,
        }
    }
}

/// The connection.
#[derive(Debug)]
pub struct Ends {
    /// What the client says.
    pub input: File,
    /// What it is answered.
    pub output: Stdio,
    /// What it is to show to its user.
    pub errors: Stdio,
}

/// How a conversation went.
#[derive(Debug)]
pub struct Ended {
    /// The exit code of `git`; above 128 when it was killed.
    pub code: i32,
    /// What the client wanted to push. Which of it was done is told by the refs: see [`super::landed`].
    pub updates: Vec<RefUpdate>,
}

/// Holds a conversation about one repository to its end.
pub fn session(
    program: &GitProgram,
    repository: &Path,
    talk: Talk,
    protocol: Protocol,
    ends: Ends,
) -> Result<Ended, Error> {
    let verb = match talk {
        Talk::Pack(Service::UploadPack) => Verb::UploadPack,
        Talk::Pack(Service::ReceivePack) => Verb::ReceivePack,
        Talk::Archive => Verb::UploadArchive,
    };
    let mut launch = launch(program, repository, verb, protocol, &[])?;
    let heard = Arc::new(Mutex::new(Head::default()));
    let mut child = if verb == Verb::ReceivePack {
        let mut child = launch.start_with(Stdio::piped(), ends.output, ends.errors)?;
        if let Some(stdin) = child.stdin.take() {
            let heard = Arc::clone(&heard);
            // Not waited for: a client that says no more and does not hang up either would keep us here.
            std::thread::spawn(move || pass_on(ends.input, stdin, &heard));
        }
        child
    } else {
        launch.start_with(Stdio::from(ends.input), ends.output, ends.errors)?
    };
    let status = child.wait().map_err(|source| Error::Child {
        program: program.path.clone(),
        source,
    })?;
    let heard = std::mem::take(&mut *heard.lock().unwrap_or_else(PoisonError::into_inner));
    Ok(Ended {
        code: status
            .code()
            .unwrap_or_else(|| 128 + status.signal().unwrap_or_default()),
        updates: heard.into_updates(),
    })
}

/// Gives a push to `git` and listens to its beginning.
fn pass_on(mut input: File, mut git: ChildStdin, heard: &Mutex<Head>) {
    let mut block = vec![0; 64 << 10];
    loop {
        match input.read(&mut block) {
            Ok(0) => return,
            Ok(count) => {
                // Before it is passed on, so that it has been heard by the time it is done.
                let mut head = heard.lock().unwrap_or_else(PoisonError::into_inner);
                head.push(&block[..count]);
                drop(head);
                if git.write_all(&block[..count]).is_err() {
                    return;
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => return,
        }
    }
}
