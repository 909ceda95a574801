"""Log-ins: guessing, how long they last, what they owe, and what ends them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from structlog.testing import capture_logs

from senyum.core import clock
from senyum.journal.actor import SYSTEM
from senyum.journal.models import Entry
from senyum.people import commands
from senyum.people.commands.accounts import FIRST_PASSWORD_KEPT
from senyum.people.models import Login, Role, User
from senyum.surfaces.ui import login, logins
from senyum.surfaces.ui.testing import PageClient

pytestmark = pytest.mark.django_db
LOG_IN, WORK = "/accounts/login/", "/my-work/"
SECRET = "pagar-biru-tujuh"


@pytest.fixture(autouse=True)
def _quick_hashes(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def officer(small_mall):
    return with_password(small_mall.users["petugas1"])


def with_password(user: User, secret: str = SECRET) -> User:
    user.set_password(secret)
    user.save(update_fields=["password"])
    return user


def enter(name: str = "petugas1", secret: str = SECRET, browser: Client | None = None) -> Client:
    browser = browser or Client()
    browser.post(LOG_IN, {"login": name, "password": secret})
    return browser


def is_in(browser: Client) -> bool:
    return browser.get(WORK).status_code == 200


def wait(monkeypatch: pytest.MonkeyPatch, **time: float) -> None:
    """Let the wall's clock stand so much later for the middleware."""
    later = clock.wall() + timedelta(**time)
    monkeypatch.setattr(logins.clock, "wall", lambda: later)


@pytest.mark.django_db(transaction=True)
def test_a_log_in_asks_the_database_no_more_than_it_must(officer):
    """53 before: each write of the cache, of which a log-in has seven, was five statements and a count of the table."""
    browser = Client()
    browser.get(LOG_IN)
    with CaptureQueriesContext(connection) as asked:
        browser.post(LOG_IN, {"login": "petugas1", "password": SECRET})
    assert is_in(browser)
    assert len(asked) <= 22, "\n".join(query["sql"][:150] for query in asked)
    assert not [query for query in asked if "COUNT(*)" in query["sql"]]


# Guessing


def test_password_spraying_is_slowed_and_locks_no_officer_out(small_mall, officer, monkeypatch):
    """Many names with one password from the hall's own address: strange browsers wait, those of officers do not."""
    monkeypatch.setattr(login, "_WINDOW", 10**9)  # five minutes must not end in the middle of the test
    own = enter()
    assert is_in(own)
    own.post("/accounts/logout/")
    tried = [Client().post(LOG_IN, {"login": f"nama{n}", "password": "senyum2026"}) for n in range(60)]
    held = [answer for answer in tried if "terlalu banyak" in answer.content.decode().lower()]
    assert len(held) == 20
    assert not is_in(enter())
    enter(browser=own)
    assert is_in(own)


def test_wrong_passwords_for_one_name_hold_back_a_strange_browser_and_not_the_officers_own(small_mall, officer):
    own = enter()
    own.post("/accounts/logout/")
    stranger = Client()
    for _each in range(8):
        enter(secret="salah-sekali", browser=stranger)
    enter(browser=stranger)
    assert not is_in(stranger)
    enter(browser=own)
    assert is_in(own)


def test_a_browser_knows_only_who_logged_in_there(small_mall, officer):
    """The cookie of one officer opens no door around the limits for another name."""
    with_password(small_mall.users["petugas2"])
    own = enter()
    own.post("/accounts/logout/")
    for _each in range(9):
        enter("petugas2", "salah-sekali", own)
    enter("petugas2", SECRET, own)
    assert not is_in(own)


def test_a_made_up_cookie_is_no_known_browser(small_mall, officer):
    browser = Client()
    browser.cookies["senyum_known"] = f"abc.{officer.pk}:1abc:sig"
    for _each in range(8):
        enter(secret="salah-sekali", browser=browser)
    enter(browser=browser)
    assert not is_in(browser)


