"""The floor: who may see it, who may pause the hall."""

from __future__ import annotations

import pytest
from django.test import Client

from senyum.malls.models import HallPause
from senyum.rehearsal.queries import SmallHall

ADDRESS = "/console/contoh/floor/"


def _as(hall: SmallHall, user: str) -> Client:
    client = Client()
    client.force_login(hall.users[user])
    return client


def test_nobody_goes_to_the_log_in(small_mall: SmallHall) -> None:
    assert Client().get(ADDRESS).status_code == 302


@pytest.mark.parametrize(
    ("user", "status"), [("petugas1", 403), ("koordinator", 200), ("pengelola", 200), ("sekda", 200)]
)
def test_who_sees_it(small_mall: SmallHall, user: str, status: int) -> None:
    assert _as(small_mall, user).get(ADDRESS).status_code == status


def test_the_manager_pauses_and_resumes_the_hall_and_leadership_does_not(small_mall: SmallHall) -> None:
    assert _as(small_mall, "sekda").post(f"{ADDRESS}pause/", {"reason": "Salat Jumat"}).status_code == 403
    manager = _as(small_mall, "pengelola")
    assert manager.post(f"{ADDRESS}pause/", {"reason": "Salat Jumat"}).status_code == 302
    assert "Salat Jumat" in manager.get(ADDRESS).content.decode()
    assert manager.post(f"{ADDRESS}resume/").status_code == 302
    assert not HallPause.objects.filter(ended_at=None).exists()
