"""Chinese: precision and recall of what the filter keeps, on real articles and what stands around them."""

import gzip
import json
import re
import tarfile
from html.parser import HTMLParser

import extraction

# A page's article counts if it is long enough to be told from a caption; a page's rest likewise.
LEAST_CHARS = 200
BREAKS = set("p div li ul ol br tr td th h1 h2 h3 h4 h5 h6 table section article dt dd form option".split())
HIDDEN = {"script", "style", "noscript", "template"}
SETTINGS = ["filter.languages=[]"]


def measure(textmill):
    articles, around = page_parts(textmill)
    good = {
        "articles": articles,
        "paragraphs": paragraphs(textmill),
        "reviews": reviews(textmill),
        "news": news(textmill),
    }
    bad = {"page_rest": around, "headlines": headlines(textmill)}
    kept = {name: shares_kept(textmill, texts) for name, texts in (good | bad).items()}
    found = {f"kept_{name}": mean(kept[name]) for name in good}
    found |= {f"dropped_{name}": 1 - mean(kept[name]) for name in bad}
    # Pages alone: each gives an article and a rest, so the classes are of like size.
    right, wrong = sum(kept["articles"]), sum(kept["page_rest"])
    found["precision"] = right / (right + wrong)
    found["recall"] = mean(kept["articles"])
    return found


def mean(values):
    return sum(values) / len(values)


def shares_kept(textmill, texts):
    rows = [{"id": str(at), "lang": "zh", "text": text} for at, text in enumerate(texts)]
    return [answer["kept"] for answer in textmill.apply("filter", rows, SETTINGS)]


def page_parts(textmill):
    """The articles of real Chinese pages, and of each page the lines that are not in its article."""
    folder = textmill.shared / "extraction"
    bodies = extraction.read_pages(folder)
    articles, around = [], []
    with gzip.open(folder / "gold.jsonl.gz", "rt") as lines:
        pages = [json.loads(line) for line in lines]
    for page in pages:
        gold = page.get("gold_text") or ""
        if page["lang"] != "zh" or not gold:
            continue
        if han(gold) >= LEAST_CHARS:
            articles.append(gold)
        html = bodies[page["id"]].decode(page.get("encoding") or "utf-8", "replace")
        squeezed = squeeze(gold)
        rest = [line for line in text_lines(html) if squeeze(line) not in squeezed]
        rest = "\n".join(rest)
        if han(rest) >= LEAST_CHARS:
            around.append(rest)
    return articles, around


def paragraphs(textmill):
    """Encyclopedia paragraphs of reading comprehension sets."""
    data = json.loads((textmill.shared / "data/xquad/xquad.zh.json").read_text())
    texts = [p["context"] for article in data["data"] for p in article["paragraphs"]]
    trial = json.loads((textmill.shared / "data/cmrc2018/cmrc2018_trial.json").read_text())
    texts += [p["context"] for article in trial["data"] for p in article["paragraphs"]]
    return [text for text in texts if han(text) >= LEAST_CHARS]


def reviews(textmill):
    lines = (textmill.shared / "data/chnsenticorp/train.tsv").read_text().splitlines()
    texts = [line.split("\t")[0] for line in lines]
    return [text for text in texts if han(text) >= LEAST_CHARS]


def news(textmill):
    """Ten sentences each of news, translated and not."""
    texts = []
    for name in ("wmt22_en_zh/generaltest2022.en-zh.ref.A.zh", "wmt22_en_zh/generaltest2022.zh-en.src.zh"):
        lines = (textmill.shared / "data" / name).read_text().splitlines()
        texts += ["\n".join(lines[at : at + 10]) for at in range(0, len(lines), 10)]
    return [text for text in texts if han(text) >= LEAST_CHARS]


def headlines(textmill):
    """Lists of forty headlines."""
    lines = (textmill.shared / "data/thucnews/dev.txt").read_text().splitlines()
    titles = [line.split("\t")[0] for line in lines]
    return ["\n".join(titles[at : at + 40]) for at in range(0, len(titles) - 39, 40)]


def han(text):
    return sum("\u4e00" <= c <= "\u9fff" for c in text)


def squeeze(text):
    return re.sub(r"\W+", "", text)


def text_lines(html):
    reader = Reader()
    reader.feed(html)
    lines = (re.sub(r"\s+", " ", line).strip() for line in "".join(reader.parts).split("\n"))
    return [line for line in lines if line]


class Reader(HTMLParser):
    """The text of a page, a line for each block."""

    def __init__(self):
        super().__init__()
        self.parts, self.hidden = [], None

    def handle_starttag(self, tag, attrs):
        if tag in HIDDEN:
            self.hidden = tag
        if tag in BREAKS:
            self.parts.append("\n")

    def handle_endtag(self, tag):
        if tag == self.hidden:
            self.hidden = None
        if tag in BREAKS:
            self.parts.append("\n")

    def handle_data(self, data):
        if not self.hidden:
            self.parts.append(re.sub(r"\s+", " ", data))
