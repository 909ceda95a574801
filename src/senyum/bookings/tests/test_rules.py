"""Pure choices: places, order of several services, references, contacts, windows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senyum.bookings import rules
from senyum.bookings.rules import Step, Supply
from senyum.notices import ways

EIGHT = datetime(2026, 9, 10, 1, 0, tzinfo=UTC)

SUPPLIES = st.dictionaries(
    st.integers(1, 8),
    st.builds(Supply, st.integers(1, 90), st.frozensets(st.integers(1, 6), max_size=6)),
    min_size=1,
    max_size=8,
)


@given(lines=SUPPLIES, slot=st.integers(5, 120), walkin=st.integers(0, 100), slots=st.integers(1, 20))
def test_nothing_is_sold_that_the_counters_cannot_do(
    lines: dict[int, Supply], slot: int, walkin: int, slots: int
) -> None:
    found = rules.places(lines, slot_minutes=slot, walkin_percent=walkin, slots=slots)
    counters = {c for s in lines.values() for c in s.counters}
    sold = sum(sum(found[line]) * lines[line].minutes for line in lines)
    assert sold <= len(counters) * slot * slots * Fraction(100 - walkin, 100)
    for line, supply in lines.items():
        alone = all(not (supply.counters & o.counters) for k, o in lines.items() if k != line)
        if alone:
            # Of a line with counters of its own less than one place of the whole day is lost.
            whole = len(supply.counters) * slot * slots * Fraction(100 - walkin, 100) / supply.minutes
            assert 0 <= whole - sum(found[line]) < 1


def test_a_long_service_gets_a_place_every_other_slot() -> None:
    found = rules.places({1: Supply(40, frozenset({1}))}, slot_minutes=30, walkin_percent=0, slots=8)
    assert sum(found[1]) == 6 and max(found[1]) == 1


def test_an_override_stands_for_itself() -> None:
    lines = {1: Supply(10, frozenset({1}), override=3), 2: Supply(10, frozenset({1}))}
    found = rules.places(lines, slot_minutes=30, walkin_percent=50, slots=2)
    assert found[1] == [3, 3]


def hours(*minutes: int) -> tuple[datetime, ...]:
    return tuple(EIGHT + timedelta(minutes=m) for m in minutes)


def test_services_follow_one_another_without_overlap() -> None:
    ktp, kk = Step(1, 20, hours(0, 60)), Step(2, 10, hours(0, 30))
    # Together at eight is impossible; the card first would have to wait until nine for nothing.
    assert rules.arrange([ktp, kk], earliest=EIGHT) == ((1, EIGHT), (2, EIGHT + timedelta(minutes=30)))
    assert rules.arrange([ktp, Step(2, 10, ())], earliest=EIGHT) is None


@given(
    st.lists(
        st.builds(
            lambda m, f: (m, tuple(sorted(set(f)))), st.integers(5, 60), st.lists(st.integers(0, 40), max_size=6)
        ),
        min_size=1,
        max_size=4,
    )
)
def test_an_arrangement_never_overlaps(wanted: list[tuple[int, tuple[int, ...]]]) -> None:
    steps = [Step(n, m, hours(*(15 * f for f in free))) for n, (m, free) in enumerate(wanted)]
    found = rules.arrange(steps, earliest=EIGHT)
    if found is None:
        return
    assert sorted(line for line, _at in found) == list(range(len(steps)))
    for (line, at), (_next, then) in pairwise(found):
        assert then >= at + timedelta(minutes=steps[line].minutes + rules.WALK_MINUTES)
    assert all(at in steps[line].free for line, at in found)


@given(st.integers(0, 12), st.frozensets(st.integers(1, 12)), st.integers(1, 5))
def test_free_numbers_are_free(capacity: int, taken: frozenset[int], count: int) -> None:
    found = rules.free_numbers(capacity, taken, count)
    free = [n for n in range(1, capacity + 1) if n not in taken]
    assert found == (free[:count] if len(free) >= count else None)


def test_a_reference_is_read_as_people_type_it() -> None:
    reference = rules.new_reference()
    assert rules.tidy_reference(f" {reference.lower().replace('-', ' ')} ") == reference
    assert rules.tidy_reference("abc") == "" and rules.tidy_reference("A" * 5000) == ""


@pytest.mark.parametrize(
    ("kind", "text", "wanted"),
    [
        (ways.WHATSAPP, "0812-3456 7890", "6281234567890"),
        (ways.WHATSAPP, "+62 812 3456 7890", "6281234567890"),
        (ways.WHATSAPP, "021 555 0000", None),
        (ways.WHATSAPP, "０８１２３４５６７８９０", None),
        (ways.EMAIL, " Siti@Contoh.ID ", "siti@contoh.id"),
        (ways.EMAIL, "siti@contoh", None),
        (ways.EMAIL, "a@b.id\nBcc: c@d.id", None),
        (ways.EMAIL, f"{'a' * 300}@b.id", None),
    ],
)
def test_a_contact_has_one_form(kind: str, text: str, wanted: str | None) -> None:
    assert rules.normal_contact(kind, text) == wanted


def test_early_in_time_and_late() -> None:
    def came(minutes: int) -> rules.CheckIn:
        return rules.check_in(EIGHT, EIGHT + timedelta(minutes=minutes), early_minutes=30, late_minutes=15)

    assert came(-31).early and not came(-31).kept
    assert came(-30).kept and came(0).kept and came(15).kept
    assert came(16).late and not came(16).kept
