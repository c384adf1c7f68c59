//! Formulae as TeX: from the source that a page gives beside them, or from MathML.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use crate::html::tag::Tag;
use crate::html::tree::{Element, NodeId, Tree};

/// Nodes of a formula that are read.
const MAX_NODES: usize = 20_000;
/// Levels of a formula that are told apart; what is nested deeper is written flat.
const MAX_LEVELS: usize = 64;

/// Longest name of a TeX command, in characters, with its backslash.
const LONGEST_COMMAND: usize = 20;

/// A formula in TeX.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Formula {
    pub(crate) tex: String,
    /// Stands on a line of its own.
    pub(crate) display: bool,
}

impl Formula {
    fn of(tex: &str, display: bool) -> Option<Self> {
        let tex = tex.trim().to_owned();
        (!tex.is_empty()).then_some(Self { tex, display })
    }

    /// The formula of a `<math>` element: its TeX annotation, its TeX alternative, or what its
    /// MathML says.
    pub(crate) fn of_math(math: Element<'_>) -> Option<Self> {
        let display = math.attr("display") == Some("block");
        let inner = math.descendants().take(MAX_NODES);
        let annotation = inner.filter_map(|id| math.tree().element(id)).find(|e| {
            e.tag == Tag::Annotation && e.attr("encoding").is_some_and(|kind| kind.contains("tex"))
        });
        match (annotation, math.attr("alttext")) {
            (Some(annotation), _) => Self::of(&annotation.text(MAX_NODES), display),
            (None, Some(alt)) if !alt.trim().is_empty() => Self::of(alt, display),
            (None, _) => {
                let mut writer = Writer {
                    tree: math.tree(),
                    nodes_left: MAX_NODES,
                };
                Self::of(&writer.children(math.id, 0), display)
            }
        }
    }

    /// The formula of a script that holds TeX, as MathJax reads it.
    pub(crate) fn of_script(script: Element<'_>) -> Option<Self> {
        let kind = script.attr("type");
        let display = kind.is_some_and(|kind| kind.contains("display"));
        Self::of(&script.text(MAX_NODES), display)
    }

    /// The formula that a picture shows, if its class or address says that it is one.
    pub(crate) fn of_image(image: Element<'_>) -> Option<Self> {
        let alt = image
            .attr("alt")
            .filter(|alt| alt.contains(['\\', '=', '^', '_']))?;
        let named = |name: &str| {
            let value = image.attr(name).unwrap_or_default();
            let value = &value[..value.floor_char_boundary(value.len().min(200))];
            let value = value.to_ascii_lowercase();
            [
                "latex", "mathtex", "mimetex", "codecogs", "tex.cgi", "math-img",
            ]
            .iter()
            .any(|word| value.contains(word))
                || (name == "class" && value.split_ascii_whitespace().any(|word| word == "tex"))
        };
        let tex = alt.trim().trim_matches('$');
        Self::of(tex, false).filter(|_| named("class") || named("src"))
    }
}

/// Writes presentation MathML as TeX.
struct Writer<'a> {
    tree: &'a Tree,
    nodes_left: usize,
}

