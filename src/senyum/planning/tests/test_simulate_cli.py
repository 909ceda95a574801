"""`senyum simulate`: figures as JSON and as a table, and clear refusals."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from senyum.cli import app
from senyum.planning.tests.test_scenario_file import SMALL


@pytest.fixture
def small(tmp_path: Path) -> str:
    path = tmp_path / "small.yaml"
    path.write_text(SMALL, encoding="utf-8")
    return str(path)


def _run(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["simulate", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_json_has_every_group_and_every_figure_an_interval(small: str) -> None:
    answer = json.loads(_run(small, "--days", "60", "--seed", "4", "--json"))
    assert (answer["days"], answer["seed"], answer["weekday"]) == (60, 4, "friday")
    assert [s["code"] for s in answer["services"]] == ["x", "y", "z", "e", "f"]
    assert [h["code"] for h in answer["half_hours"]] == ["08.00", "08.30", "09.00", "09.30"]
    total = answer["total"]
    for name in ("people", "served", "left", "lapsed", "wait", "p50", "p90", "kept", "queue", "utilisation"):
        assert set(total[name]) == {"mean", "half_width", "n"}
    came = total["people"]["mean"] + total["forwarded"]["mean"]
    assert came == pytest.approx(sum(total[k]["mean"] for k in ("served", "left", "lapsed")), rel=1e-4)
    assert answer["services"][3]["wait"]["mean"] is None, "nobody came: no figure"
    assert answer == json.loads(_run(small, "--days", "60", "--seed", "4", "--json", "--threads", "1"))


def test_the_example_is_printed_as_tables(small: str) -> None:
    out = _run("sumedang", "--days", "40")
    assert "disdukcapil" in out and "Half hours" in out and "40 days" in out
    assert "elderly" in out


def test_another_weekday(small: str) -> None:
    answer = json.loads(_run(small, "--days", "5", "--weekday", "sunday", "--json"))
    assert answer["total"]["people"]["mean"] == 0 and answer["weekday"] == "sunday"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nowhere.yaml"], "there is no file nowhere.yaml, and no example of that name (sumedang, bench-day)"),
        (["sumedang", "--weekday", "senin"], "--weekday must be one of monday"),
    ],
)
def test_what_cannot_be_played_is_said(arguments: list[str], sentence: str) -> None:
    result = CliRunner().invoke(app, ["simulate", *arguments])
    assert result.exit_code == 1 and sentence in result.output


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text("name: x\n", encoding="utf-8")
    result = CliRunner().invoke(app, ["simulate", str(path)])
    assert result.exit_code == 1 and "`hours` is missing" in result.output
