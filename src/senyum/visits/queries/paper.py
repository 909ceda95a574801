"""Numbered paper pads for a power cut: which blocks were given out today, what was entered, what is missing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django_scopes import scopes_disabled

from senyum.catalogue.models import Line, LineGroup
from senyum.malls.models import Mall
from senyum.visits.hall import hall_of
from senyum.visits.models import LabelBlock, Ticket, Visit


@dataclass(frozen=True)
class EnteredLeaf:
    """A leaf that was entered: its number, label and services."""

    number: int
    label: str
    visit_id: int
    services: tuple[str, ...]


@dataclass(frozen=True)
class Pad:
    """A numbered pad. `missing` are the labels that nobody entered yet: unused leaves, or forgotten ones."""

    block: LabelBlock
    prefix: str
    group: str
    first_label: str
    last_label: str
    labels: tuple[str, ...]
    entered: tuple[EnteredLeaf, ...]
    missing: tuple[str, ...]


def pad_groups(mall: Mall) -> list[LineGroup]:
    """The line groups a pad may be made for, by prefix: those with a line that somebody may choose."""
    chosen = Line.objects.filter(mall=mall, active=True).exclude(kind=Line.Kind.CASHIER)
    return list(LineGroup.objects.filter(pk__in=chosen.values("group")).order_by("prefix"))


def pads(mall: Mall, now: datetime) -> list[Pad]:
    """Today's paper pads, newest first. Blocks of kiosks are not among them."""
    blocks = list(
        LabelBlock.objects.filter(mall=mall, day=hall_of(mall, now).day, device=None)
        .select_related("group", "mall")
        .order_by("-granted_at", "-pk")
    )
    return [_pad(mall, block, now) for block in blocks]


def pad(mall: Mall, block_id: int, now: datetime) -> Pad | None:
    """One of `pads`, also of an earlier day; None when this mall has no such pad."""
    block = LabelBlock.objects.filter(mall=mall, pk=block_id, device=None).select_related("group", "mall").first()
    return _pad(mall, block, now) if block else None


def _pad(mall: Mall, block: LabelBlock, now: datetime) -> Pad:
    prefix = block.group.prefix
    numbers = range(block.first, block.last + 1)
    visits = list(
        Visit.objects.filter(
            mall=mall, day=block.day, group=block.group, number__gte=block.first, number__lte=block.last
        ).order_by("number")
    )
    hall = hall_of(mall, now)
    services: dict[int, list[str]] = {}
    with scopes_disabled():
        for visit_id, line_id in (
            Ticket.objects.filter(visit__in=visits).order_by("leg").values_list("visit_id", "line_id")
        ):
            services.setdefault(visit_id, []).append(hall.lines[line_id].service)
    entered = tuple(EnteredLeaf(v.number, v.label, v.pk, tuple(services.get(v.pk, ()))) for v in visits)
    used = {leaf.number for leaf in entered}
    labels = tuple(f"{prefix}-{number:03d}" for number in numbers)
    return Pad(
        block=block,
        prefix=prefix,
        group=block.group.name,
        first_label=labels[0],
        last_label=labels[-1],
        labels=labels,
        entered=entered,
        missing=tuple(label for number, label in zip(numbers, labels, strict=True) if number not in used),
    )
