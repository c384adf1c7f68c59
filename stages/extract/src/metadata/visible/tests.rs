use super::*;

fn of(body: &str) -> (Option<String>, Option<String>) {
    let tree = crate::html::parse::parse(body);
    let is_heading = |id: NodeId| tree.element(id).is_some_and(|e| e.tag == Tag::H1);
    let wanted = Wanted {
        author: true,
        date: true,
        heading: tree.ids().position(is_heading),
        order: Order::Unknown,
    };
    let mut found = Visible::of(&tree, &wanted);
    (found.author(), found.date())
}

fn author(body: &str) -> String {
    of(body).0.unwrap_or_default()
}

fn date(body: &str) -> String {
    of(body).1.unwrap_or_default()
}

#[test]
fn marked_bylines_are_found() {
    assert_eq!(
        author("<a rel='nofollow author' href=/j>Jane Doe</a>"),
        "Jane Doe"
    );
    let html = "<div itemprop=author><img><span itemprop=name>Jane Doe</span> writes</div>";
    assert_eq!(author(html), "Jane Doe");
    assert_eq!(
        author("<p class=article-byline>By <b>Jane Doe</b>"),
        "Jane Doe"
    );
    assert_eq!(author("<span class=zuozhe>作者：李明</span>"), "李明");
    let html = "<div class=comments><b class=comment-author>Troll</b></div>";
    assert_eq!(author(html), "");
}

#[test]
fn bylines_in_text_are_found_near_the_headline() {
    assert_eq!(author("<h1>Harbour</h1><p>By Jane Doe"), "Jane Doe");
    assert_eq!(
        author("<h1>Harbour</h1><p>By <a href=/j>Jane Doe</a>"),
        "Jane Doe"
    );
    assert_eq!(author("<h1>港口</h1><p>来源：示例网 作者：李明"), "李明");
    assert_eq!(author("<p>By Jane Doe"), "");
    assert_eq!(author("<h1>x</h1><script>By Jane Doe</script>"), "");
}

#[test]
fn shown_days_are_found() {
    let day = "2021-03-09";
    assert_eq!(date("<time>March 9, 2021</time>"), day);
    assert_eq!(
        date("<p>2001-01-01<p><b itemprop=datePublished>9 mars 2021</b>"),
        day
    );
    assert_eq!(date("<div class=post-date>9. März 2021</div>"), day);
    assert_eq!(date("<p>发布时间：<b>2021-03-09 10:00</b>"), day);
    assert_eq!(date("<h1>港口</h1><p>2021年3月9日 示例网"), day);
    let html = "<time>Updated May 1, 2022</time><time>March 9, 2021</time>";
    assert_eq!(date(html), day);
    assert_eq!(date("<p>更新时间：2021-03-09"), day);
}

#[test]
fn days_of_other_things_are_left() {
    assert_eq!(date("<p>2021-03-09"), "");
    assert_eq!(date("<h1>x</h1><footer>March 9, 2021</footer>"), "");
    assert_eq!(
        date("<div class=header><b class=date>March 9, 2021</b></div><h1>x</h1>"),
        ""
    );
    let long = "It was a long day at the harbour. ".repeat(9);
    assert_eq!(
        date(&format!("<h1>x</h1><p>{long}<b>March 9, 2021</b>")),
        ""
    );
}

#[test]
fn a_hostile_page_takes_linear_time() {
    let html = "<b class=author><time>March 9, 2021 x".repeat(100_000);
    let tree = crate::html::parse::parse(&html);
    let start = std::time::Instant::now();
    let wanted = Wanted {
        author: true,
        date: true,
        heading: None,
        order: Order::Unknown,
    };
    Visible::of(&tree, &wanted);
    assert!(start.elapsed().as_millis() < 500);
}
