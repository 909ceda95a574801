"""Which message is due, told once each, and what is left to be told."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senyum.bookings import letters, states
from senyum.bookings.letters import Known
from senyum.bookings.tests.days import DAY, NOW, at

HOURS = (24, 2)
FAR = at(9, day=DAY + timedelta(days=5))
BOOKED = Known(states.BOOKED, FAR, None, False, False, 0, None, ())


def say(known: Known, now=NOW) -> tuple[Known, str]:
    """What is known after the message that is due now, and its template ("" for none)."""
    found = letters.due(known, hours=HOURS, now=now)
    after = replace(known, letters=tuple(letters.told(known, found, hours=HOURS, now=now)))
    if found is not None and found.template in ("booking_made", "booking_moved", "booking_reminder"):
        after = replace(after, told_for=known.starts)
    return after, found.template if found else ""


def test_made_then_two_reminders_then_nothing() -> None:
    known, first = say(BOOKED)
    assert first == "booking_made" and say(known)[1] == ""
    assert letters.next_at(known, hours=HOURS) == FAR - timedelta(hours=24)
    known, second = say(known, FAR - timedelta(hours=24))
    assert second == "booking_reminder" and letters.next_at(known, hours=HOURS) == FAR - timedelta(hours=2)
    known, third = say(known, FAR - timedelta(hours=2))
    assert third == "booking_reminder" and letters.next_at(known, hours=HOURS) is None
    assert say(known, FAR - timedelta(hours=1))[1] == ""


@pytest.mark.parametrize(
    ("hours_before", "left"), [(30, [24, 2]), (25, [24, 2]), (24.5, [2]), (3.5, [2]), (2.5, []), (1, [])]
)
def test_who_has_just_been_told_is_not_reminded(hours_before: float, left: list[int]) -> None:
    now = FAR - timedelta(hours=hours_before)
    known, _first = say(BOOKED, now)
    assert [FAR - at_ for _name, at_ in letters.reminders(known, HOURS)] == [timedelta(hours=h) for h in left]


def test_a_worker_that_stood_still_sends_one_reminder_and_none_after_the_time() -> None:
    known, _made = say(BOOKED)
    late = FAR - timedelta(minutes=50)
    after, template = say(known, late)
    assert template == "booking_reminder" and say(after, late)[1] == ""
    assert say(known, FAR)[1] == ""


def test_a_policy_without_reminders() -> None:
    known, _made = say(BOOKED)
    assert letters.due(known, hours=(0, 0), now=FAR - timedelta(hours=1)) is None
    assert letters.next_at(known, hours=(0, 0)) is None


def test_a_move_is_told_once_and_reminds_anew() -> None:
    known, _made = say(BOOKED)
    known, _day = say(known, FAR - timedelta(hours=24))
    later = FAR + timedelta(days=2)
    moved, template = say(replace(known, starts=later, moves=1), FAR - timedelta(hours=20))
    assert template == "booking_moved" and say(moved, FAR - timedelta(hours=20))[1] == ""
    assert letters.next_at(moved, hours=HOURS) == later - timedelta(hours=24)
    # There and back before anybody wrote: nothing has changed for its person.
    assert say(replace(known, moves=2), FAR - timedelta(hours=20))[1] == ""
    # Moved before the first letter: that one says the new time.
    assert say(replace(BOOKED, starts=later, moves=1))[1] == "booking_made"


def test_a_held_place_asks_for_its_code_or_is_an_offer_until_its_end() -> None:
    held = replace(BOOKED, state=states.HELD, held_until=NOW + timedelta(minutes=10))
    known, template = say(held)
    assert template == "contact_code" and say(known)[1] == ""
    assert say(replace(held, offered=True))[1] == "booking_offer"
    assert say(held, NOW + timedelta(minutes=10))[1] == ""


@pytest.mark.parametrize(
    ("state", "by_hall", "told", "template"),
    [
        (states.RELEASED, False, True, "booking_released"),
        (states.CANCELLED, True, True, "booking_cancelled"),
        (states.CANCELLED, False, True, "booking_given_back"),
        (states.CANCELLED, False, False, ""),
        (states.RELEASED, False, False, ""),
        (states.CANCELLED, True, False, ""),
        (states.EXPIRED, False, True, ""),
        (states.ARRIVED, False, True, ""),
    ],
)
def test_the_end_is_told_only_to_who_was_told_the_beginning(state, by_hall, told, template) -> None:
    known = replace(BOOKED, state=state, by_hall=by_hall, letters=("made",) if told else ())
    after, found = say(known)
    assert found == template and say(after)[1] == ""


@given(
    steps=st.lists(st.sampled_from(["look", "move", "wait", "release"]), max_size=25),
    minutes=st.integers(1, 600),
)
def test_whatever_happens_nothing_is_told_twice(steps: list[str], minutes: int) -> None:
    known, now, names = BOOKED, NOW, []
    for step in steps:
        if step == "move" and known.state == states.BOOKED:
            known = replace(known, starts=known.starts + timedelta(hours=7), moves=known.moves + 1)
        elif step == "wait":
            now += timedelta(minutes=minutes)
        elif step == "release" and known.state == states.BOOKED and now > known.starts:
            known = replace(known, state=states.RELEASED)
        elif step == "look":
            found = letters.due(known, hours=HOURS, now=now)
            if found:
                names.append(found.name)
                assert found.until > now
            known, _template = say(known, now)
            coming = letters.next_at(known, hours=HOURS)
            assert coming is None or coming > now or known.starts <= now or letters.due(known, hours=HOURS, now=now)
    assert len(names) == len(set(names))
