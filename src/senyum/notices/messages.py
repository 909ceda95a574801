"""What the notices say. Plain text in the receiver's language.

Operational messages hold no citizen's name, number or link. A *personal* message goes to the citizen alone, about
their own matter: it may hold their reference or code, and with `personal_link` their link. It never goes to the
webhook and is erased once it was sent (decision 0190). Nothing that a stranger typed stands in any message, so that a
form with somebody else's address cannot carry words to them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import translation
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

#: The country's zones by the word that stands behind a time.
ZONES = {"Asia/Jakarta": "WIB", "Asia/Makassar": "WITA", "Asia/Jayapura": "WIT"}
#: Data that is a moment -> the places that it fills: the day in words, the time with its zone.
MOMENTS = {"at": ("day", "time"), "was": ("was_day", "was_time"), "until": ("until_day", "until_time")}
_SECRET = frozenset({"link", "code"})
_PLACE = re.compile(r"%\((\w+)\)s")


@dataclass(frozen=True)
class Message:
    """A subject and a body with `%(name)s` places, and the one line that a lock screen shows (`short`).

    `needs` names what must be in the notice's data: texts, and

    - `at`, `was`, `until`: a moment, ISO 8601 with its offset; fills day and time in words, so it needs `zone` (IANA)
    - `services`: a list of names
    - `bring`, `ahead`, `minutes`: a whole number: documents to bring, people ahead, minutes that a code lives
    - `code`: six digits
    - `link`: the citizen's own link, whole (https://...); of a `push` message its path

    `calendar`: an e-mail may carry an iCalendar text. `push`: goes to a browser that asked for it, and nowhere else.
    """

    subject: str | Promise
    body: str | Promise
    needs: frozenset[str]
    short: str | Promise = ""
    personal: bool = False
    personal_link: bool = False
    calendar: bool = False
    push: bool = False

    def __post_init__(self) -> None:
        if self.personal_link != ("link" in self.needs) or (self.needs & _SECRET and not self.personal):
            raise ValueError("a message with a citizen's link or code says that it is personal")
        if self.needs & set(MOMENTS) and "zone" not in self.needs:
            raise ValueError("a moment is written in a zone")


@dataclass(frozen=True)
class Text:
    """A message in one language: `subject` and `short` are one line each; `short` is "" where nobody wrote one."""

    subject: str
    body: str
    short: str = ""


MESSAGES: dict[str, Message] = {
    "emergency": Message(
        _("Bantuan segera: loket %(counter)s, %(mall)s"),
        _(
            "Petugas di loket %(counter)s (%(agency)s) menekan tombol darurat pukul %(time)s.\n"
            "Mohon segera datang atau pastikan rekan sudah di sana.\n\n"
            "Senyum, %(mall)s"
        ),
        frozenset({"counter", "agency", "mall", "time"}),
    ),
    "test": Message(
        _("Pesan percobaan dari Senyum"),
        _("Pesan ini membuktikan bahwa Senyum dapat mengirim pemberitahuan. Anda tidak perlu melakukan apa pun."),
        frozenset(),
    ),
    "booking_made": Message(
        _("Pemesanan Anda di %(mall)s: %(day)s, pukul %(time)s"),
        _(
            "Terima kasih, tempat Anda sudah kami siapkan.\n\n"
            "%(services)s\n%(day)s, pukul %(time)s\n%(mall)s\n\n"
            "Nomor pemesanan: %(reference)s\nYang perlu dibawa: %(bring)s.\n\n"
            "Lihat, pindahkan, atau batalkan di sini:\n%(link)s\n\n"
            "Tautan ini milik Anda. Siapa pun yang memegangnya bisa mengubah pemesanan Anda.\n\n"
            "Sampai jumpa. Kami menunggu Anda dengan senyum."
        ),
        frozenset({"mall", "services", "at", "zone", "reference", "link", "bring"}),
        short=_("%(services)s. Nomor pemesanan %(reference)s, yang perlu dibawa: %(bring)s."),
        personal=True,
        personal_link=True,
        calendar=True,
    ),
    "booking_reminder": Message(
        _("Kami menunggu Anda: %(day)s, pukul %(time)s"),
        _(
            "Sekadar mengingatkan: kami menunggu Anda pada %(day)s, pukul %(time)s, di %(mall)s.\n\n"
            "%(services)s\nNomor pemesanan: %(reference)s\nYang perlu dibawa: %(bring)s.\n\n"
            "Berhalangan? Tidak apa-apa. Pindahkan atau batalkan di sini, supaya orang lain bisa memakai tempatnya:\n"
            "%(link)s\n\n"
            "Sampai jumpa."
        ),
        frozenset({"mall", "services", "at", "zone", "reference", "link", "bring"}),
        short=_("%(services)s di %(mall)s. Yang perlu dibawa: %(bring)s."),
        personal=True,
        personal_link=True,
    ),
    "booking_moved": Message(
        _("Pemesanan Anda pindah ke %(day)s, pukul %(time)s"),
        _(
            "Pemesanan Anda di %(mall)s sudah dipindahkan.\n\n"
            "Sekarang: %(day)s, pukul %(time)s\nSebelumnya: %(was_day)s, pukul %(was_time)s\n\n"
            "%(services)s\nNomor pemesanan tetap: %(reference)s\n\n"
            "Lihat, pindahkan lagi, atau batalkan di sini:\n%(link)s\n\n"
            "Sampai jumpa."
        ),
        frozenset({"mall", "services", "at", "was", "zone", "reference", "link"}),
        short=_("%(services)s di %(mall)s, sebelumnya %(was_day)s, pukul %(was_time)s."),
        personal=True,
        personal_link=True,
        calendar=True,
    ),
    "booking_cancelled": Message(
        _("Mohon maaf, pemesanan Anda %(day)s, pukul %(time)s, kami batalkan"),
        _(
            "Mohon maaf, %(mall)s harus membatalkan pemesanan Anda.\n\n"
            "%(services)s\n%(day)s, pukul %(time)s\nNomor pemesanan: %(reference)s\nAlasannya: %(reason)s\n\n"
            "Ini bukan kesalahan Anda. Silakan pilih waktu lain di sini:\n%(link)s\n\n"
            "Sekali lagi, mohon maaf."
        ),
        frozenset({"mall", "services", "at", "zone", "reference", "reason", "link"}),
        short=_("%(services)s di %(mall)s. Alasannya: %(reason)s. Silakan pilih waktu lain."),
        personal=True,
        personal_link=True,
    ),
    "booking_given_back": Message(
        _("Pemesanan Anda %(day)s, pukul %(time)s, sudah dibatalkan"),
        _(
            "Pemesanan Anda di %(mall)s sudah dibatalkan lewat tautannya.\n\n"
            "%(services)s\n%(day)s, pukul %(time)s\nNomor pemesanan: %(reference)s\n\n"
            "Terima kasih sudah memberi tahu: tempatnya bisa dipakai orang lain.\n\n"
            "Bukan Anda yang membatalkan, atau perlu waktu lain? Pesan lagi di sini:\n%(link)s\n\n"
            "Sampai jumpa."
        ),
        frozenset({"mall", "services", "at", "zone", "reference", "link"}),
        short=_("%(services)s di %(mall)s. Bukan Anda yang membatalkan? Silakan pesan lagi."),
        personal=True,
        personal_link=True,
    ),
    "booking_offer": Message(
        _("Ada tempat untuk Anda: %(day)s, pukul %(time)s"),
        _(
            "Kabar baik: ada tempat kosong di %(mall)s, dan Anda yang berikutnya di daftar tunggu.\n\n"
            "%(services)s\n%(day)s, pukul %(time)s\n\n"
            "Tempat ini kami simpan untuk Anda sampai %(until_day)s, pukul %(until_time)s. "
            "Setelah itu kami tawarkan kepada orang berikutnya.\n\n"
            "Ambil tempat ini:\n%(link)s\n\n"
            "Tidak perlu lagi? Abaikan saja pesan ini."
        ),
        frozenset({"mall", "services", "at", "until", "zone", "link"}),
        short=_("%(services)s di %(mall)s. Kami simpan untuk Anda sampai %(until_day)s, pukul %(until_time)s."),
        personal=True,
        personal_link=True,
    ),
    "booking_released": Message(
        _("Kami belum bertemu Anda: tempat %(day)s, pukul %(time)s, kami lepas"),
        _(
            "Kami menunggu Anda di %(mall)s pada %(day)s, pukul %(time)s, tetapi belum bertemu. "
            "Tempatnya kami lepas supaya orang lain bisa dilayani.\n\n"
            "%(services)s\nNomor pemesanan: %(reference)s\n\n"
            "Tidak ada denda, dan Anda boleh memesan lagi kapan saja di sini:\n%(link)s\n\n"
            "Masih di jalan? Datang saja: Anda tetap bisa mengambil nomor antrean biasa."
        ),
        frozenset({"mall", "services", "at", "zone", "reference", "link"}),
        short=_("%(services)s di %(mall)s. Tidak ada denda. Masih di jalan? Datang saja, ambil nomor antrean biasa."),
        personal=True,
        personal_link=True,
    ),
    "contact_code": Message(
        _("%(code)s adalah kode Anda untuk %(mall)s"),
        _(
            "Kode Anda untuk %(mall)s: %(code)s\n\n"
            "Masukkan kode ini di halaman pemesanan. Kode berlaku %(minutes)s menit.\n"
            "Jangan berikan kepada siapa pun; petugas kami tidak pernah memintanya.\n\n"
            "Tidak sedang memesan? Abaikan saja pesan ini."
        ),
        frozenset({"mall", "code", "minutes"}),
        short=_("Kode berlaku %(minutes)s menit. Jangan berikan kepada siapa pun."),
        personal=True,
    ),
    "turn_near": Message(
        _("Saatnya menuju ruang tunggu · %(label)s"),
        _("Di depan Anda: %(ahead)s orang. %(service)s, %(mall)s."),
        frozenset({"mall", "service", "label", "ahead", "link"}),
        short=_("Di depan Anda: %(ahead)s orang. %(service)s, %(mall)s."),
        personal=True,
        personal_link=True,
        push=True,
    ),
    "turn_called": Message(
        _("Nomor %(label)s, silakan ke loket %(counter)s"),
        _("%(service)s, %(mall)s. Kami tunggu."),
        frozenset({"mall", "service", "label", "counter", "link"}),
        short=_("%(service)s, %(mall)s. Kami tunggu."),
        personal=True,
        personal_link=True,
        push=True,
    ),
}


def is_personal(template: str) -> bool:
    """Whether the message is a citizen's own. ValueError where there is no such message."""
    return _message(template).personal


