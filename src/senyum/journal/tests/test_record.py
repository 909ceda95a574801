from __future__ import annotations

from datetime import datetime

import pytest
from django.db import DatabaseError, connection, transaction

from senyum.journal.models import Entry
from senyum.journal.record import COLUMNS, INSERT, Note, record, record_many
from senyum.journal.tests.hall import BUDI, NOON, write


@pytest.mark.django_db
def test_an_entry_says_who_what_when_and_why() -> None:
    record(
        mall="smd",
        at=NOON,
        kind="ticket.called",
        actor=BUDI,
        subject=("ticket", 12, "A-012"),
        reason="urutan",
        data={"line": 3, "counter": 9},
    )
    entry = Entry.objects.get()
    assert (entry.mall, entry.at, entry.kind, entry.reason) == ("smd", NOON, "ticket.called", "urutan")
    assert (entry.actor_kind, entry.actor_id, entry.actor_label) == ("user", "7", "Budi Santoso")
    assert (entry.subject_kind, entry.subject_id, entry.subject_label) == ("ticket", "12", "A-012")
    assert entry.data == {"line": 3, "counter": 9}
    assert entry.seq is None
    assert entry.hash is None


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_nothing_is_recorded() -> None:
    with pytest.raises(RuntimeError, match="transaction"):
        record(mall="smd", at=NOON, kind="ticket.called", actor=BUDI, subject=("ticket", 1, "A-001"))
    assert not Entry.objects.exists()


@pytest.mark.django_db
def test_many_keep_their_order() -> None:
    record_many(Note("smd", NOON, "ticket.lapsed", BUDI, ("ticket", n, f"A-{n:03}")) for n in range(5))
    assert list(Entry.objects.order_by("id").values_list("subject_id", flat=True)) == ["0", "1", "2", "3", "4"]


@pytest.mark.django_db
def test_nothing_to_record_is_no_statement(django_assert_num_queries: object) -> None:
    with django_assert_num_queries(0):  # type: ignore[operator]  # pytest-django types its fixture as object
        record_many([])


def test_a_time_without_zone_is_refused() -> None:
    note = Note("smd", datetime(2026, 3, 2), "ticket.called", BUDI, ("ticket", 1, "A-001"))  # noqa: DTZ001 - naive on purpose
    with pytest.raises(ValueError, match="time zone"):
        note.row()


@pytest.mark.django_db
def test_the_hot_statements_can_use_the_fragment() -> None:
    names = [field.column for field in Entry._meta.concrete_fields]
    assert set(names) - set(COLUMNS) == {"id", "seq", "hash"}
    with connection.cursor() as cursor:
        cursor.execute(
            INSERT + "SELECT 'smd', %s::timestamptz, 'ticket.issued', 'device', 'k1', 'Kios 1', "
            "'ticket', t::text, 'A-' || t, '', jsonb_build_object('line', t) FROM generate_series(1, 3) AS t",
            [NOON],
        )
    assert [e.data for e in Entry.objects.order_by("id")] == [{"line": 1}, {"line": 2}, {"line": 3}]


REFUSED = [
    "DELETE FROM journal_entry",
    "UPDATE journal_entry SET reason = 'lain'",
    "UPDATE journal_entry SET data = '{}'",
    "UPDATE journal_entry SET seq = 1",
    "UPDATE journal_entry SET seq = 1, hash = 'x', mall = 'other'",
    "TRUNCATE journal_entry",
]


@pytest.mark.django_db
@pytest.mark.parametrize("statement", REFUSED)
def test_the_table_refuses_to_forget(statement: str) -> None:
    write("smd", 1, line=4)
    with connection.cursor() as cursor:
        # The test database lets Django empty it; here the trigger stands as in a hall.
        cursor.execute("ALTER TABLE journal_entry ENABLE TRIGGER journal_no_truncate")
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            cursor.execute(statement)
    assert Entry.objects.get().data == {"line": 4}


@pytest.mark.django_db
def test_sealing_is_allowed_once() -> None:
    write("smd", 1)
    assert Entry.objects.update(seq=1, hash=b"x") == 1
    with pytest.raises(DatabaseError, match="sealed once"), transaction.atomic():
        Entry.objects.update(seq=2, hash=b"y")
