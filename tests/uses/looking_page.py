"""The page of `textmill look` in a browser, by mouse and by keys, beside the numbers of --json.

    looking_page.py BROWSER PAGE.html NUMBERS.json
"""

import json
import math
import pathlib
import re
import sys

from devtools import Browser

VIEWS = ["text", "attention", "rollout", "lens", "attribution", "about"]


class Page:
    def __init__(self, browser, numbers):
        self.browser, self.numbers = browser, numbers
        self.tokens = numbers["tokens"]
        self.size = len(self.tokens)
        self.layers = len(numbers["attention"])

    def text(self, selector):
        return self.browser.run(f"document.querySelector({json.dumps(selector)}).innerText")

    def labels(self, selector):
        script = f"[...document.querySelectorAll({json.dumps(selector)})].map((e) => e.getAttribute('aria-label'))"
        return self.browser.run(script)

    def rows(self, selector):
        """Names and numbers of a table of bars."""
        script = """[...document.querySelectorAll(%s)].map((row) => [row.cells[0].innerText, row.cells[2].innerText])"""
        return self.browser.run(script % json.dumps(selector + " tr"))

    def token(self, strip, index):
        return f"#{strip}-strip [data-token='{index}']"

    def focus(self, attribute="token"):
        value = self.browser.run(f"document.activeElement.dataset.{attribute}")
        return None if value is None else int(value)


def same(shown, number, apart, what):
    """Whether the first number of a text is this one."""
    found = re.search(r"[−+-]?[\d.]+(?:e-?\d+)?", shown)
    assert found, f"{what}: no number in {shown!r}"
    value = float(found.group().replace("−", "-"))
    assert abs(value - number) <= apart, f"{what}: {value} shown, {number} computed"


def close_shares(labels, shares, what):
    assert len(labels) == len(shares)
    for label, share in zip(labels, shares):
        percent = label.rsplit(": ", 1)[1]
        # As kept in a byte: 1/255 of the root, and two places printed.
        same(percent, 100 * share, 100 * (math.sqrt(share) / 255 + 0.25 / 255**2) + 0.006, f"{what}, {label}")


def visible(text):
    signs = {" ": "␣", "\n": "⏎", "\u202e": "\\u{202e}"}
    return "".join(signs.get(c, c) for c in text)


def name(page, id):
    text = page.numbers["names"][str(id)]
    return re.sub(r"[\x00-\x1f\x7f-\x9f\xad]", lambda c: {"\n": "⏎", "\t": "⇥", "\r": "␍"}.get(c[0], f"\\u{{{ord(c[0]):x}}}"), visible(text))


def guesses(page, selector, state, position):
    """A table of guesses has the names and probabilities of a state of the residual stream."""
    layer = page.numbers["lens"][state]
    rows = page.rows(selector)
    for row, id, log in zip(rows, layer["top"][position], layer["top_logs"][position]):
        assert row[0] == name(page, id), (selector, row, name(page, id))
        same(row[1], 100 * math.exp(log), 0.006, selector)
    if position + 1 < page.size and layer["rank"][position] >= 7:
        assert len(rows) == 8, rows
        same(rows[7][1], 100 * math.exp(layer["target"][position]), 0.006, selector)
    else:
        assert len(rows) == 7, rows


def tabs(page):
    for view in VIEWS[1:] + VIEWS[:1]:
        page.browser.click(f"#tab-{view}")
        shown = page.browser.run("[...document.querySelectorAll('[role=tabpanel]')].filter((p) => p.offsetParent).map((p) => p.id)")
        assert shown == [f"view-{view}"], shown
    page.browser.press("ArrowLeft")
    assert page.browser.run("document.activeElement.id") == "tab-about"
    page.browser.press("Home")
    assert page.browser.run("document.querySelector('[aria-selected=true]').id") == "tab-text"


