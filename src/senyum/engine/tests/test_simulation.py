"""The simulated day: who is called is who the live rule calls, nothing is lost, and a seed means one result."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from senyum.engine import scenario as parts
from senyum.engine.discipline import Waiting, Why, choose
from senyum.engine.discipline_fast import LEG, LINE, clear_bit, join, leave, lowest, next_leg, set_bit
from senyum.engine.scenario import Abandonment, busier, exponential, on_weekday, without_officers
from senyum.engine.simulation import one_day, simulate
from senyum.engine.simulation.day import DayOfLegs, played
from senyum.engine.simulation.draws import normal
from senyum.engine.simulation.report import quantile, ratio
from senyum.engine.simulation.room import COMER, LAPSED, LEFT, SERVED, WAITING
from senyum.engine.simulation.student import t_quantile
from senyum.engine.simulation.tally import BINS
from senyum.engine.tests.halls_simulated import hall, queue, with_counters

LINES, CLASSES = 70, 4


# Who is next


def _bits(places: set[int]) -> np.ndarray:
    words = np.zeros(2, dtype=np.uint64)
    for place in places:
        set_bit(words, place)
    return words


def _random_hall(rng: np.random.Generator) -> tuple[list[Waiting[float]], set[int], set[int], float, int | None, str]:
    """A hall as the live rule sees it, and the leg and reason that the compiled one finds after joins and leaves."""
    people = int(rng.integers(1, int(rng.integers(2, 60))))
    used = rng.choice(LINES, size=int(rng.integers(1, 6)), replace=False)
    head, promise = rng.integers(0, 25, CLASSES), rng.integers(20, 20 + int(rng.integers(5, 200)), CLASSES)
    legs = np.zeros(people, LEG).view(np.recarray)
    lines = np.zeros(LINES, LINE).view(np.recarray)
    lines.leg[:] = -1
    ends, waiting = np.full((LINES, CLASSES, 2), -1), np.zeros(2, dtype=np.uint64)
    now, alive = 100.0, []
    for i in range(people):
        # Whole minutes give equal turns; anchors that go back are people who return with their old turn.
        anchor, cls = float(rng.integers(0, 100)), int(rng.integers(CLASSES))
        legs[i].line, legs[i].cls = rng.choice(used), cls
        legs[i].turn, legs[i].promised = anchor - head[cls], anchor + promise[cls]
        join(i, legs, lines, ends, waiting)
        alive.append(i)
    apart: dict[int, str] = {}
    for i in rng.permutation(people)[: people // 2]:
        leave(i, legs, lines, ends, waiting)
        kind = ("gone", "busy", "held", "back")[int(rng.integers(4))]
        if kind == "back":
            join(i, legs, lines, ends, waiting)
        else:
            apart[int(i)] = kind
    hall_now = [
        Waiting(
            i,
            int(legs[i].line),
            float(legs[i].turn),
            float(legs[i].promised),
            held_until=now + 5 if apart.get(i) == "held" else None,
            busy=apart.get(i) == "busy",
        )
        for i in alive
        if apart.get(i) != "gone"
    ]
    first = {int(line) for line in used if rng.random() < 0.35}
    helps = {int(line) for line in used if line not in first and rng.random() < 0.7}
    leg, why = next_leg(now, _bits(first), _bits(helps), legs, lines, ends, waiting)
    return hall_now, first, helps, now, (None if leg < 0 else int(leg)), list(Why)[why] if leg >= 0 else ""


def test_the_compiled_rule_chooses_as_the_live_one_in_1000_random_halls() -> None:
    rng = np.random.default_rng(7)
    reasons = dict.fromkeys([*list(Why)[:3], ""], 0)
    for _ in range(1000):
        waiting, first, helps, now, leg, why = _random_hall(rng)
        choice = choose(waiting, first=first, helps=helps, now=now)
        assert (leg, why) == ((choice.ticket, choice.why) if choice else (None, ""))
        reasons[why] += 1
    assert min(reasons.values()) > 30, "each reason must have been tried"


def test_every_call_of_a_whole_day_is_the_one_that_the_live_rule_makes() -> None:
    scenario = hall(people=90, abandonment=Abandonment(), parks=0.0)
    day = one_day(scenario, seed=3)
    tiers = scenario.tiers()
    seen, called = set(), set()
    # At one moment (when the hall opens) counters call in the order of their numbers.
    for leg in np.lexsort((day.counter, day.called))[: np.isfinite(day.called).sum()]:
        now = day.called[leg]
        waiting = [
            Waiting(int(i), int(day.service[i]), day.turn[i], day.promised[i])
            for i in np.flatnonzero((day.queued <= now) & (day.called >= now) & (day.ended > now))
            if i not in called
        ]
        called.add(leg)
        row = tiers[day.counter[leg]]
        choice = choose(waiting, first=np.flatnonzero(row == 1), helps=np.flatnonzero(row == 2), now=now)
        assert choice and (choice.ticket, list(Why).index(choice.why)) == (leg, day.why[leg])
        seen.add(choice.why)
    assert seen == {Why.EARLIEST, Why.PAST_PROMISE, Why.HELPING}


def test_sets_of_places() -> None:
    words = np.zeros(2, dtype=np.uint64)
    for place in (0, 5, 63, 64, 100):
        set_bit(words, place)
        assert lowest(words[place >> 6]) <= place & 63
        clear_bit(words, place)
        assert not words.any()


# Nothing is lost


@st.composite
def halls(draw: st.DrawFn) -> parts.Scenario:
    leave_rule = draw(
        st.sampled_from(
            [
                Abandonment(),
                Abandonment(accepts=30, patience=20, patience_after=5, missed_call=2),
                Abandonment(patience=15, patience_after=15),
            ]
        )
    )
    return hall(
        counters=draw(st.integers(1, 4)),
        people=draw(st.floats(0, 120)),
        absent=draw(st.sampled_from([0.0, 0.3, 1.0])),
        parks=draw(st.sampled_from([0.0, 0.4])),
        forward=draw(st.sampled_from([0.0, 0.6])),
        abandonment=leave_rule,
    )


def _busy_at(day: DayOfLegs, scenario: parts.Scenario) -> None:
    """No counter has two people at once. Whoever was set aside left the counter in between: they are left out."""
    called = np.flatnonzero(np.isfinite(day.called) & (day.parked == 0) & (day.state == SERVED))
    for counter in range(len(scenario.counters)):
        mine = called[day.counter[called] == counter]
        mine = mine[np.argsort(day.called[mine])]
        assert (day.called[mine][1:] >= day.ended[mine][:-1] - 1e-9).all()


@settings(max_examples=60, deadline=None)
@given(halls(), st.integers(0, 1000))
def test_everybody_who_came_was_served_left_or_lapsed(scenario: parts.Scenario, seed: int) -> None:
    day = one_day(scenario, seed=seed)
    assert not (day.state == WAITING).any()
    assert ((day.state == SERVED) + (day.state == LEFT) + (day.state == LAPSED)).all()
    served = day.state == SERVED
    assert (day.called[served] >= day.queued[served]).all(), "nobody is called before they came"
    assert (day.ended[served] >= day.called[served] + day.minutes[served]).all()
    assert np.isinf(day.called[day.state == LEFT]).all()
    assert (day.ended >= day.queued).all() and np.isfinite(day.ended).all()
    onward = day.origin >= 0
    assert (day.queued[onward] > day.ended[day.origin[onward]]).all(), "one leg after the other"
    assert np.array_equal(day.turn[onward], day.turn[day.origin[onward]]), "a forwarded turn does not move"
    assert (scenario.tiers()[day.counter[served], day.service[served]] > 0).all()
    closes = np.array([a.closes for a in scenario.agencies])[[scenario.services[s].agency for s in day.service]]
    assert (day.called[served] <= closes[served]).all(), "after closing nobody is called"
    _busy_at(day, scenario)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 200), st.integers(0, 1)), min_size=1, max_size=40), st.integers(1, 4))
def test_one_more_counter_lets_nobody_wait_longer(people: list[tuple[float, int]], counters: int) -> None:
    scenario = replace(queue(exponential(9), counters=counters, load=0.5, minutes=2000), walk=0.0)
    comers = np.array([(at, at, 17 * k + 3, 0) for k, (at, _) in enumerate(people)], dtype=COMER)
    fewer, more = (played(with_counters(scenario, n), comers) for n in (counters, counters + 1))
    assert np.array_equal(fewer.queued, more.queued) and np.array_equal(fewer.minutes, more.minutes)
    assert (more.called <= fewer.called + 1e-9).all()


def test_more_counters_serve_more_and_more_people_wait_longer() -> None:
    few, many = (simulate(hall(counters=n, people=90), days=200, seed=1).total for n in (2, 4))
    assert many.wait.mean < few.wait.mean and many.kept.mean > few.kept.mean and many.left.mean < few.left.mean
    full = simulate(busier(hall(counters=4, people=90), 1.5), days=200, seed=1).total
    assert full.wait.mean > many.wait.mean


# A seed means one result


def test_a_seed_gives_the_same_report_on_any_number_of_threads() -> None:
    scenario = hall(absent=0.1)
    one, three = (simulate(scenario, days=90, seed=5, threads=n) for n in (1, 3))
    assert repr((one.total, one.services, one.half_hours)) == repr((three.total, three.services, three.half_hours))
    assert np.array_equal(one.agency_kept, three.agency_kept, equal_nan=True)
    assert repr(simulate(scenario, days=90, seed=6).total) != repr(one.total)


def test_a_day_does_not_depend_on_the_others() -> None:
    days = [one_day(hall(), seed=5, day=k) for k in range(4)]
    people = [float((day.origin < 0).sum()) for day in days]
    assert simulate(hall(), days=4, seed=5).total.people.mean == pytest.approx(np.mean(people))
    assert len(set(people)) > 1


def test_a_what_if_meets_the_same_people() -> None:
    before, after = one_day(hall(counters=2), seed=9), one_day(hall(counters=4), seed=9)
    ours, theirs = before.origin < 0, after.origin < 0
    for name in ("queued", "service", "cls", "minutes", "turn"):
        assert np.array_equal(getattr(before, name)[ours], getattr(after, name)[theirs])
    missing = one_day(replace(hall(), services=(*hall().services[:2], replace(hall().services[2], code="w"))), seed=9)
    assert np.array_equal(
        np.sort(missing.queued[(missing.service < 2) & (missing.origin < 0)]),
        np.sort(before.queued[(before.service < 2) & ours]),
    ), "another service changes nobody else"


# Each feature does what it says


def _total(scenario: parts.Scenario, days: int = 300) -> object:
    return simulate(scenario, days=days, seed=2).total


def test_people_and_bookings_come_as_expected() -> None:
    scenario = replace(hall(people=60), day_spread=0.0)
    expected = scenario.people().sum() + (0.8 * scenario.booked()).sum()
    people = simulate(scenario, days=800, seed=2).total.people
    assert abs(people.mean - expected) < 2 * people.half_width
    halves = simulate(scenario, days=800, seed=2).half_hours
    walk_ins = scenario.people().sum(axis=0) + 0.8 * scenario.booked().sum(axis=0)
    assert [h.people.mean for h in halves[1:6]] == pytest.approx(walk_ins[1:6], rel=0.06)
    assert simulate(on_weekday(scenario, 6), days=3).total.people.mean == 0


def test_a_busier_day_factor_keeps_the_mean_and_widens_the_spread() -> None:
    def counts(spread: float) -> np.ndarray:
        scenario = replace(hall(people=100), day_spread=spread)
        return np.array([(one_day(scenario, seed=4, day=k).origin < 0).sum() for k in range(400)])

    even, uneven = counts(0.0), counts(0.3)
    assert uneven.mean() == pytest.approx(even.mean(), rel=0.05)
    assert uneven.std() > 2 * even.std()


def test_head_starts_shorten_the_wait_of_their_class() -> None:
    regular, elderly = simulate(hall(people=90, counters=3), days=300, seed=2).classes
    assert elderly.p90.mean + 5 < regular.p90.mean


def test_absent_officers_and_lunch_make_people_wait() -> None:
    scenario = hall(people=60)
    none = simulate(scenario, days=300, seed=2)
    ill = simulate(hall(people=60, absent=0.3), days=300, seed=2)
    gone = simulate(without_officers(scenario, [0]), days=300, seed=2)
    hungry = replace(scenario, shifts=tuple(replace(s, lunch=None, lunch_minutes=0.0) for s in scenario.shifts))
    fed = simulate(hungry, days=300, seed=2)
    assert ill.total.wait.mean > none.total.wait.mean < gone.total.wait.mean
    assert fed.total.wait.mean < none.total.wait.mean
    assert ill.agencies[0].utilisation and none.agencies[0].utilisation
    assert ill.agencies[0].utilisation.mean > none.agencies[0].utilisation.mean
    nobody = simulate(hall(people=60, absent=1.0, forward=0), days=50, seed=2).agencies[0]
    assert nobody.served.mean == 0 and nobody.lapsed.mean + nobody.left.mean == pytest.approx(nobody.people.mean)


def test_who_is_set_aside_frees_the_counter_and_comes_back() -> None:
    day = one_day(hall(people=60, parks=1.0, abandonment=Abandonment()), seed=1)
    aside = (day.parked == 1) & (day.state == SERVED) & (day.service == 0)
    assert aside.sum() > 5
    assert (day.ended - day.called - day.minutes)[aside].mean() > 8, "they were away for a quarter of an hour"


def test_forwarded_people_are_legs_of_their_own() -> None:
    some, none = (simulate(hall(forward=f), days=200, seed=2) for f in (0.5, 0.0))
    assert none.total.forwarded.mean == 0
    assert some.services[2].forwarded.mean == pytest.approx(0.5 * some.services[0].served.mean, rel=0.1)
    assert some.total.people.mean == pytest.approx(none.total.people.mean)


def test_people_leave_when_the_shown_wait_is_too_long_for_them() -> None:
    stay = simulate(hall(people=120, abandonment=Abandonment()), days=200, seed=2).total
    turn_away = simulate(hall(people=120, abandonment=Abandonment(accepts=15)), days=200, seed=2).total
    impatient = simulate(hall(people=120, abandonment=Abandonment(patience_after=10)), days=200, seed=2).total
    missed = simulate(
        hall(people=120, abandonment=Abandonment(patience_after=10, missed_call=3)), days=200, seed=2
    ).total
    assert stay.left.mean == 0
    assert turn_away.left.mean > 5 and turn_away.wait.mean < stay.wait.mean
    assert impatient.left.mean > 5 and impatient.wait.mean < stay.wait.mean
    assert missed.served.mean < impatient.served.mean
    day = one_day(hall(people=120, abandonment=Abandonment(patience_after=10)), seed=2)
    gone = day.state == LEFT
    assert (day.ended - day.queued >= day.shown - 1e-9)[gone].all(), "nobody leaves before the shown wait has passed"


def test_a_shown_wait_is_near_the_real_one() -> None:
    day = one_day(hall(people=120, abandonment=Abandonment(accepts=1e6), parks=0, forward=0), seed=2)
    waited = np.isfinite(day.called) & (day.shown > 0) & (day.service < 2)
    assert np.corrcoef(day.shown[waited], day.wait[waited])[0, 1] > 0.6
    assert 0.5 < day.shown[waited].mean() / day.wait[waited].mean() < 2


def test_a_skill_that_an_officer_lacks_is_not_served_there() -> None:
    scenario = hall(counters=2)
    only = tuple(replace(o, skills=frozenset({0})) if o.agency == 0 else o for o in scenario.officers)
    report = simulate(replace(scenario, officers=only), days=50, seed=2)
    assert report.services[0].served.mean > 0 and report.services[1].served.mean == 0


def test_a_day_larger_than_expected_is_given_more_room() -> None:
    scenario = hall(people=0.0, forward=0.0)
    comers = np.array([(500.0, 500.0, k, 0) for k in range(500)], dtype=COMER)
    assert len(played(scenario, comers).queued) == 500
    chain = replace(
        scenario,
        forwards=(parts.Forward(0, 0, 1.0),),
        services=(
            replace(scenario.services[0], times=parts.fixed(0.01), quantities=((1, 1.0),)),
            *scenario.services[1:],
        ),
        walk=0.0,
        transfer=0.01,
        abandonment=Abandonment(),
    )
    day = played(chain, comers[:20])
    assert len(day.queued) > 1000 and not (day.state == WAITING).any()


# Figures


def test_a_day_or_more_is_needed() -> None:
    with pytest.raises(ValueError, match="at least one day"):
        simulate(hall(), days=0)
    single = simulate(hall(), days=1).total
    assert math.isnan(single.wait.half_width) and single.wait.n == 1 and single.people.mean > 0


def test_intervals_hold_the_long_run_mean_nineteen_times_in_twenty() -> None:
    scenario = hall(people=60)
    long_run = simulate(scenario, days=6000, seed=99, threads=2).total
    held = {"wait": 0, "p90": 0, "kept": 0}
    for seed in range(60):
        total = simulate(scenario, days=60, seed=seed).total
        for name in held:
            figure = getattr(total, name)
            held[name] += abs(figure.mean - getattr(long_run, name).mean) <= figure.half_width
    assert all(51 <= count <= 60 for count in held.values()), held


def test_quantiles_come_from_the_bins() -> None:
    report = simulate(hall(people=90), days=40, seed=3)
    days = [one_day(hall(people=90), seed=3, day=k) for k in range(40)]
    waits = np.concatenate([d.wait[np.isfinite(d.wait)] for d in days])
    assert report.total.p50.mean == pytest.approx(np.quantile(waits, 0.5), abs=0.5)
    assert report.total.p90.mean == pytest.approx(np.quantile(waits, 0.9), abs=0.5)
    assert report.total.wait.mean == pytest.approx(waits.mean())
    nobody = quantile(np.zeros((3, BINS)), 0.5)
    assert math.isnan(nobody.mean) and math.isnan(ratio(np.zeros(3), np.zeros(3)).mean)


def test_the_queue_is_the_time_people_wait() -> None:
    day = one_day(hall(people=90), seed=3)
    report = simulate(hall(people=90), days=1, seed=3)
    stood = np.minimum(np.minimum(day.called, day.ended), 720) - day.queued
    assert report.total.queue and report.total.queue.mean == pytest.approx(stood.sum() / 240)


@pytest.mark.parametrize(("p", "freedom", "value"), [(0.975, 1, 12.7062), (0.975, 10, 2.2281), (0.995, 23, 2.8073)])
def test_student(p: float, freedom: int, value: float) -> None:
    assert t_quantile(p, freedom) == pytest.approx(value, abs=1e-4)


@pytest.mark.parametrize(
    ("p", "value"), [(0.5, 0.0), (0.975, 1.959963984540054), (1e-9, -5.997807015007686), (1e-14, -7.650628)]
)
def test_normal_quantiles(p: float, value: float) -> None:
    assert normal(p) == pytest.approx(value, abs=1e-6)
