"""Several prepared statements in one message: rows apart, values safe, forgotten names asked again."""

from __future__ import annotations

import psycopg
import pytest

from senyum.core.db import raw_cursor
from senyum.core.wire import Statement, together

SUM = Statement("SELECT sum(n)::int, %(word)s::text FROM unnest(%(numbers)s::bigint[]) n")
NONE = Statement("SELECT 1 WHERE false")
AGAIN = Statement("SELECT %(a)s::text || %(b)s::text || %(a)s::text, 'a%%'")


@pytest.mark.django_db
def test_each_statement_gives_its_own_rows() -> None:
    with raw_cursor() as cursor:
        raw = cursor.connection
        found = together(
            raw, [(SUM, {"numbers": "{1,2,39}", "word": "it's"}), (NONE, {}), (AGAIN, {"a": "x", "b": "y"})]
        )
        # A second time the names are known.
        assert together(raw, [(SUM, {"numbers": "{}", "word": '\\ " é'})]) == [[(None, '\\ " é')]]
    assert found == [[(42, "it's")], [], [("xyx", "a%")]]


@pytest.mark.django_db
def test_a_value_stays_a_value() -> None:
    wicked = "'); DROP TABLE malls_mall; --"
    with raw_cursor() as cursor:
        assert together(cursor.connection, [(SUM, {"numbers": "{1}", "word": wicked})]) == [[(1, wicked)]]
        assert cursor.execute("SELECT count(*) FROM malls_mall").fetchone() is not None


@pytest.mark.django_db
def test_after_an_error_nothing_behind_it_was_run() -> None:
    with raw_cursor() as cursor:
        raw = cursor.connection
        cursor.execute("CREATE TEMPORARY TABLE wire_test (n int)")
        with pytest.raises(psycopg.errors.InvalidTextRepresentation):
            together(
                raw,
                ["SAVEPOINT wire", (SUM, {"numbers": "no array", "word": ""}), "INSERT INTO wire_test VALUES (1)"],
            )
        raw.execute("ROLLBACK TO SAVEPOINT wire")
        assert raw.execute("SELECT count(*) FROM wire_test").fetchone() == (0,)


@pytest.mark.django_db
def test_a_connection_that_forgot_its_statements_learns_them_again() -> None:
    with raw_cursor() as cursor:
        raw = cursor.connection
        together(raw, [(NONE, {})])
        raw.execute("DEALLOCATE ALL")
        raw.execute("SAVEPOINT wire")
        with pytest.raises(psycopg.errors.InvalidSqlStatementName):
            together(raw, [(NONE, {})])
        raw.execute("ROLLBACK TO SAVEPOINT wire")
        assert together(raw, [(NONE, {})]) == [[]]
