"""Presses that came together leave the same rows, ledger and journal as the same presses one after the other."""

from __future__ import annotations

import random
from collections import Counter as Tally
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django_scopes import scopes_disabled

from senyum.catalogue.models import CounterLine
from senyum.core.db import raw_cursor
from senyum.journal.actor import Actor
from senyum.journal.models import Entry
from senyum.malls.models import Counter, HallPause
from senyum.people.models import User
from senyum.rehearsal.queries import SmallHall
from senyum.roster.models import CounterSession
from senyum.visits import sql_round, states
from senyum.visits.commands import call, call_round
from senyum.visits.hall import forget
from senyum.visits.models import Call, Ticket, Visit

START = datetime(2031, 2, 3, 2, 0, tzinfo=UTC)
HALLS, COUNTERS = 120, 5
ACTOR = Actor("user", "7", "petugas7")


class _Undone(Exception):
    pass


def _people(dice: random.Random, small: SmallHall, now: datetime, counters: list[Counter]) -> None:
    lines = list(small.lines.values())
    free = list(CounterSession.objects.filter(counter__in=counters, state="open"))
    for number in range(1, dice.randint(0, 16) + 1):
        visit = Visit.objects.create(
            mall=small.mall,
            day=now.date(),
            group=lines[0].group,
            number=number,
            label=f"A-{number:03d}",
            token=f"{now:%Y%m%d%H}-{number}",
            channel=Visit.Channel.KIOSK,
            priority="regular",
            arrived_at=now,
        )
        turn, promised = now + timedelta(minutes=dice.randint(-6, 0)), now + timedelta(minutes=dice.randint(-2, 2))
        for leg, line in enumerate(dice.sample(lines, dice.choice([1, 1, 2])), start=1):
            ticket = Ticket(
                visit=visit,
                mall=small.mall,
                agency=line.agency,
                line=line,
                day=now.date(),
                leg=leg,
                priority="regular",
                queued_at=now,
                turn_at=turn,
                promised_by=promised,
                held_until=now + timedelta(minutes=dice.choice([-1, 2])) if dice.random() < 0.2 else None,
                people_ahead=0,
            )
            if leg == 1 and free and dice.random() < 0.3:
                ticket.session = free.pop()
                ticket.counter_id = ticket.session.counter_id
                ticket.state = dice.choice([states.SERVING, states.SERVING, states.CALLED])
            ticket.save()


def _presses(dice: random.Random, counters: list[Counter], now: datetime) -> list[call.Press]:
    running = dict(Ticket.objects.filter(state__in=states.AT_COUNTER).values_list("counter_id", "pk"))
    return [
        call.prepare_press(
            counter_id=counter.pk,
            # Now and then an officer saw something else.
            seen=running.get(counter.pk) if dice.random() < 0.9 else 424242,
            actor=ACTOR,
            now=now,
            wall=now,
            day=now.date(),
            user_id=None if dice.random() < 0.9 else 999_999,
        )
        for counter in dice.sample(counters, len(counters))
    ]


def _left_behind() -> dict[str, Any]:
    """What the presses changed, without the numbers of rows."""
    entries = Entry.objects.filter(kind__startswith="ticket.").order_by("pk")
    calls = Call.objects.order_by("pk")
    return {
        "tickets": list(
            Ticket.objects.order_by("pk").values_list(
                "pk", "state", "outcome", "called_at", "ended_at", "invited_at", "session", "counter"
            )
        ),
        "calls": list(calls.values_list("ticket", "session", "why", "passed_over", "passed_labels", "agency", "at")),
        "sessions": list(
            CounterSession.objects.order_by("pk").values_list("pk", "last_action", "last_ticket", "last_finished")
        ),
        "journal": [
            (e.kind, e.actor_label, e.subject_id, e.subject_label, {k: v for k, v in e.data.items() if k != "call"})
            for e in entries
        ],
    }


