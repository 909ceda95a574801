"""The board in a real Chromium: what is heard in which order, and what it tells when something is wrong.

The audio element is replaced by one that writes down what it plays and ends after a few milliseconds.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from senyum.core import clock, speech
from senyum.surfaces.display import views
from senyum.surfaces.display.tests.boards import CALLS, busy_board, call
from senyum.surfaces.ui.browser import BOARD, assert_axe_clean, assert_fits, assert_targets, shoot
from senyum.visits.queries import Board

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from senyum.rehearsal.queries import SmallHall

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not speech.voices(), reason="the espeakng-loader wheel is not installed"),
]

RECORDER = """
(() => {
  window.heard = []; window.held = false; window.playing = 0; window.most = 0; window.pace = 30;
  HTMLMediaElement.prototype.play = function () {
    if (window.held) return Promise.reject(new DOMException("held", "NotAllowedError"));
    const source = new URL(this.src).pathname;
    if (this.volume > 0) window.heard.push(source);
    window.playing += 1; window.most = Math.max(window.most, window.playing);
    setTimeout(() => { window.playing -= 1; this.onended?.(); }, window.pace);
    return Promise.resolve();
  };
})();
"""


REAL_PLAY = """
async () => {
  const state = JSON.parse(document.getElementById("board-state").textContent);
  const clip = state.calls.at(-1).sentences[0].clip;
  const lasts = (address) => new Promise((resolve, reject) => {
    const audio = new Audio(address);
    audio.onerror = () => reject(new Error(audio.error.message));
    audio.playbackRate = 4; audio.autoplay = true;
    audio.onended = () => resolve(audio.duration);
  });
  return { chime: await lasts(document.body.dataset.chime), clip: await lasts(clip) };
}
"""

NO_CLIPS = """
() => {
  const play = HTMLMediaElement.prototype.play;
  HTMLMediaElement.prototype.play = function () {
    return this.src.includes("/voice/") ? Promise.reject(new DOMException("", "NotSupportedError")) : play.call(this);
  };
}
"""


@dataclass
class Hall:
    """The board a test looks at, and what the server says at the moment."""

    page: Page
    address: str
    now: Board

    def start(self, *, on: bool = True) -> None:
        self.page.goto(self.address)
        if on:
            self.page.locator("#sound-on").click()
            self.until("heard.length === 1 && playing === 0")
            self.page.evaluate("heard.length = 0")

    def say(self, *labels: str, **changes: Any) -> None:
        """The hall calls these labels at once, the last one the newest."""
        at = clock.now()
        first = (self.now.newest.call_id if self.now.newest else 0) + 1
        calls = [
            call(0, at, call_id=first + n, ticket_id=first + n, label=label, counter_number=n + 1, **changes)
            for n, label in enumerate(labels)
        ]
        older = [self.now.newest, *self.now.recent] if self.now.newest else []
        newest, *rest = [*reversed(calls), *older][:7]
        self.now = busy_board(at, newest=newest, recent=rest)
        self.event()

    def event(self) -> None:
        self.page.evaluate("document.dispatchEvent(new CustomEvent('senyum:event', {detail: {}}))")

    def until(self, condition: str, seconds: float = 15) -> None:
        """Wait for a condition in the page. Playwright's own wait would need `eval`, which the page forbids."""
        end = time.monotonic() + seconds
        while not self.page.evaluate(condition):
            assert time.monotonic() < end, f"never: {condition}, heard {self.page.evaluate('heard')}"
            self.page.wait_for_timeout(50)

    def heard(self, count: int) -> list[str]:
        """The first `count` sounds as "chime" or "language label"; nothing more may follow soon."""
        self.until(f"heard.length >= {count} && playing === 0")
        self.page.wait_for_timeout(700)
        return [told(source) for source in self.page.evaluate("heard")]


def told(source: str) -> str:
    found = re.search(r"/voice/(\w+)/(\w+)/([A-Z]+-\d+)/", source)
    return f"{found[1]} {found[3]}" if found else "chime"


@pytest.fixture
def hall(small_mall: SmallHall, page: Page, live_server: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hall]:
    small_mall.mall.languages = ["id", "su", "en"]
    small_mall.mall.save(update_fields=["languages"])
    page.set_viewport_size(BOARD)
    page.add_init_script(RECORDER)
    hall = Hall(page, f"{live_server.url}/display/contoh/", busy_board(clock.now()))
    monkeypatch.setattr(views.visits, "board", lambda mall, now: hall.now)
    yield hall
    page.close()


def test_a_call_is_heard_twice_in_each_language_that_has_a_voice(hall: Hall) -> None:
    hall.start()
    hall.say("A-028")
    assert hall.heard(5) == ["chime", "id A-028", "en A-028", "id A-028", "en A-028"]
    expect(hall.page.locator(".newest .big")).to_have_text("A-028")


