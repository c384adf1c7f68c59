use serde::{Deserialize, Serialize};

/// The `[collect]` section: what to read, and within which bounds.
///
/// The `*_fields` keys say where a JSON line holds what: the first name that is present wins;
/// a dot goes into a nested object (`meta.url`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Input bytes of a task, as they lie on disk; a task writes one shard.
    pub task_bytes: u64,
    /// Longest record in bytes, decompressed. Longer ones are dropped as `collect.too_large`,
    /// which also stops decompression bombs.
    pub max_record_bytes: u64,
    /// Decompressed bytes that one compressed byte may give, over a file after its first 64 MiB;
    /// beyond it the rest of the file is dropped as `collect.bomb`.
    pub max_ratio: u64,
    /// How MediaWiki dumps are read.
    pub wiki: crate::wiki::Options,
    /// Bytes of the temporary file that a compressed file is unpacked to when its format cannot
    /// be read from the beginning to the end (Parquet, ZIP, 7z).
    pub max_spool_bytes: u64,
    /// Whether digests in a crawl are checked; a record that does not match its own is dropped
    /// as `collect.digest`.
    pub check_digests: bool,
    /// JSON fields that may hold the text.
    pub text_fields: Vec<String>,
    /// JSON fields that may hold a web page, looked at when there is no text.
    pub html_fields: Vec<String>,
    /// JSON fields that may hold the title.
    pub title_fields: Vec<String>,
    /// JSON fields that may hold the address.
    pub url_fields: Vec<String>,
    /// JSON fields that may hold the language.
    pub lang_fields: Vec<String>,
    /// JSON fields that may hold the time: RFC 3339, a day, or Unix seconds or milliseconds.
    pub time_fields: Vec<String>,
    /// JSON fields that may hold the author.
    pub author_fields: Vec<String>,
    /// What to read, in this order.
    pub source: Vec<SourceConfig>,
}

impl Default for Config {
    fn default() -> Self {
        let names = |names: &[&str]| names.iter().map(ToString::to_string).collect();
        Self {
            task_bytes: 64 << 20,
            max_record_bytes: 64 << 20,
            max_ratio: 1000,
            wiki: crate::wiki::Options::default(),
            max_spool_bytes: 64 << 30,
            check_digests: true,
            text_fields: names(&["text", "content", "body", "raw_content"]),
            html_fields: names(&["html"]),
            title_fields: names(&["title"]),
            url_fields: names(&["url", "meta.url", "metadata.url"]),
            lang_fields: names(&["lang", "language"]),
            time_fields: names(&["time", "date", "timestamp", "created_utc"]),
            author_fields: names(&["author"]),
            source: Vec::new(),
        }
    }
}

/// One `[[collect.source]]`: a file, a folder or a glob.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceConfig {
    /// Name that every row of the source carries.
    pub name: String,
    /// What the files are; found by content by default.
    #[serde(default)]
    pub kind: Kind,
    /// A file, a folder (read with its sub-folders) or a glob such as `crawl/*.warc.gz`.
    /// Relative to the working directory; `~`, `${VAR}` and `${VAR:-default}` are filled in.
    pub path: String,
    /// For kind `paths`: the folder or address (`https://…`, `s3://…`) that the listed paths
    /// are relative to; the list's own folder by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// Licence that every row of the source carries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub license: Option<String>,
    /// Documents to keep at most. A source with a limit is one task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// Media type of the text in JSON lines, where it is not plain text: `text/html`, or
    /// `text/markdown`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// Globs of the files to read, against the path inside the source; all when empty.
    #[serde(default)]
    pub include: Vec<String>,
    /// Globs of the files not to read.
    #[serde(default)]
    pub exclude: Vec<String>,
    /// Whether to follow symbolic links inside a folder. Without it each is a dropped row.
    #[serde(default)]
    pub follow_links: bool,
}

/// What the files of a source are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Found by content, file by file.
    #[default]
    Auto,
    /// One web page a file.
    Html,
    /// Web crawl: response and resource records.
    Warc,
    /// Text of a web crawl: conversion records. The same container as `warc`.
    Wet,
    /// What a crawler found out about each page: metadata records. The same container as `warc`.
    Wat,
    /// A list of the files of a crawl, such as Common Crawl's `warc.paths.gz`.
    Paths,
    /// Pages to fetch: a list of addresses, a sitemap or a feed.
    Web,
    /// RSS, Atom or JSON Feed: one document an entry.
    Feed,
    /// A Stack Exchange dump: one document a question with its answers.
    StackExchange,
    /// Posts and comments as JSON lines, of the Reddit type: one document a thread.
    Comments,
    /// Saved pages of a forum (Discourse, phpBB and their like): one document a thread.
    Forum,
    /// A MediaWiki dump: one document a page.
    MediaWiki,
    /// An electronic book.
    Epub,
    /// A plain text of a book, with the head and licence of Project Gutenberg.
    Gutenberg,
    /// One JSON object a line.
    Jsonl,
    /// A JSON array of objects, or one object.
    Json,
    /// Rows with values separated by commas.
    Csv,
    /// Rows with values separated by tabs.
    Tsv,
    /// An Apache Parquet table.
    Parquet,
    /// One plain text a file.
    Text,
    /// One Markdown document a file.
    Markdown,
    /// A PDF with a text layer.
    Pdf,
    /// A Word document.
    Docx,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_needs_only_name_and_path() {
        let json = r#"{"source": [{"name": "a", "path": "b", "kind": "wet"}]}"#;
        let config: Config = serde_json::from_str(json).unwrap();
        assert_eq!(config.source[0].kind, Kind::Wet);
        assert_eq!(config.task_bytes, Config::default().task_bytes);
        let again = serde_json::to_string(&config).unwrap();
        assert_eq!(serde_json::from_str::<Config>(&again).unwrap(), config);
    }

    #[test]
    fn unknown_keys_and_kinds_are_errors() {
        for (json, word) in [
            (r#"{"task_byte": 1}"#, "task_byte"),
            (r#"{"source": [{"name": "a"}]}"#, "path"),
            (
                r#"{"source": [{"name": "a", "path": "b", "kind": "tape"}]}"#,
                "tape",
            ),
        ] {
            let error = serde_json::from_str::<Config>(json).unwrap_err();
            assert!(error.to_string().contains(word), "{error}");
        }
    }
}
