"""Filter rules: share of real documents that are kept or dropped as datatrove keeps or drops them."""

import gzip
import json

FAMILIES = {
    "gopher_rep": ["filter.families=[\"gopher_repetition\"]"],
    "gopher_quality": ["filter.families=[\"gopher_quality\"]"],
    "c4": ["filter.families=[\"c4\"]"],
    "c4_default": ["filter.families=[\"c4\"]", "filter.disable=[]"],
    "fineweb": ["filter.families=[\"fineweb\"]"],
}


def measure(textmill):
    with gzip.open(textmill.shared / "parity/parity_dev.jsonl.gz", "rt") as lines:
        documents = [json.loads(line) for line in lines]
    rows = [{"id": str(document["i"]), "text": document["text"]} for document in documents]
    found = {}
    for family, settings in FAMILIES.items():
        # datatrove judged every document by the rules for English, whatever its language.
        answers = textmill.apply("filter", rows, [*settings, 'filter.rules_language="en"'])
        same = [a["kept"] == d["filters"][family]["keep"] for a, d in zip(answers, documents)]
        found[family] = sum(same) / len(same)
    return found
