//! Keeps repositories fast. For a task that runs now and then, not for a request.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::LifeError;
use super::run::{self, Limits, Watch};
use crate::{Kind, Programs, Repository};

/// What to do for a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Housekeeping {
    /// Git: pack everything anew, delete objects that nobody names and that are older than two weeks, write bitmaps, which make clones cheap.
    pub collect: bool,
    /// Git: the commit-graph with the paths each commit changed, which makes histories cheap. Mercurial: its caches.
    pub index: bool,
}

impl Default for Housekeeping {
    fn default() -> Self {
        Housekeeping {
            collect: true,
            index: true,
        }
    }
}

/// A bundle that clients of Mercurial fetch as a plain file before they ask for the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloneBundle {
    /// The file.
    pub file: PathBuf,
    /// Its bytes.
    pub bytes: u64,
}

/// A client may still be at an older bundle for so long.
const STILL_IN_USE: Duration = Duration::from_secs(24 * 3600);

impl Repository {
    /// Tidies up. Readers and writers are not disturbed.
    pub fn housekeeping(
        &self,
        programs: &Programs,
        what: Housekeeping,
        limits: Limits,
        watch: &mut Watch<'_>,
    ) -> Result<(), LifeError> {
        let path = std::path::absolute(self.path()).map_err(LifeError::io("find", self.path()))?;
        let git = || {
            let more = [
                ("repack.writeBitmaps", "true".to_owned()),
                ("gc.writeCommitGraph", "false".to_owned()),
            ];
            let mut launch = run::git_with(&programs.git, None, &more)?;
            launch.arg("-C").arg(&path);
            Ok::<_, LifeError>(launch)
        };
        match self.kind() {
            Kind::Git => {
                if what.collect {
                    let mut launch = git()?;
                    launch
                        .arg("gc")
                        .arg("--no-detach")
                        .arg("--prune=2.weeks.ago");
                    run::to_end(launch, "collecting garbage", limits.clone(), watch)?;
                }
                if what.index {
                    let mut launch = git()?;
                    launch
                        .arg("commit-graph")
                        .arg("write")
                        .arg("--reachable")
                        .arg("--changed-paths");
                    run::to_end(launch, "indexing", limits, watch)?;
                }
            }
            Kind::Hg if what.index => {
                let mut hg = run::hg(&programs.hg, &[])?;
                hg.launch.arg("-R").arg(&path).arg("debugupdatecaches");
                run::to_end(hg.launch, "indexing", limits, watch)?;
            }
            Kind::Hg => {}
        }
        Ok(())
    }

    /// Makes a bundle of all public changesets of a Mercurial repository in a folder that some web server serves, and tells clients of it in the
    /// repository's `clonebundles.manifest`. `url` gives the address for the name of a file. None for Git, for a repository without public
    /// changesets, and where the bundle of this state is there already.
    pub fn clone_bundle(
        &self,
        programs: &Programs,
        folder: &Path,
        url: impl Fn(&str) -> String,
        limits: Limits,
        watch: &mut Watch<'_>,
    ) -> Result<Option<CloneBundle>, LifeError> {
        if self.kind() == Kind::Git {
            return Ok(None);
        }
        let path = std::path::absolute(self.path()).map_err(LifeError::io("find", self.path()))?;
        let mut hg = run::hg(&programs.hg, &[])?;
        hg.launch.arg("-R").arg(&path).arg("log");
        hg.launch
            .arg("--rev")
            .arg("max(public())")
            .arg("--template")
            .arg("{node}");
        let tip = run::to_end(
            hg.launch,
            "looking for public changesets",
            Limits::SHORT,
            watch,
        )?;
        let Ok(tip) = String::from_utf8(tip) else {
            return Ok(None);
        };
        if tip.len() != 40 || !tip.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Ok(None);
        }
        let name = format!("{tip}.zstd-v2.hg");
        let file = folder.join(&name);
        let manifest = path.join(".hg/clonebundles.manifest");
        let line = format!("{} BUNDLESPEC=zstd-v2\n", url(&name));
        if file.exists() && fs::read(&manifest).is_ok_and(|text| text == line.as_bytes()) {
            return Ok(None);
        }
        fs::create_dir_all(folder).map_err(LifeError::io("make", folder))?;
        let draft = folder.join(format!(".new-{}-{name}", std::process::id()));
        let made = (|| {
            let mut hg = run::hg(&programs.hg, &[])?;
            hg.launch.arg("-R").arg(&path).arg("bundle").arg("--quiet");
            hg.launch
                .arg("--base")
                .arg("null")
                .arg("--rev")
                .arg("public()");
            hg.launch.arg("--type").arg("zstd-v2").arg("--").arg(&draft);
            run::to_end(hg.launch, "making a bundle", limits.within(folder), watch)?;
            let bytes = fs::metadata(&draft)
                .map_err(LifeError::io("look at", &draft))?
                .len();
            fs::rename(&draft, &file).map_err(LifeError::io("write", &file))?;
            let new = manifest.with_extension("manifest.new");
            fs::write(&new, &line).map_err(LifeError::io("write", &new))?;
            fs::rename(&new, &manifest).map_err(LifeError::io("write", &manifest))?;
            Ok(CloneBundle {
                file: file.clone(),
                bytes,
            })
        })();
        match made {
            Ok(made) => {
                forget_old(folder, &name);
                Ok(Some(made))
            }
            Err(error) => {
                let _ = fs::remove_file(&draft);
                Err(error)
            }
        }
    }
}

/// Deletes bundles of earlier states that nobody can be reading any more.
fn forget_old(folder: &Path, present: &str) {
    let now = SystemTime::now();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let old = entry
            .metadata()
            .and_then(|meta| meta.modified())
            .is_ok_and(|made| now.duration_since(made).is_ok_and(|age| age > STILL_IN_USE));
        if old && name.to_string_lossy().ends_with(".zstd-v2.hg") && name != present {
            let _ = fs::remove_file(entry.path());
        }
    }
}
