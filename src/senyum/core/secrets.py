"""Where a hall keeps its data and its keys."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def data_directory() -> Path:
    """The hall's data directory: `SENYUM_DATA`, else the user's data directory.

    Made when missing: 0700; for root 0711, so that the server's unprivileged uid can walk through to its own part.
    """
    given = os.environ.get("SENYUM_DATA")
    if given:
        path = Path(given)
    else:
        base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
        path = Path(base) / "senyum"
    path.mkdir(parents=True, exist_ok=True, mode=0o711 if os.geteuid() == 0 else 0o700)
    return path


def secret_key(directory: Path) -> str:
    """`SENYUM_SECRET`, else the key file of the data directory, made once (0600) and never replaced."""
    given = os.environ.get("SENYUM_SECRET")
    if given:
        return given
    path = directory / "secret.key"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(48))
    return path.read_text().strip()
