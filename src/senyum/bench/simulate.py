"""The compiled simulation beside SimPy and Ciw, in one run: M/M/c, and a whole day with every feature on.

Ratios are of CPU time on one thread, so that other work on the machine does not tilt them; compiling and drawing the
references' numbers are not counted. All are played three times and the fastest counts. What each has: `simulated`.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from senyum.bench import simulated
from senyum.engine.scenario import (
    Agency,
    Counter,
    Officer,
    PriorityClass,
    Scenario,
    Service,
    Shift,
    exponential,
)
from senyum.engine.simulation import one_day, simulate, theory
from senyum.engine.simulation.day import draw_and_play, first_room, key_of
from senyum.engine.simulation.plain import play_plain
from senyum.engine.simulation.tables import compiled
from senyum.planning.scenario_file import read

COUNTERS, LOAD = 8, 0.9
#: Long enough that the empty beginning of a run does not count, short enough for the references.
PEOPLE = 40_000
RUNS = 40


def run(*, days: int = 10_000, reference_days: int = 4, tell: Callable[[str], None] = print) -> dict[str, Any]:
    """Both comparisons. `days`: how many the timed run of many days plays; `reference_days`: SimPy's and Ciw's."""
    return {"mmc": mmc(tell), "day": day(days, reference_days, tell)}


def mmc(tell: Callable[[str], None]) -> dict[str, Any]:
    """M/M/c: customers a second of CPU time, and mean waits in units of the mean time at the counter."""
    import ciw

    scenario = line(COUNTERS, LOAD, PEOPLE)
    tables = compiled(scenario)
    queued, called, free_at = np.empty(2 * PEOPLE), np.empty(2 * PEOPLE), np.empty(COUNTERS)
    room = first_room(tables)
    play_plain(tables, key_of(0, 0), queued, called, free_at)
    draw_and_play(tables, room, key_of(0, 0))

    def plain() -> tuple[int, float]:
        people, waited = 0, 0.0
        for k in range(RUNS):
            many = play_plain(tables, key_of(1, k), queued, called, free_at)
            people += many
            waited += float((called[:many] - queued[:many]).sum())
        return people, waited

    def in_ciw() -> Any:
        ciw.seed(1)
        simulation = ciw.Simulation(simulated.ciw_queue(COUNTERS, COUNTERS * LOAD))
        simulation.simulate_until_max_customers(PEOPLE, method="Finish")
        return simulation

    plain_seconds, (people, waited) = _best(plain)
    seconds, legs = _best(lambda: sum(draw_and_play(tables, room, key_of(1, k)) for k in range(RUNS)))
    simpy_seconds, simpy_wait = _best(lambda: simulated.simpy_queue(COUNTERS, COUNTERS * LOAD, PEOPLE, 1))
    ciw_seconds, simulation = _best(in_ciw)
    ciw_wait = float(np.mean([record.waiting_time for record in simulation.get_all_records()]))
    ours, general = people / plain_seconds, legs / seconds
    waits = {"senyum": waited / people, "simpy": simpy_wait, "ciw": ciw_wait, "theory": theory.mmc_wait(COUNTERS, LOAD)}
    answer = {
        "customers_per_s": round(ours),
        "general_customers_per_s": round(general),
        "simpy_customers_per_s": round(PEOPLE / simpy_seconds),
        "ciw_customers_per_s": round(PEOPLE / ciw_seconds),
        "ratio_ciw": round(ours * ciw_seconds / PEOPLE, 1),
        "ratio_simpy": round(ours * simpy_seconds / PEOPLE, 1),
        "general_ratio_ciw": round(general * ciw_seconds / PEOPLE, 1),
        "mean_wait": {name: round(wait, 4) for name, wait in waits.items()},
    }
    tell(f"M/M/{COUNTERS}, load {LOAD}: {answer}")
    return answer


def day(days: int, reference_days: int, tell: Callable[[str], None]) -> dict[str, Any]:
    """The day `bench-day`. `same_as_simpy`: the largest difference of a day's mean wait, in minutes."""
    scenario = read("bench-day")
    simulate(scenario, days=2)
    seconds, report = _best(lambda: simulate(scenario, days=max(1, days // 10), seed=1))
    ours = report.legs / seconds
    simpy_seconds, simpy_legs, difference = 0.0, 0, 0.0
    for k in range(reference_days):
        rounds = []
        for _ in range(3):
            reference = simulated.SimpyDay(scenario, *simulated.drawn(scenario, 1, k))
            rounds.append(_timed(reference.run)[0])
        simpy_seconds, simpy_legs = simpy_seconds + min(rounds), simpy_legs + len(reference.legs)
        waits = [leg.called - leg.at for leg in reference.legs if leg.called < math.inf]
        mine = one_day(scenario, seed=1, day=k)
        difference = max(difference, abs(float(np.mean(waits)) - float(mine.wait[np.isfinite(mine.wait)].mean())))
    ciw_seconds, ciw_visits, ciw_wait = _ciw(scenario, reference_days)
    cores = min(2, os.cpu_count() or 1)
    began, spent = time.monotonic(), time.process_time()
    many = simulate(scenario, days=days, seed=1, threads=cores)
    elapsed, spent = time.monotonic() - began, time.process_time() - spent
    answer = {
        "customers_per_s": round(ours),
        "simpy_customers_per_s": round(simpy_legs / simpy_seconds),
        "ciw_customers_per_s": round(ciw_visits / ciw_seconds),
        "ratio_simpy": round(ours * simpy_seconds / simpy_legs, 1),
        "ratio_ciw": round(ours * ciw_seconds / ciw_visits, 1),
        "days": days,
        "threads": cores,
        "seconds_10000_days": round(elapsed * 10_000 / days, 2),
        "cpu_seconds_10000_days": round(spent * 10_000 / days, 2),
        "customers_per_s_threads": round(many.legs / elapsed),
        "people_per_day": round(many.total.people.mean, 1),
        "mean_wait": {"senyum": round(many.total.wait.mean, 4), "ciw": round(ciw_wait, 4)},
        "same_as_simpy": difference,
    }
    tell(f"bench-day: {answer}")
    return answer


def _ciw(scenario: Scenario, days: int) -> tuple[float, int, float]:
    """CPU seconds, visits to a line (served, reneged or turned away), mean wait of the served."""
    network, seconds, visits, waits = simulated.ciw_day(scenario), 0.0, 0, list[float]()
    for k in range(days):
        took, simulation = _best(lambda: _ciw_once(network, scenario.closes - scenario.opens + 120, k))  # noqa: B023 - called within this turn
        records = simulation.get_all_records()
        seconds, visits = seconds + took, visits + len(records)
        waits += [record.waiting_time for record in records if record.record_type == "service"]
    return seconds, visits, float(np.mean(waits))


def _ciw_once(network: Any, minutes: float, seed: int) -> Any:
    import ciw

    ciw.seed(seed)
    simulation = ciw.Simulation(network)
    simulation.simulate_until_max_time(minutes)
    return simulation


def _best(work: Callable[[], Any], rounds: int = 3) -> tuple[float, Any]:
    """The least CPU time of some rounds: what other work on the machine took away is left out, for everybody alike."""
    took = [_timed(work) for _ in range(rounds)]
    return min(seconds for seconds, _ in took), took[0][1]


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.thread_time()
    result = work()
    return time.thread_time() - began, result


def line(counters: int, load: float, people: int) -> Scenario:
    """M/M/c with mean time 1: about so many people, then everyone inside is served."""
    minutes = people / (load * counters)
    nobody = np.zeros(2)
    return Scenario(
        name="M/M/c",
        weekday=0,
        opens=0.0,
        closes=2 * minutes,
        period=minutes,
        agencies=(Agency("a", "a", 0.0, minutes, 2 * minutes),),
        services=(Service("s", "s", 0, exponential(1.0), np.array([float(people), 0.0]), nobody),),
        classes=(PriorityClass("regular", 0, 30, 1.0),),
        counters=tuple(Counter(n + 1, 0, (0,)) for n in range(counters)),
        officers=tuple(Officer(f"p{n}", 0, frozenset({0})) for n in range(counters)),
        shifts=tuple(Shift(n, n, 0.0, 2 * minutes) for n in range(counters)),
    )
