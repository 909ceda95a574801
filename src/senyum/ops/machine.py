"""What `senyum doctor` looks at on the machine: each check yields findings and may fail."""

from __future__ import annotations

import ipaddress
import json
import os
import platform
import shutil
import socket
import subprocess
import sys
import tomllib
import zoneinfo
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from senyum.core import address, tls
from senyum.ops.findings import Finding, Situation, State
from senyum.ops.words import NOTHING, Words

NEEDED_BYTES, COMFORTABLE_BYTES = 500_000_000, 5_000_000_000
OLDEST_BACKUP = timedelta(days=2)


def python(_: Situation) -> Iterator[Finding]:
    """The version of Python."""
    ok = sys.version_info >= (3, 11)
    yield Finding(
        "python",
        "ok" if ok else "bad",
        Words(f"Python {platform.python_version()}", f"Python {platform.python_version()}"),
        NOTHING if ok else Words("Pasang Python 3.11 atau lebih baru.", "Install Python 3.11 or newer."),
    )


def packages(_: Situation) -> Iterator[Finding]:
    """Whether the installed packages are those of `uv.lock` (in a clone of the repository)."""
    lock = Path(__file__).resolve().parents[3] / "uv.lock"
    if not lock.exists():
        return
    # A package may be locked in several versions, for several versions of Python.
    named: dict[str, set[str]] = {}
    for package in tomllib.loads(lock.read_text())["package"]:
        named.setdefault(package["name"], set()).add(package.get("version", ""))
    differ = []
    for found in metadata.distributions():
        name = found.metadata["Name"].lower().replace("_", "-").replace(".", "-")
        if name in named and name != "senyum" and found.version not in named[name]:
            differ.append(f"{name} {found.version} ≠ {min(named[name])}")
    if differ:
        few = ", ".join(sorted(differ)[:3])
        yield Finding(
            "packages",
            "warn",
            Words(
                f"{len(differ)} paket bukan versi yang dikunci: {few}",
                f"{len(differ)} packages are not the locked version: {few}",
            ),
            Words("Jalankan `make setup`.", "Run `make setup`."),
        )
    else:
        yield Finding("packages", "ok", Words("Paket sesuai uv.lock", "Packages are those of uv.lock"))


def front_end(_: Situation) -> Iterator[Finding]:
    """Whether scripts, font and icons are there."""
    import senyum

    vendor = Path(senyum.__file__).parent / "surfaces/ui/static/vendor"
    wanted = ("htmx.min.js", "plus-jakarta-sans.woff2", "icons.svg")
    missing = [name for name in wanted if not (vendor / name).exists()]
    yield Finding(
        "front_end",
        "bad" if missing else "ok",
        Words(f"Berkas halaman hilang: {', '.join(missing)}", f"Files of the pages are missing: {', '.join(missing)}")
        if missing
        else Words("Berkas halaman lengkap", "The files of the pages are there"),
        Words("Jalankan `make setup`.", "Run `make setup`.") if missing else NOTHING,
    )


def disk(situation: Situation) -> Iterator[Finding]:
    """Free space where the data lies; of several disks, the one with the least."""
    data = situation.place.data
    # The database and its write-ahead log may lie on disks of their own.
    places = [p for p in (data, data / "postgres", data / "postgres/cluster/pg_wal") if p.exists()]
    disks = {place.stat().st_dev: place for place in reversed(places)}
    free, where = min((shutil.disk_usage(place).free, place) for place in disks.values())
    state: State = "bad" if free < NEEDED_BYTES else "warn" if free < COMFORTABLE_BYTES else "ok"
    amount = f"{free / 1e9:.1f} GB"
    yield Finding(
        "disk",
        state,
        Words(f"Ruang kosong {amount} di {where}", f"{amount} free at {where}"),
        NOTHING if state == "ok" else Words("Kosongkan ruang; 5 GB cukup lega.", "Make room; 5 GB is comfortable."),
    )


def port(situation: Situation) -> Iterator[Finding]:
    """Whether the port can be used, unless the hall uses it already."""
    if situation.running:
        yield Finding("port", "ok", Words("Senyum sedang berjalan", "Senyum is running"))
        return
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", situation.port))
        except OSError as error:
            number = situation.port
            yield Finding(
                "port",
                "bad",
                Words(f"Porta {number}: {error.strerror}", f"Port {number}: {error.strerror}"),
                Words(
                    f"Hentikan program lain itu, atau `senyum up --port {number + 1}`.",
                    f"Stop the other program, or `senyum up --port {number + 1}`.",
                ),
            )
            return
    yield Finding("port", "ok", Words(f"Porta {situation.port} bebas", f"Port {situation.port} is free"))


def zones(_: Situation) -> Iterator[Finding]:
    """Whether the three Indonesian time zones are known."""
    for name in ("Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura"):
        zoneinfo.ZoneInfo(name)
    yield Finding("zones", "ok", Words("Zona WIB, WITA, WIT dikenal", "The zones WIB, WITA, WIT are known"))


