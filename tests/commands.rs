//! The commands that look into a run, and the errors that people meet.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::Value;
use support::{both, root, rows, succeed, textmill};
use textmill_schemas::{Document, Dropped};

fn apply(stage: &str, further: &[&str], input: &str) -> Vec<Value> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_textmill"))
        .current_dir(root())
        .args(["apply", stage])
        .args(further)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn apply_answers_every_line_in_order() {
    let page = "<html><body><article><p>The ferry left early this morning, and nobody on the quay had \
        heard that it would. By noon the baker had sold out.</p></article></body></html>";
    let line = serde_json::json!({"id": "a", "html": page}).to_string();
    let answers = apply(
        "extract",
        &[],
        &format!("{line}\nnot json\n\n{{\"id\":\"c\",\"html\":\"\"}}\n{line}\n"),
    );
    assert_eq!(answers.len(), 4);
    assert_eq!(
        (&answers[0]["id"], &answers[0]["kept"]),
        (&"a".into(), &true.into())
    );
    assert!(answers[0]["text"].as_str().unwrap().contains("sold out"));
    assert_eq!(answers[1]["line"], 2);
    assert!(answers[1]["error"].is_string());
    assert_eq!(answers[2]["kept"], false);
    assert_eq!(answers[2]["rule"], "extract.no_content");
    assert_eq!(answers[3]["text"], answers[0]["text"]);
}

#[test]
fn apply_filter_says_rule_value_and_limit() {
    let line =
        serde_json::json!({"id": 7, "text": "Only a few words stand here, and they are plain."});
    let families = ["--set", "filter.families=[\"gopher_quality\"]"];
    let answers = apply("filter", &families, &format!("{line}\n"));
    let answer = &answers[0];
    assert_eq!(
        (&answer["id"], &answer["kept"]),
        (&"7".into(), &false.into())
    );
    assert_eq!(answer["rule"], "gopher_quality.word_count");
    assert_eq!(answer["limit"], 50.0);
}

#[test]
fn apply_normalize_repairs_and_masks() {
    let line = serde_json::json!({"id": "1", "text": "Write to ada@example.com in MÃ¼nchen."});
    let answers = apply("normalize", &[], &format!("{line}\n"));
    assert_eq!(answers[0]["text"], "Write to <EMAIL> in München.");
    assert_eq!(answers[0]["masked"], 1);
}

#[test]
fn inspect_and_sql_and_trace_look_into_a_run() {
    let dir = tempfile::tempdir().unwrap();
    succeed(&mut textmill(
        dir.path(),
        &["run", "--quiet", "--until", "normalize"],
    ));
    let inspect = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_textmill"));
        succeed(
            command
                .arg("inspect")
                .arg(dir.path().join("normalize"))
                .args(arguments),
        )
    };
    let said = inspect(&["--rows", "2"]);
    assert!(
        said.contains("rows of Document") && said.contains("lang_confidence"),
        "{said}"
    );
    let query = "SELECT lang, count(*) AS n FROM shards GROUP BY lang ORDER BY n DESC";
    let said = inspect(&["--sql", query]);
    let kept: Vec<Document> = rows(dir.path(), "normalize", false);
    let english = kept
        .iter()
        .filter(|row| row.lang.as_deref() == Some("en"))
        .count();
    assert!(
        said.lines()
            .any(|line| line.split_whitespace().eq(["en", &english.to_string()])),
        "{said}"
    );

    let said = succeed(&mut textmill(dir.path(), &["trace", &kept[0].id]));
    for stage in support::DATA_STAGES {
        assert!(said.contains(stage), "{stage} in\n{said}");
    }
    let dropped: Vec<Dropped> = rows(dir.path(), "filter", true);
    let said = succeed(&mut textmill(dir.path(), &["trace", &dropped[0].id]));
    assert!(
        said.contains(&format!("DROPPED by {}", dropped[0].rule)),
        "{said}"
    );
    assert!(!said.contains('\u{1b}'));
}

