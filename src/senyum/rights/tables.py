"""Where a person's data stand: every table of the database is named here, as held about somebody or as not.

A test walks all models and fails when one is missing, when a foreign key to a person's rows is not followed, and when a
row that names a person of a whole day (by id, token, label, address) is not in that person's export.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from senyum.bookings import queries as bookings
from senyum.notices import ways
from senyum.people.models import ApiToken, Login
from senyum.planning.models import Proposal
from senyum.rights.person import Person
from senyum.surveys.models import Smile
from senyum.visits.models import Arrival

Text = Callable[[Person], Q]
#: (person, row, the stored value, whether the whole address may be said) -> what is said of it.
Say = Callable[[Person, Any, Any, bool], Any]


@dataclass(frozen=True)
class Held:
    """Rows of a model that are about a person.

    `visit`, `booking`, `wait`, `user`: look-ups that lead from a row to that row's person; `text`: for references that
    are no foreign keys. `hidden`: column -> why it is not said. `only`: the columns that are about the person, where
    the rest of the row is the hall's. `say`: column -> what is said instead of the stored value. `inner`:
    columns that stand in the file alone, because a reader has them elsewhere on the page or cannot use them.
    """

    model: str
    title: str | Promise
    visit: tuple[str, ...] = ()
    booking: tuple[str, ...] = ()
    wait: tuple[str, ...] = ()
    user: tuple[str, ...] = ()
    text: Text | None = None
    hidden: Mapping[str, str | Promise] = field(default_factory=dict)
    only: frozenset[str] = frozenset()
    say: Mapping[str, Say] = field(default_factory=dict)
    inner: frozenset[str] = frozenset()

    def where(self, person: Person) -> Q | None:
        """Which rows are this person's; None: none can be."""
        found: Q | None = None
        for kind, ids in person.ids.items():
            for look_up in getattr(self, kind) if ids else ():
                found = Q(**{f"{look_up}__in": ids}) if found is None else found | Q(**{f"{look_up}__in": ids})
        if self.text is None:
            return found
        return self.text(person) if found is None else found | self.text(person)


def _subjects(person: Person) -> dict[str, list[int]]:
    """Kind of a subject, as journal and notices name it -> ids."""
    return {
        "visit": person.ids["visit"],
        "ticket": person.tickets,
        "arrival": list(Arrival.objects.filter(visit__in=person.visits).values_list("pk", flat=True)),
        "smile": list(Smile.objects.filter(ticket__in=person.tickets).values_list("pk", flat=True)),
        "booking": person.ids["booking"],
        "wait_entry": person.ids["wait"],
        "user": person.ids["user"],
    }


def _about(person: Person) -> Q:
    found = Q(pk__in=[])
    for kind, ids in _subjects(person).items():
        if ids:
            found |= Q(subject_kind=kind, subject_id__in=[str(number) for number in ids])
    return found


def _notices(person: Person) -> Q:
    if person.user and person.user.email:
        return _about(person) | Q(channel=ways.EMAIL, address__iexact=person.user.email)
    return _about(person)


def _entries(person: Person) -> Q:
    found = _about(person)
    if person.user:
        found |= Q(actor_kind="user", actor_id=str(person.user.pk))
    return found


def _answers(person: Person) -> Q:
    found = Q(pk__in=[])
    if person.tokens:
        found |= Q(scope__in=[f"visit:{number}" for number in person.ids["visit"]])
        found |= Q(answer__token__in=person.tokens)
    if person.user:
        tokens = ApiToken.objects.filter(user=person.user).values_list("pk", flat=True)
        found |= Q(scope__in=[f"token:{number}" for number in tokens] + [f"user:{person.user.pk}"])
    return found


def _shown(person: Person) -> Q:
    return Q(waits__has_any_keys=[str(number) for number in person.tickets]) if person.tickets else Q(pk__in=[])


def _own_waits(person: Person, row: Any, value: Any, whole: bool) -> Any:
    return {key: shown for key, shown in value.items() if key in {str(number) for number in person.tickets}}


def _sessions(person: Person) -> Q:
    keys = list(Login.objects.filter(user=person.user).values_list("session_key", flat=True)) if person.user else []
    return Q(session_key__in=keys)


def _plans(person: Person) -> Q:
    if person.user is None:
        return Q(pk__in=[])
    planned = Proposal.objects.values_list("pk", "officers")
    return Q(pk__in=[pk for pk, officers in planned if person.user.pk in officers.values()])


