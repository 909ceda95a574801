"""Every job is known to the worker, runs by itself, cannot pile up, and is described."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest
from django.conf import settings
from procrastinate.contrib.django import app

from senyum.notices import outbox

ROOT = Path(__file__).resolve().parent.parent
NAMES = sorted(p.stem for p in (ROOT / "src/senyum/jobs").glob("*.py") if p.stem != "__init__")


def test_the_worker_imports_every_job_and_nothing_else() -> None:
    assert sorted(settings.PROCRASTINATE_IMPORT_PATHS) == [f"senyum.jobs.{name}" for name in NAMES]


def test_every_job_has_its_row_in_the_page() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", (ROOT / "docs/jobs.md").read_text(), re.MULTILINE)
    assert sorted(rows) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_job_is_scheduled_and_waits_at_most_once(name: str) -> None:
    importlib.import_module(f"senyum.jobs.{name}")
    tasks = [task for full, task in app.tasks.items() if full.startswith(f"senyum.jobs.{name}.")]
    assert tasks, "a module in jobs/ without a task"
    scheduled = {periodic.task.name for periodic in app.periodic_registry.periodic_tasks.values()}
    for task in tasks:
        assert task.name in scheduled, f"{task.name} is never run"
        assert task.queueing_lock, f"{task.name} could pile up behind a worker that is down"


def test_the_outbox_wakes_a_job_that_exists() -> None:
    importlib.import_module("senyum.jobs.send_notices")
    assert app.tasks[outbox.JOB].queueing_lock == "send_notices"
