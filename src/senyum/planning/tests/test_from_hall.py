"""A mall's day as a scenario: from its records where there are enough, from standards and estimates where not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from django_scopes import scopes_disabled

from senyum.engine.scenario import Shape, faults
from senyum.engine.simulation.run import simulate
from senyum.journal.actor import SYSTEM
from senyum.planning import from_hall
from senyum.planning.from_hall import Facts, only_agency, scenario_of
from senyum.planning.hall_facts import facts
from senyum.planning.tests.small import DAY, NOW, at, eight_to_three
from senyum.rehearsal.queries import SmallHall
from senyum.roster import commands as roster
from senyum.roster.commands import NewShift
from senyum.visits import commands, states
from senyum.visits.models import Ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def hall(small_mall: SmallHall) -> SmallHall:
    return eight_to_three(small_mall)


@pytest.fixture
def known(hall: SmallHall) -> Facts:
    return facts(hall.mall, DAY, NOW)


def record_days(hall: SmallHall, days: int, people: int, minutes: float) -> None:
    """So many earlier days on which `people` came for a KTP at nine and were served for `minutes` each."""
    for back in range(1, days + 1):
        morning = at(9) - timedelta(days=back + 1)
        for n in range(people):
            issued = commands.issue_visit(
                mall=hall.mall,
                line_ids=[hall.lines["ktp"].pk],
                priority="elderly" if n == 0 else "regular",
                channel="api",
                actor=SYSTEM,
                now=morning + timedelta(minutes=n),
                any_time=True,
            )
            start = morning + timedelta(minutes=n + 5)
            with scopes_disabled():
                Ticket.objects.filter(pk=issued.tickets[0].id).update(
                    state=states.SERVED, serving_at=start, ended_at=start + timedelta(minutes=minutes)
                )


def test_a_hall_without_records_becomes_a_day_that_can_be_played(known: Facts) -> None:
    scenario, basis = scenario_of(known, hour_cost=40_000)
    assert faults(scenario) == []
    assert [a.code for a in scenario.agencies] == ["contoh-dukcapil", "contoh-polres", "contoh-bank"]
    assert (scenario.opens, scenario.closes, scenario.periods) == (480, 900, 14)
    assert scenario.rules.lengths == (240, 300, 360, 420)
    assert [c.code for c in scenario.classes] == ["regular", "elderly", "disability", "pregnant", "child", "disaster"]
    assert sum(c.share for c in scenario.classes) == pytest.approx(1)
    assert (basis.days, basis.people_known, basis.minutes_known) == (0, 0, 0)
    assert (basis.officers, basis.shifts, basis.unserved) == (4, 4, ())
    assert {o.cost for o in scenario.officers} == {40_000}
    assert simulate(scenario, days=20).total.kept.mean > 0


def test_standards_and_load_stand_in_for_records(known: Facts) -> None:
    scenario, _basis = scenario_of(known, hour_cost=1)
    ktp = next(s for s in scenario.services if s.code == "ktp")
    assert (ktp.times.shape, ktp.times.mean) == (Shape.LOGNORMAL, 10)
    # Counter 1 serves it alone first: 0.6 of 6.5 hours in which tickets are taken, at ten minutes each.
    assert ktp.people.sum() == pytest.approx(0.6 * 390 / 10)
    assert ktp.people[-1] == 0


def test_rates_of_the_example_keep_their_people_over_other_hours(known: Facts) -> None:
    rates = {"ktp": np.arange(14, dtype=float)}
    scenario, _basis = scenario_of(known, hour_cost=1, example=rates)
    assert next(s for s in scenario.services if s.code == "ktp").people.sum() == pytest.approx(rates["ktp"].sum())


def test_who_pays_goes_on_to_the_cashier_and_nobody_comes_there_by_themselves(known: Facts) -> None:
    scenario, _basis = scenario_of(known, hour_cost=1)
    codes = [s.code for s in scenario.services]
    (forward,) = scenario.forwards
    assert (codes[forward.source], codes[forward.target]) == ("skck", "kasir")
    assert scenario.services[codes.index("kasir")].people.sum() == 0


def test_the_roster_becomes_shifts_with_lunch(known: Facts, hall: SmallHall) -> None:
    scenario, _basis = scenario_of(known, hour_cost=1)
    first = scenario.shifts[0]
    assert scenario.officers[first.officer].code == "petugas1"
    assert (first.start, first.end, first.lunch, first.lunch_minutes) == (480, 900, 720, 30)
    assert {scenario.counters[s.counter].number for s in scenario.shifts} == {1, 2, 3, 4}


def test_nameless_shifts_are_shared_out_and_a_helping_coordinator_keeps_their_name(hall: SmallHall) -> None:
    def shift(counter: int, start: int, end: int, user: str = "") -> NewShift:
        return NewShift(hall.counters[counter].pk, at(start), at(end), user_id=hall.users[user].pk if user else None)

    roster.replace_shifts(
        mall=hall.mall,
        day=DAY,
        agencies=[hall.agencies["dukcapil"].pk],
        shifts=[shift(1, 8, 11), shift(1, 11, 15), shift(2, 8, 12, "koordinator")],
        source="hand",
        now=NOW,
        actor=SYSTEM,
    )
    known = facts(hall.mall, DAY, NOW)
    nameless = [o for o in known.officers if o.user_id is None]
    assert [o.code for o in nameless] == ["contoh-dukcapil-1"]
    coordinator = next(o for o in known.officers if o.user_id == hall.users["koordinator"].pk)
    assert coordinator.name == "Koordinator (contoh)"
    scenario, basis = scenario_of(known, hour_cost=1)
    assert faults(scenario) == [] and basis.shifts == 5


def test_enough_records_replace_estimates(hall: SmallHall) -> None:
    record_days(hall, days=6, people=12, minutes=7)
    known = facts(hall.mall, DAY, NOW)
    scenario, basis = scenario_of(known, hour_cost=1)
    ktp = next(s for s in scenario.services if s.code == "ktp")
    assert basis.days == 6 and basis.minutes_known == 1 and basis.people_known == 5
    assert (ktp.times.shape, round(ktp.times.mean, 3)) == (Shape.EMPIRICAL, 7)
    # Nine o'clock is the third half hour after eight.
    assert list(np.flatnonzero(ktp.people)) == [2] and ktp.people[2] == pytest.approx(12)
    assert next(s for s in scenario.services if s.code == "kk").people.sum() == 0
    shares = {c.code: c.share for c in scenario.classes}
    assert shares["elderly"] == pytest.approx(1 / 12) and shares["child"] == 0
    assert scenario.forwards == ()


def test_four_days_are_too_few(hall: SmallHall) -> None:
    record_days(hall, days=4, people=12, minutes=7)
    _scenario, basis = scenario_of(facts(hall.mall, DAY, NOW), hour_cost=1)
    assert basis.people_known == 0 and basis.minutes_known == 1


def test_a_service_without_counter_is_said_and_left_out(known: Facts) -> None:
    counters = tuple(replace(c, first=(), helps=()) if c.number == 3 else c for c in known.counters)
    scenario, basis = scenario_of(replace(known, counters=counters), hour_cost=1)
    assert basis.unserved == ("SKCK",) and faults(scenario) == []
    assert all(scenario.counters[s.counter].number != 3 for s in scenario.shifts)


def test_a_closed_day_has_no_agencies(known: Facts) -> None:
    scenario, basis = scenario_of(replace(known, booths=()), hour_cost=1)
    assert scenario.agencies == () and basis.people_a_day == 0


def test_a_long_day_allows_eight_hours_and_a_short_one_its_own_length() -> None:
    assert from_hall._rules(480, 1020).lengths == (240, 300, 360, 420, 480)
    assert from_hall._rules(480, 660).lengths == (180,)


def test_one_agency_alone_is_the_same_agency(known: Facts) -> None:
    scenario, _basis = scenario_of(known, hour_cost=1)
    alone = only_agency(scenario, "contoh-dukcapil")
    assert faults(alone) == []
    assert ([s.code for s in alone.services], [c.number for c in alone.counters]) == (["ktp", "kk", "ambil"], [1, 2])
    assert [alone.officers[s.officer].code for s in alone.shifts] == ["petugas1", "petugas2"]
    whole = simulate(scenario, days=10).agencies[0]
    assert simulate(alone, days=10).agencies[0].kept.mean == pytest.approx(whole.kept.mean, abs=0.15)
    assert only_agency(scenario, "contoh-bank").forwards == ()
    with pytest.raises(KeyError):
        only_agency(scenario, "nobody")
