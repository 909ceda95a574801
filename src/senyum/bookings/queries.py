"""What surfaces read about free times and bookings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import connection
from django.db.models import Count, F, Q
from django.utils.translation import gettext_lazy as _
from django_scopes import scopes_disabled

from senyum.bookings import rules, states
from senyum.bookings.models import Booking, Contact, Leg, WaitEntry
from senyum.bookings.plan import BookLine, BookPlan, plan_of
from senyum.core import address, crypto
from senyum.core.errors import NotPossible
from senyum.malls import queries as malls
from senyum.malls.models import Mall
from senyum.notices import ways
from senyum.notices.channels import email

#: The channel of a booking that is a place offered to the waiting list.
OFFERED = "waiting"
#: Days of which free times are looked for when the wanted one is full.
_NEXT_DAYS, _NEXT_TIMES = 14, 3


@dataclass(frozen=True)
class FreeSlot:
    """A slot of a line with room: `free` places."""

    line_id: int
    starts: datetime
    ends: datetime
    free: int


@dataclass(frozen=True)
class Proposal:
    """The services of one visit, one after another: (line, beginning) in the order in which they are served."""

    starts: datetime
    ends: datetime
    legs: tuple[tuple[int, datetime], ...]


@dataclass(frozen=True)
class DayInfo:
    """A day that could be booked: `free` proposals; `reason` why there are none ("" when there are).

    `full`: there are none because others have them, so that waiting for one makes sense.
    """

    day: date
    free: int
    reason: str
    full: bool = False


@dataclass(frozen=True)
class LegView:
    line_id: int
    starts: datetime
    ends: datetime
    quantity: int


@dataclass(frozen=True)
class BookingView:
    """A booking as its owner sees it. `may_move`/`may_cancel`: now. `contact`: masked, "" when none was given.

    `offered`: its held place is an offer of the waiting list.
    """

    id: int
    mall_id: int
    reference: str
    token: str
    state: str
    day: date
    starts: datetime
    quantity: int
    language: str
    priority: str
    held_until: datetime | None
    contact_kind: str
    contact: str
    moves: int
    why: str
    legs: tuple[LegView, ...]
    offered: bool = False

    @property
    def coming(self) -> bool:
        return self.state in states.COMING

    @property
    def may_move(self) -> bool:
        return states.after(self.state, "move") is not None and self.moves < rules.MAX_MOVES

    @property
    def may_cancel(self) -> bool:
        return states.after(self.state, "cancel") is not None


def sold(line_ids: Iterable[int], first: date, last: date) -> dict[tuple[int, datetime], tuple[int, int, bool]]:
    """(taken, capacity, closed) of each slot that somebody asked for, by line and beginning. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT s.line_id, s.starts, s.capacity, s.closed,"
            " (SELECT count(*) FROM bookings_place p WHERE p.slot_id = s.id)"
            " FROM bookings_slot s WHERE s.line_id = ANY(%s) AND s.day BETWEEN %s AND %s",
            [list(line_ids), first, last],
        )
        return {(line, at): (taken, room, closed) for line, at, room, closed, taken in cursor.fetchall()}


def _left_of_quota(plan: BookPlan, lines: Sequence[BookLine], first: date, last: date) -> dict[tuple[int, date], int]:
    """Places that the day's quotas leave for bookings, by line and day; lines without a quota are missing."""
    limited = [line for line in lines if line.quota is not None or line.booth_quota is not None]
    if not limited:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT day, line_id, booth_id, sum(quantity) FROM bookings_leg"
            " WHERE counts AND day BETWEEN %s AND %s AND booth_id = ANY(%s) GROUP BY 1, 2, 3",
            [first, last, [line.booth_id for line in limited]],
        )
        booked: dict[tuple[str, date], int] = defaultdict(int)
        for day, line_id, booth_id, count in cursor.fetchall():
            booked[(f"line:{line_id}", day)] += count
            booked[(f"booth:{booth_id}", day)] += count
        cursor.execute("SELECT key, day, issued FROM visits_dayquota WHERE day BETWEEN %s AND %s", [first, last])
        issued = {(key, day): count for key, day, count in cursor.fetchall()}
    left: dict[tuple[int, date], int] = {}
    for line in limited:
        for n in range((last - first).days + 1):
            day = first + timedelta(days=n)
            for key, quota in ((f"line:{line.id}", line.quota), (f"booth:{line.booth_id}", line.booth_quota)):
                if quota is not None:
                    had = booked[(key, day)]
                    most = min(
                        rules.quota_share(quota, line.policy.walkin_percent) - had,
                        quota - had - issued.get((key, day), 0),
                    )
                    left[(line.id, day)] = min(left.get((line.id, day), most), most)
    return left


