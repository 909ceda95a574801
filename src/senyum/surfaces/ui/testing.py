"""The test client of all pages: each response it fetches is also checked as a page.

    def test_shows_the_line(page_client):
        page = page_client.page("/m/sumedang/")
        assert "A-027" in page.text

Checked: status, title, one h1, ids, labels, forms, csrf, inline script and style, alt texts, headings, nesting,
tokens in addresses, and a ceiling on queries. Fragments (`client.fragment`) are checked for all but title and h1.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

#: Of a page in a process that has no snapshot of the hall yet; building that takes about a dozen (visits/hall.py). That
#: more rows need no more queries has tests of its own.
MAX_QUERIES = 32
VOID = frozenset(["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"])
#: SVG shapes may close themselves.
SELF_CLOSING = frozenset(["path", "circle", "rect", "line", "polyline", "polygon", "ellipse", "use", "stop"])
#: Script elements that browsers never run, so that the policy of a page has nothing to refuse.
DATA_BLOCKS = frozenset({"application/json", "application/ld+json"})
UNLABELLED = frozenset({"hidden", "submit", "reset", "button", "image"})
#: What may never stand in an address: a bearer token, a NIK.
SECRET_IN_ADDRESS = re.compile(r"sny_[0-9a-f]|(?<!\d)\d{16}(?!\d)|[?&](token|secret|password|pin|nik)=", re.IGNORECASE)


class PageProblem(AssertionError):
    """What is wrong with a page, all at once."""


@dataclass
class Node:
    """One element: its tag, attributes, children, and the words inside."""

    tag: str
    attrs: dict[str, str | None]
    parent: Node | None = None
    children: list[Node] = field(default_factory=list)
    words: list[str] = field(default_factory=list)

    def all(self, *tags: str) -> Iterator[Node]:
        """All elements below with one of the tags; without tags, all."""
        for child in self.children:
            if not tags or child.tag in tags:
                yield child
            yield from child.all(*tags)

    def first(self, *tags: str) -> Node | None:
        """The first of them, or None."""
        return next(self.all(*tags), None)

    def inside(self, *tags: str) -> Node | None:
        """The nearest element around with one of the tags, or None."""
        node = self.parent
        while node is not None and node.tag not in tags:
            node = node.parent
        return node

    @property
    def text(self) -> str:
        """The words inside, in order of the elements, with single spaces."""
        return " ".join(" ".join(self._pieces()).split())

    def _pieces(self) -> Iterator[str]:
        yield from self.words
        for child in self.children:
            if child.tag not in ("script", "style", "template"):
                yield from child._pieces()

    def get(self, name: str) -> str:
        """An attribute, "" when it is missing or empty."""
        return self.attrs.get(name) or ""


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node("#root", {})
        self.here = self.root
        self.problems: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        twice = [name for name, n in Counter(name for name, _ in attrs).items() if n > 1]
        if twice:
            self.problems.append(f"<{tag}> has {', '.join(twice)} twice")
        node = Node(tag, dict(attrs), self.here)
        self.here.children.append(node)
        if tag not in VOID:
            self.here = node

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.here = self.here.parent or self.root

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            self.problems.append(f"</{tag}> closes nothing")
        elif self.here.tag != tag:
            line, _column = self.getpos()
            self.problems.append(f"line {line}: </{tag}> closes <{self.here.tag}>")
        else:
            self.here = self.here.parent or self.root

    def handle_data(self, data: str) -> None:
        self.here.words.append(data)


def parse(html: str) -> tuple[Node, list[str]]:
    """The elements of a page, and what is wrong with their nesting."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    if reader.here is not reader.root:
        reader.problems.append(f"<{reader.here.tag}> is never closed")
    return reader.root, reader.problems


