//! Indexes on disk: written, merged and asked, against what a naive search finds.

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use textmill_schemas::{IndexEntry, Origin, ShardWriter, Tokens, shard_name};

use super::merge::merge_into_shards;
use super::*;
use crate::minhash::MinHash;
use crate::{Config, Shingler, canonical_url, estimate, normal_form};

/// Short texts collide in bands of one row, and often.
fn config() -> Config {
    Config {
        ngram: 1,
        cjk_ngram: 1,
        bands: 4,
        rows: 2,
        min_similarity: 0.4,
        ..Config::default()
    }
}

/// A document to be kept or to be looked up.
#[derive(Clone, Debug)]
struct Made {
    id: String,
    url: Option<String>,
    text: String,
}

fn made() -> impl Strategy<Value = Made> {
    let url = prop::option::of("https?://(www\\.)?[ab]\\.example/[ab]?(\\?utm_source=x)?");
    ("[a-e]{1,2}", url, "([a-dA-D] ?){0,6}").prop_map(|(id, url, text)| Made { id, url, text })
}

fn to_entry(made: &Made, config: &Config) -> IndexEntry {
    let mut shingler = Shingler::new(config);
    let shingled = shingler.shingle(&made.text);
    let mut signature = Vec::new();
    MinHash::new(config).sign(shingled.shingles, &mut signature);
    let origin = Origin {
        id: made.id.clone(),
        source: "made".into(),
        url: made.url.clone(),
        ..Origin::default()
    };
    entry(origin, shingled.length, shingled.exact, signature)
}

fn write_shard(folder: &Path, rank: usize, entries: &[IndexEntry], config: &Config) {
    let parameters = Parameters::of(config);
    let mut writer = IndexWriter::create(folder, &shard_name(rank), &parameters).unwrap();
    entries
        .iter()
        .for_each(|entry| writer.write(entry.clone()).unwrap());
    assert_eq!(writer.finish().unwrap().rows, entries.len() as u64);
}

/// Writes entries into a folder, each into one of its shards.
fn write_index(folder: &Path, entries: &[(usize, IndexEntry)], config: &Config) {
    let shards = entries
        .iter()
        .map(|(shard, _)| shard + 1)
        .max()
        .unwrap_or(1);
    for rank in 0..shards {
        let of_shard = entries.iter().filter(|(shard, _)| *shard == rank);
        let of_shard: Vec<IndexEntry> = of_shard.map(|(_, entry)| entry.clone()).collect();
        write_shard(folder, rank, &of_shard, config);
    }
}

fn read_all(folder: &Path) -> Vec<IndexEntry> {
    let index = Index::open(folder).unwrap();
    let entries: Vec<IndexEntry> = index.entries().flat_map(Result::unwrap).collect();
    assert_eq!(index.rows(), entries.len() as u64);
    entries
}

/// Names and bytes of a folder's files.
fn contents(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let files = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path());
    let mut contents: Vec<_> = files
        .map(|path| {
            (
                PathBuf::from(path.file_name().unwrap()),
                fs::read(&path).unwrap(),
            )
        })
        .collect();
    contents.sort();
    contents
}

