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
    groups, segments = defaultdict(list), Counter()
    for page, answer in zip(gold, answers):
        text = answer.get("text") or ""
        if page.get("gold_text"):
            tokens, expected = Counter(score.tokens(text)), Counter(score.tokens(page["gold_text"]))
            for group in groups_of(page):
                groups[group].append(score.overlap(tokens, expected))
        else:
            count_segments(score.squeeze(text), page, segments, score)
    means = {group: mean(scores) for group, scores in groups.items() if len(scores) >= 10}
    means["set", "trafilatura"] = (segments["pages"], *segment_scores(segments))
    report(means)
    return {name: row[3] for (kind, name), row in means.items() if kind == "set"}


def groups_of(page):
    """The groups that a page counts in: its set, its type and its language."""
    yield "set", page["dataset"]
    if page["dataset"] == "wcxb":
        yield "set", f"wcxb-{page['page_type']}"
    yield "type", page["page_type"]
    yield "language", page.get("lang") or "unknown"


def mean(scores):
    """Number of pages, and their mean precision, recall and F1."""
    return len(scores), *(sum(column) / len(scores) for column in zip(*scores))


def segment_scores(segments):
    precision = segments["found"] / (segments["found"] + segments["surplus"])
    recall = segments["found"] / (segments["found"] + segments["missed"])
    return precision, recall, 2 * precision * recall / (precision + recall)


def report(means):
    for kind in ("set", "type", "language"):
        print(f"  by {kind:<22} pages  precision  recall      F1")
        for (its_kind, name), (pages, precision, recall, f1) in sorted(means.items()):
            if its_kind == kind:
                print(f"    {name:<20} {pages:>6}  {precision:9.3f}  {recall:6.3f}  {f1:6.3f}")


def read_pages(folder):
    pages = {}
    for archive in sorted(folder.glob("pages-*.tar.xz")):
        with tarfile.open(archive) as tar:
            for member in tar:
                if member.isfile():
                    pages[member.name.split("/")[-1].removesuffix(".html")] = tar.extractfile(member).read()
    return pages


def count_segments(text, page, segments, score):
    segments["pages"] += 1
    for segment in page.get("with") or []:
        segments["found" if score.squeeze(segment) in text else "missed"] += 1
    for segment in page.get("without") or []:
        segments["surplus"] += score.squeeze(segment) in text
