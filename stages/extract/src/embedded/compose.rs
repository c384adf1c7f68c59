//! Texts from a page's data as a page of their own.

use super::collect::Post;
use super::{Embedded, Source, prose};

/// Makes a page of texts and their authors, not much longer than `most` bytes.
pub(super) fn page(posts: Vec<Post>, source: Source, title: &str, most: usize) -> Option<Embedded> {
    let signed = posts.iter().filter(|post| post.author.is_some()).count();
    let is_thread = signed > 1;
    let mut html = String::from("<!DOCTYPE html><title>");
    prose::push_text(title, &mut html);
    html.push_str("</title><body><article><h1>");
    prose::push_text(title, &mut html);
    html.push_str("</h1>");
    let empty = html.len();
    for post in posts {
        html.push_str("<div class=post>");
        // The author of one article is known as the page's.
        if let Some(author) = post.author.filter(|_| is_thread) {
            html.push_str("<p class=author>");
            prose::push_text(&author, &mut html);
            html.push_str("</p>");
        }
        html.push_str("<div class=content>");
        prose::push_html(&post.text, &mut html);
        html.push_str("</div></div>\n");
        if html.len() >= most {
            break;
        }
    }
    (html.len() > empty).then_some(Embedded {
        source,
        html,
        is_thread,
    })
}
