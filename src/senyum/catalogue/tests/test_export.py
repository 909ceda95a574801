"""Exports: the sheet comes back as it was, SIPPN has its parts, CPSV-AP has what it demands."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from senyum.catalogue import cli, export, sheet
from senyum.catalogue.content import FeeText, RequirementText, content_of
from senyum.catalogue.import_commands import import_sheet
from senyum.catalogue.models import Service
from senyum.catalogue.tests.standards import adopted
from senyum.core import clock
from senyum.journal.actor import SYSTEM

pytestmark = pytest.mark.django_db


@pytest.fixture
def catalogue(small_mall):
    adopted(
        small_mall.lines["ktp"].service,
        clock.now(),
        time_text="14–30 hari kerja",
        components={"product": "KTP-el", "procedure": "- datang\n- foto", "legal_basis": "UU 24/2013\nPerpres 96/2018"},
        requirements=(
            RequirementText("KK", text_en="Family card", legal_basis="Perpres 96/2018"),
            RequirementText("+62 nomor"),
        ),
        fees=(FeeText(0, "Biasa", kind="retribution"), FeeText(25000, "Kilat"), FeeText(None, "Lain", "Sesuai luas")),
        decree_number="SK 1/2026",
    )


def run(*arguments):
    result = CliRunner().invoke(cli.app, list(arguments))
    assert result.exit_code == 0, result.output
    return result.stdout


def test_the_sheet_comes_back_as_it_was(catalogue, tmp_path):
    text = run("export", "--format", "csv")
    assert "'- datang" in text and "'+62 nomor" in text, "no spreadsheet takes it for a formula"
    path = tmp_path / "katalog.csv"
    path.write_text(text)
    result = import_sheet(sheet=sheet.read(path), now=clock.now(), actor=SYSTEM)
    assert not result.findings
    assert result.unchanged == result.services == Service.objects.exclude(current=None).count() == 5


def test_one_agency_alone(catalogue):
    rows = json.loads(run("export", "--format", "sippn", "--agency", "contoh-polres"))
    assert {row["kode"].split(".")[0] for row in rows} == {"contoh-polres"}


def test_sippn(catalogue):
    rows = {row["kode"]: row for row in json.loads(run("export", "--format", "sippn"))}
    assert len(rows) == 5
    ktp = rows["contoh-dukcapil.ktp"]
    assert (ktp["nomor_sk"], ktp["waktu_penyelesaian"], ktp["produk"]) == ("SK 1/2026", "14–30 hari kerja", "KTP-el")
    assert ktp["pengaduan"] is None, "what nobody filled in is not made up"
    assert ktp["biaya"][0] == {
        "varian": "Biasa",
        "rupiah": 0,
        "keterangan": "gratis",
        "jenis": "retribution",
        "dasar_hukum": None,
    }
    assert (ktp["versi"], ktp["diambil_alih"]) == (2, True)


#: class -> properties that CPSV-AP 3 demands of it (0180's page names the source).
MANDATORY = {
    "cpsv:PublicService": {"dct:identifier", "dct:title", "dct:description", "cv:hasCompetentAuthority"},
    "cv:PublicOrganisation": {"dct:identifier", "skos:prefLabel", "dct:spatial"},
    "cv:Evidence": {"dct:identifier", "dct:title"},
    "cv:Output": {"dct:identifier", "dct:title"},
    "cv:Cost": {"dct:identifier"},
    "eli:LegalResource": {"dct:title"},
}
TARGETS = {
    "cv:hasCompetentAuthority": "cv:PublicOrganisation",
    "cpsv:hasInput": "cv:Evidence",
    "cpsv:produces": "cv:Output",
    "cv:hasCost": "cv:Cost",
    "cv:hasLegalResource": "eli:LegalResource",
}


def test_cpsv(catalogue):
    data = json.loads(run("export", "--format", "cpsv", "--base", "https://katalog.example.id"))
    graph = {node["@id"]: node for node in data["@graph"]}
    assert len(graph) == len(data["@graph"]), "each identifier once"
    for node in data["@graph"]:
        assert node["@id"].startswith("https://katalog.example.id/")
        assert MANDATORY[node["@type"]] <= node.keys(), node
        for name in (*node, node["@type"]):
            assert name.startswith("@") or name.split(":")[0] in data["@context"], name
        for name, kind in TARGETS.items():
            found = node.get(name, [])
            for link in found if isinstance(found, list) else [found]:
                assert graph[link["@id"]]["@type"] == kind, name
    ktp = graph["https://katalog.example.id/service/contoh-dukcapil.ktp"]
    assert ktp["cv:processingTime"] == {"@value": "P30D", "@type": "xsd:duration"}
    assert [graph[c["@id"]].get("cv:hasValue", {}).get("@value") for c in ktp["cv:hasCost"]] == ["0", "25000", None]
    assert graph[ktp["cv:hasCost"][0]["@id"]]["dct:description"]["@value"] == "Biasa; gratis"
    assert [graph[c["@id"]]["dct:title"]["@value"] for c in ktp["cv:hasLegalResource"]] == [
        "UU 24/2013",
        "Perpres 96/2018",
    ]
    assert graph[ktp["cpsv:hasInput"][0]["@id"]]["dct:title"][1] == {"@value": "Family card", "@language": "en"}
    skck = graph["https://katalog.example.id/service/contoh-polres.skck"]
    assert "cpsv:produces" not in skck and "cv:processingTime" not in skck


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("1 hari kerja", "P1D"),
        ("14–30 hari", "P30D"),
        ("15 menit", "PT15M"),
        ("2 - 3 jam", "PT3H"),
        ("1 s/d 2 minggu", "P2W"),
        ("6 bulan", "P6M"),
        ("Langsung jadi", ""),
        ("", ""),
        ("sesuai jadwal", ""),
    ],
)
def test_time_in_words_as_a_duration(text, duration):
    assert export.iso_duration(text) == duration


def test_what_is_exported_is_in_force(catalogue):
    for row in export.in_force():
        assert row.service.current.state == "in_force" and row.content == content_of(row.service.current)
