"""Who may open a page."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.http import Http404, HttpResponse
from django.test import RequestFactory
from django.urls import path
from django.utils import timezone
from django_scopes import get_scope

from senyum.core import clock
from senyum.journal.actor import SYSTEM
from senyum.people.commands import create_token, deactivate_user, revoke_token, set_device_pin
from senyum.surfaces.ui.access import Access, access_of, device, public, staff
from senyum.surfaces.ui.testing import PageClient

pytestmark = [pytest.mark.django_db, pytest.mark.urls("senyum.surfaces.ui.tests.test_access")]


def _tell(request, **kwargs):
    mall = kwargs.get("mall")
    agencies = get_scope().get("agency", "none")
    return HttpResponse(f"{mall and mall.code} {agencies} {timezone.get_current_timezone_name()}")


def _mall_of(counter):
    from senyum.malls.models import Counter

    found = Counter.objects.filter(pk=counter).select_related("mall").first()
    return found.mall if found else None


from senyum.surfaces.ui.tests.gallery import urlpatterns as gallery  # noqa: E402 - its views name what stands above

handler404 = "senyum.surfaces.ui.views.not_found"
urlpatterns = [
    *gallery,
    path("x/public/<slug:mall>/", public(_tell)),
    path("x/serve/<slug:mall>/", staff("serve")(_tell)),
    path("x/any/<slug:mall>/", staff()(_tell)),
    path("x/anywhere/", staff("greet")(_tell)),
    path("x/counter/<int:counter>/", staff("serve", mall_of=_mall_of)(lambda request, counter: _tell(request))),
    path("x/kiosk/<slug:mall>/", device("kiosk")(_tell)),
    path("x/board/<slug:mall>/", device("display", or_staff="see_floor")(_tell)),
]


@pytest.fixture
def log_in(small_mall):
    def as_(name):
        client = PageClient()
        client.force_login(small_mall.users[name])
        return client

    return as_


def paired_client(small_mall, kind):
    own = small_mall.devices[kind]
    secret = create_token(role=kind, mall=small_mall.mall, device=own, now=clock.now(), actor=SYSTEM)
    client = PageClient()
    client.send("/device/pair/", {"token": f" {secret[:10]} \n{secret[10:]} "})
    return client, secret


def test_a_view_says_its_access():
    assert access_of(public(_tell)) == Access("public")
    assert access_of(staff("serve")(_tell)) == Access("staff", permissions=("serve",))
    assert access_of(device("kiosk", or_staff="greet")(_tell)) == Access("device", ("greet",), ("kiosk",))
    assert access_of(_tell) is None


def test_an_unknown_permission_is_refused_at_once():
    with pytest.raises(KeyError):
        staff("fly")


def test_public_sees_no_scope_and_the_malls_time(small_mall, page_client):
    response = page_client.get("/x/public/contoh/")
    assert response.content.decode() == f"contoh none {small_mall.mall.timezone}"
    assert page_client.get("/x/public/tidak-ada/").status_code == 404


def test_the_time_zone_of_one_mall_does_not_stay_for_the_next_request(small_mall, page_client):
    timezone.activate("Asia/Jayapura")
    page_client.get("/language/")
    assert timezone.get_current_timezone_name() == "Asia/Jakarta"


def test_staff_must_log_in(small_mall, page_client):
    response = page_client.get("/x/serve/contoh/")
    assert (response.status_code, response["Location"]) == (302, "/accounts/login/?next=/x/serve/contoh/")


def test_a_fragment_sends_the_whole_screen_to_the_log_in(small_mall, page_client):
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/counter/contoh/?x=1"}
    response = page_client.get("/x/serve/contoh/", headers=headers)
    assert response.status_code == 204
    assert response["HX-Redirect"] == "/accounts/login/?next=/counter/contoh/%3Fx%3D1"


def test_an_officer_sees_their_own_agency(small_mall, log_in):
    own = small_mall.agencies["dukcapil"].pk
    assert log_in("petugas1").get("/x/serve/contoh/").content.decode().startswith(f"contoh [{own}]")
    assert log_in("petugas1").get("/x/any/contoh/").status_code == 200


def test_a_manager_sees_every_agency_but_may_not_serve(small_mall, log_in):
    everyone = sorted(a.pk for a in small_mall.agencies.values())
    assert f"contoh {everyone}" in log_in("pengelola").get("/x/any/contoh/").content.decode()
    page = log_in("pengelola").page("/x/serve/contoh/", status=403)
    assert "Peran Anda tidak mengizinkan ini" in page.text


def test_the_role_that_opens_a_page_says_whose_people_it_shows(small_mall, log_in):
    """Coordinator here, officer there: the floor shows the people of the first, the counter's list both."""
    from senyum.people.models import Role

    dukcapil, bank = small_mall.agencies["dukcapil"], small_mall.agencies["bank"]
    Role.objects.create(user=small_mall.users["koordinator"], role="officer", mall=small_mall.mall, agency=bank)
    both = log_in("koordinator")
    assert f"[{dukcapil.pk}]" in both.get("/x/board/contoh/").content.decode()
    assert str(sorted([dukcapil.pk, bank.pk])) in both.get("/x/serve/contoh/").content.decode()
    assert str(sorted([dukcapil.pk, bank.pk])) in both.get("/x/any/contoh/").content.decode()


def test_a_mall_without_a_role_does_not_exist(small_mall, log_in, django_user_model):
    stranger = django_user_model.objects.create(username="lain")
    client = PageClient()
    client.force_login(stranger)
    assert client.get("/x/any/contoh/").status_code == 404


