"""Every message can be written in every language, in one line of subject, and says all that it was given."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from django.conf import settings
from django.utils.translation import gettext_lazy

from senyum.notices import messages
from senyum.notices.messages import MESSAGES, Message

LANGUAGES = [code for code, _name in settings.LANGUAGES]
KINDS: dict[str, Any] = {
    "at": "2026-03-02T03:00:00+00:00",
    "was": "2026-03-04T01:30:00+00:00",
    "until": "2026-03-01T13:15:00+00:00",
    "zone": "Asia/Jakarta",
    "services": ["<services>", "KTP"],
    "bring": 7,
    "ahead": 3,
    "minutes": 10,
    "code": "042917",
    "link": "https://mpp.example/b/abc/",
}
#: How each of them is seen in the text, whatever the language.
SEEN = {
    "at": "10[.:]00",
    "was": "08[.:]30",
    "until": "20[.:]15",
    "zone": "WIB",
    "services": "<services>, KTP",
    "bring": r"\b7\b",
    "ahead": r"\b3\b",
    "minutes": r"\b10\b",
    "code": "042917",
    "link": r"https://mpp\.example/b/abc/",
}


def sample(template: str, **more: Any) -> dict[str, Any]:
    if MESSAGES[template].push and "link" not in more:
        more["link"] = "/t/abc/"
    return {name: KINDS.get(name, f"<{name}>\nBcc: x") for name in MESSAGES[template].needs} | more


@pytest.mark.parametrize("template", list(MESSAGES))
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_message_is_written_with_what_it_needs(template: str, language: str) -> None:
    data = sample(template)
    text = messages.write(template, data, language)
    assert "\n" not in text.subject + text.short and "%(" not in text.subject + text.body + text.short
    for name in data:
        if name == "link" and MESSAGES[template].push:
            assert "/t/abc/" not in text.subject + text.body + text.short
            continue
        assert re.search(SEEN.get(name, f"<{name}>"), text.subject + text.body), name


@pytest.mark.parametrize("template", [n for n, m in MESSAGES.items() if m.personal and not m.push])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_citizens_message_fits_where_it_goes(template: str, language: str) -> None:
    text = messages.write(template, sample(template), language)
    assert text.short and "https://" not in text.short
    # A gateway's pattern: at most 1024 characters, no place at either end, and one value for each place.
    pattern = messages.pattern(template, language)
    values = messages.parameters(template, sample(template), language)
    assert len(pattern) <= 1024 and not re.match(r"\{\{", pattern) and not re.search(r"\}\}\W*$", pattern)
    assert re.findall(r"\{\{(\d+)\}\}", pattern) == [str(n) for n in range(1, len(values) + 1)]
    assert all("\n" not in value for value in values)
    # Pattern and values give the very words of the message.
    filled = re.sub(r"\{\{(\d+)\}\}", lambda place: values[int(place[1]) - 1], pattern)
    assert " ".join(filled.split()) == " ".join(text.body.split())


def test_a_moment_is_told_with_its_day_and_zone() -> None:
    late = datetime(2026, 3, 2, 23, 30, tzinfo=timezone(timedelta(hours=7)))
    data = messages.plain(sample("booking_reminder", at=late))
    said = {language: messages.write("booking_reminder", data, language).subject for language in LANGUAGES}
    assert said["id"] == "Kami menunggu Anda: Senin, 2 Maret 2026, pukul 23.30 WIB"
    assert said["su"] == "Bapa/Ibu diantos: Senén, 2 Maret 2026, tabuh 23.30 WIB"
    assert said["en"] == "We look forward to seeing you: Monday, 2 March 2026, 23:30 WIB"
    east = messages.write("booking_reminder", {**data, "zone": "Asia/Jayapura"}, "id").subject
    assert east == "Kami menunggu Anda: Selasa, 3 Maret 2026, pukul 01.30 WIT"


@pytest.mark.parametrize(
    ("count", "said"), [(0, "no particular papers"), (1, "1 document, listed"), (3, "3 documents, listed")]
)
def test_what_to_bring_is_counted(count: int, said: str) -> None:
    assert f"What to bring: {said}" in messages.write("booking_made", sample("booking_made", bring=count), "en").body


def test_an_unknown_message_or_missing_data_is_refused() -> None:
    with pytest.raises(ValueError, match="no message"):
        messages.write("greeting", {}, "id")
    with pytest.raises(ValueError, match="no message"):
        messages.pattern("greeting", "id")
    with pytest.raises(ValueError, match="needs agency, mall, time"):
        messages.check("emergency", {"counter": "3"})


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("at", "2026-03-02T03:00:00"),
        ("at", "besok"),
        ("at", None),
        ("zone", "Europe/Berlin"),
        ("services", []),
        ("services", "KTP"),
        ("services", [1]),
        ("bring", -1),
        ("bring", "3"),
        ("bring", True),
        ("link", "javascript:alert(1)"),
        ("link", "https://x/ y"),
        ("link", "/b/abc/"),
    ],
)
def test_data_of_another_kind_is_refused(name: str, wrong: Any) -> None:
    with pytest.raises(ValueError, match=f"^{name} of the message 'booking_made'"):
        messages.check("booking_made", sample("booking_made", **{name: wrong}))


@pytest.mark.parametrize("wrong", ["12345", "1234567", "12345x", "١٢٣٤٥٦", 123456])
def test_a_code_is_six_digits(wrong: Any) -> None:
    with pytest.raises(ValueError, match=r"^code of"):
        messages.check("contact_code", sample("contact_code", code=wrong))


@pytest.mark.parametrize("wrong", ["https://mpp.example/t/abc/", "//evil.example/", "t/abc", "/", "/t/a b", None])
def test_a_push_message_holds_a_path_of_this_house(wrong: Any) -> None:
    with pytest.raises(ValueError, match=r"^link of"):
        messages.check("turn_called", sample("turn_called", link=wrong))


def test_only_a_personal_message_may_hold_a_link_or_a_code() -> None:
    for name in ("link", "code"):
        with pytest.raises(ValueError, match="may not hold a citizen's link or code"):
            messages.check("emergency", sample("emergency", **{name: KINDS[name]}))
    for needs, flags in [
        ({"link"}, {"personal": True}),
        ({"link"}, {"personal_link": True}),
        ({"code"}, {}),
        ({"mall"}, {"personal": True, "personal_link": True}),
    ]:
        with pytest.raises(ValueError, match="says that it is personal"):
            Message("x", "y", frozenset(needs), **flags)
    with pytest.raises(ValueError, match="written in a zone"):
        Message("x", "y", frozenset({"at"}))


def test_words_that_wait_for_a_language_are_kept_as_text() -> None:
    assert messages.plain({"a": gettext_lazy("Buka"), "b": [gettext_lazy("Buka")], "c": 3}) == {
        "a": "Buka",
        "b": ["Buka"],
        "c": 3,
    }