def check(html: str, *, whole: bool = True) -> tuple[Node, list[str]]:
    """The elements of a page or fragment, and everything that is wrong with it in words."""
    root, problems = parse(html)
    if whole:
        problems += _document(root)
    ids = Counter(node.get("id") for node in root.all() if node.get("id"))
    problems += [f"id {name!r} stands {n} times" for name, n in ids.items() if n > 1]
    for node in root.all():
        problems += _element(node, root, ids, whole)
    return root, problems


def _document(root: Node) -> list[str]:
    problems = []
    titles = [node for node in root.all("title") if node.inside("svg") is None]
    if len(titles) != 1 or not titles[0].text:
        problems.append(f"{len(titles)} titles, or an empty one")
    headings = list(root.all("h1"))
    if len(headings) != 1 or not headings[0].text:
        problems.append(f"{len(headings)} h1, or an empty one")
    html = root.first("html")
    if html is None or not html.get("lang"):
        problems.append("<html> says no language")
    if len(list(root.all("main"))) != 1:
        problems.append("not exactly one <main>")
    return problems


def _element(node: Node, root: Node, ids: Mapping[str, int], whole: bool) -> list[str]:
    problems = [f"<{node.tag}> has {name}" for name in node.attrs if name.startswith("on") or name == "style"]
    problems += [f"<{node.tag}> has {name}" for name in node.attrs if name.startswith("hx-on")]
    for name in ("href", "src", "action", "hx-get", "hx-post"):
        address = node.get(name)
        if SECRET_IN_ADDRESS.search(address):
            problems.append(f"a secret in {name}={address!r}")
        if address.lower().startswith("javascript:"):
            problems.append(f"<{node.tag}> {name} is a script")
    if node.tag == "script" and not node.get("src") and node.get("type") not in DATA_BLOCKS:
        problems.append("inline <script>")
    if node.tag == "style":
        problems.append("inline <style>")
    if node.tag == "img" and "alt" not in node.attrs:
        problems.append(f"<img src={node.get('src')!r}> without alt")
    if node.tag in ("input", "select", "textarea"):
        problems += _labelled(node, root)
    if node.tag == "form":
        problems += _form(node, root)
    if node.tag in ("a", "button") and not _name(node, root):
        problems.append(f"<{node.tag} {node.get('href') or node.get('id')}> has no name")
    if whole:
        for name in ("aria-labelledby", "aria-describedby", "aria-controls"):
            problems += [f"{name} names {i!r}, which is not there" for i in node.get(name).split() if i not in ids]
    return problems


def _labelled(node: Node, root: Node) -> list[str]:
    if node.get("type") in UNLABELLED or node.get("aria-label") or node.get("aria-labelledby"):
        return []
    if node.inside("label") is not None:
        return []
    if any(label.get("for") == node.get("id") and label.text for label in root.all("label") if node.get("id")):
        return []
    return [f"<{node.tag} name={node.get('name')!r}> has no label"]


def _form(node: Node, root: Node) -> list[str]:
    method = node.get("method").lower()
    problems = []
    if method not in ("get", "post", "dialog"):
        problems.append("a form says no method")
    if method != "dialog" and not node.get("action"):
        problems.append("a form says no action")
    if method == "post" and not any(i.get("name") == "csrfmiddlewaretoken" for i in node.all("input")):
        problems.append(f"the POST form to {node.get('action')!r} carries no csrf token")
    if method == "get" and any(i.get("name") == "csrfmiddlewaretoken" for i in node.all("input")):
        problems.append(f"the GET form to {node.get('action')!r} puts its csrf token in the address")
    if method != "dialog" and not _can_be_sent(node, root):
        problems.append(f"the form to {node.get('action')!r} cannot be sent without a script")
    return problems


def _can_be_sent(form: Node, root: Node) -> bool:
    outside = (b for b in root.all("button", "input") if b.get("form") and b.get("form") == form.get("id"))
    return any(
        b.get("type") in ("", "submit", "image")
        for b in (*form.all("button", "input"), *outside)
        if b.tag == "button" or b.get("type")
    )


