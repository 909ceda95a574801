from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from django_scopes import scopes_disabled
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from senyum.journal.models import Entry
from senyum.malls.models import Mall
from senyum.rehearsal import cli, replay
from senyum.rehearsal.replay_data import NoSuchDay, Snapshot, believed, day_of, line_day, quantile, read_day
from senyum.rehearsal.replay_hall import free_code, prefixes
from senyum.rehearsal.tests import recorded
from senyum.visits import commands as visits
from senyum.visits.models import Call, Ticket

DAY = date(2020, 1, 9)
REAL = Path(__file__).resolve().parents[5] / "shared" / "data" / "warsaw" / "queues.parquet"


def shots(rows):
    return [
        Snapshot(minute, counters, waiting, number, recorded.derived_wait(rows, place))
        for place, (minute, counters, waiting, number) in enumerate(rows)
    ]


@pytest.fixture
def lines(tmp_path):
    return day_of(read_day(recorded.write(tmp_path / "day.parquet"), recorded.OFFICE, DAY))


# From counts to events


def test_a_day_is_read_by_line_in_time_order(tmp_path):
    found = read_day(recorded.write(tmp_path / "day.parquet"), recorded.OFFICE, DAY)
    assert list(found) == [(1, "Równo"), (2, "Skoki")]
    assert [shot.minute for shot in found[1, "Równo"]] == [row[0] for row in recorded.STEADY]


def test_an_unknown_day_names_those_there_are(tmp_path):
    path = recorded.write(tmp_path / "day.parquet")
    with pytest.raises(NoSuchDay, match="2020-01-09, 2020-01-10"):
        read_day(path, recorded.OFFICE, date(2021, 1, 1))
    with pytest.raises(NoSuchDay, match="Urząd Inny"):
        read_day(path, "Nowhere", DAY)


def test_people_come_when_the_count_grows_and_are_called_when_the_number_does():
    line = line_day(1, "Równo", shots(recorded.STEADY))
    assert (line.people, line.served, line.gone, line.waiting_at_end) == (6, 6, 0, 0)
    # Three come between 480 and 485, spread evenly; two are called between 485 and 490.
    assert line.issued[:3] == [481.25, 482.5, 483.75]
    assert line.called[0] == pytest.approx(486.667, abs=0.001)
    assert line.called[1] == pytest.approx(488.333, abs=0.001)


def test_a_jump_of_the_number_passes_over_those_who_had_gone():
    line = line_day(2, "Skoki", shots(recorded.JUMPING))
    # Highest number 8: numbers 4 and 5 are jumped over, and 6 to 8 had gone before their number came.
    assert line.people == 8
    assert len(line.absent) == 2
    assert (line.served, line.gone, line.waiting_at_end) == (3, 5, 0)
    assert [minute for minute in line.left if minute] == [507.5] * 3
    assert line.called[5:] == [None] * 3


def test_a_corrected_number_is_not_believed_and_its_waits_are_excluded():
    raw = shots(recorded.JUMPING)
    assert [shot.number for shot in believed(raw)] == [0, 1, 1, 5, 5, 5]
    line = line_day(2, "Skoki", raw)
    excluded = {claim.minute for claim in line.excluded}
    # At 485 and 490 the data's wait ends at 90, which nobody had reached; the snapshot with 90 itself has no wait.
    assert {485, 490} <= excluded
    assert all(claim.minute not in excluded for claim in line.claims)


def test_a_series_that_begins_at_501_has_no_500_people():
    rows = [(480, 1, 0, 0), (485, 1, 1, 0), (490, 1, 2, 501), (495, 1, 0, 503)]
    line = line_day(1, "x", shots(rows))
    assert (line.base, line.people, line.served) == (500, 3, 3)
    assert 480 < line.issued[0] < 485 < line.called[0] < 490
    assert [claim.number for claim in line.claims] == [501, 503]


def test_a_day_on_which_nobody_came_is_no_day():
    with pytest.raises(NoSuchDay, match="nobody"):
        day_of({(1, "x"): shots([(480, 1, 0, 0), (485, 1, 0, 0)])})


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 40)), min_size=1, max_size=30),
    st.integers(0, 300),
)
def test_whatever_the_counts_nobody_is_lost_and_order_is_kept(steps, start):
    number, rows = start, []
    for place, (waiting, moved) in enumerate(steps):
        number += moved
        rows.append((480 + 5 * place, 1, waiting, number))
    line = line_day(1, "x", shots(rows))
    final = line.snapshots[-1]
    assert line.people == max(s.last for s in line.snapshots) - line.base
    assert line.served + line.gone + line.waiting_at_end == line.people
    assert line.waiting_at_end == final.waiting
    assert line.issued == sorted(line.issued)
    called = [minute for minute in line.called if minute is not None]
    assert called == sorted(called) and len(called) == final.number - line.base
    assert all(minute < final.minute for minute in called)
    ends = [c if c is not None else gone for c, gone in zip(line.called, line.left, strict=True)]
    assert all(end is None or end >= issued for end, issued in zip(ends, line.issued, strict=True))
    assert all(line.called[k] is not None for k in line.absent)


