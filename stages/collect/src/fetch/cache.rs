//! The folder of what was fetched of a source.
//!
//! ```text
//! addresses.jsonl        what the list, sitemap or feed led to
//! pages/HOST-00000.warc.gz   pages, each with its request
//! other/HOST-00000.warc.gz   all else that came: robots.txt, redirects, errors, lists, revisits
//! ledger/HOST.jsonl      what became of each address
//! feed/ADDRESS           the feed, of a source that is one
//! state.json             written when a fetch is done
//! ```

use std::collections::HashMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use textmill_schemas::write_atomically;
use url::Url;

use super::ledger::Refusal;
use super::seeds::Seed;
use crate::Error;

/// Longest part of a name that becomes that of a file.
const MAX_NAME: usize = 80;

/// The folder of a source.
#[derive(Clone, Debug)]
pub(crate) struct Cache {
    root: PathBuf,
}

/// What the list of a source led to, with the places of the lines.
#[derive(Debug, Default)]
pub(crate) struct Addresses {
    /// What they were made from.
    pub key: String,
    /// Addresses and problems in order.
    pub seeds: Vec<(Seed, u64)>,
}

/// The addresses of one host, in order.
#[derive(Debug, PartialEq)]
pub(crate) struct Unit {
    /// Name of its files.
    pub name: String,
    /// Its addresses, with the places of their lines.
    pub addresses: Vec<(String, u64)>,
}

#[derive(Serialize, Deserialize)]
struct Key {
    key: String,
}

#[derive(Serialize, Deserialize)]
struct Line {
    address: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    problem: Option<Refusal>,
}

/// The state after a fetch.
#[derive(Default, Serialize, Deserialize)]
struct State {
    /// Grows when something that was there has changed.
    epoch: u64,
    /// What the folder held.
    listing: String,
}

impl Cache {
    /// The folder of a source of this name.
    pub fn new(folder: &Path, source: &str) -> Self {
        Self {
            root: folder.join(file_name(source)),
        }
    }

    /// Makes the folders and locks them; two that fetch into one would mix their records.
    pub fn lock(&self) -> Result<File, Error> {
        for folder in [self.pages(), self.other()] {
            fs::create_dir_all(&folder).map_err(|error| Error::fetched(&folder, error))?;
        }
        let path = self.root.join(".lock");
        let file = File::create(&path).map_err(|error| Error::fetched(&path, error))?;
        let locked = file.try_lock();
        locked
            .map_err(|_| Error::fetched(&self.root, "another textmill fetches into this folder"))?;
        Ok(file)
    }

    /// Where pages are.
    pub fn pages(&self) -> PathBuf {
        self.root.join("pages")
    }

    /// Where all else is.
    pub fn other(&self) -> PathBuf {
        self.root.join("other")
    }

    /// The ledger of a host.
    pub fn ledger(&self, unit: &str) -> PathBuf {
        self.root.join("ledger").join(format!("{unit}.jsonl"))
    }

    /// The feed that was fetched from an address.
    pub fn feed(&self, address: &Url) -> PathBuf {
        self.root.join("feed").join(file_name(address.as_str()))
    }

    /// Writes the feed; says whether there was another one before.
    pub fn put_feed(&self, address: &Url, feed: &[u8]) -> Result<bool, Error> {
        let path = self.feed(address);
        let old = fs::read(&path).ok();
        if old.as_deref() != Some(feed) {
            write_atomically(&path, feed)?;
        }
        Ok(old.is_some_and(|old| old != feed))
    }

    fn state(&self) -> Option<State> {
        let bytes = fs::read(self.root.join("state.json")).ok()?;
        serde_json::from_slice(&bytes).ok()
    }