def test_without_a_mall_a_role_anywhere_is_enough_and_nothing_is_seen(small_mall, log_in):
    assert log_in("penyambut").get("/x/anywhere/").content.decode().startswith("None [] ")
    assert log_in("petugas1").get("/x/anywhere/").status_code == 403


def test_a_mall_may_be_found_by_another_thing(small_mall, log_in):
    counter = next(iter(small_mall.counters.values()))
    assert log_in("petugas1").get(f"/x/counter/{counter.pk}/").status_code == 200
    assert log_in("petugas1").get("/x/counter/999999/").status_code == 404


def test_somebody_who_was_switched_off_is_out_at_the_next_request(small_mall, log_in):
    client = log_in("petugas1")
    deactivate_user(user=small_mall.users["petugas1"], reason="pindah", now=clock.now(), actor=SYSTEM)
    assert client.get("/x/serve/contoh/").status_code == 302


def test_a_browser_that_is_not_paired_goes_to_the_pairing(small_mall, page_client):
    response = page_client.get("/x/kiosk/contoh/")
    assert (response.status_code, response["Location"]) == (302, "/device/?next=/x/kiosk/contoh/")


def test_a_paired_kiosk_sees_the_hall(small_mall):
    client, _secret = paired_client(small_mall, "kiosk")
    everyone = sorted(a.pk for a in small_mall.agencies.values())
    assert client.get("/x/kiosk/contoh/").content.decode().startswith(f"contoh {everyone}")
    assert client.get("/x/kiosk/lain/").status_code == 404
    assert client.get("/x/board/contoh/").status_code == 302


def test_a_board_may_be_looked_at_by_staff(small_mall, log_in):
    assert log_in("sekda").get("/x/board/contoh/").status_code == 200
    assert log_in("petugas1").get("/x/board/contoh/").status_code == 403


def test_a_revoked_token_ends_the_pairing(small_mall):
    client, secret = paired_client(small_mall, "kiosk")
    revoke_token(prefix=secret.split("_")[1], now=clock.now(), actor=SYSTEM)
    assert client.get("/x/kiosk/contoh/").status_code == 302


def test_the_cookie_cannot_be_made_up(small_mall):
    client, secret = paired_client(small_mall, "kiosk")
    assert client.cookies["senyum_device"]["httponly"]
    client.cookies["senyum_device"] = secret
    assert client.get("/x/kiosk/contoh/").status_code == 302


def test_the_device_page_says_what_this_browser_is(small_mall):
    client, _secret = paired_client(small_mall, "display")
    page = client.page("/device/")
    assert small_mall.devices["display"].name in page.text
    assert page.find("a", href="/display/contoh/")


@pytest.mark.parametrize("wrong", ["", "sny_0_x", "x" * 500])
def test_a_wrong_token_is_told_beside_the_field(small_mall, page_client, wrong):
    page = page_client.send("/device/pair/", {"token": wrong}, status=422)
    assert page.title.startswith("Galat:")
    assert page.find("div", class_="summary")
    assert "senyum_device" not in page_client.cookies


def test_a_token_of_a_person_pairs_nothing(small_mall, page_client):
    secret = create_token(
        role="greeter", mall=small_mall.mall, user=small_mall.users["penyambut"], now=clock.now(), actor=SYSTEM
    )
    page = page_client.send("/device/pair/", {"token": secret}, status=422)
    assert "bukan untuk perangkat" in page.text


def test_an_expired_token_pairs_nothing(small_mall, page_client):
    secret = create_token(
        role="kiosk",
        mall=small_mall.mall,
        device=small_mall.devices["kiosk"],
        now=clock.now(),
        actor=SYSTEM,
        expires_at=clock.wall() - timedelta(seconds=1),
    )
    page_client.send("/device/pair/", {"token": secret}, status=422)


def test_unpairing_needs_the_pin(small_mall):
    own = small_mall.devices["kiosk"]
    set_device_pin(device=own, pin="246813", now=clock.now(), actor=SYSTEM)
    client, _secret = paired_client(small_mall, "kiosk")
    assert "PIN ini salah" in client.send("/device/unpair/", {"pin": "111111"}, status=422).text
    assert client.get("/x/kiosk/contoh/").status_code == 200
    assert "sudah dilepas" in client.send("/device/unpair/", {"pin": "246813"}).text
    assert client.get("/x/kiosk/contoh/").status_code == 302


def test_five_wrong_pins_wait(small_mall):
    own = small_mall.devices["kiosk"]
    set_device_pin(device=own, pin="246813", now=clock.now(), actor=SYSTEM)
    client, _secret = paired_client(small_mall, "kiosk")
    for _ in range(5):
        client.send("/device/unpair/", {"pin": "111111"}, status=422)
    assert "Tunggu lima menit" in client.send("/device/unpair/", {"pin": "246813"}, status=409).text


def test_sample_devices_are_for_the_demo_only(small_mall, page_client, settings):
    pk = small_mall.devices["kiosk"].pk
    page_client.send("/device/pair-sample/", {"device": pk}, status=403)
    settings.DEMO = True
    small_mall.mall.is_sample = True
    small_mall.mall.save(update_fields=["is_sample"])
    assert page_client.page("/device/").find("input", name="device", value=str(pk))
    page_client.send("/device/pair-sample/", {"device": "9" * 30}, status=409)
    page_client.send("/device/pair-sample/", {"device": pk})
    assert page_client.get("/x/kiosk/contoh/").status_code == 200


def test_a_mall_in_the_address_must_exist():
    request = RequestFactory().get("/")
    with pytest.raises(Http404):
        public(_tell)(request, mall="tidak-ada")
