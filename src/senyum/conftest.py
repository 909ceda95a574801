"""What tests of every package share: caches dropped between tests, and a tiny hall."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from senyum.catalogue import search
from senyum.core import clock
from senyum.journal.actor import SYSTEM
from senyum.malls import queries as halls
from senyum.people import tokens
from senyum.rehearsal.commands import put_small_hall
from senyum.rehearsal.queries import SmallHall, small_hall
from senyum.visits import hall
from senyum.visits.queries import usual


@pytest.fixture(autouse=True)
def _no_kept_halls() -> Iterator[None]:
    """Each test reads halls, calendars and tokens anew."""
    for forget in (halls.forget, hall.forget, tokens.forget, search.forget, usual.forget):
        forget()
    yield
    for forget in (halls.forget, hall.forget, tokens.forget, search.forget, usual.forget):
        forget()


@pytest.fixture
def small_mall(db: None) -> SmallHall:
    """The hall `contoh`, always open. For tests with `transaction=True` too.

    `agencies`/`booths`: dukcapil, polres, bank. `lines`: ktp, kk, ambil (pick-up), skck (pays at the cashier),
    kasir (cashier). `counters`: 1 serves ktp and helps kk, 2 serves kk and ambil and helps ktp, 3 skck, 4 kasir.
    `users`: petugas1 and petugas2 (dukcapil), petugas3 (polres), petugas4 (bank), koordinator (dukcapil),
    penyambut, pengelola, sekda, admin. `devices`: kiosk, display, smile.
    """
    return small_hall(put_small_hall(now=clock.wall(), actor=SYSTEM))