    /// Reads what the list led to; nothing before the first fetch.
    pub fn addresses(&self) -> Result<Addresses, Error> {
        let path = self.root.join("addresses.jsonl");
        let mut addresses = Addresses::default();
        if !path.exists() {
            return Ok(addresses);
        }
        let text = fs::read_to_string(&path).map_err(|error| Error::fetched(&path, error))?;
        let mut place = 0;
        for (index, line) in text.split_inclusive('\n').enumerate() {
            let bad = |error| Error::fetched(&path, error);
            if index == 0 {
                addresses.key = serde_json::from_str::<Key>(line).map_err(bad)?.key;
            } else {
                let line: Line = serde_json::from_str(line).map_err(bad)?;
                let seed = Seed {
                    text: line.address,
                    problem: line.problem,
                };
                addresses.seeds.push((seed, place));
            }
            place += line.len() as u64;
        }
        Ok(addresses)
    }

    /// Writes what the list led to; says whether that differs from what it led to before.
    pub fn put_addresses(&self, key: &str, seeds: &[Seed]) -> Result<bool, Error> {
        let path = self.root.join("addresses.jsonl");
        let json = |error: serde_json::Error| Error::fetched(&path, error);
        let key = Key {
            key: key.to_owned(),
        };
        let mut bytes = serde_json::to_vec(&key).map_err(json)?;
        bytes.push(b'\n');
        for seed in seeds {
            let line = Line {
                address: seed.text.clone(),
                problem: seed.problem.clone(),
            };
            serde_json::to_writer(&mut bytes, &line).map_err(json)?;
            bytes.push(b'\n');
        }
        let old = fs::read(&path).ok();
        if old.as_ref() == Some(&bytes) {
            return Ok(false);
        }
        write_atomically(&path, &bytes)?;
        Ok(old.is_some())
    }

    /// Notes that a fetch is done; `changed` says whether something that was there has changed.
    pub fn put_state(&self, changed: bool) -> Result<(), Error> {
        let old = self.state();
        let state = State {
            epoch: match &old {
                Some(old) => old.epoch + u64::from(changed),
                None => 1,
            },
            listing: self.listing()?,
        };
        if old.is_some_and(|old| old.epoch == state.epoch && old.listing == state.listing) {
            return Ok(());
        }
        let path = self.root.join("state.json");
        let bytes = serde_json::to_vec(&state).map_err(|error| Error::fetched(&path, error))?;
        Ok(write_atomically(&path, &bytes)?)
    }

    /// What stands for the folder in the hash of the stage's inputs. A first fetch does not change
    /// it, so that the run after it finds all up to date; a refresh that brought something else
    /// does, and so does whoever removes or changes files.
    pub fn version(&self) -> Result<String, Error> {
        Ok(match self.state() {
            None => "1".to_owned(),
            Some(state) if state.listing == self.listing()? => state.epoch.to_string(),
            Some(_) => self.listing()?,
        })
    }

    /// Hash of the names and sizes of the files that are read.
    fn listing(&self) -> Result<String, Error> {
        let mut hasher = blake3::Hasher::new();
        for folder in [
            self.pages(),
            self.root.join("ledger"),
            self.root.join("feed"),
        ] {
            let at = |error| Error::fetched(&folder, error);
            let mut files = Vec::new();
            if folder.exists() {
                for entry in fs::read_dir(&folder).map_err(at)? {
                    let entry = entry.map_err(at)?;
                    let size = entry.metadata().map_err(at)?.len();
                    files.push((entry.file_name().into_encoded_bytes(), size));
                }
            }
            files.sort();
            hasher.update(&(files.len() as u64).to_le_bytes());
            for (name, size) in files {
                hasher.update(&(name.len() as u64).to_le_bytes());
                hasher.update(&name);
                hasher.update(&size.to_le_bytes());
            }
        }
        Ok(hasher.finalize().to_hex().to_string())
    }
}

