//! How much there is to draw, counted before it is drawn: a file of a few lines can ask for
//! years of work by forms that draw forms, and for any memory by packed streams.
//!
//! The library bounds only the depth of forms. Here each content stream costs its bytes as often
//! as it is drawn; the sum is bounded, whatever the machine's speed.

use std::collections::HashMap;
use std::ops::Deref;

use flate2::{Decompress, FlushDecompress, Status};
use hayro_interpret::CacheKey;
use hayro_interpret::hayro_syntax::content::TypedIter;
use hayro_interpret::hayro_syntax::content::ops::TypedInstruction;
use hayro_interpret::hayro_syntax::object::{Array, Dict, Name, Object, Stream};
use hayro_interpret::hayro_syntax::page::{Page, Resources};
use memchr::memmem;
use textmill_schemas::Reason;

use crate::input::Damage;

/// Bytes of content streams that are drawn for a document, forms as often as they are.
const MAX_DRAWN: u64 = 256 << 20;
/// Unpacked bytes of one stream: a page scanned in colour at 600 dots per inch has 105 MB.
const MAX_STREAM: u64 = 256 << 20;
/// Unpacked bytes of all streams: so many, and so many for each byte of the file.
const MAX_UNPACKED: (u64, u64) = (1 << 30, 20);
/// Depth of forms, as the library has it.
const MAX_DEPTH: u32 = 50;
/// What an operator that reads an object costs, and a glyph whose outline is kept.
const OPERATOR: u64 = 256;
const OUTLINE: u64 = 256;
/// First of the modes of showing text that make a clipping path of the outlines.
const CLIP_MODE: i64 = 4;

/// Refuses a file whose streams unpack to too much. They are looked for as they lie, since the
/// library unpacks some of them before it can be asked about any.
pub(super) fn check_streams(file: &[u8]) -> Result<(), Reason> {
    let limit = MAX_UNPACKED.1.saturating_mul(file.len() as u64);
    let mut left = limit.saturating_add(MAX_UNPACKED.0);
    let mut buffer = vec![0; 64 << 10];
    for at in memmem::find_iter(file, b"stream") {
        let content = file.get(at + 6..).unwrap_or_default();
        let content = content.strip_prefix(b"\r").unwrap_or(content);
        let content = content.strip_prefix(b"\n").unwrap_or(content);
        let bytes = unpacked(content, MAX_STREAM.min(left), &mut buffer);
        match bytes {
            Some(bytes) => left = left.saturating_sub(bytes),
            None => {
                let detail = format!("PDF: the stream at byte {at} unpacks to too much");
                return Err(Reason::new(Damage::BOMB).detail(detail));
            }
        }
    }
    Ok(())
}

/// The length of what zlib has packed (RFC 1950), up to where it ends or is broken; `None` if it
/// is over the limit.
fn unpacked(packed: &[u8], limit: u64, buffer: &mut [u8]) -> Option<u64> {
    let mut decoder = Decompress::new(true);
    loop {
        let before = (decoder.total_in(), decoder.total_out());
        let rest = packed.get(usize::try_from(before.0).ok()?..)?;
        let status = decoder.decompress(rest, buffer, FlushDecompress::None);
        if decoder.total_out() > limit {
            return None;
        }
        let is_stuck = before == (decoder.total_in(), decoder.total_out());
        match status {
            Ok(Status::Ok) if !is_stuck => {}
            _ => return Some(decoder.total_out()),
        }
    }
}

/// What may yet be drawn.
pub(super) struct Work {
    left: u64,
    /// Bytes that may yet be looked through for this.
    unseen: u64,
    /// What forms cost, by what they are, what they draw with, and their depth.
    known: HashMap<(u128, u128, u32), u64>,
}

impl Default for Work {
    fn default() -> Self {
        Self {
            left: MAX_DRAWN,
            unseen: MAX_DRAWN,
            known: HashMap::new(),
        }
    }
}

