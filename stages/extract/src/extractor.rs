//! One page in, its content out: the passes in their order.

use crate::blocks::page::Page;
use crate::blocks::walk::Wanted;
use crate::config::{Config, Error, Format};
use crate::decide::choose;
use crate::decide::features::Features;
use crate::decide::measure::Declared;
use crate::decide::survey::Survey;
use crate::decide::thread;
use crate::embedded::{self, Embedded};
use crate::html::parse;
use crate::html::selectors::Selectors;
use crate::html::tree::Tree;
use crate::metadata::Metadata;
use crate::output::markdown::{Markdown, References};
use crate::output::write::{Decided, Fate, Spans};

/// What a page holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extracted {
    /// Title, without the site's name.
    pub title: Option<String>,
    /// Author or authors, separated by commas.
    pub author: Option<String>,
    /// Day of publication, ISO 8601.
    pub date: Option<String>,
    /// Declared language, BCP 47.
    pub lang: Option<String>,
    /// Declared licence, usually its address.
    pub license: Option<String>,
    /// Name of the site.
    pub site_name: Option<String>,
    /// Address that the page calls its own.
    pub canonical_url: Option<String>,
    /// Kind of page, guessed from what it declares: article, forum, product and so on.
    pub page_type: Option<String>,
    /// What it asks of robots and of AI training, separated by commas.
    pub robots: Option<String>,
    /// Main content: one line a paragraph, list item or table row; blank lines between blocks.
    pub text: String,
    /// Where its title, code, comments and authors stand.
    pub spans: Spans,
    /// Where the text was found if the page's elements gave next to nothing: `JSON-LD`, say.
    pub embedded: Option<&'static str>,
}

/// A parsed page.
#[derive(Debug)]
pub struct Parsed(pub(crate) Tree);

impl Parsed {
    /// Parses a page. Time and memory are linear in its length.
    #[must_use]
    pub fn of(html: &str) -> Self {
        Self(parse::parse(html))
    }
}

/// Extracts the main content and the metadata of HTML pages.
#[derive(Clone, Debug)]
pub struct Extractor {
    config: Config,
    selectors: Selectors,
}

impl Extractor {
    /// An extractor with these settings.
    ///
    /// # Errors
    /// When a setting would drop everything, or a selector is none.
    pub fn new(config: &Config) -> Result<Self, Error> {
        if config.max_bytes == 0 {
            return Err(Error::NoBytes);
        }
        Ok(Self {
            config: config.clone(),
            selectors: Selectors::parse(&config.remove)?,
        })
    }

    /// Extracts a page. Time and memory are linear in it, and the same page always gives the same
    /// text.
    #[must_use]
    pub fn extract(&self, html: &str, url: Option<&str>) -> Extracted {
        let Parsed(tree) = Parsed::of(html);
        let described = self.describe(&tree, url);
        // Half of what a page costs, and no longer needed.
        drop(tree);
        let extracted = self.extract_described(&described);
        drop(described);
        if !embedded::is_thin(&extracted.text) {
            return extracted;
        }
        // Few pages come here, so the tree is made again rather than held for all.
        let Parsed(tree) = Parsed::of(html);
        let title = extracted.title.as_deref().unwrap_or_default();
        let embedded = embedded::all(&tree, title);
        drop(tree);
        self.or_embedded(extracted, &embedded, url)
    }

    /// Extracts HTML that is content from beginning to end, such as a book's chapter: every block
    /// is kept.
    #[must_use]
    pub fn extract_whole(&self, html: &str, url: Option<&str>) -> Extracted {
        let Parsed(tree) = Parsed::of(html);
        let described = self.describe(&tree, url);
        drop(tree);
        let survey = Survey::of(&described.page, &described.declared);
        let fates = vec![Fate::Content; described.page.blocks.len()];
        self.write(&described, &survey, &fates)
    }

    /// Extracts a page that is parsed already.
    #[must_use]
    pub fn extract_parsed(&self, parsed: &Parsed, url: Option<&str>) -> Extracted {
        let extracted = self.extract_described(&self.describe(&parsed.0, url));
        if !embedded::is_thin(&extracted.text) {
            return extracted;
        }
        let title = extracted.title.as_deref().unwrap_or_default();
        let embedded = embedded::all(&parsed.0, title);
        self.or_embedded(extracted, &embedded, url)
    }

    fn extract_described(&self, described: &Described) -> Extracted {
        let survey = Survey::of(&described.page, &described.declared);
        let probability = judge(described, &survey);
        self.finish(described, &survey, &probability).0
    }

    /// The page with an embedded text, if one is better than its own: the first, or a later one that
    /// holds it and much more.
    fn or_embedded(
        &self,
        mut extracted: Extracted,
        embedded: &[Embedded],
        url: Option<&str>,
    ) -> Extracted {
        for embedded in embedded {
            let Parsed(tree) = Parsed::of(&embedded.html);
            let described = self.describe_embedded(&tree, embedded, url);
            drop(tree);
            extracted.take_embedded(self.extract_described(&described), embedded);
        }
        extracted
    }

