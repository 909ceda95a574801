"""The public pages of a service and of an agency: readable addresses, what stands on them, few queries."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest

from senyum.bookings.commands.policy import put_policy
from senyum.bookings.plan import forget as forget_plan
from senyum.catalogue import standard_commands
from senyum.catalogue.content import FeeText, content_of
from senyum.catalogue.models import Service
from senyum.catalogue.tests.standards import adopted, first_requirement
from senyum.core import clock
from senyum.journal.actor import SYSTEM
from senyum.malls import queries as malls
from senyum.malls.models import BoothHours, CalendarDay
from senyum.malls.queries import local_day
from senyum.surfaces.citizen.tests.phones import opens, take
from senyum.surfaces.ui.browser import PHONE, assert_axe_clean, assert_fits, assert_targets, shoot
from senyum.visits.hall import forget
from senyum.visits.models import LineForecast
from senyum.visits.queries import usual_day
from senyum.visits.queries.usual import forget as forget_usual

pytestmark = pytest.mark.django_db
KTP = "/m/contoh/layanan/contoh-dukcapil/ktp-elektronik/"
AGENCY = "/m/contoh/instansi/contoh-dukcapil/"


def rich(hall):
    """The KTP's standard with everything a page can show."""
    service = hall.lines["ktp"].service
    first_requirement(
        service,
        clock.now(),
        legal_basis="Perpres 96/2018 Pasal 15",
        reason="Untuk mencocokkan data",
        issued_by="Kepala desa",
        forms="asli dan 2 fotokopi",
        example_url="https://contoh.example/kk.png",
    )
    adopted(
        service,
        clock.now(),
        time_text="1 hari kerja",
        fees=(
            FeeText(0, "Cetak pertama", legal_basis="UU 24/2013"),
            FeeText(30000, "Cetak kilat", kind="pnbp"),
            FeeText(None, "Di rumah", amount_text="menurut jarak"),
        ),
        components={"legal_basis": "UU 24/2013\nPerpres 96/2018", "product": "KTP elektronik"},
        decree_number="470/12/2026",
    )


def test_a_service_by_its_readable_address(small_mall, page_client):
    rich(small_mall)
    page = page_client.page(KTP)
    assert page.heading == "KTP elektronik" and page.title.startswith("KTP elektronik")
    said = page.text
    for words in ("Untuk mencocokkan data", "Perpres 96/2018 Pasal 15", "Kepala desa", "asli dan 2 fotokopi"):
        assert words in said
    for words in ("470/12/2026", "UU 24/2013", "1 hari kerja", "MPP Contoh", "Senin", "Minggu", "14 komponen"):
        assert words in said
    assert page.find("a", href=f"{KTP}standar/") and page.find("a", href=AGENCY)
    assert page.find("a", href="https://contoh.example/kk.png")[0].get("rel") == "noopener noreferrer nofollow"


def test_each_variant_has_its_row_and_free_is_said_aloud(small_mall, page_client):
    rich(small_mall)
    table = page_client.page(KTP).find("table", class_="fees")[0]
    rows = [row.text for row in table.all("tr")][1:]
    assert rows[0] == "Cetak pertama UU 24/2013 Gratis"
    assert rows[1] == "Cetak kilat PNBP Rp30.000" and rows[2] == "Di rumah menurut jarak"


def test_a_renamed_service_is_found_by_its_old_address(small_mall, page_client):
    Service.objects.filter(pk=small_mall.lines["ktp"].service_id).update(name="Kartu penduduk")
    forget()
    answer = page_client.get(f"{KTP}?lang=id&at=10:00")
    assert answer.status_code == 301
    assert answer["Location"] == "/m/contoh/layanan/contoh-dukcapil/kartu-penduduk/?lang=id&at=10:00"
    assert page_client.get(f"{KTP}standar/").status_code == 301
    assert page_client.page(answer["Location"].split("?")[0]).heading == "Kartu penduduk"
    by_code = page_client.get("/m/contoh/layanan/contoh-dukcapil/ktp/")
    assert by_code["Location"] == "/m/contoh/layanan/contoh-dukcapil/kartu-penduduk/"


def test_the_line_number_stays_a_door(small_mall, page_client):
    line = small_mall.lines["ktp"].pk
    assert page_client.page(f"/m/contoh/line/{line}/").heading == page_client.page(KTP).heading


@pytest.mark.parametrize("where", ["layanan/contoh-dukcapil/tidak-ada/", "layanan/x/y/", "instansi/x/"])
def test_what_is_not_there(small_mall, page_client, where):
    page_client.page(f"/m/contoh/{where}", status=404)
    page_client.page(f"/m/nowhere/{where}", status=404)


