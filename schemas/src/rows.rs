//! The row types. Doc comments become the `doc` metadata of the Parquet columns.

use crate::row::{Origin, row};
use crate::stage::Reason;

/// Media type of HTML that is content from beginning to end, such as a book's chapter or a post:
/// `extract` renders all of it and looks for no boilerplate.
pub const CONTENT_HTML: &str = "text/x-content-html";

row! {
    /// What `collect` found: bytes with their provenance, not yet read as text.
    pub struct RawDocument {
        /// Stable identity: 128-bit hash of source, file and offset, in hexadecimal.
        pub id: String,
        /// Name of the source in the configuration.
        pub source: String,
        /// File inside the source, with forward slashes.
        pub file: String,
        /// Where the record begins in that file, in bytes: of the gzip member, bzip2 stream or archive member, else after decompression; for tables of columns the number of the row.
        pub offset: u64,
        /// Address that the document was fetched from.
        pub url: Option<String>,
        /// Media type without parameters, lower case.
        pub media_type: String,
        /// Charset declared by the transport (HTTP header), if any.
        pub charset: Option<String>,
        /// When it was fetched or written, RFC 3339.
        pub time: Option<String>,
        /// Title given by the source beside the body.
        pub title: Option<String>,
        /// Author given by the source beside the body.
        pub author: Option<String>,
        /// Language declared by the source beside the body.
        pub lang: Option<String>,
        /// Licence declared by the source.
        pub license: Option<String>,
        /// The document's bytes, transfer and content encodings removed.
        pub body: Vec<u8>,
    }
    origin(self) {
        origin_of(&self.id, &self.source, &self.file, self.offset, &self.url)
    }
}

row! {
    /// A readable document, from `extract` to `normalize`.
    pub struct Document {
        /// Stable identity, the same in every stage.
        pub id: String,
        /// Name of the source in the configuration.
        pub source: String,
        /// File inside the source.
        pub file: String,
        /// Byte offset of the record in that file.
        pub offset: u64,
        /// Address that the document was fetched from.
        pub url: Option<String>,
        /// When it was fetched or written, RFC 3339.
        pub time: Option<String>,
        /// Licence declared by the source or the page.
        pub license: Option<String>,
        /// Title.
        pub title: Option<String>,
        /// Author.
        pub author: Option<String>,
        /// Name of the site.
        pub site_name: Option<String>,
        /// Address that the page calls its own.
        pub canonical_url: Option<String>,
        /// Kind of page, guessed from what it declares: article, forum, product and so on.
        pub page_type: Option<String>,
        /// What the page asks of robots and of AI training, separated by commas: noindex, noai and so on.
        pub robots: Option<String>,
        /// Day of publication, ISO 8601.
        pub date: Option<String>,
        /// Charset that the bytes were decoded with.
        pub charset: Option<String>,
        /// Language that the page declares.
        pub lang_hint: Option<String>,
        /// Identified language, ISO 639-1 where there is one.
        pub lang: Option<String>,
        /// Identified script, ISO 15924.
        pub script: Option<String>,
        /// Confidence of the identified language, 0 to 1.
        pub lang_confidence: Option<f32>,
        /// Whether parts of the text are in another language.
        pub lang_mixed: Option<bool>,
        /// Score that the filter's classifier gave, where there is one.
        pub quality: Option<f32>,
        /// Near-duplicate cluster: id of its survivor; null when the document has no duplicate.
        pub cluster_id: Option<String>,
        /// Number of documents in the cluster.
        pub cluster_size: Option<u32>,
        /// How often training should see the document, by the size of its cluster.
        pub repetitions: u32 = 1,
        /// Characters that normalization repaired or removed.
        pub repaired: u32,
        /// Items of private data that normalization masked.
        pub masked: u32,
        /// Of those repaired: characters of text that was decoded with the wrong charset.
        pub repaired_mojibake: u32,
        /// Of those repaired: HTML entities decoded.
        pub repaired_entities: u32,
        /// Of those repaired: control and private-use characters, and characters of terminal escapes.
        pub repaired_controls: u32,
        /// Of those repaired: zero-width and bidirectional marks, and soft hyphens.
        pub repaired_invisible: u32,
        /// Of those repaired: full-width and half-width forms, and ligatures.
        pub repaired_forms: u32,
        /// Of those repaired: quotation marks and dashes replaced.
        pub repaired_marks: u32,
        /// Of those repaired: spaces, line ends and blank lines.
        pub repaired_spaces: u32,
        /// Of those repaired: words put together that a line end had broken.
        pub repaired_hyphens: u32,
        /// Of those repaired: characters changed by Unicode normalization.
        pub repaired_unicode: u32,
        /// Of those repaired: Traditional Chinese characters written in Simplified.
        pub repaired_chinese: u32,
        /// Of those masked: e-mail addresses.
        pub masked_email: u32,
        /// Of those masked: telephone numbers.
        pub masked_phone: u32,
        /// Of those masked: public IP addresses.
        pub masked_ip: u32,
        /// Of those masked: Chinese resident identity numbers.
        pub masked_resident_id: u32,
        /// Of those masked: payment card numbers.
        pub masked_card: u32,
        /// Of those masked: international bank account numbers.
        pub masked_iban: u32,
        /// Of those masked: passport numbers.
        pub masked_passport: u32,
        /// Of those masked: cloud keys, private keys, tokens and passwords.
        pub masked_secret: u32,
        /// Words of the text; Chinese and Japanese are segmented.
        pub words: u32,
        /// Sentences of the text.
        pub sentences: u32,
        /// Byte offsets in the text behind the last character of each sentence.
        pub sentence_ends: Vec<u32>,
        /// Byte offsets in the text of the heading that is its title: start, end.
        pub title_span: Vec<u32>,
        /// Byte offsets in the text of its listings of code: start, end, start, end and so on.
        pub code_spans: Vec<u32>,
        /// Byte offsets in the text of what readers wrote below it: start, end and so on.
        pub comment_spans: Vec<u32>,
        /// Byte offsets in the text of the names of those who wrote its posts: start, end and so on.
        pub author_spans: Vec<u32>,
        /// The text.
        pub text: String,
    }
    origin(self) {
        origin_of(&self.id, &self.source, &self.file, self.offset, &self.url)
    }
}

