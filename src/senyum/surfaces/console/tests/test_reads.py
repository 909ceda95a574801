"""The public page that says who can read what keeps pace with the roles and the tables."""

from __future__ import annotations

import pytest

from senyum.core import clock
from senyum.jobs import retention
from senyum.people.models import RoleName
from senyum.surfaces.citizen.tests.phones import take
from senyum.surfaces.console import reads

pytestmark = pytest.mark.django_db


def test_every_role_has_its_row():
    assert set(reads.READERS) == set(RoleName)


@pytest.mark.parametrize("language", ["id", "su", "en"])
def test_anybody_reads_it_without_a_log_in(page_client, language, settings):
    settings.KEEP_DAYS = 45
    page = page_client.page(f"/privacy/?lang={language}", max_queries=2)
    assert "NIK" in page.text and "45" in page.text
    assert len(page.find("dt")) == len(RoleName)


def test_the_front_door_and_the_hall_lead_there(small_mall, page_client):
    for address in ("/", "/m/contoh/"):
        assert page_client.page(address, max_queries=40).find("a", href="/privacy/"), address


def test_it_says_what_the_job_erases():
    """The page names the kinds of things; a new rule of erasure wants its word there (and here)."""
    erased = {rule.field for rule in retention.RULES if rule.field.startswith(("Visit.", "Ticket."))}
    assert erased == {
        "Visit.token",
        "Visit.age_band",
        "Visit.district",
        "Visit.has_phone",
        "Ticket.note",
        "Ticket.case_number",
    }


def test_it_says_what_a_booking_keeps_and_that_it_ends(page_client, settings):
    erased = {rule.field for rule in retention.RULES if rule.field.startswith("Booking.")}
    assert {"Booking.contact", "Booking.contact_hash", "Booking.token"} <= erased
    settings.KEEP_DAYS = 45
    page = page_client.page("/privacy/?lang=id", max_queries=2)
    assert "alamat email atau nomor WhatsApp Anda" in page.text and "45 hari setelah harinya" in page.text
    assert "Nomor ponsel Anda." not in page.text


def test_what_it_calls_never_stored_is_not_stored(small_mall):
    """No column of a visit or ticket could hold a name, a NIK or a phone number on purpose."""
    from senyum.visits.models import Ticket, Visit

    take(small_mall, "ktp", now=clock.now())
    names = {field.name for model in (Visit, Ticket) for field in model._meta.get_fields()}
    assert not names & {"name", "nik", "phone", "whatsapp", "email", "address", "citizen", "ip"}
