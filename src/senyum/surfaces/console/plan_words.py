"""How a proposal is said: the question in sentences, its figures, and its shifts as bars along the day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from senyum.planning import compute, states
from senyum.planning.asked import Asked

#: State of a proposal -> (word, state of the pill).
STATES: Mapping[str, tuple[str | Promise, str]] = {
    states.QUEUED: (gettext_lazy("menunggu dihitung"), "calm"),
    states.COMPUTING: (gettext_lazy("sedang dihitung"), "calm"),
    states.READY: (gettext_lazy("menunggu keputusan"), "wait"),
    states.FAILED: (gettext_lazy("gagal dihitung"), "late"),
    states.ACCEPTED: (gettext_lazy("diterima"), "ok"),
    states.REJECTED: (gettext_lazy("ditolak"), ""),
    states.EXPIRED: (gettext_lazy("lewat waktunya"), ""),
    states.WITHDRAWN: (gettext_lazy("dibatalkan"), ""),
}
#: Steps of a computation in their order, as the page names them.
STEPS: tuple[tuple[str, str | Promise], ...] = (
    (compute.READING, gettext_lazy("Membaca layanan, loket, jadwal, dan catatan hari-hari lalu")),
    (compute.PLANNING, gettext_lazy("Mencari jadwal, lalu mengujinya pada ratusan hari tiruan")),
    (compute.DRAWING, gettext_lazy("Menggambar grafik")),
)


def asked_words(asked: Asked, names: Mapping[str, str]) -> tuple[str, ...]:
    """The what-ifs, a short sentence each."""
    words = []
    if asked.ill:
        who = names.get(asked.ill_agency, asked.ill_agency)
        text = ngettext("%(n)s petugas sakit", "%(n)s petugas sakit", asked.ill) % {"n": asked.ill}
        words.append(f"{text} ({who})" if who else text)
    if asked.more > 0:
        words.append(_("%(n)s %% lebih ramai") % {"n": asked.more})
    if asked.more < 0:
        words.append(_("%(n)s %% lebih sepi") % {"n": -asked.more})
    if asked.saturday:
        words.append(_("Buka hari Sabtu"))
    words += [
        _("%(service)s di sebelah %(beside)s") % {"service": names.get(a, a), "beside": names.get(b, b)}
        for a, b in asked.moves
    ]
    words += [_("Loket %(n)s tutup") % {"n": number} for number in asked.closed]
    return tuple(words) or (_("Hari biasa"),)


@dataclass(frozen=True)
class Bar:
    """A stretch of a shift; `x` and `width` in minutes after opening. `kind`: work, lunch or ill."""

    x: int
    width: int
    kind: str


@dataclass(frozen=True)
class Lane:
    """A counter along the day: as it is, and as planned."""

    number: int
    today: tuple[Bar, ...]
    plan: tuple[Bar, ...]


@dataclass(frozen=True)
class ShiftLine:
    """A planned shift in words; `officer` "" where nobody is named."""

    officer: str
    number: int
    start: str
    end: str
    lunch: str


@dataclass(frozen=True)
class HalfHour:
    """Officers in a half hour: today, planned, and as the queueing formula would want."""

    time: str
    today: int
    plan: int
    wanted: int


@dataclass(frozen=True)
class AgencyView:
    """An agency on a day. Shares in percent, waits in minutes, money in rupiah."""

    code: str
    name: str
    kept: float | None
    half_width: float | None
    kept_today: float | None
    p50: float | None
    p90: float | None
    p50_today: float | None
    p90_today: float | None
    cost: int
    cost_today: int
    gap: float
    hours: float
    reached: bool
    holds: bool
    claimed: float
    why: str
    uncovered: int
    lanes: tuple[Lane, ...]
    shifts: tuple[ShiftLine, ...]
    half_hours: tuple[HalfHour, ...]


@dataclass(frozen=True)
class DayView:
    """A planned day beside its roster. `ticks`: hours for the axis; `length` of the day in minutes."""

    date: date
    has_roster: bool
    kept: float | None
    half_width: float | None
    kept_today: float | None
    half_width_today: float | None
    p50: float | None
    p90: float | None
    p50_today: float | None
    p90_today: float | None
    cost: int
    cost_today: int
    gap: float
    proven: bool
    target: float
    agencies: tuple[AgencyView, ...]
    nobody: tuple[str, ...]
    broken: tuple[str, ...]
    through: tuple[tuple[str, float | None, float | None], ...]
    length: int
    ticks: tuple[str, ...]

    @property
    def saved(self) -> int:
        """Rupiah saved against today's roster; negative: it costs more."""
        return self.cost_today - self.cost

    @property
    def more(self) -> int:
        """Rupiah above today's roster."""
        return -self.saved

    @property
    def cost_millions(self) -> float:
        """Cost of the plan in million rupiah."""
        return self.cost / 1e6

    @property
    def today_millions(self) -> float:
        """Cost of today's roster in million rupiah."""
        return self.cost_today / 1e6

    @property
    def chart(self) -> str:
        """The name of the chart of this day."""
        return f"day-{self.date.isoformat()}"

    @property
    def worse(self) -> tuple[AgencyView, ...]:
        """Agencies that surely keep less with the plan than with today's roster, and less than the target."""
        if not self.has_roster:
            return ()
        return tuple(
            a
            for a in self.missed
            if a.kept is not None and a.kept_today is not None and a.kept + (a.half_width or 0.0) < a.kept_today
        )

    @property
    def missed(self) -> tuple[AgencyView, ...]:
        """Agencies that do not reach the target."""
        return tuple(a for a in self.agencies if not a.reached)


