"""The ways out of the house. Each takes a letter and returns when the other side has it, or says why not."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings

from senyum.notices.channels import email, file, webhook, webpush, whatsapp
from senyum.notices.channels.letter import Letter, Refused, Unreachable
from senyum.notices.ways import EMAIL, WEBHOOK, WEBPUSH, WHATSAPP

__all__ = ["CHANNELS", "Letter", "Refused", "Unreachable", "send"]

CHANNELS: dict[str, Callable[[Letter], None]] = {
    EMAIL: email.send,
    WEBHOOK: webhook.send,
    WHATSAPP: whatsapp.send,
    WEBPUSH: webpush.send,
}


def send(channel: str, letter: Letter) -> None:
    """Carry the letter out. Raises Unreachable (try later) or Refused (never again).

    In a demo every channel ends in a file of the data directory: nothing leaves the machine.
    """
    if channel not in CHANNELS:
        raise Refused(f"there is no channel {channel!r}")
    if settings.DEMO:
        file.send(letter, channel)
    else:
        CHANNELS[channel](letter)