def test_log_ins_are_logged_by_the_users_number_and_nothing_typed(small_mall, officer):
    with capture_logs() as lines:
        enter(secret="salah-sekali")
        enter("kata-sandi-di-kolom-nama", "x")
        enter().post("/accounts/logout/")
    events = [(line["event"], line["user"]) for line in lines if line["event"].startswith("login.")]
    assert events == [
        ("login.failed", officer.pk),
        ("login.failed", None),
        ("login.made", officer.pk),
        ("login.left", officer.pk),
    ]
    assert "kata-sandi-di-kolom-nama" not in json.dumps(lines, default=str)


# Passwords


@pytest.mark.parametrize(
    ("secret", "code"),
    [
        ("pendek123", "password_too_short"),
        ("password123", "password_too_common"),
        ("1234567890", "password_too_common"),
        ("senyum-2026", "house_words"),
        ("S3nyum2026!", "house_words"),
        ("MPP Sumedang 1", "house_words"),
        ("petugas1(contoh)", "password_too_similar"),
    ],
)
def test_common_passwords_and_words_of_the_house_are_refused(officer, secret, code):
    with pytest.raises(ValidationError) as refusal:
        validate_password(secret, officer)
    assert code in [error.code for error in refusal.value.error_list]


@pytest.mark.parametrize("secret", ["gajah makan pepaya", "senyum gajah pepaya", "鳥が鳴く朝の山道を歩く", "x" * 128])
def test_any_other_long_password_is_taken_as_it_is(officer, secret):
    validate_password(secret, officer)


def test_a_first_password_opens_nothing_but_the_page_that_changes_it(small_mall):
    user, first = commands.add_person(
        mall=small_mall.mall,
        username="siti",
        name="Siti",
        email="",
        role="greeter",
        agency=None,
        now=clock.now(),
        wall=clock.wall(),
        actor=SYSTEM,
    )
    browser = PageClient()
    enter("siti", first, browser)
    for address in (WORK, "/greeter/contoh/"):
        assert browser.get(address)["Location"] == "/accounts/password/change/"
    browser.post(
        "/accounts/password/change/", {"oldpassword": first, "password1": SECRET + "-x", "password2": SECRET + "-x"}
    )
    user.refresh_from_db()
    assert user.password_until is None
    assert is_in(browser)
    assert Entry.objects.filter(kind="user.password_chosen", subject_id=str(user.pk)).count() == 1


def test_a_first_password_runs_out(small_mall):
    user = small_mall.users["petugas1"]
    first = commands.reset_access(
        user=user, mall=small_mall.mall, now=clock.now(), wall=clock.wall() - FIRST_PASSWORD_KEPT, actor=SYSTEM
    )
    assert not is_in(enter("petugas1", first))


# Second factor


def totp(user: User) -> str:
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    return secret


def test_a_reset_does_not_bypass_the_second_factor(small_mall, officer):
    totp(officer)
    first = commands.reset_access(user=officer, mall=small_mall.mall, now=clock.now(), wall=clock.wall(), actor=SYSTEM)
    browser = Client()
    answer = browser.post(LOG_IN, {"login": "petugas1", "password": first})
    assert answer["Location"].startswith("/accounts/2fa/authenticate/")
    assert not is_in(browser)


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("pengelola", "/console/contoh/floor/"),
        ("sekda", "/console/contoh/floor/"),
        ("admin", "/console/contoh/accounts/"),
    ],
)
def test_who_steers_needs_a_second_factor_where_the_hall_says_so(small_mall, settings, name, address):
    settings.SECOND_FACTOR = "steering"
    user = with_password(small_mall.users[name])
    browser = enter(name)
    assert browser.get(address)["Location"] == "/accounts/2fa/"
    assert browser.get("/accounts/2fa/").status_code == 200
    totp(user)
    assert browser.get(address).status_code == 200


@pytest.mark.parametrize("name", ["petugas1", "penyambut", "koordinator"])
def test_who_serves_is_offered_one_and_not_held_up(small_mall, settings, name):
    settings.SECOND_FACTOR = "steering"
    with_password(small_mall.users[name])
    assert is_in(enter(name))


