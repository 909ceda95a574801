"""A sheet of 300 lines with every kind of mistake, and the same one mended."""

from __future__ import annotations

import csv
import io

from senyum.catalogue.sheet import COLUMNS

LINES = 300


def good(agency: str = "contoh-dukcapil") -> list[dict[str, str]]:
    """299 lines below the header: services of four lines each (and one of three), the header being line 1."""
    rows: list[dict[str, str]] = []
    number = 0
    while len(rows) < LINES - 1:
        key = {"instansi": agency, "kode": f"layanan-{number}"}
        rows += [
            {
                "jenis": "layanan",
                **key,
                "nama": f"Layanan {number}",
                "menit_loket": "10",
                "jangka_waktu": "1 hari kerja",
                "sk_nomor": f"SK {number}/2026",
                "berlaku_mulai": "2026-01-31",
                "bayar_di_kasir": "tidak",
                "produk": "Surat",
                "dasar_hukum": "UU 25/2009",
            },
            {"jenis": "tarif", **key, "varian": "Biasa", "tarif_rupiah": "0", "jenis_tarif": "retribusi"},
            {
                "jenis": "syarat",
                **key,
                "teks": "KTP",
                "dasar_hukum": "Perpres 96/2018",
                "contoh": "https://a.id/ktp.png",
            },
            {"jenis": "tarif", **key, "varian": "Kilat", "tarif_rupiah": "Rp30.000", "jenis_tarif": "pnbp"},
        ]
        number += 1
    return rows[: LINES - 1]


#: What is done to a line of a kind, and the column that the report must name ("" for the whole line).
MISTAKES: list[tuple[str, dict[str, str], str]] = [
    ("layanan", {"jenis": "leyanan"}, "jenis"),
    ("layanan", {"jenis": ""}, "jenis"),
    ("layanan", {"instansi": "tidak-ada"}, "instansi"),
    ("layanan", {"instansi": ""}, "instansi"),
    ("layanan", {"kode": "Huruf Besar!"}, "kode"),
    ("layanan", {"kode": "x" * 61}, "kode"),
    ("layanan", {"kode": "layanan-0"}, "kode"),
    ("layanan", {"nama": ""}, "nama"),
    ("layanan", {"menit_loket": ""}, "menit_loket"),
    ("layanan", {"menit_loket": "0"}, "menit_loket"),
    ("layanan", {"menit_loket": "481"}, "menit_loket"),
    ("layanan", {"menit_loket": "sepuluh"}, "menit_loket"),
    ("layanan", {"menit_loket": "2,5"}, "menit_loket"),
    ("layanan", {"menit_loket": "１０"}, "menit_loket"),
    ("layanan", {"berlaku_mulai": "31 Januari"}, "berlaku_mulai"),
    ("layanan", {"berlaku_mulai": "2026-02-30"}, "berlaku_mulai"),
    ("layanan", {"berlaku_mulai": "0026-01-01"}, "berlaku_mulai"),
    ("layanan", {"bayar_di_kasir": "mungkin"}, "bayar_di_kasir"),
    ("layanan", {"jangka_waktu": "x" * 601}, "jangka_waktu"),
    ("layanan", {"sk_nomor": "x" * 601}, "sk_nomor"),
    ("layanan", {"produk": "x" * 8001}, "produk"),
    ("layanan", {"produk": '=HYPERLINK("http://x")'}, "produk"),
    ("layanan", {"produk": "@SUM(A1)"}, "produk"),
    ("layanan", {"produk": "Surat\u202eterbalik"}, "produk"),
    ("layanan", {"produk": "Surat\x00"}, "produk"),
    ("layanan", {"tarif_rupiah": "5"}, "tarif_rupiah"),
    ("syarat", {"teks": ""}, "teks"),
    ("syarat", {"teks": "x" * 601}, "teks"),
    ("syarat", {"contoh": "http://a.id/x.png"}, "contoh"),
    ("syarat", {"contoh": "https://user@a.id/x"}, "contoh"),
    ("syarat", {"contoh": "javascript:alert(1)"}, "contoh"),
    ("syarat", {"menit_loket": "5"}, "menit_loket"),
    ("syarat", {"kode": "tidak-ada-di-berkas"}, "kode"),
    ("tarif", {"tarif_rupiah": ""}, "tarif_rupiah"),
    ("tarif", {"tarif_rupiah": "-5"}, "tarif_rupiah"),
    ("tarif", {"tarif_rupiah": "30,5"}, "tarif_rupiah"),
    ("tarif", {"tarif_rupiah": "30.00"}, "tarif_rupiah"),
    ("tarif", {"tarif_rupiah": "3000000000"}, "tarif_rupiah"),
    ("tarif", {"tarif_rupiah": "gratis"}, "tarif_rupiah"),
    ("tarif", {"jenis_tarif": "sumbangan"}, "jenis_tarif"),
    ("tarif", {"varian": "x" * 601}, "varian"),
    ("tarif", {"nama": "Bukan di sini"}, "nama"),
]


def broken() -> tuple[list[dict[str, str]], list[tuple[int, str]]]:
    """The sheet with each mistake in a line of its own, and where the report must find it (line, column).

    Each mistake has a service of its own, so that none hides another.
    """
    rows, expected = good(), []
    for place, (kind, change, column) in enumerate(MISTAKES, start=1):
        first = place * 4
        at = next(i for i in range(first, first + 4) if rows[i]["jenis"] == kind)
        rows[at] = {**rows[at], **change}
        expected.append((at + 2, column))
    # A service that has no fee: its two fee lines become requirements.
    last = (len(MISTAKES) + 2) * 4
    for at in (last + 1, last + 3):
        rows[at] = {**rows[last + 2], "teks": f"Syarat {at}"}
    expected.append((last + 2, "kode"))
    return rows, expected


def as_csv(rows: list[dict[str, str]], delimiter: str = ",", columns: tuple[str, ...] = COLUMNS) -> str:
    """The rows as CSV text."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, columns, restval="", delimiter=delimiter, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()
