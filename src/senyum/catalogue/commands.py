"""The writes of services, lines and who serves them. Idempotent like `malls.commands`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from senyum.catalogue.content import Content, FeeText, RequirementText, content_of, tidy
from senyum.catalogue.models import CounterLine, Line, LineGroup, Service, Standard
from senyum.catalogue.standard_commands import adopt
from senyum.core.errors import NotPossible
from senyum.journal.actor import Actor
from senyum.journal.record import record
from senyum.malls.commands import HOUSE, put_row
from senyum.malls.models import Agency, Booth, Counter, Mall

__all__ = ["RequirementText", "assign_counter", "put_line", "put_line_group", "put_service"]


def _facts(current: Standard | None, given: Content) -> Content:
    """The given facts, with the components that the version in force has besides: none of them is lost."""
    if current is None:
        return given
    known = content_of(current)
    return replace(
        given,
        components={**known.components, **given.components},
        decree_number=given.decree_number or known.decree_number,
        effective_on=given.effective_on or known.effective_on,
    )


def _put_standard(service: Service, given: Content, now: datetime, actor: Actor, source: str) -> list[str]:
    """Adopt a new version where the facts differ from the one in force; says what differs."""
    current = service.current
    wanted = tidy(_facts(current, given))
    if current is not None and (known := content_of(current)) == wanted:
        return []
    adopt(service=service, content=wanted, now=now, actor=actor, source=source)
    if current is None:
        return ["requirements"] if wanted.requirements else []
    return [name for name in vars(wanted) if getattr(wanted, name) != getattr(known, name)]


@transaction.atomic
def put_service(
    *,
    agency: Agency,
    code: str,
    name: str,
    standard_minutes: int,
    now: datetime,
    actor: Actor,
    requirements: Sequence[RequirementText] = (),
    fee_rupiah: int | None = 0,
    fee_text: str = "",
    time_text: str = "",
    name_su: str = "",
    name_en: str = "",
    keywords: str = "",
    pays_at_cashier: bool = False,
    is_sample: bool = False,
    source: str = "",
    components: Mapping[str, str] | None = None,
) -> Service:
    """A service with the facts of its standard. `standard_minutes` is the time at the counter, at least 1.

    Facts that differ from the version in force become a new adopted version. A standard that people decided upon in
    the console is left as it is. Raises NotPossible when the fee is neither an amount in rupiah nor explained in words.
    """
    if fee_rupiah is None and not fee_text:
        raise NotPossible("fee", _("Tulis tarifnya, atau apa yang menentukannya."))
    if standard_minutes < 1:
        raise NotPossible("standard_minutes", _("Waktu layanan di loket paling sedikit satu menit."))
    values = {
        "name": name,
        "name_su": name_su,
        "name_en": name_en,
        "keywords": keywords,
        "pays_at_cashier": pays_at_cashier,
        "is_sample": is_sample,
        "source": source,
    }
    summary = {
        "standard_minutes": standard_minutes,
        "time_text": time_text,
        "fee_rupiah": fee_rupiah,
        "fee_text": fee_text,
    }
    keys = {"agency": agency, "code": code}
    decided = Service.objects.filter(**keys, current__adopted=False).exists()
    service, changed = put_row(Service, keys, values if decided else {**values, **summary})
    if not decided:
        given = Content(
            standard_minutes=standard_minutes,
            time_text=time_text,
            components=components or {},
            requirements=tuple(requirements),
            fees=(FeeText(fee_rupiah, amount_text=fee_text),),
        )
        changed = list(dict.fromkeys([*changed, *_put_standard(service, given, now, actor, source)]))
    if changed:
        record(
            mall=HOUSE,
            at=now,
            kind="service.put",
            actor=actor,
            subject=("service", service.pk, name),
            data={"agency": agency.code, "code": code, "changed": changed},
        )
    return service


@transaction.atomic
def put_line_group(*, mall: Mall, prefix: str, name: str, now: datetime, actor: Actor) -> LineGroup:
    """Lines that share a label prefix. Raises NotPossible unless it is one or two capital letters."""
    if not (prefix.isascii() and prefix.isalpha() and prefix.isupper() and len(prefix) <= 2):
        raise NotPossible("prefix", _("Awalan nomor antrean adalah satu atau dua huruf besar."), prefix=prefix)
    group, changed = put_row(LineGroup, {"mall": mall, "prefix": prefix}, {"name": name})
    if changed:
        record(
            mall=mall.code,
            at=now,
            kind="line_group.put",
            actor=actor,
            subject=("line_group", group.pk, prefix),
            data={"changed": changed},
        )
    return group


@transaction.atomic
def put_line(
    *,
    mall: Mall,
    service: Service,
    group: LineGroup,
    now: datetime,
    actor: Actor,
    kind: str = Line.Kind.SERVICE,
    quota_per_day: int | None = None,
    active: bool = True,
    sort: int = 0,
) -> Line:
    """A service offered in a hall, at its agency's booth. Raises NotPossible when the agency has no booth there."""
    if group.mall_id != mall.pk:
        raise NotPossible("other_mall", _("Kelompok antrean itu milik MPP lain."))
    booth = Booth.objects.filter(mall=mall, agency_id=service.agency_id).first()
    if booth is None:
        raise NotPossible("no_booth", _("Instansi layanan ini tidak punya gerai di MPP ini."))
    values = {
        "booth": booth,
        "agency": service.agency,
        "group": group,
        "kind": str(kind),
        "quota_per_day": quota_per_day,
        "active": active,
        "sort": sort,
    }
    line, changed = put_row(Line, {"mall": mall, "service": service}, values)
    if changed:
        record(
            mall=mall.code,
            at=now,
            kind="line.put",
            actor=actor,
            subject=("line", line.pk, service.name),
            data={"prefix": group.prefix, "changed": changed},
        )
    return line


