"""The emergency button also reaches managers who are not looking at a screen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core import mail

from senyum.jobs.send_notices import send_notices
from senyum.journal.actor import SYSTEM
from senyum.notices.models import Notice
from senyum.people.models import RoleName
from senyum.people.queries import addresses
from senyum.rehearsal.queries import SmallHall
from senyum.roster import commands
from senyum.roster.models import EmergencyCall

NOW = datetime(2026, 3, 2, 3, 5, tzinfo=UTC)


@pytest.fixture
def session_id(small_mall: SmallHall) -> int:
    user = small_mall.users["petugas1"]
    return commands.open_session(counter=small_mall.counters[1], user=user, now=NOW, actor=SYSTEM).pk


def give_address(hall: SmallHall, name: str, email: str = "kepala@mpp.example") -> None:
    hall.users[name].email = email
    hall.users[name].save(update_fields=["email"])


def press(session_id: int) -> EmergencyCall:
    return commands.raise_emergency(session_id=session_id, now=NOW, actor=SYSTEM)


def test_a_manager_with_an_address_gets_a_mail_and_a_second_press_sends_no_second(
    small_mall: SmallHall, session_id: int, monkeypatch: Any
) -> None:
    give_address(small_mall, "pengelola")
    press(session_id)
    press(session_id)
    notice = Notice.objects.get()
    assert (notice.address, notice.mall, notice.subject_label) == ("kepala@mpp.example", "contoh", "1")
    assert notice.useful_until == NOW + timedelta(minutes=30)
    monkeypatch.setattr("senyum.core.clock.now", lambda: NOW)
    assert send_notices(0) == 1
    (sent,) = mail.outbox
    assert sent.subject == f"Bantuan segera: loket 1, {small_mall.mall.short_name}"
    assert "pukul 10.05" in str(sent.body)


def test_without_an_address_the_screens_alone_call(small_mall: SmallHall, session_id: int) -> None:
    assert press(session_id).closed_at is None
    assert not Notice.objects.exists()


def test_the_next_emergency_is_another_notice(small_mall: SmallHall, session_id: int) -> None:
    give_address(small_mall, "pengelola")
    first = press(session_id)
    commands.close_emergency(emergency_id=first.pk, now=NOW, actor=SYSTEM)
    press(session_id)
    assert Notice.objects.count() == 2


def test_only_active_managers_of_this_mall_are_told(small_mall: SmallHall) -> None:
    for name in ("pengelola", "penyambut", "petugas1"):
        give_address(small_mall, name, f"{name}@mpp.example")
    assert addresses(small_mall.mall, [RoleName.MANAGER]) == ["pengelola@mpp.example"]
    small_mall.users["pengelola"].is_active = False
    small_mall.users["pengelola"].save(update_fields=["is_active"])
    assert addresses(small_mall.mall, [RoleName.MANAGER]) == []
