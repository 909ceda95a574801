"""What the greeter and other staff do for a person in the hall."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext_lazy as _
from django_scopes import scopes_disabled

from senyum.core.db import violated
from senyum.core.errors import NotPossible
from senyum.core.text import plain
from senyum.engine import discipline
from senyum.journal.actor import Actor
from senyum.journal.record import record
from senyum.malls.models import Mall
from senyum.people.access import demand_agency
from senyum.people.models import Device
from senyum.visits import classes, rules, states
from senyum.visits.commands.counter import open_leg
from senyum.visits.commands.seat import move, tell
from senyum.visits.hall import forget, hall_of
from senyum.visits.models import Arrival, LabelBlock, PriorityClass, Ticket, Visit


def put_priority_class(
    *, mall: Mall, code: str, head_start_minutes: int, promise_minutes: int, sort: int, now: datetime, actor: Actor
) -> PriorityClass:
    """Set the policy row of a class. Tickets that exist keep the times they were given."""
    if code not in classes.CODES:
        raise NotPossible("no_class", _("Golongan prioritas itu tidak dikenal."))
    values = {"head_start_minutes": head_start_minutes, "promise_minutes": promise_minutes, "sort": sort}
    with transaction.atomic():
        old = PriorityClass.objects.select_for_update().filter(mall=mall, code=code).first()
        if old is not None and all(getattr(old, name) == value for name, value in values.items()):
            return old
        row, _made = PriorityClass.objects.update_or_create(mall=mall, code=code, defaults=values)
        record(
            mall=mall.code,
            at=now,
            kind="policy.set",
            actor=actor,
            subject=("priority_class", row.pk, code),
            data=values,
        )
    forget()
    return row


def note_arrival(
    *, mall: Mall, now: datetime, actor: Actor, greeted: bool = False, user_id: int | None = None
) -> Arrival:
    """Somebody came through the door. `greeted`: the greeter welcomes them in the same moment."""
    with transaction.atomic():
        arrival = Arrival.objects.create(
            mall=mall,
            day=hall_of(mall, now).day,
            at=now,
            greeted_at=now if greeted else None,
            greeted_by_id=user_id if greeted else None,
        )
        record(
            mall=mall.code,
            at=now,
            kind="arrival.greeted" if greeted else "arrival.noted",
            actor=actor,
            subject=("arrival", arrival.pk, ""),
        )
    return arrival


def greet(
    *,
    mall: Mall,
    now: datetime,
    actor: Actor,
    arrival_id: int | None = None,
    visit_id: int | None = None,
    user_id: int | None = None,
) -> None:
    """The first greeting of somebody noted at the door or already holding a number; a second changes nothing."""
    with transaction.atomic():
        if arrival_id is not None:
            changed = Arrival.objects.filter(pk=arrival_id, mall=mall, greeted_at=None).update(
                greeted_at=now, greeted_by_id=user_id
            )
            subject: tuple[str, int, str] = ("arrival", arrival_id, "")
        else:
            visit = Visit.objects.filter(pk=visit_id or 0, mall=mall).first()
            if visit is None:
                raise NotPossible("no_visit", _("Kunjungan itu tidak ditemukan."))
            changed = Visit.objects.filter(pk=visit.pk, greeted_at=None).update(greeted_at=now)
            subject = ("visit", visit.pk, visit.label)
        if changed:
            record(mall=mall.code, at=now, kind=f"{subject[0]}.greeted", actor=actor, subject=subject)


def add_leg(*, visit_id: int, line_id: int, now: datetime, actor: Actor, any_time: bool = False) -> int:
    """A further service for somebody who is already here. The new leg's times start now. Returns its id.

    NotAllowed for staff of an agency in whose line the person does not stand; when they stand in none, of another
    agency than the new line's.
    """
    with scopes_disabled(), transaction.atomic():
        visit = Visit.objects.select_for_update().select_related("mall").get(pk=visit_id)
        hall = hall_of(visit.mall, now)
        line = hall.line(line_id)
        hours = hall.hours.get(line.booth_id)
        if not any_time and (hours is None or not rules.takes_tickets(hours, now)):
            raise NotPossible(
                "intake_closed", _("%(agency)s tidak menerima nomor baru sekarang.") % {"agency": line.agency_short}
            )
        tickets = Ticket.objects.filter(visit=visit)
        agencies = set(tickets.filter(state__in=states.OPEN).values_list("agency_id", flat=True))
        demand_agency(actor, visit.mall, "move_ticket", agencies or {line.agency_id})
        if tickets.filter(line_id=line_id, state__in=states.OPEN).exists():
            raise NotPossible("same_line", _("Orang ini sudah antre di layanan itu."))
        if tickets.filter(state__in=states.OPEN).count() >= rules.MAX_LEGS:
            raise NotPossible("services_many", _("Pilih paling banyak lima layanan yang berbeda."))
        policy = hall.policies[visit.priority]
        turn_at, promised_by = discipline.times(
            anchor=now, head_start_minutes=policy.head_start_minutes, promise_minutes=policy.promise_minutes
        )
        like = Ticket(
            visit=visit,
            mall=visit.mall,
            day=visit.day,
            priority=visit.priority,
            quantity=visit.quantity,
            turn_at=turn_at,
            promised_by=promised_by,
        )
        ticket = open_leg(hall, like, line_id, now)
        tell(hall, "ticket.added", ticket, actor, now)
    return ticket.pk


def redirect(*, ticket_id: int, line_id: int, now: datetime, actor: Actor, reason: str = "") -> None:
    """Wrong line chosen: move a waiting ticket to another service of the mall; the place in time is kept.

    NotAllowed for staff of an agency in whose line the person does not stand.
    """
    with scopes_disabled(), transaction.atomic():
        ticket = Ticket.objects.select_for_update(of=("self",)).select_related("visit", "mall").get(pk=ticket_id)
        demand_agency(actor, ticket.mall, "move_ticket", [ticket.agency_id])
        hall = hall_of(ticket.mall, now)
        line = hall.line(line_id)
        if line.id == ticket.line_id:
            raise NotPossible("same_line", _("Orang ini sudah di layanan itu. Pilih layanan tujuan lain."))
        before = ticket.line_id
        ahead = Ticket.objects.filter(
            line_id=line_id, day=ticket.day, state=states.WAITING, turn_at__lte=ticket.turn_at
        ).count()
        p10, p50, p90 = hall.outlooks[line_id].wait(ahead)
        move(
            ticket,
            "redirect",
            line_id=line_id,
            agency_id=line.agency_id,
            people_ahead=ahead,
            wait_p10=p10,
            wait_p50=p50,
            wait_p90=p90,
            wait_basis=hall.outlooks[line_id].basis,
        )
        tell(hall, "ticket.redirected", ticket, actor, now, reason=reason, data={"from_line": before})


def change_priority(*, visit_id: int, priority: str, reason: str, now: datetime, actor: Actor) -> None:
    """Give or take a class, with a reason. Waiting tickets get the new class's times from the same anchor.

    NotAllowed for staff of an agency that the visit has no open ticket of.
    """
    if len(plain(reason)) < 3:
        raise NotPossible("reason_needed", _("Tulis alasan mengubah golongan prioritas."))
    with scopes_disabled(), transaction.atomic():
        visit = Visit.objects.select_for_update().select_related("mall").get(pk=visit_id)
        open_tickets = Ticket.objects.filter(visit=visit, state__in=states.OPEN)
        demand_agency(actor, visit.mall, "set_priority", set(open_tickets.values_list("agency_id", flat=True)))
        hall = hall_of(visit.mall, now)
        new, old = hall.policies.get(priority), hall.policies[visit.priority]
        if new is None:
            raise NotPossible("no_class", _("Golongan prioritas itu tidak dikenal."))
        before = visit.priority
        visit.priority = priority
        visit.save(update_fields=["priority"])
        for ticket in Ticket.objects.select_for_update().filter(visit=visit, state__in=states.OPEN).order_by("id"):
            # What a pause added to the promise stays: both times move by the difference of the two policies.
            head = old.head_start_minutes - new.head_start_minutes
            promise = new.promise_minutes - old.promise_minutes
            Ticket.objects.filter(pk=ticket.pk).update(
                priority=priority,
                turn_at=ticket.turn_at + _minutes(head),
                promised_by=ticket.promised_by + _minutes(promise),
            )
        lines = list(Ticket.objects.filter(visit=visit, state__in=states.OPEN).values_list("line_id", flat=True))
        record(
            mall=visit.mall.code,
            at=now,
            kind="visit.priority_changed",
            actor=actor,
            subject=("visit", visit.pk, visit.label),
            reason=plain(reason),
            data={"label": visit.label, "visit": visit.pk, "from": before, "priority": priority, "lines": lines},
        )


def _minutes(value: int) -> timedelta:
    return timedelta(minutes=value)


def grant_block(
    *, mall: Mall, group_id: int, count: int, now: datetime, actor: Actor, device: Device | None = None, note: str = ""
) -> LabelBlock:
    """Set numbers aside for a kiosk that may be cut off or for a numbered paper pad; nobody else gets them today."""
    if not 1 <= count <= 200:
        raise NotPossible("block_size", _("Blok nomor berisi 1 sampai 200 nomor."))
    hall = hall_of(mall, now)
    prefix = next((line.prefix for line in hall.lines.values() if line.group_id == group_id), None)
    if prefix is None:
        raise NotPossible("no_group", _("Kelompok antrean itu tidak ada."))
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO visits_labelsequence (mall_id, day, prefix, last) VALUES (%s, %s, %s, %s)"
                " ON CONFLICT (mall_id, day, prefix) DO UPDATE SET last = visits_labelsequence.last + excluded.last"
                " RETURNING last",
                [mall.pk, hall.day, prefix, count],
            )
            last = cursor.fetchone()[0]
        block = LabelBlock.objects.create(
            mall=mall,
            day=hall.day,
            group_id=group_id,
            first=last - count + 1,
            last=last,
            device=device,
            note=plain(note)[:200],
            granted_at=now,
        )
        record(
            mall=mall.code,
            at=now,
            kind="block.granted",
            actor=actor,
            subject=("block", block.pk, prefix),
            data={"first": block.first, "last": block.last},
        )
    return block


def enter_paper(
    *,
    block: LabelBlock,
    number: int,
    line_ids: Sequence[int],
    priority: str,
    now: datetime,
    actor: Actor,
    quantity: int = 1,
) -> Visit:
    """Enter one leaf of a numbered pad after a power cut. Its turn starts now: an offline clock buys nothing.

    The same leaf twice is refused; so is a number outside the block.
    """
    if not block.first <= number <= block.last:
        raise NotPossible(
            "outside_block",
            _("Nomor harus antara %(first)s dan %(last)s.") % {"first": block.first, "last": block.last},
        )
    hall = hall_of(block.mall, now)
    lines = [hall.line(line_id) for line_id in line_ids]
    if not lines:
        raise NotPossible("no_service", _("Pilih paling sedikit satu layanan."))
    policy = hall.policies.get(priority)
    if policy is None:
        raise NotPossible("no_class", _("Golongan prioritas itu tidak dikenal."))
    prefix = next(line.prefix for line in hall.lines.values() if line.group_id == block.group_id)
    turn_at, promised_by = discipline.times(
        anchor=now, head_start_minutes=policy.head_start_minutes, promise_minutes=policy.promise_minutes
    )
    label = f"{prefix}-{number:03d}"
    try:
        with scopes_disabled(), transaction.atomic():
            visit = Visit.objects.create(
                mall=block.mall,
                day=block.day,
                group_id=block.group_id,
                number=number,
                label=label,
                token=secrets.token_urlsafe(16),
                channel=Visit.Channel.PAPER,
                priority=priority,
                quantity=quantity,
                arrived_at=now,
                greeted_at=now,
            )
            like = Ticket(
                visit=visit,
                mall=block.mall,
                day=block.day,
                priority=priority,
                quantity=quantity,
                turn_at=turn_at,
                promised_by=promised_by,
            )
            tickets = [open_leg(hall, like, line.id, now) for line in lines]
            record(
                mall=block.mall.code,
                at=now,
                kind="visit.issued",
                actor=actor,
                subject=("visit", visit.pk, label),
                data={
                    "label": label,
                    "visit": visit.pk,
                    "channel": "paper",
                    "priority": priority,
                    "quantity": quantity,
                    "lines": [t.line_id for t in tickets],
                    "tickets": [t.pk for t in tickets],
                },
            )
    except IntegrityError as error:
        if violated(error) == "label_once_a_day":
            raise NotPossible("leaf_entered", _("Nomor %(label)s sudah dimasukkan.") % {"label": label}) from error
        raise
    return visit
