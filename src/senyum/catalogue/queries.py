"""What surfaces read of services and lines."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from senyum.catalogue import rules, search, states
from senyum.catalogue.content import FeeText, RequirementText, content_of
from senyum.catalogue.models import CounterLine, Line, Requirement, Service, ServiceAddress, Standard
from senyum.core.errors import NotPossible
from senyum.malls.models import Counter, Mall
from senyum.malls.rules import moment


@dataclass(frozen=True)
class RequirementInfo:
    """A requirement in the asked language; legal basis, reason, issuer, accepted forms and example "" where unknown.

    `key`: the Indonesian text, plain, by which two services' requirements are the same paper.
    """

    id: int
    text: str
    legal_basis: str
    reason: str
    issued_by: str = ""
    forms: str = ""
    example_url: str = ""
    key: str = ""


@dataclass(frozen=True)
class CounterInfo:
    """A counter that serves a line: `tier` 1 first, 2 helping out."""

    id: int
    number: int
    tier: int


@dataclass(frozen=True)
class LineInfo:
    """A line as citizens and staff read it, in one language.

    `slug` is its readable address within its agency; `prefix` starts its labels, `kind` is service, pickup or
    cashier, `standard_minutes` the time at the counter, `time_text` until the product is ready, `fee` in words.
    `quota_per_day` is the line's own (None: the booth's).
    """

    id: int
    service_id: int
    code: str
    slug: str
    name: str
    agency_id: int
    agency_code: str
    agency: str
    agency_name: str
    booth_id: int
    prefix: str
    group: str
    kind: str
    standard_minutes: int
    time_text: str
    fee: str
    fee_rupiah: int | None
    fee_text: str
    pays_at_cashier: bool
    quota_per_day: int | None
    requirements: tuple[RequirementInfo, ...]
    counters: tuple[CounterInfo, ...]
    is_sample: bool
    source: str

    @property
    def first_counters(self) -> tuple[int, ...]:
        """Numbers of the counters that serve this line first."""
        return tuple(c.number for c in self.counters if c.tier == CounterLine.FIRST)


def name_in(service: Service, language: str) -> str:
    """The service's name in `language` (id, su, en); Indonesian where there is none."""
    return rules.said_in(service, "name", language)


def text_in(requirement: Requirement | RequirementText, language: str) -> str:
    """The requirement in `language`; Indonesian where there is none."""
    return rules.said_in(requirement, "text", language)


def _requirement_info(row: Requirement, language: str) -> RequirementInfo:
    return RequirementInfo(
        id=row.id,
        text=text_in(row, language),
        legal_basis=row.legal_basis,
        reason=row.reason,
        issued_by=row.issued_by,
        forms=row.forms,
        example_url=row.example_url,
        key=" ".join(rules.words(row.text)),
    )


def _line_info(line: Line, language: str) -> LineInfo:
    service, agency = line.service, line.agency
    counters = sorted(
        (CounterInfo(c.counter_id, c.counter.number, c.tier) for c in line.counter_lines.all() if c.counter.active),
        key=lambda c: (c.tier, c.number),
    )
    return LineInfo(
        id=line.id,
        service_id=service.id,
        code=service.code,
        slug=service.slug,
        name=name_in(service, language),
        agency_id=agency.id,
        agency_code=agency.code,
        agency=agency.short_name,
        agency_name=agency.name,
        booth_id=line.booth_id,
        prefix=line.group.prefix,
        group=line.group.name,
        kind=line.kind,
        standard_minutes=service.standard_minutes,
        time_text=service.time_text,
        fee=rules.fee_words(service.fee_rupiah, service.fee_text),
        fee_rupiah=service.fee_rupiah,
        fee_text=service.fee_text,
        pays_at_cashier=service.pays_at_cashier,
        quota_per_day=line.quota_per_day,
        requirements=tuple(_requirement_info(r, language) for r in service.requirements.all()),
        counters=tuple(counters),
        is_sample=service.is_sample,
        source=service.source,
    )


def _infos(lines: Iterable[Line], language: str) -> list[LineInfo]:
    return [_line_info(line, language) for line in lines]