def test_quantiles_interpolate():
    assert quantile([], 0.5) is None
    assert quantile([1.0, 2.0], 0.5) == 1.5
    assert quantile(range(101), 0.9) == 90.0


# Through the commands


@pytest.mark.django_db
def test_the_day_is_played_by_the_commands_and_its_counts_are_the_datas(lines):
    report = replay.replay(office=recorded.OFFICE, day=DAY, lines=lines)
    assert (report.people, report.served, report.left, report.waiting_at_end) == (14, 9, 5, 0)
    assert report.agree_share == 1.0
    assert report.excluded_share > 0
    assert report.excluded_reason
    with scopes_disabled():
        tickets = Ticket.objects.filter(mall__code=report.mall)
        assert tickets.filter(state="served").count() == 9
        assert tickets.filter(state="left").count() == 5
        # Who had gone without a word was called nevertheless.
        assert Call.objects.filter(mall__code=report.mall).count() == 11
    kinds = set(Entry.objects.filter(mall=report.mall).values_list("kind", flat=True))
    assert {"visit.issued", "ticket.called", "ticket.served", "ticket.absent", "ticket.left", "session.closed"} <= kinds


@pytest.mark.django_db
def test_a_second_replay_gets_a_mall_of_its_own(lines):
    codes = [replay.replay(office=recorded.OFFICE, day=DAY, lines=lines).mall for _ in range(2)]
    assert codes[1] == f"{codes[0]}-2"


@pytest.mark.django_db
def test_a_system_that_calls_someone_else_is_found_out(lines, monkeypatch):
    def last_come_first_served(**asked):
        with scopes_disabled():
            newest = Ticket.objects.filter(state="waiting", line__counter_lines__counter=asked["counter_id"]).last()
        return visits.call_by_hand(ticket_id=newest.pk, reason="terbalik", **asked)

    monkeypatch.setattr(replay.visits, "call_next", last_come_first_served)
    with pytest.raises(replay.NotAsRecorded, match="was due"):
        replay.replay(office=recorded.OFFICE, day=DAY, lines=lines)


@pytest.mark.django_db
def test_counts_that_differ_are_found_out(lines):
    mall, places = replay.put_hall("replay-x", "X", lines, replay.datetime(2020, 1, 9, tzinfo=replay.UTC))
    player = replay.Player(mall, places, lines, DAY)
    player.play()
    rows = replay._recorded(player)
    replay.check_counts(player, rows)
    rows[0].pop()
    with pytest.raises(replay.NotAsRecorded, match="issued"):
        replay.check_counts(player, rows)


@pytest.mark.django_db
def test_pauses_follow_the_day(lines):
    waited = []
    replay.replay(office=recorded.OFFICE, day=DAY, lines=lines, pause=waited.append)
    assert all(minutes >= 0 for minutes in waited)
    assert 25 < sum(waited) < 45


@pytest.mark.django_db
def test_the_command_prints_a_table_and_json(tmp_path):
    path = recorded.write(tmp_path / "day.parquet")
    app = cli.typer.Typer()
    app.command()(cli.replay)
    asked = [str(path), "--office", recorded.OFFICE, "--date", "2020-01-09"]
    shown = CliRunner().invoke(app, asked)
    assert shown.exit_code == 0, shown.output
    assert "Skoki" in shown.output
    said = json.loads(CliRunner().invoke(app, [*asked, "--json"]).stdout)
    assert {"people", "with_wait", "agree_share", "excluded_share", "excluded_reason", "lines"} <= said.keys()
    assert {"p50_data", "p50_system", "p90_data", "p90_system"} <= said.keys()
    assert {"line", "people", "served", "left", "waiting_at_end"} <= said["lines"][0].keys()
    refused = CliRunner().invoke(app, [str(path), "--office", "Nowhere", "--date", "2020-01-09"])
    assert refused.exit_code == 2


@pytest.mark.django_db
def test_a_long_offices_name_fits_into_a_code():
    code = free_code("UD_Praga_Poludnie", DAY)
    assert len(code) <= 29
    Mall.objects.create(code=code, name="x", short_name="x")
    assert free_code("UD_Praga_Poludnie", DAY) == f"{code}-2"
    assert prefixes(28)[-3:] == ["Z", "AA", "AB"]


@pytest.mark.slow
@pytest.mark.django_db
@pytest.mark.skipif(not REAL.exists(), reason="the public data set is not beside the repository (docs/replay.md)")
def test_a_real_day():
    report = replay.replay(office="UD_Wola", day=DAY, lines=day_of(read_day(REAL, "UD_Wola", DAY)))
    assert (report.people, report.served + report.left) == (1209, 1209)
    assert report.agree_share >= 0.95
    assert report.excluded_share < 0.05
    assert abs(report.p50_system - report.p50_data) <= replay.GRID_MINUTES
    assert abs(report.p90_system - report.p90_data) <= replay.GRID_MINUTES
