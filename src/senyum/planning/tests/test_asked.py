"""What a manager asks, as JSON and as a changed scenario; what cannot be asked is said in a sentence."""

from __future__ import annotations

import json

import pytest

from senyum.engine.scenario import Scenario
from senyum.planning.asked import Asked, CannotPlan, apply, from_json
from senyum.planning.scenario_file import read


@pytest.fixture(scope="module")
def sumedang() -> Scenario:
    return read("sumedang")


def test_json_and_back() -> None:
    asked = Asked(ill=2, ill_agency="polres", more=40, moves=(("skck", "sim-a-baru"),), closed=(3, 7), target=85)
    assert from_json(json.loads(json.dumps(asked.as_json()))) == asked
    assert from_json({"ill": 1, "of_tomorrow": True}) == Asked(ill=1)
    assert Asked().is_usual and not asked.is_usual


def test_everything_at_once(sumedang: Scenario) -> None:
    changed = apply(sumedang, Asked(ill=2, ill_agency="polres", more=40, moves=(("skck", "sim-a-baru"),), closed=(1,)))
    ill = [o.code for o in changed.officers if o.absent == 1]
    polres = next(n for n, a in enumerate(changed.agencies) if a.code == "polres")
    assert len(ill) == 2 and all(o.agency == polres for o in changed.officers if o.code in ill)
    assert changed.people().sum() == pytest.approx(1.4 * sumedang.people().sum())
    codes = [s.code for s in changed.services]
    skck, sim = codes.index("skck"), codes.index("sim-a-baru")
    assert all((c.tier(skck) > 0) == (c.tier(sim) > 0) for c in changed.counters)
    assert next(c for c in changed.counters if c.number == 1).first == ()


def test_nothing_asked_changes_nothing(sumedang: Scenario) -> None:
    assert apply(sumedang, Asked()) is sumedang


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (Asked(ill=500), "petugas punya jadwal"),
        (Asked(ill=1, ill_agency="nowhere"), "Instansi itu tidak ada"),
        (Asked(closed=(999,)), "Loket 999 tidak ada"),
        (Asked(moves=(("skck", "nothing"),)), "tidak ada di rencana"),
        (Asked(moves=(("skck", "ktp-baru"),)), "dalam satu instansi"),
    ],
)
def test_what_cannot_be_is_said(sumedang: Scenario, asked: Asked, words: str) -> None:
    with pytest.raises(CannotPlan, match=words):
        apply(sumedang, asked)