row! {
    /// Of a [`Document`] what tokenizing it needs: its shards can be read as either.
    pub struct PlainDocument {
        /// Stable identity, the same in every stage.
        pub id: String,
        /// Name of the source in the configuration.
        pub source: String,
        /// File inside the source.
        pub file: String,
        /// Byte offset of the record in that file.
        pub offset: u64,
        /// Address that the document was fetched from.
        pub url: Option<String>,
        /// Identified language, ISO 639-1 where there is one.
        pub lang: Option<String>,
        /// Near-duplicate cluster: id of its survivor; null when the document has no duplicate.
        pub cluster_id: Option<String>,
        /// How often training should see the document, by the size of its cluster.
        pub repetitions: u32 = 1,
        /// The text.
        pub text: String,
    }
    origin(self) {
        origin_of(&self.id, &self.source, &self.file, self.offset, &self.url)
    }
}

impl From<Document> for PlainDocument {
    fn from(document: Document) -> Self {
        Self {
            id: document.id,
            source: document.source,
            file: document.file,
            offset: document.offset,
            url: document.url,
            lang: document.lang,
            cluster_id: document.cluster_id,
            repetitions: document.repetitions,
            text: document.text,
        }
    }
}

row! {
    /// A document that ended its way: which stage and rule ended it, and how far off it was.
    pub struct Dropped {
        /// Stable identity, the same in every stage.
        pub id: String,
        /// Name of the source in the configuration.
        pub source: String,
        /// File inside the source.
        pub file: String,
        /// Byte offset of the record in that file.
        pub offset: u64,
        /// Address that the document was fetched from.
        pub url: Option<String>,
        /// Stage that dropped it.
        pub stage: String,
        /// Rule that dropped it, as `family.rule`.
        pub rule: String,
        /// What the rule measured.
        pub value: Option<f64>,
        /// The limit that the value missed.
        pub limit: Option<f64>,
        /// What else there is to say, such as a parser's message.
        pub detail: Option<String>,
        /// Duplicate cluster, for documents dropped by dedupe.
        pub cluster_id: Option<String>,
        /// The document kept in its place, for documents dropped by dedupe.
        pub kept_id: Option<String>,
        /// The text as the stage saw it, when there was one.
        pub text: Option<String>,
    }
    origin(self) {
        origin_of(&self.id, &self.source, &self.file, self.offset, &self.url)
    }
}

