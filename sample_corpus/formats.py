#!/usr/bin/env python3
"""Writes those files of the sample corpus that are containers, from the texts in formats/.

Books, dumps, archives and documents cannot be edited as they are, so what is in them lies
beside this script as plain text.

    python3 sample_corpus/formats.py            # writes them
    python3 sample_corpus/formats.py --check    # only says which files differ

Standard library only; the bytes are the same on every machine (see containers.py).
"""

import hashlib
import json
import sys
from pathlib import Path
from xml.sax.saxutils import escape

from containers import bzip2, pdf, seven_zip, stored_zip, tar, zstd_long
from parquet import parquet
from plants import member

HERE = Path(__file__).resolve().parent
TEXTS = HERE / "formats"


def read(name):
    return (TEXTS / name).read_bytes()


# ---------------------------------------------------------------- MediaWiki dumps

# Of a page: title, namespace, number, time of its last change, who made it, redirect, text.
LANTERN = [
    ("Rope", 0, 12, "2026-03-05T07:38:12Z", ("Old varnish", 31), None, "rope"),
    ("Cordage", 0, 13, "2024-02-11T16:00:40Z", ("Old varnish", 31), "Rope", "cordage"),
    ("Candle", 0, 27, "2025-12-21T17:05:09Z", ("Quarterpast", 58), None, "candle"),
    ("Ink", 0, 40, "2025-08-02T22:14:51Z", ("198.51.100.27", None), None, "ink"),
    ("Talk:Rope", 1, 41, "2026-03-05T07:40:00Z", ("Old varnish", 31), None, "talk-rope"),
    ("River Marl", 0, 66, "2026-01-30T09:20:33Z", ("Carrow", 77), None, "river-marl"),
]
XIAOBAIKE = [
    ("算盘", 0, 8, "2026-01-05T12:30:00Z", ("纪闻笛", 5), None, "suanpan"),
    ("燈籠", 0, 15, "2026-02-28T04:11:25Z", ("賴春生", 19), None, "denglong"),
    ("梯田", 0, 23, "2025-11-19T08:47:02Z", ("何牧野", 22), None, "titian"),
]


def base36(number, width=31):
    digits = ""
    for _ in range(width):
        number, digit = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
    return digits


def head(lang, name, database, base, namespaces):
    """The beginning of an export-0.11 dump."""
    schema = "http://www.mediawiki.org/xml/export-0.11"
    listed = "".join(f'      <namespace key="{key}" case="first-letter">{title}</namespace>\n' if title else
                     f'      <namespace key="{key}" case="first-letter" />\n' for key, title in namespaces)
    return (f'<mediawiki xmlns="{schema}/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
            f'xsi:schemaLocation="{schema}/ {schema}.xsd" version="0.11" xml:lang="{lang}">\n'
            f"  <siteinfo>\n    <sitename>{name}</sitename>\n    <dbname>{database}</dbname>\n"
            f"    <base>{base}</base>\n    <generator>MediaWiki 1.43.0</generator>\n    <case>first-letter</case>\n"
            f"    <namespaces>\n{listed}    </namespaces>\n  </siteinfo>\n")


def wiki_page(folder, title, namespace, number, time, contributor, redirect, name):
    text = read(f"{folder}/{name}.wiki").rstrip(b"\n")
    sha1 = base36(int(hashlib.sha1(text).hexdigest(), 16))
    user, user_id = contributor
    who = (f"<username>{user}</username>\n        <id>{user_id}</id>" if user_id else f"<ip>{user}</ip>")
    target = f'    <redirect title="{redirect}" />\n' if redirect else ""
    return (f"  <page>\n    <title>{title}</title>\n    <ns>{namespace}</ns>\n    <id>{number}</id>\n{target}"
            f"    <revision>\n      <id>{number * 91}</id>\n      <parentid>{number * 90}</parentid>\n"
            f"      <timestamp>{time}</timestamp>\n      <contributor>\n        {who}\n      </contributor>\n"
            f"      <origin>{number * 91}</origin>\n      <model>wikitext</model>\n      <format>text/x-wiki</format>\n"
            f'      <text bytes="{len(text)}" sha1="{sha1}" xml:space="preserve">'
            f'{escape(text.decode(), {chr(34): "&quot;"})}</text>\n      <sha1>{sha1}</sha1>\n    </revision>\n  </page>\n')


