"""Near duplicates: recall and precision of pairs of manual pages whose exact Jaccard similarity is known."""

import gzip
import html
import re
import tarfile

CONFIG = """
[filter]
languages = []
families = []
[dedupe]
min_similarity = 0.7
"""


def measure(textmill):
    with gzip.open(textmill.shared / "data/neardup/pairs.tsv.gz", "rt") as lines:
        pairs = [line.rstrip("\n").split("\t") for line in lines][1:]
    wanted = {page for pair in pairs for page in pair[:2]}
    texts = read_texts(textmill.shared / "data/html_corpus/debdocs_dev.tar.xz", wanted)
    rows = [{"url": f"https://pages.example/{page}", "text": text} for page, text in sorted(texts.items())]
    found = textmill.run("dedupe", rows, CONFIG, ["dedupe", "dedupe/dropped"])
    cluster = {}
    for row in found["dedupe"]:
        cluster[page_of(row)] = row["cluster_id"] or row["id"]
    for row in found["dedupe/dropped"]:
        cluster[page_of(row)] = row["cluster_id"] or row["kept_id"]
    pairs = [(a, b, float(jaccard)) for a, b, _, _, jaccard in pairs if a in cluster and b in cluster]
    together = [(cluster[a] == cluster[b], jaccard) for a, b, jaccard in pairs]
    alike = [hit for hit, jaccard in together if jaccard >= 0.8]
    hits = [jaccard for hit, jaccard in together if hit]
    return {
        "recall_at_0.8": sum(alike) / len(alike),
        "precision_at_0.7": sum(jaccard >= 0.7 for jaccard in hits) / len(hits),
    }


def page_of(row):
    return row["url"].removeprefix("https://pages.example/")


def read_texts(archive, wanted):
    texts = {}
    with tarfile.open(archive) as tar:
        for member in tar:
            name = member.name.removeprefix("./")
            if name in wanted:
                page = tar.extractfile(member).read().decode("utf-8", "replace")
                page = re.sub(r"(?is)<(script|style)\b.*?</\1\s*>", " ", page)
                texts[name] = html.unescape(re.sub(r"(?s)<[^>]*>", " ", page))
    return texts
