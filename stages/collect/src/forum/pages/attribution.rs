//! Whom a quotation names.

/// What stands before the name.
const BEFORE: &[&str] = &[
    "quote from:",
    "originally posted by",
    "quote:",
    "quoting",
    "zitat von",
    "citation de",
    "引用:",
    "引用：",
    "引用",
];
/// What stands behind it.
const BEHIND: &[&str] = &[
    " wrote",
    " said",
    " schrieb",
    " escribió",
    " a écrit",
    " 发表于",
    " 發表於",
    " 發表于",
    "发表于",
    "發表於",
    " 写道",
    " 寫道",
    "写道",
    "寫道",
    " on ",
    " »",
    " «",
    " 说",
    "说:",
    "说：",
    ":",
    "：",
];

/// The name in a line such as "Ann wrote:" or "Originally Posted by Ann".
pub(super) fn name(line: &str) -> Option<&str> {
    let mut line = line.trim();
    // MyBB begins with the time in parentheses.
    if let Some((_, after)) = line.strip_prefix('(').and_then(|rest| rest.split_once(')')) {
        line = after.trim_start();
    }
    for before in BEFORE {
        let found = line
            .get(..before.len())
            .filter(|start| start.eq_ignore_ascii_case(before));
        if found.is_some() {
            line = line.get(before.len()..)?.trim_start();
        }
    }
    let end = BEHIND.iter().filter_map(|behind| find(line, behind)).min();
    let name = line.get(..end.unwrap_or(line.len()))?.trim();
    (!name.is_empty() && name.chars().count() <= 60).then_some(name)
}

/// Whether a line is one, where its element does not tell.
pub(super) fn is_line(line: &str) -> bool {
    let line = line.trim();
    if line.chars().count() > 120 {
        return false;
    }
    let start = line.get(..20).map(str::to_ascii_lowercase);
    start.is_some_and(|start| start == "originally posted by")
        || ["发表于 ", "發表於 ", "發表于 "].iter().any(|mark| {
            let time = line.split_once(mark).map(|(_, time)| time);
            time.is_some_and(|time| time.starts_with(|c: char| c.is_ascii_digit()))
        })
}

fn find(text: &str, what: &str) -> Option<usize> {
    let found = text.find(what);
    found.or_else(|| {
        what.is_ascii()
            .then(|| text.to_ascii_lowercase().find(what))
            .flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_all_forums() {
        for (line, expected) in [
            ("Ann wrote:", Some("Ann")),
            ("Ann Lee said:", Some("Ann Lee")),
            ("Originally Posted by Ann", Some("Ann")),
            ("Quote from: Ann on March 1, 2020", Some("Ann")),
            ("(01-02-2020, 10:00 AM)Ann Wrote:", Some("Ann")),
            ("张三 发表于 2020-1-1 10:00", Some("张三")),
            ("引用：", None),
            ("Ann:", Some("Ann")),
            ("", None),
        ] {
            assert_eq!(name(line), expected, "{line}");
        }
        assert!(is_line("张三 发表于 2020-1-1 10:00") && !is_line("他发表于《诗刊》的诗"));
    }
}
