"""The SQL of *call next* and `engine.discipline.choose` call the same ticket, on 1,000 random halls.

A hall here is one day of one mall seen from one counter with its own lines; all are built with a few bulk inserts.
Times lie within a few minutes of the call, in whole minutes, so that ties and boundaries are common.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from django_scopes import scopes_disabled

from senyum.catalogue.models import CounterLine
from senyum.engine.discipline import Choice, Waiting, choose
from senyum.journal.actor import SYSTEM
from senyum.malls.models import Counter as Place
from senyum.rehearsal.queries import SmallHall
from senyum.roster.models import CounterSession
from senyum.visits import states
from senyum.visits.commands import call_next
from senyum.visits.commands.call import CallResult
from senyum.visits.hall import forget
from senyum.visits.models import Call, Ticket, Visit

HALLS = 1000
#: Nine in the morning in Jakarta, far from every midnight.
START = datetime(2031, 1, 6, 2, 0, tzinfo=UTC)
#: States that must never be called, mixed among the waiting.
OTHERS = [s for s in states.STATES if s not in (states.WAITING, *states.AT_COUNTER)]


@dataclass
class RandomHall:
    now: datetime
    counter: Place
    first: list[int]
    helps: list[int]
    tickets: list[Ticket]

    def waiting(self) -> list[Waiting[datetime]]:
        away = {t.visit_id for t in self.tickets if t.state in states.AT_COUNTER}
        return [
            Waiting(t.pk, t.line_id, t.turn_at, t.promised_by, t.held_until, t.visit_id in away)
            for t in self.tickets
            if t.state == states.WAITING
        ]

    def choice(self, waiting: list[Waiting[datetime]]) -> Choice | None:
        return choose(waiting, first=self.first, helps=self.helps, now=self.now)

    def press_next(self, running: Ticket | None) -> tuple[CallResult, Choice | None]:
        """What the statement called, and whom the function chooses when the running ticket is finished."""
        if running is not None:
            running.state = states.SERVED
        expected = self.choice(self.waiting())
        seen = running.pk if running else None
        return call_next(counter_id=self.counter.pk, seen=seen, actor=SYSTEM, now=self.now, wall=self.now), expected

    def naive(self) -> int | None:
        """Whom an order by turn alone would call: where it differs, the hall tells the rules apart."""
        here = [t for t in self.tickets if t.state == states.WAITING and t.line_id in self.first + self.helps]
        return min(here, key=lambda t: (t.turn_at, t.pk)).pk if here else None


def _visits(dice: random.Random, small: SmallHall, now: datetime) -> list[tuple[Visit, list[Ticket]]]:
    lines = list(small.lines.values())
    people = []
    for number in range(1, dice.randint(0, 9) + 1):
        day = now.date()
        visit = Visit(
            mall=small.mall,
            day=day,
            group=lines[0].group,
            number=number,
            label=f"A-{number:03d}",
            token=f"{day:%Y%m%d}-{number}",
            channel=Visit.Channel.KIOSK,
            priority="regular",
            arrived_at=now,
        )
        turn = now + timedelta(minutes=dice.randint(-6, 0))
        promised = now + timedelta(minutes=dice.randint(-2, 2))
        legs = dice.sample(lines, dice.choice([1, 2, 3]))
        tickets = []
        for leg, line in enumerate(legs, start=1):
            held = now + timedelta(minutes=dice.randint(-1, 2)) if dice.random() < 0.25 else None
            waits = leg > 1 or dice.random() < 0.7
            tickets.append(
                Ticket(
                    mall=small.mall,
                    agency=line.agency,
                    line=line,
                    day=day,
                    leg=leg,
                    # Only the first leg may be elsewhere: then its siblings are busy, or not.
                    state=states.WAITING if waits else dice.choice([*states.AT_COUNTER * 3, *OTHERS]),
                    priority="regular",
                    queued_at=now,
                    turn_at=turn,
                    promised_by=promised,
                    held_until=held,
                    people_ahead=0,
                )
            )
        people.append((visit, tickets))
    return people


@pytest.fixture
def halls(small_mall: SmallHall) -> list[RandomHall]:
    dice = random.Random(20310106)
    lines = [line.pk for line in small_mall.lines.values()]
    assert len(lines) >= 3
    booth = next(iter(small_mall.booths.values()))
    counters = Place.objects.bulk_create(
        Place(mall=small_mall.mall, booth=booth, number=1000 + i) for i in range(HALLS)
    )
    CounterSession.objects.bulk_create(
        CounterSession(mall=small_mall.mall, agency=booth.agency, counter=counter, opened_at=START)
        for counter in counters
    )
    halls, people, served = [], [], []
    for place, counter in enumerate(counters):
        now = START + timedelta(days=place)
        mine = dice.sample(lines, dice.randint(1, len(lines)))
        cut = dice.randint(0, min(2, len(mine)))
        hall = RandomHall(now, counter, first=mine[:cut], helps=mine[cut:], tickets=[])
        served += [CounterLine(counter=counter, line_id=line, tier=1) for line in hall.first]
        served += [CounterLine(counter=counter, line_id=line, tier=2) for line in hall.helps]
        for visit, tickets in _visits(dice, small_mall, now):
            people.append((visit, tickets))
            hall.tickets += tickets
        halls.append(hall)
    CounterLine.objects.bulk_create(served)
    Visit.objects.bulk_create([visit for visit, _ in people])
    for visit, tickets in people:
        for ticket in tickets:
            ticket.visit = visit
    Ticket.objects.bulk_create([ticket for hall in halls for ticket in hall.tickets])
    forget()
    return halls


def _compare(hall: RandomHall, result: CallResult, expected: Choice | None) -> Ticket | None:
    assert result.ticket_id == (expected.ticket if expected else None)
    if expected is None:
        return None
    assert result.why == expected.why
    assert result.passed_over == len(expected.passed_over)
    by_id = {ticket.pk: ticket for ticket in hall.tickets}
    ledger = Call.objects.get(ticket_id=result.ticket_id)
    assert ledger.passed_labels == [by_id[pk].visit.label for pk in expected.passed_over[:5]]
    return by_id[expected.ticket]


@pytest.mark.django_db
def test_statement_and_function_call_the_same_ticket_in_1000_halls(halls: list[RandomHall]) -> None:
    whys: Counter[str] = Counter()
    told_apart = finished = 0
    with scopes_disabled():
        for hall in halls:
            naive = hall.naive()
            called = _compare(hall, *(pressed := hall.press_next(None)))
            whys[pressed[0].why] += 1
            if called is None:
                continue
            told_apart += naive != called.pk
            # They came; the next press finishes them, which frees the other legs of their visit.
            Ticket.objects.filter(pk=called.pk).update(state=states.SERVING)
            result, expected = hall.press_next(called)
            _compare(hall, result, expected)
            assert result.finished_id == called.pk
            finished += 1
    # The halls must be able to tell a wrong rule from the right one.
    assert min(whys[why] for why in ("earliest", "past_promise", "helping", "")) >= 30, whys
    assert told_apart >= 100 and finished >= 500


WRONG: dict[str, Callable[[Waiting[datetime]], Waiting[datetime]]] = {
    "a held turn is called": lambda t: replace(t, held_until=None),
    "no promise moves anybody up": lambda t: replace(t, promised_by=START + timedelta(days=99999)),
    "a visit at a counter is called": lambda t: replace(t, busy=False),
    "by number": lambda t: replace(t, turn_at=START),
}


def test_each_rule_decides_in_some_of_these_halls(halls: list[RandomHall]) -> None:
    """Negative control: a statement with one of these mistakes would fail the comparison above."""
    for wrong, mistake in WRONG.items():
        differs = [h for h in halls if h.choice([mistake(t) for t in h.waiting()]) != h.choice(h.waiting())]
        assert len(differs) >= 20, wrong
