"""Trains the block model of textmill-extract and writes src/data/blocks.txt.

    python train.py GOLD.jsonl.gz PAGES.jsonl BLOCK_FEATURES [--out src/data]

See README.md beside this file. Deterministic: fixed seeds, folds by the hash of the host.
"""
import argparse, gzip, hashlib, json, re, subprocess, unicodedata
from collections import Counter
from urllib.parse import urlsplit

import lightgbm as lgb
import numpy as np
from rapidfuzz.distance import LCSseq

ONE = (r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
       r"\uf900-\ufaff\U00020000-\U0003ffff]")
TOKEN = re.compile(ONE + r"|(?:(?!" + ONE + r")\w)+")
FOLDS = 3
# Longest page and gold text that are aligned, in tokens: alignment is quadratic.
LONGEST = 40_000
# Kinds of pages of which there are few, and what a page of them weighs beside an article.
RARE = ("product", "collection", "listing", "forum", "service", "documentation")
RARE_WEIGHT = 4
PARAMETERS = dict(objective="cross_entropy", learning_rate=0.1, num_leaves=31, max_depth=7, min_data_in_leaf=60,
                  feature_fraction=0.35, bagging_fraction=0.6, bagging_freq=1, lambda_l2=5.0, max_bin=63,
                  num_threads=1, deterministic=True, force_col_wise=True, seed=7, verbose=-1)


def tokens(text):
    return TOKEN.findall(unicodedata.normalize("NFC", text or "").lower())


def labels(gold, texts):
    """Share of each block's tokens that the gold text holds in the same order, and its token
    count; -1 where nothing is known."""
    blocks = [tokens(text) for text in texts]
    sizes = np.array([len(block) for block in blocks], dtype=np.float32)
    if not gold.get("gold_text"):
        return segment_labels(gold, texts), sizes
    target = tokens(gold["gold_text"])[:LONGEST]
    ids, flat, owner = {}, [], []
    for at, block in enumerate(blocks):
        flat += block
        owner += [at] * len(block)
    flat, owner = flat[:LONGEST], owner[:LONGEST]
    number = lambda token: ids.setdefault(token, len(ids))
    matched = np.zeros(len(blocks), dtype=np.float32)
    steps = LCSseq.opcodes([number(t) for t in flat], [number(t) for t in target])
    hit = np.zeros(len(flat), dtype=bool)
    for step in steps:
        if step.tag == "equal":
            hit[step.src_start:step.src_end] = True
    for at, is_hit in zip(owner, hit):
        matched[at] += is_hit
    known = np.zeros(len(blocks), dtype=bool)
    known[owner] = True
    share = np.where(known, matched / np.maximum(sizes, 1), -1)
    # Gold out of the page's order (a title put first): whole blocks that are lines of it.
    lines = {" ".join(tokens(line)) for line in gold["gold_text"].split("\n")}
    for at, block in enumerate(blocks):
        if len(block) >= 4 and " ".join(block) in lines:
            share[at] = 1.0
    # A few words in common are chance.
    share = np.where((share >= 0) & (share < 0.35) & (sizes < 60), 0.0, share)
    return share.astype(np.float32), sizes


def segment_labels(gold, texts):
    squeeze = lambda text: re.sub(r"\s+", " ", text).strip()
    share = np.full(len(texts), -1, dtype=np.float32)
    for at, text in enumerate(map(squeeze, texts)):
        if any(squeeze(s) in text for s in gold.get("without") or []):
            share[at] = 0
        if any(squeeze(s) in text for s in gold.get("with") or []):
            share[at] = 1
    return share


def weights(gold, share, sizes):
    """A page of one kind weighs the same whatever its length, as in the score."""
    return one_page(gold, share, sizes) * (RARE_WEIGHT if gold.get("page_type") in RARE else 1)


def one_page(gold, share, sizes):
    if not gold.get("gold_text"):
        return np.where(share >= 0, 0.12, 0).astype(np.float32)
    total = max(len(tokens(gold["gold_text"])), 60)
    weight = np.minimum(sizes, 400) / total
    return np.where(share >= 0, np.minimum(weight, 1) + 0.002, 0).astype(np.float32)


def run(features, out, pages):
    with open(pages) as source:
        subprocess.run([features, out], stdin=source, check=True)
    with open(out + ".jsonl") as lines:
        notes = [json.loads(line) for line in lines]
    width = max(note["width"] for note in notes)
    return notes, np.fromfile(out + ".rows", dtype=np.float32).reshape(-1, width)


