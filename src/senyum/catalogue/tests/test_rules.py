"""People's words, fees in words."""

from __future__ import annotations

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from senyum.catalogue.rules import (
    Lexicon,
    alternatives,
    fee_words,
    one_slip_words,
    plain,
    rupiah,
    speech_of,
    terms_of,
    words,
)

SPEECH = speech_of(
    ["bikin", "nomor", "mau", "abdi", "bade", "nyieun", "ngantri", "dong", "kak", "e", "el", "antrian"],
    {"ilang": ["hilang"], "leungit": ["hilang"], "lahir": ["kelahiran"], "kartu kuning": ["pencari kerja"]},
)
NOTHING = Lexicon(frozenset(), {}, {}, {})


@pytest.mark.parametrize(
    ("said", "looked_for"),
    [
        ("bikin KTP ilang", ["ktp", "ilang"]),
        ("nomor antrian KTP-el", ["ktp"]),
        ("mau ambil e-KTP", ["ambil", "ktp"]),
        ("abdi bade nyieun akta lahir", ["akta", "lahir"]),
        ("mau kartu kuning", ["kartu kuning", "kartu", "kuning"]),
        ("KTP ktp Ktp", ["ktp"]),
        ("perpanjang SIM A", ["perpanjang", "sim", "a"]),
        ("ngantri dong kak", []),
        ("", []),
        ("café", ["cafe"]),
    ],
)
def test_what_somebody_looks_for(said, looked_for):
    assert terms_of(said, SPEECH) == looked_for


def test_at_most_eight_words_are_looked_for():
    assert len(terms_of(" ".join(f"kata{n}" for n in range(40)), SPEECH)) == 8


def test_plain_words():
    assert plain("ÉNGGAL") == "enggal"
    assert words("Akta/ijazah (asli), 4×6") == ["akta", "ijazah", "asli", "4", "6"]


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("ktp", "kpt", True),
        ("ktp", "kt", True),
        ("kt", "ktp", True),
        ("paspor", "paspr", True),
        ("paspor", "passpor", True),
        ("skck", "skk", True),
        ("ktp", "sim", False),
        ("ktp", "kia", False),
        ("ktp", "ptk", False),
        ("nib", "nibaru", False),
    ],
)
def test_one_slip(a, b, same):
    assert (b in one_slip_words(a)) is same
    assert (a in one_slip_words(b)) is same


def test_a_word_is_no_slip_of_itself_and_swapped_letters_are_closest():
    slips = one_slip_words("kpt")
    assert "kpt" not in slips
    assert slips["ktp"] > slips["kp"] > slips["kpp"]


@given(st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=9), st.data())
def test_each_slip_of_the_finger_is_among_the_words(word, data):
    at = data.draw(st.integers(0, len(word) - 1))
    letter = data.draw(st.sampled_from("abcdefghijklmnopqrstuvwxyz"))
    slipped = {
        word[:at] + word[at + 1 :],
        word[:at] + letter + word[at:],
        word[:at] + letter + word[at + 1 :],
        word[:at] + word[at + 1 : at + 2] + word[at : at + 1] + word[at + 2 :],
    } - {word}
    assert slipped <= one_slip_words(word).keys()


def close(term, lexicon=NOTHING, speech=SPEECH):
    return {" ".join(a.words) + ("*" if a.begins else ""): a.closeness for a in alternatives(term, speech, lexicon)}


def test_a_word_stands_for_itself_most_and_for_what_begins_so_less():
    found = close("pasp", Lexicon({"pasp"}, {"pasp": ["pas"]}, {}, {}))
    assert found["pasp"] == 1.0 > found["pas"] > found["pasp*"]


def test_a_synonym_brings_its_meaning_and_the_others_who_say_so():
    found = close("ilang")
    assert found["ilang"] == 1.0 > found["hilang"] > found["leungit"] > 0
    assert {"ilang", "leungit"} <= close("hilang").keys(), "and back: the catalogue may say it as people do"


def test_a_phrase_stands_for_its_meaning_and_for_all_its_words_together():
    assert close("kartu kuning") == {"pencari kerja": 0.95, "kartu kuning": 0.85}


def test_slips_are_put_right_only_in_words_nobody_knows():
    lexicon = Lexicon(frozenset(), {}, {"kpt": ["kpp", "ktp"]}, {})
    found = close("kpt", lexicon)
    assert found["ktp"] > found["kpp"] > 0
    known = Lexicon({"kpt"}, {}, {"kpt": ["ktp"]}, {})
    assert "ktp" not in close("kpt", known)
    assert "hilang" in close("ilamg"), "a slip in a synonym counts as the synonym"
    assert close("20261") == {"20261": 1.0}, "a figure is meant as it is"


def test_what_looks_alike_counts_by_how_much():
    lexicon = Lexicon(frozenset(), {}, {}, {"perkawianan": [("perkawinan", 0.8), ("perkara", 0.4)]})
    found = close("perkawianan", lexicon)
    assert found["perkawinan"] > found["perkara"] > 0


def test_queries_of_an_alternative_name_the_place():
    found = alternatives("kartu kuning", SPEECH, NOTHING)[0]
    assert found.queries() == ("'pencari' & 'kerja'", "'pencari':A & 'kerja':A")
    begins = next(a for a in alternatives("pasp", SPEECH, NOTHING) if a.begins)
    assert begins.queries() == ("'pasp':*", "'pasp':*A")


def test_fees():
    assert rupiah(30000) == "Rp30.000"
    assert rupiah(1_650_000) == "Rp1.650.000"
    assert fee_words(0, "") == "Gratis"
    assert fee_words(30000, "") == "Rp30.000"
    assert fee_words(225000, "Di luar PKB") == "Rp225.000 (di luar PKB)"
    assert fee_words(None, "Sesuai SPPT") == "Sesuai SPPT"
    with translation.override("id"):
        assert fee_words(None, "") == "Menurut jenisnya"
