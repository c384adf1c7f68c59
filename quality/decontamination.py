"""Decontamination: share of planted items of evaluation sets that are found, and of clean documents that stay."""

import gzip
import json

# Each set, and the field whose text is planted.
SETS = {
    "gsm8k/test.jsonl": "question",
    "humaneval/HumanEval.jsonl.gz": "prompt",
    "hellaswag/hellaswag_val.jsonl.gz": "ctx",
    "lambada/lambada_test_half.jsonl": "text",
}
PLANTS = 100


def measure(textmill):
    paths = [textmill.shared / "data" / name for name in SETS]
    settings = [
        'filter.families=["decontamination"]',
        f"filter.decontamination.sets={json.dumps([str(path) for path in paths])}",
    ]
    with gzip.open(textmill.shared / "parity/parity_dev.jsonl.gz", "rt") as lines:
        texts = [json.loads(line)["text"] for line in lines]
    clean = [{"id": str(i), "text": text} for i, text in enumerate(texts)]
    rows = {"verbatim": [], "changed": []}
    for path, field in zip(paths, SETS.values()):
        for i, item in enumerate(planted(path, field)):
            host = texts[i].split("\n")
            middle = len(host) // 2
            # Another case, other spaces, no commas: what copies on the web look like.
            for kind, text in ("verbatim", item), ("changed", "  ".join(item.replace(",", "").upper().split(" "))):
                body = "\n".join([*host[:middle], text, *host[middle:]])
                rows[kind].append({"id": str(i), "text": body})
    found = {kind: share(textmill.apply("filter", rows[kind], settings), kept=False) for kind in rows}
    found["clean_kept"] = share(textmill.apply("filter", clean, settings), kept=True)
    return found


def planted(path, field):
    """Items of the set, evenly over it."""
    opened = gzip.open(path, "rt") if path.suffix == ".gz" else open(path)
    with opened as lines:
        items = [json.loads(line)[field] for line in lines]
    step = max(1, len(items) // PLANTS)
    return items[::step][:PLANTS]


def share(answers, kept):
    return sum(answer["kept"] == kept for answer in answers) / len(answers)