/// The best match by the definition: every entry is compared with the text.
fn naive(kept: &[Made], asked: &Made, config: &Config) -> Option<(Level, String, Option<f64>)> {
    let (a, minhash) = (to_entry(asked, config), MinHash::new(config));
    let address = |of: &Made| of.url.as_deref().and_then(canonical_url);
    let mut found = Vec::new();
    for of in kept {
        let b = to_entry(of, config);
        let equal = normal_form(&of.text) == normal_form(&asked.text);
        let estimated = estimate(&a.signature, &b.signature);
        let both = !a.signature.is_empty() && !b.signature.is_empty();
        let similarity = if equal {
            Some(1.0)
        } else {
            both.then_some(estimated)
        };
        let bands = || {
            minhash
                .band_keys(&a.signature)
                .zip(minhash.band_keys(&b.signature))
        };
        let level = if address(asked).is_some() && address(asked) == address(of) {
            Level::Url
        } else if equal {
            Level::Exact
        } else if bands().any(|(x, y)| x == y) && estimated >= config.min_similarity {
            Level::Near
        } else {
            continue;
        };
        let permille = (similarity.unwrap_or(-1.0) * -1000.0) as i64;
        found.push((
            level,
            permille,
            u64::MAX - b.length,
            of.id.clone(),
            of.url.clone(),
            similarity,
        ));
    }
    found.sort_by(|a, b| (a.0, a.1, a.2, &a.3, &a.4).cmp(&(b.0, b.1, b.2, &b.3, &b.4)));
    let best = found.into_iter().next();
    best.map(|(level, _, _, id, _, similarity)| (level, id, similarity))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_cut_merges_to_the_same_bytes(
        documents in prop::collection::vec((made(), 0_usize..3, 0_usize..3), 0..30),
        rotate in 0_usize..30,
    ) {
        let (dir, config) = (tempfile::tempdir().unwrap(), config());
        let entries: Vec<_> = documents.iter().map(|(made, ..)| (0, to_entry(made, &config))).collect();
        let whole = dir.path().join("whole");
        write_index(&whole, &entries, &config);
        let folders: Vec<PathBuf> = (0..3).map(|i| dir.path().join(i.to_string())).collect();
        for (number, folder) in folders.iter().enumerate() {
            let mut cut: Vec<_> = documents
                .iter()
                .filter(|(_, folder, _)| *folder == number)
                .map(|(made, _, shard)| (*shard, to_entry(made, &config)))
                .collect();
            let middle = rotate.min(cut.len());
            cut.rotate_left(middle);
            write_index(folder, &cut, &config);
        }
        let (one, other) = (dir.path().join("out/one"), dir.path().join("out/other"));
        let merged = merge_into_shards(std::slice::from_ref(&whole), &one, 200).unwrap();
        prop_assert_eq!(merge_into_shards(&folders, &other, 200).unwrap(), merged);
        prop_assert_eq!(contents(&one), contents(&other));
        prop_assert_eq!(fs::read_dir(dir.path().join("out")).unwrap().count(), 2, "no scratch stays");

        let texts: Vec<_> = read_all(&one).into_iter().map(|entry| entry.text_hash).collect();
        let mut expected: Vec<_> = entries.iter().map(|(_, entry)| entry.text_hash.clone()).collect();
        expected.sort();
        expected.dedup();
        prop_assert_eq!(&texts, &expected);
        prop_assert_eq!((merged.read, merged.written), (entries.len() as u64, texts.len() as u64));
        // Merging with itself changes nothing.
        let again = dir.path().join("again");
        merge_into_shards(&[one.clone(), one.clone()], &again, 200).unwrap();
        prop_assert_eq!(contents(&one), contents(&again));
    }

    #[test]
    fn queries_find_what_a_naive_search_finds(
        kept in prop::collection::vec((made(), 0_usize..3), 0..25),
        asked in prop::collection::vec(made(), 0..12),
        cut in 0_usize..25,
    ) {
        let (dir, config) = (tempfile::tempdir().unwrap(), config());
        let entries: Vec<_> = kept.iter().map(|(made, shard)| (*shard, to_entry(made, &config))).collect();
        let (first, second) = entries.split_at(cut.min(entries.len()));
        write_index(&dir.path().join("a"), first, &config);
        write_index(&dir.path().join("b"), second, &config);
        let indexes = ["a", "b"].map(|name| Index::open(&dir.path().join(name)).unwrap());
        let kept: Vec<Made> = kept.into_iter().map(|(made, _)| made).collect();
        let mut prober = Prober::new(&config);
        let probes = asked.iter().map(|made| prober.probe(made.url.as_deref(), &made.text));
        let probes: Vec<Probe> = probes.collect();
        let found = query(&indexes, &config, &probes).unwrap();
        prop_assert_eq!(found.len(), asked.len());
        for (found, asked) in found.into_iter().zip(&asked) {
            let found = found.map(|found| (found.level, found.id, found.similarity));
            prop_assert_eq!(found, naive(&kept, asked, &config), "{:?}", asked);
        }
    }
}

#[test]
fn of_one_text_an_entry_with_an_address_stays() {
    let (dir, config) = (tempfile::tempdir().unwrap(), config());
    let made = |id: &str, url: Option<&str>| Made {
        id: id.into(),
        url: url.map(str::to_owned),
        text: "a b".into(),
    };
    let addresses = ["https://b.example/", "https://a.example/"];
    let entries: Vec<_> = [
        made("a", None),
        made("c", Some(addresses[0])),
        made("b", Some(addresses[1])),
        made("0", Some("ftp://a.example/")),
    ]
    .iter()
    .map(|made| (0, to_entry(made, &config)))
    .collect();
    write_index(&dir.path().join("a"), &entries, &config);
    let out = dir.path().join("out");
    let merged = merge(&[dir.path().join("a")], &out).unwrap();
    assert_eq!(
        merged,
        Merged {
            read: 4,
            written: 1,
            shards: 1
        }
    );
    assert_eq!(read_all(&out)[0].id, "b");
    let error = merge(&[dir.path().join("a")], &out)
        .unwrap_err()
        .to_string();
    assert!(error.contains("is there already"), "{error}");
}

