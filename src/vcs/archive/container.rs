//! Puts entries into a container and compresses it.

use std::collections::HashSet;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use bzip2::write::BzEncoder;
use flate2::GzBuilder;
use flate2::write::GzEncoder;
use zip::write::{FullFileOptions, StreamWriter};
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::tar::Tar;
use super::{About, ArchiveFormat, Body, Content, Entry};

/// What `git archive`, gzip and zip take when nobody asks.
const USUAL_LEVEL: u32 = 6;

/// Where finished bytes wait until they are read. Shared, because compressors keep the place they write to for themselves.
#[derive(Clone, Default)]
pub(super) struct Shelf(Arc<Mutex<Vec<u8>>>);

impl Shelf {
    fn take(&self, into: &mut Vec<u8>) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::swap(&mut *waiting, into);
    }
}

impl Write for Shelf {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pub(super) struct Container {
    shelf: Shelf,
    writer: Writer,
}

enum Writer {
    Tar(Tar<Compressor>),
    Zip(Box<Zip>),
}

impl Container {
    pub fn new(format: ArchiveFormat, about: &About) -> io::Result<Self> {
        let shelf = Shelf::default();
        let out = shelf.clone();
        let compressor = match format {
            ArchiveFormat::Zip => {
                let writer = Writer::Zip(Box::new(Zip::new(out, about)?));
                return Ok(Container { shelf, writer });
            }
            ArchiveFormat::Tar => Compressor::None(out),
            ArchiveFormat::TarGz => {
                // No time and no name in it; the system is said to be Unix, as gzip and `git archive` do.
                let gz = GzBuilder::new().operating_system(3);
                Compressor::Gzip(Box::new(
                    gz.write(out, flate2::Compression::new(USUAL_LEVEL)),
                ))
            }
            ArchiveFormat::TarBz2 => {
                Compressor::Bzip2(Box::new(BzEncoder::new(out, bzip2::Compression::best())))
            }
            ArchiveFormat::TarZst => {
                Compressor::Zstd(Box::new(zstd::stream::write::Encoder::new(out, 0)?))
            }
        };
        let writer = Writer::Tar(Tar::new(compressor, about)?);
        Ok(Container { shelf, writer })
    }

    /// How many entries it may have. A few folders that hold each other again and again can pretend to be any number of files; nobody has so many. A
    /// zip ends in a list of them, which is held in memory until then.
    pub fn most_entries(&self) -> u64 {
        match self.writer {
            Writer::Zip(_) => 1_000_000,
            Writer::Tar(_) => 10_000_000,
        }
    }

    /// Takes what is ready to be read.
    pub fn take(&mut self, into: &mut Vec<u8>) {
        self.shelf.take(into);
    }

    /// Writes an entry but for the content of a file, which it gives back.
    pub fn begin(&mut self, entry: Entry) -> io::Result<Option<Content>> {
        match &mut self.writer {
            Writer::Tar(tar) => tar.begin(&entry)?,
            Writer::Zip(zip) => zip.begin(&entry)?,
        }
        Ok(match entry.node {
            Body::File { content, .. } if content.size() > 0 => Some(content),
            _ => None,
        })
    }

    /// Writes a part of a file's content.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.writer {
            Writer::Tar(tar) => tar.write(bytes),
            Writer::Zip(zip) => zip.writer.write_all(bytes),
        }
    }

    /// Ends a file whose content was not empty.
    pub fn end_file(&mut self) -> io::Result<()> {
        match &mut self.writer {
            Writer::Tar(tar) => tar.end_file(),
            Writer::Zip(_) => Ok(()),
        }
    }

    /// Ends the archive and gives what has not been taken yet.
    pub fn finish(self) -> io::Result<Vec<u8>> {
        match self.writer {
            Writer::Tar(tar) => tar.finish()?.finish()?,
            Writer::Zip(zip) => drop(zip.writer.finish()?),
        }
        let mut rest = Vec::new();
        self.shelf.take(&mut rest);
        Ok(rest)
    }
}

