"""The day of a scenario in SimPy and Ciw: what `senyum bench simulate` measures ourselves against. Plain Python.

SimPy: a process for every leg, with all features and the very numbers that the compiled day draws, so that the waits
must be the same. Ciw has no second tier, no head start, nobody set aside and no wait that is shown; it gets a model of
what it has: rates by half hour, counters by roster, classes in strict order, forwards, balking by length, reneging.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from senyum.engine.scenario import Scenario, Shape
from senyum.engine.simulation import draws
from senyum.engine.simulation.day import first_room, key_of
from senyum.engine.simulation.draws import uniform
from senyum.engine.simulation.people import arrivals, class_of, in_order, minutes_of
from senyum.engine.simulation.tables import CLOSES, SITS_DOWN, Tables, compiled

Events = Generator[Any, Any, Any]
#: (at, kind, agency or counter, officer, lines served first, lines helped out with)
_Planned = tuple[float, int, int, int, list[int], list[int]]


@dataclass
class Leg:
    """A leg with all that it draws; `onward`: (line, the leg there), whatever becomes of it."""

    at: float
    line: int
    cls: int
    turn: float
    promised: float
    minutes: float
    accepts: float
    bears: float
    parks: bool
    parked: float
    onward: Leg | None = None
    called: float = math.inf
    leaves: float = math.inf
    after: bool = False
    left: bool = False
    state: str = "waiting"
    event: Any = field(default=None, repr=False)


def drawn(scenario: Scenario, seed: int, day: int) -> tuple[Tables, list[Leg], Any]:
    """Tables, everyone who comes in order of arrival, and the key of the day: the compiled day draws the same."""
    tables, key = compiled(scenario), key_of(seed, day)
    room = first_room(tables)
    count = arrivals(tables, key, room.comers)
    in_order(room.comers, count, room.order, room.buckets)
    people = []
    for i in room.order[:count]:
        comer = room.comers[i]
        k = class_of(comer.key, tables.classes)
        cls = tables.classes[k]
        leg = _leg(
            tables, comer.key, 0, int(comer.service), k, comer.anchor - cls.head_start, comer.anchor + cls.promise
        )
        leg.at = float(comer.at)
        people.append(leg)
    return tables, people, key


def _leg(tables: Tables, key: Any, number: int, line: int, cls: int, turn: float, promised: float) -> Leg:
    service, at = tables.services[line], number * draws.PER_LEG
    minutes = minutes_of(key, at, service, tables.parts, tables.values, tables.documents)
    leg = Leg(
        at=math.inf,
        line=line,
        cls=cls,
        turn=float(turn),
        promised=float(promised),
        minutes=float(minutes),
        accepts=-math.log(uniform(key, at + draws.ACCEPTS)),
        bears=-math.log(uniform(key, at + draws.PATIENCE)),
        parks=bool(uniform(key, at + draws.PARKS) < service.parks),
        parked=-math.log(uniform(key, at + draws.PARKED)) * float(service.parked_minutes),
    )
    u = uniform(key, at + draws.ONWARD)
    for row in range(service.onward_from, service.onward_to):
        if u < tables.onward[row].until:
            leg.onward = _leg(tables, key, number + 1, int(tables.onward[row].target), cls, turn, promised)
            break
    return leg


@dataclass
class _Desk:
    first: list[int] = field(default_factory=list)
    helps: list[int] = field(default_factory=list)
    officer: int = -1
    busy: bool = False


class SimpyDay:
    """One day in SimPy. `legs`: every leg that began, with `called` and `state` filled in by `run`."""

    def __init__(self, scenario: Scenario, tables: Tables, people: list[Leg], key: Any) -> None:
        import simpy

        self.env = simpy.Environment(scenario.opens - scenario.period)
        self.scenario, self.people, self.legs = scenario, people, list[Leg]()
        self.desks = [_Desk() for _ in scenario.counters]
        self.lines: list[list[list[tuple[float, int, Leg]]]] = [
            [[] for _ in scenario.classes] for _ in scenario.services
        ]
        self.length = [0] * len(scenario.services)
        self.minutes = [service.minutes for service in scenario.services]
        self.closes = [float(tables.agencies[s.agency].closes) for s in scenario.services]
        self.parks_at = [s.parks_at for s in scenario.services]
        self.first_of: list[list[_Desk]] = [[] for _ in scenario.services]
        self.helps_of: list[list[_Desk]] = [[] for _ in scenario.services]
        self.step = list(self.minutes)
        self.moments = list(self._planned(tables, key))
        self.ids = 0

    def run(self) -> None:
        """Play the day to its end."""
        self.env.process(self._moments())
        self.env.process(self._door())
        self.env.run()

    def _planned(self, tables: Tables, key: Any) -> Generator[_Planned, None, None]:
        scenario = self.scenario
        for row in tables.moments:
            officer, place = int(row.officer), int(row.place)
            first: list[int] = []
            helps: list[int] = []
            if row.kind != CLOSES:
                if uniform(np.uint64(draws.sub(key, 1)) ^ tables.officers[officer], 0) < row.absent:
                    continue
                skills, counter = scenario.officers[officer].skills, scenario.counters[place]
                first = sorted(s for s in counter.first if s in skills)
                helps = sorted(s for s in counter.helps if s in skills and s not in counter.first)
            yield float(row["at"]), int(row.kind), place, officer, first, helps

    def _moments(self) -> Events:
        for at, kind, place, officer, first, helps in self.moments:
            if at > self.env.now:
                yield self.env.timeout(at - self.env.now)
            desk = self.desks[place] if kind != CLOSES else None
            if desk is None:
                self._close(place)
            elif kind == SITS_DOWN:
                desk.first, desk.helps, desk.officer = first, helps, officer
                self._look_round()
                self._call(desk)
            elif desk.officer == officer:
                desk.first, desk.helps, desk.officer = [], [], -1
                self._look_round()

    def _look_round(self) -> None:
        """Note which desks serve each line, after somebody sat down or stood up."""
        for line, minutes in enumerate(self.minutes):
            self.first_of[line] = [desk for desk in self.desks if line in desk.first]
            self.helps_of[line] = [desk for desk in self.desks if line in desk.helps]
            if self.first_of[line]:
                self.step[line] = minutes / len(self.first_of[line])

    def _door(self) -> Events:
        for leg in self.people:
            if leg.at > self.env.now:
                yield self.env.timeout(leg.at - self.env.now)
            self.env.process(self._life(leg))

    def _life(self, leg: Leg) -> Events:
        """A process for every leg: wait, be served, perhaps be set aside and come back, perhaps go on elsewhere."""
        env, hall = self.env, self.scenario
        leg.at = env.now
        self.legs.append(leg)
        desk = yield from self._wait(leg)
        if desk is None:
            return
        leg.called = env.now
        if leg.parks:
            yield env.timeout(hall.walk + leg.minutes * self.parks_at[leg.line])
            self._free(desk)
            leg.after, leg.leaves = True, math.inf
            yield env.timeout(leg.parked)
            if env.now >= self.closes[leg.line]:
                leg.state = "lapsed"
                return
            desk = yield from self._wait(leg)
            if desk is None:
                return
            yield env.timeout(hall.walk + leg.minutes * (1 - self.parks_at[leg.line]))
        else:
            yield env.timeout(hall.walk + leg.minutes)
        leg.state = "served"
        if leg.onward and env.now + hall.transfer < self.closes[leg.onward.line]:
            env.process(self._walk_on(leg.onward))
        self._free(desk)

    def _walk_on(self, leg: Leg) -> Events:
        yield self.env.timeout(self.scenario.transfer)
        if self.env.now >= self.closes[leg.line]:
            leg.at, leg.state = self.env.now, "lapsed"
            self.legs.append(leg)
            return
        yield from self._life(leg)

    def _wait(self, leg: Leg) -> Events:
        """Ends with the desk that called, or None."""
        for desks in (self.first_of[leg.line], self.helps_of[leg.line]):
            for desk in desks:
                if not desk.busy:
                    desk.busy = True
                    return desk
        if not leg.after and not self._stays(leg):
            leg.state = "left"
            return None
        leg.event = self.env.event()
        self.ids += 1
        heapq.heappush(self.lines[leg.line][leg.cls], (leg.turn, self.ids, leg))
        self.length[leg.line] += 1
        return (yield leg.event)

    def _stays(self, leg: Leg) -> bool:
        rule, now = self.scenario.abandonment, self.env.now
        shown = self._shown(leg.line)
        if leg.accepts * rule.accepts < shown:
            return False
        if rule.patience < math.inf or rule.patience_after < math.inf:
            if leg.bears * rule.patience <= shown:
                leg.leaves = now + leg.bears * rule.patience
            else:
                leg.leaves = now + shown + (leg.bears - shown / rule.patience) * rule.patience_after
        return True

    def _shown(self, line: int) -> float:
        serving = self.first_of[line]
        if not serving:
            opens = self.scenario.agencies[self.scenario.services[line].agency].opens
            return max(0.0, opens - self.env.now) + (self.length[line] + 1) * self.minutes[line]
        length, step = self.length, self.step
        return min(sum(length[k] * step[k] for k in desk.first) for desk in serving) + step[line]

    def _free(self, desk: _Desk) -> None:
        desk.busy = False
        self._call(desk)

    def _call(self, desk: _Desk) -> None:
        """The next by the rule of the hall; whoever has left costs the counter a missed call."""
        while not desk.busy and desk.officer >= 0:
            line = self._next(desk)
            if line is None:
                return
            _, _, leg = heapq.heappop(line)
            self.length[leg.line] -= 1
            if leg.leaves > self.env.now:
                desk.busy = True
                leg.event.succeed(desk)
                return
            leg.state = "left"
            if self.scenario.abandonment.missed_call > 0:
                desk.busy = True
                self.env.process(self._missed(desk))

    def _missed(self, desk: _Desk) -> Events:
        yield self.env.timeout(self.scenario.abandonment.missed_call)
        self._free(desk)

    def _next(self, desk: _Desk) -> list[tuple[float, int, Leg]] | None:
        now = self.env.now
        found: tuple[int, float, int] | None = None
        answer = None
        for tier, lines in ((1, desk.first), (2, desk.helps)):
            for line in lines:
                if not self.length[line]:
                    continue
                for waiting in self.lines[line]:
                    if waiting:
                        turn, number, leg = waiting[0]
                        key = (1 if leg.promised < now else tier, turn, number)
                        if found is None or key < found:
                            found, answer = key, waiting
        return answer

    def _close(self, agency: int) -> None:
        for line, service in enumerate(self.scenario.services):
            if service.agency == agency:
                for waiting in self.lines[line]:
                    for _, _, leg in waiting:
                        leg.state = "left" if leg.leaves <= self.env.now else "lapsed"
                    waiting.clear()
                self.length[line] = 0


def simpy_queue(counters: int, rate: float, people: int, seed: int) -> float:
    """M/M/c with mean time 1 in SimPy, a process a customer; the mean wait."""
    import random

    import simpy

    env, rng, waited = simpy.Environment(), random.Random(seed), list[float]()  # nosec B311
    desks = simpy.Resource(env, counters)

    def customer() -> Events:
        came = env.now
        with desks.request() as turn:
            yield turn
            waited.append(env.now - came)
            yield env.timeout(rng.expovariate(1.0))

    def door() -> Events:
        for _ in range(people):
            yield env.timeout(rng.expovariate(rate))
            env.process(customer())

    env.process(door())
    env.run()
    return math.fsum(waited) / people


def ciw_queue(counters: int, rate: float) -> Any:
    """The same in Ciw, as a network."""
    import ciw

    return ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(rate=rate)],
        service_distributions=[ciw.dists.Exponential(rate=1.0)],
        number_of_servers=[counters],
    )


def ciw_day(scenario: Scenario) -> Any:
    """What Ciw has of the day, as a network: each counter belongs to the first of its lines."""
    import ciw

    classes, minutes = scenario.classes, scenario.closes - scenario.opens
    walk_ins = scenario.people() + scenario.booked() * np.array([[1 - s.no_show] for s in scenario.services])
    ends = [scenario.period * (p + 1) for p in range(scenario.periods)]
    staff = _ciw_staff(scenario)
    names = [c.code for c in classes]
    arrive = {
        c.code: [
            ciw.dists.PoissonIntervals([r * c.share / scenario.period for r in row], ends, minutes) for row in walk_ins
        ]
        for c in classes
    }
    served = [_ciw_times(service, scenario.walk) for service in scenario.services]
    onward = np.zeros((len(scenario.services),) * 2)
    for f in scenario.forwards:
        onward[f.source, f.target] = f.share
    rule = scenario.abandonment
    balk = [_ciw_balking(s.minutes / max(1, *staff[i]), rule.accepts) for i, s in enumerate(scenario.services)]
    return ciw.create_network(
        arrival_distributions=arrive,
        service_distributions=dict.fromkeys(names, served),
        number_of_servers=[ciw.Schedule(numbers_of_servers=row, shift_end_dates=ends) for row in staff],
        routing={name: onward.tolist() for name in names},
        priority_classes={c.code: int(c.head_start == 0) for c in classes},
        baulking_functions=dict.fromkeys(names, balk),
        reneging_time_distributions={
            name: [ciw.dists.Exponential(rate=1 / rule.patience_after) for _ in scenario.services] for name in names
        },
    )


def _ciw_balking(step: float, accepts: float) -> Any:
    """The share that turns away from so many people in the node, each of whom moves on in `step` minutes."""

    def share(people: int, **_: Any) -> float:
        return 1 - math.exp(-people * step / accepts)

    return share


def _ciw_staff(scenario: Scenario) -> list[list[int]]:
    staff = [[0] * scenario.periods for _ in scenario.services]
    for shift in scenario.shifts:
        line = scenario.counters[shift.counter].first[0]
        for start, end in shift.presences():
            for p in range(scenario.periods):
                middle = scenario.opens + (p + 0.5) * scenario.period
                staff[line][p] += start <= middle < end
    return staff


def _ciw_times(service: Any, walk: float) -> Any:
    import ciw

    times = service.times
    if times.shape is Shape.EMPIRICAL:
        return ciw.dists.Empirical([float(v) + walk for v in times.values])
    variance = times.second_moment / times.mean**2 - 1
    deviation = math.sqrt(math.log1p(variance))
    return ciw.dists.Lognormal(mean=math.log(service.minutes + walk) - deviation**2 / 2, sd=deviation)
