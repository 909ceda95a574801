"""`make` and `.ci/run`, as far as they can be looked at without running everything inside everything."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

EXPECTED = {
    "setup": ["scripts/bootstrap.py"],
    "demo": ["scripts/bootstrap.py", "senyum demo --speed 10"],
    "up": ["scripts/bootstrap.py", "senyum up --speed 10"],
    "check": ["scripts/bootstrap.py", "ruff check .", "ruff format --check .", "lint-imports", "mypy src", "bandit"],
    "test": ["scripts/bootstrap.py", "ruff check .", "lint-imports", "bootstrap.py chromium", "pytest --speed 10"],
    "clean": ["rm -rf .venv"],
}


@pytest.mark.parametrize("target", sorted(EXPECTED))
def test_each_make_target_does_what_the_readme_says(target):
    command = ["make", "--dry-run", target, "ARGS=--speed 10"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    place = 0
    for words in EXPECTED[target]:
        place = said.index(words, place)


def test_without_python_make_says_so():
    make = shutil.which("make")
    assert make
    command = [make, "setup", "PYTHON="]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "Python 3.11 or newer is needed" in done.stderr


def test_a_second_setup_changes_nothing():
    # Under `make test` a make of its own would announce each directory it enters.
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    for _time in range(2):
        done = subprocess.run(["make", "setup"], cwd=ROOT, env=plain, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "senyum: set up"


def test_ci_runs_make_test_and_nothing_else():
    script = ROOT / ".ci/run"
    assert os.access(script, os.X_OK)
    lines = [line for line in script.read_text().splitlines() if line and not line.startswith(("#", "set ", "cd "))]
    assert lines == ["exec make test"]
