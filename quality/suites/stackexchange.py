"""A Stack Exchange dump: is every post where it belongs, and no author's name in the output?

What is expected is computed here, from the tables themselves, with the standard library alone.
"""

import gzip
import html
import re
import xml.etree.ElementTree as ET
from pathlib import Path


def rows(path):
    with gzip.open(path) as file:
        return [dict(element.attrib) for _, element in ET.iterparse(file) if element.tag == "row"]


def words(markup):
    """The letters and digits of a post, without its markup."""
    text = re.sub(r"<[^>]*>", " ", markup)
    return "".join(re.findall(r"\w+", html.unescape(text)))


def measure(shared: Path, collect) -> dict:
    folder = shared / "data/stackexchange"
    posts, comments = rows(folder / "Posts.xml.gz"), rows(folder / "Comments.xml.gz")
    questions = {row["Id"] for row in posts if row["PostTypeId"] == "1"}
    answers = [row for row in posts if row["PostTypeId"] == "2"]
    placed = {row["Id"]: row["ParentId"] for row in answers if row["ParentId"] in questions}
    threads = questions | set(placed)

    got = collect(folder)
    kept = [row for row in got if row["kept"] and "Posts.xml" in row["file"]]
    dropped = [row for row in got if not row["kept"] and "Posts.xml" in row["file"]]
    bodies = [words(row["body"]) for row in kept]

    def once(text):
        # Mentions and links to users become pseudonyms: look for the longest piece without any.
        pieces = re.split(r"(?s)@(?:[\w'.-]|&#x27;)+|<a [^>]*/users/[^>]*>.*?</a>", text)
        piece = max((words(piece) for piece in pieces), key=len)
        return sum(piece in body for body in bodies) == 1

    found = [row for row in posts if row["Id"] in threads and once(row["Body"])]
    noted = [row for row in comments if row["PostId"] in threads and once(html.escape(row["Text"]))]
    names = {row.get("OwnerDisplayName") for row in posts} | {row.get("UserDisplayName") for row in comments}
    names = {name for name in names if name}
    leaks = sum(
        any(re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", row["body"]) for name in names)
        or re.search(r"/users/\d", row["body"]) is not None
        for row in kept
    )
    return {
        "threads_expected": len(questions),
        "threads_kept": len(kept),
        "posts_expected": len(threads),
        "posts_in_one_document": len(found),
        "comments_expected": sum(row["PostId"] in threads for row in comments),
        "comments_in_one_document": len(noted),
        "post_rows_dropped": len(dropped),
        "post_rows_without_a_place": len(posts) - len(threads),
        "documents_with_names": leaks,
    }