_EXAMPLES: dict[str, Any] = {
    "mall": "MPP Sumedang",
    "services": ["Perekaman KTP elektronik"],
    "at": "2026-03-02T03:00:00+00:00",
    "was": "2026-03-04T01:30:00+00:00",
    "until": "2026-03-01T13:15:00+00:00",
    "zone": "Asia/Jakarta",
    "reference": "7KQ-M2XR",
    "link": "https://mpp.example.id/b/7f3kq0xw2m9ap5tz8c1d4e/",
    "bring": 2,
    "reason": "Perbaikan listrik di gedung",
    "code": "042917",
    "minutes": 10,
    "label": "A-027",
    "service": "Perekaman KTP elektronik",
    "counter": "3",
    "ahead": 3,
    "agency": "Disdukcapil",
    "time": "10.00",
}


def example(template: str) -> dict[str, Any]:
    """Data with which the message can be shown. ValueError where there is no such message."""
    return {name: _EXAMPLES[name] for name in _message(template).needs}


def plain(data: Mapping[str, Any]) -> dict[str, Any]:
    """The data as it can be kept in JSON: moments in ISO 8601, words that wait for a language as text."""
    return {name: _plain(value) for name, value in data.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return str(value) if isinstance(value, Promise) else value


def _message(template: str) -> Message:
    message = MESSAGES.get(template)
    if message is None:
        raise ValueError(f"there is no message {template!r}")
    return message


def check(template: str, data: Mapping[str, Any]) -> None:
    """Raise ValueError where there is no such message, or where `data` lacks something that it says.

    Also for a moment without its offset, a zone that is none of the country's, a code that is not six digits, and a
    citizen's link or code in a message that is not theirs.
    """
    message = _message(template)
    missing = message.needs - set(data)
    if missing:
        raise ValueError(f"the message {template!r} needs {', '.join(sorted(missing))}")
    if _SECRET & set(data) - message.needs:
        raise ValueError(f"the message {template!r} may not hold a citizen's link or code")
    for name in message.needs & set(_SHAPES):
        # A browser knows the host that it asked; everybody else needs the whole address.
        shape = _is_path if name == "link" and message.push else _SHAPES[name]
        if not shape(data[name]):
            raise ValueError(f"{name} of the message {template!r} is not of its kind")


def _is_moment(value: Any) -> bool:
    try:
        return datetime.fromisoformat(value).tzinfo is not None
    except (TypeError, ValueError):
        return False


def _is_path(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"/[^/\s]\S*", value) is not None


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


_SHAPES: dict[str, Callable[[Any], bool]] = {
    **dict.fromkeys(MOMENTS, _is_moment),
    "zone": lambda value: value in ZONES,
    "services": lambda value: isinstance(value, list) and value != [] and all(isinstance(v, str) for v in value),
    "bring": _is_count,
    "ahead": _is_count,
    "minutes": _is_count,
    "code": lambda value: isinstance(value, str) and re.fullmatch(r"[0-9]{6}", value) is not None,
    "link": lambda value: isinstance(value, str) and re.fullmatch(r"https?://\S+", value) is not None,
}


def write(template: str, data: Mapping[str, Any], language: str) -> Text:
    """The message in `language` (id, su, en). Errors as `check`."""
    check(template, data)
    message = MESSAGES[template]
    with translation.override(language):
        values = _values(message, data)
        subject, body, short = (str(part) % values for part in (message.subject, message.body, message.short))
    # A line break in a subject would begin another header.
    return Text(" ".join(subject.split()), body, " ".join(short.split()))


def _values(message: Message, data: Mapping[str, Any]) -> dict[str, Any]:
    """What fills the places, in the language that is active."""
    values = dict(data)
    for name in message.needs & set(MOMENTS):
        local = datetime.fromisoformat(data[name]).astimezone(ZoneInfo(data["zone"]))
        day, time = MOMENTS[name]
        values[day] = date_format(local, "l, j F Y")
        separator = ":" if translation.get_language() == "en" else "."
        values[time] = f"{local:%H}{separator}{local:%M} {ZONES[data['zone']]}"
    if "services" in message.needs:
        values["services"] = ", ".join(data["services"])
    if "bring" in message.needs:
        values["bring"] = _documents(data["bring"])
    return values


def _documents(count: int) -> str:
    if count == 0:
        return str(_("tidak ada berkas khusus"))
    return ngettext("%(n)s berkas, daftarnya ada di tautan", "%(n)s berkas, daftarnya ada di tautan", count) % {
        "n": count
    }


def parameters(template: str, data: Mapping[str, Any], language: str) -> tuple[str, ...]:
    """What fills the places of the body, one value a place in the order of that language's words. Errors as `check`.

    For gateways that keep the words themselves (`pattern` is what they are given).
    """
    check(template, data)
    message = MESSAGES[template]
    with translation.override(language):
        values = _values(message, data)
        # A gateway refuses a value with a line break in it.
        return tuple(" ".join(str(values[name]).split()) for name in _PLACE.findall(str(message.body)))


def pattern(template: str, language: str) -> str:
    """The body with numbered places, `{{1}}`, `{{2}}`, ... in the order of `parameters`. ValueError as `check`."""
    body = _message(template).body
    with translation.override(language):
        count = 0

        def numbered(_match: re.Match[str]) -> str:
            nonlocal count
            count += 1
            return f"{{{{{count}}}}}"

        return _PLACE.sub(numbered, str(body))
