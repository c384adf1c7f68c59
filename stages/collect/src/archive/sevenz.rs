//! 7z, as described in the file `7zFormat.txt` of the LZMA SDK.
//!
//! A thread of its own unpacks and hands pieces on, so that members stream: the library lends
//! each content only for the time of a call.

mod pipe;
#[cfg(test)]
mod tests;

use std::thread;

use sevenz_rust2::Error;
use textmill_schemas::Reason;

use self::pipe::{Pieces, Taker, unpack};
use super::budget::Budget;
use super::{Content, Member};
use crate::input::{Damage, Input};
use crate::record::{FileRef, Output, Place, Settings, Stop};

/// Reads an archive.
pub(crate) fn read(
    input: Box<dyn Input>,
    file: &FileRef,
    settings: &Settings,
    out: &mut impl Output,
) -> Result<(), Stop> {
    let (give, mut taker) = pipe::new();
    let unpacker = thread::Builder::new().spawn(move || unpack(input, &give));
    let unpacker = match unpacker {
        Ok(unpacker) => unpacker,
        Err(error) => {
            let reason = Reason::new(Damage::UNREADABLE).detail(error.to_string());
            return out.reject(file.dropped(Place::default(), None, reason));
        }
    };
    let read = read_members(&mut taker, file, settings, out);
    // Without a taker the unpacker ends.
    drop(taker);
    let ended = unpacker.join();
    read?;
    let reason = match ended {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(error)) => failure(&error),
        Err(_) => Reason::new(Damage::CORRUPT).detail("7z: the unpacker gave up"),
    };
    out.reject(file.dropped(Place::default(), None, reason))
}

fn read_members(
    taker: &mut Taker,
    file: &FileRef,
    settings: &Settings,
    out: &mut impl Output,
) -> Result<(), Stop> {
    let mut budget = Budget::new(settings);
    let mut any = false;
    while let Some(entry) = taker.next_member() {
        any = true;
        let member = Member {
            name: entry.name.as_bytes(),
            offset: entry.number,
            size: entry.size,
        };
        if entry.is_folder {
            out.count("archive_folders");
            continue;
        }
        if member.is_excluded(file) {
            out.count("archive_excluded");
            continue;
        }
        // A block of many members has one packed size: it counts for the first of them.
        if let Err(reason) = budget.take(entry.packed, entry.size) {
            member.reject(reason, file, out)?;
            continue;
        }
        let content = Box::new(Pieces::of(taker));
        member.read(Content::Once(content), file, settings, out)?;
    }
    if !any && taker.is_whole() {
        let reason = Reason::new("collect.empty").detail("an archive without members");
        out.reject(file.dropped(Place::default(), None, reason))?;
    }
    Ok(())
}

/// The reason for an archive that the library gave up.
fn failure(error: &Error) -> Reason {
    let rule = match error {
        Error::Io(error, _) => match error.kind() {
            std::io::ErrorKind::UnexpectedEof => Damage::TRUNCATED,
            _ => Damage::rule(error, Damage::CORRUPT),
        },
        Error::PasswordRequired | Error::MaybeBadPassword(_) => "collect.encrypted",
        Error::UnsupportedCompressionMethod(method) if method.contains("AES") => {
            "collect.encrypted"
        }
        Error::UnsupportedCompressionMethod(_)
        | Error::Unsupported(_)
        | Error::UnsupportedVersion { .. }
        | Error::ExternalUnsupported => "collect.unsupported",
        Error::MaxMemLimited { .. } => "collect.bomb",
        _ => Damage::CORRUPT,
    };
    Reason::new(rule).detail(format!("7z: {error}"))
}
