"""The published accuracy of waits: each ticket's promise at issue against what it waited, beside naive estimates."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from statistics import fmean, median
from typing import Any

from django.db import connection

from senyum.malls.models import Mall
from senyum.planning.models import Accuracy

#: What other systems show (docs/forecast.md): minutes a person over the counters, minutes a person, nobody shows more.
ZMS, QUEUESG, LONGEST = 12.0, 3.0, 480.0
#: Minutes. Whoever was told a longer p50 stood behind a line. At a free counter the forecast is 0, and calibration
#: makes that a little more, so "more than 0" would not tell them apart. Known at issue: no wait's end decides it.
TOLD_TO_WAIT = 1.0


@dataclass(frozen=True)
class Promised:
    """One ticket without its owner: what it was promised at issue, what it waited, what others would have said.

    Minutes. `wait` is None for whoever was never called. `counters`: that served the line then (1 where unknown).
    """

    ticket: int
    line: int
    at: datetime
    people_ahead: int
    p10: float | None
    p50: float
    p90: float
    basis: str
    wait: float | None
    counters: float
    last_to_enter_service: float | None

    @property
    def zms(self) -> float:
        """A hand-set mean over the workstations, for those ahead and oneself."""
        return min(LONGEST, ZMS * (self.people_ahead + 1) / max(1.0, self.counters))

    @property
    def queuesg(self) -> float:
        """A constant per person."""
        return min(LONGEST, QUEUESG * (self.people_ahead + 1))

    @property
    def last(self) -> float:
        """The wait of the last who had to wait and was called; before the first, QueueSG's constant."""
        found = self.last_to_enter_service
        return self.queuesg if found is None else min(LONGEST, found)


_PROMISED = """
SELECT t.id, t.line_id, t.queued_at, t.people_ahead, t.wait_p10, t.wait_p50, t.wait_p90, t.wait_basis,
       extract(epoch FROM t.called_at - t.queued_at)::float8 / 60, coalesce(f.counters, 1),
       extract(epoch FROM l.called_at - l.queued_at)::float8 / 60
FROM visits_ticket t
LEFT JOIN LATERAL (
  SELECT f.counters FROM visits_lineforecast f
  WHERE f.mall_id = t.mall_id AND f.day = t.day AND f.line_id = t.line_id AND f.at <= t.queued_at
  ORDER BY f.at DESC LIMIT 1) f ON true
LEFT JOIN LATERAL (
  SELECT c.called_at, c.queued_at FROM visits_ticket c
  WHERE c.line_id = t.line_id AND c.day = t.day AND c.called_at <= t.queued_at
    AND c.called_at > c.queued_at + interval '30 seconds' AND c.called_at > t.queued_at - interval '12 hours'
  ORDER BY c.called_at DESC LIMIT 1) l ON true
WHERE t.mall_id = %(mall)s AND t.day >= %(first)s AND t.day < %(end)s AND t.wait_p50 IS NOT NULL
  AND t.delays = 0 AND t.rejoins = 0 AND t.ended_at IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM visits_lineforecast x WHERE x.mall_id = t.mall_id AND x.day = t.day AND x.speed > 1)
  AND (%(line)s::bigint IS NULL OR t.line_id = %(line)s)
ORDER BY t.queued_at, t.id
"""


def promised(mall: Mall, month: date, line_id: int | None = None) -> list[Promised]:
    """The rows that a month's figures are made of: tickets that ended, were promised a wait, and asked for no delay.

    Days on which a demo's hall ran fast are left out: its promises rest on looks that are many of its minutes old.
    """
    asked: dict[str, Any] = {
        "mall": mall.pk, "first": first_of(month), "end": _following(month), "line": line_id,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_PROMISED, asked)
        return [Promised(*row) for row in cursor.fetchall()]


_CHANGED = """
SELECT f.line_id, f.p50, f.p90, f.wait
FROM visits_lineforecast f
WHERE f.mall_id = %(mall)s AND f.day >= %(first)s AND f.day < %(end)s AND f.why = 'change'
  AND f.wait IS NOT NULL AND f.p50 IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM visits_lineforecast x WHERE x.mall_id = f.mall_id AND x.day = f.day AND x.speed > 1)
"""


