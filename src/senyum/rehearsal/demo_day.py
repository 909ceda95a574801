"""One working day of a demo hall: who comes when, who sits where, and what they do, through the real commands.

A day is a heap of planned moments. `step` does what is due at the hall's time and lets free counters call. What
the hall refuses (somebody else was quicker, a quota is used up) is skipped: the counter looks again at what is there.
"""

from __future__ import annotations

import heapq
import logging
import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

from django.db.models import Q
from django_scopes import scopes_disabled

from senyum.catalogue.models import Line
from senyum.catalogue.queries import current_requirements
from senyum.core.errors import NotPossible
from senyum.journal.actor import Actor
from senyum.malls.models import Counter, Mall
from senyum.roster import commands as roster
from senyum.roster.models import CounterSession
from senyum.surveys import commands as surveys
from senyum.visits import classes, commands, states
from senyum.visits.hall import Hall, HallLine, hall_of
from senyum.visits.models import Ticket

log = logging.getLogger("senyum.play")

PLAYER = Actor("demo", "player", "Demo")
#: After closing time, whoever still waits is served for so long; then the counters close.
OVERTIME = timedelta(minutes=30)
#: Shares of what happens to people.
ABSENT, COMES_BACK, PARKED, INCOMPLETE, TWO_SERVICES, LEAVES, DELAYS, SMILES = (
    0.04,
    0.6,
    0.03,
    0.05,
    0.06,
    0.03,
    0.03,
    0.5,
)
_PRIORITIES = {"regular": 82, "elderly": 8, "disability": 2, "pregnant": 4, "child": 4}
_QUANTITIES = {1: 88, 2: 8, 3: 3, 5: 1}
_CHANNELS = {"kiosk": 60, "greeter": 30, "phone": 10}
_SCORES = {1: 3, 2: 8, 3: 35, 4: 54}
#: An agency with so many counters leaves its last one free, for whoever tries the demo.
_LEAVES_ONE_FREE = 3


@dataclass
class Desk:
    """A counter as the player sees it. `alone`: a person works there, and the player keeps away."""

    counter_id: int
    booth_id: int
    lines: frozenset[int]
    session_id: int | None = None
    ticket_id: int | None = None
    ready_at: datetime | None = None
    paused: bool = False
    pause_due: tuple[str, float] | None = None
    closing: bool = False
    alone: bool = False

    def free(self, now: datetime) -> bool:
        idle = self.session_id is not None and self.ticket_id is None and not (self.paused or self.alone)
        return idle and (self.ready_at is None or self.ready_at <= now)


@dataclass(order=True)
class _Moment:
    at: datetime
    number: int
    do: Callable[[datetime, datetime], None] = field(compare=False)


