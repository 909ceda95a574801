"""Every command of the README is exercised by a test; this says by which."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# Command -> the test (file::function) that runs it or the very rule behind it.
EXERCISED = {
    "make demo": "tests/test_make.py::test_each_make_target_does_what_the_readme_says",
    "make setup": "tests/test_make.py::test_each_make_target_does_what_the_readme_says",
    "make check": "tests/test_make.py::test_each_make_target_does_what_the_readme_says",
    "make test": "tests/test_make.py::test_each_make_target_does_what_the_readme_says",
    "make clean": "tests/test_make.py::test_each_make_target_does_what_the_readme_says",
    ".venv/bin/senyum up --host 0.0.0.0 --tls": "src/senyum/ops/tests/test_up.py"
    "::test_with_tls_the_pages_are_secure_and_the_plain_listener_shows_the_way",
    ".venv/bin/senyum doctor": "src/senyum/ops/tests/test_doctor.py::test_a_new_hall_needs_an_upgrade_and_json_says_so",
    ".venv/bin/senyum backup hall.senyum": "src/senyum/ops/tests/test_backup.py"
    "::test_the_commands_save_and_bring_back_a_hall",
    ".venv/bin/senyum restore hall.senyum": "src/senyum/ops/tests/test_backup.py"
    "::test_the_commands_save_and_bring_back_a_hall",
    ".venv/bin/senyum upgrade": "src/senyum/ops/tests/test_backup.py"
    "::test_an_upgrade_saves_first_then_migrates_and_says_how_to_go_back",
    ".venv/bin/senyum catalogue import katalog.xlsx": "src/senyum/catalogue/tests/test_import.py"
    "::test_the_mended_sheet_comes_in_whole",
    ".venv/bin/senyum journal verify": "src/senyum/ops/tests/test_backup.py"
    "::test_the_commands_save_and_bring_back_a_hall",
}


def commands() -> list[str]:
    blocks = re.findall(r"^```sh\n(.*?)^```", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    return [line.strip() for block in blocks for line in block.splitlines() if line.strip()]


def test_the_readme_and_this_list_name_the_same_commands():
    assert sorted(commands()) == sorted(EXERCISED)


@pytest.mark.parametrize("command", sorted(EXERCISED))
def test_the_test_of_each_command_exists(command):
    file, _, function = EXERCISED[command].partition("::")
    assert re.search(rf"^def {function}\(", (ROOT / file).read_text(), re.MULTILINE)


def test_every_link_in_the_readme_leads_somewhere():
    for target in re.findall(r"\]\((?!http)([^)#]+)", (ROOT / "README.md").read_text()):
        assert (ROOT / target).exists(), target


def test_every_setting_that_the_code_reads_is_documented():
    text = (ROOT / "docs/settings.md").read_text()
    documented = set(re.findall(r"^\| `([A-Z_]+)` \|", text, re.MULTILINE))
    sources = [*ROOT.glob("src/senyum/**/*.py"), *ROOT.glob("scripts/*.py"), ROOT / "conftest.py"]
    read = {
        name for s in sources if "/tests/" not in str(s) for name in re.findall(r"\bSENYUM_[A-Z_]+\b", s.read_text())
    }
    assert read | {"DATABASE_URL"} == documented