@dataclass(frozen=True)
class Changed:
    """What the last in a line was told when its counters came or went, and what that person then waited, in minutes."""

    line: int
    p50: float
    p90: float
    wait: float


def changed(mall: Mall, month: date) -> list[Changed]:
    """The forecasts of a month at each change of a line's counters, where the wait ended in a call."""
    asked: dict[str, Any] = {"mall": mall.pk, "first": first_of(month), "end": _following(month)}
    with connection.cursor() as cursor:
        cursor.execute(_CHANGED, asked)
        return [Changed(*row) for row in cursor.fetchall()]


def first_of(day: date) -> date:
    """The first day of its month."""
    return day.replace(day=1)


def _following(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def scored(
    mall: Mall, month: date, rows: Iterable[Promised], until: date, changes: Iterable[Changed] = ()
) -> list[Accuracy]:
    """Unsaved figures of each line of which a wait has ended in a call."""
    told: dict[int, list[Changed]] = {}
    for change in changes:
        told.setdefault(change.line, []).append(change)
    lines: dict[int, list[Promised]] = {}
    for row in rows:
        lines.setdefault(row.line, []).append(row)
    figures = [_of(mall, month, line, own, until) for line, own in lines.items()]
    answer = [found for found in figures if found is not None]
    for found in answer:
        own_changes = told.get(found.line_id, [])
        found.changes = len(own_changes)
        found.changes_kept_p50 = sum(c.wait <= c.p50 for c in own_changes)
        found.changes_kept_p90 = sum(c.wait <= c.p90 for c in own_changes)
        found.changes_mae = fmean(abs(c.wait - c.p50) for c in own_changes) if own_changes else None
    return answer


def _of(mall: Mall, month: date, line: int, rows: list[Promised], until: date) -> Accuracy | None:
    waits = [(row, row.wait) for row in rows if row.wait is not None]
    if not waits:
        return None
    queued = [(row.p50, row.p90, wait) for row, wait in waits if row.p50 > TOLD_TO_WAIT]
    errors = [abs(wait - row.p50) for row, wait in waits]
    return Accuracy(
        mall=mall,
        line_id=line,
        month=first_of(month),
        n=len(waits),
        kept_p50=sum(wait <= row.p50 for row, wait in waits),
        kept_p90=sum(wait <= row.p90 for row, wait in waits),
        queued=len(queued),
        queued_kept_p50=sum(wait <= p50 for p50, _p90, wait in queued),
        queued_kept_p90=sum(wait <= p90 for _p50, p90, wait in queued),
        never_called=len(rows) - len(waits),
        median_error=median(errors),
        mae=fmean(errors),
        mean_p90=fmean(row.p90 for row, _wait in waits),
        zms=fmean(abs(wait - row.zms) for row, wait in waits),
        queuesg=fmean(abs(wait - row.queuesg) for row, wait in waits),
        last_to_enter_service=fmean(abs(wait - row.last) for row, wait in waits),
        until=until,
    )


@dataclass(frozen=True)
class Figures:
    """One line of the published table, or all lines together (`line` None; `median_error` None there).

    `had_to_wait_n`: those told more than `TOLD_TO_WAIT`, None in months scored before this was counted. The shares of
    them are None where there are none. `at_change_*`: of what was told when counters of the line came or went, apart
    from what was told at issue; None where nobody waited then.
    """

    line: int | None
    service: str
    agency: str
    n: int
    p50_kept: float
    p90_kept: float
    median_error: float | None
    mae: float
    zms: float
    queuesg: float
    last_to_enter_service: float
    never_called: int
    had_to_wait_n: int | None
    had_to_wait_p50_kept: float | None
    had_to_wait_p90_kept: float | None
    at_change_n: int | None
    at_change_p50_kept: float | None
    at_change_p90_kept: float | None
    at_change_mae: float | None

    @property
    def p90_percent(self) -> float:
        """Of a hundred waits, how many were no longer than promised."""
        return 100 * self.p90_kept

    @property
    def had_to_wait_p50_percent(self) -> float | None:
        """Of a hundred who had to wait, how many were called within p50."""
        return None if self.had_to_wait_p50_kept is None else 100 * self.had_to_wait_p50_kept

    @property
    def at_change_p50_percent(self) -> float | None:
        """Of a hundred who waited when counters came or went, how many were called within the p50 told then."""
        return None if self.at_change_p50_kept is None else 100 * self.at_change_p50_kept

    @property
    def at_change_p90_percent(self) -> float | None:
        """The same within p90."""
        return None if self.at_change_p90_kept is None else 100 * self.at_change_p90_kept

    @property
    def had_to_wait_p90_percent(self) -> float | None:
        """Of a hundred who had to wait, how many were called within p90."""
        return None if self.had_to_wait_p90_kept is None else 100 * self.had_to_wait_p90_kept


@dataclass(frozen=True)
class Month:
    """The published accuracy of a month; `until` is the last day in it. `months`: which there are, newest first."""

    month: date
    until: date
    whole: Figures
    lines: tuple[Figures, ...]
    months: tuple[date, ...]


def published(mall: Mall, month: date | None = None, language: str = "id") -> Month | None:
    """The figures of `month`, or of the newest; None before the first night with a wait, and for an unknown month."""
    months = tuple(Accuracy.objects.filter(mall=mall).order_by("-month").values_list("month", flat=True).distinct())
    chosen = first_of(month) if month else (months[0] if months else None)
    if chosen is None or chosen not in months:
        return None
    rows = list(Accuracy.objects.filter(mall=mall, month=chosen).select_related("line__service", "line__agency"))
    lines = tuple(_figures(row, language) for row in rows)
    return Month(
        chosen, max(row.until for row in rows), _whole(rows),
        tuple(sorted(lines, key=lambda f: (f.agency.casefold(), f.service))), months,
    )  # fmt: skip


def _figures(row: Accuracy, language: str) -> Figures:
    service = row.line.service
    return Figures(
        line=row.line_id,
        service={"su": service.name_su, "en": service.name_en}.get(language) or service.name,
        agency=row.line.agency.short_name,
        n=row.n,
        p50_kept=row.kept_p50 / row.n,
        p90_kept=row.kept_p90 / row.n,
        median_error=row.median_error,
        mae=row.mae,
        zms=row.zms,
        queuesg=row.queuesg,
        last_to_enter_service=row.last_to_enter_service,
        never_called=row.never_called,
        had_to_wait_n=row.queued,
        had_to_wait_p50_kept=_share(row.queued_kept_p50, row.queued),
        had_to_wait_p90_kept=_share(row.queued_kept_p90, row.queued),
        at_change_n=row.changes,
        at_change_p50_kept=_share(row.changes_kept_p50, row.changes),
        at_change_p90_kept=_share(row.changes_kept_p90, row.changes),
        at_change_mae=row.changes_mae,
    )


def _share(part: int | None, whole: int | None) -> float | None:
    return part / whole if whole and part is not None else None


def _whole(rows: Collection[Accuracy]) -> Figures:
    n = sum(row.n for row in rows)

    def mean(name: str) -> float:
        return float(sum(getattr(row, name) * row.n for row in rows)) / n

    def added(name: str) -> int | None:
        counts = [getattr(row, name) for row in rows]
        return None if None in counts else sum(counts)

    queued, changes = added("queued"), added("changes")
    missed = [row.changes_mae * row.changes for row in rows if row.changes and row.changes_mae is not None]
    return Figures(
        None, "", "", n, sum(r.kept_p50 for r in rows) / n, sum(r.kept_p90 for r in rows) / n, None,
        mean("mae"), mean("zms"), mean("queuesg"), mean("last_to_enter_service"), sum(r.never_called for r in rows),
        queued, _share(added("queued_kept_p50"), queued), _share(added("queued_kept_p90"), queued),
        changes, _share(added("changes_kept_p50"), changes), _share(added("changes_kept_p90"), changes),
        sum(missed) / changes if changes else None,
    )  # fmt: skip
