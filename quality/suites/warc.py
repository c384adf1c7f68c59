"""Crawl files of warcio, whirlwind-python and resiliparse: good, damaged, and in each container.

A case is a file with what its own project's tests say is in it: how many pages can be read, and
what must not be taken for one. The same crawl in another container must give the same pages.
"""

# file, pages that must be kept, rules of rows that must be dropped (in any order)
CASES = [
    # warcio: one page, a revisit of it
    ("webrecorder+warcio/example.warc", ["http://example.com/"], ["collect.revisit"]),
    ("webrecorder+warcio/example.warc.gz", ["http://example.com/"], ["collect.revisit"]),
    # one gzip member for the whole file
    ("webrecorder+warcio/example-bad-non-chunked.warc.gz", ["http://example.com/"], ["collect.revisit"]),
    # the last member is cut off, and a redirect
    ("webrecorder+warcio/example-bad.warc.gz.bad", ["http://example.com?example=1"], None),
    # only requests
    ("webrecorder+warcio/example-digest.warc", [], []),
    ("webrecorder+warcio/example-iana.org-chunked.warc", ["http://www.iana.org/"], []),
    ("webrecorder+warcio/example-resource.warc.gz", ["http://example.com/"], []),
    # an image with spaces in its address
    ("webrecorder+warcio/example-space-in-target-uri.warc.gz", [], ["collect.media_type"]),
    # Content-Length is too short, so that its block digest is another
    ("webrecorder+warcio/example-trunc.warc", [], None),
    ("webrecorder+warcio/example-wget-bad-target-uri.warc.gz", ["http://example.com/"], []),
    ("webrecorder+warcio/example-wrong-chunks.warc.gz", ["http://example.com/"], []),
    # answers in JSON
    ("webrecorder+warcio/post-test.warc.gz", [], ["collect.media_type"] * 3),
    ("webrecorder+warcio/example.arc", ["http://example.com/"], []),
    ("webrecorder+warcio/example.arc.gz", ["http://example.com/"], []),
    ("webrecorder+warcio/example-space-in-url.arc", ["http://example.com/file with spaces"], None),
    # lengths that are none
    ("webrecorder+warcio/bad.arc", [], None),
    ("commoncrawl+whirlwind-python/whirlwind.warc", ["https://an.wikipedia.org/wiki/Escopete"], []),
    ("commoncrawl+whirlwind-python/whirlwind.warc.gz", ["https://an.wikipedia.org/wiki/Escopete"], []),
    ("commoncrawl+whirlwind-python/whirlwind.warc.wet", ["https://an.wikipedia.org/wiki/Escopete"], []),
    ("commoncrawl+whirlwind-python/whirlwind.warc.wet.gz", ["https://an.wikipedia.org/wiki/Escopete"], []),
    ("commoncrawl+whirlwind-python/whirlwind.warc.wat", [], ["collect.metadata"]),
    ("commoncrawl+whirlwind-python/whirlwind.warc.wat.gz", [], ["collect.metadata"]),
]
# The same records in several containers, and how many pages they hold at least.
SAME = [
    ("chatnoir-eu+chatnoir-resiliparse/warcfile.warc", ["", ".gz", ".lz4"], 1),
    ("chatnoir-eu+chatnoir-resiliparse/block-sized-records.warc", ["", ".gz", ".lz4"], 0),
]
# Damaged files that still hold pages.
DAMAGED = [
    ("chatnoir-eu+chatnoir-resiliparse/clipped.warc.gz", 1),
    ("chatnoir-eu+chatnoir-resiliparse/clueweb-quirk.warc.gz", 1),
]


def measure(shared, collect):
    folder = shared / "data/warc"
    counts = {"files": 0, "passed": 0, "pages": 0}

    def count(name, passed, rows):
        counts["files"] += 1
        counts["passed"] += bool(passed)
        counts["pages"] += len(kept(rows))
        if not passed:
            print(f"  warc: {name}: {[(row.get('url'), row.get('rule')) for row in rows]}")

    for name, pages, rules in CASES:
        rows = collect(folder / name)
        urls = [row["url"] for row in kept(rows)]
        found = sorted(row["rule"] for row in rows if not row["kept"])
        count(name, urls == pages and rules in (None, found), rows)
    for name, endings, least in SAME:
        bodies = []
        for ending in endings:
            rows = collect(folder / (name + ending))
            bodies.append([(row["url"], row["body"]) for row in kept(rows)])
            count(name + ending, bodies[-1] == bodies[0] and len(bodies[-1]) >= least, rows)
    for name, least in DAMAGED:
        rows = collect(folder / name)
        count(name, len(kept(rows)) >= least, rows)
    return counts


def kept(rows):
    return [row for row in rows if row["kept"]]