def test_the_cashier_and_a_closed_line_have_no_page(small_mall, page_client):
    page_client.page("/m/contoh/layanan/contoh-bank/kasir/", status=404)
    line = small_mall.lines["ktp"]
    line.active = False
    line.save(update_fields=["active"])
    forget()
    page_client.page(KTP, status=404)


def test_the_full_standard_by_its_readable_address(small_mall, page_client):
    page = page_client.page(f"{KTP}standar/")
    assert page.heading == "Standar pelayanan" and page.find("a", href=KTP)
    page_client.page("/m/contoh/layanan/contoh-dukcapil/tidak-ada/standar/", status=404)


def test_booking_is_offered_only_where_it_is_open(small_mall, page_client):
    ktp = small_mall.lines["ktp"]
    there = f"/m/contoh/book/?line={ktp.pk}"
    assert page_client.page(KTP).find("a", href=there)
    put_policy(mall=small_mall.mall, line=ktp, now=clock.now(), actor=SYSTEM, open=False)
    forget_plan()
    assert not page_client.page(KTP).find("a", href=there)


def test_an_agency_says_its_services_week_and_counters(small_mall, page_client):
    opens(small_mall, 1)
    page = page_client.page(AGENCY)
    assert page.heading == "Dinas Kependudukan dan Pencatatan Sipil"
    assert "Buka sekarang" in page.text and "SKCK" not in page.text
    assert {a.get("href") for a in page.find("a", class_="service")} == {
        KTP,
        "/m/contoh/layanan/contoh-dukcapil/kartu-keluarga/",
        "/m/contoh/layanan/contoh-dukcapil/pengambilan-dokumen/",
    }
    counters = page.find("ul", class_="counters")[0]
    assert [n.text for n in counters.all("span") if n.get("class") == "num"] == ["1", "2"]


def test_days_that_differ_are_said(small_mall, page_client):
    today = local_day(small_mall.mall, clock.now())
    CalendarDay.objects.update_or_create(
        mall=small_mall.mall, date=today + timedelta(days=2), defaults={"is_open": False, "reason": "Rapat kerja"}
    )
    BoothHours.objects.filter(booth=small_mall.booths["dukcapil"], weekday=today.weekday()).delete()
    malls.forget()
    forget()
    page = page_client.page(AGENCY)
    assert "Rapat kerja" in page.text and "Tutup sekarang" in page.text
    closed = [row.text for row in page.find("table", class_="week")[0].all("tr") if "Tutup" in row.text]
    assert len(closed) == 1 and "hari ini" in closed[0]


def _queries(page_client, url):
    page_client.page(url)
    return page_client.page(url).queries


def test_more_services_and_requirements_take_no_more_queries(small_mall, page_client):
    before = [_queries(page_client, url) for url in (KTP, AGENCY)]
    rich(small_mall)
    for _ in range(5):
        take(small_mall, "ktp")
    assert [_queries(page_client, url) for url in (KTP, AGENCY)] == before
    assert before[0] <= 20 and before[1] <= 20, before


# When it is usually quiet

NOON = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)  # a Tuesday, 12.00 WIB


def _seen(hall, weeks, hours, line="ktp", **more):
    rows = []
    for week in weeks:
        at = NOON - timedelta(weeks=week)
        for hour, people in hours.items():
            for minute in (0, 30):
                rows.append(
                    LineForecast(
                        mall=hall.mall,
                        line=hall.lines[line],
                        day=at.date(),
                        at=at + timedelta(hours=hour - 12, minutes=minute),
                        minute=hour * 60 + minute,
                        why="grid",
                        counters=1,
                        waiting=people,
                        called=0,
                        basis="none",
                    )
                )
                for name, value in more.items():
                    setattr(rows[-1], name, value)
    LineForecast.objects.bulk_create(rows)


def _usual(hall, now=NOON):
    forget_usual()
    return usual_day(hall.mall, hall.lines["ktp"].pk, hall.booths["dukcapil"].pk, now)


def test_the_quietest_hour_is_of_the_same_weekday_and_of_open_counters(small_mall):
    _seen(small_mall, (1, 2, 3), {9: 12, 11: 6, 14: 2})
    _seen(small_mall, (1, 2), {8: 0})  # too few days
    _seen(small_mall, (4, 5, 6), {10: 0}, counters=0)  # nobody served: says nothing of how quiet it is
    _seen(small_mall, (4 / 7, 11 / 7, 18 / 7), {13: 0})  # other weekdays
    day = _usual(small_mall)
    assert day.weekday == 1
    assert [(h.starts, h.waiting, h.is_quietest, h.is_busiest) for h in day.hours] == [
        (time(9), 12, False, True),
        (time(11), 6, False, False),
        (time(14), 2, True, False),
    ]


