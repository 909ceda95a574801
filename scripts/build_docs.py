"""Write the generated parts of docs/ticket-life.md (tables, diagrams, overload) and docs/catalogue.md (a diagram).

    python scripts/build_docs.py           writes the page
    python scripts/build_docs.py --check   ends with status 1 when the page is not up to date

A generated part stands between `<!-- generated: NAME -->` and `<!-- end -->`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

import yaml

from senyum.catalogue import states as standards
from senyum.engine.overload import (
    DISCIPLINES,
    FIFO,
    POLICY,
    STRICT,
    Arrivals,
    CounterLines,
    LineLoad,
    OverloadRow,
    PolicyRow,
    overload_table,
    starving,
)
from senyum.roster import states as sessions
from senyum.visits import states

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "ticket-life.md"
CATALOGUE = ROOT / "docs" / "catalogue.md"
POLICY_FILE = ROOT / "src" / "senyum" / "rehearsal" / "sumedang" / "policy.yaml"

MEANING = {
    states.WAITING: "in its line",
    states.CALLED: "called to a counter, not there yet",
    states.SERVING: "at the counter",
    states.PARKED: "set aside by the officer (a copy is missing); the counter is free",
    states.ABSENT: "called and did not come",
    states.SERVED: "finished, with an outcome",
    states.LEFT: "the citizen left the line",
    states.LAPSED: "the day ended first",
    states.CANCELLED: "the leg of a forward that was undone",
}
EXPLAINED = {
    "undo_call": "the call is withdrawn on the board; counter, session and `called_at` are cleared",
    "undo_absent": "back to called, at the same counter",
    "undo_serve": "back to called",
    "undo_finish": "outcome and smile invitation are withdrawn; refused once the smile was given",
    "undo_forward": "as finish, and the new leg is cancelled; refused once that leg was called",
    "undo_park": "back at the counter, unless somebody else is there or another leg was called",
}

#: Who comes, in the example: shares of the classes of the seed's policy.
CLASS_SHARES = {"regular": 0.72, "elderly": 0.12, "disability": 0.03, "pregnant": 0.05, "child": 0.07, "disaster": 0.01}
LINES = (
    LineLoad("KTP-el", 8, 0.40),
    LineLoad("Kartu keluarga", 12, 0.25),
    LineLoad("SIM", 15, 0.20),
    LineLoad("Pengambilan", 3, 0.15),
)
COUNTERS = (
    CounterLines(first=(0,), helps=(3,)),
    CounterLines(first=(0,), helps=(1,)),
    CounterLines(first=(1,), helps=(0,)),
    CounterLines(first=(1,), helps=(3,)),
    CounterLines(first=(2,), helps=(3,)),
    CounterLines(first=(2,), helps=(0, 3)),
)
ARRIVALS = Arrivals(load=1.2, intake_minutes=390, days=20, hourly=(1.2, 1.4, 1.2, 0.9, 0.8, 0.5))
SEED = 20200109
TITLES = {POLICY: "the policy", FIFO: "first come, first served", STRICT: "strict priority"}


def _grid(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def ticket_states() -> str:
    """One row a state: what it means, and each command it allows with the state after."""
    rows = []
    for state in states.STATES:
        moves = [
            f"{command} → {after}"
            for (before, command), after in states.TRANSITIONS.items()
            if before == state and not command.startswith("undo_")
        ]
        rows.append([f"**{state}**", MEANING[state], " · ".join(moves) or "(ended)"])
    return _grid(["state", "meaning", "command → state after"], rows)


def ticket_undo() -> str:
    """One row a reverse move."""
    rows = [
        [command.removeprefix("undo_"), f"{before} → {after}", EXPLAINED[command]]
        for (before, command), after in states.TRANSITIONS.items()
        if command.startswith("undo_")
    ]
    return _grid(["undo of", "move", "what else"], rows)


def _diagram(table: dict[tuple[str, str], str], first: str, ended: tuple[str, ...]) -> str:
    arrows: dict[tuple[str, str], list[str]] = {}
    for (before, command), after in table.items():
        if not command.startswith("undo_"):
            arrows.setdefault((before, after), []).append(command)
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {first}"]
    lines += [f"    {before} --> {after}: {', '.join(commands)}" for (before, after), commands in arrows.items()]
    lines += [f"    {state} --> [*]" for state in ended]
    return "\n".join([*lines, "```"])


def ticket_diagram() -> str:
    return _diagram(states.TRANSITIONS, states.WAITING, states.ENDED)


def session_diagram() -> str:
    return _diagram(sessions.TRANSITIONS, sessions.OPEN, (sessions.CLOSED,))


def standard_diagram() -> str:
    return _diagram(standards.TRANSITIONS, standards.DRAFT, (standards.SUPERSEDED, standards.WITHDRAWN))


def policy_rows() -> list[PolicyRow]:
    """The classes of the seed, with the example's shares."""
    classes = yaml.safe_load(POLICY_FILE.read_text())["priority_classes"]
    return [PolicyRow(c["code"], c["head_start"], c["promise"], CLASS_SHARES[c["code"]]) for c in classes]