def text_and_losses(page):
    whole = "".join(token["text"] for token in page.tokens)
    shown = page.browser.run("[...document.querySelectorAll('#text-strip .token')].map((t) => t.textContent).join('')")
    shown = re.sub(r"\d/\d", "", shown)
    assert shown == whole.replace("\n", "⏎").replace("\u202e", "\\u{202e}"), (shown, whole)
    assert "渡" in shown and "</script><img" in shown, shown
    output = page.numbers["lens"][-1]
    for index in [1, page.size // 2, page.size - 1]:
        page.browser.point(page.token("text", index))
        loss = -output["target"][index - 1] / math.log(2)
        same(page.text("#text-loss").split("Loss")[1], loss, 0.0006, "loss")
        same(page.labels("#text-strip .token")[index].rsplit(": ", 1)[1], loss, 0.0006, "loss")
        guesses(page, "#expected", -1, index - 1)
        guesses(page, "#next", -1, index)
    same(page.text("#summary dd"), page.numbers["summary"]["bits_per_byte"], 0.0006, "bits per byte")


def keys(page):
    """The arrow keys walk through the text, and what is said follows."""
    page.browser.click(page.token("text", 2))
    page.browser.mouse("mouseMoved", [5, 5])
    assert page.focus() == 2
    page.browser.press("ArrowRight", 3)
    assert page.focus() == 5
    assert page.text("#text-token").startswith("Token 5:")
    page.browser.press("ArrowDown")
    below = page.focus()
    assert below > 5, below
    page.browser.press("ArrowUp")
    assert page.focus() < below
    page.browser.press("End")
    assert page.focus() == page.size - 1
    page.browser.press("Home")
    assert page.focus() == 0 and "not predicted" in page.text("#text-loss")
    outline = page.browser.run("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid", outline


def attention(page):
    page.browser.click("#tab-attention")
    assert "Attention is not an explanation" in page.text("#view-attention")
    cells = page.labels("#heads [role=gridcell]")
    heads = [head for layer in page.numbers["attention"] for head in layer]
    assert len(cells) == len(heads)
    for cell, head in zip(cells, heads):
        same(cell.split("entropy ")[1], head["entropy"], 0.006, cell)
    painted = """[...document.querySelectorAll('#heads canvas, #attention-map canvas')].every((canvas) => {
        const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        return data[3] === 255 && data[4 * canvas.width - 1] === 0;
    })"""
    assert page.browser.run(painted), "the pictures of heads have a lower triangle"
    page.browser.click("#heads [role=gridcell]")
    page.browser.press("ArrowDown")
    page.browser.press("ArrowRight", 2)
    assert page.text("#head-title") == "Layer 1, head 2"
    weights = page.numbers["attention"][1][2]["weights"]
    token = page.size - 2
    page.browser.point(page.token("attention", token))
    close_shares(page.labels("#attention-strip .token"), weights[token], "attention")
    first = max(weights[token])
    same(page.rows("#attention-list")[0][1], 100 * first, 0.41, "the token most looked at")
    page.browser.click("input[value=to]")
    page.browser.point(page.token("attention", 3))
    close_shares(page.labels("#attention-strip .token"), [row[3] for row in weights], "attention to")
    # The picture, by keys: from the row of the token in hand, two columns on.
    page.browser.click("#attention-map canvas")
    page.browser.press("Home")
    page.browser.press("ArrowRight", 2)
    reading = page.text("#attention-map .reading")
    row = int(re.search(r"\((\d+)\) looks at", reading).group(1))
    close_shares([reading], [weights[row][2]], "picture")


def rollout(page):
    page.browser.click("#tab-rollout")
    token = page.size - 1
    page.browser.point(page.token("rollout", token))
    close_shares(page.labels("#rollout-strip .token"), page.numbers["rollout"][-1][token], "rollout")
    page.browser.run("document.querySelector('#rollout-layer').focus()")
    page.browser.press("Home")
    page.browser.point(page.token("rollout", token))
    close_shares(page.labels("#rollout-strip .token"), page.numbers["rollout"][0][token], "rollout of the first block")


def lens(page):
    page.browser.click("#tab-lens")
    script = "[...document.querySelectorAll('#lens-table td')].map((td) => [+td.dataset.state, +td.dataset.token, td.textContent, td.className])"
    cells = page.browser.run(script)
    assert len(cells) == (page.layers + 1) * page.size
    for state, token, shown, kind in cells:
        layer = page.numbers["lens"][state]
        assert shown == name(page, layer["top"][token][0])
        assert ("right" in kind) == (layer["rank"][token] == 0)
    page.browser.click("#lens-table [data-state='2'][data-token='4']")
    guesses(page, "#lens-list", 2, 4)
    page.browser.press("ArrowUp")
    page.browser.press("ArrowRight")
    assert (page.focus("state"), page.focus("token")) == (3, 5)
    guesses(page, "#lens-list", 3, 5)
    same(page.text("#lens-target").rsplit(", ", 2)[1], 100 * math.exp(page.numbers["lens"][3]["target"][5]), 0.006, "what follows")
    way = [row[1] for row in page.rows("#lens-layers")]
    for shown, state in zip(way, range(page.layers, -1, -1), strict=True):
        same(shown, 100 * math.exp(page.numbers["lens"][state]["target"][5]), 0.006, "by layer")
        rank = int(re.search(r"(\d[\d,]*)(st|nd|rd|th)", shown).group(1).replace(",", ""))
        assert rank == page.numbers["lens"][state]["rank"][5] + 1, shown


def attribution(page):
    page.browser.click("#tab-attribution")
    for token in [page.size - 1, page.size // 2]:
        page.browser.point(page.token("attribution", token))
        values = page.numbers["attribution"][token]["values"]
        step = max(abs(value) for value in values) / 127
        labels = page.labels("#attribution-strip .token")
        for label, value in zip(labels, values):
            same(label.rsplit(": ", 1)[1], value, step * 0.51 + 6e-5, label)
        assert all(label.endswith(": later") for label in labels[token + 1 :])
    wanted = page.browser.run("document.querySelector('#attribution-strip .wanted').dataset.token")
    assert int(wanted) == token + 1


def main(program, file, numbers):
    page_address = pathlib.Path(file).resolve().as_uri()
    numbers = json.loads(pathlib.Path(numbers).read_text())
    with Browser(program) as browser:
        browser.open(page_address)
        page = Page(browser, numbers)
        for check in [tabs, text_and_losses, keys, attention, rollout, lens, attribution]:
            check(page)
        browser.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])
        background = browser.run("getComputedStyle(document.body).backgroundColor")
        assert background == "rgb(20, 24, 29)", background
        # The text of the corpus made nothing, and the policy lets nothing else in.
        assert browser.run("document.querySelectorAll('img, iframe').length") == 0
        assert browser.problems == [], browser.problems
        assert browser.requests == [page_address], browser.requests
        refused = browser.run("fetch('data:,').then(() => 'fetched', () => 'refused')")
        assert refused == "refused", refused
    print("all is well")


if __name__ == "__main__":
    main(*sys.argv[1:])