def _check_assignment(counter: Counter, first: Sequence[Line], help_out: Sequence[Line]) -> None:
    agency_id = counter.booth.agency_id
    for line in (*first, *help_out):
        # An officer sees only their agency's people, so a counter cannot help another agency out.
        if line.mall_id != counter.mall_id or line.agency_id != agency_id:
            raise NotPossible("other_agency", _("Loket hanya melayani antrean instansinya sendiri."), line=line.pk)
    if {line.pk for line in first} & {line.pk for line in help_out}:
        raise NotPossible("two_tiers", _("Satu layanan tidak bisa sekaligus utama dan bantuan di satu loket."))


@transaction.atomic
def assign_counter(
    *,
    counter: Counter,
    first: Iterable[Line],
    now: datetime,
    actor: Actor,
    help_out: Iterable[Line] = (),
) -> Counter:
    """Set what a counter serves first and what it helps out with; the lists replace what was there.

    Raises NotPossible for a line of another agency or mall, or of both tiers.
    """
    first, help_out = list(first), list(help_out)
    _check_assignment(counter, first, help_out)
    # The counter is the parent: two assignments of one counter take turns.
    Counter.objects.select_for_update().get(pk=counter.pk)
    wanted = {line.pk: CounterLine.FIRST for line in first} | {line.pk: CounterLine.HELP for line in help_out}
    there = dict(CounterLine.objects.filter(counter=counter).values_list("line_id", "tier"))
    if wanted == there:
        return counter
    CounterLine.objects.filter(counter=counter).exclude(line_id__in=list(wanted)).delete()
    for line_id, tier in wanted.items():
        put_row(CounterLine, {"counter": counter, "line_id": line_id}, {"tier": tier})
    record(
        mall=counter.mall.code,
        at=now,
        kind="counter.assigned",
        actor=actor,
        subject=("counter", counter.pk, str(counter.number)),
        data={
            "first": sorted(k for k, tier in wanted.items() if tier == CounterLine.FIRST),
            "help": sorted(k for k, tier in wanted.items() if tier == CounterLine.HELP),
        },
    )
    return counter
