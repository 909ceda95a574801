"""What pages read of standards: lists with what is missing, a version in parts, two versions beside another."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Prefetch, Q
from django.utils.functional import Promise

from senyum.catalogue import components, rules, states
from senyum.catalogue.content import FEE_KINDS, Content, FeeText, RequirementText, content_of, filled
from senyum.catalogue.models import Comment, Service, Standard


@dataclass(frozen=True)
class ServiceRow:
    """A service with its version in force, its open one, and the titles of the components that nobody filled in."""

    service: Service
    current: Standard | None
    open: Standard | None
    missing: tuple[str | Promise, ...]
    unread: int


@dataclass(frozen=True)
class Part:
    """A component as it is shown: its title, and text or requirements or fees; `empty`: nobody filled it in."""

    code: str
    group: str
    title: str | Promise
    text: str
    requirements: tuple[RequirementText, ...]
    fees: tuple[tuple[str, FeeText], ...]

    @property
    def empty(self) -> bool:
        """Whether nothing is known of it."""
        return not (self.text or self.requirements or self.fees)


@dataclass(frozen=True)
class Word:
    """A piece of a comparison: `sign` is "" (same), "+" (added) or "-" (removed)."""

    sign: str
    text: str


@dataclass(frozen=True)
class Change:
    """A component that differs between two versions, word by word."""

    title: str | Promise
    words: tuple[Word, ...]


def services_of(agencies: Collection[int]) -> list[ServiceRow]:
    """The services of agencies, by agency and name, with the state of their standards: five queries."""
    still_open = Standard.objects.filter(state__in=states.OPEN, adopted=False).annotate(
        unread=Count("comments", filter=Q(comments__state=states.PENDING))
    )
    services = (
        Service.objects.filter(agency__in=agencies)
        .select_related("agency", "current")
        .prefetch_related(
            "current__requirements", "current__fees", Prefetch("standards", still_open, to_attr="still_open")
        )
        .order_by("agency__short_name", "name")
    )
    titles = {c.code: c.title for c in components.COMPONENTS}
    rows = []
    for service in services:
        known = filled(content_of(service.current)) if service.current else frozenset[str]()
        there = next(iter(getattr(service, "still_open", [])), None)
        missing = tuple(titles[code] for code in components.missing(known))
        rows.append(ServiceRow(service, service.current, there, missing, there.unread if there else 0))
    return rows


def standard_in(standard_id: int, agencies: Collection[int]) -> Standard | None:
    """A version of one of these agencies' services."""
    return (
        Standard.objects.filter(pk=standard_id, service__agency__in=agencies)
        .select_related("service__agency", "service__current", "author", "approver", "based_on")
        .first()
    )


def versions_of(service: Service) -> list[Standard]:
    """All versions of a service, the newest first."""
    return list(Standard.objects.filter(service=service).select_related("author", "approver").order_by("-number"))


def comments_of(standard: Standard, *, shown_only: bool) -> list[Comment]:
    """What was said of a version: all for its agency, what is shown for everybody."""
    rows = Comment.objects.filter(standard=standard)
    return list(rows.filter(state=states.SHOWN) if shown_only else rows)


def public_version(service: Service, today: date) -> Standard | None:
    """The version that is open to comments today, if there is one."""
    return Standard.objects.filter(
        service=service, state=states.IN_REVIEW, review_from__lte=today, review_to__gte=today
    ).first()


def parts(content: Content) -> tuple[Part, ...]:
    """The fourteen components in the law's order."""
    shown = []
    for component in components.COMPONENTS:
        code = component.code
        text = content.time_text if code == components.TIME else content.components.get(code, "")
        needs = tuple(content.requirements) if code == components.REQUIREMENTS else ()
        fees = (
            tuple((str(rules.fee_words(fee.amount_rupiah, fee.amount_text)), fee) for fee in content.fees)
            if code == components.FEE
            else ()
        )
        shown.append(Part(code, component.group, component.title, text, needs, fees))
    return tuple(shown)


def _said(part: Part) -> str:
    """A component as one text that names everything of it, for a comparison."""
    rows = [[getattr(need, name) for name in RequirementText.__dataclass_fields__] for need in part.requirements]
    rows += [[fee.variant, words, str(FEE_KINDS.get(fee.kind, "")), fee.legal_basis] for words, fee in part.fees]
    return "\n".join([part.text, *(" · ".join(filter(None, row)) for row in rows)]).strip()


def changes(old: Content, new: Content) -> tuple[Change, ...]:
    """The components that differ, word by word; an empty tuple when none does."""
    found = []
    for before, after in zip(parts(old), parts(new), strict=True):
        a, b = _said(before), _said(after)
        if a != b:
            found.append(Change(after.title, tuple(words_between(a, b))))
    return tuple(found)


def words_between(old: str, new: str) -> Iterator[Word]:
    """How `old` becomes `new`, in pieces of words and the blanks between them."""
    a, b = (re.findall(r"\s+|\S+", text) for text in (old, new))
    for kind, a0, a1, b0, b1 in difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if kind == "equal":
            yield Word("", "".join(a[a0:a1]))
            continue
        if a1 > a0:
            yield Word("-", "".join(a[a0:a1]))
        if b1 > b0:
            yield Word("+", "".join(b[b0:b1]))
