"""Charts: numbers as Indonesia writes them, words that do not cover each other, nothing that could run."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

from senyum.planning import charts

POINTS = [
    {"target": 0.7, "cost": 10_000_000.0, "kept": 0.7, "p90": 50.0},
    {"target": 0.8, "cost": 12_000_000.0, "kept": 0.8, "p90": 40.0},
    {"target": 0.85, "cost": 12_050_000.0, "kept": 0.85, "p90": 39.0},
    {"target": 0.9, "cost": 12_100_000.0, "kept": 0.9, "p90": 38.0},
    {"target": 0.95, "cost": 12_100_000.0, "kept": 0.9, "p90": 38.0},
]
DAY: dict[str, Any] = {
    "date": "2026-03-03",
    "opens": 480,
    "has_roster": True,
    "today": {"cost": 15_000_000, "p90": 45.0, "through_day": {"wait": [5.0, 7.5, 0.0], "kept": [1.0, 0.9, None]}},
    "plan": {"cost": 12_100_000, "p90": 38.0, "through_day": {"wait": [4.0, 6.5, 0.0], "kept": [1.0, 0.9, None]}},
    "agencies": [{"agency": "polres", "name": "Polres"}],
}
EXTRA = [
    {"agency": "polres", "cost": 1.0, "people": 12.34, "kept_before": 0.5, "kept_after": 0.7},
    {"agency": "bank", "cost": 1.0, "people": 0.0, "kept_before": 1.0, "kept_after": 1.0},
]
CLOSURES = [{"counter": 3, "agency": "polres", "saved": 292_500.0, "noticed": False}]


def words(svg: str) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]+)</text>", svg)


def test_a_day_names_both_rosters_and_leaves_out_hours_without_people() -> None:
    svg = charts.of_plan([DAY])["day-2026-03-03"]
    assert {"jadwal sekarang", "rencana", "08.00", "08.30"} <= set(words(svg)) and "09.00" not in words(svg)


def test_without_a_roster_there_is_the_plan_alone() -> None:
    def lines(day: dict[str, Any]) -> int:
        return charts.of_plan([day])["day-2026-03-03"].count('aria-roledescription="point"')

    assert (lines(DAY), lines({**DAY, "has_roster": False})) == (4, 2)


def test_targets_with_the_same_roster_are_one_point_and_close_ones_share_their_words() -> None:
    assert [row["teks"] for row in charts._merged(POINTS)] == ["70 %", "80 %", "85 %", "90–95 %"]
    svg = charts.of_options({"frontier": POINTS, "extra_officers": [], "closures": []}, DAY)["frontier"]
    assert {"70 %", "90–95 %"} <= set(words(svg)) and not {"80 %", "85 %"} & set(words(svg))


def test_bars_say_their_numbers_with_a_comma() -> None:
    drawn = charts.of_options({"frontier": [], "extra_officers": EXTRA, "closures": CLOSURES}, DAY)
    assert set(drawn) == {"extra", "closures"}
    assert {"Polres", "12,3"} <= set(words(drawn["extra"])) and "bank" not in words(drawn["extra"])
    assert {"Loket 3 (Polres)", "tidak terasa"} <= set(words(drawn["closures"]))


def test_nothing_is_drawn_of_nothing() -> None:
    assert charts.of_options({"frontier": [], "extra_officers": EXTRA[1:], "closures": []}, DAY) == {}


def test_every_chart_says_what_it_is_with_its_units_in_three_languages() -> None:
    options = {"frontier": POINTS, "extra_officers": EXTRA, "closures": CLOSURES}
    drawn = {**charts.of_plan([DAY]), **charts.of_options(options, DAY)}
    assert len(drawn) == 4
    for svg in drawn.values():
        root = ElementTree.fromstring(svg)
        assert root.get("role") == "img"
        for tag in ("title", "desc"):
            told = [(e.get("lang"), e.text) for e in root.findall(f"{{http://www.w3.org/2000/svg}}{tag}")]
            assert [language for language, _text in told] == ["id", "su", "en"]
            assert len({text for _language, text in told}) == 3, "each in its own words"
    assert any("menit" in text for text in words(drawn["frontier"])), "axes have units"
    assert any("juta rupiah" in text for text in words(drawn["frontier"]))