def _free(
    plan: BookPlan, lines: Sequence[BookLine], first: date, last: date, quantity: int, now: datetime
) -> dict[tuple[int, date], list[FreeSlot]]:
    """Slots with room for `quantity`, by line and day."""
    known = sold([line.id for line in lines], first, last)
    quota = _left_of_quota(plan, lines, first, last)
    found: dict[tuple[int, date], list[FreeSlot]] = {}
    for line in lines:
        for n in range((last - first).days + 1):
            day = first + timedelta(days=n)
            window = plan.window(line, day)
            if quota.get((line.id, day), quantity) < quantity:
                continue
            slots = []
            for slot in plan.slots(line, day):
                taken, capacity, closed = known.get((line.id, slot.starts), (0, slot.capacity, False))
                free = min(capacity, slot.capacity) - taken
                if not closed and free >= quantity and window.open_for(slot.starts, now):
                    slots.append(FreeSlot(line.id, slot.starts, slot.ends, free))
            found[(line.id, day)] = slots
    return found


def free_slots(
    mall: Mall, line_ids: Sequence[int], day: date, *, quantity: int, now: datetime
) -> dict[int, list[FreeSlot]]:
    """The slots of each line on a day that have room for `quantity` and can be booked now."""
    plan = plan_of(mall)
    lines = [plan.line(line_id) for line_id in line_ids]
    found = _free(plan, lines, day, day, quantity, now)
    return {line.id: found.get((line.id, day), []) for line in lines}


def _proposals(lines: Sequence[BookLine], free: Mapping[int, Sequence[FreeSlot]], quantity: int) -> list[Proposal]:
    minutes = {line.id: rules.counter_minutes(line.minutes, quantity) for line in lines}
    steps = [rules.Step(line.id, minutes[line.id], tuple(s.starts for s in free.get(line.id, ()))) for line in lines]
    found: dict[datetime, Proposal] = {}
    for earliest in sorted({at for step in steps for at in step.free}):
        legs = rules.arrange(steps, earliest=earliest)
        if legs is not None:
            ends = legs[-1][1] + timedelta(minutes=minutes[legs[-1][0]])
            # Of those that begin together the one that is done first.
            found.setdefault(legs[0][1], Proposal(legs[0][1], ends, legs))
    return [found[at] for at in sorted(found)]


def proposals(mall: Mall, line_ids: Sequence[int], day: date, *, quantity: int, now: datetime) -> list[Proposal]:
    """The times of a day at which all services can be had one after another, at most one for each beginning."""
    plan = plan_of(mall)
    lines = [plan.line(line_id) for line_id in line_ids]
    return _proposals(lines, free_slots(mall, line_ids, day, quantity=quantity, now=now), quantity)


def days(mall: Mall, line_ids: Sequence[int], *, quantity: int, now: datetime) -> list[DayInfo]:
    """Today and the days ahead that could be booked, each with its free times or the reason why there are none."""
    plan = plan_of(mall)
    lines = [plan.line(line_id) for line_id in line_ids]
    today = malls.local_day(mall, now)
    wanted = rules.bookable_days(today, min(line.policy.days_ahead for line in lines))
    free = _free(plan, lines, wanted[0], wanted[-1], quantity, now)
    answer = []
    for day in wanted:
        shut = next((hours.reason for line in lines if not (hours := plan.hours(line.booth_id, day)).is_open), "")
        count = (
            0 if shut else len(_proposals(lines, {line.id: free.get((line.id, day), []) for line in lines}, quantity))
        )
        reason, full = (shut, False) if shut or count else _why_none(plan, lines, day, now)
        answer.append(DayInfo(day, count, reason, full))
    return answer


def _why_none(plan: BookPlan, lines: Sequence[BookLine], day: date, now: datetime) -> tuple[str, bool]:
    opens = max(plan.window(line, day).from_ for line in lines)
    if now < opens:
        local = malls.local_time(plan.mall, opens)
        words = str(_("Pemesanan dibuka %(day)s pukul %(time)s")) % {
            "day": local.strftime("%d-%m"),
            "time": local.strftime("%H.%M"),
        }
        return words, False
    for line in lines:
        window = plan.window(line, day)
        if not any(window.open_for(slot.starts, now) for slot in plan.slots(line, day)):
            return str(_("Tidak ada jam lagi")), False
    return str(_("Penuh")), True


