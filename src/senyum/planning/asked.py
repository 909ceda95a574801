"""What a manager asks: whom, which days, and what if. Values in, the changed scenario out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from senyum.engine.scenario import Scenario
from senyum.engine.staffing import whatif

#: An officer's hour in rupiah where the manager names none: that of the example (planning/scenarios/sumedang.yaml).
HOUR_COST = 45_000
FRIDAY, SATURDAY = 4, 5


class CannotPlan(ValueError):
    """No plan can be made, and `sentence` says why and what to do."""

    def __init__(self, sentence: str | Promise) -> None:
        super().__init__(str(sentence))
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class Asked:
    """The what-ifs. `ill`: so many officers do not come, of `ill_agency` (its code) or of whoever works longest.

    `more`: percent more people than usual (negative: fewer). `saturday`: open with Friday's people. `moves`: pairs of
    service codes to be served beside one another. `closed`: counters that stay closed. `target`: percent to be called
    within the promise. `hour_cost`: of an officer, in rupiah. `deep`: look longer and prove how good the plan is.
    """

    ill: int = 0
    ill_agency: str = ""
    more: int = 0
    saturday: bool = False
    moves: tuple[tuple[str, str], ...] = ()
    closed: tuple[int, ...] = ()
    target: int = 90
    hour_cost: int = HOUR_COST
    deep: bool = False

    def as_json(self) -> dict[str, Any]:
        """The values as JSON knows them."""
        return asdict(self)

    @property
    def is_usual(self) -> bool:
        """Nothing is different: an ordinary day."""
        return not (self.ill or self.more or self.saturday or self.moves or self.closed)


def from_json(content: Mapping[str, Any]) -> Asked:
    """What `Asked.as_json` wrote."""
    moves = tuple((str(a), str(b)) for a, b in content.get("moves", ()))
    values = {k: v for k, v in content.items() if k in Asked.__dataclass_fields__}
    return Asked(**{**values, "moves": moves, "closed": tuple(content.get("closed", ()))})


def apply(scenario: Scenario, asked: Asked) -> Scenario:
    """The scenario with everything that is asked; for `saturday` it was made with Friday's hours. Raises CannotPlan."""
    if asked.more:
        scenario = whatif.fair_day(scenario, 1 + asked.more / 100)
    scenario = _moved(scenario, asked.moves)
    for number in asked.closed:
        if all(c.number != number for c in scenario.counters):
            raise CannotPlan(_("Loket %(number)s tidak ada di rencana ini.") % {"number": number})
        scenario = whatif.close_counter(scenario, number)
    if asked.ill:
        scenario = _ill(scenario, asked.ill, asked.ill_agency)
    return scenario


def _moved(scenario: Scenario, moves: tuple[tuple[str, str], ...]) -> Scenario:
    known = {s.code: s.agency for s in scenario.services}
    for service, beside in moves:
        if service not in known or beside not in known:
            raise CannotPlan(_("Layanan yang dipindahkan tidak ada di rencana ini."))
        if known[service] != known[beside]:
            raise CannotPlan(_("Dua layanan hanya bisa berbagi loket dalam satu instansi."))
        scenario = whatif.move_service(scenario, service, beside=beside)
    return scenario


def _ill(scenario: Scenario, count: int, agency: str) -> Scenario:
    if agency and all(a.code != agency for a in scenario.agencies):
        raise CannotPlan(_("Instansi itu tidak ada di rencana ini."))
    rostered = {
        s.officer
        for s in scenario.shifts
        if not agency or scenario.agencies[scenario.officers[s.officer].agency].code == agency
    }
    if len(rostered) < count:
        raise CannotPlan(
            _("Hanya %(there)s petugas punya jadwal hari itu; tidak bisa %(ill)s yang sakit.")
            % {"there": len(rostered), "ill": count}
        )
    return whatif.some_ill(scenario, count, agency=agency)
