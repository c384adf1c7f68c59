//! The package document of an EPUB: what the book is, and in which order it is read
//! (EPUB 3.3, section 5; OPF 2.0).

use std::collections::{HashMap, HashSet};

use super::archive::{plain, resolve};
use crate::feed::date;
use crate::markup::{Element, flat};

/// What a book says about itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct Metadata {
    pub title: Option<String>,
    pub authors: Vec<String>,
    pub lang: Option<String>,
    pub time: Option<String>,
    pub license: Option<String>,
    pub url: Option<String>,
}

/// A file in the reading order.
#[derive(Debug)]
pub(crate) struct Part {
    /// Its name, as `archive::plain` writes it.
    pub name: String,
    /// Whether it is the table of contents, or the guide calls it a cover or the like.
    pub is_apparatus: bool,
}

/// A package document, read.
#[derive(Debug, Default)]
pub(crate) struct Package {
    pub metadata: Metadata,
    /// Files in reading order, without those that are only looked up.
    pub spine: Vec<Part>,
    /// Files of the tables of contents.
    pub contents: Vec<String>,
    /// How many files were left out because they are not in the line of reading.
    pub not_linear: u64,
}

/// Parts of the guide (OPF 2.0, section 2.6) that are no text of the book.
const APPARATUS: &[&str] = &[
    "cover",
    "toc",
    "title-page",
    "titlepage",
    "copyright-page",
    "loi",
    "lot",
];

/// The package document that the container names.
pub(crate) fn rootfile(container: &str) -> Option<String> {
    let elements = flat(container);
    let named = elements.iter().filter(|element| element.name == "rootfile");
    let mut paths = named.filter_map(|element| Some((element, element.attribute("full-path")?)));
    let first = paths.clone().next();
    let package = |(element, _): &(&Element, &str)| {
        element
            .attribute("media-type")
            .is_none_or(|kind| kind.contains("oebps-package"))
    };
    paths.find(package).or(first).map(|(_, path)| plain(path))
}

impl Package {
    /// Reads the package document of this name.
    pub fn read(name: &str, text: &str) -> Self {
        let elements = flat(text);
        let mut manifest = HashMap::new();
        let mut package = Self::default();
        let mut in_order = Vec::new();
        for item in elements.iter().filter(|element| element.name == "item") {
            let (Some(id), Some(href)) = (item.attribute("id"), item.attribute("href")) else {
                continue;
            };
            let kind = item.attribute("media-type").unwrap_or_default();
            let path = resolve(name, href).0;
            let is_contents = item.says("properties", "nav") || kind == "application/x-dtbncx+xml";
            if is_contents {
                package.contents.push(path.clone());
            }
            if is_text(kind, &path) {
                in_order.push(path.clone());
                manifest.insert(id.to_owned(), path);
            }
        }
        let apparatus = apparatus(name, &elements);
        let part = |path: String| Part {
            is_apparatus: apparatus.contains(&path) || package.contents.contains(&path),
            name: path,
        };
        let references: Vec<&Element> = elements
            .iter()
            .filter(|element| element.name == "itemref")
            .collect();
        let mut seen = HashSet::new();
        for reference in &references {
            let path = reference.attribute("idref").and_then(|id| manifest.get(id));
            let Some(path) = path.filter(|path| seen.insert((*path).clone())) else {
                continue;
            };
            match reference.attribute("linear") {
                Some("no") => package.not_linear += 1,
                _ => package.spine.push(part(path.clone())),
            }
        }
        if references.is_empty() {
            package.spine = in_order.into_iter().map(part).collect();
        }
        package.metadata = Metadata::read(&elements);
        package
    }
}

/// Whether a file is text to read, by its type; or by its name, where the type is a wrong one.
fn is_text(kind: &str, path: &str) -> bool {
    let kinds = ["xhtml", "html", "svg", "dtbook", "oeb1-document"];
    let ends = [".xhtml", ".html", ".htm", ".xht"];
    kinds.iter().any(|known| kind.contains(known)) || ends.iter().any(|end| path.ends_with(end))
}

