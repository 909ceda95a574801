"""What a board shows, as values; built from one query, the hall's languages and the clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Any

from senyum.malls.models import Mall
from senyum.surfaces.display import voice
from senyum.surfaces.ui.words import minutes_range
from senyum.visits import announce
from senyum.visits.queries import Board, BoardCall, BoardCounter, BoardLine

#: So many counters that are away are named in the footer; the grid shows them all.
NAMED_AWAY = 1
#: So many lines can be read from ten metres at once; the others have their turn after so many seconds.
LINES_AT_ONCE, TURN_SECONDS = 3, 12


@dataclass(frozen=True)
class Sentence:
    """The words of a call in one language; `clip` is empty where no voice reads it. `seconds`: estimated length."""

    language: str
    text: str
    seconds: float
    clip: str


@dataclass(frozen=True)
class ShownCall:
    """A call on the board. `sentences` in the order of the hall's languages."""

    call: BoardCall
    sentences: tuple[Sentence, ...]

    @property
    def long_label(self) -> bool:
        return len(self.call.label) > 5

    def for_script(self) -> dict[str, Any]:
        """What the sound queue needs to know; `at` in milliseconds of the hall's clock."""
        return {
            "id": self.call.call_id,
            "at": int(self.call.at.timestamp() * 1000),
            "quiet": self.call.quiet,
            "serving": self.call.serving,
            "withdrawn": self.call.withdrawn,
            "sentences": [
                {"language": s.language, "text": s.text, "seconds": s.seconds, "clip": s.clip} for s in self.sentences
            ],
        }


@dataclass(frozen=True)
class ShownLine:
    """What a new number of a line waits, in words; "" where no counter serves it."""

    line: BoardLine
    wait: str


@dataclass(frozen=True)
class BoardNow:
    """The part of the board that changes. `newcomer`: the wait told to a new number where somebody waits longest;
    `lines`: the lines of this turn, number `turn` of `turns`, when more lines wait than can be read at once; `script`
    is for the sound queue, as JSON.
    """

    mall: Mall
    now: datetime
    newest: ShownCall | None
    recent: tuple[ShownCall, ...]
    counters: Sequence[BoardCounter]
    away: tuple[BoardCounter, ...]
    board: Board
    newcomer: str
    lines: tuple[ShownLine, ...]
    turn: int
    turns: int
    script: dict[str, Any]


@dataclass(frozen=True)
class BoardPage:
    """The whole page. `speaks`: this board is the hall's voice; `stream`: where its events come from."""

    mall: Mall
    shown: BoardNow
    speaks: bool
    stream: str


def shown_call(mall: Mall, call: BoardCall) -> ShownCall:
    """`call` with its words in each of the hall's languages."""
    kind = announce.RECALL if call.kind == announce.RECALL else announce.CALL
    sentences = []
    for language in mall.languages or ["id"]:
        text = announce.words(label=call.label, counter=call.counter_number, language=language, kind=kind)
        clip = voice.clip_url(voice.Sayable(mall.code, language, kind, call.label, call.counter_number))
        sentences.append(Sentence(language, text, round(announce.estimated_seconds(text), 2), clip))
    return ShownCall(call, tuple(sentences))


def board_now(mall: Mall, board: Board, *, now: datetime, speed: float, version: str) -> BoardNow:
    """The changing part of a hall's board at `now`."""
    newest = shown_call(mall, board.newest) if board.newest else None
    recent = tuple(shown_call(mall, call) for call in board.recent)
    calls = [*reversed(recent), *([newest] if newest else [])]
    away = sorted((c for c in board.counters if c.back_at), key=lambda c: (c.back_at, c.number))
    script = {
        "version": version,
        "hall": int(now.timestamp() * 1000),
        "speed": speed,
        "calls": [call.for_script() for call in calls],
    }
    newcomer = minutes_range(board.longest.p50, board.longest.p90) if board.longest else ""
    turns = ceil(len(board.lines) / LINES_AT_ONCE)
    # By the wall's time, whatever the pace of a demo: a turn must last long enough to be read.
    turn = int(now.timestamp() / speed // TURN_SECONDS) % turns if turns else 0
    lines = tuple(
        ShownLine(line, minutes_range(line.p50, line.p90))
        for line in board.lines[turn * LINES_AT_ONCE : (turn + 1) * LINES_AT_ONCE]
    )
    return BoardNow(
        mall,
        now,
        newest,
        recent,
        board.counters,
        tuple(away[:NAMED_AWAY]),
        board,
        newcomer,
        lines,
        turn + 1,
        turns,
        script,
    )