def day_view(day: Mapping[str, Any], *, deep: bool) -> DayView:
    """A day of `Proposal.result` for the page."""
    opens, closes = int(day["opens"]), int(day["closes"])
    agencies = tuple(_agency(a, day) for a in day["agencies"])
    today, plan = day["today"], day["plan"]
    through = tuple(
        (compute.clock_of(opens + 30 * n), before if day["has_roster"] else None, after)
        for n, (before, after) in enumerate(zip(today["through_day"]["wait"], plan["through_day"]["wait"], strict=True))
    )
    return DayView(
        date=date.fromisoformat(day["date"]),
        has_roster=day["has_roster"],
        kept=_percent(plan["kept"]),
        half_width=_percent(plan["kept_half_width"]),
        kept_today=_percent(today["kept"]),
        half_width_today=_percent(today["kept_half_width"]),
        p50=plan["p50"],
        p90=plan["p90"],
        p50_today=today["p50"],
        p90_today=today["p90"],
        cost=int(day["cost"]),
        cost_today=round(day["today_cost"]),
        gap=100 * day["gap"],
        proven=deep,
        target=100 * day["target"],
        agencies=agencies,
        nobody=tuple(a["name"] for a in day["nobody"]),
        broken=tuple(a.name for a in agencies if not a.holds),
        through=through,
        length=closes - opens,
        ticks=_ticks(opens, closes),
    )


def _agency(item: Mapping[str, Any], day: Mapping[str, Any]) -> AgencyView:
    opens = int(day["opens"])
    today = item["today"]
    numbers = sorted({s["counter"] for s in (*item["shifts"], *item["today_shifts"])})
    names = day["people_names"]
    return AgencyView(
        code=item["agency"],
        name=item["name"],
        kept=_percent(item["kept"]),
        half_width=_percent(item["kept_half_width"]),
        kept_today=_percent(today["kept"]),
        p50=item["p50"],
        p90=item["p90"],
        p50_today=today["p50"],
        p90_today=today["p90"],
        cost=int(item["cost"]),
        cost_today=int(today["cost"]),
        gap=100 * item["gap"],
        hours=float(item["officers_hours"]),
        reached=item["reached"],
        holds=item["holds"],
        claimed=100 * item["claimed"],
        why="" if item["reached"] else _why(item, day),
        uncovered=item["uncovered"],
        lanes=tuple(Lane(n, _bars(item["today_shifts"], n, opens), _bars(item["shifts"], n, opens)) for n in numbers),
        shifts=tuple(
            ShiftLine(names.get(s["officer"], ""), s["counter"], s["from"], s["to"], s["lunch"] or "")
            for s in sorted(item["shifts"], key=lambda s: (s["counter"], s["from"]))
        ),
        half_hours=tuple(
            HalfHour(compute.clock_of(opens + 30 * n), a, b, c)
            for n, (a, b, c) in enumerate(
                zip(item["there_today"], item["there"], item["requirement"]["by_modified_load"], strict=True)
            )
        ),
    )


def _why(item: Mapping[str, Any], day: Mapping[str, Any]) -> str:
    """Why the target is not reached, and how far one gets."""
    most = max(item["requirement"]["by_modified_load"], default=0)
    there = max(item["there"], default=0)
    share = f"{100 * item['claimed']:.0f}"
    if most > there:
        return _(
            "Pada jam tersibuk perlu kira-kira %(need)s petugas, yang bisa duduk %(there)s; bersama-sama mereka "
            "mencapai %(share)s %%."
        ) % {"need": most, "there": there, "share": share}
    return _("Semua petugas dan loketnya bersama-sama mencapai %(share)s %%.") % {"share": share}


def _bars(shifts: Sequence[Mapping[str, Any]], number: int, opens: int) -> tuple[Bar, ...]:
    bars = []
    for shift in shifts:
        if shift["counter"] != number:
            continue
        start, end = (compute.minutes_of(shift[key]) - opens for key in ("from", "to"))
        bars.append(Bar(start, end - start, "ill" if shift.get("ill") else "work"))
        if shift["lunch"]:
            bars.append(Bar(compute.minutes_of(shift["lunch"]) - opens, int(shift["lunch_minutes"]), "lunch"))
    return tuple(bars)


def _ticks(opens: int, closes: int) -> tuple[str, ...]:
    step = 60 if closes - opens <= 8 * 60 else 120
    return tuple(compute.clock_of(m) for m in range(opens, closes + 1, step))


def _percent(value: float | None) -> float | None:
    return None if value is None else 100 * value
