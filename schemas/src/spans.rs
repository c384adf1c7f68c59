//! Parts of a document's text, and what becomes of them when a stage changes the text.

use crate::Document;

impl Document {
    /// Puts a changed text in the place of the old one and moves the spans with it.
    ///
    /// Spans begin and end with lines. They are carried over where the stage left the order of the
    /// lines as it was: where it changed inside lines only, or took lines out. Where it did
    /// neither, they are given up rather than left pointing at something else.
    pub fn set_text(&mut self, text: String) {
        let spans = [
            &mut self.title_span,
            &mut self.code_spans,
            &mut self.comment_spans,
            &mut self.author_spans,
        ];
        if spans.iter().any(|spans| !spans.is_empty()) {
            let (old, new) = (lines(&self.text), lines(&text));
            let map = Map::between(&self.text, &old, &text, &new);
            for spans in spans {
                *spans = map.as_ref().map_or_else(Vec::new, |map| map.carry(spans));
            }
        }
        self.text = text;
    }
}

/// A line that is not blank: where it starts and ends.
type Line = (u32, u32);

fn lines(text: &str) -> Vec<Line> {
    let mut start = 0;
    let mut lines = Vec::new();
    for line in text.split('\n') {
        let end = start + line.len();
        if !line.trim().is_empty() {
            lines.push((start as u32, end as u32));
        }
        start = end + 1;
    }
    lines
}

/// Which new line each old one became.
struct Map<'a> {
    old: &'a [Line],
    new: &'a [Line],
    became: Vec<Option<usize>>,
}

impl<'a> Map<'a> {
    fn between(before: &str, old: &'a [Line], after: &str, new: &'a [Line]) -> Option<Self> {
        if old.len() == new.len() {
            let became = (0..new.len()).map(Some).collect();
            return Some(Self { old, new, became });
        }
        let text = |text: &'_ str, line: &Line| -> Option<String> {
            let line = text.get(line.0 as usize..line.1 as usize)?;
            Some(line.trim().to_owned())
        };
        let mut next = 0;
        let became = old.iter().map(|line| {
            let same = new
                .get(next)
                .is_some_and(|new| text(before, line) == text(after, new));
            next += usize::from(same);
            same.then(|| next - 1)
        });
        let became: Vec<_> = became.collect();
        (next == new.len()).then_some(Self { old, new, became })
    }

    /// The spans in the new text; one of which nothing is left is gone.
    fn carry(&self, spans: &[u32]) -> Vec<u32> {
        let moved = spans.chunks_exact(2).filter_map(|span| {
            let first = self.old.partition_point(|line| line.1 <= span[0]);
            let end = self.old.partition_point(|line| line.0 < span[1]);
            let mut kept = self.became.get(first..end)?.iter().flatten();
            let start = *kept.next()?;
            let last = kept.next_back().copied().unwrap_or(start);
            Some([self.new[start].0, self.new[last].1])
        });
        moved.flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(text: &str) -> Document {
        let at = |part: &str| {
            let start = text.find(part).unwrap();
            vec![start as u32, (start + part.len()) as u32]
        };
        Document {
            title_span: at("The title"),
            code_spans: at("let x;\n\nlet y;"),
            text: text.into(),
            ..Document::default()
        }
    }

    fn part<'a>(document: &'a Document, span: &[u32]) -> &'a str {
        &document.text[span[0] as usize..span[1] as usize]
    }

    const TEXT: &str = "The title\n\nSome prose.\n\nlet x;\n\nlet y;\n\nThe end.";

    #[test]
    fn lines_that_change_keep_their_spans() {
        let mut document = document(TEXT);
        document.set_text("The “title”\n\nProse.\nlet  xx;\nlet  y;\nThe end.".into());
        assert_eq!(part(&document, &document.title_span), "The “title”");
        assert_eq!(part(&document, &document.code_spans), "let  xx;\nlet  y;");
    }

    #[test]
    fn lines_that_go_take_their_spans_with_them() {
        let mut document = document(TEXT);
        document.set_text("Some prose.\nlet y;\nThe end.".into());
        assert!(document.title_span.is_empty());
        assert_eq!(part(&document, &document.code_spans), "let y;");
        document.set_text("Something else\nin more\nlines\nthan before".into());
        assert!(document.code_spans.is_empty());
    }
}