def _name(node: Node, root: Node) -> str:
    if node.get("aria-label") or node.get("aria-labelledby") or node.get("title"):
        return "named"
    pictures = " ".join(n.get("aria-label") or n.get("alt") for n in node.all("svg", "img"))
    return (node.text + pictures).strip()


@dataclass
class Page:
    """A response that passed the checks."""

    response: HttpResponse
    root: Node
    html: str
    queries: int

    @property
    def text(self) -> str:
        """All words of the page."""
        return self.root.text

    @property
    def title(self) -> str:
        """The page's title."""
        found = self.root.first("title")
        return found.text if found else ""

    @property
    def heading(self) -> str:
        """The page's h1."""
        found = self.root.first("h1")
        return found.text if found else ""

    def find(self, tag: str, **attrs: str) -> list[Node]:
        """Elements with these attributes; `class_`, `for_` and dashes as underscores; a class may be one of several."""
        wanted = {name.rstrip("_").replace("_", "-"): value for name, value in attrs.items()}
        return [
            node
            for node in self.root.all(tag)
            if all(v in node.get(k).split() if k == "class" else node.get(k) == v for k, v in wanted.items())
        ]

    def form(self, action: str) -> dict[str, str]:
        """The fields of the form with that action, without its csrf token. LookupError if there is none."""
        for node in self.root.all("form"):
            if node.get("action") == action:
                return {
                    i.get("name"): i.get("value")
                    for i in node.all("input")
                    if i.get("name") not in ("", "csrfmiddlewaretoken")
                    and (i.get("type") not in ("radio", "checkbox") or "checked" in i.attrs)
                }
        raise LookupError(f"no form goes to {action}")


class PageClient(Client):
    """Django's test client that checks each page. `page` and `fragment` fetch, `send` posts and follows."""

    def page(
        self, url: str, *, status: int = 200, max_queries: int = MAX_QUERIES, data: Mapping[str, Any] | None = None
    ) -> Page:
        """GET a whole page."""
        return self._checked("get", url, status, max_queries, data, whole=True, headers=None)

    def fragment(self, url: str, *, status: int = 200, max_queries: int = MAX_QUERIES) -> Page:
        """GET a piece of a page, as htmx asks for it."""
        return self._checked("get", url, status, max_queries, None, whole=False, headers={"HX-Request": "true"})

    def send(
        self,
        url: str,
        data: Mapping[str, Any] | None = None,
        *,
        status: int = 200,
        max_queries: int = 2 * MAX_QUERIES,
        htmx: bool = False,
    ) -> Page:
        """POST a form; without htmx a redirect is followed, and the page it ends at is checked."""
        return self._checked(
            "post",
            url,
            status,
            max_queries,
            data or {},
            whole=not htmx,
            headers={"HX-Request": "true"} if htmx else None,
        )

    def _checked(
        self,
        method: str,
        url: str,
        status: int,
        max_queries: int,
        data: Mapping[str, Any] | None,
        *,
        whole: bool,
        headers: Mapping[str, str] | None,
    ) -> Page:
        with CaptureQueriesContext(connection) as captured:
            response: Any = getattr(self, method)(url, data, follow=method == "post" and whole, headers=headers)
        if response.status_code != status:
            raise PageProblem(f"{url}: status {response.status_code}, not {status}. {_first_words(response)}")
        html = response.content.decode()
        root, problems = check(html, whole=whole) if html.strip() else (Node("#root", {}), [])
        if len(captured) > max_queries:
            told = "\n  ".join(q["sql"][:150] for q in captured.captured_queries)
            problems.append(f"{len(captured)} queries, more than {max_queries}:\n  {told}")
        if "Content-Security-Policy" not in response.headers:
            problems.append("no Content-Security-Policy")
        if problems:
            raise PageProblem(f"{url}:\n- " + "\n- ".join(problems))
        return Page(response, root, html, len(captured))


def _first_words(response: Any) -> str:
    if response.status_code in (301, 302):
        return f"It goes to {response['Location']}."
    return parse(response.content.decode(errors="replace"))[0].text[:300]