#[test]
fn mistakes_are_named_with_their_mend() {
    let dir = tempfile::tempdir().unwrap();
    let complain = |arguments: &[&str]| {
        let output = textmill(dir.path(), arguments).output().unwrap();
        assert!(!output.status.success());
        both(&output)
    };
    let file = dir.path().join("wrong.toml");
    fs::write(&file, "[run]\n\n[filter]\nmin_wrods = 3\n").unwrap();
    let said = complain(&["run", "--config", file.to_str().unwrap()]);
    assert!(
        said.contains("wrong.toml:4") && said.contains("`min_words`"),
        "{said}"
    );
    fs::write(
        &file,
        "[[collect.source]]\nname = \"x\"\npath = \"no/such/folder\"\n",
    )
    .unwrap();
    let said = complain(&["run", "--config", file.to_str().unwrap()]);
    assert!(said.contains("no/such/folder"), "{said}");
    let said = complain(&["run", "--until", "filtre"]);
    assert!(
        said.contains("filtre") && said.contains("normalize"),
        "{said}"
    );
    let said = complain(&["run", "--config", "absent.toml"]);
    assert!(said.contains("absent.toml"), "{said}");
    let said = complain(&["trace", "whatever"]);
    assert!(said.contains("textmill run"), "{said}");
}

#[cfg(feature = "torch")]
#[test]
fn a_foreign_libtorch_is_told_in_one_sentence() {
    let dir = tempfile::tempdir().unwrap();
    let lib = dir.path().join("torch/lib");
    fs::create_dir_all(&lib).unwrap();
    fs::write(lib.join("libtorch_cpu.so"), "").unwrap();
    fs::write(
        dir.path().join("torch/version.py"),
        "__version__ = '1.13.1'\n",
    )
    .unwrap();
    let output = textmill(dir.path(), &["doctor"])
        .env("LD_LIBRARY_PATH", &lib)
        .output()
        .unwrap();
    let said = both(&output);
    assert!(!output.status.success());
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(
        said.contains("1.13.1") && said.contains("make setup"),
        "{said}"
    );
}

#[test]
fn rows_come_out_as_json() {
    let dir = tempfile::tempdir().unwrap();
    succeed(&mut textmill(
        dir.path(),
        &["run", "--quiet", "--until", "filter"],
    ));
    let mut command = Command::new(env!("CARGO_BIN_EXE_textmill"));
    let said = succeed(
        command
            .arg("inspect")
            .arg(dir.path().join("filter"))
            .arg("--json"),
    );
    let kept: Vec<Document> = rows(dir.path(), "filter", false);
    let printed: Vec<Document> = said
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(printed, kept);
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let dir = tempfile::tempdir().unwrap();
    succeed(&mut textmill(
        dir.path(),
        &["run", "--quiet", "--until", "extract"],
    ));
    let shards = dir.path().join("extract");
    for arguments in [&["--rows", "200"][..], &["--json"]] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_textmill"))
            .arg("inspect")
            .arg(&shards)
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success());
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    }
}

#[test]
fn every_help_teaches_with_an_example() {
    for command in [
        "run", "inspect", "trace", "apply", "dedupe", "clusters", "index", "mix", "pack",
    ] {
        let mut help = Command::new(env!("CARGO_BIN_EXE_textmill"));
        let said = succeed(help.args([command, "--help"]));
        assert!(said.contains("Examples:"), "{said}");
    }
}

#[test]
fn the_s_curve_is_explained() {
    let dir = tempfile::tempdir().unwrap();
    let said = succeed(&mut textmill(dir.path(), &["dedupe", "--explain"]));
    assert!(
        said.contains("14 bands of 8 rows") && said.contains("0.80"),
        "{said}"
    );
    assert!(said.contains('█') && said.contains("26 x 5"), "{said}");
    // 14 keys of 16 bytes, 112 values of 4.
    assert!(said.contains("672 B"), "{said}");
    let output = textmill(
        dir.path(),
        &["dedupe", "--explain", "--set", "dedupe.bands=0"],
    )
    .output()
    .unwrap();
    assert!(both(&output).contains("bands x rows = 0 x 8"));
}

