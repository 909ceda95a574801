"""The public's page of a standard: what holds, what is proposed, and saying something of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from senyum.catalogue import standard_commands as commands
from senyum.catalogue.content import content_of
from senyum.catalogue.models import Comment, Service
from senyum.core import clock
from senyum.malls.queries import local_day
from senyum.people.models import User
from senyum.surfaces.ui.browser import PHONE, assert_axe_clean, assert_fits, assert_targets, shoot

pytestmark = pytest.mark.django_db


def proposed(hall):
    """A version with a product, open to comments today and tomorrow."""
    by = {"by": User.objects.get(username="koordinator"), "mall": hall.mall, "now": clock.now()}
    service = Service.objects.get(pk=hall.lines["ktp"].service_id)
    draft = commands.start_draft(service_id=service.pk, **by)
    content = content_of(draft)
    commands.save_draft(
        standard_id=draft.pk, content=type(content)(9, "1 hari", {"product": "KTP-el <b>"}, content.requirements), **by
    )
    today = local_day(hall.mall, clock.now())
    commands.submit(standard_id=draft.pk, review_from=today, review_to=today + timedelta(days=1), **by)
    return draft


def address(hall, line="ktp"):
    return f"/m/contoh/line/{hall.lines[line].pk}/standard/"


def test_what_holds_is_shown_with_what_is_missing(small_mall, page_client):
    page = page_client.page(address(small_mall))
    for words in (
        "KTP elektronik",
        "versi 1 berlaku",
        "belum disetujui di Senyum",
        "Gratis",
        "belum diisi",
        "Dasar hukum",
    ):
        assert words in page.text
    assert not page.find("textarea"), "nothing is open to comments"
    page_client.page("/m/contoh/line/0/standard/", status=404)


def test_a_draft_is_not_public(small_mall, page_client):
    by = {"by": User.objects.get(username="koordinator"), "mall": small_mall.mall, "now": clock.now()}
    draft = commands.start_draft(service_id=small_mall.lines["ktp"].service_id, **by)
    commands.save_draft(standard_id=draft.pk, content=type(content_of(draft))(9, "RAHASIA"), **by)
    assert "RAHASIA" not in page_client.page(address(small_mall)).text


def test_a_proposal_is_compared_and_commented(small_mall, page_client):
    draft = proposed(small_mall)
    page = page_client.page(address(small_mall))
    assert "KTP-el <b>" in page.text and page.find("ins")
    done = page_client.send(
        f"{address(small_mall)}comment/", {"text": "Bagus <script>", "name": "Ani", "speaks_as": "user"}
    )
    assert "tampil setelah dibaca" in done.text and "Bagus" not in done.find("main")[0].text.replace("tampil", "")
    said = Comment.objects.get()
    assert (said.standard_id, said.state, said.name, len(said.browser)) == (draft.pk, "pending", "Ani", 32)
    by = {"by": User.objects.get(username="koordinator"), "mall": small_mall.mall, "now": clock.now()}
    commands.moderate(comment_id=said.pk, show=True, answer="Hatur nuhun", **by)
    shown = page_client.page(address(small_mall)).text
    assert "Bagus <script>" in shown and "Ani" in shown and "Hatur nuhun" in shown


def test_one_phone_says_three_things(small_mall, page_client):
    proposed(small_mall)
    for n in range(commands.COMMENTS_PER_BROWSER):
        page_client.send(f"{address(small_mall)}comment/", {"text": f"Kata {n}"})
    again = page_client.send(f"{address(small_mall)}comment/", {"text": "Kata lagi"}, status=422)
    assert "sudah ada tiga tanggapan" in again.text and "Kata lagi" in again.text
    assert Comment.objects.count() == commands.COMMENTS_PER_BROWSER


def test_what_cannot_be_said(small_mall, page_client):
    closed = page_client.send(f"{address(small_mall)}comment/", {"text": "Terlambat"}, status=422)
    assert "tidak sedang terbuka" in closed.text
    proposed(small_mall)
    page_client.send(f"{address(small_mall)}comment/", {"text": ""}, status=422)
    page_client.send(f"{address(small_mall)}comment/", {"text": "x" * 2001}, status=422)
    assert not Comment.objects.exists()


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_it_fits_a_phone_and_axe_finds_nothing(small_mall, live_server, page):
    proposed(small_mall)
    page.set_viewport_size(PHONE)
    page.goto(live_server.url + address(small_mall))
    assert_fits(page)
    assert_axe_clean(page)
    assert_targets(page)
    shoot(page, "standard-public-360", full=True)