def _played(presses: list[call.Press], together: bool) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The answers and what was left behind, taken back afterwards."""
    try:
        with transaction.atomic():
            if together:
                rows = call.run_presses(presses)
            else:
                by_counter = sorted(presses, key=lambda press: press.parameters["counter"])
                answers = {press.parameters["counter"]: call._one(press) for press in by_counter}
                rows = [answers[press.parameters["counter"]] for press in presses]
            left = _left_behind()
            raise _Undone
    except _Undone:
        return rows, left


@pytest.fixture
def places(small_mall: SmallHall) -> tuple[SmallHall, list[Counter]]:
    booth = next(iter(small_mall.booths.values()))
    counters = [
        Counter.objects.create(mall=small_mall.mall, booth=booth, number=500 + place) for place in range(COUNTERS)
    ]
    return small_mall, counters


def _hall(dice: random.Random, small: SmallHall, counters: list[Counter], now: datetime) -> None:
    lines = [line.pk for line in small.lines.values()]
    for place, counter in enumerate(counters):
        mine = dice.sample(lines, dice.randint(1, len(lines)))
        cut = dice.randint(0, min(2, len(mine)))
        for nth, line in enumerate(mine):
            CounterLine.objects.create(counter=counter, line_id=line, tier=1 if nth < cut else 2)
        if dice.random() < 0.9:
            CounterSession.objects.create(
                mall=small.mall,
                agency=counter.booth.agency,
                counter=counter,
                user=User.objects.get_or_create(username=f"u{place}")[0],
                opened_at=now,
                state="open" if dice.random() < 0.9 else "paused",
            )
    _people(dice, small, now, counters)


@pytest.mark.django_db
def test_together_is_one_after_the_other(
    places: tuple[SmallHall, list[Counter]], monkeypatch: pytest.MonkeyPatch
) -> None:
    small, counters = places
    dice = random.Random(20310203)
    settled: Tally[str] = Tally()
    real = call_round.settle

    def watched(*arguments: Any) -> call_round.Settled:
        done = real(*arguments)
        settled["together"] += len(done.rows)
        settled["left"] += len(done.left)
        return done

    monkeypatch.setattr(call_round, "settle", watched)
    with scopes_disabled():
        for place in range(HALLS):
            # Short and long reading in turn: some rounds must leave presses to the single statement.
            monkeypatch.setattr(sql_round, "CANDIDATES", _READ[place % 2])
            monkeypatch.setattr(sql_round, "SPARE", (_SPARE, 0)[place % 2])
            now = START + timedelta(days=place)
            with transaction.atomic():
                _hall(dice, small, counters, now)
                if dice.random() < 0.05:
                    HallPause.objects.create(mall=small.mall, reason="listrik", started_at=now)
                forget()
                presses = _presses(dice, counters, now)
                alone, alone_left = _played(presses, together=False)
                rows, left = _played(presses, together=True)
                for one, other in zip(alone, rows, strict=True):
                    assert {**one, "eligible": 0} == {**other, "eligible": 0}
                    settled["called"] += other["called"] is not None
                    settled["finished"] += other["finished"] is not None
                    settled["refused"] += other["ready"] is None
                assert left == alone_left
                transaction.set_rollback(True)
    # The halls must reach every way through.
    assert min(settled[word] for word in ("together", "left", "called", "finished", "refused")) >= 20, settled


_SPARE = sql_round.SPARE
_READ = (sql_round.CANDIDATES, sql_round.CANDIDATES.replace(f"LIMIT l.presses + {sql_round.SPARE}", "LIMIT l.presses"))


@pytest.mark.django_db
def test_the_second_press_of_a_counter_is_stale(places: tuple[SmallHall, list[Counter]]) -> None:
    """Two presses of one counter in one round: the second sees what the first did."""
    small, counters = places
    with scopes_disabled():
        _hall(random.Random(5), small, counters, START)
        counter = CounterSession.objects.filter(state="open").first().counter  # type: ignore[union-attr]  # there is one
        CounterLine.objects.filter(counter=counter).update(tier=1)
        Ticket.objects.filter(counter=counter).update(state=states.SERVED)
        press = call.prepare_press(
            counter_id=counter.pk, seen=None, actor=ACTOR, now=START, wall=START, day=START.date(), user_id=None
        )
        first, second = call.run_presses([press, press])
    assert first["called"] is not None
    assert second["ready"] is None and second["running"] == first["called"]


@pytest.mark.django_db
def test_two_rounds_hold_their_lines(places: tuple[SmallHall, list[Counter]]) -> None:
    small, counters = places
    with scopes_disabled():
        _hall(random.Random(5), small, counters, START)
        call.run_presses(_presses(random.Random(1), counters, START))
    with raw_cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = %s", [sql_round.LINES])
        held = cursor.fetchone()
    assert held and held[0] == CounterLine.objects.filter(counter__in=counters).values("line").distinct().count()