impl Addresses {
    /// The addresses by host, in the order in which the hosts occur.
    pub fn units(&self) -> Vec<Unit> {
        let mut units: Vec<Unit> = Vec::new();
        let mut known: HashMap<String, usize> = HashMap::new();
        for (seed, place) in &self.seeds {
            if seed.problem.is_some() {
                continue;
            }
            let url = Url::parse(&seed.text).ok();
            let host = url.as_ref().and_then(Url::host_str).unwrap_or_default();
            let index = *known.entry(host.to_owned()).or_insert_with(|| {
                units.push(Unit {
                    name: file_name(host),
                    addresses: Vec::new(),
                });
                units.len() - 1
            });
            if let Some(unit) = units.get_mut(index) {
                unit.addresses.push((seed.text.clone(), *place));
            }
        }
        units
    }
}

/// A name that can be that of a file, and of only this one.
fn file_name(name: &str) -> String {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-');
    let plain: String = name
        .chars()
        .take(MAX_NAME)
        .map(|c| if is_plain(c) { c } else { '_' })
        .collect();
    if plain == name && !plain.starts_with('.') && !plain.is_empty() {
        return plain;
    }
    let hash = blake3::hash(name.as_bytes()).to_hex();
    let hash = hash.get(..8).unwrap_or_default();
    format!("{}_{hash}", plain.trim_start_matches('.'))
}

#[cfg(test)]
mod tests {
    use textmill_schemas::Reason;

    use super::*;

    #[test]
    fn names_of_files() {
        assert_eq!(file_name("www.a-b.example"), "www.a-b.example");
        for name in ["", "..", "a/b", "a_b", "[::1]", "Ä", "A", &"x".repeat(300)] {
            let file = file_name(name);
            assert!(
                file.len() < 100 && !file.contains('/') && !file.starts_with('.'),
                "{file}"
            );
            assert!(
                file.ends_with(|c: char| c.is_ascii_hexdigit()) && file.contains('_'),
                "{file}"
            );
        }
        assert_ne!(file_name("a/b"), file_name("a_b"));
    }

    #[test]
    fn addresses_are_kept_in_order_and_by_host() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::new(dir.path(), "blog");
        let seed = |text: &str, problem: Option<&str>| Seed {
            text: text.into(),
            problem: problem.map(|rule| Reason::new(rule).into()),
        };
        let seeds = [
            seed("http://a.example/1", None),
            seed("no", Some("collect.invalid_address")),
            seed("http://b.example/", None),
            seed("https://a.example:8080/2", None),
        ];
        assert!(!cache.put_addresses("key", &seeds).unwrap());
        assert!(!cache.put_addresses("key", &seeds).unwrap());
        let read = cache.addresses().unwrap();
        assert_eq!(read.key, "key");
        assert!(read.seeds.iter().map(|(seed, _)| seed).eq(&seeds));
        let units = read.units();
        let names: Vec<_> = units
            .iter()
            .map(|unit| (unit.name.as_str(), unit.addresses.len()))
            .collect();
        assert_eq!(names, [("a.example", 2), ("b.example", 1)]);
        assert!(cache.put_addresses("key", &seeds[..1]).unwrap(), "changed");
    }

    #[test]
    fn the_version_follows_changes_but_not_the_first_fetch() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::new(dir.path(), "blog");
        let before = cache.version().unwrap();
        let lock = cache.lock().unwrap();
        assert!(cache.lock().is_err());
        drop(lock);
        let page = cache.pages().join("a-00000.warc.gz");
        fs::write(&page, "x").unwrap();
        assert_eq!(cache.version().unwrap(), before, "not done yet");
        cache.put_state(false).unwrap();
        assert_eq!(cache.version().unwrap(), before);
        fs::write(&page, "xy").unwrap();
        assert_ne!(cache.version().unwrap(), before, "by someone else");
        cache.put_state(false).unwrap();
        assert_eq!(cache.version().unwrap(), before);
        cache.put_state(true).unwrap();
        assert_ne!(cache.version().unwrap(), before);
    }
}
