use std::fs;

use super::*;

fn file(source: usize, size: u64) -> Found {
    Found {
        source,
        path: PathBuf::new(),
        relative: PathBuf::new(),
        size,
        modified: 0,
        e_tag: None,
        part: None,
        problem: None,
    }
}

fn source(path: &str, change: impl FnOnce(&mut SourceConfig)) -> Source {
    let mut config = SourceConfig {
        name: "s".into(),
        path: path.into(),
        ..SourceConfig::default()
    };
    change(&mut config);
    Source::new(&config).unwrap()
}

fn names(source: &Source) -> Vec<String> {
    let found = source.list(0).unwrap();
    found
        .iter()
        .map(|found| found.relative.display().to_string())
        .collect()
}

#[test]
fn tasks_hold_about_as_many_bytes() {
    let files: Vec<Found> = [10, 10, 10, 100, 5, 5].map(|size| file(0, size)).into();
    assert_eq!(cut(&files, 25, |_| Tasks::Mixed), [0..2, 2..3, 3..4, 4..6]);
    assert_eq!(
        cut(&files, 25, |_| Tasks::One),
        std::slice::from_ref(&(0..6))
    );
    assert_eq!(cut(&files, 25, |_| Tasks::Each).len(), 6);
    assert!(cut(&[], 25, |_| Tasks::Mixed).is_empty());
    let mixed = [
        file(0, 1),
        file(0, 1),
        file(1, 1),
        file(1, 99),
        file(2, 1),
        file(3, 1),
    ];
    let tasks = cut(&mixed, 50, |source| match source {
        1 => Tasks::One,
        _ => Tasks::Mixed,
    });
    assert_eq!(tasks, [0..2, 2..4, 4..6]);
}

#[test]
fn folders_globs_and_files() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().display().to_string();
    for name in ["b/2.html", "b/c/1.html", "b.txt", "a.html"] {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "x").unwrap();
    }
    assert_eq!(
        names(&source(&root, |_| {})),
        ["a.html", "b.txt", "b/2.html", "b/c/1.html"]
    );
    assert_eq!(names(&source(&format!("{root}/b*"), |_| {})), ["b.txt"]);
    assert_eq!(
        names(&source(&format!("{root}/**/*.html"), |_| {})).len(),
        3
    );
    assert_eq!(
        names(&source(&format!("{root}/b/*/1.html"), |_| {})),
        ["c/1.html"]
    );
    assert_eq!(
        names(&source(&format!("{root}/a.html"), |_| {})),
        ["a.html"]
    );
    let narrowed = source(&root, |config| {
        config.include = vec!["*.html".into()];
        config.exclude = vec!["b/c/**".into()];
    });
    assert_eq!(names(&narrowed), ["a.html", "b/2.html"]);
}

#[test]
fn nothing_to_read_is_an_error_with_a_mend() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().display().to_string();
    for path in [
        format!("{root}/none"),
        format!("{root}/none/*.gz"),
        format!("{root}/*.gz"),
        root,
    ] {
        let error = source(&path, |_| {}).list(0).unwrap_err().to_string();
        assert!(
            error.starts_with("source `s`: ") && error.contains("correct `path`"),
            "{error}"
        );
    }
}

#[cfg(unix)]
#[test]
fn links_end_in_rows_and_loops_end() {
    use std::os::unix::fs::symlink;
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().display().to_string();
    fs::create_dir(dir.path().join("sub")).unwrap();
    fs::write(dir.path().join("a"), "x").unwrap();
    symlink(dir.path(), dir.path().join("sub/loop")).unwrap();
    symlink(dir.path().join("none"), dir.path().join("dangling")).unwrap();
    let found = source(&root, |_| {}).list(0).unwrap();
    let rules: Vec<_> = found
        .iter()
        .map(|found| found.problem.as_ref().map(|p| p.0))
        .collect();
    assert_eq!(rules, [None, Some("collect.link"), Some("collect.link")]);
    let found = source(&root, |config| config.follow_links = true)
        .list(0)
        .unwrap();
    let rules: Vec<_> = found
        .iter()
        .map(|found| found.problem.as_ref().map(|p| p.0))
        .collect();
    assert_eq!(rules, [None, Some("collect.unreadable")]);
}

#[test]
fn the_hash_follows_the_files() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("a"), "x").unwrap();
    let sources = [source(&dir.path().display().to_string(), |_| {})];
    let hash = || Listing::read(&sources, 100).unwrap().hash(&sources);
    let before = hash();
    assert_eq!(before, hash());
    fs::write(dir.path().join("a"), "xy").unwrap();
    assert_ne!(before, hash());
}

#[cfg(unix)]
#[test]
fn links_to_folders_are_told_under_globs_too() {
    use std::os::unix::fs::symlink;
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let root = dir.path().display().to_string();
    fs::create_dir(dir.path().join("in")).unwrap();
    fs::write(dir.path().join("in/a.html"), "x").unwrap();
    fs::write(other.path().join("b.html"), "x").unwrap();
    symlink(other.path(), dir.path().join("out")).unwrap();
    // Inside of the folder it is a link all the same: its target is read where it lies.
    symlink(dir.path().join("in/a.html"), dir.path().join("in/c.html")).unwrap();
    let rules = |path: &str, change: fn(&mut SourceConfig)| -> Vec<(String, Option<&str>)> {
        let found = source(path, change).list(0).unwrap();
        let rule = |found: &Found| found.problem.as_ref().map(|problem| problem.0);
        let found = found.iter();
        found
            .map(|found| (found.relative.display().to_string(), rule(found)))
            .collect()
    };
    let told = [
        ("in/a.html".to_owned(), None),
        ("in/c.html".to_owned(), Some("collect.link")),
        ("out".to_owned(), Some("collect.link")),
    ];
    assert_eq!(rules(&format!("{root}/*/*.html"), |_| {}), told);
    assert_eq!(
        rules(&root, |config| config.include = vec!["**/*.html".into()]),
        told
    );
    assert_eq!(rules(&format!("{root}/in/*"), |_| {}).len(), 2);
    let followed = rules(&format!("{root}/**/*.html"), |config| {
        config.follow_links = true
    });
    assert_eq!(
        followed.iter().filter(|(_, rule)| rule.is_none()).count(),
        3
    );
    // Named itself, a link is what the user asked for.
    assert_eq!(
        rules(&format!("{root}/out"), |_| {}),
        [("b.html".to_owned(), None)]
    );
    assert_eq!(
        rules(&format!("{root}/in/c.html"), |_| {}),
        [("c.html".to_owned(), None)]
    );
}
