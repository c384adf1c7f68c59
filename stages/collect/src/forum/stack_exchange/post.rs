//! A row and what it says.

use serde::{Deserialize, Serialize};
use textmill_schemas::Reason;

use super::site::Site;
use crate::forum::threads::Found;
use crate::time;

/// What a post is; the order is that in which the parts of a thread are needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Part {
    /// The question.
    Question,
    /// The name of one of the authors.
    Name,
    /// An answer.
    Answer,
    /// A comment on one of them.
    Comment,
}

/// A post of a thread.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Post {
    pub part: Part,
    pub found: Found,
    pub id: u64,
    /// The question of an answer, the post of a comment.
    pub parent: u64,
    /// Number of the author.
    pub user: Option<String>,
    /// Name of the author, where the row has it.
    pub name: Option<String>,
    pub score: i64,
    pub time: Option<String>,
    pub license: Option<String>,
    pub body: String,
    pub title: Option<String>,
    pub tags: Vec<String>,
    pub accepted: Option<u64>,
    /// Domain of the site.
    pub site: Option<String>,
}

impl Post {
    /// A user's name.
    pub fn named(user: &str, name: &str) -> Self {
        Self {
            part: Part::Name,
            found: Found::default(),
            id: 0,
            parent: 0,
            user: Some(user.to_owned()),
            name: Some(name.to_owned()),
            score: 0,
            time: None,
            license: None,
            body: String::new(),
            title: None,
            tags: Vec::new(),
            accepted: None,
            site: None,
        }
    }

    /// What the author's pseudonym is made of: the number, or the name of who has none.
    pub fn author(&self) -> Option<String> {
        let user = self.user.as_ref().map(|user| format!("id:{user}"));
        user.or_else(|| self.name.clone())
    }
}

/// The columns of a row.
pub(super) struct Columns(Vec<(String, String)>);

impl Columns {
    /// Takes a row apart.
    pub fn of(row: &[u8]) -> Result<Self, Reason> {
        let invalid = |why: &str| Reason::new("collect.invalid_xml").detail(why);
        let text = std::str::from_utf8(row).map_err(|_| invalid("not UTF-8"))?;
        let mut rest = text.strip_prefix("<row").unwrap_or(text).trim();
        rest = rest.strip_suffix('/').unwrap_or(rest).trim_end();
        let mut columns = Vec::new();
        while !rest.is_empty() {
            let (name, after) = rest
                .split_once('=')
                .ok_or_else(|| invalid("a column without a value"))?;
            let after = after.trim_start();
            let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''));
            let quoted = quote.and_then(|quote| after.get(1..)?.split_once(quote));
            let (value, after) = quoted.ok_or_else(|| invalid("a value without quotes"))?;
            let value =
                quick_xml::escape::unescape(value).map_err(|error| invalid(&error.to_string()))?;
            columns.push((name.trim().to_owned(), value.into_owned()));
            rest = after.trim_start();
        }
        Ok(Self(columns))
    }

    fn text(&self, name: &str) -> Option<&str> {
        let column = self.0.iter().find(|(column, _)| column == name);
        column.map(|(_, value)| value.as_str())
    }

    fn number<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        self.text(name)?.trim().parse().ok()
    }

    fn take(&mut self, name: &str) -> Option<String> {
        let column = self.0.iter_mut().find(|(column, _)| column == name);
        column.map(|(_, value)| std::mem::take(value))
    }

    /// A row of `Posts.xml`.
    pub fn post(mut self, found: Found, site: &Site) -> Result<Post, Reason> {
        let part = match self.number::<u8>("PostTypeId") {
            Some(1) => Part::Question,
            Some(2) => Part::Answer,
            Some(other) => {
                return Err(Reason::new("collect.post_type").detail(post_type(other)));
            }
            None => return Err(self.missing("PostTypeId")),
        };
        if self
            .text("DeletionDate")
            .is_some_and(|date| !date.is_empty())
        {
            return Err(Reason::new("collect.deleted"));
        }
        let parent = self.number("ParentId");
        let mut post = self.common(found, part, "Body", "Owner")?;
        post.parent = match part {
            Part::Answer => parent.ok_or_else(|| self.missing("ParentId"))?,
            _ => post.id,
        };
        post.title = self.take("Title").filter(|title| !title.trim().is_empty());
        post.tags = self.text("Tags").map(tags).unwrap_or_default();
        post.accepted = self.number("AcceptedAnswerId");
        post.site.clone_from(&site.domain);
        Ok(post)
    }

    /// A row of `Comments.xml`.
    pub fn comment(mut self, found: Found) -> Result<Post, Reason> {
        let mut post = self.common(found, Part::Comment, "Text", "")?;
        post.parent = self
            .number("PostId")
            .ok_or_else(|| self.missing("PostId"))?;
        Ok(post)
    }

    /// Number and name of a row of `Users.xml`.
    pub fn user(&self) -> Option<(String, String)> {
        let name = self
            .text("DisplayName")
            .filter(|name| !name.trim().is_empty())?;
        Some((self.text("Id")?.to_owned(), name.to_owned()))
    }

    fn common(
        &mut self,
        found: Found,
        part: Part,
        body: &str,
        owner: &str,
    ) -> Result<Post, Reason> {
        let user = format!("{owner}UserId");
        let name = match owner {
            "" => "UserDisplayName",
            _ => "OwnerDisplayName",
        };
        let created = self.text("CreationDate").and_then(time::rfc3339);
        let text = self.take(body).filter(|text| !text.trim().is_empty());
        let of_owner = |text: Option<&str>| {
            text.filter(|text| !text.trim().is_empty())
                .map(str::to_owned)
        };
        Ok(Post {
            part,
            found,
            id: self.number("Id").ok_or_else(|| self.missing("Id"))?,
            parent: 0,
            user: of_owner(self.text(&user)),
            name: of_owner(self.text(name)),
            score: self.number("Score").unwrap_or(0),
            license: license(self.text("ContentLicense"), created.as_deref()),
            time: created,
            body: text
                .ok_or_else(|| Reason::new("collect.no_text").detail(format!("no {body}")))?,
            title: None,
            tags: Vec::new(),
            accepted: None,
            site: None,
        })
    }

    fn missing(&self, column: &str) -> Reason {
        Reason::new("collect.invalid_row").detail(format!("no number in column {column}"))
    }
}

