"""The one search of the house: what somebody typed or said -> services, best first (docs/search.md).

Asked words become alternatives (the word, its stem, its beginning, what it stands for, a slip put right), each with a
closeness; PostgreSQL finds and weighs them in one statement. A word that few services know says more than one that
many do (idf); a word of the service's own name counts half more.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from senyum.catalogue import rules
from senyum.catalogue.models import Synonym
from senyum.catalogue.rules import Alternative, Lexicon, Speech

#: Other processes see a changed synonym after this many real seconds; this one sees it at once.
KEEP_SECONDS = 10.0

_kept: dict[str, tuple[float, Speech]] = {}
_lock = threading.Lock()


def forget() -> None:
    """Drop what this process keeps of the synonyms: after a write of them, and between tests."""
    with _lock:
        _kept.clear()


def speech() -> Speech:
    """Synonyms and fillers as the rows say, kept for a few seconds. One query."""
    now = time.monotonic()
    found = _kept.get("speech")
    if found is not None and now - found[0] < KEEP_SECONDS:
        return found[1]
    value = _speech(Synonym.objects.filter(active=True).order_by("id").values_list("word", "means"))
    with _lock:
        _kept["speech"] = (now, value)
    return value


def speech_if(*, without: int | None = None, put: tuple[str, str] | None = None) -> Speech:
    """Speech as it would be without the row of that id, and with (word, meaning; "" for a filler) put. One query."""
    rows = Synonym.objects.filter(active=True).exclude(pk=without or 0).order_by("id")
    pairs = list(rows.values_list("word", "means"))
    return _speech([*pairs, put] if put else pairs)


def _speech(pairs: Iterable[tuple[str, str]]) -> Speech:
    fillers: set[str] = set()
    means: dict[str, list[str]] = defaultdict(list)
    for word, meaning in pairs:
        if not meaning:
            fillers.add(word)
        elif meaning not in means[word]:
            means[word].append(meaning)
    return rules.speech_of(fillers, means)


# What the catalogue's vocabulary knows of each asked word: whether it or a word that begins so is there, its stems,
# which of its slips are words, and which words look like it.
_LEXICON = """
SELECT asked.word,
       EXISTS (SELECT FROM catalogue_searchword w WHERE w.word = asked.word),
       length(asked.word) >= 3 AND EXISTS (
         SELECT FROM catalogue_searchword w WHERE w.word ~>=~ asked.word AND w.word ~<~ (asked.word || '{')),
       ts_lexize('pg_catalog.indonesian_stem', asked.word), ts_lexize('pg_catalog.english_stem', asked.word)
  FROM unnest(%s::text[]) AS asked (word)
"""
# For words nobody knows: which of their slips are words (similarity null), and which words look like them.
_UNKNOWN = """
SELECT NULL::text, w.word::text, NULL::real FROM catalogue_searchword w WHERE w.word = ANY(%s::text[])
UNION ALL
SELECT asked.word, near.word, near.alike
  FROM unnest(%s::text[]) AS asked (word),
       LATERAL (SELECT w.word, similarity(w.word, asked.word) AS alike FROM catalogue_searchword w
                 WHERE w.word %% asked.word ORDER BY alike DESC, w.word LIMIT 4) near
 WHERE near.alike >= %s
