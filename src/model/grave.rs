//! Graves: folders named `rm__<time>__<name>` that a deletion left, until `repo-purge-deleted` takes them away.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use jiff::civil::DateTime;

use crate::rights::SiteAdmin;
use crate::scan::is_repository;
use crate::{Error, Model};

/// Deeper folders are not looked into.
const DEEPEST: usize = 128;

/// What a deletion left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grave {
    /// The folder.
    pub path: PathBuf,
    /// When it was deleted, by the clock of the server.
    pub deleted: DateTime,
}

/// A length of time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Age(i64);

impl Age {
    /// Days, hours, minutes and seconds as `30d`, `1d12h`, `90m`: each at most once, in this order.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let units = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];
        let (mut rest, mut seconds, mut next) = (text, 0_i64, 0);
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit())?;
            let unit = rest[digits..].chars().next()?;
            let at = units.iter().position(|(name, _)| *name == unit)?;
            if at < next || digits == 0 {
                return None;
            }
            let count: i64 = rest[..digits].parse().ok()?;
            seconds = seconds.checked_add(count.checked_mul(units[at].1)?)?;
            next = at + 1;
            rest = &rest[digits + unit.len_utf8()..];
        }
        // A calendar knows no more.
        (!text.is_empty() && seconds < 86_400 * 365_000).then_some(Self(seconds))
    }
}

impl fmt::Display for Age {
    /// `30 days, 0:00:00`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, seconds) = (self.0 / 86_400, self.0 % 86_400);
        match days {
            0 => {}
            1 => write!(f, "1 day, ")?,
            days => write!(f, "{days} days, ")?,
        }
        write!(
            f,
            "{}:{:02}:{:02}",
            seconds / 3_600,
            seconds / 60 % 60,
            seconds % 60
        )
    }
}

impl Grave {
    /// A folder of such a name.
    fn of(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?;
        Some(Self {
            path: path.to_owned(),
            deleted: deleted_at(name)?,
        })
    }

    /// Whether it is older than this.
    #[must_use]
    pub fn is_older_than(&self, age: Age) -> bool {
        let now = jiff::Zoned::now().datetime();
        now.checked_sub(jiff::Span::new().seconds(age.0))
            .is_ok_and(|then| self.deleted < then)
    }
}

/// The time in `rm__20200102_030405_000006__name`.
pub(crate) fn deleted_at(name: &str) -> Option<DateTime> {
    let mut parts = name.strip_prefix("rm__")?.splitn(4, '_');
    let mut digits = |length: usize| {
        parts
            .next()
            .filter(|part| part.len() == length && part.bytes().all(|b| b.is_ascii_digit()))
    };
    let (date, time, micros) = (digits(8)?, digits(6)?, digits(6)?);
    parts.next()?;
    DateTime::strptime("%Y%m%d%H%M%S%f", format!("{date}{time}{micros}")).ok()
}

impl Model {
    /// All graves below the folder of the repositories, in the order of their paths; not those within repositories, and no
    /// link is followed. Folders that are looked into, and those that cannot be read, are told.
    ///
    /// # Errors
    /// [`Error::Disk`] when the folder of all repositories cannot be read.
    pub fn graves(
        &self,
        _: &SiteAdmin,
        told: &mut dyn FnMut(&Path, Option<std::io::Error>),
    ) -> Result<Vec<Grave>, Error> {
        let root = self.repositories_root()?;
        fs::read_dir(&root).map_err(|error| Error::disk("read", &root, error))?;
        let mut graves = Vec::new();
        look_below(&root, 0, &mut graves, told);
        graves.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(graves)
    }

    /// Takes a grave away for good.
    ///
    /// # Errors
    /// [`Error::Disk`] when something in it cannot be deleted; what could be is gone.
    pub fn purge(&self, _: &SiteAdmin, grave: &Grave) -> Result<(), Error> {
        // Deletes a link, never what it leads to.
        fs::remove_dir_all(&grave.path).map_err(|error| Error::disk("delete", &grave.path, error))
    }
}

fn look_below(
    folder: &Path,
    depth: usize,
    graves: &mut Vec<Grave>,
    told: &mut dyn FnMut(&Path, Option<std::io::Error>),
) {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => return told(folder, Some(error)),
    };
    let mut folders: Vec<PathBuf> = entries
        .flatten()
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| entry.path())
        .collect();
    folders.sort();
    folders.retain(|path| match Grave::of(path) {
        Some(grave) => {
            graves.push(grave);
            false
        }
        None => depth < DEEPEST,
    });
    if folders.is_empty() {
        return;
    }
    told(folder, None);
    for path in folders {
        if !is_repository(&path) {
            look_below(&path, depth + 1, graves, told);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_days_hours_minutes_and_seconds_in_this_order() {
        for (text, shown) in [
            ("30d", "30 days, 0:00:00"),
            ("1d2h", "1 day, 2:00:00"),
            ("90m", "1:30:00"),
            ("1d2h3m4s", "1 day, 2:03:04"),
            ("0s", "0:00:00"),
        ] {
            assert_eq!(Age::parse(text).unwrap().to_string(), shown);
        }
        for text in [
            "",
            "30",
            "d",
            "2h1d",
            "1d1d",
            "-1d",
            "30 d",
            "1w",
            "99999999999999999999d",
            "999999999d",
            "1d ",
            "١d",
        ] {
            assert_eq!(Age::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_grave_is_told_by_its_stamp() {
        let time = deleted_at("rm__20261121_213739_694432__temp-repo2").unwrap();
        assert_eq!(time.to_string(), "2026-11-21T21:37:39.694432");
        assert!(deleted_at("rm__20261121_213714_234530_GROUP_tempgroup2").is_some());
        for name in [
            "rm__x",
            "rm__2026_213739_694432__x",
            "rm__20261121_213739_694432",
            "xrm__",
            "rm__20261399_213739_694432__x",
        ] {
            assert_eq!(deleted_at(name), None, "{name}");
        }
    }
}
