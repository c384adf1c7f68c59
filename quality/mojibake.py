"""Normalize: share of damaged snippets that come back, and of clean text that is left alone."""

import gzip
import json
import tarfile


def measure(textmill):
    with gzip.open(textmill.shared / "parity/mojibake.jsonl.gz", "rt") as lines:
        snippets = [json.loads(line) for line in lines]
    found = {"snippets": restored(textmill, [(s["text"], s["orig"]) for s in snippets])}
    cases = json.loads((textmill.shared / "data/ftfy/in-the-wild.json").read_text())
    cases = [case for case in cases if case["expect"] == "pass"]
    found["ftfy_cases"] = restored(textmill, [(case["original"], case["fixed"]) for case in cases])
    found["clean_untouched"] = untouched(textmill)
    return found


def restored(textmill, pairs):
    """A snippet is restored when it ends where its original ends (quotes apart, which ftfy makes straight)."""
    settings = ["normalize.mask=[]", 'normalize.quotes="ascii"']
    ends = [
        [answer.get("text", "") for answer in textmill.apply("normalize", rows(side), settings)]
        for side in zip(*pairs)
    ]
    same = [a == b for a, b in zip(*ends)]
    return sum(same) / len(same)


def rows(texts):
    return [{"id": str(number), "text": text} for number, text in enumerate(texts)]


def untouched(textmill):
    """Share of FLORES-200 sentences in which nothing is taken for damage.

    The Indonesian ones are left out: 22 of them are damaged, and repaired.
    """
    texts = []
    with tarfile.open(textmill.shared / "data/flores200/flores200_dev_40langs.tar.xz") as tar:
        for member in tar:
            if member.isfile() and "ind_Latn" not in member.name:
                texts += tar.extractfile(member).read().decode().splitlines()
    settings = ["normalize.mask=[]", 'normalize.form="none"', 'normalize.fullwidth="keep"']
    settings += ["normalize.decode_entities=false"]
    answers = {True: [], False: []}
    for repair in answers:
        given = [*settings, f"normalize.repair_mojibake={str(repair).lower()}"]
        answers[repair] = [answer.get("text") for answer in textmill.apply("normalize", rows(texts), given)]
    same = [a == b for a, b in zip(answers[True], answers[False])]
    return sum(same) / len(same)
