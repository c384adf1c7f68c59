//! Lists of files, such as Common Crawl's `warc.paths.gz`: one path or address a line.

use std::collections::HashSet;
use std::path::{Component, Path, PathBuf};

use super::{Found, Source, found};
use crate::error::Error;
use crate::expand::expand;
use crate::input::{Line, Stream};

/// Bytes of a line at most.
const MAX_LINE: u64 = 64 << 10;

/// The files that the lists of a source name, in their order; one named twice is read once.
pub(super) fn read(lists: &[Found], index: usize, source: &Source) -> Result<Vec<Found>, Error> {
    let mut files = Vec::new();
    let mut seen = HashSet::new();
    for list in lists {
        let base = base(list, source)?;
        let fail =
            |problem: String| source.error(format!("list `{}`: {problem}", list.path.display()));
        if let Some((_, detail)) = &list.problem {
            return Err(fail(detail.clone()));
        }
        let file = list
            .open()
            .map_err(|reason| fail(reason.detail.unwrap_or_default()))?;
        let mut stream = Stream::open(file).map_err(|error| fail(error.to_string()))?;
        let mut line = Vec::new();
        for number in 1.. {
            match stream.read_line(&mut line, MAX_LINE) {
                Ok(Line::End) => break,
                Ok(Line::Whole) => {}
                Ok(Line::TooLong(_)) => return Err(fail(format!("line {number} is no path"))),
                Err(damage) => return Err(fail(damage.detail)),
            }
            let path = String::from_utf8_lossy(&line);
            let path = path.trim_start_matches('\u{feff}').trim();
            if !path.is_empty() && seen.insert(path.to_owned()) {
                files.push(listed(index, &base, path, source));
            }
        }
    }
    if files.is_empty() {
        return Err(source.error("the list names no files"));
    }
    Ok(files)
}

/// What the paths are relative to: as configured, or the list's folder.
fn base(list: &Found, source: &Source) -> Result<String, Error> {
    let Some(base) = &source.config.base else {
        let folder = list.path.parent().unwrap_or(Path::new("."));
        return Ok(folder.display().to_string());
    };
    expand(base, |name| std::env::var(name).ok()).map_err(|problem| source.error(problem))
}

fn listed(index: usize, base: &str, path: &str, source: &Source) -> Found {
    let remote = |address: String| Found {
        source: index,
        path: PathBuf::from(address),
        relative: PathBuf::from(path),
        size: 0,
        modified: 0,
        e_tag: None,
        part: None,
        problem: None,
    };
    if path.contains("://") {
        return remote(path.to_owned());
    }
    let relative = Path::new(path);
    let stays = relative
        .components()
        .all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if !stays {
        let problem = "a path that leads out of the base folder".to_owned();
        return Found {
            problem: Some(("collect.path", problem)),
            ..remote(path.to_owned())
        };
    }
    if base.contains("://") {
        return remote(format!("{}/{path}", base.trim_end_matches('/')));
    }
    let place = Path::new(base).join(relative);
    let metadata = match source.config.follow_links || is_inside(base, &place) {
        true => place.metadata(),
        false => place.symlink_metadata(),
    };
    match metadata {
        Ok(metadata) => found(index, &place, relative.to_path_buf(), Ok(&metadata)),
        Err(error) => found(
            index,
            &place,
            relative.to_path_buf(),
            Err(error.to_string()),
        ),
    }
}

/// Whether a path, links followed, lies under the base.
fn is_inside(base: &str, place: &Path) -> bool {
    match (Path::new(base).canonicalize(), place.canonicalize()) {
        (Ok(base), Ok(place)) => place.starts_with(base),
        _ => false,
    }
}
