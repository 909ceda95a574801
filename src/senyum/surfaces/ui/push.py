"""The offer "tell me on this phone", for every page that somebody may follow (decision 0192).

A page includes `ui/push.html` with an `Offer` as `push` and loads `ui/push.js`; its view of POST calls `answer`. The
script shows the offer only where the browser can do it (a secure context, service workers, push), and asks for
permission only after the tap.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from senyum.notices import commands, queries
from senyum.notices.channels import webpush
from senyum.surfaces.ui.access import public

_WORKER = Path(__file__).parent / "static" / "ui" / "push-worker.js"


@dataclass(frozen=True)
class Offer:
    """`key`: the hall's public key; `action`: where the form goes; `known`: who follows already, by fingerprint."""

    key: str
    action: str
    known: str


class PushForm(forms.Form):
    """A browser's subscription; with `stop` it wants to be told no more."""

    endpoint = forms.CharField(max_length=2000)
    p256dh = forms.CharField(max_length=200, required=False)
    auth = forms.CharField(max_length=100, required=False)
    stop = forms.CharField(max_length=1, required=False)


def offer(*, kind: str, subject_id: int, action: str, now: datetime) -> Offer | None:
    """What the page needs for its offer; None where the hall switched push off."""
    if not settings.PUSH:
        return None
    known = queries.fingerprints(kind=kind, subject_id=subject_id, now=now)
    return Offer(webpush.public_key(), action, " ".join(known))


def answer(request: HttpRequest, *, kind: str, subject_id: int, useful_until: datetime, now: datetime) -> bool:
    """Follow or unfollow as the form says. False, and nothing changed, when it is none that can be read."""
    form = PushForm(request.POST)
    if not settings.PUSH or not form.is_valid():
        return False
    given = form.cleaned_data
    if given["stop"]:
        commands.unfollow(kind=kind, subject_id=subject_id, endpoint=given["endpoint"], now=now)
        return True
    try:
        commands.follow(
            kind=kind,
            subject_id=subject_id,
            endpoint=given["endpoint"],
            p256dh=given["p256dh"],
            auth=given["auth"],
            language=(get_language() or "id")[:2],
            useful_until=useful_until,
            now=now,
        )
    except ValueError:
        return False
    return True


@public
@require_safe
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker. It lies beside the pages: where a script lies says which pages it may open."""
    response = HttpResponse(_WORKER.read_bytes(), content_type="text/javascript; charset=utf-8")
    response.headers["Cache-Control"] = "no-cache"
    return response
