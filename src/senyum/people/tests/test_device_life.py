"""When a device was used last, and how a pairing ends."""

from __future__ import annotations

from datetime import timedelta

import pytest

from senyum.core import clock
from senyum.core.errors import NotPossible
from senyum.jobs.end_pairings import end_pairings as job
from senyum.journal.actor import SYSTEM
from senyum.journal.models import Entry
from senyum.people import commands, queries, tokens
from senyum.people.commands.devices import PAIRING_KEPT, SEEN_EVERY
from senyum.people.models import ApiToken, Device

pytestmark = pytest.mark.django_db


def paired(hall, kind="kiosk", now=None):
    return commands.create_token(
        role=kind, mall=hall.mall, device=hall.devices[kind], now=now or clock.wall(), actor=SYSTEM
    )


def test_a_device_is_noted_once_in_ten_minutes(small_mall):
    device, now = small_mall.devices["kiosk"], clock.wall()
    for minutes in (0, 3, 9):
        commands.note_device_seen(device_id=device.pk, now=now + timedelta(minutes=minutes))
        device.refresh_from_db()
        assert device.last_seen_at == now
    commands.note_device_seen(device_id=device.pk, now=now + SEEN_EVERY + timedelta(seconds=1))
    device.refresh_from_db()
    assert device.last_seen_at > now
    assert not Entry.objects.filter(subject_kind="device").exists()


def test_a_device_that_speaks_the_api_is_seen_too(small_mall, client):
    answer = client.get("/api/v1/malls/contoh/lines", headers={"Authorization": f"Bearer {paired(small_mall)}"})
    assert answer.status_code == 200
    assert Device.objects.get(pk=small_mall.devices["kiosk"].pk).last_seen_at is not None


def test_pairings_end_after_ninety_days_without_use(small_mall):
    now = clock.wall()
    unused, used, fresh = (
        paired(small_mall, kind, now - PAIRING_KEPT - timedelta(days=days))
        for kind, days in (("kiosk", 1), ("display", 40), ("smile", -2))
    )
    Device.objects.filter(pk=small_mall.devices["display"].pk).update(last_seen_at=now - timedelta(days=80))
    assert job(0) == 1
    assert tokens.look_up(unused, now) is None
    assert tokens.look_up(used, now) is not None
    assert tokens.look_up(fresh, now) is not None
    assert Entry.objects.get(kind="device.unpaired").reason == "unused"
    assert job(0) == 0


def test_a_token_of_a_program_does_not_end_by_age(small_mall):
    secret = commands.create_token(
        role="manager", mall=small_mall.mall, now=clock.wall() - timedelta(days=900), actor=SYSTEM
    )
    job(0)
    assert tokens.look_up(secret, clock.wall()) is not None


def test_ending_a_pairing_revokes_every_token_of_the_device(small_mall):
    secrets = [paired(small_mall), paired(small_mall)]
    other = paired(small_mall, "display")
    device = small_mall.devices["kiosk"]
    assert commands.end_pairings(device=device, now=clock.now(), actor=SYSTEM) == 2
    assert [tokens.look_up(secret, clock.wall()) for secret in secrets] == [None, None]
    assert tokens.look_up(other, clock.wall()) is not None
    with pytest.raises(NotPossible):
        commands.end_pairings(device=device, now=clock.now(), actor=SYSTEM)
    assert ApiToken.objects.filter(revoked_at=None).count() == 1


def test_the_list_says_what_is_paired_and_when_it_was_used(small_mall):
    paired(small_mall)
    listed = {row.kind: row for row in queries.devices_of(small_mall.mall)}
    assert (listed["kiosk"].pairings, listed["display"].pairings) == (1, 0)
    assert listed["kiosk"].seen is None
