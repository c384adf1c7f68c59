//! Lines of a page from the places of its glyphs.

use hayro_interpret::font::{Glyph, GlyphRun};
use hayro_interpret::hayro_cmap::{BfString, WritingMode};
use hayro_interpret::kurbo::{BezPath, Point};
use hayro_interpret::{
    BlendMode, ClipPath, Device, DrawMode, DrawProps, Image, ImageDrawProps, SoftMask,
};

/// Units of a glyph's width in an em.
const UNITS: f64 = 1000.0;
/// Gap between glyphs that is a space, in ems.
const SPACE: f64 = 0.17;
/// Gap between Chinese characters that is a space.
const WIDE_SPACE: f64 = 0.6;
/// How far from the line glyphs may stand, in ems: those above and below the line.
const OFF_LINE: f64 = 0.45;

/// A line of text.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Line {
    /// Its text.
    pub text: String,
    /// Where it begins, along the line.
    pub start: f64,
    /// Where it ends.
    pub end: f64,
    /// Where it stands, across lines: grows downwards.
    pub across: f64,
    /// The size of most of its letters.
    pub size: f64,
    /// Unit vector along the line.
    pub direction: (f64, f64),
    /// Its letters that tell fonts of one width from others: how many, and the least and greatest
    /// width.
    pub letters: (usize, f64, f64),
}

/// A glyph on a page.
struct Place {
    along: f64,
    across: f64,
    width: f64,
    size: f64,
    pub direction: (f64, f64),
}

/// The lines of a page, in the order in which they are drawn.
#[derive(Default)]
pub(super) struct Lines {
    lines: Vec<Line>,
    line: Option<Line>,
    /// Glyphs that were drawn.
    pub glyphs: usize,
    /// Those without a character.
    pub unknown: usize,
}

impl Lines {
    /// All lines that hold something.
    pub fn finish(mut self) -> Vec<Line> {
        self.lines.extend(self.line.take());
        self.lines.retain(|line| !line.text.trim().is_empty());
        self.lines
    }

    fn add(&mut self, text: &str, place: &Place) {
        if let Some(line) = &mut self.line {
            let gap = place.along - line.end;
            let is_same = line.direction == place.direction
                && (place.across - line.across).abs() < OFF_LINE * line.size.max(place.size)
                && gap > -0.5 * line.size;
            // Drawn twice to look bold.
            let again = line.text.ends_with(text)
                && (place.along + place.width - line.end).abs() < 0.1 * place.size;
            if is_same && again && text != " " {
                return;
            }
            if is_same {
                line.push(text, gap, place);
                return;
            }
        }
        let mut line = Line {
            text: text.trim_start().to_owned(),
            start: place.along,
            end: place.along + place.width,
            across: place.across,
            size: place.size,
            direction: place.direction,
            letters: (0, f64::MAX, 0.0),
        };
        line.measure(text, place.width);
        self.lines.extend(self.line.replace(line));
    }
}

impl Line {
    /// Digits and dots have the same width in nearly all fonts.
    fn measure(&mut self, text: &str, width: f64) {
        if text.starts_with(|c: char| c.is_ascii_graphic() && !c.is_ascii_digit() && c != '.') {
            let (count, least, most) = self.letters;
            self.letters = (count + 1, least.min(width), most.max(width));
        }
    }

    /// The width of each letter, if it is the same and most of the line are such letters.
    pub fn letter(&self) -> Option<f64> {
        let (count, least, most) = self.letters;
        let all = self.text.chars().filter(|c| !c.is_whitespace()).count();
        // A word of code among Chinese ones is not a line of code.
        (count > 0 && count * 3 >= all && most - least < 0.02 * most).then_some(most)
    }

    fn push(&mut self, text: &str, gap: f64, place: &Place) {
        let last = self.text.chars().last();
        let is_wide = |c: Option<char>| c.is_some_and(is_han);
        let least = match is_wide(last) && is_wide(text.chars().next()) {
            true => WIDE_SPACE,
            false => SPACE,
        };
        let is_blank =
            last.is_none_or(char::is_whitespace) || text.starts_with(char::is_whitespace);
        if gap > least * self.size.min(place.size) && !is_blank {
            self.text.push(' ');
        }
        // Accents that stand alone, as fonts of TeX name quotes.
        match text {
            "\u{300}" if self.text.ends_with(' ') => self.text.push('`'),
            "\u{301}" if self.text.ends_with(' ') => self.text.push('\u{b4}'),
            _ => self.text.push_str(text),
        }
        self.measure(text, place.width);
        self.end = self.end.max(place.along + place.width);
        // A line begins small with a mark above the line.
        if place.size > self.size && self.text.chars().count() < 4 {
            self.size = place.size;
            self.across = place.across;
        }
    }
}

/// Whether a character belongs to a script that is written without spaces: Chinese and Japanese.
pub(super) fn is_han(c: char) -> bool {
    matches!(c, '\u{2e80}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
        | '\u{ff00}'..='\u{ff60}' | '\u{20000}'..='\u{3ffff}')
}

impl<'a> Device<'a> for Lines {
    fn draw_glyph_run(&mut self, run: &GlyphRun<'_, 'a>, props: DrawProps<'a>, _: &DrawMode) {
        for glyph in run.glyphs() {
            self.glyphs += 1;
            let transform = props.transform * glyph.transform();
            let at = |x, y| transform * Point::new(x, y);
            let origin = at(0.0, 0.0);
            let (ahead, above) = (at(UNITS, 0.0) - origin, at(0.0, UNITS) - origin);
            let size = above.hypot();
            let is_vertical = run.writing_mode() == WritingMode::Vertical;
            let (ahead, units) = match is_vertical {
                true => (-above, UNITS),
                false => (ahead, width(glyph)),
            };
            let length = ahead.hypot();
            if !(size.is_finite() && length.is_finite() && size > 0.0 && length > 0.0) {
                continue;
            }
            // To a tenth, so that glyphs of a line have the same direction.
            let tenth = |x: f64| (x / length * 10.0).round() / 10.0;
            let (x, y) = (tenth(ahead.x), tenth(ahead.y));
            let place = Place {
                along: origin.x * x + origin.y * y,
                across: origin.y * x - origin.x * y,
                width: units / UNITS * length,
                size,
                direction: (x, y),
            };
            match glyph.as_unicode() {
                Some(BfString::Char(c)) => self.add(character(c).encode_utf8(&mut [0; 4]), &place),
                Some(BfString::String(text)) => {
                    self.add(&text.chars().map(character).collect::<String>(), &place);
                }
                None => {
                    self.unknown += 1;
                    self.add("\u{fffd}", &place);
                }
            }
        }
    }

    fn draw_path(&mut self, _: &BezPath, _: DrawProps<'a>, _: &DrawMode) {}
    fn push_clip_path(&mut self, _: &ClipPath) {}
    fn push_transparency_group(&mut self, _: f32, _: Option<SoftMask<'a>>, _: BlendMode) {}
    fn draw_image(&mut self, _: Image<'a, '_>, _: ImageDrawProps<'a>) {}
    fn pop_clip(&mut self) {}
    fn pop_transparency_group(&mut self) {}
}

/// Spaces of all kinds and control characters are spaces.
fn character(c: char) -> char {
    match c {
        c if c.is_whitespace() || c.is_control() => ' ',
        c => c,
    }
}

fn width(glyph: &Glyph) -> f64 {
    let width = match glyph {
        Glyph::Outline(glyph) => glyph.advance_width(),
        Glyph::Type3(glyph) => glyph.advance_width(),
    };
    // Half an em where the font does not say.
    width.map_or(UNITS / 2.0, f64::from)
}
