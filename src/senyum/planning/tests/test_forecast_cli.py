"""`senyum forecast evaluate` on a made-up file of the shape of the recorded one."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
from typer.testing import CliRunner

from senyum.engine.forecast.sample import sample
from senyum.planning.forecast_cli import app


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    s = sample(offices=2, lines=2, days=4)
    path = tmp_path_factory.mktemp("lines") / "lines.parquet"
    columns = {
        "office": [f"office {o}" for o in s.office],
        "queue": s.line,
        "date": [f"2026-01-0{d + 1}" for d in s.day],
        "minute": s.minute.astype(int),
        "open": s.open.astype(int),
        "waiting": s.waiting.astype(int),
        "number": s.number.astype(int),
        "announced_minutes_per_person": s.announced.astype(int),
        "wait": pa.array(s.wait, mask=np.isnan(s.wait)),
    }
    parquet.write_table(pa.table(columns), path)
    return path


def test_the_keys_of_the_trial(file: Path) -> None:
    found = CliRunner().invoke(app, ["evaluate", str(file), "--train-before", "2026-01-03", "--json"])
    assert found.exit_code == 0, found.output
    report = json.loads(found.stdout)
    keys = ("n", "mae_p50", "coverage_p50", "coverage_p90", "pinball_p50", "pinball_p90", "offices", "ms_per_forecast")
    assert all(key in report for key in (*keys, "naive"))
    assert report["days"] == {"learned": 2, "tested": 2} and set(report["offices_n"]) <= {"office 0", "office 1"}
    shorter = CliRunner().invoke(app, ["evaluate", str(file), "--train-before", "2026-01-03", "--until", "2026-01-04"])
    assert "on 1 days, learned from 2 days" in shorter.stdout


def test_what_cannot_be_tried_is_said(file: Path, tmp_path: Path) -> None:
    early = CliRunner().invoke(app, ["evaluate", str(file), "--train-before", "2026-01-01"])
    assert early.exit_code == 1 and "nothing to learn from" in early.output
    parquet.write_table(pa.table({"office": ["a"]}), tmp_path / "other.parquet")
    other = CliRunner().invoke(app, ["evaluate", str(tmp_path / "other.parquet"), "--train-before", "2026-01-01"])
    assert other.exit_code == 1 and "has no column queue" in other.output