def _contact(person: Person, row: Any, value: Any, whole: bool) -> str:
    return bookings.contact_of(row) if whole else bookings.masked(row)


def _address(person: Person, row: Any, value: Any, whole: bool) -> str:
    if whole or not value:
        return str(value)
    # A push service's address is a key to the browser: its host says enough.
    return "/".join(value.split("/", 3)[:3]) + "/…" if "://" in value else bookings.mask(row.channel, value)


def _of_staff(person: Person, row: Any, value: Any, whole: bool) -> str:
    """Who did it, when that is the person or nobody in particular; a member of staff is a person of their own."""
    if row.actor_kind == "user" and not (person.user and row.actor_id == str(person.user.pk)):
        return ""
    return str(value)


_LINK = _("kunci ke data ini; siapa yang memegang tautannya sudah memilikinya")
_SECRET = _("kunci atau sidik kata sandi; tidak pernah dibuka kepada siapa pun")
_HASH = _("sidik berkunci dari alamat atau peramban; isinya tidak dapat dibaca kembali")
_OTHERS = _("nomor antrean orang lain")
_OF_CITIZENS = _("kata-kata tentang pengunjung, bukan tentang petugas")

HELD = (
    Held("visits.Visit", _("Kunjungan"), visit=("pk",), hidden={"token": _LINK}),
    Held("visits.Ticket", _("Antrean"), visit=("visit",), inner=frozenset({"mall", "day", "priority", "quantity"})),
    Held(
        "visits.LineForecast",
        _("Perkiraan tunggu yang disimpan untuk dinilai"),
        visit=("ticket__visit",),
    ),
    Held("visits.LineShown", _("Perkiraan tunggu yang terakhir ditampilkan"), text=_shown, say={"waits": _own_waits}),
    Held(
        "visits.Call",
        _("Panggilan"),
        visit=("ticket__visit",),
        hidden={"passed_labels": _OTHERS},
        inner=frozenset({"mall", "why"}),
    ),
    Held("visits.Arrival", _("Sambutan di pintu"), visit=("visit",), user=("greeted_by",)),
    Held("surveys.Smile", _("Senyum"), visit=("ticket__visit",), inner=frozenset({"mall", "agency"})),
    Held(
        "bookings.Booking",
        _("Pemesanan"),
        booking=("pk",),
        hidden={"token": _LINK, "contact_hash": _HASH, "device_hash": _HASH},
        say={"contact": _contact},
    ),
    Held("bookings.Leg", _("Layanan yang dipesan"), booking=("booking",), hidden={"contact_hash": _HASH}),
    Held("bookings.Place", _("Tempat yang dipesan"), booking=("leg__booking",)),
    Held(
        "bookings.WaitEntry",
        _("Daftar tunggu"),
        booking=("booking",),
        wait=("pk",),
        hidden={"token": _LINK, "contact_hash": _HASH},
        say={"contact": _contact},
    ),
    Held("notices.Notice", _("Pesan"), text=_notices, hidden={"once": _HASH}, say={"address": _address}),
    Held(
        "notices.Subscription",
        _("Peramban yang minta diberi tahu"),
        text=_about,
        hidden={"p256dh": _SECRET, "auth": _SECRET},
        say={"endpoint": _address},
    ),
    Held(
        "core.IdempotencyKey",
        _("Jawaban yang disimpan supaya kiriman ulang tidak berlaku dua kali"),
        text=_answers,
        hidden={"answer": _LINK, "digest": _HASH, "key": _SECRET},
    ),
    Held(
        "journal.Entry",
        _("Jurnal: siapa, apa, kapan, mengapa"),
        text=_entries,
        say={"actor_id": _of_staff, "actor_label": _of_staff},
        inner=frozenset({"mall", "data"}),
    ),
    Held("people.User", _("Akun"), user=("pk",), hidden={"password": _SECRET}),
    Held("people.Role", _("Peran"), user=("user",)),
    Held("people.Login", _("Log-in yang berjalan"), user=("user",), hidden={"session_key": _SECRET}),
    Held(
        "sessions.Session",
        _("Sesi log-in"),
        text=_sessions,
        hidden={"session_key": _SECRET, "session_data": _SECRET},
    ),
    Held("people.ApiToken", _("Token program"), user=("user",), hidden={"digest": _SECRET}),
    Held("people.User_groups", _("Kelompok akun"), user=("user",)),
    Held("people.User_user_permissions", _("Izin akun"), user=("user",)),
    Held("account.EmailAddress", _("Alamat email akun"), user=("user",)),
    Held("account.EmailConfirmation", _("Konfirmasi email"), user=("email_address__user",), hidden={"key": _SECRET}),
    Held("mfa.Authenticator", _("Faktor kedua"), user=("user",), hidden={"data": _SECRET}),
    Held("roster.CounterSession", _("Sesi loket"), user=("user",), hidden={"last_note": _OF_CITIZENS}),
    Held("roster.SessionPause", _("Jeda sesi loket"), user=("session__user",)),
    Held("roster.EmergencyCall", _("Panggilan darurat"), user=("session__user", "answered_by")),
    Held("roster.Shift", _("Jadwal tugas"), user=("user",)),
    Held(
        "planning.Proposal",
        _("Usulan jadwal"),
        user=("asked_by", "decided_by"),
        text=_plans,
        only=frozenset({"id", "mall", "agency", "state", "days", "asked_by", "asked_at", "decided_by", "decided_at"}),
    ),
    Held(
        "catalogue.Standard",
        _("Standar pelayanan yang disusun atau disetujui"),
        user=("author", "approver"),
        text=lambda person: Q(writers__contains=[person.user.pk]) if person.user else Q(pk__in=[]),
        only=frozenset({"id", "service", "number", "state", "author", "approver", "drafted_at", "approved_at"}),
    ),
    Held(
        "catalogue.Comment",
        _("Tanggapan warga yang ditangani"),
        user=("moderator",),
        only=frozenset({"id", "standard", "state", "moderator", "moderated_at"}),
    ),
)
"""What is held about somebody. A column is in the copy unless it is hidden or outside `only`: those of tomorrow too."""

