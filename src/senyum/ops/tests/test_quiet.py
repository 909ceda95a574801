"""A command says what it was asked for and nothing else: its standard error is empty when all is well."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from django.db import connection

from senyum.rehearsal.queries import SmallHall


def run(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "senyum", *arguments]
    return subprocess.run(command, env={**os.environ, **more}, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize("arguments", [("--help",), ("token", "create", "--help")])
def test_help_is_quiet(arguments: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Usage" in done.stdout


@pytest.mark.django_db(transaction=True)
def test_a_command_with_json_prints_json_alone(small_mall: SmallHall) -> None:
    address = os.environ["DATABASE_URL"]
    database = str(connection.settings_dict["NAME"])
    base, _, query = address.partition("?")
    url = f"{base.rpartition('/')[0]}/{database}" + (f"?{query}" if query else "")
    done = run("token", "create", "--role", "kiosk", "--mall", "contoh", "--json", DATABASE_URL=url, SENYUM_EMBEDDED="")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["role"] == "kiosk"