class DemoDay:
    """The day of `mall` that contains `now` (aware): everything planned from `now` on.

    `people`: how many come over a whole day. `rng` decides everything. A day that is already running (the player
    was started again) goes on with the counters as they are.
    """

    def __init__(self, mall: Mall, now: datetime, *, people: int, rng: random.Random) -> None:
        self.mall = mall
        self.rng = rng
        self.own_smiles: set[int] = set()
        self._moments: list[_Moment] = []
        self._numbers = count()
        hall = hall_of(mall, now)
        self.day = hall.day
        open_hours = [h for h in hall.hours.values() if h.is_open and h.opens and h.closes]
        self.opens = min((h.opens for h in open_hours if h.opens), default=now)
        self.closes = max((h.closes for h in open_hours if h.closes), default=now)
        self.over_at = self.closes + OVERTIME + timedelta(minutes=15)
        self.desks = {d.counter_id: d for d in self._plan_desks(hall, now)}
        self._plan_people(hall, now, people)

    # Planning

    def _plan(self, at: datetime, do: Callable[[datetime, datetime], None]) -> None:
        heapq.heappush(self._moments, _Moment(at, next(self._numbers), do))

    def _minutes(self, low: float, high: float) -> timedelta:
        return timedelta(minutes=self.rng.uniform(low, high))

    def _chance(self, share: float) -> bool:
        return self.rng.random() < share

    def _of(self, weights: dict[str, int]) -> str:
        return self.rng.choices(list(weights), list(weights.values()))[0]

    def _plan_desks(self, hall: Hall, now: datetime) -> list[Desk]:
        by_booth: dict[int, list[int]] = {}
        for counter in sorted(hall.counters.values(), key=lambda c: c.number):
            by_booth.setdefault(counter.booth_id, []).append(counter.id)
        desks = []
        for booth_id, counters in by_booth.items():
            hours = hall.hours.get(booth_id)
            if hours is None or not hours.opens or not hours.closes:
                continue
            staffed = counters[:-1] if len(counters) >= _LEAVES_ONE_FREE else counters
            for place, counter_id in enumerate(staffed):
                counter = hall.counters[counter_id]
                desk = Desk(counter_id, booth_id, frozenset(counter.first + counter.help))
                desks.append(desk)
                self._plan_desk(desk, place, hours.opens, hours.closes, now)
        return desks

    def _plan_desk(self, desk: Desk, place: int, opens: datetime, closes: datetime, now: datetime) -> None:
        self._plan(max(now, opens + self._minutes(-6, 4)), lambda at, wall: self._sit_down(desk, at, wall))
        middle = opens + (closes - opens) * 0.55
        # Colleagues eat one after the other, so that the booth stays open.
        lunch = middle + timedelta(minutes=35 * (place % 3 - 1)) + self._minutes(-5, 5)
        breaks = [(lunch, "lunch", 30.0)]
        if self._chance(0.5):
            breaks.append((opens + (closes - opens) * self.rng.uniform(0.15, 0.9), "restroom", 6.0))
        for at, reason, minutes in breaks:
            if at > now:
                self._plan(at, lambda _at, _wall, r=reason, m=minutes: setattr(desk, "pause_due", (r, m)))  # type: ignore[misc]  # bound here and now
        self._plan(max(now, closes), lambda _at, _wall: setattr(desk, "closing", True))

    def _plan_people(self, hall: Hall, now: datetime, people: int) -> None:
        weights = self._popularity(hall)
        if not weights:
            return
        lines = [hall.lines[line_id] for line_id in weights]
        span = self.closes - self.opens
        for _person in range(people):
            line = self.rng.choices(lines, list(weights.values()))[0]
            share = self.rng.choices(
                [self.rng.gauss(0.18, 0.1), self.rng.gauss(0.66, 0.08), self.rng.random()], [45, 30, 25]
            )[0]
            hours = hall.hours[line.booth_id]
            if not hours.opens or not hours.last_ticket:
                continue
            at = max(self.opens + span * share, hours.opens - self._minutes(1, 25))
            at = min(at, hours.last_ticket - self._minutes(1, 20))
            if at >= now:
                self._plan(at, lambda t, wall, chosen=line: self._come_in(chosen, lines, t))  # type: ignore[misc]  # bound here and now

    def _popularity(self, hall: Hall) -> dict[int, float]:
        """How much each line is asked for: what its staffed counters can do, some lines more, some less."""
        can: dict[int, float] = {}
        for desk in self.desks.values():
            first = [i for i in hall.counters[desk.counter_id].first if hall.lines[i].kind != Line.Kind.CASHIER]
            for line_id in first:
                if hall.lines[line_id].active:
                    can[line_id] = can.get(line_id, 0) + 1 / len(first) / max(hall.lines[line_id].standard_minutes, 3)
        return {line_id: value * self.rng.uniform(0.6, 1.8) for line_id, value in can.items()}

    # Playing

    def step(self, now: datetime, wall: datetime) -> int:
        """Do what is due at the hall's time `now`. Returns how many moments were played."""
        played = 0
        with scopes_disabled():
            while self._moments and self._moments[0].at <= now:
                moment = heapq.heappop(self._moments)
                played += 1
                try:
                    moment.do(now, wall)
                except NotPossible as error:
                    log.debug("skipped: %s", error)
            self._let_free_desks_act(now, wall)
        return played

    def over(self, now: datetime) -> bool:
        """Whether nothing more happens today."""
        return now >= self.over_at

    def leave_alone(self, counter_id: int) -> None:
        """A person works at this counter now."""
        desk = self.desks.get(counter_id)
        if desk:
            desk.alone = True

    def take_back(self, now: datetime) -> None:
        """The persons have gone: play on where nobody sits any more; a counter still held by one stays theirs."""
        for desk in self.desks.values():
            if desk.alone:
                desk.alone = False
                self._plan(now, lambda at, wall, d=desk: self._sit_down(d, at, wall))  # type: ignore[misc]  # bound here and now

    def _let_free_desks_act(self, now: datetime, wall: datetime) -> None:
        free = [desk for desk in self.desks.values() if desk.free(now)]
        if not free:
            return
        waiting = set(
            Ticket.objects.filter(mall=self.mall, day=self.day, state=states.WAITING)
            .filter(Q(held_until=None) | Q(held_until__lte=now))
            .values_list("line_id", flat=True)
            .distinct()
        )
        self.rng.shuffle(free)
        for desk in free:
            try:
                self._act(desk, waiting, now, wall)
            except NotPossible as error:
                log.debug("counter %s: %s", desk.counter_id, error)
                self._look(desk, now)

    def _act(self, desk: Desk, waiting: set[int], now: datetime, wall: datetime) -> None:
        late = now >= self.closes + OVERTIME
        if desk.closing and (late or not desk.lines & waiting):
            commands.close_counter(counter_id=desk.counter_id, reason="Jam layanan selesai", actor=PLAYER, now=now)
            desk.session_id = None
        elif desk.pause_due and desk.session_id is not None:
            reason, minutes = desk.pause_due
            back = now + timedelta(minutes=minutes)
            roster.pause_session(session_id=desk.session_id, reason=reason, back_at=back, now=now, actor=PLAYER)
            desk.pause_due, desk.paused = None, True
            self._plan(back + self._minutes(-2, 3), lambda at, _wall: self._resume(desk, at))
        elif desk.lines & waiting:
            called = commands.call_next(counter_id=desk.counter_id, seen=None, actor=PLAYER, now=now, wall=wall)
            if called.ticket_id is None:
                desk.ready_at = now + timedelta(seconds=30)
            else:
                self._called(desk, called.ticket_id, now)

    # Counters

    def _sit_down(self, desk: Desk, now: datetime, wall: datetime) -> None:
        self._look(desk, now)
        if desk.session_id is None and not desk.alone and not desk.closing:
            counter = Counter.objects.select_related("booth", "mall").get(pk=desk.counter_id)
            desk.session_id = roster.open_session(counter=counter, user=None, now=now, actor=PLAYER).pk

    def _look(self, desk: Desk, now: datetime) -> None:
        """See what is really at the counter, and go on from there."""
        session = CounterSession.objects.filter(counter_id=desk.counter_id).exclude(state="closed").first()
        desk.alone = session is not None and session.user_id is not None
        desk.session_id = session.pk if session else None
        desk.paused = session is not None and session.state == "paused"
        desk.ticket_id = None
        if session is None or desk.alone:
            return
        if desk.paused:
            self._plan(now + self._minutes(5, 15), lambda at, _wall: self._resume(desk, at))
        running = Ticket.objects.filter(session=session, state__in=states.AT_COUNTER).first()
        if running and running.state == states.CALLED:
            self._called(desk, running.pk, now)
        elif running:
            self._serving(desk, running, now)
        desk.ready_at = now + timedelta(seconds=20)

    def _resume(self, desk: Desk, now: datetime) -> None:
        if desk.session_id is not None and desk.paused and not desk.alone:
            desk.paused = False
            roster.resume_session(session_id=desk.session_id, now=now, actor=PLAYER)

    def _called(self, desk: Desk, ticket_id: int, now: datetime) -> None:
        desk.ticket_id = ticket_id
        if self._chance(ABSENT):
            self._at_desk(desk, ticket_id, now + self._minutes(0.8, 1.2), self._recall)
            self._at_desk(desk, ticket_id, now + self._minutes(2, 3), self._absent)
        else:
            self._at_desk(desk, ticket_id, now + self._minutes(0.3, 1.2), self._arrive)

    def _at_desk(
        self, desk: Desk, ticket_id: int, at: datetime, act: Callable[[Desk, int, datetime, datetime], None]
    ) -> None:
        """Plan `act` for when this ticket is still the one at this counter."""

        def do(now: datetime, wall: datetime) -> None:
            if desk.alone or desk.ticket_id != ticket_id:
                return
            try:
                act(desk, ticket_id, now, wall)
            except NotPossible:
                self._look(desk, now)
                raise

        self._plan(at, do)

    def _recall(self, desk: Desk, ticket_id: int, now: datetime, wall: datetime) -> None:
        commands.recall(counter_id=desk.counter_id, seen=ticket_id, actor=PLAYER, now=now, wall=wall)

    def _absent(self, desk: Desk, ticket_id: int, now: datetime, wall: datetime) -> None:
        commands.absent(counter_id=desk.counter_id, seen=ticket_id, actor=PLAYER, now=now, wall=wall)
        self._free(desk, now)
        if self._chance(COMES_BACK):
            self._plan(
                now + self._minutes(3, 9), lambda at, _wall: commands.rejoin(ticket_id=ticket_id, now=at, actor=PLAYER)
            )

    def _arrive(self, desk: Desk, ticket_id: int, now: datetime, wall: datetime) -> None:
        commands.serve(counter_id=desk.counter_id, seen=ticket_id, actor=PLAYER, now=now, wall=wall)
        self._serving(desk, Ticket.objects.get(pk=ticket_id), now)

    def _serving(self, desk: Desk, ticket: Ticket, now: datetime) -> None:
        desk.ticket_id = ticket.pk
        standard = hall_of(self.mall, now).lines[ticket.line_id].standard_minutes
        # Lognormal with a mean of the standard time; each further document costs a third of it.
        minutes = standard * math.exp(self.rng.gauss(-0.125, 0.5)) * (1 + 0.35 * (ticket.quantity - 1))
        self._at_desk(desk, ticket.pk, now + timedelta(minutes=max(0.7, min(minutes, 4 * standard))), self._end)

    def _end(self, desk: Desk, ticket_id: int, now: datetime, wall: datetime) -> None:
        hall = hall_of(self.mall, now)
        ticket = Ticket.objects.get(pk=ticket_id)
        line, cashier = hall.lines[ticket.line_id], hall.cashier()
        at: dict[str, object] = {
            "counter_id": desk.counter_id,
            "seen": ticket_id,
            "actor": PLAYER,
            "now": now,
            "wall": wall,
        }
        if not ticket.note and self._chance(PARKED):
            commands.park(**at, note="Fotokopi dulu")  # type: ignore[arg-type]  # `at` holds what each wants
            self._plan(now + self._minutes(4, 10), lambda t, w: self._unpark(desk, ticket_id, t, w, 8))
        elif line.pays_at_cashier and cashier and hall.hours[cashier.booth_id].receives(now):
            commands.forward(**at, line_id=cashier.id)  # type: ignore[arg-type]  # `at` holds what each wants
        else:
            self._finish(line, at)
            self._plan_smile(ticket_id, now)
        self._free(desk, now)

    def _finish(self, line: HallLine, at: dict[str, object]) -> None:
        missing = None
        if self._chance(INCOMPLETE):
            missing = current_requirements(line.service_id).order_by("?").values_list("pk", flat=True).first()
        outcome = states.INCOMPLETE if missing else states.DONE
        commands.finish(**at, outcome=outcome, missing_id=missing)  # type: ignore[arg-type]  # `at` holds what each wants

    def _unpark(self, desk: Desk, ticket_id: int, now: datetime, wall: datetime, tries: int) -> None:
        """Back from copying: to the same counter once it is free, or into the line again."""
        if desk.free(now) and not desk.pause_due:
            at = {"counter_id": desk.counter_id, "actor": PLAYER, "now": now}
            commands.unpark(**at, seen=None, ticket_id=ticket_id, wall=wall)  # type: ignore[arg-type]  # `at` holds what each wants
            self._serving(desk, Ticket.objects.get(pk=ticket_id), now)
        elif tries and not desk.alone:
            self._plan(now + self._minutes(0.5, 2), lambda t, w: self._unpark(desk, ticket_id, t, w, tries - 1))
        elif desk.session_id is not None and not desk.alone:
            commands.requeue(ticket_id=ticket_id, counter_id=desk.counter_id, actor=PLAYER, now=now)

    def _free(self, desk: Desk, now: datetime) -> None:
        desk.ticket_id = None
        desk.ready_at = now + self._minutes(0.1, 0.5)

    # People

    def _come_in(self, line: HallLine, lines: list[HallLine], now: datetime) -> None:
        channel = self._of(_CHANNELS)
        if channel != "greeter":
            self._take(channel, line, lines, now, None)
            return
        arrival = commands.note_arrival(mall=self.mall, now=now, actor=PLAYER)

        def welcome(at: datetime, _wall: datetime) -> None:
            commands.greet(mall=self.mall, now=at, actor=PLAYER, arrival_id=arrival.pk)
            self._take(channel, line, lines, at, arrival.pk)

        self._plan(now + self._minutes(0.3, 1.5), welcome)

    def _take(self, channel: str, line: HallLine, lines: list[HallLine], now: datetime, arrival_id: int | None) -> None:
        wanted: dict[int, None] = {line.id: None}
        if self._chance(TWO_SERVICES):
            wanted[self.rng.choice(lines).id] = None
        issued = commands.issue_visit(
            mall=self.mall,
            line_ids=list(wanted),
            priority=self._of(_PRIORITIES),
            channel=channel,
            actor=PLAYER,
            now=now,
            quantity=self.rng.choices(list(_QUANTITIES), list(_QUANTITIES.values()))[0],
            language=self.rng.choices(["id", "su", "en"], [70, 28, 2])[0],
            age_band=self.rng.choice(["", *classes.AGE_BANDS]),
            district=self.rng.choice(["", *self.mall.districts]),
            has_phone=self._chance(0.85),
            greeted=arrival_id is not None,
            arrival_id=arrival_id,
        )
        if channel == "kiosk" and self._chance(0.5):
            self._plan(
                now + self._minutes(0.2, 2),
                lambda at, _wall: commands.greet(mall=self.mall, now=at, actor=PLAYER, visit_id=issued.visit_id),
            )
        first = issued.tickets[0].id
        if self._chance(LEAVES):
            self._plan(now + self._minutes(15, 50), lambda at, _w: self._if_waiting(first, at, commands.leave))
        elif self._chance(DELAYS):
            self._plan(
                now + self._minutes(3, 12), lambda at, _w: self._if_waiting(first, at, commands.delay, minutes=10)
            )

    def _if_waiting(self, ticket_id: int, now: datetime, act: Callable[..., object], **more: object) -> None:
        if Ticket.objects.filter(pk=ticket_id, state=states.WAITING).exists():
            act(ticket_id=ticket_id, now=now, actor=PLAYER, **more)

    def _plan_smile(self, ticket_id: int, now: datetime) -> None:
        if not self._chance(SMILES):
            return
        score = self.rng.choices(list(_SCORES), list(_SCORES.values()))[0]
        channel = self.rng.choice(["phone", "tablet"])

        def smile(at: datetime, _wall: datetime) -> None:
            row = surveys.smile(ticket_id=ticket_id, score=score, channel=channel, now=at)
            self.own_smiles.add(row.pk)

        self._plan(now + self._minutes(0.3, 2), smile)
