//! Which vocabulary a name belongs to: by the address of its namespace, whatever the prefix.

/// A vocabulary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ns {
    /// RSS, Atom and CDF. Their elements share names and meaning, so feeds mix them freely.
    Core,
    /// RDF.
    Rdf,
    /// The content module of RSS.
    Content,
    /// Dublin Core, also with its terms.
    Dc,
    /// Podcasts.
    Itunes,
    /// Licences, as RSS 2.0 has them.
    CreativeCommons,
    /// Licences, as RSS 1.0 has them.
    Cc,
    /// FeedBurner.
    Feedburner,
    /// XHTML.
    Xhtml,
    /// xml:base and xml:lang.
    Xml,
    /// Anything else.
    Other,
}

/// Addresses in lower case; those that feeds really use beside the right ones too.
const ADDRESSES: &[(&str, Ns)] = &[
    ("http://backend.userland.com/rss", Ns::Core),
    ("http://blogs.law.harvard.edu/tech/rss", Ns::Core),
    ("http://purl.org/rss/1.0", Ns::Core),
    ("http://my.netscape.com/rdf/simple/0.9", Ns::Core),
    ("http://example.com/newformat#", Ns::Core),
    ("http://example.com/necho", Ns::Core),
    ("http://purl.org/echo", Ns::Core),
    ("uri/of/echo/namespace#", Ns::Core),
    ("http://purl.org/pie", Ns::Core),
    ("http://purl.org/atom/ns#", Ns::Core),
    ("http://www.w3.org/2005/atom", Ns::Core),
    ("http://purl.org/rss/1.0/modules/rss091", Ns::Core),
    ("http://www.w3.org/standards/techs/cdf", Ns::Core),
    ("http://www.w3.org/1999/02/22-rdf-syntax-ns#", Ns::Rdf),
    ("http://purl.org/rss/1.0/modules/content", Ns::Content),
    ("http://purl.org/dc/elements/1.", Ns::Dc),
    ("http://purl.org/dc/terms", Ns::Dc),
    ("http://www.itunes.com/dtds/podcast-1.0.dtd", Ns::Itunes),
    ("http://example.com/dtds/podcast-1.0.dtd", Ns::Itunes),
    (
        "http://backend.userland.com/creativecommonsrssmodule",
        Ns::CreativeCommons,
    ),
    (
        "http://cyber.law.harvard.edu/rss/creativecommonsrssmodule.html",
        Ns::CreativeCommons,
    ),
    ("http://creativecommons.org/ns#", Ns::Cc),
    ("http://web.resource.org/cc", Ns::Cc),
    ("http://rssnamespace.org/feedburner/ext/1.0", Ns::Feedburner),
    ("http://www.w3.org/1999/xhtml", Ns::Xhtml),
    ("http://www.w3.org/xml/1998/namespace", Ns::Xml),
    ("http://search.yahoo.com/mrss", Ns::Other),
];

/// What prefixes mean in feeds that forget to declare them.
const PREFIXES: &[(&str, Ns)] = &[
    ("atom", Ns::Core),
    ("rss", Ns::Core),
    ("rdf", Ns::Rdf),
    ("content", Ns::Content),
    ("dc", Ns::Dc),
    ("dcterms", Ns::Dc),
    ("itunes", Ns::Itunes),
    ("creativecommons", Ns::CreativeCommons),
    ("cc", Ns::Cc),
    ("feedburner", Ns::Feedburner),
    ("xhtml", Ns::Xhtml),
    ("body", Ns::Xhtml),
    ("xml", Ns::Xml),
];

/// The vocabulary of an address.
fn of_address(address: &str) -> Option<Ns> {
    let address = address.trim().to_ascii_lowercase();
    let plain = address.trim_end_matches(['/', '#']);
    let matches = |known: &str| {
        let known = known.trim_end_matches(['/', '#']);
        // Versions of RSS 2.0 and Dublin Core are written in many ways.
        let open = known.ends_with('.') || known.ends_with("/rss");
        plain == known || (open && plain.starts_with(known))
    };
    let found = ADDRESSES.iter().find(|(known, _)| matches(known));
    found.map(|(_, ns)| *ns)
}

/// Prefixes that are declared at a place in the file.
#[derive(Debug, Default)]
pub(crate) struct Prefixes(Vec<(Vec<u8>, Ns)>);

impl Prefixes {
    /// Takes a declaration; returns whether there is room for it.
    pub fn declare(&mut self, prefix: &[u8], address: &str) -> bool {
        // More are an attack: each costs a look for every name.
        if self.0.len() >= 256 {
            return false;
        }
        // A default namespace that nobody knows is somebody's idea of RSS.
        let unknown = if prefix.is_empty() {
            Ns::Core
        } else {
            Ns::Other
        };
        self.0
            .push((prefix.to_vec(), of_address(address).unwrap_or(unknown)));
        true
    }

    /// Forgets the latest declarations.
    pub fn forget(&mut self, count: usize) {
        self.0.truncate(self.0.len().saturating_sub(count));
    }

    /// The vocabulary of a name.
    pub fn of(&self, name: &[u8]) -> Ns {
        let prefix = memchr::memchr(b':', name)
            .and_then(|at| name.get(..at))
            .unwrap_or_default();
        let declared = self.0.iter().rev().find(|(known, _)| known == prefix);
        match declared {
            Some((_, ns)) => *ns,
            None if prefix.is_empty() => Ns::Core,
            None => {
                let known =
                    |(known, _): &&(&str, Ns)| known.as_bytes().eq_ignore_ascii_case(prefix);
                PREFIXES.iter().find(known).map_or(Ns::Other, |(_, ns)| *ns)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_prefixes() {
        let mut prefixes = Prefixes::default();
        assert_eq!(prefixes.of(b"dc:date"), Ns::Dc);
        assert_eq!(prefixes.of(b"title"), Ns::Core);
        assert!(prefixes.declare(b"dc", "http://www.w3.org/2005/Atom"));
        assert!(prefixes.declare(b"", "http://www.w3.org/1999/xhtml"));
        assert_eq!(prefixes.of(b"dc:title"), Ns::Core);
        assert_eq!(prefixes.of(b"p"), Ns::Xhtml);
        prefixes.forget(2);
        assert_eq!(prefixes.of(b"p"), Ns::Core);
        for (address, ns) in [
            ("http://purl.org/rss/1.0/", Some(Ns::Core)),
            ("http://backend.userland.com/rss2", Some(Ns::Core)),
            (
                "http://purl.org/rss/1.0/modules/content/",
                Some(Ns::Content),
            ),
            (
                "http://www.itunes.com/DTDs/Podcast-1.0.dtd",
                Some(Ns::Itunes),
            ),
            ("http://purl.org/dc/elements/1.1/", Some(Ns::Dc)),
            ("http://example.org/mine", None),
        ] {
            assert_eq!(of_address(address), ns, "{address}");
        }
    }
}