"""


def lexicon(words: Sequence[str]) -> Lexicon:
    """What the catalogue knows of these plain words. One query, two when some word is unknown."""
    with connection.cursor() as cursor:
        cursor.execute(_LEXICON, [list(words)])
        rows = cursor.fetchall()
        known = {word for word, there, begins, *_ in rows if there or begins}
        stems = {word: [s for s in dict.fromkeys((*(a or ()), *(b or ()))) if s != word] for word, _t, _b, a, b in rows}
        unknown = [word for word in words if word not in known and len(word) >= 3 and not word.isdigit()]
        variants = {word: rules.one_slip_words(word).keys() for word in unknown}
        there: set[str] = set()
        similar: dict[str, list[tuple[str, float]]] = defaultdict(list)
        if unknown:
            all_variants = sorted({v for some in variants.values() for v in some})
            long = [word for word in unknown if len(word) >= rules.TRIGRAM_LETTERS]
            cursor.execute(_UNKNOWN, [all_variants, long, rules.SIMILAR])
            for asked, word, alike in cursor.fetchall():
                if asked is None:
                    there.add(word)
                else:
                    similar[asked].append((word, float(alike)))
        slips = {word: sorted(variants[word] & there) for word in unknown}
    return Lexicon(frozenset(known), stems, slips, dict(similar))


@dataclass(frozen=True)
class Hit:
    """A service that answers, and how well (larger is better; comparable within one search only)."""

    service_id: int
    score: float


# `asked` holds one row an alternative: the place of its word in the question, a tsquery for anywhere and one for the
# service's own name (weight A), its closeness. Of a place the closest alternative counts.
_FIND = """
WITH asked AS MATERIALIZED (
  SELECT place, query::tsquery AS query, named::tsquery AS named, closeness
    FROM unnest(%(places)s::int[], %(queries)s::text[], %(named)s::text[], %(closeness)s::real[])
      AS a (place, query, named, closeness)
), hit AS MATERIALIZED (
  SELECT asked.place, entry.service_id,
         max(asked.closeness * CASE WHEN entry.words @@ asked.named THEN %(times)s ELSE 1 END::real) AS closeness
    FROM asked JOIN {entries} entry ON entry.words @@ asked.query
   GROUP BY asked.place, entry.service_id
), seen AS (
  SELECT place, ln(1 + {total}::real / count(*)) AS weight FROM hit GROUP BY place
), scored AS (
  SELECT hit.service_id, sum(hit.closeness * seen.weight) AS score
    FROM hit JOIN seen USING (place) GROUP BY hit.service_id
)
SELECT scored.service_id, scored.score - entry.name_words / 1000.0 AS score
  FROM scored JOIN catalogue_searchentry entry USING (service_id)
 WHERE scored.score >= %(share)s * (SELECT max(score) FROM scored) {offered}
 ORDER BY 2 DESC, 1 LIMIT %(limit)s
"""
_HERE = """(SELECT e.service_id, e.words FROM catalogue_searchentry e JOIN catalogue_line line USING (service_id)
              WHERE line.mall_id = %(mall)s AND line.active OFFSET 0)"""
_ALL_HERE = "(SELECT count(*) FROM catalogue_line WHERE mall_id = %(mall)s AND active)"
_ALL = "(SELECT count(*) FROM catalogue_searchentry)"
_OFFERED = "AND EXISTS (SELECT FROM catalogue_line line WHERE line.service_id = scored.service_id AND line.active)"


def find(
    text: str, *, limit: int = 20, mall_id: int | None = None, everywhere: bool = False, own: Speech | None = None
) -> list[Hit] | None:
    """The services that answer `text`, best first; None when nothing in it says what is wanted (only fillers).

    In one hall (`mall_id`), or among all that some hall offers; `everywhere`: also those that no hall offers yet.
    Services that answer less than half of what the best one answers are left out. `own`: other words than those of
    the rows, to try what a change would do.
    """
    own = own or speech()
    terms = rules.terms_of(text, own)
    if not terms:
        return None
    known = lexicon([term for term in terms if " " not in term])
    alternatives = [(place, a) for place, term in enumerate(terms) for a in rules.alternatives(term, own, known)]
    return _find(alternatives, limit, mall_id, everywhere)


def _find(asked: Iterable[tuple[int, Alternative]], limit: int, mall_id: int | None, everywhere: bool) -> list[Hit]:
    rows = [(place, *a.queries(), a.closeness) for place, a in asked]
    values: dict[str, Any] = {
        "places": [row[0] for row in rows],
        "queries": [row[1] for row in rows],
        "named": [row[2] for row in rows],
        "closeness": [row[3] for row in rows],
        "times": rules.NAME_COUNTS,
        "mall": mall_id,
        "share": rules.ANSWER_SHARE,
        "limit": limit,
    }
    here = mall_id is not None
    statement = (
        _FIND.replace("{entries}", _HERE if here else "catalogue_searchentry")
        .replace("{total}", _ALL_HERE if here else _ALL)
        .replace("{offered}", "" if here or everywhere else _OFFERED)
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [Hit(service_id, float(score)) for service_id, score in cursor.fetchall()]