impl Work {
    /// Counts a page, which is drawn only if this is no error.
    pub fn page(&mut self, page: &Page) -> Result<(), Reason> {
        self.cost_of_page(page)
            .and_then(|cost| self.left.checked_sub(cost))
            .map(|left| self.left = left)
            .ok_or_else(|| {
                let detail = "PDF: forms and pages that draw more than any document needs";
                Reason::new(Damage::BOMB).detail(detail)
            })
    }

    fn cost_of_page(&mut self, page: &Page) -> Option<u64> {
        // Parts may be the same one again and again: counted before they are put together.
        if let Some(parts) = page.raw().get::<Array>(b"Contents") {
            let mut lengths: HashMap<u128, u64> = HashMap::new();
            let mut sum = 0;
            for part in parts.iter::<Stream>() {
                let unpack = || part.decoded_data().map_or(0, |data| data.len() as u64 + 1);
                sum += *lengths.entry(part.cache_key()).or_insert_with(unpack);
                if sum > self.left {
                    return None;
                }
            }
        }
        self.cost(page.page_stream().unwrap_or_default(), page.resources(), 0)
    }

    /// What it costs to draw a content stream; `None` if it is more than there is.
    fn cost(&mut self, content: &[u8], resources: &Resources, depth: u32) -> Option<u64> {
        let bytes = content.len() as u64;
        self.unseen = self.unseen.checked_sub(bytes)?;
        let mut cost = bytes;
        let mut keeps_outlines = false;
        let mut operators = TypedIter::new(content);
        while let Some(operator) = operators.next() {
            use TypedInstruction as I;
            let more = match operator {
                I::XObject(name) => match resources.get_x_object(name.0) {
                    Some(object) => self.cost_of_object(&object, resources, depth)?,
                    None => OPERATOR,
                },
                I::Shading(name) => resources.get_shading(name.0).map_or(OPERATOR, weight),
                I::StrokeColorNamed(color) => pattern(color.1, resources),
                I::NonStrokeColorNamed(color) => pattern(color.1, resources),
                I::SetGraphicsState(_) | I::InlineImage(_) => OPERATOR,
                I::TextRenderingMode(mode) => {
                    keeps_outlines |= mode.0.as_i64() >= CLIP_MODE;
                    0
                }
                I::ShowText(text) if keeps_outlines => OUTLINE * text.0.as_bytes().len() as u64,
                I::ShowTexts(texts) if keeps_outlines => OUTLINE * texts.0.data().len() as u64,
                _ => 0,
            };
            cost = cost.saturating_add(more);
            if cost > self.left {
                return None;
            }
        }
        Some(cost)
    }

    /// What it costs to draw a form; pictures are not unpacked.
    fn cost_of_object(
        &mut self,
        object: &Stream,
        resources: &Resources,
        depth: u32,
    ) -> Option<u64> {
        let dict = object.dict();
        let is_form = dict
            .get::<Name>(b"Subtype")
            .is_some_and(|name| name.deref() == b"Form");
        if !is_form || depth >= MAX_DEPTH {
            return Some(OPERATOR);
        }
        let own = dict.get::<Dict>(b"Resources").map(Resources::new);
        let resources = own.as_ref().unwrap_or(resources);
        let key = (object.cache_key(), resources.cache_key(), depth);
        if let Some(cost) = self.known.get(&key) {
            return Some(*cost);
        }
        let content = object.decoded_data().unwrap_or_default();
        let cost = self.cost(&content, resources, depth + 1)? + OPERATOR;
        self.known.insert(key, cost);
        Some(cost)
    }
}

fn pattern(name: Option<&Name>, resources: &Resources) -> u64 {
    let pattern = name.and_then(|name| resources.get_pattern(name));
    match pattern {
        Some(Object::Dict(dict)) => dict.get::<Object>(b"Shading").map_or(OPERATOR, weight),
        _ => OPERATOR,
    }
}

/// What it costs to read an object: a mesh is read whole each time.
fn weight(object: Object) -> u64 {
    let bytes = match &object {
        Object::Stream(stream) => stream.raw_data().len() as u64,
        _ => 0,
    };
    OPERATOR + 8 * bytes
}