def lanternwiki():
    """A multistream dump: the head, every three pages and the end are streams of their own."""
    names = [(-1, "Special"), (0, ""), (1, "Talk"), (2, "User"), (3, "User talk"), (4, "Lanternwiki"),
             (6, "File"), (10, "Template"), (14, "Category")]
    pages = [wiki_page("lanternwiki", *page) for page in LANTERN]
    streams = [head("en", "Lanternwiki", "lanternwiki", "https://en.lanternwiki.example/wiki/Main_Page", names),
               "".join(pages[:3]), "".join(pages[3:]), "</mediawiki>\n"]
    return b"".join(bzip2(stream.encode()) for stream in streams)


def xiaobaike():
    names = [(-1, "Special"), (0, ""), (1, "Talk"), (2, "User"), (4, "小百科"), (6, "File"),
             (10, "Template"), (14, "Category")]
    base = "https://xiaobaike.example/wiki/%E9%A6%96%E9%A1%B5"
    pages = "".join(wiki_page("xiaobaike", *page) for page in XIAOBAIKE)
    return (head("zh", "小百科", "xiaobaike", base, names) + pages + "</mediawiki>\n").encode()


# ---------------------------------------------------------------- books, documents, archives

BOOK = ["mimetype", "META-INF/container.xml", "OEBPS/package.opf", "OEBPS/nav.xhtml", "OEBPS/style.css",
        "OEBPS/text/title.xhtml", "OEBPS/text/chapter-1.xhtml", "OEBPS/text/chapter-2.xhtml",
        "OEBPS/text/chapter-3.xhtml"]
LETTER = [("[Content_Types].xml", "content-types.xml"), ("_rels/.rels", "package.rels"),
          ("docProps/core.xml", "docProps/core.xml"), ("word/styles.xml", "word/styles.xml"),
          ("word/_rels/document.xml.rels", "word/_rels/document.xml.rels")]
DUMP = ["Comments.xml", "Posts.xml", "Users.xml"]
NOTICES = ["allotment-rules.txt", "jieshi.md"]
# The third has a name that leads out of whatever folder the archive is unpacked in.
SITE = [("index.html", "index.html"), ("2001/shuijing.html", "shuijing.html"), ("../evil.html", "evil.html")]


def blocks(name):
    """Title and paragraphs of a text."""
    title, *paragraphs = read(name).decode().strip().split("\n\n")
    return title.removeprefix("# "), paragraphs


def word_paragraph(text, style=""):
    """A paragraph in two runs, as word processors cut them wherever somebody stopped typing."""
    first, comma, rest = text.partition("，")
    runs = "".join(f'<w:r><w:t xml:space="preserve">{escape(run)}</w:t></w:r>' for run in (first + comma, rest) if run)
    style = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f"<w:p>{style}{runs}</w:p>"


def letter():
    title, paragraphs = blocks("a-letter/body.txt")
    body = word_paragraph(title, "Heading1") + "".join(map(word_paragraph, paragraphs))
    document = ('<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
                '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
                f'<w:body>{body}<w:sectPr><w:pgSz w:w="11906" w:h="16838"/></w:sectPr></w:body></w:document>\n')
    parts = [(name, read(f"a-letter/{text}")) for name, text in LETTER]
    return stored_zip([*parts, ("word/document.xml", document.encode())])


def files():
    yield "encyclopedia/lanternwiki-pages-articles-multistream.xml.bz2", lanternwiki()
    yield "encyclopedia/xiaobaike-pages-articles.xml", xiaobaike()
    yield "books/the-tide-mill.epub", stored_zip([(name, read(f"the-tide-mill/{name}")) for name in BOOK])
    yield "documents/a-letter.docx", letter()
    title, paragraphs = blocks("tide-board.txt")
    yield "documents/tide-board.pdf", pdf(title, "Pilar Novak", paragraphs)
    yield "records/notes.tsv.gz", member(read("notes.tsv"))
    rows = [json.loads(line) for line in read("diaries.jsonl").splitlines()]
    yield "records/diaries.parquet", parquet(rows)
    yield "forum/laoqianbi-comments.zst", zstd_long(read("laoqianbi.jsonl"))
    yield "forum/weixiu.example.7z", seven_zip([(name, read(f"weixiu.example/{name}")) for name in DUMP])
    notices = tar([(f"notice-board/{name}", read(f"notice-board/{name}")) for name in NOTICES])
    yield "archives/notice-board.tar.gz", member(notices)
    yield "archives/old-site.zip", stored_zip([(name, read(f"old-site/{text}")) for name, text in SITE])


def main():
    check, differ = "--check" in sys.argv[1:], 0
    for name, data in files():
        path = HERE / name
        if path.exists() and path.read_bytes() == data:
            continue
        differ += 1
        print(("differs: " if check else "wrote ") + name)
        if not check:
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(data)
    return 1 if check and differ else 0


if __name__ == "__main__":
    sys.exit(main())
