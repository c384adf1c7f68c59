//! Scalars as TensorBoard reads them.
//!
//! A file is a series of records: the length (u64), its checksum, the data, their checksum; all
//! little-endian. The checksum is CRC-32C, masked as TFRecord does it. The data are a protobuf
//! `Event` (tensorflow/core/util/event.proto), of which a dozen bytes need no generated code.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::Error;

/// Folder of the event files.
pub(crate) const TENSORBOARD: &str = "tensorboard";
/// Beginning of an event file's name, before the step that it begins behind.
const PREFIX: &str = "events.out.tfevents.";

/// An event file that is appended to.
#[derive(Debug)]
pub(crate) struct Board {
    file: File,
    path: PathBuf,
}

impl Board {
    /// Starts the file of a run that goes on behind `step`, and removes those of what will come
    /// again. What other files hold beyond `step` TensorBoard drops by itself, as the new file
    /// begins with the mark of a session.
    pub fn start(dir: &Path, step: u64) -> Result<Self, Error> {
        fs::create_dir_all(dir).map_err(Error::io(dir))?;
        for entry in fs::read_dir(dir).map_err(Error::io(dir))? {
            let path = entry.map_err(Error::io(dir))?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let number = name
                .strip_prefix(PREFIX)
                .and_then(|n| n.parse::<u64>().ok());
            if number.is_some_and(|number| number >= step) {
                match fs::remove_file(&path) {
                    Err(error) if error.kind() != ErrorKind::NotFound => {
                        return Err(Error::io(&path)(error));
                    }
                    _ => {}
                }
            }
        }
        let path = dir.join(format!("{PREFIX}{step:010}"));
        let file = File::create(&path).map_err(Error::io(&path))?;
        let mut board = Self { file, path };
        let version = text(3, b"brain.Event:2");
        let session = text(7, &varint_field(1, 1)); // SessionLog { status: START }
        board.write(&[event(0, &version), event(step + 1, &session)])?;
        Ok(board)
    }

    /// Adds figures of a step by name.
    pub fn add(&mut self, step: u64, figures: &[(&str, f64)]) -> Result<(), Error> {
        let values = figures.iter().map(|(tag, figure)| {
            let mut value = text(1, tag.as_bytes());
            value.push(2 << 3 | 5);
            value.extend((*figure as f32).to_le_bytes());
            text(1, &value) // Summary { value: Value { tag, simple_value } }
        });
        let summary = values.collect::<Vec<_>>().concat();
        self.write(&[event(step, &text(5, &summary))])
    }

    fn write(&mut self, events: &[Vec<u8>]) -> Result<(), Error> {
        let records: Vec<Vec<u8>> = events.iter().map(|event| record(event)).collect();
        let written = self.file.write_all(&records.concat());
        written.map_err(Error::io(&self.path))
    }
}

fn record(data: &[u8]) -> Vec<u8> {
    let length = (data.len() as u64).to_le_bytes();
    let mut record = length.to_vec();
    record.extend(masked_crc32c(&length).to_le_bytes());
    record.extend(data);
    record.extend(masked_crc32c(data).to_le_bytes());
    record
}

/// `Event { wall_time, step, … }`.
fn event(step: u64, what: &[u8]) -> Vec<u8> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let mut event = vec![1 << 3 | 1];
    event.extend(now.map_or(0.0, |now| now.as_secs_f64()).to_le_bytes());
    event.extend(varint_field(2, step));
    event.extend(what);
    event
}

/// A field of bytes.
fn text(field: u64, bytes: &[u8]) -> Vec<u8> {
    let mut encoded = varint(field << 3 | 2);
    encoded.extend(varint(bytes.len() as u64));
    encoded.extend(bytes);
    encoded
}

fn varint_field(field: u64, value: u64) -> Vec<u8> {
    let mut encoded = varint(field << 3);
    encoded.extend(varint(value));
    encoded
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut encoded = Vec::new();
    while value >= 1 << 7 {
        encoded.push((value as u8) | 1 << 7);
        value >>= 7;
    }
    encoded.push(value as u8);
    encoded
}

/// TFRecord's mask keeps a checksum of data that hold checksums from being trivial.
fn masked_crc32c(data: &[u8]) -> u32 {
    crc32c(data).rotate_right(15).wrapping_add(0xa282_ead8)
}

