//! How long a recording on disk plays, read from its container: what Portkey's gateways are told of a file that is to be
//! transcribed. Known are WAV, FLAC, Ogg (Vorbis and Opus), MP4 and MPEG audio. It does not decode.
//! The invariant: little is read, wherever a file says that more is, and what is not understood has no duration.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// A container is searched through at most so many of its parts.
const MOST_PARTS: usize = 1_000;
/// An Ogg page is no longer; so much of an MPEG file may be no audio.
const REACH: u64 = 64 * 1024;

/// In milliseconds.
pub fn of(path: &Path) -> Option<u64> {
    Recording::new(File::open(path).ok()?)?.duration()
}

struct Recording<Source> {
    source: Source,
    size: u64,
}

impl<Source: Read + Seek> Recording<Source> {
    fn new(mut source: Source) -> Option<Self> {
        let size = source.seek(SeekFrom::End(0)).ok()?;
        Some(Self { source, size })
    }

    /// Up to `length` bytes from `place` on.
    fn at(&mut self, place: u64, length: u64) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        self.source.seek(SeekFrom::Start(place)).ok()?;
        self.source.by_ref().take(length).read_to_end(&mut bytes).ok()?;
        Some(bytes)
    }

    fn duration(&mut self) -> Option<u64> {
        let head = self.at(0, 12)?;
        match (head.get(..4)?, head.get(4..8)?, head.get(8..12)?) {
            (b"RIFF", _, b"WAVE") => self.wav(),
            (b"fLaC", ..) => self.flac(),
            (b"OggS", ..) => self.ogg(),
            (_, b"ftyp", _) => self.mp4(),
            ([b'I', b'D', b'3', _] | [0xFF, 0xE0..=0xFF, ..], ..) => self.mpeg(),
            _ => None,
        }
    }

    fn wav(&mut self) -> Option<u64> {
        let mut place = 12;
        let mut bytes_per_second = None;
        for _ in 0..MOST_PARTS {
            let head = self.at(place, 20)?;
            let length = u64::from(u32_le(&head, 4)?);
            match head.get(..4)? {
                b"fmt " => bytes_per_second = u32_le(&head, 16),
                // A recorder that was cut off has not written the length.
                b"data" => return lasting(length.min(self.size - place - 8), bytes_per_second?),
                _ => {}
            }
            place += 8 + length + length % 2;
        }
        None
    }

    fn flac(&mut self) -> Option<u64> {
        // Its first block is the stream's description.
        let info = self.at(8, 18)?;
        let rate = u32_be(&info, 9)? >> 4 & 0xF_FFFF;
        let samples = u64::from(info.get(13)? & 0xF) << 32 | u64::from(u32_be(&info, 14)?);
        lasting(samples, rate).filter(|_| samples > 0)
    }

    fn ogg(&mut self) -> Option<u64> {
        let head = self.at(0, REACH)?;
        let first = head.get(27 + usize::from(*head.get(26)?)..)?;
        let (rate, skipped) = if first.starts_with(b"\x01vorbis") {
            (u32_le(first, 12)?, 0)
        } else if first.starts_with(b"OpusHead") {
            (48_000, u64::from(u16::from_le_bytes(first.get(10..12)?.try_into().ok()?)))
        } else {
            return None;
        };
        let tail = self.at(self.size.saturating_sub(REACH), REACH)?;
        let pages = tail.windows(14).filter(|page| page.starts_with(b"OggS"));
        let samples = pages.filter_map(|page| u64_le(page, 6)).rfind(|samples| *samples < u64::MAX)?;
        lasting(samples.checked_sub(skipped)?, rate)
    }

    fn mp4(&mut self) -> Option<u64> {
        let size = self.size;
        let (movie, end) = self.part(b"moov", 0, size)?;
        let (header, _) = self.part(b"mvhd", movie, end)?;
        let header = self.at(header, 32)?;
        let (rate, units) = match header.first()? {
            0 => (u32_be(&header, 12)?, u64::from(u32_be(&header, 16)?)),
            _ => (u32_be(&header, 20)?, u64_be(&header, 24)?),
        };
        lasting(units, rate)
    }

    /// Where what a box of this kind holds begins and ends, among those from `place` on.
    fn part(&mut self, kind: &[u8], mut place: u64, end: u64) -> Option<(u64, u64)> {
        for _ in 0..MOST_PARTS {
            let head = self.at(place, 16)?;
            let (begin, length) = match u32_be(&head, 0)? {
                0 => (8, end.checked_sub(place)?),
                1 => (16, u64_be(&head, 8)?),
                length => (8, u64::from(length)),
            };
            let after = place.checked_add(length).filter(|after| *after <= end && length >= begin)?;
            if head.get(4..8)? == kind {
                return Some((place + begin, after));
            }
            place = after;
        }
        None
    }

    fn mpeg(&mut self) -> Option<u64> {
        let head = self.at(0, 10)?;
        let mut begin = 0;
        if head.starts_with(b"ID3") {
            let length = head.get(6..10)?.iter().fold(0, |length, byte| length << 7 | u64::from(byte & 0x7F));
            begin = 10 + length;
        }
        let audio = self.at(begin, REACH)?;
        let (offset, frame) = (0..audio.len()).find_map(|at| Some((at, Frame::read(&audio[at..])?)))?;
        let first = &audio[offset..];
        if let Some(frames) = frame.frames(first) {
            return lasting(u64::from(frames) * frame.samples, frame.rate);
        }
        let tag = self.at(self.size.saturating_sub(128), 3)?;
        let end = if tag == b"TAG" { self.size - 128 } else { self.size };
        lasting(8 * end.checked_sub(begin + offset as u64)?, frame.bits_per_second)
    }
}

