//! Folders of index shards: writing one shard, reading all of a folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::vec;

use textmill_schemas::{IndexEntry, Manifest, ShardEntry, ShardReader, ShardWriter};

use super::entry::fault;
use super::{IndexError, PARAMETERS_KEY, Parameters};
use crate::Config;

/// Where a run and the stage's folder have their index.
const IN_RUN: &str = "dedupe/index";
const IN_STAGE: &str = "index";

/// Writes one index shard.
pub struct IndexWriter(ShardWriter<IndexEntry>);

impl IndexWriter {
    /// Starts the shard `relative` (such as `index/part-00000.parquet`) in a folder; it has its
    /// name when [`Self::finish`] returns.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn create(
        folder: &Path,
        relative: &str,
        parameters: &Parameters,
    ) -> Result<Self, IndexError> {
        let mut writer = ShardWriter::create(folder, relative)?;
        writer.add_metadata(PARAMETERS_KEY, parameters.to_json());
        Ok(Self(writer))
    }

    /// Adds an entry.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn write(&mut self, entry: IndexEntry) -> Result<(), IndexError> {
        Ok(self.0.write(entry)?)
    }

    /// Writes what is left and gives the shard its name.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn finish(self) -> Result<ShardEntry, IndexError> {
        Ok(self.0.finish()?)
    }
}

/// A folder of index shards, all with the same parameters.
#[derive(Clone, Debug)]
pub struct Index {
    folder: PathBuf,
    /// Sorted by name; at least one.
    shards: Vec<PathBuf>,
    parameters: Parameters,
    rows: u64,
}

impl Index {
    /// Opens the index of a run, of a dedupe stage, or in this very folder.
    ///
    /// # Errors
    /// When there is none, when a shard is no index shard, or when two have other parameters; the
    /// message names file and mend.
    pub fn open(folder: &Path) -> Result<Self, IndexError> {
        let (folder, shards) = find(folder)?;
        let mut first: Option<(Parameters, &Path)> = None;
        let mut rows = 0;
        for path in &shards {
            let shard = ShardReader::<IndexEntry>::open(path)?;
            let found = Parameters::parse(shard.metadata(PARAMETERS_KEY), path)?;
            rows = shard.rows().saturating_add(rows);
            match &first {
                Some((wanted, other)) => check_equal((&found, path), (wanted, other))?,
                None => first = Some((found, path)),
            }
        }
        match first {
            Some((parameters, _)) => Ok(Self {
                parameters,
                rows,
                folder,
                shards,
            }),
            None => Err(IndexError::Empty { path: folder }),
        }
    }

    /// The folder with the shards.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The shards, sorted by name.
    #[must_use]
    pub fn shards(&self) -> &[PathBuf] {
        &self.shards
    }

    /// What the entries were made with.
    #[must_use]
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// Number of entries.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Whether a stage or query with this configuration can compare texts with the entries.
    ///
    /// # Errors
    /// [`IndexError::Parameters`] names the first that differs.
    pub fn check(&self, config: &Config) -> Result<(), IndexError> {
        let wanted = Parameters::of(config);
        self.parameters
            .check(self.first_shard(), &wanted, "the configuration")
    }

    /// Whether the entries can stand in one folder with those of another index.
    ///
    /// # Errors
    /// [`IndexError::Parameters`] names the first that differs.
    pub fn check_like(&self, other: &Self) -> Result<(), IndexError> {
        check_equal(
            (&self.parameters, self.first_shard()),
            (&other.parameters, other.first_shard()),
        )
    }

    fn first_shard(&self) -> &Path {
        self.shards.first().unwrap_or(&self.folder)
    }

    /// All entries, a row group at a time, shard by shard.
    #[must_use]
    pub fn entries(&self) -> Entries {
        Entries {
            shards: self.shards.clone().into_iter(),
            open: None,
            parameters: self.parameters.clone(),
        }
    }
}

/// The entries of one shard, with the parameters that it names.
pub(crate) fn entries_in(shard: &Path) -> Result<Entries, IndexError> {
    let reader = ShardReader::<IndexEntry>::open(shard)?;
    let parameters = Parameters::parse(reader.metadata(PARAMETERS_KEY), shard)?;
    Ok(Entries {
        shards: Vec::new().into_iter(),
        open: Some((shard.to_path_buf(), reader)),
        parameters,
    })
}

/// Equal in everything, both with signatures or both without.
fn check_equal(
    (found, path): (&Parameters, &Path),
    (wanted, other): (&Parameters, &Path),
) -> Result<(), IndexError> {
    found.check(path, wanted, &other.display().to_string())?;
    wanted.check(other, found, &path.display().to_string())
}

/// The folder that a path means, and the Parquet files in it.
fn find(path: &Path) -> Result<(PathBuf, Vec<PathBuf>), IndexError> {
    if !path.is_dir() {
        return Err(IndexError::Missing {
            path: path.to_path_buf(),
        });
    }
    let within = [IN_RUN, IN_STAGE].map(|within| path.join(within));
    for folder in within.into_iter().chain([path.to_path_buf()]) {
        let shards = parquet_files(&folder)?;
        if !shards.is_empty() {
            check_finished(&folder)?;
            return Ok((folder, shards));
        }
    }
    Err(IndexError::Empty {
        path: path.to_path_buf(),
    })
}

/// A stage has a manifest when it is done; until then its index may lack shards.
fn check_finished(folder: &Path) -> Result<(), IndexError> {
    let stage = folder.parent().filter(|_| folder.ends_with(IN_RUN));
    match stage {
        Some(stage) if Manifest::read(stage)?.is_none() => Err(IndexError::Unfinished {
            path: folder.to_path_buf(),
        }),
        _ => Ok(()),
    }
}

/// Sorted by name; none where the folder is missing.
fn parquet_files(folder: &Path) -> Result<Vec<PathBuf>, IndexError> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(IndexError::io(folder))? {
        let path = entry.map_err(IndexError::io(folder))?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "parquet")
        {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Iterator over entries; holds one row group (about 16 MiB) at a time.
pub struct Entries {
    shards: vec::IntoIter<PathBuf>,
    open: Option<(PathBuf, ShardReader<IndexEntry>)>,
    parameters: Parameters,
}

impl Entries {
    fn next_group(&mut self) -> Result<Option<Vec<IndexEntry>>, IndexError> {
        loop {
            if let Some((path, reader)) = &mut self.open {
                if let Some(group) = reader.next() {
                    return check_entries(group?, path, &self.parameters).map(Some);
                }
                self.open = None;
            }
            let Some(path) = self.shards.next() else {
                return Ok(None);
            };
            let reader = ShardReader::open(&path)?;
            self.open = Some((path, reader));
        }
    }
}

impl Iterator for Entries {
    type Item = Result<Vec<IndexEntry>, IndexError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_group().transpose()
    }
}

fn check_entries(
    entries: Vec<IndexEntry>,
    path: &Path,
    parameters: &Parameters,
) -> Result<Vec<IndexEntry>, IndexError> {
    for entry in &entries {
        if let Some(what) = fault(entry, parameters) {
            return Err(IndexError::Entry {
                path: path.to_path_buf(),
                id: entry.id.clone(),
                what,
            });
        }
    }
    Ok(entries)
}
