"""What a comparison of two versions says: whatever is approved is shown before."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from senyum.catalogue.content import Content, FeeText, RequirementText
from senyum.catalogue.standard_queries import changes

NEED = RequirementText("Kartu Keluarga", "Kartu Kulawarga", "Family card", "Perpres 96/2018", "alamat", "Disdukcapil")
FEE = FeeText(30_000, "baru", "per lembar", "pnbp", "PP 76/2020")
OLD = Content(standard_minutes=10, time_text="1 hari kerja", requirements=(NEED,), fees=(FEE,))


def said(new: Content) -> str:
    return "".join(word.text for change in changes(OLD, new) for word in change.words)


def test_the_same_says_nothing() -> None:
    assert changes(OLD, replace(OLD)) == ()


@pytest.mark.parametrize("name", [field.name for field in fields(RequirementText)])
def test_every_field_of_a_requirement_that_changes_is_said(name: str) -> None:
    assert "sesuatu-yang-baru" in said(replace(OLD, requirements=(replace(NEED, **{name: "sesuatu-yang-baru"}),)))


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        ({"amount_rupiah": 35_000}, "35"),
        ({"variant": "perpanjangan"}, "perpanjangan"),
        ({"amount_text": "per berkas"}, "berkas"),
        ({"kind": "retribution"}, "Retribusi"),
        ({"legal_basis": "Perda 8/2023"}, "8/2023"),
    ],
)
def test_every_field_of_a_fee_that_changes_is_said(change: dict[str, object], shown: str) -> None:
    assert shown in said(replace(OLD, fees=(replace(FEE, **change),)))
