"""Where a hall keeps its data and its keys."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key


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
    return _kept(directory / "secret.key", lambda: secrets.token_urlsafe(48))


def push_key(directory: Path) -> ec.EllipticCurvePrivateKey:
    """The hall's key towards push services (VAPID, P-256): `push.key` (PEM) of the data directory, made once (0600).

    Browsers bind their subscriptions to it: with another key all of them are void. With several web machines, copy
    the file as you copy the secret. ValueError when the file holds no such key.
    """
    text = _kept(directory / "push.key", _new_push_key)
    key = load_pem_private_key(text.encode(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise ValueError("push.key holds no key of the curve P-256")
    return key


def _new_push_key() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _kept(path: Path, make: Callable[[], str]) -> str:
    """The text of a key file; written whole before it has its name, so that nobody reads half a key."""
    if not path.exists():
        draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}.new")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(make())
        try:
            # Fails when another process was first: then its key is the hall's.
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()
