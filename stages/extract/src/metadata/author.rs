//! Names of authors, as bylines give them.

mod words;

use words::{ENDS, LABELS, NOT_LAST, NOT_NAMES, PARTICLES};

/// Longest name that a byline gives, in bytes.
const MAX_BYTES: usize = 80;
/// Whether a declared author is one; some declare the address of a profile.
pub(crate) fn is_declared(author: &str) -> bool {
    let author = author.trim_start();
    !["http://", "https://", "www.", "//"]
        .iter()
        .any(|start| author.starts_with(start))
}

/// Whether a label, such as one below a shared link, announces an author.
pub(crate) fn is_role(label: &str) -> bool {
    let label = label.trim().to_lowercase();
    let roles = [
        "written by",
        "author",
        "by",
        "verfasst von",
        "geschrieben von",
        "écrit par",
        "escrito por",
        "scritto da",
        "geschreven door",
        "автор",
        "написано автором",
        "作者",
        "执笔者",
        "執筆者",
    ];
    roles.contains(&&*label)
}

/// The name or names in what is marked as a byline: without its label, and without what follows.
pub(crate) fn name(byline: &str) -> Option<String> {
    let text = super::clean(byline);
    let mut name = strip_labels(in_report(&text));
    for end in ENDS {
        name = name.split(end).next().unwrap_or_default();
    }
    let name = before_blank(after_by(before_role(name))).trim_matches(|c: char| {
        c.is_whitespace()
            || matches!(
                c,
                ',' | ':' | '：' | ';' | '.' | '*' | '/' | '|' | '-' | '，' | '»' | '«'
            )
    });
    is_name(name).then(|| name.to_owned())
}

/// The name in a line of text that nothing but its words marks as a byline.
pub(crate) fn shown(line: &str) -> Option<String> {
    let line = line.trim();
    if line.is_ascii() || !line.contains(['作', '记', '記', '文']) {
        return latin_byline(line);
    }
    for label in [
        "作者：",
        "作者:",
        "文／",
        "文/",
        "撰文：",
        "记者：",
        "记者:",
        "記者：",
    ] {
        if let Some(rest) = after_label(line, label) {
            return chinese(rest, 20);
        }
    }
    // 本报记者 王芳
    let rest = ["记者", "記者"]
        .iter()
        .find_map(|label| after_label(line, label))?;
    let rest = rest.strip_prefix([' ', '　']).unwrap_or(rest);
    let name = chinese(rest, 4)?;
    let is_person = (2..=4).contains(&name.chars().count()) && name.chars().all(is_han);
    is_person.then_some(name)
}

/// Whether a text is no more than the label of a byline, so that the name follows.
pub(crate) fn is_label(text: &str) -> bool {
    let text = text.trim();
    let labels = [
        "by",
        "by:",
        "written by",
        "posted by",
        "author:",
        "autor:",
        "auteur :",
    ];
    labels.iter().any(|label| text.eq_ignore_ascii_case(label))
        || matches!(text, "作者" | "作者：" | "作者:" | "文" | "文／")
}

fn latin_byline(line: &str) -> Option<String> {
    let labels = ["by ", "written by ", "posted by ", "author: "];
    let rest = labels.iter().find_map(|label| {
        let (start, rest) = line.split_at_checked(label.len())?;
        start.eq_ignore_ascii_case(label).then_some(rest)
    })?;
    let name = name(rest)?;
    // `By clicking Accept` and `By price` are no bylines: a person has two names or more.
    let words: Vec<&str> = name.split_whitespace().collect();
    let capitals = words.iter().all(|word| {
        let first = word.chars().next().unwrap_or_default();
        first.is_uppercase() || PARTICLES.contains(word) || *word == "&"
    });
    ((2..=8).contains(&words.len()) && capitals).then_some(name)
}

fn after_label<'a>(line: &'a str, label: &str) -> Option<&'a str> {
    let at = line.find(label)?;
    Some(line[at + label.len()..].trim_start())
}

/// A name at the start of Chinese text, to the next blank or mark, of at most `most` characters.
fn chinese(text: &str, most: usize) -> Option<String> {
    let end = text.find(|c: char| {
        c.is_whitespace() || matches!(c, '）' | ')' | '，' | ',' | '。' | '|' | '｜' | '；' | '】')
    });
    let name = name(&text[..end.unwrap_or(text.len())])?;
    (name.chars().count() <= most).then_some(name)
}

fn strip_labels(text: &str) -> &str {
    let mut rest = text.trim();
    // `作者：记者 王芳` has two.
    for _ in 0..3 {
        let label = LABELS.iter().find(|label| {
            let start = rest.get(..label.len());
            start.is_some_and(|start| start.to_lowercase() == **label)
        });
        let Some(label) = label else {
            break;
        };
        let after = &rest[label.len()..];
        let at_letter = after.starts_with(char::is_alphabetic);
        if at_letter && label.ends_with(|c: char| c.is_alphabetic() && !is_han(c)) {
            break;
        }
        rest = after.trim_start_matches([' ', '•', ':', '：']);
    }
    rest
}

