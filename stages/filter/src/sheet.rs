//! One document's way through the families.

use textmill_schemas::Document;

use crate::families::Family;
use crate::filter::Filter;
use crate::measure::Words;
use crate::perplexity::Bucket;
use crate::rulebook::Rulebook;
use crate::rules::prose::Prose;
use crate::rules::{
    Rule, Scores, Violation, c4, fineweb, gopher_quality, gopher_repetition, refinedweb,
};
use crate::url::{UrlRule, opt_out};

/// What is known of one document.
pub struct Sheet<'a> {
    filter: &'a Filter,
    book: &'a Rulebook,
    /// What was measured.
    pub scores: Scores,
    /// What there is to say of some scores: the entry of a list, the item of a set.
    details: Vec<(Rule, String)>,
    /// The words of the text as it came, once they are needed.
    words: Option<Words>,
    /// Number of words of the text as it is now, where it is known.
    word_count: Option<usize>,
    /// Characters in repeated lines of the text as it is now, where they are known.
    repeated_chars: Option<usize>,
}

impl<'a> Sheet<'a> {
    /// Nothing is known yet.
    pub fn new(filter: &'a Filter, book: &'a Rulebook) -> Self {
        Self {
            filter,
            book,
            scores: Scores::default(),
            details: Vec::new(),
            words: None,
            word_count: None,
            repeated_chars: None,
        }
    }

    /// The first rule that is missed.
    pub fn first_miss(&self) -> Option<Violation> {
        self.book.bounds.first_miss(&self.scores)
    }

    /// What there is to say of a miss.
    pub fn detail(&mut self, miss: Option<Violation>) -> Option<String> {
        let rule = miss?.rule;
        let at = self.details.iter().position(|(of, _)| *of == rule)?;
        Some(self.details.swap_remove(at).1)
    }

    /// Measures all rules of a family. C4 and RefinedWeb may rewrite the text.
    pub fn measure(&mut self, family: Family, document: &mut Document) {
        match family {
            Family::Url => self.url(document),
            Family::Lang => self.lang(document),
            Family::GopherRepetition => self.gopher_repetition(&document.text),
            Family::GopherQuality => self.gopher_quality(&document.text),
            Family::C4 => self.c4(document),
            Family::RefinedWeb => self.refinedweb(document),
            Family::FineWeb => self.fineweb(&document.text),
            Family::Prose => {
                let share = Prose::measure(&document.text).sentence_share();
                self.scores.set(Rule::SentenceShare, share);
            }
            Family::Safety => self.safety(document),
            Family::Classifier => {
                if let Some(model) = &self.filter.models.classifier {
                    let score = model.score(&document.text);
                    document.quality = Some(score);
                    self.scores.set(Rule::ClassifierScore, score.into());
                }
            }
            Family::Perplexity => self.perplexity(document),
            Family::Decontamination => self.decontamination(&document.text),
        }
    }

    fn url(&mut self, document: &Document) {
        let refusal = &self.filter.config.url.opt_outs;
        let refusal = document
            .robots
            .as_deref()
            .and_then(|asks| opt_out(asks, refusal));
        self.flag(Rule::OptOut, refusal.is_some());
        self.details
            .extend(refusal.map(|ask| (Rule::OptOut, format!("the page says {ask}"))));
        let Some(url) = &document.url else {
            return;
        };
        let rules = [
            Rule::UrlDomain,
            Rule::UrlAddress,
            Rule::UrlWord,
            Rule::UrlSoftWords,
            Rule::UrlSubstring,
        ];
        for rule in rules {
            self.scores.set(rule, 0.0);
        }
        if let Some(hit) = self.filter.urls.check(url) {
            let rule = match hit.rule {
                UrlRule::Domain => Rule::UrlDomain,
                UrlRule::Address => Rule::UrlAddress,
                UrlRule::Word => Rule::UrlWord,
                UrlRule::SoftWords => Rule::UrlSoftWords,
                UrlRule::Substring => Rule::UrlSubstring,
            };
            self.scores.set(rule, hit.count.max(1) as f64);
            let detail = format!("`{}` of {}", hit.entry, hit.list);
            self.details.push((rule, detail));
        }
    }

    fn lang(&mut self, document: &Document) {
        let (lang, script) = (document.lang.as_deref(), document.script.as_deref());
        self.flag(Rule::Language, self.filter.config.wants(lang, script));
        let confidence = f64::from(document.lang_confidence.unwrap_or(0.0));
        self.scores.set(Rule::LanguageConfidence, confidence);
        self.flag(Rule::LanguageMixed, document.lang_mixed.unwrap_or_default());
    }

