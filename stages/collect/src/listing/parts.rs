//! Cuts large files into parts, each to be read on its own.

use std::ops::Range;

use super::{Found, Source, Tasks};
use crate::input::Stream;
use crate::sniff::{self, Format};

/// Puts the parts of each file of over `task_bytes` in its place, if it can be read from within.
pub(super) fn cut(files: Vec<Found>, sources: &[Source], task_bytes: u64) -> Vec<Found> {
    let mut parts = Vec::with_capacity(files.len());
    for found in files {
        let source = sources.get(found.source);
        let is_large = found.size > task_bytes && found.problem.is_none();
        match source
            .filter(|source| is_large && source.tasks() == Tasks::Mixed && can_cut(&found, source))
        {
            Some(_) => parts.extend(ranges(found.size, task_bytes).map(|part| Found {
                part: Some(part),
                ..found.clone()
            })),
            None => parts.push(found),
        }
    }
    parts
}

/// Parts of `task_bytes` each; the last one may be up to half as long again.
fn ranges(size: u64, task_bytes: u64) -> impl Iterator<Item = Range<u64>> {
    let count = (size.saturating_add(task_bytes / 2) / task_bytes).max(1);
    (0..count).map(move |number| {
        let start = number * task_bytes;
        let is_last = number + 1 == count;
        start..if is_last { size } else { start + task_bytes }
    })
}

/// Whether the file's format and compression let a reader begin inside it.
fn can_cut(found: &Found, source: &Source) -> bool {
    let Ok(Ok(mut stream)) = found.open().map(Stream::open) else {
        return false;
    };
    let name = found.relative.to_string_lossy();
    let head = stream.peek(Stream::PEEK);
    // Units of two bytes could be cut in the middle.
    let is_wide = head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff]);
    let format = sniff::format(source.config.kind, head, &name);
    match format {
        _ if is_wide => false,
        Format::JsonLines | Format::MediaWiki => !stream.is_compressed() || stream.is_bzip2(),
        Format::Warc => stream.is_gzip(),
        Format::Parquet => !stream.is_compressed(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cover_the_file() {
        let of = |size, task| ranges(size, task).collect::<Vec<_>>();
        assert_eq!(of(100, 40), [0..40, 40..80, 80..100]);
        assert_eq!(of(95, 40), [0..40, 40..95]);
        assert_eq!(of(41, 40), std::slice::from_ref(&(0..41)));
        assert_eq!(of(3, 1), [0..1, 1..2, 2..3]);
    }
}
