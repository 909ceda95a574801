"""What is true of a device: noted once, beside its other settings."""

from __future__ import annotations

import pytest

from senyum.core import clock
from senyum.core.errors import NotPossible
from senyum.journal.actor import SYSTEM
from senyum.journal.models import Entry
from senyum.people.commands import set_device_state
from senyum.people.models import Device

pytestmark = pytest.mark.django_db


def _sets(device_id: int, **state: bool) -> None:
    set_device_state(device_id=device_id, state=state, now=clock.now(), actor=SYSTEM)


def test_a_state_is_kept_beside_the_settings_and_told_once(small_mall):
    board = small_mall.devices["display"]
    for _ in range(2):
        _sets(board.pk, printer_out=True)
    assert Device.objects.get(pk=board.pk).settings == {"speaks": True, "printer_out": True}
    entry = Entry.objects.get(kind="device.state_set")
    assert (entry.mall, entry.subject_label, entry.data) == ("contoh", board.name, {"printer_out": True})
    _sets(board.pk, printer_out=False)
    assert Entry.objects.filter(kind="device.state_set").count() == 2


def test_what_was_never_set_is_false(small_mall):
    _sets(small_mall.devices["kiosk"].pk, printer_out=False)
    assert not Entry.objects.filter(kind="device.state_set").exists()


def test_an_unknown_device_is_refused(db):
    with pytest.raises(NotPossible, match="device_unknown"):
        _sets(1, printer_out=True)