NOT_FOLLOWED = {
    "Ticket.session": "the citizen's ticket; what the officer did stands in the journal",
    "Ticket.forwarded_from": "another leg of the same visit",
    "Call.session": "as Ticket.session",
    "Visit.booking": "both belong to the same person, who is found by either",
    "Requirement.standard": "public words of a standard",
    "Fee.standard": "public words of a standard",
    "Service.current": "public words of a standard",
    "Standard.based_on": "an earlier version",
    "Comment.standard": "what was commented on",
}
"""Foreign keys to rows that are held about somebody, which lead to no further data about that person: why."""

_PUBLIC = "what the hall offers: the same for everybody"
_FIGURES = "figures of all together, from which nobody can be told apart"
_THING = "a thing, not a person"
_FRAME = "a table of the frame; holds nothing about a person"
NOT_ABOUT = {
    **dict.fromkeys(
        (
            "malls.Mall",
            "malls.Agency",
            "malls.Booth",
            "malls.BoothHours",
            "malls.Counter",
            "malls.CalendarDay",
            "malls.HallPause",
            "catalogue.Requirement",
            "catalogue.Fee",
            "catalogue.Service",
            "catalogue.ServiceAddress",
            "catalogue.LifeEvent",
            "catalogue.LifeEventStep",
            "catalogue.LineGroup",
            "catalogue.Line",
            "catalogue.CounterLine",
            "catalogue.Synonym",
            "catalogue.SearchEntry",
            "catalogue.SearchWord",
            "visits.PriorityClass",
            "visits.DayClosing",
            "bookings.BookingPolicy",
            "bookings.Slot",
        ),
        _PUBLIC,
    ),
    **dict.fromkeys(
        (
            "planning.Accuracy",
            "visits.LabelSequence",
            "visits.ForecastState",
            "bookings.DayQuota",
            "journal.Head",
        ),
        _FIGURES,
    ),
    "visits.LabelBlock": "numbers set aside for a device or a paper pad",
    "people.Device": _THING,
    **dict.fromkeys(
        (
            "auth.Permission",
            "auth.Group",
            "auth.Group_permissions",
            "contenttypes.ContentType",
            "procrastinate.ProcrastinateWorker",
            "procrastinate.ProcrastinateJob",
            "procrastinate.ProcrastinateEvent",
            "procrastinate.ProcrastinatePeriodicDefer",
        ),
        _FRAME,
    ),
}
"""Models without anybody's data, and why."""

NO_MODEL = {
    "core_cache": "copies of log-ins and of the hall's own reads, for minutes; goes by itself",
    "django_migrations": _FRAME,
}
"""Tables of the database that no model names."""
