"""A kiosk that stands in the hall, for the tests."""

from __future__ import annotations

from typing import Any

from senyum.core import clock
from senyum.journal.actor import SYSTEM
from senyum.people import tokens
from senyum.people.commands import create_token, set_device_pin
from senyum.rehearsal.queries import SmallHall
from senyum.surfaces.ui.testing import PageClient

PIN = "246810"


def secret(hall: SmallHall, kind: str = "kiosk") -> str:
    """A token of the hall's device of that kind."""
    token = create_token(role=kind, mall=hall.mall, device=hall.devices[kind], now=clock.wall(), actor=SYSTEM)
    tokens.forget()
    return token


def kiosk(hall: SmallHall, kind: str = "kiosk") -> PageClient:
    """A browser paired as a device of the hall."""
    browser = PageClient(raise_request_exception=True)
    browser.post("/device/pair/", {"token": secret(hall, kind)})
    return browser


def pinned(hall: SmallHall) -> None:
    """The kiosk has a staff PIN."""
    set_device_pin(device=hall.devices["kiosk"], pin=PIN, now=clock.now(), actor=SYSTEM)


def pair_page(page: Any, url: str, hall: SmallHall) -> None:
    """Make the browser the hall's kiosk, by the form."""
    page.goto(f"{url}/device/")
    page.locator("[name=token]").fill(secret(hall))
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_load_state()


def url(rest: str = "", mall: str = "contoh") -> str:
    return f"/kiosk/{mall}/{rest}"


def lines(hall: SmallHall, *codes: str) -> str:
    return "&".join(f"line={hall.lines[code].pk}" for code in codes)


def answer_url(hall: SmallHall, *codes: str, quantity: int = 1) -> str:
    """The address of "Perlu bantuan?" for these services."""
    return url(f"take/?{lines(hall, *codes)}" + (f"&quantity={quantity}" if quantity > 1 else ""))
