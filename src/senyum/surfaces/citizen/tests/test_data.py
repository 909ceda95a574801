"""My data by the link: to read, to take along, to erase; and nobody else's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django_scopes import scopes_disabled

from senyum.bookings import commands as bookings
from senyum.bookings.tests.days import NOW, at, open_bookings
from senyum.core import clock
from senyum.rehearsal.queries import SmallHall
from senyum.surfaces.citizen.tests.phones import opens, serves, take
from senyum.surfaces.ui.browser import PHONE, assert_axe_clean, assert_fits, assert_targets, shoot
from senyum.visits.models import Visit

#: Nine in the morning in Jakarta, a Monday.
NINE = datetime(2031, 1, 6, 2, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _nine(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(clock, "now", lambda: NINE)
    with scopes_disabled():
        yield


def served(hall: SmallHall) -> Any:
    opens(hall, 1)
    issued = take(hall, "ktp", district="Cimalaka")
    serves(hall, 1)
    return issued


@pytest.mark.django_db
class TestPages:
    def test_the_ticket_leads_to_everything_that_is_held(self, small_mall: SmallHall, page_client: Any) -> None:
        issued, other = served(small_mall), take(small_mall, "ktp")
        url = f"/t/{issued.token}/data/"
        assert f'href="{url}"' in page_client.page(f"/t/{issued.token}/").html
        page = page_client.page(url)
        for said in (
            issued.label,
            "Cimalaka",
            "Kunjungan",
            "Panggilan",
            "Loket 1",
            "Jurnal",
            "tautannya",
            "Selesai dilayani",
        ):
            assert said in page.text
        assert other.label not in page.text and issued.token not in page.text

    def test_the_file_is_json_and_kept_by_no_cache(self, small_mall: SmallHall, client: Any) -> None:
        issued = served(small_mall)
        answer = client.get(f"/t/{issued.token}/data.json")
        assert "no-store" in answer["Cache-Control"] and "attachment" in answer["Content-Disposition"]
        body = json.loads(answer.content)
        (visit,) = next(table["rows"] for table in body["tables"] if table["table"] == "visits_visit")
        assert (visit["label"], visit["district"]) == (issued.label, "Cimalaka")
        assert visit["arrived_at"] == "2031-01-06T09:00:00+07:00"

    def test_erasing_asks_first_and_ends_the_link(self, small_mall: SmallHall, page_client: Any, client: Any) -> None:
        issued = served(small_mall)
        url = f"/t/{issued.token}/erase"
        assert "Hapus data saya?" in page_client.page(url).heading
        assert Visit.objects.get().district == "Cimalaka"
        assert page_client.send(url, {}).heading == "Sudah dihapus"
        assert Visit.objects.get().district == ""
        for address in ("", "data/", "data.json", "erase"):
            assert client.get(f"/t/{issued.token}/{address}").status_code == 404

    def test_a_running_visit_is_not_erased(self, small_mall: SmallHall, page_client: Any) -> None:
        issued = take(small_mall, "ktp")
        page = page_client.send(f"/t/{issued.token}/erase", {}, status=409)
        assert "belum selesai" in page.text and Visit.objects.get().token == issued.token

    def test_a_booking_has_its_own(
        self, small_mall: SmallHall, page_client: Any, client: Any, monkeypatch: Any
    ) -> None:
        monkeypatch.setattr(clock, "now", lambda: NOW)
        open_bookings(small_mall, places=4)
        legs = [(small_mall.lines["ktp"].pk, at(9))]
        more = {"contact_kind": "email", "contact": "siti@contoh.id"}
        view = bookings.book(mall=small_mall.mall, legs=legs, quantity=1, channel="phone", now=NOW, **more)
        page = page_client.page(f"/b/{view.token}/data/")
        assert view.reference in page.text and "s…@contoh.id" in page.text and "siti@" not in page.text
        assert "masih berlaku" in page_client.send(f"/b/{view.token}/erase", {}, status=409).text
        bookings.cancel(token=view.token, now=NOW)
        assert page_client.send(f"/b/{view.token}/erase", {}).heading == "Sudah dihapus"
        assert client.get(f"/b/{view.token}/data.json").status_code == 404

    def test_no_guess_and_no_other_kind_of_link_opens_it(self, small_mall: SmallHall, client: Any) -> None:
        issued = served(small_mall)
        for address in (
            "/t/x/data/",
            f"/b/{issued.token}/data/",
            f"/b/{issued.token}/data.json",
            "/t/" + "a" * 22 + "/erase",
        ):
            assert client.get(address).status_code == 404
            assert client.post(address).status_code in (404, 405)
        assert Visit.objects.get().token == issued.token


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_on_a_phone(small_mall: SmallHall, page: Any, live_server: Any) -> None:
    issued = served(small_mall)
    page.set_viewport_size(PHONE)
    for name, address in (("data", "data/"), ("erase", "erase")):
        page.goto(f"{live_server.url}/t/{issued.token}/{address}")
        assert_axe_clean(page)
        assert_fits(page)
        assert_targets(page)
        shoot(page, f"phone-{name}", full=True)
