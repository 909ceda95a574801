"""A catalogue as a sheet (XLSX or CSV): its columns, and how lines become values or findings.

One line is a service (`layanan`), a requirement (`syarat`) or a fee (`tarif`); requirements and fees name their service
by agency and code. Nothing here reads or writes the database.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from openpyxl import Workbook, load_workbook
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.writer.excel import save_workbook

from senyum.catalogue import components
from senyum.catalogue.content import (
    Content,
    FeeText,
    Problem,
    RequirementText,
    fee_problems,
    problems,
    requirement_problems,
    tidy,
)
from senyum.core.text import plain

#: Beyond these a file is no catalogue but a mistake or an attack.
MOST_BYTES, MOST_UNPACKED, MOST_LINES, MOST_COLUMNS = 5_000_000, 60_000_000, 20_000, 60
LONGEST_CELL = 8_000

SERVICE, REQUIREMENT, FEE = "layanan", "syarat", "tarif"
_KEYS = ("jenis", "instansi", "kode")
_TEXTS = {c.sheet: c.code for c in components.COMPONENTS if c.code in components.TEXTS}
_NAMES = {"nama": "name", "nama_sunda": "name_su", "nama_inggris": "name_en", "kata_kunci": "keywords"}
_REQUIREMENT = {
    "teks": "text",
    "teks_sunda": "text_su",
    "teks_inggris": "text_en",
    "dasar_hukum": "legal_basis",
    "alasan": "reason",
    "penerbit": "issued_by",
    "bentuk": "forms",
    "contoh": "example_url",
}
_FEE = {
    "varian": "variant",
    "tarif_rupiah": "amount_rupiah",
    "tarif_keterangan": "amount_text",
    "jenis_tarif": "kind",
    "dasar_hukum": "legal_basis",
}
_FEE_KINDS = {"": "", "pnbp": "pnbp", "retribusi": "retribution", "pajak": "tax", "lainnya": "other"}
#: Which columns a line of each kind may fill, beside the three keys.
ALLOWED: Mapping[str, tuple[str, ...]] = {
    SERVICE: (*_NAMES, "menit_loket", "jangka_waktu", "sk_nomor", "berlaku_mulai", "bayar_di_kasir", *_TEXTS),
    REQUIREMENT: tuple(_REQUIREMENT),
    FEE: tuple(_FEE),
}
COLUMNS = tuple(dict.fromkeys((*_KEYS, *ALLOWED[SERVICE], *ALLOWED[REQUIREMENT], *ALLOWED[FEE])))
_FORMULA = re.compile(r"[=@]")
#: A leading apostrophe keeps spreadsheets from reading a text as a formula; it is no part of the text.
_QUOTED = re.compile(r"'[=+\-@]")
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


@dataclass(frozen=True)
class Finding:
    """What is wrong in one place: line from 1 (0: the file), column name ("" for the whole line), and what to do."""

    line: int
    column: str
    sentence: str | Promise


@dataclass(frozen=True)
class Line:
    """One line with its cells by column name, empty ones left out."""

    number: int
    cells: Mapping[str, str]


@dataclass(frozen=True)
class ServiceLine:
    """A service as its lines say it."""

    number: int
    agency: str
    code: str
    names: Mapping[str, str]
    pays_at_cashier: bool
    content: Content


@dataclass
class Sheet:
    """What a file says: the services whose lines are sound, and all findings in order of lines."""

    lines: int = 0
    services: list[ServiceLine] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def say(self, line: int, column: str, sentence: str | Promise) -> None:
        """Note a finding."""
        self.findings.append(Finding(line, column, sentence))


# Files -> lines ----------------------------------------------------------------------------------------------------


def read(path: Path) -> Sheet:
    """What the file says. Never raises for its content: what cannot be read is a finding."""
    sheet = Sheet()
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            sheet.say(0, "", _("Berkas terlalu besar: paling banyak 5 MB. Bagi menjadi beberapa berkas."))
            return sheet
        data = path.read_bytes()
    except OSError:
        sheet.say(0, "", _("Berkas tidak dapat dibaca. Periksa nama dan izinnya."))
        return sheet
    rows = _xlsx(data, sheet) if data.startswith(b"PK") else _csv(data, sheet)
    _understand(list(_named(rows, sheet)), sheet)
    sheet.findings.sort(key=lambda finding: finding.line)
    return sheet


def _xlsx(data: bytes, sheet: Sheet) -> Iterator[tuple[int, list[str]]]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(part.file_size for part in archive.infolist()) > MOST_UNPACKED:
                sheet.say(0, "", _("Berkas terlalu besar: paling banyak 5 MB. Bagi menjadi beberapa berkas."))
                return
        book = load_workbook(io.BytesIO(data), read_only=True, keep_links=False)
        page = book.worksheets[0]
        for number, row in enumerate(page.iter_rows(max_row=MOST_LINES + 1), start=1):
            if number > MOST_LINES:
                sheet.say(number, "", _("Terlalu banyak baris: paling banyak 20.000. Bagi menjadi beberapa berkas."))
                return
            yield number, [_cell(cell, number, sheet) for cell in row[: MOST_COLUMNS + 1]]
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, IndexError, SyntaxError, EOFError):
        sheet.say(0, "", _("Berkas bukan XLSX yang utuh. Simpan lagi sebagai Excel (.xlsx) atau CSV UTF-8."))


def _cell(cell: Any, number: int, sheet: Sheet) -> str:
    value, letter = cell.value, getattr(cell, "column_letter", "")
    if value is None:
        return ""
    if cell.data_type == "f":
        sheet.say(number, letter, _("Sel ini berisi rumus. Ganti dengan nilainya (salin, tempel sebagai nilai)."))
        return ""
    if cell.data_type == "e":
        sheet.say(number, letter, _("Sel ini berisi galat rumus, misalnya #REF!. Tulis nilainya."))
        return ""
    if isinstance(value, bool):
        return "ya" if value else "tidak"
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _csv(data: bytes, sheet: Sheet) -> Iterator[tuple[int, list[str]]]:
    text = data.decode("utf-16", "replace") if data[:2] in (b"\xff\xfe", b"\xfe\xff") else _utf8(data, sheet)
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = 1
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error:
            sheet.say(
                number, "", _("Tanda kutip di baris ini tidak berpasangan, atau selnya terlalu panjang. Perbaiki.")
            )
            return
        if number > MOST_LINES:
            sheet.say(number, "", _("Terlalu banyak baris: paling banyak 20.000. Bagi menjadi beberapa berkas."))
            return
        yield number, row
        number = reader.line_num + 1


def _utf8(data: bytes, sheet: Sheet) -> str:
    """The text; each line whose bytes are not UTF-8 is a finding, and the others are still looked at."""
    lines = data.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    for number, line in enumerate(lines, start=1):
        try:
            line.decode()
        except UnicodeDecodeError:
            sheet.say(number, "", _("Ada huruf yang rusak di baris ini. Simpan berkas sebagai CSV UTF-8."))
    return b"\n".join(lines).decode(errors="replace")


def _named(rows: Iterable[tuple[int, list[str]]], sheet: Sheet) -> Iterator[Line]:
    """The lines below the header, with cells by name."""
    head: list[str] | None = None
    for number, row in rows:
        if head is None:
            head = _head(row, sheet)
            continue
        if not any(cell.strip() for cell in row):
            continue
        sheet.lines += 1
        if any(cell.strip() for cell in row[len(head) :]):
            sheet.say(number, "", _("Baris ini punya lebih banyak sel daripada judul kolom. Periksa tanda pemisahnya."))
        cells = {}
        for name, cell in zip(head, row, strict=False):
            text = _clean(number, name, cell, sheet)
            if text and name:
                cells[name] = text
        yield Line(number, cells)
    if head is None and not sheet.findings:
        sheet.say(1, "", _("Berkas kosong. Unduh templatnya dengan: senyum catalogue template"))


def _head(row: Sequence[str], sheet: Sheet) -> list[str]:
    head = [re.sub(r"[\s_]+", "_", cell.strip().casefold()).strip("_") for cell in row[:MOST_COLUMNS]]
    for name in [name for name in dict.fromkeys(head) if name and name not in COLUMNS]:
        sheet.say(1, name[:40], _("Kolom ini tidak dikenal. Pakai nama kolom dari templat, atau hapus kolomnya."))
    for name in [name for name in dict.fromkeys(head) if name and head.count(name) > 1]:
        sheet.say(1, name[:40], _("Kolom ini ada dua kali. Hapus salah satu."))
    for name in _KEYS:
        if name not in head:
            sheet.say(1, name, _("Kolom wajib ini tidak ada. Tambahkan di baris judul."))
    return [name if name in COLUMNS else "" for name in head]


def _clean(number: int, name: str, cell: str, sheet: Sheet) -> str:
    text = cell.strip()
    if _FORMULA.match(text):
        sheet.say(number, name, _("Sel ini berisi rumus. Ganti dengan nilainya (salin, tempel sebagai nilai)."))
        return ""
    if len(text) > LONGEST_CELL:
        sheet.say(number, name, _("Terlalu panjang: paling banyak %(most)s huruf.") % {"most": LONGEST_CELL})
        return ""
    if _QUOTED.match(text):
        text = text[1:]
    broken = "\N{REPLACEMENT CHARACTER}" in text
    if broken and any(finding.line == number and not finding.column for finding in sheet.findings):
        # Its bytes were told already.
        return text
    if broken or any(not plain(f"x{c}x").removeprefix("xx") for c in text):
        sheet.say(number, name, _("Ada huruf tersembunyi atau rusak di sel ini. Ketik ulang isinya."))
        return ""
    return text


# Lines -> services -------------------------------------------------------------------------------------------------


def _understand(lines: Sequence[Line], sheet: Sheet) -> None:
    services: dict[tuple[str, str], Line] = {}
    details: dict[tuple[str, str], list[Line]] = {}
    for line in lines:
        kind, agency, code = (line.cells.get(name, "").casefold() for name in _KEYS)
        if not _keys_sound(line, kind, agency, code, sheet):
            continue
        for name in sorted(line.cells.keys() - set(_KEYS) - set(ALLOWED[kind])):
            words = {"kind": kind}
            sheet.say(line.number, name, _("Kolom ini tidak dipakai di baris %(kind)s. Kosongkan.") % words)
        if kind != SERVICE:
            details.setdefault((agency, code), []).append(line)
        elif (agency, code) in services:
            words = {"line": str(services[agency, code].number)}
            sheet.say(line.number, "kode", _("Layanan ini sudah ada di baris %(line)s. Hapus salah satu.") % words)
        else:
            services[agency, code] = line
    for key, rows in details.items():
        if key not in services:
            for row in rows:
                sheet.say(row.number, "kode", _("Layanan ini tidak ada di berkas. Tambahkan baris layanannya."))
                _detail(row, sheet)
    for (agency, code), line in services.items():
        _service(line, agency, code, details.get((agency, code), []), sheet)


def _keys_sound(line: Line, kind: str, agency: str, code: str, sheet: Sheet) -> bool:
    before = len(sheet.findings)
    if kind not in ALLOWED:
        sheet.say(line.number, "jenis", _("Tulis layanan, syarat, atau tarif."))
    for name, value in (("instansi", agency), ("kode", code)):
        if not _SLUG.fullmatch(value) or len(value) > 60:
            sheet.say(
                line.number, name, _("Tulis kode dengan huruf kecil, angka, dan tanda hubung; misalnya ktp-baru.")
            )
    return len(sheet.findings) == before


def _service(line: Line, agency: str, code: str, details: Sequence[Line], sheet: Sheet) -> None:
    cells = line.cells
    if "nama" not in cells:
        sheet.say(line.number, "nama", _("Tulis nama layanannya."))
    rows = [_detail(row, sheet) for row in details]
    fees = [row for row in rows if isinstance(row, FeeText)]
    if not any(row.cells.get("jenis", "").casefold() == FEE for row in details):
        sheet.say(line.number, "kode", _("Layanan ini belum punya tarif. Tambahkan baris tarif; tulis 0 bila gratis."))
    content = tidy(
        Content(
            standard_minutes=_whole(line, "menit_loket", sheet, needed=True) or 0,
            time_text=cells.get("jangka_waktu", ""),
            components={code: cells[name] for name, code in _TEXTS.items() if name in cells},
            requirements=tuple(row for row in rows if isinstance(row, RequirementText)),
            fees=tuple(fees),
            decree_number=cells.get("sk_nomor", ""),
            effective_on=_date(line, "berlaku_mulai", sheet),
        )
    )
    columns = {"time_text": "jangka_waktu", "decree_number": "sk_nomor", "requirements": "kode", "fees": "kode"}
    for problem in problems(content):
        # The minutes and the single rows were told where they stand.
        if problem.where in columns:
            sheet.say(line.number, columns[problem.where], problem.sentence)
    pays = cells.get("bayar_di_kasir", "tidak").casefold()
    if pays not in ("ya", "tidak"):
        sheet.say(line.number, "bayar_di_kasir", _("Tulis ya atau tidak."))
    names = {name: plain(cells.get(column, "")) for column, name in _NAMES.items()}
    sheet.services.append(ServiceLine(line.number, agency, code, names, pays == "ya", content))


def _detail(line: Line, sheet: Sheet) -> RequirementText | FeeText | None:
    """The requirement or fee of a line; None when it has findings."""
    if line.cells.get("jenis", "").casefold() == REQUIREMENT:
        need = RequirementText(**{"text": "", **{n: plain(line.cells.get(c, "")) for c, n in _REQUIREMENT.items()}})
        wrong = requirement_problems(need)
        _say_problems(line, wrong, _REQUIREMENT, sheet)
        return None if wrong else need
    before = len(sheet.findings)
    kind = line.cells.get("jenis_tarif", "").casefold()
    amount = _whole(line, "tarif_rupiah", sheet)
    if len(sheet.findings) > before:
        return None
    fee = FeeText(
        amount,
        plain(line.cells.get("varian", "")),
        plain(line.cells.get("tarif_keterangan", "")),
        _FEE_KINDS.get(kind, "?"),
        plain(line.cells.get("dasar_hukum", "")),
    )
    wrong = fee_problems(fee)
    _say_problems(line, wrong, _FEE, sheet)
    return None if wrong else fee


def _say_problems(line: Line, wrong: Sequence[Problem], columns: Mapping[str, str], sheet: Sheet) -> None:
    column_of = {name: column for column, name in columns.items()}
    for problem in wrong:
        sheet.say(line.number, column_of[problem.where], problem.sentence)


def _whole(line: Line, column: str, sheet: Sheet, *, needed: bool = False) -> int | None:
    """A whole number; "Rp30.000" and "30.000" are understood. What is none is a finding."""
    text = line.cells.get(column, "")
    digits = re.sub(r"(?i)^rp\.?\s*", "", text)
    digits = digits.replace(".", "") if re.fullmatch(r"\d{1,3}(\.\d{3})+", digits) else digits
    minutes = column == "menit_loket"
    if not text and not needed:
        return None
    if digits.isascii() and digits.isdecimal() and len(digits) < 16:
        value = int(digits)
        if not minutes or 1 <= value <= 480:
            return value
    if minutes:
        sheet.say(line.number, column, _("Tulis waktu di loket dalam menit, dari 1 sampai 480."))
    else:
        sheet.say(line.number, column, _("Tulis tarif sebagai bilangan rupiah bulat, misalnya 30000."))
    return None


def _date(line: Line, column: str, sheet: Sheet) -> date | None:
    text = line.cells.get(column, "")
    for form in ("%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y"):
        try:
            found = datetime.strptime(text, form).replace(tzinfo=UTC).date()
        except ValueError:
            continue
        if 1945 <= found.year <= 2100:
            return found
    if text:
        sheet.say(line.number, column, _("Tulis tanggal sebagai tahun-bulan-hari, misalnya 2026-12-31."))
    return None


# Services -> lines -------------------------------------------------------------------------------------------------


def _fee_kind(kind: str) -> str:
    return next(word for word, value in _FEE_KINDS.items() if value == kind)


def lines_of(services: Iterable[ServiceLine]) -> Iterator[dict[str, str]]:
    """The lines of services, as a sheet holds them: reading them again gives the same services."""
    for service in services:
        keys = {"instansi": service.agency, "kode": service.code}
        content = service.content
        yield {
            "jenis": SERVICE,
            **keys,
            **{column: service.names.get(name, "") for column, name in _NAMES.items()},
            "menit_loket": str(content.standard_minutes),
            "jangka_waktu": content.time_text,
            "sk_nomor": content.decree_number,
            "berlaku_mulai": content.effective_on.isoformat() if content.effective_on else "",
            "bayar_di_kasir": "ya" if service.pays_at_cashier else "tidak",
            **{column: content.components.get(code, "") for column, code in _TEXTS.items()},
        }
        for need in content.requirements:
            yield {
                "jenis": REQUIREMENT,
                **keys,
                **{column: getattr(need, name) for column, name in _REQUIREMENT.items()},
            }
        for fee in content.fees:
            amount = "" if fee.amount_rupiah is None else str(fee.amount_rupiah)
            texts = {column: str(getattr(fee, name)) for column, name in _FEE.items()}
            yield {"jenis": FEE, **keys, **texts, "tarif_rupiah": amount, "jenis_tarif": _fee_kind(fee.kind)}


def _safe(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@") else text


def write_csv(services: Iterable[ServiceLine]) -> str:
    """The sheet as CSV: UTF-8, comma, with a header."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    for line in lines_of(services):
        writer.writerow({name: _safe(text) for name, text in line.items()})
    return out.getvalue()


def write_xlsx(path: Path, services: Iterable[ServiceLine] = (), guide: Iterable[tuple[str, str]] = ()) -> None:
    """The sheet as XLSX, every cell a text; `guide`: lines of a second page that says what the columns hold."""
    book = Workbook()
    page = book.active
    assert page is not None
    page.title = "Katalog"
    page.append(list(COLUMNS))
    for line in lines_of(services):
        page.append([_safe(line.get(name, "")) for name in COLUMNS])
    page.freeze_panes = "D2"
    told = list(guide)
    if told:
        other = book.create_sheet("Petunjuk")
        for row in told:
            other.append(list(row))
        other.column_dimensions["A"].width, other.column_dimensions["B"].width = 22, 90
    save_workbook(book, path)
