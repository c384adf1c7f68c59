"""Main content: mean F1 over the tokens of a page, by set of pages, with the shared scorer."""

import base64
import gzip
import importlib.util
import json
import tarfile
from collections import Counter, defaultdict


def measure(textmill):
    folder = textmill.shared / "extraction"
    spec = importlib.util.spec_from_file_location("score", folder / "score.py")
    score = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(score)

    gold = [json.loads(line) for line in gzip.open(folder / "gold.jsonl.gz", "rt")]
    pages = read_pages(folder)
    rows = (
        {"id": page["id"], "url": page["url"], "body_base64": base64.b64encode(pages[page["id"]]).decode()}
        for page in gold
    )
    answers = textmill.apply("extract", rows)
    by_set = defaultdict(list)
    segments = Counter()
    for page, answer in zip(gold, answers):
        text = answer.get("text") or ""
        if page.get("gold_text"):
            tokens, expected = Counter(score.tokens(text)), Counter(score.tokens(page["gold_text"]))
            by_set[page["dataset"]].append(score.overlap(tokens, expected)[2])
            if page["dataset"] == "wcxb":
                by_set[f"wcxb-{page['page_type']}"].append(by_set["wcxb"][-1])
        else:
            count_segments(score.squeeze(text), page, segments, score)
    found = {name: sum(scores) / len(scores) for name, scores in by_set.items() if len(scores) >= 10}
    wanted = segments["found"] + segments["missed"]
    precision = segments["found"] / (segments["found"] + segments["surplus"])
    recall = segments["found"] / wanted
    found["trafilatura"] = 2 * precision * recall / (precision + recall)
    return found


def read_pages(folder):
    pages = {}
    for archive in sorted(folder.glob("pages-*.tar.xz")):
        with tarfile.open(archive) as tar:
            for member in tar:
                if member.isfile():
                    pages[member.name.split("/")[-1].removesuffix(".html")] = tar.extractfile(member).read()
    return pages


def count_segments(text, page, segments, score):
    for segment in page.get("with") or []:
        segments["found" if score.squeeze(segment) in text else "missed"] += 1
    for segment in page.get("without") or []:
        segments["surplus"] += score.squeeze(segment) in text
