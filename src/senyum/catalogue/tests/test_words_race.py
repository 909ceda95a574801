"""Two people put services with new words at once: one waits for the other, never each for the other."""

from __future__ import annotations

import threading
import time
from typing import Any

import psycopg
import pytest
from django.db import connection, connections

from senyum.catalogue.models import SearchWord, Service
from senyum.core.live import connection_parameters
from senyum.rehearsal.queries import SmallHall

pytestmark = pytest.mark.django_db(transaction=True)

#: What the trigger did before: the words of each row by themselves.
ROW_BY_ROW = """
CREATE FUNCTION words_of_a_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO catalogue_searchword (word) SELECT DISTINCT word FROM unnest(string_to_array(NEW.name, ' ')) word
  ORDER BY word ON CONFLICT (word) DO NOTHING;
  RETURN NULL;
END $$;
ALTER TABLE catalogue_service DISABLE TRIGGER catalogue_service_words_put;
CREATE TRIGGER words_of_a_row AFTER INSERT ON catalogue_service FOR EACH ROW EXECUTE FUNCTION words_of_a_row();
"""
BACK = """
DROP FUNCTION words_of_a_row CASCADE;
ALTER TABLE catalogue_service ENABLE TRIGGER catalogue_service_words_put;
"""


def put(hall: SmallHall, office: str, words: list[str], said: list[BaseException | None]) -> None:
    """One statement with a service a word, in this order."""
    agency = hall.agencies[office]
    try:
        Service.objects.bulk_create(
            [Service(agency=agency, code=f"{word}-{words[0]}", name=word, standard_minutes=5) for word in words]
        )
        said.append(None)
    except Exception as error:
        said.append(error)
    finally:
        connections.close_all()


def wait_for(who: int, raw: psycopg.Connection[Any]) -> None:
    """Until so many connections wait for somebody else's word."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        # In this test's database: the next worker may run the other race beside it.
        row = raw.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        ).fetchone()
        if row == (who,):
            return
        time.sleep(0.01)
    raise AssertionError("nobody waits")


def race(hall: SmallHall) -> list[BaseException | None]:
    """One holds "mangga"; the first waits for it half-way; the second begins; "mangga" is given back."""
    said: list[BaseException | None] = []
    with (
        psycopg.connect(**connection_parameters()) as holder,
        psycopg.connect(**connection_parameters(), autocommit=True) as watcher,
    ):
        holder.execute("INSERT INTO catalogue_searchword (word) VALUES ('mangga')")
        writers = []
        # Of two agencies: the services of one take turns for their addresses anyhow.
        asked = (("dukcapil", ["zaitun", "mangga", "apel"]), ("polres", ["apel", "zaitun"]))
        for number, (office, words) in enumerate(asked, start=1):
            writers.append(threading.Thread(target=put, args=(hall, office, words, said)))
            writers[-1].start()
            wait_for(number, watcher)
        holder.rollback()
        for writer in writers:
            writer.join()
    return said


def test_words_of_a_statement_are_written_in_one_order(small_mall: SmallHall) -> None:
    assert race(small_mall) == [None, None]
    assert {"zaitun", "mangga", "apel"} <= set(SearchWord.objects.values_list("word", flat=True))


def test_row_by_row_they_wait_for_each_other(small_mall: SmallHall) -> None:
    """The negative control: without the order the race occurs."""
    with connection.cursor() as cursor:
        cursor.execute(ROW_BY_ROW)
    try:
        said = race(small_mall)
    finally:
        with connection.cursor() as cursor:
            cursor.execute(BACK)
    assert sorted(type(error).__name__ for error in said) == ["NoneType", "OperationalError"]
    assert "deadlock" in str(next(error for error in said if error))
