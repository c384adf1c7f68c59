//! The bytes of an archive, handed to one member after the other.

use std::io::{self, Read};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::header::{BLOCK, Block};
use crate::input::{Broken, Damage, Stream};

/// What [`Tape::block`] found.
pub(super) enum Next {
    /// A block.
    Block(Box<Block>),
    /// Less than a block before the end.
    Part,
    /// The end.
    End,
}

/// The archive. Members read from it through [`Content`], one at a time.
#[derive(Clone)]
pub(super) struct Tape(Arc<Mutex<State>>);

struct State {
    stream: Stream,
    /// Bytes of the current member's content that are still to come.
    left: u64,
    /// Bytes that fill its last block up.
    padding: u64,
}

impl Tape {
    /// Starts at the beginning of an archive.
    pub fn new(stream: Stream) -> Self {
        Self(Arc::new(Mutex::new(State {
            stream,
            left: 0,
            padding: 0,
        })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Offset in the archive, decompressed.
    pub fn position(&self) -> u64 {
        self.state().stream.position()
    }

    /// The next block.
    pub fn block(&self) -> Result<Next, Damage> {
        let mut state = self.state();
        let mut block = [0; BLOCK];
        let mut filled = 0;
        while let Some(rest) = block.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match state.stream.read(rest)? {
                0 if filled == 0 => return Ok(Next::End),
                0 => return Ok(Next::Part),
                read => filled += read,
            }
        }
        Ok(Next::Block(Box::new(block)))
    }

    /// The content of a member of so many bytes, which begins here.
    pub fn content(&self, size: u64) -> Content {
        let mut state = self.state();
        state.left = size;
        state.padding = (BLOCK as u64 - size % BLOCK as u64) % BLOCK as u64;
        drop(state);
        Content(self.clone())
    }

    /// Goes behind the current member. Returns whether all of it is there.
    pub fn skip(&self) -> Result<bool, Damage> {
        let mut state = self.state();
        let (left, padding) = (state.left, state.padding);
        (state.left, state.padding) = (0, 0);
        let skipped = state.stream.skip(left.saturating_add(padding))?;
        // The last block need not be filled up.
        Ok(skipped >= left)
    }
}

/// The content of the current member.
pub(super) struct Content(Tape);

impl Read for Content {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut state = self.0.state();
        let most = usize::try_from(state.left)
            .unwrap_or(usize::MAX)
            .min(out.len());
        if most == 0 {
            return Ok(0);
        }
        let part = out.get_mut(..most).unwrap_or_default();
        match state.stream.read(part) {
            Ok(0) => Err(Broken::error(
                Damage::TRUNCATED,
                "the archive ends inside this member",
            )),
            Ok(read) => {
                state.left -= read as u64;
                Ok(read)
            }
            Err(damage) => Err(Broken::error(damage.rule, damage.detail)),
        }
    }
}
