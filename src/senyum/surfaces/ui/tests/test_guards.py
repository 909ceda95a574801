"""What must hold for every page of the house, those of tomorrow included."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
import yaml
from django.db import connection, transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from scripts import build_locale
from senyum.core import clock
from senyum.journal.actor import SYSTEM
from senyum.malls.queries import local_day
from senyum.people.access import PERMISSIONS
from senyum.people.commands import create_token
from senyum.planning.asked import Asked
from senyum.planning.commands import request as request_plan
from senyum.surfaces.ui.access import access_of
from senyum.visits.commands import grant_block, issue_visit

SOURCE = build_locale.SOURCE
TEMPLATES = sorted(f for f in SOURCE.rglob("templates/**/*.html") if "tests" not in f.parts)

#: Pages of libraries, which cannot carry our mark. The log-in library checks each of its pages itself: those of an
#: account want a log-in, the others are the way to one. The API's operations say their own scope (surfaces/api).
LIBRARIES = ("allauth.", "ninja.", "django.views.i18n", "django.contrib.staticfiles")


def routes(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    """(address pattern, route) of the whole house."""
    for entry in (resolver or get_resolver()).url_patterns:
        address = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from routes(entry, address)
        else:
            yield address, entry


def own_routes() -> list[tuple[str, URLPattern]]:
    return [
        (address, route)
        for address, route in routes()
        if not getattr(route.callback, "__module__", "").startswith(LIBRARIES)
        and not address.startswith(("accounts/", "api/"))
    ]


def test_there_are_routes_to_guard():
    assert {"", "my-work/", "device/"} <= {address for address, _ in own_routes()}


def test_every_route_names_its_permission_or_says_public():
    naked = [address for address, route in own_routes() if access_of(route.callback) is None]
    assert not naked, f"Put @public, @staff(...) or @device(...) outermost on: {naked}"


def test_every_named_permission_exists():
    named = {p for _, route in own_routes() if (a := access_of(route.callback)) for p in a.permissions}
    assert named <= set(PERMISSIONS)


# No GET writes


@pytest.fixture
def people(small_mall, settings):
    """Clients: nobody, officer, greeter, manager, kiosk, board. Sessions live in cookies, caches in memory."""
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    clients = {"nobody": Client()}
    for name in ("petugas1", "penyambut", "pengelola"):
        clients[name] = Client()
        clients[name].force_login(small_mall.users[name])
    for kind in ("kiosk", "display", "smile"):
        secret = create_token(
            role=kind, mall=small_mall.mall, device=small_mall.devices[kind], now=clock.now(), actor=SYSTEM
        )
        clients[kind] = Client()
        clients[kind].post("/device/pair/", {"token": secret})
    return clients


@pytest.fixture
def filled(small_mall):
    """parameter of an address -> a value that exists in the small hall."""
    issued = issue_visit(
        mall=small_mall.mall,
        line_ids=[small_mall.lines["ktp"].pk],
        priority="regular",
        channel="kiosk",
        actor=SYSTEM,
        now=clock.now(),
    )
    counter = small_mall.counters[1]
    block = grant_block(
        mall=small_mall.mall, group_id=small_mall.groups["A"].pk, count=3, now=clock.now(), actor=SYSTEM
    )
    tomorrow = local_day(small_mall.mall, clock.now()) + timedelta(days=1)
    plan = request_plan(
        mall=small_mall.mall, by=small_mall.users["pengelola"], days=[tomorrow], asked=Asked(), now=clock.now()
    )
    return {
        "mall": small_mall.mall.code,
        "counter": counter.pk,
        "number": counter.number,
        "token": issued.token,
        "code": small_mall.mall.code,
        "agency": small_mall.agencies["dukcapil"].code,
        "slug": "ktp-elektronik",
        "event": "none",
        "life": 1,
        "line": small_mall.lines["ktp"].pk,
        "visit": issued.visit_id,
        "block": block.pk,
        "ticket": issued.tickets[0].id,
        "label": issued.label,
        "day": issued.day.isoformat(),
        "language": "id",
        "person": small_mall.users["petugas1"].pk,
        "device": small_mall.devices["kiosk"].pk,
        "kind": "call",
        "name": "forward",
        "action": "next",
        "signed": "x",
        "plan": plan.pk,
        "service": small_mall.lines["ktp"].service_id,
        "standard": small_mall.lines["ktp"].service.current_id,
        "comment": 1,
    }


def fill(address: str, values: dict[str, object]) -> tuple[str, set[str]]:
    """The address with its parameters filled in, and the names nothing is known for."""
    unknown: set[str] = set()

    def put(match: re.Match[str]) -> str:
        name = match[1].split(":")[-1]
        if name not in values:
            unknown.add(name)
        return str(values.get(name, 1))

    return "/" + re.sub(r"<([^>]+)>", put, address), unknown


@pytest.mark.django_db
def test_no_get_writes(people, filled):
    """Each page is fetched in a read-only transaction: a write raises."""
    wrote, unfilled = [], {}
    for address, _route in own_routes():
        url, unknown = fill(address, filled)
        if unknown:
            unfilled[address] = unknown
        for who, client in people.items():
            try:
                with transaction.atomic():
                    with connection.cursor() as cursor:
                        cursor.execute("SET TRANSACTION READ ONLY")
                    response = client.get(url)
                    list(response.streaming_content if response.streaming else [])
                    transaction.set_rollback(True)
                if response.status_code >= 500:
                    wrote.append(f"{url} for {who}: {response.status_code}")
            except Exception as error:
                wrote.append(f"{url} for {who}: {type(error).__name__}: {str(error).splitlines()[0]}")
    assert not wrote, "\n".join(wrote)
    assert not unfilled, f"Say in the fixture `filled` what these are: {unfilled}"


# Words


class _Words(HTMLParser):
    """Text nodes and spoken attributes of a template whose tags were taken out."""

    SPOKEN = ("title", "alt", "aria-label", "placeholder", "label", "hint", "caption", "unit")

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag, attrs):
        if tag in ("script", "style", "code", "kbd"):
            self.silent += 1
        self.found += [value for name, value in attrs if name in self.SPOKEN and value]

    def handle_startendtag(self, tag, attrs):
        self.found += [value for name, value in attrs if name in self.SPOKEN and value]

    def handle_endtag(self, tag):
        if tag in ("script", "style", "code", "kbd"):
            self.silent -= 1

    def handle_data(self, data):
        if not self.silent:
            self.found.append(data)


#: Names, which are the same in every language, and the page for faults, which says it in two languages at once.
NAMES = frozenset(
    {"Senyum", "MPP", "WIB", "QR", "ID", "SU", "EN", "PIN", "SKM", "IKM", "NIK", "OpenAPI", "SSE", "bearer"}
)
UNSPOKEN = {"ui/fault.html"}


def bare_words(text: str) -> list[str]:
    """Visible words of a template that no translation tag holds."""
    text = re.sub(r"{%\s*comment.*?endcomment\s*%}|{#.*?#}", "", text, flags=re.DOTALL)
    text = re.sub(r"{%\s*blocktrans(late)?\b.*?{%\s*endblocktrans(late)?\s*%}", "", text, flags=re.DOTALL)
    # Attributes of <html> and <body>, which pages write as blocks.
    text = re.sub(
        r"{%\s*block (body_data|html_data|body_class)\s*%}.*?{%\s*endblock", "{% endblock", text, flags=re.DOTALL
    )
    text = re.sub(r"{%.*?%}|{{.*?}}", "", text, flags=re.DOTALL)
    reader = _Words()
    reader.feed(text)
    words = (word for piece in reader.found for word in re.findall(r"[^\W\d_]+(?:-[^\W\d_]+)*", piece))
    return [word for word in words if len(word) > 1 and word not in NAMES]


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda f: f"{f.parent.name}/{f.name}")
def test_every_visible_word_of_a_template_is_translated(file: Path):
    if f"{file.parent.name}/{file.name}" in UNSPOKEN:
        return
    assert bare_words(file.read_text()) == []


def test_the_word_finder_finds():
    assert bare_words('<p title="Judul">{% translate "a" %} Halo {{ nama }}<script>var x</script></p>') == [
        "Judul",
        "Halo",
    ]
    assert bare_words("{% blocktranslate %}Halo {{ x }}{% endblocktranslate %} Senyum 12 A-027") == []


#: Words the glossary forbids on screen in Indonesian -> the house's word. `antrian` stays findable in the search only.
FORBIDDEN = {
    r"antri(an)?": "antre, antrean",
    r"nomer": "nomor",
    r"cancel|reschedule|booking|reminder|feedback|user|login|logout": "an Indonesian word",
    r"password|update|online|offline": "kata sandi, baru, daring, luring",
    r"customer|pelanggan": "warga, pemohon",
    r"teller|konter": "loket",
    r"komplain": "pengaduan",
    r"anjungan": "kios",
    r"dokter gigi|nasabah": "warga",
}


def test_the_glossary_is_kept_on_screen():
    found = []
    for key, files in build_locale.used().items():
        for wrong, right in FORBIDDEN.items():
            if re.search(rf"\b({wrong})\b", key, re.IGNORECASE):
                found.append(f"{sorted(files)}: {key!r} -> {right}")
    assert not found, "\n".join(found)


#: The same for Sundanese: one word for one thing (docs/look.md).
FORBIDDEN_SUNDANESE = {
    r"antr[eé]an(ana|na)?": "antrian",
    r"nomor": "nomer",
    r"calukan|dicalukan": "diondang",
    r"anjungan": "kios",
}


def test_sundanese_has_one_word_for_one_thing():
    found = []
    for key, entry in build_locale.read_parts().items():
        word = entry.words["su"]
        for form in word if isinstance(word, tuple) else (word,):
            for wrong, right in FORBIDDEN_SUNDANESE.items():
                if re.search(rf"\b({wrong})\b", form, re.IGNORECASE):
                    found.append(f"{key!r}: {form!r} -> {right}")
    spoken = (SOURCE / "visits/announce.py").read_text()
    assert not re.search(r"antr[eé]an", "".join(re.findall(r'\("su", \w+\): "(.*)"', spoken)))
    assert not found, "\n".join(found)


def test_the_seeded_words_keep_the_glossary():
    """Services, requirements and lines are read on screen too; their search words may be what people say."""
    found = []
    for file in sorted(SOURCE.rglob("*.yaml")):
        if file.parent.name == "parts":
            continue
        for path, text in _strings(yaml.safe_load(file.read_text())):
            if not re.search("synonym|keyword|search|alias|source|said|ask|filler", path) and re.search(
                r"\b(antri|antrian|nomer)\b", text
            ):
                found.append(f"{file.name}: {path}: {text!r}")
    assert not found, "\n".join(found)


def _strings(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _strings(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner, path)


def test_no_script_needs_eval_and_none_reads_the_browsers_clock_for_the_hall():
    """The content security policy forbids eval; the browser's clock is neither the hall's nor the server's."""
    found = []
    for file in sorted(SOURCE.rglob("static/**/*.js")):
        if "vendor" in file.parts:
            continue
        text = file.read_text()
        found += [
            f"{file.name}: {word}"
            for word in ("eval(", "new Function", ".innerHTML =", "document.write")
            if word in text
        ]
    assert not found


def test_no_template_needs_eval():
    found = [
        f"{file.name}: {match[0]}"
        for file in TEMPLATES
        for match in re.finditer(
            r"hx-on[:\w-]*=|hx-trigger=\"[^\"]*\[|hx-vals=['\"]js:|\bx-on:|\sstyle=|\son\w+=\"", file.read_text()
        )
    ]
    assert not found
