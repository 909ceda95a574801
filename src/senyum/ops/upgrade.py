"""`senyum upgrade`: a backup, the migrations, a look at the journal; and the way back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from senyum.ops import backup, prepare
from senyum.ops.hall import Hall
from senyum.ops.words import Words

KEPT = 5


class UpgradeError(RuntimeError):
    """What failed; `words` also says how to go back."""

    def __init__(self, words: Words) -> None:
        super().__init__(words.en)
        self.words = words


@dataclass(frozen=True)
class Outcome:
    """`saved` is the backup that was made before, None when there was nothing to save or to change."""

    saved: Path | None
    migrations: int


def pending() -> list[str]:
    """Names of the migrations that this version has and the database has not, `app.name`."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _backwards in plan]


def upgrade(hall: Hall, url: str, now: datetime) -> Outcome:
    """Bring the database to this version. Raises UpgradeError with the way back when it does not work out."""
    waiting = pending()
    saved = None
    if waiting and not backup.is_empty(url):
        saved = _file(hall.data, now)
        backup.save(hall, url, saved, now)
    try:
        prepare.migrate()
        prepare.load_words()
    except Exception as error:
        raise UpgradeError(_way_back(f"{type(error).__name__}: {error}", saved)) from error
    finding = journal_finding()
    if finding:
        raise UpgradeError(_way_back(finding, saved))
    return Outcome(saved, len(waiting))


def journal_finding() -> str:
    """The first thing wrong with the journal, empty when it is sound."""
    from senyum.journal.verify import verify

    first = verify().first_bad
    return first.sentence if first else ""


def _file(data: Path, now: datetime) -> Path:
    folder = data / "backups"
    folder.mkdir(exist_ok=True, mode=0o700)
    for old in sorted(folder.glob("before-upgrade-*.senyum"))[: -(KEPT - 1)]:
        old.unlink()
    return folder / f"before-upgrade-{now:%Y%m%dT%H%M%S}.senyum"


def _way_back(why: str, saved: Path | None) -> Words:
    if saved is None:
        return Words(f"Pembaruan gagal: {why}", f"The upgrade failed: {why}")
    return Words(
        f"Pembaruan gagal: {why}\nKembali: pasang lagi versi sebelumnya, lalu `senyum restore {saved} --force`.",
        f"The upgrade failed: {why}\nTo go back: install the version before, then `senyum restore {saved} --force`.",
    )
