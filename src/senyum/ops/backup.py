"""`senyum backup` and `senyum restore`: one file with the database, the keys and the heads of the journal.

The file is a tar of `manifest.sha256`, `manifest.json`, `database.dump` (pg_dump's custom format) and
`keys/...`. Each part has its SHA-256 in the manifest, and the manifest has its own beside it. The file
holds the hall's keys: it is written with mode 0600 and belongs where only the operator can read it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

import psycopg

from senyum.core import postgres
from senyum.core.supervisor import AlreadyRunning, Lock
from senyum.ops.hall import Hall
from senyum.ops.words import Words

FORMAT = 1
DUMP = "database.dump"
# Kept answers and log-ins are worth nothing after a restore.
_WITHOUT_ROWS = ("core_cache", "django_session", "people_login")


class BackupError(RuntimeError):
    """Why a backup could not be made or used. `words` says it in both languages."""

    def __init__(self, indonesian: str, english: str) -> None:
        super().__init__(english)
        self.words = Words(indonesian, english)


@dataclass(frozen=True)
class Manifest:
    """What a backup holds. `files`: name -> {sha256, size}; `journal`: mall -> [last seq, hash in hexadecimal]."""

    format: int
    made_at: str
    senyum: str
    postgres: str
    files: dict[str, dict[str, Any]]
    journal: dict[str, list[Any]]


def key_files(data: Path) -> list[Path]:
    """The keys of a hall, without which its data is worth less or nothing."""
    found = [*data.glob("*.key"), *data.glob("keys/**/*"), *data.glob("tls/*")]
    return sorted(p for p in found if p.is_file() and not p.name.endswith(".new"))


# Save


def save(hall: Hall, url: str, file: Path, now: datetime) -> Manifest:
    """Write a backup of the running or resting hall to `file`, whole or not at all. Raises BackupError."""
    file = file.absolute()
    with tempfile.TemporaryDirectory(dir=file.parent, prefix=".senyum-backup-") as folder:
        dump = Path(folder) / DUMP
        with psycopg.connect(url) as connection:
            journal, server, snapshot = _fixed_moment(connection)
            _dump(url, dump, snapshot)
        parts = {DUMP: dump, **{f"keys/{p.relative_to(hall.data)}": p for p in key_files(hall.data)}}
        manifest = Manifest(
            format=FORMAT,
            made_at=now.isoformat(timespec="seconds"),
            senyum=version("senyum"),
            postgres=server,
            files={name: _describe(path) for name, path in parts.items()},
            journal=journal,
        )
        draft = Path(folder) / "whole.tar"
        _pack(draft, manifest, parts)
        with open(draft, "rb") as written:
            os.fsync(written.fileno())
        draft.replace(file)
    _note(hall.data, file, now)
    return manifest


def _fixed_moment(connection: psycopg.Connection) -> tuple[dict[str, list[Any]], str, str]:
    """The journal's heads, the server's version, and a snapshot that pg_dump shares with them."""
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    try:
        heads = connection.execute("SELECT mall, seq, encode(hash, 'hex') FROM journal_head ORDER BY mall").fetchall()
    except psycopg.errors.UndefinedTable as error:
        raise BackupError("Basis data ini masih kosong.", "This database is still empty.") from error
    one = connection.execute("SELECT current_setting('server_version'), pg_export_snapshot()").fetchone()
    server, snapshot = one or ("", "")
    return {mall: [seq, value] for mall, seq, value in heads}, server, snapshot


def _dump(url: str, target: Path, snapshot: str) -> None:
    command = [str(postgres.installed_programs() / "pg_dump"), "--format=custom", "--no-owner", "--no-privileges"]
    command += [f"--snapshot={snapshot}", f"--file={target}"]
    command += [f"--exclude-table-data={name}" for name in _WITHOUT_ROWS]
    done = subprocess.run([*command, url], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = done.stderr.strip()[-600:]
        raise BackupError(f"pg_dump gagal: {said}", f"pg_dump failed: {said}")


def _describe(path: Path) -> dict[str, Any]:
    with open(path, "rb") as file:
        return {"sha256": hashlib.file_digest(file, "sha256").hexdigest(), "size": path.stat().st_size}


def _pack(target: Path, manifest: Manifest, parts: dict[str, Path]) -> None:
    text = json.dumps(asdict(manifest), indent=1, sort_keys=True).encode()
    folder = target.parent
    (folder / "manifest.json").write_bytes(text)
    (folder / "manifest.sha256").write_text(hashlib.sha256(text).hexdigest())
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file, tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name in ("manifest.sha256", "manifest.json"):
            tar.add(folder / name, name)
        for name, path in parts.items():
            tar.add(path, name)


def _note(data: Path, file: Path, now: datetime) -> None:
    (data / "last-backup.json").write_text(json.dumps({"at": now.isoformat(), "file": str(file)}))


# Look


@contextmanager
def opened(file: Path) -> Iterator[tuple[Manifest, Path]]:
    """The checked contents of a backup in a directory that is gone afterwards.

    Raises BackupError when a single byte is not what was written.
    """
    with tempfile.TemporaryDirectory(prefix="senyum-restore-") as name:
        folder = Path(name)
        try:
            with tarfile.open(file, "r:") as tar:
                manifest = _read_manifest(tar)
                for part, expected in manifest.files.items():
                    _unpack(tar, part, expected, folder)
        except FileNotFoundError as error:
            raise BackupError(f"Berkas {file} tidak ada.", f"There is no file {file}.") from error
        except (tarfile.TarError, KeyError, ValueError, TypeError, OSError) as error:
            raise _damaged(file, str(error)) from error
        yield manifest, folder


def _damaged(file: Path, why: str) -> BackupError:
    return BackupError(
        f"Berkas {file} rusak ({why}). Tidak ada yang diubah. Pakai cadangan lain.",
        f"The file {file} is damaged ({why}). Nothing was changed. Use another backup.",
    )


def _member(tar: tarfile.TarFile, name: str) -> IO[bytes]:
    found = tar.extractfile(name)
    if found is None:
        raise ValueError(f"{name} is not a file")
    return found


def _read_manifest(tar: tarfile.TarFile) -> Manifest:
    said = _member(tar, "manifest.sha256").read().decode()
    text = _member(tar, "manifest.json").read()
    if hashlib.sha256(text).hexdigest() != said:
        raise ValueError("manifest.json")
    manifest = Manifest(**json.loads(text))
    if manifest.format != FORMAT:
        raise BackupError(
            f"Cadangan ini dari versi lain (format {manifest.format}).",
            f"This backup is of another version (format {manifest.format}).",
        )
    return manifest


def _unpack(tar: tarfile.TarFile, name: str, expected: dict[str, Any], folder: Path) -> None:
    target = (folder / name).resolve()
    if not target.is_relative_to(folder.resolve()):
        raise ValueError(name)
    target.parent.mkdir(parents=True, exist_ok=True)
    with open(target, "wb") as file:
        shutil.copyfileobj(_member(tar, name), file)
    if _describe(target) != expected:
        raise ValueError(name)


# Restore


def is_empty(url: str) -> bool:
    """Whether the database holds no mall and no journal."""
    with psycopg.connect(url) as connection:
        for table in ("malls_mall", "journal_entry"):
            row = connection.execute("SELECT to_regclass(%s) IS NOT NULL", [table]).fetchone()
            if not row or not row[0]:
                continue
            held = connection.execute(
                psycopg.sql.SQL("SELECT EXISTS (SELECT FROM {})").format(psycopg.sql.Identifier(table))
            ).fetchone()
            if held and held[0]:
                return False
    return True


def restore(hall: Hall, url: str, file: Path, *, force: bool) -> Manifest:
    """Put a backup in the place of what the database holds, in one transaction.

    Raises BackupError, and changes nothing, when the file is damaged, the hall is running, or the database
    holds something and `force` is not set. The caller migrates and verifies the journal afterwards.
    """
    lock = Lock(hall.data / "up.lock")
    try:
        lock.take(f"{os.getpid()} restore")
    except AlreadyRunning as error:
        raise BackupError(
            "Senyum sedang berjalan. Hentikan dulu, lalu pulihkan.", "Senyum is running. Stop it first, then restore."
        ) from error
    try:
        with opened(file) as (manifest, folder):
            if not force and not is_empty(url):
                raise BackupError(
                    "Basis data ini sudah berisi. Tambahkan --force untuk menggantinya.",
                    "This database is not empty. Add --force to replace what it holds.",
                )
            _replace_database(url, folder / DUMP)
            _put_keys(hall.data, folder / "keys")
            return manifest
    finally:
        lock.release()


def _replace_database(url: str, dump: Path) -> None:
    programs = postgres.installed_programs()
    read = [str(programs / "pg_restore"), "--no-owner", "--no-privileges", "--file=-", str(dump)]
    write = [str(programs / "psql"), "--quiet", "--no-psqlrc", "--single-transaction", "--set=ON_ERROR_STOP=1"]
    write += ["--command=DROP SCHEMA public CASCADE", "--command=CREATE SCHEMA public", "--file=-"]
    with tempfile.TemporaryFile() as said:
        reader = subprocess.Popen(read, stdout=subprocess.PIPE, stderr=said)
        writer = subprocess.Popen([*write, url], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=said)
        if not _poured(reader, writer):
            said.seek(0)
            why = said.read().decode(errors="replace").strip()[-600:]
            raise BackupError(
                f"Pemulihan gagal, isi lama tetap ada: {why}",
                f"The restore failed, what was there is still there: {why}",
            )


def _poured(reader: subprocess.Popen[bytes], writer: subprocess.Popen[bytes]) -> bool:
    """Pass all that `reader` says to `writer`; whether both ended well.

    psql commits at the end of its input, even when that end came too early. So it only gets to see an end
    after the reader has said that it was the right one.
    """
    source, target = reader.stdout, writer.stdin
    if source is None or target is None:
        raise ValueError("both ends must be pipes")
    with suppress(BrokenPipeError):
        shutil.copyfileobj(source, target, 1 << 20)
        target.flush()
    source.close()
    if reader.wait() != 0:
        writer.kill()
    with suppress(BrokenPipeError):
        target.close()
    return writer.wait() == 0


def _put_keys(data: Path, keys: Path) -> None:
    # Keys of another hall open nothing of what was just restored, so they give way.
    for source in sorted(p for p in keys.rglob("*") if p.is_file()):
        target = data / source.relative_to(keys)
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = target.with_name(target.name + ".new")
        shutil.copyfile(source, draft)
        draft.chmod(0o600)
        draft.replace(target)
