"""The figures a forecast is made of, each from what was known at its minute (rows after it are never read).

Delay history and queue length as predictors: Ibrahim & Whitt, "Real-time delay estimation based on delay history",
Manufacturing & Service Operations Management 11(3), 2009; their union as inputs of a learned one: Thiongane, Chan &
L'Ecuyer, "Delay predictors in multi-skill call centers", ICORES 2020, and Ang et al., "Accurate emergency department
wait time prediction" (Q-Lasso), MSOM 18(1), 2016.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from senyum.engine.forecast.memory import (
    ANNOUNCED,
    BIN_MINUTES,
    BINS,
    BUSY_CALLS,
    BUSY_MINUTES,
    DAYS,
    LAST_CALL,
    LEVEL,
    LEVEL_COUNT,
    MINUTES,
    OPEN_MINUTES,
    WAITED,
    WAITED_FOR,
    WAITING,
    expected_log,
    part_of_day,
)
from senyum.engine.kernel import kernel

#: Each part of the kernel fills its own run of columns, in this order.
NOW = (
    "waiting", "open", "minute", "since_open", "open_15_ago", "open_60_mean", "open_today_max", "waiting_15_ago",
    "waiting_60_mean", "waiting_today_max", "people", "people_per_open",
)  # fmt: skip
PACE = (
    "calls_10", "calls_20", "calls_40", "calls_80", "calls_today", "busy_pace_30", "busy_pace_60", "busy_pace_today",
    "since_call", "last_jump", "arrivals_15", "arrivals_30", "arrivals_60", "left_60", "left_today", "busy_share_60",
)  # fmt: skip
DELAY = (
    "age_of_last", "age_of_first", "last_wait", "waits_60_per_person", "waits_today_per_person", "residual_60",
    "residual_today", "pending", "last_wait_people",
)  # fmt: skip
USUAL = (
    "usual_pace", "usual_wait_pace", "usual_open", "usual_waiting", "to_usual_end", "days_known", "usual_next_30",
    "usual_next_60", "usual_rest", "usual_so_far", "today_by_usual", "announced", "announced_by_usual",
    "usual_level", "usual_level_now",
)  # fmt: skip
WAIT = (
    "base", "wait_usual_pace", "wait_usual_wait", "wait_recent_60", "wait_today", "wait_announced", "wait_curve",
    "wait_curve_today", "wait_work", "wait_level", "wait_level_today",
)  # fmt: skip
HALL = (
    "office_waiting", "office_calls_30", "office_calls_today_by_usual", "office_lines_busy", "group_waiting",
    "group_calls_30", "group_lines", "group_wait", "office_since_call",
)  # fmt: skip
FEATURES = (*NOW, *PACE, *DELAY, *USUAL, *WAIT, *HALL)
COUNT = len(FEATURES)
_PACE = len(NOW)
_DELAY = _PACE + len(PACE)
_USUAL = _DELAY + len(DELAY)
_WAIT = _USUAL + len(USUAL)
_HALL = _WAIT + len(WAIT)
BASE = FEATURES.index("base")
USUAL_PACE = FEATURES.index("usual_pace")
#: No wait is told beyond this many minutes.
LONGEST = 480.0
#: Two lines that have as many open counters for this share of the time are taken to share them.
ALIKE = 0.7
#: A line's usual pace counts as much as so many calls of the last hour.
PRIOR_CALLS = 4.0


@kernel(kept=True, allocates=True)
def calls_between(j: int, opened: Any, number: Any) -> float:
    """Calls from row j - 1 to row j. A number that leaps (another range of numbers, bookings) is not so many calls."""
    return float(min(max(0.0, number[j] - number[j - 1]), max(12.0, 3 * opened[j])))


@kernel(kept=True, allocates=True)
def _now(s: int, i: int, people: float, minute: Any, opened: Any, waiting: Any, out: Any) -> None:
    m, since, o60, w60, t60 = minute[i], -1.0, 0.0, 0.0, 0.0
    out[4], out[7] = opened[s], waiting[s]
    omax, wmax = 0.0, 0.0
    for j in range(s, i + 1):
        if since < 0 and opened[j] > 0:
            since = m - minute[j]
        ago = m - minute[j]
        if ago >= 14:
            out[4], out[7] = opened[j], waiting[j]
        if ago <= 62:
            o60, w60, t60 = o60 + opened[j], w60 + waiting[j], t60 + 1
        omax, wmax = max(omax, opened[j]), max(wmax, waiting[j])
    out[0], out[1], out[2], out[3] = waiting[i], opened[i], m, since
    out[5], out[6], out[8], out[9] = o60 / t60, omax, w60 / t60, wmax
    out[10], out[11] = people, people / max(1.0, opened[i])


@kernel(kept=True, allocates=True)
def _pace(s: int, i: int, minute: Any, opened: Any, waiting: Any, number: Any, out: Any) -> None:
    """Calls, busy pace (minutes in which somebody waited over calls in them), arrivals and who left, by window."""
    m = minute[i]
    calls, busy_m, busy_c = np.zeros(5), np.zeros(3), np.zeros(3)
    arrived, left, t60 = np.zeros(3), np.zeros(2), 1e-9
    since, jump = -1.0, 0.0
    for j in range(i, s, -1):
        ago, gap = m - minute[j - 1], minute[j] - minute[j - 1]
        made = calls_between(j, opened, number)
        came = made + waiting[j] - waiting[j - 1]
        if since < 0 and made > 0:
            since, jump = m - minute[j], made
        for c in range(4):
            if ago <= 12.0 * 2**c - 2 * (2**c - 1):
                calls[c] += made
        calls[4] += made
        for c in range(3):
            if ago <= 17 + 15 * c * (c + 1) / 2:
                arrived[c] += max(0.0, came)
        left[1] += max(0.0, -came)
        if ago <= 62:
            left[0] += max(0.0, -came)
            t60 += gap
        if waiting[j - 1] >= 1:
            for c in range(3):
                if c == 2 or ago <= 32 + 30 * c:
                    busy_m[c] += gap
                    busy_c[c] += made
    out[0:5] = calls
    for c in range(3):
        out[5 + c] = busy_m[c] / busy_c[c] if busy_c[c] > 0 else busy_m[c] * 2 + 30.0
        out[10 + c] = arrived[c]
    out[8] = since if since >= 0 else m - minute[s] + 1.0
    out[9], out[13], out[14], out[15] = jump, left[0], left[1], busy_m[1] / t60


@kernel(kept=True, allocates=True)
def _reached(i: int, j: int, number: Any, waiting: Any) -> int:
    """First row in (j, i] at which the last in line of row j had been called, or -1."""
    goal = number[j] + waiting[j]
    for k in range(j + 1, i + 1):
        if number[k] >= goal:
            return k
    return -1


@kernel(kept=True, allocates=True)
def _delays(s: int, i: int, people: float, minute: Any, waiting: Any, number: Any, usual: Any, out: Any) -> None:
    """Ages of those in line, waits that have ended (`residual`: by how much, as a logarithm, they beat the usual)."""
    m, goal = minute[i], number[i] + people
    last, first = 0.0, 0.0
    for j in range(i, s - 1, -1):
        if number[j] + waiting[j] >= goal:
            last = m - minute[j]
        if number[j] + waiting[j] >= number[i] + 1:
            first = m - minute[j]
        else:
            break
    out[0], out[1] = last, first
    latest, waited, ahead_of_it = np.nan, np.nan, np.nan
    wait, ahead, residual, count = np.zeros(2), np.zeros(2), np.zeros(2), np.zeros(2)
    pending = 0.0
    for j in range(i - 1, s - 1, -1):
        if waiting[j] < 1:
            continue
        k = _reached(i, j, number, waiting)
        if k < 0:
            pending += 1
            continue
        ended = (minute[k] + minute[k - 1]) / 2
        if np.isnan(latest) or ended > latest:
            latest, waited, ahead_of_it = ended, ended - minute[j], waiting[j]
        for c in range(2):
            if c == 1 or m - minute[k] <= 62:
                wait[c] += ended - minute[j]
                ahead[c] += waiting[j]
                residual[c] += np.log(ended - minute[j] + 2) - expected_log(waiting[j], usual[7])
                count[c] += 1
    out[2], out[7], out[8] = waited, pending, ahead_of_it
    for c in range(2):
        out[3 + c] = wait[c] / ahead[c] if ahead[c] > 0 else np.nan
        out[5 + c] = residual[c] / (count[c] + 2)


@kernel(kept=True, allocates=True)
def usual_figures(line: int, office: int, m: float, sums: Any, office_sums: Any, own: Any, out: Any) -> None:
    """What is usual, without the day `own`: pace, wait a person, open, waiting, last call, days, announced,
    level of its waits, the same at this part of the day.

    A line is drawn towards its office (ten calls, thirty people), the office towards all (the last row of its sums).
    """
    all_, house, days = office_sums[-1], office_sums[office], sums[line, DAYS] - own[DAYS]
    pace = (all_[BUSY_MINUTES] + 6.0) / (all_[BUSY_CALLS] + 1.0)
    pace = (house[BUSY_MINUTES] - own[BUSY_MINUTES] + 20 * pace) / (house[BUSY_CALLS] - own[BUSY_CALLS] + 20)
    out[0] = (sums[line, BUSY_MINUTES] - own[BUSY_MINUTES] + 10 * pace) / (
        sums[line, BUSY_CALLS] - own[BUSY_CALLS] + 10
    )
    wait = (all_[WAITED] + 6.0) / (all_[WAITED_FOR] + 1.0)
    wait = (house[WAITED] - own[WAITED] + 60 * wait) / (house[WAITED_FOR] - own[WAITED_FOR] + 60)
    out[1] = (sums[line, WAITED] - own[WAITED] + 30 * wait) / (sums[line, WAITED_FOR] - own[WAITED_FOR] + 30)
    minutes = sums[line, MINUTES] - own[MINUTES]
    out[2] = (sums[line, OPEN_MINUTES] - own[OPEN_MINUTES]) / minutes if minutes > 0 else np.nan
    out[3] = (sums[line, WAITING] - own[WAITING]) / minutes if minutes > 0 else np.nan
    last = all_[LAST_CALL] / all_[DAYS] if all_[DAYS] > 0 else 960.0
    out[4] = (sums[line, LAST_CALL] - own[LAST_CALL] + last) / (days + 1)
    out[5] = days
    out[6] = (sums[line, ANNOUNCED] - own[ANNOUNCED]) / days if days > 0 else np.nan
    # The level of its waits: a mean of logarithms, not moved by a few endless ones.
    level = (house[LEVEL] - own[LEVEL]) / (house[LEVEL_COUNT] - own[LEVEL_COUNT] + 60)
    out[7] = (sums[line, LEVEL] - own[LEVEL] + 20 * level) / (sums[line, LEVEL_COUNT] - own[LEVEL_COUNT] + 20)
    c = LEVEL + 2 * (1 + part_of_day(m))
    out[8] = (sums[line, c] - own[c] + 20 * out[7]) / (sums[line, c + 1] - own[c + 1] + 20)


@kernel(kept=True, allocates=True)
def _curve(m: float, people: float, faster: float, curve: Any, own: Any, days: float, out: Any) -> None:
    """From the usual calls by quarter: calls in the next 30 and 60 minutes, in the rest of the day, until now; minutes
    until `people` are called, and the same when the day goes `faster` times as fast as usual."""
    out[:] = np.nan
    if days <= 0:
        return
    out[0:4] = 0.0
    done, start = 0.0, int(m) // BIN_MINUTES
    for b in range(BINS):
        calls = max(0.0, curve[b] - own[b]) / days
        if b < start:
            out[3] += calls
            continue
        left = BIN_MINUTES - (m - b * BIN_MINUTES) if b == start else float(BIN_MINUTES)
        if b == start:
            out[3] += calls * (1 - left / BIN_MINUTES)
            calls *= left / BIN_MINUTES
        before = max(0.0, b * BIN_MINUTES - m)
        out[0] += calls * min(1.0, max(0.0, 30 - before) / left)
        out[1] += calls * min(1.0, max(0.0, 60 - before) / left)
        out[2] += calls
        if np.isnan(out[4]) and done + calls >= people:
            out[4] = before + left * (people - done) / calls
        if np.isnan(out[5]) and (done + calls) * faster >= people:
            out[5] = before + left * (people / faster - done) / calls
        done += calls
    for c in (4, 5):
        if np.isnan(out[c]):
            out[c] = LONGEST


@kernel(kept=True, allocates=True)
def _row_at(s: int, e: int, minute: Any, m: float) -> int:
    """Last row of [s, e) not later than m, or -1."""
    low, high = s, e
    while low < high:
        middle = (low + high) // 2
        if minute[middle] <= m:
            low = middle + 1
        else:
            high = middle
    return low - 1 if low > s else -1


@kernel(kept=True, allocates=True)
def _hall(i: int, k: int, data: Any, usual: Any, out: Any) -> None:
    """The other lines of the office at this minute, and those that share counters with this one."""
    bounds, line, house, minute, opened, waiting, number, _ = data
    sums, curve, _, own, own_curve, alike, loo = usual
    out[:] = 0.0
    first, last = k, k
    while first > 0 and house[bounds[first - 1]] == house[bounds[k]]:
        first -= 1
    while last + 2 < len(bounds) and house[bounds[last + 1]] == house[bounds[k]]:
        last += 1
    m, expected, made, since = minute[i], 2.0, 2.0, 1e9
    for other in range(first, last + 1):
        s = bounds[other]
        r = i if other == k else _row_at(s, bounds[other + 1], minute, m)
        if r < s:
            continue
        recent, whole = 0.0, 0.0
        for j in range(r, s, -1):
            calls = calls_between(j, opened, number)
            whole += calls
            if m - minute[j - 1] <= 32:
                recent += calls
            if calls > 0:
                since = min(since, m - minute[j])
        days = sums[line[s], DAYS] - (own[other, DAYS] if loo else 0.0)
        if days > 0:
            made += whole
            for b in range(int(minute[s]) // BIN_MINUTES, min(BINS, int(m) // BIN_MINUTES + 1)):
                share = min(1.0, (m - b * BIN_MINUTES) / BIN_MINUTES)
                expected += share * max(0.0, curve[line[s], b] - (own_curve[other, b] if loo else 0.0)) / days
        out[0] += waiting[r]
        out[1] += recent
        out[3] += 1.0 if waiting[r] >= 1 else 0.0
        if other == k or alike[line[i], line[s]] >= ALIKE:
            out[4] += waiting[r]
            out[5] += recent
            out[6] += 1
    out[2] = made / expected
    out[8] = min(since, 40.0)


@kernel(kept=True, allocates=True)
def row_features(i: int, k: int, people: float, data: Any, usual: Any, out: Any) -> None:
    """Fill `out` (COUNT,) for row i of line-day k. `data`, `usual`: see `model.Inputs`."""
    bounds, line, house, minute, opened, waiting, number, announced = data
    sums, curve, office_sums, own, own_curve, _, loo = usual
    s, office = bounds[k], house[i] % len(office_sums)
    taken = own[k] if loo else np.zeros(own.shape[1])
    taken_curve = own_curve[k] if loo else np.zeros(BINS)
    u = np.empty(9)
    usual_figures(line[i], office, minute[i], sums, office_sums, taken, u)
    _now(s, i, people, minute, opened, waiting, out[0:_PACE])
    p = out[_PACE:_DELAY]
    _pace(s, i, minute, opened, waiting, number, p)
    _delays(s, i, people, minute, waiting, number, u, out[_DELAY:_USUAL])
    c = np.empty(6)
    _curve(minute[i], people, 1.0, curve[line[i]], taken_curve, u[5], c)
    today = min(3.0, max(0.3, (p[4] + 3.0) / (c[3] + 3.0))) if u[5] > 0 else 1.0
    _curve(minute[i], people, today, curve[line[i]], taken_curve, u[5], c)
    v = out[_USUAL:_WAIT]
    v[0], v[1], v[2], v[3], v[4], v[5] = u[0], u[1], u[2], u[3], u[4] - minute[i], u[5]
    v[6], v[7], v[8], v[9], v[10] = c[0], c[1], c[2], c[3], today
    v[11], v[12] = announced[i], announced[i] / u[6] if u[6] > 0 else np.nan
    v[13], v[14] = u[7], u[8]
    h = out[_HALL:COUNT]
    _hall(i, k, data, usual, h)
    w = out[_WAIT:_HALL]
    busy_calls = p[15] * 60 / p[6]
    w[0] = people * (p[15] * 60 + PRIOR_CALLS * u[0]) / (busy_calls + PRIOR_CALLS)
    w[1], w[2], w[3], w[4] = people * u[0], people * u[1], people * p[6], people * p[7]
    w[5] = people * announced[i] if announced[i] > 0 else np.nan
    w[6], w[7] = c[4], c[5]
    w[8] = people * u[0] * max(u[2], 0.3) / max(1.0, opened[i]) if u[2] >= 0 else np.nan
    w[9] = np.exp(expected_log(people, u[7])) - 2
    w[10] = np.exp(expected_log(people, u[8] + out[_DELAY + 5])) - 2
    for c_ in range(len(w)):
        w[c_] = min(LONGEST, w[c_])
    h[7] = h[4] * 30 / (h[5] + 1)


@kernel(kept=True, allocates=True)
def fill(rows: Any, of_line_day: Any, people: Any, data: Any, usual: Any, out: Any) -> None:
    """`row_features` for many rows: `out` (len(rows), COUNT)."""
    for r in range(len(rows)):
        row_features(rows[r], of_line_day[r], people[r], data, usual, out[r])
