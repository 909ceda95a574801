"""A catalogue sheet: each broken line is told, nothing is half imported, and what is mended comes in whole."""

from __future__ import annotations

import json
import zipfile
from datetime import datetime

import pytest
from openpyxl import Workbook, load_workbook
from typer.testing import CliRunner

from senyum.catalogue import cli, sheet
from senyum.catalogue.content import content_of
from senyum.catalogue.import_commands import import_sheet
from senyum.catalogue.models import Fee, Requirement, Service, Standard
from senyum.catalogue.standard_commands import start_draft, submit
from senyum.catalogue.tests import sheets
from senyum.core import clock
from senyum.journal.actor import SYSTEM
from senyum.journal.models import Entry
from senyum.malls.queries import local_day
from senyum.people.models import User

pytestmark = pytest.mark.django_db


def counts():
    return [model.objects.count() for model in (Service, Standard, Requirement, Fee, Entry)]


def write(tmp_path, text, name="katalog.csv"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def as_xlsx(tmp_path, rows):
    book = Workbook()
    book.active.append(list(sheet.COLUMNS))
    for row in rows:
        book.active.append([row.get(name) for name in sheet.COLUMNS])
    path = tmp_path / "katalog.xlsx"
    book.save(path)
    return path


def bring(path):
    return import_sheet(sheet=sheet.read(path), now=clock.now(), actor=SYSTEM)


def run(*arguments):
    return CliRunner().invoke(cli.app, [str(a) for a in arguments])


def test_a_broken_sheet_tells_every_line_and_imports_nothing(small_mall, tmp_path):
    rows, expected = sheets.broken()
    before = counts()
    result = run("import", write(tmp_path, sheets.as_csv(rows)), "--json")
    told = json.loads(result.stdout)
    assert result.exit_code == 1 and told["imported"] is False and told["lines"] == 299
    found = {(f["line"], f["column"]) for f in told["findings"]}
    assert not [where for where in expected if where not in found]
    assert all(len(f["sentence"]) > 15 for f in told["findings"])
    # A line that broke its own key leaves the other lines of its service alone; nothing else is told.
    wrong = {line for line, _column in expected}
    orphans = {f["line"] for f in told["findings"]} - wrong
    keys = [
        at for at, (kind, change, _c) in enumerate(sheets.MISTAKES, 1) if {"jenis", "kode", "instansi"} & set(change)
    ]
    assert orphans <= {at * 4 + offset for at in keys for offset in range(2, 6)}
    assert counts() == before


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_the_mended_sheet_comes_in_whole(small_mall, tmp_path, form):
    rows = sheets.good()
    path = as_xlsx(tmp_path, rows) if form == "xlsx" else write(tmp_path, sheets.as_csv(rows))
    result = run("import", path, "--json")
    services = len({row["kode"] for row in rows})
    told = json.loads(result.stdout)
    assert result.exit_code == 0, told["findings"][:5]
    assert told == {
        "imported": True,
        "lines": 299,
        "services": services,
        "new": services,
        "drafts": 0,
        "names": 0,
        "unchanged": 0,
        "findings": [],
    }
    service = Service.objects.get(code="layanan-3")
    content = content_of(service.current)
    assert (service.current.adopted, content.decree_number, content.effective_on.isoformat()) == (
        True,
        "SK 3/2026",
        "2026-01-31",
    )
    assert content.components == {"product": "Surat", "legal_basis": "UU 25/2009"}
    assert [(f.variant, f.amount_rupiah, f.kind) for f in content.fees] == [
        ("Biasa", 0, "retribution"),
        ("Kilat", 30000, "pnbp"),
    ]
    assert content.requirements[0].example_url == "https://a.id/ktp.png"
    assert Standard.objects.filter(service__code__startswith="layanan-").count() == services
    before = counts()
    again = json.loads(run("import", path, "--json").stdout)
    assert (again["unchanged"], again["new"], again["drafts"]) == (services, 0, 0)
    assert counts() == before


def test_each_mistake_alone_is_told_and_nothing_else(small_mall, tmp_path):
    for kind, change, column in sheets.MISTAKES:
        rows = sheets.good()[:8]
        at = next(i for i in range(4, 8) if rows[i]["jenis"] == kind)
        rows[at] = {**rows[at], **change}
        result = bring(write(tmp_path, sheets.as_csv(rows)))
        told = [(f.line, f.column) for f in result.findings]
        assert (at + 2, column) in told, (kind, change, told)
        assert not Service.objects.filter(code__startswith="layanan-").exists()


def test_another_content_is_a_draft_and_never_in_force(small_mall, tmp_path):
    rows = sheets.good()[:4]
    bring(write(tmp_path, sheets.as_csv(rows)))
    service = Service.objects.get(code="layanan-0")
    rows[0]["jangka_waktu"] = "2 hari kerja"
    rows[0]["nama"] = "Layanan nol"
    result = bring(write(tmp_path, sheets.as_csv(rows)))
    assert (result.drafts, result.new) == (1, 0)
    service.refresh_from_db()
    assert (service.name, service.time_text, service.current.number) == ("Layanan nol", "1 hari kerja", 1)
    draft = Standard.objects.get(service=service, state="draft")
    assert (draft.time_text, draft.author, draft.based_on) == ("2 hari kerja", None, service.current)
    assert bring(write(tmp_path, sheets.as_csv(rows))).unchanged == 1
    rows[0]["jangka_waktu"] = "3 hari kerja"
    assert bring(write(tmp_path, sheets.as_csv(rows))).drafts == 1
    draft.refresh_from_db()
    assert draft.time_text == "3 hari kerja"


def test_a_draft_that_people_work_on_is_theirs(small_mall, tmp_path):
    rows = sheets.good()[:4]
    bring(write(tmp_path, sheets.as_csv(rows)))
    service = Service.objects.get(code="layanan-0")
    by = {"by": User.objects.get(username="koordinator"), "mall": small_mall.mall, "now": clock.now()}
    draft = start_draft(service_id=service.pk, **by)
    result = bring(write(tmp_path, sheets.as_csv(rows)))
    assert [(f.line, f.column) for f in result.findings] == [(2, "kode")]
    today = local_day(small_mall.mall, clock.now())
    submit(standard_id=draft.pk, review_from=today, review_to=today, **by)
    assert bring(write(tmp_path, sheets.as_csv(rows))).findings


def only(path):
    """The findings of a file that holds no good line."""
    result = bring(path)
    assert result.findings and not Service.objects.filter(code__startswith="layanan-").exists()
    return [(f.line, f.column) for f in result.findings]


def test_headers(small_mall, tmp_path):
    rows = [{**row, "harga": "5"} for row in sheets.good()[:4]]
    assert only(write(tmp_path, sheets.as_csv(rows, columns=(*sheet.COLUMNS, "harga")))) == [(1, "harga")]
    text = sheets.as_csv(sheets.good()[:4]).replace("jenis,", "nama,", 1)
    assert {(1, "nama"), (1, "jenis")} <= set(only(write(tmp_path, text)))
    text = sheets.as_csv(sheets.good()[:4]).replace("jenis,", " JENIS ,", 1)
    assert bring(write(tmp_path, text)).new == 1


@pytest.mark.parametrize("data", [b"", b"\n\n", b"\xef\xbb\xbf"])
def test_an_empty_file(small_mall, tmp_path, data):
    assert only(write(tmp_path, data))[0][0] in (0, 1)


def test_encodings(small_mall, tmp_path):
    rows = sheets.good()[:8]
    rows[4]["nama"] = "Pelayanan café"
    latin = sheets.as_csv(rows).encode("latin-1")
    assert only(write(tmp_path, latin)) == [(6, "")]
    assert bring(write(tmp_path, b"\xef\xbb\xbf" + sheets.as_csv(rows[:4]).encode())).new == 1
    assert bring(write(tmp_path, sheets.as_csv(rows[4:], ";").encode("utf-16"))).new == 1
    assert Service.objects.get(code="layanan-1").name == "Pelayanan café"


def test_too_many_cells_and_open_quotes(small_mall, tmp_path):
    text = sheets.as_csv(sheets.good()[:4])
    assert only(write(tmp_path, text.rstrip("\r\n") + ",,,lebih\r\n")) == [(5, "")]
    assert (6, "") in only(write(tmp_path, text + '"tidak ditutup'))


def test_limits(small_mall, tmp_path, monkeypatch):
    monkeypatch.setattr(sheet, "MOST_LINES", 3)
    assert (4, "") in only(write(tmp_path, sheets.as_csv(sheets.good()[:8])))
    monkeypatch.setattr(sheet, "MOST_BYTES", 100)
    assert only(write(tmp_path, sheets.as_csv(sheets.good()[:8]))) == [(0, "")]
    assert only(tmp_path / "tidak-ada.csv") == [(0, "")]


def test_a_zip_bomb_and_what_is_no_workbook(small_mall, tmp_path):
    bomb = tmp_path / "bom.xlsx"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (sheet.MOST_UNPACKED + 1))
    assert bomb.stat().st_size < sheet.MOST_BYTES
    assert only(bomb) == [(0, "")]
    assert only(write(tmp_path, b"PK\x03\x04 rusak", "rusak.xlsx")) == [(0, "")]
    other = tmp_path / "lain.xlsx"
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("mimetype", "application/x")
    assert only(other) == [(0, "")]


