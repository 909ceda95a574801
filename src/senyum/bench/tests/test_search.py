"""`senyum bench search` on a small catalogue: its keys, and that every contestant answered the same questions."""

from __future__ import annotations

import json

from typer.testing import CliRunner

from senyum.bench.cli import app


def test_the_command_gives_its_keys():
    done = CliRunner().invoke(app, ["search", "--services", "300", "--json"])
    assert done.exit_code == 0, done.output
    answer = json.loads(done.stdout.splitlines()[-1])
    assert answer["services"] == 300 and answer["questions"] > 200
    for name in ("senyum", "ilike", "trigram", "full_text"):
        assert 0 < answer[name]["p50_ms"] <= answer[name]["p99_ms"]
        assert 0.5 < answer[name]["first_three"] <= 1
    assert answer["ratio_full_text"] == round(answer["full_text"]["p50_ms"] / answer["senyum"]["p50_ms"], 2)
