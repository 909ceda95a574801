"""`/trust/`: how a kiosk, board or tablet learns to trust the hall's own certificate authority."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from senyum.core import tls
from senyum.surfaces.ui.access import public
from senyum.surfaces.ui.render import page

# The commands are typed as they stand; only the words around them are translated.
_LINUX = 'certutil -d sql:$HOME/.pki/nssdb -A -t "C,," -n Senyum -i senyum-ca.crt'


@dataclass(frozen=True)
class Steps:
    """One kind of device: its name, what to do there in order, and a command to type, if any."""

    device: str | Promise
    steps: tuple[str | Promise, ...]
    command: str = ""


@dataclass(frozen=True)
class TrustContext:
    """`fingerprint` (SHA-256, AB:CD:...) is empty when this hall has no authority of its own."""

    fingerprint: str
    kinds: tuple[Steps, ...]


def _kinds() -> tuple[Steps, ...]:
    return (
        Steps(
            _("Tablet atau ponsel Android"),
            (
                _("Unduh sertifikat dari halaman ini."),
                _("Buka Setelan, Keamanan, Enkripsi & kredensial, Instal sertifikat, Sertifikat CA."),
                _("Pilih berkas senyum-ca.crt, lalu setujui peringatannya."),
            ),
        ),
        Steps(
            _("Kios atau papan dengan Windows"),
            (
                _("Unduh sertifikat, lalu buka berkasnya dua kali klik."),
                _("Pilih Instal Sertifikat, Komputer Lokal, Tempatkan di: Otoritas Sertifikasi Akar Tepercaya."),
                _("Tutup semua jendela peramban, lalu buka lagi."),
            ),
            "certutil -addstore Root senyum-ca.crt",
        ),
        Steps(
            _("Kios atau papan dengan Linux dan Chromium"),
            (
                _("Pasang paket libnss3-tools, lalu unduh sertifikat."),
                _("Jalankan perintah di bawah ini sebagai pengguna yang menjalankan Chromium."),
                _("Tutup Chromium, lalu buka lagi."),
            ),
            _LINUX,
        ),
        Steps(
            _("iPad atau iPhone"),
            (
                _("Unduh sertifikat dengan Safari, lalu pasang profilnya di Pengaturan."),
                _("Buka Umum, Mengenai, Pengaturan Kepercayaan Sertifikat, lalu nyalakan untuk Senyum."),
            ),
        ),
    )


@public
@require_safe
def trust(request: HttpRequest) -> HttpResponse:
    """The page with the download and the steps for each kind of device."""
    authority = tls.at(settings.DATA_DIR).authority
    fingerprint = tls.fingerprint(authority) if authority.exists() else ""
    return page(request, "console/trust.html", TrustContext(fingerprint, _kinds()))


@public
@require_safe
def certificate(request: HttpRequest) -> HttpResponse:
    """The authority's certificate (PEM); 404 when the hall has none."""
    authority = tls.at(settings.DATA_DIR).authority
    if not authority.exists():
        raise Http404
    response = HttpResponse(authority.read_bytes(), content_type="application/x-x509-ca-cert")
    response["Content-Disposition"] = 'attachment; filename="senyum-ca.crt"'
    return response


urlpatterns = [
    path("trust/", trust, name="trust"),
    path("trust/senyum-ca.crt", certificate, name="trust_certificate"),
]
