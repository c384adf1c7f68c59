"""feedparser's test feeds: what each expects of its feed, held against the rows that we make of it.

An expectation counts where it says something about what a row holds: an entry's title, link, text,
author, time, language or licence, or the title and address of a feed without entries. Markup and
base addresses are feedparser's own; texts are compared without tags.
"""

import ast
import html
import re
import tarfile
import tempfile
from datetime import datetime, timezone
from pathlib import Path

# feedparser's test server, as base of what has none.
SERVER = "http://127.0.0.1:8097/"


def measure(shared, collect):
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(shared / "data/feeds/feedparser_half.tar.xz") as tar:
            tar.extractall(folder, filter="data")
        rows = {}
        for row in collect(folder, kind="feed", settings={"summaries": True}):
            rows.setdefault(row["file"], []).append(row)
        files = sorted(path for path in Path(folder).rglob("*") if path.is_file())
        read = met = applicable = 0
        for path in files:
            name = str(path.relative_to(folder))
            found = sorted(rows.get(name, []), key=lambda row: row["offset"])
            broken = [row for row in found if row.get("rule") not in (None, "collect.no_content", "collect.no_entries")]
            read += bool(found) and not broken
            for check in checks(path.read_bytes()):
                verdict = holds(check, found)
                if verdict is not None:
                    applicable += 1
                    met += verdict
                    if not verdict and VERBOSE:
                        print(name, ast.unparse(check), [brief(row) for row in found])
    return {"files": len(files), "read": read, "applicable": applicable, "met": met, "share": met / max(applicable, 1)}


VERBOSE = False


def brief(row):
    return {key: row.get(key) for key in ("title", "url", "author", "time", "lang", "license", "body", "rule", "detail") if row.get(key)}


def checks(data):
    """The comparisons of a file's `Expect:` line."""
    wide = data[:4] in (b"\xff\xfe\0\0", b"\0\0\xfe\xff")
    text = data.decode("utf-32" if wide else "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "latin-1", "replace")
    if re.search(r"^\s*Header:", text[:1000], re.M):
        return []
    found = re.search(r"Expect:\s*(.*?)\s*(?:-->|$)", text, re.M)
    try:
        tree = ast.parse(found[1], mode="eval").body if found else None
    except SyntaxError:
        return []
    parts = tree.values if isinstance(tree, ast.BoolOp) and isinstance(tree.op, ast.And) else [tree]
    return [part for part in parts if isinstance(part, ast.Compare)]


def holds(check, rows):
    """Whether the rows meet a comparison; None where they do not hold such a thing."""
    if len(check.ops) != 1 or not isinstance(check.ops[0], ast.Eq):
        return None
    try:
        expected = ast.literal_eval(check.comparators[0])
    except ValueError:
        return None
    if isinstance(check.left, ast.Call) and ast.unparse(check.left) == "len(entries)":
        return expected == len([row for row in rows if row.get("rule") != "collect.no_entries"])
    path = steps(check.left)
    if not path or expected is None:
        return None
    if path[0] == "feed":
        return of_feed(path[1:], expected, rows)
    if path[:1] == ["entries"] and isinstance(path[1], int) and path[1] < len(rows):
        return of_entry(path[2:], expected, rows[path[1]])
    return None


def steps(node):
    """entries[0]['title'] as ["entries", 0, "title"]."""
    if isinstance(node, ast.Name):
        return [node.id]
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        before = steps(node.value)
        return before and before + [node.slice.value]
    if isinstance(node, ast.Attribute):
        before = steps(node.value)
        return before and before + [node.attr]
    return None


def of_feed(path, expected, rows):
    row = rows[0] if rows else {}
    if row.get("rule") != "collect.no_entries":
        return None
    if path == ["title"]:
        title = re.fullmatch(r'the feed "(.*)" has none', row["detail"], re.S)
        return same_text(expected, title[1] if title else "")
    if path == ["link"]:
        return same_link(expected, row.get("url"))
    return None


def of_entry(path, expected, row):
    match path:
        case ["title"] | ["title_detail", "value"]:
            dropped = re.match(r'the entry "(.*)" has no', row.get("detail") or "", re.S)
            return same_text(expected, row.get("title") or (dropped[1] if dropped else ""))
        case ["link"]:
            return same_link(expected, row.get("url"))
        case ["content", 0, "value"] | ["summary"] | ["description"] | ["summary_detail", "value"]:
            if plain(expected) == "":
                return None
            return row["kept"] and same_text(expected, row["body"])
        case ["author"] | ["author_detail", "name"] | ["authors", 0, "name"]:
            # A row needs a text.
            if not row["kept"]:
                return None
            return re.sub(r"\s*\(\S+@\S+\)", "", expected) in (row.get("author") or "")
        case ["published_parsed"] | ["updated_parsed"]:
            return row["kept"] and row.get("time") == datetime(*expected[:6], tzinfo=timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ") if row["kept"] else None
        case ["language"] | ["title_detail" | "summary_detail", "language"]:
            return row.get("lang") == expected if row["kept"] else None
        case ["content", 0, "language"]:
            return row.get("lang") == expected if row["kept"] else None
        case ["license"] | ["rights"] | ["copyright"]:
            return same_text(expected, row.get("license") or "") if row["kept"] else None
    return None


def plain(text):
    """Text without tags, on one line."""
    text = re.sub(r"(?s)<(script|style)\b.*?</\1\s*>", " ", str(text))
    text = html.unescape(re.sub(r"</?[a-zA-Z!][^>]*>", " ", text))
    return " ".join(text.split())


def same_text(expected, found):
    squeeze = lambda text: re.sub(r"\s", "", plain(text))
    raw = lambda text: "".join(str(text).split())
    return squeeze(expected) == squeeze(found) or raw(expected) == raw(found) or squeeze(expected) == raw(found)


def same_link(expected, found):
    return found is not None and found in (expected, expected.removeprefix(SERVER), "/" + expected.removeprefix(SERVER))
