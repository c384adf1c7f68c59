//! A question with its answers, as a document.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use textmill_schemas::{CONTENT_HTML, Reason};

use super::join::orphan;
use super::post::{Part, Post};
use crate::forum::config::AnswerOrder;
use crate::forum::markup::{Rewrite, escape, rewrite};
use crate::forum::pseudonym::Names;
use crate::forum::threads::{Context, Gathered};
use crate::record::{Output, Stop, too_large};

/// Who has neither number nor name.
const NOBODY: &str = "anonymous";

/// Gives out a thread, or the reasons why there is none.
pub(super) fn give(
    gathered: Gathered<Post>,
    context: &Context,
    out: &mut impl Output,
) -> Result<(), Stop> {
    let limit = context.settings.max_record;
    if gathered.bytes > limit {
        let first = gathered.posts.iter().find(|post| post.part != Part::Name);
        return first.map_or(Ok(()), |first| {
            (first.found).reject(context, too_large(gathered.bytes, limit), out)
        });
    }
    let mut seen = HashSet::new();
    let mut posts = Vec::new();
    for post in gathered.posts {
        if post.part == Part::Name || seen.insert((post.part as u8, post.id)) {
            posts.push(post);
        } else {
            let reason = Reason::new("collect.duplicate_row").detail("a row with the same number");
            post.found.reject(context, reason, out)?;
        }
    }
    let is_question = |post: &Post| post.part == Part::Question;
    let Some(question) = posts.iter().position(is_question) else {
        let parts = posts.iter().filter(|post| post.part != Part::Name);
        for post in parts {
            post.found
                .reject(context, orphan("no such question"), out)?;
        }
        return Ok(());
    };
    let question = posts.swap_remove(question);
    let thread = Thread::new(question, posts, context);
    out.keep(thread.document())
}

struct Thread<'a> {
    context: &'a Context<'a>,
    question: Post,
    answers: Vec<Post>,
    /// By the post that they are on.
    comments: HashMap<u64, Vec<Post>>,
    names: Names,
}

impl<'a> Thread<'a> {
    fn new(question: Post, posts: Vec<Post>, context: &'a Context<'a>) -> Self {
        let mut thread = Self {
            context,
            question,
            answers: Vec::new(),
            comments: HashMap::new(),
            names: Names::default(),
        };
        thread.add_names(&posts);
        for post in posts {
            match post.part {
                Part::Answer => thread.answers.push(post),
                Part::Comment => thread.comments.entry(post.parent).or_default().push(post),
                Part::Question | Part::Name => {}
            }
        }
        for comments in thread.comments.values_mut() {
            comments.sort_by(|a, b| (&a.time, a.id).cmp(&(&b.time, b.id)));
        }
        let accepted = thread.question.accepted;
        let order = context.settings.forum.answers;
        thread.answers.sort_by_key(|answer| {
            let first = order == AnswerOrder::Site && Some(answer.id) == accepted;
            let score = match order {
                AnswerOrder::Time => 0,
                _ => answer.score,
            };
            (!first, Reverse(score), answer.id)
        });
        thread
    }

    /// Learns the authors' names: from the table of users, from rows that have them, and from
    /// comments that begin with one, as they do to address somebody.
    fn add_names(&mut self, posts: &[Post]) {
        let all = || posts.iter().chain([&self.question]);
        let mut names = Names::default();
        for post in all() {
            if let (Some(name), Some(author)) = (&post.name, post.author()) {
                names.add(name, &self.context.pseudonyms.of(&author));
            }
        }
        for post in all().filter(|post| post.part == Part::Comment) {
            if let Some(name) = addressed(&post.body) {
                names.add(name, &self.context.pseudonyms.of(name));
            }
        }
        self.names = names;
    }