def test_the_browser_plays_what_the_synthesizer_makes(hall: Hall) -> None:
    """The one test with the real audio element: it loads, is allowed by the page's policy, and ends by itself."""
    hall.start(on=False)
    lasted = hall.page.evaluate(REAL_PLAY)
    assert lasted["chime"] == pytest.approx(0.9, abs=0.05)
    assert 4 < lasted["clip"] < 7


def test_the_sentence_that_is_read_is_marked_on_the_board(hall: Hall) -> None:
    hall.start()
    hall.page.evaluate("pace = 1500")
    hall.say("A-028")
    reading = hall.page.locator("#caption [data-reading]")
    expect(reading).to_have_text("Nomor antrean A nol dua delapan, silakan ke loket satu")
    expect(hall.page.locator(".newest[data-speaking]")).to_be_visible()


def test_a_long_line_is_heard_once_each_one_after_the_other(hall: Hall) -> None:
    hall.start()
    hall.say("A-028", "A-029", "A-030")
    heard = hall.heard(9)
    assert heard[:4] == ["chime", "id A-028", "chime", "id A-029"]
    # The last of them has nobody behind it and has not waited long: it is read in full.
    assert heard[4:] == ["chime", "id A-030", "en A-030", "id A-030", "en A-030"]
    assert hall.page.evaluate("most") == 1


def test_old_calls_are_not_read_when_the_board_starts(hall: Hall) -> None:
    hall.start()
    hall.event()
    hall.page.wait_for_timeout(600)
    assert hall.page.evaluate("heard") == []


def test_quiet_calls_are_shown_and_not_heard(hall: Hall) -> None:
    hall.start()
    hall.say("A-028", quiet=True)
    expect(hall.page.locator(".newest .big")).to_have_text("A-028")
    assert hall.heard(0) == []


def test_a_call_withdrawn_while_it_is_read_stops_and_is_marked(hall: Hall) -> None:
    hall.start()
    hall.page.evaluate("pace = 600")
    hall.say("A-028")
    hall.until("heard.length === 2")
    newest = hall.now.newest
    assert newest is not None
    hall.now = busy_board(newest.at, newest=call(0, newest.at, call_id=newest.call_id, label="A-028", withdrawn=True))
    hall.event()
    expect(hall.page.locator(".newest.withdrawn")).to_contain_text("Panggilan dibatalkan")
    assert hall.heard(2) == ["chime", "id A-028"]


def test_a_silent_board_shows_and_does_not_speak(hall: Hall) -> None:
    hall.start(on=False)
    hall.say("A-028")
    expect(hall.page.locator(".newest .big")).to_have_text("A-028")
    assert hall.heard(0) == []
    expect(hall.page.locator("#caption p").first).to_contain_text("nol dua delapan")


def test_the_choice_of_sound_is_remembered(hall: Hall) -> None:
    hall.start()
    hall.page.reload()
    expect(hall.page.locator("#sound-off")).to_be_visible()
    hall.page.locator("#sound-off").click()
    hall.page.reload()
    expect(hall.page.locator("#sound-on")).to_be_visible()


def test_held_sound_is_told_with_a_button_that_mends_it(hall: Hall) -> None:
    hall.start()
    hall.page.add_init_script("window.held = true")
    hall.page.reload()
    banner = hall.page.locator("#blocked")
    expect(banner).to_be_visible()
    assert_axe_clean(hall.page)
    shoot(hall.page, "display-sound-held")
    hall.page.evaluate("held = false")
    banner.get_by_role("button").click()
    expect(banner).to_be_hidden()
    hall.page.evaluate("heard.length = 0")
    hall.say("A-028")
    assert hall.heard(5)[1] == "id A-028"


def test_without_clips_the_board_chimes_and_says_so(hall: Hall) -> None:
    hall.start()
    hall.page.evaluate(NO_CLIPS)
    hall.say("A-028")
    expect(hall.page.locator("#mute-note")).to_be_visible()
    assert hall.page.evaluate("heard.length") == 1


def test_a_lost_server_is_told_within_ten_seconds_and_forgotten_when_it_is_back(hall: Hall) -> None:
    hall.page.clock.install()
    hall.start(on=False)
    hall.page.clock.run_for(1000)
    hall.page.route("**/now/", lambda route: route.abort())
    lost = hall.page.locator("#lost")
    hall.page.clock.run_for(7000)
    expect(lost).to_be_hidden()
    hall.page.clock.run_for(3000)
    expect(lost).to_be_visible()
    assert re.search(r"keadaan pukul \d\d.\d\d, (9|10|11) detik yang lalu", lost.inner_text())
    hall.page.clock.run_for(120_000)
    expect(lost).to_contain_text("2 menit yang lalu")
    assert_axe_clean(hall.page)
    shoot(hall.page, "display-lost")
    hall.page.unroute("**/now/")
    hall.page.clock.run_for(4500)
    expect(lost).to_be_hidden()