def test_recovery_codes_alone_are_no_second_factor(small_mall, settings):
    settings.SECOND_FACTOR = "steering"
    user = with_password(small_mall.users["admin"])
    browser = enter("admin")
    Authenticator.objects.create(user=user, type="recovery_codes", data={"seed": "x", "used_mask": 0})
    assert browser.get(WORK)["Location"] == "/accounts/2fa/"


def test_without_tls_nobody_is_forced_so_that_a_trial_works(small_mall, settings):
    assert settings.SECOND_FACTOR == "nobody"
    with_password(small_mall.users["admin"])
    assert is_in(enter("admin"))


# How long


@pytest.mark.parametrize(
    ("zone", "moment", "night"),
    [
        ("Asia/Jakarta", datetime(2026, 3, 2, 1, 0, tzinfo=UTC), datetime(2026, 3, 2, 19, 0, tzinfo=UTC)),
        ("Asia/Jakarta", datetime(2026, 3, 2, 18, 30, tzinfo=UTC), datetime(2026, 3, 3, 19, 0, tzinfo=UTC)),
        ("Asia/Jakarta", datetime(2026, 3, 2, 17, 30, tzinfo=UTC), datetime(2026, 3, 2, 19, 0, tzinfo=UTC)),
        ("Asia/Jayapura", datetime(2026, 3, 2, 1, 0, tzinfo=UTC), datetime(2026, 3, 2, 17, 0, tzinfo=UTC)),
    ],
)
def test_a_log_in_ends_at_two_in_the_night_of_its_hall(small_mall, zone, moment, night):
    small_mall.mall.timezone = zone
    small_mall.mall.save(update_fields=["timezone"])
    assert logins.night_after(small_mall.users["petugas1"], moment) == night


def test_at_night_everybody_is_out_however_busy(small_mall, officer, monkeypatch):
    browser = enter()
    monkeypatch.setattr(logins.clock, "wall", lambda start=clock.wall: start())
    night = logins.night_after(officer, clock.wall())
    monkeypatch.setattr(logins.clock, "wall", lambda: night - timedelta(seconds=30))
    kept = browser.session
    kept["login"] = {**kept["login"], "seen": (night - timedelta(minutes=5)).timestamp()}
    kept.save()
    assert is_in(browser)
    monkeypatch.setattr(logins.clock, "wall", lambda: night)
    assert not is_in(browser)
    assert not Login.objects.filter(user=officer).exists()


def seen_before(browser: Client, **time: float) -> None:
    """The log-in was used last so long ago, and lasts long enough still."""
    kept = browser.session
    now = clock.wall()
    ends = (now + timedelta(hours=9)).timestamp()
    kept["login"] = {**kept["login"], "seen": (now - timedelta(**time)).timestamp(), "ends": ends}
    kept.save()


def test_an_officer_is_not_thrown_out_while_the_counter_page_follows_the_hall(small_mall, officer):
    browser = enter()
    for _hour in range(5):
        seen_before(browser, hours=3, minutes=50)
        assert browser.get("/counter/contoh/", headers={"HX-Request": "true"}).status_code == 200
    seen_before(browser, hours=4, minutes=1)
    assert not is_in(browser)


def test_who_steers_is_out_after_two_hours_without_a_press_though_the_floor_is_open(small_mall):
    with_password(small_mall.users["pengelola"])
    browser = enter("pengelola")
    seen_before(browser, hours=1, minutes=50)
    assert browser.get("/console/contoh/floor/", headers={"HX-Request": "true"}).status_code == 200
    assert browser.session["login"]["seen"] < (clock.wall() - timedelta(hours=1)).timestamp()
    seen_before(browser, hours=2, minutes=1)
    answer = browser.get("/console/contoh/floor/", headers={"HX-Request": "true"})
    assert answer.headers["HX-Redirect"].startswith(LOG_IN)
    assert "sudah lama tidak memakai" in browser.get(LOG_IN).content.decode()


def test_use_is_noted_once_a_minute(small_mall, officer):
    browser = enter()
    first = Login.objects.get(user=officer).seen_at
    is_in(browser)
    assert Login.objects.get(user=officer).seen_at == first
    seen_before(browser, minutes=2)
    is_in(browser)
    assert Login.objects.get(user=officer).seen_at > first


# One's own list, and what ends others


