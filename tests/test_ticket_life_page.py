"""docs/ticket-life.md says what the tables say."""

from __future__ import annotations

import re

import pytest

from scripts import build_docs
from senyum.engine.discipline import Why
from senyum.roster import states as sessions
from senyum.visits import states
from senyum.visits.classes import CODES


@pytest.fixture(scope="module")
def text() -> str:
    return build_docs.PAGE.read_text()


def test_the_page_is_up_to_date(text: str) -> None:
    assert build_docs.built(text) == text, "run: python scripts/build_docs.py"
    assert build_docs.main(["--check"]) == 0


def test_every_state_and_undo_is_explained(text: str) -> None:
    assert set(build_docs.MEANING) == set(states.STATES)
    assert set(build_docs.EXPLAINED) == {c for c in states.COMMANDS if c.startswith("undo_")}
    assert set(build_docs.CLASS_SHARES) == set(CODES)
    for why in Why:
        assert f"| `{why}` |" in text


def test_the_diagrams_hold_every_move_but_undo(text: str) -> None:
    arrows = re.findall(r"^    (\w+) --> (\w+): (.+)$", text, re.MULTILINE)
    drawn = {(before, command, after) for before, after, commands in arrows for command in commands.split(", ")}
    tables = {**states.TRANSITIONS, **sessions.TRANSITIONS}
    assert drawn == {(b, c, a) for (b, c), a in tables.items() if not c.startswith("undo_")}


def test_an_old_page_is_written_anew(text: str, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = tmp_path / "page.md"
    old.write_text(text.replace("call → called", "call → lost"))
    monkeypatch.setattr(build_docs, "PAGE", old)
    assert build_docs.main(["--check"]) == 1
    assert build_docs.main([]) == 0
    assert old.read_text() == text


def test_a_page_without_its_parts_is_refused() -> None:
    with pytest.raises(ValueError, match="wanted"):
        build_docs.built("# nothing generated here")