impl Writer<'_> {
    /// An element's children, one after the other.
    fn children(&mut self, id: NodeId, level: usize) -> String {
        let mut out = String::new();
        for child in self.tree.children(id) {
            let tex = self.node(child, level + 1);
            join(&mut out, &tex);
        }
        out
    }

    /// An element's child elements, each as one argument.
    fn arguments(&mut self, id: NodeId, level: usize) -> Vec<String> {
        let elements = self
            .tree
            .children(id)
            .filter(|id| self.tree.element(*id).is_some());
        let elements: Vec<NodeId> = elements.take(8).collect();
        elements
            .into_iter()
            .map(|child| self.node(child, level + 1))
            .collect()
    }

    fn node(&mut self, id: NodeId, level: usize) -> String {
        if self.nodes_left == 0 {
            return String::new();
        }
        self.nodes_left -= 1;
        let Some(element) = self.tree.element(id) else {
            return symbols(self.tree.text(id).unwrap_or_default());
        };
        if level > MAX_LEVELS {
            return symbols(&element.text(MAX_NODES));
        }
        let name: &str = element.name();
        match name {
            "mi" | "mn" | "mo" | "ms" => symbols(&element.text(MAX_NODES)),
            "mtext" => format!("\\text{{{}}}", element.text(MAX_NODES).trim()),
            "mspace" | "mpadded" if self.tree.first_child(id).is_none() => "\\ ".to_owned(),
            "mphantom" | "annotation" | "annotation-xml" | "none" | "mprescripts" => String::new(),
            "msqrt" => format!("\\sqrt{{{}}}", self.children(id, level)),
            "mfenced" => self.fenced(element, level),
            "mtable" => format!("\\begin{{matrix}}{}\\end{{matrix}}", self.rows(id, level)),
            "mfrac" | "mroot" | "msup" | "msub" | "msubsup" | "mover" | "munder" | "munderover"
            | "mmultiscripts" => scripts(name, &self.arguments(id, level)),
            _ => self.children(id, level),
        }
    }

    fn fenced(&mut self, element: Element<'_>, level: usize) -> String {
        let open = symbols(element.attr("open").unwrap_or("("));
        let close = symbols(element.attr("close").unwrap_or(")"));
        let inner = self.arguments(element.id, level).join(", ");
        format!("\\left{open}{inner}\\right{close}")
    }

    fn rows(&mut self, table: NodeId, level: usize) -> String {
        let mut rows = Vec::new();
        let elements: Vec<NodeId> = self.tree.children(table).collect();
        for row in elements
            .into_iter()
            .filter(|id| self.tree.element(*id).is_some())
        {
            let cells: Vec<NodeId> = self.tree.children(row).collect();
            let cells = cells
                .into_iter()
                .filter(|id| self.tree.element(*id).is_some());
            let cells: Vec<String> = cells.map(|cell| self.children(cell, level + 2)).collect();
            rows.push(cells.join(" & "));
        }
        rows.join(" \\\\ ")
    }
}

/// An element with its arguments; one that has too few gives what is there.
fn scripts(name: &str, arguments: &[String]) -> String {
    let accent = |sign: &str| match sign {
        "¯" | "‾" | "_" | "\\bar" => Some("\\overline"),
        "^" | "ˆ" => Some("\\hat"),
        "~" | "˜" | "\\sim" => Some("\\tilde"),
        "˙" => Some("\\dot"),
        "¨" => Some("\\ddot"),
        "\\to" | "⃗" => Some("\\vec"),
        _ => None,
    };
    match (name, arguments) {
        ("mfrac", [above, below]) => format!("\\frac{{{above}}}{{{below}}}"),
        ("mroot", [inner, degree]) => format!("\\sqrt[{degree}]{{{inner}}}"),
        ("msup", [base, up]) => format!("{}^{}", base_of(base), group(up)),
        ("msub", [base, down]) => format!("{}_{}", base_of(base), group(down)),
        ("mover", [base, up]) => match accent(up.trim()) {
            Some(command) => format!("{command}{{{base}}}"),
            None => format!("{}^{}", base_of(base), group(up)),
        },
        ("munder", [base, down]) => format!("{}_{}", base_of(base), group(down)),
        ("msubsup" | "munderover" | "mmultiscripts", [base, down, up, ..]) => {
            format!("{}_{}^{}", base_of(base), group(down), group(up))
        }
        _ => arguments.join(" "),
    }
}

/// What carries a script: braces around all but single symbols.
fn base_of(tex: &str) -> String {
    match is_single(tex) {
        true => tex.to_owned(),
        false => format!("{{{tex}}}"),
    }
}

fn group(tex: &str) -> String {
    match tex.chars().count() {
        1 => tex.to_owned(),
        _ => format!("{{{tex}}}"),
    }
}

fn is_single(tex: &str) -> bool {
    let command = tex.strip_prefix('\\');
    let letters = |text: &str| text.chars().all(char::is_alphabetic);
    command.is_some_and(letters)
        || tex.chars().count() <= 1
        || tex.chars().all(|c| c.is_ascii_digit())
}

/// Appends; a command and a letter after it need a space between them.
fn join(out: &mut String, tex: &str) {
    let starts = tex.chars().next().is_some_and(char::is_alphanumeric);
    // Commands are short: a look at the end is enough.
    let mut end = out.chars().rev().take(LONGEST_COMMAND);
    let command = end.find(|c| !c.is_alphabetic()) == Some('\\');
    if starts && command && !out.ends_with('\\') {
        out.push(' ');
    }
    out.push_str(tex);
}

