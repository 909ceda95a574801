"""The counter in Chromium: keys, double presses, two tabs, no script, and how each state looks."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from playwright.sync_api import expect

from senyum.surfaces.counter.tests.desk import call, client, come, serve, sit, state, url
from senyum.surfaces.ui.browser import DESK, PHONE, assert_axe_clean, assert_fits, assert_targets, shoot
from senyum.visits.models import Call

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SIZES = {"desk": DESK, "small": {"width": 1024, "height": 768}, "phone": PHONE}


def log_in(context, live_server, name: str) -> None:
    """The browser holds the session of this user."""
    browser = Client()
    browser.force_login(get_user_model().objects.get(username=name))
    context.add_cookies([{"name": "sessionid", "value": browser.cookies["sessionid"].value, "url": live_server.url}])


@pytest.fixture
def seat(small_mall, live_server, context):
    """petugas1 sits at counter 1, the browser is theirs."""
    sit(small_mall)
    log_in(context, live_server, "petugas1")
    return small_mall


def calls() -> int:
    return Call._base_manager.count()


def settle(page) -> None:
    page.wait_for_function("() => document.getElementById('desk')?.getAttribute('aria-busy') === 'false'")


def free(hall):
    for line, priority in (("ktp", "regular"), ("ktp", "elderly"), ("kk", "regular"), ("ktp", "regular"), ("ktp", "child")):
        come(hall, line, priority=priority)


def called(hall):
    free(hall)
    call(hall)


def serving(hall):
    come(hall, "ktp", "kk")
    free(hall)
    serve(hall)


def paused(hall):
    free(hall)
    client(hall, "petugas1").send(url(1, "pause/"), {"reason": "lunch", "back": "30"})


def emergency(hall):
    serving(hall)
    sit(hall, "petugas3", 3)
    client(hall, "petugas3").send(url(3, "emergency/"))
    client(hall, "petugas1").send(url(1, "emergency/"))


def set_aside(hall):
    serving(hall)
    officer = client(hall, "petugas1")
    officer.send(url(1, "park/"), {"seen": officer.page(url()).form(url(1, "finish/"))["seen"], "note": "fotokopi KK"})
    call(hall)
    officer.send(url(1, "absent/"), {"seen": officer.page(url()).form(url(1, "absent/"))["seen"]})
    serve(hall)


STATES = {f.__name__: f for f in (free, called, serving, paused, emergency, set_aside)}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", STATES)
def test_each_state_fits_and_is_clean(seat, page, live_server, name, size):
    STATES[name](seat)
    page.set_viewport_size(SIZES[size])
    page.goto(live_server.url + url())
    assert_axe_clean(page)
    assert_targets(page)
    assert_fits(page)
    if size == "desk":
        assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    shoot(page, f"counter-{name}-{size}", full=size == "phone")