#[cfg(feature = "torch")]
#[test]
fn the_doctor_looks_at_the_machine() {
    let dir = tempfile::tempdir().unwrap();
    let said = succeed(&mut textmill(dir.path(), &["doctor"]));
    assert!(
        said.contains("libtorch") && said.contains("2.11.0") && said.contains("cores"),
        "{said}"
    );
}

const PAGE: &str = "<html><head><title>The ferry</title><meta name=author content='Ann Lee'></head><body>\
    <ul class=nav><li><a href=/>Home</a><li><a href=/news>News</a></ul><article><h1>The ferry</h1>\
    <p>The ferry left early this morning, and nobody on the quay had heard that it would. By noon the baker \
    had sold out, and the <b>postman</b> went home on foot.</p></article></body></html>";

#[test]
fn one_page_is_extracted_and_explained() {
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("page.html");
    fs::write(&page, PAGE).unwrap();
    let page = page.to_str().unwrap();
    let plain = textmill(folder.path(), &["extract", page])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&plain.stdout);
    assert!(
        text.contains("sold out") && !text.contains("News"),
        "{text}"
    );
    assert!(String::from_utf8_lossy(&plain.stderr).contains("author: Ann Lee"));
    let markdown = succeed(&mut textmill(
        folder.path(),
        &["extract", page, "--set", "extract.format=\"markdown\""],
    ));
    assert!(markdown.contains("the **postman** went"));
    let html = folder.path().join("why.html");
    let text = succeed(&mut textmill(
        folder.path(),
        &[
            "extract",
            page,
            "--explain",
            "--html",
            html.to_str().unwrap(),
        ],
    ));
    let line = |start: &str, part: &str| {
        text.lines()
            .any(|line| line.starts_with(start) && line.contains(part))
    };
    assert!(
        line("+ 0.", "The ferry left early") && line("- 0.", "News"),
        "{text}"
    );
    let html = fs::read_to_string(html).unwrap();
    assert!(html.contains("class=\"b kept\"") && html.contains("class=\"b dropped\""));
    let error = both(
        &textmill(folder.path(), &["extract", "no/such/page.html"])
            .output()
            .unwrap(),
    );
    assert!(
        error.contains("no/such/page.html") && error.contains("give a file"),
        "{error}"
    );
    let error = both(
        &textmill(
            folder.path(),
            &["extract", page, "--set", "extract.remove=[\"div[\"]"],
        )
        .output()
        .unwrap(),
    );
    assert!(error.contains("`div[` is no CSS selector"), "{error}");
}

#[test]
fn a_page_is_fetched_from_its_address() {
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/ferry", server.local_addr().unwrap());
    let answer = std::thread::spawn(move || {
        let (mut stream, _) = server.accept().unwrap();
        let mut request = [0; 4096];
        let length = std::io::Read::read(&mut stream, &mut request).unwrap();
        // In the charset that the server alone declares.
        let body = PAGE.replace("postman", "facteur âgé");
        let body: Vec<u8> = body
            .chars()
            .map(|c| u8::try_from(u32::from(c)).unwrap())
            .collect();
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=iso-8859-1\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(&body).unwrap();
        String::from_utf8_lossy(&request[..length]).into_owned()
    });
    let text = succeed(&mut textmill(&root(), &["extract", &address]));
    assert!(text.contains("facteur âgé went"));
    let request = answer.join().unwrap();
    assert!(request.starts_with("GET /ferry HTTP/1.1"), "{request}");
    assert!(
        request.to_lowercase().contains("user-agent: textmill/"),
        "{request}"
    );
}