def train(rows, share, weight, use, rounds):
    use = use & (share >= 0) & (weight > 0)
    data = lgb.Dataset(rows[use], share[use], weight=weight[use], free_raw_data=True)
    print("training on", int(use.sum()), "blocks", flush=True)
    return lgb.train(PARAMETERS, data, rounds)


def dump(model, path):
    """One tree a line, in preorder: `feature<threshold` or a leaf's value."""
    def walk(node, out):
        if "leaf_value" in node:
            out.append("%.4g" % node["leaf_value"])
        else:
            # Nine digits carry a 32-bit threshold exactly.
            out.append("%d<%s" % (node["split_feature"], np.format_float_positional(
                np.float32(node["threshold"]), trim="-")))
            walk(node["left_child"], out)
            walk(node["right_child"], out)
        return out
    with open(path, "w") as file:
        for tree in model.dump_model()["tree_info"]:
            file.write(" ".join(walk(tree["tree_structure"], [])) + "\n")


def out_of_fold(rows, share, weight, fold, rounds):
    result = np.zeros(len(rows), dtype=np.float32)
    for k in range(FOLDS):
        model = train(rows, share, weight, fold != k, rounds)
        result[fold == k] = model.predict(rows[fold == k])
    return result


def choose(p, sizes):
    """The set of best expected F1, as in src/decide/choose.rs."""
    order = np.argsort(-p, kind="stable")
    w = np.maximum(sizes, 1)[order].astype(float)
    hits, kept = np.cumsum(p[order] * w), np.cumsum(w)
    keep = np.zeros(len(p), dtype=bool)
    if len(p):
        keep[order[:int(np.argmax(2 * hits / (kept + hits[-1]))) + 1]] = True
    return keep


def report(golds, notes, p, sizes, bounds, score):
    with open(score, "w") as file:
        for gold, note, (a, b) in zip(golds, notes, bounds):
            keep = choose(p[a:b], sizes[a:b])
            text = "\n\n".join(t for t, k in zip(note["texts"], keep) if k)
            file.write(json.dumps({"id": gold["id"], "text": text}) + "\n")


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    for name in ("gold", "pages", "features"):
        arguments.add_argument(name)
    arguments.add_argument("--out", default="src/data")
    arguments.add_argument("--work", default="/tmp/blocks")
    arguments.add_argument("--cache", default=None, help="file for the labels, which are slow")
    arguments.add_argument("--trees", type=int, default=200)
    arguments.add_argument("--check", action="store_true", help="cross-validate: texts out of fold beside --work")
    a = arguments.parse_args()
    gold = {g["id"]: g for g in map(json.loads, gzip.open(a.gold, "rt"))}
    notes, rows = run(a.features, a.work, a.pages)
    golds = [gold[note["id"]] for note in notes]
    counts = np.array([len(note["texts"]) for note in notes])
    ends = np.cumsum(counts)
    bounds = list(zip(ends - counts, ends))
    pairs = labelled(golds, notes, a.cache)
    share = np.concatenate([s for s, _ in pairs])
    sizes = np.concatenate([s for _, s in pairs])
    weight = np.concatenate([weights(g, s, n) for g, (s, n) in zip(golds, pairs)])
    host = lambda g: urlsplit(g["url"] or g["id"]).netloc or g["id"]
    page_fold = [int(hashlib.sha256(host(g).encode()).hexdigest(), 16) % FOLDS for g in golds]
    fold = np.repeat(page_fold, counts)
    everything = np.ones(len(rows), dtype=bool)
    print(rows.shape, "blocks labelled", float((share >= 0).mean()), "content", float((share > 0.5).mean()), flush=True)
    if a.check:
        judged = out_of_fold(rows, share, weight, fold, a.trees)
        report(golds, notes, judged, sizes, bounds, a.work + ".pred")
    dump(train(rows, share, weight, everything, a.trees), a.out + "/blocks.txt")


def labelled(golds, notes, cache):
    import os, pickle
    key = hashlib.sha256("".join(t for n in notes for t in n["texts"]).encode()).hexdigest()
    if cache and os.path.exists(cache):
        found, pairs = pickle.load(open(cache, "rb"))
        if found == key:
            return pairs
    pairs = [labels(g, n["texts"]) for g, n in zip(golds, notes)]
    if cache:
        pickle.dump((key, pairs), open(cache, "wb"))
    return pairs


if __name__ == "__main__":
    main()
