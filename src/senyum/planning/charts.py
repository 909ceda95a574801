"""A proposal's charts as SVG text, drawn by Altair and vl-convert: in jobs only, they take 230 MB.

What is drawn is Indonesian; its title and description stand in it in three languages (SVG 2, section 5.7: the reader
takes the one whose `lang` is theirs), and each page shows the same figures as a table beside the chart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils import translation
from django.utils.html import escape
from django.utils.translation import gettext, gettext_noop

#: Role tokens of surfaces/ui/static/ui/tokens.css; a picture cannot read a stylesheet.
PAPER, TEXT, SOFT, LINE = "#ffffff", "#16261f", "#56655d", "#e5dccb"
BRAND, ACCENT, CALM = "#0d5c53", "#c77700", "#3d5a80"
FONT = "Plus Jakarta Sans, Plus Jakarta Sans Variable, DejaVu Sans, Arial, sans-serif"
WIDTH, HEIGHT = 560, 300
TODAY, PLAN = "jadwal sekarang", "rencana"
#: 1.234,5 as Indonesia writes it (https://d3js.org/d3-format#formatLocale).
NUMBERS = {"decimal": ",", "thousands": ".", "grouping": [3], "currency": ["Rp", ""]}
LANGUAGES = ("id", "su", "en")
#: Title and description of each chart.
DAY = (
    gettext_noop("Tunggu rata-rata sepanjang hari"),
    gettext_noop("Menit menunggu menurut jam datang, setiap setengah jam: jadwal sekarang dan rencana."),
)
FRONTIER = (
    gettext_noop("Biaya dan tunggu"),
    gettext_noop(
        "Berapa menit sembilan dari sepuluh orang menunggu, menurut biaya petugas sehari dalam juta rupiah;"
        " setiap titik adalah satu target."
    ),
)
EXTRA = (
    gettext_noop("Kalau petugas ditambah satu"),
    gettext_noop("Berapa orang lebih banyak yang dipanggil tepat waktu sehari, menurut instansi."),
)
CLOSURES = (
    gettext_noop("Loket yang bisa ditutup"),
    gettext_noop("Hemat sehari dalam ribu rupiah kalau loket itu ditutup, dan apakah orang merasakannya."),
)
#: So many bars are readable.
BARS = 10


def of_plan(days: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """`day-DATE`: the mean wait through each day, as it is and as planned."""
    return {f"day-{day['date']}": _svg(_through_day(day), DAY) for day in days}


def of_options(found: Mapping[str, Any], day: Mapping[str, Any]) -> dict[str, str]:
    """`frontier`, `extra` and `closures`; those without a row are left out."""
    answer = {}
    if found["frontier"]:
        answer["frontier"] = _svg(_frontier(found["frontier"], day), FRONTIER)
    if any(row["people"] and row["people"] > 0 for row in found["extra_officers"]):
        answer["extra"] = _svg(_extra(found["extra_officers"], _names(day)), EXTRA)
    if found["closures"]:
        answer["closures"] = _svg(_closures(found["closures"], _names(day)), CLOSURES)
    return answer


def _names(day: Mapping[str, Any]) -> dict[str, str]:
    return {a["agency"]: a["name"] for a in day["agencies"]}


def _data(rows: Sequence[Mapping[str, Any]]) -> Any:
    import altair as alt

    return alt.Data(values=list(rows))  # type: ignore[no-untyped-call]  # made by altair's schema


def _svg(chart: Any, about: tuple[str, str]) -> str:
    import vl_convert

    text: str = vl_convert.vegalite_to_svg(_styled(chart).to_dict(), format_locale=NUMBERS)
    return _told(text, about)


def _told(svg: str, about: tuple[str, str]) -> str:
    """`svg` with a title and a description for whoever does not see it, in each language, Indonesian first."""
    words = []
    for tag, sentence in zip(("title", "desc"), about, strict=True):
        for language in LANGUAGES:
            with translation.override(language):
                words.append(f'<{tag} lang="{language}">{escape(gettext(sentence))}</{tag}>')
    end = svg.index(">", svg.index("<svg")) + 1
    return f'{svg[: end - 1]} role="img">{"".join(words)}{svg[end:]}'


def _styled(chart: Any) -> Any:
    axis = {
        "labelColor": SOFT,
        "titleColor": TEXT,
        "labelFontSize": 13,
        "titleFontSize": 13,
        "titleFontWeight": 600,
        "titlePadding": 10,
        "gridColor": LINE,
        "domainColor": LINE,
        "tickColor": LINE,
        "labelPadding": 6,
    }
    return (
        chart.properties(background=PAPER, padding={"left": 12, "right": 20, "top": 14, "bottom": 10})
        .configure(font=FONT)
        .configure_axis(**axis)
        .configure_view(stroke=None)
        .configure_legend(
            orient="top", title=None, labelFontSize=13, labelColor=TEXT, symbolSize=160, symbolStrokeWidth=3, offset=8
        )
    )


def _through_day(day: Mapping[str, Any]) -> Any:
    import altair as alt

    rows = [
        {"jam": _time(day, n), "menit": value, "apa": name}
        for key, name in (("today", TODAY), ("plan", PLAN))
        if key == "plan" or day["has_roster"]
        for n, value in enumerate(day[key]["through_day"]["wait"])
        if value is not None and day[key]["through_day"]["kept"][n] is not None
    ]
    place: dict[str, Any] = {
        "x": alt.X("jam:O", title="Jam datang", axis=alt.Axis(labelAngle=0, labelOverlap=True)),
        "y": alt.Y("menit:Q", title="Tunggu rata-rata (menit)", scale=alt.Scale(zero=True)),
    }

    def line(name: str, color: str, dash: list[int]) -> Any:
        mine = [row for row in rows if row["apa"] == name]
        drawn = alt.Chart(_data(mine)).mark_line(strokeWidth=3, interpolate="monotone", color=color, strokeDash=dash)
        return drawn.encode(**place)

    points = (
        alt.Chart(_data(rows))
        .mark_point(size=55, filled=True, opacity=1)
        .encode(
            **place,
            color=alt.Color("apa:N", scale=alt.Scale(domain=[TODAY, PLAN], range=[ACCENT, BRAND])),
            shape=alt.Shape("apa:N", scale=alt.Scale(domain=[TODAY, PLAN], range=["square", "circle"])),
        )
    )
    lines = line(TODAY, ACCENT, [6, 4]) + line(PLAN, BRAND, [1, 0])
    return (lines + points).properties(width=WIDTH, height=HEIGHT)


def _time(day: Mapping[str, Any], period: int) -> str:
    minutes = int(day["opens"]) + 30 * period
    return f"{minutes // 60:02d}.{minutes % 60:02d}"


def _frontier(points: Sequence[Mapping[str, Any]], day: Mapping[str, Any]) -> Any:
    import altair as alt

    rows = _merged(points)
    marks = [
        {"biaya": day[key]["cost"] / 1e6, "menit": day[key]["p90"], "apa": name}
        for key, name in (("today", TODAY), ("plan", PLAN))
        if day[key]["p90"] is not None and (key == "plan" or day["has_roster"])
    ]
    rows = _labelled(rows, marks)
    highest = max(row["menit"] for row in [*rows, *marks])
    dearest = max(row["biaya"] for row in [*rows, *marks])
    x = alt.X(
        "biaya:Q",
        title="Biaya sehari (juta rupiah)",
        scale=alt.Scale(zero=False, padding=40),
        axis=alt.Axis(tickCount=6, grid=False, format=",.1f" if dearest >= 10 else ",.2f"),
    )
    y = alt.Y(
        "menit:Q",
        title="Tunggu 9 dari 10 orang (menit)",
        scale=alt.Scale(domain=[0, max(10.0, highest * 1.15)], nice=True),
        axis=alt.Axis(tickCount=6),
    )
    base = alt.Chart(_data(rows)).encode(x=x, y=y)
    line = base.mark_line(strokeWidth=2.5, color=CALM, point={"size": 60, "filled": True, "color": CALM})
    label = base.mark_text(dy=-18, fontSize=13, color=TEXT).encode(text="teks:N")
    both = (
        alt.Chart(_data(marks))
        .mark_point(size=220, filled=True, opacity=1, stroke=PAPER, strokeWidth=2)
        .encode(
            x=x,
            y=y,
            color=alt.Color("apa:N", scale=alt.Scale(domain=[TODAY, PLAN], range=[ACCENT, BRAND])),
            shape=alt.Shape("apa:N", scale=alt.Scale(domain=[TODAY, PLAN], range=["square", "circle"])),
        )
    )
    return (line + label + both).properties(width=WIDTH, height=HEIGHT)


def _merged(points: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Targets for which the same roster was found are one point: "85-95 %"."""
    groups: dict[tuple[float, float], list[float]] = {}
    for p in sorted(points, key=lambda p: (float(p["cost"]), float(p["target"]))):
        if p["p90"] is not None:
            groups.setdefault((p["cost"], p["p90"]), []).append(100 * p["target"])
    return [
        {
            "biaya": cost / 1e6,
            "menit": p90,
            "teks": f"{targets[0]:.0f}" + (f"\u2013{targets[-1]:.0f}" if len(targets) > 1 else "") + " %",
        }
        for (cost, p90), targets in groups.items()
    ]