def lines_of(mall: Mall, language: str = "id") -> list[LineInfo]:
    """The active lines of a hall in its order: three queries, whatever their number."""
    lines = (
        Line.objects.filter(mall=mall, active=True)
        .select_related("service__current", "agency", "group")
        .prefetch_related("service__current__requirements", "counter_lines__counter")
        .order_by("sort", "id")
    )
    return _infos(lines, language)


def line_info(mall: Mall, line_id: int, language: str = "id") -> LineInfo:
    """One active line of a hall. Raises NotPossible("no_line")."""
    lines = (
        Line.objects.filter(mall=mall, active=True, id=line_id)
        .select_related("service__current", "agency", "group")
        .prefetch_related("service__current__requirements", "counter_lines__counter")
    )
    found = _infos(lines, language)
    if not found:
        raise NotPossible("no_line", _("Layanan itu tidak ada di MPP ini."))
    return found[0]


def line_at(mall: Mall, agency_code: str, slug: str) -> tuple[int, str] | None:
    """(id, present slug) of the active line that a readable address of this hall leads to, or None.

    `slug`: the service's address now or at any time before, or its code. One query, two for a code.
    """
    lines = Line.objects.filter(mall=mall, active=True, agency__code=agency_code)
    held = ServiceAddress.objects.filter(agency__code=agency_code, slug=slug).values("service_id")
    found = lines.filter(service__in=held).values_list("id", "service__slug").first()
    return found or lines.filter(service__code=slug).values_list("id", "service__slug").first()


@dataclass(frozen=True)
class PublicPage:
    """A service's page in a hall; `since`: when the standard in force began to hold, or was adopted."""

    agency_code: str
    slug: str
    since: datetime


def public_pages(mall: Mall) -> list[PublicPage]:
    """The pages of a hall's real services that have a standard, in the hall's order. One query."""
    lines = Line.objects.filter(mall=mall, active=True, service__is_sample=False, service__current__isnull=False)
    rows = lines.exclude(kind=Line.Kind.CASHIER).values_list(
        "agency__code", "service__slug", "service__current__in_force_from", "service__current__saved_at"
    )
    return [PublicPage(code, slug, begun or saved) for code, slug, begun, saved in rows]


@dataclass(frozen=True)
class StandardFacts:
    """What a service's page says of the version in force beside its requirements.

    `fees`: the rows with their amount in words. `texts`: component code -> text, only what somebody wrote.
    `since`: when it began to hold, or was adopted.
    """

    fees: tuple[tuple[str, FeeText], ...]
    texts: Mapping[str, str]
    decree_number: str
    effective_on: date | None
    since: datetime
    number: int
    adopted: bool


def standard_facts(service_id: int) -> StandardFacts | None:
    """The facts of the version in force, or None without one. Three queries."""
    standard = Standard.objects.filter(service=service_id, state=states.IN_FORCE).first()
    if standard is None:
        return None
    content = content_of(standard)
    return StandardFacts(
        fees=tuple((rules.fee_words(fee.amount_rupiah, fee.amount_text), fee) for fee in content.fees),
        texts=content.components,
        decree_number=content.decree_number,
        effective_on=content.effective_on,
        since=standard.in_force_from or standard.saved_at,
        number=standard.number,
        adopted=standard.adopted,
    )


def search_lines(
    mall: Mall, text: str, language: str = "id", limit: int = 20, everything: list[LineInfo] | None = None
) -> list[LineInfo]:
    """The lines that answer what somebody typed or said, best first; with only filler words, all lines.

    `everything`: `lines_of` the mall, from whoever has read it already. Forgives colloquial and Sundanese
    words, spelling and swapped letters. Nothing found: an empty list.
    """
    everything = lines_of(mall, language) if everything is None else everything
    hits = search.find(text, mall_id=mall.pk, limit=limit)
    if hits is None:
        return everything[:limit]
    by_service = {info.service_id: info for info in everything}
    return [by_service[hit.service_id] for hit in hits if hit.service_id in by_service]


@dataclass(frozen=True)
class Offer:
    """A hall that offers a service: its code and short name, and the line's id there."""

    mall: str
    mall_name: str
    line_id: int


