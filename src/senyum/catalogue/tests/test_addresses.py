"""Readable addresses: made from the name by the database, kept for ever."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest
from django.db import connection, transaction

from senyum.catalogue import commands, queries
from senyum.catalogue.models import Service, ServiceAddress
from senyum.journal.actor import SYSTEM

BY = {"now": datetime(2026, 11, 24, 2, tzinfo=UTC), "actor": SYSTEM}


def put(hall, code, name, agency="dukcapil"):
    service = commands.put_service(
        agency=hall.agencies[agency], code=code, name=name, standard_minutes=5, requirements=(), **BY
    )
    service.refresh_from_db()
    return service


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("KTP elektronik rusak atau hilang", "ktp-elektronik-rusak-atau-hilang"),
        ("  Akta  kalahiran (Éléktronik) ", "akta-kalahiran-elektronik"),
        ("Kartu Identitas Anak (KIA)", "kartu-identitas-anak-kia"),
        ("../../etc/passwd?x=1#", "etc-passwd-x-1"),
        ("日本", "kode-saja"),
        ("kata " * 60, "-".join(["kata"] * 16)),
        ("a" * 300, "a" * 80),
    ],
)
def test_an_address_is_made_of_the_name(small_mall, name, slug):
    assert put(small_mall, "kode-saja", name).slug == slug


@pytest.mark.django_db
def test_a_renamed_service_keeps_its_old_address_and_nobody_else_gets_it(small_mall):
    line = small_mall.lines["ktp"]
    Service.objects.filter(pk=line.service_id).update(name="Kartu penduduk")
    at = queries.line_at
    assert at(small_mall.mall, "contoh-dukcapil", "kartu-penduduk") == (line.pk, "kartu-penduduk")
    assert at(small_mall.mall, "contoh-dukcapil", "ktp-elektronik") == (line.pk, "kartu-penduduk")
    assert at(small_mall.mall, "contoh-dukcapil", "ktp") == (line.pk, "kartu-penduduk"), "by its code"
    assert put(small_mall, "lain", "KTP elektronik").slug == "ktp-elektronik-2"
    # Back to the first name: the first address again.
    Service.objects.filter(pk=line.service_id).update(name="KTP elektronik")
    assert at(small_mall.mall, "contoh-dukcapil", "kartu-penduduk") == (line.pk, "ktp-elektronik")


@pytest.mark.django_db
def test_an_address_that_leads_nowhere(small_mall):
    for agency, slug in (("contoh-dukcapil", "tidak-ada"), ("contoh-polres", "ktp-elektronik"), ("x", "y")):
        assert queries.line_at(small_mall.mall, agency, slug) is None
    line = small_mall.lines["ktp"]
    line.active = False
    line.save(update_fields=["active"])
    assert queries.line_at(small_mall.mall, "contoh-dukcapil", "ktp-elektronik") is None


@pytest.mark.django_db
def test_nobody_puts_an_address_by_hand(small_mall):
    service = small_mall.lines["ktp"].service
    Service.objects.filter(pk=service.pk).update(slug="loket-calo")
    service.refresh_from_db()
    assert service.slug == "ktp-elektronik"


@pytest.mark.django_db(transaction=True)
def test_two_services_named_alike_at_once_get_two_addresses(small_mall):
    """The lock of the trigger: both transactions insert before either commits."""
    ready, done = threading.Barrier(2, timeout=20), []

    def one(code):
        try:
            with transaction.atomic():
                ready.wait()
                done.append(put(small_mall, code, "Layanan baru").slug)
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=(code,)) for code in ("satu", "dua")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(done) == ["layanan-baru", "layanan-baru-2"]
    assert ServiceAddress.objects.filter(slug__startswith="layanan-baru").count() == 2