    fn gopher_repetition(&mut self, text: &str) {
        let chars = text.chars().count();
        let repeated = gopher_repetition::measure_lines(text, chars, &mut self.scores);
        self.repeated_chars = Some(repeated);
        let (words, scores) = self.words(text);
        gopher_repetition::measure_ngrams(words, chars, scores);
    }

    fn gopher_quality(&mut self, text: &str) {
        let has_stop_words = !self.book.stop_words.is_empty();
        let segmenter = self.book.segmenter;
        let (words, scores) = self.words(text);
        gopher_quality::measure(text, words, segmenter, has_stop_words, scores);
    }

    fn c4(&mut self, document: &mut Document) {
        let book = self.book;
        let (words, scores) = self.words(&document.text);
        let (limits, bounds) = (&book.limits, &book.bounds);
        let kept = c4::rewrite(
            &document.text,
            words,
            book.segmenter,
            limits,
            bounds,
            scores,
        );
        if kept.text != document.text {
            document.set_text(kept.text);
            self.word_count = Some(kept.words);
            self.repeated_chars = None;
        }
    }

    fn refinedweb(&mut self, document: &mut Document) {
        let phrases = refinedweb::Phrases::of(document.lang.as_deref().unwrap_or_default());
        let options = &self.filter.config.refinedweb;
        let kept = refinedweb::rewrite(&document.text, self.book.segmenter, phrases, options);
        self.scores.set(Rule::RemovedWords, kept.removed_share());
        if kept.text != document.text {
            let text = kept.text.into_owned();
            document.set_text(text);
            self.word_count = None;
            self.repeated_chars = None;
            self.words = None;
        }
    }

    fn fineweb(&mut self, text: &str) {
        let (words, segmenter) = (self.count_words(text), self.book.segmenter);
        let short = self.book.limits.short_line_chars;
        let repeated = self.repeated_chars;
        fineweb::measure(text, segmenter, words, short, repeated, &mut self.scores);
    }

    fn safety(&mut self, document: &Document) {
        let Some(lists) = &self.filter.models.words else {
            return;
        };
        let hits = lists.count(&document.text, &self.book.code);
        let words = self.count_words(&document.text);
        self.scores.set(Rule::SafetyWords, hits.per_thousand(words));
        if let Some(first) = hits.first {
            let detail = format!("{} in {words} words, the first `{first}`", hits.count);
            self.details.push((Rule::SafetyWords, detail));
        }
    }

    fn perplexity(&mut self, document: &Document) {
        let lang = document.lang.as_deref().unwrap_or_default();
        let Some(model) = self.filter.models.perplexity.get(lang) else {
            return;
        };
        let perplexity = model.perplexity(&document.text);
        self.scores.set(Rule::Perplexity, perplexity);
        if let Some(buckets) = model.buckets() {
            let bucket = match buckets.bucket(perplexity) {
                Bucket::Head => 0.0,
                Bucket::Middle => 1.0,
                Bucket::Tail => 2.0,
            };
            self.scores.set(Rule::PerplexityBucket, bucket);
        }
    }

    fn decontamination(&mut self, text: &str) {
        let Some(sets) = &self.filter.models.evaluation_sets else {
            return;
        };
        let matches = sets.matches(text);
        self.scores.set(Rule::Contamination, matches.len() as f64);
        if let Some(first) = matches.first() {
            let excerpt: String = first.text.chars().take(200).collect();
            let detail = format!(
                "{}:{} ({}), {:.0}% of it at bytes {}..{}: {excerpt}",
                first.file.display(),
                first.line,
                first.field,
                first.share * 100.0,
                first.span.start,
                first.span.end,
            );
            self.details.push((Rule::Contamination, detail));
        }
    }

    fn flag(&mut self, rule: Rule, is: bool) {
        self.scores.set(rule, f64::from(u8::from(is)));
    }

    /// The words of `text`, and the scores.
    fn words(&mut self, text: &str) -> (&Words, &mut Scores) {
        let book = self.book;
        let measure = || Words::measure(text, book.segmenter, &book.stop_words);
        let words = self.words.get_or_insert_with(measure);
        self.word_count.get_or_insert(words.len());
        (words, &mut self.scores)
    }

    /// The number of words of `text` as it is now.
    fn count_words(&mut self, text: &str) -> usize {
        let segmenter = self.book.segmenter;
        *self.word_count.get_or_insert_with(|| {
            let mut count = 0;
            segmenter.words(text, |_| count += 1);
            count
        })
    }
}
