use serde::{Deserialize, Serialize};

use crate::fetch::FetchConfig;

/// The `[collect]` section: what to read, and within which bounds.
///
/// The `*_fields` keys say where a record of a table or of JSON holds what: the first name that
/// holds something wins; a dot goes into a nested object (`meta.url`), or into each object of a
/// list. A source may have names of its own.
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
    /// Bytes of the temporary file that a compressed file is unpacked to when its format cannot
    /// be read from the beginning to the end (Parquet, ZIP, 7z).
    pub max_spool_bytes: u64,
    /// Whether digests in a crawl are checked; a record that does not match its own is dropped
    /// as `collect.digest`.
    pub check_digests: bool,
    /// Fields that may hold the text: a string, or a list of strings, which are joined by lines.
    pub text_fields: Vec<String>,
    /// Fields that may hold a web page, looked at when there is no text.
    pub html_fields: Vec<String>,
    /// Fields that may hold the title.
    pub title_fields: Vec<String>,
    /// Fields that may hold the address.
    pub url_fields: Vec<String>,
    /// Fields that may hold the language.
    pub lang_fields: Vec<String>,
    /// Fields that may hold the time: RFC 3339, a day, or Unix seconds or milliseconds.
    pub time_fields: Vec<String>,
    /// Fields that may hold the author.
    pub author_fields: Vec<String>,
    /// Fields that may hold the licence, where the source names none.
    pub license_fields: Vec<String>,
    /// Fields that may hold a conversation, looked at when there is no text: a list of turns with
    /// `role` and `content`, or with `from` and `value`.
    pub messages_fields: Vec<String>,
    /// How pages are fetched.
    pub fetch: FetchConfig,
    /// Books.
    pub book: crate::book::BookConfig,
    /// Feeds of news and blogs.
    pub feed: crate::feed::FeedConfig,
    /// How threads of forums become documents.
    pub forum: crate::forum::Forum,
    /// How MediaWiki dumps are read.
    pub wiki: crate::wiki::Options,
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
            max_spool_bytes: 64 << 30,
            check_digests: true,
            text_fields: names(&["text", "content", "body", "raw_content"]),
            html_fields: names(&["html"]),
            title_fields: names(&["title"]),
            url_fields: names(&["url", "meta.url", "metadata.url"]),
            lang_fields: names(&["lang", "language"]),
            time_fields: names(&["time", "date", "timestamp", "created_utc"]),
            author_fields: names(&["author"]),
            license_fields: names(&["license"]),
            messages_fields: names(&["messages", "conversations"]),
            fetch: FetchConfig::default(),
            book: crate::book::BookConfig::default(),
            feed: crate::feed::FeedConfig::default(),
            forum: crate::forum::Forum::default(),
            wiki: crate::wiki::Options::default(),
            source: Vec::new(),
        }
    }
}

/// One `[[collect.source]]`: a file, a folder, a glob or an address.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceConfig {
    /// Name that every row of the source carries.
    pub name: String,
    /// What the files are; found by content by default.
    #[serde(default)]
    pub kind: Kind,
    /// A file, a folder (read with its sub-folders) or a glob such as `crawl/*.warc.gz`; or an
    /// address: `s3://bucket/key`, `s3://bucket/folder/`, `s3://bucket/folder/*.gz`, likewise
    /// `gs://` and `az://`, and `https://` for a single file.
    /// Relative to the working directory; `~`, `${VAR}` and `${VAR:-default}` are filled in.
    pub path: String,
    /// For kind `paths`: the folder or address (`https://…`, `s3://…`) that the listed paths
    /// are relative to; the list's own folder by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// Licence that every row of the source carries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub license: Option<String>,
    /// How often training sees its documents, where `[train.mixture]` does not say so: 2 is twice
    /// in each pass, 0.5 every second document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<f64>,
    /// Documents to keep at most. A source with a limit is one task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// Media type of the text in records, where it is not plain text: `text/html`, or
    /// `text/markdown`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// Globs of the files to read, against the path inside the source; all when empty.
    #[serde(default)]
    pub include: Vec<String>,
    /// Globs of the files not to read; also of members of archives, against their path in the
    /// archive.
    #[serde(default)]
    pub exclude: Vec<String>,
    /// Whether to follow symbolic links inside a folder. Without it each is a dropped row.
    #[serde(default)]
    pub follow_links: bool,
    /// Charset of texts, tables and JSON, by a label of the Encoding Standard such as `gbk`;
    /// found by content by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charset: Option<String>,
    /// What separates the values of a table, where its content does not say it well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<char>,
    /// Names of the columns of a table without a header.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
    /// Splits of a dataset to read, such as `train`; all when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub split: Vec<String>,
    /// Fields of this source's records in place of the stage's `text_fields`; so with the others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub text_fields: Vec<String>,
    /// In place of the stage's `html_fields`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub html_fields: Vec<String>,
    /// In place of the stage's `title_fields`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub title_fields: Vec<String>,
    /// In place of the stage's `url_fields`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub url_fields: Vec<String>,
    /// In place of the stage's `lang_fields`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lang_fields: Vec<String>,
    /// In place of the stage's `time_fields`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub time_fields: Vec<String>,
    /// In place of the stage's `author_fields`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub author_fields: Vec<String>,
    /// In place of the stage's `license_fields`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub license_fields: Vec<String>,
    /// In place of the stage's `messages_fields`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub messages_fields: Vec<String>,
    /// For kind `feed`: whether to fetch the pages of entries that have no full text, by the rules
    /// of `[collect.fetch]`. By default only where the feed itself is fetched, from
    /// `https://…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fetch: Option<bool>,
    /// Whether to keep entries of feeds that have only a summary. Without it they are dropped as
    /// `collect.no_content`, with the address where the whole text stands.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub summaries: bool,
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
    /// Pages to fetch: `path` is a file with an address a line, or the address of a sitemap, a
    /// feed, a `robots.txt` with sitemaps, or a page. See [`FetchConfig`].
    Web,
    /// RSS, Atom or JSON Feed: one document an entry. `path` may also be the address of a feed.
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
    /// An Apache Parquet or Arrow table.
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

impl Kind {
    /// Whether documents are made of several files, so that the source is read as a whole.
    pub(crate) fn joins_files(self) -> bool {
        matches!(self, Self::StackExchange | Self::Comments | Self::Forum)
    }
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
