//! Block lists: hosts and addresses by hash.

use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use super::address::Address;
use super::{UrlHit, UrlRule};
use crate::error::Error;
use crate::list_file;

/// The files of a UT1 category.
const UT1_FILES: [&str; 4] = ["domains", "domains.gz", "urls", "urls.gz"];

/// Entries as hashes, sorted, each with its list: 10 bytes an entry. The chance that an address
/// which is on no list hits one of four million hashes by accident is about 1 in 10¹².
#[derive(Debug, Default)]
pub(super) struct BlockList {
    hashes: Vec<u64>,
    lists: Vec<u16>,
    names: Vec<String>,
}

impl BlockList {
    /// Loads files and folders.
    pub fn load(paths: &[PathBuf]) -> Result<Self, Error> {
        let mut builder = Builder::default();
        for path in paths {
            if path.is_dir() {
                builder.folder(path)?;
            } else {
                builder.file(path, &stem(path))?;
            }
        }
        Ok(builder.finish())
    }

    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// The widest entry that the address falls under.
    pub fn find(&self, address: &Address) -> Option<UrlHit<'_>> {
        if self.is_empty() {
            return None;
        }
        let hit = |rule, entry: String, list| UrlHit {
            rule,
            entry,
            list,
            count: 1,
        };
        for host in address.hosts() {
            if let Some(list) = self.list_of(host_hash(host)) {
                return Some(hit(UrlRule::Domain, host.to_string(), list));
            }
        }
        let host = xxh3_64(address.bare_host().as_bytes());
        address.paths().find_map(|path| {
            let list = self.list_of(path_hash(host, path))?;
            Some(hit(
                UrlRule::Address,
                format!("{}{path}", address.bare_host()),
                list,
            ))
        })
    }

    fn list_of(&self, hash: u64) -> Option<&str> {
        let at = self.hashes.binary_search(&hash).ok()?;
        self.names
            .get(usize::from(*self.lists.get(at)?))
            .map(String::as_str)
    }
}

fn host_hash(host: &str) -> u64 {
    xxh3_64(host.as_bytes())
}

fn path_hash(host_hash: u64, path: &str) -> u64 {
    // A path is never empty, so no address hashes as a host does.
    xxh3_64_with_seed(path.as_bytes(), host_hash)
}

#[derive(Default)]
struct Builder {
    entries: Vec<(u64, u16)>,
    names: Vec<String>,
}

impl Builder {
    fn folder(&mut self, path: &Path) -> Result<(), Error> {
        let before = self.names.len();
        self.category(path)?;
        for inner in list_file::folder(path)? {
            if inner.is_dir() {
                self.category(&inner)?;
            }
        }
        if self.names.len() == before {
            let message = "no file named `domains` or `urls` (or with `.gz`) in it or its folders";
            return Err(list_file::unreadable(path, &message));
        }
        Ok(())
    }

    fn category(&mut self, folder: &Path) -> Result<(), Error> {
        let name = folder
            .file_name()
            .map_or("lists".into(), |name| name.to_string_lossy());
        for file in UT1_FILES {
            let path = folder.join(file);
            if path.is_file() {
                self.file(&path, &name)?;
            }
        }
        Ok(())
    }

    fn file(&mut self, path: &Path, name: &str) -> Result<(), Error> {
        let known = self.names.iter().position(|known| known == name);
        let list = known.unwrap_or_else(|| {
            self.names.push(name.to_string());
            self.names.len() - 1
        });
        let list = u16::try_from(list)
            .map_err(|_| list_file::unreadable(path, &"more than 65,536 lists"))?;
        list_file::entries(path, |entry, line| {
            let hash = entry_hash(entry)
                .ok_or_else(|| list_file::malformed(path, line, entry, "host or address"))?;
            self.entries.push((hash, list));
            Ok(())
        })
    }

    fn finish(mut self) -> BlockList {
        // Of an entry that several lists have, the first list counts.
        self.entries.sort_unstable();
        self.entries.dedup_by_key(|entry| entry.0);
        BlockList {
            hashes: self.entries.iter().map(|entry| entry.0).collect(),
            lists: self.entries.iter().map(|entry| entry.1).collect(),
            names: self.names,
        }
    }
}

fn stem(path: &Path) -> String {
    let name = path
        .file_name()
        .map_or("list".into(), |name| name.to_string_lossy());
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    name.strip_suffix(".txt").unwrap_or(name).to_string()
}

/// The hash of a line, or none if it is neither a host nor an address.
fn entry_hash(entry: &str) -> Option<u64> {
    let entry = entry
        .strip_prefix("*.")
        .unwrap_or(entry)
        .trim_start_matches('.');
    if is_plain_host(entry) {
        return Some(host_hash(entry));
    }
    if entry.contains(char::is_whitespace) {
        return None;
    }
    let address = Address::parse(entry)?;
    // A slash alone is the whole host.
    Some(match address.path.trim_end_matches('/') {
        "" => host_hash(&address.host),
        path => path_hash(xxh3_64(address.bare_host().as_bytes()), path),
    })
}

/// Whether a line is a host as it is compared: the common case, which needs no parser.
fn is_plain_host(entry: &str) -> bool {
    let plain =
        |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'_');
    // What ends in a digit may be an IP address in an odd form.
    entry.bytes().all(plain)
        && entry.ends_with(|c: char| c.is_ascii_lowercase())
        && !entry.contains("..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_hosts_or_addresses() {
        let same = |a: &str, b: &str| assert_eq!(entry_hash(a), entry_hash(b), "{a} {b}");
        same("example.com", "https://EXAMPLE.com:443/");
        same("*.example.com", ".example.com");
        same("bücher.example", "xn--bcher-kva.example");
        same("www.example.com/a", "http://example.com/A/");
        assert_ne!(entry_hash("example.com"), entry_hash("example.com/a"));
        for line in ["two words", "", "///", "exa mple.com/a", "http://"] {
            assert_eq!(entry_hash(line), None, "{line}");
        }
    }
}
