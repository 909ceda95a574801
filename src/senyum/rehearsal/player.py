"""Plays demo days through the real commands on a faster clock, and slows down for whoever joins (docs/demo.md)."""

from __future__ import annotations

import logging
import random
import signal
import threading
from collections import deque
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from pathlib import Path

from senyum.core import clock
from senyum.jobs.close_day import close_mall
from senyum.journal.models import Entry
from senyum.malls import queries as malls
from senyum.malls.models import Mall
from senyum.malls.rules import moment
from senyum.rehearsal.demo_day import DemoDay
from senyum.visits.models import Visit

log = logging.getLogger("senyum.play")

#: Mall code -> people on a day. The first one's calendar chooses the days.
PEOPLE = {"sumedang": 500, "jatinangor": 18}
STARTS = time(7, 40)
STEP_SECONDS = 0.3
#: After so long without a person, in real time, the day runs fast again.
ALONE_AGAIN = timedelta(minutes=3)
_PERSONS = ("user", "device", "citizen")
#: Entries become visible out of order for a moment: so many are looked at again.
_LOOK_BACK = 100


class Watch:
    """Finds journal entries of persons in `codes` (mall codes). Starts with what comes after its making."""

    def __init__(self, codes: list[str]) -> None:
        self._codes = codes
        self._last = Entry.objects.order_by("-id").values_list("id", flat=True).first() or 0
        self._first = self._last
        self._seen: deque[int] = deque(maxlen=4 * _LOOK_BACK)

    def persons(self, own_smiles: set[int]) -> list[Entry]:
        """New entries that a person caused; `own_smiles` are the player's, which the journal calls a citizen's."""
        since = max(self._first, self._last - _LOOK_BACK)
        found: list[Entry] = []
        newest = Entry.objects.order_by("-id").values_list("id", flat=True).first() or 0
        if newest == self._last == self._first:
            return found
        for entry in Entry.objects.filter(id__gt=since, mall__in=self._codes, actor_kind__in=_PERSONS).order_by("id"):
            if entry.pk in self._seen:
                continue
            self._seen.append(entry.pk)
            if entry.kind != "smile.given" or int(entry.subject_id) not in own_smiles:
                found.append(entry)
        self._last = newest
        return found


class Player:
    """Plays a day in each of `halls` and steers the speed through `steer(speed)`."""

    def __init__(
        self, days: list[DemoDay], *, speed: float, steer: Callable[[float], None], watch: Watch | None = None
    ) -> None:
        self.days = days
        self.speed = speed
        self.slow = False
        self._steer = steer
        self._person_at: datetime | None = None
        self._watch = watch or Watch([day.mall.code for day in days])

    def step(self, now: datetime, wall: datetime) -> None:
        """One look at the hall at its time `now` and the real time `wall`."""
        self._mind_persons(now, wall)
        for day in self.days:
            day.step(now, wall)

    def over(self, now: datetime) -> bool:
        """Whether all halls are done for today and nobody tries them."""
        return not self.slow and all(day.over(now) for day in self.days)

    def _mind_persons(self, now: datetime, wall: datetime) -> None:
        own = set().union(*(day.own_smiles for day in self.days))
        for entry in self._watch.persons(own):
            self._person_at = wall
            counter = entry.data.get("counter")
            # Whoever takes a number or taps a smile touches no counter; officers do.
            if counter and entry.actor_kind == "user":
                for day in self.days:
                    day.leave_alone(int(counter))
        if self._person_at is None:
            return
        if not self.slow:
            self.slow = True
            log.info("a person joined: normal speed")
            self._steer(1.0)
        elif wall - self._person_at >= ALONE_AGAIN:
            self.slow, self._person_at = False, None
            log.info("nobody for three minutes: speed %s", self.speed)
            for day in self.days:
                day.take_back(now)
            self._steer(self.speed)


def works(mall: Mall, day: date) -> bool:
    """Whether any booth of `mall` is open on `day`."""
    return any(hours.is_open for hours in malls.hours_of(mall, day).values())


def next_start(mall: Mall, today: date) -> datetime:
    """When the next demo day starts: the last working day up to `today`, or the first after those already played."""
    played = Visit.objects.filter(mall=mall).order_by("-day").values_list("day", flat=True).first()
    day = today
    while not works(mall, day):
        day -= timedelta(days=1)
    if played is not None and played >= day:
        day = played + timedelta(days=1)
        while not works(mall, day):
            day += timedelta(days=1)
    return moment(mall.timezone, day, STARTS)


def goes_on(mall: Mall, now: datetime) -> bool:
    """Whether a played day is running at `now`: the player was only started again."""
    day = malls.local_day(mall, now)
    closes = [h.closes for h in malls.hours_of(mall, day).values() if h.closes]
    started = Visit.objects.filter(mall=mall, day=day).exists()
    return started and bool(closes) and moment(mall.timezone, day, STARTS) <= now < max(closes)


class NoHall(RuntimeError):
    """There is nothing to play in; a sentence for the terminal."""


def run(directory: Path, speed: float) -> None:
    """Play day after day until SIGTERM or SIGINT, then let the hall's clock stand. Raises NoHall."""
    ending = threading.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: ending.set())
    halls = [mall for mall in malls.malls() if mall.code in PEOPLE]
    halls.sort(key=lambda mall: list(PEOPLE).index(mall.code))
    if not halls:
        raise NoHall("there is no demo hall; `senyum seed sumedang` makes one")
    try:
        if clock.is_demo() and goes_on(halls[0], clock.now()):
            _steer(directory, speed, None, ending)
        else:
            _steer(directory, speed, next_start(halls[0], malls.local_day(halls[0], clock.wall())), ending)
        while not ending.is_set():
            _play_day(halls, directory, speed, ending)
            if not ending.is_set():
                _steer(directory, speed, next_start(halls[0], malls.local_day(halls[0], clock.wall())), ending)
    finally:
        # Without a player nobody is served: the clock stands until the next start goes on from here.
        clock.steer(directory, hall=None, speed=0.0, lead=0.0)


def _steer(directory: Path, speed: float, hall: datetime | None, ending: threading.Event) -> None:
    clock.steer(directory, hall=hall, speed=speed)
    ending.wait(1.0)


def _play_day(halls: list[Mall], directory: Path, speed: float, ending: threading.Event) -> None:
    now = clock.now()
    rng = random.Random(f"{malls.local_day(halls[0], now)}")  # nosec B311
    days = [DemoDay(mall, now, people=PEOPLE[mall.code], rng=rng) for mall in halls]
    player = Player(days, speed=speed, steer=lambda s: clock.steer(directory, hall=None, speed=s))
    log.info("playing %s", days[0].day)
    while not ending.wait(STEP_SECONDS):
        now = clock.now()
        player.step(now, clock.wall())
        if player.over(now):
            for mall in halls:
                close_mall(mall, now)
            return
