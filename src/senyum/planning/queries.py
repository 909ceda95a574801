"""What surfaces read about staffing proposals."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext

from senyum.catalogue.models import Line
from senyum.malls import queries as malls
from senyum.malls.models import Booth, Mall
from senyum.planning.asked import Asked, from_json
from senyum.planning.hall_facts import service_codes
from senyum.planning.models import Proposal

LISTED = 50


def days_of(proposal: Proposal) -> list[date]:
    """The dates it plans."""
    return [date.fromisoformat(text) for text in proposal.days]


@dataclass(frozen=True, slots=True)
class ProposalRow:
    """A proposal in a list. Cost and share (0 to 1) are of all its days, None while there is no result.

    `agency`: the name of the one it was asked for, "" for the whole mall. For somebody who sees only some agencies
    cost and share are None.
    """

    id: int
    state: str
    days: tuple[date, ...]
    agency: str
    asked: Asked
    asked_by: str
    asked_at: datetime
    stage: str
    progress: int
    trouble: str
    cost: int | None
    today_cost: int | None
    kept: float | None
    today_kept: float | None
    currency: str
    decided_by: str
    decided_at: datetime | None
    reason: str

    @property
    def kept_percent(self) -> float | None:
        """Share kept, in percent."""
        return None if self.kept is None else 100 * self.kept

    @property
    def cost_millions(self) -> float | None:
        """Cost in millions of the currency."""
        return None if self.cost is None else self.cost / 1e6


@dataclass(frozen=True, slots=True)
class ProposalPage:
    """A proposal with what was found. `days`: as `Proposal.result`, agencies that the viewer may not see left out.

    `whole`: the viewer sees every agency, and so totals, options and charts. `options` None: not computed yet.
    """

    row: ProposalRow
    days: tuple[Mapping[str, Any], ...]
    options: Mapping[str, Any] | None
    basis: Mapping[str, Any]
    charts: tuple[str, ...]
    whole: bool


def proposals(mall: Mall, agencies: Collection[int]) -> list[ProposalRow]:
    """The latest proposals of the mall that touch one of these agencies, the newest first."""
    rows = _seen(mall, agencies).select_related("agency", "asked_by", "decided_by").order_by("-asked_at", "-pk")
    whole = _whole(mall, agencies)
    return [_row(p, whole) for p in rows[:LISTED]]


def proposal(mall: Mall, proposal_id: int, agencies: Collection[int]) -> ProposalPage | None:
    """One proposal, as somebody sees it who sees these agencies; None when there is none for them."""
    found = _seen(mall, agencies).select_related("agency", "asked_by", "decided_by").filter(pk=proposal_id).first()
    if found is None:
        return None
    whole = _whole(mall, agencies)
    codes = set(Booth.objects.filter(mall=mall, agency__in=agencies).values_list("agency__code", flat=True))
    return ProposalPage(
        row=_row(found, whole),
        days=tuple(_only(day, codes) for day in found.result or []),
        options=found.options if whole else {},
        basis=found.basis or {},
        charts=tuple(sorted(found.charts)) if whole else (),
        whole=whole,
    )


def chart(mall: Mall, proposal_id: int, name: str, agencies: Collection[int]) -> str | None:
    """A chart as SVG text, for whoever sees every agency of the mall; else None."""
    if not _whole(mall, agencies):
        return None
    found = Proposal.objects.filter(mall=mall, pk=proposal_id).values_list("charts", flat=True).first()
    svg = (found or {}).get(name)
    return svg if isinstance(svg, str) else None


def _seen(mall: Mall, agencies: Collection[int]) -> Any:
    if not agencies:
        return Proposal.objects.none()
    return Proposal.objects.filter(Q(agency=None) | Q(agency__in=agencies), mall=mall)


def _whole(mall: Mall, agencies: Collection[int]) -> bool:
    return set(Booth.objects.filter(mall=mall).values_list("agency_id", flat=True)) <= set(agencies)


def _only(day: Mapping[str, Any], codes: set[str]) -> Mapping[str, Any]:
    return {
        **day,
        "agencies": [a for a in day["agencies"] if a["agency"] in codes],
        "nobody": [a for a in day.get("nobody", ()) if a["agency"] in codes],
    }


def _row(found: Proposal, whole: bool) -> ProposalRow:
    days = found.result if whole else None
    return ProposalRow(
        id=found.pk,
        state=found.state,
        days=tuple(days_of(found)),
        agency=found.agency.short_name if found.agency else "",
        asked=from_json(found.asked),
        asked_by=str(found.asked_by),
        asked_at=found.asked_at,
        stage=found.stage,
        progress=found.progress,
        # A sentence with numbers in it stays as it was written; all others are told in the reader's language.
        trouble=gettext(found.trouble) if found.trouble else "",
        cost=sum(int(d["cost"]) for d in days) if days else None,
        today_cost=round(sum(float(d["today_cost"]) for d in days)) if days else None,
        kept=_share(days, "plan"),
        today_kept=_share(days, "today"),
        currency=days[0]["currency"] if days else "IDR",
        decided_by=str(found.decided_by) if found.decided_by else "",
        decided_at=found.decided_at,
        reason=found.reason,
    )


def _share(days: list[Mapping[str, Any]] | None, which: str) -> float | None:
    """Kept in all days together, people weighing."""
    rows = [(d[which]["kept"], d[which]["people"]) for d in days or [] if d[which]["kept"] is not None]
    people = sum(n for _kept, n in rows)
    return sum(kept * n for kept, n in rows) / people if people else None


@dataclass(frozen=True, slots=True)
class Choices:
    """What a question can name: agencies (code, name), services by agency (name, (code, name)), counters (number)."""

    agencies: tuple[tuple[str, str], ...]
    services: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    counters: tuple[int, ...]


def choices(mall: Mall) -> Choices:
    """Agencies, services and counters of the mall, by the codes that `asked.Asked` wants."""
    booths = malls.booths(mall)
    lines = list(Line.objects.filter(mall=mall, active=True).select_related("service", "agency").order_by("sort", "id"))
    codes = service_codes(lines)
    by_agency: dict[int, list[tuple[str, str]]] = {}
    for line in lines:
        by_agency.setdefault(line.agency_id, []).append((codes[line.pk], line.service.name))
    return Choices(
        agencies=tuple((b.agency.code, b.agency.short_name) for b in booths),
        services=tuple(
            (b.agency.short_name, tuple(by_agency[b.agency_id]))
            for b in booths
            if len(by_agency.get(b.agency_id, ())) > 1
        ),
        counters=tuple(c.number for c in malls.counters(mall)),
    )


def days_to_plan(mall: Mall, first: date, *, week: bool, saturday: bool) -> list[date]:
    """`first` alone, or with `week` the days from it until Sunday on which somebody receives people.

    With `saturday` a Saturday counts as open.
    """
    if not week:
        return [first]
    days = [first + timedelta(days=n) for n in range(7 - first.weekday())]
    return [
        d for d in days if (saturday and d.weekday() == 5) or any(h.is_open for h in malls.hours_of(mall, d).values())
    ]


def names(mall: Mall) -> dict[str, str]:
    """Names of agencies and services by the codes that proposals use."""
    found = choices(mall)
    return dict(found.agencies) | {code: name for _agency, rows in found.services for code, name in rows}