def full_times(mall: Mall, line_id: int, day: date, *, quantity: int, now: datetime) -> list[datetime]:
    """The times of a line on a day that could be booked if others did not have them: for the waiting list."""
    plan = plan_of(mall)
    line = plan.line(line_id)
    window = plan.window(line, day)
    free = {slot.starts for slot in free_slots(mall, [line_id], day, quantity=quantity, now=now)[line_id]}
    closed = {starts for (_line, starts), (_taken, _room, shut) in sold([line_id], day, day).items() if shut}
    return [
        slot.starts
        for slot in plan.slots(line, day)
        if window.open_for(slot.starts, now) and slot.starts not in free | closed
    ]


def next_free(
    mall: Mall, line_ids: Sequence[int], *, quantity: int, now: datetime, after: date | None = None
) -> list[Proposal]:
    """The next free times, at most three, from `after` (a day; None: today) on."""
    plan = plan_of(mall)
    lines = [plan.line(line_id) for line_id in line_ids]
    first = max(after or date.min, malls.local_day(mall, now))
    last = first + timedelta(days=_NEXT_DAYS)
    free = _free(plan, lines, first, last, quantity, now)
    found: list[Proposal] = []
    for n in range((last - first).days + 1):
        day = first + timedelta(days=n)
        found += _proposals(lines, {line.id: free.get((line.id, day), []) for line in lines}, quantity)
        if len(found) >= _NEXT_TIMES:
            break
    return found[:_NEXT_TIMES]


def _view(booking: Booking) -> BookingView:
    with scopes_disabled():
        legs = [LegView(leg.line_id, leg.starts, leg.ends, leg.quantity) for leg in Leg.objects.filter(booking=booking)]
    return BookingView(
        id=booking.pk,
        mall_id=booking.mall_id,
        reference=booking.reference,
        token=booking.token,
        state=booking.state,
        day=booking.day,
        starts=booking.starts,
        quantity=booking.quantity,
        language=booking.language,
        priority=booking.priority,
        held_until=booking.held_until,
        contact_kind=booking.contact_kind,
        contact=masked(booking),
        moves=booking.moves,
        why=booking.why,
        legs=tuple(sorted(legs, key=lambda leg: leg.starts)),
        offered=booking.channel == OFFERED,
    )


def come_limits(mall: Mall, line_ids: Iterable[int]) -> tuple[int, int]:
    """How many minutes before and after its time a booking may be checked in: the most patient of its policies."""
    plan = plan_of(mall)
    policies = [plan.lines[line_id].policy for line_id in line_ids if line_id in plan.lines]
    return (
        max((p.early_minutes for p in policies), default=30),
        max((p.late_minutes for p in policies), default=15),
    )


def contact_of(row: Booking | WaitEntry) -> str:
    """The address or number in plain, "" when there is none. Only for sending a message to it."""
    return crypto.decrypt(bytes(row.contact), purpose="contact") if bytes(row.contact) else ""


def contact_code(token: str) -> str:
    """The six digits that confirm the contact of the booking with this token; nothing of it is stored."""
    return f"{int(crypto.blind_index(token, purpose='contact code')[:12], 16) % 1_000_000:06d}"


def link_base() -> str:
    """What the links in letters begin with, "" where the hall knows no address of its own.

    Never what a request says about its host: whoever books names the receiver, and would name the link too.
    """
    base = address.base_of_hall(public=settings.PUBLIC_URL, listens=settings.LISTENS)
    # A demo's letters stay on its machine.
    return base or (settings.LISTENS if settings.DEMO else "")


def contact_ways(*, codes_only: bool = False) -> tuple[str, ...]:
    """The channels by which a person may ask to be told about a booking: those that this hall has set up.

    None without an address of the hall, for a letter holds a link; `codes_only`: a code needs none.
    """
    if not codes_only and not link_base():
        return ()
    mails = settings.DEMO or email.configured()
    return ((ways.EMAIL,) if mails else ()) + ((ways.WHATSAPP,) if ways.is_open(ways.WHATSAPP) else ())


def must_confirm(mall: Mall, line_ids: Iterable[int]) -> bool:
    """Whether one of these services wants a contact that is confirmed by a code."""
    plan = plan_of(mall)
    return any(plan.line(line_id).policy.contact == Contact.CONFIRMED for line_id in line_ids)


def masked(row: Booking | WaitEntry) -> str:
    """The contact so that its owner knows it again and nobody else learns it: "a...@example.id", "...4321"."""
    return mask(row.contact_kind, contact_of(row))


def mask(kind: str, plain: str) -> str:
    """As `masked`, of a contact in plain."""
    if not plain:
        return ""
    if kind == ways.EMAIL:
        name, _at, host = plain.partition("@")
        return f"{name[:1]}…@{host}"
    return f"…{plain[-4:]}"


