"""The published accuracy is what the tickets say, and can be traced back to them."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from django_scopes import scopes_disabled
from typer.testing import CliRunner

from senyum.jobs.score_forecasts import score_forecasts
from senyum.journal.actor import SYSTEM
from senyum.planning.accuracy import changed, promised, published, scored
from senyum.planning.accuracy_cli import app
from senyum.planning.accuracy_commands import score_month
from senyum.planning.models import Accuracy
from senyum.rehearsal.queries import SmallHall
from senyum.visits import commands
from senyum.visits.hall import forget
from senyum.visits.models import LineForecast, Ticket

#: Nine in the morning in Jakarta.
NINE = datetime(2031, 1, 6, 2, 0, tzinfo=UTC)
MONTH = date(2031, 1, 1)


@pytest.fixture(autouse=True)
def _unscoped():
    with scopes_disabled():
        yield


def _in(minutes: float) -> datetime:
    return NINE + timedelta(minutes=minutes)


def _ticket(
    hall: SmallHall, line: str, at: float, wait: float | None, p50: float = 10.0, p90: float = 20.0, ahead: int = 2
) -> Ticket:
    """A ticket taken at a minute, promised so much, called after `wait` minutes (None: it left)."""
    forget()
    issued = commands.issue_visit(
        mall=hall.mall, line_ids=[hall.lines[line].pk], priority="regular", channel="kiosk", actor=SYSTEM, now=_in(at)
    )
    ticket = Ticket.objects.get(pk=issued.tickets[0].id)
    called = None if wait is None else _in(at + wait)
    Ticket.objects.filter(pk=ticket.pk).update(
        wait_p10=p50 / 2, wait_p50=p50, wait_p90=p90, people_ahead=ahead, called_at=called,
        ended_at=called or _in(at + 5), state="left" if wait is None else "served",
    )  # fmt: skip
    return ticket


def _at(hall: SmallHall, line: str, at: float, counters: float) -> None:
    LineForecast.objects.create(
        mall=hall.mall, line=hall.lines[line], day=NINE.date(), at=_in(at), minute=540 + at, why="grid",
        counters=counters, waiting=0, called=0, basis="cold",
    )  # fmt: skip


def test_a_month_is_what_its_tickets_say(small_mall: SmallHall) -> None:
    _at(small_mall, "ktp", 0, 2)
    _at(small_mall, "ktp", 50, 4)
    first = _ticket(small_mall, "ktp", 1, 15)
    _ticket(small_mall, "ktp", 20, 5)
    _ticket(small_mall, "ktp", 60, 30)
    _ticket(small_mall, "ktp", 61, None)
    assert score_month(mall=small_mall.mall, month=MONTH, until=NINE.date()) == 1
    row = Accuracy.objects.get()
    assert (row.n, row.kept_p50, row.kept_p90, row.never_called) == (3, 1, 2, 1)
    assert row.median_error == 5.0 and row.mae == pytest.approx((5 + 5 + 20) / 3)
    # ZMS: 12 x 3 people over 2, 2 and 4 counters; QueueSG: 3 x 3 people.
    assert row.zms == pytest.approx((abs(15 - 18) + abs(5 - 18) + abs(30 - 9)) / 3)
    assert row.queuesg == pytest.approx((6 + 4 + 21) / 3)
    # Nobody was called before the first; the second sees 15 minutes, the third the five of the second.
    assert row.last_to_enter_service == pytest.approx((abs(15 - 9) + abs(5 - 15) + abs(30 - 5)) / 3)
    rows = promised(small_mall.mall, MONTH, small_mall.lines["ktp"].pk)
    assert rows[0].ticket == first.pk and len(rows) == 4 and rows[-1].wait is None


def test_it_is_computed_anew_and_months_stay_apart(small_mall: SmallHall) -> None:
    _ticket(small_mall, "ktp", 1, 15)
    for _ in range(2):
        score_month(mall=small_mall.mall, month=NINE.date(), until=NINE.date())
    assert Accuracy.objects.count() == 1
    assert score_month(mall=small_mall.mall, month=date(2031, 2, 1), until=NINE.date()) == 0
    assert score_month(mall=small_mall.mall, month=date(2030, 12, 1), until=NINE.date()) == 0
    assert Accuracy.objects.get().month == MONTH
    assert promised(small_mall.mall, MONTH, small_mall.lines["kk"].pk) == []


def test_who_asked_for_a_delay_or_still_waits_is_not_in_it(small_mall: SmallHall) -> None:
    later = _ticket(small_mall, "ktp", 1, 50)
    Ticket.objects.filter(pk=later.pk).update(delays=1)
    waits = _ticket(small_mall, "ktp", 2, 9)
    Ticket.objects.filter(pk=waits.pk).update(ended_at=None)
    assert promised(small_mall.mall, MONTH) == []
    assert scored(small_mall.mall, MONTH, promised(small_mall.mall, MONTH), NINE.date()) == []


def test_who_had_to_wait_is_counted_apart(small_mall: SmallHall) -> None:
    # A free counter was told 0.6 of a minute and exactly one: not a wait. The line kept p50 once in three, p90 twice.
    _ticket(small_mall, "ktp", 1, 0, p50=0.6, p90=2)
    _ticket(small_mall, "ktp", 2, 0, p50=1.0, p90=2)
    for at, wait in ((3, 9.0), (4, 15.0), (5, 25.0)):
        _ticket(small_mall, "ktp", at, wait)
    _ticket(small_mall, "ktp", 6, None)
    _ticket(small_mall, "skck", 1, 0, p50=0, p90=0)
    _ticket(small_mall, "kk", 1, 8)
    score_month(mall=small_mall.mall, month=MONTH, until=NINE.date())
    found = published(small_mall.mall)
    assert found is not None
    by_line = {f.line: (f.n, f.had_to_wait_n, f.had_to_wait_p50_kept, f.had_to_wait_p90_kept) for f in found.lines}
    lines = small_mall.lines
    assert by_line[lines["ktp"].pk] == (5, 3, pytest.approx(1 / 3), pytest.approx(2 / 3))
    assert by_line[lines["skck"].pk] == (1, 0, None, None)
    whole = found.whole
    assert (whole.n, whole.had_to_wait_n, whole.had_to_wait_p50_kept, whole.had_to_wait_p90_kept) == (7, 4, 0.5, 0.75)
    # All together they look better: who was called at once is within any promise.
    assert whole.p50_kept == pytest.approx(5 / 7)


def test_a_month_scored_before_this_was_counted_says_nothing_of_it(small_mall: SmallHall) -> None:
    _ticket(small_mall, "ktp", 1, 15)
    _ticket(small_mall, "skck", 1, 5)
    score_month(mall=small_mall.mall, month=MONTH, until=NINE.date())
    Accuracy.objects.filter(line=small_mall.lines["ktp"]).update(
        queued=None, queued_kept_p50=None, queued_kept_p90=None
    )
    found = published(small_mall.mall)
    assert found is not None and found.whole.n == 2
    assert (found.whole.had_to_wait_n, found.whole.had_to_wait_p50_kept) == (None, None)
    words = CliRunner().invoke(app, ["accuracy", "--mall", small_mall.mall.code]).output.splitlines()
    assert "had to wait" not in words[1] and sum("had to wait: n 1" in line for line in words) == 1


def _change(hall: SmallHall, line: str, at: float, p50: float, wait: float | None, **more: object) -> None:
    values = {
        "mall": hall.mall,
        "line": hall.lines[line],
        "day": NINE.date(),
        "at": _in(at),
        "minute": 540 + at,
        "why": "change",
        "counters": 1,
        "waiting": 3,
        "called": 0,
        "basis": "cold",
        "p10": p50 / 2,
        "p50": p50,
        "p90": 2 * p50,
        "wait": wait,
    }
    LineForecast.objects.create(**{**values, **more})


def test_what_was_told_when_counters_changed_is_scored_apart(small_mall: SmallHall) -> None:
    _ticket(small_mall, "ktp", 1, 15)
    _ticket(small_mall, "skck", 1, 5)
    _change(small_mall, "ktp", 2, p50=10, wait=8)
    _change(small_mall, "ktp", 3, p50=10, wait=14)
    _change(small_mall, "ktp", 4, p50=10, wait=24)
    _change(small_mall, "ktp", 5, p50=10, wait=None)
    _change(small_mall, "ktp", 6, p50=10, wait=1, why="grid")
    score_month(mall=small_mall.mall, month=MONTH, until=NINE.date())
    found = published(small_mall.mall)
    assert found is not None
    by_line = {f.line: (f.n, f.at_change_n, f.at_change_p50_kept, f.at_change_p90_kept) for f in found.lines}
    lines = small_mall.lines
    assert by_line[lines["ktp"].pk] == (1, 3, pytest.approx(1 / 3), pytest.approx(2 / 3))
    assert by_line[lines["skck"].pk] == (1, 0, None, None)
    assert found.whole.at_change_mae == pytest.approx((2 + 4 + 14) / 3) and found.whole.mae == 5
    words = CliRunner().invoke(app, ["accuracy", "--mall", small_mall.mall.code]).output
    assert words.count("told when counters changed: n 3, p50 kept 0.333, p90 kept 0.667, error 6.7 min") == 2


def test_a_day_of_a_fast_demo_is_not_judged(small_mall: SmallHall) -> None:
    """At thirty times the pace a look a minute is a look each half hour, and what it keeps says so."""
    _ticket(small_mall, "ktp", 1, 15)
    _change(small_mall, "ktp", 2, p50=10, wait=8)
    assert len(promised(small_mall.mall, MONTH)) == 1 == len(changed(small_mall.mall, MONTH))
    forget()
    assert commands.watch_lines(mall=small_mall.mall, now=_in(3), speed=30.0).lines
    assert set(LineForecast.objects.filter(at=_in(3)).values_list("speed", flat=True)) == {30.0}
    assert promised(small_mall.mall, MONTH) == [] == changed(small_mall.mall, MONTH)
    assert score_month(mall=small_mall.mall, month=MONTH, until=NINE.date()) == 0
    LineForecast.objects.filter(speed__gt=1).update(day=NINE.date() + timedelta(days=1))
    assert len(promised(small_mall.mall, MONTH)) == 1, "other days count"


def test_all_lines_together_weigh_by_their_waits(small_mall: SmallHall) -> None:
    for at in (1, 2, 3):
        _ticket(small_mall, "ktp", at, 15)
    _ticket(small_mall, "skck", 1, 25)
    score_month(mall=small_mall.mall, month=MONTH, until=NINE.date())
    found = published(small_mall.mall)
    assert found is not None and found.months == (MONTH,) and len(found.lines) == 2
    assert (found.whole.n, found.whole.p90_kept) == (4, 0.75) and found.whole.p90_percent == 75.0
    assert found.whole.mae == pytest.approx((3 * 5 + 15) / 4)
    assert published(small_mall.mall, date(2030, 1, 1)) is None


def test_the_command_line_says_the_same(small_mall: SmallHall) -> None:
    run = CliRunner()
    assert "No figures yet" in run.invoke(app, ["accuracy", "--mall", small_mall.mall.code]).output
    _ticket(small_mall, "ktp", 1, 15)
    score_month(mall=small_mall.mall, month=MONTH, until=NINE.date())
    said = json.loads(run.invoke(app, ["accuracy", "--mall", small_mall.mall.code, "--json"]).output)
    assert said["month"] == "2031-01-01" and said["whole"]["n"] == 1 and said["lines"][0]["mae"] == 5.0
    assert [said["whole"][f"had_to_wait_{key}"] for key in ("n", "p50_kept", "p90_kept")] == [1, 0.0, 1.0]
    words = run.invoke(app, ["accuracy", "--mall", small_mall.mall.code, "--month", "2031-01"]).output
    assert "p90 kept 1.000" in words and "had to wait: n 1, p50 kept 0.000, p90 kept 1.000" in words
    assert run.invoke(app, ["accuracy", "--mall", "nowhere"]).exit_code == 1


def test_before_the_first_night_there_is_nothing(small_mall: SmallHall) -> None:
    assert published(small_mall.mall) is None
    assert score_forecasts(timestamp=0) == 0
