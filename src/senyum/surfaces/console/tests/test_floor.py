"""The floor: who sees it, what it shows, and the pause of the whole hall."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from senyum.core import clock
from senyum.journal.actor import SYSTEM
from senyum.malls.models import HallPause
from senyum.people.access import actor_of
from senyum.people.models import Role
from senyum.rehearsal.queries import SmallHall
from senyum.roster import commands as roster
from senyum.roster.models import CounterSession
from senyum.surfaces.ui.browser import PHONE, assert_axe_clean, assert_fits, assert_targets, shoot
from senyum.surfaces.ui.testing import PageClient
from senyum.visits import commands

FLOOR = "/console/contoh/floor/"
PAUSE, RESUME = FLOOR + "pause/", FLOOR + "resume/"

pytestmark = pytest.mark.django_db


def client(hall: SmallHall, name: str) -> PageClient:
    browser = PageClient(raise_request_exception=True)
    browser.force_login(hall.users[name])
    return browser


def come(hall: SmallHall, line: str, minutes_ago: int = 0) -> int:
    issued = commands.issue_visit(
        mall=hall.mall,
        line_ids=[hall.lines[line].pk],
        priority="regular",
        channel="kiosk",
        actor=SYSTEM,
        now=clock.now() - timedelta(minutes=minutes_ago),
        any_time=True,
    )
    return issued.tickets[0].id


def sit(hall: SmallHall, name: str, number: int) -> CounterSession:
    user = hall.users[name]
    return roster.open_session(counter=hall.counters[number], user=user, now=clock.now(), actor=actor_of(user))


def call(hall: SmallHall, number: int) -> None:
    commands.call_next(counter_id=hall.counters[number].pk, seen=None, actor=SYSTEM, now=clock.now(), wall=clock.wall())


def cards(page) -> dict[str, str]:
    """The words of each counter's card by its number."""
    return {li.first("h3").text.split()[-1]: li.text for li in page.find("li", class_="floor-counter")}


def test_a_citizen_is_sent_to_the_log_in_page(small_mall, page_client):
    response = page_client.get(FLOOR)
    assert response.status_code == 302
    assert response["Location"].endswith(f"?next={FLOOR}")


def test_an_officer_may_not_see_the_floor(small_mall):
    client(small_mall, "petugas1").page(FLOOR, status=403)


@pytest.mark.parametrize("name", ["koordinator", "penyambut", "pengelola", "sekda", "admin"])
def test_the_others_see_every_counter(small_mall, name):
    page = client(small_mall, name).page(FLOOR)
    assert sorted(cards(page)) == ["1", "2", "3", "4"]
    assert ("Jeda sekarang" in page.text) == (name == "pengelola")


def test_each_state_of_a_counter_has_its_word(small_mall):
    come(small_mall, "ktp")
    sit(small_mall, "petugas1", 1)
    call(small_mall, 1)
    come(small_mall, "kk")
    sit(small_mall, "petugas2", 2)
    paused = sit(small_mall, "petugas3", 3)
    roster.pause_session(session_id=paused.pk, reason="lunch", back_at=None, now=clock.now(), actor=SYSTEM)
    shown = cards(client(small_mall, "pengelola").page(FLOOR))
    assert "memanggil" in shown["1"]
    assert "menganggur, ada yang menunggu" in shown["2"]
    assert "1 orang menunggu" in shown["2"]
    assert "jeda" in shown["3"]
    assert "Istirahat makan siang" in shown["3"]
    assert "tutup" in shown["4"]


def test_an_open_counter_without_a_line_waiting_is_free(small_mall):
    sit(small_mall, "petugas3", 3)
    assert "buka, tidak ada antrean" in cards(client(small_mall, "pengelola").page(FLOOR))["3"]


def test_the_longest_wait_stands_against_its_promise(small_mall):
    come(small_mall, "skck", minutes_ago=3)
    page = client(small_mall, "pengelola").page(FLOOR)
    figure = next(f for f in page.find("div", class_="figure") if "Tunggu terlama" in f.text)
    assert "3 menit" in figure.text
    assert "janji" in figure.text
    assert small_mall.agencies["polres"].short_name in figure.text


def test_filters_stand_in_the_address(small_mall):
    sit(small_mall, "petugas3", 3)
    manager = client(small_mall, "pengelola")
    polres = small_mall.agencies["polres"].code
    assert list(cards(manager.page(f"{FLOOR}?agency={polres}"))) == ["3"]
    assert sorted(cards(manager.page(f"{FLOOR}?state=closed"))) == ["1", "2", "4"]
    page = manager.page(f"{FLOOR}?agency={polres}&state=closed")
    assert "Tidak ada loket yang cocok" in page.text
    assert page.find("div", id="floor-now")[0].get("hx-get") == f"{FLOOR}?agency={polres}&state=closed"
    assert len(cards(manager.page(f"{FLOOR}?agency=unknown&state=unknown"))) == 4


def _lines(page):
    table = page.find("table")
    return [row.first("th").text for row in [*table[-1].all("tr")][1:]] if table else []


def test_the_lines_in_which_somebody_waits_come_first_and_alone(small_mall):
    manager = client(small_mall, "pengelola")
    page = manager.page(FLOOR)
    assert "Tidak ada yang menunggu" in page.text and _lines(page) == []
    come(small_mall, "skck", minutes_ago=3)
    come(small_mall, "kk", minutes_ago=9)
    page = manager.page(FLOOR)
    waiting = _lines(page)
    assert len(waiting) == 2 and "keluarga" in waiting[0]
    more = next(a for a in page.find("a") if "tanpa antrean" in a.text).get("href")
    assert more == f"{FLOOR}?lines=all"
    page = manager.page(more)
    assert len(_lines(page)) == len(small_mall.lines) and set(waiting) < set(_lines(page))
    assert page.find("div", id="floor-now")[0].get("hx-get") == more
    assert next(a for a in page.find("a") if "Hanya yang" in a.text).get("href").rstrip("?") == FLOOR


