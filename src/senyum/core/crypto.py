"""Personal fields: encrypted at rest, and found again by a keyed hash.

AES-256-GCM with a key derived by HKDF from the hall's secret (`SECRET_KEY`; older ones in `SECRET_KEY_FALLBACKS` still
open what they closed). Each value begins with the id of its key, so that a wrong key refuses and never gives rubbish.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

_ID_BYTES, _NONCE_BYTES = 4, 12


class WrongKey(Exception):
    """What was encrypted belongs to another key, or was changed."""


@lru_cache(maxsize=32)
def _derived(secret: str, purpose: str) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=f"senyum {purpose}".encode()).derive(secret.encode())


def _keys(purpose: str) -> list[tuple[bytes, bytes]]:
    """(id, key) of the current secret and of the older ones."""
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    keys = [_derived(secret, purpose) for secret in secrets]
    return [(hashlib.sha256(key).digest()[:_ID_BYTES], key) for key in keys]


def encrypt(text: str, *, purpose: str) -> bytes:
    """The text, readable again only with the same secret and `purpose`."""
    key_id, key = _keys(purpose)[0]
    nonce = os.urandom(_NONCE_BYTES)
    return key_id + nonce + AESGCM(key).encrypt(nonce, text.encode(), purpose.encode())


def decrypt(value: bytes, *, purpose: str) -> str:
    """The text of `encrypt`. Raises WrongKey for another key, another purpose or a changed value."""
    data = bytes(value)
    key = dict(_keys(purpose)).get(data[:_ID_BYTES])
    if key is None:
        raise WrongKey("the value was encrypted with a key that this hall does not have")
    nonce, sealed = data[_ID_BYTES : _ID_BYTES + _NONCE_BYTES], data[_ID_BYTES + _NONCE_BYTES :]
    try:
        return AESGCM(key).decrypt(nonce, sealed, purpose.encode()).decode()
    except InvalidTag as error:
        raise WrongKey("the value was changed, or belongs to something else") from error


def blind_index(text: str, *, purpose: str) -> str:
    """A keyed hash (HMAC-SHA-256, 128 bits as hexadecimal) by which an encrypted value is found, and only so."""
    key = _derived(settings.SECRET_KEY, f"index {purpose}")
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()[:32]
