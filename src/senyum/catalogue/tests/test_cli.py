"""`senyum catalogue synonyms`: rows are shown, put and switched off, and what is wrong is said."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from senyum.catalogue.cli import app
from senyum.catalogue.models import Synonym

pytestmark = pytest.mark.django_db


def run(*words):
    return CliRunner().invoke(app, ["synonyms", *words])


def test_rows_are_put_listed_and_dropped():
    assert run("put", "id", "kartu kuning", "pencari kerja").output == "id  kartu kuning = pencari kerja\n"
    assert run("put", "su", "bade").output == "su  bade = -\n"
    listed = json.loads(run("list", "--json").output)
    assert listed[1] == {
        "language": "id",
        "word": "kartu kuning",
        "means": "pencari kerja",
        "active": True,
        "house": False,
    }
    assert run("list", "kuning").output == "id  kartu kuning = pencari kerja\n"
    assert run("drop", "su", "bade").exit_code == 0
    assert run("list", "bade").output == "su  bade = -  (off)\n"
    assert run("list", "zebra").output == "No such row.\n"


def test_what_is_wrong_is_said():
    for words in (("put", "de", "x", "y"), ("drop", "id", "tidak", "ada")):
        refused = run(*words)
        assert refused.exit_code == 2 and "senyum catalogue:" in refused.output
    assert not Synonym.objects.exists()


def test_the_houses_list_is_loaded():
    assert run("load").output.endswith("added, 0 gone.\n")
    assert run("load").output == "0 added, 0 gone.\n"
