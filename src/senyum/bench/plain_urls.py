"""The same booking the plain way, for `senyum bench rush` alone: ORM, `select_for_update`, a commit each."""

from __future__ import annotations

import hashlib
import json
import secrets
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django_scopes import scopes_disabled

from senyum.bookings import rules
from senyum.bookings.models import Booking, Leg, Place, Slot
from senyum.catalogue.models import Line
from senyum.core import clock
from senyum.core.models import IdempotencyKey
from senyum.journal.record import record
from senyum.malls.models import Mall
from senyum.malls.queries import local_day
from senyum.people import tokens
from senyum.urls import urlpatterns as house


@csrf_exempt
def book(request: HttpRequest) -> HttpResponse:
    """As most would write it: lock the slot, count, create the rows."""
    identity = tokens.look_up(request.headers.get("Authorization", "").removeprefix("Bearer "), clock.wall())
    if identity is None:
        return JsonResponse({"code": "unauthorized"}, status=401)
    body = json.loads(request.body)
    now = clock.now()
    leg = body["legs"][0]
    starts = datetime.fromisoformat(leg["starts"])
    with scopes_disabled(), transaction.atomic():
        mall = Mall.objects.get(code=body["mall"])
        agency, _dot, service = leg["service"].partition(".")
        line = Line.objects.select_related("service", "booth").get(
            mall=mall, agency__code=agency, service__code=service
        )
        slot = Slot.objects.select_for_update().get(line=line, starts=starts)
        taken = set(Place.objects.filter(slot=slot).values_list("number", flat=True))
        numbers = rules.free_numbers(slot.capacity, taken, 1)
        if numbers is None:
            free = [s.starts for s in Slot.objects.filter(line=line, starts__gt=starts).order_by("starts")[:3]]
            return JsonResponse({"code": "full", "next_free": free}, status=409)
        digest = hashlib.sha256(request.body).digest()
        token, reference = secrets.token_urlsafe(16), rules.new_reference()
        IdempotencyKey.objects.create(
            scope=f"token:{identity.token_id}",
            key=request.headers["Idempotency-Key"],
            digest=digest,
            answer={"token": token},
            at=now,
        )
        booking = Booking.objects.create(
            mall=mall,
            day=local_day(mall, starts),
            reference=reference,
            token=token,
            channel=body["channel"],
            starts=starts,
            made_at=now,
            sold_at=now,
        )
        made = Leg.objects.create(
            booking=booking,
            agency_id=line.agency_id,
            line=line,
            service=line.service,
            slot=slot,
            booth=line.booth,
            day=booking.day,
            position=1,
            quantity=1,
            starts=starts,
            ends=starts + timedelta(minutes=line.service.standard_minutes),
        )
        Place.objects.create(slot=slot, leg=made, number=numbers[0], capacity=slot.capacity)
        record(
            mall=mall.code,
            at=now,
            kind="booking.made",
            actor=identity.actor,
            subject=("booking", booking.pk, reference),
            data={"booking": booking.pk, "lines": [line.pk]},
        )
    return JsonResponse({"reference": reference, "token": token}, status=201)


urlpatterns: list[Any] = [path("plain/bookings", book), *house]
