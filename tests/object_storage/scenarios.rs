//! What is shown; how a run is made, the file that includes this one says (`super::run`).

use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::server::{BUCKET, KEY, Proxy, SECRET, Server};
use super::{Run, repository, run};

/// Settings of a source: keys and values as JSON and TOML both write them.
fn source(path: &str) -> Vec<(&'static str, String)> {
    vec![("name", "\"s\"".into()), ("path", format!("{path:?}"))]
}

fn at(key: &str) -> Vec<(&'static str, String)> {
    source(&format!("s3://{BUCKET}/{key}"))
}

/// The environment that leads to a server.
pub fn environment(address: impl std::fmt::Display) -> Vec<(&'static str, String)> {
    vec![
        ("AWS_ENDPOINT_URL", format!("http://{address}")),
        ("AWS_ALLOW_HTTP", "true".into()),
        ("AWS_ACCESS_KEY_ID", KEY.into()),
        ("AWS_SECRET_ACCESS_KEY", SECRET.into()),
        ("AWS_REGION", "us-east-1".into()),
        // Nothing but what is set here.
        ("AWS_METADATA_ENDPOINT", "http://127.0.0.1:9".into()),
    ]
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn archive() -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in [("one.txt", "one in a ZIP"), ("two.html", "<html>two")] {
        let options = zip::write::SimpleFileOptions::default();
        writer.start_file(name, options).unwrap();
        writer.write_all(content.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// Lines that do not compress to nothing.
fn lines(count: u64) -> Vec<u8> {
    let line = |number: u64| {
        let noise = (0..40).map(|at| {
            format!(
                "{:x}",
                number.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(at)
            )
        });
        format!("{{\"text\":\"{number} {}\"}}\n", noise.collect::<String>())
    };
    (0..count)
        .flat_map(|number| line(number).into_bytes())
        .collect()
}

fn fixtures() -> Vec<(String, Vec<u8>)> {
    let files: [(&str, Vec<u8>); 8] = [
        ("a.html", "<html><p>页".into()),
        ("archive.zip", archive()),
        (
            "deep/b/rows.jsonl.gz",
            gzip(b"{\"text\":\"one\"}\n{oops}\n{\"text\":\"two\"}\n"),
        ),
        ("deep/empty.txt", Vec::new()),
        ("deep/notes and more+.md", "# Notes".into()),
        ("deep/style.css", "p {}".into()),
        ("deep-er.txt", "sorted before the folder".into()),
        ("large.jsonl", lines(20_000)),
    ];
    files
        .map(|(name, bytes)| (format!("mixed/{name}"), bytes))
        .into()
}

/// Kept and dropped rows as far as they must not depend on where the files lie.
fn rows(run: &Run) -> Vec<String> {
    assert!(run.ok, "{}", run.stderr);
    let kept = run.kept.iter().map(|row| {
        format!(
            "{} {} {} {:?}",
            row.id,
            row.file,
            row.offset,
            String::from_utf8_lossy(&row.body)
        )
    });
    let dropped = run.dropped.iter().map(|row| {
        format!(
            "{} {} {} {} {:?}",
            row.id, row.file, row.offset, row.rule, row.detail
        )
    });
    kept.chain(dropped).collect()
}

fn files(run: &Run) -> Vec<&str> {
    assert!(run.ok, "{}", run.stderr);
    run.kept.iter().map(|row| row.file.as_str()).collect()
}

fn on_disk(objects: &[(String, Vec<u8>)]) -> Run {
    let dir = tempfile::tempdir().unwrap();
    for (name, bytes) in objects {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    run(
        &source(&dir.path().join("mixed").display().to_string()),
        &[],
    )
}

#[test]
fn objects_are_read_like_files() {
    let server = Server::start(Path::new(&repository()));
    let environment = environment(server.address());
    let fixtures = fixtures();
    server.put(&fixtures);
    let local = on_disk(&fixtures);
    for path in ["mixed/", "mixed", "mixed/**"] {
        assert_eq!(rows(&run(&at(path), &environment)), rows(&local), "{path}");
    }
    let read = |key: &str| run(&at(key), &environment);
    assert_eq!(files(&read("mixed/a.html")), ["a.html"]);
    assert_eq!(files(&read("mixed/*.html")), ["a.html"]);
    assert_eq!(files(&read("mixed/deep/*+.md")), ["notes and more+.md"]);
    assert_eq!(files(&read("mixed/*/b/*.gz")), ["deep/b/rows.jsonl.gz"; 2]);
    let mut narrowed = at("mixed/");
    narrowed.push(("include", "[\"**/*.jsonl*\"]".into()));
    narrowed.push(("exclude", "[\"large*\"]".into()));
    assert_eq!(
        files(&run(&narrowed, &environment)),
        ["deep/b/rows.jsonl.gz"; 2]
    );
    let mut limited = at("mixed/large.jsonl");
    limited.push(("limit", "7".into()));
    assert_eq!(files(&run(&limited, &environment)).len(), 7);
}

#[test]
fn many_objects_and_large_ones() {
    let server = Server::start(Path::new(&repository()));
    let environment = environment(server.address());
    // More than one page of a listing.
    let many: Vec<(String, Vec<u8>)> = (0..1100)
        .map(|number| {
            (
                format!("many/{number:04}.txt"),
                format!("text {number}").into_bytes(),
            )
        })
        .collect();
    server.put(&many);
    let all = run(&at("many/"), &environment);
    let names: Vec<String> = (0..1100).map(|number| format!("{number:04}.txt")).collect();
    assert_eq!(files(&all), names);
    // An object larger than the memory that it may take.
    let line = format!("{{\"other\":\"{}\"}}\n", "x".repeat(1 << 20));
    server.put(&[("large.jsonl".to_owned(), line.repeat(160).into_bytes())]);
    let large = run(&at("large.jsonl"), &environment);
    assert!(large.ok, "{}", large.stderr);
    let rules: Vec<&str> = large.dropped.iter().map(|row| row.rule.as_str()).collect();
    assert_eq!(rules, ["collect.no_text"; 160]);
    let peak = large.peak.unwrap();
    // The whole program has some 145 MiB of libraries; with the object it would pass 300.
    assert!(peak < 256 << 20, "{peak} bytes for an object of 160 MiB");
}

#[test]
fn what_is_wrong_is_named() {
    let server = Server::start(Path::new(&repository()));
    let right = environment(server.address());
    let fails = |path: &str, change: &[(&str, &str)], words: &[&str]| {
        let mut environment = right.clone();
        environment.retain(|(name, _)| change.iter().all(|(changed, _)| changed != name));
        let changed = change.iter().filter(|(_, value)| !value.is_empty());
        let changed: Vec<(&str, String)> = changed
            .map(|(name, value)| (*name, (*value).to_owned()))
            .collect();
        let run = run(&source(path), &[&environment[..], &changed].concat());
        assert!(!run.ok, "{path}");
        for word in words {
            assert!(run.stderr.contains(word), "{path}: {}", run.stderr);
        }
    };
    let here = &format!("s3://{BUCKET}/none/");
    fails(
        here,
        &[],
        &["no file matches", "correct `path`", "source `s`"],
    );
    fails(
        &format!("s3://{BUCKET}/none/*.gz"),
        &[],
        &["no file matches"],
    );
    fails(
        "s3://no-such-bucket/a/",
        &[],
        &["no-such-bucket", "does not exist", "AWS_ENDPOINT_URL"],
    );
    let secret = "AWS_SECRET_ACCESS_KEY";
    fails(
        here,
        &[(secret, "wrong")],
        &["refused", "AWS_ACCESS_KEY_ID", "AWS_SKIP_SIGNATURE"],
    );
    fails(
        here,
        &[("AWS_ACCESS_KEY_ID", ""), (secret, "")],
        &["credentials", "AWS_ACCESS_KEY_ID"],
    );
    fails(here, &[("AWS_ALLOW_HTTP", "")], &["AWS_ALLOW_HTTP=true"]);
    fails("s3:///key", &[], &["names no bucket"]);
    fails("s3://b*/key", &[], &["pattern in the bucket"]);
}

#[test]
fn broken_connections_are_taken_up_where_they_broke() {
    let server = Server::start(Path::new(&repository()));
    let objects = [("mixed/large.jsonl".to_owned(), lines(20_000))];
    server.put(&objects);
    let proxy = Proxy::start(server.address(), 900_000, Duration::ZERO);
    let run = run(&at("mixed/"), &environment(proxy.address));
    assert_eq!(rows(&run), rows(&on_disk(&objects)));
    let cuts = proxy.cuts.load(Ordering::Relaxed);
    assert!(cuts > 5, "{cuts} cuts");
}

#[test]
fn a_server_that_comes_back_is_waited_for() {
    let mut server = Server::start(Path::new(&repository()));
    let objects = [("mixed/large.jsonl".to_owned(), lines(60_000))];
    server.put(&objects);
    let proxy = Proxy::start(server.address(), u64::MAX, Duration::from_millis(5));
    let environment = environment(proxy.address);
    let reading = std::thread::spawn(move || run(&at("mixed/"), &environment));
    while proxy.passed.load(Ordering::Relaxed) < 6 << 20 {
        assert!(!reading.is_finished(), "over before the server was killed");
        std::thread::sleep(Duration::from_millis(2));
    }
    server.kill();
    server.resume();
    let run = reading.join().unwrap();
    assert_eq!(rows(&run), rows(&on_disk(&objects)));
}
