"""Reading a scenario: the examples, each key by a small file, and the sentences about what is wrong."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import yaml

from senyum.engine import scenario as parts
from senyum.engine.scenario import Shape
from senyum.planning.scenario_file import ScenarioError, parse, read
from senyum.rehearsal import rows

SMALL = """
name: Small
weekday: friday
hours: 08.00-10.00
weekdays: [1, 1, 1, 1, 0.5, 0, 0]
profiles: {usual: [4, 3, 2, 1]}
agencies:
  - {code: a, hours: 08.00-10.00}
  - {code: b, hours: 08.00-09.30, last_ticket: 9.1, days: [0, 4]}
services:
  - {code: x, agency: a, people: 20, minutes: 10, booked: 4, no_show: 0.1, quantities: {1: 9, 2: 1}, parks: 0.1}
  - {code: y, agency: a, people: [1, 2, 3, 4], minutes: [3, 1, 2]}
  - {code: z, agency: b, people: 8, profile: even, minutes: {mixture: [{share: 3, mean: 4}, {share: 1, mean: 8}]}}
  - {code: e, agency: b, people: 0, minutes: {exponential: 5}}
  - {code: f, agency: b, people: 0, minutes: {fixed: 5}}
classes:
  - {code: regular, head_start: 0, promise: 30, share: 0.9}
  - {code: elderly, head_start: 20, promise: 15, share: 0.1}
counters:
  - {number: 1, agency: a, first: [x], helps: rest}
  - {number: 2, agency: b, first: all}
officers:
  - {code: p, agency: a, absent: 0.1, cost: 3, skills: [x]}
  - {code: q, agency: b}
shifts:
  - {officer: p, counter: 1, hours: 08.00-10.00, lunch: "09.00", lunch_minutes: 15}
  - {officer: q, counter: 2, hours: 08.00-09.30}
