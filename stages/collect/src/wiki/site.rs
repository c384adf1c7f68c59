//! The wiki that a dump comes from: `<siteinfo>` of the export format,
//! <https://www.mediawiki.org/xml/export-0.11.xsd>.

use super::page::{attribute, element, unescape};

/// Namespaces at most.
const MAX_NAMESPACES: usize = 500;

/// Names of namespaces on every wiki, whatever its language.
const CANONICAL: &[(&str, i32)] = &[
    ("media", -2),
    ("special", -1),
    ("talk", 1),
    ("user", 2),
    ("user talk", 3),
    ("project", 4),
    ("project talk", 5),
    ("wikipedia", 4),
    ("wikipedia talk", 5),
    ("file", 6),
    ("image", 6),
    ("file talk", 7),
    ("image talk", 7),
    ("mediawiki", 8),
    ("mediawiki talk", 9),
    ("template", 10),
    ("template talk", 11),
    ("help", 12),
    ("help talk", 13),
    ("category", 14),
    ("category talk", 15),
    ("portal", 100),
    ("portal talk", 101),
    ("module", 828),
    ("module talk", 829),
];

/// A wiki.
#[derive(Debug, Default)]
pub(crate) struct Site {
    /// Its name.
    pub name: Option<String>,
    /// Language of its content.
    pub lang: Option<String>,
    /// Address of a page, up to its title.
    base: Option<String>,
    /// Lower-case names and numbers of its namespaces.
    namespaces: Vec<(String, i32)>,
}

impl Site {
    /// What the head of a dump says.
    pub fn of(head: &[u8]) -> Self {
        let head = match head {
            [0xff, 0xfe, ..] => encoding_rs::UTF_16LE.decode(head).0,
            [0xfe, 0xff, ..] => encoding_rs::UTF_16BE.decode(head).0,
            _ => String::from_utf8_lossy(head),
        };
        let root = head.find("<mediawiki").and_then(|at| head.get(at..));
        let root = root.unwrap_or_default();
        let tag = root.split('>').next().unwrap_or_default();
        let info = root.split("<page>").next().unwrap_or_default();
        let text = |name| element(info, name).map(|found| unescape(found.content).into_owned());
        Self {
            name: text("sitename"),
            lang: attribute(tag, "xml:lang").map(|lang| unescape(lang).into_owned()),
            base: text("base").and_then(|base| prefix(&base)),
            namespaces: namespaces(info),
        }
    }

    /// The number of a namespace by its name in lower case.
    pub fn namespace(&self, name: &str) -> Option<i32> {
        let own = self.namespaces.iter().find(|(own, _)| own == name);
        let canonical = || CANONICAL.iter().find(|(own, _)| *own == name);
        own.map(|(_, number)| *number)
            .or_else(|| canonical().map(|(_, number)| *number))
    }

    /// The namespace that a title says.
    pub fn namespace_of(&self, title: &str) -> i32 {
        let prefix = title.split_once(':').map(|(prefix, _)| prefix.trim());
        prefix
            .and_then(|prefix| self.namespace(&prefix.to_lowercase()))
            .unwrap_or(0)
    }

    /// The address of a page.
    pub fn url(&self, title: &str) -> Option<String> {
        let base = self.base.as_deref()?;
        let mut url = base.to_owned();
        for byte in title.bytes() {
            match byte {
                b' ' => url.push('_'),
                // What `wfUrlencode` leaves as it is.
                b'a'..=b'z'
                | b'A'..=b'Z'
                | b'0'..=b'9'
                | b'-'
                | b'_'
                | b'.'
                | b'~'
                | b';'
                | b'@'
                | b'$'
                | b'!'
                | b'*'
                | b'('
                | b')'
                | b','
                | b'/'
                | b':' => url.push(char::from(byte)),
                _ => url.push_str(&format!("%{byte:02X}")),
            }
        }
        Some(url)
    }
}

/// The address of the main page without its title.
fn prefix(base: &str) -> Option<String> {
    let address = url::Url::parse(base.trim()).ok()?;
    if !matches!(address.scheme(), "http" | "https") {
        return None;
    }
    let text = address.as_str();
    let end = match text.find("/wiki/") {
        Some(at) => at + "/wiki/".len(),
        None => match text.find("title=") {
            Some(at) => at + "title=".len(),
            None => text.rfind('/')? + 1,
        },
    };
    text.get(..end).map(str::to_owned)
}

fn namespaces(info: &str) -> Vec<(String, i32)> {
    let mut found = Vec::new();
    for part in info.split("<namespace ").skip(1).take(MAX_NAMESPACES) {
        let Some((tag, rest)) = part.split_once('>') else {
            continue;
        };
        let number = attribute(tag, "key").and_then(|key| key.parse().ok());
        let name = rest.split('<').next().unwrap_or_default();
        if let Some(number) = number.filter(|_| !tag.ends_with('/') && !name.is_empty()) {
            found.push((unescape(name).to_lowercase(), number));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_follow_the_main_page() {
        for (base, url) in [
            (
                "https://zh.wikipedia.org/wiki/Wikipedia:%E9%A6%96%E9%A1%B5",
                "https://zh.wikipedia.org/wiki/C%2B%2B_(%E8%AF%AD%E8%A8%80)",
            ),
            (
                "http://localhost/w/index.php?title=Main_Page",
                "http://localhost/w/index.php?title=C%2B%2B_(%E8%AF%AD%E8%A8%80)",
            ),
            (
                "http://localhost/index.php/Main_Page",
                "http://localhost/index.php/C%2B%2B_(%E8%AF%AD%E8%A8%80)",
            ),
        ] {
            let head = format!(
                "<mediawiki xml:lang=\"zh\"><siteinfo><base>{base}</base><namespaces><namespace key=\"1\" case=\"x\">讨论</namespace><namespace key=\"0\" /></namespaces></siteinfo><page>"
            );
            let site = Site::of(head.as_bytes());
            assert_eq!(site.url("C++ (语言)").as_deref(), Some(url));
            assert_eq!(site.lang.as_deref(), Some("zh"));
            assert_eq!(site.namespace_of("讨论:甲"), 1);
            assert_eq!(site.namespace_of("Template:甲"), 10);
            assert_eq!(site.namespace_of("甲:乙"), 0);
        }
        assert_eq!(
            Site::of(b"<mediawiki><base>javascript:x</base>").url("a"),
            None
        );
    }
}
