"""What surfaces read about staffing proposals."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Q

from senyum.malls.models import Booth, Mall
from senyum.planning import states
from senyum.planning.asked import Asked, from_json
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
    def open(self) -> bool:
        """It still waits, is computed, or can be decided upon."""
        return self.state not in states.OVER


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
        trouble=found.trouble,
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
