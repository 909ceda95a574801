"""The habits of the house that no other tool checks: where writes stand, where keys point, how a command looks."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.db import models

SOURCE = Path(__file__).resolve().parent.parent / "src" / "senyum"
#: From the top of the house down (docs in architecture: "import only downward").
_TOP = ("planning", "surveys", "visits", "bookings", "roster")
LAYERS = (*_TOP, "catalogue", "people", "malls", "notices", "journal", "core")
WRITES = frozenset(
    {"save", "create", "bulk_create", "bulk_update", "update_or_create", "get_or_create", "update", "delete"}
)
#: Where rows may be written; `demo`, `bench` and `rehearsal` fill halls of their own.
WRITERS = ("commands.py", "commands/", "journal/record.py", "notices/outbox.py", "core/idempotency.py")
FREE = ("migrations/", "tests/", "rehearsal/", "bench/", "conftest.py", "ops/")
#: `x.update(...)` and the like on things that are no querysets.
NO_ROWS = frozenset({"dict", "set", "hash", "digest", "headers", "_codes", "head", "answer", "values", "environ"})


def _sources() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(SOURCE.rglob("*.py")):
        name = path.relative_to(SOURCE).as_posix()
        if not any(part in name for part in FREE):
            yield name, ast.parse(path.read_text())


def _row_writes(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Calls of a write method on something that goes through a manager or queryset."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in WRITES:
            chain = ast.unparse(node.func.value)
            if ".objects" in chain or "_base_manager" in chain or "_default_manager" in chain:
                yield node.lineno, ast.unparse(node.func)[-60:]


def test_rows_are_written_only_in_commands() -> None:
    wrong = [
        f"{name}:{line} {call}"
        for name, tree in _sources()
        if not any(part in name for part in WRITERS)
        for line, call in _row_writes(tree)
    ]
    assert wrong == []


def test_the_check_above_sees_a_write() -> None:
    tree = ast.parse("def view():\n    Ticket.objects.filter(pk=1).update(state='left')\n")
    assert list(_row_writes(tree))


def test_no_foreign_key_points_upward() -> None:
    wrong = []
    for model in apps.get_models():
        here = model._meta.app_label
        if here not in LAYERS:
            continue
        for field in model._meta.get_fields():
            if isinstance(field, models.ForeignKey | models.OneToOneField):
                there = field.related_model._meta.app_label
                if there in LAYERS and LAYERS.index(there) < LAYERS.index(here):
                    wrong.append(f"{model.__name__}.{field.name} -> {there}")
    assert wrong == []


def test_journal_and_notices_point_at_nothing() -> None:
    for label in ("journal", "notices"):
        for model in apps.get_app_config(label).get_models():
            assert not [f for f in model._meta.get_fields() if f.is_relation], model


def test_saving_a_row_names_its_fields() -> None:
    wrong = []
    for name, tree in _sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "save":
                named = {keyword.arg for keyword in node.keywords}
                if not named & {"update_fields", "force_insert"}:
                    wrong.append(f"{name}:{node.lineno}")
    assert wrong == []


def _commands() -> list[tuple[str, object]]:
    import senyum.catalogue.commands
    import senyum.catalogue.import_commands
    import senyum.catalogue.standard_commands
    import senyum.notices.commands
    import senyum.people.commands
    import senyum.planning.commands
    import senyum.roster.commands
    import senyum.surveys.commands
    import senyum.visits.commands

    found = []
    for module in (
        senyum.visits.commands,
        senyum.roster.commands,
        senyum.surveys.commands,
        senyum.people.commands,
        senyum.planning.commands,
        senyum.notices.commands,
        senyum.catalogue.commands,
        senyum.catalogue.standard_commands,
        senyum.catalogue.import_commands,
    ):
        for name, thing in vars(module).items():
            # It wakes a job and writes nothing of ours.
            if name == "wake":
                continue
            if inspect.isfunction(thing) and not name.startswith("_") and thing.__module__.startswith(module.__name__):
                found.append((f"{thing.__module__}.{name}", thing))
    return found


@pytest.mark.parametrize(("name", "command"), _commands())
def test_a_command_takes_only_keywords_and_the_time(name: str, command: object) -> None:
    parameters = inspect.signature(command).parameters  # type: ignore[arg-type]  # a function
    assert all(p.kind is p.KEYWORD_ONLY for p in parameters.values()), name
    assert all(p.annotation is not p.empty for p in parameters.values()), name
    assert inspect.getdoc(command), name
    assert "now" in parameters, name