def _labelled(rows: list[dict[str, Any]], marks: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Points so close that their words would cover each other keep those of the first and of the dearest only."""
    costs = [row["biaya"] for row in (*rows, *marks)]
    room = 0.09 * (max(costs) - min(costs))
    shown: list[float] = []
    for n, row in enumerate(rows):
        near = any(abs(row["biaya"] - x) < room for x in shown)
        after = rows[-1]["biaya"] - row["biaya"] < room and n < len(rows) - 1
        if near or after:
            row["teks"] = ""
        else:
            shown.append(row["biaya"])
    return rows


def _extra(rows: Sequence[Mapping[str, Any]], names: Mapping[str, str]) -> Any:
    best = [r for r in rows if r["people"] and r["people"] > 0][:BARS]
    values = [{"nama": names.get(r["agency"], r["agency"]), "nilai": r["people"]} for r in best]
    return _bars(values, "Orang lebih banyak yang dipanggil tepat waktu, sehari", ".1f")


def _closures(rows: Sequence[Mapping[str, Any]], names: Mapping[str, str]) -> Any:
    values = [
        {
            "nama": f"Loket {r['counter']} ({names.get(r['agency'], r['agency'])})",
            "nilai": r["saved"] / 1000,
            "apa": "terasa" if r["noticed"] else "tidak terasa",
        }
        for r in rows[:BARS]
    ]
    return _bars(values, "Hemat sehari (ribu rupiah)", ",.0f", two=True)


def _bars(values: Sequence[Mapping[str, Any]], title: str, form: str, *, two: bool = False) -> Any:
    import altair as alt

    base = alt.Chart(_data(values)).encode(
        y=alt.Y("nama:N", sort=None, title=None, axis=alt.Axis(labelLimit=240, ticks=False, domain=False)),
        x=alt.X("nilai:Q", title=title, axis=alt.Axis(tickCount=5)),
    )
    if two:
        scale = alt.Scale(domain=["tidak terasa", "terasa"], range=[BRAND, ACCENT])
        bars = base.mark_bar(cornerRadiusEnd=4, height={"band": 0.7}).encode(color=alt.Color("apa:N", scale=scale))
    else:
        bars = base.mark_bar(cornerRadiusEnd=4, height={"band": 0.7}, color=BRAND)
    label = base.mark_text(align="left", dx=6, fontSize=13, color=TEXT).encode(text=alt.Text("nilai:Q", format=form))
    return (bars + label).properties(width=WIDTH - 120, height=max(120, 34 * len(values)))