enum Compressor {
    None(Shelf),
    Gzip(Box<GzEncoder<Shelf>>),
    Bzip2(Box<BzEncoder<Shelf>>),
    Zstd(Box<zstd::stream::write::Encoder<'static, Shelf>>),
}

impl Compressor {
    fn finish(self) -> io::Result<()> {
        match self {
            Compressor::None(_) => {}
            Compressor::Gzip(gzip) => drop(gzip.finish()?),
            Compressor::Bzip2(bzip2) => drop(bzip2.finish()?),
            Compressor::Zstd(zstd) => drop(zstd.finish()?),
        }
        Ok(())
    }
}

impl Write for Compressor {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Compressor::None(shelf) => shelf.write(bytes),
            Compressor::Gzip(gzip) => gzip.write(bytes),
            Compressor::Bzip2(bzip2) => bzip2.write(bytes),
            Compressor::Zstd(zstd) => zstd.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Zip {
    writer: ZipWriter<StreamWriter<Shelf>>,
    /// The names so far: a zip holds each once.
    names: HashSet<String>,
    time: DateTime,
    seconds: i64,
}

impl Zip {
    fn new(out: Shelf, about: &About) -> io::Result<Self> {
        let mut writer = ZipWriter::new_stream(out);
        if let Some(comment) = &about.comment {
            writer.set_comment(comment.as_str())?;
        }
        Ok(Zip {
            writer,
            names: HashSet::new(),
            time: dos_time(about.time),
            seconds: about.time,
        })
    }

    fn begin(&mut self, entry: &Entry) -> io::Result<()> {
        let mut options = FullFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(i64::from(USUAL_LEVEL)))
            .last_modified_time(self.time);
        // A zip's own time knows no zone and stops in 2107; the "extended timestamp" that all tools read has seconds since the epoch.
        if let Ok(seconds) = i32::try_from(self.seconds) {
            let mut stamp = vec![1];
            stamp.extend_from_slice(&seconds.to_le_bytes());
            options.add_extra_field(0x5455, stamp, false)?;
        }
        let mut name = zip_name(&entry.path);
        // Names that are no UTF-8 may come to look like others.
        while !self.names.insert(name.clone()) {
            name.insert(name.trim_end_matches('/').len(), '~');
        }
        match &entry.node {
            Body::Directory => self
                .writer
                .add_directory(name, options.unix_permissions(0o755))?,
            Body::Symlink(target) => {
                let options = options.compression_method(CompressionMethod::Stored);
                self.writer.add_symlink(name, zip_name(target), options)?;
            }
            Body::File {
                executable,
                content,
            } => {
                let mode = if *executable { 0o755 } else { 0o644 };
                let options = options
                    .unix_permissions(mode)
                    .large_file(content.size() >= u64::from(u32::MAX));
                self.writer.start_file(name, options)?;
            }
        }
        Ok(())
    }
}

/// A zip's names are UTF-8 or in the code page of an old DOS. Bytes that are no UTF-8 are taken for Latin-1.
fn zip_name(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(name) => name.to_owned(),
        Err(_) => bytes.iter().map(|&byte| char::from(byte)).collect(),
    }
}

/// The time in UTC, within what a zip can tell: 1980 to 2107.
fn dos_time(seconds: i64) -> DateTime {
    let (year, month, day) = civil(seconds.div_euclid(86_400));
    let second = seconds.rem_euclid(86_400) as u32;
    let [hour, minute, second] =
        [second / 3600, second / 60 % 60, second % 60].map(|part| part as u8);
    u16::try_from(year)
        .ok()
        .and_then(|year| DateTime::from_date_and_time(year, month, day, hour, minute, second).ok())
        .unwrap_or_default()
}

/// Days since 1970-01-01 as year, month, day: Howard Hinnant's `civil_from_days`.
fn civil(days: i64) -> (i64, u8, u8) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = (day_of_year - (153 * month + 2) / 5 + 1) as u8;
    let month = (if month < 10 { month + 3 } else { month - 9 }) as u8;
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_become_dates() {
        assert_eq!(civil(0), (1970, 1, 1));
        assert_eq!(civil(19_675), (2023, 11, 14));
        assert_eq!(civil(-1), (1969, 12, 31));
        assert_eq!(civil(11_016), (2000, 2, 29));
    }

    #[test]
    fn times_a_zip_cannot_tell_are_the_earliest_it_can() {
        assert_eq!(dos_time(-1), DateTime::default());
        assert_eq!(dos_time(i64::MAX), DateTime::default());
        assert_eq!(dos_time(1_700_000_000).year(), 2023);
    }
}
