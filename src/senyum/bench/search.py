"""`senyum bench search`: the catalogue's search on many services, beside two plain ones, in one run on one PostgreSQL.

The catalogue is made of real words: each service of the Sumedang example data is offered again by as many invented
regencies' agencies as it takes, its keywords drawn again. The questions are the words of those services as people say
them (synonyms, Sundanese), every third with a slip of the finger, and every reference gets the same ones.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

from senyum.bench import own_server

_HALLS = 40
#: What people who know no index write: any asked word somewhere in the text, the most words first.
_ILIKE = """
SELECT s.id FROM catalogue_service s JOIN malls_agency a ON a.id = s.agency_id,
  LATERAL (SELECT count(*) AS n FROM unnest(%s::text[]) w
            WHERE concat_ws(' ', s.name, s.name_su, s.name_en, s.keywords, a.short_name, a.name)
                  ILIKE '%%' || w || '%%') hit
 WHERE hit.n > 0 ORDER BY hit.n DESC, s.id LIMIT 20
"""
_TRIGRAM = """
SELECT s.id FROM catalogue_service s JOIN malls_agency a ON a.id = s.agency_id
 ORDER BY word_similarity(%s, concat_ws(' ', s.name, s.name_su, s.name_en, s.keywords, a.short_name)) DESC, s.id
 LIMIT 20
"""
_FULL_TEXT = """
SELECT service_id FROM catalogue_searchentry, to_tsquery('indonesian', %s) q
 WHERE words @@ q ORDER BY ts_rank(words, q) DESC, service_id LIMIT 20
"""


def _fill(services: int, chance: random.Random) -> list[tuple[str, int]]:
    """Make the catalogue; returns (what somebody asks, the code number of the kind of service that answers)."""
    from django.db import connection

    from senyum.catalogue.models import Line, LineGroup, Service
    from senyum.catalogue.synonym_commands import house_rows
    from senyum.malls.models import Agency, Booth, Mall
    from senyum.rehearsal.rows import read

    rows = read("sumedang")
    kinds = rows.services
    agencies = {row["code"]: row for row in rows.agencies}
    halls = [Mall.objects.create(code=f"h{n}", name=f"MPP {n}", short_name=f"MPP {n}") for n in range(_HALLS)]
    groups = [LineGroup.objects.create(mall=hall, prefix="A", name="A") for hall in halls]
    booths: dict[tuple[int, str], Booth] = {}
    lines: list[Line] = []
    for number in range(services):
        kind, place = kinds[number % len(kinds)], number // len(kinds) % _HALLS
        key = place, kind["agency"]
        if key not in booths:
            own = agencies[kind["agency"]]
            agency = Agency.objects.create(
                code=f"{kind['agency'][:30]}-{place}", name=f"{own['name']} {place}", short_name=own["short_name"]
            )
            booths[key] = Booth.objects.create(mall=halls[place], agency=agency)
        spoken = kind["say"].split()
        service = Service(
            agency=booths[key].agency,
            code=f"{kind['code'][:50]}-{number}",
            name=f"{kind['name']} {chance.choice(rows.districts)}",
            name_su=kind["su"],
            name_en=kind["en"],
            keywords=" ".join(chance.sample(spoken, max(1, len(spoken) - 1))),
            standard_minutes=10,
        )
        service.save(force_insert=True)
        lines.append(
            Line(mall=halls[place], booth=booths[key], agency=service.agency, service=service, group=groups[place])
        )
    Line.objects.bulk_create(lines)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    said: dict[str, list[str]] = {}
    for _language, word, means in house_rows():
        said.setdefault(means, []).append(word)
    return [(_question(kind, said, n, chance), n % len(kinds)) for n, kind in enumerate([*kinds, *kinds, *kinds])]


def _question(kind: Any, said: dict[str, list[str]], number: int, chance: random.Random) -> str:
    """Two or three words of a service as somebody would say them."""
    from senyum.catalogue.rules import words

    own = [w for w in words(kind["name"]) if len(w) > 1]
    chosen = own[:3] if len(own) < 4 else sorted(chance.sample(own, 3), key=own.index)
    spoken = [chance.choice(said[w]) if w in said and chance.random() < 0.5 else w for w in chosen]
    if number % 3 == 0:
        at = max(range(len(spoken)), key=lambda place: len(spoken[place]))
        word, cut = spoken[at], chance.randrange(max(1, len(spoken[at]) - 1))
        spoken[at] = word[:cut] + word[cut + 1 : cut + 2] + word[cut : cut + 1] + word[cut + 2 :]
    return " ".join(["mau", *spoken])


def _timed(ask: Callable[[str], Sequence[int]], questions: Sequence[tuple[str, int]], kind_of: dict[int, int]) -> Any:
    """Milliseconds (p50, p99) of every question once, after a warm-up, and the share answered among the first three."""
    for question, _kind in questions[:20]:
        ask(question)
    times, right = [], 0
    for question, kind in questions:
        begun = time.perf_counter()
        found = ask(question)
        times.append((time.perf_counter() - begun) * 1000)
        right += any(kind_of[service] == kind for service in found[:3])
    times.sort()
    return {
        "p50_ms": round(times[len(times) // 2], 2),
        "p99_ms": round(times[min(len(times) - 1, int(0.99 * len(times)))], 2),
        "first_three": round(right / len(questions), 3),
    }


def measure(services: int, say: Callable[[str], None]) -> dict[str, Any]:
    """The whole run. Django is set up and migrated on the server of DATABASE_URL."""
    from django.db import connection

    from senyum.catalogue import search
    from senyum.catalogue.models import Service
    from senyum.catalogue.rules import words
    from senyum.ops.prepare import load_words
    from senyum.rehearsal.rows import read

    load_words()
    questions = _fill(services, random.Random(4))  # nosec B311 - a repeatable catalogue
    kinds = len(read("sumedang").services)
    kind_of = {s.pk: int(s.code.rpartition("-")[2]) % kinds for s in Service.objects.all()}
    say(f"{len(kind_of)} services, {len(questions)} questions")

    def plain(sql: str, given: Callable[[str], Any]) -> Callable[[str], Sequence[int]]:
        def ask(question: str) -> Sequence[int]:
            with connection.cursor() as cursor:
                cursor.execute(sql, [given(question)])
                return [row[0] for row in cursor.fetchall()]

        return ask

    contestants: dict[str, Callable[[str], Sequence[int]]] = {
        "senyum": lambda question: [hit.service_id for hit in search.find(question) or []],
        "ilike": plain(_ILIKE, words),
        "trigram": plain(_TRIGRAM, lambda question: " ".join(words(question))),
        "full_text": plain(_FULL_TEXT, lambda question: " | ".join(words(question))),
    }
    answer: dict[str, Any] = {"services": len(kind_of), "questions": len(questions)}
    for name, ask in contestants.items():
        answer[name] = _timed(ask, questions, kind_of)
        say(f"{name}: {answer[name]}")
    for name in ("ilike", "trigram", "full_text"):
        answer[f"ratio_{name}"] = round(answer[name]["p50_ms"] / answer["senyum"]["p50_ms"], 2)
    answer["p50_ms"], answer["p99_ms"] = answer["senyum"]["p50_ms"], answer["senyum"]["p99_ms"]
    return answer


def run(services: int) -> dict[str, Any]:
    """Measure on a server of its own."""
    (answer,) = own_server.measure_in("senyum.bench.search", services)
    return answer


def main() -> None:
    """The measuring process: how many services as the argument."""
    own_server.prepare()
    own_server.answer(measure(int(sys.argv[1]), own_server.say))


if __name__ == "__main__":
    main()
