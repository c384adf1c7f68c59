"""Shingles and their Jaccard similarity by the definition, to judge what the stage reports."""

import re

# A character of a script without spaces is a word: kana, Han, Thai.
UNSPACED = "\u3041-\u30ff\u3400-\u9fff\u0e01-\u0e46"
WORD = re.compile(rf"[{UNSPACED}]|[^\W{UNSPACED}]+(?:['.][^\W{UNSPACED}]+)*")


def words(text):
    """Nearly the words of UAX #29, in lower case."""
    return WORD.findall(text.lower())


def shingles(words, ngram=5):
    """The set of word sequences; of all words when there are too few for one."""
    found = frozenset(zip(*(words[at:] for at in range(ngram))))
    return found or frozenset([tuple(words)])


def jaccard(a, b):
    return len(a & b) / len(a | b)
