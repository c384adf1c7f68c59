//! A guess at what kind of page it is, from what it declares and from its address.

use crate::words;

/// Types of schema.org, the most telling first: a page with an article and a recipe is a recipe.
const SCHEMA: [(&str, &[&str]); 10] = [
    ("recipe", &["Recipe"]),
    ("forum", &["DiscussionForumPosting", "QAPage"]),
    ("product", &["Product", "ProductGroup", "IndividualProduct"]),
    ("documentation", &["APIReference", "TechArticle", "HowTo"]),
    (
        "article",
        &[
            "NewsArticle",
            "ReportageNewsArticle",
            "AnalysisNewsArticle",
            "OpinionNewsArticle",
            "BlogPosting",
            "LiveBlogPosting",
            "Article",
            "ScholarlyArticle",
            "Report",
        ],
    ),
    ("profile", &["ProfilePage"]),
    ("collection", &["CollectionPage", "OfferCatalog"]),
    ("listing", &["SearchResultsPage", "ItemList"]),
    ("video", &["VideoObject", "Movie", "TVEpisode"]),
    ("service", &["Service", "ProfessionalService"]),
];
/// Programs that write pages of one kind only, as they begin their `generator`.
const GENERATORS: [(&str, &[&str]); 2] = [
    (
        "forum",
        &[
            "discourse",
            "discuz",
            "phpbb",
            "vbulletin",
            "xenforo",
            "nodebb",
            "flarum",
            "mybb",
            "invision",
            "smf",
            "phpwind",
            "vanilla",
        ],
    ),
    (
        "documentation",
        &[
            "sphinx",
            "mkdocs",
            "docusaurus",
            "javadoc",
            "rustdoc",
            "mdbook",
            "gitbook",
            "doxygen",
            "vitepress",
            "vuepress",
            "docfx",
            "antora",
            "starlight",
            "zensical",
            "asciidoctor",
        ],
    ),
];
/// Parts of an address that tell the kind of what stands below them.
const FOLDERS: [(&str, &[&str]); 10] = [
    (
        "recipe",
        &["recipe", "recipes", "rezepte", "recettes", "recetas"],
    ),
    (
        "forum",
        &[
            "forum",
            "forums",
            "thread",
            "threads",
            "showthread.php",
            "viewtopic.php",
            "viewthread.php",
            "discussion",
            "discussions",
            "questions",
            "bbs",
        ],
    ),
    ("product", &["product", "products", "dp", "item"]),
    (
        "documentation",
        &[
            "docs",
            "doc",
            "documentation",
            "manual",
            "javadoc",
            "reference",
        ],
    ),
    (
        "collection",
        &[
            "collection",
            "collections",
            "category",
            "categories",
            "catalog",
        ],
    ),
    (
        "listing",
        &["tag", "tags", "search", "archives", "listing", "listings"],
    ),
    ("video", &["video", "videos", "watch"]),
    (
        "profile",
        &[
            "profile", "profiles", "user", "users", "author", "authors", "people",
        ],
    ),
    ("service", &["services"]),
    (
        "article",
        &[
            "article", "articles", "news", "blog", "story", "stories", "opinion", "posts",
        ],
    ),
];

/// What a page declares of its kind.
pub(crate) struct Declared<'a> {
    /// Types in JSON-LD, separated by spaces.
    pub(crate) schema: &'a str,
    pub(crate) og_type: Option<&'a str>,
    pub(crate) generator: Option<&'a str>,
    /// Whether the address holds a day, as those of news do.
    pub(crate) dated: bool,
}

/// The kind, by the surest of what speaks; `None` when nothing does. The second address is the
/// one that the page gives as its own: one of the two may be that of the whole site.
pub(crate) fn guess(
    declared: &Declared<'_>,
    url: Option<&str>,
    canonical: Option<&str>,
) -> Option<&'static str> {
    let mut addresses = [url, canonical].into_iter().flatten().map(split);
    let inner = addresses.clone().find(|(_, path)| !is_home(path));
    let schema = of_schema(declared.schema);
    let og_type = of_og_type(declared.og_type.unwrap_or_default());
    let is_article = schema == Some("article") || og_type == Some("article");
    if inner.is_none() && addresses.next().is_some() && !is_article {
        return Some("home");
    }
    of_generator(declared.generator.unwrap_or_default())
        // Many articles hold a video.
        .or(schema.filter(|kind| *kind != "video"))
        .or(og_type)
        .or(schema)
        .or_else(|| inner.and_then(|(host, path)| of_address(host, path)))
        .or(declared.dated.then_some("article"))
}

/// Whether a page may be a thread of posts: by the kind that was guessed, or by an address even
/// where the page calls itself an article.
pub(crate) fn may_be_thread(kind: Option<&str>, urls: [Option<&str>; 2]) -> bool {
    let forum = |(host, path): (&str, &str)| {
        host.contains("forum")
            || of_address(host, path) == Some("forum")
            || words::is_kind(path, "forum")
    };
    kind == Some("forum") || urls.into_iter().flatten().map(split).any(forum)
}

