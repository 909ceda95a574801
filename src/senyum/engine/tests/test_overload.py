"""The compiled day against a plain one, and what the overload table must show."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from senyum.engine.discipline import Waiting, Why, choose
from senyum.engine.overload import (
    DISCIPLINES,
    FIFO,
    POLICY,
    STRICT,
    Arrivals,
    CounterLines,
    LineLoad,
    OverloadRow,
    PolicyRow,
    overload_table,
    starving,
)
from senyum.engine.simulation.classic import run_day

CLASSES = [PolicyRow("regular", 0, 30, 0.8), PolicyRow("elderly", 20, 15, 0.2)]
LINES = [LineLoad("A", 8, 0.6), LineLoad("B", 12, 0.3), LineLoad("P", 3, 0.1)]
#: Line P is helped out with only: the one that could starve.
COUNTERS = [CounterLines((0,), (2,)), CounterLines((0, 1)), CounterLines((1,), (0, 2))]


@pytest.fixture(scope="module")
def table() -> dict[tuple[str, str], OverloadRow]:
    rows = overload_table(CLASSES, LINES, COUNTERS, Arrivals(days=8), seed=5)
    return {(row.discipline, row.group): row for row in rows}


def plain_day(
    arrived: list[int], line: list[int], turn: list[float], promised: list[float], service: list[int], tiers: np.ndarray
) -> tuple[list[float], list[int], list[int]]:
    """The same day minute by minute, with `discipline.choose`."""
    called: dict[int, tuple[float, int, int]] = {}
    free_at = [0] * len(tiers)
    now = 0
    while len(called) < len(arrived):
        for counter, row in enumerate(tiers):
            waiting = [
                Waiting(i, line[i], turn[i], promised[i])
                for i in range(len(arrived))
                if arrived[i] <= now and i not in called
            ]
            first, helps = np.flatnonzero(row == 1), np.flatnonzero(row == 2)
            if free_at[counter] <= now and (choice := choose(waiting, first=first, helps=helps, now=float(now))):
                called[choice.ticket] = (float(now), counter, list(Why).index(choice.why))
                free_at[counter] = now + service[choice.ticket]
        now += 1
    at, where, why = zip(*(called[i] for i in range(len(arrived))), strict=True)
    return list(at), list(where), list(why)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_the_compiled_day_is_the_plain_day(data: st.DataObject) -> None:
    people = data.draw(st.integers(1, 12))

    def values(low: int, high: int) -> list[int]:
        return data.draw(st.lists(st.integers(low, high), min_size=people, max_size=people))

    arrived, line, service = sorted(values(0, 25)), values(0, 2), values(1, 12)
    turn = [a - float(h) for a, h in zip(arrived, values(0, 20), strict=True)]
    promised = [a + float(p) for a, p in zip(arrived, values(0, 15), strict=True)]
    tiers = np.array(data.draw(st.sampled_from([[[1, 2, 1], [2, 1, 0]], [[1, 2, 2]], [[1, 1, 1], [2, 2, 2]]])))
    fast = run_day(
        arrived_at=np.array(arrived, dtype=np.float64),
        line=np.array(line),
        turn_at=np.array(turn),
        promised_by=np.array(promised),
        service_minutes=np.array(service, dtype=np.float64),
        tiers=tiers,
    )
    at, where, why = plain_day(arrived, line, turn, promised, service, tiers)
    assert fast.called_at.tolist() == at
    assert fast.counter.tolist() == where
    assert fast.why.tolist() == why


def test_a_line_without_a_counter_is_refused() -> None:
    with pytest.raises(ValueError, match="no counter serves"):
        overload_table(CLASSES, LINES, COUNTERS[1:2], Arrivals(days=1), seed=1)


def test_the_same_seed_gives_the_same_table_and_another_seed_another() -> None:
    def once(seed: int) -> list[OverloadRow]:
        return overload_table(CLASSES, LINES, COUNTERS, Arrivals(days=2), seed=seed)

    assert once(3) == once(3)
    assert once(3) != once(4)


def test_every_discipline_serves_the_same_people(table: dict[tuple[str, str], OverloadRow]) -> None:
    groups = ["regular", "elderly", "line:A", "line:B", "line:P", "all"]
    assert list(table) == [(name, group) for name in DISCIPLINES for group in groups]
    for group in groups:
        assert len({table[name, group].people for name in DISCIPLINES}) == 1
    assert all(0 <= row.p50 <= row.p90 <= row.longest for row in table.values())
    assert all(0 <= row.kept <= 1 and 0 <= row.joined <= 1 for row in table.values())
    expected = 8 * 1.2 * len(COUNTERS) * 390 / (0.6 * 8 + 0.3 * 12 + 0.1 * 3)
    assert table[POLICY, "all"].people == pytest.approx(expected, abs=8)


def test_a_head_start_shortens_the_wait_of_its_class_by_about_its_minutes(
    table: dict[tuple[str, str], OverloadRow],
) -> None:
    gain = table[POLICY, "regular"].p50 - table[POLICY, "elderly"].p50
    assert 10 < gain < 30
    assert abs(table[FIFO, "regular"].p50 - table[FIFO, "elderly"].p50) < 8


def test_strict_priority_lets_the_others_pay_and_the_policy_does_not(
    table: dict[tuple[str, str], OverloadRow],
) -> None:
    assert table[STRICT, "elderly"].p90 < table[POLICY, "elderly"].p90
    assert table[STRICT, "regular"].longest > table[POLICY, "regular"].longest
    assert table[POLICY, "regular"].p90 < table[FIFO, "regular"].p90 + CLASSES[1].head_start_minutes


def test_a_helped_out_line_starves_under_strict_priority_only(table: dict[tuple[str, str], OverloadRow]) -> None:
    everyone = table[POLICY, "all"].longest
    assert table[POLICY, "line:P"].longest <= everyone
    assert table[POLICY, "line:P"].joined > 0
    assert table[STRICT, "line:P"].joined == 0
    assert table[STRICT, "line:P"].p90 > 1.5 * table[POLICY, "line:P"].p90


def test_the_starvation_check_names_who_starves(table: dict[tuple[str, str], OverloadRow]) -> None:
    rows = list(table.values())
    assert starving(rows, CLASSES, POLICY) == starving(rows, CLASSES, FIFO) == []
    assert "line:P" in starving(rows, CLASSES, STRICT)


def test_a_morning_twice_as_full_makes_the_wait_longer() -> None:
    def p50(*hourly: float) -> float:
        rows = overload_table(CLASSES, LINES, COUNTERS, Arrivals(load=0.9, days=8, hourly=hourly), seed=5)
        return next(row.p50 for row in rows if (row.discipline, row.group) == (POLICY, "all"))

    assert p50(2, 1) > p50(1, 1)


def test_a_class_without_people_has_no_row() -> None:
    rows = overload_table([*CLASSES, PolicyRow("disaster", 15, 20, 0)], LINES, COUNTERS, Arrivals(days=1), seed=2)
    assert "disaster" not in {row.group for row in rows}
