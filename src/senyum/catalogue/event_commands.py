"""The writes of life events: by managers in the console, and the house's own (events.yaml)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from importlib import resources
from typing import Any

import yaml
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from senyum.catalogue.content import paragraphs
from senyum.catalogue.event_models import LifeEvent, LifeEventStep
from senyum.catalogue.models import Service
from senyum.core.errors import NotPossible
from senyum.core.text import plain
from senyum.journal.actor import Actor
from senyum.journal.record import record
from senyum.malls.commands import HOUSE
from senyum.malls.models import Mall
from senyum.people.access import actor_of, demand
from senyum.people.models import User

MOST_STEPS, MOST_STAGES = 20, 9
LONGEST_TITLE, LONGEST_TEXT = 120, 600


@dataclass(frozen=True)
class StepText:
    """A step to put, in its order: a service's id, or (None) a text of what is got elsewhere."""

    service_id: int | None = None
    text: str = ""
    text_su: str = ""
    text_en: str = ""
    why: str = ""
    why_su: str = ""
    why_en: str = ""
    stage: int = 1
    gives: str = ""


@dataclass(frozen=True)
class EventText:
    """A life event to put."""

    slug: str
    title: str
    title_su: str = ""
    title_en: str = ""
    intro: str = ""
    intro_su: str = ""
    intro_en: str = ""
    keywords: str = ""
    source: str = ""
    steps: Sequence[StepText] = ()


def _tidy_step(step: StepText) -> StepText:
    values: dict[str, Any] = {name: plain(text) for name, text in vars(step).items() if isinstance(text, str)}
    return replace(step, **values)


def _tidy(given: EventText) -> EventText:
    words = {k: paragraphs(v) if k.startswith("intro") else plain(v) for k, v in asdict(given).items() if k != "steps"}
    steps = [_tidy_step(step) for step in given.steps]
    return EventText(**words, steps=tuple(s for s in steps if s.service_id or s.text))


def _check(given: EventText) -> None:
    """Raises NotPossible with the field's name as its code."""
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", given.slug) or len(given.slug) > 60:
        raise NotPossible(
            "slug", _("Tulis alamatnya dengan huruf kecil, angka, dan tanda hubung, misalnya bayi-lahir.")
        )
    if not given.title:
        raise NotPossible("title", _("Tulis judulnya, misalnya “Bayi lahir”."))
    if any(len(text) > LONGEST_TITLE for text in (given.title, given.title_su, given.title_en)):
        raise NotPossible("title", _("Judul paling banyak 120 huruf."))
    texts = [v for k, v in asdict(given).items() if isinstance(v, str)]
    texts += [v for step in given.steps for v in vars(step).values() if isinstance(v, str)]
    if any(len(text) > LONGEST_TEXT for text in texts):
        raise NotPossible("intro", _("Satu teks paling banyak 600 huruf."))
    services = [step.service_id for step in given.steps if step.service_id]
    if not services or len(given.steps) > MOST_STEPS:
        raise NotPossible("steps", _("Isi satu sampai dua puluh langkah, paling sedikit satu layanan."))
    if len(set(services)) < len(services):
        raise NotPossible("steps", _("Satu layanan hanya boleh sekali dalam satu peristiwa."))
    if any(not 1 <= step.stage <= MOST_STAGES for step in given.steps):
        raise NotPossible("steps", _("Tulis kunjungan ke berapa dengan angka 1 sampai 9."))
    if Service.objects.filter(pk__in=services).count() < len(services):
        raise NotPossible("steps", _("Salah satu layanan itu tidak ada lagi. Muat ulang halaman ini."))


def _write(event: LifeEvent, given: EventText, now: datetime, *, house: bool) -> None:
    for name, value in asdict(given).items():
        if name != "steps":
            setattr(event, name, value)
    event.is_house, event.changed_at = house, now
    if event.pk is None:
        event.sort = (LifeEvent.objects.aggregate(last=Max("sort"))["last"] or 0) + 1
        event.save(force_insert=True)
    else:
        event.save(update_fields=[*(n for n in asdict(given) if n != "steps"), "is_house", "changed_at"])
        LifeEventStep.objects.filter(event=event).delete()
    LifeEventStep.objects.bulk_create(
        LifeEventStep(event=event, sort=sort, **asdict(step)) for sort, step in enumerate(given.steps, start=1)
    )


