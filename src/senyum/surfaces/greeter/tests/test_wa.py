"""The WhatsApp link: how people write their number, and what the message says."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from senyum.core import clock
from senyum.surfaces.greeter.tests.door import come
from senyum.surfaces.greeter.wa import Unreadable, international, message_link
from senyum.visits import queries as visits


@pytest.mark.parametrize(
    "typed",
    ["081234567890", "0812 3456 7890", "0812-3456-7890", "+62 812 3456 7890", "6281234567890", "81234567890",
     "(0812) 3456.7890", "+62 0812 3456 7890", "62 0812 3456 7890"],
)  # fmt: skip
def test_the_ways_to_write_an_indonesian_number(typed):
    assert international(typed) == "6281234567890"


def test_a_number_abroad_keeps_its_country():
    assert international("+65 9123 4567") == "6591234567"
    assert international("+31 6 1234 5678") == "31612345678"


@pytest.mark.parametrize(
    "typed",
    ["", "0", "0812", "12345", "0261201234", "+62 261 201234", "08123456789012345", "0812x4567890", "+0812345678",
     "٠٨١٢٣٤٥٦٧٨٩٠", "０８１２３４５６７８９０", "+65", "0812\u202e34567890"],
)  # fmt: skip
def test_what_is_no_mobile_number(typed):
    with pytest.raises(Unreadable):
        international(typed)


@pytest.mark.django_db
@pytest.mark.parametrize(("language", "start"), [("id", "Nomor antrean Anda"), ("en", "Your queue number")])
def test_the_message_holds_the_label_and_the_link(small_mall, language, start):
    issued = come(small_mall, "ktp", language=language)
    view = visits.visit_view(visits.visit_by_token(issued.token), clock.now())
    link = message_link("6281234567890", view, f"https://mpp.example/t/{issued.token}/")
    parts = urlsplit(link)
    assert (parts.netloc, parts.path) == ("wa.me", "/6281234567890")
    (text,) = parse_qs(parts.query)["text"]
    assert text.startswith(start) and issued.label in text and text.endswith(f"https://mpp.example/t/{issued.token}/")
