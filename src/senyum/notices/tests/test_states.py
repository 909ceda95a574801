"""The table of a notice's life."""

from __future__ import annotations

from datetime import timedelta

import pytest

from senyum.notices import states


def test_every_state_is_reached_and_only_the_ends_are_ends() -> None:
    reached = {states.PENDING, *states.TRANSITIONS.values()}
    assert reached == set(states.STATES)
    assert {s for s in states.STATES if not any(b == s for b, _ in states.TRANSITIONS)} == {states.SENT}
    assert set(states.OPEN) == set(states.before("claim"))


def test_only_a_claimed_notice_is_settled() -> None:
    for command in ("send", "fail", "give_up"):
        assert states.before(command) == (states.SENDING,)
    assert states.after(states.SENT, "retry") is None


@pytest.mark.parametrize(("attempts", "seconds"), [(1, 30), (2, 60), (5, 480), (8, 3600), (60, 3600)])
def test_the_pause_doubles_up_to_an_hour(attempts: int, seconds: int) -> None:
    assert states.pause_after(attempts) == timedelta(seconds=seconds)
