"""A demo day played in steps, without a clock that runs."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import pairwise

import pytest
from django.db.models import Count
from django_scopes import scopes_disabled

from senyum.core import clock
from senyum.jobs.close_day import close_mall
from senyum.journal.actor import Actor
from senyum.journal.models import Entry
from senyum.malls import queries as malls
from senyum.malls.models import BoothHours
from senyum.malls.rules import moment
from senyum.rehearsal import player
from senyum.rehearsal.demo_day import PLAYER, DemoDay
from senyum.rehearsal.queries import SmallHall
from senyum.roster import commands as roster
from senyum.roster.models import CounterSession, SessionPause
from senyum.surveys.models import Smile
from senyum.visits import commands
from senyum.visits.hall import forget
from senyum.visits.models import Call, Ticket, Visit

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 24)


@pytest.fixture(autouse=True)
def _unscoped() -> Iterator[None]:
    with scopes_disabled():
        yield


@pytest.fixture
def start(small_mall: SmallHall) -> datetime:
    """07.40 in a hall that is open from 8 to 15."""
    BoothHours.objects.all().update(opens=time(8), last_ticket=time(14, 30), closes=time(15))
    malls.forget()
    forget()
    return moment(small_mall.mall.timezone, DAY, time(7, 40))


def _play(day: DemoDay, start: datetime, minutes: float, seconds: int = 20) -> datetime:
    now, until = start, start + timedelta(minutes=minutes)
    while now < until:
        day.step(now, clock.wall())
        now += timedelta(seconds=seconds)
    return now


def _day(hall: SmallHall, now: datetime, people: int = 50) -> DemoDay:
    return DemoDay(hall.mall, now, people=people, rng=random.Random(7))


def test_a_whole_day_leaves_nobody_behind(small_mall: SmallHall, start: datetime) -> None:
    day = _day(small_mall, start)
    now = _play(day, start, 8.2 * 60, seconds=60)
    assert day.over(now)
    assert close_mall(small_mall.mall, now) <= 5  # who came back or was sent on too late
    states = dict(Ticket.objects.values_list("state").annotate(n=Count("id")))
    assert Visit.objects.count() >= 45
    assert states["served"] >= 0.8 * Ticket.objects.count()
    assert set(states) <= {"served", "left", "lapsed"}
    assert not CounterSession.objects.exclude(state="closed").exists()
    assert Smile.objects.exists() and SessionPause.objects.filter(reason="lunch").exists()
    assert Ticket.objects.filter(line=small_mall.lines["kasir"], forwarded_from__isnull=False, state="served").exists()
    # One person is at one counter at a time, and each service has its call.
    assert not Ticket.objects.filter(state="served", calls=None).exists()
    for session in CounterSession.objects.all():
        spans = Ticket.objects.filter(session=session, state="served").order_by("called_at")
        times = list(spans.values_list("called_at", "ended_at", "note"))
        plain = [(called, ended) for called, ended, note in times if not note]
        assert all(ended <= later for (_, ended), (later, _) in pairwise(plain))


def test_everything_is_the_players_or_a_smile(small_mall: SmallHall, start: datetime) -> None:
    before = Entry.objects.order_by("-id").first()
    _play(_day(small_mall, start), start, 90)
    new = Entry.objects.filter(id__gt=before.pk if before else 0)
    assert new.filter(actor_kind="demo", kind="ticket.called").exists()
    assert set(new.exclude(kind="smile.given").values_list("actor_kind", "actor_label")) == {("demo", "Demo")}


def test_a_day_that_was_cut_off_goes_on(small_mall: SmallHall, start: datetime) -> None:
    now = _play(_day(small_mall, start), start, 120)
    assert CounterSession.objects.exclude(state="closed").count() == 4
    calls = Call.objects.count()
    now = _play(_day(small_mall, now), now, 60)
    assert CounterSession.objects.count() == 4
    assert Call.objects.count() > calls


def _player(hall: SmallHall, start: datetime) -> tuple[player.Player, list[float]]:
    speeds: list[float] = []
    return player.Player([_day(hall, start)], speed=30, steer=speeds.append), speeds


def _go(playing: player.Player, now: datetime, wall: datetime, seconds: int) -> tuple[datetime, datetime]:
    for _step in range(seconds // 10):
        playing.step(now, wall)
        now, wall = now + timedelta(seconds=60), wall + timedelta(seconds=10)
    return now, wall


def test_its_own_smiles_do_not_slow_it_down(small_mall: SmallHall, start: datetime) -> None:
    playing, speeds = _player(small_mall, start)
    _go(playing, start, clock.wall(), 1200)
    assert Smile.objects.exists()
    assert speeds == [] and not playing.slow


def test_a_person_slows_it_down_for_three_minutes(small_mall: SmallHall, start: datetime) -> None:
    playing, speeds = _player(small_mall, start)
    now, wall = _go(playing, start, clock.wall(), 300)
    commands.issue_visit(
        mall=small_mall.mall,
        line_ids=[small_mall.lines["ktp"].pk],
        priority="regular",
        channel="kiosk",
        actor=Actor("device", "1", "Kios"),
        now=now,
    )
    now, wall = _go(playing, now, wall, 170)
    assert speeds == [1.0] and playing.slow
    _go(playing, now, wall, 30)
    assert speeds == [1.0, 30] and not playing.slow


def test_a_counter_taken_over_is_left_alone(small_mall: SmallHall, start: datetime) -> None:
    playing, speeds = _player(small_mall, start)
    now, wall = _go(playing, start, clock.wall(), 300)
    user, counter = small_mall.users["petugas1"], small_mall.counters[1]
    officer = Actor("user", str(user.pk), "petugas1")
    commands.take_over(counter=counter, user=user, reason="mencoba", actor=officer, now=now)
    seen = Entry.objects.order_by("-id").values_list("id", flat=True)[0]
    now, wall = _go(playing, now, wall, 900)
    touched = Entry.objects.filter(id__gt=seen, data__counter=counter.pk)
    assert speeds == [1.0, 30]
    assert Entry.objects.filter(id__gt=seen, kind="ticket.called").exists() and not touched.exists()
    session = CounterSession.objects.get(counter=counter, user=user)
    roster.close_session(session_id=session.pk, reason="selesai", now=now, actor=officer)
    _go(playing, now, wall, 240)
    assert CounterSession.objects.filter(counter=counter, user=None).exclude(state="closed").exists()


def test_days_follow_each_other(small_mall: SmallHall, start: datetime) -> None:
    mall = small_mall.mall
    assert player.next_start(mall, DAY) == start
    BoothHours.objects.filter(weekday__in=[5, 6]).delete()
    malls.forget()
    saturday = DAY + timedelta(days=4)
    friday, monday = saturday - timedelta(days=1), saturday + timedelta(days=2)
    assert malls.local_day(mall, player.next_start(mall, saturday)) == friday
    at = moment(mall.timezone, friday, time(9))
    commands.issue_visit(
        mall=mall, line_ids=[small_mall.lines["ktp"].pk], priority="regular", channel="kiosk", actor=PLAYER, now=at
    )
    assert malls.local_day(mall, player.next_start(mall, saturday)) == monday
    assert player.goes_on(mall, at) and not player.goes_on(mall, at + timedelta(hours=7))
