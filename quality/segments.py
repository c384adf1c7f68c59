"""Sentences and words: boundary F1 against UD treebanks (dev) and the PKU test set of SIGHAN 2005."""

import os
import subprocess


def measure(textmill):
    sentences = textmill.shared / "data/sentences"
    gold = (textmill.shared / "data/cws/pku_test_gold.utf8").read_text().splitlines()
    return {
        "sentences_en": sentence_f1(textmill, sentences / "en_ewt-dev.sentences.txt", " "),
        "sentences_zh": sentence_f1(textmill, sentences / "zh_gsdsimp-dev.sentences.txt", ""),
        "words_zh": word_f1([line.split() for line in gold if line.strip()]),
    }


def sentence_f1(textmill, path, between):
    """Ends of sentences in the running text of the treebank, all of it one line."""
    lines = path.read_text().splitlines()
    sentences = [line.removeprefix("# text = ").strip() for line in lines if line.startswith("# text = ")]
    text, gold = "", set()
    for sentence in sentences:
        text += (between if text else "") + sentence
        gold.add(len(text.encode()))
    # The text must stay as it is, so that offsets can be compared.
    settings = ["normalize.mask=[]", "normalize.repair_mojibake=false", "normalize.decode_entities=false"]
    settings += ['normalize.form="none"', 'normalize.fullwidth="keep"', 'normalize.halfwidth="keep"']
    (answer,) = textmill.apply("normalize", [{"id": "0", "text": text}], settings)
    if answer["text"] != text:
        raise RuntimeError(f"{path}: normalize changed the text, so its offsets say nothing")
    return f1(gold, set(answer["sentence_ends"]))


def word_f1(lines):
    """Words as the crate's example gives them; punctuation, which it leaves out, each sign by itself."""
    cargo = [os.environ.get("CARGO", "cargo"), "run", "--quiet", "--release", "--locked"]
    command = [*cargo, "-p", "textmill-normalize", "--example", "segment", "--", "words"]
    texts = "\n".join("".join(line) for line in lines)
    answer = subprocess.run(command, input=texts, stdout=subprocess.PIPE, check=True, text=True).stdout
    right = found = wanted = 0
    for words, answered in zip(lines, answer.split("\n")):
        gold, ours = spans(words), located("".join(words), answered.split())
        right, found, wanted = right + len(gold & ours), found + len(ours), wanted + len(gold)
    return 2 * right / (found + wanted)


def spans(words):
    at, result = 0, set()
    for word in words:
        result.add((at, at + len(word)))
        at += len(word)
    return result


def located(text, words):
    """Spans of the words in the text; what lies between them is punctuation."""
    at, result = 0, set()
    for word in words:
        start = text.index(word, at)
        result |= {(sign, sign + 1) for sign in range(at, start)}
        at = start + len(word)
        result.add((start, at))
    return result | {(sign, sign + 1) for sign in range(at, len(text))}


def f1(gold, found):
    return 2 * len(gold & found) / (len(gold) + len(found))
