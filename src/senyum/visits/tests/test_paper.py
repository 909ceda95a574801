"""Pads as they are read, and what most people came for."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django_scopes import scopes_disabled

from senyum.core import clock
from senyum.journal.actor import SYSTEM
from senyum.visits import commands
from senyum.visits.queries.paper import pad, pad_groups, pads
from senyum.visits.queries.popular import popular_lines

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _unscoped():
    with scopes_disabled():
        yield


def _grants(hall, prefix: str = "A", count: int = 3, **more):
    return commands.grant_block(
        mall=hall.mall, group_id=hall.groups[prefix].pk, count=count, now=clock.now(), actor=SYSTEM, **more
    )


def _comes(hall, *codes: str):
    return commands.issue_visit(
        mall=hall.mall,
        line_ids=[hall.lines[code].pk for code in codes],
        priority="regular",
        channel="kiosk",
        actor=SYSTEM,
        now=clock.now(),
    )


def test_a_pad_says_what_was_entered_and_what_is_missing(small_mall):
    _comes(small_mall, "ktp")
    block = _grants(small_mall)
    _comes(small_mall, "ktp")
    visit = commands.enter_paper(
        block=block,
        number=3,
        line_ids=[small_mall.lines[code].pk for code in ("kk", "skck")],
        priority="regular",
        now=clock.now(),
        actor=SYSTEM,
    )
    found = pad(small_mall.mall, block.pk, clock.now())
    assert (found.first_label, found.last_label, found.group) == ("A-002", "A-004", "Kependudukan")
    assert found.missing == ("A-002", "A-004")
    (leaf,) = found.entered
    assert (leaf.number, leaf.visit_id, leaf.services) == (3, visit.pk, ("Kartu keluarga", "SKCK"))


def test_the_newest_pad_of_today_comes_first_and_kiosks_have_none(small_mall):
    first, second = _grants(small_mall), _grants(small_mall, "B")
    own = _grants(small_mall, device=small_mall.devices["kiosk"])
    assert [p.block for p in pads(small_mall.mall, clock.now())] == [second, first]
    assert pad(small_mall.mall, own.pk, clock.now()) is None
    tomorrow = clock.now() + timedelta(days=1)
    assert pads(small_mall.mall, tomorrow) == [] and pad(small_mall.mall, first.pk, tomorrow).block == first


def test_a_pad_is_made_for_groups_that_people_choose(small_mall):
    assert [g.prefix for g in pad_groups(small_mall.mall)] == ["A", "B", "P"], "the cashier's letter is none of them"


def test_the_most_used_come_first_then_the_halls_order(small_mall):
    for codes in (("skck",), ("skck", "kk")):
        _comes(small_mall, *codes)
    ids = {line.pk: code for code, line in small_mall.lines.items()}
    found = [ids[line] for line in popular_lines(small_mall.mall, clock.now())]
    assert found == ["skck", "kk", "ktp", "ambil"]
    assert len(popular_lines(small_mall.mall, clock.now(), 2)) == 2


def test_yesterday_says_nothing_about_today(small_mall):
    _comes(small_mall, "skck")
    ids = {line.pk: code for code, line in small_mall.lines.items()}
    tomorrow = popular_lines(small_mall.mall, clock.now() + timedelta(days=1))
    assert [ids[line] for line in tomorrow] == ["ktp", "kk", "ambil", "skck"]
