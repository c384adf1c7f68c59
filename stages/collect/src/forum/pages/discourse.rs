//! Discourse's JSON: a topic (`/t/ID.json`), its further posts, and the latest ones
//! (`/posts.json`), as <https://docs.discourse.org> describes them.

use serde::Deserialize;
use serde_json::Value;
use textmill_schemas::Reason;

use super::clean;
use super::thread::Post;
use crate::forum::markup::{Rewrite, rewrite};
use crate::forum::pseudonym::Pseudonyms;
use crate::forum::threads::Found;
use crate::time;

/// The posts of one or more JSON values.
pub(super) fn posts(
    text: &[u8],
    found: &Found,
    pseudonyms: &Pseudonyms,
) -> Result<Vec<Post>, Reason> {
    let mut posts = Vec::new();
    for value in serde_json::Deserializer::from_slice(text).into_iter::<Value>() {
        let value =
            value.map_err(|error| Reason::new("collect.invalid_json").detail(error.to_string()))?;
        let topic = Topic {
            id: value.get("id").and_then(Value::as_u64),
            title: string(&value, "title"),
            slug: string(&value, "slug"),
        };
        let streams = ["post_stream", "posts_stream"]
            .iter()
            .find_map(|name| value.get(name)?.get("posts"));
        let list = streams
            .or_else(|| value.get("latest_posts"))
            .or_else(|| value.get("posts"));
        let list = list.unwrap_or(&value);
        let objects = list
            .as_array()
            .map_or(std::slice::from_ref(list), Vec::as_slice);
        posts.extend(
            objects
                .iter()
                .filter_map(|object| post(object, &topic, found, pseudonyms)),
        );
    }
    Ok(posts)
}

struct Topic {
    id: Option<u64>,
    title: Option<String>,
    slug: Option<String>,
}

fn post(object: &Value, topic: &Topic, found: &Found, pseudonyms: &Pseudonyms) -> Option<Post> {
    let cooked = string(object, "cooked")?;
    let thread = u64::deserialize(object.get("topic_id").unwrap_or(&Value::Null))
        .ok()
        .or(topic.id)?;
    let hidden = ["hidden", "user_deleted"]
        .iter()
        .any(|name| object.get(name) == Some(&Value::Bool(true)));
    if hidden {
        return None;
    }
    let number = object.get("post_number").and_then(Value::as_u64);
    let slug = string(object, "topic_slug")
        .or_else(|| topic.slug.clone())
        .unwrap_or_else(|| "-".to_owned());
    let fragment = scraper::Html::parse_fragment(&rewrite(&cooked, &Rewrite::default()));
    let body = clean::html(fragment.root_element(), pseudonyms);
    if body.is_empty() {
        return None;
    }
    Some(Post {
        found: found.clone(),
        thread: format!("discourse/{slug}/{thread}"),
        page: number.unwrap_or(0),
        id: object
            .get("id")
            .filter(|id| !id.is_null())
            .map(ToString::to_string),
        url: None,
        title: topic
            .title
            .clone()
            .or_else(|| string(object, "topic_title")),
        author: string(object, "username").or_else(|| string(object, "name")),
        time: string(object, "created_at").and_then(|text| time::rfc3339(&text)),
        body,
    })
}

fn string(object: &Value, name: &str) -> Option<String> {
    object
        .get(name)?
        .as_str()
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}
