//! Which thread and which page an address or a file's name stands for.

/// Parameters that tell the thread.
const THREAD: &[&str] = &[
    "t",
    "tid",
    "topic",
    "threadid",
    "thread",
    "showtopic",
    "topic_id",
];
/// Parameters that tell the page, or the first post on it.
const PAGE: &[&str] = &["page", "start", "st", "pagenumber"];

/// A page of a thread.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Address {
    /// What all its pages share.
    pub thread: String,
    /// Number of the page or of its first post; 0 for the first page.
    pub page: u64,
}

/// Takes an address, or the name of a saved file, apart.
pub(super) fn of(address: &str) -> Address {
    let address = address.split('#').next().unwrap_or(address);
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let query = query
        .trim_end_matches(".html")
        .trim_end_matches(".htm")
        .replace("&amp;", "&");
    let (mut path, mut page) = of_path(path.trim_end_matches('/'));
    let mut kept = Vec::new();
    for pair in query.split(['&', ';']) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        if PAGE.contains(&name) {
            page = value.parse().unwrap_or(page);
        } else if THREAD.contains(&name) {
            // SMF: `topic=12.30` is the post 30 of the topic 12.
            let (thread, start) = value.split_once('.').unwrap_or((value, ""));
            page = start.parse().unwrap_or(page);
            kept.push(format!("{name}={thread}"));
        }
    }
    kept.sort_unstable();
    for pair in kept {
        path.push('?');
        path += &pair;
    }
    Address {
        thread: path,
        page: if page == 1 { 0 } else { page },
    }
}

/// The path without what tells the page.
fn of_path(path: &str) -> (String, u64) {
    let (folder, name) = path
        .rsplit_once('/')
        .map_or(("", path), |(folder, name)| (folder, name));
    let join = |name: &str| match folder {
        "" => name.to_owned(),
        folder => format!("{folder}/{name}"),
    };
    let stem = [".html", ".htm"]
        .iter()
        .find_map(|end| name.strip_suffix(end))
        .unwrap_or(name);
    // Discuz!: `thread-<thread>-<page>-<page of the index>`.
    if let Some(numbers) = stem.strip_prefix("thread-") {
        let parts: Vec<&str> = numbers.split('-').collect();
        if let [thread, page, _] = parts[..]
            && let (Ok(_), Ok(page)) = (thread.parse::<u64>(), page.parse())
        {
            return (join(&format!("thread-{thread}")), page);
        }
    }
    // Discourse: `/t/<words>/<thread>/<post>`.
    let segments: Vec<&str> = path.rsplit('/').take(4).collect();
    if let [post, thread, _, "t"] = segments[..]
        && let (Ok(post), Ok(_)) = (post.parse(), thread.parse::<u64>())
    {
        return (folder.to_owned(), post);
    }
    // Flarum: `/d/<thread>-<words>/<post>`.
    if let [post, _, "d", ..] = segments[..]
        && let Ok(post) = post.parse()
    {
        return (folder.to_owned(), post);
    }
    // `page-2` and `page2` as a segment or at the end of a name, with or without a word before.
    let digits = stem.len() - stem.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    let (before, number) = stem.split_at(stem.len() - digits);
    let before = before.trim_end_matches(['-', '_', '.']);
    let marked = ["page", "Page"]
        .iter()
        .find_map(|word| before.strip_suffix(word));
    if let (Some(before), Ok(page)) = (marked, number.parse()) {
        return match before.trim_end_matches(['-', '_', '.']) {
            "" => (folder.to_owned(), page),
            name => (join(name), page),
        };
    }
    // `page/2`
    if let (Some(folder), Ok(page)) = (folder.strip_suffix("/page"), stem.parse()) {
        return (folder.to_owned(), page);
    }
    (join(stem), 0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pages_of_one_thread_share_it() {
        for (first, second, page) in [
            (
                "https://f.org/viewtopic.php?f=1&t=5",
                "https://f.org/viewtopic.php?t=5&amp;start=20",
                20,
            ),
            (
                "viewtopic.php?t=5.html",
                "viewtopic.php?t=5&start=20.html",
                20,
            ),
            (
                "https://f.org/t/words/123",
                "https://f.org/t/words/123?page=2",
                2,
            ),
            (
                "https://f.org/t/words/123",
                "https://f.org/t/words/123/40",
                40,
            ),
            (
                "https://f.org/threads/a-b.12/",
                "https://f.org/threads/a-b.12/page-3",
                3,
            ),
            ("showthread.php?tid=7", "showthread.php?tid=7&page=2", 2),
            (
                "https://f.org/index.php?topic=7.0",
                "https://f.org/index.php?topic=7.30",
                30,
            ),
            ("bbs/thread-9-1-1.html", "bbs/thread-9-2-1.html", 2),
            (
                "bbs/forum.php?mod=viewthread&tid=9",
                "bbs/forum.php?mod=viewthread&tid=9&page=2",
                2,
            ),
            ("a/tea.html", "a/tea-page2.html", 2),
            ("https://f.org/d/12-tea", "https://f.org/d/12-tea/20", 20),
        ] {
            let (one, two) = (of(first), of(second));
            assert_eq!((&one.thread, two.page), (&two.thread, page), "{first}");
            assert_eq!(one.page, 0, "{first}");
        }
        assert_ne!(
            of("thread-9-1-1.html").thread,
            of("thread-8-1-1.html").thread
        );
        assert_ne!(of("a/1.html").thread, of("a/2.html").thread);
    }

    proptest! {
        #[test]
        fn never_panics(address in "\\PC{0,60}") {
            of(&address);
        }
    }
}
