"""The writes of services, lines and who serves them. Idempotent like `malls.commands`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from senyum.catalogue.models import CounterLine, Line, LineGroup, Requirement, Service
from senyum.core.errors import NotPossible
from senyum.journal.actor import Actor
from senyum.journal.record import record
from senyum.malls.commands import HOUSE, put_row
from senyum.malls.models import Agency, Booth, Counter, Mall


@dataclass(frozen=True)
class RequirementText:
    """A requirement to put: Indonesian text, its translations, legal basis and reason ("" where unknown)."""

    text: str
    text_su: str = ""
    text_en: str = ""
    legal_basis: str = ""
    reason: str = ""


def _put_requirements(service: Service, requirements: Sequence[RequirementText]) -> bool:
    """Bring the requirements to the given list, keeping the rows of unchanged places: tickets refer to them."""
    gone, _rows = Requirement.objects.filter(service=service, sort__gt=len(requirements)).delete()
    changed = gone > 0
    for sort, wanted in enumerate(requirements, start=1):
        _row, fields = put_row(Requirement, {"service": service, "sort": sort}, vars(wanted))
        changed = changed or bool(fields)
    return changed


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
) -> Service:
    """A service with its requirements in order. `standard_minutes` is the time at the counter, at least 1.

    Raises NotPossible when the fee is neither an amount in rupiah nor explained in words.
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
        "standard_minutes": standard_minutes,
        "time_text": time_text,
        "fee_rupiah": fee_rupiah,
        "fee_text": fee_text,
        "pays_at_cashier": pays_at_cashier,
        "is_sample": is_sample,
        "source": source,
    }
    service, changed = put_row(Service, {"agency": agency, "code": code}, values)
    if _put_requirements(service, requirements):
        changed = [*changed, "requirements"]
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
