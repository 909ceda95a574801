"""The tiny hall that every package's tests stand in."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from senyum.catalogue import queries as catalogue
from senyum.catalogue.models import Line
from senyum.journal.actor import SYSTEM
from senyum.journal.models import Entry
from senyum.malls import queries as halls
from senyum.malls.models import Booth, Mall
from senyum.people.models import Role
from senyum.rehearsal.commands import put_small_hall
from senyum.visits.classes import CODES
from senyum.visits.models import PriorityClass

pytestmark = pytest.mark.django_db


def test_what_stands_in_the_small_hall(small_mall):
    assert sorted(small_mall.lines) == ["ambil", "kasir", "kk", "ktp", "skck"]
    assert sorted(small_mall.booths) == sorted(small_mall.agencies) == ["bank", "dukcapil", "polres"]
    assert list(small_mall.counters) == [1, 2, 3, 4]
    assert sorted(small_mall.groups) == ["A", "B", "K", "P"]
    assert sorted(small_mall.devices) == ["display", "kiosk", "smile"]
    assert small_mall.lines["ambil"].kind == Line.Kind.PICKUP
    assert catalogue.cashier_line(small_mall.mall) == small_mall.lines["kasir"]


def test_two_tiers(small_mall):
    lines = small_mall.lines
    assert catalogue.counter_tiers(small_mall.counters[1]) == ([lines["ktp"].id], [lines["kk"].id])
    assert catalogue.counter_tiers(small_mall.counters[2]) == (
        [lines["kk"].id, lines["ambil"].id],
        [lines["ktp"].id],
    )


def test_each_user_has_one_role(small_mall):
    roles = {r.user.username: (r.role, r.agency) for r in Role.objects.select_related("user", "agency")}
    assert set(roles) == set(small_mall.users)
    assert roles["petugas3"] == ("officer", small_mall.agencies["polres"])
    assert roles["pengelola"] == ("manager", None)
    assert not small_mall.users["petugas1"].has_usable_password()


def test_every_priority_class_has_a_policy(small_mall):
    assert set(PriorityClass.objects.filter(mall=small_mall.mall).values_list("code", flat=True)) == set(CODES)


@pytest.mark.parametrize(
    "now",
    [
        datetime(2026, 8, 17, 3, tzinfo=UTC),
        datetime(2026, 11, 28, 16, 58, tzinfo=UTC),
        datetime(2026, 11, 28, 17, 0, tzinfo=UTC),
    ],
)
def test_the_small_hall_is_always_open(now):
    mall = put_small_hall(now=now, actor=SYSTEM)
    for booth in Booth.objects.filter(mall=mall):
        assert halls.booth_day(booth, halls.local_day(mall, now)).takes_tickets(now)


def test_a_second_time_changes_nothing(small_mall, django_assert_max_num_queries):
    with django_assert_max_num_queries(4):
        assert put_small_hall(now=datetime(2026, 11, 24, tzinfo=UTC), actor=SYSTEM) == small_mall.mall
    assert Mall.objects.count() == 1 and Entry.objects.filter(kind="mall.put").count() == 1


def test_it_is_quick_to_make(db, django_assert_max_num_queries):
    with django_assert_max_num_queries(30):
        put_small_hall(now=datetime(2026, 11, 24, tzinfo=UTC), actor=SYSTEM)