def test_today_itself_and_other_lines_say_nothing(small_mall):
    _seen(small_mall, (0,), {9: 12, 11: 6})
    _seen(small_mall, (1, 2, 3), {9: 1, 11: 9}, line="kk")
    assert _usual(small_mall).hours == ()


def test_after_the_last_ticket_the_next_day_that_serves_is_told(small_mall):
    BoothHours.objects.filter(booth=small_mall.booths["dukcapil"]).update(
        opens=time(8), last_ticket=time(11), closes=time(12)
    )
    BoothHours.objects.filter(booth=small_mall.booths["dukcapil"]).exclude(weekday__in=(1, 3)).delete()
    malls.forget()
    _seen(small_mall, (5 / 7, 12 / 7, 19 / 7), {9: 3, 10: 8, 13: 0})
    day = _usual(small_mall)
    assert day.weekday == 3 and day.at == datetime(2026, 11, 26, 1, 0, tzinfo=UTC)
    assert [(h.starts.hour, h.is_quietest) for h in day.hours] == [(9, True), (10, False)]
    BoothHours.objects.filter(booth=small_mall.booths["dukcapil"]).delete()
    malls.forget()
    assert _usual(small_mall) is None


def test_the_page_says_it_in_words(small_mall, page_client, monkeypatch):
    now = clock.now()
    assert "Belum cukup hari" in page_client.page(KTP).text
    shift = clock.now() - NOON
    day = local_day(small_mall.mall, now)
    for week in (1, 2, 3):
        for hour, people in ((9, 12), (14, 2)):
            LineForecast.objects.create(
                mall=small_mall.mall,
                line=small_mall.lines["ktp"],
                day=day - timedelta(weeks=week),
                at=NOON + shift - timedelta(weeks=week, hours=hour),
                minute=hour * 60,
                why="grid",
                counters=1,
                waiting=people,
                called=0,
                basis="none",
            )
            # The hall may be asked after its last ticket, a second before midnight: then tomorrow counts.
            LineForecast.objects.create(
                mall=small_mall.mall,
                line=small_mall.lines["ktp"],
                day=day + timedelta(days=1) - timedelta(weeks=week),
                at=NOON + shift + timedelta(days=1) - timedelta(weeks=week, hours=hour),
                minute=hour * 60,
                why="grid",
                counters=1,
                waiting=people,
                called=0,
                basis="none",
            )
    forget_usual()
    table = page_client.page(KTP).find("table", class_="usual")[0]
    assert "09.00 12 paling ramai" in table.text and "14.00 2 paling lengang" in table.text


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("url", "name"), [(KTP, "service-page"), (AGENCY, "agency-page")])
def test_it_fits_a_phone_prints_and_axe_finds_nothing(small_mall, live_server, page, url, name):
    rich(small_mall)
    opens(small_mall, 1)
    refused = []
    page.on("console", lambda message: refused.append(message.text) if message.type == "error" else None)
    for width in (320, PHONE["width"], 1366):
        page.set_viewport_size({"width": width, "height": 740})
        page.goto(live_server.url + url)
        assert_fits(page)
        assert_targets(page)
    page.set_viewport_size(PHONE)
    page.goto(live_server.url + url)
    assert_axe_clean(page)
    shoot(page, f"{name}-360", full=True)
    page.emulate_media(forced_colors="active")
    assert_axe_clean(page)
    page.emulate_media(media="print", forced_colors="none")
    assert not page.get_by_role("button", name="Cetak").is_visible()
    assert page.locator("h1").is_visible()
    pdf = page.pdf(format="A4", prefer_css_page_size=True)
    assert pdf.startswith(b"%PDF") and pdf.count(b"/Type /Page\n") <= 3
    assert not [text for text in refused if "Content Security Policy" in text]


def test_a_draft_is_not_on_the_page(small_mall, page_client):
    by = {"by": small_mall.users["koordinator"], "mall": small_mall.mall, "now": clock.now()}
    draft = standard_commands.start_draft(service_id=small_mall.lines["ktp"].service_id, **by)
    standard_commands.save_draft(
        standard_id=draft.pk, content=type(content_of(draft))(9, "RAHASIA", fees=(FeeText(99000),)), **by
    )
    text = page_client.page(KTP).text
    assert "RAHASIA" not in text and "99.000" not in text