def test_the_live_parts_come_alone(small_mall):
    manager = client(small_mall, "pengelola")
    assert manager.fragment(FLOOR).root.first("div").get("id") == "floor-now"
    assert manager.fragment(f"{FLOOR}?part=pause").root.first("section").get("id") == "floor-pause"


def test_a_call_for_help_stands_on_top(small_mall):
    session = sit(small_mall, "petugas1", 1)
    roster.raise_emergency(session_id=session.pk, now=clock.now(), actor=SYSTEM)
    page = client(small_mall, "pengelola").page(FLOOR)
    assert "Loket 1 butuh bantuan sekarang." in page.text
    assert "Belum ada yang menjawab." in page.text


def test_more_people_need_no_more_queries(small_mall):
    manager = client(small_mall, "pengelola")
    come(small_mall, "ktp")
    few = manager.page(FLOOR).queries
    for line in ("ktp", "kk", "skck", "kasir") * 3:
        come(small_mall, line)
    assert manager.page(FLOOR).queries <= few


def test_the_life_of_a_ticket_in_order(small_mall):
    ticket = come(small_mall, "ktp")
    sit(small_mall, "petugas1", 1)
    call(small_mall, 1)
    commands.serve(counter_id=small_mall.counters[1].pk, seen=ticket, actor=SYSTEM, now=clock.now(), wall=clock.wall())
    manager = client(small_mall, "pengelola")
    assert f"/console/contoh/ticket/{ticket}/" in manager.page(FLOOR).html
    words = manager.page(f"/console/contoh/ticket/{ticket}/").text
    told = [words.index(w) for w in ("Nomor diambil", "Dipanggil", "Mulai dilayani", "Buku panggilan")]
    assert told == sorted(told)
    assert "giliran paling awal" in words


def test_a_coordinator_sees_the_tickets_of_their_agency_only(small_mall):
    own, other = come(small_mall, "ktp"), come(small_mall, "skck")
    sit(small_mall, "petugas3", 3)
    call(small_mall, 3)
    coordinator = client(small_mall, "koordinator")
    assert "Belum pernah dipanggil" in coordinator.page(f"/console/contoh/ticket/{own}/").text
    coordinator.page(f"/console/contoh/ticket/{other}/", status=404)
    assert f"/ticket/{other}/" not in coordinator.page(FLOOR).html
    client(small_mall, "petugas1").page(f"/console/contoh/ticket/{own}/", status=403)


def test_the_manager_pauses_and_resumes_the_hall(small_mall):
    manager = client(small_mall, "pengelola")
    page = manager.send(PAUSE, {"reason": "Listrik padam", "back_at": ""})
    assert "Listrik padam" in page.text
    assert HallPause.objects.get(mall=small_mall.mall, ended_at=None).reason == "Listrik padam"
    manager.send(PAUSE, {"reason": "Sekali lagi", "back_at": ""}, status=409)
    assert "MPP berjalan, tidak ada jeda." in manager.send(RESUME).text
    assert not HallPause.objects.filter(mall=small_mall.mall, ended_at=None).exists()
    manager.send(RESUME, status=409)


def test_a_pause_without_a_reason_keeps_what_was_typed(small_mall):
    page = client(small_mall, "pengelola").send(PAUSE, {"reason": "", "back_at": "00:00"}, status=422)
    assert page.title.startswith("Galat:")
    assert page.find("input", name="back_at")[0].get("value") == "00:00"
    assert not HallPause.objects.exists()


@pytest.mark.parametrize("name", ["sekda", "koordinator", "penyambut", "admin"])
def test_only_the_manager_steers(small_mall, name):
    other = client(small_mall, name)
    other.send(PAUSE, {"reason": "Listrik padam", "back_at": ""}, status=403)
    other.send(RESUME, status=403)
    assert not HallPause.objects.exists()


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_the_floor_in_a_browser(small_mall, live_server, context, page):
    come(small_mall, "ktp", minutes_ago=12)
    sit(small_mall, "petugas1", 1)
    call(small_mall, 1)
    come(small_mall, "kk", minutes_ago=7)
    sit(small_mall, "petugas2", 2)
    paused = sit(small_mall, "petugas3", 3)
    roster.pause_session(session_id=paused.pk, reason="lunch", back_at=None, now=clock.now(), actor=SYSTEM)
    roster.raise_emergency(session_id=paused.pk, now=clock.now(), actor=SYSTEM)
    browser = Client()
    browser.force_login(get_user_model().objects.get(username="pengelola"))
    context.add_cookies([{"name": "sessionid", "value": browser.cookies["sessionid"].value, "url": live_server.url}])
    page.goto(live_server.url + FLOOR)
    assert_axe_clean(page)
    assert_targets(page)
    assert_fits(page)
    shoot(page, "floor")
    page.set_viewport_size(PHONE)
    assert_fits(page)


def test_who_also_serves_elsewhere_opens_no_ticket_of_there_on_the_floor(small_mall):
    both = small_mall.users["koordinator"]
    Role.objects.create(user=both, role="officer", mall=small_mall.mall, agency=small_mall.agencies["polres"])
    own, elsewhere = come(small_mall, "ktp"), come(small_mall, "skck")
    browser = client(small_mall, "koordinator")
    browser.page(f"/console/contoh/ticket/{own}/")
    assert browser.get(f"/console/contoh/ticket/{elsewhere}/").status_code == 404
