"""The cache of the hall lies in the database."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext


@pytest.mark.django_db
def test_what_is_put_into_the_cache_comes_out_again():
    cache.set("word", "senyum", 60)
    assert cache.get("word") == "senyum"
    cache.set("word", {"a": [1, 2]}, None)
    assert cache.get("word") == {"a": [1, 2]}
    cache.delete("word")
    assert cache.get("word") is None


@pytest.mark.django_db
def test_adding_keeps_what_is_there_and_replaces_what_has_ended():
    assert cache.add("word", "first", 60) is True
    assert cache.add("word", "second", 60) is False
    assert cache.get("word") == "first"
    _end("word")
    assert cache.get("word") is None
    assert cache.add("word", "second", 60) is True
    assert cache.get("word") == "second"


@pytest.mark.django_db
def test_touching_prolongs_what_has_not_ended():
    assert cache.touch("word", 60) is False
    cache.set("word", "senyum", 60)
    assert cache.touch("word", 600) is True
    _end("word")
    assert cache.touch("word", 600) is False


@pytest.mark.django_db(transaction=True)
def test_a_write_is_one_statement():
    with CaptureQueriesContext(connection) as asked:
        cache.set("word", "senyum", 60)
        cache.add("other", "senyum", 60)
        cache.set("word", "senyum", 60)
    assert len(asked) == 3
    cache.clear()


@pytest.mark.django_db
def test_many_others_push_nothing_out():
    """The counts of wrong passwords among them: whoever tries many names must not make the hall forget one."""
    cache.set("a-wrong-password", 7, 60)
    for number in range(400):
        cache.set(f"other-{number}", 1, 60)
    assert cache.get("a-wrong-password") == 7


@pytest.mark.django_db
def test_a_write_that_fails_spoils_no_transaction():
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SAVEPOINT before")
            cursor.execute("ALTER TABLE core_cache RENAME TO core_cache_away")
        cache.set("word", "senyum", 60)
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")  # an aborted transaction would refuse it
            cursor.execute("ROLLBACK TO SAVEPOINT before")
    assert cache.get("word") is None


def _end(key: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE core_cache SET expires = '2020-01-01' WHERE cache_key LIKE %s", [f"%:{key}"])