/// Files that the guide calls a cover and the like.
fn apparatus(name: &str, elements: &[Element]) -> HashSet<String> {
    let guide = elements
        .iter()
        .filter(|element| element.name == "reference");
    let is_no_text = |element: &&Element| {
        let kind = element
            .attribute("type")
            .unwrap_or_default()
            .to_ascii_lowercase();
        APPARATUS.contains(&kind.as_str())
    };
    let named = guide
        .filter(is_no_text)
        .filter_map(|element| element.attribute("href"));
    named.map(|href| resolve(name, href).0).collect()
}

impl Metadata {
    fn read(elements: &[Element]) -> Self {
        let all = |name: &'static str| elements.iter().filter(move |element| element.name == name);
        // "meta" with "refines" says more about another element.
        let refined = |element: &Element, property: &str| {
            let id = element.attribute("id")?;
            let is_it = |meta: &&Element| {
                meta.attribute("property") == Some(property)
                    && meta
                        .attribute("refines")
                        .is_some_and(|of| of.trim_start_matches('#') == id)
            };
            all("meta").find(is_it).and_then(Element::line)
        };
        let titles = || {
            all("title")
                .filter(|title| matches!(title.depth, 2 | 3))
                .take(16)
        };
        let main = titles().find(|title| refined(title, "title-type").as_deref() == Some("main"));
        let mut authors: Vec<String> = Vec::new();
        for creator in all("creator").take(64) {
            let role = creator
                .attribute("role")
                .map(str::to_owned)
                .or_else(|| refined(creator, "role"));
            // Roles of MARC: authors, or nothing said.
            let writes =
                role.is_none_or(|role| matches!(role.as_str(), "aut" | "cre" | "dub" | ""));
            let name = creator
                .line()
                .filter(|name| writes && !authors.contains(name));
            authors.extend(name);
        }
        let published = |date: &&Element| {
            date.attribute("event")
                .is_some_and(|event| event.contains("publication"))
        };
        let date = all("date").find(published).or_else(|| all("date").next());
        let is_address =
            |text: &String| text.starts_with("http://") || text.starts_with("https://");
        let licenses = all("link").filter(|link| link.attribute("refines").is_none());
        let license = licenses
            .clone()
            .find(|link| link.says("rel", "cc:license") || link.says("rel", "license"));
        Self {
            title: main.or_else(|| titles().next()).and_then(Element::line),
            authors,
            lang: all("language").find_map(Element::line),
            time: date
                .and_then(Element::line)
                .and_then(|date| date::rfc3339(&date)),
            license: license
                .and_then(|link| link.attribute("href"))
                .map(str::to_owned)
                .or_else(|| all("rights").find_map(Element::line)),
            url: all("identifier")
                .chain(all("source"))
                .filter_map(Element::line)
                .find(is_address),
        }
    }
}

/// Labels of a table of contents: for each file, that of the first place in it.
pub(crate) fn labels(name: &str, text: &str, labels: &mut HashMap<String, String>) {
    let elements = flat(text);
    let mut label = None;
    for element in &elements {
        let reference = match element.name.as_str() {
            // NCX
            "navlabel" => {
                label = element.line();
                continue;
            }
            "content" => element.attribute("src").zip(label.take()),
            "a" => element.attribute("href").zip(element.line()),
            _ => continue,
        };
        if let Some((href, label)) = reference {
            labels.entry(resolve(name, href).0).or_insert(label);
        }
    }
}

/// Files whose content is encrypted. Fonts that are only obfuscated are not meant.
pub(crate) fn encrypted(text: &str) -> HashSet<String> {
    let mut method = String::new();
    let mut names = HashSet::new();
    for element in flat(text) {
        match element.name.as_str() {
            "encrypteddata" => method.clear(),
            "encryptionmethod" if method.is_empty() => {
                element
                    .attribute("algorithm")
                    .unwrap_or_default()
                    .clone_into(&mut method);
            }
            "cipherreference" => {
                let fonts = [
                    "http://www.idpf.org/2008/embedding",
                    "http://ns.adobe.com/pdf/enc#RC",
                ];
                if let Some(name) = element
                    .attribute("uri")
                    .filter(|_| !fonts.contains(&method.as_str()))
                {
                    names.insert(plain(name));
                }
            }
            _ => {}
        }
    }
    names
}
