"""All writes about what citizens say."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django_scopes import scopes_disabled

from senyum.core.errors import NotPossible
from senyum.journal.actor import Actor
from senyum.journal.record import record
from senyum.surveys.models import Smile
from senyum.visits.commands import answer_smile_invitation

CHANNELS = ("phone", "tablet", "kiosk", "api")


def smile(*, ticket_id: int, score: int, channel: str, now: datetime) -> Smile:
    """One of four faces (1 sad - 4 glad) for a served ticket, once. NotPossible otherwise."""
    if score not in (1, 2, 3, 4):
        raise NotPossible("score", _("Pilih satu dari empat wajah."))
    if channel not in CHANNELS:
        raise NotPossible("channel", _("Saluran itu tidak dikenal."))
    with scopes_disabled(), transaction.atomic():
        ticket = answer_smile_invitation(ticket_id=ticket_id, now=now)
        row = Smile.objects.create(
            ticket=ticket,
            mall_id=ticket.mall_id,
            agency_id=ticket.agency_id,
            line_id=ticket.line_id,
            score=score,
            channel=channel,
            at=now,
        )
        record(
            mall=ticket.mall.code,
            at=now,
            kind="smile.given",
            actor=Actor("citizen", "", ""),
            subject=("smile", row.pk, ""),
            data={"line": ticket.line_id, "score": score},
        )
    return row
