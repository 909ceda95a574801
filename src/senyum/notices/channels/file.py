"""The channel of a demo and of tests: one line of JSON a letter, in `log/notices.jsonl` of the data directory."""

from __future__ import annotations

import json
from pathlib import Path

from django.conf import settings

from senyum.notices.channels.letter import Letter, Unreachable


def path() -> Path:
    """Where the letters go."""
    return Path(settings.DATA_DIR) / "log" / "notices.jsonl"


def send(letter: Letter, channel: str) -> None:
    """Append the letter. Raises Unreachable when the file cannot be written."""
    row = {
        "id": letter.uid,
        "at": letter.at.isoformat(),
        "channel": channel,
        "to": letter.address,
        "subject": letter.subject,
        "body": letter.body,
    }
    if letter.calendar:
        row["calendar"] = letter.calendar
    try:
        path().parent.mkdir(parents=True, exist_ok=True)
        with path().open("a") as file:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    except OSError as error:
        raise Unreachable(f"the file cannot be written: {error.strerror}") from error