/// The name in `【示例報╱記者李明／台北報導】`.
fn in_report(text: &str) -> &str {
    let mut labels = ["記者", "记者"].into_iter();
    match labels.find_map(|label| text.split_once(label)) {
        Some((_, name)) => name
            .split(['／', '╱', '/', '】'])
            .next()
            .unwrap_or_default(),
        None => text,
    }
}

/// What follows the last label within a text: `Guide by Jane Doe`.
fn after_by(text: &str) -> &str {
    match text.split_once(" by ").or_else(|| text.split_once(" By ")) {
        Some((_, name)) => name,
        None => text,
    }
}

/// Chinese names have no blank, but for names of two signs: `李 明`.
fn before_blank(name: &str) -> &str {
    match name.split_once(' ') {
        Some((first, _)) if name.contains(is_han) && first.chars().count() > 1 => first,
        _ => name,
    }
}

/// Cuts off what somebody is: `Jane Doe, Staff Writer`.
fn before_role(name: &str) -> &str {
    let Some((person, role)) = name.split_once(',') else {
        return name;
    };
    let roles = [
        "writer",
        "editor",
        "reporter",
        "correspondent",
        "contributor",
        "staff",
        "author",
    ];
    let role = role.to_lowercase();
    match roles.iter().any(|word| role.contains(word)) {
        true => person,
        false => name,
    }
}

fn is_name(name: &str) -> bool {
    let letters = name.chars().filter(|c| c.is_alphabetic()).count();
    let digits = name.chars().filter(char::is_ascii_digit).count();
    let words = name.split_whitespace().count();
    // A login may have digits; a name of several words has none.
    let numbers_fit = digits == 0 || (words == 1 && digits < letters);
    let first = name.split(|c: char| !c.is_alphanumeric()).next();
    let first = first.unwrap_or_default().to_lowercase();
    let last = name.rsplit(' ').next().unwrap_or_default().to_lowercase();
    let has_mark = name.contains([
        '@', '©', '?', '!', '=', '{', '<', '>', '#', '%', '。', '：', ':', '"',
    ]);
    name.len() <= MAX_BYTES
        && letters >= 2
        && numbers_fit
        && words <= 10
        && !has_mark
        && !name.contains("//")
        && !name.contains("www.")
        && !NOT_LAST.contains(&&*last)
        // The two letters of an avatar.
        && !(name.len() == 2 && name.to_ascii_uppercase() == name)
        && !NOT_NAMES.contains(&&*first)
}

fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bylines_become_names() {
        for (byline, expected) in [
            ("By Jane Doe", "Jane Doe"),
            ("by: Jane Doe, Staff Writer | March 9, 2021", "Jane Doe"),
            ("Written by Jane Doe on Monday", "Jane Doe"),
            ("Von Käthe Groß", "Käthe Groß"),
            ("作者：李明　来源：示例网", "李明"),
            ("文／王小明", "王小明"),
            ("记者 王芳", "王芳"),
            ("Author•Zoe Lee•Contributor", "Zoe Lee"),
            ("Guide by Jane Doe", "Jane Doe"),
            ("【示例報╱記者李明／台北報導】", "李明"),
            ("小明 粉丝", "小明"),
            ("Byron Katie", "Byron Katie"),
            ("Ann Lee and Bo Li", "Ann Lee and Bo Li"),
        ] {
            assert_eq!(name(byline).as_deref(), Some(expected), "{byline}");
        }
    }

    #[test]
    fn what_is_no_name_is_left() {
        for byline in [
            "https://example.org/jane",
            "By",
            "March 9, 2021",
            "View all posts",
            "This article was written by",
            "作者：",
            "About the author",
            "@jane",
        ] {
            assert_eq!(name(byline), None, "{byline}");
        }
        assert!(!is_declared("https://facebook.com/jane") && is_declared("Jane Doe"));
    }

    #[test]
    fn text_alone_must_read_like_a_byline() {
        assert_eq!(shown("By Jane Doe").as_deref(), Some("Jane Doe"));
        assert_eq!(
            shown("来源：示例网 作者：李明 2021").as_deref(),
            Some("李明")
        );
        assert_eq!(shown("本报记者 王芳 摄影 李明").as_deref(), Some("王芳"));
        for text in [
            "By price",
            "By clicking Accept you agree",
            "by far",
            "记者从市政府获悉",
        ] {
            assert_eq!(shown(text), None, "{text}");
        }
    }
}