forwards: [{from: x, to: z, share: 0.2}]
abandonment: {patience: 60}
"""


def broken(old: str, new: str) -> str:
    assert old in SMALL
    with pytest.raises(ScenarioError) as caught:
        parse(SMALL.replace(old, new))
    return str(caught.value)


def test_each_key_arrives_where_it_belongs() -> None:
    small = parse(SMALL)
    x, y, z, e, f = small.services
    assert (small.weekday, small.opens, small.closes, small.periods) == (4, 480, 600, 4)
    assert small.agencies[0].last_ticket == 570
    assert (small.agencies[1].last_ticket, small.agencies[1].days) == (550, (0, 4))
    assert x.people.tolist() == [8, 6, 4, 2] and x.booked.tolist() == [1, 1, 1, 1]
    assert x.quantities == ((1, 0.9), (2, 0.1)) and x.minutes == pytest.approx(10.5)
    assert y.times.values.tolist() == [1, 2, 3] and y.times.mean == 2
    assert z.times.shape is Shape.MIXTURE and z.times.mean == pytest.approx(5) and z.people.tolist() == [2] * 4
    assert (e.times.shape, f.times.shape) == (Shape.EXPONENTIAL, Shape.FIXED)
    assert small.people()[0].tolist() == [4, 3, 2, 1], "Friday is half as busy"
    assert small.counters[0].first == (0,) and small.counters[0].helps == (1,)
    assert small.tiers().tolist() == [[1, 2, 0, 0, 0], [0, 0, 1, 1, 1]]
    assert small.officers[0].skills == {0} and small.officers[1].skills == {2, 3, 4}
    assert small.shifts[0].presences() == [(480, 540), (555, 600)]
    assert small.officer_hours() == pytest.approx(1.75 + 1.5) and small.cost() == pytest.approx(3 * 1.75 + 1.5)
    assert small.forwards == (parts.Forward(0, 2, 0.2),)
    assert small.abandonment == parts.Abandonment(patience=60, patience_after=60)
    assert small.promise_share == 0.9


def test_moments_of_the_shapes() -> None:
    assert parts.exponential(5).second_moment == pytest.approx(50)
    assert parts.fixed(5).second_moment == 25
    assert parts.empirical([1, 3]).second_moment == 5
    assert parts.lognormal(10, 0.5).second_moment == pytest.approx(125)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("name: Small", "title: Small", "scenario: `name` is missing"),
        ("name: Small", "name: Small\nsped: 3", "scenario: unknown `sped`"),
        ("weekday: friday", "weekday: jumat", "`weekday` must be one of monday, tuesday"),
        ("usual: [4, 3, 2, 1]", "usual: [4, 3, 2]", "profiles: `usual` must be a list of 4 numbers"),
        ("{code: a, hours: 08.00-10.00}", "{code: a, hours: 08.00}", "agency a: `hours` must be from and to"),
        ("{code: a, hours: 08.00-10.00}", "{code: a, hours: 8-10}", "agency a: `hours` must be a time like 08.00"),
        ("{code: a, hours: 08.00-10.00}", "{code: a, hours: 07.00-10.00}", "agency a: opens, last ticket and closes"),
        ("{code: x, agency: a,", "{code: x, agency: c,", "service x: `agency` names 'c', which is not in the scenario"),
        ("code: y", "code: x", "service x: a second one of this code"),
        ("people: [1, 2, 3, 4]", "people: [1, 2, 3]", "service y: `people` must be a list of 4 numbers"),
        ("minutes: [3, 1, 2]", "minutes: []", "service y: `minutes` must be a list of recorded minutes"),
        ("minutes: [3, 1, 2]", "minutes: {gamma: 2}", "service y, minutes: give a number, a list, or one of"),
        ("minutes: [3, 1, 2]", "minutes: 0", "service y: the minutes must be above 0"),
        ("profile: even", "profile: flat", "service z: `profile` must be one of even, usual"),
        ("no_show: 0.1", "no_show: 1.1", "service x: `no_show` must be a number from 0 to 1, found 1.1"),
        ("{1: 9, 2: 1}", "[1, 2]", "service x: `quantities` must be documents with their share"),
        ("share: 0.1}\ncounters", "share: 0.2}\ncounters", "the shares of the priority classes must sum to 1"),
        ("first: [x]", "first: [z]", "counter 1: `first` names 'z', a service of another agency"),
        ("first: [x]", "first: x", "counter 1: `first` must be a list of service codes"),
        (", helps: rest", "", "service y: people come, but no counter serves it"),
        ("skills: [x]", "skills: []", "the officer can do nothing that this counter serves"),
        ('lunch: "09.00"', 'lunch: "09.50"', "shift p: `lunch` must be within the shift"),
        ("{officer: q, counter: 2", "{officer: q, counter: 1", "officer and counter belong to different agencies"),
        ("share: 0.2}]", "share: 0.2}, {from: x, to: y, share: 0.9}]", "service x: the shares of its forwards"),
        ("forwards: [{from: x", "forwards: [{source: x", "forward 1: `from` is missing"),
        ("hours: 08.00-09.30}\nforwards", "hours: 09.30-08.00}\nforwards", "it must end after it starts"),
        ("name: Small", "name: [", "this is not YAML"),
    ],
)
def test_what_is_wrong_is_said(old: str, new: str, sentence: str) -> None:
    assert sentence in broken(old, new)


def test_two_people_do_not_sit_at_one_counter_and_nobody_at_two() -> None:
    more = "  - {officer: q, counter: 2, hours: 09.00-09.30}\nforwards"
    said = broken("forwards", more)
    assert "officer q: two shifts overlap" in said and "counter 2: two officers sit there at once" in said


@pytest.mark.parametrize("text", ["", "3", "- a"])
def test_what_is_no_scenario_at_all_is_refused(text: str) -> None:
    with pytest.raises(ScenarioError, match="a scenario is"):
        parse(text)


def test_the_sumedang_example_is_the_hall_of_the_seed() -> None:
    example, seed = read("sumedang"), rows.read("sumedang")
    assert len(example.agencies) == 30 and len(example.counters) == 52
    assert {a.code for a in example.agencies} == {a["code"] for a in seed.agencies}
    assert {s.code for s in example.services} == {s["code"] for s in seed.services}
    numbers = {n for row in seed.counters if row["mall"] == "sumedang" for n in row["numbers"]}
    assert {c.number for c in example.counters} == numbers
    policy = {(c["code"], c["head_start"], c["promise"]) for c in seed.priority_classes}
    assert {(c.code, c.head_start, c.promise) for c in example.classes} == policy
    assert 500 < example.people().sum() + example.booked().sum() < 1200


def test_the_bench_day_has_the_size_that_the_benchmark_states() -> None:
    day = read("bench-day")
    assert (len(day.services), len(day.counters)) == (30, 80)
    assert day.people().sum() + day.booked().sum() == pytest.approx(1500, rel=0.01)


def test_what_if_helpers_change_only_what_they_say() -> None:
    day = read("bench-day")
    assert parts.busier(day, 1.4).people().sum() == pytest.approx(1.4 * day.people().sum())
    fewer = parts.without_officers(day, [0])
    assert len(fewer.shifts) == len(day.shifts) - 1 and all(shift.officer for shift in fewer.shifts)
    assert parts.on_weekday(day, 6).people().sum() == 0
    assert math.isinf(parts.Abandonment().patience)


def test_a_file_is_read_from_its_path(tmp_path: Path) -> None:
    path = tmp_path / "day.yaml"
    path.write_text(yaml.safe_dump(yaml.safe_load(SMALL)), encoding="utf-8")
    assert np.array_equal(read(path).people(), parse(SMALL).people())