/// Host and path with query, of at most 300 bytes.
fn split(url: &str) -> (&str, &str) {
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    let rest = &rest[..rest.floor_char_boundary(rest.len().min(300))];
    let rest = rest.split('#').next().unwrap_or_default();
    rest.split_once('/').unwrap_or((rest, ""))
}

fn is_home(path: &str) -> bool {
    let path = path.trim_end_matches('/').to_ascii_lowercase();
    let names = [
        "index.html",
        "index.htm",
        "index.php",
        "default.aspx",
        "home",
    ];
    path.is_empty() || names.contains(&&*path)
}

fn of_schema(types: &str) -> Option<&'static str> {
    let named = |names: &[&str]| types.split(' ').any(|kind| names.contains(&kind));
    let found = SCHEMA.iter().find(|(_, names)| named(names));
    found.map(|(kind, _)| *kind)
}

fn of_generator(generator: &str) -> Option<&'static str> {
    let starts = |name: &&str| {
        let start = generator.get(..name.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(name))
    };
    let found = GENERATORS
        .iter()
        .find(|(_, names)| names.iter().any(starts));
    found.map(|(kind, _)| *kind)
}

fn of_og_type(kind: &str) -> Option<&'static str> {
    let kind = kind.trim().to_ascii_lowercase();
    let kind = kind.strip_prefix("og:").unwrap_or(&kind);
    match kind.split(['.', ':']).next().unwrap_or_default() {
        "article" | "blog" | "news" | "newsarticle" => Some("article"),
        "product" => Some("product"),
        "video" | "movie" => Some("video"),
        "profile" => Some("profile"),
        "recipe" => Some("recipe"),
        _ => None,
    }
}

fn of_address(host: &str, path: &str) -> Option<&'static str> {
    let first = host.split('.').next().unwrap_or_default();
    match first {
        "forum" | "forums" | "bbs" => return Some("forum"),
        "docs" | "doc" => return Some("documentation"),
        _ => {}
    }
    let path = path.to_ascii_lowercase();
    let page = path.split('?').next().unwrap_or_default();
    // Discuz and its like: thread-123-1-1.html.
    if page
        .rsplit('/')
        .next()
        .is_some_and(|last| last.starts_with("thread-"))
    {
        return Some("forum");
    }
    // The last folder that tells is nearest to the page.
    let mut folders: Vec<&str> = page.trim_end_matches('/').split('/').collect();
    let last = folders.pop().unwrap_or_default();
    let kind_of = |name: &str| {
        let found = FOLDERS.iter().find(|(_, names)| names.contains(&name));
        found.map(|(kind, _)| *kind)
    };
    if last.ends_with(".php") || last == "watch" || last == "search" {
        return kind_of(last);
    }
    if let Some(kind) = folders.into_iter().rev().find_map(kind_of) {
        return Some(kind);
    }
    // A folder's own page lists what is in it, but for one that a query asks for.
    match kind_of(last) {
        kind if path.contains('?') => kind,
        Some("article" | "recipe" | "video" | "listing") => Some("listing"),
        Some("product") => Some("collection"),
        Some("profile") => None,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(schema: &str, og: &str, generator: &str, url: &str) -> Option<&'static str> {
        let declared = Declared {
            schema,
            og_type: Some(og),
            generator: Some(generator),
            dated: false,
        };
        guess(&declared, Some(url), None)
    }

    #[test]
    fn declarations_tell() {
        let url = "https://example.org/x";
        assert_eq!(kind(" WebPage NewsArticle", "", "", url), Some("article"));
        assert_eq!(kind(" Article Recipe", "article", "", url), Some("recipe"));
        assert_eq!(kind("", "product.item", "", url), Some("product"));
        assert_eq!(kind("", "website", "Discuz! X3.4", url), Some("forum"));
        assert_eq!(kind("", "", "mkdocs-1.5", url), Some("documentation"));
        assert_eq!(kind(" WebPage", "website", "WordPress 6", url), None);
    }

    #[test]
    fn the_address_tells_where_nothing_else_does() {
        let kind = |url| kind("", "", "", url);
        assert_eq!(kind("https://example.org/"), Some("home"));
        assert_eq!(kind("https://example.org/index.html"), Some("home"));
        assert_eq!(kind("http://bbs.example.cn/a/1"), Some("forum"));
        assert_eq!(kind("http://example.cn/thread-12-1-1.html"), Some("forum"));
        assert_eq!(kind("https://example.org/products/lamp"), Some("product"));
        assert_eq!(kind("https://example.org/news/harbour"), Some("article"));
        assert_eq!(kind("https://example.org/news"), Some("listing"));
        assert_eq!(kind("https://example.org/news/?id=1"), Some("article"));
        assert_eq!(kind("https://example.org/watch?v=1"), Some("video"));
        assert_eq!(kind("https://example.org/lamp"), None);
    }
}