@transaction.atomic
def put_event(*, event_id: int | None, given: EventText, by: User, mall: Mall, now: datetime) -> LifeEvent:
    """Put a new life event (`event_id` None) or change one, steps included. Raises NotAllowed, or NotPossible with the
    name of the field as its code.
    """
    demand(by, mall, "edit_catalogue")
    wanted = _tidy(given)
    _check(wanted)
    event = LifeEvent(slug=wanted.slug)
    if event_id is not None:
        found = LifeEvent.objects.select_for_update().filter(pk=event_id).first()
        if found is None:
            raise NotPossible("no_event", _("Peristiwa itu tidak ada."))
        event = found
    if LifeEvent.objects.filter(slug=wanted.slug).exclude(pk=event.pk or 0).exists():
        raise NotPossible("slug", _("Alamat itu sudah dipakai peristiwa lain."))
    _write(event, wanted, now, house=False)
    record(
        mall=HOUSE,
        at=now,
        kind="life_event.put",
        actor=actor_of(by),
        subject=("life_event", event.pk, event.slug),
        data={"steps": len(wanted.steps)},
    )
    return event


@transaction.atomic
def set_event_active(*, event_id: int, active: bool, by: User, mall: Mall, now: datetime) -> LifeEvent:
    """Retire a life event, or bring it back. No later version changes what a person decided. NotPossible: no such."""
    demand(by, mall, "edit_catalogue")
    event = LifeEvent.objects.select_for_update().filter(pk=event_id).first()
    if event is None:
        raise NotPossible("no_event", _("Peristiwa itu tidak ada."))
    if event.active != active:
        event.active, event.is_house, event.changed_at = active, False, now
        event.save(update_fields=["active", "is_house", "changed_at"])
        record(
            mall=HOUSE,
            at=now,
            kind="life_event.retired" if not active else "life_event.revived",
            actor=actor_of(by),
            subject=("life_event", event.pk, event.slug),
        )
    return event


@dataclass(frozen=True)
class HouseEvents:
    """What loading did: events put or brought to this version, and services that the catalogue does not have."""

    put: int
    unknown: tuple[str, ...]


def house_events() -> list[dict[str, Any]]:
    """The rows of events.yaml."""
    text = resources.files("senyum.catalogue").joinpath("events.yaml").read_text(encoding="utf-8")
    rows: list[dict[str, Any]] = yaml.safe_load(text)["events"]
    return rows


@transaction.atomic
def load_house_events(*, now: datetime, actor: Actor) -> HouseEvents:
    """Bring the house's own life events to events.yaml, as far as the catalogue has their services; an event without
    any is left out. What people put, changed or retired stays as it is.
    """
    codes = {f"{s.agency.code}.{s.code}": s.pk for s in Service.objects.select_related("agency")}
    there = {event.slug: event for event in LifeEvent.objects.select_for_update().prefetch_related("steps")}
    unknown: set[str] = set()
    put = 0
    for row in house_events():
        wanted = _of_row(row, codes, unknown)
        event = there.get(row["slug"])
        if not any(step.service_id for step in wanted.steps) or (event is not None and not event.is_house):
            continue
        if event is not None and _as_text(event) == wanted:
            continue
        _write(event or LifeEvent(slug=row["slug"]), wanted, now, house=True)
        put += 1
    if put:
        record(
            mall=HOUSE,
            at=now,
            kind="life_event.loaded",
            actor=actor,
            subject=("life_event", 0, "events.yaml"),
            data={"put": put},
        )
    return HouseEvents(put, tuple(sorted(unknown)))


def _of_row(row: dict[str, Any], codes: dict[str, int], unknown: set[str]) -> EventText:
    steps = []
    for step in row["steps"]:
        code = step.get("service", "")
        if code and code not in codes:
            unknown.add(code)
            continue
        steps.append(
            StepText(
                service_id=codes.get(code),
                **{f"text{end}": step.get(f"text{end}", "") for end in ("", "_su", "_en")},
                **{f"why{end}": step.get(f"why{end}", "") for end in ("", "_su", "_en")},
                stage=step.get("stage", 1),
                gives=step.get("gives", ""),
            )
        )
    words = {name: row.get(name, "") for name in EventText.__dataclass_fields__ if name != "steps"}
    return _tidy(EventText(**words, steps=steps))


def _as_text(event: LifeEvent) -> EventText:
    words = {name: getattr(event, name) for name in EventText.__dataclass_fields__ if name != "steps"}
    steps = sorted(event.steps.all(), key=lambda s: s.sort)
    return EventText(
        **words,
        steps=tuple(StepText(**{name: getattr(s, name) for name in StepText.__dataclass_fields__}) for s in steps),
    )
