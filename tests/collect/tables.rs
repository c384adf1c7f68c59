//! JSON, separated values, Parquet, and dataset folders.

use std::io::Write;

use textmill_schemas::{RawDocument, ShardWriter};

use super::{collect_bytes, collect_path, fixture};

#[test]
fn json_goes_on_behind_a_broken_object() {
    let out = collect_path("auto", &fixture("tables/posts.json"), "");
    assert_eq!(out.bodies(), ["The ferry leaves at six.", "渡船六点开。"]);
    assert_eq!(out.kept[0].time.as_deref(), Some("2020-02-03T00:00:00Z"));
    assert_eq!(out.kept[1].lang.as_deref(), Some("zh"));
    assert_eq!(out.rules(), ["collect.invalid_json"]);
    let detail = out.dropped[0].detail.as_deref().unwrap();
    assert!(detail.contains("a line ends inside a string"), "{detail}");
}

#[test]
fn compressed_and_cut_json() {
    let whole = std::fs::read(fixture("tables/posts.json")).unwrap();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&whole).unwrap();
    let gzip = gzip.finish().unwrap();
    let zstd = zstd::encode_all(&whole[..], 1).unwrap();
    for (name, bytes) in [("a.json.gz", &gzip), ("a.json.zst", &zstd)] {
        let out = collect_bytes("json", name, bytes);
        assert_eq!((out.kept.len(), out.dropped.len()), (2, 1), "{name}");
        let cut = collect_bytes("auto", name, &bytes[..bytes.len() - 20]);
        assert!(cut.ok && !cut.dropped.is_empty(), "{name}: {}", cut.stderr);
    }
    for hostile in [
        "[".repeat(1 << 20),
        "{\"a\":".repeat(1 << 18),
        "\"".repeat(1001),
    ] {
        let out = collect_bytes("json", "a.json", hostile.as_bytes());
        assert!(
            out.ok && out.kept.is_empty() && out.rules().contains(&"collect.invalid_json"),
            "{}",
            out.stderr
        );
    }
}

#[test]
fn separated_values_by_name() {
    let out = collect_path("auto", &fixture("tables/posts.csv"), "");
    assert_eq!(
        out.bodies(),
        ["The ferry; it leaves\nat \"six\"", "渡船六点开。"]
    );
    assert_eq!(out.kept[0].title.as_deref(), Some("Ferry"));
    assert_eq!(out.rules(), ["collect.ragged_row"]);
    let titles = collect_path(
        "csv",
        &fixture("tables/posts.csv"),
        "text_fields = [\"title\"]",
    );
    assert_eq!(titles.bodies(), ["Ferry", "渡船"]);
    let bare = collect_path("auto", &fixture("tables/bare.tsv"), "");
    assert_eq!(bare.rules(), ["collect.no_text"]);
    assert!(
        bare.dropped[0]
            .detail
            .as_deref()
            .unwrap()
            .contains("`columns`")
    );
    let columns = "columns = [\"lang\", \"text\"]";
    let named = collect_path("auto", &fixture("tables/bare.tsv"), columns);
    assert_eq!(named.bodies(), ["The ferry leaves.", "\"渡船\"六点开。"]);
}

#[test]
fn parquet_rows_are_numbered() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = ShardWriter::<RawDocument>::create(dir.path(), "a.parquet").unwrap();
    for body in ["The ferry leaves.", "", "渡船六点开。"] {
        let row = RawDocument {
            body: body.into(),
            title: Some("Ferry".into()),
            ..RawDocument::default()
        };
        writer.write(row).unwrap();
    }
    writer.finish().unwrap();
    let path = dir.path().join("a.parquet");
    let out = collect_path("auto", &path, "");
    assert_eq!(out.bodies(), ["The ferry leaves.", "渡船六点开。"]);
    assert_eq!(
        (out.kept[1].offset, out.kept[1].title.as_deref()),
        (2, Some("Ferry"))
    );
    assert_eq!(out.rules(), ["collect.no_text"]);
    let bytes = std::fs::read(path).unwrap();
    for cut in [4, 100, bytes.len() / 2, bytes.len() - 1] {
        let out = collect_bytes("parquet", "a.parquet", &bytes[..cut]);
        assert!(
            out.ok && out.rules() == ["collect.corrupt"],
            "{cut}: {}",
            out.stderr
        );
    }
}

#[test]
fn a_dataset_folder_has_a_card_and_splits() {
    let out = collect_path("auto", &fixture("dataset"), "");
    assert_eq!(out.bodies(), ["The ferry is late.", "The ferry leaves."]);
    for row in &out.kept {
        assert_eq!(row.license.as_deref(), Some("cc-by-4.0"));
        assert_eq!(row.lang.as_deref(), Some("en"));
    }
    let mut rules = out.rules();
    rules.sort_unstable();
    assert_eq!(
        rules,
        [
            "collect.lfs_pointer",
            "collect.not_data",
            "collect.not_data"
        ]
    );
    let own = "split = [\"train\"]\nlicense = \"MIT\"";
    let train = collect_path("auto", &fixture("dataset"), own);
    assert_eq!(train.bodies(), ["The ferry leaves."]);
    assert_eq!(train.kept[0].license.as_deref(), Some("MIT"));
}

#[cfg(unix)]
#[test]
fn the_cache_of_the_hub_is_followed_inside_itself() {
    use std::os::unix::fs::symlink;
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("datasets--org--name");
    for folder in ["blobs", "refs", "snapshots/new/data", "snapshots/old/data"] {
        std::fs::create_dir_all(root.join(folder)).unwrap();
    }
    std::fs::write(root.join("refs/main"), "new").unwrap();
    std::fs::write(
        root.join("blobs/abc"),
        "{\"text\": \"The ferry leaves.\"}\n",
    )
    .unwrap();
    std::fs::write(dir.path().join("outside.jsonl"), "{\"text\": \"no\"}\n").unwrap();
    for revision in ["new", "old"] {
        let data = root.join("snapshots").join(revision).join("data");
        symlink("../../../blobs/abc", data.join("train.jsonl")).unwrap();
        symlink(dir.path().join("outside.jsonl"), data.join("other.jsonl")).unwrap();
    }
    for path in [root.clone(), root.join("snapshots/new")] {
        let out = collect_path("auto", &path, "");
        assert_eq!(out.bodies(), ["The ferry leaves."]);
        assert_eq!(out.rules(), ["collect.link"]);
    }
}
