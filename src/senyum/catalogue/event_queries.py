"""What pages read of life events: those of a hall, one with its visits and checklist, and by what people say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Exists, OuterRef

from senyum.catalogue import event_rules, rules, search
from senyum.catalogue.event_models import LifeEvent, LifeEventStep
from senyum.catalogue.event_rules import Paper
from senyum.catalogue.models import Line, Service
from senyum.catalogue.queries import LineInfo, lines_of, name_in
from senyum.malls import queries as malls
from senyum.malls import rules as calendar
from senyum.malls.models import Mall

#: So many days ahead are looked through for a day that several booths have in common.
AHEAD_DAYS = 21


@dataclass(frozen=True)
class EventInfo:
    """A life event in one language."""

    slug: str
    title: str
    intro: str
    source: str
    changed_at: datetime


@dataclass(frozen=True)
class EventStep:
    """A step in its order. `info` is the line where this hall offers it; else `text` says what to get elsewhere."""

    number: int
    info: LineInfo | None
    text: str
    why: str


@dataclass(frozen=True)
class EventVisit:
    """Steps that fit one visit, and the first day on which all their booths serve, in order."""

    number: int
    steps: tuple[EventStep, ...]
    day: datetime | None


@dataclass(frozen=True)
class EventPaper:
    """A paper of the one checklist: the names of the services that ask it; `step`: the number of the step that gives
    it, 0 when it is brought from home.
    """

    paper: Paper
    services: tuple[str, ...]
    step: int


@dataclass(frozen=True)
class EventPage:
    """A life event in a hall: first what is got elsewhere, then visits; what the hall does not offer by its name."""

    event: EventInfo
    before: tuple[EventStep, ...]
    visits: tuple[EventVisit, ...]
    papers: tuple[EventPaper, ...]
    elsewhere: tuple[str, ...]

    @property
    def steps(self) -> tuple[EventStep, ...]:
        """All steps, in the order of their numbers."""
        every = (*self.before, *(step for visit in self.visits for step in visit.steps))
        return tuple(sorted(every, key=lambda step: step.number))


def _info(event: LifeEvent, language: str) -> EventInfo:
    title, intro = rules.said_in(event, "title", language), rules.said_in(event, "intro", language)
    return EventInfo(event.slug, title, intro, event.source, event.changed_at)


def _offered(mall: Mall) -> Any:
    here = LifeEventStep.objects.filter(
        event=OuterRef("pk"), service__lines__mall=mall, service__lines__active=True
    ).exclude(service__lines__kind=Line.Kind.CASHIER)
    return LifeEvent.objects.filter(Exists(here), active=True)


def events_of(mall: Mall, language: str = "id") -> list[EventInfo]:
    """The life events of which this hall offers at least one service, in their order. One query."""
    return [_info(event, language) for event in _offered(mall)]


def search_events(mall: Mall, text: str, language: str = "id", limit: int = 2) -> list[EventInfo]:
    """The hall's life events that answer what somebody typed, best first: two queries (one while words are kept)."""
    speech = search.speech()
    terms = rules.terms_of(text, speech)
    scored = []
    for place, event in enumerate(_offered(mall)):
        said = rules.words(" ".join((event.title, event.title_su, event.title_en, event.keywords)))
        found = event_rules.score(terms, said, speech)
        if found >= event_rules.FOUND_SHARE:
            scored.append((-found, place, event))
    return [_info(event, language) for _score, _place, event in sorted(scored, key=lambda s: s[:2])[:limit]]


def event_page(mall: Mall, slug: str, now: datetime, language: str = "id", *, most: int = 5) -> EventPage | None:
    """One life event in a hall, or None when there is none or the hall offers nothing of it. `most`: steps a visit."""
    event = _offered(mall).filter(slug=slug).first()
    if event is None:
        return None
    rows = list(event.steps.select_related("service").order_by("stage", "sort"))
    lines = {info.service_id: info for info in lines_of(mall, language) if info.kind != Line.Kind.CASHIER}
    numbered: list[tuple[LifeEventStep, EventStep]] = []
    elsewhere = []
    for row in rows:
        info = lines.get(row.service_id) if row.service_id else None
        if row.service is not None and info is None:
            elsewhere.append(name_in(row.service, language))
            continue
        said = EventStep(
            len(numbered) + 1, info, rules.said_in(row, "text", language), rules.said_in(row, "why", language)
        )
        numbered.append((row, said))
    here = [(row, step, step.info) for row, step in numbered if step.info is not None]
    return EventPage(
        event=_info(event, language),
        before=tuple(step for _row, step in numbered if step.info is None),
        visits=tuple(_visits(mall, here, now, most)),
        papers=tuple(_papers(here)),
        elsewhere=tuple(elsewhere),
    )


_Here = Sequence[tuple[LifeEventStep, EventStep, LineInfo]]


def _visits(mall: Mall, here: _Here, now: datetime, most: int) -> list[EventVisit]:
    plan, today = malls.hall_plan(mall.pk, mall.timezone), malls.local_day(mall, now)

    def serves(booth_id: int, day: date) -> bool:
        hours = calendar.hours_on(plan, booth_id, day)
        return hours is not None and now < calendar.moment(plan.zone, day, hours.last_ticket)

    ahead = [today + timedelta(days=n) for n in range(AHEAD_DAYS)]
    steps = {step.number: step for _row, step, _info in here}
    chosen = event_rules.visits(
        [
            event_rules.Step(step.number, row.stage, frozenset(d for d in ahead if serves(info.booth_id, d)))
            for row, step, info in here
        ],
        most,
    )
    return [
        EventVisit(
            number=number,
            steps=tuple(steps[key] for key in visit.keys),
            day=_noon(plan.zone, visit.day) if visit.day else None,
        )
        for number, visit in enumerate(chosen, start=1)
    ]


def _noon(zone: str, day: date) -> datetime:
    return calendar.moment(zone, day, time(12))


def _papers(here: _Here) -> list[EventPaper]:
    gives = {
        " ".join(rules.words(name)): step.number for row, step, _info in here for name in row.gives.split(",") if name
    }
    names = {step.number: info.name for _row, step, info in here}
    papers = event_rules.merged([(step.number, info.requirements) for _row, step, info in here], gives)
    return [EventPaper(paper, tuple(names[key] for key in paper.services), paper.step or 0) for paper in papers]


def all_events() -> list[LifeEvent]:
    """Every life event with its steps, those retired included: two queries."""
    return list(LifeEvent.objects.prefetch_related("steps__service__agency").order_by("-active", "sort", "slug"))


def service_choices() -> list[tuple[int, str]]:
    """(id, "agency · name") of every service of the catalogue, for a form. One query."""
    rows = Service.objects.select_related("agency").order_by("agency__short_name", "name")
    return [(row.pk, f"{row.agency.short_name} · {row.name}") for row in rows]
