"""Several prepared statements in one message: one round trip, and little work on either side of it.

psycopg's pipeline sends each statement as four messages and listens after each; where a hot command is three looks and
one write, that costs more than the statements. Here they are prepared by name once for a connection, and then run as
`BEGIN; EXECUTE a(...); EXECUTE b(...)` through PostgreSQL's simple protocol.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Generator, Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from psycopg import generators, pq
from psycopg.adapt import Transformer

Rows = list[tuple[Any, ...]]
_PLACE = re.compile(r"%\((\w+)\)s|%%")


class Statement:
    """A statement with `%(name)s` places, each cast in its text (`%(ids)s::bigint[]`): so the server knows its type."""

    def __init__(self, text: str) -> None:
        self.places: list[str] = []
        self.text = _PLACE.sub(self._numbered, text)

    def _numbered(self, found: re.Match[str]) -> str:
        name = found[1]
        if name is None:
            return "%"
        if name not in self.places:
            self.places.append(name)
        return f"${self.places.index(name) + 1}"


#: What each connection calls the statements it knows. A name is never given twice, so that one which the connection was
#: made to forget, or not, is in nobody's way.
_known: WeakKeyDictionary[psycopg.Connection[Any], dict[str, str]] = WeakKeyDictionary()
_count = itertools.count(1)
Part = str | tuple[Statement, Mapping[str, str]]


def together(raw: psycopg.Connection[Any], parts: Sequence[Part]) -> list[Rows]:
    """Run `parts` in one message; the rows of each statement, in order (a plain word like BEGIN has none).

    Values are given as PostgreSQL writes them (`{1,2}`). After an error nothing behind it was run; whoever began a
    transaction takes it back. Raises psycopg.errors.InvalidSqlStatementName when the connection was made to forget its
    statements (psycopg does so after a rollback and after DDL): taken back and asked again, it works.
    """
    known = _known.setdefault(raw, {})
    escaping = pq.Escaping(raw.pgconn)
    words = []
    for part in parts:
        if isinstance(part, str):
            words.append(part)
            continue
        statement, values = part
        name = known.get(statement.text)
        if name is None:
            name = f"senyum_{next(_count)}"
            raw.execute(f"PREPARE {name} AS {statement.text}".encode())
            known[statement.text] = name
        given = [bytes(escaping.escape_literal(values[place].encode())).decode() for place in statement.places]
        words.append(f"EXECUTE {name}({', '.join(given)})" if given else f"EXECUTE {name}")
    try:
        results = _asked(raw, "; ".join(words).encode())
    except psycopg.errors.InvalidSqlStatementName:
        known.clear()
        raise
    # One reader of rows for all results: a cursor would describe every column of each, which nobody reads here.
    reader = Transformer(raw)
    found: list[Rows] = []
    for part, result in zip(parts, results, strict=True):
        if not isinstance(part, str):
            reader.set_pgresult(result)
            found.append(reader.load_rows(0, result.ntuples, tuple))
    return found


def _asked(raw: psycopg.Connection[Any], text: bytes) -> list[pq.abc.PGresult]:
    """The results of the statements in `text`, by the simple protocol. Raises the first error among them."""
    with raw.lock:
        results = raw.wait(_round(raw.pgconn, text))
    for result in results:
        if result.status == pq.ExecStatus.FATAL_ERROR:
            raise psycopg.errors.error_from_result(result, encoding=raw.info.encoding)
    return results


def _round(pgconn: pq.abc.PGconn, text: bytes) -> Generator[Any, Any, list[pq.abc.PGresult]]:
    pgconn.send_query(text)
    results: list[pq.abc.PGresult] = yield from generators.execute(pgconn)
    return results