def time_service(_: Situation) -> Iterator[Finding]:
    """Whether the machine's clock is kept right by a time service, where systemd can tell."""
    if not shutil.which("timedatectl"):
        return
    command = ["timedatectl", "show", "--property=NTPSynchronized", "--value"]
    said = subprocess.run(command, capture_output=True, text=True, timeout=5, check=False).stdout.strip()
    if said == "no":
        yield Finding(
            "time_service",
            "warn",
            Words("Jam komputer tidak disetel otomatis", "The machine's clock is not kept right by a time service"),
            Words("Jalankan `sudo timedatectl set-ntp true`.", "Run `sudo timedatectl set-ntp true`."),
        )
    elif said == "yes":
        yield Finding("time_service", "ok", Words("Jam disetel otomatis", "The clock is kept by a time service"))


def keys(situation: Situation) -> Iterator[Finding]:
    """Whether anybody else on this machine can read the keys."""
    from senyum.ops.backup import key_files

    secret = [p for p in key_files(situation.place.data) if p.suffix == ".key"]
    open_ones = [p.name for p in secret if p.stat().st_mode & 0o077]
    yield Finding(
        "keys",
        "bad" if open_ones else "ok",
        Words(
            f"Kunci terbaca orang lain: {', '.join(open_ones)}", f"Others can read these keys: {', '.join(open_ones)}"
        )
        if open_ones
        else Words("Kunci hanya terbaca pemiliknya", "Only their owner can read the keys"),
        Words("`chmod 600` berkas itu.", "`chmod 600` those files.") if open_ones else NOTHING,
    )


def voice(_: Situation) -> Iterator[Finding]:
    """Whether calls can be spoken."""
    there = find_spec("espeakng_loader") is not None or shutil.which("espeak-ng") is not None
    yield Finding(
        "voice",
        "ok" if there else "warn",
        Words("Suara panggilan tersedia", "The voice for calls is there")
        if there
        else Words("Tidak ada suara panggilan; papan tetap berbunyi dentang", "No voice for calls; boards still chime"),
        NOTHING if there else Words("Pasang espeak-ng.", "Install espeak-ng."),
    )


def secure(situation: Situation) -> Iterator[Finding]:
    """How long the certificates of `--tls` last."""
    paths = tls.at(situation.place.data)
    if not paths.certificate.exists():
        said = Words("Tanpa TLS: hanya untuk komputer ini", "No TLS: for this machine only")
        todo = Words("Untuk perangkat lain: `senyum up --tls`.", "For other devices: `senyum up --tls`.")
        yield Finding("tls", "ok", said, todo)
        return
    left = tls.days_left(paths.certificate, situation.now)
    yield Finding(
        "tls",
        "ok" if left > 0 else "bad",
        Words(f"Sertifikat berlaku {left} hari lagi", f"The certificate lasts {left} more days"),
        NOTHING
        if left > tls.RENEW_DAYS
        else Words("Mulai ulang `senyum up --tls`; ia memperbaruinya.", "Start `senyum up --tls` again; it renews it."),
    )


def links(situation: Situation) -> Iterator[Finding]:
    """Whether a phone can open the links on slips and in messages."""
    # What runs knows better than the environment of this command: `--public-url`, `--host`.
    base = situation.address or os.environ.get("SENYUM_PUBLIC_URL", "")
    host = urlsplit(base).hostname or ""
    if not base and not situation.running:
        yield Finding(
            "links", "ok", Words("Alamat tautan tiket dipilih saat mulai", "Links get their base at the start")
        )
    elif not host or address.is_loopback(host):
        yield Finding(
            "links",
            "warn",
            Words(
                "Tautan di tiket dan pesan hanya terbuka di komputer ini",
                "Links on tickets and in messages open on this machine only",
            ),
            Words(
                "`senyum up --host 0.0.0.0`, atau `--public-url ALAMAT` bila ada nama umum.",
                "`senyum up --host 0.0.0.0`, or `--public-url ADDRESS` when there is a public name.",
            ),
        )
    else:
        local = _is_private(host)
        yield Finding(
            "links",
            "ok",
            Words(f"Tautan tiket: {base}", f"Ticket links: {base}"),
            Words(
                "Hanya ponsel di Wi-Fi gedung yang membukanya; untuk semua: `--public-url ALAMAT`.",
                "Only phones in the hall's Wi-Fi open them; for all: `--public-url ADDRESS`.",
            )
            if local
            else NOTHING,
        )


def _is_private(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return host.endswith(".local") or "." not in host


def backups(situation: Situation) -> Iterator[Finding]:
    """How old the last backup is."""
    todo = Words("Jalankan `senyum backup BERKAS`.", "Run `senyum backup FILE`.")
    try:
        noted = json.loads((situation.place.data / "last-backup.json").read_text())
        at = datetime.fromisoformat(noted["at"])
    except (OSError, ValueError, KeyError):
        yield Finding("backups", "warn", Words("Belum pernah dicadangkan", "There has never been a backup"), todo)
        return
    hours = int((situation.now - at).total_seconds() // 3600)
    old = situation.now - at > OLDEST_BACKUP
    yield Finding(
        "backups",
        "warn" if old else "ok",
        Words(
            f"Cadangan terakhir {hours} jam lalu: {noted['file']}", f"Last backup {hours} hours ago: {noted['file']}"
        ),
        todo if old else NOTHING,
    )


CHECKS: tuple[Callable[[Situation], Iterator[Finding]], ...] = (
    python,
    packages,
    front_end,
    disk,
    port,
    zones,
    time_service,
    keys,
    voice,
    secure,
    links,
    backups,
)
