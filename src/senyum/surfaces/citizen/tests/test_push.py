"""The offer to be told on this phone: who may follow a ticket, and that the tap does it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django_scopes import scopes_disabled
from playwright.sync_api import expect

from senyum.core import clock
from senyum.notices import queries
from senyum.notices.channels import webpush
from senyum.notices.models import Subscription
from senyum.notices.tests.test_webpush import AUTH, POINT
from senyum.surfaces.citizen.tests.phones import opens, serves, take
from senyum.surfaces.ui.browser import PHONE, assert_axe_clean, assert_fits, assert_targets, shoot
from senyum.visits.models import Visit

ENDPOINT = "https://fcm.googleapis.com/fcm/send/abc"
FORM = {"endpoint": ENDPOINT, "p256dh": POINT, "auth": AUTH}


#: Nine in the morning in Jakarta, a Monday.
NINE = datetime(2031, 1, 6, 2, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _nine(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(clock, "now", lambda: NINE)
    with scopes_disabled():
        yield


@pytest.mark.django_db
class TestForm:
    def test_a_browser_follows_its_ticket_until_the_day_ends_and_leaves(self, small_mall: Any, client: Any) -> None:
        mine, other = take(small_mall, "ktp"), take(small_mall, "ktp")
        assert client.post(f"/t/{mine.token}/push", FORM).status_code == 204
        row = Subscription.objects.get()
        visit = Visit.objects.get(token=mine.token)
        assert (row.subject_kind, row.subject_id, row.endpoint) == ("visit", str(visit.pk), ENDPOINT)
        assert row.useful_until == NINE + timedelta(hours=15)
        # Whoever has another ticket ends nothing here.
        client.post(f"/t/{other.token}/push", {**FORM, "stop": "1"})
        assert Subscription.objects.count() == 1
        assert client.post(f"/t/{mine.token}/push", {"endpoint": ENDPOINT, "stop": "1"}).status_code == 204
        assert not Subscription.objects.exists()

    @pytest.mark.parametrize(
        "wrong",
        [
            {},
            {**FORM, "endpoint": "https://evil.example/x"},
            {**FORM, "auth": "x"},
            {**FORM, "p256dh": ""},
            {**FORM, "endpoint": "https://127.0.0.1/x"},
            {**FORM, "endpoint": "x" * 3000},
        ],
    )
    def test_what_is_no_subscription_changes_nothing(self, small_mall: Any, client: Any, wrong: Any) -> None:
        issued = take(small_mall, "ktp")
        answer = client.post(f"/t/{issued.token}/push", wrong)
        assert answer.status_code == 422 and "Tidak ada yang berubah" in answer.content.decode()
        assert not Subscription.objects.exists()

    def test_a_visit_that_is_over_and_a_wrong_link_are_not_followed(self, small_mall: Any, client: Any) -> None:
        opens(small_mall, 1)
        issued = take(small_mall, "ktp")
        assert "data-push-card" in client.get(f"/t/{issued.token}/").content.decode()
        serves(small_mall, 1)
        assert client.post(f"/t/{issued.token}/push", FORM).status_code == 422
        assert client.post(f"/t/{'A' * 22}/push", FORM).status_code == 404
        assert not Subscription.objects.exists()
        assert "data-push-card" not in client.get(f"/t/{issued.token}/").content.decode()

    def test_a_hall_without_push_offers_none(self, small_mall: Any, client: Any, settings: Any) -> None:
        settings.PUSH = False
        issued = take(small_mall, "ktp")
        said = client.get(f"/t/{issued.token}/").content.decode()
        assert "data-push-card" not in said and "push.js" not in said
        assert client.post(f"/t/{issued.token}/push", FORM).status_code == 422

    def test_the_worker_lies_beside_the_pages(self, client: Any) -> None:
        answer = client.get("/push-worker.js")
        assert answer.headers["Content-Type"].startswith("text/javascript")
        assert answer.headers["Cache-Control"] == "no-cache" and b"showNotification" in answer.content


# Headless Chromium has no push service behind it, so what the browser would get from one is put in its place: the
# permission, and a push manager whose subscription has real keys. Script, worker, form and server are the real ones.
STUB = """
    window.asked = 0;
    Notification.requestPermission = async () => { window.asked += 1; return %(answer)s; };
    const made = %(made)s;
    let kept = null;
    const subscription = (options) => ({ endpoint: made.endpoint, options, toJSON: () => made,
        unsubscribe: async () => { kept = null; return true; } });
    PushManager.prototype.getSubscription = async () => kept;
    PushManager.prototype.subscribe = async (options) => {
        window.key = btoa(String.fromCharCode(...options.applicationServerKey));
        return kept = subscription({ applicationServerKey: options.applicationServerKey.buffer });
    };
