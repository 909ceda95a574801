"""A busy board as a value, for tests and pictures."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from senyum.visits.queries import Board, BoardCall, BoardCounter, BoardLine, LongestLine

CALLS = [
    ("A-027", 3, "Disdukcapil", "KTP-el hilang atau rusak"),
    ("C-014", 11, "Polres", "SKCK"),
    ("B-031", 7, "BPJS Kesehatan", "Ubah faskes"),
    ("A-026", 2, "Disdukcapil", "Akta kelahiran"),
    ("F-005", 19, "Imigrasi", "Paspor baru dan penggantian"),
    ("D-009", 14, "DPMPTSP", "NIB"),
    ("AB-1025", 1, "Disdukcapil", "Kartu keluarga karena pindah datang antarkabupaten"),
]
AGENCIES = [
    "Disdukcapil", "Disdukcapil", "Disdukcapil", "Disdukcapil", "DPMPTSP", "DPMPTSP", "BPJS Kesehatan",
    "BPJS Ketenagakerjaan", "Bapenda", "Bapenda", "Polres", "Polres", "Kejaksaan", "DPMPTSP", "Kemenag",
    "Samsat", "Samsat", "Pos Indonesia", "Imigrasi", "Imigrasi", "BPN", "BPN", "Disnaker", "Dinsos",
    "Dinkes", "DLH", "PUTR", "PDAM", "PLN", "bank bjb", "Taspen", "KPP Pratama", "Pengadilan Agama",
    "Pengadilan Negeri", "Bea Cukai", "BNN", "Loka POM", "Perpustakaan", "UMKM", "Kasir",
]  # fmt: skip


LINES = (
    BoardLine("A", "Disdukcapil", "KTP-el hilang atau rusak", 12, 34.2, 61.0),
    BoardLine("B", "BPJS Kesehatan", "Ubah faskes", 1, 3.2, 8.4),
    BoardLine("C", "Polres", "SKCK", 9, 14.8, 29.3),
    BoardLine("D", "DPMPTSP", "NIB", 2, None, None),
    BoardLine("F", "Imigrasi", "Paspor baru dan penggantian karena hilang", 8, 21.4, 46.2),
)


def call(number: int, at: datetime, **changes: Any) -> BoardCall:
    """The call at place `number` of `CALLS`, newest first; its id falls with its place."""
    label, counter, agency, service = CALLS[number]
    values = {
        "call_id": 100 - number,
        "ticket_id": 500 - number,
        "at": at,
        "label": label,
        "counter_number": counter,
        "agency_short": agency,
        "service": service,
        "kind": "call",
        "withdrawn": False,
        "quiet": False,
        "serving": False,
    }
    return BoardCall(**{**values, **changes})


def busy_board(now: datetime, **changes: Any) -> Board:
    """Forty counters, seven calls, one of them withdrawn."""
    counters = [BoardCounter(number, agency, "open", None, "") for number, agency in enumerate(AGENCIES, start=1)]
    counters[8] = BoardCounter(9, "Bapenda", "paused", now + timedelta(minutes=18), "Istirahat")
    counters[23] = BoardCounter(24, "Dinsos", "paused", None, "Istirahat")
    for number in (13, 33, 36):
        counters[number - 1] = BoardCounter(number, AGENCIES[number - 1], "closed", None, "")
    recent = [call(n, now - timedelta(minutes=n), withdrawn=n == 3) for n in range(1, 7)]
    values = {
        "newest": call(0, now),
        "recent": recent,
        "counters": counters,
        "waiting": 46,
        "longest": LongestLine("Imigrasi", 18, 21.4, 46.2),
        "open_counters": 35,
        "all_counters": 40,
        "pause_reason": "",
        "pause_back_at": None,
        "closed_message": "",
        "lines": LINES,
    }
    return Board(**{**values, **changes})
