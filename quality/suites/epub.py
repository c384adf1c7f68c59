"""Sample books of the EPUB standard, against a reading of their files with Python's own parsers.

For each file of the reading order: which share of its text stands in the row, in the same order.
"""

import html.parser
import posixpath
import re
import xml.etree.ElementTree as tree
import zipfile
from urllib.parse import unquote

SKIPPED = {"script", "style", "head", "rt", "rp", "nav"}
BLOCKS = {"p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "li", "tr", "td", "th", "br", "section", "blockquote", "pre", "figcaption", "dt", "dd"}


def measure(shared, collect):
    paths = sorted((shared / "data/epub").glob("*.epub"))
    books = kept = titles = languages = creators = markup = 0
    parts = found = in_order = 0
    letters = letters_found = 0
    for path in paths:
        rows = [row for row in collect(path) if row["kept"]]
        books += 1
        kept += len(rows) == 1
        row = rows[0] if rows else {"body": ""}
        title, language, authors, texts = book(path)
        titles += row.get("title") == title
        languages += row.get("lang") == language
        creators += all(author in (row.get("author") or "") for author in authors)
        body = Text.of(row["body"])
        whole = squeeze(body)
        markup += bool(re.search(r"</?[a-z]+[ >]|&[a-z]+;", body))
        at = 0
        for name, text in texts:
            if not text:
                continue
            parts += 1
            lines = [squeeze(line) for line in text.split("\n")]
            lines = [line for line in lines if line]
            here = [line for line in lines if line in whole]
            letters += sum(map(len, lines))
            letters_found += sum(map(len, here))
            found += len(here) == len(lines)
            start = whole.find(here[0], at) if here else -1
            in_order += start >= at
            at = max(at, start)
            if VERBOSE and len(here) < len(lines):
                print(path.name, name, [line for line in lines if line not in whole][:5])
    return {
        "books": books, "kept": kept, "title": titles, "language": languages, "authors": creators, "with_markup": markup,
        "files": parts, "files_whole": found, "files_in_order": in_order, "text": letters_found / max(letters, 1),
    }


VERBOSE = False


def book(path):
    """Title, language, authors, and the text of each file of the reading order."""
    with zipfile.ZipFile(path) as archive:
        container = tree.fromstring(archive.read("META-INF/container.xml"))
        package = next(e.get("full-path") for e in container.iter() if e.tag.endswith("rootfile"))
        root = tree.fromstring(archive.read(package))
        dc = "{http://purl.org/dc/elements/1.1/}"
        items = {e.get("id"): e for e in root.iter() if e.tag.endswith("}item")}
        texts = []
        for reference in (e for e in root.iter() if e.tag.endswith("}itemref")):
            item = items[reference.get("idref")]
            if reference.get("linear") == "no" or "nav" in (item.get("properties") or "").split():
                continue
            name = posixpath.normpath(posixpath.join(posixpath.dirname(package), unquote(item.get("href"))))
            source = archive.read(name).decode()
            # Covers, title pages and notices of rights are left out by design.
            if re.search(r"<(body|section|div)[^>]*epub:type=\"[^\"]*(cover|titlepage|copyright-page|toc|colophon)", source[:4000]):
                continue
            texts.append((name, Text.of(source)))
        roles = {e.get("refines", "")[1:]: e.text for e in root.iter() if e.get("property") == "role"}
        written = [e for e in root.iter(dc + "creator") if e.text and roles.get(e.get("id"), "aut") == "aut"]
        creators = [" ".join(e.text.split()) for e in written]
        return " ".join(root.find(f".//{dc}title").text.split()), root.find(f".//{dc}language").text, creators, texts


def squeeze(text):
    return re.sub(r"\s", "", text)


class Text(html.parser.HTMLParser):
    """The text of a page, a block a line."""

    def __init__(self):
        super().__init__()
        self.parts = []
        self.skipped = []

    @classmethod
    def of(cls, source):
        parser = cls()
        parser.feed(source)
        parser.close()
        return "".join(parser.parts)

    def handle_starttag(self, tag, attributes):
        kind = dict(attributes).get("epub:type") or ""
        if self.skipped or tag in SKIPPED or re.search(r"\b(noteref|pagebreak)\b", kind):
            if tag not in ("br", "img", "meta", "link", "hr"):
                self.skipped.append(tag)
        elif tag in BLOCKS:
            self.parts.append("\n")

    def handle_startendtag(self, tag, attributes):
        if not self.skipped and tag in BLOCKS:
            self.parts.append("\n")

    def handle_endtag(self, tag):
        if self.skipped:
            if self.skipped[-1] == tag:
                self.skipped.pop()
        elif tag in BLOCKS:
            self.parts.append("\n")

    def handle_data(self, data):
        if not self.skipped:
            self.parts.append(data)