"""


def _stub(page: Any, answer: str = "'granted'") -> None:
    made = {"endpoint": ENDPOINT, "keys": {"p256dh": POINT, "auth": AUTH}}
    page.add_init_script(STUB % {"answer": answer, "made": json.dumps(made)})


def _sound(page: Any, name: str) -> None:
    assert_axe_clean(page)
    assert_targets(page)
    assert_fits(page)
    shoot(page, f"phone-push-{name}", full=True)


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
class TestBrowser:
    def test_a_tap_follows_and_another_ends_it(self, page: Any, live_server: Any, small_mall: Any) -> None:
        _stub(page)
        page.set_viewport_size(PHONE)
        opens(small_mall, 1)
        issued = take(small_mall, "ktp")
        page.goto(f"{live_server.url}/t/{issued.token}/")
        button = page.get_by_role("button", name="Kabari saya")
        expect(button).to_be_visible()
        assert page.evaluate("window.asked") == 0
        _sound(page, "off")
        button.click()
        expect(page.get_by_text("Ponsel ini akan dikabari.")).to_be_visible()
        assert page.evaluate("window.asked") == 1
        key = page.evaluate("window.key").replace("+", "-").replace("/", "_").rstrip("=")
        assert key == webpush.public_key()
        visit = Visit.objects.get(token=issued.token)
        row = Subscription.objects.get()
        assert (row.subject_id, row.endpoint, row.p256dh, row.auth) == (str(visit.pk), ENDPOINT, POINT, AUTH)
        assert len(queries.push_ways(kind="visit", subject_id=visit.pk, now=clock.now())) == 1
        _sound(page, "on")
        page.get_by_role("button", name="Jangan kabari lagi").click()
        expect(button).to_be_visible()
        assert not Subscription.objects.exists()

    def test_the_real_worker_shows_what_is_pushed(self, context: Any, live_server: Any, small_mall: Any) -> None:
        """Chromium itself hands the worker a push, as its push service would."""
        page = context.new_page()
        context.grant_permissions(["notifications"], origin=live_server.url)
        page.goto(f"{live_server.url}/t/{take(small_mall, 'ktp').token}/")
        tools = context.new_cdp_session(page)
        found: list[str] = []
        tools.on(
            "ServiceWorker.workerRegistrationUpdated",
            lambda event: found.extend(r["registrationId"] for r in event["registrations"]),
        )
        tools.send("ServiceWorker.enable")
        state = page.evaluate(
            """async () => {
                const r = await navigator.serviceWorker.register('/push-worker.js', {scope: '/push/'});
                const w = r.installing || r.waiting || r.active;
                if (w.state !== 'activated') await new Promise((done) => w.addEventListener('statechange',
                    () => { if (w.state === 'activated') done(); }));
                return [w.state, new URL(r.scope).pathname, navigator.serviceWorker.controller === null];
            }"""
        )
        assert state == ["activated", "/push/", True] and found
        for data in (
            "no json",
            json.dumps({"title": "Nomor A-001, silakan ke loket 1", "body": "KTP", "tag": "visit-1", "url": "/t/x/"}),
        ):
            tools.send(
                "ServiceWorker.deliverPushMessage",
                {"origin": live_server.url, "registrationId": found[-1], "data": data},
            )
        shown = page.evaluate(
            """async () => {
                const r = await navigator.serviceWorker.getRegistration('/push/');
                for (let n = 0; n < 100; n += 1) {
                    const all = await r.getNotifications();
                    const mine = all.find((one) => one.tag === 'visit-1');
                    if (mine) return [mine.title, mine.body, mine.data.url];
                    await new Promise((done) => setTimeout(done, 50));
                }
                return null;
            }"""
        )
        assert shown == ["Nomor A-001, silakan ke loket 1", "KTP", "/t/x/"]

    def test_a_refusal_says_what_to_do(self, page: Any, live_server: Any, small_mall: Any) -> None:
        _stub(page, "'denied'")
        page.set_viewport_size(PHONE)
        page.goto(f"{live_server.url}/t/{take(small_mall, 'ktp').token}/")
        page.get_by_role("button", name="Kabari saya").click()
        expect(page.get_by_text("Peramban ini tidak mengizinkan pemberitahuan.")).to_be_visible()
        assert not Subscription.objects.exists()
        _sound(page, "denied")

    def test_a_push_service_that_does_not_answer_can_be_tried_again(
        self, page: Any, live_server: Any, small_mall: Any
    ) -> None:
        _stub(page)
        page.add_init_script("PushManager.prototype.subscribe = async () => { throw new Error('no service'); };")
        page.set_viewport_size(PHONE)
        page.goto(f"{live_server.url}/t/{take(small_mall, 'ktp').token}/")
        page.get_by_role("button", name="Kabari saya").click()
        expect(page.get_by_text("Belum berhasil.")).to_be_visible()
        expect(page.get_by_role("button", name="Kabari saya")).to_be_visible()

    def test_where_the_browser_cannot_there_is_no_offer(self, page: Any, live_server: Any, small_mall: Any) -> None:
        page.add_init_script("delete window.PushManager;")
        page.goto(f"{live_server.url}/t/{take(small_mall, 'ktp').token}/")
        expect(page.locator("h1")).to_be_visible()
        expect(page.get_by_role("button", name="Kabari saya")).to_have_count(0)
