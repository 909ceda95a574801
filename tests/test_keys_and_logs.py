"""docs/security/keys-and-logs.md names every key that a backup takes and every event that a program writes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from senyum.core import tls
from senyum.core.clock import wall
from senyum.core.secrets import secret_key
from senyum.ops.backup import key_files

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs/security/keys-and-logs.md").read_text()
EVENT = re.compile(r"^[a-z]+(?:\.[a-z_]+)+$")  # what is said in whole sentences explains itself
LEVELS = {"debug", "info", "warning", "error", "exception"}


def events() -> Iterator[str]:
    """The first argument of every `log.info(...)` and its kin."""
    for path in sorted((ROOT / "src/senyum").rglob("*.py")):
        if "tests" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in LEVELS):
                continue
            named = isinstance(node.func.value, ast.Name) and node.func.value.id == "log"
            if named and node.args and isinstance(node.args[0], ast.Constant):
                yield from EVENT.findall(str(node.args[0].value))


def test_every_key_of_a_hall_has_its_line(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.delenv("SENYUM_SECRET", raising=False)
    secret_key(tmp_path)
    tls.ensure(tmp_path, ["mpp.local"], wall())
    keys = [path.name for path in key_files(tmp_path) if path.suffix == ".key"]
    assert len(keys) == 3
    assert [name for name in keys if f"| `{name}` |" not in PAGE] == []


def test_every_event_of_the_log_is_explained() -> None:
    found = set(events())
    assert {"login.failed", "database.trouble"} <= found
    assert sorted(event for event in found if f"`{event}`" not in PAGE) == []
