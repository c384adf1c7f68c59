"""robots.txt of 186 real sites, served by a local server and obeyed by the fetcher.

Each site is an address of the loopback network. For each, the paths of its own rules (with
something in place of the asterisks) and some others are put on a list; a page that comes was
allowed, one dropped as `collect.robots` was not. No path may fail otherwise.

What other parsers say about the same paths is counted beside, and differs from RFC 9309. Python's
own takes the first rule that matches instead of the longest, has no asterisks, and ends a group at
a blank line. protego, where it is installed, takes a byte order mark for a part of the first line
and ignores rules that lack their first slash, which the fetcher adds.
"""

import contextlib
import http.server
import importlib
import lzma
import re
import tarfile
import tempfile
import threading
import urllib.parse
import urllib.robotparser
from pathlib import Path

PATHS_PER_SITE = 25
COMMON = ["/", "/index.html", "/search?q=a", "/admin/", "/a/b/c.html"]
# Not asked to wait, the suite takes a minute.
DELAY = re.compile(rb"^\s*crawl-delay.*$", re.I | re.M)
SITE = "http://site.example"
RULE = re.compile(rb"^\s*(?:dis)?allow\s*:\s*([^\s#]+)", re.I | re.M)


def measure(shared, collect):
    """Pass counts over all sites, asked in the name of three robots."""
    sites = read_sites(Path(shared) / "data/robots/robots.tar.xz")
    counts = {"sites": len(sites)}
    for agent in ["textmill", "Googlebot", "GPTBot"]:
        with serve(sites) as port:
            decided = ask(sites, port, agent, collect)
        failed = [key for key, rule in decided.items() if rule not in ("", "collect.robots")]
        counts[f"{agent}_paths"] = len(decided)
        counts[f"{agent}_failed"] = len(failed)
        counts[f"{agent}_forbidden"] = sum(rule == "collect.robots" for rule in decided.values())
        for name, allows in parsers().items():
            agree = sum(
                allows(sites[site], agent, path) == (rule == "")
                for (site, path), rule in decided.items()
            )
            counts[f"{agent}_agree_{name}"] = agree
    return counts


def read_sites(archive):
    """The files by name."""
    with lzma.open(archive) as stream, tarfile.open(fileobj=stream) as tar:
        files = [member for member in tar if member.isfile()]
        return {
            Path(member.name).name: tar.extractfile(member).read()
            for member in sorted(files, key=lambda member: member.name)
        }


def paths(text):
    """Paths that the rules of a file speak of, and some others."""
    found = []
    for value in RULE.findall(text):
        path = value.decode("utf-8", "replace").removesuffix("$").replace("*", "x")
        if not path.startswith("/"):
            path = "/" + path
        path = urllib.parse.quote(path, safe="/%?&=+,;:@!~()'-._[]{}|^")
        for made in (path, path.rstrip("/") + "/page"):
            if made not in found:
                found.append(made)
    step = max(1, len(found) // (PATHS_PER_SITE - len(COMMON)))
    return (COMMON + found[::step])[:PATHS_PER_SITE]


@contextlib.contextmanager
def serve(sites):
    """A server with one site on each address from 127.0.1.1 on."""
    files = {host: DELAY.sub(b"", text) for host, text in zip(hosts(), sites.values())}

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            host = self.headers["Host"].split(":")[0]
            status, kind, body = 200, "text/html", b"<!DOCTYPE html><p>page"
            if self.path == "/robots.txt":
                kind, body = "text/plain", files[host]
            elif self.path.startswith("/.well-known/"):
                status, body = 404, b""
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("0.0.0.0", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


def hosts():
    """Loopback addresses without end."""
    return (f"127.0.{1 + index // 250}.{1 + index % 250}" for index in range(10**6))


def ask(sites, port, agent, collect):
    """The rule that dropped each path of each site, empty where it was kept."""
    decided = {}
    with tempfile.TemporaryDirectory() as folder:
        wanted = {}
        for (name, text), host in zip(sites.items(), hosts()):
            for path in paths(text):
                wanted.setdefault(f"http://{host}:{port}{path}", (name, path))
        addresses = Path(folder) / "addresses.txt"
        addresses.write_text("\n".join(wanted) + "\n")
        fetch = {
            "folder": f"{folder}/fetched",
            "allow_private": True,
            "delay_seconds": 0.0,
            "user_agent": agent,
            "agents": [],
        }
        rows = collect(addresses, kind="web", stage={"fetch": fetch})
        # The parser of addresses writes some of them otherwise.
        shape = lambda url: urllib.parse.unquote(url or "")
        by_shape = {shape(url): key for url, key in wanted.items()}
        for row in rows:
            key = by_shape.get(shape(row["url"]))
            if key is not None and row.get("rule") != "collect.repeated_address":
                decided[key] = "" if row["kept"] else row["rule"]
    return decided


def parsers():
    """Other parsers: whether a robot may fetch a path."""
    found = {"python": python_allows}
    with contextlib.suppress(ImportError):
        protego = importlib.import_module("protego").Protego
        parse = cached(lambda text: protego.parse(text.decode("utf-8", "replace")))
        found["protego"] = lambda text, agent, path: parse(text).can_fetch(SITE + path, agent)
    return found


def cached(make):
    """Remembers what was made of each text."""
    made = {}
    return lambda text: made[text] if text in made else made.setdefault(text, make(text))


@cached
def python_parser(text):
    parser = urllib.robotparser.RobotFileParser()
    parser.parse(text.decode("utf-8", "replace").splitlines())
    return parser


def python_allows(text, agent, path):
    """What the standard library says."""
    return python_parser(text).can_fetch(agent, SITE + path)