    fn document(&self) -> textmill_schemas::RawDocument {
        let mut row = self.question.found.document(self.context);
        row.media_type = CONTENT_HTML.to_owned();
        row.title.clone_from(&self.question.title);
        row.author = Some(self.pseudonym(&self.question));
        row.time.clone_from(&self.question.time);
        let site = self.question.site.as_ref();
        row.url = site.map(|site| format!("https://{site}/questions/{}", self.question.id));
        if row.license.is_none() {
            // Share alike: what is put together is under the latest of the versions.
            let comments = self.comments.values().flatten();
            let posts = self.answers.iter().chain(comments).chain([&self.question]);
            row.license = posts.filter_map(|post| post.license.clone()).max();
        }
        row.body = self.body().into_bytes();
        row
    }

    fn body(&self) -> String {
        let mut body = String::new();
        if let Some(title) = &self.question.title {
            body += &format!("<h1>{}</h1>\n", escape(&self.names.replace(title)));
        }
        self.post(&self.question, &mut body);
        if self.context.settings.forum.tags && !self.question.tags.is_empty() {
            body += &format!("<p>Tags: {}</p>\n", escape(&self.question.tags.join(", ")));
        }
        self.comments_of(&self.question, &mut body);
        for answer in &self.answers {
            self.post(answer, &mut body);
            self.comments_of(answer, &mut body);
        }
        body
    }

    fn post(&self, post: &Post, body: &mut String) {
        let rewritten = Rewrite {
            names: Some(&self.names),
            people: Some(&self.context.pseudonyms),
            person: Some(|address, _| user_of(address).map(|user| format!("id:{user}"))),
        };
        *body += &format!("<p>{}:</p>\n", self.pseudonym(post));
        *body += rewrite(&post.body, &rewritten).trim();
        body.push('\n');
    }

    fn comments_of(&self, post: &Post, body: &mut String) {
        let comments = self.comments.get(&post.id).map_or(&[][..], Vec::as_slice);
        if comments.is_empty() {
            return;
        }
        *body += "<ul>\n";
        for comment in comments {
            let text = self.names.replace(&self.without_profiles(&comment.body));
            *body += &format!(
                "<li>{}: {}</li>\n",
                self.pseudonym(comment),
                escape(text.trim())
            );
        }
        *body += "</ul>\n";
    }

    fn pseudonym(&self, post: &Post) -> String {
        let author = post
            .author()
            .map(|author| self.context.pseudonyms.of(&author));
        author.unwrap_or_else(|| NOBODY.to_owned())
    }

    /// Addresses of profiles in a text, with pseudonyms instead of number and name.
    fn without_profiles(&self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once(PROFILE) {
            out.push_str(before);
            out.push_str(PROFILE);
            let end = after.find(|c: char| !(c.is_alphanumeric() || matches!(c, '/' | '-' | '%')));
            let (path, next) = after.split_at(end.unwrap_or(after.len()));
            match user_of(&format!("{PROFILE}{path}")) {
                Some(user) => out += &self.context.pseudonyms.of(&format!("id:{user}")),
                None => out += path,
            }
            rest = next;
        }
        out + rest
    }
}

/// Where profiles lie.
const PROFILE: &str = "/users/";

/// The user's number in the address of a profile.
fn user_of(address: &str) -> Option<&str> {
    let path = address.split_once(PROFILE)?.1;
    let path = path.strip_prefix("flair/").unwrap_or(path);
    let user = path.split(|c: char| !c.is_ascii_digit()).next()?;
    (!user.is_empty()).then_some(user)
}

/// Whom a comment addresses: `@Name` at its very beginning.
fn addressed(text: &str) -> Option<&str> {
    let name = text.trim_start().strip_prefix('@')?;
    let end = name.find(|c: char| !(c.is_alphanumeric() || matches!(c, '\'' | '-' | '_' | '.')));
    let name = name
        .get(..end.unwrap_or(name.len()))?
        .trim_end_matches(['.', '\'', '-']);
    (name.chars().count() >= 2).then_some(name)
}
