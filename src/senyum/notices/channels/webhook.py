"""A signed POST to the hall's webhook, in the form of the Standard Webhooks specification.

Headers `webhook-id` (the same in every attempt), `webhook-timestamp` (epoch seconds) and `webhook-signature`
(`v1,` + base64 of HMAC-SHA256 over `id.timestamp.body` with the hall's secret). Source: standardwebhooks.com.

https only, to public addresses only (`http`). A redirect is a refusal.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

from django.conf import settings

from senyum.notices.channels import http
from senyum.notices.channels.letter import Letter, Unreachable

WHO = "the webhook"


def send(letter: Letter) -> None:
    """POST the letter to its address. Raises Unreachable (no answer, 5xx, 429, 408) or Refused."""
    secret = settings.NOTICE_WEBHOOK_SECRET
    if not secret:
        raise Unreachable("the webhook has no secret: SENYUM_WEBHOOK_SECRET is empty")
    post(letter, secret.encode())


def signature(secret: bytes, uid: str, timestamp: int, body: bytes) -> str:
    """The value of `webhook-signature`."""
    digest = hmac.new(secret, f"{uid}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


def payload(letter: Letter) -> bytes:
    """The body: {id, type, timestamp, mall, about, data, text}."""
    kind, about_id, label = letter.about
    row = {
        "id": letter.uid,
        "type": letter.kind,
        "timestamp": letter.at.isoformat(),
        "mall": letter.mall,
        "about": {"kind": kind, "id": about_id, "label": label},
        "data": dict(letter.data),
        "text": f"{letter.subject}\n\n{letter.body}",
    }
    return json.dumps(row, ensure_ascii=False).encode()


def post(letter: Letter, secret: bytes, *, guards: http.Guards = http.PUBLIC) -> None:
    """Sign the letter and send it. Errors as `send`."""
    body, timestamp = payload(letter), int(letter.at.timestamp())
    headers = {
        "content-type": "application/json",
        "webhook-id": letter.uid,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(secret, letter.uid, timestamp, body),
    }
    http.judge(http.post(letter.address, body, headers, who=WHO, guards=guards), WHO)
