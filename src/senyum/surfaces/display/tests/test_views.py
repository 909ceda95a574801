"""The board as a page: what it shows, what it never shows, and clips that nobody else can order."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

import senyum
from senyum.core import clock, speech
from senyum.journal.actor import SYSTEM
from senyum.people.commands import create_token
from senyum.people.models import DeviceKind
from senyum.rehearsal.queries import SmallHall
from senyum.roster.commands import open_session
from senyum.surfaces.display import views, voice
from senyum.surfaces.display.context import board_now
from senyum.surfaces.display.tests.boards import busy_board, call
from senyum.surfaces.ui.testing import PageClient
from senyum.surfaces.ui.words import minutes_range
from senyum.visits.commands import call_next, issue_visit, undo
from senyum.visits.queries import Board, LongestLine
from senyum.visits.queries.lines import line_states

Show = Callable[..., Board]


@pytest.fixture
def show(monkeypatch: pytest.MonkeyPatch) -> Show:
    """Let the board show these values."""

    def put(**changes: Any) -> Board:
        board = busy_board(clock.now(), **changes)
        monkeypatch.setattr(views.visits, "board", lambda mall, now: board)
        return board

    return put


def state(page: Any) -> dict[str, Any]:
    (script,) = page.find("script", id="board-state")
    return dict(json.loads("".join(script.words)))


def test_shows_the_newest_call_and_the_last_six(page_client: PageClient, small_mall: SmallHall, show: Show) -> None:
    show()
    page = page_client.page("/display/contoh/", max_queries=8)
    assert page.heading == small_mall.mall.short_name
    (newest,) = page.find("section", class_="newest")
    assert "A-027" in newest.text
    assert "Loket 3" in newest.text
    assert "Disdukcapil · KTP-el hilang atau rusak" in newest.text
    (recent,) = page.find("section", class_="recent")
    rows = [row.text for row in recent.all("li")]
    assert len(rows) == 6
    assert rows[0].startswith("C-014 Polres SKCK 11")


def test_shows_counters_open_paused_and_closed_in_words(
    page_client: PageClient, small_mall: SmallHall, show: Show
) -> None:
    show()
    page = page_client.page("/display/contoh/")
    (counters,) = page.find("section", class_="counters")
    rows = {row.get("class"): row.text for row in counters.all("li")}
    assert rows["closed"].endswith("tutup")
    assert rows["paused"].endswith("istirahat")
    assert "35 dari 40 loket" in page.text
    assert "Perkiraan terlama" in page.text and "Imigrasi, 21-47 menit" in page.text
    show(longest=LongestLine("Imigrasi", 18))
    assert "Imigrasi, 18 menit" in page_client.page("/display/contoh/").text
    assert re.search(r"kembali \d\d.\d\d Loket 9 Bapenda", page.text)
    assert "Lapor ke petugas penyambut" in page.text


def test_the_words_on_the_board_are_the_words_in_the_air(
    page_client: PageClient, small_mall: SmallHall, show: Show
) -> None:
    small_mall.mall.languages = ["id", "su", "en"]
    small_mall.mall.save(update_fields=["languages"])
    show()
    page = page_client.page("/display/contoh/")
    (caption,) = page.find("div", id="caption")
    shown = [(line.get("lang"), line.text) for line in caption.all("p")]
    assert shown == [
        ("id", "Nomor antrean A nol dua tujuh, silakan ke loket tiga"),
        ("su", "Nomer antrian A nol dua tujuh, mangga sumping ka loket tilu"),
        ("en", "Number A zero two seven, please go to counter three"),
    ]
    newest = state(page)["calls"][-1]
    assert [(s["language"], s["text"]) for s in newest["sentences"]] == shown
    # Sundanese stands on the board, and is read once there is a voice for it.
    assert [bool(s["clip"]) for s in newest["sentences"]] == [
        s["language"] in speech.voices() for s in newest["sentences"]
    ]


def test_a_withdrawn_call_says_so(page_client: PageClient, small_mall: SmallHall, show: Show) -> None:
    show(newest=call(0, clock.now(), withdrawn=True))
    page = page_client.page("/display/contoh/")
    (newest,) = page.find("section", class_="withdrawn")
    assert "Panggilan dibatalkan" in newest.text
    assert state(page)["calls"][-1]["withdrawn"] is True


def test_a_recall_says_so_and_sounds_so(page_client: PageClient, small_mall: SmallHall, show: Show) -> None:
    show(newest=call(0, clock.now(), kind="recall"))
    page = page_client.page("/display/contoh/")
    assert "Panggilan ulang, nomor antrean A nol dua tujuh" in page.text


def test_a_pause_of_the_hall_is_a_banner(page_client: PageClient, small_mall: SmallHall, show: Show) -> None:
    show(pause_reason="Salat Jumat", pause_back_at=clock.now() + timedelta(hours=1))
    page = page_client.fragment("/display/contoh/now/")
    (banner,) = page.find("p", class_="pause-banner")
    assert "Salat Jumat · dilanjutkan pukul" in banner.text


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("", "Belum ada panggilan hari ini."),
        ("closed", "Pelayanan sedang tutup. Sampai jumpa."),
        ("Tahun Baru Masehi", "Tahun Baru Masehi"),
    ],
)
def test_without_calls_it_says_why(
    page_client: PageClient, small_mall: SmallHall, show: Show, message: str, words: str
) -> None:
    show(newest=None, recent=[], closed_message=message)
    assert words in page_client.page("/display/contoh/").text


def test_stored_markup_stays_text(page_client: PageClient, small_mall: SmallHall, show: Show) -> None:
    evil = "</script><script>alert(1)</script><img src=x onerror=alert(1)>"
    now = clock.now()
    board = show(newest=call(0, now, service=evil, agency_short=evil), pause_reason=evil)
    counters = [replace(board.counters[0], agency_short=evil)]
    show(newest=call(0, now, service=evil), counters=counters, pause_reason=evil, closed_message=evil)
    page = page_client.page("/display/contoh/")
    assert "<img" not in page.html
    assert "<script>alert" not in page.html
    assert evil in page.text


def test_each_language_of_the_page(page_client: PageClient, small_mall: SmallHall, show: Show) -> None:
    show()
    for language in ("id", "su", "en"):
        page = page_client.page(f"/display/contoh/?lang={language}")
        assert page.find("html", lang=language)


def test_an_unknown_hall_is_not_there(client: Client, small_mall: SmallHall) -> None:
    for path in ("/display/nowhere/", "/display/nowhere/now/"):
        assert client.get(path).status_code == 404


def test_nothing_can_be_written_here(client: Client, small_mall: SmallHall, show: Show) -> None:
    show()
    assert client.post("/display/contoh/").status_code == 405


def test_real_calls_reach_the_board_and_an_undone_one_is_marked(page_client: PageClient, small_mall: SmallHall) -> None:
    now, wall = clock.now(), clock.wall()
    counter, user = small_mall.counters[1], small_mall.users["petugas1"]
    open_session(counter=counter, user=user, now=now, actor=SYSTEM)
    issued = issue_visit(
        mall=small_mall.mall,
        line_ids=[small_mall.lines["ktp"].pk],
        channel="kiosk",
        priority="regular",
        now=now,
        actor=SYSTEM,
    )
    assert "Belum ada panggilan" in page_client.page("/display/contoh/").text
    call_next(counter_id=counter.pk, seen=None, actor=SYSTEM, now=now, wall=wall)
    page = page_client.page("/display/contoh/")
    (newest,) = page.find("section", class_="newest")
    assert issued.label in newest.text
    assert "Loket 1" in newest.text
    undo(counter_id=counter.pk, actor=SYSTEM, now=now, wall=wall)
    assert "Panggilan dibatalkan" in page_client.page("/display/contoh/").text


def test_the_foot_says_what_a_new_number_waits_where_it_takes_longest(
    page_client: PageClient, small_mall: SmallHall
) -> None:
    now = clock.now()
    open_session(
        counter=small_mall.counters[1], user=small_mall.users["petugas1"], now=now - timedelta(minutes=30), actor=SYSTEM
    )
    for minutes in (25, 20, 3):
        issue_visit(
            mall=small_mall.mall,
            line_ids=[small_mall.lines["ktp"].pk],
            channel="kiosk",
            priority="regular",
            now=now - timedelta(minutes=minutes),
            actor=SYSTEM,
            any_time=True,
        )
    line = next(x for x in line_states(small_mall.mall, now) if x.line_id == small_mall.lines["ktp"].pk)
    assert line.p50 and line.p90 and line.p90 > 5
    foot = page_client.page("/display/contoh/").find("footer", class_="board-foot")[0].text
    assert "Perkiraan terlama" in foot and f"Disdukcapil, {minutes_range(line.p50, line.p90)}" in foot


def test_every_line_with_people_has_its_turn_and_says_when_it_was_estimated(small_mall: SmallHall) -> None:
    """Three at once; the next after twelve real seconds, in a demo that runs fast, too."""
    noon = datetime(2031, 1, 6, 5, 0, tzinfo=UTC)
    noon -= timedelta(seconds=noon.timestamp() % 24)
    seen = [
        [
            shown.line.prefix
            for shown in board_now(small_mall.mall, busy_board(noon), now=at, speed=1.0, version="").lines
        ]
        for at in (noon, noon + timedelta(seconds=11), noon + timedelta(seconds=12), noon + timedelta(seconds=24))
    ]
    assert seen == [["A", "B", "C"], ["A", "B", "C"], ["D", "F"], ["A", "B", "C"]]
    shown = board_now(small_mall.mall, busy_board(noon), now=noon, speed=1.0, version="")
    assert (shown.turn, shown.turns, shown.lines[0].wait) == (1, 2, minutes_range(34.2, 61.0))
    fast = [
        board_now(small_mall.mall, busy_board(noon), now=noon + timedelta(seconds=s), speed=30.0, version="").turn
        for s in (0, 12, 360)
    ]
    assert fast[0] == fast[1] != fast[2]
    quiet = board_now(small_mall.mall, busy_board(noon, lines=()), now=noon, speed=1.0, version="")
    assert quiet.lines == () and quiet.turns == 0


def test_the_board_tells_the_range_of_each_line(page_client: PageClient, small_mall: SmallHall, show: Show) -> None:
    show()
    (waits,) = page_client.page("/display/contoh/").find("section", class_="waits")
    assert "perkiraan pukul" in waits.text and "/2" in waits.text
    show(lines=())
    assert not page_client.page("/display/contoh/").find("section", class_="waits")


def test_the_board_listens_for_words_that_the_journal_uses() -> None:
    house = Path(senyum.__file__).parent
    written = "".join(
        path.read_text() for package in ("visits", "roster") for path in (house / package).glob("**/commands/*.py")
    )
    assert [kind for kind in views.KINDS if f'"{kind}"' not in written] == []


# Which board speaks


def pair(client: Client, hall: SmallHall, kind: DeviceKind) -> None:
    device = hall.devices[kind]
    secret = create_token(role=kind, mall=hall.mall, device=device, now=clock.wall(), actor=SYSTEM)
    assert client.post("/device/pair/", {"token": secret}).status_code == 302


def test_only_the_paired_board_of_the_hall_speaks_by_itself(
    page_client: PageClient, small_mall: SmallHall, show: Show
) -> None:
    show()
    (body,) = page_client.page("/display/contoh/").find("body")
    assert "data-speaks" not in body.attrs
    pair(page_client, small_mall, DeviceKind.KIOSK)
    (body,) = page_client.page("/display/contoh/").find("body")
    assert "data-speaks" not in body.attrs
    pair(page_client, small_mall, DeviceKind.DISPLAY)
    (body,) = page_client.page("/display/contoh/").find("body")
    assert "data-speaks" in body.attrs
    device = small_mall.devices[DeviceKind.DISPLAY]
    device.settings = {"speaks": False}
    device.save(update_fields=["settings"])
    (body,) = page_client.page("/display/contoh/").find("body")
    assert "data-speaks" not in body.attrs


# Clips

SAID = voice.Sayable(mall="contoh", language="id", kind="call", label="A-027", counter=3)


@pytest.mark.skipif(not speech.voices(), reason="the espeakng-loader wheel is not installed")
def test_a_signed_clip_is_heard(client: Client, small_mall: SmallHall) -> None:
    response = client.get(voice.clip_url(SAID))
    assert response.status_code == 200
    assert response["Content-Type"] == "audio/wav"
    body = response.content
    assert body[:4] == b"RIFF"
    assert len(body) > 100_000


@pytest.mark.parametrize(
    "changed",
    [{"label": "A-028"}, {"counter": 4}, {"kind": "recall"}, {"language": "en"}, {"mall": "lain"}],
    ids=lambda changed: next(iter(changed)),
)
def test_an_altered_clip_is_refused(client: Client, small_mall: SmallHall, changed: dict[str, Any]) -> None:
    altered = replace(SAID, **changed)
    assert not voice.is_signed(altered, voice.signature(SAID))
    url = reverse("display:clip", kwargs={**vars(altered), "signed": voice.signature(SAID)})
    assert client.get(url).status_code == 404


def test_signatures_that_are_none_are_refused(client: Client, small_mall: SmallHall) -> None:
    for signed in ("x", "0" * 32, voice.signature(SAID)[:-1], voice.signature(SAID).upper()):
        assert client.get(reverse("display:clip", kwargs={**vars(SAID), "signed": signed})).status_code == 404
    assert not voice.is_signed(SAID, "é" * 32)


def test_a_voice_that_fails_costs_only_the_voice(
    client: Client, small_mall: SmallHall, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = voice.clip_url(replace(SAID, label="Z-999"))

    def fail(*_: Any) -> None:
        raise speech.SpeechError("no")

    monkeypatch.setattr(speech.Synthesizer, "clip", fail)
    assert client.get(url).status_code == 404
    assert client.get("/display/chime.wav").status_code == 200


def test_without_a_voice_there_are_words_and_no_clips(
    page_client: PageClient, small_mall: SmallHall, show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speech, "voices", lambda: set())
    show()
    newest = state(page_client.page("/display/contoh/"))["calls"][-1]
    assert [(bool(s["text"]), s["clip"]) for s in newest["sentences"]] == [(True, "")] * len(newest["sentences"])