/// CRC-32 with Castagnoli's polynomial (RFC 3720, appendix B.4), bit by bit: records are short.
fn crc32c(data: &[u8]) -> u32 {
    let crc = data.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ if crc & 1 == 1 { 0x82f6_3b78 } else { 0 }
        })
    });
    !crc
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Reads an event file with the format's description in hand: `(step, tag, value)`.
    pub(crate) fn read(path: &Path) -> Vec<(u64, String, f32)> {
        let bytes = fs::read(path).unwrap();
        let (mut at, mut found) = (0, Vec::new());
        while at < bytes.len() {
            let number = |at: usize, n: usize| -> u64 {
                (0..n)
                    .rev()
                    .fold(0, |sum, i| sum << 8 | u64::from(bytes[at + i]))
            };
            let length = number(at, 8) as usize;
            let data = &bytes[at + 12..at + 12 + length];
            let unmasked = |crc: u64| (crc as u32).wrapping_sub(0xa282_ead8).rotate_left(15);
            assert_eq!(unmasked(number(at + 8, 4)), by_table(&bytes[at..at + 8]));
            assert_eq!(unmasked(number(at + 12 + length, 4)), by_table(data));
            at += 16 + length;
            let event = fields(data);
            let step = event.iter().find(|(field, ..)| *field == 2).unwrap().1;
            for (_, _, summary) in event.iter().filter(|(field, ..)| *field == 5) {
                for (_, _, value) in fields(summary) {
                    let value = fields(&value);
                    let tag = String::from_utf8(value[0].2.clone()).unwrap();
                    found.push((step, tag, f32::from_bits(value[1].1 as u32)));
                }
            }
        }
        found
    }

    /// Fields of a protobuf message: number, value, bytes.
    fn fields(mut data: &[u8]) -> Vec<(u64, u64, Vec<u8>)> {
        fn varint(data: &mut &[u8]) -> u64 {
            let (mut value, mut shift) = (0, 0);
            loop {
                let byte = data[0];
                *data = &data[1..];
                value |= u64::from(byte & 127) << shift;
                shift += 7;
                if byte < 128 {
                    return value;
                }
            }
        }
        let mut found = Vec::new();
        while !data.is_empty() {
            let key = varint(&mut data);
            let fixed = |data: &[u8]| data.iter().rev().fold(0, |v, b| v << 8 | u64::from(*b));
            let (value, bytes) = match key & 7 {
                0 => (varint(&mut data), Vec::new()),
                wire => {
                    let length = match wire {
                        1 => 8,
                        5 => 4,
                        _ => varint(&mut data) as usize,
                    };
                    let (bytes, rest) = data.split_at(length);
                    data = rest;
                    let number = if wire == 2 { 0 } else { fixed(bytes) };
                    (number, bytes.to_vec())
                }
            };
            found.push((key >> 3, value, bytes));
        }
        found
    }

    /// The same checksum in the other usual form.
    fn by_table(data: &[u8]) -> u32 {
        let table: Vec<u32> = (0..256u32)
            .map(|i| {
                (0..8).fold(i, |c, _| {
                    if c & 1 == 1 {
                        c >> 1 ^ 0x82f6_3b78
                    } else {
                        c >> 1
                    }
                })
            })
            .collect();
        let step =
            |crc: u32, byte: &u8| table[((crc ^ u32::from(*byte)) & 255) as usize] ^ crc >> 8;
        !data.iter().fold(!0, step)
    }

    #[test]
    fn checksums_are_those_of_rfc_3720() {
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
        assert_eq!(crc32c(&[0; 32]), 0x8a91_36aa);
        let counting: Vec<u8> = (0..32).collect();
        assert_eq!(crc32c(&counting), 0x46dd_794e);
    }

    #[test]
    fn figures_are_read_back_and_what_comes_again_is_gone() {
        let dir = tempfile::tempdir().unwrap();
        let names = || {
            let entries = fs::read_dir(dir.path()).unwrap();
            let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
            let mut names: Vec<String> = names.collect();
            names.sort();
            names
        };
        let mut board = Board::start(dir.path(), 0).unwrap();
        board.add(1, &[("loss", 4.25), ("lr", 1e-3)]).unwrap();
        board.add(300, &[("val_loss", -0.5)]).unwrap();
        let first = dir.path().join("events.out.tfevents.0000000000");
        let expected = [(1, "loss", 4.25), (1, "lr", 1e-3), (300, "val_loss", -0.5)];
        let expected = expected.map(|(step, tag, value)| (step, tag.to_owned(), value));
        assert_eq!(read(&first), expected);
        drop(Board::start(dir.path(), 500).unwrap());
        drop(Board::start(dir.path(), 300).unwrap());
        assert_eq!(
            names(),
            [
                "events.out.tfevents.0000000000",
                "events.out.tfevents.0000000300"
            ]
        );
        drop(Board::start(dir.path(), 0).unwrap());
        assert_eq!(names(), ["events.out.tfevents.0000000000"]);
        assert!(read(&first).is_empty());
    }
}
