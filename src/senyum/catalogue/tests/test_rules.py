"""People's words, fees in words."""

from __future__ import annotations

import pytest
from django.utils import translation

from senyum.catalogue.rules import Candidate, fee_words, one_slip, plain, rank, rupiah, search_words, words


@pytest.mark.parametrize(
    ("said", "looked_for"),
    [
        ("bikin KTP ilang", ["ktp", "hilang"]),
        ("nomor antrian KTP-el", ["ktp"]),
        ("mau ambil e-KTP", ["ambil", "ktp"]),
        ("abdi bade nyieun akta lahir", ["akta", "kelahiran"]),
        ("KTP ktp Ktp", ["ktp"]),
        ("perpanjang SIM A", ["perpanjang", "sim", "a"]),
        ("ngantri dong kak", []),
        ("", []),
        ("café", ["cafe"]),
    ],
)
def test_what_somebody_looks_for(said, looked_for):
    assert search_words(said) == looked_for


def test_at_most_eight_words_are_looked_for():
    assert len(search_words(" ".join(f"kata{n}" for n in range(40)))) == 8


def test_plain_words():
    assert plain("ÉNGGAL") == "enggal"
    assert words("Akta/ijazah (asli), 4×6") == ["akta", "ijazah", "asli", "4", "6"]


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("ktp", "kpt", True),
        ("ktp", "ktp", True),
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
    assert one_slip(a, b) is same


def candidate(line_id, name, more="", similar=()):
    return Candidate(line_id, name, f"{name} {more}", similar or (0.0,) * 4)


def test_the_rarer_word_decides():
    lines = [
        candidate(1, "KTP baru"),
        candidate(2, "KTP hilang atau rusak"),
        candidate(3, "SIM baru"),
        candidate(4, "Laporan kehilangan", "hilang"),
    ]
    assert rank(["ktp", "hilang"], lines)[0] == 2


def test_the_name_counts_more_than_a_keyword():
    lines = [candidate(1, "Surat pindah", "ktp"), candidate(2, "KTP baru dan pindah")]
    assert rank(["ktp"], lines)[0] == 2


def test_beginnings_slips_and_trigrams_are_found():
    assert rank(["pasp"], [candidate(1, "Paspor baru"), candidate(2, "KTP")]) == [1]
    assert rank(["kpt"], [candidate(1, "Paspor baru"), candidate(2, "KTP")]) == [2]
    assert rank(
        ["perkawianan"],
        [candidate(1, "Akta perkawinan", similar=(0.7,)), candidate(2, "KTP", similar=(0.1,))],
    ) == [1]


def test_nothing_found_is_nothing():
    assert rank(["helikopter"], [candidate(1, "KTP")]) == []
    assert rank([], [candidate(1, "KTP")]) == []
    assert rank(["ktp"], []) == []


def test_a_keyword_in_peoples_words_answers_the_catalogues_word():
    assert rank(search_words("ktp hilang"), [candidate(1, "KTP rusak", "ilang"), candidate(2, "KTP baru")])[0] == 1


def test_fees():
    assert rupiah(30000) == "Rp30.000"
    assert rupiah(1_650_000) == "Rp1.650.000"
    assert fee_words(0, "") == "Gratis"
    assert fee_words(30000, "") == "Rp30.000"
    assert fee_words(225000, "Di luar PKB") == "Rp225.000 (di luar PKB)"
    assert fee_words(None, "Sesuai SPPT") == "Sesuai SPPT"
    with translation.override("id"):
        assert fee_words(None, "") == "Menurut jenisnya"
