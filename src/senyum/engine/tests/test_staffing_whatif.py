"""What-if changes one thing and leaves the scenario it was given as it was."""

from __future__ import annotations

import pytest

from senyum.engine import scenario as parts
from senyum.engine.scenario import faults
from senyum.engine.staffing import whatif
from senyum.planning.scenario_file import read

MALL = read("sumedang")


def test_ill_officers_surely_do_not_come() -> None:
    changed = whatif.officers_ill(MALL, {"petugas01", "petugas02"})
    assert [o.code for o in changed.officers if o.absent == 1.0] == ["petugas01", "petugas02"]
    assert all(o.absent < 1 for o in MALL.officers)
    with pytest.raises(ValueError, match="nobody-here"):
        whatif.officers_ill(MALL, {"nobody-here"})


def test_two_of_an_agency_fall_ill() -> None:
    changed = whatif.some_ill(MALL, 2, agency="polres")
    ill = [o for o in changed.officers if o.absent == 1.0]
    assert len(ill) == 2
    assert {o.agency for o in ill} == {whatif.agency_place(MALL, "polres")}
    with pytest.raises(ValueError, match="only"):
        whatif.some_ill(MALL, 99, agency="polres")


def test_a_fair_day_brings_more_people_and_a_saturday_brings_some() -> None:
    assert whatif.fair_day(MALL).people().sum() == pytest.approx(1.4 * MALL.people().sum())
    saturday = whatif.open_on(MALL, 5, like=4)
    assert saturday.weekday == 5
    assert saturday.people().sum() == pytest.approx(parts.on_weekday(MALL, 4).people().sum())
    one = whatif.open_on(MALL, 5, like=4, agencies=["disdukcapil"])
    assert 0 < one.people().sum() < saturday.people().sum()


def test_moved_services_share_counters_within_an_agency_only() -> None:
    changed = whatif.move_service(MALL, "skck", beside="sim-a-baru")
    skck, sim = (whatif.service_place(MALL, code) for code in ("skck", "sim-a-baru"))
    for counter in changed.counters:
        served = {*counter.first, *counter.helps}
        assert (skck in served) == (sim in served)
    assert faults(changed) == []
    with pytest.raises(ValueError, match="different agencies"):
        whatif.move_service(MALL, "skck", beside="paspor-5")


def test_a_closed_counter_has_no_shift_and_no_service() -> None:
    changed = whatif.close_counter(MALL, 15)
    place = next(i for i, c in enumerate(changed.counters) if c.number == 15)
    assert changed.counters[place].first == ()
    assert all(s.counter != place for s in changed.shifts)
    with pytest.raises(ValueError, match="999"):
        whatif.close_counter(MALL, 999)


def test_shorter_hours_bring_the_same_people_into_fewer_half_hours() -> None:
    changed = whatif.change_hours(MALL, "samsat", opens=480, last_ticket=660, closes=690)
    place = whatif.agency_place(MALL, "samsat")
    before, after = ([s for s in m.services if s.agency == place] for m in (MALL, changed))
    for old, new in zip(before, after, strict=True):
        assert new.people.sum() == pytest.approx(old.people.sum())
        assert new.people[6:].sum() == 0
    with pytest.raises(ValueError, match="follow"):
        whatif.change_hours(MALL, "samsat", opens=480, last_ticket=470, closes=690)


def test_a_reserve_can_do_everything_of_its_agency() -> None:
    place = whatif.agency_place(MALL, "kemenag")
    changed = whatif.with_reserve(MALL, place, 2)
    assert len(changed.officers) == len(MALL.officers) + 2
    assert len(changed.counters) == len(MALL.counters) + 2
    assert set(changed.officers[-1].skills) == {i for i, s in enumerate(MALL.services) if s.agency == place}