row! {
    /// A tokenized document.
    pub struct Tokens {
        /// Stable identity, the same in every stage.
        pub id: String,
        /// Name of the source in the configuration.
        pub source: String,
        /// Identified language.
        pub lang: Option<String>,
        /// UTF-8 bytes of the text, for bits per byte.
        pub bytes: u32,
        /// How often training should see the document, by the size of its cluster.
        pub repetitions: u32 = 1,
        /// Number of token ids.
        pub count: u32 = 0,
        /// Token ids, without the document-end token; two bytes each up to a vocabulary of 65,536.
        pub tokens: Vec<u32>,
    }
    origin(self) {
        origin_of(&self.id, &self.source, "", 0, &None)
    }
}

row! {
    /// A document that `dedupe` kept, as later runs recognise it: an entry of the reference index.
    pub struct IndexEntry {
        /// Stable identity of the document.
        pub id: String,
        /// Name of the source in the configuration of the run that kept it.
        pub source: String,
        /// Address that the document was fetched from.
        pub url: Option<String>,
        /// Bytes of the text's normal form (UTF-8).
        pub length: u64,
        /// Hash of the address's canonical form: 16 bytes, big-endian; empty without an address of the web.
        pub url_hash: Vec<u8>,
        /// Hash of the text's normal form: 16 bytes, big-endian.
        pub text_hash: Vec<u8>,
        /// MinHash values of the text's shingles, bands times rows; empty for texts without a word.
        pub signature: Vec<u32>,
    }
    origin(self) {
        origin_of(&self.id, &self.source, "", 0, &self.url)
    }
}

row! {
    /// How well the trained model predicts a document, from `evaluate`.
    pub struct DocumentLoss {
        /// Stable identity of the document, the same in every stage.
        pub id: String,
        /// Name of the source in the configuration.
        pub source: String,
        /// Identified language.
        pub lang: Option<String>,
        /// Side of the split: `validation`, or `train` for what the model has learnt from.
        pub side: String,
        /// Token ids predicted: the document's, without the one that ends it.
        pub tokens: u32,
        /// UTF-8 length of the document's text.
        pub bytes: u32,
        /// Windows of the model's context that it was read in; those behind the first begin with little to go by.
        pub windows: u32,
        /// Negative log-likelihood of all tokens in nats.
        pub nats: f64,
        /// The same in bits for each byte of the text: nats / (ln 2 · bytes).
        pub bits_per_byte: f64,
        /// Tokens that were the model's first guess.
        pub top1: u32,
        /// Tokens that were among its first five guesses.
        pub top5: u32,
    }
    origin(self) {
        origin_of(&self.id, &self.source, "", 0, &None)
    }
}

fn origin_of(id: &str, source: &str, file: &str, offset: u64, url: &Option<String>) -> Origin {
    Origin {
        id: id.to_owned(),
        source: source.to_owned(),
        file: file.to_owned(),
        offset,
        url: url.clone(),
    }
}

impl Dropped {
    /// The row for a document that `stage` dropped for `reason`.
    pub fn new(stage: &str, origin: Origin, reason: Reason) -> Self {
        Self {
            id: origin.id,
            source: origin.source,
            file: origin.file,
            offset: origin.offset,
            url: origin.url,
            stage: stage.to_owned(),
            rule: reason.rule,
            value: reason.value,
            limit: reason.limit,
            detail: reason.detail,
            cluster_id: None,
            kept_id: None,
            text: reason.text,
        }
    }
}
