"""The Sumedang seed: complete, sourced, repeatable, and a hall in which every line is served."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
import typer
from typer.testing import CliRunner

from senyum.bookings import hall_queries
from senyum.bookings.plan import plan_of
from senyum.catalogue import queries as catalogue
from senyum.catalogue.models import CounterLine, Line, LineGroup, Service
from senyum.journal.models import Entry
from senyum.malls import queries as halls
from senyum.malls.models import Agency, Booth, CalendarDay, Counter, Mall
from senyum.people.models import Device, Role, RoleName, User
from senyum.rehearsal import cli
from senyum.rehearsal.rows import SeedError, _checked, booth_hours, clock_time, read
from senyum.rehearsal.seed import DEMO_PASSWORD, demo_password, seed
from senyum.visits.classes import CODES
from senyum.visits.models import PriorityClass

NOW = datetime(2026, 11, 24, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def report(django_db_setup, django_db_blocker):
    """The hall seeded once for this file, and taken away afterwards."""
    from django.db import transaction

    with django_db_blocker.unblock():
        outer = transaction.atomic()
        outer.__enter__()
        try:
            yield seed("sumedang", now=NOW)
        finally:
            transaction.set_rollback(True)
            outer.__exit__(None, None, None)
            halls.forget()


@pytest.fixture
def sumedang(report):
    return Mall.objects.get(code="sumedang")


@pytest.fixture
def jatinangor(report):
    return Mall.objects.get(code="jatinangor")


def booth(mall, code):
    return Booth.objects.get(mall=mall, agency__code=code)


def test_counts(report):
    assert (report.malls, Mall.objects.count()) == (2, 2)
    assert report.agencies == Agency.objects.count() == 30
    assert report.services == Service.objects.count() >= 65
    assert Counter.objects.filter(mall__code="sumedang").count() >= 40
    assert sorted(Counter.objects.filter(mall__code="sumedang").values_list("number", flat=True)) == list(range(1, 53))
    assert report.counters == Counter.objects.count() and report.lines == Line.objects.count()
    assert report.changes == Entry.objects.filter(actor_id="seed").count() > 500


def test_a_second_run_changes_nothing(report):
    before = Entry.objects.count()
    again = seed("sumedang", now=datetime(2026, 11, 25, 1, tzinfo=UTC))
    assert again.changes == 0 and Entry.objects.count() == before
    assert (again.services, again.counters, again.lines) == (report.services, report.counters, report.lines)


def test_a_hand_made_change_is_put_right(report):
    Service.objects.filter(code="skck").update(fee_rupiah=1)
    assert seed("sumedang", now=NOW).changes == 1
    assert Service.objects.get(code="skck").fee_rupiah == 30000


def test_everything_is_marked_as_sample_with_its_source(report):
    for model in (Mall, Agency, Service):
        assert not model.objects.filter(is_sample=False).exists()
        assert not model.objects.exclude(source__regex=r"^\[[VCM]\]").exists()
    assert not Booth.objects.exclude(source__regex=r"^\[[VCM]\]").exists()
    assert not User.objects.filter(is_sample=False).exists()


def test_each_service_says_what_to_bring_how_long_and_how_much(report):
    for service in Service.objects.prefetch_related("current__requirements"):
        assert list(service.requirements.all()), service.code
        assert service.standard_minutes >= 1 and service.time_text, service.code
        assert service.fee_rupiah is not None or service.fee_text, service.code
        assert service.name_su and service.name_en and service.keywords, service.code
        assert all(r.text_su and r.text_en for r in service.requirements.all()), service.code


def test_known_fees(report):
    fees = dict(Service.objects.values_list("code", "fee_rupiah"))
    assert (fees["skck"], fees["sim-a-perpanjang"], fees["sim-c-perpanjang"]) == (30000, 80000, 75000)
    assert (fees["paspor-5"], fees["paspor-10"], fees["epaspor-5"], fees["epaspor-10"]) == (
        350000,
        650000,
        650000,
        950000,
    )
    assert fees["ktp-baru"] == fees["pengesahan-stnk"] == 0
    assert fees["nikah"] is None and fees["pbb-bayar"] is None


def test_what_costs_an_amount_at_the_hall_is_paid_at_the_cashier(report, sumedang):
    assert not Service.objects.filter(fee_rupiah__gt=0, pays_at_cashier=False).exists()
    assert not Service.objects.filter(fee_rupiah=0, pays_at_cashier=True).exists()
    assert catalogue.cashier_line(sumedang).agency.code == "bjb"


def test_no_hall_without_a_cashier_offers_what_is_paid_there(report):
    for mall in Mall.objects.all():
        if catalogue.cashier_line(mall) is None:
            assert not Line.objects.filter(mall=mall, service__pays_at_cashier=True).exists(), mall


def test_prefixes_are_unique_and_not_mistaken_for_digits(report):
    for mall in Mall.objects.all():
        prefixes = list(LineGroup.objects.filter(mall=mall).values_list("prefix", flat=True))
        assert len(prefixes) == len(set(prefixes))
        assert not {"I", "O"} & set(prefixes)
    names = dict(LineGroup.objects.filter(mall__code="sumedang").values_list("prefix", "name"))
    assert (names["A"], names["P"], names["K"]) == ("Disdukcapil", "Pengambilan dokumen", "Kasir")
    assert not LineGroup.objects.filter(lines__isnull=True).exists()


def test_short_lane_of_three_agencies(report, sumedang):
    pickups = Line.objects.filter(mall=sumedang, kind=Line.Kind.PICKUP).select_related("agency", "group", "service")
    assert {line.agency.code for line in pickups} == {"disdukcapil", "imigrasi", "dpmptsp"}
    assert {line.group.prefix for line in pickups} == {"P"}
    assert {line.service.standard_minutes for line in pickups} == {4}


def test_every_line_is_served_first_somewhere(report):
    served = CounterLine.objects.filter(tier=CounterLine.FIRST, counter__active=True).values("line")
    assert not Line.objects.filter(active=True).exclude(id__in=served).exists()


def test_counters_serve_their_own_agency_and_many_help_out(report):
    for counter_line in CounterLine.objects.select_related("counter__booth", "line"):
        assert counter_line.counter.booth_id == counter_line.line.booth_id
    assert CounterLine.objects.filter(tier=CounterLine.HELP).values("counter").distinct().count() >= 15


def test_hours_of_tenants(report, sumedang, jatinangor):
    tuesday = date(2026, 11, 24)
    expected = {"disdukcapil": 15, "bri": 14, "pln": 14, "polres": 14}
    for code, hour in expected.items():
        day = halls.booth_day(booth(sumedang, code), tuesday)
        assert halls.local_time(sumedang, day.opens).time() == time(8)
        assert halls.local_time(sumedang, day.closes).time() == time(hour)
        assert (day.closes - day.last_ticket).total_seconds() == 30 * 60
    bpjs = halls.booth_day(booth(sumedang, "bpjs-kesehatan"), tuesday)
    assert halls.local_time(sumedang, bpjs.closes).time() == time(14, 30)
    assert halls.booth_day(booth(jatinangor, "bpjs-kesehatan"), tuesday).is_open
    absent = halls.booth_day(booth(jatinangor, "disnakertrans"), tuesday)
    assert not absent.is_open and absent.next_open == date(2026, 11, 25)
    assert not any(day.is_open for day in halls.hours_of(sumedang, date(2026, 11, 28)).values())


def test_the_cashier_takes_payments_until_the_hall_closes(report, sumedang):
    tuesday = date(2026, 11, 24)
    last_close = max(day.closes for day in halls.hours_of(sumedang, tuesday).values())
    assert halls.booth_day(booth(sumedang, "bjb"), tuesday).last_ticket == last_close


def test_quotas(report, sumedang, jatinangor):
    assert booth(sumedang, "disdukcapil").quota_per_day == 200
    assert booth(jatinangor, "disdukcapil").quota_per_day == 20


def test_a_quota_is_shared_between_the_booked_and_those_who_come(report, jatinangor):
    lines = [line for line in plan_of(jatinangor).lines.values() if line.booth_quota == 20]
    found = hall_queries.preview_of(jatinangor, lines[0], lines[0].policy, NOW)
    assert (found.quota, found.share) == (20, 8) and found.most <= 8 and found.walkin >= 12


def test_local_decisions(report, sumedang, jatinangor):
    joint_leave = halls.booth_day(booth(sumedang, "disdukcapil"), date(2026, 12, 24))
    assert joint_leave.is_open and "cuti bersama" in joint_leave.note
    assert not halls.booth_day(booth(jatinangor, "disdukcapil"), date(2026, 12, 24)).is_open
    assert CalendarDay.objects.count() == 3


def test_people(report):
    for counter in Counter.objects.select_related("booth"):
        officers = Role.objects.filter(
            role=RoleName.OFFICER, mall_id=counter.mall_id, agency_id=counter.booth.agency_id
        ).count()
        assert officers >= counter.booth.counters.count()
    for stand in Booth.objects.all():
        assert Role.objects.filter(role=RoleName.COORDINATOR, mall_id=stand.mall_id, agency_id=stand.agency_id).exists()
    assert Role.objects.filter(role=RoleName.GREETER, mall__code="sumedang").count() == 2
    for username, role in {"pengelola": "manager", "sekda": "leadership", "admin": "administrator"}.items():
        assert Role.objects.filter(user__username=username, role=role).count() == 2
    assert all("contoh" in name.lower() for name in User.objects.values_list("name", flat=True))


def test_without_demo_nobody_can_log_in_by_password(report):
    assert not any(user.has_usable_password() for user in User.objects.all())


def test_policy_and_devices(report, sumedang):
    rows = {p.code: (p.head_start_minutes, p.promise_minutes) for p in PriorityClass.objects.filter(mall=sumedang)}
    assert set(rows) == set(CODES)
    assert rows["regular"] == (0, 30) and rows["elderly"] == (20, 15) and rows["child"] == (15, 20)
    kinds = list(Device.objects.filter(mall=sumedang).values_list("kind", flat=True))
    assert {"kiosk", "display", "smile"} == set(kinds)
    assert Device.objects.filter(mall=sumedang, kind="display", settings__speaks=True).count() == 1
    assert len(sumedang.districts) == 26


@pytest.mark.parametrize(
    ("said", "first"),
    [
        ("bikin ktp ilang", "ktp-rusak-hilang"),
        ("antrian ktp hilang", "ktp-rusak-hilang"),
        ("ktp leungit", "ktp-rusak-hilang"),
        ("bikin ktp baru", "ktp-baru"),
        ("kpt hilang", "ktp-rusak-hilang"),
        ("akte lahir anak", "akta-kelahiran"),
        ("ktp anak", "kia"),
        ("kartu kuning", "ak1"),
        ("surat kelakuan baik", "skck"),
        ("perpanjang sim motor", "sim-c-perpanjang"),
        ("perpanjang SIM A", "sim-a-perpanjang"),
        ("paspor hilang", "paspor-hilang"),
        ("ambil ktp jadi", "ambil-kependudukan"),
        ("nikah", "nikah"),
        ("pajak motor", "pkb-tahunan"),
        ("izin usaha warung", "nib"),
        ("birth certificate", "akta-kelahiran"),
        ("air mati", "air-aduan"),
        ("lapor pungli", "lapor"),
        ("pindah faskes", "jkn-ubah"),
        ("bayar kasir", "kasir"),
    ],
)
def test_people_find_what_they_came_for(report, sumedang, said, first):
    found = [info.code for info in catalogue.search_lines(sumedang, said)]
    assert found[:1] == [first], found[:5]


@pytest.mark.django_db
def test_demo_log_ins_have_the_documented_password(monkeypatch):
    monkeypatch.setattr("senyum.rehearsal.seed.read", without_services)
    monkeypatch.delenv("SENYUM_DEMO_PASSWORD", raising=False)
    seed("sumedang", now=NOW, demo=True)
    user = User.objects.get(username="petugas01")
    assert user.check_password(DEMO_PASSWORD)
    monkeypatch.setenv("SENYUM_DEMO_PASSWORD", "rahasia-lain-2026")
    assert demo_password() == "rahasia-lain-2026"
    seed("sumedang", now=NOW, demo=True)
    user.refresh_from_db()
    assert user.check_password(DEMO_PASSWORD), "a password is set once, never changed by the seed"


def without_services(name):
    """The rows of the hall without what takes long to put; two people."""
    rows = read(name)
    two = [row for row in rows.people if row["username"] in ("petugas01", "sekda")]
    return replace(rows, people=two, services=[], counters=[])


@pytest.mark.django_db
def test_the_command_line(monkeypatch):
    monkeypatch.setattr("senyum.rehearsal.seed.read", without_services)
    app = typer.Typer()
    app.command()(cli.seed)
    shown = CliRunner().invoke(app, ["sumedang"])
    assert shown.exit_code == 0 and "30 agencies" in shown.stdout
    again = CliRunner().invoke(app, ["sumedang", "--json"])
    assert again.exit_code == 0 and '"changes": 0' in again.stdout
    assert CliRunner().invoke(app, ["atlantis"]).exit_code == 2


def test_an_unknown_hall_is_refused():
    with pytest.raises(SeedError, match="atlantis"):
        read("atlantis")


@pytest.mark.parametrize(
    ("change", "complaint"),
    [({"source": "somewhere"}, "source must begin"), ({"colour": "blue"}, "unknown"), ({"name": None}, "missing")],
)
def test_a_row_that_is_not_as_it_should_be_is_named(change, complaint):
    row = {"prefix": "A", "name": "Uji", "source": "[M]", **change}
    row = {key: value for key, value in row.items() if value is not None}
    with pytest.raises(SeedError, match=complaint):
        _checked("line_groups", [row])


def test_hours_the_indonesian_way():
    assert clock_time("14.30") == time(14, 30)
    half = timedelta(minutes=30)
    office = booth_hours({"hours": "08.00-15.00"}, half)
    assert sorted(office) == [0, 1, 2, 3, 4]
    assert (office[0].opens, office[0].last_ticket, office[0].closes) == (time(8), time(14, 30), time(15))
    some = booth_hours({"hours": "09.00-12.00", "days": [2], "last_ticket": "12.00"}, half)
    assert list(some) == [2] and some[2].last_ticket == time(12)
