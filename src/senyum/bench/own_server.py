"""How a bench runs: in a fresh process on a durable PostgreSQL of its own, which is taken down again.

The process names the new server from its start, so that settings, web processes and sequencer are those of `senyum up`.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

_ANSWER = "answer: "


def measure_in(
    module: str, *arguments: object, heard: Callable[[dict[str, Any]], None] = lambda answer: None
) -> list[dict[str, Any]]:
    """Run `python -m module arguments` on a server of its own; what it gave to `answer`, in order.

    `heard` gets each answer as it comes. What the process says on standard error goes to ours. Raises RuntimeError when
    it fails.
    """
    from senyum.core import postgres

    with tempfile.TemporaryDirectory(prefix="senyum-bench-") as directory:
        Path(directory).chmod(0o755)
        server = postgres.start(Path(directory) / "postgres", durable=True)
        environment = {
            **os.environ,
            "DATABASE_URL": server.url,
            "SENYUM_DATA": str(Path(directory) / "data"),
            "DJANGO_SETTINGS_MODULE": "senyum.settings",
        }
        answers: list[dict[str, Any]] = []
        try:
            command = [sys.executable, "-m", module, *map(str, arguments)]
            with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
                assert process.stdout is not None
                for line in process.stdout:
                    # Programs that are measured may write there, too.
                    if line.startswith(_ANSWER):
                        answers.append(json.loads(line.removeprefix(_ANSWER)))
                        heard(answers[-1])
            if process.returncode:
                raise RuntimeError(f"the measurement ended with {process.returncode}")
        finally:
            server.stop()
    return answers


def free_port() -> int:
    """A port of this machine that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def prepare() -> None:
    """In the measuring process: Django, and the tables of an empty hall."""
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)


def say(line: str) -> None:
    """To whoever watches the measurement."""
    print(line, file=sys.stderr, flush=True)


def answer(result: dict[str, Any]) -> None:
    """A result, for the process that asked for it."""
    print(_ANSWER + json.dumps(result), flush=True)
