"""How the steps of a life event become visits, and their papers one checklist: values in, decision out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from senyum.catalogue import rules
from senyum.catalogue.queries import RequirementInfo
from senyum.catalogue.rules import CHANGED, Speech, one_slip_words

#: An event is found when so much of what was asked is in its words.
FOUND_SHARE = 0.6
_COPIES = re.compile(
    r"(\d{1,2})\s*(?:x|kali)?\s*(?:lembar|rangkap|lbr)?\s*(?:foto\s?kopi|foto\s?copy|salinan|kopi|copy|fc|lembar|rangkap)",
    re.IGNORECASE,
)
_ONE_COPY = re.compile(r"foto\s?kopi|foto\s?copy|salinan|\bkopi\b|\bcopy\b|\bfc\b", re.IGNORECASE)


@dataclass(frozen=True)
class Step:
    """A step as the choice needs it: `days` on which its booth serves."""

    key: int
    stage: int
    days: frozenset[date]


@dataclass(frozen=True)
class Visit:
    """Steps for one visit, and the first day on which all their booths serve (None: no such day is known)."""

    keys: tuple[int, ...]
    day: date | None


def visits(steps: Sequence[Step], most: int) -> list[Visit]:
    """The steps, in order, in as few visits as their stages and days allow; at most `most` steps a visit.

    A step of a later stage never joins a visit of an earlier one. A step joins the first visit of its stage that has
    room and a day in common with it; one whose booth serves on no known day gets a visit of its own.
    """
    found: list[tuple[int, list[int], frozenset[date]]] = []
    for step in sorted(steps, key=lambda s: s.stage):
        for place, (stage, keys, days) in enumerate(found):
            common = days & step.days
            if stage == step.stage and common and len(keys) < most:
                found[place] = (stage, [*keys, step.key], common)
                break
        else:
            found.append((step.stage, [step.key], step.days))
    return [Visit(tuple(keys), min(days, default=None)) for _stage, keys, days in found]


@dataclass(frozen=True)
class Paper:
    """A paper of the merged checklist: `info` as the first service asks it, `services` all that ask it (keys in
    order), `copies` the most copies that one of them takes (0: nobody speaks of copies), `forms` each way in which it
    is accepted, `step` the step that yields it (None: from home).
    """

    info: RequirementInfo
    services: tuple[int, ...]
    copies: int
    forms: tuple[str, ...]
    step: int | None


def copies_of(forms: str) -> int:
    """How many copies a requirement's accepted forms speak of: "asli dan 2 fotokopi" is 2, "fotokopi" 1, "asli" 0."""
    counts = [int(number) for number in _COPIES.findall(forms)]
    return max(counts) if counts else int(bool(_ONE_COPY.search(forms)))


def merged(needs: Sequence[tuple[int, Sequence[RequirementInfo]]], gives: Mapping[str, int]) -> list[Paper]:
    """Each paper once, in the order in which it is first asked. `needs`: (key of the step, what it asks), in order;
    `gives`: plain name of a paper -> key of the step that yields it.

    The most copies, not their sum: one copy is kept by each service, and the person is told for how many services.
    """
    places = {key: n for n, (key, _) in enumerate(needs)}
    rows: dict[str, list[tuple[int, RequirementInfo]]] = {}
    for key, infos in needs:
        for info in infos:
            rows.setdefault(info.key or str(info.id), []).append((key, info))
    papers = []
    for name, asked in rows.items():
        step = gives.get(name)
        # What a step yields is no use to that step itself or to one before it.
        if step is not None and (step not in places or any(places[key] <= places[step] for key, _ in asked)):
            step = None
        papers.append(
            Paper(
                info=asked[0][1],
                services=tuple(dict.fromkeys(key for key, _ in asked)),
                copies=max(copies_of(info.forms) for _, info in asked),
                forms=tuple(dict.fromkeys(info.forms for _, info in asked if info.forms)),
                step=step,
            )
        )
    return papers


def score(terms: Sequence[str], said: Iterable[str], speech: Speech) -> float:
    """How much of what was asked (0 to 1) is in an event's own words, slips and synonyms counted with less."""
    own = set(said)
    if not terms:
        return 0.0
    total = 0.0
    asked = [term for term in terms if " " not in term] or list(terms)
    for term in asked:
        total += _closeness(term, own, speech)
    return total / len(asked)


def _closeness(term: str, own: set[str], speech: Speech) -> float:
    if set(term.split()) <= own:
        return 1.0
    alike = {*speech.means.get(term, ()), *speech.says.get(term, ())}
    for meaning in speech.means.get(term, ()):
        alike.update(speech.says.get(meaning, ()))
    if any(set(other.split()) <= own for other in alike):
        return rules.SAID
    if len(term) >= 4 and any(word.startswith(term) for word in own):
        return rules.BEGINS
    return CHANGED if len(term) >= 4 and own & one_slip_words(term).keys() else 0.0