def test_formulas_and_errors_in_a_workbook(small_mall, tmp_path):
    path = as_xlsx(tmp_path, sheets.good()[:8])
    book = load_workbook(path)
    book.active["D6"] = "=A1&B1"
    book.active["D2"] = "#REF!"
    book.active["D2"].data_type = "e"
    book.save(path)
    assert {(6, "D"), (2, "D")} <= set(only(path))


def test_numbers_and_dates_of_a_workbook(small_mall, tmp_path):
    rows = sheets.good()[:4]
    typed = datetime(2026, 3, 1, 15, 30)  # noqa: DTZ001  # a workbook knows no zones
    rows[0].update(menit_loket=12, berlaku_mulai=typed, bayar_di_kasir=True)
    rows[3]["tarif_rupiah"] = 45000.0
    assert bring(as_xlsx(tmp_path, rows)).new == 1
    service = Service.objects.get(code="layanan-0")
    assert (service.standard_minutes, service.pays_at_cashier) == (12, True)
    assert service.current.effective_on.isoformat() == "2026-03-01"
    assert service.current.fees.last().amount_rupiah == 45000


def test_the_template_can_be_filled_and_imported(small_mall, tmp_path):
    for name in ("templat.xlsx", "templat.csv"):
        assert run("template", tmp_path / name).exit_code == 0
    assert (tmp_path / "templat.csv").read_text("utf-8-sig").strip() == ",".join(sheet.COLUMNS)
    book = load_workbook(tmp_path / "templat.xlsx")
    assert [cell.value for cell in book["Katalog"][1]] == list(sheet.COLUMNS)
    told = {row[0].value for row in book["Petunjuk"].iter_rows()}
    assert {"layanan", "syarat", "tarif", "prosedur", "jangka_waktu"} <= told
    for row in sheets.good()[:4]:
        book["Katalog"].append([row.get(name) for name in sheet.COLUMNS])
    book.save(tmp_path / "diisi.xlsx")
    assert "1 new" in run("import", tmp_path / "diisi.xlsx").stdout
    assert run("import", write(tmp_path, "jenis\nx")).exit_code == 1


def test_the_report_in_three_languages(small_mall, tmp_path):
    path = write(tmp_path, sheets.as_csv([{**sheets.good()[0], "menit_loket": "x"}]))
    said = {lang: run("import", path, "--lang", lang).stdout for lang in ("id", "su", "en")}
    assert "Tulis waktu di loket" in said["id"] and "Serat waktu" in said["su"] and "Write the time" in said["en"]
