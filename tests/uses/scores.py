"""Scores of files by sacreBLEU: `scores.py HYPOTHESES REFERENCES...` prints, by name, score and signature."""

import json
import sys

from sacrebleu.metrics import BLEU, CHRF


def lines(path):
    with open(path, encoding="utf-8", newline="\n") as file:
        return file.read().removesuffix("\n").split("\n")


hypotheses, *references = map(lines, sys.argv[1:])
bleu = {
    "13a": {},
    "zh": {"tokenize": "zh"},
    "char": {"tokenize": "char"},
    "intl": {"tokenize": "intl"},
    "none": {"tokenize": "none"},
    "lowercase": {"lowercase": True},
    "effective": {"effective_order": True},
    "floor": {"smooth_method": "floor"},
    "add-k": {"smooth_method": "add-k"},
    "no smoothing": {"smooth_method": "none"},
}
chrf = {"chrf": {}, "chrf++": {"word_order": 2}, "chrf lowercase": {"lowercase": True}}
found = {}
for kind, cases in [(BLEU, bleu), (CHRF, chrf)]:
    for name, options in cases.items():
        metric = kind(**options)
        score = metric.corpus_score(hypotheses, references)
        signature = str(metric.get_signature())
        found[name] = [score.score, signature, score.format(signature=signature)]
json.dump(found, sys.stdout)
