//! A stream as a file that can be read at any place.

use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;

use textmill_schemas::Reason;

use super::Stream;
use crate::input::layer::Layer;
use crate::input::{Damage, Input};

impl Stream {
    /// The file's bytes from the beginning, decompressed, to be read at any place: the file itself,
    /// or what is compressed or comes only once in a temporary file of up to `limit` bytes, in
    /// `folder` if there is one.
    pub fn into_seekable(
        mut self,
        folder: Option<&Path>,
        limit: u64,
    ) -> Result<Box<dyn Input>, Reason> {
        let unreadable = |error: io::Error| {
            Reason::new(Damage::rule(&error, Damage::UNREADABLE)).detail(error.to_string())
        };
        match self.layer {
            Layer::Plain(mut input) if !self.once => {
                input.seek(SeekFrom::Start(0)).map_err(unreadable)?;
                return Ok(input);
            }
            packed => self.layer = packed,
        }
        let spool = folder.map_or_else(tempfile::tempfile, tempfile::tempfile_in);
        let mut spool = spool.map_err(unreadable)?;
        loop {
            let chunk = self.fill().map_err(|damage| damage.reason())?;
            if chunk.is_empty() {
                break;
            }
            let read = chunk.len();
            spool.write_all(chunk).map_err(unreadable)?;
            self.consume(read);
            if self.position > limit {
                return Err(Reason::new("collect.too_large")
                    .measured(self.position as f64, limit as f64)
                    .detail("longer than collect.max_spool_bytes"));
            }
        }
        spool.seek(SeekFrom::Start(0)).map_err(unreadable)?;
        Ok(Box::new(spool))
    }
}
