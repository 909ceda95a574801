"""The tables of docs/security name tests that exist, and are honest where there is none."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEADS = ("| requirement |", "| promise |")


def rows(table: str) -> list[str]:
    text = (ROOT / "docs/security" / table).read_text()
    return [line for line in text.splitlines() if line.startswith("| ") and not line.startswith(HEADS)]


ROWS = rows("asvs.md") + rows("trust.md")
NAMED = re.compile(r"`([\w/]+\.py)::(test_\w+)`")


def test_every_test_in_the_table_exists() -> None:
    missing = []
    for file, name in sorted({found for row in ROWS for found in NAMED.findall(row)}):
        path = ROOT / file if file.startswith("tests/") else ROOT / "src/senyum" / file
        functions = (ast.FunctionDef, ast.AsyncFunctionDef)
        known = (
            {n.name for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, functions)} if path.exists() else ()
        )
        if name not in known:
            missing.append(f"{file}::{name}")
    assert missing == []


def test_every_row_has_a_test_or_says_that_it_has_none() -> None:
    assert len(rows("asvs.md")) > 80
    assert len(rows("trust.md")) > 40
    silent = [row for row in ROWS if not (NAMED.search(row) or "not yet" in row or row.endswith("| by reading |"))]
    assert silent == []


def test_the_policy_names_days_and_leads_to_files_that_exist() -> None:
    text = (ROOT / "SECURITY.md").read_text()
    assert re.search(r"\b2 working days\b", text) and re.search(r"\d+ November 2026", text)
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", text):
        assert (ROOT / target).exists(), target
