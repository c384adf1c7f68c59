//! Pieces of members on their way from the unpacking thread.

use std::io::{self, ErrorKind, Read};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};

use sevenz_rust2::{ArchiveReader, Error, Password};

use crate::input::{Broken, Damage, Input};

/// Bytes of a piece, and pieces on their way at most.
const PIECE: usize = 256 << 10;
const PIECES: usize = 4;
/// KiB that a dictionary or a header may take: what `7z -mx=9` asks for, and some room.
const MEMORY_KIB: usize = 512 << 10;

/// A member as the archive states it.
pub(super) struct Entry {
    pub name: String,
    /// Its number in the archive, as 7z keeps no headers at members.
    pub number: u64,
    pub size: u64,
    /// Bytes of the compressed block that it begins; 0 further in.
    pub packed: u64,
    pub is_folder: bool,
}

/// What the unpacking thread sends.
pub(super) enum Piece {
    Member(Entry),
    Bytes(Vec<u8>),
    Broken(&'static str, String),
    /// All members came.
    End,
}

/// The receiving end.
pub(super) struct Taker {
    pieces: Arc<Mutex<Receiver<Piece>>>,
    /// A piece that was taken too early: the next member.
    next: Arc<Mutex<Option<Piece>>>,
}

/// Makes both ends.
pub(super) fn new() -> (SyncSender<Piece>, Taker) {
    let (give, take) = sync_channel(PIECES);
    let taker = Taker {
        pieces: Arc::new(Mutex::new(take)),
        next: Arc::default(),
    };
    (give, taker)
}

impl Taker {
    /// The next member; what is left of the one before is passed over.
    pub fn next_member(&mut self) -> Option<Entry> {
        loop {
            match take(&self.pieces, &self.next)? {
                Piece::Member(entry) => return Some(entry),
                Piece::Bytes(_) | Piece::Broken(..) => {}
                Piece::End => {
                    put_back(&self.next, Piece::End);
                    return None;
                }
            }
        }
    }

    /// Whether the archive was read to its end.
    pub fn is_whole(&self) -> bool {
        let next = self.next.lock();
        next.is_ok_and(|next| matches!(*next, Some(Piece::End)))
    }
}

fn take(pieces: &Mutex<Receiver<Piece>>, next: &Mutex<Option<Piece>>) -> Option<Piece> {
    if let Some(piece) = next.lock().ok()?.take() {
        return Some(piece);
    }
    pieces.lock().ok()?.recv().ok()
}

fn put_back(next: &Mutex<Option<Piece>>, piece: Piece) {
    if let Ok(mut next) = next.lock() {
        *next = Some(piece);
    }
}

/// The content of a member.
pub(super) struct Pieces {
    pieces: Arc<Mutex<Receiver<Piece>>>,
    next: Arc<Mutex<Option<Piece>>>,
    piece: Vec<u8>,
    read: usize,
}

impl Pieces {
    /// That of the member which came last.
    pub fn of(taker: &Taker) -> Self {
        Self {
            pieces: Arc::clone(&taker.pieces),
            next: Arc::clone(&taker.next),
            piece: Vec::new(),
            read: 0,
        }
    }
}

impl Read for Pieces {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.read == self.piece.len() {
            match take(&self.pieces, &self.next) {
                Some(Piece::Bytes(bytes)) => (self.piece, self.read) = (bytes, 0),
                Some(Piece::Broken(rule, detail)) => return Err(Broken::error(rule, detail)),
                Some(other) => {
                    put_back(&self.next, other);
                    return Ok(0);
                }
                None => {
                    return Err(Broken::error(
                        Damage::CORRUPT,
                        "the archive ends inside of a member",
                    ));
                }
            }
        }
        let mut rest = self.piece.get(self.read..).unwrap_or_default();
        let read = rest.read(out)?;
        self.read += read;
        Ok(read)
    }
}

/// Unpacks an archive into pieces, until all is sent or nobody takes it.
pub(super) fn unpack(input: Box<dyn Input>, give: &SyncSender<Piece>) -> Result<(), Error> {
    let mut archive = ArchiveReader::new_with_memory_limit(input, Password::empty(), MEMORY_KIB)?;
    archive.set_thread_count(1);
    let sizes = packed_sizes(&archive);
    let mut number = 0;
    let mut buffer = vec![0; PIECE];
    let mut gone = false;
    archive.for_each_entries(|entry, content| {
        let packed = sizes.get(number).copied().unwrap_or(0);
        let member = Entry {
            name: entry.name().to_owned(),
            number: number as u64,
            size: entry.size(),
            packed,
            is_folder: entry.is_directory(),
        };
        number += 1;
        gone = gone || give.send(Piece::Member(member)).is_err();
        while !gone {
            match content.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => {
                    let bytes = buffer.get(..read).unwrap_or_default().to_vec();
                    gone = give.send(Piece::Bytes(bytes)).is_err();
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    let rule = match error.kind() {
                        ErrorKind::UnexpectedEof => Damage::TRUNCATED,
                        _ => Damage::rule(&error, Damage::CORRUPT),
                    };
                    let _ = give.send(Piece::Broken(rule, format!("7z: {error}")));
                    return Err(error.into());
                }
            }
        }
        if gone {
            return Err(Error::Other("nobody takes it".into()));
        }
        Ok(true)
    })?;
    let _ = give.send(Piece::End);
    Ok(())
}

/// Packed bytes of the block that each entry begins, in the order in which entries come.
fn packed_sizes(archive: &ArchiveReader<Box<dyn Input>>) -> Vec<u64> {
    let archive = archive.archive();
    let map = &archive.stream_map;
    let mut sizes = Vec::new();
    for block in 0..archive.blocks.len() {
        let files = map.file_block_index.iter().filter(|of| **of == Some(block));
        let streams = map.block_first_pack_stream_index();
        let first = streams.get(block).copied().unwrap_or(0);
        let end = streams
            .get(block + 1)
            .copied()
            .unwrap_or(archive.pack_sizes().len());
        let packed = archive.pack_sizes().get(first..end).unwrap_or_default();
        let packed = packed
            .iter()
            .fold(0_u64, |sum, size| sum.saturating_add(*size));
        sizes.extend(
            files
                .enumerate()
                .map(|(at, _)| if at == 0 { packed } else { 0 }),
        );
    }
    sizes
}