def booking_by_token(token: str) -> BookingView:
    """The booking of a link. Raises NotPossible("no_booking")."""
    # What stands in place of a token that was erased (commands/forget.py) is no link.
    booking = None if "." in token else Booking.objects.filter(token=token).first()
    if booking is None:
        raise NotPossible("no_booking", _("Pemesanan itu tidak ada atau datanya sudah dihapus."))
    return _view(booking)


def booking_by_reference(mall: Mall, reference: str) -> BookingView:
    """The booking of a reference that somebody says or types. Raises NotPossible: none, or another hall's."""
    booking = Booking.objects.select_related("mall").filter(reference=rules.tidy_reference(reference)).first()
    if booking is not None and booking.mall_id != mall.pk:
        # Whoever holds the code holds the booking: they are told where it is, and nothing else.
        raise NotPossible(
            "other_mall",
            _("Pemesanan ini untuk %(mall)s, bukan untuk MPP ini. Di sini Anda dapat mengambil nomor tanpa pemesanan.")
            % {"mall": booking.mall.name},
        )
    if booking is None:
        raise NotPossible(
            "no_booking", _("Kode pemesanan itu tidak ditemukan di MPP ini. Periksa lagi tujuh huruf dan angkanya.")
        )
    return _view(booking)


@dataclass(frozen=True)
class Coming:
    """One service of a booking whose owner is not here yet."""

    booking_id: int
    starts: datetime
    quantity: int
    priority: str


def coming_times(mall_id: int, day: date) -> dict[int, list[Coming]]:
    """Who has booked for `day` and is still to come, by line, in the order of their times."""
    found: dict[int, list[Coming]] = defaultdict(list)
    rows = Leg._base_manager.filter(booking__mall_id=mall_id, day=day, active=True).order_by("starts", "id")
    for line_id, booking, starts, quantity, priority in rows.values_list(
        "line_id", "booking_id", "starts", "quantity", "booking__priority"
    ):
        found[line_id].append(Coming(booking, starts, quantity, priority))
    return found


@dataclass(frozen=True)
class WaitView:
    """A place in the waiting list as its owner sees it. `booking`: the token of what is or was offered, "" if nothing.

    `contact`: masked, as in `BookingView`.
    """

    id: int
    mall_id: int
    token: str
    state: str
    line_id: int
    day: date
    earliest: datetime
    latest: datetime
    quantity: int
    contact: str
    booking: str


def _wait_view(entry: WaitEntry) -> WaitView:
    return WaitView(
        id=entry.pk,
        mall_id=entry.mall_id,
        token=entry.token,
        state=entry.state,
        line_id=entry.line_id,
        day=entry.day,
        earliest=entry.earliest,
        latest=entry.latest,
        quantity=entry.quantity,
        contact=masked(entry),
        booking=entry.booking.token if entry.booking else "",
    )


def wait_by_token(token: str) -> WaitView:
    """The place in the waiting list of a link. Raises NotPossible("no_wait")."""
    entry = WaitEntry.objects.filter(token=token).select_related("booking").first()
    if entry is None:
        raise NotPossible("no_wait", _("Tempat di daftar tunggu itu tidak ada atau datanya sudah dihapus."))
    return _wait_view(entry)


def wait_of_offer(view: BookingView) -> WaitView | None:
    """The place in the waiting list to which this booking was offered."""
    entry = WaitEntry.objects.filter(booking_id=view.id).select_related("booking").order_by("-id").first()
    return _wait_view(entry) if entry is not None else None


def late_minutes(mall: Mall) -> dict[int, int]:
    """Line id -> for how many minutes after its time a booking still counts."""
    return {line.id: line.policy.late_minutes for line in plan_of(mall).lines.values()}


@dataclass(frozen=True)
class Shows:
    """Of the bookings of past days: how many came by their time, how many after it, how many never."""

    punctual: int
    late: int
    missed: int


#: Whether people come is counted over so many days.
_SHOWS_DAYS = 56


def shows(mall_id: int, until: date) -> Shows:
    """Whether those came whose booking stood at its time, over the 56 days before `until`. One query."""
    found = Booking.objects.filter(
        mall_id=mall_id, day__lt=until, day__gte=until - timedelta(days=_SHOWS_DAYS)
    ).aggregate(
        punctual=Count("pk", filter=Q(state=states.ARRIVED, ended_at__lte=F("starts"))),
        late=Count("pk", filter=Q(state=states.ARRIVED, ended_at__gt=F("starts"))),
        missed=Count("pk", filter=Q(state=states.RELEASED)),
    )
    return Shows(**found)


def bookings_of(mall: Mall, day: date) -> list[BookingView]:
    """The bookings of a day that are still to come or have come, by time."""
    rows = Booking.objects.filter(mall=mall, day=day, state__in=states.KEEPING).order_by("starts", "id")
    return [_view(row) for row in rows]