/// What the head of an MPEG audio frame says.
struct Frame {
    bits_per_second: u32,
    rate: u32,
    samples: u64,
    /// Where a first frame that is none tells of the whole.
    tells_at: usize,
}

impl Frame {
    fn read(bytes: &[u8]) -> Option<Self> {
        const FIRST: [[u32; 14]; 3] = [
            [32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
            [32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
            [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
        ];
        const SECOND: [[u32; 14]; 2] = [
            [32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
            [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
        ];
        let &[0xFF, second, third, fourth] = bytes.get(..4)? else { return None };
        let layer = usize::from(4_u8.checked_sub(second >> 1 & 3).filter(|layer| *layer < 4)?);
        let version = second >> 3 & 3;
        if second < 0xE0 || version == 1 {
            return None;
        }
        let is_first = version == 3;
        let place = usize::from(third >> 4).checked_sub(1)?;
        let kilobits = if is_first {
            FIRST[layer - 1].get(place)?
        } else {
            SECOND[usize::from(layer > 1)].get(place)?
        };
        let full = *[44_100, 48_000, 32_000].get(usize::from(third >> 2 & 3))?;
        let rate = full
            >> if is_first {
                0
            } else if version == 2 {
                1
            } else {
                2
            };
        let samples = if layer == 1 {
            384
        } else if layer == 3 && !is_first {
            576
        } else {
            1152
        };
        let tells_at = 4 + match (is_first, fourth >> 6 == 3) {
            (true, false) => 32,
            (true, true) | (false, false) => 17,
            (false, true) => 9,
        };
        Some(Self { bits_per_second: kilobits * 1000, rate, samples, tells_at })
    }

    /// How many there are, where the first one tells it, as those of a varying bit rate do.
    fn frames(&self, first: &[u8]) -> Option<u32> {
        let told = first.get(self.tells_at..)?;
        if (told.starts_with(b"Xing") || told.starts_with(b"Info")) && told.get(7)? & 1 == 1 {
            return u32_be(told, 8);
        }
        first.get(36..)?.starts_with(b"VBRI").then(|| u32_be(first, 50))?
    }
}

/// How long so many units last.
fn lasting(units: u64, per_second: u32) -> Option<u64> {
    let per_second = u128::from(per_second);
    let milliseconds = (u128::from(units) * 1000 + per_second / 2).checked_div(per_second)?;
    milliseconds.try_into().ok()
}

fn u32_le(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn u64_le(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}

fn u32_be(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn u64_be(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_be_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}

#[cfg(test)]
#[path = "duration_tests.rs"]
mod tests;
