"""What an administrator writes: idempotent, journaled once, refused in sentences."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import pytest
from django.db import transaction

from senyum.core.errors import NotPossible
from senyum.journal.actor import SYSTEM
from senyum.journal.models import Entry
from senyum.malls import commands, queries
from senyum.malls.models import Agency, Booth, BoothHours, CalendarDay, Counter, Mall
from senyum.malls.rules import Hours

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)
BY = {"now": NOW, "actor": SYSTEM}
OFFICE = Hours(time(8), time(14, 30), time(15))
WORKDAYS = dict.fromkeys(range(5), OFFICE)


def put_mall(**changes):
    values = {"code": "uji", "name": "MPP Uji", "short_name": "Uji", "timezone": "Asia/Makassar", **changes}
    return commands.put_mall(**values, **BY)


def put_agency(**changes):
    return commands.put_agency(**{"code": "dinas", "name": "Dinas Uji", "short_name": "Dinas", **changes}, **BY)


def put_booth(hours=None, **changes):
    return commands.put_booth(
        mall=put_mall(), agency=put_agency(), hours=WORKDAYS if hours is None else hours, **changes, **BY
    )


def entries(kind):
    return list(Entry.objects.filter(kind=kind).order_by("id"))


def test_a_mall_is_put_once():
    first, second = put_mall(), put_mall()
    assert first.pk == second.pk and Mall.objects.filter(code="uji").count() == 1
    (entry,) = entries("mall.put")
    assert (entry.mall, entry.subject_id, entry.data) == ("uji", str(first.pk), {"changed": ["created"]})


def test_a_changed_mall_is_journaled_with_its_fields():
    put_mall()
    put_mall(name="MPP Uji Baru", languages=["id", "su"])
    assert Mall.objects.get(code="uji").languages == ["id", "su"]
    assert entries("mall.put")[-1].data == {"changed": ["name", "languages"]}


def test_a_foreign_time_zone_is_refused():
    with pytest.raises(NotPossible) as refused:
        put_mall(timezone="Europe/Warsaw")
    assert refused.value.code == "zone"
    assert not Mall.objects.filter(code="uji").exists()


def test_an_agency_belongs_to_the_house():
    put_agency()
    put_agency()
    (entry,) = entries("agency.put")
    assert entry.mall == commands.HOUSE
    assert Agency.objects.get(code="dinas").short_name == "Dinas"


def test_a_booth_with_its_hours():
    booth = put_booth(quota_per_day=200)
    assert sorted(booth.hours.values_list("weekday", flat=True)) == [0, 1, 2, 3, 4]
    put_booth(quota_per_day=200)
    assert len(entries("booth.put")) == 1
    put_booth({0: OFFICE, 2: Hours(time(9), time(11), time(12))}, quota_per_day=200)
    assert dict(BoothHours.objects.filter(booth=booth).values_list("weekday", "opens")) == {
        0: time(8),
        2: time(9),
    }
    assert entries("booth.put")[-1].data == {"changed": ["hours"]}


@pytest.mark.parametrize(
    "hours",
    [
        {0: Hours(time(8), time(8), time(15))},
        {0: Hours(time(8), time(15, 1), time(15))},
        {7: OFFICE},
    ],
)
def test_hours_out_of_order_are_refused(hours):
    with pytest.raises(NotPossible) as refused, transaction.atomic():
        put_booth(hours)
    assert refused.value.code == "hours"
    assert not Booth.objects.filter(mall__code="uji").exists()


def test_last_ticket_may_be_the_closing_time():
    booth = put_booth({0: Hours(time(8), time(15), time(15))})
    assert booth.hours.get().last_ticket == time(15)


def test_a_counter_number_is_unique_in_the_hall():
    booth = put_booth()
    counter = commands.put_counter(booth=booth, number=3, **BY)
    assert commands.put_counter(booth=booth, number=3, **BY).pk == counter.pk
    commands.put_counter(booth=booth, number=3, active=False, **BY)
    assert not Counter.objects.get(mall=booth.mall, number=3).active
    assert [e.data["changed"] for e in entries("counter.put")] == [["created"], ["active"]]


def test_a_local_decision_changes_the_day_at_once():
    booth = put_booth()
    tuesday = date(2026, 11, 24)
    assert queries.booth_day(booth, tuesday).is_open
    commands.put_calendar_day(mall=booth.mall, day=tuesday, is_open=False, reason="Pindah gedung", **BY)
    assert queries.booth_day(booth, tuesday).reason == "Pindah gedung"
    commands.put_calendar_day(mall=booth.mall, day=tuesday, is_open=True, closes=time(12), reason="Rapat", **BY)
    assert queries.booth_day(booth, tuesday).note == "Tutup lebih awal: Rapat"
    commands.drop_calendar_day(mall=booth.mall, day=tuesday, **BY)
    assert queries.booth_day(booth, tuesday).note == ""
    assert not CalendarDay.objects.filter(mall=booth.mall).exists()
    assert len(entries("calendar.put")) == 2 and len(entries("calendar.dropped")) == 1


def test_a_decision_needs_a_reason_and_exists_before_it_is_dropped():
    mall = put_mall()
    with pytest.raises(NotPossible) as refused:
        commands.put_calendar_day(mall=mall, day=date(2026, 11, 24), is_open=False, reason="  ", **BY)
    assert refused.value.code == "reason"
    with pytest.raises(NotPossible) as refused:
        commands.drop_calendar_day(mall=mall, day=date(2026, 11, 24), **BY)
    assert refused.value.code == "no_calendar_day"