    /// Cuts a page made of a page's data into blocks.
    pub(crate) fn describe_embedded(
        &self,
        tree: &Tree,
        embedded: &Embedded,
        url: Option<&str>,
    ) -> Described {
        let mut described = self.describe(tree, url);
        described.metadata.is_thread = embedded.is_thread;
        described.is_signed = embedded.is_thread;
        described
    }

    /// Cuts a page into blocks.
    pub(crate) fn describe(&self, tree: &Tree, url: Option<&str>) -> Described {
        let mut metadata = Metadata::of(tree, url);
        let title = metadata.title.as_deref().unwrap_or_default();
        let declared = Declared::of(title, &metadata.body, &metadata.description);
        let wanted = Wanted {
            tables: self.config.include_tables,
            images: self.config.include_images,
            markup: self.config.format == Format::Markdown,
        };
        let page = Page::of(tree, wanted, &self.selectors.matches(tree));
        Described {
            references: wanted.markup.then(|| References::of(&page, tree)),
            page,
            declared,
            flags: std::mem::take(&mut metadata.flags),
            metadata,
            is_signed: false,
        }
    }

    /// Decides about every block and writes what is kept.
    pub(crate) fn finish(
        &self,
        described: &Described,
        survey: &Survey<'_>,
        probability: &[f32],
    ) -> (Extracted, Vec<Fate>) {
        let fates = self.fates(survey, probability, described.metadata.is_thread);
        (self.write(described, survey, &fates), fates)
    }

    /// Writes the blocks that are kept, with what the page says of itself.
    fn write(&self, described: &Described, survey: &Survey<'_>, fates: &[Fate]) -> Extracted {
        let page = &described.page;
        let decided = Decided {
            page,
            fates,
            title: survey.title(),
            authors: &survey.authors(),
        };
        let markup = described.references.as_ref();
        let markdown = markup.map(|references| Markdown::new(page, references));
        let (text, spans) = decided.write(markdown.as_ref());
        let metadata = &described.metadata;
        Extracted {
            title: metadata.title.clone(),
            author: metadata.author.clone(),
            date: metadata.date.clone(),
            lang: metadata.lang.clone(),
            license: metadata.license.clone(),
            site_name: metadata.site_name.clone(),
            canonical_url: metadata.canonical_url.clone(),
            page_type: metadata.page_type.map(str::to_owned),
            robots: metadata.robots.clone(),
            text,
            spans,
            embedded: None,
        }
    }

    fn fates(&self, survey: &Survey<'_>, probability: &[f32], is_thread: bool) -> Vec<Fate> {
        let tokens = survey.tokens();
        let mut keep = choose::choose(probability, &tokens);
        choose::complete(&survey.page.blocks, probability, &tokens, &mut keep);
        if is_thread {
            thread::sign(survey, probability, &mut keep);
        }
        let content = |keep: bool| if keep { Fate::Content } else { Fate::Dropped };
        let mut fates: Vec<Fate> = keep.into_iter().map(content).collect();
        if self.config.include_comments {
            for (fate, is_comment) in fates.iter_mut().zip(survey.comments()) {
                if *fate == Fate::Dropped && is_comment {
                    *fate = Fate::Comment;
                }
            }
        }
        fates
    }
}

impl Extracted {
    /// Takes over an embedded text if it is better; tells whether it is.
    pub(crate) fn take_embedded(&mut self, found: Self, embedded: &Embedded) -> bool {
        let is_better = embedded.is_better(&found.text, &self.text);
        if is_better {
            self.text = found.text;
            self.spans = found.spans;
            self.embedded = Some(embedded.source.name());
        }
        is_better
    }
}

/// The probability of each block to be content.
pub(crate) fn judge(described: &Described, survey: &Survey<'_>) -> Vec<f32> {
    let mut probability = choose::judge(survey, described.features(survey));
    if described.is_signed {
        for (probability, is_author) in probability.iter_mut().zip(survey.authors()) {
            if is_author {
                *probability = 1.0;
            }
        }
    }
    probability
}

/// A page cut into blocks, with what it declares.
pub(crate) struct Described {
    pub(crate) metadata: Metadata,
    pub(crate) page: Page,
    /// What Markdown needs of the tree.
    references: Option<References>,
    pub(crate) declared: Declared,
    /// Flags of the declared page type and of the address.
    pub(crate) flags: Vec<f32>,
    /// Whether what is marked as an author is one for sure.
    is_signed: bool,
}

impl Described {
    /// Features of the page's blocks.
    pub(crate) fn features<'a>(&'a self, survey: &'a Survey<'a>) -> Features<'a> {
        Features::of(survey, &self.declared, &self.flags)
    }
}
