"""The accuracy page for everybody, and its rows for those whose agency it is."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django_scopes import scopes_disabled

from senyum.core import clock
from senyum.journal.actor import SYSTEM
from senyum.malls.queries import local_day
from senyum.planning.accuracy_commands import score_month
from senyum.rehearsal.queries import SmallHall
from senyum.surfaces.ui.browser import PHONE, assert_axe_clean, assert_fits, assert_targets, shoot
from senyum.surfaces.ui.testing import PageClient
from senyum.visits import commands
from senyum.visits.models import Ticket

pytestmark = pytest.mark.django_db
PUBLIC, ROWS = "/m/contoh/accuracy/", "/console/contoh/accuracy/"


def client(hall: SmallHall, name: str) -> PageClient:
    browser = PageClient(raise_request_exception=True)
    browser.force_login(hall.users[name])
    return browser


def _month_of(hall: SmallHall) -> None:
    """Two services with waits, some of them longer than promised."""
    now = clock.now()
    with scopes_disabled():
        for line in ("ktp", "skck"):
            for n in range(6):
                issued = commands.issue_visit(
                    mall=hall.mall, line_ids=[hall.lines[line].pk], priority="regular", channel="kiosk", actor=SYSTEM,
                    now=now,
                )  # fmt: skip
                called = now + timedelta(minutes=6 * n + 3)
                Ticket.objects.filter(pk=issued.tickets[0].id).update(
                    wait_p10=2, wait_p50=10, wait_p90=30, called_at=called, ended_at=called, state="served"
                )
        day = local_day(hall.mall, now)
        score_month(mall=hall.mall, month=day, until=day)


def test_everybody_may_read_how_accurate_waits_are(small_mall, page_client):
    assert "Belum ada angka" in page_client.page(PUBLIC).text
    _month_of(small_mall)
    page = page_client.page(PUBLIC)
    assert "83,3 %" in page.text and "KTP elektronik" in page.text and "Cara ZMS" in page.text
    # Two waits in six were called before p50, of each service and of both together.
    assert "Yang harus menunggu" in page.text and page.text.count("33,3 %") == 3
    page_client.page(f"{PUBLIC}?month=1999-01", status=404)
    page_client.page(f"{PUBLIC}?month=x", status=404)
    assert PUBLIC in page_client.page("/m/contoh/").html


@pytest.mark.parametrize("name", ["pengelola", "sekda"])
def test_each_figure_opens_to_its_tickets(small_mall, name):
    _month_of(small_mall)
    browser = client(small_mall, name)
    line = small_mall.lines["ktp"].pk
    assert f"{ROWS}{line}/" in browser.page(ROWS).html
    page = browser.page(f"{ROWS}{line}/")
    assert "6 dari 6 nomor" in page.text
    browser.page(f"{ROWS}999999/", status=404)


def test_a_coordinator_opens_only_their_own_agency(small_mall):
    _month_of(small_mall)
    browser = client(small_mall, "koordinator")
    listed = browser.page(ROWS)
    assert "KTP elektronik" in listed.text and f"{ROWS}{small_mall.lines['skck'].pk}/" not in listed.html
    browser.page(f"{ROWS}{small_mall.lines['skck'].pk}/", status=404)


@pytest.mark.parametrize("name", ["petugas1", "petugas3"])
def test_officers_do_not_get_in(small_mall, name):
    client(small_mall, name).page(ROWS, status=403)


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_how_the_accuracy_looks(page, live_server, small_mall):
    _month_of(small_mall)
    for name, size in (("phone", PHONE), ("desk", {"width": 1366, "height": 768})):
        page.set_viewport_size(size)
        page.goto(f"{live_server.url}{PUBLIC}")
        assert_fits(page)
        assert_targets(page)
        assert_axe_clean(page)
        shoot(page, f"accuracy-{name}", full=True)
