"""The fourteen components of a service standard (UU 25/2009 art. 21), in the two groups of PermenPANRB 15/2014.

The regulation splits them into the process of delivering the service (6, to be published) and the process of
managing it inside the organisation (8).
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

REQUIREMENTS, PROCEDURE, TIME, FEE = "requirements", "procedure", "time", "fee"
PRODUCT, COMPLAINTS, LEGAL_BASIS = "product", "complaints", "legal_basis"

DELIVERY, MANUFACTURING = "delivery", "manufacturing"


@dataclass(frozen=True)
class Component:
    """One component: `group` is delivery or manufacturing; `hint` says what belongs into it.

    `sheet`: its column in a catalogue sheet. Requirements, time and fee are kept in rows and columns of their own.
    """

    code: str
    group: str
    title: str | Promise
    hint: str | Promise
    sheet: str = ""


COMPONENTS = (
    Component(
        REQUIREMENTS, DELIVERY, _("Persyaratan"), _("Dokumen dan keadaan yang harus dipenuhi, satu baris satu syarat.")
    ),
    Component(
        PROCEDURE,
        DELIVERY,
        _("Sistem, mekanisme, dan prosedur"),
        _("Langkah demi langkah, dari datang sampai produk diterima."),
        "prosedur",
    ),
    Component(TIME, DELIVERY, _("Jangka waktu"), _("Sampai produk siap, misalnya 1 hari kerja."), "jangka_waktu"),
    Component(FEE, DELIVERY, _("Biaya atau tarif"), _("Satu baris satu varian. Tulis 0 bila gratis.")),
    Component(PRODUCT, DELIVERY, _("Produk pelayanan"), _("Apa yang diterima warga."), "produk"),
    Component(
        COMPLAINTS,
        DELIVERY,
        _("Penanganan pengaduan, saran, dan masukan"),
        _("Ke mana mengadu, dan kapan dijawab."),
        "pengaduan",
    ),
    Component(LEGAL_BASIS, MANUFACTURING, _("Dasar hukum"), _("Peraturan yang mendasari layanan ini."), "dasar_hukum"),
    Component(
        "facilities",
        MANUFACTURING,
        _("Sarana, prasarana, dan fasilitas"),
        _("Peralatan dan ruang, termasuk bagi kelompok rentan."),
        "sarana",
    ),
    Component(
        "competence",
        MANUFACTURING,
        _("Kompetensi pelaksana"),
        _("Pengetahuan dan keterampilan yang harus dimiliki."),
        "kompetensi",
    ),
    Component(
        "supervision", MANUFACTURING, _("Pengawasan internal"), _("Siapa mengawasi, dan bagaimana."), "pengawasan"
    ),
    Component("staff", MANUFACTURING, _("Jumlah pelaksana"), _("Berapa orang yang melaksanakan."), "jumlah_pelaksana"),
    Component(
        "guarantee",
        MANUFACTURING,
        _("Jaminan pelayanan"),
        _("Apa yang dijanjikan, dan apa gantinya bila janji tidak ditepati."),
        "jaminan",
    ),
    Component(
        "safety",
        MANUFACTURING,
        _("Jaminan keamanan dan keselamatan"),
        _("Bagaimana orang, dokumen, dan data dilindungi."),
        "keamanan",
    ),
    Component(
        "evaluation",
        MANUFACTURING,
        _("Evaluasi kinerja pelaksana"),
        _("Bagaimana dan seberapa sering kinerja dinilai."),
        "evaluasi",
    ),
)
CODES = tuple(c.code for c in COMPONENTS)
#: Those that are a text of their own in `Standard.components`; the time has a column, requirements and fees have rows.
TEXTS = tuple(c.code for c in COMPONENTS if c.code not in (REQUIREMENTS, TIME, FEE))
#: No text of a component is longer.
LONGEST = 8000


def missing(codes_filled: frozenset[str] | set[str]) -> tuple[str, ...]:
    """The components that nobody has filled in, in the law's order."""
    return tuple(code for code in CODES if code not in codes_filled)
