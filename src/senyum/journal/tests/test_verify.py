from __future__ import annotations

import json
from collections.abc import Iterator

import psycopg
import pytest
from django.db import connection
from typer.testing import CliRunner

from senyum.core.live import connection_parameters
from senyum.journal import verify as verify_module
from senyum.journal.cli import app
from senyum.journal.sequencer import seal
from senyum.journal.tests.hall import write
from senyum.journal.verify import verify

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sealed() -> Iterator[None]:
    """Twelve sealed entries in each of two malls."""
    for number in range(12):
        write("smd", number, line=3, counter=number)
        write("jtn", number, line=4)
    with psycopg.connect(**connection_parameters(), autocommit=True) as own:
        seal(own)
    yield
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE journal_entry ENABLE TRIGGER journal_no_change")


def tamper(*statements: str) -> None:
    """As a superuser would: the guard is taken away first."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE journal_entry DISABLE TRIGGER journal_no_change")
        for statement in statements:
            cursor.execute(statement)


def test_an_untouched_journal_is_sound(sealed: None) -> None:
    write("smd", 99)
    report = verify()
    assert (report.sound, report.sealed, report.unsealed, report.first_bad) == (True, 24, 1, None)
    assert [m.mall for m in report.malls] == ["jtn", "smd"]
    assert verify("smd").sealed == 12


def test_an_empty_journal_is_sound() -> None:
    report = verify()
    assert (report.sound, report.sealed, report.malls) == (True, 0, ())


CASES = {
    "edited data": (["UPDATE journal_entry SET data = '{\"line\": 5}' WHERE seq = 7 AND mall = 'smd'"], 7, "changed"),
    "edited time": (
        ["UPDATE journal_entry SET at = at + interval '1 us' WHERE seq = 2 AND mall = 'smd'"],
        2,
        "changed",
    ),
    "edited actor": (["UPDATE journal_entry SET actor_label = 'X' WHERE seq = 1 AND mall = 'smd'"], 1, "changed"),
    "deleted": (["DELETE FROM journal_entry WHERE seq = 5 AND mall = 'smd'"], 5, "missing"),
    "first deleted": (["DELETE FROM journal_entry WHERE seq = 1 AND mall = 'smd'"], 1, "missing"),
    "deleted and closed up": (
        [
            "DELETE FROM journal_entry WHERE seq = 5 AND mall = 'smd'",
            "UPDATE journal_entry SET seq = -seq WHERE seq > 5 AND mall = 'smd'",
            "UPDATE journal_entry SET seq = -seq - 1 WHERE seq < 0 AND mall = 'smd'",
        ],
        5,
        "changed",
    ),
    "reordered": (
        [
            "UPDATE journal_entry SET seq = -4 WHERE seq = 4 AND mall = 'smd'",
            "UPDATE journal_entry SET seq = 4 WHERE seq = 8 AND mall = 'smd'",
            "UPDATE journal_entry SET seq = 8 WHERE seq = -4 AND mall = 'smd'",
        ],
        4,
        "changed",
    ),
    "tail cut": (["DELETE FROM journal_entry WHERE seq > 9 AND mall = 'smd'"], 10, "tail cut"),
    "all cut": (["DELETE FROM journal_entry WHERE mall = 'smd'"], 1, "tail cut"),
    "head gone": (["DELETE FROM journal_head WHERE mall = 'smd'"], 12, "head missing"),
    "head moved back": (["UPDATE journal_head SET seq = 11 WHERE mall = 'smd'"], 12, "beyond head"),
    "head changed": (["UPDATE journal_head SET hash = 'x' WHERE mall = 'smd'"], 12, "changed"),
    "unsealed again": (
        ["UPDATE journal_entry SET seq = NULL, hash = NULL WHERE seq = 6 AND mall = 'smd'"],
        6,
        "missing",
    ),
    "put in": (
        [
            "INSERT INTO journal_entry (mall, at, kind, actor_kind, actor_id, actor_label, subject_kind, subject_id, "
            "subject_label, reason, data, seq, hash) "
            "VALUES ('smd', now(), 'x', '', '', '', '', '', '', '', '{}', 13, 'x')"
        ],
        13,
        "beyond head",
    ),
}


@pytest.mark.parametrize("page", [5_000, 4])
@pytest.mark.parametrize("case", CASES)
def test_tampering_is_found(sealed: None, case: str, page: int, monkeypatch: pytest.MonkeyPatch) -> None:
    statements, seq, what = CASES[case]
    monkeypatch.setattr(verify_module, "_PAGE", verify_module._PAGE.replace("LIMIT 5000", f"LIMIT {page}"))
    tamper(*statements)
    report = verify()
    assert report.first_bad is not None
    assert (report.first_bad.mall, report.first_bad.seq, report.first_bad.what) == ("smd", seq, what)
    assert verify("jtn").sound


def test_the_command_says_what_it_found(sealed: None) -> None:
    runner = CliRunner()
    good = runner.invoke(app, ["verify", "--mall", "smd"])
    assert good.exit_code == 0
    assert "smd: 12 sealed, head 12" in good.output
    tamper("UPDATE journal_entry SET kind = 'x' WHERE seq = 3 AND mall = 'smd'")
    bad = runner.invoke(app, ["verify", "--json"])
    assert bad.exit_code == 1
    said = json.loads(bad.output)
    assert said["sound"] is False
    assert [m["first_bad"] and m["first_bad"]["seq"] for m in said["malls"]] == [None, 3]