/// Text of a formula with TeX commands for its symbols.
fn symbols(text: &str) -> String {
    static COMMANDS: LazyLock<FxHashMap<char, &str>> = LazyLock::new(|| {
        let lines = include_str!("../data/tex_symbols.txt").lines();
        let lines = lines.filter(|line| !line.starts_with('#'));
        let pair = |line: &'static str| {
            let (symbol, command) = line.split_once(' ')?;
            Some((symbol.chars().next()?, command))
        };
        lines.filter_map(pair).collect()
    });
    let mut out = String::new();
    // Applied functions and invisible signs of multiplication are no signs on paper.
    let shown = text
        .trim()
        .chars()
        .filter(|c| !matches!(c, '\u{2061}'..='\u{2064}' | '\u{200b}'));
    for c in shown {
        match COMMANDS.get(&c) {
            Some(command) => join(&mut out, command),
            None if c.is_whitespace() => out.push(' '),
            None => join(&mut out, c.encode_utf8(&mut [0; 4])),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn formula(html: &str) -> Option<Formula> {
        let tree = crate::html::parse::parse(html);
        let elements = tree.ids().filter_map(|id| tree.element(id));
        let mut found = elements.filter_map(|element| match element.tag {
            Tag::Math => Formula::of_math(element),
            Tag::Img => Formula::of_image(element),
            _ => None,
        });
        found.next()
    }

    fn tex(mathml: &str) -> String {
        formula(&format!("<math>{mathml}</math>")).map_or_else(String::new, |found| found.tex)
    }

    #[test]
    fn mathml_becomes_tex() {
        let root = "<mi>x</mi><mo>=</mo><mfrac><mrow><mo>−</mo><mi>b</mi><mo>±</mo><msqrt><msup><mi>b</mi><mn>2</mn>\
                    </msup><mo>−</mo><mn>4</mn><mi>a</mi><mi>c</mi></msqrt></mrow><mrow><mn>2</mn><mi>a</mi></mrow></mfrac>";
        assert_eq!(tex(root), r"x=\frac{-b\pm\sqrt{b^2-4ac}}{2a}");
        let sum = "<munderover><mo>∑</mo><mrow><mi>k</mi><mo>=</mo><mn>1</mn></mrow><mi>n</mi></munderover>\
                   <msub><mi>α</mi><mi>k</mi></msub>";
        assert_eq!(tex(sum), r"\sum_{k=1}^n\alpha_k");
        assert_eq!(
            tex("<mover><mi>x</mi><mo>˙</mo></mover><mi>π</mi><mi>r</mi>"),
            r"\dot{x}\pi r"
        );
        let table = "<mtable><mtr><mtd><mn>1</mn></mtd><mtd><mn>0</mn></mtd></mtr><mtr><mtd><mn>0</mn></mtd>\
                     <mtd><mn>1</mn></mtd></mtr></mtable>";
        assert_eq!(tex(table), r"\begin{matrix}1 & 0 \\ 0 & 1\end{matrix}");
        assert_eq!(
            tex("<mroot><mi>x</mi><mn>3</mn></mroot><mtext> if </mtext>"),
            r"\sqrt[3]{x}\text{if}"
        );
    }

    #[test]
    fn the_source_in_tex_is_best() {
        let annotated = "<semantics><mi>x</mi><annotation encoding='application/x-tex'>x_0</annotation></semantics>";
        assert_eq!(tex(annotated), "x_0");
        let found = formula("<math display=block alttext='a+b'><mi>a</mi></math>").unwrap();
        assert_eq!((found.tex.as_str(), found.display), ("a+b", true));
    }

    #[test]
    fn a_picture_of_a_formula_is_one() {
        let found = formula(r"<img src='/cgi-bin/mimetex.cgi?x' alt='$\int_0^1 x\,dx$'>").unwrap();
        assert_eq!(found.tex, r"\int_0^1 x\,dx");
        assert_eq!(
            formula("<img src=latex-gloves.png alt='Latex gloves'>"),
            None
        );
        assert_eq!(formula(r"<img src=cat.png alt='\int'>"), None);
    }

    #[test]
    fn hostile_formulae_end() {
        let deep = "<mrow>".repeat(50_000) + "<mi>x</mi>";
        assert_eq!(tex(&deep), "x");
        let few = tex("<mfrac><mi>a</mi></mfrac><msubsup></msubsup>");
        assert_eq!(few, "a");
    }
}
