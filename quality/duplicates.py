"""Near duplicates: pairs of manual pages of known Jaccard similarity; clusters beside those of datatrove."""

import collections
import gzip
import html
import itertools
import json
import re
import tarfile
import unicodedata

from shingles import jaccard, shingles, words

CONFIG = """
[filter]
languages = []
families = []
[dedupe]
min_similarity = 0.7
"""

SEEDS = 5

# datatrove's punctuation (TextNormConfig), which becomes spaces.
PUNCTUATION = "!/—”:％１〈&(、━\\【#%「」，】；+^]~“《„';’{|∶´[=-`*．（–？！：$～«〉,><》)?）。…@_.\"}►»" + "".join(
    map(chr, [*range(9), 11, 12, *range(13, 32), *range(127, 160)])
)


def measure(textmill):
    return known_pairs(textmill) | beside_datatrove(textmill)


def known_pairs(textmill):
    """Means over several seeds: whether a pair shares a band is a draw of the hash functions, and one
    draw of a thousand pairs differs from the next by a few of them."""
    with gzip.open(textmill.shared / "data/neardup/pairs.tsv.gz", "rt") as lines:
        pairs = [line.rstrip("\n").split("\t") for line in lines][1:]
    wanted = {page for pair in pairs for page in pair[:2]}
    texts = read_texts(textmill.shared / "data/html_corpus/debdocs_dev.tar.xz", wanted)
    rows = [{"url": f"https://pages.example/{page}", "text": text} for page, text in sorted(texts.items())]
    recalls, precisions = zip(*(found_pairs(textmill, rows, pairs, seed) for seed in range(SEEDS)))
    return {
        "recall_at_0.8_mean": sum(recalls) / SEEDS,
        "precision_at_0.7_mean": sum(precisions) / SEEDS,
    }


def found_pairs(textmill, rows, pairs, seed):
    config = f"{CONFIG}seed = {seed}\n"
    found = textmill.run("dedupe", rows, config, ["dedupe", "dedupe/dropped"])
    cluster = {}
    for row in found["dedupe"]:
        cluster[page_of(row)] = row["cluster_id"] or row["id"]
    for row in found["dedupe/dropped"]:
        cluster[page_of(row)] = row["cluster_id"] or row["kept_id"]
    pairs = [(a, b, float(jaccard)) for a, b, _, _, jaccard in pairs if a in cluster and b in cluster]
    together = [(cluster[a] == cluster[b], jaccard) for a, b, jaccard in pairs]
    alike = [hit for hit, jaccard in together if jaccard >= 0.8]
    hits = [jaccard for hit, jaccard in together if hit]
    return sum(alike) / len(alike), sum(jaccard >= 0.7 for jaccard in hits) / len(hits)


def beside_datatrove(textmill):
    """Agreement on pairs that are clearly alike by the words of both, and on whether a document has
    a duplicate at all. datatrove takes all numbers for one and text without spaces for one word, and
    joins whatever shares a band, where textmill verifies: four of five pairs on which they differ
    are similar to 0.6 to 0.8."""
    with gzip.open(textmill.shared / "parity/parity_dev.jsonl.gz", "rt") as lines:
        documents = [json.loads(line) for line in lines]
    rows = [{"url": f"https://pages.example/{at}", "text": row["text"]} for at, row in enumerate(documents)]
    found = textmill.run("dedupe", rows, CONFIG, ["dedupe", "dedupe/dropped"])
    here = pairs((row["cluster_id"], int(page_of(row))) for row in found["dedupe"] + found["dedupe/dropped"])
    there = pairs((row["minhash_cluster"], at) for at, row in enumerate(documents))
    ours = [shingles(words(row["text"])) for row in documents]
    theirs = [shingles(datatrove_words(row["text"])) for row in documents]

    def similarities(pair):
        return [jaccard(sets[pair[0]], sets[pair[1]]) for sets in (ours, theirs)]

    alike = [pair for pair in here | there if min(similarities(pair)) >= 0.8]
    members = [set(itertools.chain(*found)) for found in (here, there)]
    return {
        "datatrove_pairs_at_0.8": sum(pair in here and pair in there for pair in alike) / len(alike),
        # Documents for which both say whether there is a duplicate.
        "datatrove_documents": 1 - len(members[0] ^ members[1]) / len(documents),
    }


def pairs(members):
    """Pairs of the same cluster, of (cluster or None, member)."""
    clusters = collections.defaultdict(list)
    for cluster, member in members:
        if cluster is not None:
            clusters[cluster].append(member)
    return {pair for found in clusters.values() for pair in itertools.combinations(sorted(found), 2)}


def datatrove_words(text):
    """The words of datatrove's normalized text, but for the English contractions of spaCy."""
    text = re.sub(r"\d+([.,،٫⎖⎗⎘]\d+)?", "0", text.lower())
    text = text.translate(str.maketrans(PUNCTUATION, " " * len(PUNCTUATION)))
    return "".join(c for c in unicodedata.normalize("NFD", text) if unicodedata.category(c) != "Mn").split()


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
