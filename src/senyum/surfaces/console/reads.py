"""`/privacy/`: who can read what about a citizen, the people who run the machine included. Public, and honest."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from senyum.people.models import RoleName
from senyum.surfaces.ui.access import public
from senyum.surfaces.ui.render import page
from senyum.surfaces.ui.robots import indexable


@dataclass(frozen=True)
class Reader:
    """Somebody who can read something: `who` and `what` they can read."""

    who: str | Promise
    what: str | Promise


@dataclass(frozen=True)
class ReadsContext:
    """`days`: after so many days what could lead to a person is erased (docs/privacy.md)."""

    readers: tuple[Reader, ...]
    operator: tuple[str | Promise, ...]
    never: tuple[str | Promise, ...]
    days: int


#: Every role of the house has its row; a test checks that.
READERS: dict[str, str | Promise] = {
    RoleName.OFFICER: _(
        "Nomor antrean, layanan, golongan prioritas, dan catatan petugas, hanya dari orang yang antre di instansinya."
    ),
    RoleName.COORDINATOR: _("Sama seperti petugas loket instansinya, dan keadaan semua loket seperti di papan."),
    RoleName.GREETER: _("Nomor antrean dan layanan semua orang di MPP itu, untuk membantu yang tersesat."),
    RoleName.MANAGER: _("Semua nomor antrean, perjalanannya, dan alasannya di MPP itu."),
    RoleName.LEADERSHIP: _("Keadaan loket dan perjalanan nomor antrean di MPP itu; tidak mengubah apa pun."),
    RoleName.ADMINISTRATOR: _("Sama seperti pimpinan, dan akun petugas. Bukan kata sandinya."),
}
OPERATOR: tuple[str | Promise, ...] = (
    _("Semua isi basis data: nomor, waktu, layanan, bahasa, catatan petugas, nomor permohonan, dan tautan antrean."),
    _("Jawaban sukarela: kelompok usia, kecamatan, dan ada tidaknya ponsel, bersama nomor antreannya."),
    _("Wajah senyum yang dipilih, bersama nomor antrean yang dilayani. Nama orangnya tidak ada di sana."),
    _(
        "Kalau Anda minta dikabari: peramban mana yang mengikuti antrean itu, sampai antreannya selesai. "
        "Layanan push peramban itu tahu bahwa ada kabar, bukan isinya."
    ),
    _(
        "Kalau Anda minta dikabari tentang pemesanan: alamat email atau nomor WhatsApp Anda. Di basis data ia "
        "terkunci; siapa yang memegang komputer memegang juga kuncinya. Layar petugas tidak menampilkannya."
    ),
    _("Pesan kepada Anda yang sedang menunggu dikirim: alamat dan isinya, sampai terkirim, paling lama dua hari."),
    _("Cadangan, beserta kuncinya. Siapa yang memegang berkas cadangan membaca semua yang di atas."),
    _(
        "Mengubah jurnal bisa, tetapi ketahuan saat jurnal diperiksa "
        "dengan catatan kepala jurnal yang disimpan di luar."
    ),
)
NEVER: tuple[str | Promise, ...] = (
    _("NIK dan nama Anda. Untuk mengambil nomor tidak ada yang memintanya."),
    _(
        "Nomor ponsel Anda saat mengambil nomor antrean. Untuk WhatsApp ia hanya dipakai membuat satu tautan, "
        "lalu hilang."
    ),
    _("Kata sandi petugas dalam bentuk yang terbaca."),
)


@public
@indexable
@require_safe
def reads(request: HttpRequest) -> HttpResponse:
    """The page."""
    readers = tuple(Reader(RoleName(role).label, what) for role, what in READERS.items())
    return page(request, "console/reads.html", ReadsContext(readers, OPERATOR, NEVER, settings.KEEP_DAYS))


urlpatterns = [path("privacy/", reads, name="privacy")]
