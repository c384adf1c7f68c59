//! What the kind of a page and its address tell the block model.

use super::date;
use crate::words;

/// One flag a category for what the page declares, one for what its address says, and the
/// shape of the address.
pub(crate) fn of(kind: &str, url: Option<&str>) -> Vec<f32> {
    let path = url
        .and_then(|url| url.split_once("://"))
        .map_or("", |(_, rest)| rest);
    let path = &path[..path.floor_char_boundary(path.len().min(300))];
    let path = path.split_once('/').map_or("", |(_, path)| path);
    let mut flags = words::kind_flags(kind);
    flags.extend(words::kind_flags(path));
    let (page, query) = path.split_once('?').unwrap_or((path, ""));
    let last = page.trim_end_matches('/').rsplit('/').next().unwrap_or("");
    let digits = last.bytes().filter(u8::is_ascii_digit).count();
    flags.extend([
        page.trim_matches('/')
            .split('/')
            .filter(|part| !part.is_empty())
            .count()
            .min(9) as f32,
        query.len().min(99) as f32,
        digits.min(20) as f32,
        last.matches(['-', '_', '+']).count().min(20) as f32,
        f32::from(u8::from(url.and_then(date::day_of_url).is_some())),
    ]);
    flags
}
