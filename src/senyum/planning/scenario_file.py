"""Reads a scenario from YAML (`docs/simulation.md` documents the format) and says in a sentence what is wrong in it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from senyum.engine import scenario as parts
from senyum.engine.scenario import Floats, Scenario

#: Scenarios that come with the program, by name.
EXAMPLES = ("sumedang", "bench-day")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SINGULAR = {"agencies": "agency", "classes": "class"}
_TIME = re.compile(r"^([01]?\d|2[0-4])[.:]([0-5]\d)$")


class ScenarioError(ValueError):
    """A scenario file is not as it should be; the text says where and what is expected."""


def read(path: Path | str) -> Scenario:
    """The scenario in a file, or the example of that name. Raises ScenarioError, OSError."""
    if isinstance(path, str) and path in EXAMPLES:
        text = resources.files("senyum.planning").joinpath("scenarios", f"{path}.yaml").read_text(encoding="utf-8")
    else:
        text = Path(path).read_text(encoding="utf-8")
    return parse(text)


def parse(text: str) -> Scenario:
    """The scenario that this YAML describes. Raises ScenarioError."""
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ScenarioError(f"this is not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict):
        raise ScenarioError("a scenario is a list of keys with values, beginning with `name:`")
    answer = _Reader(content).scenario()
    if found := parts.faults(answer):
        raise ScenarioError("; ".join(found))
    return answer


class _Row:
    """A mapping of the file that is asked for its keys and says which are missing, wrong or unknown."""

    def __init__(self, content: Any, where: str) -> None:
        if not isinstance(content, Mapping):
            raise ScenarioError(f"{where}: expected keys with values, found {content!r}")
        self.content, self.where, self.asked = content, where, set[str]()

    def has(self, key: str) -> bool:
        return key in self.content

    def get(self, key: str, default: Any = None) -> Any:
        self.asked.add(key)
        if key not in self.content and default is None:
            raise ScenarioError(f"{self.where}: `{key}` is missing")
        return self.content.get(key, default)

    def fail(self, key: str, expected: str) -> ScenarioError:
        return ScenarioError(f"{self.where}: `{key}` must be {expected}, found {self.content.get(key)!r}")

    def text(self, key: str, default: str | None = None) -> str:
        value = self.get(key, default)
        if not isinstance(value, str | int | float):
            raise self.fail(key, "a text")
        return str(value)

    def number(self, key: str, default: float | None = None, *, low: float = 0.0, high: float = math.inf) -> float:
        value = self.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise self.fail(key, f"a number from {low:g}" + (f" to {high:g}" if high < math.inf else " up"))
        return float(value)

    def numbers(self, key: str, default: Sequence[float] | None = None, *, count: int | None = None) -> list[float]:
        value = self.get(key, default)
        good = isinstance(value, Sequence) and not isinstance(value, str) and all(_is_number(v) for v in value)
        if not good or (count is not None and len(value) != count):
            raise self.fail(key, f"a list of {f'{count} ' if count else ''}numbers from 0 up")
        return [float(v) for v in value]

    def time(self, key: str, default: float | None = None) -> float:
        return default if default is not None and not self.has(key) else self._minutes(key, self.get(key))

    def span(self, key: str, default: tuple[float, float] | None = None) -> tuple[float, float]:
        if default is not None and not self.has(key):
            return default
        ends = str(self.get(key)).split("-")
        if len(ends) != 2:
            raise self.fail(key, "from and to, like 08.00-15.00")
        start, end = (self._minutes(key, part.strip()) for part in ends)
        return start, end

    def _minutes(self, key: str, value: Any) -> float:
        text = f"{value:.2f}" if isinstance(value, float) else str(value)
        match = _TIME.match(text)
        if match is None:
            raise self.fail(key, "a time like 08.00")
        return int(match[1]) * 60.0 + int(match[2])

    def rows(self, key: str, *, needed: bool = True) -> list[_Row]:
        value = self.get(key, None if needed else [])
        if not isinstance(value, Sequence) or isinstance(value, str) or (needed and not value):
            raise self.fail(key, "a list of rows")
        kind = _SINGULAR.get(key, key.removesuffix("s"))
        return [_Row(row, f"{kind} {_name(row) or place + 1}") for place, row in enumerate(value)]

    def part(self, key: str) -> _Row:
        return _Row(self.get(key, {}), key)

    def done(self) -> None:
        if unknown := sorted(str(key) for key in self.content if key not in self.asked):
            raise ScenarioError(f"{self.where}: unknown {', '.join(f'`{key}`' for key in unknown)}")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


def _name(row: Any) -> str:
    return str(row.get("code") or row.get("number") or row.get("officer") or "") if isinstance(row, Mapping) else ""


@dataclass
class _Reader:
    """Reads the parts one after the other; later parts name earlier ones by code."""

    content: Mapping[str, Any]
    agencies: dict[str, int] = field(default_factory=dict)
    services: dict[str, int] = field(default_factory=dict)
    of_agency: dict[int, list[int]] = field(default_factory=dict)
    officers: dict[str, int] = field(default_factory=dict)
    counters: dict[str, int] = field(default_factory=dict)

    def scenario(self) -> Scenario:
        top = _Row(self.content, "scenario")
        opens, closes = top.span("hours")
        self.period = top.number("period", parts.HALF_HOUR, low=1)
        self.opens, self.periods = opens, math.ceil((closes - opens) / self.period)
        self.weekday = top.numbers("weekdays", [1.0] * 7, count=7)
        self.rules = self._rules(top.part("rules"), opens, closes)
        self._read_profiles(top)
        answer = Scenario(
            name=top.text("name"),
            note=top.text("note", ""),
            weekday=self._weekday(top),
            opens=opens,
            closes=closes,
            agencies=self._all(top, "agencies", self._agency, self.agencies),
            services=self._all(top, "services", self._service, self.services),
            classes=tuple(self._class(row) for row in top.rows("classes")),
            counters=self._all(top, "counters", self._counter, self.counters, name="number"),
            officers=self._all(top, "officers", self._officer, self.officers),
            shifts=tuple(self._shift(row) for row in top.rows("shifts")),
            rules=self.rules,
            forwards=tuple(self._forward(row) for row in top.rows("forwards", needed=False)),
            abandonment=self._abandonment(top.part("abandonment")),
            punctuality=self._punctuality(top.part("punctuality")),
            walk=top.number("walk", 0.0),
            transfer=top.number("transfer", 0.0),
            day_spread=top.number("day_spread", 0.0, high=2),
            promise_share=top.number("promise_share", 0.9, high=1),
            currency=top.text("currency", "IDR"),
            period=self.period,
        )
        top.done()
        return answer

    def _all(self, top: _Row, key: str, read: Any, known: dict[str, int], name: str = "code") -> tuple[Any, ...]:
        answer: list[Any] = []
        for row in top.rows(key):
            code = row.text(name)
            if code in known:
                raise ScenarioError(f"{row.where}: a second one of this {name}")
            known[code] = len(answer)
            answer.append(read(row))
            row.done()
        return tuple(answer)

    def _weekday(self, top: _Row) -> int:
        name = top.text("weekday", "monday").lower()
        if name not in WEEKDAYS:
            raise top.fail("weekday", f"one of {', '.join(WEEKDAYS)}")
        return WEEKDAYS.index(name)

    def _read_profiles(self, top: _Row) -> None:
        row = top.part("profiles")
        self.profiles = {str(name): row.numbers(name, count=self.periods) for name in list(row.content)}
        self.profiles.setdefault("even", [1.0] * self.periods)

    def _known(self, row: _Row, key: str, known: Mapping[str, int]) -> int:
        return self._place(row, key, row.text(key), known)

    def _place(self, row: _Row, key: str, code: Any, known: Mapping[str, int]) -> int:
        if str(code) not in known:
            raise ScenarioError(f"{row.where}: `{key}` names {code!r}, which is not in the scenario")
        return known[str(code)]

    def _agency(self, row: _Row) -> parts.Agency:
        opens, closes = row.span("hours")
        days = tuple(int(day) for day in row.numbers("days", [0, 1, 2, 3, 4]))
        last = row.time("last_ticket", max(opens, closes - 30))
        return parts.Agency(row.text("code"), row.text("name", row.text("code")), opens, last, closes, days)

    def _service(self, row: _Row) -> parts.Service:
        agency = self._known(row, "agency", self.agencies)
        self.of_agency.setdefault(agency, []).append(self.services[row.text("code")])
        quantities = row.get("quantities", {1: 1.0})
        if not isinstance(quantities, Mapping) or not all(
            isinstance(n, int) and n > 0 and _is_number(share) for n, share in quantities.items()
        ):
            raise row.fail("quantities", "documents with their share, like {1: 0.9, 2: 0.1}")
        total = math.fsum(quantities.values()) or 1.0
        profile = row.text("profile", "usual" if "usual" in self.profiles else "even")
        if profile not in self.profiles:
            raise row.fail("profile", f"one of {', '.join(sorted(self.profiles))}")
        return parts.Service(
            code=row.text("code"),
            name=row.text("name", row.text("code")),
            agency=agency,
            times=self._times(row),
            people=self._spread(row, "people", profile),
            booked=self._spread(row, "booked", "even", 0.0),
            weekday=tuple(row.numbers("weekdays", self.weekday, count=7)),
            no_show=row.number("no_show", 0.0, high=1),
            quantities=tuple((int(n), share / total) for n, share in sorted(quantities.items())),
            further=row.number("further", 0.5),
            parks=row.number("parks", 0.0, high=1),
            parked_minutes=row.number("parked_minutes", 15.0),
            parks_at=row.number("parks_at", 0.4, high=1),
        )

    def _spread(self, row: _Row, key: str, profile: str, default: float | None = None) -> Floats:
        """A number a day, spread over the half hours by a profile; or a list, one number a half hour."""
        if isinstance(row.content.get(key), list):
            return np.array(row.numbers(key, count=self.periods))
        weights = np.array(self.profiles[profile])
        return row.number(key, default) * weights / (weights.sum() or 1.0)

    def _times(self, row: _Row) -> parts.ServiceTimes:
        value = row.get("minutes")
        if _is_number(value):
            return parts.lognormal(float(value), row.number("spread", 0.6))
        if isinstance(value, list):
            if not value or not all(_is_number(v) for v in value):
                raise row.fail("minutes", "a list of recorded minutes")
            return parts.empirical(value)
        inner = _Row(value, f"{row.where}, minutes")
        if inner.has("mixture"):
            members = inner.rows("mixture")
            answer = parts.mixture([(p.number("share"), p.number("mean"), p.number("spread", 0.6)) for p in members])
            for member in members:
                member.done()
        elif inner.has("exponential"):
            answer = parts.exponential(inner.number("exponential"))
        elif inner.has("fixed"):
            answer = parts.fixed(inner.number("fixed"))
        else:
            raise ScenarioError(f"{inner.where}: give a number, a list, or one of mixture, exponential, fixed")
        inner.done()
        return answer

    def _class(self, row: _Row) -> parts.PriorityClass:
        answer = parts.PriorityClass(
            row.text("code"), row.number("head_start"), row.number("promise"), row.number("share", high=1)
        )
        row.done()
        return answer

    def _counter(self, row: _Row) -> parts.Counter:
        agency = self._known(row, "agency", self.agencies)
        first = self._named(row, "first", agency, [])
        helps = self._named(row, "helps", agency, first) if row.has("helps") else ()
        return parts.Counter(int(row.number("number")), agency, first, helps)

    def _named(self, row: _Row, key: str, agency: int, without: Sequence[int]) -> tuple[int, ...]:
        """Services by code; "all" or "rest": those of the agency that are not named yet."""
        value = row.get(key)
        own = self.of_agency.get(agency, [])
        if value in ("all", "rest"):
            return tuple(place for place in own if place not in without)
        if not isinstance(value, list):
            raise row.fail(key, "a list of service codes, `all` or `rest`")
        chosen = tuple(self._place(row, key, code, self.services) for code in value)
        if strange := [code for code, place in zip(value, chosen, strict=True) if place not in own]:
            raise ScenarioError(f"{row.where}: `{key}` names {strange[0]!r}, a service of another agency")
        return chosen

    def _officer(self, row: _Row) -> parts.Officer:
        agency = self._known(row, "agency", self.agencies)
        skills = frozenset(
            self._named(row, "skills", agency, []) if row.has("skills") else self.of_agency.get(agency, [])
        )
        return parts.Officer(
            row.text("code"), agency, skills, row.number("absent", 0.0, high=1), row.number("cost", 1.0)
        )

    def _shift(self, row: _Row) -> parts.Shift:
        start, end = row.span("hours")
        lunch = row.time("lunch") if row.has("lunch") else None
        minutes = row.number("lunch_minutes", self.rules.lunch_minutes)
        if lunch is not None and not start <= lunch <= lunch + minutes <= end:
            raise row.fail("lunch", "within the shift")
        answer = parts.Shift(
            officer=self._known(row, "officer", self.officers),
            counter=self._known(row, "counter", self.counters),
            start=start,
            end=end,
            lunch=lunch,
            lunch_minutes=minutes if lunch is not None else 0.0,
        )
        row.done()
        return answer

    def _rules(self, row: _Row, opens: float, closes: float) -> parts.ShiftRules:
        usual = parts.ShiftRules()
        lunch = row.span("lunch", (usual.lunch_earliest, usual.lunch_latest))
        answer = parts.ShiftRules(
            lengths=tuple(row.numbers("lengths", usual.lengths)),
            earliest=row.time("earliest", opens),
            latest=row.time("latest", closes),
            step=row.number("step", usual.step, low=1),
            lunch_earliest=lunch[0],
            lunch_latest=lunch[1],
            lunch_minutes=row.number("lunch_minutes", usual.lunch_minutes),
            lunch_from_length=row.number("lunch_from_length", usual.lunch_from_length),
        )
        row.done()
        return answer

    def _forward(self, row: _Row) -> parts.Forward:
        source, target = self._known(row, "from", self.services), self._known(row, "to", self.services)
        answer = parts.Forward(source, target, row.number("share", high=1))
        row.done()
        return answer

    def _abandonment(self, row: _Row) -> parts.Abandonment:
        never = math.inf
        answer = parts.Abandonment(
            accepts=row.number("accepts", never),
            patience=row.number("patience", never),
            patience_after=row.number("patience_after", row.number("patience", never)),
            missed_call=row.number("missed_call", 0.0),
        )
        row.done()
        return answer

    def _punctuality(self, row: _Row) -> parts.Punctuality:
        usual = parts.Punctuality()
        answer = parts.Punctuality(
            row.number("early", usual.early), row.number("late", usual.late), row.number("grace", usual.grace)
        )
        row.done()
        return answer