@dataclass(frozen=True)
class ServiceFound:
    """A service in the asked language, whoever offers it; `offers` in the order of the halls' names."""

    id: int
    code: str
    slug: str
    name: str
    agency_code: str
    agency: str
    fee: str
    offers: tuple[Offer, ...]


def search_services(text: str, language: str = "id", limit: int = 20) -> list[ServiceFound]:
    """The services of all halls that answer what somebody typed or said, best first; [] for fillers alone.

    At most six queries, whatever is found.
    """
    hits = search.find(text, limit=limit) or []
    ids = [hit.service_id for hit in hits]
    rows = Service.objects.select_related("agency").in_bulk(ids)
    offers: dict[int, list[Offer]] = {service_id: [] for service_id in ids}
    lines = Line.objects.filter(service_id__in=ids, active=True).select_related("mall").order_by("mall__name")
    for line in lines:
        offers[line.service_id].append(Offer(line.mall.code, line.mall.short_name, line.pk))
    return [
        ServiceFound(
            id=row.pk,
            code=row.code,
            slug=row.slug,
            name=name_in(row, language),
            agency_code=row.agency.code,
            agency=row.agency.short_name,
            fee=rules.fee_words(row.fee_rupiah, row.fee_text),
            offers=tuple(offers[row.pk]),
        )
        for row in (rows[service_id] for service_id in ids if service_id in rows)
    ]


def requirements_of(line: Line, language: str = "id") -> list[RequirementInfo]:
    """What somebody must bring for a line now, in order."""
    return [_requirement_info(row, language) for row in current_requirements(line.service_id)]


def current_requirements(service_id: int) -> QuerySet[Requirement]:
    """The requirements of the version in force, in order."""
    rows = Requirement.objects.filter(standard__service=service_id, standard__state=states.IN_FORCE)
    return rows.order_by("sort")


def requirements_at(service_id: int, at: datetime) -> list[Requirement]:
    """The requirements that were in force at a moment, in order: what a visit that began then was told."""
    standard = standard_at(service_id, at)
    return [] if standard is None else list(standard.requirements.all())


def standard_at(service_id: int, at: datetime) -> Standard | None:
    """The version of a service's standard that was, is or (so far) will be in force at a moment; None before the first.

    The same question has the same answer for ever, for a moment that has passed: a version in force never changes, two
    never overlap, and none begins or ends in the past (decision 0180). So a visit, a booking or a case keeps the
    version it began under by its own time of beginning, without a column.
    """
    spoken = Standard.objects.filter(service=service_id, state__in=states.SPOKEN)
    begun = spoken.filter(Q(in_force_from__isnull=True) | Q(in_force_from__lte=at))
    return begun.filter(Q(in_force_to__isnull=True) | Q(in_force_to__gt=at)).first()


def versions_in_force(service_ids: Collection[int]) -> dict[int, int]:
    """Service -> number of the version of its standard that is in force now."""
    current = Standard.objects.filter(service__in=service_ids, state=states.IN_FORCE)
    return dict(current.values_list("service_id", "number"))


def service_by_code(agency: str, code: str) -> Service | None:
    """The service of an agency's code and its own."""
    return Service.objects.filter(agency__code=agency, code=code).select_related("agency").first()


def standard_on(service_id: int, mall: Mall, day: date) -> Standard | None:
    """The version of a day of a hall: at its noon, since versions come into force just after midnight."""
    return standard_at(service_id, moment(mall.timezone, day, time(12)))


def counter_tiers(counter: Counter) -> tuple[list[int], list[int]]:
    """Ids of the active lines that a counter serves first, and of those it helps out with."""
    first: list[int] = []
    help_out: list[int] = []
    rows = CounterLine.objects.filter(counter=counter, line__active=True).order_by("line__sort", "line_id")
    for line_id, tier in rows.values_list("line_id", "tier"):
        (first if tier == CounterLine.FIRST else help_out).append(line_id)
    return first, help_out


def cashier_line(mall: Mall) -> Line | None:
    """The hall's cashier line, where a citizen pays after a counter; None when the hall has none."""
    return Line.objects.filter(mall=mall, active=True, kind=Line.Kind.CASHIER).order_by("sort", "id").first()
