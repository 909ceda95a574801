"""In a real browser: a manager asks what if, sees the plan, accepts; the roster changes and the floor sees it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from playwright.sync_api import expect

from senyum.jobs import compute_proposal as job
from senyum.journal.actor import SYSTEM
from senyum.planning.models import Proposal
from senyum.planning.tests.small import DAY, NOW, at, eight_to_three
from senyum.rehearsal.queries import SmallHall
from senyum.roster import commands as roster
from senyum.roster.queries import shifts_of
from senyum.surfaces.ui.browser import DESK, PHONE, assert_axe_clean, assert_fits, assert_targets, shoot

TABLET = {"width": 820, "height": 1180}
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def now(monkeypatch):
    """The hall's clock, moved by the test: early on the day that is planned."""
    moment = [NOW]
    monkeypatch.setattr("senyum.core.clock.now", lambda: moment[0])
    return moment


def log_in(context, live_server, name: str) -> None:
    browser = Client()
    browser.force_login(get_user_model().objects.get(username=name))
    context.add_cookies([{"name": "sessionid", "value": browser.cookies["sessionid"].value, "url": live_server.url}])


def looks_well(page) -> None:
    assert_axe_clean(page)
    assert_targets(page)
    for size in (PHONE, TABLET, DESK):
        page.set_viewport_size(size)
        assert_fits(page)


def test_two_officers_ill_from_the_question_to_the_floor(small_mall: SmallHall, live_server, context, page, now):
    hall = eight_to_three(small_mall)
    log_in(context, live_server, "pengelola")
    page.goto(live_server.url + "/console/contoh/plans/")
    expect(page.get_by_role("heading", name="Belum ada rencana")).to_be_visible()
    looks_well(page)
    shoot(page, "plans-empty")
    page.get_by_role("link", name="Dua petugas sakit").click()
    expect(page.get_by_label("Petugas yang sakit")).to_have_value("2")
    page.get_by_label("Tanggal").fill(DAY.isoformat())
    looks_well(page)
    shoot(page, "plan-ask", full=True)
    page.get_by_role("button", name="Hitung rencana").click()
    expect(page.get_by_role("heading", name="Menunggu dihitung")).to_be_visible()
    looks_well(page)
    shoot(page, "plan-progress")

    assert job.compute_proposal(0) == 1
    # The page asks by itself and shows the result.
    expect(page.get_by_role("heading", name="Keputusan Anda")).to_be_visible(timeout=15_000)
    expect(page.get_by_role("heading", name="2 petugas sakit")).to_be_visible()
    page.evaluate("() => Promise.all([...document.images].map(i => i.decode()))")
    looks_well(page)
    shoot(page, "plan", full=True)
    page.set_viewport_size(PHONE)
    shoot(page, "plan-phone", full=True)
    page.set_viewport_size(DESK)
    page.goto(page.url + "report/")
    looks_well(page)
    page.emulate_media(media="print")
    shoot(page, "plan-report", full=True)
    page.emulate_media(media="screen")
    page.go_back()

    page.get_by_role("button", name="Terima rencana").click()
    expect(page.get_by_role("heading", name="Jadwal petugas")).to_be_visible()
    expect(page.get_by_text(re.compile(r"Rencana diterima: \d+ jadwal"))).to_be_visible()
    looks_well(page)
    shoot(page, "roster", full=True)
    proposal = Proposal.objects.get()
    rows = shifts_of(mall=hall.mall, day=DAY)
    assert proposal.state == "accepted" and rows
    assert {r.proposal for r in rows} == {proposal.pk}

    # At nine one of those who are planned sits down: the floor sees who is missing.
    now[0] = at(9, 5)
    first = next(r for r in rows if r.sits(now[0]))
    roster.open_session(
        counter=hall.counters[first.number],
        user=get_user_model().objects.get(pk=first.user_id),
        now=now[0] - timedelta(minutes=60),
        actor=SYSTEM,
    )
    planned = sum(r.sits(now[0]) for r in rows)
    page.goto(live_server.url + "/console/contoh/floor/")
    expect(page.get_by_text(f"direncanakan {planned}, hadir 1", exact=True).first).to_be_visible()
    looks_well(page)
    shoot(page, "floor-staff", full=True)