/// Names of the types that are no part of a thread.
fn post_type(number: u8) -> &'static str {
    match number {
        3 => "wiki",
        4 => "excerpt of a tag's wiki",
        5 => "wiki of a tag",
        6 => "nomination of a moderator",
        7 => "placeholder of a wiki",
        8 => "wiki of a privilege",
        _ => "of an unknown type",
    }
}

/// Tags as dumps write them: `<a><b>`, and since 2024 `|a|b|`.
fn tags(text: &str) -> Vec<String> {
    let tags = text.split(['<', '>', '|']).filter(|tag| !tag.is_empty());
    tags.map(str::to_owned).collect()
}

/// The licence of a post: as the row says it, or by its day
/// (<https://stackoverflow.com/help/licensing>).
fn license(stated: Option<&str>, time: Option<&str>) -> Option<String> {
    let stated = stated.filter(|stated| stated.starts_with("CC "));
    if let Some(stated) = stated {
        return Some(stated.trim().replace(' ', "-"));
    }
    Some(
        match time?.get(..10)? {
            day if day < "2011-04-08" => "CC-BY-SA-2.5",
            day if day < "2018-05-02" => "CC-BY-SA-3.0",
            _ => "CC-BY-SA-4.0",
        }
        .to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn licences_by_day_and_tags_of_both_forms() {
        let by_day = |day: &str| license(None, Some(day)).unwrap();
        assert_eq!(by_day("2011-04-07T23:59:59Z"), "CC-BY-SA-2.5");
        assert_eq!(by_day("2018-05-01T00:00:00Z"), "CC-BY-SA-3.0");
        assert_eq!(by_day("2018-05-02T00:00:00Z"), "CC-BY-SA-4.0");
        assert_eq!(license(Some("CC BY-SA 3.0"), None).unwrap(), "CC-BY-SA-3.0");
        assert_eq!(tags("<a><b-c>"), ["a", "b-c"]);
        assert_eq!(tags("|a|b|"), ["a", "b"]);
    }
}
