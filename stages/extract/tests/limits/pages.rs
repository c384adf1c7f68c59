//! Pages that cost more than they should, of any size.

use crate::MB;

/// A page of the size, of a part that is repeated.
fn repeated(part: &str, size: usize) -> String {
    part.repeat((size / part.len()).max(1))
}

/// A page of many parts with a number in each.
fn numbered(size: usize, part: impl Fn(usize) -> String) -> String {
    let mut html = String::with_capacity(size + 1000);
    let mut number = 0;
    while html.len() < size {
        html.push_str(&part(number));
        number += 1;
    }
    html
}

/// A page of many short articles.
pub fn news(size: usize) -> String {
    let article = "<div class=\"story\"><h2><a href=\"/news/{}.html\">The harbour of the town, part {}</a></h2>\
        <p class=\"byline\">By <b>A. Writer</b>, 6 May 2024</p><p>The harbour was quiet in the \
        morning, and the boats came back <a href=\"/noon\">before noon</a>. Nobody had seen them \
        leave, {} people said.</p>\n<p>One fine day they will sail again; two of them, or three. \
        &ldquo;That is how it was,&rdquo; she said.</p><ul class=nav><li><a href=/a>More</a><li>\
        <a href=/b>Share this</a></ul></div>\n";
    let pages = numbered(size, |n| article.replace("{}", &n.to_string()));
    format!("<!DOCTYPE html><html><head><title>News</title></head><body>{pages}</body></html>")
}

