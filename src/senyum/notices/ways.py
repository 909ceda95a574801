"""The ways out of the house by name, and which of them this hall has."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.conf import settings

from senyum.notices.phone import mobile

EMAIL, WEBHOOK, WHATSAPP, WEBPUSH = "email", "webhook", "whatsapp", "webpush"
#: Channel and address in the channel's one form.
Way = tuple[str, str]

_OPEN: dict[str, Callable[[], bool]] = {
    # An unset mail server is a fault that the operator must see: such notices wait and say so.
    EMAIL: lambda: True,
    WEBHOOK: lambda: bool(settings.NOTICE_WEBHOOK_URL),
    WHATSAPP: lambda: settings.DEMO or bool(settings.WHATSAPP_URL and settings.WHATSAPP_PHONE_ID),
    WEBPUSH: lambda: settings.PUSH,
}
_FORM: dict[str, Callable[[str], str]] = {
    EMAIL: str.strip,
    WEBHOOK: str.strip,
    WHATSAPP: mobile,
    # A subscription's `uid`.
    WEBPUSH: lambda uid: str(UUID(uid)),
}


def is_open(channel: str) -> bool:
    """Whether a notice may be queued for this channel. ValueError for a channel that does not exist."""
    if channel not in _OPEN:
        raise ValueError(f"there is no channel {channel!r}")
    return _OPEN[channel]()


def normal(channel: str, address: str) -> Way:
    """The way with its address in one form, so that one receiver is one receiver. ValueError for what is none."""
    if channel not in _FORM:
        raise ValueError(f"there is no channel {channel!r}")
    return channel, _FORM[channel](address)