#[test]
fn levels_that_are_off_find_nothing() {
    let (dir, config) = (tempfile::tempdir().unwrap(), config());
    let kept = Made {
        id: "k".into(),
        url: None,
        text: "a b c d".into(),
    };
    write_shard(dir.path(), 0, &[to_entry(&kept, &config)], &config);
    let index = [Index::open(dir.path()).unwrap()];
    let level = |config: &Config| {
        let probe = Prober::new(config).probe(None, "A b  c d");
        let found = query(&index, config, &[probe]).unwrap();
        found[0].as_ref().map(|found| found.level)
    };
    assert_eq!(level(&config), Some(Level::Exact));
    let near = Config {
        exact: false,
        ..config.clone()
    };
    assert_eq!(level(&near), Some(Level::Near));
    assert_eq!(
        level(&Config {
            near: false,
            ..near
        }),
        None
    );
}

#[test]
fn other_parameters_are_named_with_file_and_mend() {
    let (dir, config) = (tempfile::tempdir().unwrap(), config());
    let (a, b) = (dir.path().join("a"), dir.path().join("b"));
    write_shard(&a, 0, &[], &config);
    let other = Config {
        ngram: 7,
        ..config.clone()
    };
    write_shard(&b, 0, &[], &other);
    let index = Index::open(&a).unwrap();
    index.check(&config).unwrap();
    let said = index.check(&other).unwrap_err().to_string();
    for part in [
        "a/part-00000.parquet",
        "ngram = 1",
        "the configuration has 7",
        "set [dedupe]",
    ] {
        assert!(said.contains(part), "{said}");
    }
    let said = merge(&[a.clone(), b], &dir.path().join("out"))
        .unwrap_err()
        .to_string();
    assert!(
        said.contains("b/part-00000.parquet: made with ngram = 7, but"),
        "{said}"
    );
    // One folder, two kinds.
    write_shard(
        &a,
        1,
        &[],
        &Config {
            near: false,
            ..config
        },
    );
    let said = Index::open(&a).unwrap_err().to_string();
    assert!(
        said.contains("part-00001.parquet") && said.contains("near = false"),
        "{said}"
    );
}

#[test]
fn folders_without_an_index_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let said = |folder: &Path| Index::open(folder).unwrap_err().to_string();
    let missing = dir.path().join("missing");
    assert!(said(&missing).contains("missing: there is no such folder"));
    assert!(said(dir.path()).contains("write_index = true"));
    let writer = ShardWriter::<Tokens>::create(dir.path(), "part-00000.parquet").unwrap();
    writer.finish().unwrap();
    assert!(said(dir.path()).contains("part-00000.parquet: column"));
    let writer = ShardWriter::<IndexEntry>::create(dir.path(), "part-00000.parquet").unwrap();
    writer.finish().unwrap();
    assert!(said(dir.path()).contains("`textmill.dedupe` are missing"));
}

#[test]
fn a_run_is_known_by_its_folder_once_it_is_done() {
    let (dir, config) = (tempfile::tempdir().unwrap(), config());
    let folder = dir.path().join("dedupe/index");
    write_shard(&folder, 0, &[], &config);
    let said = Index::open(dir.path()).unwrap_err().to_string();
    assert!(said.contains("is not done"), "{said}");
    textmill_schemas::Manifest::default()
        .write(&dir.path().join("dedupe"))
        .unwrap();
    for path in [dir.path(), &dir.path().join("dedupe"), &folder] {
        assert_eq!(Index::open(path).unwrap().folder(), folder);
    }
}

#[test]
fn damaged_entries_are_named() {
    let (dir, config) = (tempfile::tempdir().unwrap(), config());
    let broken = IndexEntry {
        id: "x1".into(),
        ..IndexEntry::default()
    };
    write_shard(dir.path(), 0, &[broken], &config);
    let index = Index::open(dir.path()).unwrap();
    let said = index.entries().next().unwrap().unwrap_err().to_string();
    assert!(
        said.contains("part-00000.parquet") && said.contains("`x1`"),
        "{said}"
    );
}
