"""Every state with every command, against the two tables."""

from __future__ import annotations

import pytest

from senyum.bookings import states


@pytest.mark.parametrize("state", states.STATES)
def test_an_ended_booking_never_keeps_places(state: str) -> None:
    ends = not any(s == state for s, _c in states.TRANSITIONS if _c != "arrive")
    assert (state in states.COMING) == (not ends)
    assert not (ends and state in states.COMING)


def test_every_state_is_reached_and_known() -> None:
    reached = {states.HELD, states.BOOKED} | set(states.TRANSITIONS.values())
    assert reached == set(states.STATES)
    assert {s for s, _c in states.TRANSITIONS} <= set(states.STATES)
    assert {states.WAITING} | set(states.WAIT_TRANSITIONS.values()) == set(states.WAIT_STATES)


def test_whoever_came_is_not_let_go() -> None:
    assert states.after(states.ARRIVED, "release") is None
    assert states.after(states.ARRIVED, "cancel") is None
    assert states.before("arrive") == (states.BOOKED, states.RELEASED)
    assert states.wait_after(states.PASSED, "accept") is None
