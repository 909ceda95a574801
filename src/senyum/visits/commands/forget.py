"""What a visit no longer says of its person once the law's time is over; what was measured stays (docs/privacy.md)."""

from __future__ import annotations

from datetime import datetime

from django.contrib.postgres.functions import RandomUUID
from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, TextField, Value
from django.db.models.functions import Cast, Concat, Replace, Substr
from django.utils.translation import gettext as _
from django_scopes import scopes_disabled

from senyum.core.errors import NotPossible
from senyum.journal.actor import SYSTEM, Actor
from senyum.journal.record import record
from senyum.malls.models import Mall
from senyum.malls.queries import local_day
from senyum.visits.models import LabelBlock, Ticket, Visit

#: Begins the token of a visit whose link has ended; the rest is random, known to nobody.
ERASED = "erased."  # the index `visit_to_erase` names it, too
BATCH = 5_000


def forget_visits(*, mall: Mall, before: datetime, now: datetime, actor: Actor = SYSTEM) -> dict[str, int]:
    """Erase what identifies the people of visits of which every ticket ended before that time (hall's time).

    At most `BATCH` visits, in one transaction with its certificate in the journal; call it again until it returns {}.
    Returns field -> how many values were erased. Labels, lines, outcomes and all times stay as they are.
    """
    with scopes_disabled(), transaction.atomic():
        counts = _erase_visits(mall, before) | _erase_blocks(mall, before)
        if counts:
            record(
                mall=mall.code,
                at=now,
                kind="retention.erased",
                actor=actor,
                subject=("retention", local_day(mall, now).isoformat(), "visits"),
                data={"until": before.isoformat(), "counts": counts},
            )
    return counts


def forget_visit(*, visit_id: int, now: datetime, actor: Actor) -> tuple[str, dict[str, int]]:
    """Erase now what identifies the person of one visit that has ended, because the person asks.

    Returns the text that stands in place of the link's token (it opens nothing) and field -> how many values; {} when
    that was done before. Raises NotPossible("goes_on") while a ticket of the visit is open.
    """
    with scopes_disabled(), transaction.atomic():
        visit = Visit.objects.select_for_update().select_related("mall").get(pk=visit_id)
        if Ticket.objects.filter(visit=visit, ended_at=None).exists():
            raise NotPossible("goes_on", _("Antrean ini belum selesai. Batalkan dulu, atau tunggu sampai dilayani."))
        counts = {} if visit.token.startswith(ERASED) else _erase([visit.pk])
        if counts:
            visit.refresh_from_db(fields=["token"])
            record(
                mall=visit.mall.code,
                at=now,
                kind="retention.erased",
                actor=actor,
                subject=("visit", visit.pk, visit.label),
                data={"until": now.isoformat(), "counts": counts, "asked": True},
            )
    return visit.token, counts


def _erase_visits(mall: Mall, before: datetime) -> dict[str, int]:
    young = Ticket.objects.filter(visit=OuterRef("pk")).filter(Q(ended_at=None) | Q(ended_at__gte=before))
    old = Visit.objects.filter(mall=mall, day__lte=local_day(mall, before)).exclude(token__startswith=ERASED)
    return _erase(list(old.exclude(Exists(young)).order_by("pk").values_list("pk", flat=True)[:BATCH]))


def _erase(ids: list[int]) -> dict[str, int]:
    if not ids:
        return {}
    visits = Visit.objects.filter(pk__in=ids)
    tickets = Ticket.objects.filter(visit__in=ids)
    counts = visits.aggregate(
        token=Count("pk"),
        age_band=Count("pk", filter=~Q(age_band="")),
        district=Count("pk", filter=~Q(district="")),
        has_phone=Count("pk", filter=Q(has_phone__isnull=False)),
    )
    words = tickets.aggregate(note=Count("pk", filter=~Q(note="")), case_number=Count("pk", filter=~Q(case_number="")))
    random = Replace(Cast(RandomUUID(), TextField()), Value("-"), Value(""))
    token = Concat(Value(ERASED), Substr(random, 1, 32 - len(ERASED)), output_field=TextField())
    visits.update(token=token, age_band="", district="", has_phone=None)
    tickets.exclude(note="", case_number="").update(note="", case_number="")
    return {f"Visit.{name}": n for name, n in counts.items() if n} | {f"Ticket.{k}": n for k, n in words.items() if n}


def _erase_blocks(mall: Mall, before: datetime) -> dict[str, int]:
    old = LabelBlock.objects.filter(mall=mall, day__lt=local_day(mall, before)).exclude(note="")
    count = old.update(note="")
    return {"LabelBlock.note": count} if count else {}