/// Pages by name, about as long as asked for.
pub type Make = fn(usize) -> String;
pub const HOSTILE: &[(&str, Make)] = &[
    ("news", news),
    ("nested div", |size| repeated("<div>", size)),
    ("nested div with text", |size| repeated("<div>x", size)),
    ("nested span", |size| repeated("<span>x", size)),
    ("b siblings", |size| repeated("<b></b>", size)),
    ("i siblings with text", |size| repeated("<i>x</i>", size)),
    ("p siblings", |size| repeated("<p>x", size)),
    ("empty p", |size| repeated("<p>", size)),
    ("distinct p", |size| numbered(size, |n| format!("<p>{n}"))),
    ("li siblings", |size| repeated("<li>x", size)),
    ("dt siblings", |size| repeated("<dt>x", size)),
    ("br", |size| repeated("x<br>", size)),
    ("br br", |size| repeated("x<br><br>", size)),
    ("hr", |size| repeated("<hr>", size)),
    ("hr with text", |size| repeated("x<hr>", size)),
    ("img", |size| repeated("<img>x", size)),
    ("cells", |size| {
        format!("<table><tr>{}", repeated("<td>1", size))
    }),
    ("rows", |size| {
        format!("<table>{}", repeated("<tr><td>1<td>2", size))
    }),
    ("loose cells", |size| repeated("<td>1", size)),
    ("long attribute", |size| {
        format!("<p title=\"{}\">text</p>", "v".repeat(size))
    }),
    ("long class", |size| {
        format!("<p class=\"{}\">text</p>", repeated("nav ad ", size))
    }),
    ("long attribute with references", |size| {
        format!("<p title=\"{}\">text</p>", repeated("&amp;", size))
    }),
    ("attributes in one tag", |size| {
        let attributes = numbered(size, |n| format!(" a{n}=b"));
        format!("<p{attributes}>text")
    }),
    ("attributes in many tags", |size| {
        numbered(size, |n| {
            let attributes = numbered(1000, |m| format!(" a{}", m + n % 7));
            format!("<p{attributes}>text")
        })
    }),
    ("short attributes", |size| {
        let names = "a b c d e f g h i j k l m n o p q r s t u v w x y z 0 1 2 3 4 5 6 7 8 9 \
            ! # $ % ( ) * + , - . : ; ? @ [ ] ^ _ { | } ~";
        repeated(&format!("<b {names}>x"), size)
    }),
    ("new attribute names", |size| {
        numbered(size, |n| format!("<b attribute{n}>x"))
    }),
    ("new element names", |size| {
        numbered(size, |n| format!("<element{n}>x</element{n}>"))
    }),
    ("open element names", |size| {
        numbered(size, |n| format!("<e{n}>"))
    }),
    ("class names", |size| {
        numbered(size, |n| format!("<i class=a{n}>x</i>"))
    }),
    ("unclosed", |size| repeated("<p><b><i><a>", size)),
    ("unclosed with text", |size| {
        repeated("<p>x<b>x<i>x<a href=/>x", size)
    }),
    ("formatting", |size| {
        numbered(size, |n| format!("<font size={n}><p>x"))
    }),
    ("misnested", |size| repeated("<b><p></b>x</p>", size)),
    ("adoption", |size| repeated("<a><div></a>", size)),
    ("table soup", |size| {
        repeated("<table><b>x<tr>y<div>z", size)
    }),
    ("foster text", |size| {
        format!("<table>{}", repeated("x<b>", size))
    }),
    ("foster elements", |size| {
        format!("<table>{}", repeated("<p>x</p><tr>", size))
    }),
    ("links", |size| {
        numbered(size, |n| format!("<a href={n}>x</a>"))
    }),
    ("unclosed links", |size| repeated("<a href>x", size)),
    ("entities", |size| repeated("&amp;", size)),
    ("numeric entities", |size| repeated("&#x4e2d;", size)),
    ("entities without semicolon", |size| {
        repeated("&ampx &notit", size)
    }),
    ("ampersands", |size| repeated("&", size)),
    ("text and nul", |size| repeated("x\0", size)),
    ("text and nul in a table", |size| {
        format!("<table>{}", repeated("x\0", size))
    }),
    ("text and comments in a table", |size| {
        format!("<table>{}", repeated("x<!---->", size))
    }),
    ("CDATA in a table", |size| {
        format!("<svg>{}", repeated("x<![CDATA[y]]>", size))
    }),
    ("link in a word", |size| repeated("x<a href=b>y</a>", size)),
    ("carriage returns", |size| repeated("x\r", size)),
    ("open comments", |size| repeated("<!--", size)),
    ("comments", |size| repeated("x<!---->", size)),
    ("bogus comments", |size| repeated("x<?>", size)),
    ("open end tags", |size| repeated("</", size)),
    ("end tags", |size| repeated("</p>", size)),
    ("end tags of br", |size| repeated("</br>", size)),
    ("less than", |size| repeated("<", size)),
    ("open quotes", |size| repeated("<a b=\"", size)),
    ("lines of pre", |size| {
        format!("<pre>{}</pre>", repeated("x\n", size))
    }),
    ("many pre", |size| repeated("<pre>x</pre>", size)),
    ("escapes", |size| {
        format!("<pre>{}</pre>", repeated("\u{1b}[1mx\n", size))
    }),
    ("escapes in one line", |size| {
        repeated("\u{1b}[1mx\u{8}", size)
    }),
    ("white space", |size| repeated(" \n", size)),
    ("white-space: pre", |size| {
        format!("<div style='white-space:pre'>{}", repeated("x\n", size))
    }),
    ("lines in quotations", |size| {
        let open = "<blockquote>".repeat(8);
        format!("{open}<pre>{}", repeated("x\n", size))
    }),
    ("lines in lists in quotations", |size| {
        let open = "<blockquote><ul><li>".repeat(8);
        let open = format!("{open}<div style='white-space:pre'>");
        format!("{open}{}", repeated("x\n", size))
    }),
    ("deep lists", |size| repeated("<ul><li>x", size)),
    ("lists of one", |size| repeated("<ul><li>x</ul>", size)),
    ("JSON-LD", |size| {
        let body = repeated("the harbour of the town, ", size.min(MB));
        let ld = format!("{{\"@type\":\"Article\",\"articleBody\":\"{body}\"}}");
        format!("<script type=application/ld+json>{ld}</script><p>The harbour of the town.")
    }),
    ("JSON-LD of small values", |size| {
        let list = repeated("[],", size.min(900_000));
        format!("<script type=application/ld+json>[{list}0]</script><p>text")
    }),
    ("JSON-LD of small objects", |size| {
        let list = repeated("{\"text\":0},", size.min(900_000));
        let graph = format!("{{\"@graph\":[{list}0]}}");
        format!("<script type=application/ld+json>{graph}</script><p>text")
    }),
    ("JSON-LD of small strings", |size| {
        let list = repeated("\"\",", size.min(900_000));
        let graph = format!("{{\"@type\":[{list}0]}}");
        format!("<script type=application/ld+json>{graph}</script><p>text")
    }),
    // These give nothing by their elements, so that their data is made into a page.
    ("JSON-LD of posts", |size| {
        let post = |n| format!("{{\"author\":\"a{n}\",\"text\":\"harbour {n}\"}},");
        let posts = numbered(size.min(900_000), post);
        format!("<script type=application/ld+json>[{posts}0]</script>")
    }),
    ("JSON-LD of HTML", |size| {
        let body = repeated("<p><b>x<li>", size.min(900_000));
        let ld = format!("{{\"articleBody\":\"<p>the harbour of the town{body}\"}}");
        format!("<script type=application/ld+json>{ld}</script>")
    }),
    ("JSON-LD of questions", |size| {
        let part = |n| format!("{{\"@type\":[\"Question\"],\"name\":\"{n}\"}},");
        let list = numbered(size.min(900_000), part);
        format!("<script type=application/ld+json>[{list}0]</script>")
    }),
    ("data in many scripts", |size| {
        let text = "the harbour of the town was quiet in the morning, ".repeat(3);
        numbered(size, |n| {
            let data = format!("{{\"a\":{{\"content\":\"{text}{n}\",\"user_name\":\"b\"}}}}");
            format!("<script type=application/json>{data}</script>")
        })
    }),
    ("data in an attribute", |size| {
        let post = |n| {
            format!("{{&quot;username&quot;:&quot;a&quot;,&quot;cooked&quot;:&quot;{n}&quot;}},")
        };
        let posts = numbered(size, post);
        format!("<div data-preloaded='[{posts}0]'></div>")
    }),
    ("data in a string of data", |size| {
        let post = |n| format!(r#"{{\"username\":\"a\",\"cooked\":\"{n}\"}},"#);
        let posts = numbered(size, post);
        format!("<script type=application/json>{{\"topic\":\"[{posts}0]\"}}</script>")
    }),
    ("nested data", |size| {
        let data = repeated("[{\"text\":", size);
        format!("<script>window.state = {data}</script>")
    }),
    ("data of authors", |size| {
        let data = numbered(size, |n| {
            format!("\"author\":{{\"a\":{n},\"name\":[\"b\"]}},")
        });
        format!("<script>window.state = {{{data}\"text\":\"x\"}}</script>")
    }),
    ("many JSON-LD", |size| {
        let ld =
            "<script type=application/ld+json>{\"@type\":\"A\",\"articleBody\":\"abc\"}</script>";
        repeated(ld, size)
    }),
    ("meta", |size| repeated("<meta>", size)),
    ("descriptions", |size| {
        numbered(size, |n| format!("<meta name=description content=a{n}>"))
    }),
    ("long description", |size| {
        let content = numbered(size, |n| format!("{n} "));
        format!("<meta name=description content='{content}'><p>text")
    }),
    ("math", |size| repeated("<math><mi>x</mi></math>", size)),
    ("nested math", |size| repeated("<math><mi>x", size)),
    ("tex in nested elements", |size| {
        let open = "<div type=math/tex>".repeat(400);
        format!("{open}{}", repeated("x ", size))
    }),
    ("svg", |size| repeated("<svg><g/></svg>", size)),
    ("nested tables", |size| repeated("<table><tr><td>x", size)),
    ("tables in a table", |size| {
        let table = "<table><tr><td>x</table>";
        format!("<table><tr><td>{}", repeated(table, size))
    }),
    ("headings", |size| repeated("<h1>x</h1>", size)),
    ("nested headings", |size| {
        let open = "<h1><div>".repeat(90);
        format!("{open}{}", repeated("x ", size))
    }),
    ("titles", |size| {
        repeated("<svg><title>x</title></svg>", size)
    }),
    ("selects", |size| {
        repeated("<select><option>x</select>", size)
    }),
    ("templates", |size| repeated("<template>x</template>", size)),
    ("nested templates", |size| repeated("<template>", size)),
    ("frames", |size| repeated("<frameset><frame>", size)),
    ("body attributes", |size| {
        numbered(size, |n| format!("<body a{n}=b>"))
    }),
    ("scripts", |size| repeated("<script>x</script>", size)),
    ("open scripts", |size| repeated("<script><!--", size)),
    ("ruby", |size| repeated("<ruby>x<rt>y</ruby>", size)),
    ("Chinese", |size| repeated("中文，", size)),
    ("Chinese paragraphs", |size| repeated("<p>中", size)),
    ("banners", |size| repeated("<p>share", size)),
    ("words", |size| numbered(size, |n| format!("{n} "))),
    ("forms", |size| repeated("<form><input>x</form>", size)),
    ("buttons", |size| repeated("<button>x", size)),
    ("details", |size| repeated("<details><summary>x", size)),
];
