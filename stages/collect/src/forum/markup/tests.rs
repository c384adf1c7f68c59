use proptest::prelude::*;

use super::*;

fn plain(html: &str) -> String {
    rewrite(html, &Rewrite::default())
}

#[test]
fn posts_stay_in_their_place() {
    for (html, expected) in [
        ("<p>a<b>b", "<p>a<b>b</b></p>"),
        ("a</div></body>b", "ab"),
        ("<b><i>x</b></i>", "<b><i>x</i></b>"),
        (
            "<p>a<p>b<ul><li>c<li>d</ul>",
            "<p>a</p><p>b</p><ul><li>c</li><li>d</li></ul>",
        ),
        (
            "<table><tr><td>1<td>2<tr><td>3</table>",
            "<table><tr><td>1</td><td>2</td></tr><tr><td>3</td></tr></table>",
        ),
        ("x<!-- y", "x"),
        ("x<script>if (a<b)</script>y<TEXTAREA>z", "xy"),
        ("1 < 2 <3", "1 &lt; 2 &lt;3"),
        ("<br/><img src='a>b'>", "<br><img src='a&gt;b'>"),
        ("<a title=\"x\" b='", ""),
    ] {
        assert_eq!(plain(html), expected, "{html}");
    }
}

#[test]
fn mentions_outside_of_code() {
    let (people, mut names) = (Pseudonyms::new("k"), Names::default());
    names.add("Ann", "user-1");
    let rewritten = Rewrite {
        names: Some(&names),
        people: Some(&people),
        person: Some(|href, _| href.contains("/users/7/").then(|| "id:7".to_owned())),
    };
    let html = "<p>@Ann <code>@Ann</code> <a href=\"/users/7/bob\">Bob</a></p>";
    let expected = format!("<p>@user-1 <code>@Ann</code> {}</p>", people.of("id:7"));
    assert_eq!(rewrite(html, &rewritten), expected);
}

#[test]
fn depth_is_bounded() {
    let out = plain(&"<div><b>".repeat(100_000));
    assert_eq!(out.matches("<div>").count(), MAX_DEPTH - MAX_STYLES);
    assert_eq!(out.matches("<b>").count(), MAX_STYLES);
}

proptest! {
    #[test]
    fn what_is_opened_is_closed(parts in prop::collection::vec(prop::sample::select(vec![
        "<p>", "</p>", "<b>", "</b>", "<li>", "<td>", "<tr>", "<pre>", "</pre>", "a", "<", ">", "<br>", "<!--", "-->", "<a href='", "\"", "中",
    ]), 0..60)) {
        let once = plain(&parts.concat());
        prop_assert_eq!(plain(&once), once.clone());
        for name in ["p", "b", "li", "td", "pre"] {
            let opened = once.matches(&format!("<{name}>")).count();
            prop_assert_eq!(opened, once.matches(&format!("</{name}>")).count());
        }
    }
}
