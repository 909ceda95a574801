"""What the hall hears: words in three languages, and one line that never talks over itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senyum.visits import announce
from senyum.visits.announce import Call, plan

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("label", "counter", "language", "kind", "expected"),
    [
        ("A-027", 3, "id", "call", "Nomor antrean A nol dua tujuh, silakan ke loket tiga"),
        ("A-027", 3, "su", "call", "Nomer antrian A nol dua tujuh, mangga sumping ka loket tilu"),
        ("A-027", 3, "en", "call", "Number A zero two seven, please go to counter three"),
        (
            "AB-1027",
            34,
            "id",
            "call",
            "Nomor antrean A B satu nol dua tujuh, silakan ke loket tiga puluh empat",
        ),
        (
            "AB-1027",
            12,
            "su",
            "call",
            "Nomer antrian A B hiji nol dua tujuh, mangga sumping ka loket dua welas",
        ),
        (
            "C-014",
            11,
            "id",
            "recall",
            "Panggilan ulang, nomor antrean C nol satu empat, silakan ke loket sebelas",
        ),
        (
            "C-014",
            21,
            "en",
            "recall",
            "Calling again, number C zero one four, please go to counter twenty-one",
        ),
        (
            "C-014",
            11,
            "su",
            "recall",
            "Diondang deui, nomer antrian C nol hiji opat, mangga sumping ka loket sawelas",
        ),
    ],
)
def test_words_of_a_call(label: str, counter: int, language: str, kind: str, expected: str) -> None:
    assert announce.words(label=label, counter=counter, language=language, kind=kind) == expected


@pytest.mark.parametrize(
    ("number", "indonesian", "sundanese", "english"),
    [
        (0, "nol", "nol", "zero"),
        (1, "satu", "hiji", "one"),
        (6, "enam", "genep", "six"),
        (10, "sepuluh", "sapuluh", "ten"),
        (11, "sebelas", "sawelas", "eleven"),
        (12, "dua belas", "dua welas", "twelve"),
        (19, "sembilan belas", "salapan welas", "nineteen"),
        (20, "dua puluh", "dua puluh", "twenty"),
        (31, "tiga puluh satu", "tilu puluh hiji", "thirty-one"),
        (99, "sembilan puluh sembilan", "salapan puluh salapan", "ninety-nine"),
        (100, "seratus", "saratus", "one hundred"),
        (111, "seratus sebelas", "saratus sawelas", "one hundred and eleven"),
        (980, "sembilan ratus delapan puluh", "salapan ratus dalapan puluh", "nine hundred and eighty"),
        (1027, "satu nol dua tujuh", "hiji nol dua tujuh", "one zero two seven"),
    ],
)
def test_numbers_as_people_say_them(number: int, indonesian: str, sundanese: str, english: str) -> None:
    said = [announce.number_words(number, language) for language in ("id", "su", "en")]
    assert said == [indonesian, sundanese, english]


@pytest.mark.parametrize("language", announce.LANGUAGES)
def test_every_counter_has_its_own_words(language: str) -> None:
    said = [announce.number_words(number, language) for number in range(1000)]
    assert len(set(said)) == 1000
    assert all(words == words.strip() and "  " not in words for words in said)


@pytest.mark.parametrize("label", ["", "A", "027", "a-027", "ABC-001", "A-02x", "A-٠٢٧", "<b>A-001</b>", "A-001\n"])
def test_what_is_not_a_label_is_never_spoken(label: str) -> None:
    with pytest.raises(ValueError):
        announce.words(label=label, counter=3, language="id")


def test_an_unknown_language_kind_or_counter_is_refused() -> None:
    for wrong in ({"language": "jv"}, {"kind": "shout"}, {"counter": -1}):
        with pytest.raises(ValueError):
            announce.words(**{"label": "A-027", "counter": 3, "language": "id", **wrong})  # type: ignore[arg-type]  # one of them is wrong


labels = st.from_regex(r"[A-Z]{1,2}-[0-9]{3,4}", fullmatch=True)


@given(labels, st.integers(1, 120), st.sampled_from(announce.LANGUAGES), st.sampled_from(announce.KINDS))
def test_the_voice_says_the_words_that_are_shown(label: str, counter: int, language: str, kind: str) -> None:
    shown = announce.words(label=label, counter=counter, language=language, kind=kind)
    read = announce.spoken(label=label, counter=counter, language=language, kind=kind)
    assert read.replace(",", "").rstrip(".") == shown.replace(",", "")
    # A breath stands between the last letter and the first digit.
    assert f"{label.split('-')[0][-1]}, " in read


def test_a_lone_call_is_read_twice_in_each_language_of_the_hall() -> None:
    (spoken,) = plan([Call(1, NOW, "A-027", 3)], NOW, ["id", "en"])
    assert [r.language for r in spoken.readings] == ["id", "en", "id", "en"]
    assert spoken.starts == NOW
    assert not spoken.short


def test_a_long_line_is_read_once_in_the_first_language() -> None:
    heard = plan([Call(n, NOW, f"A-{n:03}", n) for n in range(1, 5)], NOW, ["id", "en"])
    assert [spoken.call_id for spoken in heard] == [1, 2, 3, 4]
    assert [r.language for r in heard[0].readings] == ["id"]
    assert heard[0].short


def test_a_long_line_passes_over_who_is_already_at_the_desk() -> None:
    calls = [Call(n, NOW, f"A-{n:03}", n, serving_at=at(1) if n == 2 else None) for n in range(1, 5)]
    assert [spoken.call_id for spoken in plan(calls, NOW, ["id"])] == [1, 3, 4]


def test_a_short_line_still_announces_who_is_already_at_the_desk() -> None:
    assert len(plan([Call(1, NOW, "A-001", 1, serving_at=NOW)], NOW, ["id"])) == 1


def test_a_call_withdrawn_in_time_is_not_heard() -> None:
    calls = [Call(1, NOW, "A-001", 1), Call(2, NOW, "A-002", 2, withdrawn_at=at(3))]
    assert [spoken.call_id for spoken in plan(calls, NOW, ["id"])] == [1]


def test_a_call_withdrawn_while_it_is_read_stops_and_is_marked() -> None:
    (spoken,) = plan([Call(1, NOW, "A-001", 1, withdrawn_at=at(3))], NOW, ["id", "en"])
    assert spoken.withdrawn
    assert [r.language for r in spoken.readings] == ["id"]


def test_a_quiet_call_is_shown_not_heard() -> None:
    assert plan([Call(1, NOW, "A-001", 1, quiet=True)], NOW, ["id"]) == []


def test_a_recall_is_heard_again() -> None:
    heard = plan([Call(1, NOW, "A-001", 1), Call(2, at(30), "A-001", 1, kind="recall")], NOW, ["id"])
    assert [spoken.call_id for spoken in heard] == [1, 2]
    assert heard[1].readings[0].text.startswith("Panggilan ulang")


def test_the_line_waits_for_the_running_announcement() -> None:
    (spoken,) = plan([Call(1, NOW, "A-001", 1)], NOW, ["id"], last_end=at(4))
    assert spoken.starts == at(4)


def test_a_hall_without_languages_stays_silent() -> None:
    assert plan([Call(1, NOW, "A-001", 1)], NOW, []) == []


moments = st.floats(0, 240, allow_nan=False).map(at)
calls_of_a_hall = st.lists(
    st.builds(
        Call,
        call_id=st.integers(1, 10_000),
        at=moments,
        label=labels,
        counter=st.integers(1, 40),
        kind=st.sampled_from(announce.KINDS),
        quiet=st.sampled_from([False, False, False, True]),
        serving_at=st.none() | moments,
        withdrawn_at=st.none() | moments,
    ),
    max_size=25,
    unique_by=lambda call: call.call_id,
)
languages_of_a_hall = st.sampled_from([["id"], ["id", "en"], ["su", "id"], ["id", "su", "en"]])


@given(calls_of_a_hall, languages_of_a_hall)
def test_properties_of_the_line(calls: list[Call], languages: list[str]) -> None:
    heard = plan(calls, NOW, languages)
    by_id = {call.call_id: call for call in calls}
    order = [(by_id[s.call_id].at, s.call_id) for s in heard]
    assert order == sorted(order)
    assert len({s.call_id for s in heard}) == len(heard)
    for earlier, later in pairwise(heard):
        assert earlier.ends <= later.starts
    for spoken in heard:
        call = by_id[spoken.call_id]
        assert spoken.starts >= call.at
        assert not call.quiet
        assert not call.withdrawn(spoken.starts)
        assert not (spoken.short and call.serving(spoken.starts))
        assert [r.language for r in spoken.readings] == (languages[:1] if spoken.short else languages * 2)[
            : len(spoken.readings)
        ]
        assert len(spoken.readings) == (1 if spoken.short else 2 * len(languages)) or spoken.withdrawn
        for reading in spoken.readings:
            assert reading.text == announce.words(
                label=call.label, counter=call.counter, language=reading.language, kind=call.kind
            )
        # Who waited long is told shortly, so the line empties as fast as it can.
        if (spoken.starts - call.at).total_seconds() > announce.LONG_LINE_SECONDS:
            assert spoken.short
        assert spoken.ends - spoken.starts <= timedelta(seconds=announce.full_seconds(call, languages))


@given(calls_of_a_hall, languages_of_a_hall)
def test_only_quiet_withdrawn_or_served_calls_go_unheard(calls: list[Call], languages: list[str]) -> None:
    heard = {spoken.call_id for spoken in plan(calls, NOW, languages)}
    for call in calls:
        if call.call_id not in heard:
            assert call.quiet or call.withdrawn_at is not None or call.serving_at is not None


@given(calls_of_a_hall, languages_of_a_hall)
def test_a_line_cut_in_two_sounds_the_same(calls: list[Call], languages: list[str]) -> None:
    """The board decides one announcement at a time; nothing may depend on seeing the whole day."""
    whole = plan(calls, NOW, languages)
    if not whole:
        return
    first = whole[0]
    order = sorted(calls, key=lambda call: (call.at, call.call_id))
    rest = order[[call.call_id for call in order].index(first.call_id) + 1 :]
    assert plan(rest, NOW, languages, last_end=first.ends) == whole[1:]