def test_ones_own_log_ins_are_listed_and_the_others_ended(small_mall, officer):
    here, there = PageClient(HTTP_USER_AGENT="Mozilla/5.0 (Windows NT 10.0) Firefox/130"), Client()
    there = Client(HTTP_USER_AGENT="Mozilla/5.0 (Linux; Android 14) Chrome/130 Mobile Safari/537")
    enter(browser=here)
    enter(browser=there)
    stranger = enter("petugas2", SECRET) if with_password(small_mall.users["petugas2"]) else None
    page = here.page("/my-work/logins/")
    assert "Firefox, Windows" in page.text
    assert "Chrome, Android" in page.text
    assert page.text.count("di sini") == 1
    assert "Keluarkan yang lain" not in here.send("/my-work/logins/end/").text
    assert is_in(here)
    assert not is_in(there)
    assert is_in(stranger)
    assert Entry.objects.get(kind="user.logins_ended").data == {"count": 1}


def test_a_new_password_ends_the_others(small_mall, officer):
    here, there = enter(), enter()
    here.post(
        "/accounts/password/change/", {"oldpassword": SECRET, "password1": SECRET + "-x", "password2": SECRET + "-x"}
    )
    assert is_in(here)
    assert not is_in(there)
    assert "Firefox" not in here.get("/my-work/logins/").content.decode()


def test_a_disabled_user_loses_running_sessions_at_once(small_mall, officer):
    browsers = [enter(), enter()]
    commands.disable_person(user=officer, mall=small_mall.mall, reason="pindah", now=clock.now(), actor=SYSTEM)
    assert not any(is_in(browser) for browser in browsers)
    assert not Login.objects.filter(user=officer).exists()
    commands.enable_person(user=officer, mall=small_mall.mall, now=clock.now(), actor=SYSTEM)
    assert not any(is_in(browser) for browser in browsers)


def test_a_role_given_while_logged_in_counts_within_a_minute(small_mall, officer, settings):
    settings.SECOND_FACTOR = "steering"
    browser = enter()
    assert is_in(browser)
    Role.objects.create(user=officer, mall=small_mall.mall, role="manager")
    seen_before(browser, minutes=1, seconds=1)
    assert browser.get(WORK)["Location"] == "/accounts/2fa/"


# Over https


def under_tls(**more: str) -> dict[str, object]:
    """What a hall under https says: its cookies' names, and the head of the log-in page."""
    code = """
import json, django
django.setup()
from django.conf import settings
from django.test import Client
from senyum.surfaces.citizen import browser
from senyum.surfaces.kiosk import frame
from senyum.surfaces.ui import access, login
answer = Client().get("/language/?lang=su&next=/", secure=True)
print(json.dumps({
    "names": [settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME, settings.LANGUAGE_COOKIE_NAME, access.COOKIE,
              login.COOKIE, browser.COOKIE, browser.ASKED, frame.CONTRAST],
    "of_a_path": frame.VISIT,
    "hsts": answer.headers.get("Strict-Transport-Security"),
    "factor": settings.SECOND_FACTOR,
    "set": [[name, cookie["secure"], cookie["path"], cookie["domain"]] for name, cookie in answer.cookies.items()],
}))
"""
    environment = {**os.environ, "SENYUM_TLS": "1", "DJANGO_SETTINGS_MODULE": "senyum.settings", **more}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return told


def test_over_https_cookies_have_names_that_nobody_can_plant():
    told = under_tls()
    assert all(name.startswith("__Host-") for name in told["names"])
    assert told["of_a_path"].startswith("__Secure-")
    assert told["set"] == [["__Host-language", True, "/", ""]]


def test_over_https_a_certificate_of_others_cannot_be_clicked_away():
    assert under_tls()["hsts"] == "max-age=31536000"
    assert under_tls(SENYUM_TLS_PORT="8443")["hsts"] is None
    assert under_tls(SENYUM_HSTS="600")["hsts"] == "max-age=600"


def test_over_https_who_steers_needs_a_second_factor():
    assert under_tls()["factor"] == "steering"
    assert under_tls(SENYUM_DEMO="1")["factor"] == "nobody"
