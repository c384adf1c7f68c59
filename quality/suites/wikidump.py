"""MediaWiki dumps: is every page accounted for, and is any markup left in the text?

The pages, and which of them are redirects or lie outside the articles, are counted here, from the
XML itself, with the standard library alone.
"""

import bz2
import re
import xml.etree.ElementTree as ET
from pathlib import Path

# Markup that a reader of the page never sees..
RESIDUE = re.compile(
    r"\{\{|\}\}|\[\[|\]\]|\{\||\|\}|-\{|\}-"
    r"|'''|</?(?:ref|br|div|span|small|sub|sup|gallery|nowiki|table|tr|td|center|font)\b[^>\n]{0,200}>?"
    r"|<!--|\b(?:colspan|rowspan|cellpadding|bgcolor|style|class|align|valign|width)\s*=\s*[\"'\d#]"
    r"|&(?:nbsp|amp|lt|gt|quot|[mn]dash|thinsp|#\d+|#x[0-9a-fA-F]+);"
    r"|__[A-Z]{3,}__|\|\s*thumb\b|#REDIRECT|[\x00-\x08]",
    re.IGNORECASE,
)
# In the source, markup between these is text.
LITERAL = re.compile(r"<(nowiki|pre|source|syntaxhighlight|math|chem|code)\b[^>]*[^/>]?>.*?</\1\s*>", re.DOTALL | re.IGNORECASE)


def opened(path):
    return bz2.open(path) if path.suffix == ".bz2" else open(path, "rb")


def pages(path):
    """Title, namespace, whether it is a redirect, and wikitext of each page."""
    with opened(path) as file:
        for _, element in ET.iterparse(file):
            if local(element) == "page":
                parts = {local(part): part for part in element.iter()}
                yield {
                    "title": (parts["title"].text or "").strip(),
                    "namespace": int(parts["ns"].text) if "ns" in parts else None,
                    "redirect": "redirect" in parts,
                    "text": parts["text"].text or "" if "text" in parts else "",
                }
                element.clear()


def local(element):
    return element.tag.rpartition("}")[2]


def measure(shared: Path, collect) -> dict:
    counts = {"dumps": 0, "pages": 0, "pages_accounted_for": 0, "pages_kept": 0, "rows_too_many": 0}
    counts |= {"articles": 0, "articles_kept": 0, "redirects": 0, "redirects_dropped": 0}
    clean = length = source_length = 0
    for path in sorted((shared / "data/wikidump").glob("*.xml*")):
        expected = list(pages(path))
        rows = collect(path)
        kept = [row for row in rows if row["kept"]]
        dropped = [row for row in rows if not row["kept"]]
        counts["dumps"] += 1
        counts["pages"] += len(expected)
        counts["pages_accounted_for"] += min(len(rows), len(expected))
        counts["rows_too_many"] += max(0, len(rows) - len(expected))
        counts["pages_kept"] += len(kept)
        for row in dropped:
            key = f"dropped_{row['rule'].removeprefix('collect.')}"
            counts[key] = counts.get(key, 0) + 1
        articles = {page["title"]: page for page in expected if page["namespace"] in (None, 0) and not page["redirect"]}
        redirects = sum(page["redirect"] and page["namespace"] in (None, 0) for page in expected)
        counts["articles"] += len(articles)
        counts["articles_kept"] += sum(row["title"] in articles for row in kept)
        counts["redirects"] += redirects
        counts["redirects_dropped"] += min(redirects, sum(row["rule"] == "collect.redirect" for row in dropped))
        for row in kept:
            text = articles.get(row["title"], {}).get("text", "")
            left = residue(row["body"], text)
            clean += not left
            length += len(row["body"])
            source_length += len(text)
            if left:
                print(f"  wikidump: {path.name}: {row['title']}: {left[:5]}")
    counts["share_without_residue"] = clean / max(1, counts["pages_kept"])
    counts["text_of_source"] = length / max(1, source_length)
    return counts


def residue(body, source):
    """Markup in a text that its source does not show as text."""
    literal = "".join(match[0] for match in LITERAL.finditer(source))
    literal += "".join(re.findall(r"&amp;[#\w]+;", source)).replace("&amp;", "&")
    found = (match[0] for match in RESIDUE.finditer(re.sub(r"\$[^$\n]*\$", "", body)))
    return [mark for mark in found if mark not in literal]
