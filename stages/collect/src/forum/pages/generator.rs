//! Where the software of a forum puts what, as CSS selectors.

use scraper::Selector;

/// One software. The first selector that finds something counts.
pub(super) struct Generator {
    /// Containers of posts.
    pub post: &'static str,
    /// Inside of a container: attribute of the container, or elements.
    pub author: &'static [&'static str],
    /// Inside of a container.
    pub time: &'static [&'static str],
    /// Inside of a container.
    pub body: &'static [&'static str],
    /// On the page.
    pub title: &'static [&'static str],
}

/// From the most to the least particular.
pub(super) const ALL: &[Generator] = &[
    // Discourse for readers without scripts, and as a browser saves it.
    Generator {
        post: ".crawler-post",
        author: &[".creator [itemprop=name]", ".creator"],
        time: &["time[datetime]"],
        body: &[
            ".post[itemprop=text]",
            ".post[itemprop=articleBody]",
            ".post",
        ],
        title: &["#topic-title h1 a", "#topic-title h1"],
    },
    Generator {
        post: "article[data-post-id]",
        author: &[".names .username", ".names .first", ".names"],
        time: &["[data-time]", "time[datetime]"],
        body: &[".cooked"],
        title: &[".fancy-title", "#topic-title h1"],
    },
    // XenForo 2 and 1.
    Generator {
        post: "article.message",
        author: &[".message-name .username", ".message-name", ".username"],
        time: &[".message-attribution time[datetime]", "time[datetime]"],
        body: &[".message-content .bbWrapper", ".bbWrapper", ".message-body"],
        title: &["h1.p-title-value"],
    },
    Generator {
        post: "li.message",
        author: &[".messageUserInfo .username", ".username"],
        time: &[".DateTime"],
        body: &[".messageText"],
        title: &[".titleBar h1"],
    },
    // Discuz!
    Generator {
        post: "div[id^=post_]:not([id^=post_message]), table[id^=pid]",
        author: &[
            ".authi a.xw1",
            ".authi a",
            ".pls .authi",
            ".postauthor cite a",
            ".postauthor cite",
        ],
        time: &[
            "em[id^=authorposton] span[title]",
            "em[id^=authorposton]",
            ".authorinfo em",
            ".postinfo",
        ],
        body: &["td.t_f", "[id^=postmessage_]", ".t_msgfont", ".pcb"],
        title: &["#thread_subject", "#threadtitle h1", "h1"],
    },
    // MyBB
    Generator {
        post: ".post[id^=post_], table[id^=post_]",
        author: &[".author_information .largetext", ".post_author .largetext"],
        time: &[".post_date"],
        body: &[".post_body"],
        title: &[".thread_title", "td.thead strong", "h1"],
    },
    // vBulletin 5, 4 and 3.
    Generator {
        post: "li.b-post",
        author: &[".b-userinfo .author", ".author"],
        time: &["time[datetime]", ".b-post__timestamp"],
        body: &[".js-post__content-text", ".b-post__content"],
        title: &["h1.main-title", ".b-post__title", "h1"],
    },
    Generator {
        post: "li.postcontainer, li.postbit, li.postbitlegacy",
        author: &[".username strong", ".username", ".bigusername"],
        time: &[".postdate .date", ".date"],
        body: &[
            "blockquote.postcontent",
            "[id^=post_message_]",
            ".postcontent",
        ],
        title: &[".threadtitle", "h1"],
    },
    Generator {
        post: "table[id^=post], div[id^=edit]",
        author: &[".bigusername"],
        time: &["td.thead", ".thead"],
        body: &["[id^=post_message_]"],
        title: &["td.navbar strong", "h1"],
    },
    // phpBB 3
    Generator {
        post: "div.post",
        author: &[
            ".author .username",
            ".author .username-coloured",
            ".postprofile .username",
            ".postprofile .username-coloured",
            ".author strong",
            ".postprofile dt a",
        ],
        time: &[".author time[datetime]", ".author"],
        body: &[".content"],
        title: &["h2.topic-title", "#page-body h2", "h2"],
    },
    // Simple Machines Forum
    Generator {
        post: ".post_wrapper",
        author: &[".poster h4", "h4"],
        time: &[".keyinfo .smalltext", ".keyinfo .postinfo", ".keyinfo"],
        body: &[".post .inner", ".inner", ".post"],
        title: &["#top_subject", ".display_head h2", "h5[id^=subject_]", "h1"],
    },
    // Flarum, as it is without scripts.
    Generator {
        post: "#flarum-content article, .PostStream-item",
        author: &[".PostUser-name", ".username"],
        time: &["time[datetime]"],
        body: &[".Post-body"],
        title: &[".DiscussionHero-title", "#flarum-content h1", "h1"],
    },
    // Whoever says it in the words of schema.org.
    Generator {
        post: "[itemtype*='schema.org/Comment'], [itemtype*='schema.org/DiscussionForumPosting'], [itemtype*='schema.org/Answer'], [itemtype*='schema.org/Question']",
        author: &["[itemprop=author] [itemprop=name]", "[itemprop=author]"],
        time: &[
            "[itemprop=dateCreated]",
            "[itemprop=datePublished]",
            "time[datetime]",
        ],
        body: &["[itemprop=text]", "[itemprop=articleBody]"],
        title: &["[itemprop=headline]", "h1"],
    },
    // Anything with the usual words.
    Generator {
        post: ".post, .message, .comment, .reply, .forum-post, .topic-post, .post-container, .postbody, [id^=post-], [id^=post_], [id^=comment-], [id^=reply]",
        author: &[
            ".author",
            ".username",
            ".user-name",
            ".poster",
            ".user",
            ".nickname",
            ".name",
            "[rel=author]",
        ],
        time: &[
            "time[datetime]",
            ".date",
            ".time",
            ".timestamp",
            ".postdate",
            ".post-date",
        ],
        body: &[
            ".content",
            ".post-content",
            ".post-body",
            ".body",
            ".message-content",
            ".text",
            ".entry-content",
            ".postcontent",
            ".comment-content",
            ".reply-content",
            ".message",
        ],
        title: &["h1", "h2"],
    },
];

/// Compiles a selector of this file.
pub(super) fn selector(text: &str) -> Option<Selector> {
    Selector::parse(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_are_valid() {
        for generator in ALL {
            let lists = [
                generator.author,
                generator.time,
                generator.body,
                generator.title,
            ];
            let parts = lists.into_iter().flatten();
            for text in parts.chain([&generator.post]) {
                assert!(selector(text).is_some(), "{text}");
            }
        }
    }
}