def test_a_missed_event_costs_seconds_not_the_call(hall: Hall) -> None:
    hall.start()
    hall.page.evaluate("document.addEventListener('senyum:event', (e) => e.stopImmediatePropagation(), true)")
    hall.say("A-028")
    assert hall.heard(5)[1] == "id A-028"


def test_new_files_of_the_board_are_loaded_by_itself(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    hall.start(on=False)
    hall.page.evaluate("window.before = true")
    monkeypatch.setattr(views, "version", lambda: "newer")
    with hall.page.expect_navigation():
        hall.event()
    assert hall.page.evaluate("window.before") is None


def test_a_demo_day_is_spoken_in_samples(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views.clock, "speed", lambda: 30.0)
    hall.start()
    hall.page.evaluate("pace = 500")
    hall.say("A-028", "A-029", "A-030")
    heard = hall.heard(2)
    assert {sound[3:] for sound in heard if sound != "chime"} == {"A-028"}


@pytest.mark.parametrize(
    ("size", "name"),
    [((1920, 1080), "display"), ((1366, 768), "display-1366"), ((1080, 1920), "display-upright"), ((3840, 2160), "")],
)
def test_every_size_shows_everything(hall: Hall, size: tuple[int, int], name: str) -> None:
    width, height = size
    hall.page.set_viewport_size({"width": width, "height": height})
    hall.start(on=False)
    newest = hall.page.locator(".newest").bounding_box()
    assert newest is not None
    assert newest["width"] * newest["height"] >= width * height / 4
    for place in (
        ".newest",
        ".newest .big",
        "#caption",
        ".recent li:last-child",
        ".counters li:last-child",
        ".waits li:last-child",
        ".board-foot",
    ):
        box = hall.page.locator(place).bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["y"] >= 0
        assert box["x"] + box["width"] <= width + 1
        assert box["y"] + box["height"] <= height + 1
    # Read from ten metres: two hundredths of a wide board's width (40 of 1920 pixels), wherever it hangs.
    size_of = "e => parseFloat(getComputedStyle(e).fontSize) / Math.max(innerWidth, innerHeight)"
    assert hall.page.locator(".waits .range").first.evaluate(size_of) >= 40 / 1920 - 0.0005
    assert_fits(hall.page)
    assert_axe_clean(hall.page)
    if name:
        shoot(hall.page, name)


@pytest.mark.parametrize("state", ["long", "withdrawn", "recall", "pause", "closed", "empty", "many"])
def test_every_state_is_whole_and_clean(hall: Hall, state: str) -> None:
    at = clock.now()
    hall.now = {
        "long": lambda: busy_board(at, newest=call(6, at, call_id=101)),
        "withdrawn": lambda: busy_board(at, newest=call(0, at, withdrawn=True)),
        "recall": lambda: busy_board(at, newest=call(0, at, kind="recall")),
        "pause": lambda: busy_board(at, pause_reason="Salat Jumat", pause_back_at=at),
        "closed": lambda: busy_board(at, newest=None, recent=[], closed_message="closed"),
        "empty": lambda: busy_board(at, newest=None, recent=[], counters=[]),
        "many": lambda: busy_board(at, counters=busy_board(at).counters + busy_board(at).counters[:14]),
    }[state]()
    hall.start(on=False)
    caption = hall.page.locator("#caption")
    newest = hall.page.locator(".newest").bounding_box()
    assert newest is not None
    if hall.now.newest is not None and not hall.now.newest.withdrawn:
        inner = caption.bounding_box()
        assert inner is not None
        assert inner["y"] + inner["height"] <= newest["y"] + newest["height"] - 8
        title = hall.page.locator(".newest-title").bounding_box()
        big = hall.page.locator(".newest .big").bounding_box()
        assert title is not None
        assert big is not None
        assert big["y"] >= title["y"] + title["height"] - 30
    assert_fits(hall.page)
    assert_axe_clean(hall.page)
    assert_targets(hall.page)
    shoot(hall.page, f"display-{state}")


def test_a_new_call_never_flashes_more_than_three_times_a_second(hall: Hall) -> None:
    hall.start(on=False)
    hall.say("A-028")
    newest = hall.page.locator(".newest[data-fresh]")
    expect(newest).to_be_visible()
    assert newest.evaluate("e => getComputedStyle(e).animationDuration") == "1s"
    hall.page.emulate_media(reduced_motion="reduce")
    assert newest.evaluate("e => getComputedStyle(e).animationName") == "none"


def test_the_board_keeps_the_content_policy(hall: Hall) -> None:
    problems: list[str] = []
    hall.page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    hall.page.on("pageerror", lambda error: problems.append(str(error)))
    hall.start()
    hall.say(CALLS[0][0])
    hall.heard(5)
    # The stream is not part of the test's server.
    assert [p for p in problems if "404" not in p] == []
