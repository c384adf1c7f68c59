"""Near copies: real pages of which 2 to 5% of the words were edited, found beside their originals."""

import gzip
import json
import re

from shingles import UNSPACED, jaccard, shingles, words

# What the README names for copies that were edited here and there: an edit changes two shingles of
# two words rather than five of five.
SETTINGS = """
ngram = 2
cjk_ngram = 2
bands = 18
rows = 6
min_similarity = 0.75
"""


def measure(textmill):
    with gzip.open(textmill.shared / "parity/parity_dev.jsonl.gz", "rt") as lines:
        documents = {row["url"]: row for row in map(json.loads, lines)}
    rows = [{"url": url, "text": row["text"]} for url, row in documents.items()]
    config = f"[filter]\nlanguages = []\nfamilies = []\n[dedupe]{SETTINGS}"
    found = textmill.run("dedupe", rows, config, ["dedupe", "dedupe/dropped"])
    urls = {row["id"]: row["url"] for row in found["dedupe"]}
    cluster = {row["url"]: row["url"] for row in found["dedupe"]}
    dropped = {row["url"]: urls[row["kept_id"]] for row in found["dedupe/dropped"]}
    cluster |= dropped
    copies = {url: row["of"] for url, row in documents.items() if row["kind"] == "near" and row["of"] in documents}
    near = [row["url"] for row in found["dedupe/dropped"] if row["rule"] == "dedupe.near"]
    texts = {url: shingles(words(row["text"])) for url, row in documents.items()}
    unspaced = [url for url in copies if is_unspaced(documents[url]["text"])]
    return {
        # In one cluster: not so where both belong to a family of pages that splits over two.
        "recall": share(cluster[url] == cluster[copies[url]] for url in copies),
        "recall_unspaced": share(cluster[url] == cluster[copies[url]] for url in unspaced),
        "one_dropped": share(url in dropped or copies[url] in dropped for url in copies),
        # Judged by shingles of five words, which are stricter than those it was found by.
        "precision": share(jaccard(texts[url], texts[dropped[url]]) >= 0.5 for url in near),
    }


def share(truths):
    truths = list(truths)
    return sum(truths) / len(truths)


def is_unspaced(text):
    """Most words are characters of a script without spaces."""
    found = words(text)
    return 2 * sum(re.match(f"[{UNSPACED}]", word) is not None for word in found) > len(found)
