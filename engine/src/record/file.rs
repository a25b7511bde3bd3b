//! Records as lines of JSON in a file, begun anew when it has grown to its limit: `calls.ndjson`, `calls.ndjson.1` (the
//! latest of the old ones), … . Several processes may write to files of their own, not to one.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use super::worker::{Lines, Writer};
use crate::error::Problem;

/// Which file, and when it is begun anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotation {
    pub path: PathBuf,
    pub most_bytes: u64,
    /// How many old files are kept.
    pub old_files: usize,
}

/// So much is written at once.
const PIECE: usize = 1 << 16;

pub struct File {
    rotation: Rotation,
    /// `None` after it could not be opened: it is tried again with the next entries.
    open: Option<fs::File>,
    size: u64,
}

impl File {
    /// Opens the file to append to it. The error says why that is not possible.
    pub fn open(rotation: &Rotation) -> Result<Self, Problem> {
        let mut file = Self { rotation: rotation.clone(), open: None, size: 0 };
        make_folder(&rotation.path).and_then(|()| file.reopen()).map_err(|why| Problem {
            path: "logs.file".to_owned(),
            message: format!("cannot be written to ({why})"),
        })?;
        Ok(file)
    }

    fn reopen(&mut self) -> std::io::Result<()> {
        let open = OpenOptions::new().create(true).append(true).open(&self.rotation.path)?;
        self.size = open.metadata()?.len();
        self.open = Some(open);
        Ok(())
    }

    fn old(&self, number: usize) -> PathBuf {
        let mut name = self.rotation.path.clone().into_os_string();
        name.push(format!(".{number}"));
        name.into()
    }

    /// Makes way for a new file: each old one's number grows, the oldest goes.
    fn rotate(&mut self) -> std::io::Result<()> {
        self.open = None;
        if self.rotation.old_files == 0 {
            fs::remove_file(&self.rotation.path)?;
            return self.reopen();
        }
        for number in (1..self.rotation.old_files).rev() {
            // One that is not there yet needs no place.
            let _ = fs::rename(self.old(number), self.old(number + 1));
        }
        fs::rename(&self.rotation.path, self.old(1))?;
        self.reopen()
    }

    fn append(&mut self, lines: &[u8]) -> std::io::Result<()> {
        if self.size > 0 && self.size + lines.len() as u64 > self.rotation.most_bytes {
            self.rotate()?;
        }
        if self.open.is_none() {
            self.reopen()?;
        }
        if let Some(open) = &mut self.open {
            open.write_all(lines)?;
            self.size += lines.len() as u64;
        }
        Ok(())
    }
}

impl Writer for File {
    type Batch = Lines;

    fn write(&mut self, batch: &mut Lines) -> u64 {
        let mut lost = 0;
        // In pieces, so that a file grows little beyond its limit.
        for piece in batch.pieces(PIECE) {
            if self.append(piece).is_err() {
                lost += memchr::memchr_iter(b'\n', piece).count() as u64;
                self.open = None;
            }
        }
        lost
    }
}

/// Makes the folder that a file is to be in, for its owner alone: records may hold contents.
pub fn make_folder(file: &Path) -> std::io::Result<()> {
    let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) else { return Ok(()) };
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}