def overload() -> str:
    """The example hall 20 % over capacity: per class and for the line that is only helped out."""
    policy = policy_rows()
    table = overload_table(policy, LINES, COUNTERS, ARRIVALS, SEED)
    rows = {(row.discipline, row.group): row for row in table}
    wanted = [(row.code, f"{row.code} ({row.head_start_minutes:g}/{row.promise_minutes:g})") for row in policy]
    wanted += [(f"line:{LINES[3].code}", "line only helped out"), ("all", "**everyone**")]
    head = ["group (head start/promise)", "people"]
    for name in DISCIPLINES:
        head += [f"{TITLES[name]}: p50 / p90 / longest", "kept"]
    body = []
    for group, title in wanted:
        cells = [title, str(rows[POLICY, group].people)]
        for name in DISCIPLINES:
            cells += _waits(rows[name, group])
        body.append(cells)
    checks = [
        f"{TITLES[name]}: {', '.join(g.removeprefix('line:') for g in starving(table, policy, name)) or 'nobody'}"
        for name in DISCIPLINES
    ]
    return f"{_grid(head, body)}\n\nWho starves: {'; '.join(checks)}."


def _waits(row: OverloadRow) -> list[str]:
    return [f"{row.p50:.0f} / {row.p90:.0f} / {row.longest:.0f}", f"{row.kept:.0%}"]


PARTS: dict[str, Callable[[], str]] = {
    "ticket-states": ticket_states,
    "ticket-diagram": ticket_diagram,
    "ticket-undo": ticket_undo,
    "session-diagram": session_diagram,
    "overload": overload,
}
#: The parts of the page of the catalogue.
CATALOGUE_PARTS: dict[str, Callable[[], str]] = {"standard-diagram": standard_diagram}
_PART = re.compile(r"(<!-- generated: (?P<name>[a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def built(text: str, parts: dict[str, Callable[[], str]] = PARTS) -> str:
    """`text` with each generated part written anew. ValueError for an unknown part or a missing one."""
    names = [match["name"] for match in _PART.finditer(text)]
    if sorted(names) != sorted(parts):
        raise ValueError(f"the page has the parts {names}, wanted {list(parts)}")
    return _PART.sub(lambda match: f"{match[1]}{parts[match['name']]()}\n{match[3]}", text)


def main(arguments: list[str]) -> int:
    pages = ((PAGE, PARTS), (CATALOGUE, CATALOGUE_PARTS))
    before = [page.read_text() for page, _parts in pages]
    after = [built(text, parts) for text, (_page, parts) in zip(before, pages, strict=True)]
    if "--check" in arguments:
        return int(before != after)
    for text, (page, _parts) in zip(after, pages, strict=True):
        page.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
