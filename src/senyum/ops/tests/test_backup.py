"""Backup and restore of a whole hall, and what is refused."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from senyum.core import postgres
from senyum.core.supervisor import Lock
from senyum.journal.sequencer import seal
from senyum.ops import backup
from senyum.ops.backup import BackupError
from senyum.ops.hall import Hall

pytestmark = pytest.mark.xdist_group("halls")
NOW = datetime(2026, 11, 2, 1, 0, tzinfo=UTC)


def senyum(data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command line on the hall in `data`."""
    kept = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "SENYUM_EMBEDDED")}
    environment = {**kept, "SENYUM_DATA": str(data), "SENYUM_LANG": "en"}
    command = [sys.executable, "-m", "senyum", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)


def _fill(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for n in range(5):
            connection.execute(
                "INSERT INTO journal_entry (mall, at, kind, actor_kind, actor_id, actor_label, subject_kind,"
                " subject_id, subject_label, reason, data) VALUES ('contoh', %s, 'ticket.issued', 'system', '',"
                " 'sistem', 'ticket', %s, 'A-001', '', '{}')",
                [NOW, str(n)],
            )
        assert seal(connection) == {"-": 1, "contoh": 5}, "of the house: the words of the search were loaded"


@pytest.fixture(scope="module")
def hall():
    """A hall with five sealed entries of a mall and one of the house, its server running."""
    data = Path(tempfile.mkdtemp(prefix="senyum-ops-"))
    data.chmod(0o711)
    made = senyum(data, "prepare")
    assert made.returncode == 0, made.stderr
    server = postgres.start(data / "postgres")
    _fill(server.url)
    yield Hall(data, own_server=True), server.url
    server.stop()
    shutil.rmtree(data)


@pytest.fixture
def saved(hall, tmp_path):
    place, url = hall
    file = tmp_path / "hall.senyum"
    backup.save(place, url, file, NOW)
    return file


def test_a_backup_holds_database_keys_and_heads_and_is_for_its_owner_only(hall, saved):
    place, _ = hall
    with backup.opened(saved) as (manifest, folder):
        assert set(manifest.files) == {"database.dump", "keys/secret.key"}
        assert (folder / "keys/secret.key").read_text() == (place.data / "secret.key").read_text()
        assert manifest.journal["contoh"][0] == 5
        assert manifest.made_at == "2026-11-02T01:00:00+00:00"
    assert saved.stat().st_mode & 0o777 == 0o600
    assert json.loads((place.data / "last-backup.json").read_text())["file"] == str(saved)
    assert [p.name for p in saved.parent.iterdir()] == [saved.name]


def test_the_commands_save_and_bring_back_a_hall(hall, tmp_path, hall_directory):
    place, _ = hall
    file = tmp_path / "hall.senyum"
    saved = senyum(place.data, "backup", str(file), "--json")
    assert json.loads(saved.stdout)["journal"]["contoh"][0] == 5

    done = senyum(hall_directory, "restore", str(file))
    assert done.returncode == 0, done.stderr
    assert "6 journal entries verified and sound" in done.stdout
    assert (hall_directory / "secret.key").read_bytes() == (place.data / "secret.key").read_bytes()
    assert "6 sealed" in senyum(hall_directory, "journal", "verify").stdout


def test_a_changed_byte_anywhere_is_refused(saved, tmp_path):
    whole = saved.read_bytes()
    with backup.opened(saved) as (expected, _):
        pass
    chance, refused = random.Random(7), 0
    for offset in chance.sample(range(len(whole)), 60):
        damaged = tmp_path / "damaged.senyum"
        damaged.write_bytes(whole[:offset] + bytes([whole[offset] ^ 0x40]) + whole[offset + 1 :])
        try:
            with backup.opened(damaged) as (manifest, _):
                # Only the empty space between the parts may change without anybody noticing.
                assert manifest == expected
                assert whole[offset] == 0
        except BackupError as error:
            refused += 1
            assert "damaged" in str(error) and "rusak" in error.words["id"]
    assert refused > 50


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.95])
def test_a_file_that_was_cut_off_is_refused(saved, tmp_path, share):
    cut = tmp_path / "cut.senyum"
    cut.write_bytes(saved.read_bytes()[: int(saved.stat().st_size * share)])
    with pytest.raises(BackupError, match=r"damaged.*Nothing was changed"), backup.opened(cut):
        pass


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(BackupError, match="There is no file"), backup.opened(tmp_path / "none"):
        pass


def test_a_hall_that_holds_something_is_not_replaced_without_force(hall, saved):
    place, url = hall
    with pytest.raises(BackupError, match="--force"):
        backup.restore(place, url, saved, force=False)
    assert not backup.is_empty(url)


def test_force_replaces_what_is_there(hall, saved):
    place, url = hall
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE newer (n int)")

    backup.restore(place, url, saved, force=True)

    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT to_regclass('newer')").fetchone() == (None,)
        assert connection.execute("SELECT count(*) FROM journal_entry WHERE mall = 'contoh'").fetchone() == (5,)


def test_a_running_hall_is_not_restored(hall, saved):
    place, url = hall
    lock = Lock(place.data / "up.lock")
    lock.take("1 http://localhost:8000")
    with pytest.raises(BackupError, match="running"):
        backup.restore(place, url, saved, force=True)
    lock.release()


def test_a_restore_that_fails_half_way_leaves_what_was_there(hall, tmp_path):
    _, url = hall
    with pytest.raises(BackupError, match="what was there is still there"):
        (tmp_path / "bad.dump").write_bytes(b"PGDMP not really")
        backup._replace_database(url, tmp_path / "bad.dump")
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT count(*) FROM journal_entry WHERE mall = 'contoh'").fetchone() == (5,)


def test_a_journal_that_was_tampered_with_before_the_backup_is_found_by_the_restore(hall, tmp_path, hall_directory):
    place, url = hall
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ALTER TABLE journal_entry DISABLE TRIGGER USER")
        connection.execute("UPDATE journal_entry SET subject_label = 'A-999' WHERE seq = 3")
        backup.save(place, url, tmp_path / "bad.senyum", NOW)
        connection.execute("UPDATE journal_entry SET subject_label = 'A-001' WHERE seq = 3")
        connection.execute("ALTER TABLE journal_entry ENABLE TRIGGER USER")

    done = senyum(hall_directory, "restore", str(tmp_path / "bad.senyum"))

    assert done.returncode == 1
    assert "The journal is not sound: contoh: entry 3" in done.stderr


def test_an_empty_database_cannot_be_saved(hall_directory, tmp_path):
    server = postgres.start(hall_directory / "postgres", durable=False)
    with pytest.raises(BackupError, match="still empty"):
        backup.save(Hall(hall_directory, True), server.url, tmp_path / "x", NOW)
    assert not list(tmp_path.iterdir())
    server.stop()


def test_an_upgrade_saves_first_then_migrates_and_says_how_to_go_back(hall):
    place, url = hall
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DELETE FROM django_migrations WHERE app = 'sessions'")
        connection.execute("DROP TABLE django_session")

    done = senyum(place.data, "upgrade")

    assert done.returncode == 0, done.stderr
    (kept,) = (place.data / "backups").glob("before-upgrade-*.senyum")
    assert str(kept) in done.stdout and "1 migrations applied" in done.stdout

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DELETE FROM django_migrations WHERE app = 'sessions'")
    failed = senyum(place.data, "upgrade")
    assert failed.returncode == 1
    assert "The upgrade failed" in failed.stderr and "senyum restore" in failed.stderr
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('sessions', '0001_initial', now())"
        )
